// SPDX-License-Identifier: Apache-2.0
// owner: the file that says who runs a run (link(2), proc(5)).
#include "run/owner.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/space.h"
#include "base/str.h"
#include "base/table.h"

#define OWNER_FORMAT "lopin-owner 1\nhost %64s\nboot %64s\npid %ld\nstart %llu\n"
#define OWNER_KEEPER "\nkeeper "
#define OWNER_SPACE  "\nspace "
#define STALE_S      90
#define ENDING_MS    10000
#define ENDING_STEP  10
#define SWEEPS       500 // passes over /proc: a second
#define POLL_MS      200
#define MOST_DEAD    16 // of those that died while they took over from each other

struct identity {
    char host[65], boot[65];
    long pid;
    // of the process, in clock ticks since boot: a pid alone comes again
    unsigned long long start;
    unsigned long long space; // that pid is of (space.h); 0: unknown
};

// 0 if it has ended: also if nobody waited for it yet, which in a container may be for ever.
static unsigned long long start_of(long pid)
{
    struct process process;
    int is_pid = pid == (pid_t)pid;
    if (!is_pid || process_read((pid_t)pid, &process) < 0 || process_is_over(&process))
        return 0;
    return process.start;
}

static void identity_of(long pid, struct identity *ret)
{
    *ret = (struct identity){.pid = pid, .start = start_of(pid), .space = space_here()};
    gethostname(ret->host, sizeof ret->host - 1);
    CLEANUP_STR struct str boot = {0};
    if (fs_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 256, &boot, NULL) == 0)
        sscanf(boot.text, "%64s", ret->boot);
    if (!ret->host[0])
        strcpy(ret->host, "-");
    if (!ret->boot[0])
        strcpy(ret->boot, "-");
}

static int identity_parse(const char *text, struct identity *ret)
{
    *ret = (struct identity){0};
    int got = sscanf(text, OWNER_FORMAT, ret->host, ret->boot, &ret->pid, &ret->start);
    const char *space = strstr(text, OWNER_SPACE);
    if (space)
        ret->space = strtoull(space + strlen(OWNER_SPACE), NULL, 10);
    return got == 4 ? 0 : -1;
}

// The keeper that such a file names: its pid, 0 if it is dead, -1 if there was none.
static long keeper_of(const char *text)
{
    long pid;
    unsigned long long start;
    const char *line = strstr(text, OWNER_KEEPER);
    if (!line || sscanf(line + strlen(OWNER_KEEPER), "%ld %llu", &pid, &start) != 2 || !start)
        return -1;
    return start_of(pid) == start ? pid : 0;
}

// Whether our /proc tells of that process: not in another container, which the age of the file
// tells of as it does of another host. Files of earlier lopins do not say.
static int is_seen(const char *text, const struct identity *who, const struct identity *here)
{
    if (strcmp(who->host, here->host) != 0 || !here->space)
        return 0;
    return who->space == here->space || !strstr(text, OWNER_SPACE);
}

void owner_look_name(int run_dir, const char *name, int64_t now, struct owner *ret,
                     struct str *said)
{
    struct stat st;
    struct identity who, here;
    *ret = (struct owner){.state = OWNER_NONE, .keeper = -1};
    str_clear(said);
    if (fstatat(run_dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    ret->state = OWNER_STALE;
    if (fs_read(run_dir, name, 4096, said, NULL) < 0)
        str_clear(said);
    if (identity_parse(str_text(said), &who) < 0)
        return;
    identity_of(getpid(), &here);
    memcpy(ret->host, who.host, sizeof ret->host);
    ret->pid = who.pid;
    ret->start = who.start;
    ret->here = is_seen(str_text(said), &who, &here);
    if (!ret->here)
        ret->state = now - st.st_mtime < STALE_S ? OWNER_ALIVE : OWNER_STALE;
    else if (strcmp(who.boot, here.boot) == 0 && who.start && start_of(who.pid) == who.start)
        ret->state = OWNER_ALIVE;
    if (ret->here && ret->state == OWNER_ALIVE)
        ret->keeper = keeper_of(str_text(said));
}

void owner_look(int run_dir, struct owner *ret)
{
    CLEANUP_STR struct str said = {0};
    owner_look_name(run_dir, "owner", clock_wall_us() / 1000000, ret, &said);
}

void owner_settle(int run_dir, struct owner *ret)
{
    owner_look(run_dir, ret);
    for (int waited = 0; ret->keeper == 0 && waited < ENDING_MS; waited += ENDING_STEP) {
        poll(NULL, 0, ENDING_STEP);
        owner_look(run_dir, ret);
    }
}

static int still_has(int run_dir, const struct owner *owner)
{
    struct owner now;
    owner_look(run_dir, &now);
    return now.state == OWNER_ALIVE && now.pid == owner->pid && now.start == owner->start &&
           strcmp(now.host, owner->host) == 0;
}

// pidfd_open(2): Linux 5.3, and some containers refuse it.
static int open_process(long pid)
{
    return (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
}

void owner_wait(int run_dir, const struct owner *owner)
{
    CLEANUP_CLOSE int process = owner->here ? open_process(owner->pid) : -1;
    while (still_has(run_dir, owner)) {
        struct pollfd watched = {.fd = process, .events = POLLIN};
        if (poll(&watched, 1, POLL_MS) > 0) { // it ended, and would be ready again at once
            close(process);
            process = -1;
        }
    }
}

// By the descriptor of open_process, by number where there is none.
static int send_signal(int process, long pid, int number)
{
    if (process >= 0)
        return (int)syscall(SYS_pidfd_send_signal, process, number, NULL, 0);
    return kill((pid_t)pid, number);
}

int owner_signal(int run_dir, const struct owner *owner, int number)
{
    CLEANUP_CLOSE int process = open_process(owner->pid); // before the look that it stands for
    if (!still_has(run_dir, owner)) {
        errno = ESRCH;
        return -1;
    }
    if (number == SIGCONT && owner->keeper > 0)
        kill((pid_t)owner->keeper, SIGCONT);
    return send_signal(process, owner->pid, number);
}

int owner_pending(const struct owner *owner, int number)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/status", owner->pid);
    CLEANUP_STR struct str text = {0};
    if (start_of(owner->pid) != owner->start ||
        fs_read(AT_FDCWD, path, 1 << 16, &text, NULL) < 0)
        return 0;
    const char *at = strstr(str_text(&text), "\nShdPnd:");
    return at && strtoull(at + strlen("\nShdPnd:"), NULL, 16) >> (number - 1) & 1;
}

static int busy(const struct owner *owner, struct err *err)
{
    err_set(err, ERR_RUN_BUSY, _("this run is being computed by process %ld on %s"), owner->pid,
            owner->host);
    return err_hint(err, "try", "lopin status");
}

int owner_write(int run_dir, const char *name, const char *more, struct err *err)
{
    struct identity here;
    CLEANUP_STR struct str text = {0};
    identity_of(getpid(), &here);
    str_print(&text,
              "lopin-owner 1\nhost %s\nboot %s\npid %ld\nstart %llu" OWNER_KEEPER
              "%ld %llu" OWNER_SPACE "%llu\n%s",
              here.host, here.boot, here.pid, here.start, (long)getppid(), start_of(getppid()),
              here.space, more);
    return fs_replace(run_dir, name, text.text, text.size, 0600, 0, err);
}

static int take(int run_dir, const char *target, int depth, struct err *err);

// Puts our file in the place of a stale one. Of many that found it stale, each at a time of its
// own, only who holds the right to do so may, else the second would replace the first. The
// right is a file named by what the stale one says, and taken as that is, since its holder may
// die too.
static int replace(int run_dir, const char *ours, const char *target, int64_t now,
                   const struct str *stale, int depth, struct err *err)
{
    char right[64];
    struct owner owner;
    CLEANUP_STR struct str said = {0};
    snprintf(right, sizeof right, ".owner.after.%016" PRIx64,
             table_hash(str_text(stale), stale->size));
    if (take(run_dir, right, depth + 1, err) < 0)
        return -1;
    owner_look_name(run_dir, target, now, &owner, &said);
    int same = owner.state == OWNER_STALE && strcmp(str_text(&said), str_text(stale)) == 0;
    int done = same && renameat(run_dir, ours, run_dir, target) == 0;
    int errnum = errno;
    unlinkat(run_dir, right, 0);
    return same && !done ? err_errno(err, ERR_SYSTEM, errnum, _("cannot take the run")) : done;
}

// With our file written as `ours`. Returns 1 if `target` is ours, 0 if it changed meanwhile,
// -1 with err.
static int try_take(int run_dir, const char *ours, const char *target, int depth,
                    struct err *err)
{
    struct stat st;
    struct owner owner;
    CLEANUP_STR struct str said = {0};
    int linked = linkat(run_dir, ours, run_dir, target, 0);
    int errnum = errno;
    if (fstatat(run_dir, ours, &st, 0) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot take the run"));
    if (st.st_nlink == 2)
        return 1;
    owner_look_name(run_dir, target, st.st_mtime, &owner, &said);
    if (owner.state == OWNER_ALIVE)
        return busy(&owner, err);
    if (linked < 0 && errnum != EEXIST)
        return err_errno(err, ERR_SYSTEM, errnum, _("cannot take the run"));
    if (owner.state == OWNER_NONE)
        return 0;
    return replace(run_dir, ours, target, st.st_mtime, &said, depth, err);
}

static int take(int run_dir, const char *target, int depth, struct err *err)
{
    struct identity here;
    char ours[128];
    identity_of(getpid(), &here);
    snprintf(ours, sizeof ours, ".owner.%.64s.%ld.%d", here.host, here.pid, depth);
    if (depth > MOST_DEAD)
        return err_errno(err, ERR_SYSTEM, ELOOP, _("cannot take the run"));
    int result = 0;
    for (int attempt = 0; attempt < 100 && result == 0; attempt++)
        result = owner_write(run_dir, ours, "", err) < 0
                     ? -1
                     : try_take(run_dir, ours, target, depth, err);
    unlinkat(run_dir, ours, 0);
    if (result == 0)
        return err_errno(err, ERR_SYSTEM, EAGAIN, _("cannot take the run"));
    return result > 0 ? 0 : -1;
}

int owner_take_name(int dir, const char *name, struct err *err)
{
    struct err refused = {0};
    for (int waited = 0; take(dir, name, 0, &refused) < 0; waited += ENDING_STEP) {
        if (refused.code != ERR_RUN_BUSY || waited >= ENDING_MS) {
            if (err)
                *err = refused;
            return -1;
        }
        poll(NULL, 0, ENDING_STEP);
    }
    return 0;
}

int owner_take(int run_dir, struct err *err)
{
    struct err refused = {0};
    struct owner owner;
    for (int again = MOST_DEAD; take(run_dir, "owner", 0, &refused) < 0; again--) {
        if (refused.code == ERR_RUN_BUSY)
            owner_settle(run_dir, &owner);
        if (refused.code != ERR_RUN_BUSY || owner.state == OWNER_ALIVE || !again) {
            if (err)
                *err = refused;
            return -1;
        }
    }
    return 0;
}

// Whether process `pid` of this host has it, -1 with errno if that cannot be read. *ret_who has
// it else.
static int has(int run_dir, const char *name, long pid, struct identity *ret_who)
{
    struct identity wanted;
    CLEANUP_STR struct str text = {0};
    *ret_who = (struct identity){.host = "-"};
    if (fs_read(run_dir, name, 4096, &text, NULL) < 0)
        return -1;
    identity_of(pid, &wanted);
    return identity_parse(str_text(&text), ret_who) == 0 && ret_who->pid == wanted.pid &&
           ret_who->start == wanted.start && strcmp(ret_who->boot, wanted.boot) == 0 &&
           strcmp(ret_who->host, wanted.host) == 0;
}

int owner_touch(int run_dir, long pid, struct err *err)
{
    return owner_touch_name(run_dir, "owner", pid, err);
}

int owner_touch_name(int run_dir, const char *name, long pid, struct err *err)
{
    struct identity who;
    int is_ours = has(run_dir, name, pid, &who);
    if (is_ours > 0)
        utimensat(run_dir, name, NULL, 0);
    else if (is_ours == 0)
        return err_set(err, ERR_RUN_BUSY, _("this run was taken from us by process %ld on %s"),
                       who.pid, who.host);
    else if (errno == ENOENT)
        return err_set(err, ERR_RUN_BUSY, _("this run was taken from us and left since"));
    return 0;
}

// Who was held up for so long that another took the run must leave that one's file alone.
void owner_leave_name(int dir, const char *name, long pid)
{
    struct identity who;
    if (has(dir, name, pid, &who) > 0)
        unlinkat(dir, name, 0);
}

void owner_leave(int run_dir)
{
    owner_leave_name(run_dir, "owner", getpid());
}

// Kills the process if it carries the entry: by a descriptor where it can be had, so that its
// number cannot be another's by then. Returns 1 if it was killed.
static int kill_carrier(long pid, const char *entry)
{
    CLEANUP_STR struct str environment = {0};
    CLEANUP_CLOSE int process = open_process(pid); // before the look that it stands for
    return process_environment((pid_t)pid, &environment) == 0 &&
           process_entry(&environment, entry, strlen(entry) + 1) &&
           send_signal(process, pid, SIGKILL) == 0;
}

struct swept { // the processes that were killed, each once
    long *pid;
    size_t count, room;
};

static void swept_add(struct swept *swept, long pid)
{
    for (size_t i = 0; i < swept->count; i++)
        if (swept->pid[i] == pid)
            return; // killed in an earlier pass, and not yet gone
    mem_room(&swept->pid, &swept->room, swept->count + 1, sizeof *swept->pid);
    swept->pid[swept->count++] = pid;
}

// Returns whether any was killed.
static int sweep_once(const char *entry, struct swept *swept)
{
    int any = 0;
    DIR *stream = opendir("/proc");
    struct dirent *item;
    while (stream && (item = readdir(stream))) {
        struct stat st;
        long pid = strtol(item->d_name, NULL, 10);
        if (!isdigit((unsigned char)item->d_name[0]) || pid == getpid())
            continue;
        if (fstatat(dirfd(stream), item->d_name, &st, 0) == 0 && st.st_uid == geteuid() &&
            kill_carrier(pid, entry)) {
            swept_add(swept, pid);
            any = 1;
        }
    }
    if (stream)
        closedir(stream);
    return any;
}

// A process in the middle of execve(2) shows no environment: one look that finds nothing is not
// enough, and a second one, a moment later, finds what the first looked past.
unsigned owner_sweep(const char *run_path)
{
    CLEANUP_FREE char *entry = mem_print("LOPIN_RUN=%s", run_path);
    const struct timespec pause = {.tv_nsec = 2000000};
    struct swept swept = {0};
    int quiet = 0;
    for (int pass = 0; pass < SWEEPS && space_here(); pass++) {
        quiet = sweep_once(entry, &swept) ? 0 : quiet + 1;
        if (quiet == 2)
            break;               // none is left, nor one that they forked meanwhile
        nanosleep(&pause, NULL); // a killed one needs a moment to be gone
    }
    free(swept.pid);
    return (unsigned)swept.count;
}
