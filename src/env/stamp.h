// SPDX-License-Identifier: Apache-2.0
// stamp: what the packages of an environment ask of a machine: a file in its folder of packages
// (docs/formats.md, "Environments"), written whenever lopin changes these, and what guards a Python of
// the environment that is started directly.
//
// What a wheel's machine code asks for stands nowhere in it (no ISA notes, facts of 342 libraries): it is
// known from where the wheel came from, or from which one it is; else it is unknown.
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "store/manifest.h"

#define STAMP_FILE ".lopin-stamp"
struct stamp_package { // lives in the arena of its stamp
    const char *info;  // "numpy-2.4.6.dist-info"
    const char *name, *version;
    const char *cpu;  // a word of machine/isa.h; "x86-64": nothing; NULL: unknown
    const char *why;  // STAMP_PURE, _KNOWN, _SITE, or the wheelhouse's folder; "" unknown
    const char *made; // the level of the processor it was put in by
    struct libc_version glibc; // major 0: none
};
#define STAMP_PURE  "pure"  // it has no machine code
#define STAMP_KNOWN "known" // our own table of wheels
#define STAMP_SITE  "site"  // the site's table
struct stamp {              // zero-initialise to begin; free with stamp_free
    struct arena arena;
    struct stamp_package *item;
    size_t count, room;
    const char *here; // the level of this processor, once stamp_add has asked
};
// What is known of where a wheel came from; NULL: nothing.
struct stamp_origin {
    const char *house; // a word of machine/isa.h: the level of its wheelhouse
    const char *where; // the wheelhouse's folder
    const char *site;  // the word of the site's table for it
};
// Adds a package by the order: wheelhouse, site's table, known wheels, no machine code, unknown.
// (A wheel of our table from a wheelhouse that asks for less asks for what the table says.)
void stamp_add(struct stamp *stamp, const struct manifest *manifest,
               const struct stamp_origin *origin);
// Reads that of a folder of packages (a descriptor). Returns 1, 0 if it has none, or -1: damaged or
// unreadable ([env-broken]), of another version ([run-format]).
int stamp_read(int packages, struct stamp *ret, struct err *err);
// The same of its file by its path.
int stamp_file(int dir, const char *path, struct stamp *ret, struct err *err);
// The same of its text. Returns 0, or -1.
int stamp_parse(const char *text, size_t size, struct stamp *ret, struct err *err);
// Writes into a folder of packages that is being made: the stamp of what is new, and of `old` what is
// there still; with `guard` what refuses to start a Python where one of them cannot run. Returns 0,
// or -1 with err.
int stamp_put(int packages, const struct stamp *old, const struct stamp *added, int guard,
              struct err *err);
void stamp_free(struct stamp *stamp);

// Compares with a processor and a C library. `there` (may be NULL) says which packages count (by their
// info).
struct stamp_machine {
    uint64_t cpu;
    struct libc_version glibc; // major 0: not looked at
};
enum stamp_lack { STAMP_FITS, STAMP_CPU, STAMP_GLIBC, STAMP_UNKNOWN };
// STAMP_UNKNOWN: its needs are unknown and it was put in by a processor that has more.
enum stamp_lack stamp_compare(const struct stamp_package *package,
                              const struct stamp_machine *machine);
