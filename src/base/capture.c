// SPDX-License-Identifier: Apache-2.0
#include "base/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/proc.h"

enum { BLOCK = 1 << 16, LOOK_MS = 1 };

struct call {
    pid_t pid;
    int out[2], error[2]; // pipes
    int64_t until_us;     // CLOCK_BOOTTIME
    sigset_t mask;        // as it was
    int ends;     // signalfd: readable when a signal would end us; -1: none could be had
    int is_ended; // such a signal came
};

// The program has a process group of its own, which Ctrl-C does not reach: what would end us is held until the group
// was killed. What is ignored, or blocked because a loop of ours takes it, is left as it is.
static void hold_signals(struct call *call)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigset_t held;
    sigemptyset(&held);
    sigprocmask(SIG_BLOCK, NULL, &call->mask);
    for (size_t i = 0; i < COUNT(ending); i++) {
        struct sigaction action;
        if (sigaction(ending[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN &&
            sigismember(&call->mask, ending[i]) == 0)
            sigaddset(&held, ending[i]);
    }
    call->ends = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
    if (call->ends >= 0)
        sigprocmask(SIG_BLOCK, &held, NULL);
}

static void release_signals(const struct call *call)
{
    if (call->ends >= 0)
        close(call->ends);
    sigprocmask(SIG_SETMASK, &call->mask, NULL);
}

static int open_pipes(struct call *call)
{
    if (pipe2(call->out, O_CLOEXEC) < 0)
        return -1;
    if (pipe2(call->error, O_CLOEXEC) == 0)
        return 0;
    close(call->out[0]);
    close(call->out[1]);
    return -1;
}

static int64_t left_ms(const struct call *call)
{
    int64_t left = (call->until_us - clock_boot_us()) / 1000;
    return left > 0 ? left : 0;
}

// Returns 0 at the end.
static int take_block(int fd, size_t most, struct str *into)
{
    char block[BLOCK];
    ssize_t got = read(fd, block, sizeof block);
    if (got > 0 && into->size < most)
        str_add_bytes(into, block, (size_t)got);
    return got > 0 || (got < 0 && errno == EINTR);
}

// Returns 1, or 0 when the time is over.
static int take_output(struct call *call, size_t most, struct str *out, struct str *error)
{
    struct pollfd poll_for[] = {{.fd = call->out[0], .events = POLLIN},
                                {.fd = call->error[0], .events = POLLIN},
                                {.fd = call->ends, .events = POLLIN}};
    struct str *into[] = {out, error};
    while (poll_for[0].fd >= 0 || poll_for[1].fd >= 0) {
        int64_t left = left_ms(call);
        if (!left)
            return 0;
        if (poll(poll_for, COUNT(poll_for), (int)left) <= 0)
            continue;
        call->is_ended = poll_for[2].revents != 0;
        if (call->is_ended)
            return 0;
        for (size_t i = 0; i < 2; i++)
            if (poll_for[i].fd >= 0 && poll_for[i].revents &&
                !take_block(poll_for[i].fd, most, into[i]))
                poll_for[i].fd = -1;
    }
    return 1;
}

// Returns 1 with its status, or 0 when the time is over.
static int take_end(struct call *call, int *ret_status)
{
    struct pollfd ends = {.fd = call->ends, .events = POLLIN};
    for (;;) {
        pid_t ended = waitpid(call->pid, ret_status, WNOHANG);
        if (ended == call->pid)
            return 1;
        if ((ended < 0 && errno != EINTR) || !left_ms(call))
            return 0;
        call->is_ended = poll(&ends, 1, LOOK_MS) > 0;
        if (call->is_ended)
            return 0;
    }
}

static int start(const struct capture *capture, struct call *call)
{
    CLEANUP_CLOSE int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (open_pipes(call) < 0)
        return -1;
    const struct proc proc = {.path = capture->path,
                              .argv = capture->argv,
                              .envp = capture->envp,
                              .folder = -1,
                              .in = null,
                              .out = call->out[1],
                              .error = call->error[1],
                              .own_group = 1,
                              .dies_with_us = 1};
    call->pid = proc_start(&proc);
    int errnum = errno;
    close(call->out[1]);
    close(call->error[1]);
    if (call->pid > 0)
        return 0;
    close(call->out[0]);
    close(call->error[0]);
    errno = errnum;
    return -1;
}

int capture_run(const struct capture *capture, struct str *out, struct str *error,
                int *ret_status)
{
    struct call call = {0};
    hold_signals(&call);
    if (start(capture, &call) < 0) {
        int errnum = errno;
        release_signals(&call);
        errno = errnum;
        return -1;
    }
    call.until_us = clock_boot_us() + capture->time_us;
    int in_time = take_output(&call, capture->most, out, error) && take_end(&call, ret_status);
    if (!in_time) {
        kill(-call.pid, SIGKILL);
        while (waitpid(call.pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    close(call.out[0]);
    close(call.error[0]);
    release_signals(&call); // here we end, if nobody handles it
    errno = EINTR;
    return call.is_ended ? -1 : in_time;
}
