// SPDX-License-Identifier: Apache-2.0
// Saved machines read into cores, packages, nodes and caches; and the folders of control groups.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cmocka.h"
#include "machine/cgroup.h"
#include "machine/topo.h"
#include "saved.h"

static const struct {
    const char *machine;
    size_t cores, packages, nodes, caches;
    const char *cpu; // "CPU core package node cache" of one that tells
} machines[] = {
    {"vm-2core", 2, 1, 1, 2, "1 1 0 0 1"},           {"desktop-smt", 4, 1, 1, 1, "6 2 0 0 0"},
    {"server-2socket", 32, 2, 2, 2, "63 31 1 1 16"}, {"many-caches", 32, 1, 1, 8, "37 5 0 0 4"},
    {"numa-8", 64, 2, 8, 16, "40 40 1 5 40"},        {"hybrid", 12, 1, 1, 1, "7 6 0 0 0"},
    {"cache-over-nodes", 16, 1, 2, 1, "9 9 0 1 0"},  {"offline", 3, 1, 1, 1, "4 0 0 0 0"},
    {"holes", 8, 2, 2, 4, "11 11 1 2 10"},           {"silent", 4, 1, 1, 1, "5 5 0 0 0"},
};

static size_t distinct(const struct topo *topo, size_t offset)
{
    struct cpuset seen = {0};
    for (int i = cpuset_first(&topo->online); i >= 0; i = cpuset_next(&topo->online, i))
        cpuset_add(&seen,
                   *(const unsigned *)(const void *)((const char *)(topo->cpu + i) + offset));
    return cpuset_count(&seen);
}

static void test_machines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(machines); i++) {
        struct saved saved;
        struct topo topo;
        print_message("# %s\n", machines[i].machine);
        saved_open(machines[i].machine, &saved);
        topo_read(saved.root, &saved.affinity, &topo);
        assert_int_equal(topo.cores, machines[i].cores);
        assert_int_equal(distinct(&topo, offsetof(struct topo_cpu, core)), machines[i].cores);
        assert_int_equal(distinct(&topo, offsetof(struct topo_cpu, package)),
                         machines[i].packages);
        assert_int_equal(distinct(&topo, offsetof(struct topo_cpu, numa)), machines[i].nodes);
        assert_int_equal(distinct(&topo, offsetof(struct topo_cpu, cache)), machines[i].caches);
        CLEANUP_STR struct str text = {0};
        long number = strtol(machines[i].cpu, NULL, 10);
        const struct topo_cpu *cpu = topo.cpu + number;
        str_print(&text, "%ld %d %d %d %d", number, cpu->core, cpu->package, cpu->numa,
                  cpu->cache);
        assert_string_equal(text.text, machines[i].cpu);
        topo_free(&topo);
        saved_close(&saved);
    }
}

static const struct {
    const char *name, *cgroup, *mountinfo, *controller, *v1, *v2;
} groups[] = {
    {"v2, own path", "0::/a/b\n", "1 1 0:1 / /cg rw - cgroup2 cgroup2 rw\n", "cpu", "",
     "/cg/a/b /cg/a /cg"},
    {"v2, namespace", "0::/\n", "1 1 0:1 / /cg rw shared:1 - cgroup2 c rw\n", "cpu", "", "/cg"},
    {"v2, root cut off", "0::/a/b\n", "1 1 0:1 /a /cg rw - cgroup2 c rw\n", "cpu", "",
     "/cg/b /cg"},
    {"v2, root by name only", "0::/ab\n", "1 1 0:1 /a /cg rw - cgroup2 c rw\n", "cpu", "",
     "/cg"},
    {"v2, outside", "0::/../x\n", "1 1 0:1 / /cg rw - cgroup2 c rw\n", "cpu", "", "/cg"},
    {"v1, joint controllers", "4:cpu,cpuacct:/d/1\n3:memory:/d/1\n",
     "1 1 0:1 /d/1 /cg/cpu rw - cgroup cgroup rw,cpu,cpuacct\n2 1 0:2 /d/1 /cg/m rw - cgroup "
     "cgroup rw,memory\n",
     "cpu", "/cg/cpu", ""},
    {"v1, other controller", "4:cpuacct:/d\n", "1 1 0:1 / /cg rw - cgroup c rw,cpuacct\n",
     "cpu", "", ""},
    {"v1, memory", "3:memory:/d/1\n", "2 1 0:2 / /cg/m rw - cgroup cgroup rw,memory\n",
     "memory", "/cg/m/d/1 /cg/m/d /cg/m", ""},
    {"both", "1:cpu:/x\n0::/y\n",
     "1 1 0:1 / /cpu rw - cgroup c rw,cpu\n2 1 0:2 / /u rw - cgroup2 c rw\n", "cpu",
     "/cpu/x /cpu", "/u/y /u"},
    {"colon and space", "0::/a:b/c d\n", "1 1 0:1 / /c\\040g rw - cgroup2 c rw\n", "cpu", "",
     "/c g/a:b/c d /c g/a:b /c g"},
    {"mount at /", "0::/a\n", "1 1 0:1 / / rw - cgroup2 c rw\n", "cpu", "", "/a "},
    {"no mount", "0::/a\n", "1 1 0:1 / / rw - ext4 /dev/sda rw\n", "cpu", "", ""},
    {"odd lines", "\n:\n::\n0:\n0::\nx", "\n-\n1 2 - \n1 1 0:1 / /cg rw - cgroup2\n", "cpu", "",
     ""},
    {"empty", "", "", "cpu", "", ""},
};

static void join(const struct strv *list, struct str *into)
{
    for (size_t i = 0; i < list->count; i++)
        str_print(into, "%s%s", i ? " " : "", list->item[i]);
}

static void test_groups(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(groups); i++) {
        CLEANUP_STRV struct strv v1 = {0};
        CLEANUP_STRV struct strv v2 = {0};
        CLEANUP_STR struct str v1_text = {0};
        CLEANUP_STR struct str v2_text = {0};
        print_message("# %s\n", groups[i].name);
        cgroup_folders(groups[i].cgroup, groups[i].mountinfo, groups[i].controller, &v1, &v2);
        join(&v1, &v1_text);
        join(&v2, &v2_text);
        assert_string_equal(str_text(&v1_text), groups[i].v1);
        assert_string_equal(str_text(&v2_text), groups[i].v2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_machines),
        cmocka_unit_test(test_groups),
    };
    return cmocka_run_group_tests_name("topo", tests, NULL, NULL);
}
