// SPDX-License-Identifier: Apache-2.0
// notes: what Environment Modules keeps of each loaded module beside its lists: what it needs
// (__MODULES_LMPREREQ), does not go with (LMCONFLICT), its tags (LMTAG) and other names (LMALTNAME). They are
// written where there is an Environment Modules, so that what is loaded here is sticky, needed and in conflict there too.
#pragma once

#include "modulefile/engine.h"

enum notes_kind { NOTES_NEEDS, NOTES_CONFLICTS, NOTES_NAMES };
// Whether there is an Environment Modules that reads them.
int notes_are_kept(const struct engine *engine);
// A module begins to be loaded: what was noted of it before counts no more; its other names are.
void notes_begin(struct engine *engine, const char *full);
// Adds what the file that is being loaded says. any: one of them is enough.
void notes_add(struct engine *engine, enum notes_kind kind, const struct catalog_wish *wish,
               size_t count, int any);
// What is loaded of a name (loaded_find), or has it as another name, "zz" or "zlib/lts"; NULL: nothing.
struct loaded_module *notes_find(const struct engine *engine, const char *name);
// Of what is loaded now: its tags; what was noted of others goes.
void notes_settle(struct engine *engine);
