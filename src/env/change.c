// SPDX-License-Identifier: Apache-2.0
#include "env/change.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/left.h"
#include "env/change_parts.h"
#include "env/keep.h"
#include "env/outside.h"
#include "env/pending.h"

enum { TRIES = 20, LOCK_TRIES = 500 };

static int same(const struct stat *one, const struct stat *two)
{
    return one->st_dev == two->st_dev && one->st_ino == two->st_ino &&
           one->st_mtim.tv_sec == two->st_mtim.tv_sec &&
           one->st_mtim.tv_nsec == two->st_mtim.tv_nsec;
}

int change_put(struct change_state *state, struct outside *outside, int into)
{
    int status = 0;
    for (size_t i = 0; i < state->count && status == 0; i++)
        status = layout_add(&state->layout, state->source, (int)i, state->err);
    layout_mark(&state->layout);
    for (size_t i = state->old_count; i < state->count && status == 0; i++)
        status = outside_put(outside, &state->source[i], &state->dist[i].outside, state->err);
    return status < 0 ? -1
                      : put_layout(into, &state->layout, state->source, state->dist,
                                   state->count, state->mode, state->err);
}

void change_note(const struct change_state *state, struct strv *notes)
{
    for (size_t i = 0; notes && i < state->layout.clashes.count; i++)
        strv_take(notes, mem_print(_("two packages have the same file: %s"),
                                   state->layout.clashes.item[i]));
}

// What made it damaged is of no use for what is changed now: it is written anew from what is known.
int change_stamp(const struct change *change, int from, int into, struct err *err)
{
    struct stamp old = {0};
    struct stamp added = {0};
    if (from >= 0 && stamp_read(from, &old, NULL) < 0)
        stamp_free(&old);
    for (size_t i = 0; i < change->add_count; i++)
        if (!change->add[i].is_stamped)
            stamp_add(&added, change->add[i].manifest, &change->add[i].origin);
    int status = stamp_put(into, &old, &added, change->site->is_lopin, err);
    stamp_free(&old);
    stamp_free(&added);
    return status;
}

// What is added is laid out in folder `into`. Returns 0, or -1 with err.
static int fill(const struct change *change, struct change_state *state, int from, int into,
                struct strv *notes)
{
    struct outside outside = {.site = change->site,
                              .prefix = change->prefix,
                              .mode = state->mode,
                              .hashes = 1,
                              .fresh = change->fresh};
    int status = change_put(state, &outside, into);
    if (status == 0)
        status = change_stamp(change, from, into, state->err);
    if (status == 0)
        status = pending_write(into, &outside.waiting, &state->removals, state->err);
    if (status < 0)
        outside_drop(&outside);
    if (status == 0)
        change_note(state, notes);
    outside_free(&outside);
    return status;
}

static int cannot_use(const char *path, struct err *err)
{
    return err_errno(err, ERR_SYSTEM, errno, _("cannot use folder '%s'"), path);
}

// Makes the new folder at `path`. Returns 0, or -1 with err.
static int make(const struct change *change, struct change_state *state, const char *path,
                struct strv *notes)
{
    const struct site *site = change->site;
    CLEANUP_CLOSE int from = open(site->packages, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (mkdir(path, 0777) < 0)
        return err_errno(state->err, ERR_SYSTEM, errno, _("cannot write '%s'"), site->packages);
    CLEANUP_CLOSE int into = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (from < 0 || into < 0)
        return cannot_use(path, state->err);
    return keep_copy(from, into, &state->gone, &state->layout, state->err) < 0
               ? -1
               : fill(change, state, from, into, notes);
}

// Where nobody looks yet the folder is filled in its place: half an environment goes as a whole.
static int make_fresh(const struct change *change, struct strv *notes, struct err *err)
{
    struct change_state state = {.err = err};
    CLEANUP_CLOSE int into = open(change->site->packages, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (into < 0)
        return cannot_use(change->site->packages, err);
    int status = change_gather(change, &state);
    if (status == 0)
        status = fill(change, &state, -1, into, notes);
    change_state_free(&state);
    return status;
}

// Puts it in place. Returns 1, 0 if another change came between, or -1 with err.
static int replace(const struct change *change, const struct stat *before, const char *path,
                   struct err *err)
{
    struct stat now;
    if (fs_exchange(path, change->site->packages, 1) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot replace '%s'"),
                         change->site->packages);
    if (lstat(path, &now) == 0 && same(before, &now))
        return 1;
    fs_exchange(path, change->site->packages, 1);
    return 0;
}

// Returns 1, 0 if it must be tried again, or -1 with err.
static int try_change(const struct change *change, struct strv *notes, struct err *err)
{
    struct stat before;
    struct change_state state = {.err = err};
    CLEANUP_FREE char *folder = fs_folder(change->site->packages);
    CLEANUP_FREE char *path = left_name(folder, CHANGE_PREFIX); // beside what it will replace
    int status = -1;
    if (lstat(change->site->packages, &before) < 0)
        cannot_use(change->site->packages, err);
    else if (fs_remove(AT_FDCWD, path) < 0)
        err_errno(err, ERR_SYSTEM, errno, _("cannot remove '%s'"), path);
    else if (change_gather(change, &state) == 0 && make(change, &state, path, notes) == 0)
        status = replace(change, &before, path, err);
    fs_remove(AT_FDCWD, path);
    change_state_free(&state);
    return status;
}

// Others of this host wait, mostly milliseconds. It is not needed for correctness but where a kill
// comes between a replacement and its being seen as too late; where there are no locks, or they do not
// answer (NFS), it is done without. A descriptor, or -1.
static int lock(const char *folder)
{
    static const struct timespec pause = {.tv_nsec = 20 * 1000 * 1000};
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; fd >= 0 && i < LOCK_TRIES && flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
        if (errno != EWOULDBLOCK)
            break;
        nanosleep(&pause, NULL);
    }
    return fd;
}

int change_finish(const struct site *site, struct err *err)
{
    CLEANUP_FREE char *folder = fs_folder(site->packages);
    CLEANUP_FREE char *bin = mem_print("%s/bin", site->prefix);
    if (pending_finish(site, err) < 0)
        return -1;
    left_sweep(folder, CHANGE_PREFIX);
    left_sweep(bin, OUTSIDE_PREFIX);
    return 0;
}

int change_apply(const struct change *change, struct strv *ret_notes, struct err *err)
{
    CLEANUP_FREE char *folder = fs_folder(change->site->packages);
    if (change->fresh)
        return change->shared ? change_share(change, ret_notes, err)
                              : make_fresh(change, ret_notes, err);
    CLEANUP_CLOSE int locked = lock(folder);
    if (change_finish(change->site, err) < 0)
        return -1;
    if (change->shared)
        return change_share(change, ret_notes, err);
    for (int i = 0; i < TRIES; i++) {
        int done = try_change(change, ret_notes, err);
        if (done < 0)
            return -1;
        if (done)
            return pending_finish(change->site, err);
    }
    return err_set(err, ERR_RUN_BUSY, _("others keep changing environment '%s'"),
                   change->site->prefix);
}
