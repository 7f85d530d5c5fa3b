// SPDX-License-Identifier: Apache-2.0
// What accounting allows, as Slurm 22.05 prints it with limits on users, accounts and QOS, and what follows
// of it for parcels.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sched/ceiling.h"

#define MINUTE INT64_C(60000000)
#define GIB    (INT64_C(1) << 20) // in KiB
#define TRES   "cpu=N(0),mem=N(0),energy=N(0),node=N(0)"
#define ACCOUNT(name, parent, grp)                                                             \
    "ClusterName=lopin Account=" name " UserName= Partition= Priority=0 ID=3 "                 \
    "ParentAccount=" parent " Lft=2 DefAssoc=No " grp " GrpTRESMins=" TRES                     \
    " GrpTRESRunMins=" TRES " MaxJobs= MaxJobsAccrue= MaxSubmitJobs= "                         \
    "MaxWallPJ= MaxTRESPJ= MaxTRESPN= MaxTRESMinsPJ= MinPrioThresh=\n"
#define USER(name, account, partition, is_default, own)                                        \
    "ClusterName=lopin Account=" account " UserName=" name " Partition=" partition             \
    " Priority=0 ID=4 ParentAccount= Lft=3 DefAssoc=" is_default " GrpJobs=N(4) "              \
    "GrpJobsAccrue=N(9) GrpSubmitJobs=N(9) GrpTRES=" TRES " " own "\n"
#define QOS(name, own, accounts, users)                                                        \
    "QOS=" name " UsageRaw=0.000000 GrpJobs=N(0) GrpSubmitJobs=N(5) GrpTRES=" TRES " " own     \
    " MinTRESPJ= PreemptMode=OFF Priority=0 Account Limits= " accounts " User Limits= " users  \
    "\n"

#define FAST_USERS                                                                             \
    "11001={MaxJobsPU=1(0)} 1001={MaxJobsPU=3(0) MaxSubmitJobsPU=20(5) "                       \
    "MaxTRESPU=cpu=16(0),mem=N(0)}"

static const char *const lines[] = {
    "Current Association Manager state\n",
    "Association Records\n",
    ACCOUNT("root", "", "GrpJobs=N(4) GrpSubmitJobs=9000(9) GrpTRES=" TRES),
    ACCOUNT("phys", "root(1)",
            "GrpJobs=N(4) GrpSubmitJobs=500(450) GrpTRES=cpu=64(8),mem=65536(1024),node=N(1)"),
    ACCOUNT("bio", "phys(3)", "GrpJobs=N(0) GrpSubmitJobs=7(7) GrpTRES=" TRES),
    USER("me(1001)", "phys", "", "Yes",
         "MaxJobs=40(4) MaxSubmitJobs=100(9) MaxWallPJ=720 MaxTRESPJ=cpu=32,node=2 MaxTRESPN="),
    USER("me(1001)", "bio", "", "No", "MaxJobs= MaxSubmitJobs= MaxWallPJ= MaxTRESPJ="),
    USER("me(1001)", "phys", "gpu", "No",
         "MaxJobs=2(0) MaxSubmitJobs=3(0) MaxWallPJ= MaxTRESPJ="),
    USER("mean(1002)", "phys", "", "Yes",
         "MaxJobs=1(0) MaxSubmitJobs=1(1) MaxWallPJ=1 MaxTRESPJ="),
    "QOS Records\n",
    QOS("normal(1)", "MaxWallPJ= MaxTRESPJ=", "No Accounts", "No Users"),
    QOS("fast(2)", "MaxWallPJ=120 MaxTRESPJ=",
        "phys={MaxJobsPA=N(0) MaxSubmitJobsPA=50(5) MaxTRESPA=" TRES "}", FAST_USERS),
};
static const char of_qos[] = "normal||||||\nfast|20|3|cpu=2|||\n"
                             "unused|5|50|cpu=16,mem=10G||70|\nbroken|1\n";

static const struct {
    const char *account, *partition, *qos, *partition_qos;
    enum bound_kind kind;
    int left;
    int64_t most, used; // most -1: no limit
    const char *whose;
} cases[] = {
    {.kind = BOUND_TIME, .most = 720 * MINUTE, .whose = "me in account phys"},
    {.kind = BOUND_RUNNING, .most = 40, .used = 4, .whose = "me in account phys"},
    {.kind = BOUND_QUEUED, .most = 100, .used = 9, .whose = "me in account phys"},
    {.kind = BOUND_QUEUED, .left = 1, .most = 500, .used = 450, .whose = "account phys"},
    {.kind = BOUND_CPUS_JOB, .most = 32, .whose = "me in account phys"},
    {.kind = BOUND_NODES_JOB, .most = 2, .whose = "me in account phys"},
    {.kind = BOUND_CPUS, .most = 64, .used = 8, .whose = "account phys"},
    {.kind = BOUND_MEMORY, .most = 64 * GIB, .used = GIB, .whose = "account phys"},
    {.kind = BOUND_NODES, .most = -1},
    // below an account the limits above it count too
    {.account = "bio", .kind = BOUND_QUEUED, .most = 7, .used = 7, .whose = "account bio"},
    {.account = "bio", .kind = BOUND_CPUS, .most = 64, .used = 8, .whose = "account phys"},
    {.account = "bio", .kind = BOUND_TIME, .most = -1},
    {.account = "none", .kind = BOUND_TIME, .most = -1},
    // an association of a partition stands in the place of the other
    {.partition = "gpu",
     .account = "phys",
     .kind = BOUND_QUEUED,
     .most = 3,
     .whose = "me in account phys"},
    {.partition = "c-iq",
     .kind = BOUND_TIME,
     .most = 720 * MINUTE,
     .whose = "me in account phys"},
    // a QOS before the association
    {.qos = "fast", .kind = BOUND_TIME, .most = 120 * MINUTE, .whose = "QOS fast"},
    {.qos = "fast", .kind = BOUND_RUNNING, .most = 3, .whose = "QOS fast"},
    {.qos = "fast", .kind = BOUND_QUEUED, .most = 20, .used = 5, .whose = "QOS fast"},
    {.qos = "fast", .kind = BOUND_CPUS, .most = 16, .whose = "QOS fast"},
    {.qos = "normal", .kind = BOUND_TIME, .most = 720 * MINUTE, .whose = "me in account phys"},
    {.qos = "normal",
     .partition_qos = "fast",
     .kind = BOUND_TIME,
     .most = 120 * MINUTE,
     .whose = "QOS fast"},
    {.qos = "absent",
     .kind = BOUND_RUNNING,
     .most = 40,
     .used = 4,
     .whose = "me in account phys"},
};

static int make_manager(void **state)
{
    struct str text = {0};
    for (size_t i = 0; i < COUNT(lines); i++)
        str_add(&text, lines[i]);
    *state = str_take(&text);
    return 0;
}

static int free_manager(void **state)
{
    free(*state);
    return 0;
}

static struct bounds_ask ask_of(void **state, size_t i)
{
    return (struct bounds_ask){.manager = *state,
                               .qos_text = of_qos,
                               .user = "me",
                               .uid = 1001,
                               .account = cases[i].account,
                               .partition = cases[i].partition,
                               .qos = cases[i].qos,
                               .partition_qos = cases[i].partition_qos};
}

static void least(void **state)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP_BOUNDS struct bounds bounds = {0};
        const struct bounds_ask ask = ask_of(state, i);
        bounds_read(&ask, &bounds);
        const struct bound *found = bounds_least(&bounds, cases[i].kind, cases[i].left);
        if (!found != (cases[i].most < 0))
            fail_msg("case %zu", i);
        if (found && (found->most != cases[i].most || found->used != cases[i].used ||
                      strcmp(found->whose, cases[i].whose) != 0))
            fail_msg("case %zu: %lld (%lld) of %s", i, (long long)found->most,
                     (long long)found->used, found->whose);
        assert_int_equal(bounds.queued, 27); // of the three associations
    }
}

// A QOS in which the user has no job yet: sacctmgr alone knows.
static void unused_qos(void **state)
{
    static const char text[] =
        "QOS=unused(3) MaxWallPJ=60 Account Limits No Accounts User Limits No Users\n";
    const struct bounds_ask ask = {
        .manager = text, .qos_text = of_qos, .user = "me", .uid = 1001, .qos = "unused"};
    CLEANUP_BOUNDS struct bounds bounds = {0};
    (void)state;
    assert_int_equal(bounds_shows_qos(&ask, "unused"), 0);
    bounds_read(&ask, &bounds);
    assert_int_equal(bounds_least(&bounds, BOUND_RUNNING, 0)->most, 5);
    assert_int_equal(bounds_least(&bounds, BOUND_QUEUED, 0)->most, 50);
    assert_int_equal(bounds_least(&bounds, BOUND_CPUS, 0)->most, 16);
    assert_int_equal(bounds_least(&bounds, BOUND_MEMORY, 0)->most, 10 * GIB);
    assert_int_equal(bounds_least(&bounds, BOUND_TIME, 0)->most, 60 * MINUTE);
    assert_int_equal(bounds.queued, -1);
}

static void default_qos(void **state)
{
    struct bounds_ask ask = ask_of(state, 0);
    assert_int_equal(bounds_shows_qos(&ask, "fast"), 1);
    assert_int_equal(bounds_shows_qos(&ask, "normal"), 0);
    assert_null(bounds_default_qos(&ask, NULL)); // there are two
    CLEANUP_FREE char *here =
        bounds_default_qos(&ask, "bio||normal\nphys|gpu|fast\nphys||slow\n");
    assert_string_equal(here, "slow");
    ask.partition = "gpu";
    ask.account = "phys";
    CLEANUP_FREE char *there = bounds_default_qos(&ask, "phys||slow\nphys|gpu|fast\n");
    assert_string_equal(there, "fast");
    ask.manager = USER("me(1001)", "phys", "", "Yes", "") "QOS=only(1) x\n";
    CLEANUP_FREE char *only = bounds_default_qos(&ask, NULL);
    assert_string_equal(only, "only");
}

static void refused(void **state)
{
    static const struct {
        struct limits_ask ask;
        const char *text, *hint;
    } over[] = {
        {{.time_us = 721 * MINUTE},
         "-t 12:01:00 is more than a job of me in account phys may take: 12:00:00",
         "-t 12:00:00"},
        {{.cores = 33}, "33 cores are more than me in account phys may have: 32", "-c 32"},
        {{.cores = 17, .nodes = 2}, "34 cores", "-c 16"},
        {{.nodes = 3}, "-N 3", "-N 2"},
        {{.memory_kb = 65 * GIB},
         "65G of memory is more than account phys may have: 64G",
         "--mem 64G"},
    };
    CLEANUP_BOUNDS struct bounds bounds = {0};
    CLEANUP_PARTITIONS struct partitions none = {0};
    struct bounds_ask ask = ask_of(state, 0);
    bounds_read(&ask, &bounds);
    for (size_t i = 0; i < COUNT(over); i++) {
        struct err err = {0};
        assert_int_equal(limits_check(&over[i].ask, &none, &bounds, &err), -1);
        assert_int_equal(err.code, ERR_OVER_LIMIT);
        if (!strstr(err.text, over[i].text) || !strstr(err.hint, over[i].hint))
            fail_msg("%s, %s", err.text, err.hint);
    }
    const struct limits_ask fits = {
        .time_us = 720 * MINUTE, .cores = 32, .memory_kb = 64 * GIB};
    assert_int_equal(limits_check(&fits, &none, &bounds, NULL), 0);
    CLEANUP_BOUNDS struct bounds full = {0};
    ask.account = "bio";
    struct err err = {0};
    bounds_read(&ask, &full);
    assert_int_equal(limits_check(&fits, &none, &full, &err), -1);
    assert_non_null(strstr(err.text, "account bio may have 7 jobs"));
}

static void of_parcels(void **state)
{
    CLEANUP_BOUNDS struct bounds bounds = {0};
    CLEANUP_PARTITIONS struct partitions partitions = {0};
    CLEANUP_CEILINGS struct ceilings submitted = {0};
    CLEANUP_CEILINGS struct ceilings running = {0};
    const struct slurm_config config = {.array_size = 1001, .most_jobs = 10000};
    const struct site_slurm site = {.max_queued = 10, .array_size = 1000};
    struct limits_ask job = {.cores = 4, .core_kb = GIB};
    const struct bounds_ask whose = ask_of(state, 0);
    partitions_read("c-iq*|1:00:00|64|257000|2|1:00\nc-iq*|1:00:00|8|16000|2|1:00\n",
                    &partitions);
    bounds_read(&whose, &bounds);
    struct ceiling_ask ask = {.config = &config,
                              .partitions = &partitions,
                              .bounds = &bounds,
                              .site = &site,
                              .job = &job,
                              .queued = 4};
    ceilings_of_cluster(&ask, &submitted, &running);
    assert_int_equal(ceilings_least(&submitted)->most,
                     50); // of the account; max-queued is told by Slurm
    assert_int_equal(ceilings_least(&running)->most, 16); // 64 cores, 64 GiB
    assert_int_equal(running.item[0].most, 36);           // the nodes, by their cores
    const struct bounds nothing = {.queued = -1};
    ask.bounds = &nothing;
    CLEANUP_CEILINGS struct ceilings site_submitted = {0};
    CLEANUP_CEILINGS struct ceilings site_running = {0};
    ceilings_of_cluster(&ask, &site_submitted, &site_running);
    assert_int_equal(ceilings_least(&site_submitted)->most, 6);
    assert_int_equal(ceilings_least(&site_running)->most, 36);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(least),   cmocka_unit_test(unused_qos), cmocka_unit_test(default_qos),
        cmocka_unit_test(refused), cmocka_unit_test(of_parcels),
    };
    return cmocka_run_group_tests(tests, make_manager, free_manager);
}
