// SPDX-License-Identifier: Apache-2.0
// near: what there is instead of a name that nothing is called, or nothing that is loaded (engine.h).
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/mem.h"
#include "base/opt.h"
#include "module/paths.h"
#include "modulefile/engine_parts.h"
#include "modulefile/notes.h"

enum { MOST_SHOWN = 8 };

static int has_magic(const char *file)
{
    char begin[sizeof "#%Module"] = "";
    CLEANUP_CLOSE int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 && read(fd, begin, sizeof begin - 1) > 0 && strcmp(begin, "#%Module") == 0;
}

// Why a file of that very name is no module. NULL: there is no such file.
static const char *why_not(const char *file)
{
    struct stat found;
    if (lstat(file, &found) < 0)
        return errno == EACCES ? _("it may not be read") : NULL;
    if (S_ISLNK(found.st_mode) && stat(file, &found) < 0)
        return errno == EACCES ? _("it may not be read") : _("it is a link that leads nowhere");
    if (S_ISDIR(found.st_mode))
        return NULL;
    if (!S_ISREG(found.st_mode))
        return _("it is no plain file");
    if (access(file, R_OK) < 0)
        return _("it may not be read");
    // one that is as it must be is hidden, and that is not told
    return str_ends(file, ".lua") || has_magic(file)
               ? NULL
               : _("it neither begins with #%Module nor ends with .lua");
}

static int hint_file(const struct strv *path, const char *user, struct err *err)
{
    for (size_t i = 0; i < path->count && !strstr(user, ".."); i++)
        for (int is_lua = 0; is_lua < 2; is_lua++) {
            CLEANUP_FREE char *file =
                mem_print("%s/%s%s", path->item[i], user, is_lua ? ".lua" : "");
            const char *why = why_not(file);
            if (!why)
                continue;
            err_hint(err, "found", "%s: %s", file, why);
            return 1;
        }
    return 0;
}

void engine_hint_near(struct engine *engine, const char *user, struct err *err)
{
    CLEANUP_STRV struct strv path = {0}, names = {0}, versions = {0};
    CLEANUP_STR struct str list = {0};
    CLEANUP_FREE char *name = mem_dupn(user, strcspn(user, "/"));
    paths_list(&engine->vars, "MODULEPATH", &path);
    if (hint_file(&path, user, err))
        return;
    for (size_t i = 0; i < path.count; i++) {
        const struct folder_of_modules *top =
            folders_get(&engine->catalog.folders, path.item[i], "", 1);
        strv_add_all(&names, &top->folders);
        for (size_t k = 0; k < top->files; k++)
            strv_add(&names, top->file[k].name);
    }
    catalog_versions(&engine->catalog, &path, name, &versions);
    for (size_t i = 0; i < versions.count && i < MOST_SHOWN; i++)
        str_print(&list, "%s%s", i ? ", " : "", versions.item[i]);
    const char *near = versions.count || !names.count
                           ? NULL
                           : opt_nearest(name, (const char *const *)names.item);
    if (list.size)
        err_hint(err, "found", "%s%s", list.text, versions.count > MOST_SHOWN ? ", ..." : "");
    else if (near && strcmp(near, name) != 0) // of that very name all is hidden
        err_hint(err, "found", "%s", near);
}

struct loaded_module *engine_named(struct engine *engine, const char *user)
{
    struct loaded_module *module = notes_find(engine, user);
    if (module || *user == '/' || strstr(user, ".."))
        return module;
    CLEANUP_STRV struct strv path = {0};
    paths_list(&engine->vars, "MODULEPATH", &path);
    CLEANUP_FREE char *full = catalog_resolve(&engine->catalog, &path, user);
    return loaded_find(&engine->loaded, full);
}
