// SPDX-License-Identifier: Apache-2.0
// x_wheel_files: names of files and tags for tests (cmd_x_wheel.c).
#include <stdlib.h>
#include <string.h>

#include "cli/x_wheel.h"
#include "wheel/wheelname.h"

static void add_version(struct x_line *line, const struct version *version)
{
    CLEANUP_STR struct str text = {0};
    version_add(&text, version, VERSION_WHOLE);
    x_add_text(line, str_text(&text));
}

// FILE -> name, version, build number, its text, tags
static int answer_wheelname(struct x_line *line, struct err *err)
{
    struct wheelname name;
    CLEANUP_STR struct str tags = {0};
    if (wheelname_parse(line->arena, line->field[0], &name, err) < 0)
        return -1;
    tag_set_add(&tags, &name.tags);
    x_add(line, name.normal);
    add_version(line, name.version);
    x_add(line, name.build_number);
    x_add(line, name.build_text);
    x_add_text(line, str_text(&tags));
    return 0;
}

// FILE -> name, version
static int answer_sdistname(struct x_line *line, struct err *err)
{
    struct sdistname name;
    if (sdistname_parse(line->arena, line->field[0], &name, err) < 0)
        return -1;
    x_add(line, name.normal);
    add_version(line, name.version);
    return 0;
}

static int number_of(const struct x_line *line, size_t i)
{
    char *text = arena_dupn(line->arena, line->field[i].text, line->field[i].size);
    return (int)strtol(text, NULL, 10);
}

// MAJOR MINOR DEBUG NO-GIL NO-PYMALLOC PLATFORM 32BIT ABI GLIBC GLIBC-MINOR MUSL MUSL-MINOR
// none|attributes|function then: 1 2010 2014 as -1, 0, 1; or REFUSE-ALL and refused minors of 2
// -> all tags
static int answer_tags(struct x_line *line, struct err *err)
{
    struct libc_version refused[64];
    struct manylinux module = {.refused = refused};
    struct tag_facts facts = {
        .major = number_of(line, 0),
        .minor = number_of(line, 1),
        .debug = number_of(line, 2),
        .no_gil = number_of(line, 3),
        .no_pymalloc = number_of(line, 4),
        .platform = line->field[5].text,
        .is_32bit = number_of(line, 6),
        .has_abi = number_of(line, 7),
        .glibc = {number_of(line, 8), number_of(line, 9)},
        .musl = {number_of(line, 10), number_of(line, 11)},
    };
    struct tags tags;
    (void)err;
    if (!piece_is(line->field[12], "none"))
        facts.manylinux = &module;
    if (piece_is(line->field[12], "attributes") && line->count >= 16) {
        module.one = number_of(line, 13);
        module.y2010 = number_of(line, 14);
        module.y2014 = number_of(line, 15);
    } else if (piece_is(line->field[12], "function") && line->count >= 14) {
        module.function = 1;
        module.refuse_all = number_of(line, 13);
        for (size_t i = 14; i < line->count && module.refused_count < COUNT(refused); i++)
            refused[module.refused_count++] = (struct libc_version){2, number_of(line, i)};
    }
    tags_supported(line->arena, &facts, &tags);
    for (size_t i = 0; i < tags.count; i++)
        x_add_text(line, tags.item[i]);
    tags_free(&tags);
    return 0;
}

const struct x_verb x_file_verbs[] = {
    {"wheelname", 1, answer_wheelname},
    {"sdistname", 1, answer_sdistname},
    {"tags", 13, answer_tags},
    {0},
};
