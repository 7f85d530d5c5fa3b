// SPDX-License-Identifier: Apache-2.0
// x_toml: what tests ask of TOML documents and of what projects say in them.
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/toml.h"
#include "cli/x_wheel.h"
#include "wheel/pyproject.h"

static int by_key(const void *one, const void *two)
{
    return strcmp(((const struct toml_value *)one)->key, ((const struct toml_value *)two)->key);
}

// "{key=s:text;...}", "[i:1,...]": a letter for the kind, texts as %XX.
static void add_value(struct arena *arena, const struct toml_value *value, struct str *into)
{
    switch (value->kind) {
    case TOML_TEXT:
        str_add(into, "s:");
        str_add_percent(into, value->text, value->size, "{}[]=;,:");
        return;
    case TOML_INTEGER: str_print(into, "i:%" PRId64, value->integer); return;
    case TOML_FLOAT:
        // the sign of NaN is left to the implementation
        str_print(into, isnan(value->number) ? "f:nan" : "f:%.17g", value->number);
        return;
    case TOML_BOOLEAN: str_add(into, value->integer ? "b:true" : "b:false"); return;
    case TOML_TIME: str_print(into, "t:%s", value->text); return;
    case TOML_ARRAY:
    case TOML_TABLE: break;
    }
    struct toml_value *item = arena_alloc(arena, (value->count + 1) * sizeof *item);
    int is_table = value->kind == TOML_TABLE;
    if (value->count)
        memcpy(item, value->item, value->count * sizeof *item);
    if (is_table)
        qsort(item, value->count, sizeof *item, by_key);
    str_add_char(into, is_table ? '{' : '[');
    for (size_t i = 0; i < value->count; i++) {
        if (is_table) {
            str_add_percent(into, item[i].key, strlen(item[i].key), "{}[]=;,:");
            str_add_char(into, '=');
        }
        add_value(arena, &item[i], into);
        str_add_char(into, ';');
    }
    str_add_char(into, is_table ? '}' : ']');
}

static int answer_toml(struct x_line *line, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    const struct toml_value *root =
        toml_parse(line->arena, line->field[0].text, line->field[0].size, err);
    if (!root)
        return -1;
    add_value(line->arena, root, &text);
    x_add(line, (struct piece){text.text, text.size});
    return 0;
}

static void add_requires(struct x_line *line, const struct pyproject *project)
{
    x_add_number(line, (long)project->count);
    for (size_t i = 0; i < project->count; i++) {
        CLEANUP_STR struct str text = {0};
        require_add(&text, project->require[i]);
        x_add_text(line, str_text(&text));
    }
}

// "dependencies|extra|group", NAME, pyproject.toml -> how many, each requirement.
static int answer_pyproject(struct x_line *line, struct err *err)
{
    struct pyproject project;
    enum pyproject_part part = piece_is(line->field[0], "group")   ? PYPROJECT_GROUP
                               : piece_is(line->field[0], "extra") ? PYPROJECT_EXTRA
                                                                   : PYPROJECT_DEPENDENCIES;
    if (pyproject_parse(line->arena, line->field[2], part, line->field[1].text, &project, err) <
        0)
        return -1;
    add_requires(line, &project);
    return 0;
}

const struct x_verb x_toml_verbs[] = {
    {"toml", 1, answer_toml},
    {"pyproject", 3, answer_pyproject},
    {NULL, 0, NULL},
};
