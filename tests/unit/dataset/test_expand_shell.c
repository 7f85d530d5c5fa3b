// SPDX-License-Identifier: Apache-2.0
// Lines for --shell, run by the real sh: whatever a dataset is called, the program has it as one word.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmocka.h"
#include "dataset/expand.h"

static const char *const names[] = {
    "a",
    "a b",
    "it's",
    "say \"x\"",
    "$(echo bad)",
    "`echo bad`",
    "$HOME",
    "a\\",
    "\\n",
    ";echo bad",
    "-n",
    "*",
    "new\nline",
    "#x",
    "\xff",
    "",
    "' ; echo bad '",
    "\" ; echo bad \"",
    "$lopin_1",
    "{}",
    "!",
};

// Each prints the name, between [ and ].
static const char *const lines[] = {
    "printf '[%s]' {}",
    "printf '[%s]' \"{}\"",
    "printf '[%s]' '{}'",
    "printf '[%s%s]' {} ''",
    "printf %s \"[{}]\"",
    "printf %s '['{}']'",
    "printf %s [\"{}\"]",
    "printf %s \"\\\"\" >/dev/null; printf '[%s]' \"{}\"",
    "printf %s '\\' >/dev/null; printf '[%s]' {}; : ''",
    "printf %s \"[$(printf '%sx' \"{}\" | sed '$s/x$//')]\"",
    "printf '[%s]' {} # it's {} \" here\n: \"{}\"",
    "f() { printf '[%s]' {}; }; f other",
    "set -- x y; printf '[%s]' {}",
    "(printf '[%s]' {})",
    "printf '[%s]' \"$(printf %s ')')\"{} | tr -d ')'",
    "case {} in *) printf '[%s]' {};; esac",
};

// What sh prints, given the words.
static char *shell_run(const struct strv *words, const struct expand_value *value,
                       const struct datasets *datasets)
{
    CLEANUP_STR struct str text = {0};
    struct str output = {0};
    struct expand *expand =
        expand_new((const char *const *)words->item, words->count, NULL, datasets, 0, NULL);
    int pipes[2], status;
    char buffer[4096];
    ssize_t got;

    assert_non_null(expand);
    expand_words(expand, value, &text);
    CLEANUP_FREE char **argv = mem_zero(words->count + 2, sizeof(*argv));
    char *at = text.text;

    argv[0] = (char[]){"sh"};
    for (size_t i = 0; i < words->count; i++, at += strlen(at) + 1)
        argv[i + 1] = at;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();

    if (child == 0) {
        dup2(pipes[1], STDOUT_FILENO);
        execv("/bin/sh", argv);
        _exit(127);
    }
    close(pipes[1]);
    while ((got = read(pipes[0], buffer, sizeof(buffer))) > 0)
        str_add_bytes(&output, buffer, (size_t)got);
    close(pipes[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    expand_free(expand);
    return str_take(&output);
}

static void test_names(void **state)
{
    const struct datasets datasets = {.columns = 1};

    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++) {
        CLEANUP_STRV struct strv words = {0};

        print_message("# line %zu\n", i);
        assert_int_equal(expand_shell(&lines[i], 1, NULL, &datasets, 0, &words, NULL), 0);
        for (size_t j = 0; j < COUNT(names); j++) {
            const char *column[] = {names[j]};
            const struct dataset dataset = {.column = column, .text = names[j], .number = 1};
            const struct expand_value value = {&dataset, 1, NULL};
            CLEANUP_FREE char *got = shell_run(&words, &value, &datasets);
            CLEANUP_FREE char *expect = mem_print("[%s]", names[j]);
            int through_sed =
                strstr(lines[i], "sed") != NULL || strstr(lines[i], "tr -d") != NULL;

            if (through_sed && strpbrk(names[j], "\n)") != NULL) // these change it themselves
                continue;
            assert_string_equal(got, expect);
        }
    }
}

static const struct line_case {
    const char *word[2];
    const char *mark;
    size_t columns;
    const char *expect; // words, each followed by '|'; NULL: [usage]
} cases[] = {
    {{"cat {}"}, NULL, 1, "-c|lopin_1=$1; shift; cat \"$lopin_1\"|sh|{}|"},
    {{"cat", "-n"}, NULL, 1, "-c|lopin_1=$1; shift; cat -n \"$lopin_1\"|sh|{}|"},
    {{"a {} {/.} {}"},
     NULL,
     1,
     "-c|lopin_1=$1; shift; lopin_2=$1; shift; a \"$lopin_1\" \"$lopin_2\" "
     "\"$lopin_1\"|sh|{}|{/.}|"},
    {{"a '{}'"}, NULL, 1, "-c|lopin_1=$1; shift; a ''\"$lopin_1\"''|sh|{}|"},
    {{"a \"{}\""}, NULL, 1, "-c|lopin_1=$1; shift; a \"\"\"$lopin_1\"\"\"|sh|{}|"},
    {{"paste"},
     NULL,
     2,
     "-c|lopin_1=$1; shift; lopin_2=$1; shift; paste \"$lopin_1\" \"$lopin_2\"|sh|{1}|{2}|"},
    {{"awk '{print $1}' <>"},
     "<>",
     1,
     "-c|lopin_1=$1; shift; awk '{print $1}' \"$lopin_1\"|sh|<>|"},
    {{"awk '{print $1}' {}"},
     NULL,
     1,
     "-c|lopin_1=$1; shift; awk '{print $1}' \"$lopin_1\"|sh|{}|"},
    {{"a {2}"}, NULL, 1, NULL},
    {{"a {out}"}, NULL, 1, NULL},
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct datasets datasets = {.columns = cases[i].columns};
        CLEANUP_STRV struct strv words = {0};
        CLEANUP_STR struct str text = {0};
        struct err err = {0};
        int result = expand_shell(cases[i].word, cases[i].word[1] != NULL ? 2 : 1,
                                  cases[i].mark, &datasets, 0, &words, &err);

        assert_int_equal(result, cases[i].expect != NULL ? 0 : -1);
        assert_int_equal(err.code, cases[i].expect != NULL ? ERR_NONE : ERR_USAGE);
        for (size_t j = 0; j < words.count; j++)
            str_print(&text, "%s|", words.item[j]);
        if (cases[i].expect != NULL)
            assert_string_equal(text.text, cases[i].expect);
    }
}

// More placeholders than $1 to $9.
static void test_many(void **state)
{
    CLEANUP_STR struct str line = {0};
    CLEANUP_STRV struct strv words = {0};
    const char *column[12];
    const struct datasets datasets = {.columns = 12};
    const struct dataset dataset = {.column = column, .text = "", .number = 1};

    (void)state;
    str_add(&line, "printf %s");
    for (size_t i = 0; i < 12; i++) {
        column[i] = &"abcdefghijkl"[i];
        str_print(&line, " {%zu}", i + 1);
    }
    const char *const word = line.text;

    assert_int_equal(expand_shell(&word, 1, NULL, &datasets, 0, &words, NULL), 0);
    CLEANUP_FREE char *got =
        shell_run(&words, &(struct expand_value){&dataset, 1, NULL}, &datasets);

    assert_string_equal(
        got, "abcdefghijklbcdefghijklcdefghijkldefghijklefghijklfghijklghijklhijklijkljklkll");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_lines),
                                       cmocka_unit_test(test_many)};

    return cmocka_run_group_tests_name("map/expand_shell", tests, NULL, NULL);
}
