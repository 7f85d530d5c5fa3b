// SPDX-License-Identifier: Apache-2.0
// left: what is made under a name for now, and what killed processes left of that.
#pragma once

#include <time.h>

// FOLDER/PREFIXHOST-SPACE-PID (SPACE: see space.h), which no other living process uses. Yours.
char *left_name(const char *folder, const char *prefix);
// Removes those whose process is gone, with or without "-ANYTHING" behind: those of this host and
// namespace at once, those of others, who cannot be asked, a week after they were last changed. What
// cannot be removed stays.
void left_sweep(const char *folder, const char *prefix);
// The same, as if it were that time.
void left_sweep_at(const char *folder, const char *prefix, time_t now);
// Both: sweeps, and gives a name. Yours.
char *left_begin(const char *folder, const char *prefix);
