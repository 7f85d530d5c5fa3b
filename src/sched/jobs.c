// SPDX-License-Identifier: Apache-2.0
// jobs: the fields stand between '|', and the reason, which may hold any words, behind all others. Of
// 100,000 elements most say the same, so each word is kept once.
#include "sched/jobs.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"

// Without a width no field is cut. -a: partitions that are hidden too. -r: a line for each element.
#define FIELDS                                                                                 \
    "JobArrayID:|,JobID:|,State:|,RestartCnt:|,exit_code:|,SubmitTime:|,StartTime:|,"          \
    "EndTime:|,TimeLimit:|,NumCPUs:|,Partition:|,NodeList:|,Dependency:|,Reason:|"
const char *const jobs_ask[] = {"squeue", "-h", "-a",   "-r", "-t",
                                "all",    "-O", FIELDS, "-u", NULL};
const char *const jobs_ask_some[] = {"squeue", "-h", "-a",   "-r", "-t",
                                     "all",    "-O", FIELDS, "-j", NULL};
enum field {
    FIELD_NAME,
    FIELD_ID,
    FIELD_STATE,
    FIELD_RESTARTS,
    FIELD_EXIT,
    FIELD_SUBMIT,
    FIELD_START,
    FIELD_END,
    FIELD_LIMIT,
    FIELD_CPUS,
    FIELD_PARTITION,
    FIELD_NODE,
    FIELD_DEPENDENCY,
    FIELD_REASON,
    FIELDS_COUNT,
};

// Digits at *at, which then stands behind them. Returns 0, or -1.
static int take_number(const char **at, uint32_t *ret)
{
    uint64_t number = 0;
    const char *first = *at;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        number = number * 10 + (uint64_t)(**at - '0');
        if (number >= JOBS_WHOLE)
            return -1;
    }
    *ret = (uint32_t)number;
    return *at == first ? -1 : 0;
}

int jobs_word(const char *word, uint32_t *ret_job, uint32_t *ret_element, char *ret_joint)
{
    uint32_t job;
    uint32_t element = JOBS_WHOLE;
    char joint = 0;
    if (take_number(&word, &job) < 0)
        return 0;
    if (*word == '_' || *word == '+') {
        joint = *word++;
        if (take_number(&word, &element) < 0)
            return 0;
    }
    if (*word)
        return 0;
    if (ret_job)
        *ret_job = job;
    if (ret_element)
        *ret_element = element;
    if (ret_joint)
        *ret_joint = joint;
    return 1;
}

const char *jobs_keep(struct jobs *jobs, const char *text)
{
    if (!text || !*text)
        return "";
    uint64_t *known = table_get(&jobs->known, text);
    if (known)
        return (const char *)(uintptr_t)*known;
    CLEANUP_STR struct str shown = {0};
    str_add_visible(&shown, text, strlen(text));
    const char *kept = arena_dup(&jobs->arena, shown.text);
    // What is not plain is not found again, which costs room and nothing else.
    *table_put(&jobs->known, kept, NULL) = (uintptr_t)kept;
    return kept;
}

// squeue's words for nothing
static const char *keep(struct jobs *jobs, const char *text)
{
    int is_nothing = strcmp(text, "(null)") == 0 || strcmp(text, "None") == 0;
    return jobs_keep(jobs, is_nothing ? "" : text);
}

static unsigned long small_number(const char *text, unsigned long most)
{
    unsigned long number;
    return str_number(text, most, &number) == 0 ? number : 0;
}

// Where the site's form of times could not be had otherwise they are not known: "N/A", "Unknown".
static int64_t seconds(const char *text)
{
    return (int64_t)small_number(text, INT64_MAX / 1000000);
}

// Ends each field of the line. Returns 0, or -1: it has too few.
static int cut(char *line, char *field[FIELDS_COUNT])
{
    for (int i = 0; i < FIELDS_COUNT; i++) {
        field[i] = line;
        char *bar = i == FIELD_REASON ? strrchr(line, '|') : strchr(line, '|');
        if (!bar)
            return -1;
        *bar = '\0';
        line = bar + 1;
    }
    return 0;
}

static void take_line(struct jobs *jobs, char *line)
{
    char *field[FIELDS_COUNT];
    struct slurm_job job = {0};
    if (cut(line, field) < 0 ||
        !jobs_word(field[FIELD_NAME], &job.job, &job.element, &job.joint) ||
        !jobs_word(field[FIELD_ID], &job.id, NULL, NULL))
        return;
    job.state = keep(jobs, field[FIELD_STATE]);
    job.phase = job_phase(job.state);
    job.restarts = (unsigned)small_number(field[FIELD_RESTARTS], INT_MAX);
    job.cpus = (unsigned)small_number(field[FIELD_CPUS], INT_MAX);
    int status = (int)small_number(field[FIELD_EXIT], INT_MAX); // as wait(2) gives it
    job.code = status >> 8 & 255;
    job.signal = status & 127;
    job.submit_s = seconds(field[FIELD_SUBMIT]);
    job.start_s = seconds(field[FIELD_START]);
    job.end_s = seconds(field[FIELD_END]);
    if (span_read(field[FIELD_LIMIT], &job.time_us) < 0)
        job.time_us = 0;
    job.partition = keep(jobs, field[FIELD_PARTITION]);
    job.node = keep(jobs, field[FIELD_NODE]);
    job.dependency = keep(jobs, field[FIELD_DEPENDENCY]);
    job.reason = keep(jobs, field[FIELD_REASON]);
    jobs_put(jobs, &job);
}

void jobs_put(struct jobs *jobs, const struct slurm_job *job)
{
    mem_room(&jobs->item, &jobs->room, jobs->count + 1, sizeof *jobs->item);
    jobs->item[jobs->count++] = *job;
}

static int by_name(const void *a, const void *b)
{
    const struct slurm_job *left = a;
    const struct slurm_job *right = b;
    if (left->job != right->job)
        return left->job < right->job ? -1 : 1;
    return (left->element > right->element) - (left->element < right->element);
}

static int by_id(const void *a, const void *b, void *context)
{
    const struct slurm_job *job = context;
    uint32_t left = job[*(const uint32_t *)a].id;
    uint32_t right = job[*(const uint32_t *)b].id;
    return (left > right) - (left < right);
}

void jobs_settle(struct jobs *jobs)
{
    jobs->settled = jobs->count;
    if (!jobs->count)
        return;
    qsort(jobs->item, jobs->count, sizeof *jobs->item, by_name);
    jobs->by_id = mem_resize(jobs->by_id, jobs->count, sizeof *jobs->by_id);
    for (uint32_t i = 0; i < jobs->count; i++)
        jobs->by_id[i] = i;
    qsort_r(jobs->by_id, jobs->count, sizeof *jobs->by_id, by_id, jobs->item);
}

void jobs_read(const char *text, struct jobs *ret)
{
    CLEANUP_FREE char *lines = mem_dup(text);
    for (char *line = lines, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        take_line(ret, line);
    }
    jobs_settle(ret);
}

void jobs_free(struct jobs *jobs)
{
    free(jobs->item);
    free(jobs->by_id);
    table_free(&jobs->known);
    arena_free(&jobs->arena);
    *jobs = (struct jobs){0};
}

// Index of the first job that is not before it.
static size_t lower(const struct jobs *jobs, uint32_t job, uint32_t element)
{
    const struct slurm_job wanted = {.job = job, .element = element};
    size_t low = 0;
    for (size_t high = jobs->settled; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (by_name(&jobs->item[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct slurm_job *find_id(const struct jobs *jobs, uint32_t id)
{
    size_t low = 0;
    for (size_t high = jobs->settled; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (jobs->item[jobs->by_id[middle]].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == jobs->settled || jobs->item[jobs->by_id[low]].id != id)
        return NULL;
    return &jobs->item[jobs->by_id[low]];
}

const struct slurm_job *jobs_find(const struct jobs *jobs, const char *word, size_t *ret_count)
{
    uint32_t job, element;
    char joint;
    *ret_count = 0;
    if (!jobs_word(word, &job, &element, &joint))
        return NULL;
    size_t first = lower(jobs, job, joint ? element : 0);
    size_t end = first;
    while (end < jobs->settled && jobs->item[end].job == job &&
           (!joint || (jobs->item[end].element == element && jobs->item[end].joint == joint)))
        end++;
    *ret_count = end - first;
    if (*ret_count)
        return &jobs->item[first];
    const struct slurm_job *alone = joint ? NULL : find_id(jobs, job);
    *ret_count = alone != NULL;
    return alone;
}

void jobs_add_name(struct str *into, const struct slurm_job *job)
{
    str_print(into, "%u", job->job);
    if (job->joint)
        str_print(into, "%c%u", job->joint, job->element);
}

void jobs_view(const struct slurm_job *job, struct job_view *ret)
{
    *ret = (struct job_view){.phase = job->phase,
                             .restarts = job->restarts,
                             .time_us = job->time_us,
                             .code = job->code,
                             .signal = job->signal};
    snprintf(ret->state, sizeof ret->state, "%s", job->state);
    snprintf(ret->reason, sizeof ret->reason, "%s", job->reason);
    snprintf(ret->nodes, sizeof ret->nodes, "%s", job->node);
}
