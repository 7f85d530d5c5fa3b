// SPDX-License-Identifier: Apache-2.0
// version: versions as values: made, compared, written (PEP 440).
#include "wheel/version.h"

#include <string.h>

#include "base/lang.h"

static struct piece number_of(struct arena *arena, struct piece digits)
{
    while (digits.size > 1 && *digits.text == '0') {
        digits.text++;
        digits.size--;
    }
    if (!digits.size)
        return piece_of("0");
    return (struct piece){arena_dupn(arena, digits.text, digits.size), digits.size};
}

static int number_compare(struct piece one, struct piece two)
{
    if (one.size != two.size)
        return one.size < two.size ? -1 : 1;
    int order = memcmp(one.text, two.text, one.size);
    return (order > 0) - (order < 0);
}

static void make_release(struct arena *arena, struct version *version, struct piece text,
                         size_t count)
{
    version->release = arena_alloc(arena, count * sizeof *version->release);
    version->release_count = count;
    for (size_t i = 0; i < count; i++)
        version->release[i] = number_of(arena, piece_cut(&text, '.'));
}

static void make_local(struct arena *arena, struct version *version, struct piece text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.size; i++)
        count += !text_is_alnum(text.text[i]);
    version->local = arena_alloc(arena, count * sizeof *version->local);
    version->local_count = count;
    for (size_t i = 0, from = 0; i < count; i++) {
        size_t to = from;
        int is_number = 1;
        for (; to < text.size && text_is_alnum(text.text[to]); to++)
            is_number &= text_is_digit(text.text[to]);
        struct piece part = {text.text + from, to - from};
        if (is_number) {
            part = number_of(arena, part);
        } else {
            char *copy = arena_dupn(arena, part.text, part.size);
            for (size_t j = 0; j < part.size; j++)
                copy[j] = text_lower(copy[j]);
            part.text = copy;
        }
        version->local[i] = (struct version_local){part, is_number};
        from = to + 1;
    }
}

struct version *version_make(struct arena *arena, const struct version_scan *scan)
{
    struct version *version = arena_alloc(arena, sizeof *version);
    *version = (struct version){
        .epoch = number_of(arena, scan->epoch),
        .pre = scan->pre_kind,
        .has_post = scan->has_post,
        .has_dev = scan->has_dev,
        .pre_number = number_of(arena, scan->pre),
        .post = number_of(arena, scan->post),
        .dev = number_of(arena, scan->dev),
    };
    make_release(arena, version, scan->release, scan->numbers);
    if (scan->has_local)
        make_local(arena, version, scan->local);
    return version;
}

struct version *version_parse(struct arena *arena, struct piece text, struct err *err)
{
    struct version_scan scan;
    struct piece stripped = piece_strip(text);
    const char *end = stripped.text + stripped.size;
    if (stripped.size && version_scan(stripped.text, end, 0, 1, &scan) == 0 && scan.end == end)
        return version_make(arena, &scan);
    err_set(err, ERR_USAGE, _("'%.*s' is no version (PEP 440)"), (int)text.size, text.text);
    return NULL;
}

static int release_compare(const struct version *one, const struct version *two, size_t count)
{
    struct piece zero = piece_of("0");
    for (size_t i = 0; i < count; i++) {
        int order = number_compare(i < one->release_count ? one->release[i] : zero,
                                   i < two->release_count ? two->release[i] : zero);
        if (order)
            return order;
    }
    return 0;
}

int version_same_prefix(const struct version *one, const struct version *two, size_t count)
{
    return number_compare(one->epoch, two->epoch) == 0 && release_compare(one, two, count) == 0;
}

// 1.0.dev1 < 1.0a1 < 1.0b1 < 1.0rc1 < 1.0
static int pre_rank(const struct version *version)
{
    if (version->pre == PRE_NONE && !version->has_post && version->has_dev)
        return -1;
    return (int)version->pre;
}

static int local_compare(const struct version *one, const struct version *two)
{
    for (size_t i = 0; i < one->local_count && i < two->local_count; i++) {
        const struct version_local *a = &one->local[i], *b = &two->local[i];
        if (a->is_number != b->is_number)
            return a->is_number ? 1 : -1;
        int order =
            a->is_number ? number_compare(a->text, b->text) : piece_compare(a->text, b->text);
        if (order)
            return order;
    }
    return (one->local_count > two->local_count) - (one->local_count < two->local_count);
}

int version_compare(const struct version *one, const struct version *two,
                    enum version_part part)
{
    size_t count =
        one->release_count > two->release_count ? one->release_count : two->release_count;
    int order = number_compare(one->epoch, two->epoch);
    if (!order)
        order = release_compare(one, two, count);
    if (order || part == VERSION_BASE)
        return order;
    order = pre_rank(one) - pre_rank(two);
    if (order)
        return order < 0 ? -1 : 1;
    order = number_compare(one->pre_number, two->pre_number);
    if (order || part == VERSION_PRE)
        return order;
    if (one->has_post != two->has_post)
        return one->has_post ? 1 : -1;
    order = number_compare(one->post, two->post);
    if (order)
        return order;
    if (one->has_dev != two->has_dev)
        return one->has_dev ? -1 : 1;
    order = number_compare(one->dev, two->dev);
    return order || part == VERSION_PUBLIC ? order : local_compare(one, two);
}

int version_is_prerelease(const struct version *version)
{
    return version->pre != PRE_NONE || version->has_dev;
}

static void add_piece(struct str *into, const char *before, struct piece piece)
{
    str_add(into, before);
    str_add_bytes(into, piece.text, piece.size);
}

static void add(struct str *into, const struct version *version, size_t numbers,
                enum version_part part)
{
    static const char *const names[] = {"a", "b", "rc"};
    if (!piece_is(version->epoch, "0")) {
        add_piece(into, "", version->epoch);
        str_add_char(into, '!');
    }
    for (size_t i = 0; i < numbers; i++)
        add_piece(into, i ? "." : "", version->release[i]);
    if (part >= VERSION_PRE && version->pre != PRE_NONE)
        add_piece(into, names[version->pre], version->pre_number);
    if (part >= VERSION_PUBLIC && version->has_post)
        add_piece(into, ".post", version->post);
    if (part >= VERSION_PUBLIC && version->has_dev)
        add_piece(into, ".dev", version->dev);
    for (size_t i = 0; part >= VERSION_WHOLE && i < version->local_count; i++)
        add_piece(into, i ? "." : "+", version->local[i].text);
}

void version_add(struct str *into, const struct version *version, enum version_part part)
{
    add(into, version, version->release_count, part);
}

void version_add_trimmed(struct str *into, const struct version *version)
{
    size_t numbers = version->release_count;
    while (numbers > 1 && piece_is(version->release[numbers - 1], "0"))
        numbers--;
    add(into, version, numbers, VERSION_WHOLE);
}
