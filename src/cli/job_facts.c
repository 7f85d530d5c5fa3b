// SPDX-License-Identifier: Apache-2.0
// job_facts: what Slurm still has in its memory comes first; the accounts know what it has forgotten, and
// what was used; the job's own record tells of the end where neither does.
#include "cli/job_facts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/human.h"
#include "base/lang.h"
#include "cli/setting.h"
#include "sched/script.h"

enum { OLDEST_US = 600000000, RECORD_MOST = 1024 };

void job_facts_answers(const struct cli *cli, struct answers *ret)
{
    *ret = (struct answers){.folder = setting_cache(cli), .root = "", .vars = &cli->vars};
}

void job_facts_free(struct job_facts *facts)
{
    jobs_free(&facts->jobs);
    accounts_free(&facts->accounts);
    answers_said_free(&facts->said);
    detail_free(&facts->detail);
}

struct search {
    const struct cli *cli;
    struct answers answers;
    const char *word;
    uint32_t job, element;
    char joint;
    struct job_facts *facts;
};

static void look_up(struct search *search)
{
    struct job_facts *facts = search->facts;
    facts->job = jobs_find(&facts->jobs, search->word, &facts->count);
}

static void ask_queue(struct search *search)
{
    struct job_facts *facts = search->facts;
    if (jobs_cache_all(&search->answers, OLDEST_US, &facts->jobs, &facts->said,
                       &facts->silent) < 0)
        return;
    look_up(search);
    if (facts->count)
        return;
    // Submitted since, or another user's.
    jobs_free(&facts->jobs);
    answers_said_free(&facts->said);
    facts->said = (struct answers_said){0};
    if (jobs_cache_job(&search->answers, search->job, &facts->jobs, &facts->said,
                       &facts->silent) == 0)
        look_up(search);
}

static int is_array(const struct job_facts *facts)
{
    return facts->count > 1 || (facts->count && facts->job->joint);
}

// What has ended in any way, began again, or is gone from the queue.
static int wants_accounts(const struct search *search)
{
    const struct job_facts *facts = search->facts;
    for (size_t i = 0; i < facts->count; i++)
        if (facts->job[i].phase == JOB_OVER || facts->job[i].restarts)
            return 1;
    return !facts->count || (is_array(facts) && !search->joint);
}

// Elements that the queue does not have any more.
static void add_accounts(struct search *search)
{
    struct job_facts *facts = search->facts;
    const struct accounts *accounts = &facts->accounts;
    for (size_t i = 0; i < accounts->count; i++) {
        const struct slurm_job *job = &accounts->item[i].job;
        size_t count;
        CLEANUP_STR struct str name = {0};
        jobs_add_name(&name, job);
        int is_last = i + 1 == accounts->count || accounts->item[i + 1].job.job != job->job ||
                      accounts->item[i + 1].job.element != job->element;
        if (is_last && !(jobs_find(&facts->jobs, name.text, &count), count))
            jobs_put(&facts->jobs, job);
    }
    jobs_settle(&facts->jobs);
    look_up(search);
}

static void ask_accounts(struct search *search)
{
    struct job_facts *facts = search->facts;
    struct err err = {0};
    if (!wants_accounts(search) ||
        jobs_cache_accounts(&search->answers, search->word, &facts->accounts,
                            &facts->has_accounts, &err) < 0) {
        if (err.code && !facts->silent.code && !facts->count)
            facts->silent = err;
        return;
    }
    add_accounts(search);
}

static int read_record(struct job_facts *facts, const char *folder, const char *job)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *path = mem_print("%s/" JOB_SCRIPT_RECORD, folder, job);
    if (fs_read(AT_FDCWD, path, RECORD_MOST, &text, NULL) == 0)
        facts->has_end = job_end_read(str_text(&text), &facts->end) == 0;
    return facts->has_end;
}

// Where `lopin run --slurm` keeps them: beside the job's log, in the folder that it was submitted from.
static void find_record(struct search *search)
{
    struct job_facts *facts = search->facts;
    const struct detail *detail = &facts->detail;
    CLEANUP_FREE char *job = mem_print("%u", facts->count ? facts->job->id : search->job);
    CLEANUP_FREE char *beside = detail->out ? fs_folder(detail->out) : NULL;
    CLEANUP_FREE char *here = mem_print("%s/.lopin/jobs", search->cli->cwd);
    if (beside && str_ends(beside, "/.lopin/jobs") && read_record(facts, beside, job))
        return;
    read_record(facts, here, job);
    if (facts->has_end && facts->count && facts->end.restart < facts->job->restarts)
        facts->has_end = 0; // of a run that was given up
}

static void ask_used(struct search *search)
{
    struct job_facts *facts = search->facts;
    const struct slurm_job *job = facts->job;
    const struct account *account = accounts_find(&facts->accounts, job->job, job->element);
    struct err ignored = {0};
    if (job->phase == JOB_RUNS)
        jobs_cache_live(&search->answers, job->id, &facts->used, &ignored);
    else if (account && account->job.phase == JOB_OVER) {
        facts->used = *account;
        facts->has_used = 1;
    }
    if (!facts->used.paid_kb)
        facts->used.paid_kb = facts->detail.paid_kb;
}

// What only a job alone has.
static void look_close(struct search *search)
{
    struct job_facts *facts = search->facts;
    struct err ignored = {0};
    if (facts->count > 1)
        return;
    if (facts->count) {
        CLEANUP_STR struct str name = {0};
        jobs_add_name(&name, facts->job);
        jobs_cache_detail(&search->answers, name.text, &facts->detail, &ignored);
        ask_used(search);
    }
    if (!is_array(facts))
        find_record(search);
}

static int not_known(const struct search *search, struct err *err)
{
    const struct job_facts *facts = search->facts;
    err_set(err, ERR_NO_RUN, _("no job %s is known"), search->word);
    CLEANUP_STR struct str memory = {0};
    human_duration(&memory, jobs_cache_memory_us(&search->answers));
    err_hint(err, "found", _("Slurm forgets a job %s after its end"), memory.text);
    if (!facts->has_accounts)
        err_hint(err, "found", _("there are no accounts here that would remember it (sacct)"));
    else
        err_hint(err, "found", _("the accounts (sacct) do not have it either"));
    return err_hint(err, "try", _("lopin explain, for all that are queued"));
}

int job_facts_find(const struct cli *cli, const char *word, struct job_facts *ret,
                   struct err *err)
{
    struct search search = {.cli = cli, .word = word, .facts = ret};
    if (!jobs_word(word, &search.job, &search.element, &search.joint))
        return err_set(err, ERR_USAGE, _("'%s' is not the number of a job"), word);
    ret->used = (struct account){.cpu_us = -1, .memory_kb = -1, .by = -1};
    job_facts_answers(cli, &search.answers);
    CLEANUP_FREE const char *folder = search.answers.folder;
    ask_queue(&search);
    if (!ret->silent.code)
        ask_accounts(&search);
    if (!ret->silent.code || ret->count)
        look_close(&search);
    else
        find_record(&search);
    if (ret->count || ret->has_end)
        return 0;
    if (ret->silent.code) {
        *err = ret->silent;
        return -1;
    }
    return not_known(&search, err);
}

int job_facts_all(const struct cli *cli, struct job_facts *ret, struct err *err)
{
    struct answers answers;
    job_facts_answers(cli, &answers);
    CLEANUP_FREE const char *folder = answers.folder;
    if (jobs_cache_all(&answers, OLDEST_US, &ret->jobs, &ret->said, err) < 0)
        return -1;
    ret->job = ret->jobs.item;
    ret->count = ret->jobs.count;
    return 0;
}
