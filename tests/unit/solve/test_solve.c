// SPDX-License-Identifier: Apache-2.0
// The solver as a room: how often it asks its provider, what it does with the provider's errors,
// how far it goes in worlds that are deep, wide or hard. What it answers is in tests/cases/solve.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka.h"
#include "solve/solve.h"

// Projects "pN" with versions 0 to `versions` - 1; what they require is made by `requires`.
struct world {
    struct arena arena;
    size_t projects, versions;
    void (*requires)(struct world *world, size_t project, size_t version, struct str *into);
    size_t asked_versions, asked_needs;
    unsigned char *seen; // by project and version: the needs were asked
    size_t fail_at;      // asked_needs at which the provider fails; 0: never
};

static const struct marker_env markers = {.value = {[MARKER_PYTHON_VERSION] = "3.11"}};

static int versions(void *context, struct piece normal, const struct solve_candidate **ret,
                    size_t *ret_count, struct err *err)
{
    struct world *world = context;
    size_t project = strtoul(normal.text + 1, NULL, 10);
    (void)err;
    world->asked_versions++;
    *ret_count = project < world->projects ? world->versions : 0;
    struct solve_candidate *found =
        arena_alloc(&world->arena, (*ret_count + 1) * sizeof *found);
    for (size_t i = 0; i < *ret_count; i++) {
        char text[24];
        int size = snprintf(text, sizeof text, "%zu", i);
        struct piece number = {arena_dupn(&world->arena, text, (size_t)size), (size_t)size};
        found[i] = (struct solve_candidate){
            .version = {number, version_parse(&world->arena, number, NULL)},
            .index = project * world->versions + i};
    }
    *ret = found;
    return 0;
}

static struct require *require(struct world *world, const char *text)
{
    struct require *made = require_parse(&world->arena, piece_of(text), NULL);
    assert_non_null(made);
    return made;
}

static int needs(void *context, struct piece normal, size_t index, struct solve_needs *ret,
                 struct err *err)
{
    struct world *world = context;
    CLEANUP_STR struct str text = {0};
    CLEANUP_STRV struct strv lines = {0};
    (void)normal;
    assert_false(world->seen[index]); // once a version
    world->seen[index] = 1;
    if (++world->asked_needs == world->fail_at)
        return err_set(err, ERR_SYSTEM, "the disk is gone");
    world->requires(world, index / world->versions, index % world->versions, &text);
    strv_split(&lines, str_text(&text), '\n');
    struct require **item = arena_alloc(&world->arena, (lines.count + 1) * sizeof *item);
    size_t count = 0;
    for (size_t i = 0; i < lines.count; i++)
        if (*lines.item[i])
            item[count++] = require(world, lines.item[i]);
    *ret = (struct solve_needs){.item = item, .count = count};
    return 0;
}

static int run(struct world *world, const char *asked, size_t steps,
               struct solve_result *result, struct err *err)
{
    const struct solve_provider provider = {world, versions, NULL, needs, NULL};
    CLEANUP_STRV struct strv lines = {0};
    strv_split(&lines, asked, '\n');
    struct require **item = arena_alloc(&world->arena, lines.count * sizeof *item);
    for (size_t i = 0; i < lines.count; i++)
        item[i] = require(world, lines.item[i]);
    const struct solve_ask ask = {
        .item = item, .count = lines.count, .markers = &markers, .steps = steps};
    world->asked_versions = world->asked_needs = 0;
    world->seen = mem_zero(world->projects * world->versions + 1, 1);
    return solve(&provider, &ask, result, err);
}

static void world_free(struct world *world)
{
    arena_free(&world->arena);
    free(world->seen);
}

static void chain(struct world *world, size_t project, size_t version, struct str *into)
{
    (void)version;
    if (project + 1 < world->projects)
        str_print(into, "p%zu", project + 1);
}

static void broken_chain(struct world *world, size_t project, size_t version, struct str *into)
{
    (void)world;
    (void)version;
    str_print(into, "p%zu", project + 1);
}

static void circle(struct world *world, size_t project, size_t version, struct str *into)
{
    (void)version;
    str_print(into, "p%zu", (project + 1) % world->projects);
}

// Each project's version v requires versions of the two that follow which are at most v.
static void ladder(struct world *world, size_t project, size_t version, struct str *into)
{
    for (size_t i = project + 1; i <= project + 2 && i < world->projects; i++)
        str_print(into, "p%zu<=%zu\n", i, version);
}

static void all_missing(struct world *world, size_t project, size_t version, struct str *into)
{
    if (project == 0)
        str_print(into, "p1>=%zu", world->versions + version);
}

// Holes are projects from 20 on; each pigeon is in one, each has one, and there is one too few. Hard
// for all who reason by resolution.
static void pigeons(struct world *world, size_t project, size_t version, struct str *into)
{
    if (project < 20 && version + 1 < world->versions)
        str_print(into, "p%zu==%zu", 20 + version, project);
    else if (project < 20)
        str_add(into, "p99");
}

static void test_deep(void **state)
{
    (void)state;
    struct world world = {.projects = 100000, .versions = 1, .requires = chain};
    CLEANUP_SOLVE struct solve_result result = {0};
    assert_int_equal(run(&world, "p0", 0, &result, NULL), 0);
    assert_int_equal(result.count, world.projects);
    assert_true(piece_is(result.choice[0].normal, "p99999"));
    assert_true(piece_is(result.choice[99999].normal, "p0"));
    assert_int_equal(result.choice[0].reason[0].by, 1);
    assert_int_equal(world.asked_versions, world.projects);
    assert_int_equal(world.asked_needs, world.projects);
    world_free(&world);
}

static void test_deep_failure(void **state)
{
    (void)state;
    struct world world = {.projects = 100000, .versions = 1, .requires = broken_chain};
    CLEANUP_SOLVE struct solve_result result = {0};
    struct err err = {0};
    assert_int_equal(run(&world, "p0", 0, &result, &err), -1);
    assert_int_equal(err.code, ERR_NO_WHEEL);
    assert_string_equal(err.text, "no version satisfies 'p100000'");
    assert_true(result.lines.count < 20);
    world_free(&world);
}

static void test_circle(void **state)
{
    (void)state;
    struct world world = {.projects = 100000, .versions = 1, .requires = circle};
    CLEANUP_SOLVE struct solve_result result = {0};
    assert_int_equal(run(&world, "p7", 0, &result, NULL), 0);
    assert_int_equal(result.count, world.projects);
    world_free(&world);
}

static void test_ladder(void **state)
{
    (void)state;
    struct world world = {.projects = 300, .versions = 50, .requires = ladder};
    CLEANUP_SOLVE struct solve_result result = {0};
    assert_int_equal(run(&world, "p0\np299<=3", 0, &result, NULL), 0);
    assert_int_equal(result.count, 300);
    for (size_t i = 0; i < result.count; i++) {
        int is_last = piece_is(result.choice[i].normal, "p299");
        assert_true(piece_is(result.choice[i].candidate->version.text, is_last ? "3" : "49"));
    }
    world_free(&world);
}

static void test_many_versions(void **state)
{
    (void)state;
    struct world world = {.projects = 2, .versions = 10000, .requires = all_missing};
    CLEANUP_SOLVE struct solve_result result = {0};
    struct err err = {0};
    assert_int_equal(run(&world, "p0", 0, &result, &err), -1);
    assert_int_equal(err.code, ERR_NO_SOLUTION);
    assert_int_equal(world.asked_needs, 10000);
    assert_true(result.steps < 1000000);
    assert_true(result.lines.count < 20);
    world_free(&world);
}

static void test_gives_up(void **state)
{
    (void)state;
    struct world world = {.projects = 40, .versions = 13, .requires = pigeons};
    CLEANUP_SOLVE struct solve_result result = {0};
    CLEANUP_STR struct str asked = {0};
    struct err err = {0};
    for (size_t i = 0; i < 13; i++)
        str_print(&asked, "%sp%zu", i ? "\n" : "", i);
    assert_int_equal(run(&world, str_text(&asked), 100000, &result, &err), -1);
    assert_int_equal(err.code, ERR_NO_SOLUTION);
    assert_string_equal(err.text, "no set of versions was found in 100000 steps");
    assert_true(result.steps < 200000);
    world_free(&world);
}

// Each call of the provider may fail: its error comes out, and nothing is left behind (by ASan).
static void test_provider_fails(void **state)
{
    (void)state;
    for (size_t at = 1; at <= 20; at++) {
        struct world world = {.projects = 20, .versions = 3, .requires = ladder, .fail_at = at};
        CLEANUP_SOLVE struct solve_result result = {0};
        struct err err = {0};
        assert_int_equal(run(&world, "p0", 0, &result, &err), -1);
        assert_int_equal(err.code, ERR_SYSTEM);
        assert_string_equal(err.text, "the disk is gone");
        world_free(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deep),           cmocka_unit_test(test_deep_failure),
        cmocka_unit_test(test_circle),         cmocka_unit_test(test_ladder),
        cmocka_unit_test(test_many_versions),  cmocka_unit_test(test_gives_up),
        cmocka_unit_test(test_provider_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
