// SPDX-License-Identifier: Apache-2.0
// All jobs of a user, in texts of squeue of Slurm 22.05, and lookups in many.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sched/detail.h"
#include "sched/jobs.h"

static const char squeue[] =
    "3|3|PENDING|0|0|1796006054|1796009654|1796013254|1:00:00|2|c-iq||(null)|Resources|\n"
    "4_10|4|PENDING|0|0|1796006054|N/A|N/A|5:00|1|c-iq||(null)|JobArrayTaskLimit|\n"
    "4_2|15|RUNNING|1|0|1796006054|1796006054|1796006354|5:00|1|c-iq|n1|(null)|None|\n"
    "4_1|14|FAILED|0|1280|1796006054|1796006054|1796006060|5:00|1|c-iq|n2|(null)|"
    "NonZeroExitCode|\n"
    "7+1|8|PENDING|0|0|1796006054|N/A|N/A|UNLIMITED|1|a,b||afterok:1(failed)|"
    "ReqNodeNotAvail, UnavailableNodes:n|2|\n"
    "7+0|7|PENDING|0|0|1796006054|N/A|N/A|5:00|1|c-iq||(null)|A|B|\n";

static void reads(void **state)
{
    size_t count;
    struct job_view view;
    CLEANUP_STR struct str name = {0};
    CLEANUP_JOBS struct jobs jobs = {0};
    (void)state;
    jobs_read(squeue, &jobs);
    assert_int_equal(jobs.count, 6);
    const struct slurm_job *job = jobs_find(&jobs, "3", &count);
    assert_int_equal(count, 1);
    assert_int_equal(job->phase, JOB_WAITS);
    assert_string_equal(job->reason, "Resources");
    assert_int_equal(job->start_s, 1796009654);
    assert_int_equal(job->time_us, INT64_C(3600000000));
    assert_string_equal(job->dependency, "");
    job = jobs_find(&jobs, "4", &count);
    assert_int_equal(count, 3);
    assert_int_equal(job[0].element, 1);
    assert_int_equal(job[0].code, 5);
    assert_int_equal(job[0].phase, JOB_OVER);
    assert_int_equal(job[1].restarts, 1);
    assert_string_equal(job[1].reason, "");
    assert_int_equal(job[2].element, 10);
    assert_int_equal(job[2].start_s, 0);
    job = jobs_find(&jobs, "4_2", &count);
    assert_int_equal(count, 1);
    assert_int_equal(job->id, 15);
    jobs_add_name(&name, job);
    assert_string_equal(name.text, "4_2");
    jobs_view(job, &view);
    assert_string_equal(view.nodes, "n1");
    // by the number that it has for itself
    assert_ptr_equal(jobs_find(&jobs, "15", &count), job);
    assert_int_equal(count, 1);
    job = jobs_find(&jobs, "7+1", &count);
    assert_int_equal(count, 1);
    assert_string_equal(job->reason, "ReqNodeNotAvail, UnavailableNodes:n|2");
    assert_string_equal(job->dependency, "afterok:1(failed)");
    assert_int_equal(job->time_us, 0);
    static const char *const absent[] = {
        "5",          "4_3", "4+2", "", "x", "4_", "_2", "4_2_3", "99999999999999999999",
        "4294967295", "-4"};
    for (size_t i = 0; i < COUNT(absent); i++) {
        assert_null(jobs_find(&jobs, absent[i], &count));
        assert_int_equal(count, 0);
    }
}

static void leaves_out_what_is_no_line(void **state)
{
    size_t count;
    CLEANUP_JOBS struct jobs jobs = {0};
    (void)state;
    jobs_read("", &jobs);
    assert_null(jobs_find(&jobs, "3", &count));
    jobs_read("slurm_load_jobs error\n\n|||||||||||||||\n"
              "x|3|PENDING|0|0|1|1|1|1|2|c-iq||(null)|Resources|\n"
              "3|x|PENDING|0|0|1|1|1|1|2|c-iq||(null)|Resources|\n"
              "9|9|PENDING|0|0|1|1|1|1|2|c-iq||(null)\n"
              "8|8|PEN\x1b[1m|-1|x|2026-11-30T02:34:14|-5|9e9|x|x|\x07||\xff|\r|\n"
              "3|3|PENDING|0|0|1|1|1|1|2|c-iq||(null)|Reso",
              &jobs);
    assert_int_equal(jobs.count, 1);
    assert_string_equal(jobs.item[0].state, "PEN\\x1b[1m");
    assert_string_equal(jobs.item[0].reason, "\\x0d");
    assert_int_equal(jobs.item[0].submit_s, 0);
    // added later, and in order again
    const struct slurm_job more = {.job = 2, .element = JOBS_WHOLE, .id = 2, .state = ""};
    jobs_put(&jobs, &more);
    assert_null(jobs_find(&jobs, "2", &count));
    jobs_settle(&jobs);
    assert_non_null(jobs_find(&jobs, "2", &count));
    assert_non_null(jobs_find(&jobs, "8", &count));
}

static void finds_among_many(void **state)
{
#ifdef __SANITIZE_ADDRESS__ // its strict_string_checks look at the whole text for each field
    enum { MANY = 3000 };
#else
    enum { MANY = 100000 };
#endif
    size_t count;
    CLEANUP_STR struct str text = {0};
    CLEANUP_JOBS struct jobs jobs = {0};
    (void)state;
    for (unsigned i = MANY; i-- > 0;)
        str_print(&text, "8124_%u|%u|%s|0|0|1|N/A|N/A|5:00|1|c-iq|n%u|(null)|Priority|\n", i,
                  200000 + i, i % 3 ? "PENDING" : "RUNNING", i % 7);
    jobs_read(text.text, &jobs);
    assert_int_equal(jobs.count, MANY);
    assert_non_null(jobs_find(&jobs, "8124", &count));
    assert_int_equal(count, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        char word[32];
        snprintf(word, sizeof word, i % 2 ? "8124_%u" : "%u", i % 2 ? i : 200000 + i);
        const struct slurm_job *job = jobs_find(&jobs, word, &count);
        assert_int_equal(count, 1);
        assert_int_equal(job->element, i);
        // words that are the same are kept once
        assert_ptr_equal(job->reason, jobs.item[0].reason);
    }
}

static void details(void **state)
{
    CLEANUP_DETAIL struct detail detail = {0};
    (void)state;
    detail_read("JobId=7 JobName=wrap\n   UserId=root(0) JobState=FAILED\n"
                "   TRES=cpu=1,mem=256M,node=1,billing=1\n   Command=(null)\n"
                "   WorkDir=/tmp/a b StdErr=no\n   StdErr=(null)\n   StdIn=/dev/null\n"
                "   StdOut=/tmp/no folder/x.out\n\nJobId=8 JobName=x\n   StdErr=/other\n",
                &detail);
    assert_string_equal(detail.work, "/tmp/a b StdErr=no");
    assert_string_equal(detail.out, "/tmp/no folder/x.out");
    assert_null(detail.error);
    assert_int_equal(detail.paid_kb, 256 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(leaves_out_what_is_no_line),
        cmocka_unit_test(finds_among_many),
        cmocka_unit_test(details),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
