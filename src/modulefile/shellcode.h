// SPDX-License-Identifier: Apache-2.0
// shellcode: the change of an environment as code that a shell evaluates. Every name and value is
// quoted, so that none can become anything but itself; what a shell cannot hold is left out, with a
// warning.
#pragma once

#include "modulefile/engine.h"

enum shell { SHELL_SH, SHELL_CSH, SHELL_FISH, SHELL_PYTHON, SHELL_JSON, SHELL_ENV, SHELL_NONE };
struct shellcode_change {
    char *name;        // yours
    const char *value; // NULL: unset; borrowed from engine
};
struct shellcode_changes { // free with shellcode_changes_free
    struct shellcode_change *item;
    size_t count;
};
// "bash", "zsh", "sh", "ksh", "dash", "csh", "tcsh", "fish", "python", "json", "env"; SHELL_NONE for others.
enum shell shellcode_shell(const char *name);
// What differs between an environment and the engine's, by name.
void shellcode_changes(char *const *before, const struct engine *engine,
                       struct shellcode_changes *ret);
void shellcode_changes_free(struct shellcode_changes *changes);
// Adds the code; warnings are lines. For sh, csh, fish and python (which has no aliases and functions).
void shellcode_add(struct str *into, enum shell shell, char *const *before,
                   const struct engine *engine, struct str *warnings);
void shellcode_python(struct str *into, const struct shellcode_changes *changes);
// Adds what tells that all went well, where silence does not.
void shellcode_succeed(struct str *into, enum shell shell);
// Adds what makes the shell's command fail, and nothing else happen.
void shellcode_fail(struct str *into, enum shell shell);
