// SPDX-License-Identifier: Apache-2.0
// env_lock: `lopin env lock`: what is asked for, solved for each interpreter; versions of the lock that
// is there are kept where they satisfy.
#include "cli/env_lock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "cli/config.h"
#include "cli/env.h"
#include "cli/lock_make.h"
#include "cli/packs_put.h"
#include "cli/project.h"
#include "cli/say.h"
#include "cli/setting.h"

enum { MOST_PYTHONS = 16 };

struct way { // one interpreter
    struct python python;
    struct packs packs;
};
struct locking {
    struct cli *cli;
    const char *path, *shown;
    int may_be_empty;
    struct arena arena;
    const struct lock *old; // NULL: none
    struct way way[MOST_PYTHONS];
    size_t count;
};

static int compare_minor(const void *one, const void *two)
{
    struct arena arena = {0};
    const struct way *const *first = one, *const *second = two;
    const struct version *a =
        version_parse(&arena, piece_of((*first)->python.facts.version), NULL);
    const struct version *b =
        version_parse(&arena, piece_of((*second)->python.facts.version), NULL);
    int order = a && b
                    ? version_compare(a, b, VERSION_WHOLE)
                    : strcmp((*first)->python.facts.version, (*second)->python.facts.version);
    arena_free(&arena);
    return order;
}

static int add_python(struct locking *locking, const char *want, struct err *err)
{
    CLEANUP_FREE char *cache = setting_cache(locking->cli);
    const struct python_ask ask = {.want = want,
                                   .vars = &locking->cli->vars,
                                   .cache = cache,
                                   .also = config_pythons(locking->cli)};
    if (locking->count == MOST_PYTHONS)
        return err_set(err, ERR_USAGE, _("a lock is for %d interpreters at most"),
                       MOST_PYTHONS);
    struct way *way = &locking->way[locking->count];
    if (python_find(&ask, &way->python, err) < 0)
        return -1;
    locking->count++;
    const char *minor = lock_python(&locking->arena, &way->python);
    for (size_t i = 0; i + 1 < locking->count; i++)
        if (strcmp(minor, lock_python(&locking->arena, &locking->way[i].python)) == 0)
            return err_set(err, ERR_USAGE, _("--python names %s twice: %s and %s"), minor,
                           locking->way[i].python.path, way->python.path);
    return 0;
}

// Those of --python, else of the lock that is there, else the one in force.
static int find_pythons(struct locking *locking, struct err *err)
{
    const struct strv *wanted = &locking->cli->options.pack.pythons;
    const struct lock_asked *old = locking->old ? &locking->old->asked : NULL;
    int status = 0;
    for (size_t i = 0; i < wanted->count && status == 0; i++)
        status = add_python(locking, wanted->item[i], err);
    for (size_t i = 0; !wanted->count && old && i < old->python_count && status == 0; i++)
        status = add_python(locking, old->python[i], err);
    return status == 0 && !locking->count ? add_python(locking, NULL, err) : status;
}

static int is_file(const char *path)
{
    return access(path, F_OK) == 0;
}

static int nothing_asked(struct err *err)
{
    err_set(err, ERR_USAGE, _("nothing says which packages to lock"));
    return err_hint(err, "try", "lopin env lock --with numpy,scipy    -r requirements.txt");
}

// The words, or what the lock that is there was made for.
static int words_of(const struct locking *locking, struct strv *ret, struct err *err)
{
    const struct cli *cli = locking->cli;
    strv_add_all(ret, &cli->words);
    if (ret->count || options_pack_any(&cli->options.pack))
        return 0;
    const struct lock_asked *old = locking->old ? &locking->old->asked : NULL;
    for (size_t i = 0; old && i < old->requirement_count; i++)
        strv_add(ret, old->requirement[i]);
    return ret->count || locking->may_be_empty ? 0 : nothing_asked(err);
}

static int solve_one(struct locking *locking, struct way *way, const struct strv *words,
                     struct err *err)
{
    int status = packs_open(locking->cli, &way->python, NULL, words, &way->packs, err);
    way->packs.prefer = locking->old;
    if (status == 0 && locking->count > 1)
        say_label(locking->cli, _("python"), "%s   %s", way->python.facts.version,
                  way->python.path);
    if (status == 0)
        status = packs_solve(&way->packs, err);
    if (status < 0 && locking->count > 1)
        err_wrap(err, _("Python %s"), way->python.facts.version);
    if (status == 0)
        packs_say_notes(&way->packs);
    return status;
}

static const struct lock_package *find(const struct lock *lock, const struct lock_package *like)
{
    for (size_t i = 0; lock && i < lock->package_count; i++)
        if (strcmp(lock->package[i].name, like->name) == 0)
            return &lock->package[i];
    return NULL;
}

static int has_version(const struct lock *lock, const struct lock_package *like)
{
    for (size_t i = 0; i < lock->package_count; i++)
        if (strcmp(lock->package[i].name, like->name) == 0 &&
            strcmp(lock->package[i].version_text ? lock->package[i].version_text : "",
                   like->version_text ? like->version_text : "") == 0)
            return 1;
    return 0;
}

// What is other than in the lock that was there.
static void say_changes(const struct cli *cli, const struct lock *old, const struct lock *made)
{
    for (size_t i = 0; old && i < made->package_count; i++) {
        const struct lock_package *now = &made->package[i];
        const struct lock_package *before = find(old, now);
        if (!before)
            say_label(cli, _("new"), "%s %s", now->name, now->version_text);
        else if (!has_version(old, now))
            say_label(cli, _("changed"), "%s %s -> %s", now->name,
                      before->version_text ? before->version_text : "", now->version_text);
    }
    for (size_t i = 0; old && i < old->package_count; i++)
        if (!find(made, &old->package[i]))
            say_label(cli, _("gone"), "%s %s", old->package[i].name,
                      old->package[i].version_text ? old->package[i].version_text : "");
}

static int put(struct locking *locking, const struct lock *lock, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_STR struct str pythons = {0};
    lock_write(&text, lock);
    if (strcmp(locking->path, "-") == 0)
        return say_data(locking->cli, &text, err);
    say_changes(locking->cli, locking->old, lock);
    if (!locking->cli->options.dry_run &&
        fs_replace(AT_FDCWD, locking->path, text.text, text.size, 0666, 0, err) < 0)
        return -1;
    for (size_t i = 0; i < lock->asked.python_count; i++)
        str_print(&pythons, "%s%s", i ? ", " : "", lock->asked.python[i]);
    say_label(locking->cli, _("lock"),
              lang_plural("%s   %zu package for Python %s", "%s   %zu packages for Python %s",
                          lock->package_count),
              locking->shown, lock->package_count, pythons.text);
    return 0;
}

// What is there cannot be read, and is not overwritten: it may be no lock at all.
static int refuse_old(const struct locking *locking, struct err *err)
{
    CLEANUP_STR struct str shown = {0};
    str_add_shell(&shown, locking->shown);
    return strcmp(fs_base(locking->path), PROJECT_LOCK) == 0
               ? -1 // which says so itself
               : err_hint(err, "try", "rm %s", shown.text);
}

static int run(struct locking *locking, struct err *err)
{
    CLEANUP_STRV struct strv words = {0};
    CLEANUP_FREE char *folder =
        strcmp(locking->path, "-") == 0 ? mem_dup(locking->cli->cwd) : fs_folder(locking->path);
    struct packs *packs[MOST_PYTHONS];
    struct way *order[MOST_PYTHONS];
    if (strcmp(locking->path, "-") != 0 && is_file(locking->path) &&
        !(locking->old = packs_lock_file(locking->cli, &locking->arena, locking->path, err)))
        return refuse_old(locking, err);
    if (locking->old)
        packs_say_newer(locking->cli, locking->old, locking->path);
    if (words_of(locking, &words, err) < 0 || find_pythons(locking, err) < 0)
        return -1;
    for (size_t i = 0; i < locking->count; i++)
        if (solve_one(locking, &locking->way[i], &words, err) < 0)
            return -1;
    for (size_t i = 0; i < locking->count; i++)
        order[i] = &locking->way[i];
    qsort(order, locking->count, sizeof order[0], compare_minor);
    for (size_t i = 0; i < locking->count; i++)
        packs[i] = &order[i]->packs;
    const struct lock_ways ways = {packs, locking->count, folder};
    const struct lock *lock = lock_make(&locking->arena, &ways, err);
    return lock ? put(locking, lock, err) : -1;
}

int env_lock_write(struct cli *cli, const char *path, const char *shown, int may_be_empty,
                   struct err *err)
{
    struct locking *locking = mem_zero(1, sizeof *locking);
    locking->cli = cli;
    locking->path = path;
    locking->shown = shown;
    locking->may_be_empty = may_be_empty;
    int status = run(locking, err);
    for (size_t i = 0; i < locking->count; i++) {
        packs_free(&locking->way[i].packs);
        python_free(&locking->way[i].python);
    }
    arena_free(&locking->arena);
    free(locking);
    return status;
}

int env_lock(struct cli *cli, struct err *err)
{
    const char *output = cli->options.pack.output;
    CLEANUP_FREE char *path = !output                    ? project_lock(cli)
                              : strcmp(output, "-") == 0 ? mem_dup("-")
                                                         : fs_absolute(cli->cwd, output);
    return env_lock_write(cli, path, output ? output : fs_base(path), 0, err);
}
