// SPDX-License-Identifier: Apache-2.0
// Requirements files: lines, options, included files, what is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka.h"
#include "wheel/reqfile.h"

// The files are a list of names and texts.
static int read_from(void *context, const char *path, struct str *into, struct err *err)
{
    const char *const *files = context;
    for (size_t i = 0; files[i]; i += 2) {
        if (strcmp(files[i], path) == 0) {
            str_add(into, files[i + 1]);
            return 0;
        }
    }
    return err_set(err, ERR_SYSTEM, "%s is not there", path);
}

static int parse(struct arena *arena, const char *const *files, struct reqfile *ret,
                 struct err *err)
{
    struct vars vars = {0};
    vars_set(&vars, "TOKEN", "s3");
    const struct reqfile_source source = {read_from, (void *)(uintptr_t)files, &vars};
    int result = reqfile_parse(arena, files[0], 0, &source, ret, err);
    vars_free(&vars);
    return result;
}

static void test_lines(void **state)
{
    static const char *const files[] = {
        "d/req.txt",
        "\xef\xbb\xbf# a comment \\\nnumpy>=1 \\\n  --hash=sha256:a --hash 'sha256:b' # "
        "more\n-r more.txt\n\n-e ./x\n"
        "--index https://${TOKEN}@h/${UNSET} --pre\n-c /abs/con.txt\n-i a --pypi-url b",
        "d/more.txt",
        "scipy ; python_version > '3' # x#y\n",
        "/abs/con.txt",
        "six==1\n",
        NULL,
    };
    static const char *const ambiguous[] = {"r", "--index https://h\n--no-\n", NULL};
    struct arena arena = {0};
    struct reqfile file;
    struct err err = {0};
    (void)state;
    assert_int_equal(parse(&arena, files, &file, &err), 0);
    assert_int_equal(file.count, 6);
    const struct reqfile_line *line = file.line;
    assert_string_equal(line[0].text, "numpy>=1  ");
    assert_true(line[0].number == 2 && line[0].setting_count == 2);
    assert_string_equal(line[0].setting[1].value, "sha256:b");
    assert_string_equal(line[1].text, "scipy ; python_version > '3'");
    assert_string_equal(line[1].file, "d/more.txt");
    assert_true(line[2].kind == REQFILE_LINE_EDITABLE && line[2].number == 6);
    assert_string_equal(line[2].text, "./x");
    assert_true(line[3].kind == REQFILE_LINE_SETTINGS && line[3].setting_count == 2);
    assert_string_equal(line[3].setting[0].value, "https://s3@h/${UNSET}");
    assert_true(line[4].constraint && strcmp(line[4].text, "six==1") == 0);
    assert_true(line[5].setting_count == 1 && strcmp(line[5].setting[0].value, "b") == 0);
    assert_int_equal(parse(&arena, ambiguous, &file, &err), -1);
    assert_string_equal(err.text, "r, line 2: no option of a requirements file: '--no-'");
    arena_free(&arena);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"-r other\n", "other, line 1: main includes itself"},
        {"-r missing\n", "missing is not there"},
        {"a --bogus\n", "no option"},
        {"--only x\n", "no option"},
        {"--only-final -x\n", "--only-final"},
        {"a --pre=1\n", "--pre"},
        {"a --hash\n", "--hash needs a value"},
        {"a --hash md5:1\n", "md5:1"},
        {"a -C x\n", "config"},
        {"-f 'x\n", "quote"},
        {"-f x\\\\\n", NULL}, // the line is continued by nothing
        {"-x\n", "'-x'"},
        {"--only-binary -x\n", "--only-binary"},
        {"\xff\n", "UTF-8"},
    };
    struct arena arena = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *const files[] = {"main", cases[i].text, "other", "-r main\n", NULL};
        struct reqfile file;
        struct err err = {0};
        print_message("# %s\n", cases[i].text);
        assert_int_equal(parse(&arena, files, &file, &err), cases[i].words ? -1 : 0);
        if (cases[i].words)
            assert_non_null(strstr(err.text, cases[i].words));
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
