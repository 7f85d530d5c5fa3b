// SPDX-License-Identifier: Apache-2.0
// Answers that are kept: one question for many processes, whatever dies, fails or is put in the way. The
// command is a program of ours that counts its calls; tests/slurm has the real one.
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

#include <cmocka.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "folder.h"
#include "sched/answers.h"

#define SECOND_US INT64_C(1000000)

struct bench {
    struct vars vars;
    char *cache;
    struct answers answers;
};

static void make_command(const char *text)
{
    CLEANUP_FREE char *script = mem_print("#!/bin/sh\necho call >>\"$COUNT\"\n%s\n", text);
    folder_text("bin/squeue", script);
    assert_int_equal(chmod("bin/squeue", 0755), 0);
}

static void bench_make(struct bench *bench, const char *folder, const char *text)
{
    CLEANUP_FREE char *path = mem_print("%s/bin:/usr/bin:/bin", folder);
    CLEANUP_FREE char *count = mem_print("%s/count", folder);
    CLEANUP_FREE char *conf = mem_print("%s/slurm.conf", folder);
    *bench = (struct bench){0};
    make_command(text);
    folder_text("slurm.conf", "ClusterName = big one # x\nSlurmctldHost=c1\n");
    vars_set(&bench->vars, "PATH", path);
    vars_set(&bench->vars, "COUNT", count);
    vars_set(&bench->vars, "SLURM_CONF", conf);
    bench->cache = mem_print("%s/a/cache", folder);
    bench->answers =
        (struct answers){.folder = bench->cache, .root = folder, .vars = &bench->vars};
}

static void bench_free(struct bench *bench)
{
    vars_free(&bench->vars);
    free(bench->cache);
}
#define CLEANUP_BENCH CLEANUP(bench_free)

static char *const words[] = {(char *)"squeue", (char *)"-h", NULL};
static const struct answers_ask question = {.name = "queue",
                                            .argv = words,
                                            .fresh_us = 60 * SECOND_US,
                                            .oldest_us = 600 * SECOND_US,
                                            .time_us = 20 * SECOND_US,
                                            .may_wait = 1};

static int get(const struct bench *bench, struct answers_said *said, struct err *err)
{
    *err = (struct err){0};
    return answers_get(&bench->answers, &question, said, err);
}

static size_t calls(void)
{
    CLEANUP_STR struct str text = {0};
    size_t count = 0;
    if (fs_read(AT_FDCWD, "count", 1 << 20, &text, NULL) == 0)
        for (const char *at = text.text; (at = strchr(at, '\n')); at++)
            count++;
    return count;
}

// The answer's file.
static char *file_of(const struct bench *bench)
{
    CLEANUP_STR struct str cluster = {0};
    answers_cluster(&bench->answers, &cluster);
    return mem_print("%s/slurm-%lu/queue.%s", bench->cache, (unsigned long)geteuid(),
                     cluster.text);
}

static void make_old(const char *path, int64_t seconds)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    const struct timespec times[] = {
        st.st_mtim, {.tv_sec = st.st_mtim.tv_sec - seconds, .tv_nsec = st.st_mtim.tv_nsec}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void is_asked_once(void **state)
{
    CLEANUP_BENCH struct bench bench;
    struct err err;
    struct stat st;
    bench_make(&bench, *state, "echo 'one|two'; printf '\\000x'");
    for (int i = 0; i < 5; i++) {
        CLEANUP_SAID struct answers_said said = {0};
        assert_int_equal(get(&bench, &said, &err), 0);
        assert_int_equal(said.out.size, 10);
        assert_memory_equal(said.out.text, "one|two\n\0x", 10);
        assert_int_equal(said.was_asked, i == 0);
        assert_true(said.asked_s > 1000000000);
    }
    assert_int_equal(calls(), 1);
    CLEANUP_FREE char *file = file_of(&bench);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_non_null(strstr(file, "/queue.big-"));
    make_old(file, 61);
    CLEANUP_SAID struct answers_said said = {0};
    assert_int_equal(get(&bench, &said, &err), 0);
    assert_int_equal(calls(), 2);
}

// Other clusters and other users have answers of their own.
static void clusters_are_told_apart(void **state)
{
    CLEANUP_BENCH struct bench bench;
    CLEANUP_STR struct str first = {0};
    CLEANUP_STR struct str second = {0};
    CLEANUP_STR struct str none = {0};
    bench_make(&bench, *state, "echo x");
    answers_cluster(&bench.answers, &first);
    folder_text("slurm.conf", "slurmctldhost=c2\nClusterNameX=y\nCLUSTERNAME=big\n");
    answers_cluster(&bench.answers, &second);
    assert_true(str_starts(first.text, "big-") && str_starts(second.text, "big-"));
    assert_string_not_equal(first.text, second.text);
    unlink("slurm.conf");
    answers_cluster(&bench.answers, &none);
    assert_true(str_starts(none.text, "host-"));
    str_clear(&none);
    vars_unset(&bench.vars, "SLURM_CONF");
    folder_text("etc/slurm/slurm.conf", "ClusterName=../../x y\n");
    answers_cluster(&bench.answers, &none);
    assert_true(str_starts(none.text, "------x-"));
}

// `old`: what those that come while one asks may have.
static void run_many(const struct bench *bench, size_t count, const char *expected,
                     const char *old)
{
    for (size_t i = 0; i < count; i++) {
        pid_t child = fork();
        if (child == 0) {
            struct err err;
            struct answers_said said = {0};
            int status = get(bench, &said, &err);
            const char *text = str_text(&said.out);
            _exit(status == 0 && (strcmp(text, expected) == 0 || strcmp(text, old) == 0) ? 0
                                                                                         : 1);
        }
        assert_true(child > 0);
    }
    for (size_t i = 0; i < count; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
}

// Those that come while one asks wait for it where there is no answer, and take the old one where there is.
static void many_ask_once(void **state)
{
    CLEANUP_BENCH struct bench bench;
    bench_make(&bench, *state, "sleep 0.3; echo first");
    run_many(&bench, 30, "first\n", "first\n");
    assert_int_equal(calls(), 1);
    CLEANUP_FREE char *file = file_of(&bench);
    for (int round = 0; round < 5; round++) {
        make_old(file, 100);
        make_command("echo first");
        run_many(&bench, 30, "first\n", "first\n");
        assert_int_equal(calls(), 2 + round);
    }
}

static void trouble_is_kept_too(void **state)
{
    CLEANUP_BENCH struct bench bench;
    struct err err;
    bench_make(&bench, *state, "echo 'squeue: error: no such \033 thing' >&2; exit 1");
    for (int i = 0; i < 3; i++) {
        CLEANUP_SAID struct answers_said said = {0};
        assert_int_equal(get(&bench, &said, &err), -1);
        assert_int_equal(err.code, ERR_REFUSED);
        assert_non_null(strstr(err.text, "no such \\x1b thing"));
    }
    assert_int_equal(calls(), 1);
    make_command("echo 'squeue: error: Unable to contact slurm controller' >&2; exit 1");
    CLEANUP_FREE char *file = file_of(&bench);
    make_old(file, 61);
    for (int i = 0; i < 3; i++) {
        CLEANUP_SAID struct answers_said said = {0};
        assert_int_equal(get(&bench, &said, &err), -1);
        assert_int_equal(err.code, ERR_SLURM_SILENT);
        assert_string_equal(err.hint, "try\tscontrol ping");
    }
    assert_int_equal(calls(), 2);
    // Not for as long as a good answer may be.
    make_old(file, 61);
    make_command("echo well");
    const struct answers_ask slow = {.name = "queue",
                                     .argv = words,
                                     .fresh_us = 3600 * SECOND_US,
                                     .oldest_us = 3600 * SECOND_US,
                                     .may_wait = 1};
    CLEANUP_SAID struct answers_said said = {0};
    assert_int_equal(answers_get(&bench.answers, &slow, &said, &err), 0);
    assert_string_equal(said.out.text, "well\n");
}

// A process that died with the right to ask holds up nobody for longer than an answer may take.
static void the_dead_are_followed(void **state)
{
    CLEANUP_BENCH struct bench bench;
    struct err err;
    bench_make(&bench, *state, "echo old");
    CLEANUP_SAID struct answers_said said = {0};
    assert_int_equal(get(&bench, &said, &err), 0);
    CLEANUP_FREE char *file = file_of(&bench);
    make_old(file, 120);
    struct stat st;
    assert_int_equal(stat(file, &st), 0);
    make_command("echo new");
    const char *base = fs_base(file);
    CLEANUP_FREE char *folder = fs_folder(file);
    CLEANUP_FREE char *right =
        mem_print("%s/.%s.%llx.0", folder, base, (unsigned long long)clock_ns(st.st_mtim));
    folder_text(right, "");
    for (int i = 0; i < 2; i++) { // it lives: the old one is given
        CLEANUP_SAID struct answers_said again = {0};
        assert_int_equal(get(&bench, &again, &err), 0);
        assert_string_equal(again.out.text, "old\n");
        assert_true(again.age_us >= 120 * SECOND_US);
    }
    assert_int_equal(calls(), 1);
    make_old(right, 60);
    run_many(&bench, 20, "new\n", "old\n");
    assert_int_equal(calls(), 2);
    assert_int_equal(access(right, F_OK), -1);
    CLEANUP_SAID struct answers_said last = {0};
    assert_int_equal(get(&bench, &last, &err), 0);
    assert_string_equal(last.out.text, "new\n");
}

static void what_is_not_ours_is_not_used(void **state)
{
    CLEANUP_BENCH struct bench bench;
    struct err err;
    bench_make(&bench, *state, "echo right");
    CLEANUP_SAID struct answers_said said = {0};
    assert_int_equal(get(&bench, &said, &err), 0);
    CLEANUP_FREE char *file = file_of(&bench);
    static const char *const bad[] = {"",
                                      "lopin-slurm 2 ok 6\nwrong\n",
                                      "lopin-slurm 1 ok 7\nwrong\n",
                                      "lopin-slurm 1 ok 99999999999999999999\nwrong\n",
                                      "lopin-slurm 1 nonsense 6\nwrong\n",
                                      "lopin-slurm 1 ok 6 wrong\n",
                                      "lopin-slurm 1 ok -1\nwrong\n"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        CLEANUP_SAID struct answers_said again = {0};
        folder_text(file, bad[i]);
        assert_int_equal(get(&bench, &again, &err), 0);
        assert_string_equal(again.out.text, "right\n");
        assert_true(again.was_asked);
    }
    folder_text(file, "lopin-slurm 1 ok 6\nwrong\n"); // which others may write
    assert_int_equal(chmod(file, 0666), 0);
    CLEANUP_SAID struct answers_said open = {0};
    assert_int_equal(get(&bench, &open, &err), 0);
    assert_string_equal(open.out.text, "right\n");
    folder_text("elsewhere", "lopin-slurm 1 ok 6\nwrong\n");
    unlink(file);
    assert_int_equal(symlink("../../../elsewhere", file), 0);
    CLEANUP_SAID struct answers_said linked = {0};
    assert_int_equal(get(&bench, &linked, &err), 0);
    assert_string_equal(linked.out.text, "right\n");
    // of a clock that was set back
    make_old(file, -1000000);
    size_t before = calls();
    CLEANUP_SAID struct answers_said future = {0};
    assert_int_equal(get(&bench, &future, &err), 0);
    assert_int_equal(calls(), before + 1);
}

// Without a folder of ours each asks for itself.
static void without_a_folder(void **state)
{
    CLEANUP_BENCH struct bench bench;
    struct err err;
    bench_make(&bench, *state, "echo right");
    folder_text("a/cache", "a file");
    for (int i = 0; i < 2; i++) {
        CLEANUP_SAID struct answers_said said = {0};
        assert_int_equal(get(&bench, &said, &err), 0);
        assert_true(said.was_asked);
    }
    unlink("a/cache");
    CLEANUP_FREE char *open = mem_print("%s/slurm-%lu", bench.cache, (unsigned long)geteuid());
    assert_int_equal(mkdir("a/cache", 0777), 0);
    assert_int_equal(mkdir(open, 0700), 0);
    assert_int_equal(chmod(open, 0777), 0);
    CLEANUP_SAID struct answers_said said = {0};
    assert_int_equal(get(&bench, &said, &err), 0);
    assert_true(fs_is_empty(open));
    vars_set(&bench.vars, "PATH", "/nowhere");
    CLEANUP_SAID struct answers_said none = {0};
    assert_int_equal(get(&bench, &none, &err), -1);
    assert_int_equal(err.code, ERR_NO_SLURM);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_asked_once),         TEST(clusters_are_told_apart),
        TEST(many_ask_once),         TEST(trouble_is_kept_too),
        TEST(the_dead_are_followed), TEST(what_is_not_ours_is_not_used),
        TEST(without_a_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
