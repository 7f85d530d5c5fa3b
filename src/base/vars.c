// SPDX-License-Identifier: Apache-2.0
// vars: environment variables as a list of "NAME=value". A few dozen to a few hundred: a linear
// search is enough.
#include "base/vars.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

// The first from `from` on.
static char **find_from(const struct vars *vars, const char *name, size_t from)
{
    size_t size = strlen(name);
    for (size_t i = from; i < vars->list.count; i++) {
        const char *entry = vars->list.item[i];
        if (*entry == *name && strncmp(entry, name, size) == 0 && entry[size] == '=')
            return &vars->list.item[i];
    }
    return NULL;
}

static char **find(const struct vars *vars, const char *name)
{
    return find_from(vars, name, 0);
}

static void drop_from(struct vars *vars, const char *name, size_t from)
{
    char **place;
    while ((place = find_from(vars, name, from))) {
        free(*place);
        char **last = vars->list.item + --vars->list.count;
        *place = *last;
        *last = NULL;
    }
}

void vars_copy(struct vars *vars, char *const *environment)
{
    for (; environment && *environment; environment++)
        strv_add(&vars->list, *environment);
}

const char *vars_get(const struct vars *vars, const char *name)
{
    char **place = find(vars, name);
    return place ? *place + strlen(name) + 1 : NULL;
}

void vars_set(struct vars *vars, const char *name, const char *value)
{
    size_t size = strlen(name), more = strlen(value);
    char *new = mem_alloc(size + more + 2);
    memcpy(new, name, size);
    new[size] = '=';
    memcpy(new + size + 1, value, more + 1);
    char **place = find(vars, name);
    if (place) {
        free(*place);
        *place = new;
        // of two with one name programs differ in which they take
        drop_from(vars, name, (size_t)(place - vars->list.item) + 1);
    } else {
        strv_take(&vars->list, new);
    }
}

void vars_unset(struct vars *vars, const char *name)
{
    drop_from(vars, name, 0);
}

void vars_free(struct vars *vars)
{
    strv_free(&vars->list);
}
