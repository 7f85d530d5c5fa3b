// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "module/rc_when.h"

static int is_ann(const char *name, int is_group)
{
    return strcmp(name, is_group ? "physics" : "ann") == 0;
}

// "a2026-12-05 Uann": conditions, a space between them.
static void build(struct str *when, const char *text)
{
    struct strv words = {0};
    strv_split(&words, text, ' ');
    for (size_t i = 0; i < words.count; i++)
        assert_int_equal(
            rc_when_add(when, (enum rc_condition) * words.item[i], words.item[i] + 1), 0);
    strv_free(&words);
}

static int64_t at(const char *text)
{
    struct tm tm = {.tm_isdst = -1};
    assert_non_null(strptime(text, "%Y-%m-%dT%H:%M", &tm));
    return mktime(&tm);
}

static void test_whom(void **state)
{
    (void)state;
    static const struct {
        const char *when;
        int holds;
    } cases[] = {
        {"uann", 1},
        {"ubob", 0},
        {"ubob uann", 1},
        {"gphysics", 1},
        {"gmath", 0},
        {"ubob gphysics", 1},
        {"u", 0},
        {"Uann", 0},
        {"Ubob", 1},
        {"U", 1},
        {"Gphysics", 0},
        {"Gmath", 1},
        {"Ubob Gphysics", 0},
        {"uann Uann", 1},
        {"uann Gphysics", 1},
        {"ubob Ubob", 0},
        {"gphysics Uann", 1},
        {"uphysics gann", 0},
    };
    const struct rc_who ann = {.now = 1000, .is = is_ann}, nobody = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str when = {0};
        build(&when, cases[i].when);
        if (rc_when_holds(when.text, &ann) != cases[i].holds)
            fail_msg("%s", cases[i].when);
        assert_false(rc_when_holds(when.text, &nobody));
        str_free(&when);
    }
    assert_true(rc_when_holds("", &ann) && rc_when_holds("", &nobody));
}

static void test_time(void **state)
{
    (void)state;
    static const struct {
        const char *when, *now;
        int holds, nears; // within 14 days
    } cases[] = {
        {"a2026-12-05", "2026-12-04T23:59", 0, 1},
        {"a2026-12-05", "2026-12-05T00:00", 1, 0},
        {"a2026-12-05", "2026-11-21T00:00", 0, 1},
        {"a2026-12-05", "2026-11-20T23:59", 0, 0},
        {"a2026-12-05T12:30", "2026-12-05T12:29", 0, 1},
        {"a2026-12-05T12:30", "2026-12-05T12:30", 1, 0},
        {"b2026-12-05", "2026-12-04T23:59", 1, 0},
        {"b2026-12-05", "2026-12-05T00:00", 0, 0},
        // a gap between the two
        {"b2026-01-01 a2026-12-05", "2025-06-01T00:00", 1, 0},
        {"b2026-01-01 a2026-12-05", "2026-06-01T00:00", 0, 0},
        {"a2026-12-05 b2026-01-01", "2026-12-01T00:00", 0, 1},
        {"b2026-01-01 a2026-12-05", "2027-06-01T00:00", 1, 0},
        // always
        {"b2026-12-05 a2026-01-01", "2026-06-01T00:00", 1, 0},
        {"b2026-12-05 a2026-01-01", "2027-06-01T00:00", 1, 0},
        {"a2026-12-05 ubob", "2026-12-06T00:00", 0, 0},
        {"a2026-12-05 ubob", "2026-12-04T00:00", 0, 0},
        {"a2026-12-05 uann", "2026-12-04T00:00", 0, 1},
        {"a2024-02-29 Ubob", "2024-03-01T00:00", 1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct rc_who who = {.now = at(cases[i].now), .is = is_ann};
        struct str when = {0};
        build(&when, cases[i].when);
        int64_t from = rc_when_nears(when.text, &who, 14);
        if (rc_when_holds(when.text, &who) != cases[i].holds || !!from != cases[i].nears)
            fail_msg("%s at %s", cases[i].when, cases[i].now);
        assert_true(!from || from > who.now);
        assert_int_equal(rc_when_nears(when.text, &who, 0), 0);
        str_free(&when);
    }
}

static void test_no_time(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "2026",
                                      "2026-1-1",
                                      "2026-13-01",
                                      "2026-02-30",
                                      "2026-00-10",
                                      "2026-01-00",
                                      "2026-01-01T24:00",
                                      "2026-01-01T10:60",
                                      "2026-01-01T10",
                                      "2026-01-01 10:00",
                                      "2026-01-01T10:00:00",
                                      "today",
                                      "-026-01-01",
                                      "2025-02-29"};
    struct str when = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (rc_when_add(&when, i % 2 ? RC_AFTER : RC_BEFORE, bad[i]) == 0)
            fail_msg("%s", bad[i]);
    assert_int_equal(when.size, 0);
    // a name cannot bring a condition of its own
    const struct rc_who ann = {.now = 1000, .is = is_ann};
    rc_when_add(&when, RC_USER, "bob\nuann");
    assert_false(rc_when_holds(when.text, &ann));
    str_free(&when);
}

int main(void)
{
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_whom), cmocka_unit_test(test_time),
                                       cmocka_unit_test(test_no_time)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
