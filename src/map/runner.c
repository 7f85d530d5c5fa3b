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
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/proc.h"
#include "map/deadline.h"
#include "map/ending.h"
#include "map/gauge.h"
#include "map/keeper.h"
#include "map/memory_tend.h"
#include "map/orphans.h"
#include "map/signals.h"
#include "map/stop.h"
#include "map/task.h"
#include "map/thread_watch.h"

#define PUBLISHERS 4
#define MOST_ENDED 8    // tasks whose output is not published: a kill makes them run again
#define PACK_ABOVE 1000 // datasets: then logs go to one pack
#define FIT_LEAST  3    // so many ends tell how long a task takes

enum phase { PHASE_RUNNING, PHASE_STOPPING, PHASE_TERMINATING, PHASE_KILLING };
struct runner {
    struct workshop workshop;
    int narrow; // what waits does not fit into memory now
    int full;   // the machine has no room for another process until one of ours ends
    struct orphans *orphans; // NULL: the kernel does not show them
    size_t left;             // processes that tasks left, ended by us
    enum phase phase;
    enum why why; // it is not RUNNING
    int signal;   // the first that came
    struct signals signals;
    struct rlimit files; // the caller's limit of open files
    // CLOCK_BOOTTIME: the start, and when the next is due
    int64_t begin_us, tick_us;
    int64_t
        ask_us; // when others may have left something, if nothing was there at the last look
    struct deadline deadline;
    struct gauge gauge;
};

static void tell(struct runner *runner, enum event_kind kind)
{
    const struct event event = {.kind = kind, .why = runner->why};
    task_tell(&runner->workshop, &event);
}

// No new tasks; those that run may finish.
static void stop_starting(struct runner *runner, enum why why)
{
    if (runner->phase != PHASE_RUNNING)
        return;
    runner->phase = PHASE_STOPPING;
    runner->why = why;
    tell(runner, EVENT_STOPPING);
}

static void terminate(struct runner *runner, enum why why, int64_t kill_us)
{
    if (runner->phase >= PHASE_TERMINATING)
        return;
    runner->phase = PHASE_TERMINATING;
    runner->why = why;
    stop_all(&runner->workshop, why, kill_us);
    tell(runner, EVENT_KILLING);
}

static void kill_all(struct runner *runner, enum why why)
{
    runner->phase = PHASE_KILLING;
    runner->why = runner->why ? runner->why : why;
    stop_kill_all(&runner->workshop, why);
}

// What a task does counts only as long as we have the run.
static void hold(struct runner *runner)
{
    if (task_hold(&runner->workshop) < 0 && runner->phase < PHASE_KILLING)
        kill_all(runner, WHY_LOST);
}

static void take_signal(void *context, int number)
{
    struct runner *runner = context;
    if (!runner->signal)
        runner->signal = number;
    if (number == KEEPER_GONE) {
        kill_all(runner, WHY_ASKED);
        return;
    }
    int is_last =
        number == SIGHUP || runner->workshop.run->is_brief; // nobody will say it twice
    if (runner->phase == PHASE_RUNNING && !is_last)
        stop_starting(runner, WHY_ASKED);
    else if (runner->phase < PHASE_TERMINATING)
        terminate(runner, WHY_ASKED, clock_boot_us() + STOP_GRACE_US);
    else if (number != SIGHUP) // of one closed terminal it may come more than once
        kill_all(runner, WHY_ASKED);
}

// NULL if none of the tasks has this pid.
static struct task *task_of(const struct runner *runner, pid_t pid)
{
    for (unsigned i = 0; i < runner->workshop.run->spec->slots; i++)
        if (runner->workshop.task[i].pid == pid)
            return &runner->workshop.task[i];
    return NULL;
}

static void reap_one(struct runner *runner, const siginfo_t *info)
{
    pid_t pid = info->si_pid;
    struct task *task = task_of(runner, pid);
    struct rusage usage;
    int status;
    if (!task) {
        waitpid(pid, NULL, 0);
        return;
    }
    if (runner->workshop.run->is_brief && !task->why)
        signals_follow(&runner->signals, info, take_signal, runner);
    // what it left in its group; before its wait, while the number is still its own
    kill(-pid, SIGKILL);
    if (wait4(pid, &status, 0, &usage) != pid)
        return;
    runner->workshop.running--;
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
        const struct task *task = &runner->workshop.task[i];
        if (!task->pid)
            continue;
        launch_name(run, &run->datasets->item[task->index], mine);
        if (strcmp(mine, name) == 0)
            return 1;
    }
    return !name && runner->workshop.running;
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
        reap_one(runner, &info);
    }
    if (reaped)
        end_orphans(runner);
}

// After the last task: until the processes that it left are gone too, each of which may leave
// some. One that the kernel cannot end (a dead network disk) does not hold us for ever.
static void reap_orphans(struct runner *runner)
{
    int64_t until = clock_boot_us() + STOP_GRACE_US;
    while (end_orphans(runner) >= 0 && clock_boot_us() < until) {
        struct pollfd watched = {.fd = runner->signals.fd, .events = POLLIN};
        poll(&watched, 1, 100);
        signals_read(&runner->signals, take_signal, runner);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
    }
}

// May it begin now, for all that limits it?
static enum queue_fit fits(const void *context, uint32_t index)
{
    const struct runner *runner = context;
    const struct workshop *workshop = &runner->workshop;
    const struct dataset *dataset = &workshop->run->datasets->item[index];
    if (!memory_has_room(workshop, index))
        return QUEUE_LATER;
    if (!runner->deadline.end_us || workshop->fit.n < FIT_LEAST ||
        queue_has_tried(workshop->queue, index)) // who saves what it has, uses any time
        return QUEUE_FITS;
    double seconds = fit_guess(&workshop->fit, (double)dataset_size(dataset));
    return deadline_leaves(&runner->deadline, clock_boot_us(), seconds) ? QUEUE_FITS
                                                                        : QUEUE_NEVER;
}

// Starts a dataset in a slot. Returns 1 if it has begun or ended at once, 0 if none can begin.
static int start_one(struct runner *runner, struct task *slot)
{
    struct workshop *workshop = &runner->workshop;
    size_t at;
    uint32_t index;
    if (runner->phase != PHASE_RUNNING || workshop->err.code || runner->full ||
        workshop->publishing >= MOST_ENDED || !queue_count(workshop->queue) ||
        storage_holds(workshop))
        return 0;
    enum queue_fit fit = queue_find(workshop->queue, fits, runner, &at, &index);
    runner->narrow = fit == QUEUE_LATER;
    if (fit == QUEUE_NEVER)
        stop_starting(runner, WHY_TIME);
    if (fit != QUEUE_FITS)
        return 0;
    int result = task_start(workshop, slot, index);
    runner->full = result > 0 && workshop->running;
    if (runner->full)
        workshop->err = (struct err){0};
    if (result)
        return 0;
    storage_begun(workshop);
    queue_take(workshop->queue, at);
    workshop->running += slot->pid != 0;
    return 1;
}

// Datasets that others of the run do not have, once all of ours have begun. What others leave when they die
// comes later: it is looked for now and then, and again when nothing of ours runs any more.
static void get_more(struct runner *runner)
{
    struct workshop *workshop = &runner->workshop;
    const struct share *share = workshop->run->share;
    const uint32_t *index;
    size_t count;
    struct err err = {0};
    int64_t now = clock_boot_us();
    int is_idle = !workshop->running && !workshop->publishing;
    if (workshop->is_emptied || queue_count(workshop->queue) || workshop->err.code ||
        runner->phase != PHASE_RUNNING || storage_holds(workshop) ||
        (!is_idle && now < runner->ask_us))
        return;
    int got = share ? share->more(share->context, &index, &count, &err) : 0;
    if (got < 0)
        storage_failed(workshop, &err);
    workshop->is_emptied = got == 0 && (is_idle || !share);
    runner->ask_us = got == 0 ? now + HOLD_US : 0;
    workshop->given += got > 0 ? count : 0;
    for (size_t i = 0; got > 0 && i < count; i++)
        queue_put(workshop->queue, index[i]);
}

// A dataset in each free slot, as long as there are both.
static void fill(struct runner *runner)
{
    struct workshop *workshop = &runner->workshop;
    runner->narrow = 0;
    for (unsigned i = 0; i < workshop->run->spec->slots; i++)
        while (!workshop->task[i].pid) {
            get_more(runner);
            if (!start_one(runner, &workshop->task[i]))
                return;
        }
}

static void tick(struct runner *runner, int64_t now)
{
    const struct runner_listener *listener = runner->workshop.listener;
    struct progress progress;
    gauge_read(&runner->gauge, &runner->workshop, now, &progress);
    listener->tick(listener->context, &progress);
}

// What the end of -t and --halt ask for. Returns when the next step is due.
static int64_t limits(struct runner *runner)
{
    struct workshop *workshop = &runner->workshop;
    struct deadline *deadline = &runner->deadline;
    int64_t due;
    int64_t now = clock_boot_us();
    switch (deadline_next(deadline, now, &due)) {
    case DEADLINE_WARN:
        stop_starting(runner, WHY_TIME);
        stop_warn(workshop, WHY_TIME, deadline->number, deadline->first_only);
        break;
    case DEADLINE_TERM: terminate(runner, WHY_TIME, deadline->end_us); break;
    case DEADLINE_KILL: kill_all(runner, WHY_TIME); break;
    case DEADLINE_NONE: break;
    }
    if (workshop->halted && workshop->halt.now)
        terminate(runner, WHY_HALT, now + STOP_GRACE_US);
    else if (workshop->halted)
        stop_starting(runner, WHY_HALT);
    return due;
}

// What else is due; returns milliseconds until something is again, `due` at the latest.
static int timers(struct runner *runner, int64_t due)
{
    const struct runner_listener *listener = runner->workshop.listener;
    int64_t now = clock_boot_us();
    struct workshop *workshop = &runner->workshop;
    const int64_t dues[] = {
        stop_tend(workshop, now),
        memory_tend(workshop, now),
        thread_watch_tend(workshop, now),
        storage_tend(workshop, runner->phase != PHASE_RUNNING, now),
        launch_tend(workshop->launch, now),
        workshop->held_us + HOLD_US,
    };
    for (size_t i = 0; i < COUNT(dues); i++)
        due = dues[i] < due ? dues[i] : due;
    if (listener->tick && now >= runner->tick_us) {
        tick(runner, now);
        runner->tick_us = now + listener->tick_ms * 1000LL;
    }
    due = listener->tick && runner->tick_us < due ? runner->tick_us : due;
    int wait_ms = due > now ? (int)((due - now) / 1000) + 1 : 0;
    int sync_ms = writer_wait_ms(workshop->writer);
    return sync_ms >= 0 && sync_ms < wait_ms ? sync_ms : wait_ms;
}

static int is_over(const struct runner *runner)
{
    const struct workshop *workshop = &runner->workshop;
    int more = runner->phase == PHASE_RUNNING && !workshop->err.code &&
               (queue_count(workshop->queue) || !workshop->is_emptied);
    return !workshop->running && !workshop->publishing && !more && !storage_pending(workshop);
}

static void loop(struct runner *runner)
{
    struct workshop *workshop = &runner->workshop;
    struct pollfd watched[] = {
        {.fd = runner->signals.fd, .events = POLLIN},
        {.fd = pool_fd(workshop->publishers), .events = POLLIN},
        {.fd = writer_fd(workshop->writer), .events = POLLIN},
    };
    for (;;) {
        int64_t due = limits(runner);
        fill(runner);
        gauge_narrow(&runner->gauge, workshop, runner->narrow);
        if (is_over(runner))
            return;
        int wait_ms = timers(runner, due); // with the tasks that have just begun
        int ready = poll(watched, COUNT(watched), wait_ms);
        hold(runner);
        if (ready > 0 && watched[0].revents) {
            signals_read(&runner->signals, take_signal, runner);
            reap(runner);
        }
        if (watched[1].revents)
            pool_reap(workshop->publishers);
        struct err err = {0};
        if (writer_tend(workshop->writer, &err) < 0)
            storage_failed(workshop, &err);
    }
}

static int runner_begin(struct runner *runner, struct err *err)
{
    struct workshop *workshop = &runner->workshop;
    const struct run *run = workshop->run;
    const struct spec *spec = run->spec;
    // Spools, logs and pools need descriptors: as many as the hard limit gives. Tasks get the caller's limit
    // back (select(2)).
    proc_raise_files(&runner->files);
    proc_be_prompt();
    workshop->folder = open(spec->cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (workshop->folder < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot enter '%s'"), spec->cwd);
    workshop->launch = launch_new(run, workshop->folder, &runner->files, err);
    if (!workshop->launch)
        return -1;
    workshop->logs = logs_new(run->folder->fd, run->parcel, run->restart, spec->slots,
                              run->datasets->count > PACK_ABOVE);
    workshop->writer =
        writer_new(run->folder->fd, run->parcel, run->restart, workshop->logs, err);
    workshop->publishers = workshop->writer ? pool_new(PUBLISHERS, err) : NULL;
    if (!workshop->publishers || signals_open(&runner->signals, err) < 0)
        return -1;
    runner->orphans = orphans_new();
    workshop->queue = queue_new(run);
    workshop->given = run->count;
    workshop->memory = memory_begin(run);
    workshop->threads = thread_watch_new(clock_boot_us());
    workshop->task = mem_zero(spec->slots, sizeof *workshop->task);
    for (unsigned i = 0; i < spec->slots; i++)
        workshop->task[i] = (struct task){.slot = i + 1, .log = -1, .error_log = -1};
    if (limit_halt_read(spec->halt, &workshop->halt, err) < 0)
        return -1;
    runner->begin_us = clock_boot_us();
    gauge_begin(&runner->gauge, runner->begin_us);
    deadline_set(&runner->deadline, spec, runner->begin_us);
    workshop->warn_us = runner->deadline.warn_us;
    workshop->held_us = runner->begin_us;
    runner->tick_us = runner->begin_us;
    const struct record open = {.kind = RECORD_OPEN,
                                .wall_us = clock_wall_us(),
                                .boot_us = runner->begin_us,
                                .cores = spec->cores,
                                .slots = spec->slots,
                                .threads = spec->threads,
                                .memory_kb = run->memory.kb};
    return writer_add(workshop->writer, &open, err);
}

static void finish(struct runner *runner, struct run_result *ret)
{
    struct workshop *workshop = &runner->workshop;
    reap_orphans(runner);
    const struct record close = {
        .kind = RECORD_CLOSE,
        .wall_us = clock_wall_us(),
        .boot_us = clock_boot_us(),
        .narrow_us = runner->gauge.narrow_us,
    };
    struct err err = {0};
    if (!workshop->lost)
        writer_add(workshop->writer, &close, NULL);
    while (!workshop->lost && writer_sync(workshop->writer, &err) < 0 && !workshop->err.code) {
        storage_failed(workshop, &err);
        loop(runner); // until it is written or given up
    }
    ending_give_up(workshop);
    if (workshop->listener->tick)
        tick(runner, clock_boot_us());
    *ret = (struct run_result){
        .done = workshop->done,
        .failed = workshop->failed,
        .stopped = workshop->stopped,
        .continued = workshop->continued,
        .not_started = queue_count(workshop->queue),
        .wall_us = clock_boot_us() - runner->begin_us,
        .killed = runner->phase >= PHASE_TERMINATING,
        .signal = runner->signal,
        .why = runner->why,
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
    signals_close(&runner->signals);
    orphans_free(runner->orphans);
    queue_free(workshop->queue);
    memory_free(workshop->memory);
    thread_watch_free(workshop->threads);
    free(workshop->task);
}

int runner_run(const struct run *run, const struct runner_listener *listener,
               struct run_result *ret, struct err *err)
{
    struct runner runner = {
        .workshop = {.run = run, .listener = listener, .folder = -1},
        .signals.fd = -1,
    };
    int begun = runner_begin(&runner, err);
    if (begun == 0) {
        loop(&runner);
        finish(&runner, ret);
    }
    end(&runner);
    return begun;
}
