// SPDX-License-Identifier: Apache-2.0
// orphans: a process is judged by the environment that it was started with (proc(5), "environ"),
// which it keeps over fork. One that was started without ours cannot be told from another task's:
// it stays while any task runs.
#include "map/orphans.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/children.h"
#include "base/mem.h"
#include "base/process.h"
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
    CLEANUP_STR struct str environment = {0};
    if (process_environment(pid, &environment) < 0)
        return errno != ENOENT && keep->is_running(keep->context, NULL);
    return keep->is_running(keep->context, process_entry(&environment, name, sizeof name - 1));
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
