// SPDX-License-Identifier: Apache-2.0
// lang: the messages in the user's language.
//
// The po files are turned by the build into tables inside the program, so a translation is
// there even where neither its locale nor any file of ours is. The chosen language is the one
// process-wide value of the program besides the terminal's colours: set once by main before any
// message. Names of errors, options and JSON fields are never translated.
#pragma once

// Marks and translates a literal. xgettext finds it.
#define _(text) lang_text(text)
// Marks only: for tables; translate with lang_text() where it is printed.
#define N_(text) (text)

// `text` in the chosen language, itself if there is none. Static.
const char *lang_text(const char *text) __attribute__((format_arg(1)));
// The form for n: English `one` if n == 1, French `one` if n <= 1. Static.
const char *lang_plural(const char *one, const char *many, unsigned long n)
    __attribute__((format_arg(1), format_arg(2)));
// Chooses from a locale name ("fr", "fr_CA.UTF-8", "C"); unknown ones mean English.
// Returns 0, or -1 if the language is unknown (for --lang).
int lang_choose(const char *locale);
// "en" or "fr". Static.
const char *lang_name(void);
// The translated words for an errno. Static, or strerror's buffer.
const char *lang_errno(int errnum);
