// SPDX-License-Identifier: Apache-2.0
// stop: a group is signalled before its task is waited for, so its number is its own.
#include "map/stop.h"

#include <signal.h>

#include "run/spec.h"

static void give_reason(struct task *task, enum why why)
{
    if (!task->why)
        task->why = why;
}

static void ask_to_end(struct task *task, enum why why, int64_t kill_us)
{
    give_reason(task, why);
    if (!task->kill_us || kill_us < task->kill_us)
        task->kill_us = kill_us;
    kill(-task->pid, SIGTERM);
    kill(-task->pid, SIGCONT); // a stopped one takes its SIGTERM too
}

void stop_kill(struct task *task, enum why why)
{
    give_reason(task, why);
    task->kill_us = INT64_MAX;
    kill(-task->pid, SIGKILL);
}

void stop_all(struct workshop *workshop, enum why why, int64_t kill_us)
{
    for (unsigned i = 0; i < workshop->run->spec->slots; i++)
        if (workshop->task[i].pid)
            ask_to_end(&workshop->task[i], why, kill_us);
}

void stop_kill_all(struct workshop *workshop, enum why why)
{
    for (unsigned i = 0; i < workshop->run->spec->slots; i++)
        if (workshop->task[i].pid)
            stop_kill(&workshop->task[i], why);
}

void stop_warn(struct workshop *workshop, enum why why, int number, int first_only)
{
    for (unsigned i = 0; i < workshop->run->spec->slots; i++) {
        struct task *task = &workshop->task[i];
        if (!task->pid)
            continue;
        give_reason(task, why);
        kill(first_only ? task->pid : -task->pid, number);
    }
}

int64_t stop_tend(struct workshop *workshop, int64_t now)
{
    const struct spec *spec = workshop->run->spec;
    int64_t due = INT64_MAX;
    for (unsigned i = 0; i < spec->slots; i++) {
        struct task *task = &workshop->task[i];
        if (!task->pid)
            continue;
        int64_t end_us = task->boot_us + spec->timeout_us;
        if (spec->timeout_us && !task->why && now >= end_us)
            ask_to_end(task, WHY_TIMEOUT, now + STOP_GRACE_US);
        if (task->kill_us && now >= task->kill_us)
            stop_kill(task, task->why);
        int64_t next = task->kill_us                    ? task->kill_us
                       : spec->timeout_us && !task->why ? end_us
                                                        : INT64_MAX;
        due = next < due ? next : due;
    }
    return due;
}
