// SPDX-License-Identifier: Apache-2.0
// answers: the right to ask needs no lock, and a file that somebody left behind stands in nobody's way: its
// name holds the time of the answer that it was to replace, which never comes again.
#include "sched/answers.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/table.h"
#include "sched/slurm.h"

#define HEAD      "lopin-slurm 1 "
#define SECOND_NS INT64_C(1000000000)

enum {
    MOST = 64 << 20,
    LOOK_MS = 50,
    MOST_DEAD = 16,           // askers of one answer that died
    REFUSED_US = 60000000,    // trouble is not kept for longer than that
    SLACK_US = 15000000,      // a live asker may be so late
    FORGET_S = 2 * 24 * 3600, // files of jobs that nobody asks for any more
};

struct house { // the folder, while one question is answered
    const struct answers_ask *ask;
    int dir;
    char *file;       // "queue.lopin-1a2b3c4d"
    int64_t began_ns; // the time of the folder's file system...
    int64_t began_us; // ...at this one of ours
};
struct kept {
    struct str text; // its body
    int code;        // of an error; 0: none
    int64_t said_ns; // when; 0: there is none
};

void answers_said_free(struct answers_said *said)
{
    str_free(&said->out);
}

// "ClusterName=lopin   # words": the value of a line of slurm.conf, in which case does not count. Yours.
static char *conf_value(const char *text, const char *name)
{
    size_t size = strlen(name);
    CLEANUP_STRV struct strv lines = {0};
    strv_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        const char *at = lines.item[i] + strspn(lines.item[i], " \t");
        if (strncasecmp(at, name, size) != 0)
            continue;
        at += size;
        at += strspn(at, " \t");
        if (*at++ != '=')
            continue;
        at += strspn(at, " \t");
        return mem_dupn(at, strcspn(at, " \t\r#"));
    }
    return NULL;
}

static int read_conf(const struct answers *answers, struct str *into)
{
    static const char *const places[] = {"/etc/slurm/slurm.conf", "/run/slurm/conf/slurm.conf",
                                         "/etc/slurm-llnl/slurm.conf",
                                         "/usr/local/etc/slurm.conf"};
    const char *said = vars_get(answers->vars, "SLURM_CONF");
    if (said && *said)
        return fs_read(AT_FDCWD, said, 1 << 22, into, NULL);
    for (size_t i = 0; i < COUNT(places); i++) {
        CLEANUP_FREE char *path = mem_print("%s%s", answers->root, places[i]);
        if (fs_read(AT_FDCWD, path, 1 << 22, into, NULL) == 0)
            return 0;
    }
    return -1;
}

static void add_word(struct str *into, const char *word)
{
    for (size_t i = 0; word[i] && i < 64; i++)
        str_add_char(into, isalnum((unsigned char)word[i]) ? word[i] : '-');
}

void answers_cluster(const struct answers *answers, struct str *into)
{
    static const char *const places[] = {"SlurmctldHost", "ControlMachine", "SlurmctldPort"};
    CLEANUP_STR struct str text = {0};
    CLEANUP_STR struct str where = {0};
    CLEANUP_FREE char *name =
        read_conf(answers, &text) == 0 ? conf_value(str_text(&text), "ClusterName") : NULL;
    if (!name) {
        char host[65] = "";
        gethostname(host, sizeof host - 1);
        str_add(into, "host-");
        add_word(into, host);
        return;
    }
    for (size_t i = 0; i < COUNT(places); i++) {
        CLEANUP_FREE char *value = conf_value(str_text(&text), places[i]);
        str_print(&where, "%s\n", value ? value : "");
    }
    add_word(into, name);
    str_print(into, "-%08" PRIx32, (uint32_t)(table_hash(where.text, where.size) >> 32));
}

static int is_ours(const struct stat *st)
{
    return st->st_uid == geteuid() && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

// The time that the file system gives to what is written now.
static int read_clock(struct house *house)
{
    struct stat st;
    CLEANUP_CLOSE int fd = openat(
        house->dir, ".clock", O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    house->began_us = clock_boot_us();
    if (fd < 0 || futimens(fd, NULL) < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return -1;
    house->began_ns = clock_ns(st.st_mtim);
    return 0;
}

static int64_t now_ns(const struct house *house)
{
    return house->began_ns + (clock_boot_us() - house->began_us) * 1000;
}

static void house_close(struct house *house)
{
    mem_close_at(&house->dir);
    mem_free_at(&house->file);
}
#define CLEANUP_HOUSE CLEANUP(house_close)

// Returns 0, or -1: nothing can be kept there.
static int house_open(struct house *house, const struct answers *answers)
{
    struct stat st;
    CLEANUP_STR struct str name = {0};
    CLEANUP_FREE char *path =
        mem_print("%s/slurm-%lu", answers->folder, (unsigned long)geteuid());
    if (fs_make_dirs(AT_FDCWD, answers->folder, 0700, NULL) < 0 ||
        (mkdir(path, 0700) < 0 && errno != EEXIST))
        return -1;
    house->dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (house->dir < 0 || fstat(house->dir, &st) < 0 || !is_ours(&st))
        return -1;
    str_print(&name, "%s.", house->ask->name);
    answers_cluster(answers, &name);
    house->file = str_take(&name);
    return read_clock(house);
}

// "lopin-slurm 1 ok 1234\n" and so many bytes, or the name of an error in the place of ok.
static int parse(struct kept *kept, const struct str *text)
{
    char name[32];
    unsigned long size;
    int head = 0;
    if (sscanf(str_text(text), HEAD "%31[a-z-] %lu%n", name, &size, &head) != 2 || !head ||
        text->text[head] != '\n' || text->size - (size_t)head - 1 != size)
        return -1;
    kept->code = strcmp(name, "ok") == 0 ? ERR_NONE : err_code_of(name);
    if (!kept->code && strcmp(name, "ok") != 0)
        return -1;
    str_add_bytes(&kept->text, text->text + head + 1, size);
    return 0;
}

static void read_kept(const struct house *house, struct kept *ret)
{
    struct stat st;
    CLEANUP_STR struct str text = {0};
    str_clear(&ret->text);
    ret->said_ns = 0;
    CLEANUP_CLOSE int fd =
        openat(house->dir, house->file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || !is_ours(&st) ||
        st.st_size > MOST)
        return;
    CLEANUP_FREE char *path = mem_print("/proc/self/fd/%d", fd);
    if (fs_read(AT_FDCWD, path, MOST, &text, NULL) == 0 && parse(ret, &text) == 0)
        ret->said_ns = clock_ns(st.st_mtim);
}

static void put(const struct house *house, const struct kept *kept)
{
    CLEANUP_STR struct str text = {0};
    str_print(&text, HEAD "%s %zu\n", kept->code ? err_name(kept->code) : "ok",
              kept->text.size);
    str_add_bytes(&text, str_text(&kept->text), kept->text.size);
    fs_replace(house->dir, house->file, text.text, text.size, 0600, 0, NULL);
}

static int64_t time_of(const struct answers_ask *ask)
{
    return ask->time_us ? ask->time_us : SLURM_TIME_US;
}

static char *right_name(const struct house *house, int64_t said_ns, unsigned number)
{
    return mem_print(".%s.%" PRIx64 ".%u", house->file, (uint64_t)said_ns, number);
}

enum right { RIGHT_OURS, RIGHT_BUSY, RIGHT_NONE };

// The right to replace the answer of that time.
static enum right take_right(const struct house *house, int64_t said_ns, unsigned *ret_number)
{
    for (unsigned number = 0; number < MOST_DEAD; number++) {
        struct stat st;
        CLEANUP_FREE char *name = right_name(house, said_ns, number);
        CLEANUP_CLOSE int fd =
            openat(house->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        *ret_number = number;
        if (fd >= 0)
            return RIGHT_OURS;
        if (errno != EEXIST)
            return RIGHT_NONE;
        // Gone meanwhile: the answer is there.
        if (fstatat(house->dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            return RIGHT_BUSY;
        int64_t age_us = (now_ns(house) - clock_ns(st.st_mtim)) / 1000;
        if (age_us > -SLACK_US && age_us < time_of(house->ask) + SLACK_US)
            return RIGHT_BUSY;
    }
    return RIGHT_NONE;
}

static void leave_right(const struct house *house, int64_t said_ns, unsigned number)
{
    for (unsigned each = 0; each <= number; each++) {
        CLEANUP_FREE char *name = right_name(house, said_ns, each);
        unlinkat(house->dir, name, 0);
    }
}

static void forget(const struct house *house)
{
    int fd = openat(house->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    while (stream && (entry = readdir(stream))) {
        struct stat st;
        if (fstatat(house->dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode) && now_ns(house) - clock_ns(st.st_mtim) > FORGET_S * SECOND_NS)
            unlinkat(house->dir, entry->d_name, 0);
    }
    if (stream)
        closedir(stream);
}

// What is kept of an error is its text and its hints.
static void call(const struct answers *answers, const struct answers_ask *ask, struct kept *ret)
{
    struct err err = {0};
    CLEANUP_ANSWER struct slurm_answer answer = {0};
    const struct slurm_ask question = {
        .argv = ask->argv, .vars = answers->vars, .time_us = ask->time_us, .in_seconds = 1};
    str_clear(&ret->text);
    ret->code = ERR_NONE;
    if (slurm_call(&question, &answer, &err) == 0 &&
        (!WIFEXITED(answer.status) || WEXITSTATUS(answer.status) != 0))
        slurm_refused(ask->argv[0], &answer, &err);
    ret->code = err.code;
    if (err.code)
        str_print(&ret->text, "%s\n%s", err.text, err.hint);
    else
        str_add_bytes(&ret->text, str_text(&answer.out), answer.out.size);
}

static int give(struct kept *kept, struct answers_said *ret, struct err *err)
{
    if (!kept->code) {
        str_free(&ret->out);
        ret->out = kept->text;
        kept->text = (struct str){0};
        return 0;
    }
    const char *text = str_text(&kept->text);
    size_t size = strcspn(text, "\n");
    err_set(err, kept->code, "%.*s", (int)size, text);
    CLEANUP_STRV struct strv hints = {0};
    if (text[size])
        strv_split(&hints, text + size + 1, '\n');
    for (size_t i = 0; i < hints.count; i++) {
        char *tab = strchr(hints.item[i], '\t');
        if (!tab)
            continue;
        *tab = '\0';
        err_hint(err, hints.item[i], "%s", tab + 1);
    }
    return -1;
}

static int give_kept(const struct house *house, struct kept *kept, struct answers_said *ret,
                     struct err *err)
{
    ret->asked_s = kept->said_ns / SECOND_NS;
    ret->age_us = (now_ns(house) - kept->said_ns) / 1000;
    if (ret->age_us < 0)
        ret->age_us = 0;
    return give(kept, ret, err);
}

static int give_now(struct kept *kept, struct answers_said *ret, struct err *err)
{
    ret->asked_s = clock_wall_us() / 1000000;
    ret->age_us = 0;
    ret->was_asked = 1;
    return give(kept, ret, err);
}

// With the right to replace that answer, which may have been replaced since it was read. Returns 1 with it
// asked, 0 else.
static int ask_by_right(const struct house *house, const struct answers *answers,
                        struct kept *kept, unsigned number)
{
    int64_t said_ns = kept->said_ns;
    read_kept(house, kept);
    int is_same = kept->said_ns == said_ns;
    if (is_same) {
        call(answers, house->ask, kept);
        put(house, kept);
        forget(house);
    }
    leave_right(house, said_ns, number);
    return is_same;
}

static int is_within(const struct house *house, const struct kept *kept, int64_t most_us)
{
    int64_t age_us = (now_ns(house) - kept->said_ns) / 1000;
    // One of the future is of a clock that was set back.
    return kept->said_ns && age_us > -SLACK_US && age_us < most_us;
}

static int waits_too_long(const struct answers_ask *ask, struct err *err)
{
    err_set(err, ERR_SLURM_SILENT, _("Slurm does not answer: %s: another lopin still asks"),
            ask->argv[0]);
    return err_hint(err, "try", "scontrol ping");
}

static int get_kept(const struct house *house, struct kept *kept, struct answers_said *ret,
                    struct err *err)
{
    const struct answers_ask *ask = house->ask;
    read_kept(house, kept);
    int64_t most_us = kept->code && ask->oldest_us > REFUSED_US ? REFUSED_US : ask->oldest_us;
    if (is_within(house, kept, most_us))
        return give_kept(house, kept, ret, err);
    return err_set(err, ERR_SLURM_SILENT, _("Slurm has not answered yet: %s"), ask->argv[0]);
}

static int get(const struct house *house, const struct answers *answers, struct kept *kept,
               struct answers_said *ret, struct err *err)
{
    const struct answers_ask *ask = house->ask;
    int64_t until = clock_boot_us() + time_of(ask) + SLACK_US;
    while (clock_boot_us() < until) {
        unsigned number;
        read_kept(house, kept);
        int64_t fresh_us = ask->fresh_us;
        if (kept->code && fresh_us > REFUSED_US)
            fresh_us = REFUSED_US;
        if (is_within(house, kept, fresh_us))
            return give_kept(house, kept, ret, err);
        enum right right = take_right(house, kept->said_ns, &number);
        if (right == RIGHT_NONE)
            break;
        if (right == RIGHT_OURS && ask_by_right(house, answers, kept, number))
            return give_now(kept, ret, err);
        if (right == RIGHT_OURS)
            continue;
        if (is_within(house, kept, ask->oldest_us))
            return give_kept(house, kept, ret, err);
        if (!ask->may_wait)
            return waits_too_long(ask, err);
        poll(NULL, 0, LOOK_MS);
    }
    call(answers, ask, kept);
    return give_now(kept, ret, err);
}

int answers_get(const struct answers *answers, const struct answers_ask *ask,
                struct answers_said *ret, struct err *err)
{
    struct kept kept = {0};
    CLEANUP_HOUSE struct house house = {.ask = ask, .dir = -1};
    // That there is no Slurm is seen at once, and nothing is kept of it.
    CLEANUP_FREE char *program = slurm_find(ask->argv[0], answers->vars, err);
    if (!program)
        return -1;
    int status;
    if (house_open(&house, answers) == 0) {
        status = ask->only_kept ? get_kept(&house, &kept, ret, err)
                                : get(&house, answers, &kept, ret, err);
    } else if (ask->only_kept) {
        status =
            err_set(err, ERR_SLURM_SILENT, _("no answer of Slurm is kept: %s"), ask->argv[0]);
    } else {
        call(answers, ask, &kept);
        status = give_now(&kept, ret, err);
    }
    str_free(&kept.text);
    return status;
}
