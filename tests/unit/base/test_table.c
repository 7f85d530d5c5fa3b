// SPDX-License-Identifier: Apache-2.0
// Tables against a plain array, sets of variables, hashes against published ones.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/table.h"
#include "base/vars.h"

#define KEYS 3000

static void test_table(void **state)
{
    (void)state;
    static char key[KEYS][12];
    static uint64_t value[KEYS];
    static int there[KEYS];
    struct table table CLEANUP_TABLE = {0};
    size_t count = 0;
    uint32_t seed = 5;
    for (int i = 0; i < KEYS; i++)
        snprintf(key[i], sizeof key[i], "%x", (unsigned)i * 2654435761U);
    key[17][0] = '\0'; // the empty text is a key as any other
    assert_null(table_get(&table, "a"));
    for (int i = 0; i < 3 * KEYS; i++) {
        seed = seed * 1664525 + 1013904223;
        size_t at = (seed >> 8) % KEYS;
        int new = -1;
        uint64_t *place = table_put(&table, key[at], &new);
        assert_int_equal(new, !there[at]);
        assert_true(*place == value[at]);
        count += !there[at];
        there[at] = 1;
        *place = value[at] = seed;
        assert_int_equal(table.count, count);
    }
    for (int i = 0; i < KEYS; i++) {
        char copy[12];
        memcpy(copy, key[i], sizeof copy);
        const uint64_t *place = table_get(&table, copy);
        assert_int_equal(place != NULL, there[i]);
        assert_true(!place || *place == value[i]);
    }
}

static void test_vars(void **state)
{
    (void)state;
    static const char *const given[] = {"A=1", "AB=2", "NOTHING", "A=3", "E=", "X=a=b", NULL};
    struct vars vars CLEANUP_VARS = {0};
    vars_copy(&vars, (char *const *)given);
    assert_string_equal(vars_get(&vars, "A"), "1");
    assert_string_equal(vars_get(&vars, "E"), "");
    assert_string_equal(vars_get(&vars, "X"), "a=b");
    assert_null(vars_get(&vars, "NOTHING"));
    assert_null(vars_get(&vars, "B"));
    vars_set(&vars, "AB", vars_get(&vars, "X")); // a value that is in the set itself
    assert_string_equal(vars_get(&vars, "AB"), "a=b");
    // A name that came twice has one value after it was set: programs differ in which they
    // take.
    vars_set(&vars, "A", "4");
    size_t count = 0;
    for (char **item = vars.list.item; *item; item++)
        count += strncmp(*item, "A=", 2) == 0;
    assert_int_equal(count, 1);
    assert_string_equal(vars_get(&vars, "A"), "4");
    vars_unset(&vars, "A");
    vars_unset(&vars, "X");
    assert_null(vars_get(&vars, "A"));
    assert_int_equal(vars.list.count, 3);
    assert_null(vars.list.item[3]);
    vars_set(&vars, "NEW", "");
    assert_string_equal(vars_get(&vars, "NEW"), "");
}

static uint64_t hash_of(const char *first, const char *second)
{
    struct hash hash;
    hash_begin(&hash);
    hash_text(&hash, first);
    hash_text(&hash, second);
    return hash_end(&hash);
}

static void test_hash(void **state)
{
    (void)state;
    static const char *const parts[][2] = {{"ab", "c"},  {"a", "bc"},   {"", "abc"},
                                           {"abc", ""},  {NULL, "abc"}, {"abc", NULL},
                                           {NULL, NULL}, {"", ""}};
    for (size_t i = 0; i < COUNT(parts); i++)
        for (size_t j = 0; j < COUNT(parts); j++)
            assert_int_equal(
                hash_of(parts[i][0], parts[i][1]) == hash_of(parts[j][0], parts[j][1]), i == j);
}

static void test_hash_file(void **state)
{
    (void)state;
    char path[] = "/tmp/lopin-test-XXXXXX";
    int fd = mkstemp(path);
    uint64_t hash = 0;
    assert_int_equal(hash_file(AT_FDCWD, path, &hash, NULL), 0);
    assert_true(hash == UINT64_C(0xe3b0c44298fc1c14)); // FIPS 180-4: of nothing
    assert_int_equal(write(fd, "abc", 3), 3);
    assert_int_equal(hash_file(AT_FDCWD, path, &hash, NULL), 0);
    assert_true(hash == UINT64_C(0xba7816bf8f01cfea));
    CLEANUP_FREE char *many = mem_alloc(1000000); // a million times "a"
    memset(many, 'a', 1000000);
    assert_int_equal(pwrite(fd, many, 1000000, 0), 1000000);
    assert_int_equal(hash_file(AT_FDCWD, path, &hash, NULL), 0);
    assert_true(hash == UINT64_C(0xcdc76e5c9914fb92));
    close(fd);
    unlink(path);
    struct err err = {0};
    assert_int_equal(hash_file(AT_FDCWD, path, &hash, &err), -1);
    assert_int_equal(err.code, ERR_SYSTEM);
    assert_int_equal(hash_file(AT_FDCWD, "/", &hash, &err), -1); // a folder
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_vars),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_hash_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
