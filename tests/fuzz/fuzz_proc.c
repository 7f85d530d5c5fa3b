// SPDX-License-Identifier: Apache-2.0
// Texts of /proc of any bytes (names of processes and files are in them): each reader stays within them.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/process.h"
#include "threads/figures.h"
#include "threads/maps.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

struct bounds {
    const char *begin, *end;
};

static void inside(void *context, const struct maps_file *file)
{
    const struct bounds *bounds = context;
    if (file->path < bounds->begin || file->path + file->path_size > bounds->end ||
        *file->path != '/' || !file->inode)
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    CLEANUP_FREE char *text = mem_dupn((const char *)bytes, size);
    CLEANUP_FREE char *exact = mem_alloc(size); // without a NUL behind
    struct pace_figures pace;
    struct process stat;
    struct cpuset cpus;
    long user;
    uint64_t word, at;
    memcpy(exact, bytes, size);
    struct bounds bounds = {exact, exact + size};
    maps_read(exact, size, inside, &bounds);
    if (figures_schedstat(text, &pace) == 0 && (pace.run_ns < 0 || pace.wait_ns < 0))
        abort();
    if (process_parse(text, &stat) == 0 && stat.cpu_ticks < 0)
        abort();
    if (figures_status(text, &cpus, &user) == 0 && !cpuset_count(&cpus))
        abort();
    figures_futex(text, &word, &at);
    return 0;
}
