// SPDX-License-Identifier: Apache-2.0
// pager: as man(1): $PAGER is a line for a shell. If it cannot be started, the text is written
// plainly.
#include "cli/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "cli/say.h"

// The line that shows text, or NULL. Yours.
static char *pager_line(const struct cli *cli)
{
    const char *asked = vars_get(&cli->vars, "PAGER");
    if (asked)
        return *asked ? mem_dup(asked) : NULL;
    CLEANUP_FREE char *less = fs_program(vars_get(&cli->vars, "PATH"), "less");
    return less ? mem_dup("less -FRX") : NULL;
}

static pid_t start(const struct cli *cli, const char *line, int *ret_fd)
{
    CLEANUP_STRV struct strv words = {0};
    strv_add(&words, "sh");
    strv_add(&words, "-c");
    strv_add(&words, line);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    struct proc proc = {
        .path = "/bin/sh",
        .argv = words.item,
        .envp = cli->vars.list.item,
        .folder = -1,
        .in = ends[0],
        .out = -1,
        .error = -1,
    };
    pid_t pid = proc_start(&proc);
    close(ends[0]);
    if (pid < 0)
        close(ends[1]);
    *ret_fd = pid < 0 ? -1 : ends[1];
    return pid;
}

int pager_show(struct cli *cli, const struct str *text, struct err *err)
{
    CLEANUP_FREE char *line = cli->out.tty ? pager_line(cli) : NULL;
    int fd = -1;
    pid_t pid = line ? start(cli, line, &fd) : -1;
    if (pid < 0)
        return say_data(cli, text, err);
    // ^C is for the pager: without us it would go on, with the shell reading beside it.
    void (*before)(int) = signal(SIGINT, SIG_IGN);
    fs_write_all(fd, str_text(text), text->size); // one that is left early has read enough
    close(fd);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    signal(SIGINT, before);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127) // not there after all
        return say_data(cli, text, err);
    return 0;
}
