// SPDX-License-Identifier: Apache-2.0
// scene: what is known of a process stays with it from look to look, by pid and start.
#include "threads/scene.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "machine/cgroup.h"

#define SPINS 0.8 // of a core: does nothing else
// The worse, the larger.
static const int weight[VERDICTS] = {
    [VERDICT_UNKNOWN] = 0,   [VERDICT_FINE] = 1,  [VERDICT_ASLEEP] = 2,
    [VERDICT_SERIAL] = 3,    [VERDICT_FULL] = 4,  [VERDICT_DISK] = 5,
    [VERDICT_NEIGHBOUR] = 6, [VERDICT_QUEUE] = 7, [VERDICT_OVERSUBSCRIBED] = 8,
    [VERDICT_HUNG] = 9,
};

static void free_processes(struct scene_process *process, size_t count)
{
    for (size_t i = 0; i < count; i++)
        pools_process_free(&process[i].pools);
    free(process);
}

// Who is there now.
static void take_census(struct scene *scene)
{
    struct scene_process *old = scene->process;
    size_t old_count = scene->pace.count; // as pace has it, so the census before
    census_take(&scene->census, scene->root, scene->roots, scene->root_count);
    scene->process = mem_zero(scene->census.count, sizeof *scene->process);
    for (size_t i = 0; i < scene->census.count; i++)
        for (size_t k = 0; k < old_count; k++) {
            size_t at = (i + k) % old_count; // mostly the same place
            if (scene->pace.item[at].pid != scene->census.item[i].pid ||
                scene->pace.item[at].start != scene->census.item[i].start)
                continue;
            scene->process[i] = old[at];
            old[at] = (struct scene_process){0};
            break;
        }
    free_processes(old, old_count);
    scene->boot_ms = *scene->root ? -1 : clock_boot_us() / 1000;
}

void scene_set_roots(struct scene *scene, const pid_t *roots, size_t count)
{
    free(scene->roots);
    scene->roots = mem_alloc(count * sizeof *roots);
    if (count)
        memcpy(scene->roots, roots, count * sizeof *roots);
    scene->root_count = count;
}

void scene_begin(struct scene *scene, const char *root, const pid_t *roots, size_t count,
                 int separate, int in_tasks)
{
    *scene = (struct scene){
        .root = root, .separate = separate, .in_tasks = in_tasks, .pace.root = root};
    scene_set_roots(scene, roots, count);
    take_census(scene);
    pace_look(&scene->pace, &scene->census);
}

static int64_t age_ms(const struct scene *scene, size_t i)
{
    if (scene->boot_ms < 0)
        return -1;
    int64_t start = (int64_t)(scene->census.item[i].start * 1000 /
                              (unsigned long long)sysconf(_SC_CLK_TCK));
    return scene->boot_ms > start ? scene->boot_ms - start : 0;
}

// A process is below a task if the one that started it is.
static int is_in_task(const struct scene *scene, size_t i)
{
    for (size_t k = i; k-- > 0;)
        if (scene->census.item[k].pid == scene->census.item[i].parent)
            return scene->process[k].pools.in_task;
    return scene->in_tasks;
}

void scene_inspect(struct scene *scene, int64_t until_us)
{
    for (size_t i = 0; i < scene->census.count; i++) {
        struct pools_process *pools = &scene->process[i].pools;
        int64_t age = age_ms(scene, i);
        // a young one may map its libraries yet
        if (pools->read && (age < 0 || age > 2000))
            continue;
        if (until_us && clock_boot_us() > until_us)
            return;
        pools_look(&scene->pools, scene->root, &scene->census.item[i], is_in_task(scene, i),
                   age, pools);
    }
}

static int lies_in(const struct scene *scene, const struct pools_process *pools,
                   enum library_kind kind, uint64_t address)
{
    for (size_t i = 0; i < pools->count; i++)
        if (scene->pools.library[pools->pool[i].library].kind == kind &&
            address >= pools->pool[i].low && address < pools->pool[i].high)
            return 1;
    return 0;
}

// How many threads wait for one word of a BLAS, the most of any: a lock that another has. Each thread of a pool
// waits for a word of its own.
static unsigned queue_of(const struct scene *scene, size_t i)
{
    const struct pace_process *pace = &scene->pace.item[i];
    unsigned most = 0;
    for (size_t k = 0; k < pace->threads; k++) {
        uint64_t word = pace->thread[k].word;
        unsigned same = 0;
        if (!word || !lies_in(scene, &scene->process[i].pools, LIBRARY_BLAS, word))
            continue;
        for (size_t m = 0; m < pace->threads; m++)
            same += pace->thread[m].word == word;
        most = same > most ? same : most;
    }
    return most > 1 ? most : 0;
}

// A process of one thread that waits for another thread of its own has none that could wake it: what a fork
// leaves that came while a BLAS or libgomp was in use. Or it spins for threads that its library believes in.
static int waits_for_ever(const struct scene *scene, size_t i)
{
    const struct pace_process *pace = &scene->pace.item[i];
    const struct pools_process *pools = &scene->process[i].pools;
    if (pace->threads != 1)
        return 0;
    const struct pace_thread *thread = &pace->thread[0];
    if (pace->run + pace->wait < PACE_ACTIVE && thread->word)
        return lies_in(scene, pools, LIBRARY_BLAS, thread->word) ||
               lies_in(scene, pools, LIBRARY_OPENMP, thread->at);
    for (size_t k = 0; pace->run + pace->wait > SPINS && k < pools->count; k++)
        if (pools->pool[k].made > 1)
            return 1;
    return 0;
}

void scene_peek(struct scene *scene)
{
    pace_peek(&scene->pace);
    for (size_t i = 0; i < scene->census.count; i++)
        scene->process[i].queue_sum += queue_of(scene, i);
    scene->peeks++;
}

static void add_process(struct scene *scene, size_t i, struct scene_group *group)
{
    const struct pace_process *pace = &scene->pace.item[i];
    struct scene_process *process = &scene->process[i];
    struct verdict_facts *facts = &group->facts;
    group->processes++;
    cpuset_or(&group->cpus, &scene->census.item[i].cpus);
    facts->run += pace->run;
    facts->wait += pace->wait;
    facts->blocked += pace->blocked;
    process->waits_for_ever = scene->peeks && waits_for_ever(scene, i);
    facts->hung += (unsigned)process->waits_for_ever;
    unsigned callers = scene->peeks ? process->queue_sum / scene->peeks : 0;
    if (callers > facts->callers)
        facts->callers = callers;
    process->queue_sum = 0;
    if (!pace->active)
        return;
    facts->even = !facts->processes || facts->even == pace->active ? pace->active : 0;
    facts->processes++;
    facts->threads += pace->active;
    for (size_t k = 0; k < process->pools.count; k++) {
        const struct pool *pool = &process->pools.pool[k];
        enum library_kind kind = scene->pools.library[pool->library].kind;
        if ((kind == LIBRARY_BLAS || kind == LIBRARY_OPENMP) && pool->threads > facts->pool)
            facts->pool = pool->threads;
    }
}

// Cores by mask and quota. Of processes whose masks are not known the machine's are taken.
static void count_cores(const struct scene *scene, pid_t pid, struct scene_group *group)
{
    struct cgroup_quota quota[CGROUP_QUOTAS];
    size_t count = cgroup_quotas_of(scene->root, pid, quota);
    group->facts.cores = cpuset_count(&group->cpus);
    if (group->facts.cores <= 0)
        group->facts.cores = (double)sysconf(_SC_NPROCESSORS_ONLN);
    for (size_t i = 0; i < count; i++)
        if (group->quota <= 0 || quota[i].cpus < group->quota)
            group->quota = quota[i].cpus;
    if (group->quota > 0 && group->quota < group->facts.cores)
        group->facts.cores = group->quota;
}

static void judge(struct scene *scene)
{
    size_t count = scene->separate ? scene->root_count : 1;
    free(scene->group);
    scene->group = mem_zero(count, sizeof *scene->group);
    scene->groups = count;
    scene->worst = 0;
    for (size_t i = 0; i < scene->census.count; i++)
        add_process(scene, i, &scene->group[scene->separate ? scene->census.item[i].group : 0]);
    for (size_t i = 0; i < count; i++) {
        struct scene_group *group = &scene->group[i];
        count_cores(scene, scene->root_count ? scene->roots[i] : 0, group);
        group->facts.measured = scene->pace.measured;
        group->verdict = group->processes ? verdict_of(&group->facts) : VERDICT_UNKNOWN;
        if (weight[group->verdict] > weight[scene->group[scene->worst].verdict])
            scene->worst = i;
    }
}

void scene_look(struct scene *scene)
{
    take_census(scene);
    pace_look(&scene->pace, &scene->census);
    judge(scene);
    scene->peeks = 0;
}

// Whether a process of the group is active and has a pool of a library with more than one thread.
static int is_used(const struct scene *scene, size_t group, size_t library)
{
    for (size_t i = 0; i < scene->census.count; i++) {
        const struct pools_process *pools = &scene->process[i].pools;
        if ((scene->separate && scene->census.item[i].group != group) ||
            !scene->pace.item[i].active)
            continue;
        for (size_t k = 0; k < pools->count; k++)
            if (pools->pool[k].library == library && pools->pool[k].threads > 1)
                return 1;
    }
    return 0;
}

// Adds the packages of all used libraries of that name, once each. Marks them.
static void add_packages(const struct scene *scene, const unsigned char *used, size_t first,
                         struct str *into)
{
    const struct library *library = scene->pools.library;
    int begun = 0;
    for (size_t i = first; i < scene->pools.count; i++) {
        int again = 0;
        if (!used[i] || !library[i].package ||
            strcmp(library[i].name, library[first].name) != 0)
            continue;
        for (size_t k = first; k < i && !again; k++)
            again = used[k] && library[k].package &&
                    strcmp(library[k].package, library[i].package) == 0;
        if (again)
            continue;
        str_add(into, begun ? ", " : " (");
        // the name of a folder: any bytes
        str_add_visible(into, library[i].package, strlen(library[i].package));
        begun = 1;
    }
    if (begun)
        str_add_char(into, ')');
}

void scene_libraries(const struct scene *scene, size_t group, struct str *into,
                     const char **ret_variable)
{
    const struct library *library = scene->pools.library;
    CLEANUP_FREE unsigned char *used = mem_zero(scene->pools.count, 1);
    size_t names = 0;
    *ret_variable = NULL;
    for (size_t i = 0; i < scene->pools.count; i++)
        used[i] = library[i].name && is_used(scene, group, i);
    for (size_t i = 0; i < scene->pools.count; i++) {
        int again = 0;
        for (size_t k = 0; k < i && used[i] && !again; k++)
            again = used[k] && strcmp(library[k].name, library[i].name) == 0;
        if (!used[i] || again)
            continue;
        str_print(into, "%s%s", names++ ? ", " : "", library[i].name);
        add_packages(scene, used, i, into);
        // OpenBLAS, MKL, BLIS and numexpr take OpenMP's where their own is not set
        *ret_variable = names == 1 ? library[i].variable : "OMP_NUM_THREADS";
    }
}

void scene_free(struct scene *scene)
{
    free_processes(scene->process, scene->pace.count);
    census_free(&scene->census);
    pace_free(&scene->pace);
    pools_free(&scene->pools);
    free(scene->roots);
    free(scene->group);
    *scene = (struct scene){0};
}
