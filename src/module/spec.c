// SPDX-License-Identifier: Apache-2.0
#include "module/spec.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "module/order.h"

char *spec_name(const char *text)
{
    const char *at = strchr(text, '@');
    int is_one = at && at > text && !strchr(at + 1, '@');
    return is_one ? mem_dupn(text, (size_t)(at - text)) : NULL;
}

const char *spec_versions(const char *text)
{
    return strchr(text, '@') + 1;
}

int spec_is_list(const char *versions)
{
    return strpbrk(versions, ",:") != NULL;
}

int spec_extends(const char *version, const char *wanted)
{
    size_t size = strlen(wanted);
    if (!size || strncmp(version, wanted, size) != 0)
        return 0;
    unsigned char last = (unsigned char)wanted[size - 1];
    int open = isalpha(last) || strchr("-+_.=", last);
    return open || (version[size] && strchr("-+_.=", version[size]));
}

static int is_or_extends(const char *version, const char *wanted)
{
    return strcmp(version, wanted) == 0 || spec_extends(version, wanted);
}

// One of a list: a version, or a range of which an end may be open.
static int fits_one(char *one, const char *version)
{
    char *colon = strchr(one, ':');
    if (!colon)
        return is_or_extends(version, one);
    *colon = '\0';
    if (strchr(colon + 1, ':'))
        return 0;
    CLEANUP_FREE char *key = order_key(version), *least = order_key(one);
    CLEANUP_FREE char *most = order_key(colon + 1);
    return (!*one || strcmp(key, least) >= 0 || is_or_extends(version, one)) &&
           (!colon[1] || strcmp(key, most) <= 0 || is_or_extends(version, colon + 1));
}

int spec_fits(const char *versions, const char *version)
{
    CLEANUP_STRV struct strv list = {0};
    int fits =
        !*versions || strcmp(versions, "default") == 0 || strcmp(versions, "latest") == 0;
    strv_split(&list, versions, ',');
    for (size_t i = 0; i < list.count && !fits; i++)
        fits = *list.item[i] && fits_one(list.item[i], version);
    return fits;
}

int spec_holds(const char *text, const char *full)
{
    CLEANUP_FREE char *name = spec_name(text);
    size_t size = name ? strlen(name) : 0;
    return size && strncmp(full, name, size) == 0 && full[size] == '/' &&
           !strchr(full + size + 1, '/') && spec_fits(spec_versions(text), full + size + 1);
}
