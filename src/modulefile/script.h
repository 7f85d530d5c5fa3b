// SPDX-License-Identifier: Apache-2.0
// script: what a script for a shell changes, found by running it.
#pragma once

#include "modulefile/engine.h"

// Adds what a script does, as calls of Lmod's functions, setenv("NAME","value"), for the module that is evaluated:
// those that are kept with it since it was loaded; else, while it is loaded, "FILE ARGUMENT..." (words of
// that shell: bash, zsh, ksh, sh, tcsh; others are taken as bash) is run by `.`, in a shell of its
// own, and the variables, aliases, functions and completions that are new or others then are kept
// with the module. Returns 0, or -1 with the engine's err.
int script_calls(struct engine *engine, const char *shell, const char *script,
                 struct strv *calls);
// Reads such a call, as a name and literals, never as a program: it comes from the environment. Returns the name,
// with its texts added; NULL: it is none.
const char *script_parse(const char *call, struct strv *arguments);
