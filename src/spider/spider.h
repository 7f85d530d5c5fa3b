// SPDX-License-Identifier: Apache-2.0
// spider: all modules that can be reached: those of the folders of MODULEPATH, and of the folders
// that modules add to it, with what each says of itself and what must be loaded before it.
//
// What was found is kept in a file (cache.h). It is believed of a folder that has not changed since
// (one stat each); files are looked at again where they are about to be shown (spider_check).
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/table.h"
#include "base/vars.h"
#include "module/rc.h"
#include "module/rc_when.h"
#include "module/trace.h"
#include "spider/texts.h"

struct lmodcache;
struct spider_folder;
enum { SPIDER_HIDDEN = 1, SPIDER_GONE = 2 }; // gone: as if it were not there
struct spider_module {                       // texts are the spider's
    const char *name, *full, *version;
    const char *order; // to sort versions by
    struct texts whatis, extensions, paths, marks, asked;
    struct texts also;  // other names, by module-version
    const char *help;   // only of one that was evaluated now (spider_look); NULL: none
    const char *family; // NULL: none
    int64_t changed_ns; // of the file, when it was read; 0: not to be trusted
    int64_t size;
    int is_lua;    // its file ends with ".lua"
    int is_open;   // it asked what cannot be noted: evaluated each time
    int is_known;  // it was evaluated (or tried to be)
    int is_hidden; // by rc files, now and for who asks: SPIDER_HIDDEN, SPIDER_GONE
    struct spider_folder *folder;
};
struct spider_place {   // a folder that was read, or an rc file in it
    const char *path;   // below the folder of MODULEPATH; "": that itself
    int64_t changed_ns; // 0: not to be trusted
    uint64_t inode;     // of an rc file: its size
};
struct spider_folder { // one of MODULEPATH, or that a module adds to it
    const char *path;
    int is_gone; // only modules that are gone add it
    int is_base; // of MODULEPATH before any module was loaded: what is in it needs nothing
    struct spider_place *place;
    struct spider_module *module;       // sorted by name and order
    struct rc_entry *rc;                // what its rc files say; texts are the spider's
    const struct spider_module **adder; // modules that add it
    size_t places, modules, rcs, adders, adder_room;
};
struct
    spider_ask { // borrowed, environment, shell, site and user for as long as the spider lives
    char *const *environment;
    const char *shell;
    const struct rc *site, *user;   // rc files of the site and of the user
    const struct rc_who *who;       // for whom and when what rc files say counts; NULL: nobody
    const struct strv *base;        // MODULEPATH before any module was loaded; only of the walk
    const struct trace *trace;      // NULL: nobody asks what is evaluated
    const char *cache, *site_cache; // files; NULL: none. The first is written
    unsigned threads;               // at most
    int anew;                       // caches are not read
    int known;    // nothing is read that the caches do not have, or looked at again
    int shallow;  // only MODULEPATH itself
    int lua_only; // modules in Tcl are as if they were not there
};
struct spider { // zero-initialise to begin
    struct spider_ask ask;
    struct vars vars;
    struct arena arena;
    struct spider_folder **folder;
    size_t count, room;
    struct table places;            // path -> index in folder, from 1
    struct spider_cache *caches;    // what was read, the user's and the site's
    struct lmodcache *lmod;         // what Lmod's own cache says
    struct spider_workers *workers; // threads and their engines, while it walks
    size_t begun;                   // of folder
    size_t evaluated, listed;       // how much was not to be had from the cache
    struct spider_module **later;   // to be evaluated when no thread is at work
    size_t laters, later_room;
    int unread;  // modulefiles in Tcl are listed, and not more: it is not on this machine
    int changed; // what is kept is not what was found
};
// Walks from the folders of a MODULEPATH. Folders that are not there are passed over.
void spider_walk(struct spider *spider, const struct spider_ask *ask, const struct strv *path);
// Looks whether files are as they were read, and evaluates those that are not. Returns whether what
// they add to MODULEPATH is other than before: then all is to be walked again.
int spider_check(struct spider *spider, struct spider_module *const *module, size_t count);
// Evaluates a file now, for its help too.
void spider_look(struct spider *spider, struct spider_module *module);
char *spider_file(const struct spider_module *module); // its path; yours
// Whether rc files forbid a module, now and for who asks.
int spider_forbids(const struct spider *spider, const struct spider_module *module);
// Writes the cache if what was found differs. Where it cannot be written nothing is lost.
void spider_save(struct spider *spider);
void spider_free(struct spider *spider);
#define CLEANUP_SPIDER CLEANUP(spider_free)

// The ways to a module: what is to be loaded before it, a line each, outermost first, sorted and each
// once. None for what MODULEPATH itself has. At most 1,000.
void spider_routes(const struct spider *spider, const struct spider_module *module,
                   struct strv *into);
