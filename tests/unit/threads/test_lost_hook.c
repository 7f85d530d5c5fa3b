// SPDX-License-Identifier: Apache-2.0
// Why a Python has no startup hook, by its line and its environment.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "cmocka.h"
#include "threads/lost_hook.h"

#define FOLDER "/cache/hook-0123456789abcdef"

static const struct {
    const char *program, *line, *environment; // words apart by '|'
    int mapped;
    enum hook hook;
} rows[] = {
    {"/usr/bin/python3.11", "python|a.py", "PYTHONPATH=" FOLDER, 1, HOOK_THERE},
    {"/usr/bin/python3.11", "python|a.py", "PYTHONPATH=" FOLDER, 0, HOOK_LOST},
    {"/usr/bin/python3.11", "python|a.py", "PYTHONPATH=/x:" FOLDER, 0, HOOK_HIDDEN},
    {"/usr/bin/python3.11", "python|a.py", "PYTHONPATH=/x", 0, HOOK_DROPPED},
    {"/usr/bin/python3.11", "python|a.py", "XPYTHONPATH=" FOLDER, 0, HOOK_DROPPED},
    {"/usr/bin/python3.11", "python|a.py", "", 0, HOOK_DROPPED},
    {"/usr/bin/python3.11", "python|a.py", "PYTHONPATH=" FOLDER "/x", 0, HOOK_DROPPED},
    {"/usr/bin/python3.11", "python|-I|a.py", "PYTHONPATH=" FOLDER, 0, HOOK_ISOLATED},
    {"/usr/bin/python3.11", "python|-uE|a.py", "", 0, HOOK_ISOLATED},
    {"/usr/bin/python3.11", "python|-Xdev|-S|a.py", "", 0, HOOK_ISOLATED},
    {"/usr/bin/python3.11", "python|-X|-I|a.py", "", 0, HOOK_DROPPED},
    {"/usr/bin/python3.11", "python|-W|error|-I|a.py", "", 0, HOOK_ISOLATED},
    {"/usr/bin/python3.11", "python|a.py|-I", "", 0, HOOK_DROPPED},
    {"/usr/bin/python3.11", "python|-c|pass|-I", "", 0, HOOK_DROPPED},
    {"/usr/bin/python3.11", "python|-mI", "", 0, HOOK_DROPPED},
    {"/usr/bin/python3.11", "python|--version|-I", "", 0, HOOK_DROPPED},
    {"/usr/bin/python3.11", "", "", 0, HOOK_DROPPED},
    {"/opt/python3.13t", "python", "PYTHONPATH=" FOLDER ":/x", 0, HOOK_LOST},
    {"/bin/bash", "bash|-c|x", "", 0, HOOK_NONE},
    {"/opt/python-tool", "python-tool", "", 0, HOOK_NONE},
    {"/usr/bin/ipython", "ipython", "", 0, HOOK_NONE},
};

// With a NUL in place of each '|' and one at the end.
static void words(const char *text, struct str *into)
{
    str_add(into, text);
    for (size_t i = 0; i < into->size; i++)
        if (into->text[i] == '|')
            into->text[i] = '\0';
    if (*text)
        str_add_char(into, '\0');
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP_STR struct str line = {0};
        CLEANUP_STR struct str environment = {0};
        words(rows[i].line, &line);
        words(rows[i].environment, &environment);
        enum hook hook = lost_hook(rows[i].program, &line, &environment, rows[i].mapped);
        if (hook != rows[i].hook)
            fail_msg("%s %s: %d", rows[i].line, rows[i].environment, (int)hook);
    }
}

static void test_guard(void **state)
{
    static const struct {
        const char *path;
        int is;
    } paths[] = {
        {FOLDER "/guard.bin", 1},
        {"/a/hook-0123456789ABCDEF/guard.bin", 1},
        {"/a/hook-0123456789abcdeg/guard.bin", 0},
        {"/a/xhook-0123456789abcdef/guard.bin", 0},
        {FOLDER "/guard.bin.x", 0},
        {"guard.bin", 0},
        {"", 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++)
        assert_int_equal(lost_hook_is_guard(paths[i].path, strlen(paths[i].path)), paths[i].is);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows),
                                       cmocka_unit_test(test_guard)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
