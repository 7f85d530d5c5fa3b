// SPDX-License-Identifier: Apache-2.0
// explain: the facts of a proof, from what is asked on, and what was found.
#include "solve/explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "solve/words.h"

enum { FOUND_PROJECTS = 3, FOUND_VERSIONS = 6, ALIKE = 3 };

// Facts that say the same of several versions.
struct group {
    const struct incompat *fact;
    uint64_t *states; // of NEEDED: the versions that require it; of UNUSABLE: that are
    int said;
    size_t place, last; // in the proof; the latest of `states`
};
struct groups {
    struct group *item;
    size_t count, room;
    const struct group **unusable; // those of UNUSABLE
    size_t unusable_count;
    struct arena arena;
    struct table place; // "who|what"
};

void facts_collect(struct incompat *failure, struct facts *ret)
{
    CLEANUP_FREE struct incompat **stack = NULL;
    size_t depth = 0, room = 0, visited = 0, walked_room = 0;
    CLEANUP_FREE struct incompat **walked = NULL;
    mem_room(&stack, &room, 1, sizeof(struct incompat *));
    stack[depth++] = failure;
    while (depth) {
        struct incompat *incompat = stack[--depth];
        if (incompat->walk)
            continue;
        incompat->walk = 1;
        mem_room(&walked, &walked_room, visited + 1, sizeof(struct incompat *));
        walked[visited++] = incompat;
        if (incompat->cause != CAUSE_LEARNED) {
            mem_room(&ret->item, &ret->room, ret->count + 1, sizeof(struct incompat *));
            ret->item[ret->count++] = incompat;
            continue;
        }
        mem_room(&stack, &room, depth + 2, sizeof(struct incompat *));
        stack[depth++] = incompat->from[0];
        stack[depth++] = incompat->from[1];
    }
    for (size_t i = 0; i < visited; i++)
        walked[i]->walk = 0;
}

static void key_of(struct str *into, const struct incompat *fact)
{
    str_print(into, "%d|%zu|%zu|%d|", fact->cause, fact->by ? fact->by->id : SIZE_MAX,
              fact->about->id, fact->override);
    if (fact->cause == CAUSE_UNUSABLE)
        str_add(into, fact->why);
    else
        words_add_require(into, fact->require);
}

static void group_facts(const struct facts *facts, struct groups *groups)
{
    for (size_t i = 0; i < facts->count; i++) {
        const struct incompat *fact = facts->item[i];
        const struct package *whose = fact->by ? fact->by->project : fact->about;
        CLEANUP_STR struct str key = {0};
        int new;
        key_of(&key, fact);
        uint64_t *place = table_put(&groups->place,
                                    arena_dupn(&groups->arena, str_text(&key), key.size), &new);
        if (new) {
            mem_room(&groups->item, &groups->room, groups->count + 1, sizeof *groups->item);
            *place = groups->count;
            groups->item[groups->count++] = (struct group){
                .fact = fact, .states = states_new(&groups->arena, whose->words)};
        }
        uint64_t *states = groups->item[*place].states;
        if (fact->by)
            states_put(states, fact->by_state);
        else if (fact->cause == CAUSE_UNUSABLE)
            states_or(states, fact->term[0].set, whose->words);
    }
}

// First what is asked, in order; then by discovery of who speaks, of its versions the latest
// first.
static int compare_groups(const void *one, const void *two)
{
    const struct group *a = one, *b = two;
    int asked = a->fact->cause == CAUSE_ASKED;
    if (asked != (b->fact->cause == CAUSE_ASKED))
        return asked ? -1 : 1;
    if (asked)
        return a->fact->by_state < b->fact->by_state ? -1 : 1;
    const struct package *left = a->fact->by ? a->fact->by : a->fact->about;
    const struct package *right = b->fact->by ? b->fact->by : b->fact->about;
    if (left != right)
        return left->id < right->id ? -1 : 1;
    if (a->last != b->last)
        return a->last > b->last ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

static void sort_groups(struct groups *groups)
{
    for (size_t i = 0; i < groups->count; i++) {
        struct group *group = &groups->item[i];
        const struct package *whose = group->fact->by ? group->fact->by : group->fact->about;
        group->place = i;
        group->last = states_previous(group->states, whose->project->states - 1);
    }
    if (groups->count)
        qsort(groups->item, groups->count, sizeof *groups->item, compare_groups);
    groups->unusable = arena_alloc(&groups->arena, groups->count * sizeof(struct group *));
    for (size_t i = 0; i < groups->count; i++)
        if (groups->item[i].fact->cause == CAUSE_UNUSABLE)
            groups->unusable[groups->unusable_count++] = &groups->item[i];
}

static void groups_free(struct groups *groups)
{
    free(groups->item);
    table_free(&groups->place);
    arena_free(&groups->arena);
}

static void add_line(struct strv *lines, const char *label, const char *text)
{
    strv_take(lines, mem_print("%s\t%s", label, text));
}

static void add_fact(struct strv *lines, const char *text)
{
    add_line(lines, lines->count ? "and" : "because", text);
}

static void say_asked(struct groups *groups, struct strv *lines)
{
    CLEANUP_STRV struct strv items = {0};
    CLEANUP_STR struct str list = {0}, text = {0};
    for (size_t i = 0; i < groups->count; i++) {
        struct group *group = &groups->item[i];
        if (group->fact->cause != CAUSE_ASKED)
            continue;
        CLEANUP_STR struct str item = {0};
        words_add_require(&item, group->fact->require);
        if (group->fact->override)
            str_add(&item, _(" (an override)"));
        strv_add(&items, str_text(&item));
        group->said = 1;
    }
    words_add_list(&list, &items);
    str_print(&text, _("you ask for %s"), str_text(&list));
    if (items.count)
        add_fact(lines, str_text(&text));
}

static void say_group(struct group *group, struct strv *lines)
{
    const struct incompat *fact = group->fact;
    CLEANUP_STR struct str text = {0}, who = {0}, what = {0};
    group->said = 1;
    if (fact->cause == CAUSE_CONSTRAINT) {
        words_add_incompat(&text, fact);
        add_fact(lines, str_text(&text));
        return;
    }
    words_add_package(&who, fact->by ? fact->by : fact->about);
    str_add_char(&who, ' ');
    words_add_states(&who, fact->by ? fact->by->project : fact->about, group->states);
    if (fact->cause == CAUSE_UNUSABLE) {
        str_print(&text, _("%s: %s"), str_text(&who), fact->why);
    } else {
        words_add_require(&what, fact->require);
        words_add_needs(&text, fact, str_text(&who),
                        states_count(group->states, fact->by->project->words), str_text(&what));
    }
    add_fact(lines, str_text(&text));
}

// How many of the same project's groups about the same other were said just before.
static size_t alike_before(const struct groups *groups, size_t at)
{
    const struct incompat *fact = groups->item[at].fact;
    size_t count = 0;
    for (size_t i = at; fact->cause == CAUSE_NEEDED && i-- > 0 && count < ALIKE;) {
        const struct group *other = &groups->item[i];
        if (other->fact->by != fact->by)
            break;
        count += other->said && other->fact->about == fact->about;
    }
    return count;
}

// Many versions that each require another version of the same: one line for those that are left.
static int say_rest(struct groups *groups, size_t at, struct strv *lines)
{
    const struct incompat *fact = groups->item[at].fact;
    const struct package *project = fact->by->project;
    CLEANUP_STR struct str text = {0}, who = {0}, what = {0};
    size_t count = 0;
    for (size_t i = at; i < groups->count && groups->item[i].fact->by == fact->by; i++)
        count += !groups->item[i].said && groups->item[i].fact->about == fact->about;
    if (count < 2)
        return 0;
    for (size_t i = at; i < groups->count && groups->item[i].fact->by == fact->by; i++) {
        struct group *other = &groups->item[i];
        if (other->said || other->fact->about != fact->about)
            continue;
        states_or(groups->item[at].states, other->states, project->words);
        other->said = 1;
    }
    words_add_package(&who, fact->by);
    str_add_char(&who, ' ');
    words_add_states(&who, project, groups->item[at].states);
    words_add_package(&what, fact->about);
    str_print(&text, _("%s requires other versions of %s"), str_text(&who), str_text(&what));
    add_fact(lines, str_text(&text));
    return 1;
}

// From what is asked on: first what a project requires that was spoken of already.
static void say_groups(struct groups *groups, struct strv *lines)
{
    size_t left = 0;
    say_asked(groups, lines);
    for (size_t i = 0; i < groups->count; i++)
        if (groups->item[i].fact->cause == CAUSE_ASKED)
            groups->item[i].fact->about->mark = 1;
    for (int more = 1; more && lines->count < EXPLAIN_LINES;) {
        more = 0;
        for (size_t i = 0; i < groups->count && lines->count < EXPLAIN_LINES; i++) {
            struct group *group = &groups->item[i];
            const struct incompat *fact = group->fact;
            if (group->said || !(fact->by ? fact->by->project : fact->about)->mark)
                continue;
            if (alike_before(groups, i) < ALIKE || !say_rest(groups, i, lines))
                say_group(group, lines);
            fact->about->mark = 1;
            more = 1;
        }
    }
    for (size_t i = 0; i < groups->count; i++) {
        groups->item[i].fact->about->mark = 0;
        left += !groups->item[i].said;
    }
    if (left) {
        CLEANUP_STR struct str text = {0};
        str_print(&text, lang_plural("%zu more fact", "%zu more facts", left), left);
        add_fact(lines, str_text(&text));
    }
}

static void add_versions(const struct package *project, struct str *text)
{
    size_t count = project->states - 1,
           first = count > FOUND_VERSIONS ? count - FOUND_VERSIONS : 0;
    for (size_t i = first; i < count; i++) {
        const struct known_version *version = project->version[i];
        struct piece number = version->candidate.version.text;
        if (i > first && !version->url &&
            piece_compare(number, project->version[i - 1]->candidate.version.text) == 0)
            continue; // the same, installed and found
        str_add(text, i > first ? ", " : first ? " …, " : " ");
        str_add_visible(text, number.text, number.size);
        if (version->url)
            str_print(text, " @ %s", version->url);
    }
    if (first)
        str_print(text, _(" (%zu versions)"), count);
}

// "numpy 1.26.4, 2.0.0", or what the provider says of it: "numpy 1.26.4 in /wheelhouse".
static void add_found(struct solver *solver, const struct package *project, struct strv *lines)
{
    CLEANUP_STR struct str text = {0}, where = {0};
    if (solver->provider->describe)
        solver->provider->describe(solver->provider->context, project->name, &where);
    if (where.size || project->states > 1)
        words_add_package(&text, project);
    else
        str_print(&text, _("no version of %.*s"), (int)project->name.size, project->name.text);
    if (where.size)
        str_print(&text, " %s", str_text(&where));
    else
        add_versions(project, &text);
    add_line(lines, "found", str_text(&text));
}

// Whose versions the facts disagree about: required twice or restricted, or not there.
static void say_found(struct solver *solver, const struct groups *groups, struct strv *lines)
{
    size_t said = 0;
    for (size_t i = 0; i < groups->count; i++)
        groups->item[i].fact->about->mark++;
    for (size_t i = 0; i < groups->count; i++) {
        const struct incompat *fact = groups->item[i].fact;
        struct package *about = fact->about;
        int empty = fact->matched && states_empty(fact->matched, about->words);
        if (about->mark && (about->mark > 1 || empty) && said < FOUND_PROJECTS) {
            add_found(solver, about, lines);
            said++;
            about->mark = 0;
        }
    }
    for (size_t i = 0; i < groups->count; i++)
        groups->item[i].fact->about->mark = 0;
}

static int lacks(const struct groups *groups, const struct incompat *fact)
{
    const struct package *about = fact->about;
    if (states_empty(fact->matched, about->words) || !groups->unusable_count)
        return states_empty(fact->matched, about->words);
    CLEANUP_FREE uint64_t *left = mem_alloc(about->words * sizeof *left);
    memcpy(left, fact->matched, about->words * sizeof *left);
    for (size_t i = 0; i < groups->unusable_count; i++)
        if (groups->unusable[i]->fact->about == about)
            states_without(left, groups->unusable[i]->states, about->words);
    return states_empty(left, about->words);
}

// The one requirement that nothing satisfies, if no two disagree; else NULL.
static const struct require *lacking(const struct groups *groups)
{
    const struct require *lack = NULL;
    int disagree = 0;
    for (size_t i = 0; i < groups->count; i++) {
        const struct incompat *fact = groups->item[i].fact;
        disagree |= fact->cause == CAUSE_CONSTRAINT;
        if (fact->cause == CAUSE_UNUSABLE || !fact->matched)
            continue;
        disagree |= fact->about->mark != 0;
        fact->about->mark = 1;
        if (!lacks(groups, fact))
            continue;
        disagree |= lack != NULL;
        lack = fact->require;
    }
    for (size_t i = 0; i < groups->count; i++)
        groups->item[i].fact->about->mark = 0;
    return disagree ? NULL : lack;
}

int explain_failure(struct solver *solver, struct solve_result *ret, struct err *err)
{
    struct facts facts = {0};
    struct groups groups = {0};
    facts_collect(solver->failure, &facts);
    group_facts(&facts, &groups);
    sort_groups(&groups);
    const struct require *lack = lacking(&groups);
    if (solver->ask->verbose && solver->failure->cause == CAUSE_LEARNED)
        explain_proof(solver->failure, &ret->lines);
    else
        say_groups(&groups, &ret->lines);
    say_found(solver, &groups, &ret->lines);
    facts.count = 0;
    for (size_t i = 0; facts.item && i < groups.count; i++) // at most as many as there were
        facts.item[facts.count++] = groups.item[i].fact;
    groups_free(&groups);
    explain_try(solver, &facts, &ret->lines);
    free(facts.item);
    if (!lack)
        return err_set(err, ERR_NO_SOLUTION, _("no set of versions satisfies what is asked"));
    CLEANUP_STR struct str text = {0};
    words_add_require(&text, lack);
    return err_set(err, ERR_NO_WHEEL, _("no version satisfies '%s'"), str_text(&text));
}
