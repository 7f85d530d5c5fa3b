// SPDX-License-Identifier: Apache-2.0
// Journals: no bytes crash the reader, and a record that is read is written back as one that reads the same.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/line.h"
#include "base/mem.h"
#include "run/journal.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static int again(void *context, const struct record *record, unsigned parcel, unsigned restart)
{
    CLEANUP_STR struct str first = {0}, second = {0}, scratch = {0};
    struct record parsed;

    (void)parcel;
    (void)restart;
    ++*(size_t *)context;
    record_format(record, &first);
    if (record_parse(first.text, first.size - 1, &parsed, &scratch) != 0)
        abort();
    record_format(&parsed, &second);
    if (first.size != second.size || memcmp(first.text, second.text, first.size) != 0)
        abort();
    return 0;
}

static void read_bytes(const void *bytes, size_t size, size_t *ret_records)
{
    CLEANUP_CLOSE int fd = memfd_create("journal", MFD_CLOEXEC);
    struct journal_damage damage = {0};

    *ret_records = 0;
    if (fd < 0 || fs_write_all(fd, bytes, size) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return;
    journal_read_fd(fd, 0, 0, again, ret_records, &damage, NULL);
}

// Checksums are given to the lines, since none would guess them; then every line that has them is tried whole.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    CLEANUP_STR struct str signed_lines = {0};
    const char *at = (const char *)bytes, *end = at + size;
    size_t records;

    read_bytes(bytes, size, &records);
    str_add(&signed_lines, "lopin-journal 1\n");
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline != NULL ? newline : end) - at);
        size_t from = signed_lines.size;

        str_add_bytes(&signed_lines, at, length);
        line_end(&signed_lines, from);
        at += length + 1;
    }
    read_bytes(signed_lines.text, signed_lines.size, &records);
    return 0;
}
