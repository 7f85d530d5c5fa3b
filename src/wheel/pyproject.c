// SPDX-License-Identifier: Apache-2.0
#include "wheel/pyproject.h"

#include <string.h>

#include "base/lang.h"
#include "base/toml.h"
#include "wheel/name.h"
#include "wheel/script.h"

struct reading {
    struct arena *arena;
    const struct toml_value *groups;
    struct pyproject *into;
    size_t room;
    struct err *err;
};
struct chain { // of groups that include each other
    const struct toml_value *group;
    const struct chain *up;
};

static int bad(const struct reading *reading, unsigned line, const char *what)
{
    return err_set(reading->err, ERR_USAGE, _("line %u: %s"), line, what);
}

static void add(struct reading *reading, struct require *require)
{
    struct pyproject *into = reading->into;
    if (into->count == reading->room) {
        size_t room = reading->room ? 2 * reading->room : 16;
        struct require **more = arena_alloc(reading->arena, room * sizeof *more);
        if (into->count)
            memcpy(more, into->require, into->count * sizeof *more);
        into->require = more;
        reading->room = room;
    }
    into->require[into->count++] = require;
}

static int add_text(struct reading *reading, const struct toml_value *value)
{
    if (value->kind != TOML_TEXT)
        return bad(reading, value->line, _("a requirement must be a text"));
    struct require *require =
        require_parse(reading->arena, (struct piece){value->text, value->size}, reading->err);
    if (!require)
        return err_wrap(reading->err, _("line %u"), value->line);
    add(reading, require);
    return 0;
}

static int is_normal(const char *text, struct piece normal)
{
    CLEANUP_STR struct str other = {0};
    name_add_normal(&other, piece_of(text));
    return piece_is(normal, str_text(&other));
}

// Names of groups and extras are compared in normal form (PEP 685, 735).
static const struct toml_value *find(struct arena *arena, const struct toml_value *table,
                                     const char *name)
{
    struct piece normal = name_normal(arena, piece_of(name));
    for (size_t i = 0; table && table->kind == TOML_TABLE && i < table->count; i++)
        if (is_normal(table->item[i].key, normal))
            return &table->item[i];
    return NULL;
}

static int add_group(struct reading *reading, const struct toml_value *group,
                     const struct chain *up);

// {include-group = "NAME"}
static int include(struct reading *reading, const struct toml_value *value,
                   const struct chain *chain)
{
    const char *name = toml_text(toml_get(value, "include-group"));
    if (!name || value->count != 1)
        return bad(reading, value->line, _("only {include-group = \"NAME\"} may stand here"));
    const struct toml_value *group = find(reading->arena, reading->groups, name);
    if (!group)
        return err_set(reading->err, ERR_USAGE, _("line %u: there is no group '%s'"),
                       value->line, name);
    for (const struct chain *at = chain; at; at = at->up)
        if (at->group == group)
            return err_set(reading->err, ERR_USAGE, _("line %u: group '%s' includes itself"),
                           value->line, name);
    return add_group(reading, group, chain);
}

static int add_group(struct reading *reading, const struct toml_value *group,
                     const struct chain *up)
{
    const struct chain chain = {group, up};
    if (group->kind != TOML_ARRAY)
        return bad(reading, group->line, _("a group must be a list"));
    for (size_t i = 0; i < group->count; i++) {
        const struct toml_value *value = &group->item[i];
        int status = value->kind == TOML_TABLE ? include(reading, value, &chain)
                                               : add_text(reading, value);
        if (status < 0)
            return -1;
    }
    return 0;
}

// Two groups of the same normal name are an error (PEP 735).
static int check_groups(const struct reading *reading)
{
    const struct toml_value *groups = reading->groups;
    if (groups && groups->kind != TOML_TABLE)
        return bad(reading, groups->line, _("the groups must be a table"));
    for (size_t i = 0; groups && i < groups->count; i++)
        if (find(reading->arena, groups, groups->item[i].key) != &groups->item[i])
            return err_set(reading->err, ERR_USAGE, _("line %u: group '%s' is there twice"),
                           groups->item[i].line, groups->item[i].key);
    return 0;
}

static int add_list(struct reading *reading, const struct toml_value *list)
{
    if (list && list->kind != TOML_ARRAY)
        return bad(reading, list->line, _("requirements must be a list"));
    for (size_t i = 0; list && i < list->count; i++)
        if (add_text(reading, &list->item[i]) < 0)
            return -1;
    return 0;
}

static int check_dynamic(const struct reading *reading, const struct toml_value *project,
                         const char *key)
{
    const struct toml_value *dynamic = toml_get(project, "dynamic");
    for (size_t i = 0; dynamic && dynamic->kind == TOML_ARRAY && i < dynamic->count; i++) {
        const char *name = toml_text(&dynamic->item[i]);
        if (name && strcmp(name, key) == 0)
            return bad(reading, dynamic->line,
                       _("what it requires is computed by its build (dynamic)"));
    }
    return 0;
}

static int read_part(struct reading *reading, const struct toml_value *root,
                     enum pyproject_part part, const char *name)
{
    const struct toml_value *project = toml_get(root, "project");
    const char *kind = part == PYPROJECT_GROUP ? "dependency-groups" : "optional-dependencies";
    reading->into->requires_python = toml_text(toml_get(project, "requires-python"));
    reading->groups = toml_get(root, "dependency-groups");
    if (part != PYPROJECT_GROUP && !project)
        return err_set(reading->err, ERR_USAGE, _("there is no [%s]"), "project");
    if (part == PYPROJECT_DEPENDENCIES)
        return check_dynamic(reading, project, "dependencies") < 0
                   ? -1
                   : add_list(reading, toml_get(project, "dependencies"));
    const struct toml_value *table =
        part == PYPROJECT_GROUP ? reading->groups : toml_get(project, kind);
    if (part == PYPROJECT_GROUP && check_groups(reading) < 0)
        return -1;
    const struct toml_value *found = find(reading->arena, table, name);
    if (!found)
        return err_set(reading->err, ERR_USAGE, _("[%s] has no '%s'"), kind, name);
    return part == PYPROJECT_GROUP ? add_group(reading, found, NULL) : add_list(reading, found);
}

int pyproject_parse(struct arena *arena, struct piece text, enum pyproject_part part,
                    const char *name, struct pyproject *ret, struct err *err)
{
    struct reading reading = {.arena = arena, .into = ret, .err = err};
    *ret = (struct pyproject){0};
    const struct toml_value *root = toml_parse(arena, text.text, text.size, err);
    return root ? read_part(&reading, root, part, name) : -1;
}

int pyproject_script(struct arena *arena, struct piece script, struct pyproject *ret,
                     struct err *err)
{
    struct piece block;
    struct reading reading = {.arena = arena, .into = ret, .err = err};
    *ret = (struct pyproject){0};
    int found = script_block(arena, script, "script", &block, err);
    if (found <= 0)
        return found;
    const struct toml_value *root = toml_parse(arena, block.text, block.size, err);
    if (!root || add_list(&reading, toml_get(root, "dependencies")) < 0)
        return err_wrap(err, _("in the block '# /// script'"));
    ret->requires_python = toml_text(toml_get(root, "requires-python"));
    return 1;
}
