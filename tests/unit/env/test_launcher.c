// SPDX-License-Identifier: Apache-2.0
// The commands of an environment run, wherever its interpreter is: each is written and started.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmocka.h"
#include "env/launcher.h"
#include "folder.h"

#define LONG "123456789012345678901234567890123456789012345678901234567890"

static const char *const places[] = {
    "plain",   "with blank",        "with\ttab",    "with\nnewline",
    "quo'te",  "three'''quotes",    "dou\"ble",     "three\"\"\"double",
    "do$HOME", "back`id`tick",      "back\\slash",  "end\\",
    "\\N{x}",  "\xc3\xa9t\xc3\xa9", "ex!cl",        "-dash",
    "a\\'b",   "'$'$'\"'\"\\ '",    LONG LONG LONG, LONG LONG " " LONG "'''\\",
};

static void write_file(const char *path, const struct str *text)
{
    folder_write(path, text->text, text->size);
    assert_int_equal(chmod(path, 0755), 0);
}

// Runs the file "command" with one word. Returns its status.
static int run(const char *path, const char *word)
{
    pid_t pid = fork();
    if (pid == 0) {
        execl(path, path, word, (char *)NULL);
        _exit(99);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// The interpreter under an odd name: a link, as in an environment.
static char *python_at(const char *place)
{
    CLEANUP_FREE char *cwd = fs_cwd(NULL);
    CLEANUP_FREE char *folder = mem_print("%s/%s/bin", cwd, place);
    char *path = mem_print("%s/python", folder);
    assert_int_equal(fs_make_dirs(AT_FDCWD, folder, 0755, NULL), 0);
    assert_int_equal(symlink(getenv("TEST_PYTHON"), path), 0);
    return path;
}

static void test_runs(void **state)
{
    (void)state;
    setenv("PYTHONPATH", ".", 1);
    folder_text("mod.py",
                "import sys\nclass C:\n    def f():\n        return int(sys.argv[1])\n");
    for (size_t i = 0; i < COUNT(places); i++) {
        CLEANUP_STR struct str text = {0};
        CLEANUP_FREE char *python = python_at(places[i]);
        print_message("# %zu\n", i);
        launcher_add(&text, python, piece_of("mod"), piece_of("C.f"));
        write_file("command", &text);
        assert_int_equal(run("./command", "42"), 42);
        str_clear(&text);
        launcher_add_script(
            &text, python,
            piece_of(
                "#!python -u\nimport sys\nsys.exit(int(sys.argv[1]) + (__doc__ is None))\n"));
        write_file("script", &text);
        int is_plain = strncmp(text.text, "#!/bin/sh", 9) != 0;
        assert_int_equal(run("./script", "6"), 6 + is_plain);
    }
}

static void test_lines(void **state)
{
    (void)state;
    struct str text = {0};
    char path[200];
    memset(path, 'x', sizeof path);
    path[0] = '/';
    path[125] = '\0'; // with "#!": 127
    launcher_add_first(&text, path);
    assert_true(str_starts(text.text, "#!/xx"));
    str_clear(&text);
    path[125] = 'x';
    path[126] = '\0';
    launcher_add_first(&text, path);
    assert_true(str_starts(text.text, "#!/bin/sh\n"));
    str_clear(&text);
    launcher_add_script(&text, "/p", piece_of("#!python"));
    assert_string_equal(text.text, "#!/p\n");
    str_clear(&text);
    launcher_add_script(&text, "/p", piece_of("#!python\r\nx = 1\r\n"));
    assert_string_equal(text.text, "#!/p\nx = 1\r\n");
    str_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_runs, folder_setup, folder_teardown),
        cmocka_unit_test(test_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
