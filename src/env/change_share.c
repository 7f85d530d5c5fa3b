// SPDX-License-Identifier: Apache-2.0
// change_share: the same packages again are one link: a folder of packages made once, read-only, and
// named by the hash of what is in it.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/lang.h"
#include "env/change_parts.h"
#include "env/outside.h"

// Of the entries, in their order (the caller's is by name), and who asked for them.
char *change_shared(const struct change *change)
{
    struct hash hash;
    hash_begin(&hash);
    hash_text(&hash, "3");
    hash_part(&hash, &change->mode, sizeof change->mode);
    const int top_level = put_needs_top_level(change->site->minor);
    hash_part(&hash, &top_level, sizeof top_level);
    for (size_t i = 0; i < change->add_count; i++) {
        hash_text(&hash, change->add[i].entry);
        hash_text(&hash, change->add[i].direct_url);
        hash_text(&hash, change->add[i].origin.house); // its stamp differs
        hash_text(&hash, change->add[i].origin.where);
        hash_text(&hash, change->add[i].origin.site);
        hash_part(&hash, &change->add[i].requested, sizeof change->add[i].requested);
    }
    return mem_print("%s/%016llx", change->shared, (unsigned long long)hash_end(&hash));
}

// The file "outside" of a shared folder: what each environment with it gets outside of it.
static void list_outside(const struct change *change, const struct change_state *state,
                         struct str *text)
{
    struct outside_list list = {0};
    for (size_t i = 0; i < state->count; i++)
        outside_list(change->site, &state->source[i], &list);
    outside_list_write(&list, text);
    outside_list_free(&list);
}

#define MADE "made "
enum { LIST_MAX = 64 << 20 }; // of the file "outside"

static long long time_of(const char *packages)
{
    struct stat st;
    return stat(packages, &st) < 0 ? -1 : (long long)clock_ns(st.st_mtim);
}

// Its mode stops everyone but root, whose pip and uv change it for all who have it: what begins then
// gets another one.
static int is_as_made(const char *text, const char *packages)
{
    return geteuid() != 0 || !str_starts(text, MADE) ||
           strtoll(text + strlen(MADE), NULL, 10) == time_of(packages);
}

// Nobody adds to it, nor Python bytecode.
static int close_all(int into, const char *path, const struct change_state *state)
{
    for (size_t i = state->layout.count; i-- > 0;)
        if (state->layout.item[i].kind == LAYOUT_FOLDER &&
            fchmodat(into, state->layout.item[i].path, 0555, 0) < 0)
            return err_errno(state->err, ERR_SYSTEM, errno, _("cannot make '%s'"),
                             state->layout.item[i].path);
    return fchmod(into, 0555) < 0
               ? err_errno(state->err, ERR_SYSTEM, errno, _("cannot make '%s'"), path)
               : 0;
}

// The rows of RECORD have no hashes: those of commands differ from one environment to the next.
static int make_shared(const struct change *change, const char *path,
                       struct change_state *state, struct strv *notes)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *packages = mem_print("%s/packages", path);
    CLEANUP_FREE char *list = mem_print("%s/outside", path);
    struct outside outside = {
        .site = change->site, .prefix = change->prefix, .mode = state->mode, .fresh = 1};
    if (fs_make_dirs(AT_FDCWD, packages, 0777, state->err) < 0)
        return -1;
    CLEANUP_CLOSE int into = open(packages, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = change_put(state, &outside, into);
    outside_free(&outside);
    if (status == 0)
        status = change_stamp(change, -1, into, state->err);
    if (status == 0)
        change_note(state, notes);
    if (status == 0)
        status = close_all(into, packages, state);
    str_print(&text, MADE "%lld\n", time_of(packages));
    list_outside(change, state, &text);
    return status == 0
               ? fs_replace(AT_FDCWD, list, str_text(&text), text.size, 0444, 0, state->err)
               : status;
}

// Makes the shared folder, and what its packages have outside of it in this environment.
static int make_new(const struct change *change, const char *goal, struct strv *notes,
                    struct err *err)
{
    struct change_state state = {.err = err};
    CLEANUP_FREE char *path = mem_print("%s.%ld", goal, (long)getpid());
    fs_remove(AT_FDCWD, path);
    int status = change_gather(change, &state);
    if (status == 0)
        status = make_shared(change, path, &state, notes);
    if (status == 0 && rename(path, goal) < 0 && errno != EEXIST && errno != ENOTEMPTY)
        status = err_errno(err, ERR_SYSTEM, errno, _("cannot make '%s'"), goal);
    fs_remove(AT_FDCWD, path); // another one was quicker, or it failed
    change_state_free(&state);
    return status;
}

// What the packages of a shared folder that was there have outside of it.
static int put_listed(const struct change *change, const struct str *text, struct err *err)
{
    struct outside_list list = {0};
    struct outside outside = {
        .site = change->site, .prefix = change->prefix, .mode = change->mode, .fresh = 1};
    CLEANUP_STR struct str rows = {0};
    outside_list_read(str_text(text), &list);
    int status = outside_put_items(&outside, &list, &rows, err);
    outside_free(&outside);
    outside_list_free(&list);
    return status;
}

int change_link(const struct change *change, const char *goal, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *list = mem_print("%s/outside", goal);
    CLEANUP_FREE char *packages = mem_print("%s/packages", goal);
    if (fs_read(AT_FDCWD, list, LIST_MAX, &text, err) < 0)
        return -1;
    if (!is_as_made(str_text(&text), packages))
        return err_set(err, ERR_ENV_BROKEN, _("'%s' was changed since lopin made it"),
                       packages);
    if (put_listed(change, &text, err) < 0)
        return -1;
    return symlink(packages, change->site->packages) < 0
               ? err_errno(err, ERR_SYSTEM, errno, _("cannot make '%s'"),
                           change->site->packages)
               : 0;
}

// The first of NAME, NAME-1, NAME-2, ... that is as it was made, or is made now. Environments with a
// changed one keep it.
static int find_shared(const struct change *change, char **goal, struct strv *notes,
                       struct err *err)
{
    CLEANUP_FREE char *name = mem_dup(*goal);
    for (int number = 0;;) {
        struct err why = {0};
        CLEANUP_STR struct str text = {0};
        CLEANUP_FREE char *list = mem_print("%s/outside", *goal);
        CLEANUP_FREE char *packages = mem_print("%s/packages", *goal);
        if (fs_read(AT_FDCWD, list, LIST_MAX, &text, &why) < 0) {
            if (why.errnum == ENOENT)
                return make_new(change, *goal, notes, err);
            if (err)
                *err = why;
            return -1;
        }
        if (is_as_made(str_text(&text), packages))
            return 0;
        free(*goal);
        *goal = mem_print("%s-%d", name, ++number);
    }
}

int change_share(const struct change *change, struct strv *ret_notes, struct err *err)
{
    CLEANUP_FREE char *goal = change_shared(change);
    const char *place = change->site->packages;
    if (find_shared(change, &goal, ret_notes, err) < 0)
        return -1;
    if (rmdir(place) < 0 && errno != ENOENT) {
        if (errno != ENOTEMPTY && errno != EEXIST)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot replace '%s'"), place);
        return err_set(err, ERR_USAGE,
                       _("--link whole is for an environment that has no packages"));
    }
    return change_link(change, goal, err);
}
