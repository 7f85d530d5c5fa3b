// SPDX-License-Identifier: Apache-2.0
// claims: the folder is read again whenever another was quicker, so that no parcel walks through all that
// is taken; what link(2) returns is not trusted (NFS may repeat it): the inode behind the name is.
#include "run/claims.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "run/owner.h"
#include "run/parcel_file.h"

enum { NAME_SIZE = PARCEL_NAME_SIZE, TRIES = 10000, SPREAD = 10 };
struct claims {
    int run_dir, dir; // dir: the folder `claims`
    const struct round *round;
    unsigned parcel, restart;
    char name[NAME_SIZE]; // of our file
    // Of each chunk the generation that comes next, 0: nobody has had it. Of one of ours it stays what it
    // was when we took it.
    uint32_t *next;
    uint8_t *ours;        // of each chunk
    size_t at, orphan_at; // where the search stands
    int is_begun;         // it has looked for its first chunk
};

static void chunk_name(const struct round *round, size_t chunk, uint32_t generation,
                       char ret[NAME_SIZE])
{
    snprintf(ret, NAME_SIZE, "chunk.%u.%zu.%u", round->number, chunk + 1, generation);
}

static void note_chunk(void *context, const char *name)
{
    struct claims *claims = context;
    unsigned round, generation;
    size_t chunk;
    char again[NAME_SIZE];
    if (sscanf(name, "chunk.%9u.%9zu.%9u", &round, &chunk, &generation) != 3 ||
        round != claims->round->number || !chunk || chunk > claims->round->chunks ||
        claims->ours[chunk - 1]) // what follows ours is what check_taken looks for
        return;
    chunk_name(claims->round, chunk - 1, generation, again);
    if (strcmp(name, again) == 0 && claims->next[chunk - 1] <= generation)
        claims->next[chunk - 1] = generation + 1;
}

static void look_around(struct claims *claims)
{
    parcel_file_each(claims->dir, note_chunk, claims);
}

struct seeking { // the number of a new parcel
    int dir;
    const char *job;
    int again;
    unsigned wanted, most, restart; // most: of all numbers
    int is_taken;                   // the wanted one
    int is_found;                   // the job's own, with the restart that comes next
    unsigned found;
};

static int has_job(int dir, const char *name, const char *job)
{
    CLEANUP_STR struct str said = {0};
    if (fs_read(dir, name, 4096, &said, NULL) < 0)
        return 0;
    const char *its = parcel_file_said(&said, "\n" JOB_LINE);
    size_t size = strlen(job);
    return its && strncmp(its, job, size) == 0 && its[size] == '\n';
}

static void seek_number(void *context, const char *name)
{
    struct seeking *seeking = context;
    unsigned parcel, restart;
    if (parcel_file_number(name, &parcel, &restart) < 0)
        return;
    seeking->most = parcel > seeking->most ? parcel : seeking->most;
    seeking->is_taken |= parcel == seeking->wanted;
    if (!seeking->again || !has_job(seeking->dir, name, seeking->job))
        return;
    if (!seeking->is_found || restart >= seeking->restart)
        seeking->restart = restart + 1;
    seeking->is_found = 1;
    seeking->found = parcel;
}

// Gives our file, written as `ours`, the name. Returns 1, 0 if it is another's, -1 with err.
static int link_as(struct claims *claims, const char *ours, const char *name, struct err *err)
{
    struct stat own, there;
    int linked = linkat(claims->dir, ours, claims->dir, name, 0);
    int errnum = errno;
    if (fstatat(claims->dir, ours, &own, AT_SYMLINK_NOFOLLOW) == 0 &&
        fstatat(claims->dir, name, &there, AT_SYMLINK_NOFOLLOW) == 0)
        return own.st_ino == there.st_ino;
    if (linked < 0 && errnum == EEXIST)
        return 0;
    return err_errno(err, ERR_SYSTEM, linked < 0 ? errnum : errno, _("cannot make '%s'"), name);
}

static int try_number(struct claims *claims, const struct claims_ask *ask, struct err *err)
{
    char ours[2 * NAME_SIZE];
    CLEANUP_STR struct str more = {0};
    parcel_file_name(claims->parcel, claims->restart, claims->name);
    str_print(&more, JOB_LINE "%.63s" SELF_LINE "%u %u" ROUND_LINE "%u\n", ask->job,
              claims->parcel, claims->restart, ask->round->number);
    snprintf(ours, sizeof ours, ".%.40s.%.60s.%ld", claims->name, ask->job, (long)getpid());
    if (owner_write(claims->dir, ours, more.text, err) < 0)
        return -1;
    int made = link_as(claims, ours, claims->name, err);
    unlinkat(claims->dir, ours, 0);
    return made;
}

static int make_parcel(struct claims *claims, const struct claims_ask *ask, struct err *err)
{
    struct seeking seeking = {
        .dir = claims->dir, .job = ask->job, .again = ask->again, .wanted = ask->parcel};
    if (parcel_file_each(claims->dir, seek_number, &seeking) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot read the run's folder"));
    claims->parcel = seeking.is_found   ? seeking.found
                     : seeking.is_taken ? seeking.most + 1
                                        : ask->parcel;
    claims->restart = seeking.is_found ? seeking.restart : 0;
    for (int attempt = 0; attempt < TRIES; attempt++) {
        int made = try_number(claims, ask, err);
        if (made)
            return made < 0 ? -1 : 0;
        if (seeking.is_found)
            claims->restart++;
        else
            claims->parcel =
                ++seeking.most > claims->parcel ? seeking.most : claims->parcel + 1;
    }
    return err_errno(err, ERR_SYSTEM, EAGAIN, _("cannot make '%s'"), claims->name);
}

struct claims *claims_new(const struct claims_ask *ask, struct err *err)
{
    struct claims *claims = mem_zero(1, sizeof *claims);
    claims->run_dir = ask->run_dir;
    claims->round = ask->round;
    claims->next = mem_zero(ask->round->chunks + 1, sizeof *claims->next);
    claims->ours = mem_zero(ask->round->chunks + 1, sizeof *claims->ours);
    if (mkdirat(ask->run_dir, CLAIMS_FOLDER, 0700) < 0 && errno != EEXIST)
        err_errno(err, ERR_SYSTEM, errno, _("cannot make '%s'"), CLAIMS_FOLDER);
    claims->dir = openat(ask->run_dir, CLAIMS_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (claims->dir < 0)
        err_errno(err, ERR_SYSTEM, errno, _("cannot read the run's folder"));
    if (claims->dir < 0 || make_parcel(claims, ask, err) < 0) {
        claims_free(claims);
        return NULL;
    }
    look_around(claims);
    return claims;
}

unsigned claims_parcel(const struct claims *claims)
{
    return claims->parcel;
}

unsigned claims_restart(const struct claims *claims)
{
    return claims->restart;
}

int claims_take(struct claims *claims, size_t chunk, struct err *err)
{
    char name[NAME_SIZE];
    uint32_t generation = claims->next[chunk];
    chunk_name(claims->round, chunk, generation, name);
    int taken = link_as(claims, claims->name, name, err);
    if (taken < 0)
        return -1;
    claims->next[chunk] = generation + 1;
    claims->ours[chunk] = (uint8_t)taken;
    return taken;
}

// The chunk that nobody has had behind so many others of that kind, or the first one if there are fewer;
// SIZE_MAX: there is none.
static size_t find_new(struct claims *claims, size_t behind)
{
    const struct round *round = claims->round;
    while (claims->at < round->chunks && claims->next[claims->at])
        claims->at++;
    for (size_t i = claims->at; i < round->chunks; i++)
        if (!claims->next[i] && behind-- == 0)
            return i;
    return claims->at < round->chunks ? claims->at : SIZE_MAX;
}

// Parcels that begin at once begin with the chunk of their number.
static size_t find_first(struct claims *claims)
{
    size_t own = claims->parcel - 1;
    if (claims->is_begun || own >= claims->round->chunks || claims->next[own])
        own = find_new(claims, 0);
    claims->is_begun = 1;
    return own;
}

// Those that meet spread further each time.
int claims_next(struct claims *claims, size_t *ret, struct err *err)
{
    *ret = find_first(claims);
    for (unsigned met = 1; *ret != SIZE_MAX; met++) {
        int taken = claims_take(claims, *ret, err);
        if (taken)
            return taken;
        look_around(claims);
        size_t width = (size_t)1 << (met < SPREAD ? met : SPREAD);
        *ret = find_new(claims, (claims->parcel * 2654435761U + met * 40503U) % width);
    }
    return 0;
}

int claims_is_new(struct claims *claims)
{
    look_around(claims);
    for (size_t i = 0; i < claims->round->chunks; i++)
        if (!claims->next[i])
            return 1;
    return 0;
}

void claims_rewind(struct claims *claims)
{
    look_around(claims);
    claims->orphan_at = 0;
}

// By the clock of the file server: our own file was touched by it a moment ago.
static int64_t file_clock(const struct claims *claims)
{
    struct stat st;
    utimensat(claims->dir, claims->name, NULL, 0);
    return fstatat(claims->dir, claims->name, &st, 0) == 0 ? st.st_mtime : 0;
}

// Whether the holder of its last generation is gone, and may have left work.
static int is_orphan(const struct claims *claims, size_t chunk, int64_t now)
{
    char name[NAME_SIZE];
    struct parcel_look holder;
    if (!claims->next[chunk] || claims->ours[chunk])
        return 0;
    chunk_name(claims->round, chunk, claims->next[chunk] - 1, name);
    parcel_file_look(claims->dir, name, now, &holder);
    if (holder.is_over)
        return holder.left > 0;
    return holder.is_fenced || !holder.is_alive;
}

int claims_orphan(struct claims *claims, size_t *ret)
{
    int64_t now = file_clock(claims);
    while (claims->orphan_at < claims->round->chunks) {
        size_t chunk = claims->orphan_at++;
        if (!is_orphan(claims, chunk, now))
            continue;
        *ret = chunk;
        return 1;
    }
    return 0;
}

static int lost(const char *why, struct err *err)
{
    return err_set(err, ERR_RUN_BUSY, "%s", why);
}

// NFS keeps in mind for a while that a name was not there; opening the folder asks whether it changed
// (close-to-open consistency, nfs(5)).
static void look_afresh(int dir)
{
    CLEANUP_CLOSE int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    (void)fd;
}

// Where somebody followed us.
static int check_followed(const struct claims *claims, struct err *err)
{
    char later[NAME_SIZE];
    look_afresh(claims->dir);
    look_afresh(claims->run_dir);
    parcel_file_name(claims->parcel, claims->restart + 1, later);
    if (parcel_file_is_there(claims->dir, later))
        return lost(_("this job was begun again elsewhere: what it does here counts no more"),
                    err);
    if (round_is_over(claims->run_dir, claims->round->number))
        return lost(_("this run was continued by another: what it does here counts no more"),
                    err);
    return 0;
}

static int check_taken(const struct claims *claims, size_t chunk, struct err *err)
{
    char later[NAME_SIZE];
    chunk_name(claims->round, chunk, claims->next[chunk], later);
    return parcel_file_is_there(claims->dir, later)
               ? lost(_("this job was taken for dead, and its datasets by others"), err)
               : 0;
}

int claims_hold(const struct claims *claims, size_t chunk, struct err *err)
{
    return check_followed(claims, err) < 0 ? -1 : check_taken(claims, chunk, err);
}

int claims_touch(struct claims *claims, struct err *err)
{
    struct stat st;
    utimensat(claims->dir, claims->name, NULL, 0);
    if (fstatat(claims->dir, claims->name, &st, 0) < 0 && errno == ENOENT)
        return lost(_("the run's folder was removed"), err);
    if (check_followed(claims, err) < 0)
        return -1;
    for (size_t i = 0; i < claims->round->chunks; i++)
        if (claims->ours[i] && check_taken(claims, i, err) < 0)
            return -1;
    return 0;
}

// Behind what the file says: all its names show it.
static void add_line(struct claims *claims, const struct str *line)
{
    CLEANUP_CLOSE int fd =
        openat(claims->dir, claims->name, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0)
        fs_write_all(fd, line->text, line->size);
}

void claims_leave(struct claims *claims, size_t left)
{
    CLEANUP_STR struct str line = {0};
    str_print(&line, "%s%zu\n", OVER_LINE + 1, left);
    add_line(claims, &line);
    memset(claims->ours, 0, claims->round->chunks);
}

void claims_fail(struct claims *claims, const struct err *why)
{
    CLEANUP_STR struct str line = {0};
    str_print(&line, "%s0\n%s[%s] ", OVER_LINE + 1, WHY_LINE + 1, err_name(why->code));
    str_add_visible(&line, why->text, strlen(why->text));
    str_add_char(&line, '\n');
    add_line(claims, &line);
}

void claims_free(struct claims *claims)
{
    if (!claims)
        return;
    mem_close_at(&claims->dir);
    free(claims->next);
    free(claims->ours);
    free(claims);
}
