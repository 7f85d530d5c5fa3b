// SPDX-License-Identifier: Apache-2.0
// pace: a thread that came since the last look has run and waited since then only. Where schedstat is missing
// or counts nothing (sched_info off), run is by the clock ticks of stat, and waiting is not known.
#include "threads/pace.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/process.h"
#include "threads/figures.h"

enum { OPEN_MOST = 2048, PEEK_MOST = 256 };

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return clock_ns(now);
}

static int open_of(const struct pace *pace, pid_t pid, pid_t tid, const char *name)
{
    CLEANUP_FREE char *path = mem_print("%s/proc/%d/task/%d/%s", pace->root ? pace->root : "",
                                        (int)pid, (int)tid, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

// Returns the number of bytes, text with a NUL; -1 if there is nothing to read.
static ssize_t read_of(int fd, char *text, size_t size)
{
    ssize_t got = fd < 0 ? -1 : pread(fd, text, size - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    return got > 0 ? got : -1;
}

static int stat_of(const struct pace *pace, pid_t pid, pid_t tid, struct process *ret)
{
    char text[1024];
    CLEANUP_CLOSE int fd = open_of(pace, pid, tid, "stat");
    return read_of(fd, text, sizeof text) < 0 ? -1 : process_parse(text, ret);
}

static int read_thread(struct pace *pace, pid_t pid, struct pace_thread *thread,
                       struct pace_figures *ret)
{
    char text[128];
    CLEANUP_CLOSE int opened = -1;
    int fd = thread->fd;
    if (fd < 0)
        fd = opened = open_of(pace, pid, thread->tid, "schedstat");
    if (read_of(fd, text, sizeof text) > 0 && figures_schedstat(text, ret) == 0 &&
        (ret->run_ns || ret->wait_ns)) {
        pace->measured = 1;
        if (opened >= 0 && pace->open < OPEN_MOST) {
            thread->fd = TAKE_FD(opened);
            pace->open++;
        }
        return 0;
    }
    struct process figures;
    if (stat_of(pace, pid, thread->tid, &figures) < 0)
        return -1;
    long ticks = sysconf(_SC_CLK_TCK);
    *ret = (struct pace_figures){.run_ns = figures.cpu_ticks * (1000000000 / ticks)};
    return 0;
}

static struct pace_thread *thread_of(struct pace *pace, struct pace_process *process, pid_t tid)
{
    for (size_t i = 0; i < process->threads; i++)
        if (process->thread[i].tid == tid)
            return &process->thread[i];
    mem_room(&process->thread, &process->room, process->threads + 1, sizeof *process->thread);
    struct pace_thread *thread = &process->thread[process->threads++];
    *thread = (struct pace_thread){.tid = tid, .fd = -1};
    // at the first look of all there is no figure before
    thread->at_ns = pace->looks ? pace->at_ns : 0;
    return thread;
}

static void look_at(struct pace *pace, struct pace_process *process, pid_t tid)
{
    struct pace_figures figures;
    struct pace_thread *thread = thread_of(pace, process, tid);
    if (read_thread(pace, process->pid, thread, &figures) < 0)
        return;
    int64_t now = now_ns();
    double wall = (double)(now - thread->at_ns);
    thread->run = thread->wait = 0;
    if (thread->at_ns && wall > 0) {
        thread->run = (double)(figures.run_ns - thread->run_ns) / wall;
        thread->wait = (double)(figures.wait_ns - thread->wait_ns) / wall;
        thread->run = thread->run < 0 ? 0 : thread->run > 1 ? 1 : thread->run;
        thread->wait = thread->wait < 0 ? 0 : thread->wait > 1 ? 1 : thread->wait;
    }
    thread->run_ns = figures.run_ns;
    thread->wait_ns = figures.wait_ns;
    thread->at_ns = now;
    thread->seen = pace->looks + 1;
}

static void drop_thread(struct pace *pace, struct pace_thread *thread)
{
    if (thread->fd >= 0)
        pace->open--;
    mem_close_at(&thread->fd);
}

static void look_at_process(struct pace *pace, struct pace_process *process)
{
    CLEANUP_FREE char *path =
        mem_print("%s/proc/%d/task", pace->root ? pace->root : "", (int)process->pid);
    DIR *stream = opendir(path);
    for (struct dirent *entry; stream && (entry = readdir(stream));)
        if (isdigit((unsigned char)entry->d_name[0]))
            look_at(pace, process, (pid_t)strtol(entry->d_name, NULL, 10));
    if (stream)
        closedir(stream);
    size_t kept = 0;
    process->run = process->wait = 0;
    process->active = 0;
    for (size_t i = 0; i < process->threads; i++) {
        struct pace_thread *thread = &process->thread[i];
        if (thread->seen != pace->looks + 1) {
            drop_thread(pace, thread);
            continue;
        }
        process->run += thread->run;
        process->wait += thread->wait;
        process->active += thread->run + thread->wait > PACE_ACTIVE;
        process->thread[kept++] = *thread;
    }
    process->threads = kept;
    process->blocked = pace->peeks ? (double)process->blocked_sum / pace->peeks : 0;
    process->blocked_sum = 0;
}

static void drop_process(struct pace *pace, struct pace_process *process)
{
    for (size_t i = 0; i < process->threads; i++)
        drop_thread(pace, &process->thread[i]);
    free(process->thread);
    *process = (struct pace_process){0};
}

// Brings the list into the order of the census; what is known of a process stays with it.
static void follow(struct pace *pace, const struct census *census)
{
    struct pace_process *item = mem_zero(census->count, sizeof *item);
    for (size_t i = 0; i < census->count; i++) {
        item[i].pid = census->item[i].pid;
        item[i].start = census->item[i].start;
        for (size_t k = 0; k < pace->count; k++) {
            struct pace_process *old =
                &pace->item[(i + k) % pace->count]; // mostly the same place
            if (old->pid != item[i].pid || old->start != item[i].start)
                continue;
            item[i] = *old;
            *old = (struct pace_process){0};
            break;
        }
    }
    for (size_t i = 0; i < pace->count; i++)
        drop_process(pace, &pace->item[i]);
    free(pace->item);
    pace->item = item;
    pace->count = census->count;
}

void pace_look(struct pace *pace, const struct census *census)
{
    follow(pace, census);
    for (size_t i = 0; i < pace->count; i++)
        look_at_process(pace, &pace->item[i]);
    int64_t now = now_ns();
    pace->interval_ns = pace->looks ? now - pace->at_ns : 0;
    pace->at_ns = now;
    pace->peeks = 0;
    pace->looks++;
}

void pace_peek(struct pace *pace)
{
    size_t left = PEEK_MOST;
    for (size_t i = 0; i < pace->count; i++) {
        struct pace_process *process = &pace->item[i];
        for (size_t k = 0; k < process->threads && left; k++, left--) {
            struct pace_thread *thread = &process->thread[k];
            struct process figures;
            char text[256];
            thread->word = thread->at = 0;
            if (stat_of(pace, process->pid, thread->tid, &figures) < 0)
                continue;
            process->blocked_sum += figures.state == 'D';
            if (figures.state != 'S')
                continue;
            CLEANUP_CLOSE int fd = open_of(pace, process->pid, thread->tid, "syscall");
            if (read_of(fd, text, sizeof text) > 0)
                figures_futex(text, &thread->word, &thread->at);
        }
    }
    pace->peeks++;
}

void pace_free(struct pace *pace)
{
    for (size_t i = 0; i < pace->count; i++)
        drop_process(pace, &pace->item[i]);
    free(pace->item);
    *pace = (struct pace){.root = pace->root};
}
