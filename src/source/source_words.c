// SPDX-License-Identifier: Apache-2.0
// source_words: what there is of a project, and what was chosen, for a person.
#include <string.h>

#include "base/lang.h"
#include "source/arch.h"
#include "source/source_parts.h"

enum { MOST_VERSIONS = 8, MOST_OTHERS = 4, MOST_REFUSED = 3, MOST_PLACES = 3 };

static int satisfies(const struct specifiers *set, const struct version *version,
                     const char *text)
{
    const struct candidate candidate = {piece_of(text), version};
    return !set || specifiers_contain(set, &candidate, PRERELEASES_YES);
}

// "1.2, 1.1 in LABEL; 1.0 in OTHER" of versions that satisfy (or do not). Returns how many there are.
static size_t add_found(const struct source_project *project, const struct specifiers *set,
                        int wanted, size_t most, struct str *into)
{
    const char *label = NULL;
    size_t count = 0;
    for (size_t i = 0; i < project->count; i++) {
        const struct source_version *item = &project->item[i];
        if (satisfies(set, item->version, item->text) != wanted || ++count > most)
            continue;
        if (label && strcmp(label, item->file->label) != 0) {
            str_print(into, _(" in %s"), label);
            label = NULL;
            str_add(into, _("; "));
        } else if (count > 1) {
            str_add(into, ", ");
        }
        str_add(into, item->text);
        label = item->file->label;
    }
    if (count > most)
        str_print(into, _(" and %zu more"), count - most);
    if (label)
        str_print(into, _(" in %s"), label);
    return count;
}

// Whether "cp311-cp311" or the like is of this interpreter, whatever the platform.
static int is_ours(const struct tags *tags, struct piece interpreter, struct piece abi)
{
    CLEANUP_FREE char *start = mem_print("%.*s-%.*s-", (int)interpreter.size, interpreter.text,
                                         (int)abi.size, abi.text);
    for (size_t i = 0; tags && i < tags->count; i++)
        if (str_starts(tags->item[i], start))
            return 1;
    return 0;
}

static void add_once(struct strv *list, struct piece text)
{
    for (size_t i = 0; i < list->count; i++)
        if (piece_is(text, list->item[i]))
            return;
    strv_take(list, mem_dupn(text.text, text.size));
}

// "cp312" is "3.12", "pp310" is "PyPy 3.10": what a person calls it.
static void add_interpreter(struct strv *list, struct piece tag)
{
    CLEANUP_STR struct str name = {0};
    int is_pypy = tag.size > 2 && strncmp(tag.text, "pp", 2) == 0;
    int is_known =
        is_pypy ||
        (tag.size > 2 && (strncmp(tag.text, "cp", 2) == 0 || strncmp(tag.text, "py", 2) == 0));
    if (is_known && strspn(tag.text + 2, "0123456789") >= tag.size - 2)
        str_print(&name, "%s%c%s%.*s", is_pypy ? "PyPy " : "", tag.text[2],
                  tag.size > 3 ? "." : "", (int)tag.size - 3, tag.text + 3);
    else
        str_add_bytes(&name, tag.text, tag.size);
    add_once(list, piece_of(str_text(&name)));
}

// For whom the wheels of a version are: their interpreters, or, where ours is one, their platforms.
static void add_others(const struct source *source, struct source_file *const *file,
                       size_t count, struct str *into)
{
    CLEANUP_STRV struct strv interpreters = {0}, platforms = {0};
    for (size_t i = 0; i < count; i++) {
        const struct tag_set *set = &file[i]->wheel.tags;
        int ours = 0;
        if (file[i]->refused != SOURCE_NO_TAG)
            continue;
        for (size_t k = 0; k < set->count[0]; k++)
            for (size_t a = 0; a < set->count[1]; a++)
                ours |= is_ours(source->ask.tags, set->part[0][k], set->part[1][a]);
        for (size_t k = 0; ours && k < set->count[2]; k++)
            add_once(&platforms, set->part[2][k]);
        for (size_t k = 0; !ours && k < set->count[0]; k++)
            add_interpreter(&interpreters, set->part[0][k]);
    }
    const struct strv *list = platforms.count ? &platforms : &interpreters;
    str_add(into, platforms.count ? "" : "Python ");
    for (size_t i = 0; i < list->count; i++)
        str_print(into, "%s%s", i ? ", " : "", list->item[i]);
}

// What follows the number of a version that cannot be taken, or the numbers of several.
static void add_reason(const struct source *source, struct source_file *const *file,
                       size_t count, struct str *into)
{
    CLEANUP_STR struct str others = {0};
    const struct source_file *first = file[0];
    for (size_t i = 0; i < count; i++)
        if (file[i]->is_wheel) {
            first = file[i];
            break;
        }
    switch (first->refused) {
    case SOURCE_NO_TAG:
        add_others(source, file, count, &others);
        str_print(into, _("only for %s"), str_text(&others));
        break;
    case SOURCE_PYTHON:
        str_add_visible(&others, first->requires_python, strlen(first->requires_python));
        str_print(into, _("only for Python %s"), str_text(&others));
        break;
    case SOURCE_ONLY_BINARY:
        str_add(into, _("only as a source archive, kept away by only-binary"));
        break;
    case SOURCE_NO_BINARY: str_add(into, _("kept away by no-binary")); break;
    default: str_add(into, _("only as a source archive")); break;
    }
}

// Where the files of the version at `from` end; whether one of them fits.
static size_t version_end(const struct source_project *project, size_t from, int *ret_fits)
{
    const struct version *version = project->file[from]->version;
    size_t end = from;
    *ret_fits = 0;
    for (; end < project->file_count; end++) {
        if (version_compare(version, project->file[end]->version, VERSION_WHOLE) != 0)
            break;
        *ret_fits |= project->file[end]->refused == SOURCE_FITS;
    }
    return end;
}

// Is older than what can be had: nobody misses it who names no version.
static int is_past(const struct source_project *project, const struct specifiers *set,
                   const struct source_file *file)
{
    return (!set || !set->count) && project->count &&
           version_compare(file->version, project->item[0].version, VERSION_WHOLE) < 0;
}

// "2.5.2, 2.5.1 only for Python 3.12; 2.5.0 only as a source archive". Neighbours that are refused
// for the same reason share it.
static int add_refused(const struct source *source, const struct source_project *project,
                       const struct specifiers *set, const char *joint, struct str *into)
{
    CLEANUP_STR struct str last = {0};
    size_t shown = 0;
    for (size_t i = 0, end; i < project->file_count && shown < MOST_REFUSED; i = end) {
        struct source_file *const *file = project->file + i;
        CLEANUP_STR struct str reason = {0};
        int fits;
        end = version_end(project, i, &fits);
        if (fits || !satisfies(set, file[0]->version, file[0]->version_text) ||
            is_past(project, set, file[0]))
            continue;
        add_reason(source, file, end - i, &reason);
        if (shown && strcmp(str_text(&reason), str_text(&last)) == 0)
            str_print(into, ", %s", file[0]->version_text);
        else if (shown)
            str_print(into, " %s%s%s", str_text(&last), _("; "), file[0]->version_text);
        else
            str_print(into, "%s%s", joint, file[0]->version_text);
        str_clear(&last);
        str_add(&last, str_text(&reason));
        shown++;
    }
    if (shown)
        str_print(into, " %s", str_text(&last));
    return shown > 0;
}

// "nowhere (/wheels, https://pypi.org/simple/)".
static void add_nothing(const struct source *source, const struct source_project *project,
                        struct str *into)
{
    size_t places = source_places(source);
    if (project->offline) {
        str_add(into, _("nowhere (--offline: no index was asked)"));
        return;
    }
    str_add(into, _("nowhere"));
    for (size_t i = 0; i < places && i < MOST_PLACES; i++) {
        const char *where, *label;
        source_place(source, i, &where, &label);
        str_print(into, i ? ", %s" : " (%s", label);
    }
    if (places > MOST_PLACES)
        str_print(into, _(" and %zu more"), places - MOST_PLACES);
    str_add(into, places ? ")" : _(" (--no-index, and no wheelhouse)"));
}

void source_describe(const struct source *source, const struct source_project *project,
                     const struct specifiers *set, struct str *into)
{
    int begun = add_found(project, set, 1, MOST_VERSIONS, into) > 0;
    if (!begun && set)
        begun = add_found(project, set, 0, MOST_OTHERS, into) > 0;
    begun |= add_refused(source, project, set, begun ? _("; ") : "", into);
    if (!begun && set) // then those that were not asked for are all that there is
        begun = add_refused(source, project, NULL, "", into);
    if (!begun)
        add_nothing(source, project, into);
}

// Wheels that are as good as the one taken but for their place.
static void note_ties(const struct source_project *project, const struct source_version *taken,
                      struct strv *into)
{
    CLEANUP_STRV struct strv labels = {0};
    const struct source_file *best = taken->file;
    int known = arch_level(best->label) >= 0;
    for (size_t i = 0; i < taken->also_count; i++) {
        const struct source_file *file = taken->also[i];
        if (file->rank != best->rank ||
            wheelname_compare_build(&file->wheel, &best->wheel) != 0)
            continue;
        add_once(&labels, piece_of(file->label));
        known |= arch_level(file->label) >= 0;
    }
    if (labels.count < 2 || !known)
        return;
    struct str line = {0}, list = {0};
    for (size_t i = 0; i < labels.count; i++)
        str_print(&list, "%s%s", i ? ", " : "", labels.item[i]);
    str_print(&line, _("%s %s: %s taken (of %s)"), project->normal, taken->text, best->label,
              str_text(&list));
    str_free(&list);
    strv_take(into, str_take(&line));
}

void source_note(const struct source *source, const struct source_project *project,
                 const struct source_version *taken, struct strv *into)
{
    int level = arch_level(taken->file->label);
    (void)source;
    note_ties(project, taken, into);
    for (const struct source_version *item = taken + 1; item < project->item + project->count;
         item++) {
        if (arch_level(item->file->label) <= (level > 0 ? level : 0))
            continue;
        if (level >= 0)
            strv_take(into,
                      mem_print(_("%s %s (%s) beats %s (%s)"), project->normal, taken->text,
                                taken->file->label, item->text, item->file->label));
        return;
    }
}
