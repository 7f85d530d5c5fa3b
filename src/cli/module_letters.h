// SPDX-License-Identifier: Apache-2.0
// module_letters: what avail and list show behind a name, "(S,L)", and what the letters mean.
#pragma once

#include "base/str.h"

struct module_letter {
    const char *letter;
    const char *property, *value; // NULL: no property of the module, but known otherwise
    const char *words;            // not translated yet
};
enum { MODULE_LETTERS = 12 };
extern const struct module_letter module_letters[MODULE_LETTERS];

// Adds one to a text that begins empty: "(S", then "(S,L"; who asks closes it.
void module_letters_add(const struct module_letter *letter, struct str *into);
// A line for each bit of `seen`, the place of a letter.
void module_letters_explain(unsigned seen, struct str *into);
