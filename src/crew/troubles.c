// SPDX-License-Identifier: Apache-2.0
// troubles: Slurm's word for an end where it still has one; else what the parcel left behind.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "crew/crew.h"

enum { LOG_TAIL = 4096 };

struct list {
    struct crew_trouble *item;
    size_t count, room;
};

static int code_of(enum crew_fate fate)
{
    static const int codes[] = {
        [FATE_REFUSED] = ERR_REFUSED,     [FATE_NODE] = ERR_NODE_LOST,
        [FATE_TIME] = ERR_TIME_LIMIT,     [FATE_MEMORY] = ERR_MEMORY_LIMIT,
        [FATE_CANCELLED] = ERR_CANCELLED, [FATE_PREEMPTED] = ERR_CANCELLED,
        [FATE_NEVER] = ERR_REFUSED,       [FATE_STATUS] = ERR_EXIT_CODE,
        [FATE_GONE] = ERR_NODE_LOST,      [FATE_DIED] = ERR_NODE_LOST,
        [FATE_LEFT] = ERR_NONE,
    };
    return codes[fate];
}

// "[over-limit] 4 cores asked for": the name's code, and *why behind it.
static int take_name(const char **why)
{
    const char *end = **why == '[' ? strstr(*why, "] ") : NULL;
    if (!end)
        return ERR_REFUSED;
    CLEANUP_FREE char *name = mem_dupn(*why + 1, (size_t)(end - *why - 1));
    int code = err_code_of(name);
    if (!code)
        return ERR_REFUSED;
    *why = end + 2;
    return code;
}

static void add(struct list *list, struct crew_trouble trouble)
{
    for (size_t i = 0; i < list->count; i++) {
        struct crew_trouble *same = &list->item[i];
        if (same->fate != trouble.fate || same->code != trouble.code ||
            same->status != trouble.status || strcmp(same->why, trouble.why) != 0)
            continue;
        same->count++;
        return;
    }
    mem_room(&list->item, &list->room, list->count + 1, sizeof *list->item);
    list->item[list->count++] = trouble;
}

char *crew_log(int run_dir, const struct crew_job *job)
{
    if (!job)
        return NULL;
    const char *number = job->submission->job;
    CLEANUP_FREE char *plain = mem_print("slurm-%s.log", number);
    CLEANUP_FREE char *element = mem_print(
        "slurm-%s_%u.log", number, job->element == JOBS_WHOLE ? 1 : (unsigned)job->element);
    return faccessat(run_dir, element, F_OK, 0) == 0 ? TAKE(element)
           : faccessat(run_dir, plain, F_OK, 0) == 0 ? TAKE(plain)
                                                     : NULL;
}

// The end of what Slurm wrote for a job; "" if there is nothing.
static void read_tail(int run_dir, const struct crew_job *job, char tail[LOG_TAIL + 1])
{
    CLEANUP_FREE char *name = crew_log(run_dir, job);
    CLEANUP_CLOSE int fd = name ? openat(run_dir, name, O_RDONLY | O_CLOEXEC) : -1;
    struct stat st;
    ssize_t got = 0;
    if (fd >= 0 && fstat(fd, &st) == 0)
        got = pread(fd, tail, LOG_TAIL, st.st_size > LOG_TAIL ? st.st_size - LOG_TAIL : 0);
    tail[got > 0 ? got : 0] = '\0';
}

// Slurm without control groups ends what is over its memory as FAILED, and tells the log why.
static int is_over_memory(int run_dir, const struct crew_job *job)
{
    char tail[LOG_TAIL + 1];
    read_tail(run_dir, job, tail);
    return strstr(tail, "xceeded job memory limit") || strstr(tail, " exceeded memory limit");
}

// It ended in order, but for want of time nothing came to its end: a line that says so names what to type.
static int was_in_vain(int run_dir, const struct crew_job *job)
{
    char tail[LOG_TAIL + 1];
    read_tail(run_dir, job, tail);
    return strstr(tail, "lopin resume ") && strstr(tail, " -t ...");
}

// What Slurm says of the end of a job; -1: nothing.
static int fate_of(const struct slurm_job *said, int *ret_status)
{
    struct job_view view;
    if (!said || said->phase != JOB_OVER)
        return -1;
    jobs_view(said, &view);
    switch (job_cause(&view, NULL)) {
    case CAUSE_TIME: return FATE_TIME;
    case CAUSE_MEMORY: return FATE_MEMORY;
    case CAUSE_NODE: return FATE_NODE;
    case CAUSE_CANCELLED: return FATE_CANCELLED;
    case CAUSE_PREEMPTED: return FATE_PREEMPTED;
    case CAUSE_NEVER: return FATE_NEVER;
    case CAUSE_KILLED: return FATE_DIED;
    case CAUSE_NONE: break;
    }
    *ret_status = view.code;
    return view.code ? FATE_STATUS : -1;
}

// A parcel that is neither alive nor began again here.
static void add_parcel(const struct crew *crew, int run_dir, const struct parcel_look *parcel,
                       struct list *list)
{
    const struct crew_job *job = crew_job_of(crew, parcel);
    const struct slurm_job *said = job ? job->said : NULL;
    struct crew_trouble trouble = {
        .count = 1, .why = "", .first = job, .node = crew_node(crew, parcel)};
    int status = 0;
    int is_requeued = said && said->restarts > parcel->restart;
    int fate = is_requeued ? -1 : fate_of(said, &status);
    int is_known = fate >= 0 && fate != FATE_STATUS;
    if (*parcel->why) {
        trouble.fate = FATE_REFUSED;
        trouble.why = parcel->why;
        trouble.code = take_name(&trouble.why);
        add(list, trouble);
        return;
    }
    if (parcel->is_over && !parcel->left)
        return;
    if (parcel->is_over)
        // A round without chunks is made by who cancels; Slurm's answer may be of before that.
        trouble.fate = is_known                    ? (enum crew_fate)fate
                       : !crew->is_in_force        ? FATE_CANCELLED
                       : was_in_vain(run_dir, job) ? FATE_TIME
                                                   : FATE_LEFT;
    else if (is_requeued)
        trouble.fate = FATE_NODE;
    else
        trouble.fate = is_known                       ? (enum crew_fate)fate
                       : is_over_memory(run_dir, job) ? FATE_MEMORY
                                                      : FATE_DIED;
    trouble.code = code_of(trouble.fate);
    add(list, trouble);
}

// A job that ended before it had a parcel.
static void add_job(const struct crew *crew, const struct crew_job *job, struct list *list)
{
    struct crew_trouble trouble = {
        .count = 1, .why = "", .first = job, .node = job->said ? job->said->node : ""};
    int fate = fate_of(job->said, &trouble.status);
    if (!job->said && crew->is_known && crew->is_in_force)
        fate = FATE_GONE;
    if (fate < 0)
        return; // it found nothing to do
    trouble.fate = (enum crew_fate)fate;
    trouble.code = code_of(trouble.fate);
    add(list, trouble);
}

static int by_count(const void *a, const void *b)
{
    const struct crew_trouble *left = a, *right = b;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return (left->fate > right->fate) - (left->fate < right->fate);
}

struct crew_trouble *crew_troubles(const struct crew *crew, int run_dir, size_t *ret_count)
{
    struct list list = {0};
    for (size_t i = 0; i < crew->parcels; i++) {
        const struct parcel_look *parcel = &crew->parcel[i];
        if (!parcel->is_alive && !parcel->is_fenced && parcel->round == crew->round)
            add_parcel(crew, run_dir, parcel, &list);
    }
    for (size_t i = 0; i < crew->jobs; i++)
        if (!crew->job[i].parcel && crew->job[i].way == CREW_ENDED)
            add_job(crew, &crew->job[i], &list);
    if (list.count)
        qsort(list.item, list.count, sizeof *list.item, by_count);
    *ret_count = list.count;
    return list.item;
}
