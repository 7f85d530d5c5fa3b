// SPDX-License-Identifier: Apache-2.0
// keeper: the runner's status, what it leaves, and signals that come twice.
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "map/keeper.h"

// In a process of its own, which becomes the keeper of a runner that does `run`.
static int keep(void (*run)(int), int pipe_end)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct keeper keeper;
        int above = keeper_fork(&keeper, AT_FDCWD, "/nowhere", NULL);
        if (above < 0)
            _exit(99);
        if (above == 0) {
            run(pipe_end);
            _exit(7);
        }
        int status = keeper_stay(&keeper);
        _exit(WIFSIGNALED(status) ? 100 + WTERMSIG(status) : WEXITSTATUS(status));
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void do_nothing(int fd)
{
    (void)fd;
}

static void be_killed(int fd)
{
    (void)fd;
    raise(SIGKILL);
}

// A grandchild in a session of its own, which holds the pipe for as long as it lives.
static void leave_one(int fd)
{
    if (fork() == 0) {
        setsid();
        if (fork() == 0) {
            if (write(fd, "x", 1) == 1)
                pause();
            _exit(0);
        }
        _exit(0);
    }
    pause();
}

static void leave_one_and_be_killed(int fd)
{
    if (fork() == 0)
        leave_one(fd);
    pause();
}

// A user's signal to the keeper is the runner's.
static void signal_keeper(int fd)
{
    (void)fd;
    kill(getppid(), SIGTERM);
    pause();
}

static void test_status(void **state)
{
    (void)state;
    assert_int_equal(keep(do_nothing, -1), 7);
    assert_int_equal(keep(be_killed, -1), 100 + SIGKILL);
    assert_int_equal(keep(signal_keeper, -1), 100 + SIGTERM);
}

static void test_ends_what_is_left(void **state)
{
    (void)state;
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct keeper keeper;
        if (keeper_fork(&keeper, AT_FDCWD, "/nowhere", NULL) == 0)
            leave_one_and_be_killed(ends[1]);
        close(ends[1]);
        if (read(ends[0], &byte, 1) != 1) // it is there
            _exit(1);
        kill(keeper.runner, SIGKILL);
        keeper_stay(&keeper);
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
        _exit(read(ends[0], &byte, 1) == 0 ? 42 : 2); // 0: nobody has the other end
    }
    int status;
    close(ends[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 42);
    close(ends[0]);
}

static int comes(struct keeper_heard *heard, int number, uint32_t sender, int by_keeper)
{
    const struct signalfd_siginfo info = {.ssi_signo = (uint32_t)number,
                                          .ssi_pid = sender,
                                          .ssi_code = by_keeper ? SI_QUEUE : SI_USER};
    return keeper_repeats(heard, &info);
}

static void test_repeats(void **state)
{
    (void)state;
    struct keeper_heard heard = {0};
    assert_false(comes(&heard, SIGTERM, 10, 0));
    assert_true(comes(&heard, SIGTERM, 10, 1));  // the same, by the keeper
    assert_false(comes(&heard, SIGTERM, 11, 1)); // another's
    assert_false(comes(&heard, SIGINT, 11, 0));  // another one
    heard = (struct keeper_heard){0};
    assert_false(comes(&heard, SIGTERM, 10, 0)); // lopin cancel sends two
    assert_false(comes(&heard, SIGTERM, 10, 0));
    heard = (struct keeper_heard){0};
    assert_false(comes(&heard, SIGTERM, 10, 1));
    assert_true(comes(&heard, SIGTERM, 10, 0));
    heard.last[0].until_us = heard.last[1].until_us = clock_boot_us() - 1;
    assert_false(comes(&heard, SIGTERM, 10, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_ends_what_is_left),
        cmocka_unit_test(test_repeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
