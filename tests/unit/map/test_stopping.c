// SPDX-License-Identifier: Apache-2.0
// Runs that are told to stop, and those that the machine or the disk stops.
#include <errno.h>
#include <fcntl.h>
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

#define SLOTS 3
// Tasks write a byte to `ready` when they have begun, and read one line of `go` before they
// end.
#define BEGIN "echo >ready; "
#define GO    "read x <go"

struct stage { // what the test does when what happens
    struct bench bench;
    int ready, go;
    int begun;  // bytes of `ready`
    int act_at; // when so many have begun: `first` is sent to ourselves
    int first;
    int again;   // sent at STOPPING; 0: the tasks may go
    int killing; // sent at KILLING; 0: nothing
    int stopping, killed, ticks;
    int hold_ticks; // the tasks may go after so many ticks
};

static void let_go(struct stage *stage)
{
    for (int i = 0; i < 100; i++)
        assert_int_equal(write(stage->go, "\n", 1), 1);
}

static void on_event(void *context, const struct event *event)
{
    struct stage *stage = context;
    if (event->kind == EVENT_STOPPING) {
        stage->stopping++;
        if (stage->again)
            kill(getpid(), stage->again);
        else
            let_go(stage);
    } else if (event->kind == EVENT_KILLING) {
        stage->killed++;
        if (stage->killing)
            kill(getpid(), stage->killing);
    }
}

static void on_tick(void *context, const struct progress *progress)
{
    struct stage *stage = context;
    char bytes[16];
    ssize_t got = read(stage->ready, bytes, sizeof bytes);
    int before = stage->begun;
    stage->begun += got > 0 ? (int)got : 0;
    stage->ticks++;
    assert_true(progress->running <= SLOTS);
    if (stage->act_at && before < stage->act_at && stage->begun >= stage->act_at)
        kill(getpid(), stage->first);
    if (stage->hold_ticks && stage->ticks == stage->hold_ticks)
        let_go(stage);
}

static void stage_make(struct stage *stage, const char *name, const char *lines, int outputs)
{
    bench_make(&stage->bench, name, lines, "a b c d e f g h", SLOTS, outputs);
    CLEANUP_FREE char *ready = bench_path(&stage->bench, "ready");
    CLEANUP_FREE char *go = bench_path(&stage->bench, "go");
    assert_true(mkfifo(ready, 0666) == 0 && mkfifo(go, 0666) == 0);
    stage->ready = open(ready, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    stage->go = open(go, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    stage->bench.listener = (struct runner_listener){
        .event = on_event, .tick = on_tick, .tick_ms = 5, .context = stage};
}

static void stage_free(struct stage *stage)
{
    close(stage->ready);
    close(stage->go);
    bench_free(&stage->bench);
}

struct stop_case {
    const char *lines;
    int first, again, killing;
    size_t done, stopped;
    int killed, code;
};
static const struct stop_case cases[] = {
    // once: those that run end as they like, no other begins
    {BEGIN GO, SIGTERM, 0, 0, SLOTS, 0, 0, 0},
    {BEGIN GO, SIGINT, 0, 0, SLOTS, 0, 0, 0},
    // twice: they are told to end
    {BEGIN GO, SIGTERM, SIGTERM, 0, 0, SLOTS, 1, -SIGTERM},
    {BEGIN GO, SIGINT, SIGTERM, 0, 0, SLOTS, 1, -SIGTERM},
    {BEGIN "kill -STOP $$", SIGTERM, SIGTERM, 0, 0, SLOTS, 1, -SIGTERM},
    {"trap 'exit 4' TERM; " BEGIN GO, SIGTERM, SIGTERM, 0, 0, SLOTS, 1, 4},
    {"trap 'exit 0' TERM; " BEGIN GO, SIGTERM, SIGTERM, 0, SLOTS, 0, 1, 0},
    // three times: those that do not are killed
    {"trap '' TERM; " BEGIN GO, SIGTERM, SIGTERM, SIGTERM, 0, SLOTS, 1, -SIGKILL},
    // the terminal is gone: nobody could say it twice
    {BEGIN GO, SIGHUP, 0, 0, 0, SLOTS, 1, -SIGTERM},
    {"trap '' TERM; " BEGIN GO, SIGHUP, 0, SIGHUP, 0, SLOTS, 1, -SIGKILL},
};

static void test_signals(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct stop_case *item = &cases[i];
        struct stage stage = {.act_at = SLOTS,
                              .first = item->first,
                              .again = item->again,
                              .killing = item->killing};
        CLEANUP_FREE char *name = mem_print("signals%zu", i);
        sigset_t before, after;
        stage_make(&stage, name, item->lines, 0);
        sigprocmask(SIG_SETMASK, NULL, &before);
        assert_int_equal(bench_run(&stage.bench), 0);
        sigprocmask(SIG_SETMASK, NULL, &after);
        for (int number = 1; number < NSIG; number++)
            assert_int_equal(sigismember(&before, number), sigismember(&after, number));
        const struct run_result *result = &stage.bench.result;
        if (result->done != item->done || result->stopped != item->stopped || result->failed ||
            result->not_started != 8 - SLOTS)
            fail_msg("case %zu: %zu done, %zu stopped, %zu failed, %zu not started", i,
                     result->done, result->stopped, result->failed, result->not_started);
        assert_int_equal(result->signal, item->first);
        assert_int_equal(result->killed, item->killed);
        assert_int_equal(stage.killed, item->killed);
        assert_int_equal(stage.stopping, item->first != SIGHUP);
        assert_int_equal(stage.bench.records, 2 * SLOTS);
        assert_int_equal(stage.bench.closed, stage.bench.all);
        for (uint32_t j = 0; j < SLOTS; j++) {
            const struct bench_record *end = bench_end(&stage.bench, j);
            assert_int_equal(end->state, item->done ? TASK_DONE : TASK_STOPPED);
            assert_int_equal(end->code, item->code);
            assert_string_equal(end->cause, "");
        }
        stage_free(&stage);
    }
}

// A signal that our caller has us ignore (nohup) stops nothing.
static void test_ignored(void **state)
{
    (void)state;
    struct stage stage = {.act_at = SLOTS, .first = SIGHUP, .hold_ticks = 50};
    stage_make(&stage, "ignored", BEGIN GO, 0);
    signal(SIGHUP, SIG_IGN);
    signal(SIGCHLD, SIG_IGN); // inherited so: ends are seen all the same
    int result = bench_run(&stage.bench);
    signal(SIGHUP, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    assert_int_equal(result, 0);
    assert_int_equal(stage.bench.result.done, 8);
    assert_int_equal(stage.bench.result.signal, 0);
    stage_free(&stage);
}

// Outputs of tasks that were stopped by force are dropped, those of the done are published.
static void test_outputs(void **state)
{
    (void)state;
    struct stage stage = {.act_at = SLOTS, .first = SIGTERM, .again = SIGTERM};
    stage_make(&stage, "outputs",
               "trap 'test $1 = b && exit 0; exit 5' TERM; echo half >$2; " BEGIN GO, 1);
    assert_int_equal(bench_run(&stage.bench), 0);
    assert_int_equal(stage.bench.result.done, 1);
    assert_int_equal(stage.bench.result.stopped, 2);
    assert_int_equal(access(stage.bench.goal[1], F_OK), 0);
    assert_int_equal(unlink(stage.bench.goal[1]), 0);
    assert_int_equal(rmdir("outputs/out"), 0); // and nothing else was there
    stage_free(&stage);
}

// The run in a child, as somebody whom limits and modes hold, and of whom there is no other
// process.
static struct run_result run_as_nobody(struct stage *stage, const struct rlimit *processes)
{
    int ends[2];
    struct run_result result = {0};
    uid_t user = 20000 + (uid_t)getpid() % 40000;
    CLEANUP_FREE char *line = mem_print("chown -R %u '%s'", user, stage->bench.cwd);
    assert_true(geteuid() != 0 || system(line) == 0);
    assert_int_equal(chmod(".", 0755), 0);
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if ((geteuid() == 0 && setresuid(user, user, user) < 0) ||
            (processes && setrlimit(RLIMIT_NPROC, processes) < 0) ||
            runner_run(&stage->bench.run, &stage->bench.listener, &result, NULL) < 0)
            _exit(1);
        _exit(write(ends[1], &result, sizeof result) == (ssize_t)sizeof result ? 0 : 2);
    }
    close(ends[1]);
    int status;
    assert_int_equal(read(ends[0], &result, sizeof result), sizeof result);
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    bench_read(&stage->bench);
    return result;
}

// An output that cannot be published is the disk's failure: it runs again, and nothing else
// begins.
static void test_unpublishable(void **state)
{
    (void)state;
    struct stage stage = {0};
    stage_make(&stage, "unpublishable", "echo x >$2; chmod 555 out", 1);
    assert_int_equal(mkdir("unpublishable/out", 0777), 0);
    struct run_result result = run_as_nobody(&stage, NULL);
    assert_int_equal(result.err.code, ERR_SYSTEM);
    assert_int_equal(result.done, 0);
    assert_true(result.stopped >= 1 &&
                result.stopped + result.failed + result.not_started == 8);
    assert_int_equal(stage.bench.closed, stage.bench.all);
    for (size_t i = 0; i < stage.bench.records; i++)
        assert_true(stage.bench.record[i].kind == RECORD_START ||
                    stage.bench.record[i].state != TASK_DONE);
    stage_free(&stage);
}

// Where the system has no room for another process: what runs goes on, and a place that becomes
// free is the occasion to try again, not each turn of the loop.
static void test_no_process(void **state)
{
    (void)state;
    struct stage stage = {.hold_ticks = 40};
    const struct rlimit processes = {.rlim_cur = 3, .rlim_max = 3};
    stage_make(&stage, "process", BEGIN GO, 0);
    struct run_result result = run_as_nobody(&stage, geteuid() == 0 ? &processes : NULL);
    assert_int_equal(result.err.code, ERR_NONE);
    assert_int_equal(result.done, 8);
    size_t starts = 0;
    for (size_t i = 0; i < stage.bench.records; i++)
        starts += stage.bench.record[i].kind == RECORD_START;
    if (starts > 16)
        fail_msg("%zu starts of 8 tasks", starts);
    stage_free(&stage);
}

// A task that waits for a place when the run is stopped leaves nothing beside its goal.
static void test_no_process_stopped(void **state)
{
    (void)state;
    struct stage stage = {.act_at = 1, .first = SIGTERM};
    const struct rlimit processes = {.rlim_cur = 3, .rlim_max = 3};
    stage_make(&stage, "waiting", "echo x >$2; " BEGIN GO, 1);
    struct run_result result = run_as_nobody(&stage, geteuid() == 0 ? &processes : NULL);
    assert_int_equal(result.err.code, ERR_NONE);
    assert_true(result.done >= 1 && result.done + result.not_started == 8);
    assert_int_equal(system("test -z \"$(ls -A waiting/out | grep lopin)\""), 0);
    stage_free(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signals),    cmocka_unit_test(test_ignored),
        cmocka_unit_test(test_outputs),    cmocka_unit_test(test_unpublishable),
        cmocka_unit_test(test_no_process), cmocka_unit_test(test_no_process_stopped),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
