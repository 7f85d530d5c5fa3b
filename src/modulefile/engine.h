// SPDX-License-Identifier: Apache-2.0
// engine: loads and unloads modules: evaluates modulefiles, keeps what is loaded, and the
// environment as it becomes.
//
// Nothing outside is changed: a command that fails leaves its engine, which nobody then writes out,
// and so changes nothing at all. What modulefiles say is kept in talk.
#pragma once

#include <pthread.h>

#include "base/err.h"
#include "base/vars.h"
#include "module/catalog.h"
#include "module/loaded.h"
#include "module/paths.h"
#include "module/trace.h"

enum engine_mode {
    ENGINE_LOAD,
    ENGINE_UNLOAD,
    ENGINE_SHOW,
    ENGINE_ABOUT,
    ENGINE_HELP,
    ENGINE_REFRESH,
    ENGINE_SPIDER // what files say of themselves goes to engine->gathered (gather.h)
};
struct engine_frame {           // a modulefile that is being evaluated; all borrowed
    struct engine_frame *below; // who loads it; NULL: the user
    const char *name, *full, *version, *user, *file;
    int broken;             // LmodBreak: as if it had never been loaded
    const struct str *text; // of the file where it is known; NULL: it is to be read
};
enum engine_kind { ENGINE_ALIAS, ENGINE_FUNCTION, ENGINE_COMPLETE, ENGINE_CODE, ENGINE_FOLDER };
struct engine_word { // of the shell
    enum engine_kind kind;
    char *name;
    // ENGINE_CODE: a name of no meaning, and a line for the shell to run
    char *value, *csh; // value NULL: it is taken away; csh: of a function, in csh and fish
};
struct engine_rules {  // of the site or the user, in Lmod's variables (settings.c)
    int keeps_version; // another version of what is loaded is refused
    int keeps_family;  // another member of a family is refused
    int nags;          // LMOD_ADMIN_FILE has words for who loads a module (nags.c)
    struct paths_rules paths;
    int pins; // a collection has the versions that were loaded, not the names asked for
};
struct luafile;
struct gathered;
struct tclfile;
struct engine {
    struct vars vars;              // the environment as it becomes
    struct vars aside, aside_then; // what files set for themselves and their programs alone
    struct loaded loaded, before;
    struct catalog catalog;
    struct engine_rules rules;
    struct luafile *lua;        // made when the first file in Lua is evaluated
    struct tclfile *tcl;        // the first in Tcl
    struct engine_frame *frame; // the innermost
    enum engine_mode mode;
    const char *shell;    // "bash": for myShellName; borrowed
    struct str talk;      // a person is to read it: words of modulefiles, notes
    struct str shown;     // what ENGINE_SHOW and ENGINE_ABOUT gather
    struct strv missing;  // names asked for that nothing is called
    struct strv sticky;   // users' names of those that were unloaded
    struct strv nagged;   // pairs: full name, file of what was loaded, if there are nags
    struct strv families; // pairs: the old member's name, the new one's
    struct engine_word *word;
    size_t words, room;
    char *path;              // MODULEPATH when modules were last looked for again
    int is_swapping, rounds; // in the exchange of a family; how deep in reloads
    int is_restoring; // a collection has all modules in their order: files load none themselves
    int force, latest, quiet;
    int hooks;  // of the site are run (hooks.h)
    int ends;   // the process does, with the engine: interpreters are left to the system
    int warned; // a modulefile was not content: the command fails, and does what it was asked
    struct err err;            // of a modulefile that failed
    struct trace *trace;       // borrowed; NULL: nobody asks what is done
    struct gathered *gathered; // of ENGINE_SPIDER; borrowed
    // of the threads that have engines each; NULL: there are none now. What changes the process is
    // not done meanwhile (gathered->is_later)
    pthread_mutex_t *lock;
};
// Begins with what the environment says; engine->trace is kept. engine_free also after failure; after [module-state] it has what
// the lists of Environment Modules say, and can purge.
int engine_begin(struct engine *engine, char *const *environment, const char *shell,
                 struct err *err);
void engine_free(struct engine *engine);
// Loads what the words name; "-x" unloads x. Returns 0, or -1 with err: then the engine is of no
// more use. must: what is not there is an error ([no-module]).
int engine_load(struct engine *engine, char *const *words, int must, struct err *err);
int engine_unload(struct engine *engine, char *const *words, struct err *err);
// from NULL: what is loaded of the name of `to`.
int engine_swap(struct engine *engine, const char *from, const char *to, struct err *err);
int engine_purge(struct engine *engine, struct err *err);
// Puts folders before or behind the others in MODULEPATH, or takes them out of it.
int engine_use(struct engine *engine, char *const *folders, int behind, int priority,
               struct err *err);
int engine_unuse(struct engine *engine, char *const *folders, struct err *err);
// Loads what a collection has, as it was asked for then; what is not there is left out.
int engine_restore(struct engine *engine, const struct loaded *saved, struct err *err);
// Whether a setting of Lmod's says yes.
int engine_is_yes(const char *value);
// The same of a variable; `otherwise` if it is not set.
int engine_setting(const struct engine *engine, const char *name, int otherwise);
// What stands behind the names of files of collections: clusters that share a home have each its own, "y" is "y.A" where
// LMOD_SYSTEM_NAME is A. Yours.
char *engine_collection_end(const struct engine *engine);
// The name by which one of a collection is loaded.
const char *engine_saved_name(const struct engine *engine, const struct loaded_module *saved);
// Loads again all that is loaded, by the names that were asked for, and what was inactive; what is no longer there is
// inactive then.
int engine_update(struct engine *engine, struct err *err);
// Aliases and functions again, for a shell within a shell.
int engine_refresh(struct engine *engine, struct err *err);
// Evaluates the file of a name for what it does (ENGINE_SHOW) or says of itself (ENGINE_ABOUT), into
// engine->shown. Returns 1, 0 if nothing is so called, -1 with err.
int engine_look(struct engine *engine, const char *name, enum engine_mode mode,
                struct err *err);
// The file that a name means: of a loaded module its own. Yours; NULL: nothing is so called.
char *engine_file(struct engine *engine, const char *name);
// Hints what there is instead of a name that nothing is called: its other versions, else the nearest name.
void engine_hint_near(struct engine *engine, const char *user, struct err *err);
// Whether rc files forbid a module soon.
int engine_nears(const struct engine *engine, const struct catalog_found *found);
// Writes what is loaded into the variables, and what became inactive or active into talk.
void engine_settle(struct engine *engine);

// For modulefiles. They return 0, or -1 with engine->err.
int engine_depend(struct engine *engine, const struct catalog_wish *wish, size_t count);
int engine_load_wishes(struct engine *engine, const struct catalog_wish *wish, size_t count,
                       int must);
int engine_unload_wishes(struct engine *engine, const struct catalog_wish *wish, size_t count);
int engine_check_conflict(struct engine *engine, const struct catalog_wish *wish, size_t count);
// any: one of them is enough.
int engine_check_prereq(struct engine *engine, const struct catalog_wish *wish, size_t count,
                        int any);
int engine_family(struct engine *engine, const char *family);
// Sets a variable, value NULL: unsets it, for as long as the module is loaded; when it is unloaded it is what it was.
void engine_push(struct engine *engine, const char *name, const char *value);
// Evaluates the file of the same name in the next folder of MODULEPATH.
int engine_inherit(struct engine *engine);
int engine_is_loaded(struct engine *engine, const struct catalog_wish *wish);
// Whether it can be loaded: it is there, and no rc file forbids it.
int engine_is_there(struct engine *engine, const struct catalog_wish *wish);
void engine_word(struct engine *engine, enum engine_kind kind, const char *name,
                 const char *value, const char *csh);
// The module that a wish is about, whatever its version; NULL if it is not loaded.
struct loaded_module *engine_loaded(const struct engine *engine,
                                    const struct catalog_wish *wish);
// What a person calls so when it is loaded: "py", "py/3.9.6", an alias, a version's other name; NULL if it is not loaded.
struct loaded_module *engine_named(struct engine *engine, const char *user);
int engine_depth(const struct engine *engine); // 0: no file is being evaluated

// Evaluates a file in the engine's mode (engine.c). Returns 0, or -1 with engine->err.
int engine_evaluate(struct engine *engine, struct engine_frame *frame);
