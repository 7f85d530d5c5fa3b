// SPDX-License-Identifier: Apache-2.0
// run_wait: journals are read on where they were left, claims every other second, and Slurm's answer once
// a minute; none of that where a process of this machine has the run.
#include "cli/run_wait.h"

#include <signal.h>
#include <time.h>

#include "base/lang.h"
#include "base/mem.h"
#include "base/proc.h"
#include "cli/crew_words.h"
#include "cli/say.h"
#include "cli/summary.h"
#include "run/glance.h"
#include "run/round.h"
#include "run/watch.h"

enum { LOOK_MS = 500 };

// Its number, if one of these signals comes within the time.
static int sleep_ms(const sigset_t *taken, int ms)
{
    const struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    int number = sigtimedwait(taken, NULL, &time);
    return number < 0 ? 0 : number;
}

// A resume may have it next.
static void wait_owner(int run_dir)
{
    struct owner owner;
    for (owner_look(run_dir, &owner); owner.state == OWNER_ALIVE; owner_look(run_dir, &owner))
        owner_wait(run_dir, &owner);
}

// Returns the number of a signal, 0, or -1 with err.
static int wait_jobs(const struct cli *cli, struct saved *saved, struct err *err)
{
    CLEANUP_VIGIL struct vigil vigil = {0};
    struct watch watch;
    struct progress progress;
    sigset_t taken, before;
    int number = 0, alive = 1;
    sigemptyset(&taken);
    sigaddset(&taken, SIGINT);
    sigaddset(&taken, SIGTERM);
    sigaddset(&taken, SIGHUP);
    sigprocmask(SIG_BLOCK, &taken, &before);
    watch_begin(&watch, saved);
    while (!number && alive > 0) {
        alive = watch_look(&watch, &progress, err);
        if (alive >= 0)
            alive = vigil_look(&vigil, cli, saved);
        if (alive > 0)
            number = sleep_ms(&taken, LOOK_MS);
    }
    watch_end(&watch);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (alive >= 0 && !number && vigil.lost.code) {
        if (err)
            *err = vigil.lost;
        return -1;
    }
    return alive < 0 ? -1 : number;
}

static int leave(const struct cli *cli, unsigned run, int number)
{
    say(cli, _("the run goes on: lopin wait %u   to end it: lopin cancel %u"), run, run);
    return PROC_SIGNALLED + number;
}

static int read_state(struct saved *saved, struct err *err)
{
    if (saved_read(saved, err) < 0)
        return -1;
    saved_look(saved);
    return 0;
}

int run_wait(const struct cli *cli, unsigned number, struct err *err)
{
    CLEANUP_SAVED struct saved live = SAVED_NONE;
    CLEANUP_SAVED struct saved saved = SAVED_NONE;
    CLEANUP_REPORT struct report report = {0};
    CLEANUP_CREW struct crew crew = {0};
    CLEANUP_QUEUE struct crew_queue queue = {0};
    if (folder_open(cli->cwd, number, &live.folder, err) < 0)
        return -1;
    if (!round_last(live.folder.fd)) {
        wait_owner(live.folder.fd);
    } else if (read_state(&live, err) < 0) {
        return -1;
    } else {
        int left = wait_jobs(cli, &live, err);
        if (left)
            return left < 0 ? -1 : leave(cli, number, left);
    }
    if (folder_open(cli->cwd, number, &saved.folder, err) < 0)
        return -1;
    crew_read(saved.folder.fd, &crew);
    if (glance_read(&saved, &report, err) < 0)
        return -1;
    crew_end(cli, &saved, &queue, &crew);
    crew_say(cli, &saved, &report, &crew, &queue);
    return summary_status(&saved);
}
