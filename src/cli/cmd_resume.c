// SPDX-License-Identifier: Apache-2.0
// cmd_resume: resume and retry: the same run goes on, with what is left or with what failed
// too.
#include "cli/resume.h"
#include "cli/target.h"

int cmd_resume(struct cli *cli, struct err *err)
{
    struct saved saved CLEANUP_SAVED = SAVED_NONE;
    cli->talk.tty &= !cli->options.detach;
    return target_folder(cli, &saved.folder, err) < 0
               ? -1
               : resume_run(cli, &saved, RESUME_LEFT, err);
}

int cmd_retry(struct cli *cli, struct err *err)
{
    struct saved saved CLEANUP_SAVED = SAVED_NONE;
    cli->talk.tty &= !cli->options.detach;
    return target_folder(cli, &saved.folder, err) < 0
               ? -1
               : resume_run(cli, &saved, RESUME_FAILED, err);
}
