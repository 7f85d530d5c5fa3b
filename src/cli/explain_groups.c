// SPDX-License-Identifier: Apache-2.0
// explain_groups: of an array of thousands a handful of things is to be said.
#include <stdlib.h>
#include <string.h>

#include "cli/explain_job.h"
#include "cli/job_words.h"

static int code_of(const struct slurm_job *job)
{
    struct job_view view;
    if (job->phase != JOB_OVER)
        return ERR_NONE;
    jobs_view(job, &view);
    return job_words_code(&view, NULL);
}

// Of those that wait the reason counts, of those that ended the kind of end.
static int is_same(const struct explain_group *group, const struct slurm_job *job, int code)
{
    const struct slurm_job *first = group->first;
    if (first->phase != job->phase || group->code != code)
        return 0;
    if (job->phase == JOB_WAITS)
        return strcmp(first->reason, job->reason) == 0;
    return code != ERR_EXIT_CODE || first->code == job->code;
}

static struct explain_group *group_of(struct explain_groups *groups,
                                      const struct slurm_job *job)
{
    int code = code_of(job);
    for (size_t i = 0; i < groups->count; i++)
        if (is_same(&groups->item[i], job, code))
            return &groups->item[i];
    mem_room(&groups->item, &groups->room, groups->count + 1, sizeof *groups->item);
    struct explain_group *made = &groups->item[groups->count++];
    *made = (struct explain_group){.first = job, .code = code};
    return made;
}

// In the order of a job's life; what ended badly before what ended well.
static int by_phase(const void *a, const void *b)
{
    const struct explain_group *left = a;
    const struct explain_group *right = b;
    if (left->first->phase != right->first->phase)
        return left->first->phase > right->first->phase ? 1 : -1;
    if (!left->code != !right->code)
        return left->code ? -1 : 1;
    return (left->count < right->count) - (left->count > right->count);
}

void explain_groups_make(const struct slurm_job *job, size_t count, struct explain_groups *ret)
{
    for (size_t i = 0; i < count; i++) {
        struct explain_group *group = group_of(ret, &job[i]);
        // Room is doubled whenever the count is a power of two.
        if ((group->count & (group->count - 1)) == 0)
            group->element = mem_resize(group->element, group->count ? 2 * group->count : 1,
                                        sizeof *group->element);
        group->element[group->count++] = job[i].element;
    }
    if (ret->count)
        qsort(ret->item, ret->count, sizeof *ret->item, by_phase);
}

void explain_groups_free(struct explain_groups *groups)
{
    for (size_t i = 0; i < groups->count; i++)
        free(groups->item[i].element);
    free(groups->item);
    *groups = (struct explain_groups){0};
}
