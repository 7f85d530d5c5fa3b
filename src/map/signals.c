// SPDX-License-Identifier: Apache-2.0
// signals: of several copies of one signal that wait, the kernel keeps one.
#include "map/signals.h"

#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/mem.h"
#include "map/again.h"

#define KILLED_US 1000000
#define FAILED_US 10000

int signals_open(struct signals *signals, struct err *err)
{
    static const int wanted[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, KEEPER_GONE};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < COUNT(wanted); i++) {
        struct sigaction action;
        if (sigaction(wanted[i], NULL, &action) == 0 &&
            (action.sa_handler != SIG_IGN || wanted[i] == SIGCHLD))
            sigaddset(&set, wanted[i]);
    }
    signal(SIGCHLD, SIG_DFL); // inherited as ignored, ends would not wait for us
    sigprocmask(SIG_BLOCK, &set, &signals->before);
    signals->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals->fd >= 0)
        return 0;
    err_errno(err, ERR_SYSTEM, errno, _("cannot wait for signals"));
    sigprocmask(SIG_SETMASK, &signals->before, NULL);
    return -1;
}

int signals_read(struct signals *signals, void (*take)(void *context, int number),
                 void *context)
{
    struct signalfd_siginfo info[8];
    ssize_t got;
    int taken = 0;
    do {
        got = read(signals->fd, info, sizeof info);
        for (size_t i = 0; got > 0 && i < (size_t)got / sizeof info[0]; i++) {
            if (info[i].ssi_signo == SIGCHLD || keeper_repeats(&signals->heard, &info[i]))
                continue;
            take(context, (int)info[i].ssi_signo);
            taken++;
        }
    } while (got == (ssize_t)sizeof info);
    return taken;
}

// What a shell makes of a signal counts as that.
static int64_t patience(const siginfo_t *end)
{
    int number = end->si_code == CLD_EXITED ? end->si_status - 128 : end->si_status;
    if (!end->si_status || (end->si_code == CLD_EXITED && end->si_status == EXIT_AGAIN))
        return 0;
    return number == SIGTERM || number == SIGKILL ? KILLED_US : FAILED_US;
}

void signals_follow(struct signals *signals, const siginfo_t *end,
                    void (*take)(void *context, int number), void *context)
{
    int64_t now = clock_boot_us();
    int64_t until = now + patience(end);
    while (now < until && !signals_read(signals, take, context)) {
        struct pollfd watched = {.fd = signals->fd, .events = POLLIN};
        poll(&watched, 1, (int)((until - now) / 1000) + 1);
        now = clock_boot_us();
    }
}

void signals_close(struct signals *signals)
{
    if (signals->fd < 0)
        return;
    close(signals->fd);
    signals->fd = -1;
    sigprocmask(SIG_SETMASK, &signals->before, NULL);
}

int signals_wait(const sigset_t *set, int64_t until_us, siginfo_t *ret)
{
    int64_t left = until_us ? until_us - clock_boot_us() : 0;
    const struct timespec wait = {.tv_sec = left > 0 ? left / 1000000 : 0,
                                  .tv_nsec = left > 0 ? left % 1000000 * 1000 : 0};
    int number = sigtimedwait(set, ret, until_us ? &wait : NULL);
    return number > 0 ? number : 0;
}
