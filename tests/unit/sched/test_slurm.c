// SPDX-License-Identifier: Apache-2.0
// Commands of Slurm: found, limited in time, their words; what they inherit.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/process.h"
#include "folder.h"
#include "sched/slurm.h"

// A command of that text, alone on PATH but for what sh needs.
static void make_command(const char *folder, const char *text, struct vars *vars)
{
    CLEANUP_FREE char *path = mem_print("%s:/usr/bin:/bin", folder);
    CLEANUP_FREE char *script = mem_print("#!/bin/sh\n%s\n", text);
    folder_text("sbatch", script);
    assert_int_equal(chmod("sbatch", 0755), 0);
    vars_set(vars, "PATH", path);
}

static int call(const struct vars *vars, int64_t time_us, struct slurm_answer *answer,
                struct err *err)
{
    char *const words[] = {(char *)"sbatch", (char *)"--parsable", (char *)"a b", NULL};
    const struct slurm_ask ask = {.argv = words, .vars = vars, .time_us = time_us};
    *err = (struct err){0};
    return slurm_call(&ask, answer, err);
}

static void output_and_status_are_kept(void **state)
{
    CLEANUP_VARS struct vars vars = {0};
    CLEANUP_ANSWER struct slurm_answer answer = {0};
    struct err err;
    make_command(*state, "echo \"$2\"; echo 'sbatch: error: one' >&2; exit 3", &vars);
    assert_int_equal(call(&vars, 0, &answer, &err), 0);
    assert_string_equal(answer.out.text, "a b\n");
    assert_int_equal(WEXITSTATUS(answer.status), 3);
    assert_int_equal(slurm_refused("sbatch", &answer, &err), -1);
    assert_int_equal(err.code, ERR_REFUSED);
    assert_non_null(strstr(err.text, "one"));
    assert_null(strstr(err.text, "error:"));
}

static void much_output_is_taken(void **state)
{
    CLEANUP_VARS struct vars vars = {0};
    CLEANUP_ANSWER struct slurm_answer answer = {0};
    struct err err;
    make_command(*state, "head -c 3000000 /dev/zero; head -c 300000 /dev/zero >&2", &vars);
    assert_int_equal(call(&vars, 0, &answer, &err), 0);
    assert_int_equal(answer.out.size, 3000000);
    assert_int_equal(answer.error.size, 300000);
}

// Killed, and perhaps not yet waited for by who adopted it.
static int is_over(pid_t pid)
{
    struct process process;
    int64_t until = clock_boot_us() + 60000000;
    while (process_read(pid, &process) == 0 && !process_is_over(&process))
        if (clock_boot_us() > until)
            return 0;
    return 1;
}

static void a_silent_one_is_ended_with_what_it_started(void **state)
{
    CLEANUP_VARS struct vars vars = {0};
    CLEANUP_ANSWER struct slurm_answer answer = {0};
    struct err err;
    make_command(*state, "sleep 600 & echo $! >child; trap '' TERM; wait", &vars);
    int64_t began = clock_boot_us();
    assert_int_equal(call(&vars, 1500000, &answer, &err), -1);
    assert_int_equal(err.code, ERR_SLURM_SILENT);
    assert_true(clock_boot_us() - began < 300000000);
    CLEANUP_STR struct str child = {0};
    assert_int_equal(fs_read(AT_FDCWD, "child", 100, &child, NULL), 0);
    assert_true(is_over((pid_t)strtol(child.text, NULL, 10)));
    // which keeps the pipe open behind a command that has ended
    make_command(*state, "sleep 600 &", &vars);
    assert_int_equal(call(&vars, 500000, &answer, &err), -1);
    assert_int_equal(err.code, ERR_SLURM_SILENT);
}

static void errors_have_names(void **state)
{
    static const struct {
        const char *text;
        enum err_code code;
    } cases[] = {
        {"echo 'sbatch: error: Unable to contact slurm controller (connect failure)' >&2; exit "
         "1",
         ERR_SLURM_SILENT},
        {"echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' "
         ">&2;"
         "exit 1",
         ERR_SLURM_SILENT},
        {"echo 'slurm_load_jobs error: Transport endpoint is not connected' >&2; exit 1",
         ERR_SLURM_SILENT},
        {"echo 'sbatch: error: Batch job submission failed: Zero Bytes were transmitted or "
         "received' >&2; exit 1",
         ERR_SLURM_SILENT},
        {"echo 'sbatch: fatal: Could not establish a configuration source' >&2; exit 1",
         ERR_NO_SLURM},
        {"echo 'Unable to contact slurm controller' >&2", ERR_NONE}, // and then it did
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP_VARS struct vars vars = {0};
        CLEANUP_ANSWER struct slurm_answer answer = {0};
        struct err err;
        make_command(*state, cases[i].text, &vars);
        assert_int_equal(call(&vars, 0, &answer, &err), cases[i].code ? -1 : 0);
        assert_int_equal(err.code, cases[i].code);
    }
}

static void without_slurm(void **state)
{
    CLEANUP_VARS struct vars vars = {0};
    CLEANUP_ANSWER struct slurm_answer answer = {0};
    struct err err;
    vars_set(&vars, "PATH", *state);
    assert_int_equal(call(&vars, 0, &answer, &err), -1);
    assert_int_equal(err.code, ERR_NO_SLURM);
}

static void what_is_inherited(void **state)
{
    static const char *const items[] = {"PATH=/bin",
                                        "SLURM_JOB_ID=7",
                                        "SLURM_MEM_PER_CPU=100",
                                        "SBATCH_PARTITION=x",
                                        "SRUN_CPUS_PER_TASK=2",
                                        "SLURM_CONF=/etc/s.conf",
                                        "SBATCH_ACCOUNT=def-a",
                                        "SLURM_JWT=k",
                                        "SLURMX=1",
                                        "SLURM_CONFIG=1",
                                        "SLURMD_NODENAME=n1",
                                        "HOME=/h"};
    static const char *const left[] = {"PATH=/bin",
                                       "SLURM_CONF=/etc/s.conf",
                                       "SBATCH_ACCOUNT=def-a",
                                       "SLURM_JWT=k",
                                       "SLURMX=1",
                                       "HOME=/h"};
    CLEANUP_VARS struct vars from = {0};
    CLEANUP_VARS struct vars vars = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(items); i++)
        strv_add(&from.list, items[i]);
    slurm_vars(&from, &vars);
    assert_int_equal(vars.list.count, COUNT(left));
    for (size_t i = 0; i < COUNT(left); i++)
        assert_string_equal(vars.list.item[i], left[i]);
}

static void the_last_words(void **state)
{
    static const char *const cases[][2] = {
        {"sbatch: error: invalid partition specified: nope\n"
         "sbatch: error: Batch job submission failed: Invalid partition name specified\n",
         "Batch job submission failed: Invalid partition name specified"},
        {"slurm_load_jobs error: Invalid job id specified\n",
         "slurm_load_jobs error: Invalid job id specified"},
        {"sbatch: fatal: no\n\n", "no"},
        {"sbatch: unrecognized option '--x'\nTry \"sbatch --help\" for more information\n",
         "sbatch: unrecognized option '--x'"},
        {"a\033[2Jb", "a\\x1b[2Jb"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP_FREE char *words = slurm_words(cases[i][0]);
        assert_string_equal(words, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(output_and_status_are_kept, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(much_output_is_taken, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_silent_one_is_ended_with_what_it_started,
                                        folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(errors_have_names, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(without_slurm, folder_setup, folder_teardown),
        cmocka_unit_test(what_is_inherited),
        cmocka_unit_test(the_last_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
