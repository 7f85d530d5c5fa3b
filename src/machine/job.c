// SPDX-License-Identifier: Apache-2.0
// job: the variables of sbatch(1) and srun(1), "OUTPUT ENVIRONMENT VARIABLES". They count only with
// SLURM_JOB_ID: people put some of them into their shells.
#include "machine/job.h"

#include <stdlib.h>
#include <string.h>

#include "machine/cpuset.h"

#define MEMORY_MAX (1UL << 40) // MiB

// Entry number `index` of Slurm's "4(x2),2"; the first one if there are not so many. 0 if
// unreadable.
static unsigned long compressed(const char *text, unsigned long index)
{
    unsigned long first = 0;
    for (const char *at = text; at && *at;) {
        char *rest;
        unsigned long value = strtoul(at, &rest, 10), times = 1;
        if (rest == at)
            return 0;
        if (rest[0] == '(' && rest[1] == 'x')
            times = strtoul(rest + 2, &rest, 10);
        if (!first)
            first = value;
        if (index < times)
            return value;
        index -= times;
        at = strchr(rest, ',');
        at = at ? at + 1 : NULL;
    }
    return first;
}

static unsigned long number(const struct vars *vars, const char *name, unsigned long most)
{
    const char *text = vars_get(vars, name);
    unsigned long value;
    return text && str_number(text, most, &value) == 0 ? value : 0;
}

// How many tasks srun started on this node: 1 in the batch script.
static unsigned long step_tasks(const struct vars *vars)
{
    const char *list = vars_get(vars, "SLURM_STEP_TASKS_PER_NODE");
    return list ? compressed(list, number(vars, "SLURM_NODEID", CPUSET_MAX)) : 1;
}

static unsigned long node_cpus(const struct vars *vars)
{
    unsigned long all = number(vars, "SLURM_CPUS_ON_NODE", CPUSET_MAX);
    const char *list = vars_get(vars, "SLURM_JOB_CPUS_PER_NODE");
    return all || !list ? all : compressed(list, number(vars, "SLURM_NODEID", CPUSET_MAX));
}

size_t job_cpus(const struct vars *vars)
{
    if (!vars || !vars_get(vars, "SLURM_JOB_ID"))
        return 0;
    unsigned long each = number(vars, "SLURM_CPUS_PER_TASK", CPUSET_MAX);
    unsigned long all = node_cpus(vars);
    // One of several tasks that srun started here has its part only; the batch script has all.
    unsigned long tasks = step_tasks(vars);
    if (tasks > 1 && all && (!each || each * tasks > all))
        each = all / tasks ? all / tasks : 1;
    return tasks > 1 || !all ? each : all;
}

int64_t job_memory_kb(const struct vars *vars)
{
    if (!vars || !vars_get(vars, "SLURM_JOB_ID"))
        return 0;
    unsigned long node = number(vars, "SLURM_MEM_PER_NODE", MEMORY_MAX);
    unsigned long each = number(vars, "SLURM_MEM_PER_CPU", MEMORY_MAX);
    unsigned long tasks = step_tasks(vars);
    if (node)
        return (int64_t)(node / (tasks ? tasks : 1)) * 1024;
    return (int64_t)(each * job_cpus(vars)) * 1024;
}
