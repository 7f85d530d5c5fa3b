// SPDX-License-Identifier: Apache-2.0
// plan_parts: what plan.c and plan_check.c have in common.
#pragma once

#include "store/plan.h"

// "entry 'NAME': words". Returns -1.
int plan_refuse(struct err *err, struct piece name, const char *words);
// METADATA, WHEEL, entry points, RECORD: fills what of the manifest comes from them, and the rows.
// Returns 0, or -1 with [bad-wheel].
int plan_check(struct arena *arena, struct inflater *inflater, struct plan *plan,
               struct err *err);
