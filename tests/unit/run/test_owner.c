// SPDX-License-Identifier: Apache-2.0
// Who has a run: never two at once, whoever dies at whatever moment.
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
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "folder.h"
#include "run/owner.h"

#define RACERS 8
#define ROUNDS 50

static int run_dir(void **state)
{
    return *(int *)*state;
}

// A run folder of its own, empty, for each test.
static int setup(void **state)
{
    static int dir;
    if (fs_remove(AT_FDCWD, "run") < 0 || mkdir("run", 0700) < 0)
        return -1;
    dir = folder_fd("run");
    *state = &dir;
    return 0;
}

static int teardown(void **state)
{
    return close(run_dir(state));
}

static struct owner look(int dir)
{
    struct owner owner;
    owner_look(dir, &owner);
    return owner;
}

static void expect_only_owner(int there)
{
    CLEANUP_FREE char *line = mem_print("ls -A run");
    FILE *stream = popen(line, "r");
    char text[256] = "";
    size_t got = fread(text, 1, sizeof text - 1, stream);
    pclose(stream);
    text[got] = '\0';
    assert_string_equal(text, there ? "owner\n" : "");
}

// A child that takes the run, says so, and is then killed; it is waited for unless `zombie`.
static pid_t take_and_die(int dir, int zombie)
{
    int ends[2];
    char byte = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        byte = owner_take(dir, NULL) == 0 ? 'y' : 'n';
        if (write(ends[1], &byte, 1) == 1)
            for (;;)
                pause();
        _exit(1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    assert_int_equal(byte, 'y');
    assert_int_equal(look(dir).state, OWNER_ALIVE);
    assert_int_equal(look(dir).pid, pid);
    struct err err = {0};
    assert_int_equal(owner_take(dir, &err), -1);
    assert_int_equal(err.code, ERR_RUN_BUSY);
    assert_int_equal(kill(pid, SIGKILL), 0);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | (zombie ? WNOWAIT : 0)), 0);
    return pid;
}

static void test_take_and_leave(void **state)
{
    int dir = run_dir(state);
    struct err err = {0};
    assert_int_equal(look(dir).state, OWNER_NONE);
    assert_int_equal(owner_take(dir, &err), 0);
    expect_only_owner(1);
    struct owner owner = look(dir);
    assert_int_equal(owner.state, OWNER_ALIVE);
    assert_int_equal(owner.pid, getpid());
    assert_int_equal(owner_take(dir, &err), -1); // not even twice by the same
    assert_int_equal(err.code, ERR_RUN_BUSY);
    assert_non_null(strstr(err.text, owner.host));
    expect_only_owner(1);
    owner_leave(dir);
    expect_only_owner(0);
    owner_leave(dir);
}

static void test_dead(void **state)
{
    int dir = run_dir(state);
    take_and_die(dir, 0);
    assert_int_equal(look(dir).state, OWNER_STALE);
    assert_int_equal(owner_take(dir, NULL), 0);
    assert_int_equal(look(dir).pid, getpid());
    expect_only_owner(1);
}

// A dead one that nobody has waited for (in a container often nobody ever does) computes
// nothing either.
static void test_zombie(void **state)
{
    int dir = run_dir(state);
    pid_t pid = take_and_die(dir, 1);
    assert_int_equal(look(dir).state, OWNER_STALE);
    assert_int_equal(owner_take(dir, NULL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

// What our own file says, with one part of it changed.
static void write_changed(int dir, const char *from, const char *to)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_STR struct str changed = {0};
    assert_int_equal(owner_take(dir, NULL), 0);
    assert_int_equal(fs_read(dir, "owner", 4096, &text, NULL), 0);
    const char *at = strstr(text.text, from);
    assert_non_null(at);
    str_add_bytes(&changed, text.text, (size_t)(at - text.text));
    str_add(&changed, to);
    str_add(&changed, at + strcspn(at, "\n"));
    folder_write("run/owner", changed.text, changed.size);
}

static void make_old(int seconds)
{
    struct timespec times[2];
    clock_gettime(CLOCK_REALTIME, &times[0]);
    times[0].tv_sec -= seconds;
    times[1] = times[0];
    assert_int_equal(utimensat(AT_FDCWD, "run/owner", times, 0), 0);
}

static void test_changed(void **state)
{
    static const struct {
        const char *from, *to;
        int old; // seconds
        enum owner_state state;
    } table[] = {
        {"pid", "pid 2147483646", 0, OWNER_STALE}, // no such process
        {"start", "start 1", 0, OWNER_STALE},      // the pid came again
        {"start", "start 0", 0, OWNER_STALE},
        {"boot", "boot 00000000-0000", 0, OWNER_STALE}, // the machine was started again
        {"boot", "boot 00000000-0000", 1000, OWNER_STALE},
        {"host", "host elsewhere", 0, OWNER_ALIVE},
        {"host", "host elsewhere", 60, OWNER_ALIVE},
        {"space", "space 1", 60, OWNER_ALIVE}, // another container of that name
        {"space", "space 1", 100, OWNER_STALE},
        {"space", "space 0", 0, OWNER_ALIVE},
        {"host", "host elsewhere", 100, OWNER_STALE},
        {"host", "host elsewhere", -1000, OWNER_ALIVE}, // a server whose clock is ahead
        {"lopin-owner", "lopin-owner 2", 0, OWNER_STALE},
        {"host", "", 0, OWNER_STALE},
        {"pid", "pid x", 0, OWNER_STALE},
    };
    int dir = run_dir(state);
    for (size_t i = 0; i < COUNT(table); i++) {
        struct err err = {0};
        assert_int_equal(fs_remove(dir, "owner"), 0);
        write_changed(dir, table[i].from, table[i].to);
        make_old(table[i].old);
        if (look(dir).state != table[i].state)
            fail_msg("%s, %d s: %d", table[i].to, table[i].old, look(dir).state);
        int taken = owner_take(dir, &err);
        assert_int_equal(taken, table[i].state == OWNER_STALE ? 0 : -1);
        assert_int_equal(err.code, taken == 0 ? ERR_NONE : ERR_RUN_BUSY);
        assert_true(taken < 0 || look(dir).pid == getpid());
        expect_only_owner(1);
    }
}

static void test_garbage(void **state)
{
    static const char *const texts[] = {"", "\n", "\xff\xfe\x01", "lopin-owner 1\nhost", "0"};
    int dir = run_dir(state);
    for (size_t i = 0; i < COUNT(texts); i++) {
        folder_text("run/owner", texts[i]);
        assert_int_equal(look(dir).state, OWNER_STALE);
        assert_int_equal(owner_take(dir, NULL), 0);
        assert_int_equal(look(dir).state, OWNER_ALIVE);
    }
    assert_int_equal(unlink("run/owner"), 0);
    assert_int_equal(symlink("nowhere", "run/owner"), 0);
    assert_int_equal(look(dir).state, OWNER_STALE);
    assert_int_equal(owner_take(dir, NULL), 0);
    assert_int_equal(look(dir).state, OWNER_ALIVE);
    expect_only_owner(1);
}

// Who was thought dead and goes on must not touch or remove what is another's by now.
static void test_not_ours(void **state)
{
    int dir = run_dir(state);
    struct stat before, after;
    write_changed(dir, "host", "host elsewhere");
    make_old(1000);
    assert_int_equal(fstatat(dir, "owner", &before, 0), 0);
    struct err err = {0};
    assert_int_equal(owner_touch(dir, getpid(), &err), -1);
    assert_int_equal(err.code, ERR_RUN_BUSY);
    assert_non_null(strstr(err.text, "elsewhere"));
    assert_int_equal(fstatat(dir, "owner", &after, 0), 0);
    assert_true(before.st_mtime == after.st_mtime);
    owner_leave(dir);
    expect_only_owner(1);
    assert_int_equal(unlink("run/owner"), 0);
    assert_int_equal(owner_touch(dir, getpid(), NULL), -1);
    assert_int_equal(owner_take(dir, NULL), 0);
    make_old(1000);
    assert_int_equal(owner_touch(dir, getpid(), NULL), 0);
    assert_int_equal(fstatat(dir, "owner", &after, 0), 0);
    assert_true(after.st_mtime > before.st_mtime);
}

// Each waits for the start, tries, says what it got, and lives on until all have said it.
static void race(int dir, int *ret_winners)
{
    int start[2], said[2], end[2];
    char byte;
    assert_true(pipe(start) == 0 && pipe(said) == 0 && pipe(end) == 0);
    for (int i = 0; i < RACERS; i++)
        if (fork() == 0) {
            close(start[1]);
            close(end[1]);
            if (read(start[0], &byte, 1) != 0)
                _exit(1);
            struct err err = {0};
            byte = owner_take(dir, &err) == 0 ? 'y' : err.code == ERR_RUN_BUSY ? 'n' : '?';
            if (write(said[1], &byte, 1) != 1 || read(end[0], &byte, 1) != 0)
                _exit(1);
            _exit(0);
        }
    close(start[1]);
    *ret_winners = 0;
    for (int i = 0; i < RACERS; i++) {
        assert_int_equal(read(said[0], &byte, 1), 1);
        assert_true(byte == 'y' || byte == 'n');
        *ret_winners += byte == 'y';
    }
    struct owner owner = look(dir);
    assert_int_equal(owner.state, OWNER_ALIVE);
    close(end[1]);
    for (int i = 0; i < RACERS; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    int rest[] = {start[0], said[0], said[1], end[0]};
    for (size_t i = 0; i < COUNT(rest); i++)
        close(rest[i]);
}

static void test_race(void **state)
{
    int dir = run_dir(state);
    for (int round = 0; round < ROUNDS; round++) {
        int winners;
        if (round % 2) // else: what the winner before left is stale
            assert_int_equal(fs_remove(dir, "owner"), 0);
        race(dir, &winners);
        if (winners != 1)
            fail_msg("round %d: %d winners", round, winners);
        expect_only_owner(1);
    }
}

// Killed in the middle of taking over a stale one: the next one gets it all the same.
static void test_killed_taking(void **state)
{
    int dir = run_dir(state);
    for (int round = 0; round < ROUNDS; round++) {
        int begun[2];
        char byte;
        if (round % 2)
            assert_int_equal(fs_remove(dir, "owner"), 0);
        assert_int_equal(pipe(begun), 0);
        pid_t pid = fork();
        if (pid == 0) {
            for (;;) {
                if (owner_take(dir, NULL) == 0)
                    owner_leave(dir);
                folder_text("run/owner", "stale");
                if (write(begun[1], "", 1) != 1)
                    _exit(1);
            }
        }
        close(begun[1]);
        for (int i = 0; i <= round % 7; i++)
            assert_int_equal(read(begun[0], &byte, 1), 1);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        close(begun[0]);
        struct err err = {0};
        if (owner_take(dir, &err) < 0)
            fail_msg("round %d: %s", round, err.text);
        owner_leave(dir);
    }
}

static void test_sweep(void **state)
{
    CLEANUP_FREE char *path = realpath("run", NULL);
    CLEANUP_FREE char *ours = mem_print("LOPIN_RUN=%s", path);
    CLEANUP_FREE char *longer = mem_print("LOPIN_RUN=%s1", path);
    const char *const variable[] = {ours, longer, "LOPIN_RUN=", ours, NULL};
    pid_t pid[4];
    int ends[2];
    char byte;
    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pipe(ends), 0);
        pid[i] = fork();
        if (pid[i] == 0) {
            char *const argv[] = {(char *)"sh", (char *)"-c", (char *)"echo; exec cat", NULL};
            char *const envp[] = {(char *)"A=1", (char *)variable[i], NULL};
            int in[2];
            if (pipe(in) < 0 || dup2(in[0], 0) < 0 || dup2(ends[1], 1) < 0)
                _exit(1);
            execve("/bin/sh", argv, envp);
            _exit(1);
        }
        assert_int_equal(read(ends[0], &byte, 1), 1);
        close(ends[0]);
        close(ends[1]);
    }
    assert_int_equal(owner_sweep(path), 2);
    for (int i = 0; i < 4; i++) {
        int status;
        int swept = i == 0 || i == 3;
        if (!swept) {
            assert_int_equal(waitpid(pid[i], &status, WNOHANG), 0);
            kill(pid[i], SIGTERM);
        }
        assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == (swept ? SIGKILL : SIGTERM));
    }
    assert_int_equal(owner_sweep(path), 0);
}

static int group_setup(void **state)
{
    return folder_setup(state);
}

int main(void)
{
#define OWNED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        OWNED(test_take_and_leave), OWNED(test_dead),          OWNED(test_zombie),
        OWNED(test_changed),        OWNED(test_garbage),       OWNED(test_not_ours),
        OWNED(test_race),           OWNED(test_killed_taking), OWNED(test_sweep),
    };
    return cmocka_run_group_tests(tests, group_setup, folder_teardown);
}
