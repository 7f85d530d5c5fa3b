// SPDX-License-Identifier: Apache-2.0
// keeper: one thread that waits for signals (sigtimedwait(2)); all that it takes are blocked from
// before the fork, so none is lost.
#include "map/keeper.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/mem.h"
#include "run/owner.h"

#define TOUCH_S 20
// To the end of what a dead runner left; what the kernel cannot end (a dead network disk) does
// not hold us for ever.
#define END_US     10000000
#define REPEATS_US 1000000

static const int stops[] = {SIGTSTP, SIGTTIN, SIGTTOU};

// What our caller ignores (nohup) stays ignored: blocked, it would be seen.
static void choose_signals(struct keeper *keeper)
{
    static const int wanted[] = {SIGCHLD, SIGHUP,  SIGINT,  SIGQUIT, SIGTERM,
                                 SIGUSR1, SIGUSR2, SIGTSTP, SIGTTIN, SIGTTOU};
    signal(SIGCHLD, SIG_DFL); // inherited as ignored, ends would not wait for us
    sigemptyset(&keeper->taken);
    for (size_t i = 0; i < COUNT(wanted); i++) {
        struct sigaction action;
        if (sigaction(wanted[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&keeper->taken, wanted[i]);
    }
    sigaddset(&keeper->taken, SIGCHLD);
}

// Children of whom executed lopin are not ours to end.
static void spare_children(struct keeper *keeper)
{
    if (children_open(&keeper->children) < 0)
        return;
    children_read(&keeper->children);
    for (pid_t pid; (pid = children_next(&keeper->children)) > 0;) {
        keeper->spared = mem_resize(keeper->spared, keeper->spared_count + 1, sizeof pid);
        keeper->spared[keeper->spared_count++] = pid;
    }
}

static void forget(struct keeper *keeper)
{
    children_close(&keeper->children);
    free(keeper->spared);
    keeper->spared = NULL;
}

static void become_runner(struct keeper *keeper, pid_t parent)
{
    forget(keeper);
    signal(KEEPER_GONE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, KEEPER_GONE);
    if (getppid() != parent) // it died before prctl
        raise(KEEPER_GONE);
    sigprocmask(SIG_SETMASK, &keeper->before, NULL);
}

int keeper_fork(struct keeper *keeper, int run_dir, const char *run_path, struct err *err)
{
    pid_t parent = getpid();
    *keeper =
        (struct keeper){.run_dir = run_dir, .run_path = run_path, .children = CHILDREN_NONE};
    spare_children(keeper);
    choose_signals(keeper);
    sigprocmask(SIG_BLOCK, &keeper->taken, &keeper->before);
    prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL);
    keeper->runner = fork();
    if (keeper->runner == 0) {
        become_runner(keeper, parent);
        return 0;
    }
    if (keeper->runner > 0)
        return 1;
    err_errno(err, ERR_SYSTEM, errno, _("cannot start a process"));
    sigprocmask(SIG_SETMASK, &keeper->before, NULL);
    forget(keeper);
    return -1;
}

// The sender's number goes with it: see keeper_repeats.
static void forward(const struct keeper *keeper, const siginfo_t *info)
{
    siginfo_t copy = {.si_signo = info->si_signo, .si_code = SI_QUEUE};
    copy.si_pid = info->si_pid;
    copy.si_uid = info->si_uid;
    if (syscall(SYS_rt_sigqueueinfo, keeper->runner, info->si_signo, &copy) < 0)
        kill(keeper->runner, info->si_signo);
}

static void touch(const struct keeper *keeper)
{
    if (keeper->run_dir >= 0)
        owner_touch(keeper->run_dir, keeper->runner, NULL);
}

// Touches the owner file while the keeper is stopped; wakes it when the runner ends. In a group
// of its own the terminal does not stop it.
static void stand_in(const struct keeper *keeper, pid_t parent)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
    // pidfd_open(2): Linux 5.3, and some containers refuse it
    struct pollfd watched = {.fd = (int)syscall(SYS_pidfd_open, keeper->runner, 0),
                             .events = POLLIN};
    do
        touch(keeper);
    while (poll(&watched, 1, TOUCH_S * 1000) <= 0);
    kill(parent, SIGCONT);
    _exit(0);
}

// As the terminal stops all others of our group, or as the runner was stopped: the shell waits
// for us. What continues us continues the runner.
static void stop(const struct keeper *keeper, int number)
{
    pid_t parent = getpid();
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    pid_t pid = fork();
    if (pid == 0)
        stand_in(keeper, parent);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &set, NULL); // here we stop
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    kill(keeper->runner, SIGCONT);
}

static int is_stop(int number)
{
    for (size_t i = 0; i < COUNT(stops); i++)
        if (stops[i] == number)
            return 1;
    return 0;
}

static void take_signal(const struct keeper *keeper, const siginfo_t *info)
{
    int number = info->si_signo;
    int from_kernel = info->si_code == SI_KERNEL; // the terminal's go to the whole group
    // A terminal that was closed tells only the leader of its session, which we may be: another
    // SIGHUP does a runner no harm.
    if (number != SIGCHLD && (!from_kernel || number == SIGHUP))
        forward(keeper, info);
    if (is_stop(number))
        stop(keeper, number);
}

// Returns 1 with *ret_status if the runner has ended.
static int runner_ended(const struct keeper *keeper, int *ret_status)
{
    int status;
    while (waitpid(keeper->runner, &status, WNOHANG | WUNTRACED) > 0) {
        if (!WIFSTOPPED(status)) {
            *ret_status = status;
            return 1;
        }
        if (is_stop(WSTOPSIG(status)))
            stop(keeper, WSTOPSIG(status));
    }
    return 0;
}

static int is_spared(const struct keeper *keeper, pid_t pid)
{
    for (size_t i = 0; i < keeper->spared_count; i++)
        if (keeper->spared[i] == pid)
            return 1;
    return 0;
}

// Returns how many were there that we may end. Children of our own: their numbers are theirs
// until we wait for them.
static size_t kill_children(struct keeper *keeper)
{
    size_t killed = 0;
    children_read(&keeper->children);
    for (pid_t pid; (pid = children_next(&keeper->children)) > 0;)
        killed += !is_spared(keeper, pid) && kill(pid, SIGKILL) == 0;
    return killed;
}

// The children of who ends become ours: again and again until there is none.
static void end_all(struct keeper *keeper)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    int64_t until = clock_boot_us() + END_US;
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    if (keeper->children.fd < 0) {
        if (keeper->run_path)
            owner_sweep(keeper->run_path);
        return;
    }
    for (;;) {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        if (!kill_children(keeper) || clock_boot_us() >= until)
            return;
        sigtimedwait(&ends, NULL, &pause);
    }
}

int keeper_stay(struct keeper *keeper)
{
    const struct timespec pause = {.tv_sec = TOUCH_S};
    int status = 0;
    while (!runner_ended(keeper, &status)) {
        siginfo_t info;
        int number = sigtimedwait(&keeper->taken, &info, &pause);
        if (number > 0)
            take_signal(keeper, &info);
        else if (errno == EAGAIN)
            touch(keeper);
    }
    end_all(keeper);
    forget(keeper);
    return status; // the signals stay blocked: a ^C too many must not change our status
}

int keeper_repeats(struct keeper_heard *heard, const struct signalfd_siginfo *info)
{
    int64_t now = clock_boot_us();
    int by_keeper = info->ssi_code == SI_QUEUE;
    int repeats = heard->last[!by_keeper].number == info->ssi_signo &&
                  heard->last[!by_keeper].sender == info->ssi_pid &&
                  heard->last[!by_keeper].until_us > now;
    heard->last[by_keeper].number = info->ssi_signo;
    heard->last[by_keeper].sender = info->ssi_pid;
    heard->last[by_keeper].until_us = now + REPEATS_US;
    return repeats;
}
