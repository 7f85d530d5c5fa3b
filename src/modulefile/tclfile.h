// SPDX-License-Identifier: Apache-2.0
// tclfile: modulefiles in Tcl, with the commands of Environment Modules 5.2 and of Lmod
// (modulefile(4)), and rc files that are more than plain commands.
//
// A file has an interpreter of its own: one for each depth of modules within modules, cleaned
// after each file. What it prints, and what programs print that it starts, is for a person to
// read; standard input is empty; its env is the engine's variables. It ends by an error when it
// needs too much time or memory.
#pragma once

#include <sys/resource.h>

#include "modulefile/engine.h"

struct tclfile;
struct tclfile *tclfile_new(struct engine *engine);
void tclfile_free(struct tclfile *tcl); // NULL is fine
// Whether it was looked for, and there is no Tcl on this machine.
int tclfile_is_missing(const struct tclfile *tcl);
void tclfile_end(struct tclfile *tcl); // and what Tcl has for this thread, which ends
// So that no file takes all memory, where several threads evaluate: the limit of before is restored
// by tclfile_unguard.
void tclfile_guard(struct rlimit *ret_before);
void tclfile_unguard(const struct rlimit *before);
// Evaluates a modulefile in the engine's mode. Returns 0, or -1 with engine->err.
int tclfile_run(struct tclfile *tcl, const char *path);
// Evaluates a .modulerc or .version of the folder of modules `name` and adds what it says. Returns
// 0, or -1 with err.
int tclfile_run_rc(struct tclfile *tcl, const char *path, const char *name, struct rc *rc,
                   struct err *err);
