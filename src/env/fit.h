// SPDX-License-Identifier: Apache-2.0
// fit: whether an environment can work on a machine: its interpreter is there and the one that it was
// made for, its packages are there, and the processor and the C library have what they need.
//
// Nothing of it is started or loaded; few files are opened.
#pragma once

#include "base/err.h"
#include "env/facts.h"
#include "env/site.h"
#include "env/stamp.h"

enum fit_kind {
    FIT_PYTHON, // another interpreter than it was made for: `name` what it is, `other` what it was
    FIT_LINK, // a link to a package leads nowhere: `name` in the folder of packages, `other` its target
    FIT_CPU,
    FIT_GLIBC,
    FIT_UNKNOWN, // see STAMP_UNKNOWN
};
struct fit_item { // lives in the arena
    enum fit_kind kind;
    const struct stamp_package *package; // of the last three
    const char *name, *other;
};
struct fit { // zero-initialise to begin; free with fit_free
    struct arena arena;
    struct stamp stamp;
    int stamped;           // it has a stamp
    struct fit_item *item; // worst first, by kind
    size_t count, room;
    size_t foreign; // distributions that the stamp does not know: lopin did not install them
};
// `facts` of its interpreter, NULL: not known. Returns 0, or -1 with err: [env-broken].
int fit_look(const struct site *site, const struct facts *facts,
             const struct stamp_machine *machine, struct fit *ret, struct err *err);
// The same by the stamp alone, of an environment that was made at this moment: nothing of it is looked at.
int fit_needs(const struct site *site, const struct stamp_machine *machine, struct fit *ret,
              struct err *err);
// Adds FIT_PYTHON, if it is so, and nothing else.
void fit_python(const struct site *site, const struct facts *facts, struct fit *fit);
void fit_free(struct fit *fit);
// This machine, with the C library of that interpreter ("glibc 2.36").
void fit_machine(const struct facts *facts, struct stamp_machine *ret);
