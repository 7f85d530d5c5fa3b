// SPDX-License-Identifier: Apache-2.0
// wheels: what `lopin wheels` was asked (wheels_ask.c), finds (cmd_wheels.c) and shows
// (wheels_table.c).
#pragma once

#include "cli/cli.h"
#include "env/profile.h"
#include "source/source.h"

struct wheels_name {     // what one word asks for
    const char *text;    // as typed
    const char *pattern; // normal name; with * ? [ a pattern of names
    int is_pattern;
    struct specifiers specifiers;
    int found;
};
struct wheels_names { // in an arena
    struct wheels_name *item;
    size_t count, room; // none: all that there is
};
struct wheels_python {
    char *version; // "3.11.7", "3.11"
    struct profile profile;
};
struct wheels_pythons { // zero-initialise to begin
    struct wheels_python *item;
    size_t count;         // 0: all of them
    struct python python; // the interpreter that was found; path NULL: none
    struct profile base;  // its profile, or that of this system
};
// From --python (several between commas) and --all-pythons; else the interpreter that `lopin run`
// would take. Returns 0, or -1 with err.
int wheels_read_pythons(const struct cli *cli, struct wheels_pythons *ret, struct err *err);
void wheels_pythons_free(struct wheels_pythons *pythons);
// From words and -r files, of which the markers are compared with the first Python. Returns 0, or -1
// with err.
int wheels_read_names(const struct cli *cli, struct arena *arena,
                      const struct wheels_pythons *pythons, struct wheels_names *ret,
                      struct err *err);

struct wheels_row {
    const char *name;               // normal name, or the word that nothing was found for
    const struct source_file *file; // NULL: nothing
};
struct wheels_rows {
    struct wheels_row *item;
    size_t count, room;
};
// Adds the table to `text`. Returns 0, or -1 with [usage] for a column that there is not.
int wheels_table(const struct cli *cli, const struct wheels_rows *rows, struct str *text,
                 struct err *err);
