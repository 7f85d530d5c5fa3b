// SPDX-License-Identifier: Apache-2.0
// propagate: what follows from the incompatibilities of packages that changed (unit propagation).
#include "base/lang.h"
#include "solve/solver.h"

enum { SETTLED_A_STEP = 32 }; // incompatibilities that are only passed over

void solver_changed(struct solver *solver, struct package *package)
{
    if (package->changed)
        return;
    package->changed = 1;
    mem_room(&solver->changed, &solver->changed_room, solver->changed_count + 1,
             sizeof *solver->changed);
    solver->changed[solver->changed_count++] = package;
}

static struct package *next_changed(struct solver *solver)
{
    if (solver->changed_first == solver->changed_count) {
        solver->changed_first = solver->changed_count = 0;
        return NULL;
    }
    struct package *package = solver->changed[solver->changed_first++];
    package->changed = 0;
    return package;
}

static void nothing_changed(struct solver *solver)
{
    while (next_changed(solver))
        ;
}

// Whether all terms hold; else, if all but one do and that one is open, its opposite is assigned.
static int look_at(struct solver *solver, struct incompat *incompat)
{
    const struct term *open = NULL;
    if (incompat->contradicted)
        return 0;
    solver->steps++;
    for (size_t i = 0; i < incompat->count; i++) {
        const struct term *term = &incompat->term[i];
        const struct package *package = term->package;
        if (states_within(package->now, term->set, package->words))
            continue;
        if (states_apart(package->now, term->set, package->words)) {
            incompat->contradicted = solver->level + 1;
            incompats_add(&solver->contradicted, incompat);
            return 0;
        }
        if (open)
            return 0;
        open = term;
    }
    if (!open)
        return 1;
    trail_derive(solver, incompat, open);
    solver_changed(solver, open->package);
    return 0;
}

// What was false before any decision stays so.
static void drop_settled(struct package *package)
{
    struct incompats *list = &package->incompats;
    size_t settled = 0, kept = 0;
    for (size_t i = 0; i < list->count; i++)
        settled += list->item[i]->contradicted == 1;
    if (settled * 2 <= list->count)
        return;
    for (size_t i = 0; i < list->count; i++)
        if (list->item[i]->contradicted != 1)
            list->item[kept++] = list->item[i];
    list->count = kept;
}

// Looks at what speaks of a package. The one that is broken, or NULL.
static struct incompat *look_round(struct solver *solver, struct package *package)
{
    for (size_t i = package->incompats.count; i-- > 0;)
        if (look_at(solver, package->incompats.item[i]))
            return package->incompats.item[i];
    drop_settled(package);
    return NULL;
}

int propagate(struct solver *solver, struct err *err)
{
    struct package *package;
    while ((package = next_changed(solver))) {
        solver->steps += 1 + package->incompats.count / SETTLED_A_STEP;
        struct incompat *broken = look_round(solver, package);
        if (broken) {
            nothing_changed(solver);
            broken = conflict_resolve(solver, broken);
            if (!broken)
                return 0;
            look_at(solver, broken);
        }
        if (solver->steps < solver->limit)
            continue;
        nothing_changed(solver);
        err_set(err, ERR_NO_SOLUTION, _("no set of versions was found in %zu steps"),
                solver->limit);
        return err_hint(err, "try", _("name some versions exactly (numpy==1.26.4)"));
    }
    return 0;
}
