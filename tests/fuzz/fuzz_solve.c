// SPDX-License-Identifier: Apache-2.0
// The solver: bytes make a small world; an answer satisfies all that is asked and required in it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "solve/solve.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

enum { PROJECTS = 6, VERSIONS = 5, NEEDS = 3 };
static const char *const numbers[VERSIONS] = {"1.0a1", "1.0", "1.0+site", "1.1rc1", "2.0"};
static const char *const specifiers[] = {
    "",      ">=1.0", "<1.1",   "==1.0",  "==1.0+site",     ">=1.0a1",
    "!=2.0", "<=1.0", "~=1.0",  "===1.0", ">1.0",           "==3.0",
    "[x]",   "[x]<2", "[y]>=1", " @ U1",  "; extra == 'x'", "<2 ; extra == 'y'"};

struct source {
    struct arena arena;
    const unsigned char *bytes;
    size_t size, at;
    struct solve_candidate version[PROJECTS][VERSIONS + 1];
    size_t count[PROJECTS];
    struct require *need[PROJECTS * (VERSIONS + 1)][NEEDS];
    size_t need_count[PROJECTS * (VERSIONS + 1)];
};

static unsigned take(struct source *source, unsigned below)
{
    return source->at < source->size ? source->bytes[source->at++] % below : 0;
}

static struct require *take_require(struct source *source)
{
    char text[64];
    unsigned project = take(source, PROJECTS), which = take(source, COUNT(specifiers));
    snprintf(text, sizeof text, "p%u%s", project, specifiers[which]);
    return require_parse(&source->arena, piece_of(text), NULL);
}

static int versions(void *context, struct piece normal, const struct solve_candidate **ret,
                    size_t *ret_count, struct err *err)
{
    struct source *source = context;
    size_t project = (size_t)(normal.text[1] - '0');
    (void)err;
    *ret = source->version[project];
    *ret_count = source->count[project];
    return 0;
}

static int at_url(void *context, struct piece normal, const char *url,
                  struct solve_candidate *ret, struct err *err)
{
    struct source *source = context;
    (void)url;
    (void)err;
    *ret = source->version[normal.text[1] - '0'][VERSIONS];
    return 0;
}

static int needs(void *context, struct piece normal, size_t index, struct solve_needs *ret,
                 struct err *err)
{
    struct source *source = context;
    (void)normal;
    (void)err;
    *ret =
        (struct solve_needs){.item = source->need[index], .count = source->need_count[index]};
    return 0;
}

static void make(struct source *source)
{
    for (size_t project = 0; project < PROJECTS; project++) {
        for (size_t i = 0; i <= VERSIONS; i++) {
            size_t index = project * (VERSIONS + 1) + i;
            struct piece text = piece_of(numbers[i % VERSIONS]);
            struct solve_candidate candidate = {
                .version = {text, version_parse(&source->arena, text, NULL)}, .index = index};
            unsigned kind = take(source, 8);
            candidate.yanked = kind == 1 ? "" : NULL;
            candidate.unusable = kind == 2 ? "too new" : NULL;
            candidate.installed = kind == 3;
            if (i == VERSIONS)
                source->version[project][VERSIONS] = candidate;
            else if (kind)
                source->version[project][source->count[project]++] = candidate;
            source->need_count[index] = take(source, NEEDS + 1);
            for (size_t k = 0; k < source->need_count[index]; k++)
                source->need[index][k] = take_require(source);
        }
    }
}

static const struct solve_choice *find(const struct solve_result *result, struct piece normal)
{
    for (size_t i = 0; i < result->count; i++)
        if (piece_compare(result->choice[i].normal, normal) == 0)
            return &result->choice[i];
    return NULL;
}

static int has_extra(const struct solve_choice *choice, struct piece extra)
{
    for (size_t i = 0; i < choice->extra_count; i++)
        if (piece_compare(choice->extra[i], extra) == 0)
            return 1;
    return 0;
}

static void check(const struct solve_result *result, const struct require *require,
                  const struct marker_env *markers, struct piece extra)
{
    struct marker_env env = *markers;
    env.value[MARKER_EXTRA] = extra.size ? extra.text : "";
    if (require->marker && marker_evaluate(require->marker, &env, NULL) != 1)
        return;
    const struct solve_choice *choice = find(result, require->normal);
    if (!choice || (require->url != NULL && !choice->url))
        abort();
    for (size_t i = 0; i < require->specifiers.count; i++)
        if (!specifier_match(&require->specifiers.item[i], &choice->candidate->version))
            abort();
    for (size_t i = 0; i < require->extra_count; i++)
        if (!has_extra(choice, require->extra[i]))
            abort();
}

static void check_result(struct source *source, const struct solve_ask *ask,
                         const struct solve_result *result)
{
    for (size_t i = 0; i < ask->count; i++)
        check(result, ask->item[i], ask->markers, (struct piece){0});
    for (size_t i = 0; i < result->count; i++) {
        const struct solve_choice *choice = &result->choice[i];
        size_t index = choice->candidate->index;
        if (choice->candidate->unusable || !choice->reason_count)
            abort();
        for (size_t k = 0; k < source->need_count[index]; k++) {
            check(result, source->need[index][k], ask->markers, (struct piece){0});
            for (size_t e = 0; e < choice->extra_count; e++)
                check(result, source->need[index][k], ask->markers, choice->extra[e]);
        }
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    static const struct marker_env markers = {.value = {[MARKER_PYTHON_VERSION] = "3.11"}};
    struct source *source = mem_zero(1, sizeof *source);
    CLEANUP_SOLVE struct solve_result result = {0};
    struct err err = {0};
    struct require *items[4], *constraint[1];
    source->bytes = bytes;
    source->size = size;
    struct solve_ask ask = {.item = items,
                            .count = 1 + take(source, COUNT(items)),
                            .constraint = constraint,
                            .constraint_count = take(source, 2),
                            .markers = &markers,
                            .order = (enum solve_order)take(source, 3),
                            .prereleases = (enum prereleases)take(source, 3),
                            .verbose = (int)take(source, 2),
                            .steps = 200000};
    for (size_t i = 0; i < ask.count; i++)
        items[i] = take_require(source);
    constraint[0] = take_require(source);
    make(source);
    const struct solve_provider provider = {source, versions, at_url, needs, NULL};
    if (solve(&provider, &ask, &result, &err) == 0)
        check_result(source, &ask, &result);
    else if (err.code != ERR_NO_SOLUTION && err.code != ERR_NO_WHEEL)
        abort();
    arena_free(&source->arena);
    free(source);
    return 0;
}
