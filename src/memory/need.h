// SPDX-License-Identifier: Apache-2.0
// need: how much memory the next task will want, by what those before it had at most.
#pragma once

#include <stdint.h>

struct need;
struct need *need_new(void);
void need_free(struct need *need);
// A task on a dataset of `size` bytes (0: none) had `peak_kb` at most.
void need_add(struct need *need, int64_t size, int64_t peak_kb);
// 1.25 times what 95 of 100 such tasks kept below, of few ones what all did. Datasets are alike within
// a factor of 2; where there is none, the nearest larger ones count, else the nearest smaller. 0 with
// nothing to go by.
int64_t need_guess(const struct need *need, int64_t size);
// That with room to spare: what is set aside for a task of which it is known.
int64_t need_with_room(int64_t peak_kb);
