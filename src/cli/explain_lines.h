// SPDX-License-Identifier: Apache-2.0
// explain_lines: parts of the lines of `lopin explain JOB`.
#pragma once

#include <stdint.h>

#include "base/str.h"

void explain_add_duration(struct str *into, int64_t seconds);
// "2026-11-25 14:03:12 (12m ago)", "(in 12m)".
void explain_add_time(struct str *into, int64_t at_s, int64_t now_s);
// Goes on in the line that is being written where there is room, behind `joint`, else in a new one.
void explain_add_further(struct str *into, const char *joint, const char *words);
// "Priority: other jobs are before it", "PartitionTimeLimit [would-never-start]: ...".
void explain_add_reason(struct str *into, const char *said);
// A line with what is to be typed, if there is anything.
void explain_add_cure(struct str *into, const char *said, const char *job);
