// SPDX-License-Identifier: Apache-2.0
#include "spider/texts.h"

struct texts texts_of(struct arena *arena, const struct strv *list)
{
    size_t size = 0;
    for (size_t i = 0; i < list->count; i++)
        size += strlen(list->item[i]) + 1;
    char *at = arena_alloc(arena, size + 1);
    struct texts texts = {at, list->count};
    for (size_t i = 0; i < list->count; i++) {
        size_t length = strlen(list->item[i]) + 1;
        memcpy(at, list->item[i], length);
        at += length;
    }
    return texts;
}

int texts_same(struct texts one, struct texts other)
{
    const char *left = one.first, *right = other.first;
    if (one.count != other.count)
        return 0;
    for (size_t i = 0; i < one.count; i++) {
        if (strcmp(left, right) != 0)
            return 0;
        left = texts_next(left);
        right = texts_next(right);
    }
    return 1;
}
