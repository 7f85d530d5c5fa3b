// SPDX-License-Identifier: Apache-2.0
// marker: markers read and written (PEP 508).
#include "wheel/marker.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "wheel/literal.h"
#include "wheel/marker_tree.h"
#include "wheel/name.h"

struct reader {
    struct arena *arena;
    const char *at, *end;
};

// Names as they may be written; "." for "_" in some is older than PEP 508. The first one that fits
// and ends at a word's end is taken.
static const struct {
    const char *written, *name;
} variables[] = {
    {"python_version", "python_version"},
    {"python_full_version", "python_full_version"},
    {"os_name", "os_name"},
    {"os.name", "os_name"},
    {"sys_platform", "sys_platform"},
    {"sys.platform", "sys_platform"},
    {"platform_release", "platform_release"},
    {"platform_system", "platform_system"},
    {"platform_version", "platform_version"},
    {"platform.version", "platform_version"},
    {"platform_machine", "platform_machine"},
    {"platform.machine", "platform_machine"},
    {"platform_python_implementation", "platform_python_implementation"},
    {"platform.python_implementation", "platform_python_implementation"},
    {"python_implementation", "platform_python_implementation"},
    {"implementation_name", "implementation_name"},
    {"implementation_version", "implementation_version"},
    {"extra", "extra"},
    {"extras", "extras"},
    {"dependency_groups", "dependency_groups"},
};

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t'))
        reader->at++;
}

// Takes `text` if it stands here; a `word` only if it is one (no part of a longer one).
static int take(struct reader *reader, const char *text, const char *start, int word)
{
    size_t size = strlen(text);
    if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, text, size) != 0)
        return 0;
    const char *behind = reader->at + size;
    if (word && ((reader->at > start && text_is_word(reader->at[-1])) ||
                 (behind < reader->end && text_is_word(*behind))))
        return 0;
    reader->at = behind;
    return 1;
}

static int read_operand(struct reader *reader, const char *start, struct marker_operand *ret)
{
    for (size_t i = 0; i < COUNT(variables); i++) {
        if (take(reader, variables[i].written, start, 1)) {
            *ret = (struct marker_operand){piece_of(variables[i].name), 1};
            return 0;
        }
    }
    const char *at = reader->at;
    if (at >= reader->end || (*at != '\'' && *at != '"'))
        return -1;
    const char *close = memchr(at + 1, *at, (size_t)(reader->end - at - 1));
    if (!close)
        return -1;
    ret->is_variable = 0;
    if (literal_read(reader->arena, (struct piece){at, (size_t)(close + 1 - at)}, &ret->text) <
        0)
        return -1;
    reader->at = close + 1;
    return 0;
}

static const char *read_op(struct reader *reader, const char *start)
{
    static const char *const signs[] = {"===", "==", "~=", "!=", "<=", ">=", "<", ">"};
    if (take(reader, "in", start, 1))
        return "in";
    if (take(reader, "not", start, 1)) {
        const char *before = reader->at;
        skip_blanks(reader);
        return reader->at > before && take(reader, "in", start, 1) ? "not in" : NULL;
    }
    for (size_t i = 0; i < COUNT(signs); i++)
        if (take(reader, signs[i], start, 0))
            return signs[i];
    return NULL;
}

// Names of extras and groups are compared in their normal form (PEP 685): their values get it.
static void normalize_extras(struct arena *arena, struct marker_item *item)
{
    struct marker_operand *left = &item->left, *right = &item->right;
    if (left->is_variable && piece_is(left->text, "extra") && !right->is_variable)
        right->text = name_normal(arena, right->text);
    else if (right->is_variable && !left->is_variable &&
             (piece_is(right->text, "extra") || piece_is(right->text, "extras") ||
              piece_is(right->text, "dependency_groups")))
        left->text = name_normal(arena, left->text);
}

static int read_comparison(struct reader *reader, const char *start, struct marker_item *item)
{
    if (read_operand(reader, start, &item->left) < 0)
        return -1;
    skip_blanks(reader);
    item->op = read_op(reader, start);
    if (!item->op)
        return -1;
    skip_blanks(reader);
    if (read_operand(reader, start, &item->right) < 0)
        return -1;
    normalize_extras(reader->arena, item);
    return 0;
}

static struct marker *read_marker(struct reader *reader, const char *start, int depth);

static int read_item(struct reader *reader, const char *start, int depth,
                     struct marker_item *item)
{
    skip_blanks(reader);
    if (take(reader, "(", start, 0)) {
        item->group = depth < MARKER_DEPTH ? read_marker(reader, start, depth + 1) : NULL;
        if (!item->group || !take(reader, ")", start, 0))
            return -1;
    } else if (read_comparison(reader, start, item) < 0) {
        return -1;
    }
    skip_blanks(reader);
    return 0;
}

// NOLINTNEXTLINE(misc-no-recursion): MARKER_DEPTH bounds it
static struct marker *read_marker(struct reader *reader, const char *start, int depth)
{
    struct marker_item *items = NULL;
    size_t count = 0, room = 0;
    int after_or = 0, more = 1;
    while (more) {
        struct marker_item item = {.after_or = after_or};
        if (read_item(reader, start, depth, &item) < 0) {
            free(items);
            return NULL;
        }
        mem_room(&items, &room, count + 1, sizeof *items);
        items[count++] = item;
        after_or = take(reader, "or", start, 1);
        more = after_or || take(reader, "and", start, 1);
    }
    struct marker *marker = arena_alloc(reader->arena, sizeof *marker);
    marker->item = arena_alloc(reader->arena, count * sizeof *items);
    marker->count = count;
    memcpy(marker->item, items, count * sizeof *items);
    free(items);
    return marker;
}

struct marker *marker_parse(struct arena *arena, struct piece text, struct err *err)
{
    struct reader reader = {arena, text.text, text.text + text.size};
    struct marker *marker = read_marker(&reader, text.text, 0);
    if (marker && reader.at == reader.end)
        return marker;
    err_set(err, ERR_USAGE, _("the marker '%.*s' cannot be read (PEP 508) from '%.*s' on"),
            (int)text.size, text.text, (int)(reader.end - reader.at), reader.at);
    return NULL;
}

static int add_operand(struct str *into, const struct marker_operand *operand)
{
    const char *quote = operand->is_variable                ? ""
                        : !piece_holds(operand->text, '"')  ? "\""
                        : !piece_holds(operand->text, '\'') ? "'"
                                                            : NULL;
    if (!quote)
        return -1;
    str_add(into, quote);
    str_add_bytes(into, operand->text.text, operand->text.size);
    str_add(into, quote);
    return 0;
}

static int add_marker(struct str *into, const struct marker *marker, int outermost);

static int add_item(struct str *into, const struct marker_item *item, int outermost)
{
    if (item->group)
        return add_marker(into, item->group, outermost);
    if (add_operand(into, &item->left) < 0)
        return -1;
    str_print(into, " %s ", item->op);
    return add_operand(into, &item->right);
}

// Parentheses around a single item are left out, all others stay.
// NOLINTNEXTLINE(misc-no-recursion): MARKER_DEPTH bounds it
static int add_marker(struct str *into, const struct marker *marker, int outermost)
{
    if (marker->count == 1)
        return add_item(into, marker->item, outermost);
    str_add(into, outermost ? "" : "(");
    for (size_t i = 0; i < marker->count; i++) {
        if (i)
            str_add(into, marker->item[i].after_or ? " or " : " and ");
        if (add_item(into, &marker->item[i], 0) < 0)
            return -1;
    }
    str_add(into, outermost ? "" : ")");
    return 0;
}

int marker_add(struct str *into, const struct marker *marker)
{
    CLEANUP_STR struct str text = {0};
    if (add_marker(&text, marker, 1) < 0)
        return -1;
    str_add_bytes(into, str_text(&text), text.size);
    return 0;
}
