// SPDX-License-Identifier: Apache-2.0
// cmd_parcel: `lopin parcel FOLDER`, what a job script of `map --slurm` starts on each node: takes datasets of
// the run until none is left, or its time is.
//
// It may be too late (the run went on otherwise, or is done): then it ends well, having done nothing.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/human.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/proc.h"
#include "cli/begin.h"
#include "cli/env_unpack.h"
#include "cli/line_modules.h"
#include "cli/say.h"
#include "cli/successor.h"
#include "cli/where.h"
#include "map/keeper.h"
#include "map/part.h"
#include "run/claims.h"
#include "run/round.h"
#include "run/saved.h"
#include "run/submission.h"
#include "sched/job_time.h"

struct agent { // of a node of a job
    struct cli *cli;
    struct saved saved;
    struct round round;
    struct claims *claims;
    struct part *part;
    char job[CLAIMS_JOB_SIZE];
};

static int open_folder(const struct cli *cli, struct folder *ret, struct err *err)
{
    unsigned long number;
    if (cli->words.count != 1)
        return err_set(err, ERR_USAGE, _("parcel takes the folder of a run"));
    CLEANUP_FREE char *path = fs_absolute(cli->cwd, cli->words.item[0]);
    CLEANUP_FREE char *runs = fs_folder(path);
    CLEANUP_FREE char *ours = fs_folder(runs);
    CLEANUP_FREE char *project = fs_folder(ours);
    if (str_number(fs_base(path), UINT32_MAX, &number) < 0)
        return err_set(err, ERR_NO_RUN, _("'%s' is no folder of a run"), path);
    return folder_open(project, (unsigned)number, ret, err);
}

// "8124_3.0": the same for a job that is begun again, and for no other.
static void name_job(struct agent *agent)
{
    const struct cli *cli = agent->cli;
    const char *array = vars_get(&cli->vars, "SLURM_ARRAY_JOB_ID");
    const char *task = vars_get(&cli->vars, "SLURM_ARRAY_TASK_ID");
    const char *job = vars_get(&cli->vars, "SLURM_JOB_ID");
    unsigned long node = where_number(cli, "SLURM_NODEID", 0);
    if (array && task)
        snprintf(agent->job, sizeof agent->job, "%.20s_%.20s.%lu", array, task, node);
    else
        snprintf(agent->job, sizeof agent->job, "%.40s.%lu", job ? job : "-", node);
}

static int nothing_to_do(const struct agent *agent)
{
    say(agent->cli, _("run %u is no longer computed by jobs: nothing to do here"),
        agent->saved.folder.number);
    return 0;
}

// A job that was submitted by hand is one of the run's, for whoever looks at it or cancels it.
static void register_job(const struct agent *agent)
{
    const struct cli *cli = agent->cli;
    struct submission submission = {
        .round = agent->round.number,
        .parcels = (unsigned)where_number(cli, "SLURM_ARRAY_TASK_COUNT", 1),
        .nodes = (unsigned)where_number(cli, "SLURM_NNODES", 1),
        .cores = (unsigned)where_number(cli, "SLURM_CPUS_PER_TASK", 1),
        .at_us = clock_wall_us(),
    };
    unsigned long first = where_number(cli, "SLURM_ARRAY_TASK_MIN", 1);
    unsigned long last = where_number(cli, "SLURM_ARRAY_TASK_MAX", 1);
    const char *job = where_job(cli);
    snprintf(submission.job, sizeof submission.job, "%s", job ? job : "");
    if (*submission.job && first == 1 && last == submission.parcels &&
        !submission_is_of(agent->saved.folder.fd, submission.job))
        submission_save(&submission, agent->saved.folder.fd, NULL);
}

// Returns 1, 0 if there is nothing to compute any more, -1 with err.
static int claim(struct agent *agent, struct err *err)
{
    const struct cli *cli = agent->cli;
    unsigned long first = where_number(cli, "SLURM_ARRAY_TASK_MIN", 1);
    unsigned long task = where_number(cli, "SLURM_ARRAY_TASK_ID", first);
    unsigned long nodes = where_number(cli, "SLURM_NNODES", 1);
    const struct claims_ask ask = {
        .run_dir = agent->saved.folder.fd,
        .round = &agent->round,
        .job = agent->job,
        .parcel = (unsigned)((task - first) * nodes + where_number(cli, "SLURM_NODEID", 0) + 1),
        .again = where_number(cli, "SLURM_RESTART_COUNT", 0) > 0,
    };
    register_job(agent);
    agent->claims = claims_new(&ask, err);
    if (!agent->claims)
        return -1;
    if (round_is_over(agent->saved.folder.fd, agent->round.number)) { // while we began
        claims_leave(agent->claims, 0);
        return nothing_to_do(agent);
    }
    size_t chunk = agent->saved.spec.chunk; // of a job, all its nodes
    agent->part =
        part_new(&agent->saved, &agent->round, agent->claims, (chunk + nodes - 1) / nodes, err);
    return agent->part ? 1 : -1;
}

static void say_begin(const struct agent *agent, const struct begin *begin)
{
    CLEANUP_STR struct str label = {0};
    CLEANUP_STR struct str text = {0};
    str_print(&label, _("parcel %u"), claims_parcel(agent->claims));
    str_print(&text, _("run %u, job %s, "), agent->saved.folder.number, agent->job);
    parcel_add(&text, &begin->parcel);
    say_label(agent->cli, label.text, "%s", text.text);
    setting_say(agent->cli, &begin->setting);
}

static void say_end(const struct agent *agent, const struct run_result *result)
{
    CLEANUP_STR struct str text = {0};
    size_t left = result->stopped + result->not_started;
    str_print(&text, _("%zu done, %zu failed, %zu left to others, in "), result->done,
              result->failed, left);
    human_duration(&text, result->wall_us);
    if (result->err.code)
        say_error(agent->cli, &result->err);
    say_label(agent->cli, _("ended"), "%s", text.text);
}

static int run_part(struct agent *agent, struct begin *begin, struct err *err)
{
    struct spec *spec = &agent->saved.spec;
    int64_t left_us = job_time_left(&agent->cli->vars);
    spec->time_us = left_us ? left_us : spec->time_us;
    *begin->part = (struct begin_part){
        .parcel = claims_parcel(agent->claims),
        .restart = claims_restart(agent->claims),
        .share = part_share(agent->part),
        .earlier = part_earlier(agent->part),
    };
    say_begin(agent, begin);
    int status = begin_run(begin, &agent->saved.folder, begin->part->restart, err);
    const struct run_result *result = &begin->part->result;
    if (status >= 0) {
        say_end(agent, result);
        claims_leave(agent->claims, result->stopped + result->not_started);
        if (!result->err.code)
            successor_submit(agent->cli, &agent->saved, agent->part, result);
    }
    return status;
}

static int compute_claimed(struct agent *agent, struct begin *begin, struct err *err)
{
    const struct spec *spec = &agent->saved.spec;
    int status = line_modules_load(agent->cli, &spec->modules, err);
    CLEANUP_FREE char *python = line_modules_program(agent->cli, spec);
    if (status == 0 && spec->image)
        status = env_unpack_for_line(agent->cli, err);
    if (status == 0)
        status = begin_find(begin, python, agent->cli->options.env, err);
    if (status == 0)
        status = begin_ready(begin, err);
    return status == 0 ? run_part(agent, begin, err) : status;
}

static int compute(struct agent *agent, struct err *err)
{
    struct saved *saved = &agent->saved;
    struct begin_part part = {0};
    struct begin begin = {
        .cli = agent->cli, .spec = &saved->spec, .datasets = &saved->datasets, .part = &part};
    begin.keep.begun = -1;
    strv_add_all(&agent->cli->options.keep, &saved->spec.keep);
    agent->cli->options.fast_ctl = saved->spec.fast_threadpoolctl;
    agent->cli->options.env = saved->spec.image;
    saved->spec.ask_cores = 0; // what the job has, whatever it asked for
    int status = claim(agent, err);
    if (status > 0)
        status = compute_claimed(agent, &begin, err);
    if (status < 0 && agent->claims)
        claims_fail(agent->claims, err);
    begin_free(&begin);
    return status;
}

// Returns 1 if there is something to compute.
static int look(struct agent *agent, struct err *err)
{
    struct saved *saved = &agent->saved;
    if (saved_read_asked(saved, err) < 0)
        return -1;
    unsigned number = round_last(saved->folder.fd);
    if (number &&
        round_load(&agent->round, number, &saved->datasets, saved->folder.fd, err) < 0)
        return -1;
    return agent->round.chunks ? 1 : nothing_to_do(agent);
}

static int go(struct agent *agent, struct err *err)
{
    const char *cwd = agent->saved.spec.cwd;
    struct keeper keeper;
    int above = keeper_fork(&keeper, -1, NULL, err);
    if (above > 0)
        return proc_exit_status(keeper_stay(&keeper));
    if (above < 0)
        return -1;
    if (chdir(cwd) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot enter '%s'"), cwd);
    return compute(agent, err);
}

int cmd_parcel(struct cli *cli, struct err *err)
{
    struct agent agent = {.cli = cli, .saved = SAVED_NONE};
    name_job(&agent);
    int status = open_folder(cli, &agent.saved.folder, err);
    if (status == 0)
        status = look(&agent, err);
    if (status > 0)
        status = go(&agent, err);
    part_free(agent.part);
    claims_free(agent.claims);
    round_free(&agent.round);
    saved_close(&agent.saved);
    return status;
}
