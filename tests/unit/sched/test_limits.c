// SPDX-License-Identifier: Apache-2.0
// What a cluster gives, as Slurm 22.05 prints it, and the line to type where more was asked for.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sched/limits.h"

#define MINUTE INT64_C(60000000)
#define GIB    (INT64_C(1) << 20) // in KiB

static void config(void **state)
{
    struct slurm_config config;
    (void)state;
    slurm_config_read("Configuration data as of 2026-11-29T23:57:11\n"
                      "AccountingStorageBackupHost = (null)\n"
                      "AccountingStorageEnforce = associations,limits,qos\n"
                      "AccountingStorageType   = accounting_storage/slurmdbd\n"
                      "DefMemPerCPU            = 256\n"
                      "KillWait                = 30 sec\n"
                      "LaunchParameters        = use_interactive_step,mpir_use_nodeaddr\n"
                      "MaxArraySize            = 10001\n"
                      "MaxJobCount             = 50000\n"
                      "SLURM_CONF              = /etc/slurm/slurm.conf\n"
                      "SLURM_VERSION           = 22.05.8\n",
                      &config);
    assert_string_equal(config.version, "22.05.8");
    assert_int_equal(config.array_size, 10001);
    assert_int_equal(config.most_jobs, 50000);
    assert_int_equal(config.kill_wait_us, 30000000);
    assert_true(config.starts_shell_on_node);
    assert_true(config.has_accounting && config.holds_to_limits);
    assert_int_equal(config.core_kb, 256 * 1024);
    assert_int_equal(config.node_kb, 0);
    slurm_config_read("MaxArraySize = -1\nMaxJobCount = 99999999999999999999\nMaxArraySizeX=3\n"
                      "LaunchParameters = (null)\nAccountingStorageEnforce = none\n",
                      &config);
    assert_int_equal(config.array_size, 0);
    assert_int_equal(config.most_jobs, 0);
    assert_int_equal(config.starts_shell_on_node, 0);
    assert_int_equal(config.has_accounting, 0);
    assert_int_equal(config.holds_to_limits, 0);
}

static const char nodes[] = "c-iq*|7-00:00:00|64|257000|4|1:00:00\n"
                            "c-iq*|7-00:00:00|32|128000|10|1:00:00\n"
                            "c-short|2:00|64|257000|2|1:00\n"
                            "bigmem|infinite|128+|4000000+|1|n/a\n"
                            "broken|n/a|x|y\n"
                            "*|1:00|1|1|1|1:00\n";

static void partitions(void **state)
{
    CLEANUP_PARTITIONS struct partitions list = {0};
    (void)state;
    partitions_read(nodes, &list);
    assert_int_equal(list.count, 3);
    const struct partition *first = partitions_find(&list, NULL);
    assert_string_equal(first->name, "c-iq");
    assert_int_equal(first->time_us, 7 * 24 * 60 * MINUTE);
    assert_int_equal(first->cpus, 64);
    assert_int_equal(first->memory_kb, 257000 * 1024LL);
    assert_int_equal(first->nodes, 14);
    assert_int_equal(partitions_find(&list, "c-short")->time_us, 2 * MINUTE);
    assert_int_equal(partitions_find(&list, "bigmem")->time_us, 0);
    assert_int_equal(partitions_find(&list, "bigmem")->cpus, 128);
    assert_null(partitions_find(&list, "c-iq*"));
}

static const struct {
    struct limits_ask ask;
    enum err_code code;
    const char *hint; // a part of it
} checks[] = {
    {{.time_us = 60 * MINUTE, .memory_kb = 4 * GIB, .cores = 64, .nodes = 14}, ERR_NONE, NULL},
    {{.time_us = 8 * 24 * 60 * MINUTE}, ERR_OVER_LIMIT, "-t 7-00:00:00"},
    {{.time_us = 8 * 24 * 60 * MINUTE}, ERR_OVER_LIMIT, "-p bigmem"},
    {{.partition = "c-short", .time_us = 3 * MINUTE}, ERR_OVER_LIMIT, "-t 00:02:00"},
    {{.partition = "c-short", .time_us = 3 * MINUTE}, ERR_OVER_LIMIT, "-p c-iq"},
    {{.partition = "bigmem", .time_us = 900 * 24 * 60 * MINUTE}, ERR_NONE, NULL},
    {{.memory_kb = 300 * GIB}, ERR_OVER_LIMIT, "--mem 257000M"},
    {{.core_kb = 100 * GIB, .cores = 4}, ERR_OVER_LIMIT, "--mem-per-cpu 64250M"},
    {{.cores = 65}, ERR_OVER_LIMIT, "-c 64"},
    {{.nodes = 15}, ERR_OVER_LIMIT, "-N 14"},
    {{.partition = "bigme"}, ERR_REFUSED, "-p bigmem"},
    {{.partition = "c-iq,bigmem", .cores = 65}, ERR_NONE, NULL},
    {{.partition = "c-iq,bigmem", .cores = 129}, ERR_OVER_LIMIT, "-c 64"},
    {{.partition = "c-iq,other", .cores = 129}, ERR_NONE, NULL}, // it may be hidden from us
};

static void limits(void **state)
{
    CLEANUP_PARTITIONS struct partitions list = {0};
    (void)state;
    partitions_read(nodes, &list);
    for (size_t i = 0; i < COUNT(checks); i++) {
        struct err err = {0};
        int status = limits_check(&checks[i].ask, &list, NULL, &err);
        assert_int_equal(err.code, checks[i].code);
        assert_int_equal(status, checks[i].code ? -1 : 0);
        if (checks[i].hint && !strstr(err.hint, checks[i].hint))
            fail_msg("case %zu: '%s' is not in '%s'", i, checks[i].hint, err.hint);
    }
}

static const char rules[] =
    "PartitionName=c-iq AllowGroups=ALL QoS=part DefaultTime=01:00:00 MaxNodes=8 "
    "MaxTime=7-00:00:00 "
    "MinNodes=2 MaxCPUsPerNode=UNLIMITED DefMemPerCPU=256 MaxMemPerNode=UNLIMITED\n"
    "PartitionName=unknown QoS=x\n"
    "PartitionName=bigmem QoS=N/A MaxNodes=UNLIMITED MinNodes=0 MaxMemPerCPU=4096\n\n";

static void partition_rules(void **state)
{
    CLEANUP_PARTITIONS struct partitions list = {0};
    struct err err;
    (void)state;
    partitions_read(nodes, &list);
    partitions_add_rules(rules, &list);
    assert_int_equal(list.count, 3);
    const struct partition *first = partitions_find(&list, NULL);
    assert_string_equal(first->qos, "part");
    assert_int_equal(first->most_nodes, 8);
    assert_int_equal(first->core_kb, 256 * 1024);
    assert_int_equal(first->total_cpus, 64 * 4 + 32 * 10);
    const struct partition *big = partitions_find(&list, "bigmem");
    assert_null(big->qos);
    assert_int_equal(big->most_nodes, 0);
    assert_int_equal(big->most_core_kb, 4 * GIB);
    const struct limits_ask wide = {.nodes = 9};
    assert_int_equal(limits_check(&wide, &list, NULL, &err), -1);
    assert_non_null(strstr(err.hint, "-N 8"));
    const struct limits_ask narrow = {.cores = 1};
    assert_int_equal(limits_check(&narrow, &list, NULL, &err), -1);
    assert_non_null(strstr(err.hint, "-N 2"));
    partitions_add_rules(rules, &list); // once more: nothing is lost
}

static void time_of_a_job(void **state)
{
    static const struct {
        struct limits_ask ask;
        int64_t us;
    } cases[] = {{{.time_us = 5}, 5},
                 {{0}, 60 * MINUTE},
                 {{.partition = "c-short"}, MINUTE},
                 {{.partition = "c-iq,c-short"}, MINUTE},
                 {{.partition = "bigmem"}, 0},
                 {{.partition = "none"}, 0}};
    CLEANUP_PARTITIONS struct partitions list = {0};
    (void)state;
    partitions_read(nodes, &list);
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(limits_time(&cases[i].ask, &list), cases[i].us);
}

static void nothing_is_known(void **state)
{
    const struct limits_ask ask = {.partition = "x", .cores = 1000000};
    CLEANUP_PARTITIONS struct partitions list = {0};
    (void)state;
    partitions_read("", &list);
    assert_int_equal(limits_check(&ask, &list, NULL, NULL), 0);
}

static void times(void **state)
{
    static const struct {
        int64_t us;
        const char *text;
    } cases[] = {{1, "00:00:01"},
                 {90 * MINUTE, "01:30:00"},
                 {24 * 60 * MINUTE, "1-00:00:00"},
                 {(60 * 60 + 1) * MINUTE, "2-12:01:00"}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP_STR struct str text = {0};
        limits_add_time(&text, cases[i].us);
        assert_string_equal(text.text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config),           cmocka_unit_test(partitions),
        cmocka_unit_test(limits),           cmocka_unit_test(times),
        cmocka_unit_test(nothing_is_known), cmocka_unit_test(partition_rules),
        cmocka_unit_test(time_of_a_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
