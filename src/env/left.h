// SPDX-License-Identifier: Apache-2.0
// left: folders that are made beside what they will replace, and what killed processes left of them.
#pragma once

// FOLDER/PREFIXHOST-PID, which no other living process uses. Yours.
char *left_name(const char *folder, const char *prefix);
// Removes those of this host whose process is gone. What cannot be removed stays.
void left_sweep(const char *folder, const char *prefix);
