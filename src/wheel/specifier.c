// SPDX-License-Identifier: Apache-2.0
// specifier: version specifiers: read, written, matched (PEP 440).
#include "wheel/specifier.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/table.h"

// Where one begins another, the longer comes first.
static const struct {
    const char *text;
    enum specifier_op op;
} operators[] = {
    {"===", SPEC_SAME},   {"~=", SPEC_COMPATIBLE}, {"==", SPEC_EQUAL}, {"!=", SPEC_DIFFERENT},
    {"<=", SPEC_AT_MOST}, {">=", SPEC_AT_LEAST},   {"<", SPEC_BELOW},  {">", SPEC_ABOVE},
};

static const char *op_text(enum specifier_op op)
{
    for (size_t i = 0; i < COUNT(operators); i++)
        if (operators[i].op == op)
            return operators[i].text;
    return "";
}

// Reads the operator; returns where the version begins, NULL if there is no operator.
static const char *scan_op(const char *at, const char *end, enum specifier_op *ret)
{
    for (size_t i = 0; i < COUNT(operators); i++) {
        size_t size = strlen(operators[i].text);
        if ((size_t)(end - at) >= size && memcmp(at, operators[i].text, size) == 0) {
            *ret = operators[i].op;
            return text_skip_space(at + size, end);
        }
    }
    return NULL;
}

// What === compares: anything up to white space, ';' or ')'.
static const char *scan_same(const char *at, const char *end)
{
    while (at < end && !text_space(at, end) && *at != ';' && *at != ')')
        at++;
    return at;
}

// The operator and the version behind it. Returns where they end, NULL if they are none.
static const char *scan(const char *at, const char *end, enum specifier_op *ret_op,
                        const char **ret_version, struct version_scan *ret)
{
    at = scan_op(at, end, ret_op);
    if (!at)
        return NULL;
    *ret_version = at;
    if (*ret_op == SPEC_SAME) {
        const char *behind = scan_same(at, end);
        return behind > at ? behind : NULL;
    }
    int equal = *ret_op == SPEC_EQUAL || *ret_op == SPEC_DIFFERENT;
    if (version_scan(at, end, equal, equal, ret) < 0)
        return NULL;
    return *ret_op == SPEC_COMPATIBLE && ret->numbers < 2 ? NULL : ret->end;
}

const char *specifier_scan(const char *at, const char *end)
{
    enum specifier_op op;
    const char *version;
    struct version_scan found;
    return scan(at, end, &op, &version, &found);
}

int specifier_parse(struct arena *arena, struct piece text, struct specifier *ret)
{
    struct version_scan found = {0};
    const char *version;
    struct piece all = piece_strip(text);
    const char *end = all.text + all.size;
    *ret = (struct specifier){0};
    if (!all.size || scan(all.text, end, &ret->op, &version, &found) != end)
        return -1;
    struct piece written = {version, (size_t)(end - version)};
    size_t size = strlen(op_text(ret->op));
    char *whole = arena_alloc(arena, size + written.size);
    memcpy(whole, op_text(ret->op), size);
    memcpy(whole + size, written.text, written.size);
    ret->whole = (struct piece){whole, size + written.size};
    ret->text = (struct piece){whole + size, written.size};
    ret->prefix = found.prefix;
    ret->version = ret->op == SPEC_SAME ? version_parse(arena, written, NULL)
                                        : version_make(arena, &found);
    return 0;
}

static int compare_texts(const void *one, const void *two)
{
    const struct specifier *a = one, *b = two;
    return piece_compare(a->whole, b->whole);
}

// One text for all that are equal: without zeros at the end of the version (which ~= counts).
static const char *canonical(struct arena *arena, const struct specifier *specifier)
{
    CLEANUP_STR struct str text = {0};
    if (specifier->op == SPEC_SAME || specifier->prefix) {
        str_add_bytes(&text, specifier->whole.text, specifier->whole.size);
    } else {
        str_add(&text, op_text(specifier->op));
        if (specifier->op == SPEC_COMPATIBLE)
            version_add(&text, specifier->version, VERSION_WHOLE);
        else
            version_add_trimmed(&text, specifier->version);
    }
    return arena_dupn(arena, text.text, text.size);
}

static void keep_one_each(struct arena *arena, struct specifiers *set)
{
    CLEANUP_TABLE struct table seen = {0};
    size_t kept = 0;
    for (size_t i = 0; i < set->count; i++) {
        int new;
        table_put(&seen, canonical(arena, &set->item[i]), &new);
        if (new)
            set->item[kept++] = set->item[i];
    }
    set->count = kept;
}

int specifiers_parse(struct arena *arena, struct piece text, struct specifiers *ret,
                     struct err *err)
{
    size_t room = 1;
    for (size_t i = 0; i < text.size; i++)
        room += text.text[i] == ',';
    *ret = (struct specifiers){.item = arena_alloc(arena, room * sizeof *ret->item)};
    for (struct piece rest = text; rest.text;) {
        struct piece part = piece_strip(piece_cut(&rest, ','));
        if (!part.size)
            continue;
        if (specifier_parse(arena, part, &ret->item[ret->count]) < 0)
            return err_set(err, ERR_USAGE, _("'%.*s' is no version specifier (PEP 440)"),
                           (int)part.size, part.text);
        ret->has_same |= ret->item[ret->count].op == SPEC_SAME;
        ret->count++;
    }
    ret->written = ret->count;
    qsort(ret->item, ret->count, sizeof *ret->item, compare_texts);
    if (ret->count > 1)
        keep_one_each(arena, ret);
    return 0;
}

void specifiers_add(struct str *into, const struct specifiers *set)
{
    for (size_t i = 0; i < set->count; i++) {
        str_add(into, i ? "," : "");
        str_add_bytes(into, set->item[i].whole.text, set->item[i].whole.size);
    }
}

enum prereleases specifiers_prereleases(const struct specifiers *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct specifier *item = &set->item[i];
        if (item->op != SPEC_DIFFERENT && !item->prefix && item->version &&
            version_is_prerelease(item->version))
            return PRERELEASES_YES;
    }
    return PRERELEASES_AUTO;
}

static int match_equal(const struct specifier *specifier, const struct version *version)
{
    const struct version *wanted = specifier->version;
    if (specifier->prefix)
        return version_same_prefix(version, wanted, wanted->release_count);
    return version_compare(version, wanted,
                           wanted->local_count ? VERSION_WHOLE : VERSION_PUBLIC) == 0;
}

// <1.0 is not satisfied by 1.0's own pre-releases, <1.0rc1 is satisfied by 1.0b1.
static int match_below(const struct version *wanted, const struct version *version)
{
    struct version bound = *wanted;
    if (!version_is_prerelease(&bound)) {
        bound.has_dev = 1;
        bound.dev = piece_of("0");
    }
    return version_compare(version, &bound, VERSION_WHOLE) < 0;
}

// >1.0 is satisfied neither by 1.0.post1 nor by 1.0+local, >1.0.post1 not by 1.0.post1+local.
static int match_above(const struct version *wanted, const struct version *version)
{
    int exact = wanted->has_dev || wanted->has_post;
    return version_compare(version, wanted, exact ? VERSION_PUBLIC : VERSION_PRE) > 0;
}

int specifier_match(const struct specifier *specifier, const struct candidate *candidate)
{
    const struct version *wanted = specifier->version, *version = candidate->version;
    if (specifier->op == SPEC_SAME)
        return piece_like(candidate->text, specifier->text);
    if (!version)
        return 0;
    switch (specifier->op) {
    case SPEC_COMPATIBLE:
        return version_compare(version, wanted, VERSION_WHOLE) >= 0 &&
               version_same_prefix(version, wanted, wanted->release_count - 1);
    case SPEC_EQUAL: return match_equal(specifier, version);
    case SPEC_DIFFERENT: return !match_equal(specifier, version);
    case SPEC_AT_MOST: return version_compare(version, wanted, VERSION_PUBLIC) <= 0;
    case SPEC_AT_LEAST: return version_compare(version, wanted, VERSION_WHOLE) >= 0;
    case SPEC_BELOW: return match_below(wanted, version);
    case SPEC_ABOVE: return match_above(wanted, version);
    case SPEC_SAME: break;
    }
    return 0;
}

static int match_all(const struct specifiers *set, const struct candidate *candidate)
{
    for (size_t i = 0; i < set->count; i++)
        if (!specifier_match(&set->item[i], candidate))
            return 0;
    return 1;
}

size_t specifiers_filter(const struct specifiers *set, const struct candidate *candidates,
                         size_t count, enum prereleases prereleases, unsigned char *keep)
{
    size_t kept = 0;
    int finals = 0;
    if (prereleases == PRERELEASES_AUTO)
        prereleases = specifiers_prereleases(set);
    for (size_t i = 0; i < count; i++) {
        keep[i] = (unsigned char)match_all(set, &candidates[i]);
        finals |=
            keep[i] && candidates[i].version && !version_is_prerelease(candidates[i].version);
    }
    for (size_t i = 0; i < count; i++) {
        int pre = candidates[i].version && version_is_prerelease(candidates[i].version);
        if (pre &&
            (prereleases == PRERELEASES_NO || (prereleases == PRERELEASES_AUTO && finals)))
            keep[i] = 0;
        kept += keep[i];
    }
    return kept;
}

int specifiers_contain(const struct specifiers *set, const struct candidate *candidate,
                       enum prereleases prereleases)
{
    unsigned char keep;
    return specifiers_filter(set, candidate, 1, prereleases, &keep) > 0;
}
