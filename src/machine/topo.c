// SPDX-License-Identifier: Apache-2.0
// topo: the machine's shape from sysfs (Documentation/admin-guide/cputopology.rst of the
// kernel).
//
// A list file is read once a group, not once a CPU: it names all who share, so a machine of 256
// CPUs costs a few hundred small files and not thousands. Invariant: every CPU online has all
// four numbers, whatever is missing, odd or contradictory in /sys, and a group is named by a
// member.
#include "machine/topo.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"

#define CPUS  "sys/devices/system/cpu"
#define NODES "sys/devices/system/node"

// Reads a small file below root. Returns 0, or -1 if it is not there.
__attribute__((format(printf, 3, 4))) static int read_text(const char *root, struct str *into,
                                                           const char *format, ...)
{
    CLEANUP_STR struct str path = {0};
    str_print(&path, "%s/", root);
    va_list list;
    va_start(list, format);
    str_vprint(&path, format, list);
    va_end(list);
    str_clear(into);
    return fs_read(AT_FDCWD, path.text, 1 << 16, into, NULL);
}

// The CPUs that share with `cpu`, by the first of the two files that is there; cpu alone if
// neither is or if it does not name cpu itself.
static void read_group(const char *root, int cpu, const char *file, const char *other,
                       const struct cpuset *online, struct cpuset *ret)
{
    CLEANUP_STR struct str text = {0};
    if ((read_text(root, &text, CPUS "/cpu%d/%s", cpu, file) < 0 &&
         (!other || read_text(root, &text, CPUS "/cpu%d/%s", cpu, other) < 0)) ||
        cpuset_parse(str_text(&text), ret, NULL) < 0 || !cpuset_has(ret, (unsigned)cpu)) {
        *ret = (struct cpuset){0};
        cpuset_add(ret, (unsigned)cpu);
    }
    cpuset_and(ret, online);
}

static void read_cores(const char *root, struct topo *topo)
{
    struct cpuset left = topo->online, group;
    for (int cpu; (cpu = cpuset_first(&left)) >= 0; topo->cores++) {
        read_group(root, cpu, "topology/thread_siblings_list", "topology/core_cpus_list",
                   &topo->online, &group);
        cpuset_and(&group, &left); // lists that overlap: the first one has the CPU
        for (int i = cpu; i >= 0; i = cpuset_next(&group, i))
            topo->cpu[i].core = cpu;
        cpuset_minus(&left, &group);
    }
}

static void read_packages(const char *root, struct topo *topo)
{
    struct cpuset left = topo->online, group;
    CLEANUP_STR struct str text = {0};
    int first = cpuset_first(&left);
    // Without any file the machine is one package, not one a CPU.
    int known = read_text(root, &text, CPUS "/cpu%d/topology/core_siblings_list", first) == 0 ||
                read_text(root, &text, CPUS "/cpu%d/topology/package_cpus_list", first) == 0;
    if (!known)
        return;
    for (int cpu, number = 0; (cpu = cpuset_first(&left)) >= 0; number++) {
        read_group(root, cpu, "topology/core_siblings_list", "topology/package_cpus_list",
                   &topo->online, &group);
        cpuset_and(&group, &left);
        for (int i = cpu; i >= 0; i = cpuset_next(&group, i))
            topo->cpu[i].package = number;
        cpuset_minus(&left, &group);
    }
}

static void read_nodes(const char *root, struct topo *topo)
{
    CLEANUP_STR struct str text = {0};
    struct cpuset nodes, cpus;
    if (read_text(root, &text, NODES "/online") < 0 ||
        cpuset_parse(str_text(&text), &nodes, NULL) < 0)
        return;
    for (int node = cpuset_first(&nodes); node >= 0; node = cpuset_next(&nodes, node)) {
        if (read_text(root, &text, NODES "/node%d/cpulist", node) < 0 ||
            cpuset_parse(str_text(&text), &cpus, NULL) < 0)
            continue;
        cpuset_and(&cpus, &topo->online);
        for (int i = cpuset_first(&cpus); i >= 0; i = cpuset_next(&cpus, i))
            topo->cpu[i].numa = node;
    }
}

// The folder (index0, index1, ...) of cpu's cache of the highest level that holds data; -1 if
// none.
static int last_cache(const char *root, int cpu)
{
    CLEANUP_STR struct str text = {0};
    int best = -1;
    long best_level = 0;
    for (int index = 0; index < 16; index++) {
        if (read_text(root, &text, CPUS "/cpu%d/cache/index%d/level", cpu, index) < 0)
            break;
        long level = strtol(str_text(&text), NULL, 10);
        if (level > best_level &&
            (read_text(root, &text, CPUS "/cpu%d/cache/index%d/type", cpu, index) < 0 ||
             !str_starts(str_text(&text), "Instruction"))) {
            best = index;
            best_level = level;
        }
    }
    return best;
}

static void read_caches(const char *root, struct topo *topo)
{
    struct cpuset left = topo->online, group;
    int first = cpuset_first(&left);
    int any = first >= 0 && last_cache(root, first) >= 0;
    for (int cpu; (cpu = cpuset_first(&left)) >= 0; cpuset_minus(&left, &group)) {
        int index = any ? last_cache(root, cpu) : -1;
        if (index >= 0) {
            char file[48];
            snprintf(file, sizeof(file), "cache/index%d/shared_cpu_list", index);
            read_group(root, cpu, file, NULL, &topo->online, &group);
        } else {
            group = any ? (struct cpuset){0} : left; // nothing is known at all: as if one cache
            cpuset_add(&group, (unsigned)cpu);
        }
        cpuset_and(&group, &left);
        for (int i = cpu; i >= 0; i = cpuset_next(&group, i))
            topo->cpu[i].cache = cpu;
    }
}

void topo_read(const char *root, const struct cpuset *fallback, struct topo *ret)
{
    *ret = (struct topo){0};
    CLEANUP_STR struct str text = {0};
    if (read_text(root, &text, CPUS "/online") < 0 ||
        cpuset_parse(str_text(&text), &ret->online, NULL) < 0 || cpuset_first(&ret->online) < 0)
        ret->online = *fallback;
    for (int i = cpuset_first(&ret->online); i >= 0; i = cpuset_next(&ret->online, i))
        ret->count = (size_t)i + 1;
    ret->cpu = mem_zero(ret->count, sizeof(*ret->cpu));
    read_cores(root, ret);
    read_packages(root, ret);
    read_nodes(root, ret);
    read_caches(root, ret);
}

void topo_free(struct topo *topo)
{
    free(topo->cpu);
    *topo = (struct topo){0};
}
