// SPDX-License-Identifier: Apache-2.0
// explain_json: what is not known is null, never absent.
#include <string.h>

#include "base/lang.h"
#include "cli/explain_job.h"
#include "cli/job_words.h"
#include "cli/json_text.h"
#include "cli/say.h"
#include "sched/reason.h"

static const char *const phases[] = {
    [JOB_ABSENT] = "absent",  [JOB_WAITS] = "waiting", [JOB_RUNS] = "running",
    [JOB_LEAVING] = "ending", [JOB_OVER] = "ended",
};

static void put(json_t *object, const char *name, int is_known, json_int_t value)
{
    json_object_set_new(object, name, is_known ? json_integer(value) : json_null());
}

static void put_words(json_t *object, const char *name, const char *text)
{
    json_put_text(object, name, text && *text ? text : NULL);
}

static void put_reason(json_t *object, const struct slurm_job *job)
{
    struct reason reason;
    CLEANUP_STR struct str words = {0};
    int waits = job->phase == JOB_WAITS;
    int is_known = reason_look(job->reason, &reason) == 0;
    if (waits)
        reason_add(&words, job->reason);
    put_words(object, "reason", job->reason);
    put_words(object, "words", words.text);
    json_object_set_new(object, "never_starts",
                        json_boolean(waits && is_known && reason.never));
}

static void put_end(json_t *object, const struct job_view *view, const struct job_end *end)
{
    int code = job_words_code(view, end);
    CLEANUP_STR struct str words = {0};
    job_words_add(&words, view, end);
    put_words(object, "cause", err_name(code));
    put_words(object, "words", words.text);
    put(object, "status", 1, end ? end->status : view->code);
    put(object, "signal", view->signal > 0, view->signal);
}

static json_t *job_json(const struct slurm_job *job)
{
    struct job_view view;
    json_t *object = json_object();
    CLEANUP_STR struct str name = {0};
    jobs_add_name(&name, job);
    jobs_view(job, &view);
    json_object_set_new(object, "v", json_integer(1));
    json_put_text(object, "job", name.text);
    json_object_set_new(object, "phase", json_string(phases[job->phase]));
    put_words(object, "state", job->state);
    put_reason(object, job);
    put(object, "restarts", 1, job->restarts);
    put(object, "cores", job->cpus > 0, job->cpus);
    put_words(object, "partition", job->partition);
    put_words(object, "nodes", job->node);
    put_words(object, "dependency", job->dependency);
    put(object, "submitted", job->submit_s > 0, job->submit_s);
    put(object, "start", job->start_s > 0, job->start_s);
    put(object, "end", job->end_s > 0, job->end_s);
    json_object_set_new(object, "time_limit_s",
                        job->time_us ? json_seconds(job->time_us) : json_null());
    json_object_set_new(object, "cause", json_null());
    json_object_set_new(object, "status", json_null());
    json_object_set_new(object, "signal", json_null());
    if (job->phase == JOB_OVER)
        put_end(object, &view, NULL);
    return object;
}

// What only a job alone has.
static void put_used(json_t *object, const struct job_facts *facts)
{
    const struct account *used = &facts->used;
    json_object_set_new(object, "cpu_s",
                        used->cpu_us >= 0 ? json_seconds(used->cpu_us) : json_null());
    put(object, "elapsed_s", facts->has_used, used->elapsed_s);
    put(object, "memory_kb", used->memory_kb >= 0, used->memory_kb);
    put(object, "memory_limit_kb", used->paid_kb > 0, used->paid_kb);
    put(object, "cancelled_by", used->by >= 0, used->by);
    put_words(object, "log", facts->detail.out);
}

static json_t *record_json(const struct job_facts *facts, const char *name)
{
    const struct job_view none = {0};
    json_t *object = json_object();
    json_object_set_new(object, "v", json_integer(1));
    json_put_text(object, "job", name);
    json_object_set_new(object, "phase", json_string(phases[JOB_OVER]));
    json_object_set_new(object, "state", json_null());
    put_words(object, "nodes", facts->end.node);
    put(object, "restarts", 1, facts->end.restart);
    put(object, "end", 1, facts->end.ended_s);
    put_end(object, &none, &facts->end);
    return object;
}

static json_t *array_json(const struct job_facts *facts)
{
    CLEANUP_GROUPS struct explain_groups groups = {0};
    json_t *object = json_object();
    json_t *list = json_array();
    CLEANUP_FREE char *number = mem_print("%u", facts->job->job);
    explain_groups_make(facts->job, facts->count, &groups);
    json_object_set_new(object, "v", json_integer(1));
    json_put_text(object, "job", number);
    put(object, "elements", 1, (json_int_t)facts->count);
    for (size_t i = 0; i < groups.count; i++) {
        CLEANUP_STR struct str elements = {0};
        json_t *group = job_json(groups.item[i].first);
        job_words_elements(&elements, groups.item[i].element, groups.item[i].count, SIZE_MAX);
        put(group, "count", 1, (json_int_t)groups.item[i].count);
        put_words(group, "elements", str_text(&elements));
        json_array_append_new(list, group);
    }
    json_object_set_new(object, "groups", list);
    return object;
}

static json_t *one_json(const struct job_facts *facts, const char *name)
{
    if (!facts->count)
        return record_json(facts, name);
    if (facts->count > 1)
        return array_json(facts);
    json_t *object = job_json(facts->job);
    if (facts->job->phase == JOB_OVER && facts->has_end) {
        struct job_view view;
        jobs_view(facts->job, &view);
        put_end(object, &view, &facts->end);
    }
    put_used(object, facts);
    return object;
}

int explain_json(const struct cli *cli, const struct job_facts *facts, const char *name,
                 struct err *err)
{
    CLEANUP_STR struct str text = {0};
    if (name) {
        json_t *object = one_json(facts, name);
        json_object_set_new(object, "asked",
                            facts->said.asked_s ? json_integer(facts->said.asked_s)
                                                : json_null());
        return json_say(cli, object, err);
    }
    for (size_t i = 0; i < facts->count; i++)
        if (facts->job[i].phase != JOB_OVER)
            json_add_line(&text, job_json(&facts->job[i]));
    return say_data(cli, &text, err);
}
