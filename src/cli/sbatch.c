// SPDX-License-Identifier: Apache-2.0
#include "cli/sbatch.h"

#include <string.h>
#include <sys/wait.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/slurm_line.h"
#include "sched/slurm.h"

char *sbatch_line(const struct cli *cli)
{
    struct str line = {0};
    str_print(&line, "lopin %s", cli->command);
    for (char *const *word = cli->typed; *word; word++) {
        str_add_char(&line, ' ');
        str_add_shell(&line, *word);
    }
    return str_take(&line);
}

int sbatch_pattern(const char *option, const char *folder, const char *pattern,
                   struct strv *list, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    if (strchr(folder, '\\'))
        return err_set(err, ERR_USAGE,
                       _("Slurm writes no log below a folder with a backslash"));
    str_print(&text, "--%s=", option);
    for (const char *at = *pattern == '/' ? "" : folder; *at; at++) {
        if (*at == '%')
            str_add_char(&text, '%');
        str_add_char(&text, *at);
    }
    str_print(&text, "%s%s", *pattern == '/' ? "" : "/", pattern);
    strv_take(list, str_take(&text));
    return 0;
}

// "8123" or "8123;CLUSTER".
static int take_number(const char *out, char **ret_job, struct err *err)
{
    size_t size = strspn(out, "0123456789");
    if (!size || size > 20)
        return err_set(err, ERR_REFUSED, _("sbatch printed no number of a job"));
    *ret_job = mem_dupn(out, size);
    return 0;
}

// Without a word of its own sbatch did not come to its end.
static int is_refusal(const struct slurm_answer *answer)
{
    return WIFEXITED(answer->status) && WEXITSTATUS(answer->status) &&
           strstr(str_text(&answer->error), "error: ");
}

int sbatch_send(const struct cli *cli, const char *script, const char *array, char **ret_job,
                int *ret_unsure, struct err *err)
{
    CLEANUP_VARS struct vars vars = {0};
    CLEANUP_ANSWER struct slurm_answer answer = {0};
    CLEANUP_STRV struct strv words = {0};
    int nobody;
    int *unsure = ret_unsure ? ret_unsure : &nobody;
    struct err silent = {0};
    strv_add(&words, "sbatch");
    strv_add(&words, "--parsable");
    if (array)
        strv_take(&words, mem_print("--array=%s", array));
    strv_add(&words, script);
    const struct slurm_ask ask = {.argv = words.item, .vars = &vars};
    slurm_line_vars(cli, &vars);
    *unsure = 0;
    if (slurm_call(&ask, &answer, &silent) < 0) {
        *unsure = silent.code == ERR_SLURM_SILENT && !answer.is_unheard;
        if (*unsure)
            err_hint(&silent, "try", _("squeue --me, whether the job was taken all the same"));
        if (err)
            *err = silent;
        return -1;
    }
    *unsure = !is_refusal(&answer);
    if (!WIFEXITED(answer.status) || WEXITSTATUS(answer.status) != 0)
        return slurm_line_refused(cli, "sbatch", &answer, err);
    return take_number(str_text(&answer.out), ret_job, err);
}
