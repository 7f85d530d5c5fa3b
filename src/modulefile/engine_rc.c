// SPDX-License-Identifier: Apache-2.0
// engine_rc: rc files are read, and what they say of a module that is loaded.
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "modulefile/engine_parts.h"
#include "modulefile/luafile.h"
#include "modulefile/tclfile.h"

enum { MAX_RC = 1 << 20, NEARLY_DAYS = 14, MAX_DAYS = 36500 };

int engine_run_rc(void *data, const char *path, const char *name, struct rc *rc,
                  struct err *err)
{
    struct engine *engine = data;
    if (!str_ends(path, ".lua")) {
        if (!engine->tcl)
            engine->tcl = tclfile_new(engine);
        return tclfile_run_rc(engine->tcl, path, name, rc, err);
    }
    if (!engine->lua)
        luafile_new(engine);
    return luafile_run_rc(engine->lua, path, name, rc, err);
}

static void read_rc(struct engine *engine, struct rc *rc, const char *path)
{
    if (trace_is_on(engine->trace) && access(path, R_OK) == 0)
        trace_add(engine->trace, _("reads %s"), path);
    CLEANUP_STR struct str text = {0};
    struct err err = {0};
    if (str_ends(path, ".lua")) {
        if (access(path, R_OK) == 0 && engine_run_rc(engine, path, "", rc, &err) < 0)
            str_print(&engine->talk, _("warning: %s, ignoring\n"), err.text);
    } else if (fs_read(AT_FDCWD, path, MAX_RC, &text, &err) == 0) {
        folders_read_tcl(&engine->catalog.folders, path, "", &text, rc);
    }
}

void engine_read_rc(struct engine *engine)
{
    rc_who_us(&engine->catalog.who);
    const char *files = vars_get(&engine->vars, "LMOD_MODULERCFILE");
    const char *home = vars_get(&engine->vars, "HOME");
    if (!files || !*files)
        files = vars_get(&engine->vars, "MODULERCFILE");
    if (files && *files) {
        CLEANUP_STRV struct strv list = {0};
        strv_split(&list, files, ':');
        for (size_t i = 0; i < list.count; i++)
            read_rc(engine, &engine->catalog.site, list.item[i]);
    }
    if (home && *home) {
        CLEANUP_FREE char *tcl = mem_print("%s/.modulerc", home);
        CLEANUP_FREE char *lua = mem_print("%s/.modulerc.lua", home);
        read_rc(engine, &engine->catalog.user, tcl);
        read_rc(engine, &engine->catalog.user, lua);
    }
}

// "2026-12-05", or "2026-12-05T12:30" of this machine's zone.
static void write_time(int64_t seconds, char *ret, size_t size)
{
    time_t time = (time_t)seconds;
    struct tm tm = {0};
    localtime_r(&time, &tm);
    strftime(ret, size, tm.tm_hour || tm.tm_min ? "%Y-%m-%dT%H:%M" : "%Y-%m-%d", &tm);
}

// What forbids it within the days that the site has for that, and from when on.
static const struct rc_entry *nears(const struct engine *engine,
                                    const struct catalog_found *found, int64_t *ret_from)
{
    const struct catalog *catalog = &engine->catalog;
    unsigned long days = NEARLY_DAYS;
    if (!catalog_nears(catalog, RC_FORBID, found, MAX_DAYS,
                       ret_from)) // mostly: no variable is looked for
        return NULL;
    const char *said = vars_get(&engine->vars, "LMOD_NEARLY_FORBIDDEN_DAYS");
    if (!said || !*said)
        said = vars_get(&engine->vars, "MODULES_NEARLY_FORBIDDEN_DAYS");
    if (said && str_number(said, MAX_DAYS, &days) < 0)
        days = NEARLY_DAYS;
    return catalog_nears(catalog, RC_FORBID, found, days, ret_from);
}

int engine_nears(const struct engine *engine, const struct catalog_found *found)
{
    int64_t from = 0;
    return nears(engine, found, &from) && !engine_forbids(engine, found);
}

static void warn_nearly(struct engine *engine, const struct catalog_found *found)
{
    int64_t from = 0;
    char time[32];
    const struct rc_entry *entry = nears(engine, found, &from);
    if (!entry)
        return;
    write_time(from, time, sizeof time);
    str_print(&engine->talk, _("warning: module '%s' may not be loaded from %s on"),
              found->full, time);
    str_print(&engine->talk, "%s%s\n", *entry->nearly ? ": " : "", entry->nearly);
}

const struct rc_entry *engine_forbids(const struct engine *engine,
                                      const struct catalog_found *found)
{
    const char *name = *found->version ? found->name : NULL;
    return catalog_says(&engine->catalog, RC_FORBID, found->full, name, found->file);
}

int engine_check_rc(struct engine *engine, const struct catalog_found *found,
                    enum engine_mode mode)
{
    const struct rc_entry *entry = engine_forbids(engine, found);
    if (!entry) {
        if (mode != ENGINE_ABOUT)
            warn_nearly(engine, found);
        return 0;
    }
    if (!*entry->words)
        return err_set(&engine->err, ERR_MODULE, _("module '%s' may not be loaded"),
                       found->full);
    return err_set(&engine->err, ERR_MODULE, _("module '%s' may not be loaded: %s"),
                   found->full, entry->words);
}

void engine_mark_rc(struct engine *engine, const struct catalog_found *found)
{
    CLEANUP_STRV struct strv tags = {0};
    const char *name = *found->version ? found->name : NULL;
    struct loaded_module *module = loaded_get(&engine->loaded, found->name);
    catalog_tags(&engine->catalog, found, &tags);
    if (catalog_says(&engine->catalog, RC_HIDE_LOADED, found->full, name, found->file))
        strv_add(&tags, "hidden-loaded");
    if (engine_nears(engine, found))
        strv_add(&tags, "nearly-forbidden"); // of the day when it was loaded
    for (size_t i = 0; module && i < tags.count; i++) {
        const char *tag = strcmp(tags.item[i], "super-sticky") == 0 ? "sticky" : tags.item[i];
        if (!loaded_is(module, "lmod", tag))
            strv_take(&module->marks, mem_print("lmod\t%s", tag));
    }
}
