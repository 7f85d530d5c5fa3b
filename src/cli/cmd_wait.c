// SPDX-License-Identifier: Apache-2.0
// cmd_wait: stays until nobody computes a run.

#include "base/mem.h"
#include "cli/summary.h"
#include "cli/target.h"

int cmd_wait(struct cli *cli, struct err *err)
{
    CLEANUP_FOLDER struct folder folder = FOLDER_NONE;
    CLEANUP_SAVED struct saved saved = SAVED_NONE;
    if (target_folder(cli, &folder, err) < 0)
        return -1;
    struct owner owner;
    // a resume may have it next
    for (owner_look(folder.fd, &owner); owner.state == OWNER_ALIVE;
         owner_look(folder.fd, &owner))
        owner_wait(folder.fd, &owner);
    if (saved_open_number(&saved, cli->cwd, folder.number, err) < 0)
        return -1;
    summary_say(cli, &saved);
    return summary_status(&saved);
}
