// SPDX-License-Identifier: Apache-2.0
#include "cli/jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/submit_map.h"
#include "run/claims.h"
#include "run/round.h"
#include "run/submission.h"
#include "sched/slurm.h"

enum { ASK_US = 10000000 };

static int busy(const struct folder *folder, const char *job, struct err *err)
{
    err_set(err, ERR_RUN_BUSY, _("run %u is being computed by job %s"), folder->number, job);
    err_hint(err, "try", "lopin status %u", folder->number);
    return err_hint(err, "try", "lopin cancel %u", folder->number);
}

static int check_parcels(const struct folder *folder, struct err *err)
{
    size_t count;
    CLEANUP_FREE struct parcel_look *list = claims_list(folder->fd, &count);
    for (size_t i = 0; i < count; i++)
        if (list[i].is_alive && !list[i].is_fenced)
            return busy(folder, list[i].job, err);
    return 0;
}

struct queued { // a line of squeue's; of a text that is cut up for it
    const char *job, *state, *command;
    char *folder; // that the job works in
};

// Returns 1 with the next line of *at, 0 at the end.
static int next_line(char **at, struct queued *ret)
{
    while (**at) {
        char *line = *at;
        char *end = strchrnul(line, '\n');
        *at = *end ? end + 1 : end;
        *end = '\0';
        char *field[4] = {line};
        size_t count = 1;
        for (char *tab; count < COUNT(field) && (tab = strchr(field[count - 1], '\t'));) {
            *tab = '\0';
            field[count++] = tab + 1;
        }
        *ret = (struct queued){field[0], field[1], field[3], field[2]};
        if (count == COUNT(field))
            return 1;
    }
    return 0;
}

// The user's jobs. Returns 0, or -1 where Slurm does not answer.
static int ask_queue(const struct cli *cli, struct slurm_answer *ret)
{
    char user[24];
    struct err ignored = {0};
    snprintf(user, sizeof user, "%lu", (unsigned long)geteuid());
    char *const words[] = {
        (char *)"squeue", (char *)"-h", (char *)"-o", (char *)"%F\t%t\t%Z\t%o",
        (char *)"-u",     user,         NULL};
    const struct slurm_ask ask = {.argv = words, .vars = &cli->vars, .time_us = ASK_US};
    return slurm_call(&ask, ret, &ignored) < 0 || ret->status ? -1 : 0;
}

static int runs_script(const struct queued *queued, const char *script)
{
    CLEANUP_FREE char *path = fs_absolute(queued->folder, queued->command);
    return strcmp(path, script) == 0;
}

static int is_of(const struct queued *queued, const struct submission *list, size_t count,
                 const char *script)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(queued->job, list[i].job) == 0)
            return 1;
    return runs_script(queued, script);
}

// Jobs that wait have no parcel yet; one whose script is ours may have been handed over by hand, or by a
// lopin that died before it knew the number. One that only ends has told by its parcels how.
static int check_queue(const struct cli *cli, const struct folder *folder, int by_jobs,
                       struct err *err)
{
    size_t count;
    CLEANUP_FREE struct submission *list = submission_list(folder->fd, &count);
    CLEANUP_FREE char *script = submit_map_path(folder);
    CLEANUP_ANSWER struct slurm_answer answer = {0};
    struct queued queued;
    if (ask_queue(cli, &answer) < 0)
        return 0;
    for (char *at = answer.out.text; at && next_line(&at, &queued);) {
        int counts =
            strcmp(queued.state, "CG") != 0 && (by_jobs || strcmp(queued.state, "PD") != 0);
        if (counts && is_of(&queued, list, count, script))
            return busy(folder, queued.job, err);
    }
    return 0;
}

int jobs_of_script(const struct cli *cli, const struct folder *folder,
                   struct slurm_answer *queue, struct strv *ret)
{
    CLEANUP_FREE char *script = submit_map_path(folder);
    struct queued queued;
    if (!queue->out.text && ask_queue(cli, queue) < 0)
        return -1;
    CLEANUP_FREE char *text = mem_dup(str_text(&queue->out)); // lines are cut in it
    for (char *at = text; next_line(&at, &queued);)
        if (strcmp(queued.state, "CG") != 0 && runs_script(&queued, script) &&
            !strv_has(ret, queued.job))
            strv_add(ret, queued.job);
    return 0;
}

int jobs_check_idle(const struct cli *cli, const struct folder *folder, int by_jobs,
                    struct err *err)
{
    if (!round_last(folder->fd))
        return 0;
    return check_parcels(folder, err) < 0 ? -1 : check_queue(cli, folder, by_jobs, err);
}

int jobs_fence(int run_dir, struct err *err)
{
    static const struct datasets none; // a round without chunks names no dataset
    struct round round = {.number = round_last(run_dir) + 1};
    return round.number > 1 ? round_save(&round, &none, run_dir, err) : 0;
}
