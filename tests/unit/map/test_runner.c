// SPDX-License-Identifier: Apache-2.0
// Runs of small programs: what they find, what is recorded of them, and in which order.
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "folder.h"
#include "workbench.h"

#define MANY "a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 9"

static void expect_counts(const struct bench *bench, size_t done, size_t failed, size_t stopped,
                          size_t not_started)
{
    const struct run_result *result = &bench->result;
    if (result->done != done || result->failed != failed || result->stopped != stopped ||
        result->not_started != not_started)
        fail_msg("%zu done, %zu failed, %zu stopped, %zu not started; %s", result->done,
                 result->failed, result->stopped, result->not_started, result->err.text);
}

// Each START before its END, no slot with two at a time (but for those being published), one
// OPEN first and one CLOSE last.
static void check_order(const struct bench *bench)
{
    int running[BENCH_SLOTS + 1];
    int begun[BENCH_DATASETS] = {0}, ended[BENCH_DATASETS] = {0};
    memset(running, -1, sizeof running);
    assert_int_equal(bench->opened, 1);
    assert_int_equal(bench->closed, bench->all);
    for (size_t i = 0; i < bench->records; i++) {
        const struct bench_record *record = &bench->record[i];
        assert_true(record->slot >= 1 && record->slot <= bench->spec.slots);
        if (record->kind == RECORD_START) {
            assert_int_equal(begun[record->index]++, 0);
            assert_true(bench->run.goal || running[record->slot] < 0);
            running[record->slot] = (int)record->index;
        } else {
            assert_int_equal(begun[record->index], 1);
            assert_int_equal(ended[record->index]++, 0);
            assert_true(bench->run.goal || running[record->slot] == (int)record->index);
            running[record->slot] = -1;
        }
    }
    assert_memory_equal(begun, ended, sizeof begun);
}

static void expect_file(const char *path, const char *text)
{
    CLEANUP_STR struct str found = {0};
    if (fs_read(AT_FDCWD, path, 1 << 20, &found, NULL) < 0)
        fail_msg("%s is not there", path);
    assert_string_equal(str_text(&found), text);
}

static void test_done(void **state)
{
    (void)state;
    struct bench bench;
    for (unsigned slots = 1; slots <= BENCH_SLOTS; slots++) {
        bench_make(&bench, "done", "echo \"[$1]\"", MANY, slots, 0);
        bench.run.kept = 5;
        assert_int_equal(bench_run(&bench), 0);
        expect_counts(&bench, 36, 0, 0, 0);
        check_order(&bench);
        for (uint32_t i = 0; i < 36; i++) {
            CLEANUP_STR struct str name = {0};
            str_print(&name, "%s/logs/%016lx-%s.log", bench.folder.path,
                      (unsigned long)bench.datasets.item[i].key, bench.datasets.item[i].text);
            CLEANUP_FREE char *line = mem_print("[%s]\n", bench.datasets.item[i].text);
            expect_file(name.text, line);
            assert_int_equal(bench_end(&bench, i)->log_size, 4);
        }
        assert_int_equal(bench.result.err.code, ERR_NONE);
        assert_int_equal(access("done/tmp", F_OK), -1);
        bench_free(&bench);
    }
}

// No dataset at all, and the order that was asked for.
static void test_order(void **state)
{
    (void)state;
    struct bench bench;
    bench_make(&bench, "order", ":", "a b c d e", 1, 0);
    const uint32_t order[] = {3, 0, 4};
    bench.run.order = order;
    bench.run.count = 3;
    assert_int_equal(bench_run(&bench), 0);
    expect_counts(&bench, 3, 0, 0, 0);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(bench.record[i].index, order[i / 2]);
    bench_free(&bench);
    bench_make(&bench, "order", ":", "a", 2, 0);
    bench.run.count = 0;
    assert_int_equal(bench_run(&bench), 0);
    expect_counts(&bench, 0, 0, 0, 0);
    check_order(&bench);
    bench_free(&bench);
}

static void test_failing(void **state)
{
    (void)state;
    struct bench bench;
    bench_make(&bench, "failing",
               "case $1 in exit) exit 3;; kill) kill -SEGV $$;; none) kill -KILL $$;; esac",
               "exit good kill none", 2, 0);
    assert_int_equal(bench_run(&bench), 0);
    expect_counts(&bench, 1, 3, 0, 0);
    check_order(&bench);
    static const struct {
        const char *cause;
        int code;
    } expected[] = {{"exit-code", 3}, {"", 0}, {"signal", -SIGSEGV}, {"signal", -SIGKILL}};
    for (uint32_t i = 0; i < 4; i++) {
        const struct bench_record *end = bench_end(&bench, i);
        assert_string_equal(end->cause, expected[i].cause);
        assert_int_equal(end->code, expected[i].code);
        assert_int_equal(end->state, i == 1 ? TASK_DONE : TASK_FAILED);
    }
    bench_free(&bench);
}

static void test_no_program(void **state)
{
    (void)state;
    static const char *const programs[] = {"/no/such/program", "/etc/passwd", "/"};
    for (size_t i = 0; i < COUNT(programs); i++) {
        struct bench bench;
        bench_make(&bench, "program", "", "a b c", 2, 1);
        free(bench.spec.program);
        bench.spec.program = mem_dup(programs[i]);
        assert_int_equal(bench_run(&bench), 0);
        expect_counts(&bench, 0, 3, 0, 0);
        check_order(&bench);
        assert_string_equal(bench_end(&bench, 1)->cause, "no-program");
        assert_int_equal(rmdir("program/out"), 0); // no temporary folder is left there
        bench_free(&bench);
    }
}

static void test_environment(void **state)
{
    (void)state;
    struct bench bench;
    const struct earlier earlier[] = {{0}, {.attempts = 4}};
    bench_make(&bench, "environment",
               "{ cat; pwd; echo \"$# $1\"; echo $LOPIN_TASK_DATASET $LOPIN_TASK_NUMBER "
               "$LOPIN_TASK_ATTEMPT $LOPIN_TASK_SLOT $LOPIN_TASK_CORES $LOPIN_RUN; "
               "test \"$2\" = \"$LOPIN_TASK_OUT\"; echo $? $MINE; test -d \"$TMPDIR\"; "
               "echo $?; ps -o pgid= -p $$ | tr -d ' \\n' | grep -qx $$; echo $?; } >\"$2\"",
               "a file", 1, 1);
    vars_set(&bench.vars, "MINE", "mine");
    folder_text("environment/file", "12345");
    bench.run.earlier = earlier;
    assert_int_equal(bench_run(&bench), 0);
    expect_counts(&bench, 2, 0, 0, 0);
    for (uint32_t i = 0; i < 2; i++) {
        const char *name = bench.datasets.item[i].text;
        CLEANUP_FREE char *expected =
            mem_print("%s\n2 %s\n%s %u %u 1 1 %s\n0 mine\n0\n0\n", bench.cwd, name, name, i + 1,
                      earlier[i].attempts + 1, bench.folder.path);
        expect_file(bench.goal[i], expected);
        assert_int_equal(bench_end(&bench, i)->attempt, earlier[i].attempts + 1);
    }
    assert_int_equal(bench_end(&bench, 0)->data_size, -1);
    assert_int_equal(bench_end(&bench, 1)->data_size, 5);
    bench_free(&bench);
}

static void test_outputs(void **state)
{
    (void)state;
    struct bench bench;
    bench_make(&bench, "outputs",
               "case $1 in file) echo new >\"$2\";; folder) mkdir \"$2\"; echo in >\"$2/f\";; "
               "none) echo x >\"$2.npz\";; failed) echo part >\"$2\"; exit 1;; "
               "old) cat \"$PWD/out/old\" >\"$2\"; echo more >>\"$2\";; esac",
               "file folder none failed old", 2, 1);
    folder_text("outputs/out/old", "old\n");
    folder_text("outputs/out/failed", "of before\n");
    assert_int_equal(bench_run(&bench), 0);
    expect_counts(&bench, 3, 2, 0, 0);
    check_order(&bench);
    expect_file("outputs/out/file", "new\n");
    expect_file("outputs/out/folder/f", "in\n");
    expect_file("outputs/out/old", "old\nmore\n");
    expect_file("outputs/out/failed", "of before\n");
    for (uint32_t i = 0; i < 5; i++) {
        const struct bench_record *end = bench_end(&bench, i);
        struct stat st;
        assert_string_equal(end->output, end->state == TASK_DONE ? bench.goal[i] : "");
        if (end->state == TASK_DONE) {
            assert_int_equal(stat(bench.goal[i], &st), 0);
            assert_true(end->output_inode == (int64_t)st.st_ino);
        }
    }
    assert_string_equal(bench_end(&bench, 2)->cause, "no-output");
    assert_int_equal(bench_end(&bench, 0)->output_size, 4);
    assert_int_equal(system("test \"$(ls -A outputs/out | tr '\\n' ' ')\" = "
                            "'failed file folder old '"),
                     0);
    bench_free(&bench);
}

// Whoever reads the journal beside the runner finds the goal of each end that says done.
static void test_published_first(void **state)
{
    (void)state;
    struct bench bench;
    bench_make(&bench, "published", "echo \"$1\" >\"$2\"", MANY, 3, 1);
    pid_t pid = fork();
    if (pid == 0)
        _exit(runner_run(&bench.run, &bench.listener, &bench.result, NULL) == 0 ? 0 : 1);
    int status = -1, over = 0;
    size_t seen = 0;
    while (!over) {
        over = waitpid(pid, &status, WNOHANG) == pid;
        bench_read(&bench);
        seen = 0;
        for (size_t i = 0; i < bench.records; i++)
            if (bench.record[i].kind == RECORD_END) {
                assert_int_equal(bench.record[i].state, TASK_DONE);
                assert_int_equal(access(bench.record[i].output, F_OK), 0);
                seen++;
            }
    }
    assert_int_equal(seen, 36);
    assert_int_equal(status, 0);
    bench_free(&bench);
}

static void test_affinity(void **state)
{
    (void)state;
    struct bench bench;
    bench_make(&bench, "affinity",
               "{ echo $LOPIN_TASK_SLOT; grep Cpus_allowed_list /proc/self/status; } >\"$2\"",
               MANY, 2, 1);
    struct cpuset ours = bench.slot[0];
    int cpu[2] = {cpuset_first(&ours), cpuset_next(&ours, cpuset_first(&ours))};
    if (cpu[1] < 0)
        cpu[1] = cpu[0];
    for (int i = 0; i < 2; i++) {
        bench.slot[i] = (struct cpuset){0};
        cpuset_add(&bench.slot[i], (unsigned)cpu[i]);
    }
    assert_int_equal(bench_run(&bench), 0);
    expect_counts(&bench, 36, 0, 0, 0);
    for (uint32_t i = 0; i < 36; i++) {
        uint32_t slot = bench_end(&bench, i)->slot;
        CLEANUP_FREE char *expected =
            mem_print("%u\nCpus_allowed_list:\t%d\n", slot, cpu[slot - 1]);
        expect_file(bench.goal[i], expected);
    }
    struct cpuset after = {0};
    sched_getaffinity(0, sizeof after.bits, (cpu_set_t *)after.bits);
    assert_memory_equal(&ours, &after, sizeof ours);
    bench_free(&bench);
}

// Each finds its TMPDIR empty, however quickly the one before left something in it.
static void test_temporary(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "test -z \"$(ls -A \"$TMPDIR\")\" || exit 9; : >\"$TMPDIR/x\"",
        "for f in \"$TMPDIR\"/*; do test -e \"$f\" && exit 9; done; : >\"$TMPDIR/$1\"",
        "test -e \"$TMPDIR/d\" && exit 9; mkdir -p \"$TMPDIR/d/e\"; chmod 0 \"$TMPDIR/d\"",
        "test \"$(stat -c %a \"$TMPDIR\")\" = 700 || exit 9; chmod 500 \"$TMPDIR\"",
        "test -d \"$TMPDIR\" || exit 9; rmdir \"$TMPDIR\"",
        "test -d \"$TMPDIR\" -a ! -L \"$TMPDIR\" || exit 9; rmdir \"$TMPDIR\"; ln -s / "
        "\"$TMPDIR\"",
    };
    for (size_t i = 0; i < COUNT(lines); i++) {
        struct bench bench;
        bench_make(&bench, "temporary", lines[i], MANY, 2, 0);
        assert_int_equal(bench_run(&bench), 0);
        if (bench.result.failed)
            fail_msg("%s: %zu", lines[i], bench.result.failed);
        assert_int_equal(access("temporary/tmp", F_OK), -1);
        bench_free(&bench);
    }
}

// What a task leaves running in its group ends with it: the fifo's last writer is gone.
static void test_left_running(void **state)
{
    (void)state;
    struct bench bench;
    char rest[8];
    bench_make(&bench, "left", "exec 9>fifo; sleep 1000 & sleep 1000 & exit 0", "a b", 2, 0);
    assert_int_equal(mkfifo("left/fifo", 0600), 0);
    CLEANUP_CLOSE int fifo = open("left/fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_int_equal(bench_run(&bench), 0);
    expect_counts(&bench, 2, 0, 0, 0);
    assert_int_equal(fcntl(fifo, F_SETFL, 0), 0);
    assert_int_equal(read(fifo, rest, sizeof rest), 0);
    bench_free(&bench);
}

static void test_log_patterns(void **state)
{
    (void)state;
    struct bench bench;
    bench_make(&bench, "patterns", "echo out $1; echo error $1 >&2; exit 2", "a b", 2, 0);
    bench.spec.log = mem_dup("deep/{/}.out");
    bench.spec.error_log = mem_dup("deep/{/}.err");
    assert_int_equal(bench_run(&bench), 0);
    expect_counts(&bench, 0, 2, 0, 0);
    expect_file("patterns/deep/a.out", "out a\n");
    expect_file("patterns/deep/b.err", "error b\n");
    assert_int_equal(bench_end(&bench, 0)->log_size, 0);
    bench_free(&bench);
}

// A journal that cannot be written ends the run: nothing is started that is not written down.
static void test_journal_full(void **state)
{
    (void)state;
    struct bench bench;
    struct rlimit before;
    bench_make(&bench, "full", ":", MANY, 2, 0);
    getrlimit(RLIMIT_FSIZE, &before);
    const struct rlimit small = {.rlim_cur = 1500, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    int result = runner_run(&bench.run, &bench.listener, &bench.result, &bench.err);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(result, 0);
    assert_int_equal(bench.result.err.code, ERR_SYSTEM);
    assert_true(bench.result.not_started > 20);
    bench_read(&bench); // all whole lines
    assert_true(bench.records > 4);
    bench_free(&bench);
}

static void test_cannot_begin(void **state)
{
    (void)state;
    struct bench bench;
    bench_make(&bench, "begin", ": >\"$1\"", "a", 1, 0);
    CLEANUP_FREE char *journal = mem_print("%s/journal.0-0", bench.folder.path);
    folder_text(journal, "another's");
    assert_int_equal(bench_run(&bench), -1);
    assert_int_not_equal(bench.err.code, ERR_NONE);
    expect_file(journal, "another's");
    unlink(journal);
    free(bench.spec.cwd);
    bench.spec.cwd = mem_dup("/no/such/folder");
    assert_int_equal(bench_run(&bench), -1);
    assert_int_equal(access("begin/a", F_OK), -1);
    bench_free(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_done),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_failing),
        cmocka_unit_test(test_no_program),
        cmocka_unit_test(test_environment),
        cmocka_unit_test(test_outputs),
        cmocka_unit_test(test_published_first),
        cmocka_unit_test(test_affinity),
        cmocka_unit_test(test_temporary),
        cmocka_unit_test(test_left_running),
        cmocka_unit_test(test_log_patterns),
        cmocka_unit_test(test_journal_full),
        cmocka_unit_test(test_cannot_begin),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
