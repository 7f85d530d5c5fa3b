// SPDX-License-Identifier: Apache-2.0
// opt: options from tables, which also write the help and the completion, so that none can miss
// an option.
//
// GNU's spelling: -c 8, -c8, --cores=8, --cores 8, flags in clusters, "--" ends. Words after
// the first that is no option belong to the script, as with env(1) and sbatch.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum opt_mark {          // of files and variables that say options
    OPT_ONCE = 1 << 0,   // belongs to one line: files may not say it
    OPT_LIST = 1 << 1,   // may stand several times
    OPT_COMMAS = 1 << 2, // a list whose value is cut at commas
    OPT_PATH = 1 << 3,   // a relative path: of the folder of the file that says it
    OPT_TASKS = 1 << 4,  // where a file says it for all commands, it is for tasks
};
struct opt {
    int id;            // > 0; 0 ends a table
    char letter;       // '\0': none
    const char *name;  // without "--"
    const char *value; // what follows, for help ("N", "FILE"); NULL: a flag
    const char *help;  // N_() text of one line
    uint64_t commands; // bits, the caller's
    unsigned marks;    // enum opt_mark
};
struct opt_scan {
    const struct opt *table;
    uint64_t command;    // bit: options of other commands are unknown here
    char *const *word;   // NULL-terminated; moves on
    const char *cluster; // rest of "-vQ"
    const char *shown;   // the option as the person typed it ("-c", "--cores"), for messages
};
// The next option's id with its value (NULL for a flag) in *ret_value; 0 at the first other
// word; -1 with err, which names the nearest known option.
int opt_next(struct opt_scan *scan, const char **ret_value, struct err *err);
// The place of the value among `words`, which end with NULL. Returns 0, or -1 with [usage], which names
// them.
int opt_choice(const struct opt_scan *scan, const char *value, const char *const *words,
               int *ret, struct err *err);
// Adds the options of a command, a line each: "  -c, --cores N    what it does".
void opt_help(const struct opt *table, uint64_t command, struct str *into);
// The word among `words` (NULL-terminated) nearest to `typed` within 2 edits (Levenshtein,
// transpositions too), or NULL.
const char *opt_nearest(const char *typed, const char *const *words);
