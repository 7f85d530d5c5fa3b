// SPDX-License-Identifier: Apache-2.0
// release: comparing versions of Python by PEP 440 (packaging.python.org, "Version
// specifiers").
//
// A bare "3.11" stands for ==3.11.*, as on uv's and pyenv's command lines. Pre-releases come
// before their release: 3.13.0b1 < 3.13.0, and <3.13 leaves it out as PEP 440 says.
#include "env/release.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "base/str.h"

// A number of at most 4 digits at *at. Moves *at behind it.
static int read_part(const char **at, int *ret)
{
    int value = 0, digits = 0;
    for (; isdigit((unsigned char)**at); (*at)++)
        if (++digits <= 4)
            value = value * 10 + (**at - '0');
    *ret = value;
    return digits >= 1 && digits <= 4 ? 0 : -1;
}

// As release_parse, but stops at what does not belong to a version and leaves *at there.
static int read_release(const char **at, struct release *ret)
{
    *ret = (struct release){.pre = 'z'};
    for (;;) {
        if (read_part(at, &ret->part[ret->parts]) < 0)
            return -1;
        ret->parts++;
        if (ret->parts == 3 || **at != '.' || !isdigit((unsigned char)(*at)[1]))
            break;
        (*at)++;
    }
    if (str_starts(*at, "rc")) {
        ret->pre = 'c';
        *at += 2;
    } else if (**at == 'a' || **at == 'b' || **at == 'c') {
        ret->pre = (unsigned char)*(*at)++;
    } else {
        return 0;
    }
    return read_part(at, &ret->number);
}

int release_parse(const char *text, struct release *ret)
{
    if (read_release(&text, ret) < 0)
        return -1;
    return !*text || strcmp(text, "+") == 0 ? 0 : -1;
}

int release_compare(const struct release *a, const struct release *b)
{
    for (int i = 0; i < 3; i++)
        if (a->part[i] != b->part[i])
            return a->part[i] - b->part[i];
    return a->pre != b->pre ? a->pre - b->pre : a->number - b->number;
}

// Are the first `parts` numbers the same?
static int same_prefix(const struct release *a, const struct release *b, int parts)
{
    for (int i = 0; i < parts; i++)
        if (a->part[i] != b->part[i])
            return 0;
    return 1;
}

static int fits_operator(const struct release *release, const char *name,
                         const struct release *bound, int wild)
{
    int order = release_compare(release, bound);
    if (strcmp(name, "==") == 0)
        return wild ? same_prefix(release, bound, bound->parts) : order == 0;
    if (strcmp(name, "!=") == 0)
        return wild ? !same_prefix(release, bound, bound->parts) : order != 0;
    if (strcmp(name, "<=") == 0)
        return order <= 0;
    if (strcmp(name, ">=") == 0)
        return order >= 0;
    if (strcmp(name, "~=") == 0)
        return order >= 0 && same_prefix(release, bound, bound->parts - 1);
    if (strcmp(name, ">") == 0)
        return order > 0;
    // "<3.13" does not mean 3.13.0b1, unless a pre-release was named
    return order < 0 &&
           !(bound->pre == 'z' && same_prefix(release, bound, 3) && release->pre != 'z');
}

// One specifier: an operator, a version, perhaps ".*". Returns 1, 0, or -1 if it is none.
static int fits_one(const struct release *release, const char *text)
{
    static const char *const operators[] = {"==", "!=", "<=", ">=", "~=", "<", ">"};
    const char *name = "";
    struct release bound;
    for (size_t i = 0; i < COUNT(operators) && !*name; i++)
        if (str_starts(text, operators[i]))
            name = operators[i];
    const char *at = text + strlen(name);
    at += strspn(at, " \t");
    if (read_release(&at, &bound) < 0)
        return -1;
    int wild = str_starts(at, ".*");
    at += wild ? 2 : 0;
    at += strspn(at, " \t");
    if (*at || (wild && bound.pre != 'z'))
        return -1;
    if (!*name)
        return wild || (bound.parts < 3 && bound.pre == 'z')
                   ? same_prefix(release, &bound, bound.parts)
                   : release_compare(release, &bound) == 0;
    if ((wild && name[1] != '=') || (wild && strchr("<>~", name[0])) ||
        (name[0] == '~' && bound.parts < 2))
        return -1;
    return fits_operator(release, name, &bound, wild);
}

int release_fits(const struct release *release, const char *want, struct err *err)
{
    CLEANUP_STRV struct strv list = {0};
    int fits = 1;
    strv_split(&list, want, ',');
    for (size_t i = 0; i < list.count; i++) {
        const char *text = list.item[i] + strspn(list.item[i], " \t");
        int one = fits_one(release, text);
        if (one < 0)
            return err_set(err, ERR_USAGE, _("'%s' is not a version of Python"), want);
        fits &= one;
    }
    return fits;
}
