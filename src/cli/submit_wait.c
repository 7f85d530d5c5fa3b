// SPDX-License-Identifier: Apache-2.0
// submit_wait: the log and the record are files, looked at often. Slurm's queue is asked once a minute for
// all that a user looks at (sched/jobs_cache.h), and at once when the record is there, as it alone knows whether
// the job runs again.
//
// ^C is as srun has it: the first one says what a second one does, which is to cancel the job.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/proc.h"
#include "cli/job_facts.h"
#include "cli/job_words.h"
#include "cli/say.h"
#include "cli/submit.h"
#include "sched/job_view.h"
#include "sched/jobs_cache.h"
#include "sched/script.h"
#include "sched/slurm.h"

#define SECOND_US 1000000LL
#define OLDEST_US (600 * SECOND_US) // of an answer while another process asks

enum { LOOK_MS = 300, BLOCK = 1 << 16, MOST_ABSENT = 3, MOST_AFTER = 8, RECORD_MOST = 1024 };
enum { SLACK_S = 5 }; // clocks of this host and of the file server

struct wait {
    struct cli *cli;
    const struct submitted *job;
    off_t shown; // bytes of the log
    struct job_view view;
    struct job_end end;
    int has_end; // the record is there
    int64_t began_us, ask_us, interrupted_us;
    int64_t began_s, asked_s, since_s; // Unix time; asked_s: of the last answer
    unsigned soon;                     // so many times an answer of after since_s is wanted
    unsigned absent, after;            // answers without the job; since the record was there
    int is_silent, is_cancelled, has_run;
    int left; // by that signal
};

static void happened(struct wait *wait, unsigned soon)
{
    wait->since_s = clock_wall_us() / SECOND_US;
    wait->ask_us = 0;
    wait->soon = soon;
}

static int show_log(struct wait *wait, struct err *err)
{
    char block[BLOCK];
    if (!wait->job->log)
        return 0;
    CLEANUP_CLOSE int fd = open(wait->job->log, O_RDONLY | O_CLOEXEC);
    for (ssize_t got; fd >= 0 && (got = pread(fd, block, sizeof block, wait->shown)) > 0;) {
        struct str data = {.text = block, .size = (size_t)got};
        if (say_data(wait->cli, &data, err) < 0)
            return -1;
        wait->shown += got;
    }
    return 0;
}

static void read_record(struct wait *wait)
{
    CLEANUP_STR struct str text = {0};
    struct job_end end;
    CLEANUP_FREE char *path =
        mem_print("%s/" JOB_SCRIPT_RECORD, wait->job->folder, wait->job->job);
    if (fs_read(AT_FDCWD, path, RECORD_MOST, &text, NULL) < 0 ||
        job_end_read(str_text(&text), &end) < 0)
        return;
    if (!wait->has_end || end.restart != wait->end.restart) {
        wait->after = 0;
        happened(wait, MOST_AFTER);
    }
    wait->end = end;
    wait->has_end = 1;
}

static int call(struct wait *wait, const char *const *first, struct slurm_answer *ret,
                struct err *err)
{
    CLEANUP_STRV struct strv words = {0};
    for (; *first; first++)
        strv_add(&words, *first);
    strv_add(&words, wait->job->job);
    const struct slurm_ask ask = {.argv = words.item, .vars = &wait->cli->vars};
    return slurm_call(&ask, ret, err);
}

// Slurm forgets a job minutes after its end (MinJobAge); its accounts, if there are any, do not.
static void ask_accounts(struct wait *wait)
{
    CLEANUP_ANSWER struct slurm_answer answer = {0};
    struct err err = {0};
    struct job_view view;
    if (call(wait, sacct_ask, &answer, &err) < 0)
        return;
    sacct_read(str_text(&answer.out), wait->job->job, &view);
    if (view.phase != JOB_ABSENT)
        wait->view = view;
}

static int get_queue(const struct wait *wait, struct jobs *ret, struct answers_said *ret_said,
                     struct err *err)
{
    struct answers answers;
    job_facts_answers(wait->cli, &answers);
    CLEANUP_FREE const char *folder = answers.folder;
    if (!wait->soon)
        return jobs_cache_all(&answers, OLDEST_US, ret, ret_said, err);
    if (jobs_cache_kept(&answers, JOBS_FRESH_US, ret, ret_said, err) == 0 &&
        ret_said->asked_s > wait->since_s && ret_said->asked_s > wait->asked_s)
        return 0; // another has asked since
    jobs_free(ret);
    answers_said_free(ret_said);
    *err = (struct err){0};
    return jobs_cache_now(&answers, ret, ret_said, err);
}

static void take_view(struct wait *wait, const struct job_view *view)
{
    wait->has_run |= view->phase == JOB_RUNS;
    if (view->phase == JOB_RUNS && wait->view.phase < JOB_RUNS)
        say(wait->cli, _("job %s runs on %s"), wait->job->job, view->nodes);
    if (view->restarts > wait->view.restarts)
        say(wait->cli, _("job %s begins again (%u times now)"), wait->job->job, view->restarts);
    wait->view = *view;
    wait->absent = 0;
}

static void take_absence(struct wait *wait, const struct answers_said *said)
{
    if (!said->was_asked && said->asked_s <= wait->began_s + SLACK_S)
        return; // of before it was submitted
    wait->absent++;
    if (!wait->soon)
        happened(wait, MOST_ABSENT);
    ask_accounts(wait);
}

static void ask(struct wait *wait)
{
    CLEANUP_JOBS struct jobs jobs = {0};
    CLEANUP_SAID struct answers_said said = {0};
    struct err err = {0};
    struct job_view view;
    size_t count = 0;
    if (get_queue(wait, &jobs, &said, &err) < 0) {
        if (!wait->is_silent)
            say(wait->cli, _("%s [%s]; still waiting"), err.text, err_name(err.code));
        wait->is_silent = 1;
        return;
    }
    if (wait->is_silent)
        say(wait->cli, _("Slurm answers again"));
    wait->is_silent = 0;
    if (!said.was_asked && said.asked_s <= wait->asked_s)
        return;
    wait->asked_s = said.asked_s;
    const struct slurm_job *job = jobs_find(&jobs, wait->job->job, &count);
    if (!job) {
        take_absence(wait, &said);
        return;
    }
    jobs_view(job, &view);
    take_view(wait, &view);
}

// The record of a run that was given up is not that of the job.
static int has_record(const struct wait *wait)
{
    return wait->has_end && wait->end.restart >= wait->view.restarts;
}

static void ask_in_time(struct wait *wait)
{
    int64_t now = clock_boot_us();
    if (now < wait->ask_us)
        return;
    ask(wait);
    wait->after += has_record(wait) != 0;
    wait->soon -= wait->soon > 0;
    int64_t pause = wait->soon ? 1 : now - wait->began_us < 20 * SECOND_US ? 2 : 10;
    wait->ask_us = clock_boot_us() + pause * SECOND_US;
}

static int is_over(const struct wait *wait)
{
    int ended = has_record(wait);
    if (wait->view.phase == JOB_OVER)
        return 1;
    if (wait->absent >= (ended ? 1 : MOST_ABSENT))
        return 1;
    if (!ended || !wait->after)
        return 0;
    if (wait->view.phase == JOB_LEAVING && !wait->end.was_stopped && !wait->end.status)
        return 1;
    // by itself, and Slurm is slow or silent
    return wait->after >= MOST_AFTER && !wait->end.was_stopped &&
           (wait->is_silent || wait->view.phase != JOB_WAITS);
}

static void cancel(struct wait *wait)
{
    static const char *const words[] = {"scancel", NULL};
    CLEANUP_ANSWER struct slurm_answer answer = {0};
    struct err err = {0};
    if (call(wait, words, &answer, &err) < 0) {
        say_error(wait->cli, &err);
        return;
    }
    wait->is_cancelled = 1;
    happened(wait, MOST_AFTER);
    say(wait->cli, _("job %s is cancelled; it has half a minute to end"), wait->job->job);
}

static void interrupt(struct wait *wait)
{
    enum { AGAIN_US = 5000000 };
    int64_t now = clock_boot_us();
    if (wait->is_cancelled) {
        wait->left = SIGINT;
        return;
    }
    if (wait->interrupted_us && now - wait->interrupted_us < AGAIN_US) {
        cancel(wait);
        return;
    }
    wait->interrupted_us = now;
    say(wait->cli, _("job %s goes on: ^C again cancels it, ^\\ leaves it alone"),
        wait->job->job);
}

static void pause_for_signal(struct wait *wait, const sigset_t *taken)
{
    const struct timespec time = {.tv_nsec = LOOK_MS * 1000000L};
    int number = sigtimedwait(taken, NULL, &time);
    if (number == SIGINT)
        interrupt(wait);
    else if (number > 0)
        wait->left = number;
}

static const char *job_of(const struct wait *wait)
{
    return wait->job->job;
}

static int conclude(struct wait *wait, struct err *err)
{
    const struct job_end *end = has_record(wait) ? &wait->end : NULL;
    int has_cause = job_words_error(&wait->view, end, job_of(wait), err);
    // what has printed had begun, also where Slurm does not say what ended it
    int was_killed = !end && (err->code == ERR_TIME_LIMIT || err->code == ERR_MEMORY_LIMIT ||
                              err->code == ERR_SIGNAL || wait->has_run || wait->shown);
    if (has_cause && !end && !was_killed && !wait->is_cancelled)
        return -1;
    if (has_cause)
        say_error(wait->cli, err);
    if (wait->is_cancelled)
        return PROC_SIGNALLED + SIGINT;
    if (was_killed)
        return PROC_SIGNALLED + SIGKILL;
    int status = end ? end->status : wait->view.code;
    if (!has_cause && status)
        say(wait->cli, _("job %s ended with status %d on %s"), job_of(wait), status,
            end ? end->node : wait->view.nodes);
    // Killed for its memory, a child of the script may have left it none the wiser.
    return status ? status : has_cause ? STATUS_FAILED : 0;
}

static int stay(struct wait *wait, const sigset_t *taken, struct err *err)
{
    while (!is_over(wait) && !wait->left) {
        read_record(wait);
        if (show_log(wait, err) < 0)
            return -1;
        ask_in_time(wait);
        if (!is_over(wait))
            pause_for_signal(wait, taken);
    }
    if (wait->left) {
        say(wait->cli, _("job %s goes on; it ends by: scancel %s"), job_of(wait), job_of(wait));
        return PROC_SIGNALLED + wait->left;
    }
    // What a node wrote last may be seen here a moment later.
    for (int i = 0; i < 2; i++) {
        const struct timespec moment = {.tv_nsec = (long)i * LOOK_MS * 1000000L};
        nanosleep(&moment, NULL);
        read_record(wait);
        if (show_log(wait, err) < 0)
            return -1;
    }
    return conclude(wait, err);
}

int submit_wait(struct cli *cli, const struct submitted *submitted, struct err *err)
{
    static const int numbers[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
    sigset_t taken, before;
    int64_t now = clock_boot_us();
    struct wait wait = {.cli = cli,
                        .job = submitted,
                        .shown = submitted->log_from,
                        .began_us = now,
                        .began_s = clock_wall_us() / SECOND_US,
                        .ask_us = now + 2 * SECOND_US};
    sigemptyset(&taken);
    for (size_t i = 0; i < COUNT(numbers); i++)
        sigaddset(&taken, numbers[i]);
    sigprocmask(SIG_BLOCK, &taken, &before);
    int status = stay(&wait, &taken, err);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return status;
}
