// SPDX-License-Identifier: Apache-2.0
// accounts: a line for each job, followed by one for each of its steps, of which only the memory counts.
#include "sched/accounts.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"

const char *const accounts_ask[] = {"sacct",
                                    "-n",
                                    "-P",
                                    "-D",
                                    "-o",
                                    "JobID,JobIDRaw,State,ExitCode,ElapsedRaw,AllocCPUS,"
                                    "TotalCPU,MaxRSS,AllocTRES,NodeList,Submit,"
                                    "Start,End,Timelimit,Partition,Reason",
                                    "-j",
                                    NULL};
enum field {
    FIELD_NAME,
    FIELD_ID,
    FIELD_STATE,
    FIELD_EXIT,
    FIELD_ELAPSED,
    FIELD_CPUS,
    FIELD_TIME,
    FIELD_MEMORY,
    FIELD_TRES,
    FIELD_NODE,
    FIELD_SUBMIT,
    FIELD_START,
    FIELD_END,
    FIELD_LIMIT,
    FIELD_PARTITION,
    FIELD_REASON,
    FIELDS,
};

static int64_t number_of(const char *text, int64_t most)
{
    unsigned long number;
    return str_number(text, (unsigned long)most, &number) == 0 ? (int64_t)number : 0;
}

// "[DAYS-[HOURS:]]MINUTES:SECONDS[.milliseconds]"; -1: none of it.
static int64_t time_of(const char *text)
{
    int64_t total = 0;
    int64_t part = 0;
    int digits = 0;
    const char *at = text;
    for (; *at && *at != '.'; at++) {
        if (*at >= '0' && *at <= '9' && digits < 10) {
            part = part * 10 + (*at - '0');
            digits++;
            continue;
        }
        if ((*at != ':' && *at != '-') || !digits || total > INT32_MAX)
            return -1;
        total = (total + part) * (*at == '-' ? 24 : 60);
        part = digits = 0;
    }
    if (!digits)
        return -1;
    int64_t us = (total + part) * 1000000;
    int64_t unit = 100000;
    for (at += *at == '.'; *at >= '0' && *at <= '9' && unit; at++, unit /= 10)
        us += (*at - '0') * unit;
    return *at ? -1 : us;
}

// "3332K", "1.5G", "0"; -1: none. Up to ',' or the end.
static int64_t memory_of(const char *text)
{
    static const char units[] = "KMGTP";
    char *end;
    if (*text < '0' || *text > '9')
        return -1;
    double amount = strtod(text, &end);
    const char *unit = *end ? strchr(units, *end) : NULL;
    if (unit)
        for (const char *each = units; each < unit; each++)
            amount *= 1024;
    else
        amount /= 1024; // bytes
    end += unit != NULL;
    return (!*end || *end == ',') && amount < 1e15 ? (int64_t)amount : -1;
}

// "billing=2,cpu=2,mem=512M,node=1"
static int64_t tres_memory(const char *text)
{
    for (const char *at = text; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (str_starts(at, "mem=")) {
            int64_t memory = memory_of(at + 4);
            return memory > 0 ? memory : 0;
        }
    }
    return 0;
}

// "8124", "8124_3", "8124+1"; "8124_[4-9%2]", which stands for elements that never began.
static int take_name(const char *text, struct slurm_job *job)
{
    if (jobs_word(text, &job->job, &job->element, &job->joint))
        return 0;
    CLEANUP_FREE char *first = mem_dupn(text, strcspn(text, "_"));
    return strstr(text, "_[") && jobs_word(first, &job->job, &job->element, &job->joint) ? 0
                                                                                         : -1;
}

// "CANCELLED by 1000", "CANCELLED+"
static void take_state(struct accounts *accounts, struct account *item, const char *text)
{
    size_t size = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
    CLEANUP_FREE char *word = mem_dupn(text, size);
    item->job.state = jobs_keep(&accounts->text, word);
    item->job.phase = job_phase(word);
    unsigned long by;
    item->by = -1;
    if (str_starts(text + size, " by ") && str_number(text + size + 4, UINT32_MAX, &by) == 0)
        item->by = (long)by;
}

static void take_exit(struct slurm_job *job, const char *text)
{
    size_t size = strcspn(text, ":");
    CLEANUP_FREE char *code = mem_dupn(text, size);
    job->code = (int)number_of(code, 255);
    job->signal = text[size] ? (int)number_of(text + size + 1, 255) : 0;
}

static const char *keep(struct accounts *accounts, const char *text)
{
    int is_nothing = strcmp(text, "None") == 0 || strcmp(text, "None assigned") == 0;
    return jobs_keep(&accounts->text, is_nothing ? "" : text);
}

static void take_job(struct accounts *accounts, char *const *field)
{
    struct account item = {.memory_kb = -1};
    struct slurm_job *job = &item.job;
    if (take_name(field[FIELD_NAME], job) < 0)
        return;
    job->id = (uint32_t)number_of(field[FIELD_ID], UINT32_MAX - 1);
    take_state(accounts, &item, field[FIELD_STATE]);
    take_exit(job, field[FIELD_EXIT]);
    item.elapsed_s = number_of(field[FIELD_ELAPSED], INT32_MAX);
    item.cpu_us = time_of(field[FIELD_TIME]);
    item.paid_kb = tres_memory(field[FIELD_TRES]);
    job->cpus = (unsigned)number_of(field[FIELD_CPUS], INT_MAX);
    job->submit_s = number_of(field[FIELD_SUBMIT], INT64_MAX / 1000000);
    job->start_s = number_of(field[FIELD_START], INT64_MAX / 1000000);
    job->end_s = number_of(field[FIELD_END], INT64_MAX / 1000000);
    if (span_read(field[FIELD_LIMIT], &job->time_us) < 0)
        job->time_us = 0;
    job->node = keep(accounts, field[FIELD_NODE]);
    job->partition = keep(accounts, field[FIELD_PARTITION]);
    job->reason = keep(accounts, field[FIELD_REASON]);
    job->dependency = "";
    mem_room(&accounts->item, &accounts->room, accounts->count + 1, sizeof *accounts->item);
    accounts->item[accounts->count++] = item;
}

// A step stands behind its job.
static void take_step(struct accounts *accounts, char *const *field)
{
    struct account *job = &accounts->item[accounts->count - 1];
    int64_t memory = memory_of(field[FIELD_MEMORY]);
    if (memory > job->memory_kb)
        job->memory_kb = memory;
}

static int compare(const struct slurm_job *left, const struct slurm_job *right)
{
    if (left->job != right->job)
        return left->job < right->job ? -1 : 1;
    return (left->element > right->element) - (left->element < right->element);
}

// By name, and as they came.
static int by_name(const void *a, const void *b, void *context)
{
    const struct account *item = context;
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    int order = compare(&item[left].job, &item[right].job);
    return order ? order : (left > right) - (left < right);
}

static void settle(struct accounts *accounts)
{
    CLEANUP_FREE uint32_t *order = mem_alloc(accounts->count * sizeof *order);
    struct account *sorted = mem_alloc(accounts->count * sizeof *sorted);
    for (uint32_t i = 0; i < accounts->count; i++)
        order[i] = i;
    if (accounts->count)
        qsort_r(order, accounts->count, sizeof *order, by_name, accounts->item);
    for (size_t i = 0; i < accounts->count; i++) {
        sorted[i] = accounts->item[order[i]];
        if (i && compare(&sorted[i].job, &sorted[i - 1].job) == 0)
            sorted[i].job.restarts = sorted[i - 1].job.restarts + 1;
    }
    free(accounts->item);
    accounts->item = sorted;
    accounts->room = accounts->count;
}

void accounts_read(const char *text, struct accounts *ret)
{
    CLEANUP_STRV struct strv lines = {0};
    strv_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        CLEANUP_STRV struct strv field = {0};
        strv_split(&field, lines.item[i], '|');
        if (field.count < FIELDS)
            continue;
        if (!strchr(field.item[FIELD_NAME], '.'))
            take_job(ret, field.item);
        else if (ret->count)
            take_step(ret, field.item);
    }
    settle(ret);
}

void accounts_free(struct accounts *accounts)
{
    free(accounts->item);
    jobs_free(&accounts->text);
    *accounts = (struct accounts){0};
}

const struct account *accounts_find(const struct accounts *accounts, uint32_t job,
                                    uint32_t element)
{
    const struct slurm_job wanted = {.job = job, .element = element};
    size_t low = 0;
    for (size_t high = accounts->count; low < high;) { // the first behind it
        size_t middle = low + (high - low) / 2;
        if (compare(&accounts->item[middle].job, &wanted) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low || compare(&accounts->item[low - 1].job, &wanted) != 0)
        return NULL;
    return &accounts->item[low - 1];
}

const char *const accounts_ask_live[] = {
    "sstat", "-n", "-P", "-a", "-o", "JobID,MaxRSS,AveCPU,NTasks", "-j", NULL};

// A line for each step: "15.batch|4860K|00:00:04|1". Of an array it may say those of others too.
void accounts_read_live(const char *text, uint32_t id, struct account *ret)
{
    CLEANUP_STRV struct strv lines = {0};
    CLEANUP_FREE char *begin = mem_print("%u.", id);
    ret->cpu_us = ret->memory_kb = -1;
    strv_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        CLEANUP_STRV struct strv field = {0};
        strv_split(&field, lines.item[i], '|');
        if (field.count < 4 || !str_starts(field.item[0], begin))
            continue;
        int64_t memory = memory_of(field.item[1]);
        int64_t each = time_of(field.item[2]);
        int64_t tasks = number_of(field.item[3], INT16_MAX);
        if (memory > ret->memory_kb)
            ret->memory_kb = memory;
        if (each >= 0 && each < INT64_C(1) << 46)
            ret->cpu_us = (ret->cpu_us < 0 ? 0 : ret->cpu_us) + each * tasks;
    }
}

int accounts_exist(const char *config)
{
    static const char key[] = "AccountingStorageType";
    const char *at = strstr(config, key);
    if (!at || (at != config && at[-1] != '\n'))
        return 0;
    at += sizeof key - 1;
    at += strspn(at, " =");
    return str_starts(at, "accounting_storage/") && !str_starts(at, "accounting_storage/none");
}
