// SPDX-License-Identifier: Apache-2.0
// orphans: what tasks started and left (setsid, daemons, children of children). The runner adopts
// them (PR_SET_CHILD_SUBREAPER, prctl(2)), and whose they were is in their environment: LOPIN_TASK.
#pragma once

#include <sys/types.h>

struct orphans;
// From now on this process adopts them. NULL where the kernel has no list of children
// (CONFIG_PROC_CHILDREN): then a task's process group is all that is ended with it.
struct orphans *orphans_new(void);
void orphans_free(struct orphans *orphans); // adopts no longer
// Which of our children stay.
struct orphans_keep {
    int (*is_task)(const void *context, pid_t pid);           // one that the runner started
    int (*is_running)(const void *context, const char *task); // a LOPIN_TASK whose task runs
    const void *context;
};
// Kills all other children of this process (SIGKILL); they end as others do, by SIGCHLD. Of those
// with children of their own the children become ours then. Returns how many were killed, -1 if
// there was no child but those that stay.
int orphans_end(struct orphans *orphans, const struct orphans_keep *keep);
