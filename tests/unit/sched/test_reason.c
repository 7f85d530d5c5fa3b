// SPDX-License-Identifier: Apache-2.0
// Each reason that Slurm 22.05 has for a job that waits has words of ours.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/lang.h"
#include "base/mem.h"
#include "sched/reason.h"

// slurm_job_reason_string(), as its library has them
static const char limits[] =
    "AssocGrpBB AssocGrpBBMinutes AssocGrpBBRunMinutes AssocGrpBilling "
    "AssocGrpBillingMinutes AssocGrpBillingRunMinutes AssocGrpCPUMinutesLimit "
    "AssocGrpCPURunMinutesLimit AssocGrpCpuLimit AssocGrpEnergy AssocGrpEnergyMinutes "
    "AssocGrpEnergyRunMinutes AssocGrpGRES AssocGrpGRESMinutes AssocGrpGRESRunMinutes "
    "AssocGrpJobsLimit AssocGrpLicense AssocGrpLicenseMinutes AssocGrpLicenseRunMinutes "
    "AssocGrpMemLimit AssocGrpMemMinutes AssocGrpMemRunMinutes AssocGrpNodeLimit "
    "AssocGrpNodeMinutes AssocGrpNodeRunMinutes AssocGrpSubmitJobsLimit AssocGrpWallLimit "
    "AssocMaxBBMinutesPerJob AssocMaxBBPerJob AssocMaxBBPerNode AssocMaxBillingMinutesPerJob "
    "AssocMaxBillingPerJob AssocMaxBillingPerNode AssocMaxCpuMinutesPerJobLimit "
    "AssocMaxCpuPerJobLimit AssocMaxCpuPerNode AssocMaxEnergyMinutesPerJob "
    "AssocMaxEnergyPerJob AssocMaxEnergyPerNode AssocMaxGRESMinutesPerJob AssocMaxGRESPerJob "
    "AssocMaxGRESPerNode AssocMaxJobsLimit AssocMaxLicenseMinutesPerJob "
    "AssocMaxLicensePerJob AssocMaxMemMinutesPerJob AssocMaxMemPerJob AssocMaxMemPerNode "
    "AssocMaxNodeMinutesPerJob AssocMaxNodePerJobLimit AssocMaxSubmitJobLimit "
    "AssocMaxWallDurationPerJobLimit AssociationJobLimit AssociationResourceLimit "
    "AssociationTimeLimit MaxBBPerAccount MaxBillingPerAccount MaxCpuPerAccount "
    "MaxEnergyPerAccount MaxGRESPerAccount MaxJobsPerAccount MaxLicensePerAccount "
    "MaxMemPerLimit MaxMemoryPerAccount MaxNodePerAccount MaxSubmitJobsPerAccount QOSGrpBB "
    "QOSGrpBBMinutes QOSGrpBBRunMinutes QOSGrpBilling QOSGrpBillingMinutes "
    "QOSGrpBillingRunMinutes QOSGrpCPUMinutesLimit QOSGrpCPURunMinutesLimit QOSGrpCpuLimit "
    "QOSGrpEnergy QOSGrpEnergyMinutes QOSGrpEnergyRunMinutes QOSGrpGRES QOSGrpGRESMinutes "
    "QOSGrpGRESRunMinutes QOSGrpJobsLimit QOSGrpLicense QOSGrpLicenseMinutes "
    "QOSGrpLicenseRunMinutes QOSGrpMemLimit QOSGrpMemoryMinutes QOSGrpMemoryRunMinutes "
    "QOSGrpNodeLimit QOSGrpNodeMinutes QOSGrpNodeRunMinutes QOSGrpSubmitJobsLimit "
    "QOSGrpWallLimit QOSJobLimit QOSMaxBBPerJob QOSMaxBBPerNode QOSMaxBBPerUser "
    "QOSMaxBillingMinutesPerJob QOSMaxBillingPerJob QOSMaxBillingPerNode "
    "QOSMaxBillingPerUser QOSMaxCpuMinutesPerJobLimit QOSMaxCpuPerJobLimit QOSMaxCpuPerNode "
    "QOSMaxCpuPerUserLimit QOSMaxEnergyMinutesPerJob QOSMaxEnergyPerJob QOSMaxEnergyPerNode "
    "QOSMaxEnergyPerUser QOSMaxGRESMinutesPerJob QOSMaxGRESPerJob QOSMaxGRESPerNode "
    "QOSMaxGRESPerUser QOSMaxJobsPerUserLimit QOSMaxLicenseMinutesPerJob QOSMaxLicensePerJob "
    "QOSMaxLicensePerUser QOSMaxMemoryMinutesPerJob QOSMaxMemoryPerJob QOSMaxMemoryPerNode "
    "QOSMaxMemoryPerUser QOSMaxNodeMinutesPerJob QOSMaxNodePerJobLimit "
    "QOSMaxNodePerUserLimit QOSMaxSubmitJobPerUserLimit QOSMaxWallDurationPerJobLimit "
    "QOSMinBB QOSMinBilling QOSMinCpuNotSatisfied QOSMinEnergy QOSMinGRES QOSMinLicense "
    "QOSMinMemory QOSMinNode QOSNotAllowed QOSResourceLimit QOSTimeLimit QOSUsageThreshold ";
static const char *const others[] = {
    "Priority",
    "Dependency",
    "Resources",
    "PartitionNodeLimit",
    "PartitionTimeLimit",
    "PartitionDown",
    "PartitionInactive",
    "JobHeldAdmin",
    "BeginTime",
    "Licenses",
    "NodeDown",
    "TimeLimit",
    "InactiveLimit",
    "JobHeldUser",
    "InvalidAccount",
    "InvalidQOS",
    "Reservation",
    "SystemFailure",
    "JobLaunchFailure",
    "NonZeroExitCode",
    "Cleaning",
    "BadConstraints",
    "Prolog",
    "FrontEndDown",
    "ReqNodeNotAvail",
    "JobArrayTaskLimit",
    "DependencyNeverSatisfied",
    "BurstBufferResources",
    "BurstBufferStageIn",
    "BurstBufferOperation",
    "AccountNotAllowed",
    "ReservationDeleted",
    "JobHoldMaxRequeue",
    "OutOfMemory",
    "DeadLine",
    "FedJobLock",
    "ResvOverRun",
    "None",
    "",
};

static void check(const char *code)
{
    struct reason reason;
    CLEANUP_STR struct str text = {0};
    CLEANUP_STR struct str cure = {0};
    if (reason_look(code, &reason) < 0)
        fail_msg("%s is not known", code);
    reason_add(&text, code);
    assert_non_null(text.text);
    assert_null(strstr(text.text, "%s"));
    if (str_columns(text.text) > 79 - 8) // behind the label of a line
        fail_msg("too long: %s", text.text);
    if (strstr(reason.words, "%s"))
        assert_non_null(reason.thing);
    if (reason_add_cure(&cure, code, "8124_3"))
        assert_true(!strstr(cure.text, "JOB") && str_columns(cure.text) <= 79 - 8);
}

static void all_are_known(void **state)
{
    (void)state;
    for (int language = 0; language < 2; language++) {
        CLEANUP_STRV struct strv codes = {0};
        lang_choose(language ? "fr" : "en");
        strv_split(&codes, limits, ' ');
        assert_true(codes.count > 100);
        for (size_t i = 0; i < codes.count; i++)
            if (*codes.item[i])
                check(codes.item[i]);
        for (size_t i = 0; i < COUNT(others); i++)
            check(others[i]);
    }
    lang_choose("en");
}

static const struct {
    const char *code;
    int never;
    const char *words, *cure; // parts of both
} samples[] = {
    {"DependencyNeverSatisfied", 1, "depends", "scancel 8124_3"},
    {"JobHeldUser", 0, "holds it back", "scontrol release 8124_3"},
    {"ReqNodeNotAvail, UnavailableNodes:n[1-2]", 0, "reserved", "sinfo -R"},
    {"ReqNodeNotAvail,_UnavailableNodes:n2", 0, "reserved", "sinfo -R"},
    {"launch failed requeued held", 0, "could not be started", "release"},
    {"launch_failed_requeued_held", 0, "could not be started", "release"},
    {"Nodes_required_for_job_are_DOWN,_DRAINED_or_reserved_for_jobs_in_higher_priority_"
     "partitions",
     0, "down", "sinfo -R"},
    {"AssocGrpCPURunMinutesLimit", 0, "counting time left: cores", "TimeLimit"},
    {"AssocGrpCpuLimit", 0, "together are at the limit: cores", NULL},
    {"AssocMaxJobsLimit", 0, "running jobs", NULL},
    {"AssocMaxCpuPerJobLimit", 1, "cores", "scancel"},
    {"QOSMaxCpuPerUserLimit", 0, "you are at your limit in its QOS: cores", NULL},
    {"QOSMaxSubmitJobPerUserLimit", 0, "submitted jobs", NULL},
    {"QOSMaxMemoryPerNode", 1, "memory", "scancel"},
    {"QOSMaxWallDurationPerJobLimit", 1, "time", "TimeLimit"},
    {"QOSMinCpuNotSatisfied", 1, "more: cores", "scancel"},
    {"MaxGRESPerAccount", 0, "GPUs", NULL},
    {"QOSGrpMemLimit", 0, "memory", NULL},
};

static void say_what_they_mean(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(samples); i++) {
        struct reason reason;
        CLEANUP_STR struct str text = {0};
        CLEANUP_STR struct str cure = {0};
        assert_int_equal(reason_look(samples[i].code, &reason), 0);
        assert_int_equal(reason.never, samples[i].never);
        reason_add(&text, samples[i].code);
        assert_non_null(strstr(text.text, samples[i].words));
        assert_int_equal(reason_add_cure(&cure, samples[i].code, "8124_3"),
                         samples[i].cure != NULL);
        if (samples[i].cure)
            assert_non_null(strstr(cure.text, samples[i].cure));
    }
}

static void what_is_not_known_stands_as_it_is(void **state)
{
    static const char *const unknown[] = {"PriorityX", "Tomorrow", "QOSGrpUnknown", "\x1b[31m",
                                          "%s%n"};
    (void)state;
    for (size_t i = 0; i < COUNT(unknown); i++) {
        struct reason reason;
        CLEANUP_STR struct str text = {0};
        assert_int_equal(reason_look(unknown[i], &reason), -1);
        reason_add(&text, unknown[i]);
        assert_string_equal(text.text, i == 3 ? "\\x1b[31m" : unknown[i]);
        assert_false(reason_add_cure(&text, unknown[i], "1"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_known),
        cmocka_unit_test(say_what_they_mean),
        cmocka_unit_test(what_is_not_known_stands_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
