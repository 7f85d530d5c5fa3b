// SPDX-License-Identifier: Apache-2.0
// left: what is made under a name for now, and what killed processes left of that.
#pragma once

// FOLDER/PREFIXHOST-PID, which no other living process uses. Yours.
char *left_name(const char *folder, const char *prefix);
// Removes those of this host whose process is gone, with or without "-ANYTHING" behind. What cannot be
// removed stays.
void left_sweep(const char *folder, const char *prefix);
