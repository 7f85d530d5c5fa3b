// SPDX-License-Identifier: Apache-2.0
// opt: scans options by a table (POSIX 12.2 with GNU's long options).
#include "base/opt.h"

#include <string.h>

#include "base/lang.h"
#include "base/mem.h"

static size_t distance_of(const char *a, const char *b);

static int known(const struct opt_scan *scan, const struct opt *opt)
{
    return (opt->commands & scan->command) != 0;
}

static const struct opt *by_letter(const struct opt_scan *scan, char letter)
{
    for (const struct opt *opt = scan->table; opt->id; opt++)
        if (opt->letter == letter && known(scan, opt))
            return opt;
    return NULL;
}

static const struct opt *by_name(const struct opt_scan *scan, const char *name, size_t size)
{
    for (const struct opt *opt = scan->table; opt->id; opt++)
        if (known(scan, opt) && strlen(opt->name) == size && memcmp(opt->name, name, size) == 0)
            return opt;
    return NULL;
}

static int unknown(const struct opt_scan *scan, const char *name, struct err *err)
{
    err_set(err, ERR_USAGE, _("unknown option '%s'"), scan->shown);
    const char *names[128];
    size_t count = 0;
    for (const struct opt *opt = scan->table; opt->id && count < COUNT(names) - 1; opt++)
        if (known(scan, opt))
            names[count++] = opt->name;
    names[count] = NULL;
    const char *near = name ? opt_nearest(name, names) : NULL;
    if (near)
        err_hint(err, "try", "--%s", near);
    return -1;
}

static int missing(const struct opt_scan *scan, const struct opt *opt, struct err *err)
{
    return err_set(err, ERR_USAGE, _("option %s needs a value: %s"), scan->shown, opt->value);
}

static int next_long(struct opt_scan *scan, const char *word, const char **ret_value,
                     struct err *err)
{
    const char *name = word + 2;
    size_t size = strcspn(name, "=");
    const char *given = name[size] ? name + size + 1 : NULL;
    const struct opt *opt = by_name(scan, name, size);
    scan->shown = word;
    scan->word++;
    if (!opt) {
        CLEANUP_FREE char *plain = mem_dupn(name, size);
        return unknown(scan, plain, err);
    }
    if (!opt->value && given)
        return err_set(err, ERR_USAGE, _("option --%s takes no value"), opt->name);
    if (opt->value && !given && !(given = *scan->word))
        return missing(scan, opt, err);
    if (opt->value && !name[size])
        scan->word++;
    *ret_value = opt->value ? given : NULL;
    return opt->id;
}

static int next_letter(struct opt_scan *scan, const char **ret_value, struct err *err)
{
    const char *at = scan->cluster;
    const struct opt *opt = by_letter(scan, *at);
    scan->shown = *scan->word;
    if (!opt)
        return unknown(scan, NULL, err);
    *ret_value = NULL;
    if (opt->value) {
        scan->cluster = NULL;
        scan->word++;
        *ret_value = at[1] ? at + 1 + (at[1] == '=') : *scan->word;
        if (!*ret_value)
            return missing(scan, opt, err);
        scan->word += !at[1];
        return opt->id;
    }
    scan->cluster = at[1] ? at + 1 : NULL;
    scan->word += !at[1];
    return opt->id;
}

int opt_next(struct opt_scan *scan, const char **ret_value, struct err *err)
{
    if (scan->cluster)
        return next_letter(scan, ret_value, err);
    const char *word = *scan->word;
    if (!word || word[0] != '-' || !word[1])
        return 0;
    if (strcmp(word, "--") == 0) {
        scan->word++;
        return 0;
    }
    if (word[1] == '-')
        return next_long(scan, word, ret_value, err);
    scan->cluster = word + 1;
    return next_letter(scan, ret_value, err);
}

int opt_choice(const struct opt_scan *scan, const char *value, const char *const *words,
               int *ret, struct err *err)
{
    CLEANUP_STR struct str list = {0};
    for (*ret = 0; words[*ret]; ++*ret) {
        if (strcmp(value, words[*ret]) == 0)
            return 0;
        str_print(&list, "%s%s", *ret ? ", " : "", words[*ret]);
    }
    return err_set(err, ERR_USAGE, _("option %s: '%s' is not %s"), scan->shown, value,
                   list.text);
}

enum { LEFT_WIDTH = 30 }; // columns of an option and its value in a help

void opt_help(const struct opt *table, uint64_t command, struct str *into)
{
    for (const struct opt *opt = table; opt->id; opt++) {
        if (!(opt->commands & command))
            continue;
        CLEANUP_STR struct str left = {0};
        if (opt->letter)
            str_print(&left, "  -%c, --%s", opt->letter, opt->name);
        else
            str_print(&left, "      --%s", opt->name);
        if (opt->value)
            str_print(&left, " %s", opt->value);
        // a long one has the line for itself
        const char *next = left.size > LEFT_WIDTH ? "\n" : "";
        str_print(into, "%-*s%s%*s %s\n", LEFT_WIDTH, str_text(&left), next,
                  *next ? LEFT_WIDTH : 0, "", lang_text(opt->help));
    }
}

// Optimal string alignment: insertions, deletions, changes and neighbours that changed places
// cost 1.
static size_t distance_of(const char *a, const char *b)
{
    enum { MAX = 40 };
    size_t rows = strlen(a);
    size_t columns = strlen(b);
    if (rows >= MAX || columns >= MAX)
        return MAX;
    size_t cost[MAX][MAX];
    for (size_t i = 0; i <= rows; i++)
        for (size_t j = 0; j <= columns; j++) {
            if (!i || !j) {
                cost[i][j] = i + j;
                continue;
            }
            size_t best = cost[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            best = cost[i - 1][j] + 1 < best ? cost[i - 1][j] + 1 : best;
            best = cost[i][j - 1] + 1 < best ? cost[i][j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                cost[i - 2][j - 2] + 1 < best)
                best = cost[i - 2][j - 2] + 1;
            cost[i][j] = best;
        }
    return cost[rows][columns];
}

const char *opt_nearest(const char *typed, const char *const *words)
{
    const char *best = NULL;
    size_t least = 3;
    for (; *words; words++) {
        size_t distance = distance_of(typed, *words);
        if (strlen(typed) > 3 && str_starts(*words, typed))
            distance = distance < 1 ? distance : 1;
        if (distance < least && distance < strlen(*words)) {
            least = distance;
            best = *words;
        }
    }
    return best;
}
