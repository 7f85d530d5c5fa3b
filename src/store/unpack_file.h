// SPDX-License-Identifier: Apache-2.0
// unpack_file: the content of one file, and the file. Large ones are unpacked into the file itself,
// so that no memory is needed for them but what the system can write away.
#pragma once

#include "store/plan.h"

struct unpack_file {
    struct piece content; // until it is saved or dropped
    int fd;               // of a large one, which is there already; else -1
    void *map;
};
// Reads and checks the content, but for RECORD. `folder` is a descriptor. Returns 0, or -1 with err.
int unpack_file_read(int folder, struct plan *plan, size_t index, struct inflater *inflater,
                     struct unpack_file *ret, struct err *err);
// Writes it, or completes what was written; `mask` is the process's umask.
int unpack_file_save(int folder, const struct manifest_file *about, unsigned mask,
                     struct unpack_file *file, struct err *err);
void unpack_file_drop(struct unpack_file *file); // after an error
