// SPDX-License-Identifier: Apache-2.0
// module_words: words of the line as what names are looked for with.
#pragma once

#include "cli/module.h"

// Whether a text has the word in it, small and capital letters alike, or is a full name that the word
// means by its versions, "py@3.9:"; with -r: fits the regular expression.
int module_word_fits(const struct module_work *work, const char *word, const char *text);
// Whether it fits one of the words, or there are none.
int module_is_wanted(const struct module_work *work, const char *text);
// The same of a module, by its full name and other names (NULL: none); of "py@latest" and "py@default" it is the one
// file that they mean.
int module_is_wanted_as(struct module_work *work, const char *full, const char *file,
                        const struct strv *also);
// With -r: that all words are regular expressions. Returns 0, or -1 with [usage].
int module_check_words(const struct module_work *work, struct err *err);
// How wide lists may be: the terminal that they go to, else 80 columns.
size_t module_width(const struct module_work *work);
const struct term *module_term(const struct module_work *work);
// A line of dashes; with a title in its middle.
void module_add_rule(const struct module_work *work, const char *title, struct str *into);
// Adds text by lines of whole words, each behind `indent` spaces.
void module_add_filled(const struct module_work *work, const char *text, size_t indent,
                       struct str *into);
