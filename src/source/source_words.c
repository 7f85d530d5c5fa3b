// SPDX-License-Identifier: Apache-2.0
// source_words: what there is of a project, and what was chosen, for a person.
#include <string.h>

#include "base/lang.h"
#include "source/arch.h"
#include "source/source_parts.h"

enum { MOST_VERSIONS = 8, MOST_REFUSED = 3 };

static int satisfies(const struct specifiers *set, const struct version *version,
                     const char *text)
{
    const struct candidate candidate = {piece_of(text), version};
    return !set || specifiers_contain(set, &candidate, PRERELEASES_YES);
}

// "1.2, 1.1 in LABEL; 1.0 in OTHER" of versions that satisfy (or do not). Returns how many there are.
static size_t add_found(const struct source_project *project, const struct specifiers *set,
                        int wanted, struct str *into)
{
    const char *label = NULL;
    size_t count = 0;
    for (size_t i = 0; i < project->count; i++) {
        const struct source_version *item = &project->item[i];
        if (satisfies(set, item->version, item->text) != wanted || ++count > MOST_VERSIONS)
            continue;
        if (label && strcmp(label, item->file->label) != 0) {
            str_print(into, _(" in %s"), label);
            label = NULL;
            str_add(into, "; ");
        } else if (count > 1) {
            str_add(into, ", ");
        }
        str_add(into, item->text);
        label = item->file->label;
    }
    if (count > MOST_VERSIONS)
        str_print(into, _(" and %zu more"), count - MOST_VERSIONS);
    if (label)
        str_print(into, _(" in %s"), label);
    return count;
}

static int has_interpreter(const struct tags *tags, struct piece interpreter)
{
    for (size_t i = 0; tags && i < tags->count; i++)
        if (strncmp(tags->item[i], interpreter.text, interpreter.size) == 0 &&
            tags->item[i][interpreter.size] == '-')
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
            ours |= has_interpreter(source->ask.tags, set->part[0][k]);
        for (size_t k = 0; ours && k < set->count[2]; k++)
            add_once(&platforms, set->part[2][k]);
        for (size_t k = 0; !ours && k < set->count[0]; k++)
            add_once(&interpreters, set->part[0][k]);
    }
    const struct strv *list = platforms.count ? &platforms : &interpreters;
    for (size_t i = 0; i < list->count; i++)
        str_print(into, "%s%s", i ? ", " : "", list->item[i]);
}

static void add_refused(const struct source *source, struct source_file *const *file,
                        size_t count, struct str *into)
{
    const struct source_file *first = file[0];
    enum source_refusal why = SOURCE_ARCHIVE;
    for (size_t i = 0; i < count; i++)
        if (file[i]->refused != SOURCE_ARCHIVE) {
            first = file[i];
            why = file[i]->refused;
            break;
        }
    CLEANUP_STR struct str others = {0};
    switch (why) {
    case SOURCE_NO_TAG:
        add_others(source, file, count, &others);
        str_print(into, _("%s only for %s"), first->version_text, str_text(&others));
        break;
    case SOURCE_PYTHON:
        str_add_visible(&others, first->requires_python, strlen(first->requires_python));
        str_print(into, _("%s requires Python %s"), first->version_text, str_text(&others));
        break;
    case SOURCE_NO_BINARY:
        str_print(into, _("%s is kept away by no-binary"), first->version_text);
        break;
    default:
        str_print(into, _("%s is there as a source archive only"), first->version_text);
        break;
    }
}

void source_describe(const struct source *source, const struct source_project *project,
                     const struct specifiers *set, struct str *into)
{
    size_t shown = 0;
    int begun = add_found(project, set, 1, into) > 0;
    if (!begun && set)
        begun = add_found(project, set, 0, into) > 0;
    for (size_t i = 0, end; i < project->file_count && shown < MOST_REFUSED; i = end) {
        struct source_file *const *file = project->file + i;
        int fits = 0;
        for (end = i; end < project->file_count; end++) {
            if (version_compare(file[0]->version, project->file[end]->version, VERSION_WHOLE) !=
                0)
                break;
            fits |= project->file[end]->refused == SOURCE_FITS;
        }
        if (fits || !satisfies(set, file[0]->version, file[0]->version_text))
            continue;
        str_add(into, begun ? "; " : "");
        add_refused(source, file, end - i, into);
        begun = 1;
        shown++;
    }
    if (!begun)
        str_add(into,
                project->offline ? _("nothing (--offline: no index was asked)") : _("nothing"));
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
