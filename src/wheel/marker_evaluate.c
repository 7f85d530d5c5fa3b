// SPDX-License-Identifier: Apache-2.0
// marker_evaluate: whether a marker is true in an environment (PEP 508).
#include <string.h>

#include "base/lang.h"
#include "wheel/marker_tree.h"
#include "wheel/name.h"
#include "wheel/specifier.h"

const char *const marker_names[MARKER_VARIABLES] = {
    [MARKER_IMPLEMENTATION_NAME] = "implementation_name",
    [MARKER_IMPLEMENTATION_VERSION] = "implementation_version",
    [MARKER_OS_NAME] = "os_name",
    [MARKER_PLATFORM_MACHINE] = "platform_machine",
    [MARKER_PLATFORM_PYTHON_IMPLEMENTATION] = "platform_python_implementation",
    [MARKER_PLATFORM_RELEASE] = "platform_release",
    [MARKER_PLATFORM_SYSTEM] = "platform_system",
    [MARKER_PLATFORM_VERSION] = "platform_version",
    [MARKER_PYTHON_FULL_VERSION] = "python_full_version",
    [MARKER_PYTHON_VERSION] = "python_version",
    [MARKER_SYS_PLATFORM] = "sys_platform",
    [MARKER_EXTRA] = "extra",
};

struct side { // of a comparison: a text, or a set of names
    struct piece text;
    const struct strv *set;
};

static int is_version(struct piece name)
{
    return piece_is(name, "python_version") || piece_is(name, "python_full_version") ||
           piece_is(name, "implementation_version") || piece_is(name, "platform_release");
}

static int look_up(const struct marker_env *env, struct arena *arena, struct piece name,
                   struct side *ret, struct err *err)
{
    *ret = (struct side){0};
    if (piece_is(name, "extras") && env->extras)
        ret->set = env->extras;
    else if (piece_is(name, "dependency_groups") && env->dependency_groups)
        ret->set = env->dependency_groups;
    for (int i = 0; i < MARKER_VARIABLES; i++)
        if (env->value[i] && piece_is(name, marker_names[i]))
            ret->text = piece_of(env->value[i]);
    if (!ret->set && !ret->text.text)
        return err_set(err, ERR_USAGE, _("a marker asks for '%.*s', which is not known here"),
                       (int)name.size, name.text);
    if (piece_is(name, "extra"))
        ret->text = name_normal(arena, ret->text);
    // A Python built from a checkout says "3.13.0+".
    if (piece_is(name, "python_full_version") && ret->text.size &&
        ret->text.text[ret->text.size - 1] == '+') {
        char *whole = arena_alloc(arena, ret->text.size + sizeof "local");
        memcpy(whole, ret->text.text, ret->text.size);
        memcpy(whole + ret->text.size, "local", sizeof "local");
        ret->text = piece_of(whole);
    }
    return 0;
}

static int text_in(struct piece part, struct piece whole)
{
    return !part.size ||
           (whole.size && memmem(whole.text, whole.size, part.text, part.size) != NULL);
}

static int name_in(struct arena *arena, struct piece name, const struct strv *set)
{
    struct piece wanted = name_normal(arena, name);
    for (size_t i = 0; i < set->count; i++)
        if (piece_compare(wanted, name_normal(arena, piece_of(set->item[i]))) == 0)
            return 1;
    return 0;
}

static int undefined(const char *op, struct err *err)
{
    return err_set(err, ERR_USAGE, _("a marker compares by '%s' what has no such order"), op);
}

static int compare_text(struct arena *arena, struct piece left, const char *op,
                        const struct side *right, struct err *err)
{
    int equal = !right->set && piece_compare(left, right->text) == 0;
    int inside = right->set ? name_in(arena, left, right->set) : text_in(left, right->text);
    if (strcmp(op, "in") == 0)
        return inside;
    if (strcmp(op, "not in") == 0)
        return !inside;
    if (strcmp(op, "==") == 0 || strcmp(op, "<=") == 0 || strcmp(op, ">=") == 0)
        return equal;
    if (strcmp(op, "!=") == 0)
        return !equal;
    if (strcmp(op, "<") == 0 || strcmp(op, ">") == 0)
        return 0;
    return undefined(op, err);
}

// 1, 0, or -1: the two are no versions.
static int compare_versions(struct arena *arena, struct piece left, const char *op,
                            struct piece right)
{
    CLEANUP_STR struct str text = {0};
    struct specifier specifier;
    str_add(&text, op);
    str_add_bytes(&text, right.text, right.size);
    if (specifier_parse(arena, (struct piece){text.text, text.size}, &specifier) < 0)
        return -1;
    const struct candidate candidate = {left, version_parse(arena, left, NULL)};
    return specifier_match(&specifier, &candidate);
}

static int compare(const struct marker_item *item, const struct marker_env *env,
                   struct arena *arena, struct err *err)
{
    struct side left = {.text = item->left.text}, right = {.text = item->right.text};
    struct piece name = item->left.is_variable ? item->left.text : item->right.text;
    if (look_up(env, arena, name, item->left.is_variable ? &left : &right, err) < 0)
        return -1;
    if (left.set)
        return undefined(item->op, err);
    if (is_version(name)) {
        int result = compare_versions(arena, left.text, item->op, right.text);
        if (result >= 0)
            return result;
    }
    return compare_text(arena, left.text, item->op, &right, err);
}

// Every comparison is made, so that what is not defined is found wherever it stands.
// NOLINTNEXTLINE(misc-no-recursion): MARKER_DEPTH bounds it
static int evaluate(const struct marker *marker, const struct marker_env *env,
                    struct arena *arena, struct err *err)
{
    int any = 0, all = 1;
    for (size_t i = 0; i < marker->count; i++) {
        const struct marker_item *item = &marker->item[i];
        int result = item->group ? evaluate(item->group, env, arena, err)
                                 : compare(item, env, arena, err);
        if (result < 0)
            return -1;
        if (item->after_or) {
            any |= all;
            all = 1;
        }
        all &= result;
    }
    return any | all;
}

int marker_evaluate(const struct marker *marker, const struct marker_env *env, struct err *err)
{
    struct arena arena = {0};
    int result = evaluate(marker, env, &arena, err);
    arena_free(&arena);
    return result;
}
