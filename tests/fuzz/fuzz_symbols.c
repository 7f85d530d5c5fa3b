// SPDX-License-Identifier: Apache-2.0
// Libraries of any bytes: names are looked up and texts searched within them, in bounded time.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "threads/symbols.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    struct symbols symbols;
    CLEANUP_STR struct str text = {0};
    uint64_t value;
    CLEANUP_CLOSE int fd = memfd_create("library", MFD_CLOEXEC);
    if (fd < 0 || fs_write_all(fd, bytes, size) < 0)
        abort();
    if (symbols_open(fd, &symbols) < 0)
        return 0;
    symbols_find(&symbols, "blas_cpu_number", &value);
    symbols_find(&symbols, "f", &value);
    symbols_text(&symbols, "OpenBLAS ", &text);
    return 0;
}
