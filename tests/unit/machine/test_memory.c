// SPDX-License-Identifier: Apache-2.0
// How much memory is ours on saved machines, who says so, and what is in use of it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmocka.h"
#include "machine/memory.h"
#include "saved.h"

#define GIB (INT64_C(1) << 20) // in KiB

static const struct {
    const char *machine, *vars; // NULL: as saved
    int64_t kb;
    enum memory_by by;
} limits[] = {
    {"vm-2core", NULL, 16 * GIB, MEMORY_BY_MACHINE},
    {"silent", NULL, 0, MEMORY_BY_MACHINE},
    {"container-v1", NULL, 4 * GIB, MEMORY_BY_CGROUP},
    {"container-v2", NULL, 64 * GIB, MEMORY_BY_MACHINE}, // "max" is no limit
    {"nested-v2", NULL, 6 * GIB, MEMORY_BY_CGROUP},      // memory.high two levels up
    {"hidden-path", NULL, 3 * GIB, MEMORY_BY_CGROUP}, // the mount's top, not the other's group
    // Slurm's numbers are MiB; they count only in a job
    {"vm-2core", "SLURM_MEM_PER_NODE=4096", 16 * GIB, MEMORY_BY_MACHINE},
    {"vm-2core", "SLURM_JOB_ID=1 SLURM_MEM_PER_NODE=4096", 4 * GIB, MEMORY_BY_SLURM},
    {"vm-2core", "SLURM_JOB_ID=1 SLURM_MEM_PER_NODE=0", 16 * GIB, MEMORY_BY_MACHINE},
    {"vm-2core", "SLURM_JOB_ID=1 SLURM_MEM_PER_NODE=32768", 16 * GIB, MEMORY_BY_MACHINE},
    {"vm-2core", "SLURM_JOB_ID=1 SLURM_MEM_PER_NODE=much", 16 * GIB, MEMORY_BY_MACHINE},
    {"vm-2core", "SLURM_JOB_ID=1 SLURM_MEM_PER_CPU=1024 SLURM_CPUS_ON_NODE=3", 3 * GIB,
     MEMORY_BY_SLURM},
    {"vm-2core", "SLURM_JOB_ID=1 SLURM_MEM_PER_CPU=1024", 16 * GIB, MEMORY_BY_MACHINE},
    {"vm-2core",
     "SLURM_JOB_ID=1 SLURM_MEM_PER_CPU=512 SLURM_JOB_CPUS_PER_NODE=4(x2),2 SLURM_NODEID=2", GIB,
     MEMORY_BY_SLURM},
    {"vm-2core", "SLURM_JOB_ID=1 SLURM_MEM_PER_NODE=8192 SLURM_STEP_TASKS_PER_NODE=4", 2 * GIB,
     MEMORY_BY_SLURM},
    {"container-v1", "SLURM_JOB_ID=1 SLURM_MEM_PER_NODE=2048", 2 * GIB, MEMORY_BY_SLURM},
    {"container-v1", "LOPIN_PARCEL_MEMORY=1048576", 1 * GIB, MEMORY_BY_ALLOC},
    {"container-v1", "LOPIN_PARCEL_MEMORY=8388608", 4 * GIB, MEMORY_BY_CGROUP},
    {"container-v1", "LOPIN_PARCEL_MEMORY=much", 4 * GIB, MEMORY_BY_CGROUP},
    {"container-v1", "SLURM_JOB_ID=1 SLURM_MEM_PER_NODE=4096", 4 * GIB, MEMORY_BY_SLURM},
    {"nested-v2", "SLURM_JOB_ID=1 SLURM_MEM_PER_NODE=8192", 6 * GIB, MEMORY_BY_CGROUP},
};

static void test_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(limits); i++) {
        struct saved saved;
        struct memory_limit limit;
        saved_open(limits[i].machine, &saved);
        if (limits[i].vars) {
            vars_free(&saved.vars);
            saved.vars = (struct vars){0};
            strv_split(&saved.vars.list, limits[i].vars, ' ');
        }
        const struct machine_source source = {saved.root, &saved.vars, &saved.affinity};
        memory_limit_read(&source, &limit);
        saved_close(&saved);
        if (limit.kb != limits[i].kb || limit.by != limits[i].by)
            fail_msg("%s %s: %lld KiB by %d", limits[i].machine,
                     limits[i].vars ? limits[i].vars : "", (long long)limit.kb, limit.by);
    }
}

static const struct {
    const char *machine;
    int64_t used_kb, limit_kb, kills;
} uses[] = {
    {"vm-2core", 0, 0, -1},
    {"container-v1", 2 * GIB, 4 * GIB, 3}, // 3.5 GiB, of which 1.5 are file cache
    {"container-v2", 0, 0, 1},
    {"nested-v2", 5 * GIB, 6 * GIB, 4}, // 1 GiB left there, and 5 of 16 above
    {"hidden-path", 0, 0, 6}, // no file of use; no file of events: the machine's count
};

static void test_gauge(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(uses); i++) {
        struct saved saved;
        saved_open(uses[i].machine, &saved);
        struct memory_gauge *gauge = memory_gauge_new(saved.root);
        for (int again = 0; again < 2; again++) {
            struct memory_use use;
            memory_gauge_read(gauge, &use);
            int64_t kills = memory_gauge_kills(gauge);
            if (use.used_kb != uses[i].used_kb || use.limit_kb != uses[i].limit_kb ||
                kills != uses[i].kills)
                fail_msg("%s: %lld of %lld KiB, %lld kills", uses[i].machine,
                         (long long)use.used_kb, (long long)use.limit_kb, (long long)kills);
        }
        memory_gauge_free(gauge);
        saved_close(&saved);
    }
}

// This machine itself: there is some memory, and no more in use than is allowed by much.
static void test_live(void **state)
{
    (void)state;
    const struct machine_source source = {.root = ""};
    struct memory_limit limit;
    struct memory_use use;
    memory_limit_read(&source, &limit);
    assert_true(limit.kb > 1024);
    struct memory_gauge *gauge = memory_gauge_new("");
    memory_gauge_read(gauge, &use);
    assert_true(use.limit_kb == 0 || limit.by != MEMORY_BY_MACHINE);
    memory_gauge_free(gauge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_gauge),
        cmocka_unit_test(test_live),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
