// SPDX-License-Identifier: Apache-2.0
// How a job stands and why it ended, in texts of Slurm 22.05, and its own record.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sched/job_view.h"

static const struct {
    const char *text;
    enum job_phase phase;
    const char *state;
    unsigned restarts;
    int code;
    enum job_cause alone, recorded; // without a record; with one
} views[] = {
    {"", JOB_ABSENT, "", 0, 0, CAUSE_KILLED, CAUSE_NONE},
    {"PENDING|Priority|0||0|1:00:00|\n", JOB_WAITS, "PENDING", 0, 0, CAUSE_KILLED, CAUSE_NONE},
    {"RUNNING|None|2|n[1-2]|0|5:00|\n", JOB_RUNS, "RUNNING", 2, 0, CAUSE_KILLED, CAUSE_NONE},
    {"COMPLETING|None|0|n1|0|5:00|\n", JOB_LEAVING, "COMPLETING", 0, 0, CAUSE_KILLED,
     CAUSE_NONE},
    {"COMPLETED|None|0|n1|0|1:00:00|\n", JOB_OVER, "COMPLETED", 0, 0, CAUSE_NONE, CAUSE_NONE},
    {"FAILED|NonZeroExitCode|0|n1|768|5:00|\n", JOB_OVER, "FAILED", 0, 3, CAUSE_NONE,
     CAUSE_NONE},
    {"CANCELLED|None|0|n1|36608|1:00:00|\n", JOB_OVER, "CANCELLED", 0, 143, CAUSE_CANCELLED,
     CAUSE_CANCELLED},
    {"TIMEOUT|TimeLimit|0|n1|0|1:00|\n", JOB_OVER, "TIMEOUT", 0, 0, CAUSE_TIME, CAUSE_TIME},
    {"OUT_OF_MEMORY|OutOfMemory|0|n1|125|1:00|\n", JOB_OVER, "OUT_OF_MEMORY", 0, 0,
     CAUSE_MEMORY, CAUSE_MEMORY},
    {"FAILED|JobLaunchFailure|0|n1|9|1:00|\n", JOB_OVER, "FAILED", 0, 0, CAUSE_MEMORY,
     CAUSE_NONE},
    {"NODE_FAIL|NodeDown|0|n2|1|1:00|\n", JOB_OVER, "NODE_FAIL", 0, 0, CAUSE_NODE, CAUSE_NODE},
    {"PREEMPTED|None|0|n2|0|1:00|\n", JOB_OVER, "PREEMPTED", 0, 0, CAUSE_PREEMPTED,
     CAUSE_PREEMPTED},
    {"FAILED|RaisedSignal:53(Real-time_signal_19)|0|n1|53|1:00|\n", JOB_OVER, "FAILED", 0, 0,
     CAUSE_NEVER, CAUSE_NONE},
    // the last line counts, and a line that was cut does not
    {"PENDING|None|0||0|1|\nRUNNING|None|1|n1|0|1|\nTIME", JOB_RUNS, "RUNNING", 1, 0,
     CAUSE_KILLED, CAUSE_NONE},
};

static void squeue(void **state)
{
    const struct job_end end = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(views); i++) {
        struct job_view view;
        squeue_read(views[i].text, &view);
        assert_int_equal(view.phase, views[i].phase);
        assert_string_equal(view.state, views[i].state);
        assert_int_equal(view.restarts, views[i].restarts);
        assert_int_equal(view.code, views[i].code);
        assert_int_equal(job_cause(&view, NULL), views[i].alone);
        assert_int_equal(job_cause(&view, &end), views[i].recorded);
    }
}

static void sacct(void **state)
{
    struct job_view view;
    (void)state;
    sacct_read("7|NODE_FAIL|0:0|n1|01:00:00|None\n7|CANCELLED by 1000|0:15|n2|01:00:00|None\n"
               "7.batch|CANCELLED|0:15|n2||\n77|COMPLETED|0:0|n3|01:00:00|None\n",
               "7", &view);
    assert_int_equal(view.phase, JOB_OVER);
    assert_string_equal(view.state, "CANCELLED");
    assert_string_equal(view.nodes, "n2");
    assert_int_equal(view.restarts, 1);
    assert_int_equal(view.signal, 15);
    sacct_read("", "7", &view);
    assert_int_equal(view.phase, JOB_ABSENT);
}

static void records(void **state)
{
    static const char *const bad[] = {
        "",
        "lopin-job 1 status=3 restart=1 term=0 end=1795997292 node=n1", // not whole yet
        "lopin-job 2 status=3 restart=1 term=0 end=1795997292 node=n1\n",
        "lopin-job 1 status=256 restart=1 term=0 end=1795997292 node=n1\n",
        "lopin-job 1 status=-3 restart=1 term=0 end=1795997292 node=n1\n",
        "lopin-job 1 restart=1 status=3 term=0 end=1795997292 node=n1\n",
        "lopin-job 1 status=3 restart=1 term=0 end=1795997292 node=n1\n\n",
    };
    struct job_end end;
    (void)state;
    assert_int_equal(
        job_end_read("lopin-job 1 status=3 restart=1 term=1 end=1795997292 node=n1\n", &end),
        0);
    assert_int_equal(end.status, 3);
    assert_int_equal(end.restart, 1);
    assert_true(end.was_stopped);
    assert_int_equal(end.ended_s, 1795997292);
    assert_string_equal(end.node, "n1");
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(job_end_read(bad[i], &end), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(squeue),
        cmocka_unit_test(sacct),
        cmocka_unit_test(records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
