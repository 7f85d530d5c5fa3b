// SPDX-License-Identifier: Apache-2.0
// Summaries: no bytes crash the reader; what it takes is possible, and is written as it was read.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "run/digest.h"
#include "scratch.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void check(const struct saved *saved, const struct report *report)
{
    const struct state *state = &saved->state;
    if (state->done + state->failed + state->begun + state->stopped + state->waiting !=
        state->count)
        abort();
    if ((report->slowest != UINT32_MAX && report->slowest >= saved->datasets.count) ||
        (report->largest != UINT32_MAX && report->largest >= saved->datasets.count))
        abort();
    for (size_t i = 0; i < report->causes && i < 16; i++)
        if (report->cause[i].first >= saved->datasets.count || !report->cause[i].detail)
            abort();
}

static void parse(const void *bytes, size_t size)
{
    CLEANUP_FREE char *copy = mem_dupn(bytes, size);
    const struct str none = {0};
    struct saved saved = SAVED_NONE;
    struct report report = {0};
    if (digest_parse(&saved, copy, size, &none, &report) < 0)
        return;
    check(&saved, &report);
    state_free(&saved.state);
    datasets_free(&saved.datasets);
    report_free(&report);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    CLEANUP_STR struct str text = {0};
    parse(bytes, size);
    str_add(&text, "lopin-summary 3\n");
    scratch_sign(&text, bytes, size, "lopin-datasets 1");
    parse(text.text, text.size);
    return 0;
}
