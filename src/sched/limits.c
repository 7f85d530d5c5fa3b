// SPDX-License-Identifier: Apache-2.0
#include "sched/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/size.h"
#include "base/str.h"
#include "base/table.h"
#include "sched/field.h"

#define SECOND_US  1000000LL
#define KIB_OF_MIB 1024

// The value of "Name   = value" of a line; NULL if it is another.
static const char *value_of(const char *line, const char *name)
{
    size_t size = strlen(name);
    if (strncmp(line, name, size) != 0)
        return NULL;
    const char *at = line + size + strspn(line + size, " \t");
    return *at == '=' ? at + 1 + strspn(at + 1, " \t") : NULL;
}

static void read_line(const char *line, struct slurm_config *ret)
{
    const char *value;
    if ((value = value_of(line, "SLURM_VERSION")))
        snprintf(ret->version, sizeof ret->version, "%s", value);
    else if ((value = value_of(line, "ClusterName")) || (value = value_of(line, "SLURM_CONF")))
        ret->cluster = ret->cluster * 31 + table_hash(value, strlen(value));
    else if ((value = value_of(line, "MaxArraySize")))
        ret->array_size = field_number(value);
    else if ((value = value_of(line, "MaxJobCount")))
        ret->most_jobs = field_number(value);
    else if ((value = value_of(line, "KillWait")))
        ret->kill_wait_us = (int64_t)field_number(value) * SECOND_US;
    else if ((value = value_of(line, "DefMemPerCPU")))
        ret->core_kb = (int64_t)field_number(value) * KIB_OF_MIB;
    else if ((value = value_of(line, "DefMemPerNode")))
        ret->node_kb = (int64_t)field_number(value) * KIB_OF_MIB;
    else if ((value = value_of(line, "AccountingStorageType")))
        ret->has_accounting = strstr(value, "slurmdbd") != NULL;
    else if ((value = value_of(line, "AccountingStorageEnforce")))
        ret->holds_to_limits = strstr(value, "limits") || strstr(value, "safe");
    else if ((value = value_of(line, "LaunchParameters")))
        ret->starts_shell_on_node = strstr(value, "use_interactive_step") != NULL;
}

void slurm_config_read(const char *text, struct slurm_config *ret)
{
    CLEANUP_STRV struct strv lines = {0};
    *ret = (struct slurm_config){0};
    strv_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.count; i++)
        read_line(lines.item[i], ret);
}

void limits_add_time(struct str *into, int64_t us)
{
    long long seconds = (us + SECOND_US - 1) / SECOND_US;
    if (seconds >= 86400)
        str_print(into, "%lld-", seconds / 86400);
    str_print(into, "%02lld:%02lld:%02lld", seconds / 3600 % 24, seconds / 60 % 60,
              seconds % 60);
}

static int no_partition(const char *name, const struct partitions *partitions, struct err *err)
{
    CLEANUP_STR struct str list = {0};
    const char *names[64];
    size_t count = 0;
    for (size_t i = 0; i < partitions->count; i++) {
        str_print(&list, "%s%s%s", i ? ", " : "", partitions->item[i].name,
                  partitions->item[i].is_default ? "*" : "");
        if (count < COUNT(names) - 1)
            names[count++] = partitions->item[i].name;
    }
    names[count] = NULL;
    err_set(err, ERR_REFUSED, _("there is no partition '%s' for you"), name);
    err_hint(err, "found", "%s", str_text(&list));
    const char *near = opt_nearest(name, names);
    return near ? err_hint(err, "try", "-p %s", near) : -1;
}

static int too_long(const struct limits_ask *ask, const struct partition *partition,
                    const struct partitions *partitions, struct err *err)
{
    CLEANUP_STR struct str asked = {0};
    CLEANUP_STR struct str most = {0};
    limits_add_time(&asked, ask->time_us);
    limits_add_time(&most, partition->time_us);
    err_set(err, ERR_OVER_LIMIT, _("-t %s is more than partition '%s' allows: %s"), asked.text,
            partition->name, most.text);
    err_hint(err, "try", "-t %s", most.text);
    for (size_t i = 0; i < partitions->count; i++) {
        const struct partition *other = &partitions->item[i];
        if (!other->time_us || other->time_us >= ask->time_us)
            return err_hint(err, "try", "-p %s", other->name);
    }
    return -1;
}

static int64_t memory_of(const struct limits_ask *ask)
{
    return ask->memory_kb ? ask->memory_kb
                          : ask->core_kb * (int64_t)(ask->cores ? ask->cores : 1);
}

static int too_much_memory(const struct limits_ask *ask, const struct partition *partition,
                           struct err *err)
{
    CLEANUP_STR struct str asked = {0};
    CLEANUP_STR struct str there = {0};
    CLEANUP_STR struct str fits = {0};
    unsigned long cores = ask->cores ? ask->cores : 1;
    int64_t most = ask->memory_kb ? partition->memory_kb
                                  : partition->memory_kb / (int64_t)cores / 1024 * 1024;
    human_memory(&asked, memory_of(ask));
    human_memory(&there, partition->memory_kb);
    size_add(&fits, most);
    err_set(err, ERR_OVER_LIMIT,
            _("%s of memory asked for, and no node of partition '%s' has more than %s"),
            asked.text, partition->name, there.text);
    return err_hint(err, "try", "%s %s", ask->memory_kb ? "--mem" : "--mem-per-cpu", fits.text);
}

static int too_wide(const struct limits_ask *ask, const struct partition *partition,
                    struct err *err)
{
    unsigned long nodes = partition->nodes;
    if (partition->cpus && ask->cores > partition->cpus) {
        const char *option = ask->cores_option ? ask->cores_option : "-c";
        err_set(err, ERR_OVER_LIMIT, _("%s %lu is more than a node of partition '%s' has: %lu"),
                option, ask->cores, partition->name, partition->cpus);
        return err_hint(err, "try", "%s %lu", option, partition->cpus);
    }
    if (nodes && ask->nodes > nodes) {
        err_set(err, ERR_OVER_LIMIT, _("-N %lu is more than partition '%s' has: %lu"),
                ask->nodes, partition->name, nodes);
        return err_hint(err, "try", "-N %lu", nodes);
    }
    unsigned long most = partition->most_nodes;
    if (most && ask->nodes > most) {
        err_set(err, ERR_OVER_LIMIT, _("-N %lu is more than partition '%s' gives a job: %lu"),
                ask->nodes, partition->name, most);
        return err_hint(err, "try", "-N %lu", most);
    }
    unsigned long least = partition->least_nodes;
    if (least > (ask->nodes ? ask->nodes : 1)) {
        err_set(err, ERR_OVER_LIMIT, _("partition '%s' gives a job %lu nodes at least"),
                partition->name, least);
        return err_hint(err, "try", "-N %lu", least);
    }
    return 0;
}

static int check_partition(const struct limits_ask *ask, const struct partition *partition,
                           const struct partitions *partitions, struct err *err)
{
    if (partition->time_us && ask->time_us > partition->time_us)
        return too_long(ask, partition, partitions, err);
    int64_t memory_kb = memory_of(ask);
    if (partition->memory_kb && memory_kb > partition->memory_kb)
        return too_much_memory(ask, partition, err);
    return too_wide(ask, partition, err);
}

// One of a list: NULL, its name is none of the cluster's.
static const struct partition *find_first(const struct partitions *partitions, char **rest)
{
    char *name = strsep(rest, ",");
    return partitions_find(partitions, name);
}

static int check_partitions(const struct limits_ask *ask, const struct partitions *partitions,
                            struct err *err)
{
    CLEANUP_FREE char *names = mem_dup(ask->partition);
    struct err first = {0};
    int refused = 0;
    if (!names || !strchr(names, ',')) {
        const struct partition *one = partitions_find(partitions, names);
        if (!one && names && partitions->count)
            return no_partition(names, partitions, err);
        return one ? check_partition(ask, one, partitions, err) : 0;
    }
    for (char *rest = names; rest;) {
        const struct partition *one = find_first(partitions, &rest);
        if (!one || check_partition(ask, one, partitions, refused++ ? NULL : &first) == 0)
            return 0;
    }
    if (refused && err)
        *err = first;
    return refused ? -1 : 0;
}

// `times`: how often -c, --mem are asked for.
static int over_bound(const struct bound *bound, int64_t asked, int64_t times, struct err *err)
{
    CLEANUP_STR struct str wanted = {0};
    CLEANUP_STR struct str most = {0};
    CLEANUP_STR struct str typed = {0};
    switch (bound->kind) {
    case BOUND_TIME:
        limits_add_time(&wanted, asked);
        limits_add_time(&most, bound->most);
        err_set(err, ERR_OVER_LIMIT, _("-t %s is more than a job of %s may take: %s"),
                wanted.text, bound->whose, most.text);
        return err_hint(err, "try", "-t %s", most.text);
    case BOUND_MEMORY_JOB:
    case BOUND_MEMORY:
        human_memory(&wanted, asked);
        human_memory(&most, bound->most);
        size_add(&typed, bound->most / times / KIB_OF_MIB * KIB_OF_MIB);
        err_set(err, ERR_OVER_LIMIT, _("%s of memory is more than %s may have: %s"),
                wanted.text, bound->whose, most.text);
        return err_hint(err, "try", "--mem %s", typed.text);
    case BOUND_NODES_JOB:
    case BOUND_NODES:
        err_set(err, ERR_OVER_LIMIT, _("-N %lld is more than %s may have: %lld"),
                (long long)asked, bound->whose, (long long)bound->most);
        return err_hint(err, "try", "-N %lld", (long long)bound->most);
    default: break;
    }
    err_set(err, ERR_OVER_LIMIT, _("%lld cores are more than %s may have: %lld"),
            (long long)asked, bound->whose, (long long)bound->most);
    if (bound->most >= times)
        return err_hint(err, "try", "-c %lld", (long long)(bound->most / times));
    return bound->most ? err_hint(err, "try", "-N %lld -c 1", (long long)bound->most) : -1;
}

// What is asked for at all, even if nothing else of the account ran.
static int check_bounds(const struct limits_ask *ask, const struct bounds *bounds,
                        struct err *err)
{
    int64_t tasks = ask->tasks ? (int64_t)ask->tasks : 1;
    int64_t nodes = ask->nodes ? (int64_t)ask->nodes : 1;
    tasks = tasks > nodes ? tasks : nodes;
    int64_t cores = (ask->cores ? (int64_t)ask->cores : 1) * tasks;
    const struct {
        enum bound_kind kind;
        int64_t asked, times;
    } rows[] = {{BOUND_TIME, ask->time_us, 1},
                {BOUND_CPUS_JOB, cores, tasks},
                {BOUND_CPUS, cores, tasks},
                {BOUND_MEMORY_JOB, memory_of(ask) * nodes, nodes},
                {BOUND_MEMORY, memory_of(ask) * nodes, nodes},
                {BOUND_NODES_JOB, nodes, 1},
                {BOUND_NODES, nodes, 1}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct bound *least = bounds_least(bounds, rows[i].kind, 0);
        if (least && rows[i].asked > least->most)
            return over_bound(least, rows[i].asked, rows[i].times, err);
    }
    const struct bound *queued = bounds_least(bounds, BOUND_QUEUED, 1);
    if (!queued || queued->used < queued->most)
        return 0;
    err_set(err, ERR_OVER_LIMIT, _("%s may have %lld jobs that wait or run, and has %lld"),
            queued->whose, (long long)queued->most, (long long)queued->used);
    return err_hint(err, "try", _("when some of them are over: squeue --me"));
}

int limits_check(const struct limits_ask *ask, const struct partitions *partitions,
                 const struct bounds *bounds, struct err *err)
{
    if (check_partitions(ask, partitions, err) < 0)
        return -1;
    return bounds ? check_bounds(ask, bounds, err) : 0;
}

int64_t limits_time(const struct limits_ask *ask, const struct partitions *partitions)
{
    CLEANUP_FREE char *names = mem_dup(ask->partition);
    int64_t least = 0;
    if (ask->time_us)
        return ask->time_us;
    char *rest = names;
    do {
        const struct partition *one = find_first(partitions, &rest);
        int64_t us = !one ? 0 : one->default_us ? one->default_us : one->time_us;
        if (us && (!least || us < least))
            least = us;
    } while (rest);
    return least;
}
