// SPDX-License-Identifier: Apache-2.0
// ledger: the file is opened without O_CREAT, or made by O_EXCL: in a sticky folder the kernel
// refuses O_CREAT on other users' files (proc(5), fs.protected_regular).
#include "machine/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"

#define OPEN_FLAGS (O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
#define MODE       0666
// Bytes: of cores, CPUSET_MAX a level; of turns, one a level; of places, CPUSET_MAX a level and key.
#define TURNS  ((off_t)LEDGER_LEVELS * CPUSET_MAX)
#define PLACES ((off_t)1 << 20)
#define KEYS   (1 << 24) // two keys that fall together wait for each other needlessly

static off_t byte_of(const struct ledger *ledger, unsigned core)
{
    return (off_t)ledger->level * CPUSET_MAX + core;
}

static int make(const char *path)
{
    int fd = open(path, OPEN_FLAGS | O_CREAT | O_EXCL, MODE);
    if (fd >= 0 && fchmod(fd, MODE) < 0) { // whatever the umask
        close(fd);
        return -1;
    }
    return fd;
}

int ledger_open(const char *path, unsigned level, struct ledger *ret, struct err *err)
{
    struct stat st;
    *ret = (struct ledger){0};
    int fd = -1;
    for (int attempt = 0; attempt < 10 && fd < 0; attempt++) {
        fd = open(path, OPEN_FLAGS);
        if (fd < 0 && errno == ENOENT)
            fd = make(path);
        if (fd < 0 && errno != ENOENT && errno != EEXIST)
            break;
    }
    if (fd < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot use '%s'"), path);
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_size ||
        (st.st_mode & 07777) != MODE) {
        close(fd);
        return err_set(err, ERR_SYSTEM, _("'%s' is not a ledger of cores"), path);
    }
    if (fd < 3) { // 0 is none, and a program that we become has 0, 1 and 2
        int low = fd;
        fd = fcntl(low, F_DUPFD_CLOEXEC, 3);
        close(low);
        if (fd < 0)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot use '%s'"), path);
    }
    *ret = (struct ledger){fd, level < LEDGER_LEVELS ? level : LEDGER_LEVELS - 1};
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    if (fcntl(fd, F_OFD_GETLK, &lock) < 0) {
        int errnum = errno;
        ledger_close(ret);
        return err_errno(err, ERR_SYSTEM, errnum, _("cannot use '%s'"), path);
    }
    return 0;
}

// Of the bytes from `first` those that others hold, counted from 0.
static void find_busy(const struct ledger *ledger, off_t first, off_t count, struct cpuset *ret)
{
    off_t end = first + count;
    *ret = (struct cpuset){0};
    for (off_t at = first; at < end;) {
        struct flock lock = {
            .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = at, .l_len = end - at};
        if (fcntl(ledger->fd, F_OFD_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
            return;
        off_t stop =
            lock.l_len && lock.l_start + lock.l_len < end ? lock.l_start + lock.l_len : end;
        for (at = lock.l_start > at ? lock.l_start : at; at < stop; at++)
            cpuset_add(ret, (unsigned)(at - first));
    }
}

void ledger_busy(const struct ledger *ledger, struct cpuset *ret)
{
    find_busy(ledger, byte_of(ledger, 0), CPUSET_MAX, ret);
}

static int set(const struct ledger *ledger, off_t at, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
    return fcntl(ledger->fd, F_OFD_SETLK, &lock);
}

int ledger_take(const struct ledger *ledger, unsigned core)
{
    return set(ledger, byte_of(ledger, core), F_WRLCK) == 0;
}

void ledger_leave(const struct ledger *ledger, unsigned core)
{
    set(ledger, byte_of(ledger, core), F_UNLCK);
}

int ledger_take_turn(const struct ledger *ledger)
{
    return set(ledger, TURNS + ledger->level, F_WRLCK) == 0;
}

void ledger_leave_turn(const struct ledger *ledger)
{
    set(ledger, TURNS + ledger->level, F_UNLCK);
}

static off_t place_of(const struct ledger *ledger, uint64_t key)
{
    return PLACES + ((off_t)ledger->level * KEYS + (off_t)(key % KEYS)) * CPUSET_MAX;
}

size_t ledger_places_busy(const struct ledger *ledger, uint64_t key, size_t count)
{
    struct cpuset busy;
    size_t most = count < CPUSET_MAX ? count : CPUSET_MAX;
    find_busy(ledger, place_of(ledger, key), (off_t)most, &busy);
    return cpuset_count(&busy);
}

size_t ledger_take_places(const struct ledger *ledger, uint64_t key, size_t count,
                          size_t wanted)
{
    size_t ours = 0;
    for (size_t i = 0; i < count && i < CPUSET_MAX; i++) {
        off_t at = place_of(ledger, key) + (off_t)i;
        if (ours < wanted)
            ours += set(ledger, at, F_WRLCK) == 0;
        else
            set(ledger, at, F_UNLCK);
    }
    return ours;
}

int ledger_is_there(const struct ledger *ledger, const char *path)
{
    struct stat ours, there;
    return fstat(ledger->fd, &ours) == 0 && lstat(path, &there) == 0 &&
           ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

void ledger_keep(const struct ledger *ledger)
{
    if (ledger->fd)
        fcntl(ledger->fd, F_SETFD, 0);
}

void ledger_close(struct ledger *ledger)
{
    if (ledger->fd)
        close(ledger->fd);
    *ledger = (struct ledger){0};
}
