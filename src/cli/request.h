// SPDX-License-Identifier: Apache-2.0
// request: what the words of a `map` line ask for: a script, its template of words, datasets.
#pragma once

#include "cli/cli.h"
#include "dataset/datasets.h"
#include "run/spec.h"

// Which program is run for a script. `launch` gets its first words; ret_script is the script's
// absolute path (yours). A *.py file is for an interpreter: then *ret_python is 1 and launch
// holds the script as typed. Anything else is a program, by PATH where it has no '/'.
// [no-program] says what is there.
int request_program(const struct cli *cli, const char *script, struct strv *launch,
                    char **ret_script, int *ret_python, struct err *err);
// A program by its name is the one that the task's own PATH has: `python` that of --python. `program`: as
// request_program gave it; stays where there is none.
void request_settle(const struct vars *vars, const char *word, char **program);
// [usage] where --mem and --mem-per-cpu are both said.
int request_memory(const struct options *options, struct err *err);
// What the line says of limits (-t, --timeout, --signal, --retries, --max-continue, --halt, --mem...)
// stands over what spec holds. [usage] if two of them exclude each other.
int request_limits(const struct options *options, struct spec *spec, struct err *err);
// Fills spec (but what machine and interpreter decide) and reads the datasets, with their keys.
// Both need freeing also after failure.
int request_read(const struct cli *cli, struct spec *spec, struct datasets *datasets,
                 struct err *err);
