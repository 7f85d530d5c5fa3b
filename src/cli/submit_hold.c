// SPDX-License-Identifier: Apache-2.0
#include "cli/submit_hold.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/claim.h"
#include "cli/say.h"
#include "cli/sbatch.h"
#include "cli/submit_map.h"
#include "cli/where.h"
#include "run/submission.h"
#include "sched/script.h"

#define TRIES 12 // of claim_take, which waits some seconds itself

// Where a person types, in salloc's shell, the job is theirs and computes no run.
int submit_hold_is_inside(const struct cli *cli)
{
    const char *kind = vars_get(&cli->vars, "ENVIRONMENT"); // sbatch(1)
    return cli->options.no_submit && where_is_inside(cli) && kind && strcmp(kind, "BATCH") == 0;
}

static int say_script(const struct cli *cli, const struct folder *folder, struct err *err)
{
    CLEANUP_FREE char *script = submit_map_path(folder);
    CLEANUP_STR struct str text = {0};
    str_print(&text, "%s\n", script);
    return say_data(cli, &text, err);
}

// A job's script may have several lines, each with a run of its own.
static int is_of_line(const struct cli *cli, const struct folder *folder)
{
    enum { MOST = 1 << 24 }; // more than an argument list holds
    CLEANUP_FREE char *line = sbatch_line(cli);
    CLEANUP_STR struct str text = {0};
    return fs_read(folder->fd, SUBMIT_MAP_SCRIPT, MOST, &text, NULL) == 0 &&
           job_script_is_of(str_text(&text), line);
}

int submit_hold_find(const struct cli *cli, struct err *err)
{
    size_t count;
    if (!submit_hold_is_inside(cli))
        return 0;
    CLEANUP_FREE unsigned *number = folder_list(cli->cwd, &count);
    for (size_t i = count; i-- > 0;) {
        CLEANUP_FOLDER struct folder folder = FOLDER_NONE;
        if (folder_open(cli->cwd, number[i], &folder, NULL) == 0 &&
            submission_is_of(folder.fd, where_job(cli)) && is_of_line(cli, &folder))
            return say_script(cli, &folder, err) < 0 ? -1 : 1;
    }
    return 0;
}

// The job's other elements make it where they hold the line: 0 if one has.
static int take(const struct begin *begin, struct claim *claim, struct err *err)
{
    const struct cli *cli = begin->cli;
    struct err refused = {0};
    for (int i = 0; i < TRIES; i++) {
        if (claim_take(claim, begin->spec, &refused) == 0) {
            int found = submit_hold_find(cli, err);
            return found < 0 ? -1 : !found;
        }
        claim_leave(claim);
        if (refused.code != ERR_RUN_BUSY || !submit_hold_is_inside(cli))
            break;
    }
    if (err)
        *err = refused;
    return -1;
}

static void say_then(const struct cli *cli, const struct folder *folder)
{
    CLEANUP_FREE char *script = submit_map_path(folder);
    CLEANUP_STR struct str word = {0};
    str_add_shell(&word, script);
    say_label(cli, _("then"), "sbatch %s", word.text);
}

static int make(struct begin *begin, struct err *err)
{
    const struct cli *cli = begin->cli;
    CLEANUP_FOLDER struct folder folder = FOLDER_NONE;
    if (begin->spec->out && claim_check(cli, begin->spec, begin->datasets, err) < 0)
        return -1;
    const char *job = submit_hold_is_inside(cli) ? where_job(cli) : NULL;
    if (submit_map_hold(begin, job, &folder, err) < 0 || say_script(cli, &folder, err) < 0)
        return -1;
    if (!job)
        say_then(cli, &folder);
    return 0;
}

int submit_hold(struct begin *begin, struct err *err)
{
    struct claim claim = CLAIM_NONE;
    int status = take(begin, &claim, err);
    if (status > 0)
        status = make(begin, err);
    claim_leave(&claim);
    return status;
}
