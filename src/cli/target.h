// SPDX-License-Identifier: Apache-2.0
// target: the words that name a run or datasets of one: `5`, a name, `last`, `5:17`, `5:`,
// `3,5-9`, `=TEXT`.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "cli/cli.h"
#include "run/saved.h"

struct selection {   // of datasets; free with selection_free
    uint32_t *index; // in the order they were named, each once; NULL: none was named, so all
    size_t count;
};
// The run and the datasets that cli->words name: [RUN:][DATASET...]. A bare number is a
// dataset. All words are of one run. *ret_selection needs selection_free also after failure.
// [no-run] names a dataset that the run does not have, and says which ones it has.
int target_datasets(const struct cli *cli, struct saved *ret, struct selection *ret_selection,
                    struct err *err);
// The folder of the run that cli->words name: one word at most, RUN or "RUN:"; without one the
// last. *ret needs folder_free also after failure. Returns 0, or -1: [usage], [no-run].
int target_folder(const struct cli *cli, struct folder *ret, struct err *err);
// Numbers of the runs that cli->words name: RUN or a list of numbers ("3-5,8", of which those
// that are there count) each; ascending, each once. Yours. NULL: [usage], [no-run].
unsigned *target_runs(const struct cli *cli, size_t *ret_count, struct err *err);
// [run-busy]: the run has an owner, and how to end it, also from here where that is elsewhere.
int target_busy(const struct cli *cli, unsigned number, const struct owner *owner,
                struct err *err);
void selection_free(struct selection *selection);
#define CLEANUP_SELECTION CLEANUP(selection_free)
// Adds the word for a dataset of a run as `lopin log` takes it: "17" of the last run, else
// "5:17".
void target_add(struct str *into, const struct cli *cli, const struct saved *saved,
                uint32_t index);
