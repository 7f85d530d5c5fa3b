// SPDX-License-Identifier: Apache-2.0
// arch: wheelhouses are folders a processor's level (x86-64-v4, avx2, generic): the label that
// a path has, and which labels are for more than all processors.
#pragma once

// The last part of the path if it names a level, else NULL. Static.
const char *arch_label(const char *path);
// 0: for all processors of the machine's kind; the higher the more a processor must have; -1: not
// known.
int arch_level(const char *label);
