// SPDX-License-Identifier: Apache-2.0
// cmd_wait: stays until nobody computes a run.
#include <stdio.h>

#include "base/mem.h"
#include "cli/summary.h"
#include "cli/target.h"

int cmd_wait(struct cli *cli, struct err *err)
{
    CLEANUP_FOLDER struct folder folder = FOLDER_NONE;
    CLEANUP_SAVED struct saved saved = SAVED_NONE;
    char number[16];
    if (target_folder(cli, &folder, err) < 0)
        return -1;
    struct owner owner;
    // a resume may have it next
    for (owner_look(folder.fd, &owner); owner.state == OWNER_ALIVE;
         owner_look(folder.fd, &owner))
        owner_wait(folder.fd, &owner);
    snprintf(number, sizeof number, "%u", folder.number);
    if (saved_open(&saved, cli->cwd, number, err) < 0)
        return -1;
    summary_say(cli, &saved);
    return summary_status(&saved);
}
