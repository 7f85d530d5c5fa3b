// SPDX-License-Identifier: Apache-2.0
// explain_array: arrays, and all jobs of a user: a line for what is the same.
#include "base/clock.h"
#include "base/human.h"
#include "base/lang.h"
#include "cli/explain_job.h"
#include "cli/explain_lines.h"
#include "cli/job_words.h"
#include "cli/say.h"

#define SECOND_US INT64_C(1000000)

enum { RANGES_SHOWN = 6 };

// "3 run, 7 wait: Priority: other jobs..."
static void add_group(struct str *into, const struct explain_group *group)
{
    const struct slurm_job *job = group->first;
    struct job_view view;
    switch (job->phase) {
    case JOB_WAITS:
        str_print(into, lang_plural("%zu waits: ", "%zu wait: ", group->count), group->count);
        explain_add_reason(into, job->reason);
        return;
    case JOB_RUNS:
        str_print(into, lang_plural("%zu runs", "%zu run", group->count), group->count);
        return;
    case JOB_LEAVING:
        str_print(into, lang_plural("%zu is ending", "%zu are ending", group->count),
                  group->count);
        return;
    case JOB_OVER:
    case JOB_ABSENT: break;
    }
    str_print(into, lang_plural("%zu ended: ", "%zu ended: ", group->count), group->count);
    jobs_view(job, &view);
    job_words_add(into, &view, NULL);
    if (group->code)
        str_print(into, " [%s]", err_name(group->code));
}

static void add_elements(struct str *into, const struct explain_group *group)
{
    if (!group->first->joint)
        return;
    CLEANUP_STR struct str elements = {0};
    str_print(&elements, "%u%c", group->first->job, group->first->joint);
    job_words_elements(&elements, group->element, group->count, RANGES_SHOWN);
    explain_add_further(into, "   ", elements.text);
}

// The soonest of those that wait.
static int64_t first_start(const struct slurm_job *job, size_t count)
{
    int64_t start_s = 0;
    for (size_t i = 0; i < count; i++)
        if (job[i].phase == JOB_WAITS && job[i].start_s &&
            (!start_s || job[i].start_s < start_s))
            start_s = job[i].start_s;
    return start_s;
}

static void add_row(struct str *into, const struct slurm_job *job, size_t count)
{
    CLEANUP_GROUPS struct explain_groups groups = {0};
    CLEANUP_STR struct str name = {0};
    explain_groups_make(job, count, &groups);
    int64_t start_s = first_start(job, count);
    say_add_label(into, _("job"));
    if (count > 1)
        str_print(into, _("%u   array, %zu elements\n"), job->job, count);
    for (size_t i = 0; i < groups.count; i++) {
        if (count > 1)
            say_add_label(into, "");
        else {
            jobs_add_name(&name, job);
            str_print(into, "%s   ", name.text);
        }
        add_group(into, &groups.item[i]);
        if (count > 1)
            add_elements(into, &groups.item[i]);
        str_add_char(into, '\n');
    }
    if (start_s) {
        say_add_label(into, _("start"));
        explain_add_time(into, start_s, clock_wall_us() / SECOND_US);
        str_add(into, _(" as Slurm expects it now\n"));
    }
}

void explain_text_array(struct str *into, const struct job_facts *facts)
{
    CLEANUP_GROUPS struct explain_groups groups = {0};
    add_row(into, facts->job, facts->count);
    explain_groups_make(facts->job, facts->count, &groups);
    for (size_t i = 0; i < groups.count; i++) {
        CLEANUP_STR struct str name = {0};
        const struct slurm_job *first = groups.item[i].first;
        if (first->phase != JOB_WAITS)
            continue;
        str_print(&name, "%u", first->job);
        explain_add_cure(into, first->reason, name.text);
    }
}

void explain_text_all(struct str *into, const struct job_facts *facts)
{
    size_t before = into->size;
    for (size_t i = 0, next; i < facts->count; i = next) {
        int is_live = 0;
        for (next = i; next < facts->count && facts->job[next].job == facts->job[i].job; next++)
            is_live |= facts->job[next].phase != JOB_OVER;
        if (is_live)
            add_row(into, &facts->job[i], next - i);
    }
    if (into->size > before)
        return;
    say_add_label(into, _("job"));
    str_add(into, _("none of yours is in the queue\n"));
}

void explain_text_age(struct str *into, const struct job_facts *facts)
{
    if (facts->said.age_us < SECOND_US)
        return;
    CLEANUP_STR struct str age = {0};
    human_duration(&age, facts->said.age_us);
    say_add_label(into, _("asked"));
    str_print(into, _("%s ago; Slurm is asked once a minute\n"), age.text);
}
