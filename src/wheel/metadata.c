// SPDX-License-Identifier: Apache-2.0
// metadata: what METADATA and WHEEL say.
#include "wheel/metadata.h"

#include <string.h>

#include "base/lang.h"
#include "wheel/name.h"

static int bad(struct err *err, const char *file, const char *name, struct piece value)
{
    return err_set(err, ERR_USAGE, _("%s: the field %s is malformed: '%.*s'"), file, name,
                   (int)value.size, value.text);
}

// The only value of a name. Returns 0, or -1 if it is missing, there twice, or not UTF-8.
static int only(const struct headers *headers, const char *file, const char *name,
                struct piece *ret, struct err *err)
{
    size_t count = headers_count(headers, name);
    *ret = headers_get(headers, name, 0);
    if (count != 1)
        return err_set(err, ERR_USAGE, _("%s: the field %s is there %zu times, not once"), file,
                       name, count);
    return text_is_utf8(*ret) ? 0 : bad(err, file, name, *ret);
}

// "2.1": the number before the '.', -1 if there is none.
static int major_of(struct piece text)
{
    struct piece rest = text, major = piece_cut(&rest, '.');
    if (!rest.size || !major.size || major.size > 4)
        return -1;
    int number = 0;
    for (size_t i = 0; i < major.size; i++) {
        if (!text_is_digit(major.text[i]))
            return -1;
        number = number * 10 + (major.text[i] - '0');
    }
    return number;
}

static int read_identity(struct arena *arena, struct metadata *into, struct err *err)
{
    struct piece version, format;
    if (only(&into->headers, "METADATA", "Metadata-Version", &format, err) < 0 ||
        only(&into->headers, "METADATA", "Name", &into->name, err) < 0 ||
        only(&into->headers, "METADATA", "Version", &version, err) < 0)
        return -1;
    int major = major_of(format);
    if (major < 1 || major > 2)
        return bad(err, "METADATA", "Metadata-Version", format);
    if (!name_valid(into->name))
        return bad(err, "METADATA", "Name", into->name);
    into->normal = name_normal(arena, into->name);
    into->version = version_parse(arena, version, NULL);
    return into->version ? 0 : bad(err, "METADATA", "Version", version);
}

static int read_require(struct arena *arena, struct metadata *into, const struct header *header,
                        struct err *err)
{
    struct require *require =
        header->is_utf8 ? require_parse(arena, header->value, NULL) : NULL;
    if (!require)
        return bad(err, "METADATA", "Requires-Dist", header->value);
    into->requires_dist[into->requires_count++] = require;
    return 0;
}

static int read_extra(struct arena *arena, struct metadata *into, const struct header *header,
                      struct err *err)
{
    if (!name_valid(header->value))
        return bad(err, "METADATA", "Provides-Extra", header->value);
    into->extra[into->extra_count++] = name_normal(arena, header->value);
    return 0;
}

static int read_lists(struct arena *arena, struct metadata *into, struct err *err)
{
    const struct headers *headers = &into->headers;
    into->requires_dist =
        arena_alloc(arena, headers_count(headers, "Requires-Dist") * sizeof(struct require *));
    into->extra =
        arena_alloc(arena, headers_count(headers, "Provides-Extra") * sizeof *into->extra);
    for (size_t i = 0; i < headers->count; i++) {
        const struct header *header = &headers->item[i];
        int result = 0;
        if (piece_like(header->name, piece_of("Requires-Dist")))
            result = read_require(arena, into, header, err);
        else if (piece_like(header->name, piece_of("Provides-Extra")))
            result = read_extra(arena, into, header, err);
        if (result < 0)
            return -1;
    }
    return 0;
}

int metadata_parse(struct arena *arena, struct piece text, struct metadata *ret,
                   struct err *err)
{
    struct piece python;
    *ret = (struct metadata){0};
    headers_parse(arena, text, &ret->headers);
    if (read_identity(arena, ret, err) < 0)
        return -1;
    if (headers_count(&ret->headers, "Requires-Python")) {
        if (only(&ret->headers, "METADATA", "Requires-Python", &python, err) < 0)
            return -1;
        if (specifiers_parse(arena, python, &ret->requires_python, NULL) < 0)
            return bad(err, "METADATA", "Requires-Python", python);
    }
    return read_lists(arena, ret, err);
}

int wheel_file_parse(struct arena *arena, struct piece text, struct wheel_file *ret,
                     struct err *err)
{
    struct headers headers;
    struct piece format, pure;
    *ret = (struct wheel_file){0};
    headers_parse(arena, text, &headers);
    if (only(&headers, "WHEEL", "Wheel-Version", &format, err) < 0 ||
        only(&headers, "WHEEL", "Root-Is-Purelib", &pure, err) < 0)
        return -1;
    if (major_of(format) != 1)
        return bad(err, "WHEEL", "Wheel-Version", format);
    ret->purelib = piece_like(pure, piece_of("true"));
    if (!ret->purelib && !piece_like(pure, piece_of("false")))
        return bad(err, "WHEEL", "Root-Is-Purelib", pure);
    ret->tag = arena_alloc(arena, headers_count(&headers, "Tag") * sizeof *ret->tag);
    for (size_t i = 0; i < headers.count; i++)
        if (piece_like(headers.item[i].name, piece_of("Tag")))
            ret->tag[ret->tag_count++] = headers.item[i].value;
    ret->build = headers_get(&headers, "Build", 0);
    return 0;
}
