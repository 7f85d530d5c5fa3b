// SPDX-License-Identifier: Apache-2.0
// explain_try: what would have a solution: a requirement less strict, or left away. Each is solved
// before it is said.
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "solve/explain.h"
#include "solve/words.h"

enum { TRIES = 8, TRY_LINES = 3, TRY_STEPS = 200000 };

struct attempt {
    struct solver *solver;
    struct solve_ask ask;
    size_t tries;
};

static int is_one_of(struct require *const *item, size_t count, const struct require *wanted)
{
    for (size_t i = 0; i < count; i++)
        if (item[i] == wanted)
            return 1;
    return 0;
}

// `item` without `old`, or with `instead` in its place. free() it.
static struct require **replaced(struct require *const *item, size_t *count,
                                 const struct require *old, struct require *instead)
{
    struct require **made = mem_alloc((*count + 1) * sizeof *made);
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++)
        if (item[i] != old)
            made[kept++] = item[i];
        else if (instead)
            made[kept++] = instead;
    *count = kept;
    return made;
}

// Whether there is a solution; the version of `about` in it goes into `into`.
static int has_solution(struct attempt *attempt, struct piece about, struct str *into)
{
    struct solver inner = {.provider = attempt->solver->provider,
                           .ask = &attempt->ask,
                           .arena = attempt->solver->arena,
                           .knowledge = attempt->solver->knowledge,
                           .limit = TRY_STEPS};
    int found = attempt->tries++ < TRIES && solver_run(&inner, NULL) == 0 && !inner.failure;
    if (found && about.size) {
        const struct package *project = solver_project(&inner, about, NULL);
        if (project && project->decided && !package_version(project, project->decided)->url)
            str_add_bytes(
                into, package_version(project, project->decided)->candidate.version.text.text,
                package_version(project, project->decided)->candidate.version.text.size);
    }
    solver_free(&inner);
    return found;
}

static int try_version(struct attempt *attempt, const struct require *old, struct strv *lines)
{
    const struct solve_ask *ask = attempt->solver->ask;
    struct require *relaxed = arena_alloc(attempt->solver->arena, sizeof *relaxed);
    CLEANUP_STR struct str words = {0}, version = {0}, text = {0};
    if (!old->specifiers.count || old->url)
        return 0;
    *relaxed = *old;
    relaxed->specifiers = (struct specifiers){0};
    attempt->ask = *ask;
    CLEANUP_FREE struct require **items =
        replaced(ask->item, &attempt->ask.count, old, relaxed);
    attempt->ask.item = items;
    if (!has_solution(attempt, old->normal, &version) || !version.size)
        return 0;
    words_add_require(&words, relaxed);
    str_print(&words, "==%s", str_text(&version));
    CLEANUP_STR struct str was = {0};
    words_add_require(&was, old);
    str_print(&text, _("%s in place of %s"), str_text(&words), str_text(&was));
    strv_take(lines, mem_print("try\t%s", str_text(&text)));
    return 1;
}

static int try_without(struct attempt *attempt, const struct incompat *fact, struct strv *lines)
{
    const struct solve_ask *ask = attempt->solver->ask;
    CLEANUP_STR struct str words = {0}, text = {0};
    CLEANUP_FREE struct require **items = NULL;
    attempt->ask = *ask;
    if (fact->cause == CAUSE_CONSTRAINT) {
        items = replaced(ask->constraint, &attempt->ask.constraint_count, fact->require, NULL);
        attempt->ask.constraint = items;
    } else {
        items = replaced(ask->item, &attempt->ask.count, fact->require, NULL);
        attempt->ask.item = items;
        if (!attempt->ask.count)
            return 0; // nothing would be asked
    }
    if (!has_solution(attempt, (struct piece){0}, NULL))
        return 0;
    words_add_require(&words, fact->require);
    str_print(&text,
              fact->cause == CAUSE_CONSTRAINT ? _("without the constraint %s")
                                              : _("without %s"),
              str_text(&words));
    strv_take(lines, mem_print("try\t%s", str_text(&text)));
    return 1;
}

void explain_try(struct solver *solver, const struct facts *facts, struct strv *lines)
{
    struct attempt attempt = {.solver = solver};
    size_t said = 0;
    for (size_t i = 0; i < facts->count && said < TRY_LINES && attempt.tries < TRIES; i++) {
        const struct incompat *fact = facts->item[i];
        int asked = fact->cause == CAUSE_ASKED && !fact->override &&
                    is_one_of(solver->ask->item, solver->ask->count, fact->require);
        if (!asked && fact->cause != CAUSE_CONSTRAINT)
            continue;
        if ((asked && try_version(&attempt, fact->require, lines)) ||
            try_without(&attempt, fact, lines))
            said++;
    }
}
