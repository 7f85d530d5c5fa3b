// SPDX-License-Identifier: Apache-2.0
// env_sync: `lopin env sync`: an environment becomes what a lock selects for its interpreter, in one
// step: what differs is replaced, what the lock does not have is removed.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "cli/env.h"
#include "cli/packs.h"
#include "cli/packs_put.h"
#include "cli/pip.h"
#include "cli/project.h"
#include "cli/say.h"
#include "env/change.h"

// The lock of the project, or of another tool in this folder.
static char *find_lock(const struct cli *cli, struct err *err)
{
    if (cli->words.count)
        return mem_dup(cli->words.item[0]);
    CLEANUP_FREE char *ours = project_lock(cli);
    CLEANUP_FREE char *theirs = mem_print("%s/pylock.toml", cli->cwd);
    if (access(ours, F_OK) == 0)
        return TAKE(ours);
    if (access(theirs, F_OK) == 0)
        return TAKE(theirs);
    err_set(err, ERR_NO_LOCK, _("no lock: neither %s nor pylock.toml"), ours);
    err_hint(err, "try", "lopin env lock --with numpy,scipy");
    return NULL;
}

// pip and what came with it stay, as they do for uv: nobody locks them.
static void gather_removals(struct packs *packs, const struct pip *pip)
{
    for (size_t i = 0; i < pip->dists.count; i++) {
        const struct dist *dist = &pip->dists.item[i];
        if (!packs_pin_of(packs, piece_of(dist->normal)) && pip_is_own(pip, dist) &&
            !pip_is_tool(pip, dist))
            strv_add(&packs->remove, dist->normal);
    }
}

static void say_each(const struct packs *packs, const struct pip *pip)
{
    for (size_t i = 0; i < packs->solution.count; i++) {
        const struct solve_choice *choice = &packs->solution.choice[i];
        CLEANUP_FREE char *normal = mem_dupn(choice->normal.text, choice->normal.size);
        const struct dist *dist = dists_find(&pip->dists, normal);
        if (packs->file[i] && dist)
            say_label(pip->cli, _("changed"), "%s %s -> %s", normal, dist->version,
                      packs->file[i]->version_text);
        else if (packs->file[i])
            say_label(pip->cli, _("new"), "%s %s", normal, packs->file[i]->version_text);
    }
    for (size_t i = 0; i < packs->remove.count; i++) {
        const struct dist *dist = dists_find(&pip->dists, packs->remove.item[i]);
        say_label(pip->cli, _("gone"), "%s %s", dist->name, dist->version);
    }
}

static size_t count_new(const struct packs *packs)
{
    size_t count = 0;
    for (size_t i = 0; i < packs->solution.count; i++)
        count += packs->file[i] != NULL;
    return count;
}

static int sync_packs(struct packs *packs, const struct pip *pip, struct err *err)
{
    gather_removals(packs, pip);
    if (packs_solve(packs, err) < 0)
        return -1;
    size_t count = count_new(packs);
    if (!pip->cli->options.dry_run &&
        (packs_fill(packs, err) < 0 ||
         packs_put(packs, &pip->site, pip->site.prefix, 0, err) < 0))
        return -1;
    say_each(packs, pip);
    packs_say_notes(packs);
    say_label(pip->cli, _("env"), _("%zu installed, %zu removed, %zu as they were"), count,
              packs->remove.count, packs->solution.count - count);
    return 0;
}

int env_sync(struct cli *cli, struct err *err)
{
    struct pip pip;
    struct python python = {0};
    struct packs packs = {0};
    int status = -1;
    if (cli->words.count > 1)
        return err_set(err, ERR_USAGE, _("sync takes one lock"));
    CLEANUP_FREE char *lock = find_lock(cli, err);
    if (!lock)
        return -1;
    if (!lock_is_name(fs_base(lock)))
        return packs_refuse_lock(lock, err);
    strv_add(&cli->options.pack.requirements, lock);
    if (pip_open(cli, &pip, err) == 0 && change_finish(&pip.site, err) == 0 &&
        pip_python(&pip, &python, err) == 0 &&
        packs_open(cli, &python, &pip.dists, NULL, &packs, err) == 0)
        status = sync_packs(&packs, &pip, err);
    packs_free(&packs);
    python_free(&python);
    pip_close(&pip);
    return status;
}
