// SPDX-License-Identifier: Apache-2.0
// tags: which wheels an interpreter takes, best first (PEP 425, 600, 656, 703), in the order of
// packaging.tags.sys_tags().
//
// `linux_x86_64` comes before manylinux, as in packaging from 26.3 on: what was built for a site
// is preferred to what was built for all.
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/table.h"
#include "wheel/text.h"

// What the module `_manylinux` of an interpreter says (PEP 600): a site refuses wheels by it.
struct manylinux {
    int function; // it has manylinux_compatible(); the three attributes are then not looked at
    int refuse_all;                     // that answers no, whatever is asked
    const struct libc_version *refused; // or it answers no to these
    size_t refused_count;
    int one, y2010, y2014; // manylinux1_compatible ...: -1 absent, 0 no, 1 yes
};
struct libc_version {
    int major, minor;
};
enum { TAG_ARCHS = 2 };
struct tag_facts { // of a CPython on Linux
    int major, minor;
    int debug;            // Py_DEBUG
    int no_gil;           // Py_GIL_DISABLED
    int no_pymalloc;      // WITH_PYMALLOC is 0; counts before 3.8
    const char *platform; // sysconfig.get_platform(): "linux-x86_64"
    int is_32bit;         // by the size of its pointers
    // By its ELF header: i686 or armv7l with the calling convention that PEP 600 means. Not looked
    // at for others.
    int has_abi;
    struct libc_version glibc, musl;   // major 0: not that libc
    const struct manylinux *manylinux; // NULL: no such module
};

struct tags {          // ordered; lives in its arena but for the table
    const char **item; // "cp311-cp311-linux_x86_64"
    size_t count, room;
    struct table rank; // item -> place + 1
};
void tags_supported(struct arena *arena, const struct tag_facts *facts, struct tags *ret);
void tags_free(struct tags *tags);

// A compressed set of tags ("py2.py3-none-any"), in lower case.
struct tag_set {
    struct piece *part[3]; // interpreters, ABIs, platforms
    size_t count[3];
};
// Returns 0, or -1 with [usage]; also for more than 4,096 tags.
int tag_set_parse(struct arena *arena, struct piece text, struct tag_set *ret, struct err *err);
// Adds all of them, in order of their bytes, each once, with ' ' between.
void tag_set_add(struct str *into, const struct tag_set *set);
// The best place of one of them in `tags`, from 0; -1: none is supported.
long tag_set_rank(const struct tag_set *set, const struct tags *tags);
