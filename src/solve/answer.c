// SPDX-License-Identifier: Apache-2.0
// answer: the versions that were decided, each behind what it requires.
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "solve/solver.h"
#include "solve/words.h"

struct visit {
    struct package *project;
    size_t next; // of its needs
};
struct answer {
    struct solver *solver;
    struct solve_result *ret;
    struct package **project; // in order of `ret->choice`
    struct visit *stack;
    size_t depth, room;
};

// Whether it says what the chosen version of a project requires.
static int is_need(const struct incompat *incompat, const struct package *project)
{
    return incompat->by_state == project->decided && incompat->by->decided;
}

static void visit(struct answer *answer, struct package *project)
{
    if (project->mark)
        return;
    project->mark = SIZE_MAX; // seen, without a place yet
    mem_room(&answer->stack, &answer->room, answer->depth + 1, sizeof *answer->stack);
    answer->stack[answer->depth++] = (struct visit){project, 0};
}

static void place(struct answer *answer, struct package *project)
{
    struct solve_result *ret = answer->ret;
    const struct known_version *version = package_version(project, project->decided);
    answer->project[ret->count] = project;
    ret->choice[ret->count++] = (struct solve_choice){
        .normal = project->name, .candidate = &version->candidate, .url = version->url};
    project->mark = ret->count;
}

// Depth first, by a stack of our own: chains may be as long as there are projects.
static void order_from(struct answer *answer, struct package *root)
{
    visit(answer, root);
    while (answer->depth) {
        struct visit *top = &answer->stack[answer->depth - 1];
        struct package *project = top->project;
        if (top->next == project->needs.count) {
            answer->depth--;
            place(answer, project);
            continue;
        }
        const struct incompat *incompat = project->needs.item[top->next++];
        if (is_need(incompat, project))
            visit(answer, incompat->about);
    }
}

static void add_reason(struct solve_choice *choice, size_t *room, size_t by,
                       const struct require *require)
{
    for (size_t i = choice->reason_count; i-- > 0 && choice->reason[i].by == by;)
        if (choice->reason[i].require == require)
            return; // once more for an extra
    mem_room(&choice->reason, room, choice->reason_count + 1, sizeof *choice->reason);
    choice->reason[choice->reason_count++] = (struct solve_reason){by, require};
}

static void add_reasons(struct answer *answer)
{
    struct solve_result *ret = answer->ret;
    CLEANUP_FREE size_t *room = mem_zero(ret->count + 1, sizeof *room);
    const struct incompats *asked = &answer->solver->asked;
    for (size_t i = 0; i < asked->count; i++) {
        size_t at = asked->item[i]->about->mark - 1;
        add_reason(&ret->choice[at], &room[at], SIZE_MAX, asked->item[i]->require);
    }
    for (size_t i = 0; i < ret->count; i++) {
        const struct incompats *all = &answer->project[i]->needs;
        for (size_t k = 0; k < all->count; k++) {
            const struct incompat *incompat = all->item[k];
            if (!is_need(incompat, answer->project[i]) || incompat->about == answer->project[i])
                continue;
            size_t at = incompat->about->mark - 1;
            add_reason(&ret->choice[at], &room[at], i, incompat->require);
        }
    }
    for (size_t i = 0; i < ret->count; i++) { // the arena frees all at once
        struct solve_choice *choice = &ret->choice[i];
        size_t size = choice->reason_count * sizeof *choice->reason;
        struct solve_reason *kept = arena_alloc(&ret->arena, size);
        if (size)
            memcpy(kept, choice->reason, size);
        free(choice->reason);
        choice->reason = kept;
    }
}

static int compare_pieces(const void *one, const void *two)
{
    return piece_compare(*(const struct piece *)one, *(const struct piece *)two);
}

static int has_extra(const struct solve_needs *needs, struct piece extra)
{
    for (size_t i = 0; i < needs->extra_count; i++)
        if (piece_compare(needs->extra[i], extra) == 0)
            return 1;
    return 0;
}

static void add_extras(struct answer *answer, struct package *project,
                       struct solve_choice *choice)
{
    size_t count = 0;
    for (const struct package *extra = project->extras; extra; extra = extra->next_extra)
        count += extra->decided != 0;
    choice->extra = arena_alloc(&answer->ret->arena, (count + 1) * sizeof *choice->extra);
    for (const struct package *extra = project->extras; extra; extra = extra->next_extra)
        if (extra->decided)
            choice->extra[choice->extra_count++] = extra->extra;
    qsort(choice->extra, count, sizeof *choice->extra, compare_pieces);
}

static void warn(struct answer *answer, const struct package *project,
                 const struct solve_choice *choice)
{
    struct strv *warnings = &answer->ret->warnings;
    const struct solve_candidate *candidate = choice->candidate;
    const struct solve_needs *needs = package_version(project, project->decided)->needs;
    CLEANUP_STR struct str name = {0};
    words_add_version(&name, project, project->decided);
    for (size_t i = 0; i < choice->extra_count; i++)
        if (!has_extra(needs, choice->extra[i]))
            strv_take(warnings, mem_print(_("%s has no extra '%.*s'"), str_text(&name),
                                          (int)choice->extra[i].size, choice->extra[i].text));
    if (candidate->installed)
        return;
    if (candidate->yanked && *candidate->yanked)
        strv_take(warnings,
                  mem_print(_("%s was withdrawn: %s"), str_text(&name), candidate->yanked));
    else if (candidate->yanked)
        strv_take(warnings, mem_print(_("%s was withdrawn"), str_text(&name)));
    if (!choice->url && candidate->version.version &&
        version_is_prerelease(candidate->version.version) &&
        !package_takes_prereleases(project))
        strv_take(warnings,
                  mem_print(_("%s is a pre-release: no final release fits"), str_text(&name)));
}

void answer_make(struct solver *solver, struct solve_result *ret)
{
    struct answer answer = {.solver = solver, .ret = ret};
    CLEANUP_FREE struct package **projects =
        mem_zero(solver->package_count + 1, sizeof(struct package *));
    answer.project = projects;
    ret->choice = arena_alloc(&ret->arena, (solver->package_count + 1) * sizeof *ret->choice);
    for (size_t i = 0; i < solver->asked.count; i++)
        order_from(&answer, solver->asked.item[i]->about);
    add_reasons(&answer);
    for (size_t i = 0; i < ret->count; i++) {
        add_extras(&answer, projects[i], &ret->choice[i]);
        warn(&answer, projects[i], &ret->choice[i]);
    }
    free(answer.stack);
}
