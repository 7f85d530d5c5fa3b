// SPDX-License-Identifier: Apache-2.0
// cmd_show: `lopin show --sbatch [RUN]`: the script that was handed to sbatch, or would be for a run that
// computed here.
#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/say.h"
#include "cli/submit_map.h"
#include "cli/target.h"
#include "run/saved.h"

enum { SCRIPT_MOST = 16 << 20 };

static int compose(struct cli *cli, struct saved *saved, struct str *into, struct err *err)
{
    struct begin begin = {.cli = cli, .spec = &saved->spec, .datasets = &saved->datasets};
    int status = saved_read_asked(saved, err);
    if (status == 0)
        status = submit_map_line(&begin, err);
    if (status == 0)
        status = submit_map_script(&begin, saved->folder.path, into, err);
    begin_free(&begin);
    if (status == 0)
        say(cli, _("run %u computed here; its jobs are submitted by: lopin resume --slurm %u"),
            saved->folder.number, saved->folder.number);
    return status;
}

int cmd_show(struct cli *cli, struct err *err)
{
    struct saved saved CLEANUP_SAVED = SAVED_NONE;
    CLEANUP_STR struct str text = {0};
    if (!cli->options.sbatch) {
        err_set(err, ERR_USAGE, _("show what of the run?"));
        return err_hint(err, "try", "lopin show --sbatch");
    }
    if (target_folder(cli, &saved.folder, err) < 0)
        return -1;
    if (fs_read(saved.folder.fd, SUBMIT_MAP_SCRIPT, SCRIPT_MOST, &text, NULL) < 0 &&
        compose(cli, &saved, &text, err) < 0)
        return -1;
    return say_data(cli, &text, err);
}
