// SPDX-License-Identifier: Apache-2.0
// census: by task/TID/children, which names a process once, under the thread that forked it; where it is
// missing (CONFIG_PROC_CHILDREN) by the parents that all processes name.
#include "threads/census.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/process.h"
#include "threads/figures.h"

enum { DEPTH = 64, NAME_MOST = 4096, WORD_MOST = 60 };

int census_file(const char *root, pid_t pid, const char *name, size_t most, struct str *into)
{
    CLEANUP_FREE char *path = mem_print("%s/proc/%d/%s", root, (int)pid, name);
    return fs_read(AT_FDCWD, path, most, into, NULL);
}

static int read_stat(const char *root, pid_t pid, struct process *ret)
{
    CLEANUP_STR struct str text = {0};
    if (census_file(root, pid, "stat", 4096, &text) < 0)
        return -1;
    return process_parse(str_text(&text), ret);
}

static void add_word(struct str *into, const char *word)
{
    const char *base = fs_base(word);
    if (into->size)
        str_add_char(into, ' ');
    str_add_bytes(into, base, strlen(base) < WORD_MOST ? strlen(base) : WORD_MOST);
}

// The program and its first word that is no option: "python3 script.py"; of one that has no words
// "[kworker/0:1]".
static char *name_of(const char *root, pid_t pid)
{
    CLEANUP_STR struct str words = {0};
    CLEANUP_STR struct str name = {0};
    if (census_file(root, pid, "cmdline", NAME_MOST, &words) == 0 || words.size) {
        const char *end = words.text + words.size;
        for (const char *at = words.text; at && at < end; at += strlen(at) + 1) {
            if (name.size && (*at == '-' || !*at)) {
                if (strcmp(at, "-c") != 0 && strcmp(at, "-m") != 0)
                    continue;
                str_print(&name, " %s", at);
                if (at[1] == 'm' && at + 3 < end)
                    add_word(&name, at + 3);
                break;
            }
            int second = name.size > 0;
            add_word(&name, at);
            if (second)
                break;
        }
    }
    if (!name.size && census_file(root, pid, "comm", 64, &name) == 0 && name.size)
        name.text[--name.size] = '\0';
    return str_take(&name);
}

// Adds a process if it is there. Returns its place, or -1.
static ssize_t add(struct census *census, const char *root, pid_t pid, unsigned depth,
                   unsigned group)
{
    struct process figures;
    CLEANUP_STR struct str status = {0};
    if (census->count == CENSUS_MOST) {
        census->cut = 1;
        return -1;
    }
    for (size_t i = 0; i < census->count; i++)
        if (census->item[i].pid == pid)
            return -1;
    if (read_stat(root, pid, &figures) < 0 || figures.state == 'Z' || figures.state == 'X')
        return -1;
    struct census_process process = {
        .pid = pid,
        .parent = figures.parent,
        .depth = depth,
        .group = group,
        .state = figures.state,
        .threads = (unsigned)figures.threads,
        .start = figures.start,
        .user = -1,
    };
    if (census_file(root, pid, "status", 1 << 16, &status) == 0)
        figures_status(str_text(&status), &process.cpus, &process.user);
    process.name = name_of(root, pid);
    mem_room(&census->item, &census->room, census->count + 1, sizeof *census->item);
    census->item[census->count] = process;
    return (ssize_t)census->count++;
}

struct parents { // of all processes, where children are not shown
    struct parent {
        pid_t pid, parent;
    } * item;
    size_t count, room;
};

static void gather_parents(const char *root, struct parents *ret)
{
    CLEANUP_FREE char *path = mem_print("%s/proc", root);
    DIR *stream = opendir(path);
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        struct process figures;
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (!isdigit((unsigned char)entry->d_name[0]) || read_stat(root, pid, &figures) < 0)
            continue;
        mem_room(&ret->item, &ret->room, ret->count + 1, sizeof *ret->item);
        ret->item[ret->count++] = (struct parent){pid, figures.parent};
    }
    if (stream)
        closedir(stream);
}

// The children of all threads of a process. Returns 0, or -1 where the kernel does not show them.
static int children_of(const char *root, pid_t pid, struct str *into)
{
    CLEANUP_FREE char *path = mem_print("%s/proc/%d/task", root, (int)pid);
    DIR *stream = opendir(path);
    int shown = stream ? -1 : 0; // gone: no children
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        char name[64];
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        snprintf(name, sizeof name, "task/%.32s/children", entry->d_name);
        // ESRCH: it ended meanwhile
        if (census_file(root, pid, name, 1 << 20, into) == 0 || errno != ENOENT)
            shown = 0;
        str_add_char(into, ' ');
    }
    if (stream)
        closedir(stream);
    return shown;
}

struct walk {
    struct census *census;
    const char *root;
    struct parents parents;
    unsigned group;
};

static void walk_down(struct walk *walk, pid_t pid, unsigned depth)
{
    CLEANUP_STR struct str text = {0};
    struct census *census = walk->census;
    if (add(census, walk->root, pid, depth, walk->group) < 0 || depth == DEPTH)
        return;
    if (!census->flat && children_of(walk->root, pid, &text) < 0) {
        census->flat = 1;
        gather_parents(walk->root, &walk->parents);
    }
    for (size_t i = 0; census->flat && i < walk->parents.count; i++)
        if (walk->parents.item[i].parent == pid)
            walk_down(walk, walk->parents.item[i].pid, depth + 1);
    if (census->flat || !text.size)
        return;
    char *end;
    for (char *next = text.text;; next = end) {
        long child = strtol(next, &end, 10);
        if (end == next)
            return;
        walk_down(walk, (pid_t)child, depth + 1);
    }
}

static void clear(struct census *census)
{
    for (size_t i = 0; i < census->count; i++)
        free(census->item[i].name);
    census->count = 0;
    census->flat = census->cut = 0;
}

void census_take(struct census *census, const char *root, const pid_t *roots, size_t count)
{
    struct walk walk = {.census = census, .root = root};
    clear(census);
    for (size_t i = 0; i < count; i++) {
        walk.group = (unsigned)i;
        walk_down(&walk, roots[i], 0);
    }
    free(walk.parents.item);
}

void census_free(struct census *census)
{
    clear(census);
    free(census->item);
    *census = (struct census){0};
}

static int hint(struct err *err)
{
    return err_hint(err, "try", "ps -u \"$USER\" -o pid,args");
}

int census_check(const char *root, pid_t pid, struct err *err)
{
    struct process figures;
    if (read_stat(root, pid, &figures) < 0) {
        int there = !*root && kill(pid, 0) == 0;
        // mounted with hidepid (proc(5)) /proc shows one's own processes only
        if (!*root && !there && errno == EPERM) {
            err_set(err, ERR_NO_PROCESS,
                    _("process %d is another user's, and /proc hides it (hidepid)"), (int)pid);
            return err_hint(err, "try", _("the same as that user"));
        }
        if (there)
            return err_set(
                err, ERR_NO_PROCESS,
                _("process %d runs, and /proc does not show it: it is not mounted, or "
                  "that of another PID namespace"),
                (int)pid);
        err_set(err, ERR_NO_PROCESS, _("there is no process %d on this machine"), (int)pid);
        return hint(err);
    }
    if (figures.is_kernel) {
        err_set(err, ERR_NO_PROCESS,
                _("process %d is a thread of the kernel: it has no libraries"), (int)pid);
        return hint(err);
    }
    if (figures.state == 'Z' || figures.state == 'X') {
        err_set(err, ERR_NO_PROCESS,
                _("process %d has ended; its parent has not waited for it"), (int)pid);
        return hint(err);
    }
    return 0;
}
