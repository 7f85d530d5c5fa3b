// SPDX-License-Identifier: Apache-2.0
// pager: as man(1): $PAGER is a line for a shell. If it cannot be started, the text is written
// plainly.
#include "cli/pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
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

static pid_t start(const struct cli *cli, const char *line, int out, int *ret_fd)
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
        .out = out,
        .error = -1,
    };
    pid_t pid = proc_start(&proc);
    close(ends[0]);
    if (pid < 0)
        close(ends[1]);
    *ret_fd = pid < 0 ? -1 : ends[1];
    return pid;
}

// Returns 0, or -1 if there was no such program.
static int feed(pid_t pid, int fd, const struct str *text)
{
    // ^C is for the pager: without us it would go on, with the shell reading beside it.
    void (*before)(int) = signal(SIGINT, SIG_IGN);
    fs_write_all(fd, str_text(text), text->size); // one that is left early has read enough
    close(fd);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    signal(SIGINT, before);
    return WIFEXITED(status) && WEXITSTATUS(status) == 127 ? -1 : 0;
}

int pager_show(struct cli *cli, const struct str *text, struct err *err)
{
    CLEANUP_FREE char *line = cli->out.tty ? pager_line(cli) : NULL;
    int fd = -1;
    pid_t pid = line ? start(cli, line, -1, &fd) : -1;
    return pid < 0 || feed(pid, fd, text) < 0 ? say_data(cli, text, err) : 0;
}

// As Lmod has it: LMOD_PAGER with LMOD_PAGER_OPTS, "none" for none.
static char *talk_line(const struct cli *cli)
{
    const char *asked = vars_get(&cli->vars, "LMOD_PAGER");
    const char *options = vars_get(&cli->vars, "LMOD_PAGER_OPTS");
    if (!asked || !*asked)
        return pager_line(cli);
    if (strcmp(asked, "none") == 0)
        return NULL;
    return mem_print("%s %s", asked, options ? options : "-XqMREF");
}

void pager_talk(struct cli *cli, const struct str *text)
{
    size_t lines = 0;
    int fd = -1;
    for (size_t i = 0; i < text->size; i++)
        lines += text->text[i] == '\n';
    // what fits needs no program to be started
    CLEANUP_FREE char *line =
        cli->talk.tty && lines >= term_height(&cli->talk) ? talk_line(cli) : NULL;
    pid_t pid = line ? start(cli, line, STDERR_FILENO, &fd) : -1;
    if (pid < 0 || feed(pid, fd, text) < 0)
        term_write(&cli->talk, text);
}
