// SPDX-License-Identifier: Apache-2.0
// What sacct and sstat print of jobs, in texts of Slurm 22.05.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sched/accounts.h"

static const char sacct[] =
    "1|1|NODE_FAIL|0:0|10|2|00:00.001||billing=2,cpu=2,mem=512M,node=1|n1|100|110|120|01:00:00|"
    "c-iq|"
    "None\n"
    "1|1|CANCELLED by "
    "1000|0:0|152|2|1-01:02:03||billing=2,cpu=2,mem=1.50G,node=1|n2|100|130|282|"
    "01:00:00|c-iq|None\n"
    "1.batch|1.batch|CANCELLED|0:15|152|2|00:00.001|3332K|cpu=2,mem=512M,node=1|n2|130|130|282|"
    "||\n"
    "1.0|1.0|CANCELLED|0:15|152|2|00:00.001|1.5G|cpu=2,mem=512M,node=1|n2|130|130|282|||\n"
    "4_[0-9%2]|4|CANCELLED by 0|0:0|0|1|00:00:00|||None "
    "assigned|100|None|282|00:05:00|c-iq|None\n"
    "8_3|12|FAILED|5:0|60|1|02:03.159|||n1|100|110|170|UNLIMITED|c-iq|NonZeroExitCode\n"
    "8_3.batch|12.batch|FAILED|5:0|0|1|00:00.002|0||||||||\n"
    "8_10|13|RUNNING|0:0|60|1|00:00:00|||n1|100|110|Unknown|00:05:00|c-iq|None\n";

static void reads(void **state)
{
    CLEANUP_ACCOUNTS struct accounts accounts = {0};
    (void)state;
    accounts_read(sacct, &accounts);
    assert_int_equal(accounts.count, 5);
    const struct account *item = accounts_find(&accounts, 1, JOBS_WHOLE);
    assert_non_null(item);
    assert_string_equal(item->job.state, "CANCELLED");
    assert_int_equal(item->by, 1000);
    assert_int_equal(item->job.restarts, 1);
    assert_string_equal(item[-1].job.state, "NODE_FAIL");
    assert_string_equal(item[-1].job.node, "n1");
    assert_int_equal(item[-1].by, -1);
    assert_int_equal(item->cpu_us, (25 * 3600 + 123) * INT64_C(1000000));
    assert_int_equal(item->memory_kb, 3 * 512 * 1024);
    assert_int_equal(item->paid_kb, 3 * 512 * 1024);
    item = accounts_find(&accounts, 4, JOBS_WHOLE);
    assert_non_null(item);
    assert_string_equal(item->job.node, "");
    assert_int_equal(item->job.start_s, 0);
    assert_int_equal(item->memory_kb, -1);
    item = accounts_find(&accounts, 8, 3);
    assert_non_null(item);
    assert_int_equal(item->job.code, 5);
    assert_int_equal(item->cpu_us, 123159000);
    assert_int_equal(item->memory_kb, 0);
    assert_int_equal(item->job.time_us, 0);
    assert_int_equal(item->job.id, 12);
    item = accounts_find(&accounts, 8, 10);
    assert_int_equal(item->job.phase, JOB_RUNS);
    assert_null(accounts_find(&accounts, 8, 4));
    assert_null(accounts_find(&accounts, 9, JOBS_WHOLE));
}

static void survives(void **state)
{
    CLEANUP_ACCOUNTS struct accounts accounts = {0};
    (void)state;
    accounts_read("1.batch|1.batch|F|0:0|1|1|0|9G|||||||||\nx|x|x\n||||||||||||||||\n"
                  "5|5|X by y|-1:999|-1|x|1:2:x|9Q|mem=,mem=x|\x1b|1e9|x|x|x|\n|x\n",
                  &accounts);
    assert_int_equal(accounts.count, 0);
    accounts_read("5|5|X by y|-1:999|-1|x|1:2:x|9Q|mem=,mem=x|\x1b|1e9|x|x|x|\x07|x\n",
                  &accounts);
    assert_int_equal(accounts.count, 1);
    assert_int_equal(accounts.item[0].cpu_us, -1);
    assert_int_equal(accounts.item[0].by, -1);
    assert_string_equal(accounts.item[0].job.node, "\\x1b");
}

static void live(void **state)
{
    struct account used;
    (void)state;
    accounts_read_live(
        "15.batch|4860K|00:00:04|1\n15.0|6M|00:01:00|4\n14.batch|9G|09:00:00|1\n", 15, &used);
    assert_int_equal(used.memory_kb, 6 * 1024);
    assert_int_equal(used.cpu_us, 244 * INT64_C(1000000));
    accounts_read_live("", 15, &used);
    assert_int_equal(used.cpu_us, -1);
    assert_int_equal(used.memory_kb, -1);
}

static void exist(void **state)
{
    (void)state;
    assert_true(
        accounts_exist("X = 1\nAccountingStorageType   = accounting_storage/slurmdbd\n"));
    assert_false(accounts_exist("AccountingStorageType   = accounting_storage/none\n"));
    assert_false(accounts_exist("AccountingStorageType   = (null)\n"));
    assert_false(accounts_exist("AccountingStorageTypeX = accounting_storage/slurmdbd\n"));
    assert_false(accounts_exist(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(survives),
        cmocka_unit_test(live),
        cmocka_unit_test(exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
