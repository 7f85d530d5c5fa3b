// SPDX-License-Identifier: Apache-2.0
// source: what there is of a project for one interpreter: wheelhouses in order of preference, then
// pages of links, then indexes.
//
// Of a version the best file is the one with the best tag, then the highest build, then of the
// earliest place: between wheels of the same tag the order of the wheelhouses decides, so a site
// that lists x86-64-v4 before generic gets what it means. Source archives are
// among what was refused: who takes one has it built.
//
// All that is given out lives until source_free.
#pragma once

#include <sys/stat.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vars.h"
#include "source/net.h"
#include "source/pipconf.h"
#include "wheel/metadata.h"
#include "wheel/specifier.h"
#include "wheel/wheelname.h"

// What an index is asked for: what every place has is one choice; or only projects of which no
// wheelhouse has a wheel that fits; or all, and of the other places only what it does not have.
enum source_index { SOURCE_INDEX_ALSO, SOURCE_INDEX_FALLBACK, SOURCE_INDEX_FIRST };
struct source_ask { // borrowed for the life of the source; NULL: not said
    const struct pipconf *pip;
    // Of the command line: before what pip's configuration lists, in place of its index.
    const struct strv *find_links, *extra_index_urls;
    size_t must_links; // how many of find_links, from the first, must be there
    const char *index_url;
    int no_index;
    enum source_index index;
    int offline; // nothing is asked of a network: what is in the cache, however old
    const struct pick
        *formats; // list 0: --no-binary, 1: --only-binary; NULL: of pip's configuration
    const struct vars *vars;
    const char *cwd;
    const char *cache;             // lopin's cache folder; NULL: nothing is kept
    const struct tags *tags;       // of the interpreter; NULL: every wheel fits
    const char *python;            // its version, for requires-python; NULL: not checked
    const struct net_watch *watch; // progress of what comes from a network
    // Adds METADATA of a wheel of this machine that is known from elsewhere. Returns 0, or -1: it is
    // not. May be NULL.
    int (*known)(void *context, const char *path, struct str *into);
    void *known_context;
};
enum source_kind { SOURCE_HOUSE, SOURCE_LINKS, SOURCE_INDEX };
enum source_refusal {
    SOURCE_FITS,
    SOURCE_NO_TAG,      // for other interpreters or machines
    SOURCE_PYTHON,      // requires another Python
    SOURCE_ARCHIVE,     // source archive, which can be built
    SOURCE_ONLY_BINARY, // source archive under --only-binary
    SOURCE_NO_BINARY,   // --no-binary
};
struct source_file {   // NUL-terminated; NULL: not said
    const char *name;  // base name
    const char *url;   // path if it is of this machine
    const char *label; // of its place: x86-64-v4, generic, a path, a URL
    const char *sha256, *metadata_sha256, *requires_python;
    const char *digest; // where there is no sha256: "sha512:0123...", as digest.h has it
    const char *yanked; // why; NULL: it is not
    long long size;     // -1: not said
    int local, is_wheel, has_metadata;
    unsigned place; // in order of preference, from 0; of none: not below source_places
    enum source_refusal refused;
    long rank; // of its best tag, from 0
    const struct version *version;
    const char *version_text; // normal form
    struct wheelname wheel;
    // Filled when first needed:
    const struct metadata *metadata;
    const char *path; // of this machine
};
struct source_version {
    const struct version *version;
    const char *text;          // normal form
    struct source_file *file;  // the best
    struct source_file **also; // all that fit, best first
    size_t also_count;
};
struct source_project {
    const char *normal;
    struct source_version *item; // newest first; only those with a file that fits
    size_t count;
    struct source_file **file; // all, newest first, also what was refused
    size_t file_count;
    int offline; // an index was not asked, and has no page in the cache
};
struct source;
// NULL with [usage]: also if one of must_links is not there.
struct source *source_new(const struct source_ask *ask, struct err *err);
// Reads the wheelhouses, as the first source_project does: before source_names and source_odd. Returns
// 0, or -1 with [system].
int source_read_houses(struct source *source, struct err *err);
void source_free(struct source *source); // NULL is fine

// Asks indexes for the pages of many projects (normal names) at once. What fails is told by
// source_project of that name.
void source_prefetch(struct source *source, const char *const *names, size_t count);
// A project that nobody has has no versions. NULL with [fetch]: an index did not answer; [system]: a
// wheelhouse cannot be read.
const struct source_project *source_project(struct source *source, const char *normal,
                                            struct err *err);
// A wheel that a URL gives (file, http or https). NULL with [no-wheel]: it is none, is of another
// project, or does not fit the interpreter; [usage]: the URL names no file.
struct source_file *source_at_url(struct source *source, const char *normal, const char *url,
                                  struct err *err);
struct source_name {    // a file as a lock knows it
    const char *normal; // of its project
    const char *name;   // base name
    const char *place;  // URL, or absolute path
    const char *sha256; // or NULL
    long long size;     // -1: not said
};
// Its `refused` says whether it fits the interpreter; whether it is there is not looked at. NULL with
// [no-wheel] or [usage].
struct source_file *source_named(struct source *source, const struct source_name *name,
                                 struct err *err);
// What wheelhouses have of a project, whatever indexes have. Returns 0, or -1 with [system].
int source_in_houses(struct source *source, const char *normal,
                     const struct source_project **ret, struct err *err);
// METADATA of many files at once, as far as they come from a network; what fails is told by
// source_metadata.
void source_prefetch_metadata(struct source *source, struct source_file *const *files,
                              size_t count);
// NULL with [bad-wheel], [fetch], [system]; also if name or version are not those of the file.
const struct metadata *source_metadata(struct source *source, struct source_file *file,
                                       struct err *err);
// Paths (file->path) of many, downloaded where they are not here. The SHA-256 that an index said
// is checked. Returns 0, or -1 with [fetch], [bad-wheel] or [disk-full].
int source_fetch(struct source *source, struct source_file *const *files, size_t count,
                 struct err *err);

// Names of all projects in wheelhouses and pages of links, sorted, each once; borrowed.
void source_names(struct source *source, const char ***ret, size_t *ret_count);
size_t source_places(const struct source *source);
// Of the place, from 0; borrowed. The label is a path or URL without password if it is no level.
enum source_kind source_place(const struct source *source, size_t place, const char **ret_where,
                              const char **ret_label);
// Of a wheelhouse, as it was when source_new looked at it: before its files were read. Borrowed.
const struct stat *source_house_stat(const struct source *source, size_t place);
// How many files of wheelhouses are neither wheels nor source archives.
size_t source_odd(const struct source *source);

// For explanations: what there is of a project, with those that satisfy `set` (may be NULL) first:
// "1.24.4, 1.25.2 in x86-64-v3; 2.1.0 only for Python 3.12; 2.2.0 only as a source archive".
void source_describe(const struct source *source, const struct source_project *project,
                     const struct specifiers *set, struct str *into);
// What a person may want to know of a choice, a line each without an end, or nothing:
// "numpy 1.26.4: x86-64-v3 taken (of x86-64-v3, generic)",
// "numpy 2.0 (generic) beats 1.26.4 (x86-64-v4)".
void source_note(const struct source *source, const struct source_project *project,
                 const struct source_version *taken, struct strv *into);
