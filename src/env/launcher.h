// SPDX-License-Identifier: Apache-2.0
// launcher: the text of an environment's commands (entry points; scripts of wheels).
#pragma once

#include "base/str.h"
#include "wheel/text.h"

// "#!PYTHON" and a newline. Where the kernel would not take that line (blanks, more than 127 bytes),
// two lines that both sh and Python read: sh starts the interpreter, for Python they are a string.
#define LAUNCHER_BY_SH "#!/bin/sh\n'''exec' "
void launcher_add_first(struct str *into, const char *python);
// A command that calls an object of a module and exits with what it returns.
void launcher_add(struct str *into, const char *python, struct piece module,
                  struct piece object);
// A script that begins with "#!python" gets the interpreter's path in place of it (PEP 427).
void launcher_add_script(struct str *into, const char *python, struct piece script);
