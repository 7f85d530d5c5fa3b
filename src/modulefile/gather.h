// SPDX-License-Identifier: Apache-2.0
// gather: what a modulefile says of itself, and which folders it adds to MODULEPATH, without anything
// being loaded: mode() is "spider", and whatever has an effect is passed over.
//
// What a file asked of its surroundings is noted with the answer, so that what it said can be kept
// and is right for as long as the answers are the same.
#pragma once

#include "modulefile/engine.h"

struct gathered { // zero-initialise to begin; free with gathered_free
    struct strv whatis, extensions;
    struct strv paths; // folders that it adds to MODULEPATH, regular
    struct strv marks; // properties, "lmod\tsticky"
    struct str help;
    char *family;
    struct strv asked; // questions with their answers, as gather_holds reads them
    int wants_help;    // set before: also of files for which that takes a call of theirs
    int is_later;  // nothing is known: it is to be evaluated when no other thread evaluates any
    int is_unread; // its language is not on this machine
    int is_open;   // it asked what cannot be noted: it is to be evaluated each time
};
void gathered_free(struct gathered *gathered);
#define CLEANUP_GATHERED CLEANUP(gathered_free)

struct gather_of { // a module; borrowed
    const char *name, *full, *version, *file;
    const struct str *text; // what stands in its file
};
// An engine that loads nothing, sees nothing loaded and reads no state: for one thread. engine_free.
void gather_begin(struct engine *engine, char *const *environment, const char *shell);
// Evaluates a file. Returns 0, or -1 with err: then what it had said until its error stands in *ret.
int gather_file(struct engine *engine, const struct gather_of *of, struct gathered *ret,
                struct err *err);
// Whether the answer of a question ("env NAME HASH", "dir 1 PATH", "file 0 PATH") is still the same.
int gather_holds(const char *question, const struct vars *vars);

// For the functions of modulefiles, of whatever language; gathered is engine->gathered.
void gather_whatis(struct gathered *gathered, const char *text);
void gather_help(struct gathered *gathered,
                 const char *text); // takes the place of what was said
void gather_extensions(struct gathered *gathered, const char *list); // "numpy/1.2, scipy/1.3"
void gather_path(struct gathered *gathered, const char *variable, const char *value);
void gather_mark(struct gathered *gathered, const char *property, const char *value);
void gather_family(struct gathered *gathered, const char *family);
void gather_env(struct engine *engine, const char *name); // it asks for a variable
void gather_stat(struct engine *engine, const char *path, int is_dir);
void gather_open(struct engine *engine); // it asks what cannot be noted
