// SPDX-License-Identifier: Apache-2.0
// expand: the words of a task from a template and a dataset.
//
//   {} text  {.} without extension  {/} base name  {//} folder  {/.} base name without extension  {#} number  {%} slot
//   {1} {name} column, also {1.} {1/} {1//} {1/.} and {name.} ...  {out} where the output goes
// as GNU parallel's manual has them. Anything else in braces stays as it is (JSON, awk, format
// strings). {} is the text of a dataset, its only column if it has one (so that the string of a
// .jsonl comes without quotes). {N} is always a position; a column's name beats {out} and is
// looked for as it stands before its ending is taken off. A mark (-I) stands for {}. If it is
// brackets, an opening and a closing half ("<>", "[[]]", "{{}}"), it takes all placeholders
// with it (<.> <1> <out>) and braces are plain text; else the others stay in braces, as in GNU
// parallel.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "dataset/datasets.h"

struct expand; // a compiled template; keeps copies of what it needs
struct expand_value {
    const struct dataset *dataset;
    uint32_t slot;   // from 1
    const char *out; // temporary path, or NULL: {out} stays as it is
};
// Compiles `count` words. `mark` replaces {} where not NULL (-I). Of `datasets` only columns
// and names count; `output`: {out} is allowed. Errors: [usage] for {3} with two columns, {out}
// without --out, an empty mark. NULL with err.
struct expand *expand_new(const char *const *word, size_t count, const char *mark,
                          const struct datasets *datasets, int output, struct err *err);
void expand_free(struct expand *expand);
// Adds the words that stand for a dataset, for a line that has no place for it: {1} {2} ...
// where there are several columns, {} otherwise and for a .jsonl (the line, as one word).
void expand_add_dataset(struct strv *words, const char *mark, const struct datasets *datasets);
// For --shell: from a command line, its words joined by spaces, the words that follow `sh`:
// "-c", a command, "sh" and a word for each placeholder, all to be compiled by expand_new with
// the same mark. In the command a variable stands where each placeholder was, quoted as its
// place asks ({}, "{}" and '{}' give the same), so no name is ever read as shell text. A line
// without a place for the dataset has it at its end. Errors as expand_new's. Returns 0 or -1.
int expand_shell(const char *const *word, size_t count, const char *mark,
                 const struct datasets *datasets, int output, struct strv *ret,
                 struct err *err);
// {} {.} {1} {name} ...: else see expand_add_dataset.
int expand_uses_dataset(const struct expand *expand);
int expand_uses_out(const struct expand *expand);
size_t expand_count(const struct expand *expand);
// Adds the words to `into`, NUL-terminated each, one behind the other; their number is
// expand_count.
void expand_words(const struct expand *expand, const struct expand_value *value,
                  struct str *into);
// A --out pattern is a template of one word; its expansion is the goal.

// Sets the key of every dataset: the first 64 bits of SHA-256 over script, function, the words
// with {#} {%} {out} left as they stand (and the dataset itself if no word shows it, as with a
// function), and how many times the same came before. So a key holds when datasets come, go or
// change places. `function` may be NULL.
void expand_keys(const struct expand *expand, const char *script, const char *function,
                 struct datasets *datasets);
