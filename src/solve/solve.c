// SPDX-License-Identifier: Apache-2.0
// solve: the search: what follows, then a decision, until nothing is left to decide.
#include "solve/solve.h"

#include <stdlib.h>
#include <string.h>

#include "solve/explain.h"
#include "solve/solver.h"

static void search_free(struct solver *solver)
{
    for (size_t i = 0; i < solver->package_count; i++) {
        struct package *package = solver->package[i];
        free(package->at);
        free(package->incompats.item);
        free(package->needs.item);
        free(package->pre_needs.item);
        table_free(&package->sets);
    }
    free(solver->package);
    free(solver->trail);
    free(solver->queue);
    free(solver->changed);
    free(solver->contradicted.item);
    free(solver->fresh.item);
    free(solver->asked.item);
    table_free(&solver->by_name);
}

static void search_begin(struct solver *solver)
{
    struct solver kept = *solver;
    search_free(solver);
    *solver = (struct solver){.provider = kept.provider,
                              .ask = kept.ask,
                              .arena = kept.arena,
                              .knowledge = kept.knowledge,
                              .steps = kept.steps,
                              .limit = kept.limit};
}

void solver_free(struct solver *solver)
{
    search_free(solver);
    memset(solver, 0, sizeof *solver);
}

// Whether one of the new incompatibilities would be broken at once: then the version is ruled out
// without having been decided, which keeps the reasons short.
static int breaks(const struct solver *solver, const struct package *package)
{
    for (size_t i = 0; i < solver->fresh.count; i++) {
        const struct incompat *incompat = solver->fresh.item[i];
        int all = 1;
        for (size_t k = 0; all && k < incompat->count; k++) {
            const struct term *term = &incompat->term[k];
            all = term->package == package ||
                  states_within(term->package->now, term->set, term->package->words);
        }
        if (all)
            return 1;
    }
    return 0;
}

static int decide(struct solver *solver, struct package *package, struct err *err)
{
    int extra = package_is_extra(package);
    size_t state = extra ? package->project->decided : choose_state(solver, package);
    if (expand_version(solver, package, state, err) < 0 ||
        (!extra && support_close(solver, package, state, err) < 0))
        return -1;
    if (!breaks(solver, package))
        trail_decide(solver, package, extra ? EXTRA_ASKED : state);
    solver_changed(solver, package);
    return 0;
}

int solver_run(struct solver *solver, struct err *err)
{
    do {
        search_begin(solver);
        if (expand_ask(solver, err) < 0)
            return -1;
        while (!solver->again && !solver->failure) {
            if (propagate(solver, err) < 0)
                return -1;
            struct package *package = queue_first(solver);
            if (solver->failure || !package)
                break;
            if (decide(solver, package, err) < 0)
                return -1;
        }
    } while (solver->again);
    return 0;
}

int solve(const struct solve_provider *provider, const struct solve_ask *ask,
          struct solve_result *ret, struct err *err)
{
    struct knowledge knowledge = {0};
    struct solver solver = {.provider = provider,
                            .ask = ask,
                            .arena = &ret->arena,
                            .knowledge = &knowledge,
                            .limit = ask->steps ? ask->steps : SOLVE_STEPS};
    int result = solver_run(&solver, err);
    if (result == 0 && solver.failure)
        result = explain_failure(&solver, ret, err);
    else if (result == 0)
        answer_make(&solver, ret);
    ret->steps = solver.steps;
    solver_free(&solver);
    knowledge_free(&knowledge);
    return result;
}

void solve_result_free(struct solve_result *result)
{
    arena_free(&result->arena);
    strv_free(&result->warnings);
    strv_free(&result->lines);
    *result = (struct solve_result){0};
}
