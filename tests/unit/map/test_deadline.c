// SPDX-License-Identifier: Apache-2.0
// The steps towards the end of a parcel: each once, in their order, never after the end.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "map/deadline.h"

#define S INT64_C(1000000)

struct step {
    int64_t at_s;
    enum deadline_step step;
};

// Asked each second from 100 to 300, of a parcel that began at 100 with 100 s.
static void walk(char *signal, const struct step *expected, size_t count)
{
    struct spec spec = {.time_us = 100 * S, .signal = signal};
    struct deadline deadline;
    size_t seen = 0;
    int64_t due = 0;
    deadline_set(&deadline, &spec, 100 * S);
    for (int64_t now = 100; now <= 300; now++) {
        int64_t before = due;
        enum deadline_step step = deadline_next(&deadline, now * S, &due);
        if (!step)
            continue;
        assert_true(seen < count);
        assert_int_equal(step, expected[seen].step);
        assert_int_equal(now, expected[seen].at_s);
        assert_true(before == 0 || before <= now * S); // it had said when
        seen++;
    }
    assert_int_equal(seen, count);
    assert_true(due == INT64_MAX);
}

static void test_steps(void **state)
{
    static const struct step plain[] = {{190, DEADLINE_TERM}, {200, DEADLINE_KILL}};
    static const struct step warned[] = {
        {170, DEADLINE_WARN}, {190, DEADLINE_TERM}, {200, DEADLINE_KILL}};
    static const struct step late[] = {{195, DEADLINE_TERM}, {200, DEADLINE_KILL}};
    static const struct step first[] = {
        {170, DEADLINE_WARN}, {190, DEADLINE_TERM}, {200, DEADLINE_KILL}};
    (void)state;
    walk(NULL, plain, COUNT(plain));
    walk((char[]){"USR1@30"}, warned, COUNT(warned));
    walk((char[]){"TERM@5"}, late, COUNT(late));
    walk((char[]){"B:TERM@30"}, first, COUNT(first));
}

static void test_no_end(void **state)
{
    struct spec spec = {0};
    struct deadline deadline;
    int64_t due;
    (void)state;
    deadline_set(&deadline, &spec, 100 * S);
    assert_int_equal(deadline_next(&deadline, INT64_MAX - 1, &due), DEADLINE_NONE);
    assert_true(due == INT64_MAX);
    assert_true(deadline_leaves(&deadline, 0, 1e9));
}

static void test_a_late_look_loses_no_step(void **state)
{
    struct spec spec = {.time_us = 100 * S, .signal = (char[]){"USR1@30"}};
    struct deadline deadline;
    int64_t due;
    (void)state;
    deadline_set(&deadline, &spec, 0);
    assert_int_equal(deadline_next(&deadline, 5000 * S, &due), DEADLINE_WARN);
    assert_int_equal(deadline_next(&deadline, 5000 * S, &due), DEADLINE_TERM);
    assert_int_equal(deadline_next(&deadline, 5000 * S, &due), DEADLINE_KILL);
    assert_int_equal(deadline_next(&deadline, 5000 * S, &due), DEADLINE_NONE);
}

static void test_what_fits(void **state)
{
    struct spec spec = {.time_us = 100 * S};
    struct deadline deadline;
    (void)state;
    deadline_set(&deadline, &spec, 0);
    assert_true(deadline_leaves(&deadline, 0, 90));
    assert_false(deadline_leaves(&deadline, 0, 91));
    assert_true(deadline_leaves(&deadline, 80 * S, 10));
    assert_false(deadline_leaves(&deadline, 95 * S, 0.1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps), cmocka_unit_test(test_no_end),
        cmocka_unit_test(test_a_late_look_loses_no_step), cmocka_unit_test(test_what_fits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
