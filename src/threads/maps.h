// SPDX-License-Identifier: Apache-2.0
// maps: the files that a process has mapped, from the text of /proc/PID/maps (proc(5)).
#pragma once

#include <stddef.h>
#include <stdint.h>

struct maps_file {
    const char *path; // as the kernel writes it: a newline in a name is \012
    size_t path_size; // without " (deleted)"
    uint64_t begin;   // where its first mapping lies, and the offset in the file that is there
    uint64_t offset;
    uint64_t inode;
    int deleted; // the name leads to another file now, or to none
};
typedef void maps_each(void *context, const struct maps_file *file);
// Calls `each` once for each run of mappings of one file, in order of their addresses. Lines that are
// none are passed over. What `each` is given is good for that call.
void maps_read(const char *text, size_t size, maps_each *each, void *context);
