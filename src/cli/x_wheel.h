// SPDX-License-Identifier: Apache-2.0
// x_wheel: what tests ask of the room of formats, a line at a time (cmd_x_wheel.c).
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "wheel/text.h"

// One line: its fields, decoded. What is answered is added to `out`.
struct x_line {
    struct arena *arena; // emptied behind the line
    struct piece *field;
    size_t count;
    struct str *out;
};
struct x_verb {
    const char *name;
    size_t fields;                                       // at least so many
    int (*answer)(struct x_line *line, struct err *err); // 0, or -1: "invalid"
};
struct cli;
int cmd_x_store(struct cli *cli, struct err *err); // reads no lines
int x_answer_reqfile(struct x_line *line, struct err *err);
int x_answer_solve(struct x_line *line, struct err *err);
extern const struct x_verb x_verbs[], x_file_verbs[], x_env_verbs[], x_toml_verbs[],
    x_source_verbs[], x_lock_verbs[]; // end with name NULL
// Adds a field, encoded, with a tab before it unless it is the first.
void x_add(struct x_line *line, struct piece text);
void x_add_text(struct x_line *line, const char *text);
void x_add_number(struct x_line *line, long number);
