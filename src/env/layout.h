// SPDX-License-Identifier: Apache-2.0
// layout: what stands where in a folder of packages made from entries of the store. Nothing is
// touched here.
//
// A folder that one entry alone has becomes one link to it: 58 packages are then 300 links in place
// of 18,000 files. It is made for itself, and what is in it is linked, where several entries share
// it, where others may add to it later (a namespace without __init__.py, __pycache__ at the top:
// who wrote through a link would write into the store), where a library in it looks for its
// neighbours in other packages (manifest's `real`), and where it is a dist-info (pip and uv write in
// these, and uv does not look behind a link).
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/table.h"
#include "store/manifest.h"

struct layout_source {
    const char *entry; // its folder, absolute
    const struct manifest *manifest;
};
enum layout_kind { LAYOUT_FOLDER, LAYOUT_LINK, LAYOUT_FILE, LAYOUT_MARK };
enum { LAYOUT_KEPT = -1 }; // no entry's: what is there and stays
struct layout_item {
    const char *path; // below the folder of packages
    enum layout_kind kind;
    int source;     // its place, or LAYOUT_KEPT
    unsigned index; // of the folder (LINK) or file (FILE) in the source's manifest
};
struct layout { // zero-initialise to begin; free with layout_free
    struct arena arena;
    struct layout_item *item; // folders before what is in them
    size_t count, room;
    struct table place;  // path -> place + 1
    int files;           // links to files only: all folders are made
    struct strv clashes; // "PATH: OLD, NEW": files that two have; the later one's stands
};
// What is there already and stays; before any source.
void layout_keep(struct layout *layout, const char *path, int is_folder);
// Adds what a source has for its folder of packages. `number`: its place. Returns 0, or -1 with
// [bad-wheel]: a file stands where another has a folder.
int layout_add(struct layout *layout, const struct layout_source *sources, int number,
               struct err *err);
// After the last source: a file LAYOUT_MARK_NAME in each folder where links to folders are not of one source
// alone. pip takes away a whole folder when all files that it finds in it are of what goes, and links to
// folders are none for it.
void layout_mark(struct layout *layout);
#define LAYOUT_MARK_NAME ".lopin-shared"
void layout_free(struct layout *layout);
// The path of a file of a manifest below its scheme's folder, added.
void layout_add_path(struct str *into, const struct manifest *manifest, unsigned folder,
                     const char *name);
