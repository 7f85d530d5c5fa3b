// SPDX-License-Identifier: Apache-2.0
// build: a wheel of a source, made by pip in a build environment of its own (PEP 517, PEP 660), and
// kept.
//
// Nothing here knows how a project is built: pip reads its pyproject.toml, gets what the build
// requires from where its configuration and `options` say, and starts the project's backend. A
// wheel is kept as CACHE/built/KEY/NAME.whl (docs/formats.md); KEY is a hash of what the source is, of
// the interpreter, and of the variables that compilers listen to.
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "base/vars.h"

struct build_ask {
    const struct strv *pip; // the words that start pip: "/env/bin/python", "-m", "pip"
    const char *source;     // a path, or a URL, as pip takes it
    int editable;           // of a folder: a wheel that leads to it (PEP 660)
    // What the source is: the same text gives the same wheel. NULL: it cannot be told (a URL
    // without a hash); such a wheel is used again for `max_age` seconds.
    const char *identity;
    long max_age;
    const char *interpreter;      // what a wheel is made for: tags, version, path
    const struct strv *options;   // for pip: --no-index, --find-links DIR, ...
    const struct vars *vars;      // those of Python and of pip's targets do not reach it
    const char *cache;            // lopin's cache folder
    void (*begin)(void *context); // before pip is started; may be NULL
    void *context;
};
struct built {
    char *wheel; // its path; yours
    char
        *commit; // of a repository: the revision that was taken, as pip says it; yours, or NULL
    int was_kept; // it was made earlier
};
// Returns 0, or -1 with [build-failed] (its hints: what pip said, where all of it is), [disk-full]
// or [system].
int build_wheel(const struct build_ask *ask, struct built *ret, struct err *err);
void built_free(struct built *built);

// What a folder of sources is now, without what builds leave in it: of its path and of the path,
// size and time of each file. For an editable build only what says how it is built
// (pyproject.toml, setup.py, setup.cfg) counts. Yours.
char *build_identity(const char *folder, int editable);
// What pip wrote: fills err with the reason of a failure.
int build_explain(const char *log, const char *source, struct err *err);
// "Resolved URL to commit HASH". Yours, or NULL.
char *build_commit(const char *log);
