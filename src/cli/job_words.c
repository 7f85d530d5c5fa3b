// SPDX-License-Identifier: Apache-2.0
#include "cli/job_words.h"

#include "base/lang.h"
#include "base/mem.h"
#include "sched/limits.h"

static void fill_time(const struct job_view *view, const char *job, struct err *err)
{
    CLEANUP_STR struct str limit = {0};
    CLEANUP_STR struct str more = {0};
    limits_add_time(&limit, view->time_us);
    limits_add_time(&more, view->time_us * 2);
    err_set(err, ERR_TIME_LIMIT, _("the time of job %s, %s, was over"), job, limit.text);
    err_hint(err, "try", "lopin run --slurm -t %s ...", more.text);
}

int job_words_error(const struct job_view *view, const struct job_end *end, const char *job,
                    struct err *err)
{
    switch (job_cause(view, end)) {
    case CAUSE_NONE: return 0;
    case CAUSE_TIME: fill_time(view, job, err); return 1;
    case CAUSE_MEMORY:
        err_set(err, ERR_MEMORY_LIMIT, _("job %s needed more memory than it had"), job);
        err_hint(err, "more", "lopin explain %s", job);
        return 1;
    case CAUSE_NODE:
        err_set(err, ERR_NODE_LOST, _("the node of job %s failed: %s"), job, view->nodes);
        err_hint(err, "try", _("the same line again"));
        return 1;
    case CAUSE_CANCELLED: err_set(err, ERR_CANCELLED, _("job %s was cancelled"), job); return 1;
    case CAUSE_PREEMPTED:
        err_set(err, ERR_CANCELLED, _("job %s had to make room for another"), job);
        err_hint(err, "try", _("the same line again"));
        return 1;
    case CAUSE_NEVER:
        err_set(err, ERR_REFUSED, _("the script of job %s could not be started"), job);
        err_hint(err, "found", "%s (%s)", view->state, view->reason);
        return 1;
    case CAUSE_KILLED: break;
    }
    if (view->phase == JOB_ABSENT || !*view->state)
        err_set(err, ERR_NODE_LOST, _("job %s is gone, and it left no record of its end"), job);
    else
        err_set(err, ERR_SIGNAL, _("job %s ended without a record: %s (%s)"), job, view->state,
                view->reason);
    return 1;
}

static int status_of(const struct job_view *view, const struct job_end *end)
{
    return end ? end->status : view->code;
}

int job_words_code(const struct job_view *view, const struct job_end *end)
{
    static const int codes[] = {
        [CAUSE_NONE] = ERR_NONE,           [CAUSE_TIME] = ERR_TIME_LIMIT,
        [CAUSE_MEMORY] = ERR_MEMORY_LIMIT, [CAUSE_NODE] = ERR_NODE_LOST,
        [CAUSE_CANCELLED] = ERR_CANCELLED, [CAUSE_PREEMPTED] = ERR_CANCELLED,
        [CAUSE_KILLED] = ERR_SIGNAL,       [CAUSE_NEVER] = ERR_REFUSED,
    };
    int code = codes[job_cause(view, end)];
    return code == ERR_NONE && status_of(view, end) ? ERR_EXIT_CODE : code;
}

void job_words_add(struct str *into, const struct job_view *view, const struct job_end *end)
{
    switch (job_cause(view, end)) {
    case CAUSE_TIME: str_add(into, _("its time was over")); return;
    case CAUSE_MEMORY: str_add(into, _("it needed more memory than it had")); return;
    case CAUSE_NODE: str_add(into, _("its node failed")); return;
    case CAUSE_CANCELLED: str_add(into, _("it was cancelled")); return;
    case CAUSE_PREEMPTED: str_add(into, _("it had to make room for another job")); return;
    case CAUSE_NEVER: str_add(into, _("its script could not be started")); return;
    case CAUSE_KILLED:
        if (view->signal)
            str_print(into, _("it was killed by signal %d"), view->signal);
        else
            str_add(into, _("it was killed, and Slurm does not say why"));
        return;
    case CAUSE_NONE: break;
    }
    if (status_of(view, end))
        str_print(into, _("it ended with status %d"), status_of(view, end));
    else
        str_add(into, _("it ended well"));
}

void job_words_elements(struct str *into, const uint32_t *element, size_t count, size_t most)
{
    for (size_t i = 0, ranges = 0; i < count; ranges++) {
        size_t last = i;
        while (last + 1 < count && element[last + 1] == element[last] + 1)
            last++;
        if (ranges)
            str_add_char(into, ',');
        if (ranges == most) {
            str_add(into, "...");
            return;
        }
        str_print(into, "%u", element[i]);
        if (last > i)
            str_print(into, "-%u", element[last]);
        i = last + 1;
    }
}
