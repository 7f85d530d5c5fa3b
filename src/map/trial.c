// SPDX-License-Identifier: Apache-2.0
// trial: signals are waited for one by one (sigtimedwait(2)): nothing else happens meanwhile.
#include "map/trial.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/mem.h"
#include "map/signals.h"

enum { GRACE_US = 2000000 };

struct watch {
    pid_t pid;
    int64_t end_us; // when it is ended, or killed once `ending`; 0: never
    int ending;
};

static void listen_for(sigset_t *ret)
{
    static const int numbers[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigemptyset(ret);
    for (size_t i = 0; i < COUNT(numbers); i++)
        sigaddset(ret, numbers[i]);
}

static void end(struct watch *watch, int number)
{
    kill(-watch->pid, watch->ending ? SIGKILL : number);
    watch->ending = 1;
    watch->end_us = clock_boot_us() + GRACE_US;
}

static int64_t time_us(const struct timeval *time)
{
    return (int64_t)time->tv_sec * 1000000 + time->tv_usec;
}

static void wait_for(struct watch *watch, const sigset_t *wanted, struct trial *ret)
{
    struct rusage usage;
    while (wait4(watch->pid, &ret->status, WNOHANG, &usage) == 0) {
        siginfo_t info;
        int number = signals_wait(wanted, watch->end_us, &info);
        if (number == SIGCHLD)
            continue;
        if (number) {
            ret->signal = number;
            end(watch, number);
        } else if (watch->end_us && clock_boot_us() >= watch->end_us) {
            ret->timed_out |= !watch->ending;
            end(watch, SIGTERM);
        }
    }
    ret->cpu_us = time_us(&usage.ru_utime) + time_us(&usage.ru_stime);
    ret->peak_kb = usage.ru_maxrss;
}

int trial_run(struct launch *launch, const struct launch_task *task, int64_t timeout_us,
              struct trial *ret, struct err *err)
{
    sigset_t wanted, before;
    *ret = (struct trial){0};
    listen_for(&wanted);
    sigprocmask(SIG_BLOCK, &wanted, &before);
    int64_t begin = clock_boot_us();
    struct watch watch = {.pid = launch_start(launch, task, err)};
    if (watch.pid > 0) {
        watch.end_us = timeout_us ? begin + timeout_us : 0;
        wait_for(&watch, &wanted, ret);
        ret->wall_us = clock_boot_us() - begin;
        kill(-watch.pid, SIGKILL); // after its end this reaches only what it left
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return watch.pid > 0 ? 0 : -1;
}
