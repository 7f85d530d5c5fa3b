// SPDX-License-Identifier: Apache-2.0
// What is written is read again, and nothing else is.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spider/cache.h"
#include "spider/folder.h"

static struct texts list(const char *first, size_t count)
{
    return (struct texts){first, count};
}

// A folder with two modules.
static void add_all(struct str *into)
{
    struct spider_place places[] = {{"", 12345678901234567, 7}, {".version", 5, 300}};
    struct rc_entry rcs[] = {{.kind = RC_HIDE,
                              .name = (char[]){""},
                              .target = (char[]){"py/3.10"},
                              .when = (char[]){"a123\nuann\n"}}};
    struct spider_module modules[] = {
        {.name = "py",
         .full = "py/3.9",
         .order = "1",
         .is_lua = 1,
         .is_known = 1,
         .whatis = list("Description: a\0URL: b", 2),
         .paths = list("/a/b", 1),
         .family = "python",
         .changed_ns = -5,
         .size = 1LL << 40},
        {.name = "py",
         .full = "py/3.10",
         .order = "2",
         .is_open = 1,
         .is_known = 1,
         .asked = list("env HOME 12", 1)},
        {.name = "alone", .full = "alone", .order = "", .is_known = 1},
    };
    const struct spider_folder folder = {.path = "/sw/Core",
                                         .place = places,
                                         .places = 2,
                                         .rc = rcs,
                                         .rcs = 1,
                                         .module = modules,
                                         .modules = 3};
    cache_write_folder(into, &folder);
}

static void test_round(void **state)
{
    (void)state;
    struct str text = {0};
    struct arena arena = {0};
    add_all(&text);
    const struct spider_folder *folder = cache_read_folder(&arena, text.text, text.size);
    assert_non_null(folder);
    assert_string_equal(folder->path, "/sw/Core");
    assert_int_equal(folder->places, 2);
    assert_true(folder->place[0].changed_ns == 12345678901234567 &&
                folder->place[1].inode == 300);
    assert_string_equal(folder->rc[0].target, "py/3.10");
    assert_string_equal(folder->rc[0].when, "a123\nuann\n");
    assert_int_equal(folder->modules, 3);
    const struct spider_module *one = &folder->module[0], *two = &folder->module[1];
    assert_string_equal(one->version, "3.9");
    assert_string_equal(texts_next(one->whatis.first), "URL: b");
    assert_string_equal(one->family, "python");
    assert_true(one->changed_ns == -5 && one->size == 1LL << 40 && one->is_lua &&
                !one->is_open);
    assert_string_equal(two->name, "py");
    assert_string_equal(two->asked.first, "env HOME 12");
    assert_true(two->is_open && !two->is_lua && !two->family && !two->paths.count);
    assert_string_equal(folder->module[2].version, "");
    char *file = spider_file(one), *other = spider_file(two);
    assert_string_equal(file, "/sw/Core/py/3.9.lua");
    assert_string_equal(other, "/sw/Core/py/3.10");
    free(file);
    free(other);
    arena_free(&arena);
    str_free(&text);
}

// One cut anywhere, and one with a byte too many, is none.
static void test_cut(void **state)
{
    (void)state;
    struct str text = {0};
    add_all(&text);
    for (size_t size = 0; size <= text.size + 1; size++) {
        struct arena arena = {0};
        char *copy = mem_alloc(size); // of that size, for who looks behind it
        memcpy(copy, text.text, size);
        assert_int_equal(cache_read_folder(&arena, copy, size) != NULL, size == text.size);
        arena_free(&arena);
        free(copy);
    }
    str_free(&text);
}

static void test_routes(void **state)
{
    (void)state;
    struct spider_folder core = {.path = "/core", .is_base = 1}, gcc = {.path = "/gcc"};
    struct spider_folder mpi = {.path = "/mpi"}, ring = {.path = "/ring"};
    struct spider_module gcc12 = {.full = "gcc/12", .folder = &core};
    struct spider_module gcc13 = {.full = "gcc/13", .folder = &core};
    struct spider_module openmpi = {.full = "openmpi/4", .folder = &gcc};
    struct spider_module turns = {.full = "turns/1", .folder = &ring};
    const struct spider_module *to_gcc[] = {&gcc13, &gcc12, &gcc12}, *to_mpi[] = {&openmpi};
    const struct spider_module *to_core[] = {&openmpi}, *to_ring[] = {&turns, &gcc12};
    struct spider_module hdf5 = {.full = "hdf5/1", .folder = &mpi};
    struct strv lines = {0};
    gcc.adder = to_gcc, gcc.adders = 3;
    mpi.adder = to_mpi, mpi.adders = 1;
    core.adder = to_core, core.adders = 1;
    ring.adder = to_ring, ring.adders = 2;
    spider_routes(NULL, &hdf5, &lines);
    assert_int_equal(lines.count, 2);
    assert_string_equal(lines.item[0], "gcc/12 openmpi/4");
    assert_string_equal(lines.item[1], "gcc/13 openmpi/4");
    strv_free(&lines);
    spider_routes(NULL, &gcc12, &lines);
    assert_int_equal(lines.count, 0);
    spider_routes(NULL, &turns, &lines); // itself is not a way to itself
    assert_int_equal(lines.count, 1);
    assert_string_equal(lines.item[0], "gcc/12");
    strv_free(&lines);
}

static int is_ann(const char *name, int is_group)
{
    return !is_group && strcmp(name, "ann") == 0;
}

static int is_nobody(const char *name, int is_group)
{
    (void)name;
    (void)is_group;
    return 0;
}

// What was kept is for another time and user now.
static void test_hide(void **state)
{
    (void)state;
    struct rc_entry rcs[] = {
        {.kind = RC_HIDE_HARD, .target = (char[]){"gcc"}, .when = (char[]){"a100\n"}},
        {.kind = RC_HIDE_SOFT, .target = (char[]){"/gcc/mpi/4"}, .when = (char[]){"Uann\n"}},
        {.kind = RC_HIDE, .target = (char[]){"alone"}, .when = (char[]){"a100\nb50\nuann\n"}},
        {.kind = RC_FORBID, .target = (char[]){"alone"}, .when = (char[]){""}}};
    struct spider_folder core = {.path = "/core", .is_base = 1, .rc = rcs, .rcs = 4};
    struct spider_folder gcc = {.path = "/gcc"}, mpi = {.path = "/mpi"};
    struct spider_module cores[] = {
        {.name = "alone", .full = "alone", .version = "", .folder = &core},
        {.name = "gcc", .full = "gcc/12", .version = "12", .folder = &core},
        {.name = ".x", .full = ".x/1", .version = "1", .folder = &core}};
    struct spider_module of_gcc = {
        .name = "mpi", .full = "mpi/4", .version = "4", .folder = &gcc};
    struct spider_module of_mpi = {
        .name = "far", .full = "far/1", .version = "1", .folder = &mpi};
    const struct spider_module *to_gcc[] = {&cores[1]}, *to_mpi[] = {&of_gcc, &of_mpi};
    core.module = cores, core.modules = 3;
    gcc.module = &of_gcc, gcc.modules = 1, gcc.adder = to_gcc, gcc.adders = 1;
    mpi.module = &of_mpi, mpi.modules = 1, mpi.adder = to_mpi, mpi.adders = 2;
    struct spider_folder *folders[] = {&mpi, &gcc, &core};
    static const struct {
        int64_t now;
        int is_ann, alone, gcc, mpi, far;
    } cases[] = {{99, 1, 0, 0, 0, 0},
                 {49, 1, SPIDER_HIDDEN, 0, 0, 0},
                 {49, 0, 0, 0, SPIDER_HIDDEN, 0},
                 {100, 1, SPIDER_HIDDEN, SPIDER_GONE, SPIDER_GONE, SPIDER_GONE},
                 {99, 0, 0, 0, SPIDER_HIDDEN, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct rc_who who = {cases[i].now, cases[i].is_ann ? is_ann : is_nobody};
        struct spider spider = {.ask = {.who = &who}, .folder = folders, .count = 3};
        folder_hide(&spider);
        assert_int_equal(cores[0].is_hidden, cases[i].alone);
        assert_int_equal(cores[1].is_hidden, cases[i].gcc);
        assert_int_equal(cores[2].is_hidden, SPIDER_HIDDEN);
        assert_int_equal(of_gcc.is_hidden, cases[i].mpi);
        assert_int_equal(of_mpi.is_hidden, cases[i].far);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_routes),
        cmocka_unit_test(test_hide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
