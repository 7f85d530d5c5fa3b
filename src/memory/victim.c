// SPDX-License-Identifier: Apache-2.0
// victim: /proc/self/oom_score_adj (proc(5)). A child inherits it, and one may lower one's own again to
// what one has had without privilege, so that this process raises it for the moment of a start:
// opening that file in each child costs ten times as much. Many short tasks are one moment.
#include "memory/victim.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define RAISE     500 // of 1000, which is all memory
#define MOST      1000
#define MOMENT_US 100000

static int set(const struct victim *victim, const char *score)
{
    return pwrite(victim->fd, score, strlen(score), 0) < 0 ? -1 : 0;
}

void victim_open(struct victim *victim)
{
    char text[16];
    *victim = (struct victim){.fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC)};
    ssize_t got = victim->fd < 0 ? -1 : pread(victim->fd, text, sizeof text - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    int own = (int)strtol(text, NULL, 10);
    snprintf(victim->own, sizeof victim->own, "%d", own);
    snprintf(victim->task, sizeof victim->task, "%d", own + RAISE < MOST ? own + RAISE : MOST);
    if (got <= 0 || set(victim, victim->own) < 0)
        victim_close(victim);
}

void victim_close(struct victim *victim)
{
    mem_close_at(&victim->fd);
    victim->fd = -1;
}

void victim_raise(struct victim *victim)
{
    if (victim->fd >= 0 && !victim->raised_us)
        set(victim, victim->task);
    victim->raised_us = clock_boot_us();
}

int64_t victim_tend(struct victim *victim, int64_t now)
{
    if (victim->fd < 0 || !victim->raised_us)
        return INT64_MAX;
    if (now < victim->raised_us + MOMENT_US)
        return victim->raised_us + MOMENT_US;
    victim->raised_us = 0;
    if (set(victim, victim->own) < 0)
        victim_close(victim); // then all of us are alike, and stay so
    return INT64_MAX;
}
