// SPDX-License-Identifier: Apache-2.0
// explain_job: which jobs are meant.
#include "cli/explain_job.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "cli/say.h"
#include "run/folder.h"
#include "run/submission.h"

enum { RUNS_LOOKED = 50 };

static int say_jobs(struct cli *cli, const char *word, struct str *text, struct err *err)
{
    CLEANUP_JOB_FACTS struct job_facts facts = {0};
    if (job_facts_find(cli, word, &facts, err) < 0)
        return -1;
    if (cli->options.json)
        return explain_json(cli, &facts, word, err);
    if (facts.count > 1)
        explain_text_array(text, &facts);
    else
        explain_text_job(text, cli, &facts, word);
    explain_text_age(text, &facts);
    return 0;
}

int explain_job(struct cli *cli, const char *word, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    if (str_starts(word, "job:"))
        word += strlen("job:");
    if (say_jobs(cli, word, &text, err) < 0)
        return -1;
    return say_data(cli, &text, err);
}

// Numbers of the jobs of a run, in the order of submission.
static void list_jobs(const struct folder *folder, struct strv *ret)
{
    size_t count;
    CLEANUP_FREE struct submission *list = submission_list(folder->fd, &count);
    for (size_t i = 0; i < count; i++)
        strv_add(ret, list[i].job);
}

static int say_run(struct cli *cli, const struct strv *jobs, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    for (size_t i = 0; i < jobs->count; i++) {
        struct err unknown = {0};
        if (say_jobs(cli, jobs->item[i], &text, &unknown) == 0)
            continue;
        // An old one that Slurm has forgotten hides nothing of the others.
        if (unknown.code != ERR_NO_RUN || jobs->count == 1) {
            *err = unknown;
            return -1;
        }
        say_add_label(&text, _("job"));
        str_print(&text, "%s   %s\n", jobs->item[i], unknown.text);
    }
    return say_data(cli, &text, err);
}

int explain_run(struct cli *cli, const char *run, struct err *err)
{
    CLEANUP_FOLDER struct folder folder = FOLDER_NONE;
    CLEANUP_STRV struct strv jobs = {0};
    if (folder_find(cli->cwd, run, &folder, err) < 0)
        return -1;
    list_jobs(&folder, &jobs);
    if (jobs.count)
        return say_run(cli, &jobs, err);
    err_set(err, ERR_NO_RUN, _("run %u has no job of Slurm"), folder.number);
    return err_hint(err, "try", "lopin report %u", folder.number);
}

// The newest run with jobs.
static void list_last(const char *cwd, struct strv *ret)
{
    size_t count = 0;
    CLEANUP_FREE unsigned *numbers = folder_list(cwd, &count);
    for (size_t i = 0; i < count && i < RUNS_LOOKED && !ret->count; i++) {
        CLEANUP_FOLDER struct folder folder = FOLDER_NONE;
        if (folder_open(cwd, numbers[count - 1 - i], &folder, NULL) == 0)
            list_jobs(&folder, ret);
    }
}

int explain_own(struct cli *cli, struct err *err)
{
    CLEANUP_STRV struct strv jobs = {0};
    CLEANUP_JOB_FACTS struct job_facts facts = {0};
    CLEANUP_STR struct str text = {0};
    list_last(cli->cwd, &jobs);
    if (jobs.count)
        return say_run(cli, &jobs, err);
    if (job_facts_all(cli, &facts, err) < 0)
        return err->code == ERR_NO_SLURM ? 1 : -1;
    if (cli->options.json)
        return explain_json(cli, &facts, NULL, err);
    explain_text_all(&text, &facts);
    explain_text_age(&text, &facts);
    return say_data(cli, &text, err);
}
