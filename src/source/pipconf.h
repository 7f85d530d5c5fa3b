// SPDX-License-Identifier: Apache-2.0
// pipconf: pip's own configuration, as pip (26) finds and merges it (pip.pypa.io, "Configuration").
//
// Files: /etc/xdg/pip/pip.conf (XDG_CONFIG_DIRS), /etc/pip.conf, ~/.pip/pip.conf,
// ~/.config/pip/pip.conf (XDG_CONFIG_HOME), pip.conf in sys.prefix, PIP_CONFIG_FILE. The user's
// are not read if that file is there; none is if it is /dev/null. Of sections [global], then the
// command's. Then PIP_* variables. A later value replaces an earlier one whole, lists too.
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/vars.h"
#include "wheel/text.h"

struct pipconf_ask {
    const struct vars *vars;
    const char *root;    // before /etc; "" but in tests
    const char *prefix;  // sys.prefix of the interpreter; NULL: none
    const char *command; // "install", "wheel", "download"
};
struct pipconf_value { // one that counts; NUL-terminated
    const char *key, *value;
    const char *origin; // the file; ":env:"
};
struct pipconf { // free with pipconf_free
    struct arena arena;
    struct pipconf_value *item; // in pip's order: the last of a key counts
    size_t count, room;
    struct strv files; // that were read
};
// Returns 0, or -1 with [usage] for a file that cannot be read as pip.conf, [system].
int pipconf_read(const struct pipconf_ask *ask, struct pipconf *ret, struct err *err);
void pipconf_free(struct pipconf *conf);
#define CLEANUP_PIPCONF CLEANUP(pipconf_free)

// What `key` or its other name `also` (may be NULL) says last; NULL: nothing.
const struct pipconf_value *pipconf_find(const struct pipconf *conf, const char *key,
                                         const char *also);
const char *pipconf_get(const struct pipconf *conf, const char *key, const char *also);
// Adds the words of a list ("find-links").
void pipconf_list(const struct pipconf *conf, const char *key, struct strv *into);
// *ret changes only if the key is there. Returns 0, or -1 with [usage]: neither yes nor no.
int pipconf_flag(const struct pipconf *conf, const char *key, int *ret, struct err *err);
int pipconf_number(const struct pipconf *conf, const char *key, const char *also,
                   unsigned long *ret, struct err *err);

// --only-binary, --no-binary, --all-releases, --only-final: two lists that exclude each other.
// Names in normal form, or ":all:".
struct pick { // zero-initialise to begin; free with pick_free
    struct strv list[2];
};
// Adds "a,b,:all:,:none:" to list `which`, as pip does.
void pick_add(struct pick *pick, int which, const char *value);
// The list that a name is in: 0, 1, or -1. A name counts before ":all:".
int pick_which(const struct pick *pick, const char *normal);
void pick_free(struct pick *pick);
#define CLEANUP_PICK CLEANUP(pick_free)
// Adds what the configuration says under the keys of list 0 and 1, in its order.
void pipconf_pick(const struct pipconf *conf, const char *key0, const char *key1,
                  struct pick *into);
