// SPDX-License-Identifier: Apache-2.0
// task: the order of steps is the promise. START is written before the task runs; its log is
// kept and its output published before END says that it is done.
#include "map/task.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "map/again.h"
#include "map/ending.h"
#include "map/memory_tend.h"
#include "map/output.h"
#include "run/failure.h"
#include "run/owner.h"

#define TAIL_SIZE 65536 // of a log, to find the cause of a failure in

void task_lose(struct workshop *workshop, const struct err *err)
{
    workshop->lost = 1;
    workshop->err = *err;
}

int task_hold(struct workshop *workshop)
{
    struct err err = {0};
    int64_t now = clock_boot_us();
    if (workshop->lost)
        return -1;
    if (now - workshop->held_us < HOLD_US)
        return 0;
    workshop->held_us = now;
    const struct run *run = workshop->run;
    int held = run->share ? run->share->touch(run->share->context, &err)
                          : owner_touch(run->folder->fd, getpid(), &err);
    if (held < 0)
        task_lose(workshop, &err);
    return held;
}

void task_tell(const struct workshop *workshop, const struct event *event)
{
    if (workshop->listener->event)
        workshop->listener->event(workshop->listener->context, event);
}

// The end of what was printed to where an error would stand.
static void read_tail(struct workshop *workshop, const struct task *task, struct str *into)
{
    int file = task->error_log >= 0 ? task->error_log : task->log;
    if (file >= 0)
        logs_tail_fd(file, TAIL_SIZE, into);
    else
        logs_tail(workshop->logs, task->slot, TAIL_SIZE, into);
}

// Whether memory was the reason; then it is judged.
static int judge_memory(const struct memory_death *death, struct ending *ending)
{
    if (death->end == MEMORY_END_OTHER)
        return 0;
    memory_failure(death, &ending->failure);
    ending_fail(ending);
    if (death->end == MEMORY_END_AGAIN)
        ending->record.state = TASK_AGAIN;
    return 1;
}

// Ended by us, or at least after we had told it to end.
static void judge_ended(const struct workshop *workshop, const struct task *task,
                        struct ending *ending)
{
    struct record *record = &ending->record;
    if (task->why == WHY_TIMEOUT) {
        failure_timeout(workshop->run->spec->timeout_us, &ending->failure);
        ending_fail(ending);
        return;
    }
    record->state = TASK_STOPPED;
    if (task->why == WHY_TIME)
        record->cause = err_name(ERR_TIME_LIMIT);
}

static void judge_failed(struct workshop *workshop, const struct task *task, int status,
                         struct ending *ending)
{
    CLEANUP_STR struct str tail = {0};
    CLEANUP_FREE char *folder = fs_folder(workshop->run->spec->script_path);
    read_tail(workshop, task, &tail);
    failure_find(status, str_text(&tail), tail.size, folder, &ending->failure);
    if (workshop->run->spec->mem_hard)
        failure_hard(&ending->failure);
    ending_fail(ending);
}

// Whoever fails on a full disk may fail for it: it runs again, but once, since it may be what
// fills it.
static int judge_full(struct workshop *workshop, const struct task *task, struct ending *ending)
{
    struct err err = {0};
    if (!storage_is_full(workshop, task->index, &err))
        return 0;
    struct tried *tried = queue_tried(workshop->queue, task->index);
    failure_system(&err, &ending->failure);
    ending_fail(ending);
    if (!tried->full)
        ending->record.state = TASK_AGAIN;
    tried->full = 1;
    return 1;
}

static void judge(struct workshop *workshop, const struct task *task, int status,
                  const struct memory_death *death, struct ending *ending)
{
    struct record *record = &ending->record;
    const struct spec *spec = workshop->run->spec;
    record->code = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    record->state = TASK_DONE;
    if (record->code == EXIT_AGAIN || queue_has_tried(workshop->queue, task->index)) {
        struct tried *tried = queue_tried(workshop->queue, task->index);
        if (again_asked(spec, tried, record->code, record->duration_us))
            record->state = TASK_AGAIN;
        else if (record->code == EXIT_AGAIN)
            again_refused(spec, tried, &ending->failure);
    }
    if (!record->code || record->state == TASK_AGAIN)
        return;
    if (task->why && task->why != WHY_MEMORY)
        judge_ended(workshop, task, ending);
    else if (ending->failure.code)
        ending_fail(ending);
    else if (!judge_memory(death, ending) && !judge_full(workshop, task, ending))
        judge_failed(workshop, task, status, ending);
}

static int64_t microseconds(struct timeval time)
{
    return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

static struct ending *ending_new(struct workshop *workshop, const struct task *task)
{
    const struct run *run = workshop->run;
    const struct dataset *dataset = run->datasets->item + task->index;
    struct ending *ending = mem_alloc(sizeof *ending);
    *ending = (struct ending){.workshop = workshop, .index = task->index, .dataset = dataset};
    ending->held_us = workshop->held_us;
    ending->goal = run->goal ? run->goal[task->index] : NULL;
    ending->record = (struct record){
        .kind = RECORD_END,
        .key = dataset->key,
        .attempt = task->attempt,
        .slot = task->slot,
        .log_at = -1,
        .data_size = task->data_size,
        .data_mtime = task->data_mtime,
        .script = run->spec->script_hash,
        .env = run->spec->env_hash,
        .output_size = -1,
        .output_mtime = -1,
        .output_inode = -1,
        .duration_us = clock_boot_us() - task->boot_us,
    };
    return ending;
}

static void close_logs(struct task *task)
{
    mem_close_at(&task->log);
    mem_close_at(&task->error_log);
    task->log = task->error_log = -1;
}

void task_end(struct workshop *workshop, struct task *task, int status,
              const struct rusage *usage)
{
    struct ending *ending = ending_new(workshop, task);
    ending->record.user_us = microseconds(usage->ru_utime);
    ending->record.system_us = microseconds(usage->ru_stime);
    struct memory_death death;
    memory_task_ended(workshop, task, status, usage, &death);
    ending->record.peak_kb =
        death.peak_kb > usage->ru_maxrss ? death.peak_kb : usage->ru_maxrss;
    judge(workshop, task, status, &death, ending);
    close_logs(task);
    launch_clean(workshop->launch, task->slot);
    ending->temporary = TAKE(task->temporary);
    task->pid = 0;
    ending_go_on(ending);
}

static int open_logs(struct workshop *workshop, struct task *task,
                     const struct dataset *dataset, int *ret_out, int *ret_error,
                     struct err *err)
{
    const struct spec *spec = workshop->run->spec;
    if (spec->log &&
        (task->log = launch_log(workshop->launch, 0, dataset, task->slot, err)) < 0)
        return -1;
    if (spec->error_log &&
        (task->error_log = launch_log(workshop->launch, 1, dataset, task->slot, err)) < 0)
        return -1;
    int spool = spec->log ? -1 : logs_spool(workshop->logs, task->slot, err);
    if (!spec->log && spool < 0)
        return -1;
    *ret_out = task->log >= 0 ? task->log : spool;
    *ret_error = task->error_log >= 0 ? task->error_log : *ret_out;
    return 0;
}

// Unix time at which the task is told to end, 0: never.
static int64_t deadline_of(const struct workshop *workshop, const struct task *task)
{
    int64_t timeout_us = workshop->run->spec->timeout_us;
    int64_t left_us = timeout_us ? timeout_us : INT64_MAX;
    if (workshop->warn_us && workshop->warn_us - task->boot_us < left_us)
        left_us = workshop->warn_us - task->boot_us;
    return left_us == INT64_MAX ? 0 : (task->wall_us + left_us) / 1000000;
}

// Where {out} of a dataset is while that start of that parcel makes it. Yours.
static char *temporary_of(const struct run *run, uint32_t index, uint32_t parcel,
                          uint32_t restart)
{
    struct str path = {0};
    const struct output_maker maker = {.run = run->folder->number,
                                       .key = run->datasets->item[index].key,
                                       .parcel = parcel,
                                       .restart = restart};
    output_path(run->goal[index], &maker, &path);
    return str_take(&path);
}

// What another parcel's attempt left goes, or is ours if it saved it.
static void inherit_output(const struct run *run, const struct task *task, int saved)
{
    const struct earlier *earlier = run->earlier ? &run->earlier[task->index] : NULL;
    if (!earlier || !earlier->attempts)
        return;
    CLEANUP_FREE char *left = temporary_of(run, task->index, earlier->parcel, earlier->restart);
    if (strcmp(left, task->temporary) != 0)
        output_inherit(left, task->temporary, saved);
}

// Descriptors, temporary folder and process. Returns 0 with task->pid, or -1 with err and errno
// of the last step.
static int make(struct workshop *workshop, struct task *task, const struct dataset *dataset,
                int saved, struct err *err)
{
    const struct run *run = workshop->run;
    int out, error;
    if (run->goal) {
        task->temporary = temporary_of(run, task->index, run->parcel, run->restart);
        inherit_output(run, task, saved);
        if (output_prepare(task->temporary, saved, err) < 0)
            return -1;
    }
    if (open_logs(workshop, task, dataset, &out, &error, err) < 0)
        return -1;
    const struct launch_task how = {
        .dataset = dataset,
        .slot = task->slot,
        .attempt = task->attempt,
        .deadline_s = deadline_of(workshop, task),
        .out = task->temporary,
        .log = out,
        .error_log = error,
    };
    pid_t pid = launch_start(workshop->launch, &how, err);
    task->pid = pid > 0 ? pid : 0;
    return pid > 0 ? 0 : -1;
}

// The task could not begin: nothing of it runs, the slot is free.
static void give_up(struct workshop *workshop, struct task *task, const struct err *err)
{
    struct ending *ending = ending_new(workshop, task);
    failure_system(err, &ending->failure);
    ending_fail(ending);
    close_logs(task);
    if (task->temporary)
        output_drop(task->temporary);
    ending->temporary = TAKE(task->temporary);
    ending_finish(ending);
}

// Not the task's own failure: it can be started later.
static void put_back(struct workshop *workshop, struct task *task, int saved,
                     const struct err *err)
{
    close_logs(task);
    if (task->temporary && !saved)
        output_drop(task->temporary);
    free(TAKE(task->temporary));
    storage_failed(workshop, err);
}

static struct earlier earlier_of(const struct workshop *workshop, uint32_t index)
{
    struct earlier earlier = {0};
    if (workshop->run->earlier)
        earlier = workshop->run->earlier[index];
    if (queue_has_tried(workshop->queue, index)) {
        const struct tried *tried = queue_tried(workshop->queue, index);
        earlier.attempts += tried->attempts;
        earlier.saved = tried->saved;
    }
    return earlier;
}

int task_start(struct workshop *workshop, struct task *task, uint32_t index)
{
    const struct run *run = workshop->run;
    const struct dataset *dataset = run->datasets->item + index;
    struct err err = {0};
    *task = (struct task){.slot = task->slot, .index = index, .log = -1, .error_log = -1};
    const struct earlier earlier = earlier_of(workshop, index);
    task->attempt = earlier.attempts + 1;
    task->wall_us = clock_wall_us();
    task->boot_us = clock_boot_us();
    dataset_stat(dataset, workshop->folder, &task->data_size, &task->data_mtime);
    const struct record record = {.kind = RECORD_START,
                                  .key = dataset->key,
                                  .attempt = task->attempt,
                                  .slot = task->slot,
                                  .wall_us = task->wall_us,
                                  .boot_us = task->boot_us};
    if (workshop->storage.since_us && storage_is_full(workshop, index, &err))
        return -1;
    if (writer_reserve(workshop->writer, (unsigned)workshop->running + 1, &err) < 0 ||
        writer_add(workshop->writer, &record, &err) < 0) {
        storage_failed(workshop, &err);
        return -1;
    }
    const struct event start = {.kind = EVENT_START, .dataset = dataset, .record = &record};
    errno = 0;
    if (make(workshop, task, dataset, earlier.saved, &err) == 0) {
        memory_task_started(workshop, task);
        task_tell(workshop, &start);
        return 0;
    }
    int errnum = errno;
    int no_room = errnum == EAGAIN || errnum == ENOMEM || errnum == EMFILE || errnum == ENFILE;
    if (no_room || err_may_pass(&err)) {
        put_back(workshop, task, earlier.saved, &err);
        return no_room ? 1 : -1;
    }
    task_tell(workshop, &start);
    give_up(workshop, task, &err);
    return 0;
}
