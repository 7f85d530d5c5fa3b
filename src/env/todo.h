// SPDX-License-Identifier: Apache-2.0
// todo: lines "VERB WORD" and "VERB WORD WORD" of files of ours (docs/formats.md, "Environments"), the
// words as %XX text.
#pragma once

#include "base/str.h"

void todo_add(struct str *into, const char *verb, const char *one,
              const char *two); // two may be NULL
// Adds the words of a line to `ret_one` and `ret_two`, and returns how many stand behind the verb; 0 if
// the line is none. *ret_verb (yours) is its verb.
int todo_read(const char *line, char **ret_verb, struct str *ret_one, struct str *ret_two);
