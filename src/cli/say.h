// SPDX-License-Identifier: Apache-2.0
// say: what lopin says, on stderr, and what it gives, on stdout.
#pragma once

#include "cli/cli.h"

// A line of talk with its newline added, not under --quiet. The text is for a person: names in
// it have been made visible.
void say(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
// "label<padding>text": the lines that begin a run ("env     python 3.11.7 ...").
void say_label(const struct cli *cli, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// An error with its name and hints, also under --quiet.
void say_error(const struct cli *cli, const struct err *err);
// Data to stdout. Returns 0, or -1 with err where it cannot be written (a reader that is gone
// is no error).
int say_data(const struct cli *cli, const struct str *text, struct err *err);
// A page for a person: the same, but on stderr where a shell evaluates stdout (module --shell).
int say_page(const struct cli *cli, const struct str *text, struct err *err);
// Adds "label<padding>" (translated, 8 columns) to text.
void say_add_label(struct str *text, const char *label);
