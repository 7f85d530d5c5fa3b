// SPDX-License-Identifier: Apache-2.0
// datasets: the items of a run, from words, quoted globs, ":::" lists and files.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

struct dataset {
    // datasets.columns of them; column[0] is the text where there is one column
    const char **column;
    // what a person sees, and what `=TEXT` finds: the columns joined by a tab, or the line of a
    // .jsonl (of several lists: their texts joined by a tab)
    const char *text;
    int64_t size;    // bytes of the file that the first column names, -1 if it names none
    int64_t mtime;   // its time, nanoseconds since 1970
    uint64_t key;    // see expand.h
    uint32_t number; // from 1, by position
};
struct datasets { // zero-initialise to begin
    struct dataset *item;
    size_t count, room;
    size_t columns;     // of each; 1 unless several lists, --colsep, --header or .jsonl
    char **name;        // names of the columns ("" where a list has none), or NULL
    int json;           // text is a line of JSON: one list, a .jsonl
    struct arena arena; // holds all texts, names and column arrays
};
// One list of a run: either words, or a file.
struct dataset_list {
    const char *const *word; // words (count of them), or NULL
    size_t count;
    const char *file; // else a path, "-" for `input`
    // words with *?[ that name no file are patterns: expanded, in order, [no-dataset] without a
    // match
    int quoted;
};
struct dataset_options {
    const struct dataset_list *list;
    size_t lists;
    int null; // -0: items of files end with NUL, not newline
    // --colsep: a literal separator of a file's lines ("\t" and "\\t" both a tab); NULL. Where
    // it is a comma, cells in double quotes are read as in CSV (RFC 4180), within one line
    const char *colsep;
    // --header: the first line of a file names its columns; without colsep they are separated
    // by tabs, or by commas if that line has a comma and no tab. [usage] without any file
    int header;
    // --link: lists walk side by side (unequal lengths: [usage] with both counts), else all
    // combinations
    int link;
    // -a LIST: "3,5-9,20-100:10"; from 1; 0 and beyond the end are [usage] with the range; NULL
    const char *only;
};
// Fills *ret (free it with datasets_free also after failure). 0 datasets after an empty file or
// list is [no-dataset]. Files ending in .jsonl: one JSON object (columns by name, those of the
// first line) or string or number a line; numbers keep their text as written, other values are
// compact JSON. A file's last line needs no newline; a trailing "\r" and a leading UTF-8 mark
// go; empty lines are skipped, empty words are not. Several lists: the last one changes
// fastest. A dataset keeps its number under -a. Keys are not set here. Errors name file and
// line.
int datasets_read(const struct dataset_options *options, struct datasets *ret, struct err *err);
// Index of the first dataset with at least that number: numbers rise, with gaps. datasets->count: none.
size_t datasets_from(const struct datasets *datasets, int64_t number);
// Bytes of its file, 0 if it has none.
int64_t dataset_size(const struct dataset *dataset);
// stat()s the first column (a folder or no file: size and time -1). Relative to dir (a
// descriptor or AT_FDCWD).
void dataset_stat(const struct dataset *dataset, int dir, int64_t *ret_size,
                  int64_t *ret_mtime);
void datasets_stat(struct datasets *datasets, int dir); // all of them
void datasets_free(struct datasets *datasets);

enum dataset_order { ORDER_SIZE, ORDER_GIVEN, ORDER_RANDOM };
// Indices in the order to start them: largest first (stable; those without a size keep their
// place after), as given, or shuffled by seed. Yours.
uint32_t *datasets_order(const struct datasets *datasets, enum dataset_order order,
                         uint64_t seed);

// The run folder's `datasets` file: one a line, fixed at the start (docs/formats.md). Written
// by replace, read back with checks: [run-format] for another version, [run-damaged] with the
// line number.
int datasets_save(const struct datasets *datasets, int run_dir, struct err *err);
void datasets_format(const struct datasets *datasets, struct str *into); // adds the bytes of it
// datasets_load needs datasets_free also after failure.
int datasets_load(struct datasets *ret, int run_dir, struct err *err);
// The same from bytes, which are changed and must live as long as *ret; bytes[size] is there
// and 0.
int datasets_parse(struct datasets *ret, char *bytes, size_t size, struct err *err);
// Where the line of each dataset begins in that file, for who wants to know of few of them.
// Returns 0, with *ret yours, or -1 where datasets_load fails too, which says why.
struct dataset_line {
    uint64_t key, at;
};
int datasets_lines(int run_dir, struct dataset_line **ret, size_t *ret_count);
// Reads those whose lines begin at these places. Returns 0, or -1 where datasets_load would
// fail or there is no line. Needs datasets_free also after failure.
int datasets_load_lines(struct datasets *ret, int run_dir, const uint64_t *at, size_t count);
