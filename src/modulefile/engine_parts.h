// SPDX-License-Identifier: Apache-2.0
// engine_parts: what the files of the engine know of each other.
#pragma once

#include "modulefile/engine.h"

// Runs a .modulerc.lua (folders_run_rc); data is the engine.
int engine_run_rc(void *data, const char *path, const char *name, struct rc *rc,
                  struct err *err);
// Reads the rc files of the site and of the user, for the user of the process and now.
void engine_read_rc(struct engine *engine);
// Reads Lmod's settings (settings.c).
void engine_read_settings(struct engine *engine);
// Remembers what was loaded, and adds what the site says of it to the talk (nags.c).
void engine_note_nag(struct engine *engine, const struct catalog_found *found);
void engine_tell_nags(struct engine *engine);
// What in rc files forbids a module; NULL: nothing.
const struct rc_entry *engine_forbids(const struct engine *engine,
                                      const struct catalog_found *found);
// Whether rc files let a module be loaded, or looked at in such a mode; warns of what they soon will not. Returns 0,
// or -1 with engine->err.
int engine_check_rc(struct engine *engine, const struct catalog_found *found,
                    enum engine_mode mode);
// Marks what is loaded by the tags of rc files (sticky is Lmod's property), and as "hidden-loaded".
void engine_mark_rc(struct engine *engine, const struct catalog_found *found);
// Returns 1, or 0 if nothing is so called.
int engine_find(struct engine *engine, const struct catalog_wish *wish,
                struct catalog_found *ret);
// Loads one; it takes the place of another version. Returns 1, 0 if nothing is so called, -1 with
// engine->err.
int engine_load_one(struct engine *engine, const struct catalog_wish *wish);
// Unloads one by its name, whatever its version; fine if it is not loaded.
int engine_unload_one(struct engine *engine, const char *name);
// If MODULEPATH changed since the last time, and no file is being evaluated: what is no more to be
// found is unloaded and inactive, what is again is loaded. Returns 0, or -1 with engine->err.
int engine_reload(struct engine *engine);
// For who asks what is done (engine->trace): a file begins, and ends. begun_us: what the first gave.
int64_t engine_trace_file(const struct engine *engine, const struct engine_frame *frame);
void engine_trace_end(const struct engine *engine, const struct engine_frame *frame, int status,
                      int64_t begun_us);
