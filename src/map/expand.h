// SPDX-License-Identifier: Apache-2.0
// expand: the words of a task from a template and a dataset.
//
//   {} text  {.} without extension  {/} base name  {//} folder  {/.} base name without extension  {#} number  {%} slot
//   {1} {name} column, also {1.} {1/} {1//} {1/.} and {name.} ...  {out} where the output goes
// as GNU parallel's manual has them. Anything else in braces stays as it is (JSON, awk, format strings).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "map/datasets.h"

struct expand; // a compiled template
struct expand_value {
    const struct dataset *dataset;
    uint32_t slot;   // from 1
    const char *out; // temporary path, or NULL
};
// Compiles `count` words. `mark` replaces {} where not NULL (-I). `names` of the columns or NULL. `output`: {out} is allowed.
// Errors: [usage] for {3} with two columns, {out} without --out.
struct expand *expand_new(const char *const *word, size_t count, const char *mark, const struct datasets *datasets,
                          int output, struct err *err);
void expand_free(struct expand *expand);
int expand_uses_dataset(const struct expand *expand); // {} {.} {1} {name} ...: else the dataset is appended by the caller
int expand_uses_out(const struct expand *expand);
size_t expand_count(const struct expand *expand);
// Adds the words to `into`, NUL-terminated each, one behind the other; their number is expand_count.
void expand_words(const struct expand *expand, const struct expand_value *value, struct str *into);
// A --out pattern is a template of one word; its expansion is the goal.

// Sets the key of every dataset: the first 64 bits of SHA-256 over script, function, the words with {#} {%} {out} left as
// they stand, and how many times the same came before. So a key holds when datasets come, go or change places. `shared` are the words before expansion of anything
// that is the same for all (interpreter not among them).
void expand_keys(const struct expand *expand, const char *script, const char *function, struct datasets *datasets);
