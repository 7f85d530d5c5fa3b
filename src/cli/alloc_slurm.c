// SPDX-License-Identifier: Apache-2.0
// alloc_slurm: salloc [letters] srun --interactive lopin alloc --local PROGRAM.
//
// salloc runs its command where it was typed, on the login node, unless the site asks for an interactive
// step, and that only without a command. Here it is always the step, on the first node. salloc's own words
// go through a pipe, so that a refusal is told as ours; the program's go where ours do.
#include "cli/alloc_slurm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/proc.h"
#include "cli/env_make.h"
#include "cli/line_modules.h"
#include "cli/say.h"
#include "cli/slurm_line.h"
#include "sched/limits.h"

enum { BLOCK = 4096, MOST = 1 << 16 };

int alloc_slurm_is_there(const struct cli *cli, struct err *err)
{
    CLEANUP_ANSWER struct slurm_answer answer = {0};
    struct slurm_config config;
    char *const words[] = {(char *)"scontrol", (char *)"show", (char *)"config", NULL};
    const struct slurm_ask ask = {.argv = words, .vars = &cli->vars};
    if (slurm_call(&ask, &answer, err) < 0) {
        if (err->code != ERR_SLURM_SILENT)
            return 0;
        return err_hint(err, "try", _("lopin alloc --local for this machine"));
    }
    slurm_config_read(str_text(&answer.out), &config);
    return *config.version != '\0';
}

// What salloc is to run, and where its standard error shall go: back to ours.
static int add_step(const struct cli *cli, int error, struct strv *words, struct err *err)
{
    CLEANUP_FREE char *self = fs_self();
    strv_add(words, "/bin/sh");
    strv_add(words, "-c");
    strv_take(words, mem_print("exec \"$0\" \"$@\" 2>&%d %d>&-", error, error));
    strv_add(words, "srun");
    strv_add(words, "--interactive");
    strv_add(words, "--preserve-env");
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
        strv_add(words, "--pty");
    strv_add(words, self);
    strv_add(words, "alloc");
    strv_add(words, "--local");
    slurm_line_inner(words);
    strv_add(words, "--mem");
    strv_add(words, "0");
    if (cli->options.time_us) { // Slurm's ends it; this one says when a minute is left
        CLEANUP_STR struct str time = {0};
        limits_add_time(&time, cli->options.time_us);
        strv_add(words, "-t");
        strv_add(words, time.text);
    }
    if (slurm_line_env(cli, 0, NULL, words, err) < 0)
        return -1;
    if (cli->words.count)
        strv_add(words, "--");
    strv_add_all(words, &cli->words);
    return 0;
}

static int compose(const struct cli *cli, int error, struct strv *words, struct err *err)
{
    const char *name = cli->words.count ? fs_base(cli->words.item[0]) : "alloc";
    strv_add(words, "salloc");
    if (cli->options.quiet)
        strv_add(words, "--quiet");
    if (slurm_line_options(cli, name, words, err) < 0)
        return -1;
    return add_step(cli, error, words, err);
}

// Errors are kept for our own words, if the allocation is not given; the rest is said as it comes.
static void relay(const struct cli *cli, const char *line, struct str *errors)
{
    if (strstr(line, ": error: ") || strstr(line, ": fatal: ")) {
        if (errors->size < MOST)
            str_print(errors, "%s\n", line);
        return;
    }
    CLEANUP_STR struct str shown = {0};
    str_add_visible(&shown, line, strlen(line));
    say(cli, "%s", str_text(&shown));
}

struct listening {
    const struct cli *cli;
    struct str text, errors; // not yet a line; lines of errors
    int granted;             // the allocation was given
    int told, aborted;       // a signal that salloc was given; it gave up waiting for one
};

static void take_lines(struct listening *listening)
{
    struct str *text = &listening->text;
    for (char *end; text->size && (end = memchr(text->text, '\n', text->size));) {
        size_t size = (size_t)(end - text->text) + 1;
        *end = '\0';
        listening->granted |= strstr(text->text, "Granted job allocation") != NULL;
        listening->aborted |= strstr(text->text, "aborted due to signal") != NULL;
        relay(listening->cli, text->text, &listening->errors);
        memmove(text->text, text->text + size, text->size - size + 1);
        text->size -= size;
    }
}

// To the end of its words. A signal that is for us alone is salloc's: it gives the allocation back.
static void listen_to(struct listening *listening, int fd, int signals, pid_t pid)
{
    struct pollfd poll_for[] = {{.fd = fd, .events = POLLIN},
                                {.fd = signals, .events = POLLIN}};
    for (;;) {
        char block[BLOCK];
        struct signalfd_siginfo info;
        if (poll(poll_for, COUNT(poll_for), -1) < 0 && errno != EINTR)
            return;
        if (poll_for[1].revents && read(signals, &info, sizeof info) == sizeof info) {
            listening->told = (int)info.ssi_signo;
            kill(pid, listening->told);
        }
        if (!poll_for[0].revents)
            continue;
        ssize_t got = read(fd, block, sizeof block);
        if (got == 0 || (got < 0 && errno != EINTR))
            return;
        if (got > 0)
            str_add_bytes(&listening->text, block, (size_t)got);
        take_lines(listening);
    }
}

static pid_t start(const struct cli *cli, const char *program, const struct strv *words,
                   int error, const sigset_t *ignored, struct err *err)
{
    CLEANUP_VARS struct vars vars = {0};
    slurm_line_vars(cli, &vars);
    const struct proc proc = {.path = program,
                              .argv = words->item,
                              .envp = vars.list.item,
                              .folder = -1,
                              .in = -1,
                              .out = -1,
                              .error = error,
                              .ignored = ignored};
    pid_t pid = proc_start(&proc);
    if (pid < 0)
        err_errno(err, ERR_SYSTEM, errno, _("cannot run '%s'"), program);
    return pid;
}

static int finish(const struct listening *listening, pid_t pid, struct err *err)
{
    struct slurm_answer answer = {.error = listening->errors};
    while (waitpid(pid, &answer.status, 0) < 0 && errno == EINTR)
        ;
    int status = proc_exit_status(answer.status);
    // ^C reaches it by the terminal
    if (!listening->granted && (listening->aborted || listening->told))
        return PROC_SIGNALLED + (listening->told ? listening->told : SIGINT);
    if (listening->granted || !status ||
        (!listening->errors.size && listening->cli->options.quiet))
        return status;
    return slurm_line_refused(listening->cli, "salloc", &answer, err);
}

// ^C is for salloc, which then gives up waiting, or for the program.
static int take_signals(void)
{
    sigset_t taken;
    sigemptyset(&taken);
    sigaddset(&taken, SIGTERM);
    sigaddset(&taken, SIGHUP);
    sigprocmask(SIG_BLOCK, &taken, NULL);
    signal(SIGINT, SIG_IGN);
    signal(SIGQUIT, SIG_IGN);
    return signalfd(-1, &taken, SFD_CLOEXEC);
}

static int run(struct cli *cli, const char *program, int back, struct err *err)
{
    CLEANUP_STRV struct strv words = {0};
    struct listening listening = {.cli = cli};
    sigset_t ignored;
    int pipe_of[2];
    if (compose(cli, back, &words, err) < 0)
        return -1;
    if (pipe2(pipe_of, O_CLOEXEC) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot run '%s'"), program);
    proc_ignored(&ignored);
    CLEANUP_CLOSE int in = pipe_of[0];
    CLEANUP_CLOSE int signals = take_signals();
    pid_t pid = start(cli, program, &words, pipe_of[1], &ignored, err);
    close(pipe_of[1]);
    if (pid < 0)
        return -1;
    listen_to(&listening, in, signals, pid);
    int status = finish(&listening, pid, err);
    str_free(&listening.text);
    str_free(&listening.errors);
    return status;
}

int alloc_refuse_script(const char *script, struct err *err)
{
    err_set(err, ERR_USAGE, _("'%s' is a script, and alloc takes a program"), script);
    return err_hint(err, "try", "lopin alloc lopin run %s", script);
}

// What the inner one would say only when the allocation is there.
static int check_program(const struct cli *cli, struct err *err)
{
    const char *first = cli->words.count ? cli->words.item[0] : "";
    if (!str_ends(first, ".py") || access(first, X_OK) == 0 || access(first, R_OK) < 0)
        return 0;
    return alloc_refuse_script(first, err);
}

int alloc_slurm(struct cli *cli, struct err *err)
{
    CLEANUP_FREE char *salloc = slurm_find("salloc", &cli->vars, err);
    const char *first = cli->words.count ? cli->words.item[0] : "";
    const struct options *options = &cli->options;
    if (!salloc || check_program(cli, err) < 0 || env_for_line(cli, first, err) < 0 ||
        ((options->python || options->env) &&
         line_modules_python(cli, options->python, err) < 0))
        return -1;
    // Inherited by salloc and what it runs. sh knows descriptors of one digit only.
    CLEANUP_CLOSE int back = fcntl(STDERR_FILENO, F_DUPFD, 3);
    if (back < 0 || back > 9)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot run '%s'"), "salloc");
    return run(cli, salloc, back, err);
}
