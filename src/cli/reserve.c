// SPDX-License-Identifier: Apache-2.0
// reserve: a wide parcel is gathered core by core by whoever has the turn, so that narrow ones
// cannot keep it waiting for ever. Under a quota the cores that are free are more than those that
// may be used: who takes some takes as many places of each control group that has one.
#include "cli/reserve.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/human.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/process.h"
#include "cli/say.h"

#define LOOK_MS      100
#define SAY_AGAIN_US INT64_C(60000000)
#define MOST_PARENTS 64

// Who was started with an empty environment (env -i) still has its parents.
static int level_of_parents(void)
{
    static const char name[] = RESERVE_LEVEL "=";
    struct process process;
    pid_t pid = getppid();
    for (int i = 0; i < MOST_PARENTS && pid > 1; i++) {
        CLEANUP_STR struct str environment = {0};
        const char *level = process_environment(pid, &environment) == 0
                                ? process_entry(&environment, name, sizeof name - 1)
                                : NULL;
        if (level && atoi(level) >= 0)
            return atoi(level);
        pid = process_read(pid, &process) == 0 ? process.parent : 0;
    }
    return 0;
}

static unsigned level_here(const struct cli *cli)
{
    const char *said = vars_get(&cli->vars, RESERVE_LEVEL);
    unsigned long level;
    if (said && str_number(said, LEDGER_LEVELS, &level) == 0)
        return (unsigned)level;
    return (unsigned)level_of_parents();
}

static void open_ledger(struct reserve *reserve)
{
    struct err err = {0};
    if (ledger_open(reserve->path, reserve->level, &reserve->ledger, &err) < 0)
        say(reserve->cli, _("other runs on this machine are not seen: %s"), err.text);
}

void reserve_open(struct reserve *reserve, const struct cli *cli)
{
    const char *path = vars_get(&cli->vars, "LOPIN_LEDGER");
    *reserve = (struct reserve){
        .cli = cli, .path = path ? path : LEDGER_PATH, .level = level_here(cli)};
    if (!*reserve->path || cli->options.no_ledger || vars_get(&cli->vars, "SLURM_JOB_ID"))
        return;
    open_ledger(reserve);
    if (reserve_is_open(reserve))
        reserve->quotas = cgroup_quotas("", reserve->quota);
}

int reserve_is_open(const struct reserve *reserve)
{
    return reserve->ledger.fd > 0;
}

static void leave_held(struct reserve *reserve)
{
    for (int core = cpuset_first(&reserve->held); core >= 0;
         core = cpuset_next(&reserve->held, core))
        ledger_leave(&reserve->ledger, (unsigned)core);
    reserve->held = (struct cpuset){0};
    ledger_leave_turn(&reserve->ledger);
    reserve->turn = 0;
}

// CPUs' worth of time that the others in our control groups leave.
static size_t time_left(const struct reserve *reserve)
{
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < reserve->quotas; i++) {
        const struct cgroup_quota *quota = &reserve->quota[i];
        size_t busy = ledger_places_busy(&reserve->ledger, quota->key, quota->whole);
        least = quota->whole - busy < least ? quota->whole - busy : least;
    }
    return least;
}

// Takes so many CPUs' worth of time in all of them, and leaves what was ours beyond. Returns 1, or
// 0 if there is less.
static int take_time(struct reserve *reserve, size_t cpus)
{
    int all = 1;
    for (size_t i = 0; i < reserve->quotas; i++) {
        const struct cgroup_quota *quota = &reserve->quota[i];
        size_t wanted = cpus < quota->whole ? cpus : quota->whole;
        all &= ledger_take_places(&reserve->ledger, quota->key, quota->whole, wanted) == wanted;
    }
    return all;
}

static void say_waiting(struct reserve *reserve, size_t least, size_t free)
{
    const struct cli *cli = reserve->cli;
    int64_t now = clock_boot_us();
    CLEANUP_STR struct str time = {0};
    if (reserve->since_us && now - reserve->said_us < SAY_AGAIN_US)
        return;
    if (!reserve->since_us) {
        reserve->since_us = now;
        say(cli,
            lang_plural("waiting for %zu core, %zu free: other runs have the rest "
                        "(--no-ledger does not wait)",
                        "waiting for %zu cores, %zu free: other runs have the rest "
                        "(--no-ledger does not wait)",
                        least),
            least, free);
    } else {
        human_duration(&time, now - reserve->since_us);
        say(cli,
            lang_plural("still waiting for %zu core after %s, %zu free",
                        "still waiting for %zu cores after %s, %zu free", least),
            least, time.text, free);
    }
    reserve->said_us = now;
}

// Holds what is free until there is enough, if it is our turn.
static void gather(struct reserve *reserve, const struct allot *allot)
{
    reserve->turn = reserve->turn || ledger_take_turn(&reserve->ledger);
    for (size_t i = 0; reserve->turn && i < allot->cores; i++)
        if (ledger_take(&reserve->ledger, (unsigned)allot->core[i].id))
            cpuset_add(&reserve->held, (unsigned)allot->core[i].id);
    if (reserve->turn)
        take_time(reserve, allot_cpus(allot));
}

// Someone has removed or replaced the file: from now on the new one counts.
static void open_again(struct reserve *reserve)
{
    ledger_close(&reserve->ledger);
    reserve->held = (struct cpuset){0};
    reserve->turn = 0;
    open_ledger(reserve);
}

int reserve_read(struct reserve *reserve, const struct machine_source *source, size_t least,
                 struct allot *ret, struct err *err)
{
    for (;;) {
        struct cpuset busy = {0};
        struct machine_source free = *source;
        size_t left = SIZE_MAX;
        if (reserve_is_open(reserve) && !ledger_is_there(&reserve->ledger, reserve->path))
            open_again(reserve);
        if (reserve_is_open(reserve)) {
            ledger_busy(&reserve->ledger, &busy);
            left = time_left(reserve);
        }
        free.busy = &busy;
        free.time_left = &left;
        if (allot_read(&free, ret, err) < 0)
            return -1;
        if (ret->cores >= least)
            return 0;
        say_waiting(reserve, least, ret->cores);
        gather(reserve, ret);
        allot_free(ret);
        poll(NULL, 0, LOOK_MS);
    }
}

int reserve_take(struct reserve *reserve, const struct allot *allot)
{
    struct cpuset wanted = {0};
    int all = 1;
    if (!reserve_is_open(reserve))
        return 1;
    for (size_t i = 0; i < allot->cores && all; i++) {
        all = ledger_take(&reserve->ledger, (unsigned)allot->core[i].id);
        if (all)
            cpuset_add(&wanted, (unsigned)allot->core[i].id);
    }
    all = all && take_time(reserve, allot_cpus(allot)) &&
          ledger_is_there(&reserve->ledger, reserve->path);
    cpuset_or(&reserve->held, &wanted);
    if (all)
        cpuset_minus(&reserve->held, &wanted); // the others are left
    else
        take_time(reserve, 0);
    leave_held(reserve);
    if (all && reserve->since_us) {
        CLEANUP_STR struct str time = {0};
        human_duration(&time, clock_boot_us() - reserve->since_us);
        say(reserve->cli, _("waited %s"), time.text);
    }
    return all;
}
