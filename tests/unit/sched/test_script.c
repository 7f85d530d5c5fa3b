// SPDX-License-Identifier: Apache-2.0
// Job scripts: bash takes them, their words arrive as they were, and they leave a record.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "folder.h"
#include "sched/job_view.h"
#include "sched/script.h"

static const char *const options[][2] = {
    {"--partition=c-iq", "--partition=c-iq"},
    {"--exclusive", "--exclusive"},
    {"-Lmatlab", "-Lmatlab"},
    {"--job-name=a b", "--job-name=\"a b\""},
    {"--chdir=/it's/\"x\"\\#", "--chdir=\"/it's/\\\"x\\\"\\\\#\""},
    {"--comment=", "--comment="},
};

static void option_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(options); i++) {
        CLEANUP_STR struct str text = {0};
        assert_int_equal(job_script_option(options[i][0], &text, NULL), 0);
        assert_string_equal(text.text, options[i][1]);
    }
    struct err err = {0};
    CLEANUP_STR struct str text = {0};
    assert_int_equal(job_script_option("--chdir=/a\nb", &text, &err), -1);
    assert_int_equal(err.code, ERR_USAGE);
}

// Runs the script as sbatch would have it; the program's words are in the file `words`.
static int run(const char *folder, const char *const *words, size_t count, const char *before)
{
    struct job_script script = {.line = "lopin run 'a\nb'", .records = folder};
    CLEANUP_STR struct str text = {0};
    for (size_t i = 0; i < count; i++)
        strv_add(&script.words, words[i]);
    strv_add(&script.options, "--partition=c-iq");
    assert_int_equal(job_script_write(&script, &text, NULL), 0);
    job_script_free(&script);
    folder_text("job.sh", text.text);
    CLEANUP_FREE char *line =
        mem_print("%s SLURM_JOB_ID=81 SLURMD_NODENAME=n1 bash job.sh", before);
    int status = system(line); // NOLINT(cert-env33-c): the shell is what is tested
    return WEXITSTATUS(status);
}

static void words_arrive(void **state)
{
    static const char *const words[] = {"/bin/sh",
                                        "-c",
                                        "for w; do printf '%s\\0' \"$w\" >>words; done; exit 3",
                                        "sh",
                                        "a b",
                                        "$HOME `x` \"'",
                                        "new\nline\ttab",
                                        "",
                                        "~",
                                        "#c",
                                        "!x",
                                        "\\",
                                        "*"};
    CLEANUP_STR struct str got = {0};
    CLEANUP_STR struct str record = {0};
    struct job_end end;
    CLEANUP_FREE char *folder = mem_print("%s", (char *)*state);
    assert_int_equal(run(folder, words, COUNT(words), ""), 3);
    assert_int_equal(fs_read(AT_FDCWD, "words", 1000, &got, NULL), 0);
    const char *at = got.text;
    for (size_t i = 4; i < COUNT(words); i++, at += strlen(at) + 1)
        assert_string_equal(at, words[i]);
    assert_int_equal(at - got.text, got.size);
    assert_int_equal(fs_read(AT_FDCWD, "81.end", 1000, &record, NULL), 0);
    assert_int_equal(job_end_read(record.text, &end), 0);
    assert_int_equal(end.status, 3);
    assert_int_equal(end.restart, 0);
    assert_int_equal(end.was_stopped, 0);
    assert_string_equal(end.node, "n1");
}

static void a_stopped_one_leaves_its_record(void **state)
{
    // Not at the moment of the signal: bash loses the status of what ends just as its wait is interrupted.
    static const char *const words[] = {"/bin/sh", "-c", "kill -TERM $PPID; sleep 1; exit 4"};
    CLEANUP_STR struct str record = {0};
    struct job_end end;
    assert_int_equal(run(*state, words, COUNT(words), "SLURM_RESTART_COUNT=2"), 4);
    assert_int_equal(fs_read(AT_FDCWD, "81.end", 1000, &record, NULL), 0);
    assert_int_equal(job_end_read(record.text, &end), 0);
    assert_int_equal(end.restart, 2);
    assert_true(end.was_stopped);
}

static void without_its_folder_it_ends_as_its_program(void **state)
{
    static const char *const words[] = {"/bin/sh", "-c", "exit 5"};
    CLEANUP_FREE char *absent = mem_print("%s/absent", (char *)*state);
    assert_int_equal(run(absent, words, COUNT(words), ""), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(option_words),
        cmocka_unit_test_setup_teardown(words_arrive, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_stopped_one_leaves_its_record, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(without_its_folder_it_ends_as_its_program, folder_setup,
                                        folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
