// SPDX-License-Identifier: Apache-2.0
// incompat: incompatibilities are made, and hung on the packages that they speak of.
#include "solve/solver.h"

struct incompat *incompat_new(struct solver *solver, enum cause cause, size_t count)
{
    struct incompat *incompat =
        arena_alloc(solver->arena, sizeof *incompat + count * sizeof *incompat->term);
    *incompat = (struct incompat){.cause = cause};
    return incompat;
}

void incompat_add(struct solver *solver, struct incompat *incompat, struct package *package,
                  const uint64_t *set)
{
    if (states_same(set, package->all, package->words))
        return;
    for (size_t i = 0; i < incompat->count; i++) {
        struct term *term = &incompat->term[i];
        if (term->package != package)
            continue;
        term->set = states_copy(solver->arena, term->set, package->words);
        states_and(term->set, set, package->words);
        return;
    }
    incompat->term[incompat->count++] =
        (struct term){package, states_copy(solver->arena, set, package->words)};
}

void incompats_add(struct incompats *list, struct incompat *incompat)
{
    mem_room(&list->item, &list->room, list->count + 1, sizeof *list->item);
    list->item[list->count++] = incompat;
}

void incompat_attach(struct solver *solver, struct incompat *incompat)
{
    (void)solver;
    for (size_t i = 0; i < incompat->count; i++)
        incompats_add(&incompat->term[i].package->incompats, incompat);
}
