// SPDX-License-Identifier: Apache-2.0
// cpuset: sets of logical CPUs, as the kernel writes them ("0-3,8") and as sched_setaffinity
// takes them.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define CPUSET_MAX 4096 // CPUs; larger numbers are an error of the parser

// A value: copy by assignment; {0} is empty; bits is what sched_setaffinity takes.
struct cpuset {
    uint64_t bits[CPUSET_MAX / 64];
};
void cpuset_add(struct cpuset *set, unsigned cpu);
int cpuset_has(const struct cpuset *set, unsigned cpu);
unsigned cpuset_count(const struct cpuset *set);
int cpuset_first(const struct cpuset *set);           // -1 if empty
int cpuset_next(const struct cpuset *set, int after); // -1 at the end
void cpuset_and(struct cpuset *set, const struct cpuset *other);
void cpuset_or(struct cpuset *set, const struct cpuset *other);
void cpuset_minus(struct cpuset *set, const struct cpuset *other);
// Linux list format: "0-3,8", "0-31:2/4" strides too, "" and "\n" are empty. Returns 0, or -1
// with err.
int cpuset_parse(const char *text, struct cpuset *ret, struct err *err);
void cpuset_format(const struct cpuset *set,
                   struct str *into); // shortest list, nothing if empty
