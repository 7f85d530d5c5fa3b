// SPDX-License-Identifier: Apache-2.0
// bytecode: a few processes that are given one source after another.
//
// Each process has at most AHEAD lines that it has not answered; they fit into a pipe, so writing
// never waits. One that ends has died of the first of them, which is left out; another takes its
// place.
#include "store/bytecode.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/proc.h"
#include "store/compile_bytes.h"

enum { AHEAD = 3, MAX_LINE = 3 * 4096 + 3 };
_Static_assert(AHEAD *MAX_LINE < 65536, "unanswered lines fit into a pipe");

struct worker {
    pid_t pid; // 0: there is none
    int in, out, greeted;
    size_t given[AHEAD]; // items, oldest first
    unsigned count;
};
struct compiler {
    const struct store_python *python;
    const struct bytecode_tell *tell;
    struct bytecode_item *item;
    size_t count, next, left;
    struct worker *worker;
    unsigned processes;
    struct vars vars;
    sigset_t ignored;
};

// The environment without what changes an interpreter; strings in the same order each time, so that
// the same source gives the same bytes.
static void make_vars(struct vars *vars, const struct vars *from)
{
    for (size_t i = 0; i < from->list.count; i++)
        if (!str_starts(from->list.item[i], "PYTHON"))
            strv_add(&vars->list, from->list.item[i]);
    vars_set(vars, "PYTHONHASHSEED", "0");
}

static int start(struct compiler *compiler, struct worker *worker, struct err *err)
{
    const char *const argv[] = {
        compiler->python->path,      "-s", "-S", "-B", "-W", "ignore", "-c",
        (const char *)compile_bytes, NULL};
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot make a pipe"));
    CLEANUP_CLOSE int in_read = in[0], in_write = in[1];
    if (pipe2(out, O_CLOEXEC) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot make a pipe"));
    CLEANUP_CLOSE int out_read = out[0], out_write = out[1];
    CLEANUP_CLOSE int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    const struct proc proc = {.path = compiler->python->path,
                              .argv = (char *const *)argv,
                              .envp = compiler->vars.list.item,
                              .folder = -1,
                              .in = in_read,
                              .out = out_write,
                              .error = nowhere,
                              .ignored = &compiler->ignored,
                              .dies_with_us = 1};
    pid_t pid = proc_start(&proc);
    if (pid < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot start '%s'"),
                         compiler->python->path);
    *worker = (struct worker){.pid = pid, .in = TAKE_FD(in_write), .out = TAKE_FD(out_read)};
    return 0;
}

static void end(struct worker *worker)
{
    if (!worker->pid)
        return;
    close(worker->in);
    close(worker->out);
    while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    worker->pid = 0;
}

static void answered(struct compiler *compiler, struct worker *worker, int made)
{
    struct bytecode_item *item = &compiler->item[worker->given[0]];
    worker->count--;
    memmove(worker->given, worker->given + 1, worker->count * sizeof worker->given[0]);
    item->made = made;
    compiler->left--;
    if (compiler->tell->done)
        compiler->tell->done(compiler->tell->context, item);
}

// An error of writing shows as the end of the process.
static void send(const struct compiler *compiler, struct worker *worker, size_t index)
{
    const struct bytecode_item *item = &compiler->item[index];
    CLEANUP_STR struct str line = {0};
    str_print(&line, "%s\t%s\t%s\n", item->source, item->target, item->shown);
    worker->given[worker->count++] = index;
    if (line.size > MAX_LINE) // longer than paths can be
        fs_write_all(worker->in, "\t\t\n", 3);
    else
        fs_write_all(worker->in, line.text, line.size);
}

static void give(struct compiler *compiler, struct worker *worker)
{
    while (worker->count < AHEAD && compiler->next < compiler->count)
        send(compiler, worker, compiler->next++);
}

// It has ended: what it was at is left out, what it had not begun goes to the next.
static int replace(struct compiler *compiler, struct worker *worker, struct err *err)
{
    struct worker old = *worker;
    end(worker);
    if (!old.greeted)
        return err_set(err, ERR_SYSTEM, _("'%s' ended before it compiled anything"),
                       compiler->python->path);
    if (old.count) {
        unlink(compiler->item[old.given[0]].target);
        answered(compiler, &old, 0);
    }
    if (!old.count && compiler->next == compiler->count)
        return 0;
    if (start(compiler, worker, err) < 0)
        return -1;
    for (unsigned i = 0; i < old.count; i++) {
        unlink(compiler->item[old.given[i]].target); // its answer may be lost
        send(compiler, worker, old.given[i]);
    }
    give(compiler, worker);
    return 0;
}

static int hear(struct compiler *compiler, struct worker *worker, struct err *err)
{
    char bytes[64];
    ssize_t size = read(worker->out, bytes, sizeof bytes);
    if (size < 0)
        return errno == EINTR ? 0 : err_errno(err, ERR_SYSTEM, errno, _("cannot read a pipe"));
    if (size == 0)
        return replace(compiler, worker, err);
    for (ssize_t i = 0; i < size; i++) {
        if (bytes[i] == '!')
            worker->greeted = 1;
        else if (worker->count)
            answered(compiler, worker, bytes[i] == '+');
    }
    give(compiler, worker);
    return 0;
}

static int compile_all(struct compiler *compiler, struct err *err)
{
    CLEANUP_FREE struct pollfd *fds = mem_alloc(compiler->processes * sizeof *fds);
    for (unsigned i = 0; i < compiler->processes; i++) {
        if (start(compiler, &compiler->worker[i], err) < 0)
            return -1;
        give(compiler, &compiler->worker[i]);
    }
    while (compiler->left) {
        for (unsigned i = 0; i < compiler->processes; i++)
            fds[i] = (struct pollfd){
                .fd = compiler->worker[i].pid ? compiler->worker[i].out : -1, .events = POLLIN};
        if (poll(fds, compiler->processes, -1) < 0 && errno != EINTR)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot wait"));
        for (unsigned i = 0; i < compiler->processes; i++)
            if (fds[i].revents && hear(compiler, &compiler->worker[i], err) < 0)
                return -1;
    }
    return 0;
}

static int larger_first(const void *one, const void *two)
{
    const struct bytecode_item *a = one, *b = two;
    return (a->size < b->size) - (a->size > b->size);
}

int bytecode_make(const struct store_python *python, unsigned processes,
                  struct bytecode_item *item, size_t count, const struct bytecode_tell *tell,
                  struct err *err)
{
    struct compiler compiler = {.python = python,
                                .tell = tell,
                                .item = item,
                                .count = count,
                                .left = count,
                                .processes = processes};
    if (!count)
        return 0;
    if (compiler.processes > count)
        compiler.processes = (unsigned)count;
    qsort(item, count, sizeof *item, larger_first);
    compiler.worker = mem_zero(compiler.processes, sizeof *compiler.worker);
    make_vars(&compiler.vars, python->vars);
    proc_ignored(&compiler.ignored);
    int result = compile_all(&compiler, err);
    for (unsigned i = 0; i < compiler.processes; i++) {
        if (result < 0 && compiler.worker[i].pid)
            kill(compiler.worker[i].pid, SIGKILL);
        end(&compiler.worker[i]);
    }
    vars_free(&compiler.vars);
    free(compiler.worker);
    return result;
}
