// SPDX-License-Identifier: Apache-2.0
#include "cli/packs_advice.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/opt.h"
#include "cli/config.h"

// "because you ask for X" says nothing new under "no version satisfies 'X'".
static int says_again(const struct packs *packs, const struct err *err, const char *line)
{
    const struct strv *lines = &packs->solution.lines;
    if (!err || err->code != ERR_NO_WHEEL || !str_starts(line, "because\t"))
        return 0;
    for (size_t i = 0; i < lines->count; i++)
        if (str_starts(lines->item[i], "and\t") || str_starts(lines->item[i], "so\t"))
            return 0;
    for (size_t i = 0; i < packs->wanted.count; i++) {
        CLEANUP_STR struct str text = {0};
        require_add(&text, packs->wanted.item[i]);
        if (str_ends(line, str_text(&text)) && strstr(err->text, str_text(&text)))
            return 1;
    }
    return 0;
}

static void add_solvers(const struct packs *packs, struct err *err)
{
    const struct strv *lines = &packs->solution.lines;
    for (size_t i = 0; i < lines->count; i++) {
        if (says_again(packs, err, lines->item[i]))
            continue;
        const char *tab = strchr(lines->item[i], '\t');
        CLEANUP_FREE char *label =
            mem_dupn(lines->item[i], tab ? (size_t)(tab - lines->item[i]) : 0);
        err_hint(err, label, "%s", tab ? tab + 1 : lines->item[i]);
    }
}

// A name that nobody has may be one of a wheelhouse, misspelt.
static void add_nearest(struct packs *packs, const char *normal, struct err *err)
{
    const char **names;
    size_t count;
    source_names(packs->source, &names, &count);
    const char **list = arena_alloc(&packs->arena, (count + 1) * sizeof *list);
    for (size_t i = 0; i < count; i++)
        list[i] = names[i];
    list[count] = NULL;
    const char *nearest = opt_nearest(normal, list);
    if (nearest)
        err_hint(err, "try", "%s", nearest);
}

static void add_of_project(struct packs *packs, const struct require *require, struct err *err)
{
    const char *normal = arena_dupn(&packs->arena, require->normal.text, require->normal.size);
    const struct source_project *project =
        require->url ? NULL : source_project(packs->source, normal, NULL);
    if (!project || project->count)
        return;
    if (!project->file_count)
        add_nearest(packs, normal, err);
}

void packs_advise(struct packs *packs, struct err *err)
{
    add_solvers(packs, err);
    if (!err || (err->code != ERR_NO_WHEEL && err->code != ERR_NO_SOLUTION))
        return;
    for (size_t i = 0; i < packs->wanted.count; i++)
        add_of_project(packs, packs->wanted.item[i], err);
}

const struct specifiers *packs_asked_of(const struct packs *packs, struct piece normal)
{
    for (size_t i = 0; i < packs->wanted.count; i++)
        if (piece_compare(packs->wanted.item[i]->normal, normal) == 0)
            return &packs->wanted.item[i]->specifiers;
    return NULL;
}

// The folder, what is in it, or the one above it that is missing.
static int is_about(const char *text, const char *folder)
{
    if (strstr(text, folder))
        return 1;
    for (const char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        CLEANUP_FREE char *above = mem_dupn(folder, (size_t)(slash - folder));
        const char *found = strstr(text, above);
        if (found && found[strlen(above)] != '/')
            return 1;
    }
    return 0;
}

int packs_advise_cache(const struct packs *packs, struct err *err)
{
    int is_closed = err && err->code == ERR_SYSTEM && is_about(err->text, packs->cache) &&
                    (err->errnum == EACCES || err->errnum == EPERM);
    if (!err || (err->code != ERR_DISK_FULL && !is_closed) || *err->hint)
        return -1;
    err_hint(err, "in", "%s", packs->cache);
    if (packs->cli->config && packs->cli->config->site.cache)
        return err_hint(err, "try", _("whoever runs this machine: its site.toml says 'cache'"));
    return err_hint(err, "try",
                    is_closed ? _("XDG_CACHE_HOME=FOLDER, one that you may write, before lopin")
                              : _("XDG_CACHE_HOME=FOLDER, one with room, before lopin"));
}
