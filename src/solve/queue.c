// SPDX-License-Identifier: Apache-2.0
// queue: a heap of the packages that are required and not decided.
//
// First the extras of decided projects and packages with one version left, which are no choice;
// then those that were often in conflicts; then in order of discovery.
#include "solve/solver.h"

enum { OFTEN = 5 };

static int waits(const struct package *package)
{
    return !package->decided && package_required(package) &&
           (!package_is_extra(package) || package->project->decided);
}

static int is_forced(const struct package *package)
{
    size_t first = states_next(package->now, package->words, 0);
    return package_is_extra(package) ||
           states_next(package->now, package->words, first + 1) == SIZE_MAX;
}

static int before(const struct package *one, const struct package *two)
{
    if (one->forced != two->forced)
        return one->forced;
    if ((one->conflicts >= OFTEN) != (two->conflicts >= OFTEN))
        return one->conflicts >= OFTEN;
    return one->id < two->id;
}

static void put(struct solver *solver, size_t place, struct package *package)
{
    solver->queue[place] = package;
    package->queue_place = place + 1;
}

static void move(struct solver *solver, size_t place)
{
    struct package *package = solver->queue[place];
    for (; place && before(package, solver->queue[(place - 1) / 2]); place = (place - 1) / 2)
        put(solver, place, solver->queue[(place - 1) / 2]);
    for (;;) {
        size_t child = 2 * place + 1;
        if (child + 1 < solver->queue_count &&
            before(solver->queue[child + 1], solver->queue[child]))
            child++;
        if (child >= solver->queue_count || !before(solver->queue[child], package))
            break;
        put(solver, place, solver->queue[child]);
        place = child;
    }
    put(solver, place, package);
}

void queue_update(struct solver *solver, struct package *package)
{
    size_t place = package->queue_place;
    if (waits(package)) {
        package->forced = is_forced(package);
        if (!place) {
            mem_room(&solver->queue, &solver->queue_room, solver->queue_count + 1,
                     sizeof *solver->queue);
            solver->queue[solver->queue_count++] = package;
            place = solver->queue_count;
        }
        move(solver, place - 1);
    } else if (place) {
        package->queue_place = 0;
        struct package *last = solver->queue[--solver->queue_count];
        if (last == package)
            return;
        put(solver, place - 1, last);
        move(solver, place - 1);
    }
}

struct package *queue_first(const struct solver *solver)
{
    return solver->queue_count ? solver->queue[0] : NULL;
}
