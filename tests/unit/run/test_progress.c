// SPDX-License-Identifier: Apache-2.0
// The fit of durations on sizes, against a least squares in two passes; and what it must never
// say.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "run/progress.h"

#define MOST 200

struct point {
    double size, time;
};

static uint32_t next(uint32_t *seed) // xorshift
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    return *seed ^= *seed << 5;
}

// Straightforward: means, then deviations from them; through the origin where that starts below
// 0.
static double least_squares(const struct point *point, int count, double size)
{
    double x = 0, y = 0, xx = 0, xy = 0;
    for (int i = 0; i < count; i++) {
        x += point[i].size / count;
        y += point[i].time / count;
    }
    for (int i = 0; i < count; i++) {
        xx += (point[i].size - x) * (point[i].size - x);
        xy += (point[i].size - x) * (point[i].time - y);
    }
    double slope = count >= 4 && xx > 0 ? xy / xx : 0;
    if (slope < 0)
        slope = 0;
    if (y - slope * x < 0)
        return y / x * size;
    return y + slope * (size - x);
}

static void test_random(void **state)
{
    (void)state;
    const double scales[] = {1, 1e3, 1e6, 1e9};
    uint32_t seed = 11;
    for (int round = 0; round < 500; round++) {
        struct point point[MOST];
        struct fit fit = {0};
        int count = 1 + (int)(next(&seed) % MOST);
        double scale = scales[round % COUNT(scales)];
        double start = (double)(next(&seed) % 100) / 10 - 2;
        for (int i = 0; i < count; i++) {
            double size = scale * (1 + next(&seed) % 1000);
            double time = start + size / scale / 100 + (double)(next(&seed) % 1000) / 1000;
            point[i] = (struct point){size, time > 0 ? time : 0};
            fit_add(&fit, point[i].size, point[i].time);
        }
        for (double size = 0; size < 2000 * scale; size += 400 * scale) {
            double expected = least_squares(point, count, size);
            double guess = fit_guess(&fit, size);
            if (!(fabs(guess - expected) <= 1e-6 * (1 + fabs(expected))))
                fail_msg("%d points, size %g: %.9g, not %.9g", count, size, guess, expected);
        }
    }
}

static void test_edges(void **state)
{
    (void)state;
    struct fit fit = {0};
    assert_true(fit_guess(&fit, 0) < 0 && fit_guess(&fit, 1e12) < 0);
    for (int i = 0; i < 10; i++) // no dataset has a size
        fit_add(&fit, 0, 2);
    assert_true(fabs(fit_guess(&fit, 0) - 2) < 1e-9 && fabs(fit_guess(&fit, 1e9) - 2) < 1e-9);
    fit = (struct fit){0};
    for (int i = 0; i < 1000;
         i++) // nearly one size, large: the sums have no figures left for its spread
        fit_add(&fit, 1e12 + i % 3, 1 + i % 7);
    assert_true(fit_guess(&fit, 1e12) > 3.5 && fit_guess(&fit, 1e12) < 4.5);
    assert_true(fit_guess(&fit, 0) >= 0 && fit_guess(&fit, 0) < 5);
    fit = (struct fit){0};
    for (int i = 0; i < 10; i++) // larger is quicker: noise
        fit_add(&fit, i, 10 - i);
    assert_true(fabs(fit_guess(&fit, 0) - 5.5) < 1e-9 &&
                fabs(fit_guess(&fit, 1e9) - 5.5) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
