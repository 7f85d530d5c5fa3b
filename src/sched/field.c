// SPDX-License-Identifier: Apache-2.0
#include "sched/field.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/size.h"

#define KIB_OF_MIB 1024

const char *field_find(const char *line, const char *key, size_t *ret_size)
{
    size_t size = strlen(key);
    for (const char *at = line; (at = strstr(at, key)); at += size) {
        int begins = at == line || strchr(" \t{", at[-1]) != NULL;
        if (!begins || at[size] != '=')
            continue;
        *ret_size = strcspn(at + size + 1, " \t\n}");
        return at + size + 1;
    }
    return NULL;
}

char *field_text(const char *line, const char *key)
{
    size_t size;
    const char *value = field_find(line, key, &size);
    if (!value || !size)
        return NULL;
    char *text = mem_dupn(value, size);
    if (strcmp(text, "N/A") == 0 || strcmp(text, "(null)") == 0)
        free(TAKE(text));
    return text;
}

unsigned long field_number(const char *text)
{
    char *end;
    if (!isdigit((unsigned char)*text))
        return 0;
    unsigned long number = strtoul(text, &end, 10);
    return number <= INT_MAX ? number : 0;
}

// What stands before the '(' is the limit; "N": none.
static int64_t most_of(const char *text, int is_memory)
{
    int64_t kib;
    if (!isdigit((unsigned char)*text))
        return -1;
    if (!is_memory)
        return (int64_t)field_number(text);
    return size_parse(text, &kib) == 0 ? kib : 0;
}

static int limit_of(const char *text, size_t size, int is_memory, struct field_limit *ret)
{
    CLEANUP_FREE char *most = mem_dupn(text, size);
    char *used = strchr(most, '(');
    if (used)
        *used++ = '\0';
    ret->most = most_of(most, is_memory);
    ret->used = used ? (int64_t)field_number(used) * (is_memory ? KIB_OF_MIB : 1) : 0;
    return ret->most >= 0 || ret->used;
}

int field_limit(const char *text, size_t size, struct field_limit *ret)
{
    return limit_of(text, size, 0, ret);
}

int field_tres(const char *text, size_t size, const char *name, struct field_limit *ret)
{
    size_t length = strlen(name);
    *ret = (struct field_limit){.most = -1};
    for (const char *at = text, *end = text + size; at < end;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        size_t part = (size_t)((comma ? comma : end) - at);
        if (part > length && strncmp(at, name, length) == 0 && at[length] == '=')
            return limit_of(at + length + 1, part - length - 1, strcmp(name, "mem") == 0, ret);
        at += part + 1;
    }
    return 0;
}
