// SPDX-License-Identifier: Apache-2.0
// put: a layout made on disk, by links or copies, with each distribution's RECORD.
//
// RECORD lists what is there: a linked folder is one row, "numpy,,", so that pip and uv, which remove
// what is listed, remove the link and never what it leads to (facts proved by experiment with both).
#pragma once

#include "base/err.h"
#include "env/layout.h"

enum put_mode { PUT_SYM, PUT_HARD, PUT_COPY };
struct put_dist {           // one source
    int requested;          // by the user: REQUESTED (PEP 376)
    const char *direct_url; // content of direct_url.json (PEP 610), or NULL
    int top_level;          // it gets a top_level.txt: see put_needs_top_level
    struct str outside;     // rows of RECORD for what it has outside of the folder of packages
};
// Does importlib.metadata of Python 3.MINOR tell from names in ".py" alone which modules a distribution
// has, and so not see linked folders? (3.10 has the first packages_distributions, 3.12 one that does.)
int put_needs_top_level(int minor);
// Makes the layout in folder `into` (a descriptor), where what is kept is already. Returns 0, or -1
// with err.
int put_layout(int into, const struct layout *layout, const struct layout_source *sources,
               struct put_dist *dists, size_t count, enum put_mode mode, struct err *err);
// One file of an entry, `from` (absolute), by the mode. Returns 0, or -1 with errno.
int put_file(int into, const char *path, const char *from, enum put_mode mode);
// Adds a row of RECORD for a file with that content.
void put_row(struct str *rows, const char *path, const char *text, size_t size);
// How an entry can be put into that folder at best: hard links where `wanted` and they can be made.
enum put_mode put_best(int into, const char *entry, enum put_mode wanted);
