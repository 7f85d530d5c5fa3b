// SPDX-License-Identifier: Apache-2.0
// x_wheel_files: names and contents of files, and tags, for tests (cmd_x_wheel.c).
#include <stdlib.h>
#include <string.h>

#include "cli/x_wheel.h"
#include "wheel/entries.h"
#include "wheel/metadata.h"
#include "wheel/record.h"
#include "wheel/script.h"
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

// FILE -> name and value of each header, then the body
static int answer_headers(struct x_line *line, struct err *err)
{
    struct headers headers;
    (void)err;
    headers_parse(line->arena, line->field[0], &headers);
    for (size_t i = 0; i < headers.count; i++) {
        x_add(line, headers.item[i].name);
        x_add(line, headers.item[i].value);
    }
    x_add(line, headers.body);
    return 0;
}

// FILE -> name, version, Requires-Python, requirements, "", extras
static int answer_metadata(struct x_line *line, struct err *err)
{
    struct metadata metadata;
    CLEANUP_STR struct str text = {0};
    if (metadata_parse(line->arena, line->field[0], &metadata, err) < 0)
        return -1;
    x_add(line, metadata.normal);
    add_version(line, metadata.version);
    specifiers_add(&text, &metadata.requires_python);
    x_add_text(line, str_text(&text));
    for (size_t i = 0; i < metadata.requires_count; i++) {
        str_clear(&text);
        if (require_add(&text, metadata.requires_dist[i]) < 0)
            str_add(&text, "unwritten");
        x_add(line, (struct piece){text.text, text.size});
    }
    x_add_text(line, "");
    for (size_t i = 0; i < metadata.extra_count; i++)
        x_add(line, metadata.extra[i]);
    return 0;
}

// FILE -> 1 if purelib, build, tags
static int answer_wheelfile(struct x_line *line, struct err *err)
{
    struct wheel_file wheel;
    if (wheel_file_parse(line->arena, line->field[0], &wheel, err) < 0)
        return -1;
    x_add_number(line, wheel.purelib);
    x_add(line, wheel.build);
    for (size_t i = 0; i < wheel.tag_count; i++)
        x_add(line, wheel.tag[i]);
    return 0;
}

// FILE -> path, hash, size of each row; then all of it as we write it (paths and SHA-256 only)
static int answer_record(struct x_line *line, struct err *err)
{
    struct record_file record;
    CLEANUP_STR struct str again = {0};
    if (record_file_parse(line->arena, line->field[0], &record, err) < 0)
        return -1;
    for (size_t i = 0; i < record.count; i++) {
        const struct record_row *row = &record.row[i];
        x_add(line, row->path);
        x_add(line, row->hash);
        x_add_number(line, (long)row->size);
        record_file_add(&again, row->path.text, row->has_sha256 ? row->sha256 : NULL,
                        row->size);
    }
    x_add_text(line, str_text(&again));
    return 0;
}

// FILE -> group, name, value, module, object of each entry
static int answer_entries(struct x_line *line, struct err *err)
{
    struct entries entries;
    if (entries_parse(line->arena, line->field[0], &entries, err) < 0)
        return -1;
    x_add_number(line, (long)entries.count);
    for (size_t i = 0; i < entries.count; i++) {
        const struct entry *entry = &entries.item[i];
        struct piece module, object;
        if (entry_object(entry->value, &module, &object) < 0)
            module = object = (struct piece){0};
        x_add(line, entry->group);
        x_add(line, entry->name);
        x_add(line, entry->value);
        x_add(line, module);
        x_add(line, object);
    }
    return 0;
}

// FILE -> the block, "none"
static int answer_script(struct x_line *line, struct err *err)
{
    struct piece block;
    int found = script_block(line->arena, line->field[0], "script", &block, err);
    if (found < 0)
        return -1;
    if (found)
        x_add(line, block);
    else
        x_add_text(line, "none");
    return 0;
}

const struct x_verb x_file_verbs[] = {
    {"wheelname", 1, answer_wheelname}, {"sdistname", 1, answer_sdistname},
    {"tags", 13, answer_tags},          {"headers", 1, answer_headers},
    {"metadata", 1, answer_metadata},   {"wheelfile", 1, answer_wheelfile},
    {"record", 1, answer_record},       {"entries", 1, answer_entries},
    {"script", 1, answer_script},       {"reqfile", 2, x_answer_reqfile},
    {"solve", 1, x_answer_solve},       {0},
};
