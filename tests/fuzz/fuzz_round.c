// SPDX-License-Identifier: Apache-2.0
// A round of any lines: an error, or chunks that hold each of their datasets once.
#include <stdlib.h>

#include "base/mem.h"
#include "run/round.h"
#include "scratch.h"

#define DATASETS 16

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void check(const struct round *round)
{
    int seen[DATASETS] = {0};
    uint32_t at = 0;
    for (size_t i = 0; i < round->chunks; i++) {
        if (round->chunk[i].first != at || !round->chunk[i].count)
            abort();
        at += round->chunk[i].count;
    }
    if (at != round->count || round->count > DATASETS)
        abort();
    for (size_t i = 0; i < round->count; i++)
        if (round->order[i] >= DATASETS || seen[round->order[i]]++)
            abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    struct dataset item[DATASETS];
    const struct datasets datasets = {.item = item, .count = DATASETS, .columns = 1};
    CLEANUP_STR struct str text = {0};
    CLEANUP_ROUND struct round round = {0};
    for (unsigned i = 0; i < DATASETS; i++)
        item[i] = (struct dataset){.text = "d", .key = i, .number = i < 8 ? i + 1 : i + 3};
    str_add(&text, "lopin-round 1\n");
    scratch_sign(&text, bytes, size, "");
    scratch_write("round.1", text.text, text.size);
    if (round_load(&round, 1, &datasets, scratch_folder(), NULL) == 0)
        check(&round);
    return 0;
}
