// SPDX-License-Identifier: Apache-2.0
// Chunks: what they are for all shapes, and a run of them beside one where each free slot takes the next
// dataset of one list, which no file system could give.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"
#include "plan/chunks.h"

enum { SEEDS = 40, PARCELS = 24, SLOTS = 16 };

static uint64_t next(uint64_t *seed) // xorshift64*
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * UINT64_C(2685821657736338717);
}

static double fraction(uint64_t *seed)
{
    return (double)(next(seed) >> 11) / 9007199254740992.0;
}

static size_t from_to(uint64_t *seed, size_t low, size_t high)
{
    return low + next(seed) % (high - low + 1);
}

struct site {
    size_t parcels, slots, datasets;
    double speed[PARCELS], start[PARCELS];
    double *time;   // of each dataset on a node of speed 1
    uint64_t *size; // of it, NULL
};

enum order { ANY_ORDER, LARGEST_FIRST };

static int compare(const void *one, const void *two)
{
    double a = *(const double *)one;
    double b = *(const double *)two;
    return (a < b) - (a > b);
}

// Times of one to a hundred, few of them long; nodes of half to whole speed; every third starts late.
static void make(struct site *site, uint64_t *seed, enum order order)
{
    *site =
        (struct site){.parcels = from_to(seed, 2, PARCELS), .slots = from_to(seed, 1, SLOTS)};
    site->datasets = site->parcels * site->slots * from_to(seed, 20, 200);
    site->time = mem_zero(site->datasets, sizeof *site->time);
    double all = 0;
    for (size_t i = 0; i < site->datasets; i++) {
        double x = fraction(seed);
        all += site->time[i] = 1 / (x * x * 0.99 + 0.01);
    }
    if (order == LARGEST_FIRST) {
        qsort(site->time, site->datasets, sizeof *site->time, compare);
        site->size = mem_zero(site->datasets, sizeof *site->size);
        for (size_t i = 0; i < site->datasets; i++)
            site->size[i] = (uint64_t)(site->time[i] * 1000 * (0.7 + 0.6 * fraction(seed)));
    }
    double ideal = all / (double)(site->parcels * site->slots);
    for (size_t i = 0; i < site->parcels; i++) {
        site->speed[i] = 0.5 + fraction(seed) / 2;
        site->start[i] = i % 3 == 2 ? ideal * fraction(seed) : 0;
    }
}

static void done(struct site *site)
{
    free(site->time);
    free(site->size);
}

// When the last dataset ends. The slot that is free first takes the next of its parcel's chunk, or claims
// one. `end`: of chunks; NULL: each dataset is one.
static double run(const struct site *site, const size_t *end, size_t chunks)
{
    double free_at[PARCELS][SLOTS];
    size_t at[PARCELS] = {0};
    size_t to[PARCELS] = {0};
    double last = 0;
    size_t claimed = 0;
    size_t count = end ? chunks : site->datasets;
    for (size_t i = 0; i < site->parcels; i++)
        for (size_t k = 0; k < site->slots; k++)
            free_at[i][k] = site->start[i];
    for (;;) {
        size_t parcel = site->parcels;
        size_t slot = 0;
        for (size_t i = 0; i < site->parcels; i++)
            for (size_t k = 0; k < site->slots && (at[i] < to[i] || claimed < count); k++)
                if (parcel == site->parcels || free_at[i][k] < free_at[parcel][slot])
                    parcel = i, slot = k;
        if (parcel == site->parcels)
            return last;
        if (at[parcel] == to[parcel]) {
            at[parcel] = !end ? claimed : claimed ? end[claimed - 1] : 0;
            to[parcel] = end ? end[claimed] : claimed + 1;
            claimed++;
        }
        free_at[parcel][slot] += site->time[at[parcel]++] / site->speed[parcel];
        last = free_at[parcel][slot] > last ? free_at[parcel][slot] : last;
    }
}

static void compare_runs(enum order order, double mean_most, double worst_most)
{
    double mean = 0;
    double worst = 0;
    for (uint64_t i = 1; i <= SEEDS; i++) {
        uint64_t seed = i * UINT64_C(0x9E3779B97F4A7C15);
        struct chunks chunks = {0};
        struct site site;
        make(&site, &seed, order);
        const struct chunks_ask ask = {.datasets = site.datasets,
                                       .size = site.size,
                                       .parcels = site.parcels,
                                       .slots = (unsigned)site.slots};
        chunks_cut(&ask, &chunks);
        double ratio = run(&site, chunks.end, chunks.count) / run(&site, NULL, 0);
        mean += ratio / SEEDS;
        worst = ratio > worst ? ratio : worst;
        chunks_free(&chunks);
        done(&site);
    }
    print_message("# makespan over the ideal: mean %.4f, worst %.4f\n", mean, worst);
    if (mean > mean_most || worst > worst_most)
        fail_msg("mean %.4f of %.4f, worst %.4f of %.4f", mean, mean_most, worst, worst_most);
}

static void balance(void **state)
{
    (void)state;
    compare_runs(ANY_ORDER, 1.01, 1.10);
    compare_runs(LARGEST_FIRST, 1.01, 1.10);
}

static void check(const struct chunks_ask *ask)
{
    struct chunks chunks = {0};
    chunks_cut(ask, &chunks);
    size_t begin = 0;
    for (size_t i = 0; i < chunks.count; i++) {
        size_t size = chunks.end[i] - begin;
        assert_true(chunks.end[i] > begin);
        assert_true(i + 1 == chunks.count || size >= ask->slots || ask->most < ask->slots);
        if (ask->most)
            assert_true(size * chunks.each <= ask->most);
        begin = chunks.end[i];
    }
    assert_int_equal(begin, ask->datasets);
    if (ask->most) {
        size_t fewest = (ask->datasets + ask->most - 1) / ask->most;
        if (ask->datasets)
            assert_int_equal((chunks.count + chunks.each - 1) / chunks.each, fewest);
    } else {
        // the guided end has a chunk for each share that is left, and these halve
        assert_true(chunks.count <= 4096 + 2 * ask->parcels * 24);
    }
    chunks_free(&chunks);
}

static void shapes(void **state)
{
    uint64_t seed = 42;
    (void)state;
    for (size_t i = 0; i < 2000; i++) {
        size_t datasets = from_to(&seed, 0, i % 10 ? 500 : 20000);
        uint64_t *size = mem_zero(datasets + 1, sizeof *size);
        for (size_t k = 0; k < datasets; k++)
            size[k] = next(&seed) >> from_to(&seed, 1, 63);
        const struct chunks_ask ask = {.datasets = datasets,
                                       .size = i % 2 ? size : NULL,
                                       .parcels = from_to(&seed, 1, 50),
                                       .slots = (unsigned)from_to(&seed, 1, 64),
                                       .most = i % 3 ? 0 : from_to(&seed, 1, 300)};
        check(&ask);
        free(size);
    }
    const struct chunks_ask large = {.datasets = 10000000, .parcels = 300, .slots = 8};
    check(&large);
}

static void of_chunk(void **state)
{
    const struct chunks_ask ask = {.datasets = 2000, .parcels = 10, .slots = 16, .most = 200};
    struct chunks chunks = {0};
    (void)state;
    chunks_cut(&ask, &chunks);
    assert_int_equal(chunks.each, 10);
    assert_int_equal(chunks.count, 100);
    chunks_free(&chunks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes),
        cmocka_unit_test(of_chunk),
        cmocka_unit_test(balance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
