// SPDX-License-Identifier: Apache-2.0
// orphans: a process is judged by the environment that it was started with (proc(5), "environ"),
// which it keeps over fork. One that was started without ours cannot be told from another task's:
// it stays while any task runs.
#include "map/orphans.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/children.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

struct orphans {
    struct children children;
};

struct orphans *orphans_new(void)
{
    struct children children;
    if (children_open(&children) < 0)
        return NULL;
    if (prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL) < 0) {
        children_close(&children);
        return NULL;
    }
    struct orphans *orphans = mem_zero(1, sizeof *orphans);
    orphans->children = children;
    return orphans;
}

void orphans_free(struct orphans *orphans)
{
    if (!orphans)
        return;
    prctl(PR_SET_CHILD_SUBREAPER, 0UL, 0UL, 0UL, 0UL);
    children_close(&orphans->children);
    free(orphans);
}

// Does it carry the LOPIN_TASK of a task that runs, or none at all?
static int may_stay(pid_t pid, const struct orphans_keep *keep)
{
    static const char name[] = "LOPIN_TASK=";
    char path[64];
    CLEANUP_STR struct str text = {0};
    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    if (fs_read(AT_FDCWD, path, 4 << 20, &text, NULL) < 0)
        return errno != ENOENT && keep->is_running(keep->context, NULL);
    for (size_t at = 0; at < text.size; at += strlen(text.text + at) + 1)
        if (str_starts(text.text + at, name))
            return keep->is_running(keep->context, text.text + at + sizeof name - 1);
    return keep->is_running(keep->context, NULL);
}

int orphans_end(struct orphans *orphans, const struct orphans_keep *keep)
{
    int killed = 0;
    int others = 0;
    children_read(&orphans->children);
    for (pid_t pid; (pid = children_next(&orphans->children)) > 0;) {
        if (keep->is_task(keep->context, pid))
            continue;
        others++;
        // Our own child: its number is its own until we wait for it.
        if (!may_stay(pid, keep))
            killed += kill(pid, SIGKILL) == 0;
    }
    return others ? killed : -1;
}
