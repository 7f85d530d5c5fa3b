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
#include "map/failure.h"
#include "map/memory_tend.h"
#include "map/output.h"
#include "map/owner.h"

#define TAIL_SIZE 65536 // of a log, to find the cause of a failure in

// A task that has ended and whose end is not recorded yet.
struct ending {
    struct workshop *workshop;
    uint32_t index;
    const struct dataset *dataset;
    struct record record;
    struct failure failure;
    char *temporary; // or NULL
    const char *goal;
    struct err err;  // of publishing
    int64_t held_us; // of the workshop, at its end
};

static void fail_run(struct workshop *workshop, const struct err *err)
{
    if (!workshop->err.code)
        workshop->err = *err;
}

static void lose(struct workshop *workshop, const struct err *err)
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
    if (owner_touch(workshop->run->folder->fd, getpid(), &err) < 0)
        lose(workshop, &err);
    return workshop->lost ? -1 : 0;
}

static void tell(const struct workshop *workshop, enum event_kind kind,
                 const struct dataset *dataset, const struct record *record)
{
    const struct event event = {.kind = kind, .dataset = dataset, .record = record};
    if (workshop->listener->event)
        workshop->listener->event(workshop->listener->context, &event);
}

static void set_failure(struct ending *ending)
{
    ending->record.state = TASK_FAILED;
    ending->record.cause = err_name(ending->failure.code);
    ending->record.detail = ending->failure.detail;
}

static void count_end(struct workshop *workshop, const struct record *record)
{
    workshop->done += record->state == TASK_DONE;
    workshop->failed += record->state == TASK_FAILED;
    workshop->stopped += record->state == TASK_STOPPED;
    workshop->cpu_us += record->user_us + record->system_us;
    if (record->state == TASK_DONE)
        fit_add(&workshop->fit, record->data_size > 0 ? (double)record->data_size : 0,
                (double)record->duration_us / 1e6);
    workshop->halted |= limit_halts(&workshop->halt, workshop->done, workshop->failed,
                                    workshop->run->datasets->count);
}

// A failed one with retries left runs again. What ended well and once costs no memory here.
static void try_again(struct ending *ending)
{
    struct workshop *workshop = ending->workshop;
    struct record *record = &ending->record;
    const struct spec *spec = workshop->run->spec;
    if (record->state == TASK_AGAIN || (record->state == TASK_FAILED && spec->retries)) {
        struct tried *tried = queue_tried(workshop->queue, ending->index);
        tried->attempts++;
        if (record->state == TASK_FAILED && record->code != EXIT_AGAIN &&
            again_retry(spec, tried, ending->failure.code))
            record->state = TASK_AGAIN;
    }
}

static void finish(struct ending *ending)
{
    struct workshop *workshop = ending->workshop;
    struct record *record = &ending->record;
    struct err err = {0};
    record->wall_us = clock_wall_us();
    record->boot_us = clock_boot_us();
    if (workshop->lost)
        record->state = TASK_STOPPED;
    else
        try_again(ending);
    if (!workshop->lost && writer_add(workshop->writer, record, &err) < 0)
        fail_run(workshop, &err);
    count_end(workshop, record);
    if (record->state == TASK_AGAIN)
        queue_put(workshop->queue, ending->index);
    tell(workshop, EVENT_END, ending->dataset, record);
    free(ending->temporary);
    free(ending);
}

// In a thread of the pool.
static void publish(void *context)
{
    struct ending *ending = context;
    struct record *record = &ending->record;
    int saved = record->state == TASK_AGAIN && record->code == EXIT_AGAIN;
    // Who took the run from us may be writing there.
    if (clock_boot_us() - ending->held_us >= HOLD_US &&
        owner_touch(ending->workshop->run->folder->fd, getpid(), &ending->err) < 0)
        return;
    if (record->state != TASK_DONE && !saved)
        output_drop(ending->temporary);
    else if (saved)
        return; // for the attempt to come
    else if (output_publish(ending->temporary, ending->goal, &record->output_size,
                            &record->output_mtime, &record->output_inode, &ending->err) == 0)
        record->output = ending->goal;
}

static void published(void *context)
{
    struct ending *ending = context;
    struct workshop *workshop = ending->workshop;
    workshop->publishing--;
    if (ending->err.code == ERR_NO_OUTPUT) {
        failure_no_output(ending->goal, &ending->failure);
        set_failure(ending);
    } else if (ending->err.code == ERR_RUN_BUSY) {
        lose(workshop, &ending->err);
    } else if (ending->err.code) {
        // The disk's failure, not the script's: it runs again when there is room.
        fail_run(workshop, &ending->err);
        ending->record.state = TASK_STOPPED;
        ending->record.cause = err_name(ending->err.code);
        ending->record.detail = ending->err.text;
    }
    finish(ending);
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
    set_failure(ending);
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
        set_failure(ending);
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
    set_failure(ending);
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
        set_failure(ending);
    else if (!judge_memory(death, ending))
        judge_failed(workshop, task, status, ending);
}

static void keep_log(struct workshop *workshop, const struct task *task, struct ending *ending)
{
    struct record *record = &ending->record;
    const struct dataset *dataset = ending->dataset;
    struct err err = {0};
    if (logs_keep(workshop->logs, task->slot, dataset->key, dataset->text, &record->log_at,
                  &record->log_size, &err) < 0)
        fail_run(workshop, &err);
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
    if (!workshop->lost)
        keep_log(workshop, task, ending);
    close_logs(task);
    launch_clean(workshop->launch, task->slot);
    ending->temporary = TAKE(task->temporary);
    task->pid = 0;
    if (!ending->temporary || workshop->lost) {
        finish(ending);
        return;
    }
    workshop->publishing++;
    pool_add(workshop->publishers, publish, published, ending);
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

// Descriptors, temporary folder and process. Returns 0 with task->pid, or -1 with err and errno
// of the last step.
static int make(struct workshop *workshop, struct task *task, const struct dataset *dataset,
                int saved, struct err *err)
{
    const struct run *run = workshop->run;
    int out, error;
    if (run->goal) {
        CLEANUP_STR struct str path = {0};
        output_path(run->goal[task->index], run->folder->number, dataset->key, &path);
        task->temporary = str_take(&path);
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
    ending->failure.code = err->code;
    snprintf(ending->failure.detail, sizeof ending->failure.detail, "%.*s",
             (int)sizeof ending->failure.detail - 1, err->text);
    set_failure(ending);
    close_logs(task);
    if (task->temporary)
        output_drop(task->temporary);
    ending->temporary = TAKE(task->temporary);
    finish(ending);
}

// Not the task's own failure: it can be started later.
static void put_back(struct workshop *workshop, struct task *task, const struct err *err)
{
    close_logs(task);
    if (task->temporary)
        output_drop(task->temporary);
    free(TAKE(task->temporary));
    fail_run(workshop, err);
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
    if (writer_add(workshop->writer, &record, &err) < 0) {
        fail_run(workshop, &err);
        return -1;
    }
    errno = 0;
    if (make(workshop, task, dataset, earlier.saved, &err) == 0) {
        memory_task_started(workshop, task);
        tell(workshop, EVENT_START, dataset, &record);
        return 0;
    }
    int errnum = errno;
    int no_room = errnum == EAGAIN || errnum == ENOMEM || errnum == EMFILE || errnum == ENFILE;
    if (no_room || err.code == ERR_DISK_FULL) {
        put_back(workshop, task, &err);
        return no_room ? 1 : -1;
    }
    tell(workshop, EVENT_START, dataset, &record);
    give_up(workshop, task, &err);
    return 0;
}
