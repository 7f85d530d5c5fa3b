// SPDX-License-Identifier: Apache-2.0
#include "run/parcel_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "run/owner.h"

void parcel_file_name(unsigned parcel, unsigned restart, char ret[PARCEL_NAME_SIZE])
{
    snprintf(ret, PARCEL_NAME_SIZE, "parcel.%u-%u", parcel, restart);
}

int parcel_file_is_there(int dir, const char *name)
{
    return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int parcel_file_each(int dir, void (*each)(void *context, const char *name), void *context)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    if (!stream) {
        mem_close_at(&fd);
        return -1;
    }
    while ((entry = readdir(stream)))
        each(context, entry->d_name);
    closedir(stream);
    return 0;
}

const char *parcel_file_said(const struct str *said, const char *line)
{
    const char *at = strstr(str_text(said), line);
    return at ? at + strlen(line) : NULL;
}

int parcel_file_number(const char *name, unsigned *ret_parcel, unsigned *ret_restart)
{
    char again[PARCEL_NAME_SIZE];
    if (sscanf(name, "parcel.%9u-%9u", ret_parcel, ret_restart) != 2)
        return -1;
    parcel_file_name(*ret_parcel, *ret_restart, again);
    return strcmp(name, again) == 0 ? 0 : -1;
}

void parcel_file_look(int dir, const char *name, int64_t now, struct parcel_look *ret)
{
    struct owner owner;
    CLEANUP_STR struct str said = {0};
    char later[PARCEL_NAME_SIZE];
    *ret = (struct parcel_look){0};
    owner_look_name(dir, name, now, &owner, &said);
    const char *self = parcel_file_said(&said, SELF_LINE);
    const char *round = parcel_file_said(&said, ROUND_LINE);
    const char *why = parcel_file_said(&said, WHY_LINE);
    const char *over = parcel_file_said(&said, OVER_LINE);
    const char *job = parcel_file_said(&said, "\n" JOB_LINE);
    snprintf(ret->host, sizeof ret->host, "%s", owner.host);
    ret->pid = owner.pid;
    ret->is_here = owner.here;
    if (job)
        snprintf(ret->job, sizeof ret->job, "%.*s", (int)strcspn(job, "\n"), job);
    if (why)
        snprintf(ret->why, sizeof ret->why, "%.*s", (int)strcspn(why, "\n"), why);
    if (self)
        sscanf(self, "%9u %9u", &ret->parcel, &ret->restart);
    if (round)
        sscanf(round, "%9u", &ret->round);
    ret->is_over = over && sscanf(over, "%9zu", &ret->left) == 1;
    ret->is_alive = !ret->is_over && owner.state == OWNER_ALIVE;
    parcel_file_name(ret->parcel, ret->restart + 1, later);
    ret->is_fenced = parcel_file_is_there(dir, later);
}

struct listing {
    int dir;
    int64_t now;
    struct parcel_look *item;
    size_t count, room;
};

static void add_parcel(void *context, const char *name)
{
    struct listing *listing = context;
    unsigned parcel, restart;
    if (parcel_file_number(name, &parcel, &restart) < 0)
        return;
    mem_room(&listing->item, &listing->room, listing->count + 1, sizeof *listing->item);
    parcel_file_look(listing->dir, name, listing->now, &listing->item[listing->count]);
    listing->item[listing->count].parcel = parcel;
    listing->item[listing->count++].restart = restart;
}

static int by_number(const void *a, const void *b)
{
    const struct parcel_look *left = a, *right = b;
    if (left->parcel != right->parcel)
        return left->parcel < right->parcel ? -1 : 1;
    return left->restart < right->restart ? -1 : left->restart > right->restart;
}

struct parcel_look *claims_list(int run_dir, size_t *ret_count)
{
    CLEANUP_CLOSE int dir = openat(run_dir, CLAIMS_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct listing listing = {.dir = dir, .now = clock_wall_us() / 1000000};
    if (dir >= 0)
        parcel_file_each(dir, add_parcel, &listing);
    if (listing.count)
        qsort(listing.item, listing.count, sizeof *listing.item, by_number);
    *ret_count = listing.count;
    return listing.item;
}

int claims_is_alive(int run_dir)
{
    size_t count;
    int is_alive = 0;
    CLEANUP_FREE struct parcel_look *list = claims_list(run_dir, &count);
    for (size_t i = 0; i < count && !is_alive; i++)
        is_alive = list[i].is_alive && !list[i].is_fenced;
    return is_alive;
}
