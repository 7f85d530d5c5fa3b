// SPDX-License-Identifier: Apache-2.0
// owner: the file that says who runs a run (link(2), proc(5)).
#include "map/owner.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/str.h"

#define OWNER_FORMAT "lopin-owner 1\nhost %64s\nboot %64s\npid %ld\nstart %llu\n"
#define STALE_S      90

struct identity {
    char host[65], boot[65];
    long pid;
    // of the process, in clock ticks since boot: a pid alone comes again
    unsigned long long start;
};

static unsigned long long start_of(long pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    CLEANUP_STR struct str text = {0};
    if (fs_read(AT_FDCWD, path, 4096, &text, NULL) < 0)
        return 0;
    const char *at = strrchr(str_text(&text), ')'); // the name before it may hold anything
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at, NULL, 10) : 0;
}

static void identity_here(struct identity *ret)
{
    *ret = (struct identity){.pid = getpid(), .start = start_of(getpid())};
    gethostname(ret->host, sizeof ret->host - 1);
    CLEANUP_STR struct str boot = {0};
    if (fs_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 256, &boot, NULL) == 0)
        sscanf(boot.text, "%64s", ret->boot);
    if (!ret->host[0])
        strcpy(ret->host, "-");
    if (!ret->boot[0])
        strcpy(ret->boot, "-");
}

static int identity_read(int run_dir, struct identity *ret)
{
    CLEANUP_STR struct str text = {0};
    *ret = (struct identity){0};
    if (fs_read(run_dir, "owner", 4096, &text, NULL) < 0)
        return -1;
    return sscanf(str_text(&text), OWNER_FORMAT, ret->host, ret->boot, &ret->pid,
                  &ret->start) == 4
               ? 0
               : -1;
}

void owner_look(int run_dir, struct owner *ret)
{
    *ret = (struct owner){.state = OWNER_NONE};
    struct stat st;
    if (fstatat(run_dir, "owner", &st, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    struct identity who, here;
    identity_here(&here);
    ret->state = OWNER_STALE;
    if (identity_read(run_dir, &who) < 0)
        return;
    memcpy(ret->host, who.host, sizeof ret->host);
    ret->pid = who.pid;
    if (strcmp(who.host, here.host) == 0) {
        if (strcmp(who.boot, here.boot) == 0 && start_of(who.pid) == who.start && who.start)
            ret->state = OWNER_ALIVE;
    } else if (clock_wall_us() / 1000000 - st.st_mtime < STALE_S) {
        ret->state = OWNER_ALIVE;
    }
}

static int busy(const struct owner *owner, struct err *err)
{
    err_set(err, ERR_RUN_BUSY, _("this run is being computed by process %ld on %s"), owner->pid,
            owner->host);
    return err_hint(err, "try", "lopin status");
}

// A stale file is moved aside under a name of our own first: of two that find it stale only one
// moves it.
static void set_aside(int run_dir)
{
    char aside[64];
    snprintf(aside, sizeof aside, ".owner.stale.%ld", (long)getpid());
    if (renameat(run_dir, "owner", run_dir, aside) == 0)
        unlinkat(run_dir, aside, 0);
}

int owner_take(int run_dir, struct err *err)
{
    struct identity here;
    identity_here(&here);
    char name[128];
    snprintf(name, sizeof name, ".owner.%.64s.%ld", here.host, here.pid);
    CLEANUP_STR struct str text = {0};
    str_print(&text, "lopin-owner 1\nhost %s\nboot %s\npid %ld\nstart %llu\n", here.host,
              here.boot, here.pid, here.start);
    if (fs_replace(run_dir, name, text.text, text.size, 0600, 0, err) < 0)
        return -1;
    struct owner owner = {.state = OWNER_NONE};
    for (int attempt = 0; attempt < 5; attempt++) {
        struct stat st;
        int linked = linkat(run_dir, name, run_dir, "owner", 0);
        int errnum = errno;
        if (fstatat(run_dir, name, &st, 0) == 0 && st.st_nlink == 2) {
            unlinkat(run_dir, name, 0);
            return 0;
        }
        owner_look(run_dir, &owner);
        if (owner.state == OWNER_ALIVE)
            break;
        if (linked < 0 && errnum != EEXIST) {
            unlinkat(run_dir, name, 0);
            return err_errno(err, ERR_SYSTEM, errnum, _("cannot take the run"));
        }
        set_aside(run_dir);
    }
    unlinkat(run_dir, name, 0);
    return busy(&owner, err);
}

void owner_touch(int run_dir)
{
    utimensat(run_dir, "owner", NULL, 0);
}

void owner_leave(int run_dir)
{
    unlinkat(run_dir, "owner", 0);
}

static int carries(const char *pid, const char *entry)
{
    char path[NAME_MAX + 32];
    snprintf(path, sizeof path, "/proc/%s/environ", pid);
    CLEANUP_STR struct str text = {0};
    if (fs_read(AT_FDCWD, path, 4 << 20, &text, NULL) < 0)
        return 0;
    for (size_t at = 0; at < text.size; at += strlen(text.text + at) + 1)
        if (strcmp(text.text + at, entry) == 0)
            return 1;
    return 0;
}

unsigned owner_sweep(const char *run_path)
{
    CLEANUP_FREE char *entry = mem_print("LOPIN_RUN=%s", run_path);
    unsigned killed = 0;
    DIR *stream = opendir("/proc");
    struct dirent *item;
    while (stream && (item = readdir(stream))) {
        struct stat st;
        long pid = isdigit((unsigned char)item->d_name[0]) ? strtol(item->d_name, NULL, 10) : 0;
        if (pid <= 1 || pid == getpid() || fstatat(dirfd(stream), item->d_name, &st, 0) < 0 ||
            st.st_uid != geteuid() || !carries(item->d_name, entry))
            continue;
        killed += kill((pid_t)pid, SIGKILL) == 0;
    }
    if (stream)
        closedir(stream);
    return killed;
}
