// SPDX-License-Identifier: Apache-2.0
#include "module/order.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define FINAL "*zfinal"   // the end of a version
#define PATCH "*zfinal-"  // what follows the end: "1.0-1" is newer than "1.0"
#define ZERO  "000000000" // numbers have nine digits

static const char *word_key(const char *word)
{
    static const struct {
        const char *word, *key;
    } known[] = {{"pre", "c"}, {"preview", "c"}, {"rc", "c"},
                 {"dev", "@"}, {"-", "zfinal-"}, {"p", "zfinal-"}};
    for (size_t i = 0; i < COUNT(known); i++)
        if (strcmp(word, known[i].word) == 0)
            return known[i].key;
    return word;
}

static void add_number(struct strv *parts, const char **at)
{
    const char *start = *at;
    while (isdigit((unsigned char)**at))
        (*at)++;
    while (*start == '0' && start + 1 < *at)
        start++;
    size_t digits = (size_t)(*at - start),
           zeros = digits < strlen(ZERO) ? strlen(ZERO) - digits : 0;
    struct str number = {0};
    str_add_bytes(&number, ZERO, zeros);
    str_add_bytes(&number, start, digits);
    strv_take(parts, str_take(&number));
}

static void add_word(struct strv *parts, const char **at)
{
    const char *start = *at;
    if (start[0] == '-' && start[1] == 'p') {
        *at += 2;
        strv_add(parts, PATCH);
        return;
    }
    do
        (*at)++;
    while (isalpha((unsigned char)*start) && isalpha((unsigned char)**at));
    CLEANUP_FREE char *word = mem_dupn(start, (size_t)(*at - start));
    struct str key = {0};
    if (strcmp(word, "/") != 0)
        str_add_char(&key, '*');
    str_add(&key, word_key(word));
    strv_take(parts, str_take(&key));
}

static void drop_last(struct strv *parts, const char *text)
{
    while (parts->count && strcmp(parts->item[parts->count - 1], text) == 0) {
        free(parts->item[--parts->count]);
        parts->item[parts->count] = NULL;
    }
}

// Zeros before a word or the end say nothing ("2.4.0" is "2.4"), nor does a dash before a
// pre-release.
static void settle_last(struct strv *parts)
{
    char *last = parts->item[parts->count - 1];
    if (*last != '*')
        return;
    parts->item[--parts->count] = NULL;
    int is_final = strcmp(last, FINAL) == 0;
    if (!is_final)
        drop_last(parts, PATCH);
    drop_last(parts, ZERO);
    if (is_final)
        drop_last(parts, PATCH);
    strv_take(parts, last);
}

char *order_key(const char *version)
{
    CLEANUP_FREE char *small = mem_dup(version);
    for (char *at = small; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    CLEANUP_STRV struct strv parts = {0};
    const char *at = small;
    while (*at) {
        if (*at == '.') {
            if (at++ == small)
                strv_add(&parts, ZERO);
            if (!*at)
                break;
        }
        if (isdigit((unsigned char)*at))
            add_number(&parts, &at);
        else
            add_word(&parts, &at);
        settle_last(&parts);
    }
    strv_add(&parts, FINAL);
    settle_last(&parts);
    struct str key = {0};
    for (size_t i = 0; i < parts.count; i++) {
        int joined = !i || strcmp(parts.item[i], "/") == 0 || str_ends(key.text, "/");
        if (!joined)
            str_add_char(&key, '.');
        str_add(&key, parts.item[i]);
    }
    return str_take(&key);
}
