// SPDX-License-Identifier: Apache-2.0
// keep: with --detach a pipe tells that the run has begun; its end without a word tells that it
// did not, and then the status is that of the keeper.
#include "cli/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/mem.h"
#include "base/proc.h"
#include "cli/say.h"
#include "map/keeper.h"

// A file that the line sends it to stays; a terminal or a pipe would be held open for as long as
// the run goes on.
static void leave_output(int run_dir)
{
    CLEANUP_CLOSE int talk =
        openat(run_dir, "talk", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
        struct stat st;
        if (talk >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)))
            dup2(talk, fd);
    }
}

static void leave_input(const struct cli *cli)
{
    if (cli->options.pass_stdin && !isatty(STDIN_FILENO))
        return;
    CLEANUP_CLOSE int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null >= 0)
        dup2(null, STDIN_FILENO);
}

static int await_begin(const struct cli *cli, const struct folder *folder, int begun,
                       pid_t keeper)
{
    char byte;
    ssize_t got;
    int status = 0;
    do
        got = read(begun, &byte, 1);
    while (got < 0 && errno == EINTR);
    if (got == 1) {
        unsigned number = folder->number;
        say(cli,
            _("run %u goes on without this terminal: lopin watch %u | lopin wait %u | lopin "
              "cancel %u"),
            number, number, number, number);
        return 0;
    }
    while (waitpid(keeper, &status, 0) < 0 && errno == EINTR)
        ;
    return proc_exit_status(status);
}

// Returns 1 in the child, which is in a session of its own.
static int detach(struct keep *keep, const struct cli *cli, const struct folder *folder,
                  int *ret_status, struct err *err)
{
    int ends[2];
    pid_t pid = -1;
    if (pipe2(ends, O_CLOEXEC) < 0 || (pid = fork()) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot start a process"));
    if (pid == 0) {
        setsid();
        leave_input(cli);
        close(ends[0]);
        keep->begun = ends[1];
        return 1;
    }
    close(ends[1]);
    *ret_status = await_begin(cli, folder, ends[0], pid);
    close(ends[0]);
    return 0;
}

static void say_killed(const struct cli *cli, unsigned number, int status)
{
    char name[32];
    if (cli->talk.tty && write(cli->talk.fd, "\r\033[K", 4) < 0) // what is left of a live line
        return;
    say_label(cli, _("killed"),
              _("run %u by %s, with all that it had started    lopin resume %u"), number,
              proc_signal_name(WTERMSIG(status), name), number);
}

int keep_fork(struct keep *keep, const struct cli *cli, const struct folder *folder,
              int *ret_status, struct err *err)
{
    struct keeper keeper;
    *keep = (struct keep){.begun = -1, .run_dir = folder->fd};
    if (cli->options.detach) {
        int detached = detach(keep, cli, folder, ret_status, err);
        if (detached <= 0)
            return detached;
    }
    int above = keeper_fork(&keeper, folder->fd, folder->path, err);
    if (above <= 0)
        return above < 0 ? -1 : 1;
    if (keep->begun >= 0) {
        close(keep->begun);
        leave_output(folder->fd);
    }
    int status = keeper_stay(&keeper);
    if (WIFSIGNALED(status))
        say_killed(cli, folder->number, status);
    *ret_status = proc_exit_status(status);
    return 0;
}

static void on_event(void *context, const struct event *event)
{
    struct keep *keep = context;
    if (event->kind == EVENT_START && keep->begun >= 0) {
        leave_output(keep->run_dir);
        // Who waited for the beginning was ended by Ctrl-C: the run is not wanted.
        if (write(keep->begun, "b", 1) < 0)
            kill(getpid(), SIGINT);
        close(keep->begun);
        keep->begun = -1;
    }
    if (keep->inner.event)
        keep->inner.event(keep->inner.context, event);
}

static void on_tick(void *context, const struct progress *progress)
{
    const struct keep *keep = context;
    keep->inner.tick(keep->inner.context, progress);
}

struct runner_listener keep_listener(struct keep *keep, struct runner_listener inner)
{
    if (keep->begun < 0)
        return inner;
    keep->inner = inner;
    return (struct runner_listener){
        .event = on_event,
        .tick = inner.tick ? on_tick : NULL,
        .tick_ms = inner.tick_ms,
        .context = keep,
    };
}
