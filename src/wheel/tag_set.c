// SPDX-License-Identifier: Apache-2.0
// tag_set: compressed tags of wheels, "cp38.cp39-abi3-linux_x86_64" (PEP 425).
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "wheel/tags.h"

enum { MAX_TAGS = 4096 };

static int is_identifier(struct piece text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!text_is_word(text.text[i]))
            return 0;
    return text.size && !text_is_digit(text.text[0]);
}

static int compare_pieces(const void *one, const void *two)
{
    return piece_compare(*(const struct piece *)one, *(const struct piece *)two);
}

// The parts between '.', in lower case, sorted, each once. Returns 0, or -1 if one is empty.
static int read_parts(struct arena *arena, struct piece text, struct piece **ret,
                      size_t *ret_count)
{
    size_t count = 1, kept = 0;
    char *copy = arena_dupn(arena, text.text, text.size);
    for (size_t i = 0; i < text.size; i++) {
        count += copy[i] == '.';
        copy[i] = text_lower(copy[i]);
    }
    struct piece *parts = arena_alloc(arena, count * sizeof *parts);
    struct piece rest = {copy, text.size};
    for (size_t i = 0; i < count; i++) {
        parts[i] = piece_cut(&rest, '.');
        if (!parts[i].size)
            return -1;
    }
    qsort(parts, count, sizeof *parts, compare_pieces);
    for (size_t i = 0; i < count; i++)
        if (!kept || piece_compare(parts[kept - 1], parts[i]) != 0)
            parts[kept++] = parts[i];
    *ret = parts;
    *ret_count = kept;
    return 0;
}

int tag_set_parse(struct arena *arena, struct piece text, struct tag_set *ret, struct err *err)
{
    struct piece rest = text;
    int good = 1;
    *ret = (struct tag_set){0};
    for (int i = 0; i < 3 && good; i++)
        good = rest.text &&
               read_parts(arena, piece_cut(&rest, '-'), &ret->part[i], &ret->count[i]) == 0;
    for (size_t i = 0; good && i < ret->count[0]; i++)
        good = is_identifier(ret->part[0][i]);
    // No wheel has so many; a made-up name of 100 KB would have 10^13.
    good = good && ret->count[0] <= MAX_TAGS && ret->count[1] <= MAX_TAGS &&
           ret->count[2] <= MAX_TAGS &&
           ret->count[0] * ret->count[1] * ret->count[2] <= MAX_TAGS;
    if (good && !rest.text)
        return 0;
    return err_set(err, ERR_USAGE, _("'%.*s' is no tag of a wheel (PEP 425)"), (int)text.size,
                   text.text);
}

static void add_one(struct str *into, const struct tag_set *set, size_t i, size_t j, size_t k)
{
    const struct piece parts[] = {set->part[0][i], set->part[1][j], set->part[2][k]};
    for (size_t n = 0; n < COUNT(parts); n++) {
        if (n)
            str_add_char(into, '-');
        str_add_bytes(into, parts[n].text, parts[n].size);
    }
}

void tag_set_add(struct str *into, const struct tag_set *set)
{
    for (size_t i = 0; i < set->count[0]; i++)
        for (size_t j = 0; j < set->count[1]; j++)
            for (size_t k = 0; k < set->count[2]; k++) {
                if (i + j + k)
                    str_add_char(into, ' ');
                add_one(into, set, i, j, k);
            }
}

long tag_set_rank(const struct tag_set *set, const struct tags *tags)
{
    CLEANUP_STR struct str text = {0};
    uint64_t best = 0;
    for (size_t i = 0; i < set->count[0]; i++)
        for (size_t j = 0; j < set->count[1]; j++)
            for (size_t k = 0; k < set->count[2]; k++) {
                str_clear(&text);
                add_one(&text, set, i, j, k);
                const uint64_t *place = table_get(&tags->rank, text.text);
                if (place && (!best || *place < best))
                    best = *place;
            }
    return (long)best - 1;
}
