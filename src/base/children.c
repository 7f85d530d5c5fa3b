// SPDX-License-Identifier: Apache-2.0
// children: /proc/PID/task/PID/children.
#include "base/children.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/space.h"

int children_open(struct children *ret)
{
    char path[64];
    pid_t pid = getpid();
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    // numbers of another space would be other processes
    *ret = (struct children){.fd = space_here() ? open(path, O_RDONLY | O_CLOEXEC) : -1};
    return ret->fd < 0 ? -1 : 0;
}

void children_read(struct children *children)
{
    struct str *text = &children->text;
    str_clear(text);
    for (;;) {
        mem_room(&text->text, &text->room, text->size + 4097, 1);
        ssize_t got = pread(children->fd, text->text + text->size, 4096, (off_t)text->size);
        if (got <= 0)
            break;
        text->size += (size_t)got;
    }
    text->text[text->size] = '\0';
    children->next = text->text;
}

pid_t children_next(struct children *children)
{
    char *end;
    pid_t pid = (pid_t)strtol(children->next, &end, 10);
    if (end == children->next)
        return 0;
    children->next = end;
    return pid;
}

void children_close(struct children *children)
{
    mem_close_at(&children->fd);
    str_free(&children->text);
}
