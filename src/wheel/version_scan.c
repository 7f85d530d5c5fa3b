// SPDX-License-Identifier: Apache-2.0
// version_scan: the spellings of a version (PEP 440, appendix B), read greedily from the left.
#include <string.h>

#include "base/mem.h"
#include "wheel/version.h"

struct label {
    const char *word;
    enum version_pre pre;
};
// Of words where one begins another, the longer comes first.
static const struct label pre_labels[] = {
    {"alpha", PRE_ALPHA}, {"a", PRE_ALPHA},           {"beta", PRE_BETA},
    {"b", PRE_BETA},      {"preview", PRE_CANDIDATE}, {"pre", PRE_CANDIDATE},
    {"c", PRE_CANDIDATE}, {"rc", PRE_CANDIDATE},
};
static const struct label post_labels[] = {{"post", 0}, {"rev", 0}, {"r", 0}};
static const struct label dev_labels[] = {{"dev", 0}};

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && text_is_digit(*at))
        at++;
    return at;
}

static const char *skip_separator(const char *at, const char *end)
{
    return at < end && (*at == '.' || *at == '_' || *at == '-') ? at + 1 : at;
}

// [separator] word [separator] [digits]: behind it, or NULL. An absent number is an empty piece.
static const char *scan_label(const char *at, const char *end, const struct label *labels,
                              size_t count, struct piece *ret_number, enum version_pre *ret_pre)
{
    at = skip_separator(at, end);
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(labels[i].word);
        if ((size_t)(end - at) < size ||
            !piece_like((struct piece){at, size}, (struct piece){labels[i].word, size}))
            continue;
        at = skip_separator(at + size, end);
        const char *behind = skip_digits(at, end);
        *ret_number = (struct piece){at, (size_t)(behind - at)};
        *ret_pre = labels[i].pre;
        return behind;
    }
    return NULL;
}

static const char *scan_post(const char *at, const char *end, struct piece *ret_number)
{
    enum version_pre none;
    if (end - at >= 2 && *at == '-' && text_is_digit(at[1])) {
        const char *behind = skip_digits(at + 1, end);
        *ret_number = (struct piece){at + 1, (size_t)(behind - at - 1)};
        return behind;
    }
    return scan_label(at, end, post_labels, COUNT(post_labels), ret_number, &none);
}

// letters and digits, in parts with one separator between them: behind it, or `at`.
static const char *scan_local(const char *at, const char *end)
{
    const char *behind = at;
    for (const char *from = at; from < end && text_is_alnum(*from);
         from = skip_separator(behind, end)) {
        behind = from;
        while (behind < end && text_is_alnum(*behind))
            behind++;
        if (skip_separator(behind, end) == behind)
            break;
    }
    return behind;
}

static const char *scan_release(const char *at, const char *end, struct version_scan *scan)
{
    const char *behind = skip_digits(at, end);
    if (behind > at && behind < end && *behind == '!') {
        scan->epoch = (struct piece){at, (size_t)(behind - at)};
        at = behind + 1;
        behind = skip_digits(at, end);
    }
    if (behind == at)
        return NULL;
    scan->numbers = 1;
    while (end - behind >= 2 && *behind == '.' && text_is_digit(behind[1])) {
        behind = skip_digits(behind + 1, end);
        scan->numbers++;
    }
    scan->release = (struct piece){at, (size_t)(behind - at)};
    return behind;
}

int version_scan(const char *at, const char *end, int may_prefix, int may_local,
                 struct version_scan *ret)
{
    const char *next;
    enum version_pre none;
    *ret = (struct version_scan){.pre_kind = PRE_NONE};
    if (at < end && (*at == 'v' || *at == 'V'))
        at++;
    at = scan_release(at, end, ret);
    if (!at)
        return -1;
    ret->end = at;
    if (may_prefix && end - at >= 2 && at[0] == '.' && at[1] == '*') {
        ret->prefix = 1;
        ret->end = at + 2;
        return 0;
    }
    next = scan_label(at, end, pre_labels, COUNT(pre_labels), &ret->pre, &ret->pre_kind);
    at = next ? next : at;
    next = scan_post(at, end, &ret->post);
    ret->has_post = next != NULL;
    at = next ? next : at;
    next = scan_label(at, end, dev_labels, COUNT(dev_labels), &ret->dev, &none);
    ret->has_dev = next != NULL;
    at = next ? next : at;
    if (may_local && at < end && *at == '+') {
        next = scan_local(at + 1, end);
        ret->has_local = next > at + 1;
        ret->local = (struct piece){at + 1, (size_t)(next - at - 1)};
        at = ret->has_local ? next : at;
    }
    ret->end = at;
    return 0;
}
