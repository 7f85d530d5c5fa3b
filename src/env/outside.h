// SPDX-License-Identifier: Apache-2.0
// outside: what a package has outside of the folder of packages: commands in bin, data, headers.
#pragma once

#include "base/err.h"
#include "base/table.h"
#include "env/put.h"
#include "env/site.h"

#define OUTSIDE_PREFIX ".lopin-" // in bin, of names for now: see left_name

struct outside {
    const struct site *site; // where it is written
    const char *prefix;      // where the environment will be, for the first line of scripts
    enum put_mode mode;
    int hashes;        // rows of RECORD have a hash
    int fresh;         // nobody uses the environment yet: written under the final names
    struct table made; // fresh: folders below the prefix that are there
    struct arena arena;
    struct strv waiting; // else "TEMPORARY" and "FINAL" in turn, below the prefix
};
enum outside_kind { OUTSIDE_COMMAND, OUTSIDE_SCRIPT, OUTSIDE_FILE };
struct outside_item {
    enum outside_kind kind;
    const char *of;    // whose it is, for errors
    const char *name;  // of a command, else the path below the prefix
    const char *value; // of a command "MODULE:OBJECT", else the path of the file
};
struct outside_list { // zero-initialise to begin
    struct arena arena;
    struct outside_item *item;
    size_t count, room;
};
// Adds what `source` has outside of the folder of packages; its texts are those of the source.
void outside_list(const struct site *site, const struct layout_source *source,
                  struct outside_list *list);
// The same as text: the file "outside" of a shared folder (docs/formats.md). Lines that are none are
// passed over.
void outside_list_write(const struct outside_list *list, struct str *into);
void outside_list_read(const char *text, struct outside_list *list);
void outside_list_free(struct outside_list *list);
// Writes these, and adds the rows to ret_rows. Returns as outside_put.
int outside_put_items(struct outside *outside, const struct outside_list *list,
                      struct str *ret_rows, struct err *err);
// Writes what `source` has, and adds the rows to ret_rows. Returns 0, or -1 with err ([bad-wheel]: a
// name that would leave its folder, or replace the interpreter).
int outside_put(struct outside *outside, const struct layout_source *source,
                struct str *ret_rows, struct err *err);
// Removes what waits, after a failure.
void outside_drop(struct outside *outside);
void outside_free(struct outside *outside);
