// SPDX-License-Identifier: Apache-2.0
// wheelname: NAME-VERSION[-BUILD]-INTERPRETER-ABI-PLATFORM.whl (PEP 427), NAME-VERSION.tar.gz.
#include "wheel/wheelname.h"

#include <string.h>

#include "base/lang.h"
#include "wheel/name.h"

static int cut_end(struct piece *text, const char *end)
{
    size_t size = strlen(end);
    if (text->size < size || memcmp(text->text + text->size - size, end, size) != 0)
        return 0;
    text->size -= size;
    return 1;
}

static int good_name(struct piece name)
{
    for (size_t i = 0; i < name.size; i++)
        if ((!text_is_word(name.text[i]) && name.text[i] != '.') ||
            (i && name.text[i] == '_' && name.text[i - 1] == '_'))
            return 0;
    return name.size > 0;
}

static int read_build(struct piece text, struct wheelname *into)
{
    size_t digits = 0;
    while (digits < text.size && text_is_digit(text.text[digits]))
        digits++;
    into->has_build = 1;
    into->build_number = (struct piece){text.text, digits};
    into->build_text = (struct piece){text.text + digits, text.size - digits};
    while (into->build_number.size > 1 && *into->build_number.text == '0') {
        into->build_number.text++;
        into->build_number.size--;
    }
    return digits && !piece_holds(into->build_text, '\n');
}

int wheelname_parse(struct arena *arena, struct piece text, struct wheelname *ret,
                    struct err *err)
{
    struct piece rest = {arena_dupn(arena, text.text, text.size), text.size};
    size_t dashes = 0;
    *ret = (struct wheelname){0};
    int good = cut_end(&rest, ".whl");
    for (size_t i = 0; i < rest.size; i++)
        dashes += rest.text[i] == '-';
    if (good && (dashes == 4 || dashes == 5)) {
        ret->written = piece_cut(&rest, '-');
        ret->normal = name_normal(arena, ret->written);
        ret->version = version_parse(arena, piece_cut(&rest, '-'), NULL);
        if (good_name(ret->written) && ret->version &&
            (dashes == 4 || read_build(piece_cut(&rest, '-'), ret)) &&
            tag_set_parse(arena, rest, &ret->tags, NULL) == 0)
            return 0;
    }
    return err_set(err, ERR_USAGE, _("'%.*s' is no name of a wheel (PEP 427)"), (int)text.size,
                   text.text);
}

int wheelname_compare_build(const struct wheelname *one, const struct wheelname *two)
{
    struct piece a = one->build_number, b = two->build_number;
    if (!one->has_build || !two->has_build)
        return one->has_build - two->has_build;
    if (a.size != b.size)
        return a.size < b.size ? -1 : 1;
    int order = piece_compare(a, b);
    return order ? order : piece_compare(one->build_text, two->build_text);
}

int sdistname_parse(struct arena *arena, struct piece text, struct sdistname *ret,
                    struct err *err)
{
    struct piece rest = text;
    *ret = (struct sdistname){0};
    if (cut_end(&rest, ".tar.gz") || cut_end(&rest, ".zip")) {
        const char *dash = rest.size ? memrchr(rest.text, '-', rest.size) : NULL;
        size_t before = dash ? (size_t)(dash - rest.text) : 0;
        if (before) {
            struct piece version = {dash + 1, rest.size - before - 1};
            ret->normal = name_normal(arena, (struct piece){rest.text, before});
            ret->version = version_parse(arena, version, NULL);
            if (ret->version)
                return 0;
        }
    }
    return err_set(err, ERR_USAGE, _("'%.*s' is no name of a source archive (PEP 625)"),
                   (int)text.size, text.text);
}
