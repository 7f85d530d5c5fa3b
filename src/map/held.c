// SPDX-License-Identifier: Apache-2.0
// held: one thread that waits for signals, and looks at memory once a second.
//
// Descendants whose parent has ended become ours (PR_SET_CHILD_SUBREAPER), so that none is lost.
#include "map/held.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/children.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/tree.h"
#include "map/signals.h"
#include "memory/footprint.h"

#define SECOND_US 1000000LL
#define WARN_US   (60 * SECOND_US)
#define GRACE_US  (30 * SECOND_US)
#define END_US    (10 * SECOND_US) // what the kernel cannot end does not hold us for ever

struct watch {
    const struct held *held;
    pid_t pid;
    struct footprint footprint;
    int64_t soon_us, end_us, kill_us, look_us; // CLOCK_BOOTTIME; 0: never
};

// Those of the terminal reach the program without us; others are for it.
static void choose_signals(sigset_t *ret)
{
    static const int numbers[] = {SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
    sigemptyset(ret);
    for (size_t i = 0; i < COUNT(numbers); i++)
        sigaddset(ret, numbers[i]);
}

// To all below us: who has lost its parent is our child.
static void send_all(int number)
{
    struct tree_list below = {0};
    tree_list_children(getpid(), &below);
    for (size_t i = 0; i < below.count; i++)
        tree_list_children(below.pid[i], &below);
    for (size_t i = 0; i < below.count; i++)
        kill(below.pid[i], number);
    free(below.pid);
}

static void kill_largest(struct watch *watch)
{
    const struct footprint *footprint = &watch->footprint;
    const struct member *largest = NULL;
    for (size_t i = 0; i < footprint->count; i++)
        if (footprint->member[i].pid != getpid() &&
            (!largest || footprint->member[i].kb > largest->kb))
            largest = &footprint->member[i];
    if (largest && kill(largest->pid, SIGKILL) == 0)
        watch->held->tell(watch->held->context, HELD_MEMORY);
}

// Shared pages are counted more exactly only where it matters.
static void look_at_memory(struct watch *watch)
{
    int64_t limit = watch->held->memory_kb;
    if (footprint_resident(&watch->footprint, 1) > limit &&
        footprint_own(&watch->footprint) > limit)
        kill_largest(watch);
}

// Does what is due. Returns when something is due next, 0: never.
static int64_t tend(struct watch *watch)
{
    const struct held *held = watch->held;
    int64_t now = clock_boot_us();
    if (watch->soon_us && now >= watch->soon_us) {
        watch->soon_us = 0;
        held->tell(held->context, HELD_SOON);
    }
    if (watch->end_us && now >= watch->end_us) {
        watch->end_us = 0;
        watch->kill_us = now + GRACE_US;
        held->tell(held->context, HELD_TIME);
        send_all(SIGHUP); // an interactive shell does not mind TERM
        send_all(SIGTERM);
        send_all(SIGCONT);
    }
    if (watch->kill_us && now >= watch->kill_us) {
        watch->kill_us = now + SECOND_US;
        send_all(SIGKILL);
    }
    if (watch->look_us && now >= watch->look_us) {
        watch->look_us = now + SECOND_US;
        look_at_memory(watch);
    }
    const int64_t due[] = {watch->soon_us, watch->end_us, watch->kill_us, watch->look_us};
    int64_t next = 0;
    for (size_t i = 0; i < COUNT(due); i++)
        if (due[i] && (!next || due[i] < next))
            next = due[i];
    return next;
}

// Stopped by its terminal, it stops us, so that the shell above sees it.
static int has_ended(pid_t pid, int *ret_status)
{
    int status;
    pid_t ended;
    while ((ended = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0) {
        if (ended != pid)
            continue;
        if (!WIFSTOPPED(status)) {
            *ret_status = status;
            return 1;
        }
        if (WSTOPSIG(status) == SIGTSTP) {
            raise(SIGSTOP);
            kill(pid, SIGCONT);
        }
    }
    return 0;
}

// The children of who ends become ours: again and again until there is none.
static void end_rest(void)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    struct children children = CHILDREN_NONE;
    int64_t until = clock_boot_us() + END_US;
    int any = children_open(&children) == 0;
    while (any && clock_boot_us() < until) {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        any = 0;
        children_read(&children);
        for (pid_t pid; (pid = children_next(&children)) > 0; any = 1)
            kill(pid, SIGKILL);
        if (any)
            nanosleep(&pause, NULL);
    }
    children_close(&children);
}

static int stay(struct watch *watch, const sigset_t *taken)
{
    int status = 0;
    while (!has_ended(watch->pid, &status)) {
        siginfo_t info;
        int number = signals_wait(taken, tend(watch), &info);
        if ((number == SIGTERM || number == SIGHUP) && info.si_code != SI_KERNEL)
            kill(watch->pid, number);
    }
    return status;
}

int held_run(const struct held *held, const struct proc *proc)
{
    sigset_t taken, before;
    struct watch watch = {.held = held};
    choose_signals(&taken);
    sigprocmask(SIG_BLOCK, &taken, &before);
    prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL);
    watch.pid = proc_start(proc);
    int status = -1;
    if (watch.pid > 0) {
        int64_t now = clock_boot_us();
        watch.end_us = held->time_us ? now + held->time_us : 0;
        watch.soon_us = held->time_us > 2 * WARN_US ? watch.end_us - WARN_US : 0;
        watch.look_us = held->memory_kb ? now + SECOND_US / 10 : 0;
        // ours too, as what has lost its parent is our child
        footprint_begin(&watch.footprint, getpid());
        status = stay(&watch, &taken);
        footprint_end(&watch.footprint);
        end_rest();
    }
    int errnum = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = errnum;
    return status;
}
