// SPDX-License-Identifier: Apache-2.0
// Lock files: the lines of errors, the order of what is written, and what is ours in them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka.h"
#include "wheel/lock.h"

#define HEAD       "lock-version = '1.0'\ncreated-by = 'x'\n"
#define FILE(name) "{ path = '" name "', hashes = { sha256 = '0' } }"

static const struct {
    const char *text, *error;
} errors[] = {
    {"", "line 1: 'lock-version' is missing"},
    {"lock-version = 1\n", "line 1: 'lock-version' must be a text"},
    {"lock-version = '2.0'\n", "line 1: lock files of version 2.0 are not known"},
    {"lock-version = '1.0'\n", "line 1: 'created-by' is missing"},
    {HEAD, "line 1: 'packages' is missing"},
    {HEAD "packages = [1]\n", "line 3: each of 'packages' must be a table"},
    {HEAD "extras = ['A']\npackages = []\n", "line 3: 'A' is no name in normal form"},
    {HEAD "[[packages]]\n", "line 3: 'name' is missing"},
    {HEAD "[[packages]]\nname = 'a'\n",
     "line 3: 'a' must have wheels and sdist, or one of vcs, directory, archive"},
    {HEAD "[[packages]]\nname = 'a'\nwheels = [" FILE("x.whl") "]\n",
     "line 5: 'x.whl' is no name of a wheel"},
    {HEAD
     "[[packages]]\nname = 'a'\nversion = '2'\nwheels = [" FILE("a-1-py3-none-any.whl") "]",
     "line 6: 'a-1-py3-none-any.whl' is not of a 2"},
    {HEAD "[[packages]]\nname = 'a'\nsdist = { path = 'a-1.zip' }\n",
     "line 5: 'hashes' is missing"},
    {HEAD "[[packages]]\nname = 'a'\nsdist = { hashes = { md5 = '1' } }\n",
     "line 5: 'path' or 'url' is missing"},
    {HEAD
     "[[packages]]\nname = 'a'\narchive = { path = \"a\\u0000b\", hashes = { md5 = '1' } }\n",
     "line 5: 'path' holds a NUL"},
    {HEAD "packages = []\n[tool.lopin]\nrequirements = 3\n",
     "line 5: 'requirements' must be a list"},
};

static void test_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(errors); i++) {
        struct arena arena = {0};
        struct err err = {0};
        assert_null(lock_read(&arena, piece_of(errors[i].text), &err));
        assert_int_equal(err.code, ERR_USAGE);
        assert_string_equal(err.text, errors[i].error);
        arena_free(&arena);
    }
}

static const char shuffled[] = HEAD "[[packages]]\nname = 'b'\nversion = '10'\nwheels = [" FILE(
    "b-10-py3-none-any.whl") "]\n"
                             "[[packages]]\nname = 'b'\nversion = '9'\nwheels = [" FILE(
                                 "b-9-py3-none-any.whl") "]\n"
                                                         "[[packages]]\nname = 'a'\ndirectory "
                                                         "= { path = '.' }\n";

static void test_order(void **state)
{
    struct arena arena = {0};
    struct str text = {0};
    (void)state;
    const struct lock *lock = lock_read(&arena, piece_of(shuffled), NULL);
    assert_non_null(lock);
    lock_write(&text, lock);
    const char *a = strstr(text.text, "name = \"a\"");
    const char *nine = strstr(text.text, "version = \"9\"");
    const char *ten = strstr(text.text, "version = \"10\"");
    assert_true(a && nine && ten && a < nine && nine < ten);
    str_free(&text);
    arena_free(&arena);
}

static const char ours[] = HEAD "[[packages]]\nname = 'f'\nversion = '1'\nwheels = [" FILE(
    "f-1-py3-none-any.whl") "]\n"
                            "[packages.tool.lopin]\nwheels = [{ path = "
                            "'v4/f-1-py3-none-any.whl', level = 'x86-64-v4', "
                            "hashes = { sha256 = '1' } }]\n"
                            "[tool.lopin]\nrequirements = ['f']\nconstraints = ['f<2']\npython "
                            "= ['3.11']\n";

static void test_ours(void **state)
{
    struct arena arena = {0};
    struct str text = {0};
    (void)state;
    const struct lock *lock = lock_read(&arena, piece_of(ours), NULL);
    for (int round = 0; round < 2; round++) { // as read, and as written
        assert_non_null(lock);
        assert_true(lock->asked.known);
        assert_string_equal(lock->asked.requirement[0], "f");
        assert_string_equal(lock->asked.constraint[0], "f<2");
        assert_int_equal(lock->package[0].variant_count, 1);
        assert_string_equal(lock->package[0].variant[0].level, "x86-64-v4");
        assert_string_equal(lock_sha256(&lock->package[0].variant[0]), "1");
        str_clear(&text);
        lock_write(&text, lock);
        lock = lock_read(&arena, piece_of(arena_dup(&arena, text.text)), NULL);
    }
    str_free(&text);
    arena_free(&arena);
}

static void test_names(void **state)
{
    static const char *const good[] = {"pylock.toml", "pylock.a.toml", "pylock.a-b.toml",
                                       "lopin.lock"};
    static const char *const bad[] = {
        "pylock..toml", "pylock.a.b.toml", "x.toml", "pylock.toml.",
        "lopin.toml",   "pylock",          ""};
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(lock_is_name(good[i]));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(lock_is_name(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_ours),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
