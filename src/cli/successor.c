// SPDX-License-Identifier: Apache-2.0
#include "cli/successor.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/config.h"
#include "cli/say.h"
#include "cli/sbatch.h"
#include "cli/submit_map.h"
#include "cli/where.h"
#include "run/submission.h"

// A further job would come to the same end: we brought nothing to its end, and all that is left was begun.
static int is_in_vain(const struct cli *cli, const struct saved *saved, enum part_left left,
                      const struct run_result *result)
{
    if (left == PART_NEW || result->done || result->failed || result->continued)
        return 0;
    say(cli,
        _("no dataset came to its end within this job's time: none is submitted after it"));
    say_label(cli, "", "lopin resume %u -t ...", saved->folder.number);
    return 1;
}

// The site lets no job submit another.
static int is_forbidden(const struct cli *cli, const struct saved *saved)
{
    if (!cli->config || !cli->config->site.slurm.not_from_nodes)
        return 0;
    say(cli, _("this site's jobs submit no others: what is left goes on by: lopin resume %u"),
        saved->folder.number);
    return 1;
}

static int submit(struct cli *cli, const struct saved *saved, char **ret_job, struct err *err)
{
    CLEANUP_FREE char *script = submit_map_path(&saved->folder);
    const char *array = vars_get(&cli->vars, "SLURM_ARRAY_JOB_ID") ? "1" : NULL;
    struct submission submission = {
        .round = round_last(saved->folder.fd),
        .parcels = 1,
        .nodes = (unsigned)where_number(cli, "SLURM_NNODES", 1),
        .cores = saved->spec.cores,
        .at_us = clock_wall_us(),
    };
    if (sbatch_send(cli, script, array, ret_job, NULL, err) < 0)
        return -1;
    snprintf(submission.job, sizeof submission.job, "%s", *ret_job);
    return submission_save(&submission, saved->folder.fd, err);
}

void successor_submit(struct cli *cli, const struct saved *saved, struct part *part,
                      const struct run_result *result)
{
    struct err err = {0};
    CLEANUP_FREE char *job = NULL;
    enum part_left left = result->why == WHY_TIME ? part_left(part) : PART_NOTHING;
    if (!left || is_in_vain(cli, saved, left, result) || is_forbidden(cli, saved))
        return;
    if (submit(cli, saved, &job, &err) == 0) {
        say_label(cli, _("next"), _("job %s goes on with what is left"), job);
        return;
    }
    say_error(cli, &err);
    say_label(cli, "", "lopin resume %u", saved->folder.number);
}
