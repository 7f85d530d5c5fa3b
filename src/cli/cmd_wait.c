// SPDX-License-Identifier: Apache-2.0
// cmd_wait: stays until nobody computes a run.

#include "base/mem.h"
#include "cli/summary.h"
#include "cli/target.h"
#include "run/glance.h"

int cmd_wait(struct cli *cli, struct err *err)
{
    CLEANUP_SAVED struct saved saved = SAVED_NONE;
    CLEANUP_REPORT struct report report = {0};
    if (target_folder(cli, &saved.folder, err) < 0)
        return -1;
    struct owner owner;
    // a resume may have it next
    int run_dir = saved.folder.fd;
    for (owner_look(run_dir, &owner); owner.state == OWNER_ALIVE; owner_look(run_dir, &owner))
        owner_wait(run_dir, &owner);
    if (glance_read(&saved, &report, err) < 0)
        return -1;
    summary_say(cli, &saved, &report);
    return summary_status(&saved);
}
