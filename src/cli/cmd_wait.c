// SPDX-License-Identifier: Apache-2.0
// cmd_wait: stays until nobody computes a run.
#include "base/mem.h"
#include "cli/run_wait.h"
#include "cli/target.h"

int cmd_wait(struct cli *cli, struct err *err)
{
    CLEANUP_FOLDER struct folder folder = FOLDER_NONE;
    return target_folder(cli, &folder, err) < 0 ? -1 : run_wait(cli, folder.number, err);
}
