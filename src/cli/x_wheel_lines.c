// SPDX-License-Identifier: Apache-2.0
// x_wheel_lines: versions, specifiers, requirements, markers for tests (cmd_x_wheel.c).
#include <string.h>

#include "cli/x_wheel.h"
#include "wheel/require.h"

static void add_version(struct x_line *line, const struct version *version,
                        enum version_part part)
{
    CLEANUP_STR struct str text = {0};
    version_add(&text, version, part);
    x_add(line, (struct piece){text.text, text.size});
}

// TEXT -> normal, public, base, trimmed, 1 if a pre-release
static int answer_version(struct x_line *line, struct err *err)
{
    const struct version *version = version_parse(line->arena, line->field[0], err);
    CLEANUP_STR struct str trimmed = {0};
    if (!version)
        return -1;
    add_version(line, version, VERSION_WHOLE);
    add_version(line, version, VERSION_PUBLIC);
    add_version(line, version, VERSION_BASE);
    version_add_trimmed(&trimmed, version);
    x_add_text(line, str_text(&trimmed));
    x_add_number(line, version_is_prerelease(version));
    return 0;
}

// ONE TWO -> -1, 0, 1
static int answer_cmp(struct x_line *line, struct err *err)
{
    const struct version *one = version_parse(line->arena, line->field[0], err);
    const struct version *two = one ? version_parse(line->arena, line->field[1], err) : NULL;
    if (!two)
        return -1;
    x_add_number(line, version_compare(one, two, VERSION_WHOLE));
    return 0;
}

static enum prereleases prereleases_of(struct piece word)
{
    return piece_is(word, "yes")  ? PRERELEASES_YES
           : piece_is(word, "no") ? PRERELEASES_NO
                                  : PRERELEASES_AUTO;
}

// SPECIFIERS -> normal, 1 if they name a pre-release
static int answer_specifier(struct x_line *line, struct err *err)
{
    struct specifiers set;
    CLEANUP_STR struct str text = {0};
    if (specifiers_parse(line->arena, line->field[0], &set, err) < 0)
        return -1;
    specifiers_add(&text, &set);
    x_add_text(line, str_text(&text));
    x_add_number(line, specifiers_prereleases(&set) == PRERELEASES_YES);
    return 0;
}

// SPECIFIERS auto|yes|no VERSION... -> 1 or 0 for each alone
static int answer_match(struct x_line *line, struct err *err)
{
    struct specifiers set;
    if (specifiers_parse(line->arena, line->field[0], &set, err) < 0)
        return -1;
    for (size_t i = 2; i < line->count; i++) {
        const struct candidate candidate = {line->field[i],
                                            version_parse(line->arena, line->field[i], NULL)};
        x_add_number(line,
                     specifiers_contain(&set, &candidate, prereleases_of(line->field[1])));
    }
    return 0;
}

// SPECIFIERS auto|yes|no VERSION... -> 1 or 0 for each among them
static int answer_filter(struct x_line *line, struct err *err)
{
    struct specifiers set;
    size_t count = line->count - 2;
    struct candidate *candidates = arena_alloc(line->arena, count * sizeof *candidates);
    unsigned char *keep = arena_alloc(line->arena, count);
    if (specifiers_parse(line->arena, line->field[0], &set, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        candidates[i] = (struct candidate){
            line->field[i + 2], version_parse(line->arena, line->field[i + 2], NULL)};
    specifiers_filter(&set, candidates, count, prereleases_of(line->field[1]), keep);
    for (size_t i = 0; i < count; i++)
        x_add_number(line, keep[i]);
    return 0;
}

// TEXT -> normal form, normal name, marker
static int answer_require(struct x_line *line, struct err *err)
{
    const struct require *require = require_parse(line->arena, line->field[0], err);
    CLEANUP_STR struct str text = {0}, marker = {0};
    if (!require || require_add(&text, require) < 0 ||
        (require->marker && marker_add(&marker, require->marker) < 0))
        return -1;
    x_add(line, (struct piece){text.text, text.size});
    x_add(line, require->normal);
    x_add(line, (struct piece){marker.text, marker.size});
    return 0;
}

// "extras=a,b" makes the set that lock files have.
static void set_names(struct strv *into, struct piece names)
{
    for (struct piece rest = names; rest.text;) {
        struct piece name = piece_cut(&rest, ',');
        if (name.size)
            strv_take(into, mem_dupn(name.text, name.size));
    }
}

static void set_variable(struct marker_env *env, struct x_line *line, struct piece field,
                         struct strv sets[2])
{
    struct piece value = field, name = piece_cut(&value, '=');
    if (!value.text)
        return;
    if (piece_is(name, "extras")) {
        set_names(&sets[0], value);
        env->extras = &sets[0];
    } else if (piece_is(name, "dependency_groups")) {
        set_names(&sets[1], value);
        env->dependency_groups = &sets[1];
    }
    for (int i = 0; i < MARKER_VARIABLES; i++)
        if (piece_is(name, marker_names[i]))
            env->value[i] = arena_dupn(line->arena, value.text, value.size);
}

// MARKER [VARIABLE=VALUE]... -> normal form ("unwritten" if it has none), 1, 0 or "undefined"
static int answer_marker(struct x_line *line, struct err *err)
{
    const struct marker *marker = marker_parse(line->arena, line->field[0], err);
    struct marker_env env = {0};
    struct strv sets[2] = {0};
    CLEANUP_STR struct str text = {0};
    if (!marker)
        return -1;
    for (size_t i = 1; i < line->count; i++)
        set_variable(&env, line, line->field[i], sets);
    if (marker_add(&text, marker) < 0)
        x_add_text(line, "unwritten");
    else
        x_add(line, (struct piece){text.text, text.size});
    int result = marker_evaluate(marker, &env, err);
    if (result < 0)
        x_add_text(line, "undefined");
    else
        x_add_number(line, result);
    strv_free(&sets[0]);
    strv_free(&sets[1]);
    return 0;
}

const struct x_verb x_verbs[] = {
    {"version", 1, answer_version},     {"cmp", 2, answer_cmp},
    {"specifier", 1, answer_specifier}, {"match", 3, answer_match},
    {"filter", 2, answer_filter},       {"require", 1, answer_require},
    {"marker", 1, answer_marker},       {0},
};
