// SPDX-License-Identifier: Apache-2.0
#include "cli/packs_put.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lang.h"
#include "cli/say.h"

// Links into the store, unless others could write there, or copies are asked for. Hard links where
// the file system has none are copies.
static enum put_mode mode_of(const struct packs *packs, const struct site *site)
{
    enum put_mode mode = PUT_SYM;
    switch (packs->cli->options.pack.link) {
    case LINK_HARD: mode = PUT_HARD; break;
    case LINK_COPY: mode = PUT_COPY; break;
    default: return PUT_SYM;
    }
    CLEANUP_CLOSE int into = open(site->packages, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < packs->solution.count; i++)
        if (packs->file[i])
            return put_best(into, packs->entry[i].folder, mode);
    return mode;
}

int packs_lease(const struct packs *packs, const char *prefix)
{
    const char *home = packs_home(packs);
    size_t size = strlen(home);
    CLEANUP_FREE char *folder = mem_print("%s/store", home);
    return (strncmp(prefix, home, size) != 0 || prefix[size] != '/') &&
           store_lease(folder, prefix);
}

int packs_put(struct packs *packs, const struct site *site, const char *prefix, int fresh,
              struct err *err)
{
    CLEANUP_STRV struct strv notes = {0};
    struct change_add *add;
    const char *const *remove;
    CLEANUP_FREE char *shared = mem_print("%s/sites", packs_home(packs));
    int whole = packs->cli->options.pack.link == LINK_WHOLE;
    if (packs->shared) {
        const struct change link = {.site = site, .prefix = prefix, .fresh = fresh};
        return change_link(&link, packs->shared, err);
    }
    size_t count = packs_adds(packs, &add, &remove);
    const struct change change = {.site = site,
                                  .prefix = prefix,
                                  .add = add,
                                  .add_count = count,
                                  .remove = remove,
                                  .mode = mode_of(packs, site),
                                  .fresh = fresh,
                                  .shared = whole ? shared : NULL};
    if (!count && !packs->remove.count)
        return 0;
    if (change.mode == PUT_SYM && !fresh) // env_make has said it
        packs_lease(packs, prefix);
    if (change_apply(&change, &notes, err) < 0)
        return -1;
    packs->shared = whole ? change_shared(&change) : NULL;
    for (size_t i = 0; i < notes.count; i++)
        say(packs->cli, "%s", notes.item[i]);
    return 0;
}

void packs_say_notes(struct packs *packs)
{
    CLEANUP_STRV struct strv notes = {0};
    for (size_t i = 0; i < packs->solution.count; i++) {
        const struct solve_choice *choice = &packs->solution.choice[i];
        const struct source_version *taken =
            packs->file[i] ? packs_version(packs, choice) : NULL;
        CLEANUP_FREE char *normal = mem_dupn(choice->normal.text, choice->normal.size);
        if (taken)
            source_note(packs->source, source_project(packs->source, normal, NULL), taken,
                        &notes);
    }
    for (size_t i = 0; i < notes.count; i++)
        say(packs->cli, "%s", notes.item[i]);
    for (size_t i = 0; i < packs->solution.warnings.count; i++)
        say(packs->cli, "%s", packs->solution.warnings.item[i]);
    packs_say_pins(packs);
}
