// SPDX-License-Identifier: Apache-2.0
// crew_cancel: SIGTERM comes from Slurm, and parcels close their journals by it; only then a round without
// chunks takes the run from whoever is left. Where Slurm is silent that round is all there is: parcels look
// for it each 20 s.
#include "cli/crew_cancel.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/crew_look.h"
#include "cli/jobs.h"
#include "cli/say.h"
#include "run/claims.h"
#include "run/owner.h"
#include "run/round.h"
#include "sched/slurm.h"

// Slurm gives a task KillWait, 30 s if nothing else is said, between SIGTERM and SIGKILL.
#define END_US  INT64_C(45000000)
#define TOLD_US INT64_C(3000000) // a person is told what is waited for
#define SEND_US INT64_C(10000000)

enum { LOOK_MS = 200, TIMES = 3 };

struct ending {
    const struct cli *cli;
    const struct folder *folder;
    size_t sent; // jobs that were cancelled
    struct err silent;
};

// What was submitted; and what computes it all the same: parts of an array, or scripts of somebody's own.
static void list_jobs(const struct folder *folder, struct strv *ret)
{
    size_t count;
    CLEANUP_FREE struct submission *list = submission_list(folder->fd, &count);
    for (size_t i = 0; i < count; i++)
        strv_add(ret, list[i].job);
    CLEANUP_FREE struct parcel_look *parcel = claims_list(folder->fd, &count);
    for (size_t i = 0; i < count; i++) {
        CLEANUP_FREE char *job = mem_dupn(parcel[i].job, strspn(parcel[i].job, "0123456789"));
        if (!parcel[i].is_over && *job && !strv_has(ret, job))
            strv_add(ret, job);
    }
}

// Numbers of the run's jobs that squeue shows, but those that have ended.
static void list_live(struct ending *ending, struct strv *ret)
{
    CLEANUP_QUEUE struct crew_queue queue = {0};
    CLEANUP_STRV struct strv jobs = {0};
    list_jobs(ending->folder, &jobs);
    // What Slurm does not tell now it may do.
    int is_known = crew_queue_now(ending->cli, &queue, &ending->silent) == 0;
    for (size_t i = 0; i < jobs.count; i++) {
        size_t elements = 0, live = !is_known;
        const struct slurm_job *job = jobs_find(&queue.jobs, jobs.item[i], &elements);
        for (size_t k = 0; k < elements; k++)
            live |= job[k].phase == JOB_WAITS || job[k].phase == JOB_RUNS;
        if (live)
            strv_add(ret, jobs.item[i]);
    }
    CLEANUP_ANSWER struct slurm_answer answer = {0};
    if (is_known) // by hand, and not begun yet
        jobs_of_script(ending->cli, ending->folder, &answer, ret);
}

static int send(struct ending *ending, struct err *err)
{
    CLEANUP_STRV struct strv words = {0};
    CLEANUP_ANSWER struct slurm_answer answer = {0};
    strv_add(&words, "scancel");
    list_live(ending, &words);
    if (words.count == 1 || ending->silent.code == ERR_SLURM_SILENT)
        return 0;
    const struct slurm_ask ask = {
        .argv = words.item, .vars = &ending->cli->vars, .time_us = SEND_US};
    if (slurm_call(&ask, &answer, &ending->silent) < 0)
        return 0;
    ending->silent = (struct err){0};
    if (!WIFEXITED(answer.status) || WEXITSTATUS(answer.status) != 0)
        return slurm_refused("scancel", &answer, err);
    ending->sent += words.count - 1;
    return 0;
}

static size_t count_alive(const struct ending *ending)
{
    CLEANUP_CREW struct crew crew = {0};
    crew_read(ending->folder->fd, &crew);
    return crew.alive;
}

// Returns how many parcels are left.
static size_t wait_parcels(const struct ending *ending)
{
    int64_t began = clock_boot_us();
    int is_told = 0;
    for (;;) {
        size_t alive = count_alive(ending);
        int64_t past = clock_boot_us() - began;
        if (!alive || past > END_US)
            return alive;
        if (!is_told && past > TOLD_US) {
            say(ending->cli,
                lang_plural("%zu parcel still ends its tasks",
                            "%zu parcels still end their tasks", alive),
                alive);
            is_told = 1;
        }
        poll(NULL, 0, LOOK_MS);
    }
}

static int fence(const struct ending *ending, struct err *err)
{
    struct round head = {0};
    int run_dir = ending->folder->fd;
    unsigned last = round_last(run_dir);
    if (round_head(&head, last, run_dir) == 0 && !head.chunks)
        return 0;
    if (owner_take(run_dir, err) < 0)
        return -1;
    int result = jobs_fence(run_dir, err);
    owner_leave(run_dir);
    return result;
}

static int silent(const struct ending *ending, size_t left, struct err *err)
{
    *err = ending->silent;
    if (left)
        err_hint(
            err, "found",
            lang_plural("%zu parcel will see within a minute that the run is not its any more",
                        "%zu parcels will see within a minute that the run is not theirs any "
                        "more",
                        left),
            left);
    err_hint(err, "found", _("a job of it that begins later finds nothing to do"));
    return err_hint(err, "try", _("lopin cancel %u again, once Slurm answers"),
                    ending->folder->number);
}

int crew_cancel(const struct cli *cli, const struct folder *folder, struct err *err)
{
    struct ending ending = {.cli = cli, .folder = folder};
    size_t left = 0;
    // A parcel near its end may have submitted the next one meanwhile.
    for (int i = 0; i < TIMES; i++) {
        size_t before = ending.sent;
        if (send(&ending, err) < 0)
            return -1;
        if (ending.silent.code) {
            left = count_alive(&ending);
            break;
        }
        left = wait_parcels(&ending);
        if (i && ending.sent == before)
            break;
    }
    if (fence(&ending, err) < 0)
        return -1;
    if (ending.silent.code)
        return silent(&ending, left, err);
    return 0;
}
