// SPDX-License-Identifier: Apache-2.0
// Verdicts on measured cases, on their limits, and on what was not measured.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "cmocka.h"
#include "threads/verdict.h"

static const struct {
    const char *name;
    struct verdict_facts facts;
    enum verdict verdict;
} rows[] = {
    // measured on two cores: run, wait
    {"2 processes x 1", {.cores = 2, .run = 1.94, .wait = 0.05, .measured = 1}, VERDICT_FINE},
    {"1 x 2, a neighbour",
     {.cores = 2, .run = 1.10, .wait = 0.91, .measured = 1},
     VERDICT_NEIGHBOUR},
    {"4 x 1", {.cores = 2, .run = 1.83, .wait = 2.19, .measured = 1}, VERDICT_OVERSUBSCRIBED},
    {"8 x 2", {.cores = 2, .run = 1.91, .wait = 14.4, .measured = 1}, VERDICT_OVERSUBSCRIBED},
    {"8 x 8", {.cores = 2, .run = 0.95, .wait = 55, .measured = 1}, VERDICT_OVERSUBSCRIBED},
    // the limits
    {"a little more", {.cores = 2, .run = 1.8, .wait = 0.8, .measured = 1}, VERDICT_FULL},
    {"much, without delay", {.cores = 2, .run = 2.8, .wait = 0.4, .measured = 1}, VERDICT_FINE},
    {"one of sixteen", {.cores = 16, .run = 1, .measured = 1}, VERDICT_SERIAL},
    {"one of one", {.cores = 1, .run = 1, .measured = 1}, VERDICT_FINE},
    {"one of a quota of 1.5", {.cores = 1.5, .run = 1, .measured = 1}, VERDICT_FINE},
    {"two of sixteen", {.cores = 16, .run = 2, .measured = 1}, VERDICT_FINE},
    {"nothing", {.cores = 2, .measured = 1}, VERDICT_ASLEEP},
    {"wakes that are late",
     {.cores = 2, .run = 0.01, .wait = 0.2, .measured = 1},
     VERDICT_ASLEEP},
    {"disk", {.cores = 2, .run = 0.3, .blocked = 0.7, .measured = 1}, VERDICT_DISK},
    {"computes beside the disk",
     {.cores = 2, .run = 1.9, .blocked = 1, .measured = 1},
     VERDICT_FINE},
    {"disk for a moment",
     {.cores = 2, .run = 0.1, .blocked = 0.2, .measured = 1},
     VERDICT_ASLEEP},
    {"a queue", {.cores = 2, .run = 2, .callers = 7, .measured = 1}, VERDICT_QUEUE},
    {"a queue and a neighbour",
     {.cores = 2, .run = 1, .wait = 1, .callers = 7, .measured = 1},
     VERDICT_QUEUE},
    {"one that waits for another",
     {.cores = 2, .run = 2, .callers = 1, .measured = 1},
     VERDICT_FINE},
    {"a fork", {.cores = 2, .run = 2, .hung = 1, .measured = 1}, VERDICT_HUNG},
    {"a fork, not measured", {.cores = 2, .hung = 1}, VERDICT_HUNG},
    {"not measured", {.cores = 2, .run = 2}, VERDICT_UNKNOWN},
    {"no cores", {.run = 2, .wait = 2, .measured = 1}, VERDICT_NEIGHBOUR},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (verdict_of(&rows[i].facts) != rows[i].verdict)
            fail_msg("%s: %s, not %s", rows[i].name, verdict_name(verdict_of(&rows[i].facts)),
                     verdict_name(rows[i].verdict));
}

static void test_numbers(void **state)
{
    const struct verdict_facts facts = {.cores = 2, .run = 1, .wait = 3};
    const struct verdict_facts none = {0};
    (void)state;
    assert_true(verdict_demand(&facts) == 2 && verdict_delay(&facts) == 0.75);
    assert_true(verdict_demand(&none) == 0 && verdict_delay(&none) == 0);
}

static void test_cures(void **state)
{
    const struct verdict_facts narrow = {.processes = 1, .threads = 16};
    const struct verdict_facts fewer = {.processes = 8, .threads = 8};
    const struct verdict_facts pools = {.processes = 8, .threads = 64};
    (void)state;
    assert_int_equal(verdict_cure(&narrow), CURE_NARROW);
    assert_int_equal(verdict_cure(&fewer), CURE_FEWER);
    assert_int_equal(verdict_cure(&pools), CURE_ONE_THREAD);
}

static void test_names(void **state)
{
    (void)state;
    for (enum verdict i = 0; i < VERDICTS; i++)
        assert_int_equal(verdict_named(verdict_name(i)), i);
    assert_int_equal(verdict_named("later"), VERDICTS);
    assert_string_equal(verdict_name(VERDICTS), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_cures),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
