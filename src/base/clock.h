// SPDX-License-Identifier: Apache-2.0
// clock: CLOCK_BOOTTIME for durations and limits (goes on while suspended, never steps), wall
// time to show.
#pragma once

#include <stdint.h>
#include <time.h>

static inline int64_t clock_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
// A file's time (stat(2)) as one number, nanoseconds.
static inline int64_t clock_ns(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}
static inline int64_t clock_boot_us(void)
{
    return clock_us(CLOCK_BOOTTIME);
}
static inline int64_t clock_wall_us(void)
{
    return clock_us(CLOCK_REALTIME);
}
