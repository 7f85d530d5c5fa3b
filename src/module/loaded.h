// SPDX-License-Identifier: Apache-2.0
// loaded: the modules that are in force in a shell, those that wait for theirs (inactive), and
// families.
//
// It is read from and written to variables: Lmod's _ModuleTable_ (version 3, of Lmod 8), and
// LOADEDMODULES with _LMFILES_, as Environment Modules has them. So each of the three sees what
// another has loaded. docs/formats.md has the members.
#pragma once

#include "base/err.h"
#include "base/vars.h"

enum loaded_status { LOADED_ACTIVE, LOADED_INACTIVE, LOADED_PENDING };
struct loaded_module {
    char *name;        // "py": what only one of can be in force
    char *full;        // "py/3.11.5"
    char *file;        // of the modulefile
    char *user;        // as it was asked for: "py/3.11"
    char *key;         // order_key and marks of its version; "" if not known
    struct strv marks; // "lmod\tsticky": properties
    struct strv
        scripts; // pairs: a script that it took in (source_sh), a call for what that did
    struct strv inherited; // files that its own took in (inherit), the first first
    int status;            // enum loaded_status
    long order;            // > 0: by when it came into force; < 0: inactive
    long depth;            // 0: the user asked for it
    long users;            // how many depend on it; -1: never counted
};
struct loaded { // zero-initialise to begin
    struct loaded_module *item;
    size_t count, room;
    struct strv families; // "compiler\tgcc"
    char *base_path;      // MODULEPATH before any module; NULL: not known
    long last;            // the highest order
};
// What the environment says. A variable that is no table is an error with [module-state].
int loaded_read(struct loaded *loaded, const struct vars *vars, struct err *err);
// Reads the table of a collection (same members). Returns 0, or -1 with [module-state].
int loaded_parse(struct loaded *loaded, const char *text, size_t size, struct err *err);
// The folders of MODULEPATH that such a text has.
int loaded_parse_path(const char *text, size_t size, struct strv *into, struct err *err);
// Writes it, and takes away what is left of a longer one.
void loaded_write(const struct loaded *loaded, struct vars *vars);
// The same table as text, by lines; with `path` as what MODULEPATH has.
void loaded_text(const struct loaded *loaded, const struct vars *vars, struct str *into);
void loaded_copy(const struct loaded *loaded, struct loaded *ret);
void loaded_free(struct loaded *loaded);
#define CLEANUP_LOADED CLEANUP(loaded_free)

// By name; NULL if there is none. Good until one is added or dropped.
struct loaded_module *loaded_get(const struct loaded *loaded, const char *name);
// The one that "py", "py/3.9" or "py/3.9.6" is; NULL if none is.
struct loaded_module *loaded_find(const struct loaded *loaded, const char *user);
// Adds it, or takes the place of one of that name. All texts are copied.
struct loaded_module *loaded_put(struct loaded *loaded, const struct loaded_module *module);
void loaded_drop(struct loaded *loaded, const char *name);
void loaded_activate(struct loaded *loaded, struct loaded_module *module);
// Those of a status by order; also inactive ones behind if `all`. An array of yours, NULL at its end.
struct loaded_module **loaded_list(const struct loaded *loaded, int all);
int loaded_is(const struct loaded_module *module, const char *property, const char *value);
void loaded_unmark(struct loaded_module *module, const char *property, const char *value);
const char *loaded_version(const struct loaded_module *module); // "" if it has none
// The module of a family; NULL if there is none.
const char *loaded_family(const struct loaded *loaded, const char *family);
void loaded_set_family(struct loaded *loaded, const char *family,
                       const char *name); // NULL: none
