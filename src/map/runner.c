// SPDX-License-Identifier: Apache-2.0
// runner: the loop. Signals come by signalfd(2), ends by waitid(2), published outputs and syncs
// by their pools' descriptors.
//
// Invariant: a slot has at most one task, a dataset at most one at a time; what was started has
// a START in the journal, and nothing is started once something could not be written there.
#include "map/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/mem.h"
#include "map/orphans.h"
#include "map/owner.h"
#include "map/task.h"
#include "map/tree.h"

#define GRACE_US   10000000 // from SIGTERM to SIGKILL
#define TOUCH_US   20000000 // owner_touch: see owner.h
#define SAMPLE_US  1000000  // of what running tasks use
#define PUBLISHERS 4
#define PACK_ABOVE 1000 // datasets: then logs go to one pack

enum phase { PHASE_RUNNING, PHASE_STOPPING, PHASE_TERMINATING, PHASE_KILLING };
struct runner {
    struct workshop workshop;
    struct task *task; // of each slot
    size_t next;       // into run->order
    size_t running;
    int full; // the machine has no room for another process until one of ours ends
    struct orphans *orphans; // NULL: the kernel does not show them
    size_t left;             // processes that tasks left, ended by us
    enum phase phase;
    int signal, signals; // the first that came; their descriptor
    sigset_t before;     // the caller's mask
    struct rlimit files; // the caller's limit of open files
    // CLOCK_BOOTTIME: the start, and when the next is due
    int64_t begin_us, tick_us, touch_us, kill_us;
    double left_bytes;                // of datasets not started
    int64_t sample_us, sample_cpu_us; // the last measure of what tasks use
    double cores_used;
    int64_t resident_kb;
};

static double size_of(const struct runner *runner, uint32_t index)
{
    int64_t size = runner->workshop.run->datasets->item[index].size;
    return size > 0 ? (double)size : 0;
}

static void tell(struct runner *runner, enum event_kind kind)
{
    const struct runner_listener *listener = runner->workshop.listener;
    const struct event event = {.kind = kind};
    if (listener->event)
        listener->event(listener->context, &event);
}

static void signal_tasks(struct runner *runner, int number)
{
    for (unsigned i = 0; i < runner->workshop.run->spec->slots; i++)
        if (runner->task[i].pid)
            kill(-runner->task[i].pid, number);
}

static void terminate(struct runner *runner)
{
    runner->phase = PHASE_TERMINATING;
    runner->workshop.killing = 1;
    runner->kill_us = clock_boot_us() + GRACE_US;
    signal_tasks(runner, SIGTERM);
    signal_tasks(runner, SIGCONT); // a stopped one takes its SIGTERM too
    tell(runner, EVENT_KILLING);
}

static void take_signal(struct runner *runner, int number)
{
    if (!runner->signal)
        runner->signal = number;
    if (runner->phase == PHASE_RUNNING && number != SIGHUP) {
        runner->phase = PHASE_STOPPING;
        tell(runner, EVENT_STOPPING);
    } else if (runner->phase < PHASE_TERMINATING) {
        terminate(runner); // nobody is there to say it twice after SIGHUP
    } else {
        runner->phase = PHASE_KILLING;
        signal_tasks(runner, SIGKILL);
    }
}

static void read_signals(struct runner *runner)
{
    struct signalfd_siginfo info[8];
    ssize_t got;
    do {
        got = read(runner->signals, info, sizeof info);
        for (size_t i = 0; got > 0 && i < (size_t)got / sizeof info[0]; i++)
            if (info[i].ssi_signo != SIGCHLD)
                take_signal(runner, (int)info[i].ssi_signo);
    } while (got == (ssize_t)sizeof info);
}

// NULL if none of the tasks has this pid.
static struct task *task_of(const struct runner *runner, pid_t pid)
{
    for (unsigned i = 0; i < runner->workshop.run->spec->slots; i++)
        if (runner->task[i].pid == pid)
            return &runner->task[i];
    return NULL;
}

static void reap_one(struct runner *runner, pid_t pid)
{
    struct task *task = task_of(runner, pid);
    struct rusage usage;
    int status;
    if (!task) {
        waitpid(pid, NULL, 0);
        return;
    }
    // what it left in its group; before its wait, while the number is still its own
    kill(-pid, SIGKILL);
    if (wait4(pid, &status, 0, &usage) != pid)
        return;
    runner->running--;
    runner->full = 0;
    task_end(&runner->workshop, task, status, &usage);
}

static int is_task(const void *context, pid_t pid)
{
    return task_of(context, pid) != NULL;
}

// NULL: any task.
static int is_running(const void *context, const char *name)
{
    const struct runner *runner = context;
    const struct run *run = runner->workshop.run;
    for (unsigned i = 0; name && i < run->spec->slots; i++) {
        char mine[LAUNCH_NAME_SIZE];
        if (!runner->task[i].pid)
            continue;
        launch_name(run, &run->datasets->item[runner->task[i].index], mine);
        if (strcmp(mine, name) == 0)
            return 1;
    }
    return !name && runner->running;
}

static int end_orphans(struct runner *runner)
{
    const struct orphans_keep keep = {is_task, is_running, runner};
    int killed = runner->orphans ? orphans_end(runner->orphans, &keep) : -1;
    runner->left += killed > 0 ? (size_t)killed : 0;
    return killed;
}

static void reap(struct runner *runner)
{
    int reaped = 0;
    for (;; reaped = 1) {
        siginfo_t info = {.si_pid = 0};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid)
            break;
        reap_one(runner, info.si_pid);
    }
    if (reaped)
        end_orphans(runner);
}

// After the last task: until the processes that it left are gone too, each of which may leave
// some. One that the kernel cannot end (a dead network disk) does not hold us for ever.
static void reap_orphans(struct runner *runner)
{
    int64_t until = clock_boot_us() + GRACE_US;
    while (end_orphans(runner) >= 0 && clock_boot_us() < until) {
        struct pollfd watched = {.fd = runner->signals, .events = POLLIN};
        poll(&watched, 1, 100);
        read_signals(runner);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
    }
}

// A dataset in each free slot, as long as there are both.
static void fill(struct runner *runner)
{
    struct workshop *workshop = &runner->workshop;
    const struct run *run = workshop->run;
    for (unsigned i = 0; i < run->spec->slots && !runner->full; i++) {
        while (!runner->task[i].pid) {
            if (runner->phase != PHASE_RUNNING || workshop->err.code ||
                runner->next == run->count)
                return;
            uint32_t index = run->order[runner->next];
            int result = task_start(workshop, &runner->task[i], index);
            runner->full = result > 0 && runner->running;
            if (runner->full)
                workshop->err = (struct err){0};
            if (result)
                return;
            runner->next++;
            runner->left_bytes -= size_of(runner, index);
            runner->running += runner->task[i].pid != 0;
        }
    }
}

static void sample(struct runner *runner, int64_t now)
{
    struct tree_use use = {0};
    if (now - runner->sample_us < SAMPLE_US)
        return;
    for (unsigned i = 0; i < runner->workshop.run->spec->slots; i++)
        if (runner->task[i].pid)
            tree_measure(runner->task[i].pid, &use);
    int64_t cpu_us = use.cpu_us + runner->workshop.cpu_us;
    double cores = (double)(cpu_us - runner->sample_cpu_us) / (double)(now - runner->sample_us);
    runner->cores_used = cores > 0 ? cores : 0;
    runner->resident_kb = use.resident_kb;
    runner->sample_us = now;
    runner->sample_cpu_us = cpu_us;
}

// Wall time until the end: what is not started shared among the slots, but never less than the
// longest task still has.
static int64_t time_left(const struct runner *runner, int64_t now)
{
    const struct run *run = runner->workshop.run;
    const struct fit *fit = &runner->workshop.fit;
    size_t waiting = run->count - runner->next;
    if (fit_guess(fit, 0) < 0)
        return -1;
    double work =
        waiting ? (double)waiting * fit_guess(fit, runner->left_bytes / (double)waiting) : 0;
    double longest = 0;
    for (unsigned i = 0; i < run->spec->slots; i++) {
        const struct task *task = &runner->task[i];
        if (!task->pid)
            continue;
        double left =
            fit_guess(fit, size_of(runner, task->index)) - (double)(now - task->boot_us) / 1e6;
        work += left > 0 ? left : 0;
        longest = left > longest ? left : longest;
    }
    work /= run->spec->slots;
    return (int64_t)((work > longest ? work : longest) * 1e6);
}

// The three tasks that have been running for longest.
static void find_longest(const struct runner *runner, struct progress *progress, int64_t now)
{
    const struct run *run = runner->workshop.run;
    size_t count = 0;
    for (unsigned i = 0; i < run->spec->slots; i++) {
        const struct task *task = &runner->task[i];
        if (!task->pid)
            continue;
        int64_t since = now - task->boot_us;
        size_t at = count < COUNT(progress->longest) ? count++ : count;
        for (; at > 0 && progress->longest[at - 1].since_us < since; at--)
            if (at < COUNT(progress->longest))
                progress->longest[at] = progress->longest[at - 1];
        if (at < COUNT(progress->longest)) {
            progress->longest[at].text = run->datasets->item[task->index].text;
            progress->longest[at].since_us = since;
        }
    }
}

static void tick(struct runner *runner, int64_t now)
{
    const struct workshop *workshop = &runner->workshop;
    const struct run *run = workshop->run;
    sample(runner, now);
    struct progress progress = {
        .total = run->kept + run->count,
        .kept = run->kept,
        .done = run->kept + workshop->done,
        .failed = workshop->failed,
        .stopped = workshop->stopped,
        .running = runner->running,
        .elapsed_us = now - runner->begin_us,
        .left_us = time_left(runner, now),
        .cores_used = runner->cores_used,
        .cores = run->spec->cores,
        .slots = run->spec->slots,
        .resident_kb = runner->resident_kb,
    };
    find_longest(runner, &progress, now);
    workshop->listener->tick(workshop->listener->context, &progress);
}

static int timers(struct runner *runner)
{
    const struct runner_listener *listener = runner->workshop.listener;
    int64_t now = clock_boot_us();
    int64_t due = runner->touch_us;
    if (now >= runner->touch_us) {
        owner_touch(runner->workshop.run->folder->fd);
        due = runner->touch_us = now + TOUCH_US;
    }
    if (listener->tick && now >= runner->tick_us) {
        tick(runner, now);
        runner->tick_us = now + listener->tick_ms * 1000LL;
    }
    if (listener->tick && runner->tick_us < due)
        due = runner->tick_us;
    if (runner->phase == PHASE_TERMINATING && now >= runner->kill_us) {
        runner->phase = PHASE_KILLING;
        signal_tasks(runner, SIGKILL);
    } else if (runner->phase == PHASE_TERMINATING && runner->kill_us < due) {
        due = runner->kill_us;
    }
    int wait_ms = due > now ? (int)((due - now) / 1000) + 1 : 0;
    int sync_ms = writer_wait_ms(runner->workshop.writer);
    return sync_ms >= 0 && sync_ms < wait_ms ? sync_ms : wait_ms;
}

static void loop(struct runner *runner)
{
    struct workshop *workshop = &runner->workshop;
    struct pollfd watched[] = {
        {.fd = runner->signals, .events = POLLIN},
        {.fd = pool_fd(workshop->publishers), .events = POLLIN},
        {.fd = writer_fd(workshop->writer), .events = POLLIN},
    };
    for (;;) {
        fill(runner);
        int more = runner->phase == PHASE_RUNNING && !workshop->err.code &&
                   runner->next < workshop->run->count;
        if (!runner->running && !workshop->publishing && !more)
            return;
        int wait_ms = timers(runner);
        if (poll(watched, COUNT(watched), wait_ms) > 0 && watched[0].revents) {
            read_signals(runner);
            reap(runner);
        }
        if (watched[1].revents)
            pool_reap(workshop->publishers);
        struct err err = {0};
        if (writer_tend(workshop->writer, &err) < 0 && !workshop->err.code)
            workshop->err = err;
    }
}

// A signal that our caller ignores (nohup, a background job of sh) stays ignored: blocked, it
// would be seen.
static int open_signals(struct runner *runner, struct err *err)
{
    static const int wanted[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < COUNT(wanted); i++) {
        struct sigaction action;
        if (sigaction(wanted[i], NULL, &action) == 0 &&
            (action.sa_handler != SIG_IGN || wanted[i] == SIGCHLD))
            sigaddset(&set, wanted[i]);
    }
    signal(SIGCHLD, SIG_DFL); // inherited as ignored, ends would not wait for us
    sigprocmask(SIG_BLOCK, &set, &runner->before);
    runner->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return runner->signals < 0 ? err_errno(err, ERR_SYSTEM, errno, _("cannot wait for signals"))
                               : 0;
}

// Spools, logs and pools need descriptors: as many as the hard limit gives. Tasks get the
// caller's limit back (select(2)).
static void raise_files(struct runner *runner)
{
    struct rlimit most;
    if (getrlimit(RLIMIT_NOFILE, &runner->files) < 0)
        return;
    most = runner->files;
    most.rlim_cur = most.rlim_max;
    setrlimit(RLIMIT_NOFILE, &most);
}

static int runner_begin(struct runner *runner, struct err *err)
{
    struct workshop *workshop = &runner->workshop;
    const struct run *run = workshop->run;
    const struct spec *spec = run->spec;
    raise_files(runner);
    workshop->folder = open(spec->cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (workshop->folder < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot enter '%s'"), spec->cwd);
    workshop->launch = launch_new(run, workshop->folder, &runner->files, err);
    if (!workshop->launch)
        return -1;
    workshop->logs = logs_new(run->folder->fd, run->parcel, run->restart, spec->slots,
                              run->datasets->count > PACK_ABOVE, err);
    if (!workshop->logs)
        return -1;
    workshop->writer =
        writer_new(run->folder->fd, run->parcel, run->restart, workshop->logs, err);
    workshop->publishers = workshop->writer ? pool_new(PUBLISHERS, err) : NULL;
    if (!workshop->publishers || open_signals(runner, err) < 0)
        return -1;
    runner->orphans = orphans_new();
    runner->task = mem_zero(spec->slots, sizeof *runner->task);
    for (unsigned i = 0; i < spec->slots; i++)
        runner->task[i] = (struct task){.slot = i + 1, .log = -1, .error_log = -1};
    for (size_t i = 0; i < run->count; i++)
        runner->left_bytes += size_of(runner, run->order[i]);
    runner->begin_us = runner->sample_us = clock_boot_us();
    runner->touch_us = runner->begin_us + TOUCH_US;
    runner->tick_us = runner->begin_us;
    const struct record open = {.kind = RECORD_OPEN,
                                .wall_us = clock_wall_us(),
                                .boot_us = runner->begin_us,
                                .cores = spec->cores,
                                .slots = spec->slots,
                                .threads = spec->threads};
    return writer_add(workshop->writer, &open, err);
}

static void finish(struct runner *runner, struct run_result *ret)
{
    struct workshop *workshop = &runner->workshop;
    reap_orphans(runner);
    const struct record close = {
        .kind = RECORD_CLOSE, .wall_us = clock_wall_us(), .boot_us = clock_boot_us()};
    struct err err = {0};
    if ((writer_add(workshop->writer, &close, &err) < 0 ||
         writer_sync(workshop->writer, &err) < 0) &&
        !workshop->err.code)
        workshop->err = err;
    if (workshop->listener->tick)
        tick(runner, clock_boot_us());
    *ret = (struct run_result){
        .done = workshop->done,
        .failed = workshop->failed,
        .stopped = workshop->stopped,
        .not_started = workshop->run->count - runner->next,
        .wall_us = clock_boot_us() - runner->begin_us,
        .killed = runner->phase >= PHASE_TERMINATING,
        .signal = runner->signal,
        .left = runner->left,
        .err = workshop->err,
    };
}

static void end(struct runner *runner)
{
    struct workshop *workshop = &runner->workshop;
    pool_free(workshop->publishers);
    writer_free(workshop->writer);
    logs_free(workshop->logs);
    launch_free(workshop->launch);
    if (workshop->folder >= 0)
        close(workshop->folder);
    if (runner->signals >= 0) {
        close(runner->signals);
        sigprocmask(SIG_SETMASK, &runner->before, NULL);
    }
    orphans_free(runner->orphans);
    free(runner->task);
}

int runner_run(const struct run *run, const struct runner_listener *listener,
               struct run_result *ret, struct err *err)
{
    struct runner runner = {
        .workshop = {.run = run, .listener = listener, .folder = -1},
        .signals = -1,
    };
    int begun = runner_begin(&runner, err);
    if (begun == 0) {
        loop(&runner);
        finish(&runner, ret);
    }
    end(&runner);
    return begun;
}
