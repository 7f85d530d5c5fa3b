// SPDX-License-Identifier: Apache-2.0
// propagate: what follows from the incompatibilities of packages that changed (unit propagation).
#include "base/lang.h"
#include "solve/solver.h"

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

int propagate(struct solver *solver, struct err *err)
{
    struct package *package;
    while ((package = next_changed(solver))) {
        for (size_t i = package->incompats.count; i-- > 0;) {
            struct incompat *incompat = package->incompats.item[i];
            if (solver->steps++ >= solver->limit) {
                nothing_changed(solver);
                return err_set(err, ERR_NO_SOLUTION,
                               _("no set of versions was found in %zu steps"), solver->limit);
            }
            if (!look_at(solver, incompat))
                continue;
            nothing_changed(solver);
            incompat = conflict_resolve(solver, incompat);
            if (!incompat)
                return 0;
            look_at(solver, incompat);
            break;
        }
    }
    return 0;
}
