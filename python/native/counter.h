// SPDX-License-Identifier: Apache-2.0
// counter: the variable that a function without arguments returns, where no symbol names it.
#pragma once

// `function` returns an int. Gives where that int is kept, if its first instructions say so without doubt and the
// place can be written and belongs to the same library; otherwise, and on processors other than x86-64, NULL.
int *counter_of(const unsigned char *function);
