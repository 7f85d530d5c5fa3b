// SPDX-License-Identifier: Apache-2.0
// Which cores are ours on saved machines, and how they are cut into slots.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmocka.h"
#include "machine/allot.h"
#include "machine/cgroup.h"
#include "saved.h"

static const struct {
    const char *machine, *affinity, *vars; // NULL: as saved
    const char *cores;                     // the CPUs of each core, '/' between
    enum allot_limit limit;
} reads[] = {
    {"vm-2core", NULL, NULL, "0/1", ALLOT_MACHINE},
    {"desktop-smt", NULL, NULL, "0,4/1,5/2,6/3,7", ALLOT_MACHINE},
    {"desktop-smt", "2-5", NULL, "4/5/2/3", ALLOT_AFFINITY}, // 4 is of the core named 0
    {"desktop-smt", "6", NULL, "6", ALLOT_AFFINITY},
    {"hybrid", NULL, NULL, "0-1/2-3/4-5/6-7/8/9/10/11/12/13/14/15", ALLOT_MACHINE},
    {"offline", NULL, NULL, "0,4/2/3", ALLOT_MACHINE},
    {"holes", NULL, NULL, "0/1/2/3/8/9/10/11", ALLOT_MACHINE},
    {"silent", NULL, NULL, "0/1/2/5", ALLOT_MACHINE},
    // quotas: one CPU a core while there are cores, then siblings
    {"container-v1", NULL, NULL, "0/1/2", ALLOT_QUOTA},
    {"container-v1", "0,4,1", NULL, "0,4/1", ALLOT_AFFINITY}, // 2.5 CPUs' time for 3 CPUs
    {"container-v2", NULL, NULL, "0,8/1,9/2/3/4/5/6/7", ALLOT_QUOTA},
    {"nested-v2", NULL, NULL, "0/1/2/3/4/5", ALLOT_QUOTA}, // within one cache
    {"hidden-path", NULL, NULL, "0/1/2", ALLOT_QUOTA},
    // Slurm: whole cores until its number of logical CPUs is used
    {"slurm-job", NULL, NULL, "4/5/6/7", ALLOT_SLURM},
    {"slurm-job", "5-6", NULL, "5/6", ALLOT_AFFINITY},
    {"slurm-job", NULL, "SLURM_CPUS_ON_NODE=1", "4/5/6/7", ALLOT_AFFINITY}, // not in a job
    {"slurm-unbound", NULL, NULL, "0,8/1,9/2,10", ALLOT_SLURM},
    {"slurm-unbound", NULL, "SLURM_JOB_ID=1 SLURM_CPUS_ON_NODE=3", "0,8/1", ALLOT_SLURM},
    {"slurm-unbound", NULL, "SLURM_JOB_ID=1 SLURM_CPUS_ON_NODE=1", "0", ALLOT_SLURM},
    {"slurm-unbound", NULL, "SLURM_JOB_ID=1 SLURM_CPUS_PER_TASK=2", "0,8", ALLOT_SLURM},
    {"slurm-unbound", NULL, "SLURM_JOB_ID=1 SLURM_JOB_CPUS_PER_NODE=4(x2),2 SLURM_NODEID=2",
     "0,8", ALLOT_SLURM},
    {"slurm-unbound", NULL, "SLURM_JOB_ID=1 SLURM_JOB_CPUS_PER_NODE=2,4(x2) SLURM_NODEID=1",
     "0,8/1,9", ALLOT_SLURM},
    // the batch script has its node's CPUs, a task among several of a step its part
    {"slurm-unbound", NULL, "SLURM_JOB_ID=1 SLURM_CPUS_ON_NODE=8 SLURM_CPUS_PER_TASK=2",
     "0,8/1,9/2,10/3,11", ALLOT_SLURM},
    {"slurm-unbound", NULL,
     "SLURM_JOB_ID=1 SLURM_CPUS_ON_NODE=8 SLURM_CPUS_PER_TASK=2 "
     "SLURM_STEP_TASKS_PER_NODE=4(x2)",
     "0,8", ALLOT_SLURM},
    {"slurm-unbound", NULL, "SLURM_JOB_ID=1 SLURM_CPUS_ON_NODE=8 SLURM_STEP_TASKS_PER_NODE=2",
     "0,8/1,9", ALLOT_SLURM},
    {"slurm-unbound", NULL, "SLURM_JOB_ID=1 SLURM_CPUS_ON_NODE=16",
     "0,8/1,9/2,10/3,11/4,12/5,13/6,14/7,15", ALLOT_MACHINE},
    {"slurm-unbound", NULL, "SLURM_JOB_ID=1 SLURM_CPUS_ON_NODE=many SLURM_JOB_CPUS_PER_NODE=x",
     "0,8/1,9/2,10/3,11/4,12/5,13/6,14/7,15", ALLOT_MACHINE},
};

static void read_machine(const char *machine, const char *affinity, const char *vars,
                         struct allot *ret)
{
    struct saved saved;
    saved_open(machine, &saved);
    if (affinity)
        assert_int_equal(cpuset_parse(affinity, &saved.affinity, NULL), 0);
    if (vars) {
        vars_free(&saved.vars);
        saved.vars = (struct vars){0};
        strv_split(&saved.vars.list, vars, ' ');
    }
    struct machine_source source = {saved.root, &saved.vars, &saved.affinity};
    struct err err = {0};
    int status = allot_read(&source, ret, &err);
    if (status < 0)
        fail_msg("%s: %s", machine, err.text);
    saved_close(&saved);
}

static void add_cores(const struct allot *allot, struct str *text)
{
    for (size_t i = 0; i < allot->cores; i++) {
        str_add(text, i ? "/" : "");
        cpuset_format(&allot->core[i].cpus, text);
    }
}

static void test_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(reads); i++) {
        struct allot allot;
        CLEANUP_STR struct str text = {0};
        print_message("# %s %s %s\n", reads[i].machine,
                      reads[i].affinity ? reads[i].affinity : "",
                      reads[i].vars ? reads[i].vars : "");
        read_machine(reads[i].machine, reads[i].affinity, reads[i].vars, &allot);
        add_cores(&allot, &text);
        assert_string_equal(text.text, reads[i].cores);
        assert_int_equal(allot.limit, reads[i].limit);
        allot_free(&allot);
    }
}

// What runs beside us in a control group with a quota leaves of it.
static const struct {
    const char *machine;
    size_t left;
    const char *busy, *cores;
    enum allot_limit limit;
} shares[] = {
    {"container-v1", 3, "", "0/1/2", ALLOT_QUOTA},
    {"container-v1", 2, "0", "1/2", ALLOT_BUSY}, // one core in use is one CPU's time, not two
    {"container-v1", 1, "0-1", "2", ALLOT_BUSY},
    {"container-v1", 0, "", "", ALLOT_BUSY}, // cores that are free, and no time
    {"nested-v2", 4, "0-3", "8/9/10/11", ALLOT_BUSY},
    {"nested-v2", 6, "0-3", "8/9/10/11/12/13", ALLOT_QUOTA}, // those are in other groups
    {"container-v2", 9, "", "0,8/1/2/3/4/5/6/7", ALLOT_BUSY},
    {"vm-2core", SIZE_MAX, "0", "1", ALLOT_BUSY},
};

static void test_shared_quota(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(shares); i++) {
        struct saved saved;
        struct allot allot;
        struct cpuset busy = {0};
        CLEANUP_STR struct str text = {0};
        saved_open(shares[i].machine, &saved);
        if (*shares[i].busy)
            assert_int_equal(cpuset_parse(shares[i].busy, &busy, NULL), 0);
        const struct machine_source source = {.root = saved.root,
                                              .affinity = &saved.affinity,
                                              .busy = &busy,
                                              .time_left = &shares[i].left};
        assert_int_equal(allot_read(&source, &allot, NULL), 0);
        add_cores(&allot, &text);
        print_message("# %s, %zu left\n", shares[i].machine, shares[i].left);
        assert_string_equal(str_text(&text), shares[i].cores);
        assert_int_equal(allot.limit, shares[i].limit);
        allot_free(&allot);
        saved_close(&saved);
    }
}

static void test_quotas(void **state)
{
    (void)state;
    struct saved saved;
    struct cgroup_quota quota[CGROUP_QUOTAS], again[CGROUP_QUOTAS];
    saved_open("nested-v2", &saved); // both hold, each for all that is in its group
    assert_int_equal(cgroup_quotas(saved.root, quota), 2);
    assert_true(quota[0].cpus == 8 && quota[1].cpus == 6);
    assert_true(quota[0].whole == 8 && quota[1].whole == 6);
    assert_int_equal(cgroup_quotas(saved.root, again), 2);
    assert_true(quota[0].key != quota[1].key && quota[1].key == again[1].key);
    saved_close(&saved);
    saved_open("container-v1", &saved);
    assert_int_equal(cgroup_quotas(saved.root, quota), 1);
    assert_true(quota[0].cpus == 2.5 && quota[0].whole == 3);
    saved_close(&saved);
    saved_open("vm-2core", &saved);
    assert_int_equal(cgroup_quotas(saved.root, quota), 0);
    saved_close(&saved);
}

static const struct {
    const char *machine;
    size_t slots, width;
    const char *cut; // NULL: [oversubscribed]
} cuts[] = {
    {"vm-2core", 2, 1, "0/1"},
    {"vm-2core", 1, 2, "0-1"},
    {"vm-2core", 2, 2, NULL},
    {"desktop-smt", 4, 1, "0,4/1,5/2,6/3,7"},
    {"desktop-smt", 2, 2, "0-1,4-5/2-3,6-7"},
    {"desktop-smt", 1, 3, "0-2,4-6"},
    {"desktop-smt", 5, 1, NULL},
    {"desktop-smt", 0, 1, ""},
    // fewer slots than fit are spread over sockets
    {"server-2socket", 2, 1, "0,32/16,48"},
    {"server-2socket", 3, 1, "0,32/16,48/1,33"},
    {"server-2socket", 2, 16, "0-15,32-47/16-31,48-63"},
    {"server-2socket", 1, 20, "0-19,32-51"},
    // caches of 4 cores: slots of 3 take one each, those of 6 must span two
    {"many-caches", 2, 4, "0-3,32-35/4-7,36-39"},
    {"many-caches", 3, 3, "0-2,32-34/4-6,36-38/8-10,40-42"},
    {"many-caches", 1, 6, "0-5,32-37"},
    // nodes of 8 cores, 4 a socket
    {"numa-8", 4, 4, "0-3/32-35/8-11/40-43"},
    {"numa-8", 2, 8, "0-7/32-39"},
    {"numa-8", 2, 6, "0-5/32-37"},
    {"numa-8", 2, 20, "0-19/32-51"},
    {"cache-over-nodes", 2, 6, "0-5/8-13"},
    {"holes", 2, 2, "0-1/8-9"},
    {"holes", 2, 3, "0-2/8-10"},
    {"hybrid", 3, 4, "0-7/8-11/12-15"},
};

static void test_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cuts); i++) {
        struct allot allot;
        struct err err = {0};
        CLEANUP_STR struct str text = {0};
        CLEANUP_FREE struct cpuset *slots = mem_zero(cuts[i].slots, sizeof(*slots));
        print_message("# %s %zu x %zu\n", cuts[i].machine, cuts[i].slots, cuts[i].width);
        read_machine(cuts[i].machine, NULL, NULL, &allot);
        int status = allot_cut(&allot, cuts[i].slots, cuts[i].width, slots, &err);
        assert_int_equal(status, cuts[i].cut ? 0 : -1);
        if (cuts[i].cut) {
            for (size_t j = 0; j < cuts[i].slots; j++) {
                str_add(&text, j ? "/" : "");
                cpuset_format(slots + j, &text);
            }
            assert_string_equal(str_text(&text), cuts[i].cut);
        } else {
            assert_int_equal(err.code, ERR_OVERSUBSCRIBED);
        }
        allot_free(&allot);
    }
}

// How many of the slots lie in one group of cores that `group` (an offset in struct core) names.
static size_t count_within(const struct allot *allot, const struct cpuset *slots, size_t count,
                           size_t group)
{
    size_t within = 0;
    for (size_t i = 0; i < count; i++) {
        int name = -1, one = 1;
        for (size_t j = 0; j < allot->cores; j++) {
            struct cpuset common = allot->core[j].cpus;
            cpuset_and(&common, slots + i);
            if (cpuset_first(&common) < 0)
                continue;
            int own = *(const int *)(const void *)((const char *)(allot->core + j) + group);
            one &= name < 0 || name == own;
            name = own;
        }
        within += (size_t)one;
    }
    return within;
}

// The most slots that can lie in one group each.
static size_t most_within(const struct allot *allot, size_t width, size_t group)
{
    size_t most = 0, size[64] = {0};
    for (size_t j = 0; j < allot->cores; j++)
        size[*(const int *)(const void *)((const char *)(allot->core + j) + group)]++;
    for (size_t i = 0; i < COUNT(size); i++)
        most += size[i] / width;
    return most;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

// Every possible cut of some machines: disjoint, of whole cores, and no slot broken needlessly.
static void test_all_cuts(void **state)
{
    (void)state;
    static const char *const names[] = {"desktop-smt", "server-2socket", "many-caches",
                                        "numa-8",      "holes",          "hybrid"};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct allot allot;
        read_machine(names[i], NULL, NULL, &allot);
        for (size_t width = 1; width <= allot.cores; width++) {
            for (size_t count = 1; count * width <= allot.cores; count++) {
                CLEANUP_FREE struct cpuset *slots = mem_zero(count, sizeof(*slots));
                struct cpuset all = {0};
                assert_int_equal(allot_cut(&allot, count, width, slots, NULL), 0);
                size_t cpus = 0, cores = 0;
                for (size_t j = 0; j < count; j++) {
                    cpuset_or(&all, slots + j);
                    cpus += cpuset_count(slots + j);
                }
                assert_int_equal(cpus, cpuset_count(&all));
                for (size_t j = 0; j < allot.cores; j++) {
                    struct cpuset left = allot.core[j].cpus;
                    cpuset_minus(&left, &all);
                    unsigned rest = cpuset_count(&left);
                    assert_true(rest == 0 || rest == cpuset_count(&allot.core[j].cpus));
                    cores += rest == 0;
                }
                assert_int_equal(cores, count * width);
                size_t cache = offsetof(struct core, cache), numa = offsetof(struct core, numa);
                assert_int_equal(count_within(&allot, slots, count, cache),
                                 least(count, most_within(&allot, width, cache)));
                if (most_within(&allot, width, cache) == 0)
                    assert_int_equal(count_within(&allot, slots, count, numa),
                                     least(count, most_within(&allot, width, numa)));
            }
        }
        allot_free(&allot);
    }
}

// This machine itself: the mask of this process, whatever it is.
static void test_live(void **state)
{
    (void)state;
    struct allot allot;
    struct vars none = {0};
    struct machine_source source = {"", &none, NULL};
    assert_int_equal(allot_read(&source, &allot, NULL), 0);
    assert_true(allot.cores >= 1 && allot.machine_cores >= allot.cores);
    allot_free(&allot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),     cmocka_unit_test(test_shared_quota),
        cmocka_unit_test(test_quotas),   cmocka_unit_test(test_cut),
        cmocka_unit_test(test_all_cuts), cmocka_unit_test(test_live),
    };
    return cmocka_run_group_tests_name("allot", tests, NULL, NULL);
}
