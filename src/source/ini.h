// SPDX-License-Identifier: Apache-2.0
// ini: "[section]", "key = value" as Python's configparser.RawConfigParser reads them for pip
// (docs.python.org, "configparser"; pip.pypa.io, "Configuration").
//
// A deeper indented line continues the value before it; '#' and ';' begin whole lines of comment;
// keys and sections stand once; what [DEFAULT] says holds in each section. Keys are in pip's
// normal form: lower case, '-' for '_', no "--" before them.
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "wheel/text.h"

struct ini_entry { // NUL-terminated
    const char *section, *key, *value;
};
struct ini { // lives in its arena
    struct ini_entry *item;
    size_t count;
};
// `file` is named in messages. Returns 0, or -1 with [usage] and the line's number.
int ini_parse(struct arena *arena, const char *file, struct piece text, struct ini *ret,
              struct err *err);
// pip's normal form of a key. Lives in the arena.
const char *ini_key(struct arena *arena, struct piece key);
