// SPDX-License-Identifier: Apache-2.0
// words: sets as ranges of the versions that are known.
#include "solve/words.h"

#include <string.h>

#include "base/lang.h"

enum { RANGES = 6 };

void words_add_package(struct str *into, const struct package *package)
{
    str_add_bytes(into, package->name.text, package->name.size);
    if (package_is_extra(package))
        str_print(into, "[%.*s]", (int)package->extra.size, package->extra.text);
}

static void add_number(struct str *into, const struct package *package, size_t state)
{
    const struct known_version *version = package_version(package, state);
    struct piece text = version->candidate.version.text;
    if (version->url)
        str_print(into, "@ %s", version->url);
    else
        str_add_visible(into, text.text, text.size);
}

void words_add_version(struct str *into, const struct package *package, size_t state)
{
    words_add_package(into, package);
    str_add_char(into, ' ');
    add_number(into, package, state);
}

static int same_number(const struct package *package, size_t one, size_t two)
{
    return piece_compare(package_version(package, one)->candidate.version.text,
                         package_version(package, two)->candidate.version.text) == 0;
}

static void add_range(struct str *into, const struct package *package, size_t first,
                      size_t last)
{
    CLEANUP_STR struct str from = {0}, to = {0};
    add_number(&from, package, first);
    add_number(&to, package, last);
    if (same_number(package, first, last))
        str_add(into, str_text(&from));
    else if (last == first + 1)
        str_print(into, "%s, %s", str_text(&from), str_text(&to));
    else
        str_print(into, _("%s to %s"), str_text(&from), str_text(&to));
}

void words_add_states(struct str *into, const struct package *package, const uint64_t *set)
{
    size_t ranges = 0;
    size_t first = states_next(set, package->words, 1);
    for (; first != SIZE_MAX; ranges++) {
        size_t last = first;
        while (last + 1 < package->states && states_has(set, last + 1))
            last++;
        if (ranges == RANGES) {
            str_add(into, ", …");
            return;
        }
        str_add(into, ranges ? ", " : "");
        add_range(into, package, first, last);
        first = states_next(set, package->words, last + 1);
    }
    if (!ranges)
        str_add(into, _("no version"));
}

// As people write them: from below, to above, but not these.
static void add_specifiers(struct str *into, const struct specifiers *set)
{
    static const enum specifier_op order[] = {SPEC_SAME,    SPEC_EQUAL,    SPEC_COMPATIBLE,
                                              SPEC_ABOVE,   SPEC_AT_LEAST, SPEC_BELOW,
                                              SPEC_AT_MOST, SPEC_DIFFERENT};
    int said = 0;
    for (size_t i = 0; i < COUNT(order); i++)
        for (size_t k = 0; k < set->count; k++)
            if (set->item[k].op == order[i])
                str_print(into, "%s%.*s", said++ ? "," : "", (int)set->item[k].whole.size,
                          set->item[k].whole.text);
}

void words_add_require(struct str *into, const struct require *require)
{
    str_add_bytes(into, require->name.text, require->name.size);
    for (size_t i = 0; i < require->extra_count; i++)
        str_print(into, "%s%.*s", i ? "," : "[", (int)require->extra[i].size,
                  require->extra[i].text);
    str_add(into, require->extra_count ? "]" : "");
    if (require->url) {
        str_add(into, " @ ");
        str_add_visible(into, require->url, strlen(require->url));
    }
    add_specifiers(into, &require->specifiers);
}

void words_add_list(struct str *into, const struct strv *items)
{
    for (size_t i = 0; i < items->count; i++)
        if (i && i + 1 == items->count)
            str_print(into, _(" and %s"), items->item[i]);
        else
            str_print(into, "%s%s", i ? ", " : "", items->item[i]);
}

static void add_term(struct str *into, const struct term *term, const uint64_t *set)
{
    words_add_package(into, term->package);
    if (package_is_extra(term->package))
        return;
    str_add_char(into, ' ');
    words_add_states(into, term->package, set);
}

// Terms without "not chosen" are what cannot be together; of the others what they leave is needed.
// Returns how many versions the first have.
static size_t split(const struct incompat *incompat, struct strv *ret_with,
                    struct strv *ret_need)
{
    size_t versions = 0;
    for (size_t i = 0; i < incompat->count; i++) {
        const struct term *term = &incompat->term[i];
        CLEANUP_STR struct str text = {0};
        size_t size = term->package->words * sizeof *term->set;
        CLEANUP_FREE uint64_t *set = mem_alloc(size);
        memcpy(set, term->set, size);
        int need = states_has(term->set, 0);
        if (need) {
            memcpy(set, term->package->all, size);
            states_without(set, term->set, term->package->words);
        }
        add_term(&text, term, set);
        versions += need ? 0 : states_count(set, term->package->words);
        strv_add(need ? ret_need : ret_with, str_text(&text));
    }
    return versions;
}

void words_add_needs(struct str *into, const struct incompat *fact, const char *who,
                     size_t count, const char *what)
{
    str_print(into, lang_plural("%s requires %s", "%s require %s", count), who, what);
    if (fact->override)
        str_add(into, _(" (an override)"));
}

static void add_need(struct str *into, const struct incompat *incompat)
{
    CLEANUP_STR struct str what = {0};
    words_add_require(&what, incompat->require);
    if (incompat->cause == CAUSE_NEEDED) {
        CLEANUP_STR struct str who = {0};
        words_add_version(&who, incompat->by, incompat->by_state);
        words_add_needs(into, incompat, str_text(&who), 1, str_text(&what));
    } else if (incompat->cause == CAUSE_ASKED) {
        str_print(into, _("you ask for %s"), str_text(&what));
    } else {
        str_print(into, _("a constraint is %s"), str_text(&what));
    }
}

static void add_learned(struct str *into, const struct incompat *incompat)
{
    CLEANUP_STRV struct strv with = {0}, need = {0};
    CLEANUP_STR struct str left = {0}, right = {0};
    size_t versions = split(incompat, &with, &need);
    words_add_list(&left, &with);
    words_add_list(&right, &need);
    if (!with.count && !need.count)
        str_add(into, _("there is no solution"));
    else if (!with.count && need.count == 1)
        str_print(into, _("%s is needed"), str_text(&right));
    else if (!with.count)
        str_print(into, _("one of these is needed: %s"), str_text(&right));
    else if (!need.count && with.count == 1)
        str_print(into, _("%s cannot be used"), str_text(&left));
    else if (!need.count)
        str_print(into, _("%s cannot be used together"), str_text(&left));
    else if (need.count == 1)
        str_print(into, lang_plural("%s needs %s", "%s need %s", versions), str_text(&left),
                  str_text(&right));
    else
        str_print(
            into,
            lang_plural("%s needs one of these: %s", "%s need one of these: %s", versions),
            str_text(&left), str_text(&right));
}

void words_add_incompat(struct str *into, const struct incompat *incompat)
{
    if (incompat->cause == CAUSE_LEARNED) {
        add_learned(into, incompat);
    } else if (incompat->cause == CAUSE_UNUSABLE) {
        CLEANUP_STR struct str which = {0};
        add_term(&which, &incompat->term[0], incompat->term[0].set);
        str_print(into, _("%s: %s"), str_text(&which), incompat->why);
    } else {
        add_need(into, incompat);
    }
}
