// SPDX-License-Identifier: Apache-2.0
#include "sched/slurm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/human.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/proc.h"

enum { MOST = 64 << 20, BLOCK = 1 << 16, LOOK_MS = 10 };

struct call {
    pid_t pid;
    int out[2], error[2]; // pipes
    int64_t until_us;     // CLOCK_BOOTTIME
};

void slurm_answer_free(struct slurm_answer *answer)
{
    str_free(&answer->out);
    str_free(&answer->error);
}

void slurm_vars(const struct vars *from, struct vars *ret)
{
    static const char *const dropped[] = {"SLURM_",  "SBATCH_", "SRUN_",    "SALLOC_",
                                          "SQUEUE_", "SACCT_",  "SCANCEL_", "SCONTROL_",
                                          "SINFO_",  "SPRIO_",  "SLURMD_",  "PMI_"};
    static const char *const kept[] = {
        "SLURM_CONF=", "SLURM_JWT=", "SLURM_ACCOUNT=", "SBATCH_ACCOUNT=", "SALLOC_ACCOUNT="};
    for (size_t i = 0; i < from->list.count; i++) {
        const char *item = from->list.item[i];
        int drop = 0;
        for (size_t k = 0; k < COUNT(dropped); k++)
            drop |= str_starts(item, dropped[k]);
        for (size_t k = 0; k < COUNT(kept); k++)
            drop &= !str_starts(item, kept[k]);
        if (!drop)
            strv_add(&ret->list, item);
    }
}

char *slurm_find(const char *command, const struct vars *vars, struct err *err)
{
    const char *path = vars_get(vars, "PATH");
    char *program = fs_program(path ? path : "/usr/bin:/bin", command);
    if (program)
        return program;
    err_set(err, ERR_NO_SLURM, _("there is no Slurm here: '%s' is not on PATH"), command);
    err_hint(err, "try", _("on a login node of the cluster"));
    err_hint(err, "try", _("lopin ... --local for this machine"));
    return NULL;
}

// What follows "sbatch: error: "; NULL: the line is no error's.
static const char *message_of(const char *line)
{
    static const char *const kinds[] = {": error: ", ": fatal: "};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        const char *at = strstr(line, kinds[i]);
        if (at)
            return at + strlen(kinds[i]);
    }
    return NULL;
}

char *slurm_words(const char *error)
{
    const char *words = "";
    int is_error = 0;
    CLEANUP_STRV struct strv lines = {0};
    strv_split(&lines, error, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        const char *line = lines.item[i];
        const char *message = message_of(line);
        if (message || (!is_error && *line && !str_starts(line, "Try \"")))
            words = message ? message : line;
        is_error |= message != NULL;
    }
    struct str shown = {0};
    str_add_visible(&shown, words, strlen(words));
    return str_take(&shown);
}

int slurm_refused(const char *command, const struct slurm_answer *answer, struct err *err)
{
    CLEANUP_FREE char *words = slurm_words(str_text(&answer->error));
    if (*words)
        return err_set(err, ERR_REFUSED, _("Slurm's %s refuses: %s"), command, words);
    return err_set(err, ERR_REFUSED, _("Slurm's %s ended with status %d and without a word"),
                   command,
                   WIFEXITED(answer->status) ? WEXITSTATUS(answer->status)
                                             : 128 + WTERMSIG(answer->status));
}

static int silent(const char *command, const char *words, struct err *err)
{
    err_set(err, ERR_SLURM_SILENT, _("Slurm does not answer: %s: %s"), command, words);
    return err_hint(err, "try", "scontrol ping");
}

// Whether the command never spoke with a controller.
static int check_contact(const char *command, const struct slurm_answer *answer,
                         struct err *err)
{
    static const char *const absent[] = {"Could not establish a configuration source",
                                         "resolve_ctls_from_dns_srv",
                                         "Unable to process configuration"};
    static const char *const mute[] = {"Unable to contact slurm controller",
                                       "Socket timed out on send/recv", "Connection refused",
                                       "connect failure"};
    const char *error = str_text(&answer->error);
    if (WIFEXITED(answer->status) && WEXITSTATUS(answer->status) == 0)
        return 0;
    CLEANUP_FREE char *words = slurm_words(error);
    for (size_t i = 0; i < COUNT(absent); i++)
        if (strstr(error, absent[i])) {
            err_set(err, ERR_NO_SLURM, _("%s finds no cluster: %s"), command, words);
            return err_hint(err, "try", _("lopin ... --local for this machine"));
        }
    for (size_t i = 0; i < COUNT(mute); i++)
        if (strstr(error, mute[i]))
            return silent(command, words, err);
    return 0;
}

static int open_pipes(struct call *call)
{
    if (pipe2(call->out, O_CLOEXEC) < 0)
        return -1;
    if (pipe2(call->error, O_CLOEXEC) == 0)
        return 0;
    close(call->out[0]);
    close(call->out[1]);
    return -1;
}

static int64_t left_ms(const struct call *call)
{
    int64_t left = (call->until_us - clock_boot_us()) / 1000;
    return left > 0 ? left : 0;
}

// What is beyond the most that is kept is read and forgotten. Returns 0 at the end.
static int take_block(int fd, struct str *into)
{
    char block[BLOCK];
    ssize_t got = read(fd, block, sizeof block);
    if (got > 0 && into->size < MOST)
        str_add_bytes(into, block, (size_t)got);
    return got > 0 || (got < 0 && errno == EINTR);
}

// Returns 1, or 0 when the time is over.
static int take_output(struct call *call, struct slurm_answer *ret)
{
    struct pollfd poll_for[] = {{.fd = call->out[0], .events = POLLIN},
                                {.fd = call->error[0], .events = POLLIN}};
    struct str *into[] = {&ret->out, &ret->error};
    while (poll_for[0].fd >= 0 || poll_for[1].fd >= 0) {
        int64_t left = left_ms(call);
        if (!left)
            return 0;
        if (poll(poll_for, 2, (int)left) <= 0)
            continue;
        for (size_t i = 0; i < 2; i++)
            if (poll_for[i].fd >= 0 && poll_for[i].revents &&
                !take_block(poll_for[i].fd, into[i]))
                poll_for[i].fd = -1;
    }
    return 1;
}

// Returns 1 with its status, or 0 when the time is over.
static int take_end(struct call *call, int *ret_status)
{
    for (;;) {
        pid_t ended = waitpid(call->pid, ret_status, WNOHANG);
        if (ended == call->pid)
            return 1;
        if ((ended < 0 && errno != EINTR) || !left_ms(call))
            return 0;
        poll(NULL, 0, LOOK_MS);
    }
}

static int start(const struct slurm_ask *ask, const char *program, struct call *call,
                 struct err *err)
{
    CLEANUP_VARS struct vars vars = {0};
    slurm_vars(ask->vars, &vars);
    CLEANUP_CLOSE int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (open_pipes(call) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot run '%s'"), program);
    const struct proc proc = {.path = program,
                              .argv = ask->argv,
                              .envp = vars.list.item,
                              .folder = -1,
                              .in = null > 2 ? null : -1,
                              .out = call->out[1],
                              .error = call->error[1],
                              .own_group = 1,
                              .dies_with_us = 1};
    call->pid = proc_start(&proc);
    int errnum = errno;
    close(call->out[1]);
    close(call->error[1]);
    if (call->pid > 0)
        return 0;
    close(call->out[0]);
    close(call->error[0]);
    return err_errno(err, ERR_SYSTEM, errnum, _("cannot run '%s'"), program);
}

int slurm_call(const struct slurm_ask *ask, struct slurm_answer *ret, struct err *err)
{
    struct call call = {0};
    const char *command = ask->argv[0];
    int64_t time_us = ask->time_us ? ask->time_us : SLURM_TIME_US;
    CLEANUP_FREE char *program = slurm_find(command, ask->vars, err);
    if (!program || start(ask, program, &call, err) < 0)
        return -1;
    call.until_us = clock_boot_us() + time_us;
    int in_time = take_output(&call, ret) && take_end(&call, &ret->status);
    if (!in_time) {
        kill(-call.pid, SIGKILL);
        while (waitpid(call.pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    close(call.out[0]);
    close(call.error[0]);
    if (in_time)
        return check_contact(command, ret, err);
    CLEANUP_STR struct str words = {0};
    human_duration(&words, time_us);
    CLEANUP_FREE char *text = mem_print(_("nothing in %s"), words.text);
    return silent(command, text, err);
}
