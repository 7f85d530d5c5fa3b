// SPDX-License-Identifier: Apache-2.0
// capsule: a run in one file: its script, environment, list of datasets and options: the rooms
// image, run and dataset composed (docs/formats.md, "Capsules").
#pragma once

#include "base/table.h"
#include "cli/cli.h"
#include "image/image.h"
#include "run/saved.h"

// What a capsule says of itself beside options of map.
#define CAPSULE_SCRIPT   "script"   // a path in it, or a program's name
#define CAPSULE_WORD     "word"     // those that follow the script, in order
#define CAPSULE_ENV      "env"      // the image that is in it; absent: none
#define CAPSULE_PYTHON   "python"   // "3.11": an interpreter without an environment
#define CAPSULE_LIST     "list"     // the file of datasets
#define CAPSULE_DATASETS "datasets" // how many
#define CAPSULE_HEADER   "block"    // the script says itself what it needs (PEP 723)
#define CAPSULE_RUN_FILE "RUN"      // made where it is unpacked: the line

// capsule_line.c: words of a capsule to what a person types, and back.
// Says the options of a run. `notes`: of patterns that led out of its folder.
void capsule_say_options(const struct spec *spec, struct image *ret, struct strv *notes);
// Checks what a capsule says: each word is known, each option one that it may set, with a value
// that it takes. Returns 0, or -1 with [bad-image].
int capsule_check(const struct image *image, struct err *err);
const char *capsule_value(const struct image *image, const char *name); // NULL: not said
// Its lopin.toml, and the line to type.
void capsule_add_settings(struct str *into, const struct image *image);
void capsule_add_line(struct str *into, const struct image *image);

// capsule_files.c: what goes into it.
struct capsule_files { // free with capsule_files_free
    const char *cwd;   // of the run, absolute
    struct image *image;
    struct table taken; // path in it -> place of its member + 1
    struct table known; // absolute path outside of cwd -> the same
    struct strv notes;
};
// Adds a file or folder with all that is in it. *ret (of the image): its path there: where it
// is below cwd, else below `aside` ("" for none). Returns 0, or -1 with err.
int capsule_add_path(struct capsule_files *files, const char *path, const char *aside,
                     const char **ret, struct err *err);
// Adds a file of ours under that name, or one like it that is free: `text`, which must live on,
// or the content of `source`. *ret (of the image): its name.
int capsule_add_text(struct capsule_files *files, const char *name, const char *text,
                     size_t size, const char **ret, struct err *err);
int capsule_add_file(struct capsule_files *files, const char *name, const char *source,
                     const char **ret, struct err *err);
void capsule_files_free(struct capsule_files *files);

// capsule_list.c: the list of datasets. With `data` their files are added too, and the list
// names them where they are in the capsule. Adds the list, and says how it is read. Returns 0,
// or -1 with err.
int capsule_add_datasets(struct capsule_files *files, struct datasets *datasets, int data,
                         struct err *err);
