// SPDX-License-Identifier: Apache-2.0
// Whether threads pay, for measured times of widths 1, 2, 4, 8.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "cmocka.h"
#include "threads/gain.h"

static const struct {
    const char *name;
    double seconds[4]; // on 1, 2, 4, 8 threads; 0 ends it
    unsigned cores;
    int64_t memory_mb, peak_mb;
    size_t datasets;
    // expected
    unsigned alone;
    int pays;
    unsigned many, jobs;
    enum gain_by by;
} rows[] = {
    {"one core", {3}, 1, 0, 0, 1, 1, 0, 1, 1, GAIN_BY_CORES},
    {"no gain", {3.29, 3.23, 3.3, 3.5}, 8, 0, 100, 1, 1, 0, 1, 8, GAIN_BY_CORES},
    {"a loss", {1, 2, 4, 8}, 8, 0, 100, 40, 1, 0, 1, 8, GAIN_BY_CORES},
    {"a gain, many datasets", {10, 6, 4, 3}, 8, 0, 100, 1, 8, 1, 1, 8, GAIN_BY_CORES},
    {"no more than noise above four", {10, 6, 4, 3.95}, 8, 0, 0, 0, 4, 1, 1, 8, GAIN_BY_CORES},
    {"little", {10, 9.2}, 2, 0, 0, 1, 2, 0, 1, 2, GAIN_BY_CORES},
    // 3 datasets on 8 cores: two threads each
    {"few datasets", {10, 6, 5.9, 5.9}, 8, 0, 0, 3, 2, 1, 2, 3, GAIN_BY_DATASETS},
    // 9 on 8 cores: 2 rounds of 10 s, 3 of 6, 5 of 4
    {"a round more", {10, 6, 4, 4}, 8, 0, 0, 9, 4, 1, 2, 4, GAIN_BY_CORES},
    // 8 GB for 3 side by side: 10/3, 6/3, 4/2, 3/1
    {"memory", {10, 6, 4, 3}, 8, 8000, 2500, 1, 8, 1, 2, 3, GAIN_BY_MEMORY},
    {"memory for less than one", {10, 9.9}, 2, 1000, 2000, 1, 1, 0, 1, 1, GAIN_BY_MEMORY},
    {"no time at all", {0.0000001, 0.0000001}, 2, 0, 0, 1, 1, 0, 1, 2, GAIN_BY_CORES},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct gain_width width[4];
        size_t count = 0;
        for (; count < 4 && rows[i].seconds[count] > 0; count++)
            width[count] =
                (struct gain_width){.threads = 1U << count,
                                    .wall_us = (int64_t)(rows[i].seconds[count] * 1e6),
                                    .peak_kb = rows[i].peak_mb * 1024};
        const struct gain_ask ask = {.width = width,
                                     .count = count,
                                     .cores = rows[i].cores,
                                     .memory_kb = rows[i].memory_mb * 1024,
                                     .datasets = rows[i].datasets};
        struct gain gain;
        gain_find(&ask, &gain);
        if (width[gain.alone].threads != rows[i].alone || gain.jobs != rows[i].jobs)
            print_error("%s\n", rows[i].name);
        assert_int_equal(width[gain.alone].threads, rows[i].alone);
        assert_int_equal(gain.pays, rows[i].pays);
        assert_int_equal(width[gain.many].threads, rows[i].many);
        assert_int_equal(gain.jobs, rows[i].jobs);
        assert_int_equal(gain.by, rows[i].by);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
