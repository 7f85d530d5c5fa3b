// SPDX-License-Identifier: Apache-2.0
#include "cli/env_mend.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "cli/packs.h"
#include "cli/packs_put.h"
#include "cli/pip.h"
#include "cli/say.h"
#include "env/change.h"
#include "env/mend.h"

enum { SHOWN = 4 };

struct work {
    struct cli quiet; // with no options of packages but where they are
    const struct python *python;
    const struct site *site;
    struct mend mend;
    struct packs near, far;  // what the store has; what is made again from wheels
    struct strv words;       // of far
    struct change_add *add;  // one an item
    struct strv notes, gone; // normal names of what is replaced
};

static void make_quiet(const struct cli *cli, struct cli *ret)
{
    const struct strv none = {0};
    *ret = *cli;
    struct pack_options *pack = &ret->options.pack;
    pack->with = pack->requirements = pack->groups = pack->editables = none;
    pack->constraints = pack->overrides = none;
    pack->no_deps = pack->reinstall = 1;
    pack->require_hashes = pack->frozen = pack->upgrade = 0;
    pack->link = LINK_AUTO;
}

// The requirement that leads to the same distribution.
static void add_word(struct work *work, const struct dist *dist)
{
    CLEANUP_STR struct str line = {0};
    if (dist->editable && dist->location) {
        strv_add(&work->quiet.options.pack.editables, dist->location);
        return;
    }
    pip_add_frozen(&line, dist, 0);
    line.text[strcspn(line.text, "\n")] = '\0';
    strv_add(&work->words, line.text);
}

// What the store has under the name of the old entry, which holds its hash: another store perhaps, or
// the same, moved.
static int find_near(struct work *work, struct err *err)
{
    if (packs_open(&work->quiet, work->python, NULL, NULL, &work->near, err) < 0 ||
        packs_open_store(&work->near, err) < 0)
        return -1;
    for (size_t i = 0; i < work->mend.count; i++) {
        struct store_entry entry;
        const struct mend_item *item = &work->mend.item[i];
        if (store_find(work->near.store, item->entry, &work->near.arena, &entry) < 0) {
            add_word(work, item->dist);
            continue;
        }
        struct manifest *manifest = arena_alloc(&work->near.arena, sizeof *manifest);
        *manifest = entry.manifest;
        work->add[i] = (struct change_add){.entry = entry.folder, .manifest = manifest};
    }
    return 0;
}

static struct change_add *find_add(struct change_add *add, size_t count, const char *info)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(add[i].manifest->info, info) == 0)
            return &add[i];
    return NULL;
}

static int make_far(struct work *work, struct err *err)
{
    struct change_add *made;
    const char *const *remove;
    if (!work->words.count && !work->quiet.options.pack.editables.count)
        return 0;
    struct packs *packs = &work->far;
    if (packs_open(&work->quiet, work->python, NULL, &work->words, packs, err) < 0)
        return -1;
    packs->check = 1;
    if (packs_solve(packs, err) < 0 || packs_fill(packs, err) < 0)
        return -1;
    size_t count = packs_adds(packs, &made, &remove);
    for (size_t i = 0; i < work->mend.count; i++) {
        const struct mend_item *item = &work->mend.item[i];
        const struct change_add *add =
            work->add[i].entry ? &work->add[i] : find_add(made, count, item->dist->info);
        if (!add)
            return err_set(err, ERR_ENV_BROKEN, _("%s %s cannot be had again"),
                           item->dist->name, item->dist->version);
        work->add[i] = *add;
        if (strcmp(fs_base(add->entry), item->entry) != 0)
            strv_take(&work->notes,
                      mem_print(_("%s %s is of another file than before: %s"), item->dist->name,
                                item->dist->version, add->manifest->wheel));
    }
    return 0;
}

static int put(struct work *work, struct err *err)
{
    for (size_t i = 0; i < work->mend.count; i++) {
        const struct mend_item *item = &work->mend.item[i];
        struct change_add *add = &work->add[i];
        add->requested = item->requested;
        add->direct_url = item->direct_url;
        add->is_stamped = strcmp(fs_base(add->entry), item->entry) == 0;
        strv_add(&work->gone, item->dist->normal);
    }
    const struct change change = {.site = work->site,
                                  .prefix = work->site->prefix,
                                  .add = work->add,
                                  .add_count = work->mend.count,
                                  .remove = (const char *const *)work->gone.item,
                                  .mode = PUT_SYM};
    packs_lease(&work->near, work->site->prefix);
    return change_apply(&change, &work->notes, err);
}

static void tell(const struct work *work, const struct cli *cli)
{
    CLEANUP_STR struct str text = {0};
    for (size_t i = 0; i < work->mend.count && i < SHOWN; i++)
        str_print(&text, "%s%s %s", i ? ", " : "", work->mend.item[i].dist->name,
                  work->mend.item[i].dist->version);
    if (work->mend.count > SHOWN)
        str_print(&text, _(" and %zu more"), work->mend.count - SHOWN);
    say_label(cli, _("mended"), "%s", text.text);
    for (size_t i = 0; i < work->notes.count; i++)
        say(cli, "%s", work->notes.item[i]);
}

static int mend(struct work *work, const struct cli *cli, struct err *err)
{
    work->add = mem_zero(work->mend.count + 1, sizeof *work->add);
    if (find_near(work, err) < 0 || make_far(work, err) < 0 || put(work, err) < 0)
        return -1;
    tell(work, cli);
    return 0;
}

int env_mend(const struct cli *cli, const struct python *python, const struct site *site,
             struct err *err)
{
    struct dists dists = {0};
    struct work work = {.python = python, .site = site};
    make_quiet(cli, &work.quiet);
    int status = dists_read(site->packages, &dists, NULL, err);
    if (status == 0)
        mend_look(site, &dists, &work.mend);
    if (work.mend.count)
        status = mend(&work, cli, err);
    if (status < 0 && err && work.mend.count)
        err_wrap(err, _("packages of '%s' are gone from the store"), site->prefix);
    packs_free(&work.far);
    packs_free(&work.near);
    mend_free(&work.mend);
    dists_free(&dists);
    strv_free(&work.words);
    strv_free(&work.notes);
    strv_free(&work.gone);
    strv_free(&work.quiet.options.pack.editables);
    free(work.add);
    return status;
}
