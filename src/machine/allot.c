// SPDX-License-Identifier: Apache-2.0
// allot: affinity, then Slurm's numbers, then the cgroup's quota, each of them only ever taking
// away.
//
// Affinity says which CPUs; the other two say only how many, so cores are chosen: near each
// other, and near where we run now, as the scheduler put us on an idle core and two jobs that
// each chose the machine's first cores would share them. A quota is time, not hardware: one
// logical CPU of each core gives the most for it. Invariant: at least one core with at least
// one CPU is left.
#include "machine/allot.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "machine/cgroup.h"
#include "machine/job.h"
#include "machine/slots.h"
#include "machine/topo.h"

static int compare_cores(const void *left, const void *right)
{
    const struct core *a = left, *b = right;
    int order[] = {a->package - b->package, a->numa - b->numa, a->cache - b->cache,
                   a->id - b->id};
    for (size_t i = 0; i < COUNT(order); i++)
        if (order[i])
            return order[i];
    return 0;
}

// The physical cores that have a CPU in the mask, sorted by place.
static void gather_cores(const struct topo *topo, const struct cpuset *mask, struct allot *ret)
{
    CLEANUP_FREE size_t *place =
        mem_zero(topo->count, sizeof(*place)); // index + 1 by core's name
    ret->core = mem_zero(topo->cores, sizeof(*ret->core));
    ret->machine_cores = topo->cores;
    for (int i = cpuset_first(mask); i >= 0; i = cpuset_next(mask, i)) {
        const struct topo_cpu *cpu = topo->cpu + i;
        if (!place[cpu->core]) {
            ret->core[ret->cores++] = (struct core){.package = cpu->package,
                                                    .numa = cpu->numa,
                                                    .cache = cpu->cache,
                                                    .id = cpu->core};
            place[cpu->core] = ret->cores;
        }
        cpuset_add(&ret->core[place[cpu->core] - 1].cpus, (unsigned)i);
    }
    qsort(ret->core, ret->cores, sizeof(*ret->core), compare_cores);
}

size_t allot_cpus(const struct allot *allot)
{
    size_t count = 0;
    for (size_t i = 0; i < allot->cores; i++)
        count += cpuset_count(&allot->core[i].cpus);
    return count;
}

// Keeps only `width` cores, near each other and near the CPU `here`.
static void keep_cores(struct allot *allot, size_t width, int here)
{
    if (width >= allot->cores)
        return;
    CLEANUP_FREE unsigned char *taken = mem_zero(allot->cores, 1);
    CLEANUP_FREE size_t *index = mem_zero(width, sizeof(*index));
    long near = -1;
    for (size_t i = 0; i < allot->cores && here >= 0; i++)
        if (cpuset_has(&allot->core[i].cpus, (unsigned)here))
            near = (long)i;
    slots_choose(allot, taken, width, near, index);
    for (size_t i = 0; i < width; i++)
        allot->core[i] = allot->core[index[i]]; // ascending, so never over one still to come
    allot->cores = width;
}

// Keeps only the first `count` CPUs of a core.
static void keep_cpus(struct core *core, size_t count)
{
    struct cpuset kept = {0};
    for (int i = cpuset_first(&core->cpus); i >= 0 && count; i = cpuset_next(&core->cpus, i)) {
        cpuset_add(&kept, (unsigned)i);
        count--;
    }
    core->cpus = kept;
}

// Slurm's number counts logical CPUs: whole cores until it is used, the last one perhaps in
// part.
static void keep_whole(struct allot *allot, size_t cpus, int here)
{
    size_t width = 0, sum = 0;
    while (width < allot->cores && sum < cpus)
        sum += cpuset_count(&allot->core[width++].cpus);
    keep_cores(allot, width, here);
    for (size_t i = 0; i < allot->cores; i++) {
        size_t have = cpuset_count(&allot->core[i].cpus);
        keep_cpus(allot->core + i, have < cpus ? have : cpus);
        cpus -= have < cpus ? have : cpus;
        if (!cpus)
            allot->cores = i + 1; // cores of several sizes: those chosen may be larger
    }
}

// A quota's number: one CPU of each core, siblings only when the cores do not suffice.
static void keep_spread(struct allot *allot, size_t cpus, int here)
{
    keep_cores(allot, cpus, here);
    CLEANUP_FREE size_t *share = mem_zero(allot->cores, sizeof(*share));
    for (size_t given = 1; given;) {
        given = 0;
        for (size_t i = 0; i < allot->cores && cpus; i++) {
            if (share[i] < cpuset_count(&allot->core[i].cpus)) {
                share[i]++;
                given++;
                cpus--;
            }
        }
    }
    for (size_t i = 0; i < allot->cores; i++)
        keep_cpus(allot->core + i, share[i]);
}

static int read_affinity(const struct machine_source *source, struct cpuset *ret,
                         struct err *err)
{
    if (source->affinity) {
        *ret = *source->affinity;
        return 0;
    }
    *ret = (struct cpuset){0};
    if (sched_getaffinity(0, sizeof(ret->bits), (cpu_set_t *)ret->bits) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot read the CPU affinity"));
    return 0;
}

void allot_keep(struct allot *allot, size_t width)
{
    keep_cores(allot, width, sched_getcpu());
}

// Leaves out the cores that others hold.
static void leave_busy(struct allot *allot, const struct cpuset *busy)
{
    size_t kept = 0;
    for (size_t i = 0; i < allot->cores; i++)
        if (!cpuset_has(busy, (unsigned)allot->core[i].id))
            allot->core[kept++] = allot->core[i];
    if (kept < allot->cores)
        allot->limit = ALLOT_BUSY;
    allot->cores = kept;
}

static void keep_quota(struct allot *allot, const struct machine_source *source, int here)
{
    struct cgroup_quota quota[CGROUP_QUOTAS];
    size_t count = cgroup_quotas(source->root, quota);
    size_t cpus = allot_cpus(allot), time = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        if (!i || quota[i].cpus < allot->quota)
            allot->quota = quota[i].cpus;
        if (quota[i].whole < time)
            time = quota[i].whole;
    }
    if (time < cpus) {
        keep_spread(allot, time, here);
        allot->limit = ALLOT_QUOTA;
    }
    if (!source->time_left || *source->time_left >= allot_cpus(allot))
        return;
    allot->limit = ALLOT_BUSY;
    if (*source->time_left)
        keep_spread(allot, *source->time_left, here);
    else
        allot->cores = 0;
}

int allot_read(const struct machine_source *source, struct allot *ret, struct err *err)
{
    struct cpuset mask;
    struct topo topo;
    *ret = (struct allot){0};
    if (read_affinity(source, &mask, err) < 0)
        return -1;
    topo_read(source->root, &mask, &topo);
    cpuset_and(&mask, &topo.online);
    if (cpuset_first(&mask) < 0) {
        topo_free(&topo);
        return err_set(err, ERR_SYSTEM,
                       _("none of the CPUs that this process may use is online"));
    }
    gather_cores(&topo, &mask, ret);
    size_t online = cpuset_count(&topo.online), count = allot_cpus(ret);
    topo_free(&topo);
    ret->limit = count < online ? ALLOT_AFFINITY : ALLOT_MACHINE;
    int here = source->affinity ? -1 : sched_getcpu();
    if (source->busy)
        leave_busy(ret, source->busy);
    count = allot_cpus(ret);
    if (!count)
        return 0;

    size_t slurm = job_cpus(source->vars);
    if (slurm && slurm <= count && slurm < online)
        ret->limit = ALLOT_SLURM; // also where the job's mask already is what Slurm says
    if (slurm && slurm < count)
        keep_whole(ret, slurm, here);

    keep_quota(ret, source, here);
    return 0;
}

void allot_free(struct allot *allot)
{
    free(allot->core);
    *allot = (struct allot){0};
}
