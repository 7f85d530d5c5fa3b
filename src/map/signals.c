// SPDX-License-Identifier: Apache-2.0
// signals: of several copies of one signal that wait, the kernel keeps one.
#include "map/signals.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/mem.h"

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

void signals_read(struct signals *signals, void (*take)(void *context, int number),
                  void *context)
{
    struct signalfd_siginfo info[8];
    ssize_t got;
    do {
        got = read(signals->fd, info, sizeof info);
        for (size_t i = 0; got > 0 && i < (size_t)got / sizeof info[0]; i++)
            if (info[i].ssi_signo != SIGCHLD && !keeper_repeats(&signals->heard, &info[i]))
                take(context, (int)info[i].ssi_signo);
    } while (got == (ssize_t)sizeof info);
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
