// SPDX-License-Identifier: Apache-2.0
// What Slurm's commands and a job's record say: any bytes are read, within their fields, and are safe to
// show.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sched/accounts.h"
#include "sched/detail.h"
#include "sched/job_view.h"
#include "sched/jobs.h"
#include "sched/limits.h"
#include "sched/reason.h"
#include "sched/script.h"
#include "sched/slurm.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void check_view(const struct job_view *view)
{
    const char *const texts[] = {view->state, view->reason, view->nodes};
    for (size_t i = 0; i < COUNT(texts); i++)
        for (const char *at = texts[i]; *at; at++)
            if (iscntrl((unsigned char)*at))
                abort();
    if (view->code < 0 || view->code > 255 || view->time_us < 0)
        abort();
    job_cause(view, NULL);
}

static void check_text(const char *text)
{
    for (; *text; text++)
        if (iscntrl((unsigned char)*text))
            abort();
}

static void check_jobs(const char *text)
{
    CLEANUP_JOBS struct jobs jobs = {0};
    CLEANUP_STR struct str words = {0};
    jobs_read(text, &jobs);
    for (size_t i = 0; i < jobs.count; i++) {
        size_t count;
        struct job_view view;
        CLEANUP_STR struct str name = {0};
        const struct slurm_job *job = &jobs.item[i];
        jobs_add_name(&name, job);
        if (!jobs_find(&jobs, name.text, &count) || !count)
            abort();
        jobs_view(job, &view);
        check_view(&view);
        check_text(job->partition);
        check_text(job->dependency);
        reason_add(&words, job->reason);
        reason_add_cure(&words, job->reason, name.text);
    }
    check_text(str_text(&words));
}

static void check_accounts(const char *text)
{
    CLEANUP_ACCOUNTS struct accounts accounts = {0};
    struct account used;
    accounts_read(text, &accounts);
    for (size_t i = 0; i < accounts.count; i++) {
        const struct account *item = &accounts.item[i];
        if (item->cpu_us < -1 || item->memory_kb < -1 || item->paid_kb < 0 ||
            !accounts_find(&accounts, item->job.job, item->job.element))
            abort();
        check_text(item->job.node);
        check_text(item->job.reason);
    }
    accounts_read_live(text, 7, &used);
    if (used.cpu_us < -1 || used.memory_kb < -1)
        abort();
    accounts_exist(text);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    CLEANUP_FREE char *text = mem_dupn((const char *)bytes, size);
    CLEANUP_PARTITIONS struct partitions partitions = {0};
    CLEANUP_STR struct str option = {0};
    const struct limits_ask ask = {.time_us = 1, .core_kb = 1024, .cores = 3, .nodes = 2};
    struct slurm_config config;
    struct job_view view;
    struct job_end end;
    struct err err;
    slurm_config_read(text, &config);
    partitions_read(text, &partitions);
    const struct bounds_ask whose = {.manager = text,
                                     .qos_text = text,
                                     .user = "me",
                                     .uid = 1001,
                                     .partition = "c-iq",
                                     .qos = "fast",
                                     .partition_qos = "slow"};
    CLEANUP_BOUNDS struct bounds bounds = {0};
    partitions_add_rules(text, &partitions);
    bounds_read(&whose, &bounds);
    for (size_t i = 0; i < bounds.count; i++)
        if (bounds.item[i].most < 0 || bounds.item[i].used < 0)
            abort();
    free(bounds_default_qos(&whose, text));
    free(bounds_default_qos(&whose, NULL));
    bounds_shows_qos(&whose, "fast");
    limits_check(&ask, &partitions, &bounds, &err);
    if (limits_time(&ask, &partitions) < 0)
        abort();
    squeue_read(text, &view);
    check_view(&view);
    sacct_read(text, "7", &view);
    if (view.signal < 0 || view.time_us < 0)
        abort();
    check_jobs(text);
    check_accounts(text);
    CLEANUP_DETAIL struct detail detail = {0};
    detail_read(text, &detail);
    free(slurm_words(text));
    if (job_end_read(text, &end) == 0 && (end.status < 0 || end.status > 255))
        abort();
    if (job_script_option(text, &option, NULL) == 0 && strpbrk(str_text(&option), "\r\n"))
        abort();
    return 0;
}
