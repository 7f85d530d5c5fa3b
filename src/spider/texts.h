// SPDX-License-Identifier: Apache-2.0
// texts: several texts behind each other, each with its NUL: as they stand in the cache's file, so
// that a list is read without being copied.
#pragma once

#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct texts {
    const char *first;
    size_t count;
};
static inline const char *texts_next(const char *text)
{
    return text + strlen(text) + 1;
}
int texts_same(struct texts one, struct texts other);
// A copy of a list, in the arena.
struct texts texts_of(struct arena *arena, const struct strv *list);
