// SPDX-License-Identifier: Apache-2.0
// The queue against a plain list: nothing lost, nothing twice, the first that fits.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "map/queue.h"

enum { COUNT_ALL = 50 };

struct model {
    uint32_t list[4096];
    size_t count;
    uint32_t divisor; // what it divides fits
    uint32_t never;   // what is above never will
};

static enum queue_fit fits(const void *context, uint32_t index)
{
    const struct model *model = context;
    return index > model->never     ? QUEUE_NEVER
           : index % model->divisor ? QUEUE_LATER
                                    : QUEUE_FITS;
}

static enum queue_fit model_find(const struct model *model, size_t *ret)
{
    enum queue_fit best = QUEUE_NEVER;
    for (*ret = 0; *ret < model->count; ++*ret) {
        enum queue_fit fit = fits(model, model->list[*ret]);
        best = fit < best ? fit : best;
        if (fit == QUEUE_FITS)
            break;
    }
    return best;
}

static void test_random(void **state)
{
    struct dataset item[COUNT_ALL];
    struct datasets datasets = {.item = item, .count = COUNT_ALL};
    uint32_t order[COUNT_ALL];
    struct run run = {.datasets = &datasets, .order = order, .count = COUNT_ALL};
    struct model model = {.count = COUNT_ALL};
    unsigned seed = 7;
    (void)state;
    for (uint32_t i = 0; i < COUNT_ALL; i++) {
        item[i] = (struct dataset){.size = i % 3 ? (int64_t)i : -1};
        order[i] = model.list[i] = (i * 7) % COUNT_ALL;
    }
    struct queue *queue = queue_new(&run);
    for (int step = 0; step < 3000; step++) {
        size_t at, wanted;
        uint32_t index, put = (uint32_t)rand_r(&seed) % COUNT_ALL;
        double bytes = 0;
        model.divisor = (uint32_t)rand_r(&seed) % 4 + 1;
        model.never = (uint32_t)rand_r(&seed) % COUNT_ALL;
        enum queue_fit fit = queue_find(queue, fits, &model, &at, &index);
        assert_int_equal(fit, model_find(&model, &wanted));
        if (fit == QUEUE_FITS) {
            assert_int_equal(index, model.list[wanted]);
            queue_take(queue, at);
            memmove(model.list + wanted, model.list + wanted + 1,
                    (--model.count - wanted) * sizeof *model.list);
        }
        if (rand_r(&seed) % 3 == 0) {
            queue_put(queue, put);
            model.list[model.count++] = put;
        }
        for (size_t i = 0; i < model.count; i++)
            bytes += (double)dataset_size(&item[model.list[i]]);
        assert_int_equal(queue_count(queue), model.count);
        assert_true(queue_bytes(queue) == bytes);
    }
    queue_free(queue);
}

static void test_tried(void **state)
{
    struct dataset item[3] = {{0}};
    struct datasets datasets = {.item = item, .count = 3};
    const uint32_t order[] = {0, 1, 2};
    struct run run = {.datasets = &datasets, .order = order, .count = 3};
    (void)state;
    struct queue *queue = queue_new(&run);
    assert_false(queue_has_tried(queue, 1));
    queue_tried(queue, 1)->attempts++;
    assert_true(queue_has_tried(queue, 1));
    assert_false(queue_has_tried(queue, 2));
    assert_int_equal(queue_tried(queue, 1)->attempts, 1);
    queue_free(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random),
                                       cmocka_unit_test(test_tried)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
