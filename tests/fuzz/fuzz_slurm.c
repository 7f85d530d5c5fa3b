// SPDX-License-Identifier: Apache-2.0
// What Slurm's commands and a job's record say: any bytes are read, within their fields, and are safe to
// show.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sched/job_view.h"
#include "sched/limits.h"
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
    limits_check(&ask, &partitions, &err);
    squeue_read(text, &view);
    check_view(&view);
    sacct_read(text, "7", &view);
    if (view.signal < 0 || view.time_us < 0)
        abort();
    free(slurm_words(text));
    if (job_end_read(text, &end) == 0 && (end.status < 0 || end.status > 255))
        abort();
    if (job_script_option(text, &option, NULL) == 0 && strpbrk(str_text(&option), "\r\n"))
        abort();
    return 0;
}
