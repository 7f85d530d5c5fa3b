// SPDX-License-Identifier: Apache-2.0
// hooks: what a site's SitePackage.lua (of a folder of LMOD_PACKAGE_PATH) hooks to loading, unloading and to
// what is shown. It is run once, held to what modulefiles are held to, and only looks: io.popen, os.execute and reading
// what a person types are errors, which end the hook alone.
#pragma once

#include "modulefile/engine.h"

// Runs SitePackage.lua; without one there are no hooks. Returns 0, or -1 with [module-failed].
int hooks_open(struct engine *engine, struct err *err);
// Runs what is hooked to an event ("load", "unload") of a module. Returns 0, or -1 with engine->err: a hook
// refuses the module (LmodError).
int hooks_call(struct engine *engine, const char *event, const struct engine_frame *frame);
// Whether isVisibleHook hides a module; for the catalogue.
int hooks_hide(void *engine, const char *full, const char *name, const char *file);
// What the hooks of SiteName, msgHook ("avail", the text), listHook (full names, a line each), spider_decoration (full
// name, category) or restore (collection, file) answer. Returns 1 with it added, 0 if nothing is hooked or it failed.
int hooks_ask(struct engine *engine, const char *event, const char *first, const char *second,
              struct str *ret);
// Runs what is hooked to the beginning of a command ("startup"), or to its end where it did not fail ("finalize").
void hooks_tell(struct engine *engine, const char *event, const char *verb);
// The words of an error that names are of no modules, as errWarnMsgHook has them.
void hooks_error(struct engine *engine, struct err *err);
// Adds the properties, "lmod\tsticky", that the hooks of load_spider give a module.
void hooks_marks(struct engine *engine, const struct engine_frame *frame, struct strv *ret);
// Adds what the hooks of avail call each folder of MODULEPATH; its path where they do not, or LMOD_AVAIL_STYLE is
// none or "system". Those of one title are one list.
void hooks_titles(struct engine *engine, const struct strv *folders, struct strv *titles);
