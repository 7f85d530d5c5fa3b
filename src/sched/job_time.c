// SPDX-License-Identifier: Apache-2.0
#include "sched/job_time.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/span.h"
#include "sched/slurm.h"

#define SECOND_US 1000000LL
enum { ASK_US = 10000000 };

int64_t job_time_left(const struct vars *vars)
{
    const char *end = vars_get(vars, "SLURM_JOB_END_TIME");
    const char *job = vars_get(vars, "SLURM_JOB_ID");
    if (end && isdigit((unsigned char)*end)) {
        int64_t left_us = strtoll(end, NULL, 10) * SECOND_US - clock_wall_us();
        return left_us > 0 ? left_us : 1;
    }
    if (!job)
        return 0;
    CLEANUP_ANSWER struct slurm_answer answer = {0};
    char *const words[] = {(char *)"squeue", (char *)"-h", (char *)"-o", (char *)"%L",
                           (char *)"-j",     (char *)job,  NULL};
    const struct slurm_ask ask = {.argv = words, .vars = vars, .time_us = ASK_US};
    struct err ignored = {0};
    if (slurm_call(&ask, &answer, &ignored) < 0 || answer.status)
        return 0;
    char *text = answer.out.text;
    int64_t left_us = 0;
    if (text)
        text[strcspn(text, "\n")] = '\0';
    // neither "UNLIMITED" nor "INVALID" is one
    return text && span_read(text, &left_us) == 0 ? left_us : 0;
}
