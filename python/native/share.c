// SPDX-License-Identifier: Apache-2.0
// share: /proc/PID/{cmdline,environ,exe,stat} and /proc/PID/task/TID/children, proc(5).
//
// A child of a pool (multiprocessing, loky) gets one thread, or what its pool says. Any other shares with the
// living children of the same parent that compute too: interpreters, what runs the same program, and what its parent
// has forked and not yet executed. tee, sleep and the like do not count. Children of all threads of
// the parent count, as subprocess may be called in each. A sibling that starts later is not seen.
#include "share.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LEVELS = 32, WORDS_MAX = 4096 };

enum kind {
    KIND_PLAIN,
    KIND_SPAWNED, // of multiprocessing, start methods spawn and forkserver
    KIND_WORKER,  // of loky
    KIND_SERVER,  // a tracker of resources, or the forkserver: computes nothing
};

static int open_of(const struct share_ask *ask, pid_t pid, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%ld/%s", ask->proc, (long)pid, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

// Up to size - 1 bytes, and a NUL. Returns how many, 0 if it cannot be read.
static size_t read_of(const struct share_ask *ask, pid_t pid, const char *name, char *into,
                      size_t size)
{
    size_t have = 0;
    ssize_t more;
    int fd = open_of(ask, pid, name);
    while (fd >= 0 && have + 1 < size && (more = read(fd, into + have, size - 1 - have)) > 0)
        have += (size_t)more;
    if (fd >= 0)
        close(fd);
    into[have] = '\0';
    return have;
}

static enum kind kind_of_code(const char *code)
{
    if (strstr(code, "_tracker import main") || strstr(code, "forkserver import main"))
        return KIND_SERVER;
    if (strstr(code, "spawn_main"))
        return KIND_SPAWNED;
    return strstr(code, "popen_loky_posix") ? KIND_WORKER : KIND_PLAIN;
}

// By the word after -c or -m, which these children are started with; a script's own words say nothing.
static enum kind kind_of(const struct share_ask *ask, pid_t pid)
{
    char words[WORDS_MAX];
    size_t size = read_of(ask, pid, "cmdline", words, sizeof words);
    const char *end = words + size;
    const char *word = words + strlen(words) + 1;
    for (; word < end && *word == '-'; word += strlen(word) + 1) {
        const char *next = word + strlen(word) + 1;
        if (next < end && (strcmp(word, "-c") == 0 || strcmp(word, "-m") == 0))
            return kind_of_code(next);
        if (strcmp(word, "-W") == 0 || strcmp(word, "-X") == 0)
            word = next;
        if (word >= end)
            break;
    }
    return KIND_PLAIN;
}

// The file that it executes; empty if it has ended or is another user's.
static void exe_of(const struct share_ask *ask, pid_t pid, char ret[PATH_MAX])
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%ld/exe", ask->proc, (long)pid);
    ssize_t size = readlink(path, ret, PATH_MAX - 1);
    ret[size < 0 ? 0 : size] = '\0';
}

static int is_named(const char *exe, const char *name)
{
    const char *slash = strrchr(exe, '/');
    return slash && strncmp(slash + 1, name, strlen(name)) == 0;
}

static int is_python(const char *exe)
{
    return is_named(exe, "python") || is_named(exe, "pypy");
}

// Has it LOPIN_TASK as we have? Read in pieces: an environment may be of any size.
static int is_ours(const struct share_ask *ask, pid_t pid)
{
    char *item = NULL;
    size_t room = 0;
    int found = 0;
    int fd = open_of(ask, pid, "environ");
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    if (!file) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    while (!found && getdelim(&item, &room, '\0', file) > 0)
        found = strncmp(item, "LOPIN_TASK=", 11) == 0 && strcmp(item + 11, ask->task) == 0;
    fclose(file);
    free(item);
    return found;
}

struct level {
    pid_t child, parent;
    char child_exe[PATH_MAX], parent_exe[PATH_MAX];
};

static int computes(const struct share_ask *ask, const struct level *level, pid_t pid)
{
    char exe[PATH_MAX];
    exe_of(ask, pid, exe);
    if (!*exe || (!is_python(exe) && strcmp(exe, level->child_exe) != 0 &&
                  strcmp(exe, level->parent_exe) != 0))
        return 0;
    return kind_of(ask, pid) != KIND_SERVER;
}

static unsigned count_of_thread(const struct share_ask *ask, const struct level *level,
                                const char *thread)
{
    char name[64];
    long pid;
    unsigned count = 0;
    snprintf(name, sizeof name, "task/%.20s/children", thread);
    int fd = open_of(ask, level->parent, name);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    if (!file) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    while (fscanf(file, "%ld", &pid) == 1)
        count += pid != level->child && computes(ask, level, (pid_t)pid);
    fclose(file);
    return count;
}

// How many share at this level, level->child included.
static unsigned count_of(const struct share_ask *ask, const struct level *level)
{
    unsigned count = 1;
    int fd = open_of(ask, level->parent, "task");
    DIR *threads = fd < 0 ? NULL : fdopendir(fd);
    if (!threads) {
        if (fd >= 0)
            close(fd);
        return 1;
    }
    for (struct dirent *item; (item = readdir(threads));)
        if (item->d_name[0] != '.')
            count += count_of_thread(ask, level, item->d_name);
    closedir(threads);
    return count;
}

// "PID (NAME) STATE PARENT ..."; the name may hold anything.
static pid_t parent_of(const struct share_ask *ask, pid_t pid)
{
    char text[512];
    long parent = 0;
    read_of(ask, pid, "stat", text, sizeof text);
    const char *behind = strrchr(text, ')');
    if (!behind || sscanf(behind, ") %*c %ld", &parent) != 1)
        return 0;
    return (pid_t)parent;
}

// An interpreter above has divided what is above it when it started.
static unsigned divide(const struct share_ask *ask)
{
    struct level level = {.child = ask->self, .parent = ask->parent};
    unsigned share = ask->budget;
    exe_of(ask, level.child, level.child_exe);
    for (int i = 0; i < LEVELS && share > 1 && level.parent > 1; i++) {
        exe_of(ask, level.parent, level.parent_exe);
        if (!is_ours(ask, level.parent) || is_named(level.parent_exe, "lopin"))
            break;
        share /= count_of(ask, &level);
        if (is_python(level.parent_exe))
            break;
        level.child = level.parent;
        memcpy(level.child_exe, level.parent_exe, sizeof level.child_exe);
        level.parent = parent_of(ask, level.child);
    }
    return share ? share : 1;
}

unsigned share_find(const struct share_ask *ask)
{
    if (ask->budget <= 1)
        return 1;
    switch (kind_of(ask, ask->self)) {
    case KIND_SPAWNED: return 1;
    case KIND_WORKER: return ask->worker && ask->worker < ask->budget ? ask->worker : 1;
    case KIND_SERVER: return ask->budget;
    case KIND_PLAIN: break;
    }
    return divide(ask);
}
