// SPDX-License-Identifier: Apache-2.0
#include "sched/slurm.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "base/capture.h"
#include "base/fs.h"
#include "base/human.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/proc.h"

enum { MOST = 64 << 20 };

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
                   command, proc_exit_status(answer->status));
}

static int silent(const char *command, const char *words, struct err *err)
{
    err_set(err, ERR_SLURM_SILENT, _("Slurm does not answer: %s: %s"), command, words);
    return err_hint(err, "try", "scontrol ping");
}

// Whether the command never spoke with a controller.
static int check_contact(const char *command, struct slurm_answer *answer, struct err *err)
{
    static const char *const absent[] = {"Could not establish a configuration source",
                                         "resolve_ctls_from_dns_srv",
                                         "Unable to process configuration"};
    static const char *const unheard[] = {"connect failure", "Connection refused"};
    // It may have heard, and ended before it answered: slurm_strerror(3), and the system's.
    static const char *const mute[] = {"Unable to contact slurm controller",
                                       "Socket timed out on send/recv",
                                       "Zero Bytes were transmitted or received",
                                       "Communication connection failure",
                                       "Communication shutdown failure",
                                       "Message send failure",
                                       "Message receive failure",
                                       "Transport endpoint is not connected",
                                       "Connection reset by peer",
                                       "Broken pipe"};
    const char *error = str_text(&answer->error);
    if (WIFEXITED(answer->status) && WEXITSTATUS(answer->status) == 0)
        return 0;
    CLEANUP_FREE char *words = slurm_words(error);
    for (size_t i = 0; i < COUNT(absent); i++)
        if (strstr(error, absent[i])) {
            err_set(err, ERR_NO_SLURM, _("%s finds no cluster: %s"), command, words);
            return err_hint(err, "try", _("lopin ... --local for this machine"));
        }
    for (size_t i = 0; i < COUNT(unheard); i++)
        answer->is_unheard |= strstr(error, unheard[i]) != NULL;
    for (size_t i = 0; i < COUNT(mute); i++)
        if (answer->is_unheard || strstr(error, mute[i]))
            return silent(command, words, err);
    return 0;
}

int slurm_call(const struct slurm_ask *ask, struct slurm_answer *ret, struct err *err)
{
    const char *command = ask->argv[0];
    CLEANUP_VARS struct vars vars = {0};
    CLEANUP_FREE char *program = slurm_find(command, ask->vars, err);
    if (!program)
        return -1;
    slurm_vars(ask->vars, &vars);
    if (ask->in_seconds)
        vars_set(&vars, "SLURM_TIME_FORMAT", "%s");
    const struct capture capture = {.path = program,
                                    .argv = ask->argv,
                                    .envp = vars.list.item,
                                    .time_us = ask->time_us ? ask->time_us : SLURM_TIME_US,
                                    .most = MOST};
    int in_time = capture_run(&capture, &ret->out, &ret->error, &ret->status);
    if (in_time < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot run '%s'"), program);
    if (in_time)
        return check_contact(command, ret, err);
    CLEANUP_STR struct str words = {0};
    human_duration(&words, capture.time_us);
    CLEANUP_FREE char *text = mem_print(_("nothing in %s"), words.text);
    return silent(command, text, err);
}
