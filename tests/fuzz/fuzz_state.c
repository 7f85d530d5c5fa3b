// SPDX-License-Identifier: Apache-2.0
// A journal of any records: what is made of it adds up, and its summary is read back as the same.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "run/digest.h"
#include "scratch.h"

#define DATASETS 16

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void again(const struct saved *saved, const struct report *report)
{
    CLEANUP_STR struct str sources = {0};
    CLEANUP_STR struct str text = {0};
    struct saved brief = SAVED_NONE;
    struct report other = {0};
    if (digest_format(saved, report, &sources, &text) < 0)
        return;
    if (digest_parse(&brief, text.text, text.size, &sources, &other) < 0)
        abort();
    if (brief.state.done != saved->state.done || brief.state.failed != saved->state.failed ||
        other.causes != report->causes || other.wall_us != report->wall_us)
        abort();
    state_free(&brief.state);
    datasets_free(&brief.datasets);
    report_free(&other);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    static const char *const name[] = {"d"};
    struct dataset item[DATASETS];
    struct saved saved = {.folder = {.fd = scratch_folder()},
                          .spec = {.cores = 2, .slots = 2, .threads = 1},
                          .datasets = {.item = item, .count = DATASETS, .columns = 1}};
    CLEANUP_STR struct str text = {0};
    CLEANUP_REPORT struct report report = {0};
    for (unsigned i = 0; i < DATASETS; i++)
        item[i] = (struct dataset){.column = (const char **)name,
                                   .text = "d",
                                   .key = i,
                                   .number = i + 1,
                                   .size = -1,
                                   .mtime = -1};
    str_add(&text, "lopin-journal 1\n");
    scratch_sign(&text, bytes, size, "");
    scratch_write("journal.0-0", text.text, text.size);
    if (saved_refresh(&saved, NULL) == 0) {
        const struct state *state = &saved.state;
        if (state->done + state->failed + state->begun + state->stopped + state->waiting !=
            DATASETS)
            abort();
        report_make(&saved, &report);
        again(&saved, &report);
    }
    state_free(&saved.state);
    return 0;
}
