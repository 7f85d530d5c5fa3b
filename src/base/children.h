// SPDX-License-Identifier: Apache-2.0
// children: the processes whose parent this one is, those that it adopted among them: the kernel's
// own list (proc(5), CONFIG_PROC_CHILDREN), read again and again.
#pragma once

#include <sys/types.h>

#include "base/str.h"

struct children {
    int fd;
    struct str text;
    char *next;
};
#define CHILDREN_NONE                                                                          \
    {                                                                                          \
        .fd = -1                                                                               \
    }
// Of the calling process, whose main thread alone may start any. Returns 0, or -1 where the
// kernel does not show them.
int children_open(struct children *ret);
// The list as it is now; children_next gives its pids one by one, 0 at the end.
void children_read(struct children *children);
pid_t children_next(struct children *children);
void children_close(struct children *children); // also what CHILDREN_NONE made
