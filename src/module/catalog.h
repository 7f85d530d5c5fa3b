// SPDX-License-Identifier: Apache-2.0
// catalog: from a name as a person types it to a modulefile, among the folders of MODULEPATH.
//
// "py" is the default, else the newest; "py/3.9" that version if it is there, else the newest 3.9.x;
// "py/default" as "py". Only folders on the way to the name are read.
#pragma once

#include "module/folders.h"
#include "module/rc_when.h"

enum catalog_how { CATALOG_MATCH, CATALOG_LATEST, CATALOG_BETWEEN, CATALOG_SPEC };
struct catalog_wish {
    const char *user;     // the name; borrowed
    enum catalog_how how; // CATALOG_LATEST: the newest, whatever is the default
    const char *least,
        *most; // of CATALOG_SPEC least is its versions (spec.h); of CATALOG_BETWEEN, NULL: no bound; a '<' at either end: without it
};
struct catalog_found { // free with catalog_found_free
    char *name, *version, *full, *file;
    char *key;  // of its version, with the mark of a default; as wV in Lmod's table
    char *user; // the name asked for, aliases resolved
};
struct catalog_module { // one of a list
    char *name, *full, *file;
    char *order;    // to sort by
    char *weight;   // the default has the greatest
    int is_default; // of several
    int is_alone;   // of its name there is no other (catalog_mark_defaults)
    int is_hidden;
    struct strv also; // other names, by module-version
};
struct catalog_list { // modules of one folder of MODULEPATH
    char *folder;
    struct catalog_module *item;
    size_t count, room;
};
struct catalog_rules {  // what a site has in another way
    int exact;          // a module of several versions is meant by its full name alone
    int whole_versions; // "py/3.9" is no 3.9.6
    int lua_only;       // files in Tcl are no modules
    int first_folder;   // the default is of the first folder that has the name
};
struct catalog { // zero-initialise to begin
    struct folders folders;
    // Whether more is hidden than rc files say (name NULL: as full); may be NULL.
    int (*hides)(void *data, const char *full, const char *name, const char *file);
    void *hides_data;
    // For whom and when rc files are asked. Zero: for nobody, as where they are read to be kept: then what
    // they hide as if it were not there is listed too.
    struct rc_who who;
    struct catalog_rules rules;
    struct rc site, user; // MODULERCFILE and LMOD_MODULERCFILE; ~/.modulerc
};
// Returns 1, or 0 if there is none (ret is empty).
int catalog_find(struct catalog *catalog, const struct strv *path,
                 const struct catalog_wish *wish, struct catalog_found *ret);
void catalog_found_free(struct catalog_found *found);
#define CLEANUP_FOUND CLEANUP(catalog_found_free)
// Adds the full names of all visible modules of a name ("python": "python/3.11.5"), the newest first.
void catalog_versions(struct catalog *catalog, const struct strv *path, const char *name,
                      struct strv *ret);
// All modules of a folder of MODULEPATH, sorted.
void catalog_list(struct catalog *catalog, const char *folder, struct catalog_list *ret);
// Marks the default of each name that has several versions in the lists, of which the first of a name may be
// the only one that has defaults (catalog->rules).
void catalog_mark_defaults(const struct catalog *catalog, struct catalog_list *lists,
                           size_t count);
void catalog_list_free(struct catalog_list *list);
// A name with aliases and other versions' names resolved. Yours.
char *catalog_resolve(struct catalog *catalog, const struct strv *path, const char *name);
// The rc files that were read until now: the site's, the user's, those of folders; NULL behind the last.
const struct rc *catalog_rc(const struct catalog *catalog, size_t which);
// What rc files that were read until now say of a module; NULL: nothing. name: NULL if it has no version.
const struct rc_entry *catalog_says(const struct catalog *catalog, enum rc_kind kind,
                                    const char *full, const char *name, const char *file);
// The same of what will be in so many days, with the time from which on; NULL: nothing.
const struct rc_entry *catalog_nears(const struct catalog *catalog, enum rc_kind kind,
                                     const struct catalog_found *found, unsigned long days,
                                     int64_t *ret_time);
// Adds the tags that rc files give a module.
void catalog_tags(const struct catalog *catalog, const struct catalog_found *found,
                  struct strv *into);
void catalog_free(struct catalog *catalog);
