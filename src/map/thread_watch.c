// SPDX-License-Identifier: Apache-2.0
// thread_watch: a few tasks in turn, for half a second: two intervals, as one may be of a moment that says
// nothing (a Pool that starts). Cost is bounded by their number, by the time that reading their libraries may
// take, and by looking seldom.
#include "map/thread_watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "threads/scene.h"

#define FIRST_US    INT64_C(2000000) // after the start
#define OLD_US      INT64_C(1000000) // a younger task is just starting
#define INTERVAL_US INT64_C(250000)
#define EARLY_US    INT64_C(10000000) // between looks, and after the first EARLY of them
#define LATE_US     INT64_C(60000000)
#define INSPECT_US  INT64_C(10000)
enum { TASKS = 8, EARLY = 6, HOOKS = HOOK_LOST + 1 };

enum step { STEP_IDLE, STEP_FIRST, STEP_SECOND };
struct thread_watch {
    struct scene scene;
    enum step step;
    int64_t due_us;
    unsigned looks, next_slot;
    struct task
        task[TASKS]; // as they were when the look began, same place as the scene's roots
    enum verdict before[TASKS];
    unsigned char said[VERDICTS], hook_said[HOOKS];
};

struct thread_watch *thread_watch_new(int64_t now)
{
    struct thread_watch *watch = mem_zero(1, sizeof *watch);
    watch->due_us = now + FIRST_US;
    return watch;
}

void thread_watch_free(struct thread_watch *watch)
{
    if (!watch)
        return;
    scene_free(&watch->scene);
    free(watch);
}

// Slots come in turn, so that each is seen where there are many.
static size_t choose(struct thread_watch *watch, const struct workshop *workshop, int64_t now,
                     pid_t roots[TASKS])
{
    unsigned slots = workshop->run->spec->slots;
    size_t count = 0;
    if (!slots)
        return 0;
    for (unsigned i = 0; i < slots && count < TASKS; i++) {
        unsigned slot = (watch->next_slot + i) % slots;
        const struct task *task = &workshop->task[slot];
        if (!task->pid || now - task->boot_us < OLD_US)
            continue;
        roots[count] = task->pid;
        watch->task[count++] = *task;
    }
    watch->next_slot = (watch->next_slot + TASKS) % slots;
    return count;
}

static int is_worth_saying(enum verdict verdict)
{
    return verdict == VERDICT_OVERSUBSCRIBED || verdict == VERDICT_HUNG ||
           verdict == VERDICT_QUEUE || verdict == VERDICT_NEIGHBOUR;
}

static int64_t thousandths(double value)
{
    return (int64_t)(value * 1000 + 0.5);
}

static void tell(const struct workshop *workshop, const struct task *task,
                 struct record *record)
{
    const struct dataset *dataset = &workshop->run->datasets->item[task->index];
    record->kind = RECORD_THREADS;
    record->key = dataset->key;
    record->slot = task->slot;
    record->attempt = task->attempt;
    record->wall_us = clock_wall_us();
    record->boot_us = clock_boot_us();
    // What is only remarked upon is not worth the run: a full disk is met by the next end.
    if (!workshop->lost)
        writer_add(workshop->writer, record, NULL);
    const struct event event = {.kind = EVENT_THREADS, .dataset = dataset, .record = record};
    task_tell(workshop, &event);
}

// The name of the process of a group that asks for most.
static const char *program_of(const struct scene *scene, size_t group)
{
    const char *name = "";
    double most = -1;
    for (size_t i = 0; i < scene->census.count; i++) {
        const struct pace_process *pace = &scene->pace.item[i];
        if (scene->census.item[i].group != group || pace->run + pace->wait <= most)
            continue;
        most = pace->run + pace->wait;
        name = scene->census.item[i].name;
    }
    return name;
}

static void tell_verdict(const struct workshop *workshop, struct thread_watch *watch, size_t i)
{
    const struct scene_group *group = &watch->scene.group[i];
    const struct verdict_facts *facts = &group->facts;
    CLEANUP_STR struct str libraries = {0};
    const char *variable;
    scene_libraries(&watch->scene, i, &libraries, &variable);
    struct record record = {
        .cause = verdict_name(group->verdict),
        .detail = program_of(&watch->scene, i),
        .words = str_text(&libraries),
        .variable = variable,
        .pace = {.cores = thousandths(facts->cores),
                 .run = thousandths(facts->run),
                 .wait = thousandths(facts->wait),
                 .blocked = thousandths(facts->blocked),
                 .processes = facts->processes,
                 .active = facts->threads,
                 .even = facts->even,
                 .pool = facts->pool,
                 .callers = facts->callers,
                 .hung = facts->hung},
    };
    watch->said[group->verdict] = 1;
    tell(workshop, &watch->task[i], &record);
}

static void tell_hooks(const struct workshop *workshop, struct thread_watch *watch)
{
    const struct scene *scene = &watch->scene;
    for (size_t i = 0; i < scene->census.count; i++) {
        enum hook hook = scene->process[i].pools.hook;
        if (!hook_name(hook) || watch->hook_said[hook])
            continue;
        CLEANUP_FREE char *cause = mem_print("hook-%s", hook_name(hook));
        struct record record = {.cause = cause, .detail = scene->census.item[i].name};
        watch->hook_said[hook] = 1;
        tell(workshop, &watch->task[scene->census.item[i].group], &record);
    }
}

static void look(struct workshop *workshop, struct thread_watch *watch)
{
    struct scene *scene = &watch->scene;
    scene_inspect(scene, clock_boot_us() + INSPECT_US);
    scene_peek(scene);
    scene_look(scene);
    for (size_t i = 0; i < scene->groups; i++) {
        enum verdict verdict = scene->group[i].verdict;
        if (watch->step == STEP_SECOND && verdict == watch->before[i] &&
            is_worth_saying(verdict) && !watch->said[verdict])
            tell_verdict(workshop, watch, i);
        watch->before[i] = verdict;
    }
    if (watch->step == STEP_SECOND)
        tell_hooks(workshop, watch);
}

static void rest(struct thread_watch *watch, int64_t now)
{
    scene_free(&watch->scene);
    watch->step = STEP_IDLE;
    watch->looks++;
    watch->due_us = now + (watch->looks < EARLY ? EARLY_US : LATE_US);
}

int64_t thread_watch_tend(struct workshop *workshop, int64_t now)
{
    struct thread_watch *watch = workshop->threads;
    pid_t roots[TASKS];
    if (now < watch->due_us)
        return watch->due_us;
    watch->due_us = now + INTERVAL_US;
    if (watch->step == STEP_IDLE) {
        size_t count = choose(watch, workshop, now, roots);
        if (count) {
            scene_begin(&watch->scene, "", roots, count, 1, 1);
            watch->step = STEP_FIRST;
        } else {
            watch->due_us = now + OLD_US;
        }
    } else {
        look(workshop, watch);
        if (watch->step == STEP_FIRST)
            watch->step = STEP_SECOND;
        else
            rest(watch, now);
    }
    return watch->due_us;
}
