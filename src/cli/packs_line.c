// SPDX-License-Identifier: Apache-2.0
#include "cli/packs_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "cli/lock_make.h"
#include "cli/project.h"
#include "cli/say.h"

// The lock of the project whose file was read. Yours; NULL if there is none.
static char *find_lock(const struct cli *cli)
{
    CLEANUP_FREE char *folder = project_folder(cli);
    return folder ? mem_print("%s/" PROJECT_LOCK, folder) : NULL;
}

static int open_frozen(const struct packs_ask *ask, const char *lock, struct packs *ret,
                       struct err *err)
{
    CLEANUP_FREE char *here =
        lock ? mem_dup(lock) : mem_print("%s/" PROJECT_LOCK, ask->cli->cwd);
    if (access(here, F_OK) == 0)
        return packs_open_lock(ask, here, ret, err);
    err_set(err, ERR_NO_LOCK, _("--frozen takes %s, which is not there"), here);
    return err_hint(err, "try", "lopin env lock --with numpy,scipy");
}

// "lopin env lock 'numpy>=2' scipy": what makes the lock fit the line.
static void add_cure(const struct packs *packs, const char *lock, struct str *into)
{
    CLEANUP_FREE char *ours = project_lock(packs->cli);
    const struct pack_options *options = &packs->cli->options.pack;
    str_add(into, "lopin env lock");
    if (strcmp(ours, lock) != 0) {
        str_add(into, " -o ");
        str_add_shell(into, lock);
    }
    for (size_t i = 0; i < options->with.count; i++) {
        str_add_char(into, ' ');
        str_add_shell(into, options->with.item[i]);
    }
    for (size_t i = 0; i < options->requirements.count; i++) {
        str_add(into, " -r ");
        str_add_shell(into, options->requirements.item[i]);
    }
    for (size_t i = 0; i < options->groups.count; i++) {
        str_add(into, " --group ");
        str_add_shell(into, options->groups.item[i]);
    }
    for (size_t i = 0; i < options->find_links.count; i++) {
        str_add(into, " -f ");
        str_add_shell(into, options->find_links.item[i]);
    }
    if (options->no_index)
        str_add(into, " --no-index");
}

// A lock is for some Pythons: where that of the line is none of them, it is to be one more.
static void add_pythons(const struct packs *packs, const struct lock_asked *asked,
                        struct str *into)
{
    CLEANUP_STR struct str list = {0};
    int major;
    int minor;
    if (sscanf(packs->python->facts.version, "%d.%d", &major, &minor) != 2)
        return;
    CLEANUP_FREE char *ours = mem_print("%d.%d", major, minor);
    for (size_t i = 0; i < asked->python_count; i++) {
        if (strcmp(asked->python[i], ours) == 0)
            return;
        str_print(&list, "%s,", asked->python[i]);
    }
    str_add(&list, ours);
    str_add(into, " -p ");
    str_add_shell(into, list.text);
}

static void say_old(const struct packs *packs, const struct lock *old, const char *lock,
                    const char *why)
{
    CLEANUP_STR struct str cure = {0};
    add_cure(packs, lock, &cure);
    add_pythons(packs, &old->asked, &cure);
    say(packs->cli, _("%s is out of date: %s; renew it with: %s"), fs_base(lock), why,
        str_text(&cure));
}

// Whether the lock is what is asked for and fits the interpreter. 1, 0 with why (in the arena of
// packs), or -1 with err.
static int fits(struct packs *packs, const struct lock *lock, const char **ret_why,
                struct err *err)
{
    struct lock_asked asked;
    struct lock_choice *choice;
    size_t count;
    struct err why = {0};
    const struct lock_ask ask = {.markers = &packs->profile.markers,
                                 .tags = &packs->profile.tags};
    lock_asked(&packs->arena, &packs, 1, &asked);
    if (!lock_asks_same(&asked, &lock->asked)) {
        *ret_why = _("other packages are asked for");
        return 0;
    }
    if (lock_select(&packs->arena, lock, &ask, &choice, &count, &why) == 0)
        return 1;
    *ret_why = arena_dup(&packs->arena, why.text);
    if (why.code == ERR_NO_PYTHON || why.code == ERR_NO_WHEEL)
        return 0;
    if (err)
        *err = why;
    return -1;
}

int packs_open_line(const struct packs_ask *ask, struct packs *ret, struct err *err)
{
    const char *why = NULL;
    CLEANUP_FREE char *path = find_lock(ask->cli);
    if (ask->cli->options.pack.frozen)
        return open_frozen(ask, path, ret, err);
    if (packs_open(ask->cli, ask->python, ask->installed, ask->words, ret, err) < 0)
        return -1;
    if (!path || ret->pin_count || !ret->wanted.count || access(path, F_OK) < 0)
        return 0;
    const struct lock *lock = packs_lock_file(ask->cli, &ret->arena, path, err);
    if (!lock)
        return -1;
    if (!lock->asked.known) // of another tool: it cannot be compared
        return 0;
    int found = fits(ret, lock, &why, err);
    if (found > 0) {
        packs_free(ret);
        return packs_open_lock(ask, path, ret, err);
    }
    if (found < 0)
        return -1;
    ret->prefer = lock;
    packs_say_newer(ask->cli, lock, path);
    say_old(ret, lock, path, why);
    return 0;
}
