// SPDX-License-Identifier: Apache-2.0
// module_save: collections: what is loaded, kept under a name.
//
// They stand in ~/.config/lopin/modules, in the form of Lmod's, whose own (~/.lmod.d) are read too;
// of two with one name the newer counts. Lmod itself would refuse ours: it wants sums of the
// modulefiles that only it can make.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/module.h"
#include "cli/module_columns.h"
#include "cli/say.h"
#include "module/paths.h"
#include "modulefile/hooks.h"

enum { MAX_COLLECTION = 10 << 20 };

// The folders that have collections, ours first.
static void add_folders(const struct module_work *work, struct strv *into)
{
    const struct vars *vars = &work->cli->vars;
    const char *config = vars_get(vars, "XDG_CONFIG_HOME"), *home = vars_get(vars, "HOME");
    if (config && *config == '/')
        strv_take(into, mem_print("%s/lopin/modules", config));
    else
        strv_take(into, mem_print("%s/.config/lopin/modules", home ? home : ""));
    strv_take(into, mem_print("%s/.lmod.d", home ? home : ""));
}

static int check_name(const char *name, struct err *err)
{
    if (*name && !strpbrk(name, "./~\n") && strcmp(name, "system") != 0)
        return 0;
    return err_set(err, ERR_USAGE, _("'%s' cannot be the name of a collection"), name);
}

static char *file_of(const struct module_work *work, const char *folder, const char *name)
{
    CLEANUP_FREE char *end = engine_collection_end(&work->engine);
    return mem_print("%s/%s%s", folder, name, end);
}

static const char *name_of(const struct module_work *work)
{
    return work->count ? work->words[0] : "default";
}

// The file of a collection; yours. NULL with [no-module].
static char *find_collection(const struct module_work *work, const char *name, struct err *err)
{
    CLEANUP_STRV struct strv folders = {0};
    char *best = NULL;
    struct timespec newest = {0};
    if (check_name(name, err) < 0)
        return NULL;
    add_folders(work, &folders);
    for (size_t i = 0; i < folders.count; i++) {
        struct stat found;
        CLEANUP_FREE char *path = file_of(work, folders.item[i], name);
        if (stat(path, &found) < 0 || !S_ISREG(found.st_mode))
            continue;
        int is_newer =
            found.st_mtim.tv_sec > newest.tv_sec ||
            (found.st_mtim.tv_sec == newest.tv_sec && found.st_mtim.tv_nsec > newest.tv_nsec);
        if (best && !is_newer)
            continue;
        free(best);
        best = TAKE(path);
        newest = found.st_mtim;
    }
    if (!best) {
        err_set(err, ERR_NO_MODULE, _("there is no collection '%s'"), name);
        err_hint(err, "try", "module savelist");
    }
    return best;
}

// name is borrowed by nothing afterwards.
static int read_collection(const struct module_work *work, const char *name, struct loaded *ret,
                           struct strv *path, struct err *err)
{
    CLEANUP_FREE char *file = find_collection(work, name, err);
    CLEANUP_STR struct str text = {0};
    if (!file || fs_read(AT_FDCWD, file, MAX_COLLECTION, &text, err) < 0)
        return -1;
    if (loaded_parse(ret, str_text(&text), text.size, err) < 0 ||
        loaded_parse_path(str_text(&text), text.size, path, err) < 0)
        return err_wrap(err, "%s", file);
    return 0;
}

int module_save(struct module_work *work, struct err *err)
{
    CLEANUP_STRV struct strv folders = {0};
    CLEANUP_STR struct str text = {0};
    const char *name = name_of(work);
    struct loaded_module **list = loaded_list(&work->engine.loaded, 0);
    int is_empty = !list[0];
    free(list);
    if (check_name(name, err) < 0)
        return -1;
    if (is_empty && !work->cli->options.force) {
        err_set(err, ERR_NO_MODULE, _("nothing is loaded: a collection would be empty"));
        return err_hint(err, "try", "module --force save %s", name);
    }
    add_folders(work, &folders);
    CLEANUP_FREE char *path = file_of(work, folders.item[0], name);
    loaded_text(&work->engine.loaded, &work->engine.vars, &text);
    if (fs_make_dirs(AT_FDCWD, folders.item[0], 0700, err) < 0 ||
        fs_replace(AT_FDCWD, path, text.text, text.size, 0644, 1, err) < 0)
        return -1;
    str_print(&work->engine.talk, _("saved as collection '%s'\n"), name);
    return 0;
}

// MODULEPATH is what it was then; what no longer is there is told.
static int load_all(struct module_work *work, const struct loaded *saved,
                    const struct strv *path, struct err *err)
{
    CLEANUP_STRV struct strv words = {0};
    CLEANUP_STR struct str folders = {0};
    struct loaded_module **list = loaded_list(saved, 0);
    for (size_t i = 0; i < path->count; i++)
        str_print(&folders, "%s%s", i ? ":" : "", path->item[i]);
    vars_set(&work->engine.vars, "MODULEPATH", str_text(&folders));
    vars_unset(&work->engine.vars, "__LMOD_REF_COUNT_MODULEPATH");
    for (size_t i = 0; list[i]; i++)
        strv_add(&words, list[i]->user);
    int status = words.count ? engine_restore(&work->engine, saved, err) : 0;
    vars_unset(&work->engine.vars, "__LMOD_REF_COUNT_MODULEPATH"); // each folder once
    for (size_t i = 0; list[i] && status == 0; i++) {
        const struct loaded_module *now = loaded_get(&work->engine.loaded, list[i]->name);
        if (!now || now->status != LOADED_ACTIVE)
            str_print(&work->engine.talk,
                      _("warning: module '%s' of the collection is not there, ignoring\n"),
                      engine_saved_name(&work->engine, list[i]));
    }
    free(list);
    return status;
}

int module_restore(struct module_work *work, struct err *err)
{
    CLEANUP_LOADED struct loaded saved = {0};
    CLEANUP_STRV struct strv path = {0};
    const char *name = name_of(work);
    const char *defaults = vars_get(&work->cli->vars, "LMOD_SYSTEM_DEFAULT_MODULES");
    struct err none = {0};
    work->engine.force = 1;
    CLEANUP_FREE char *file = find_collection(work, name, &none);
    if (strcmp(name, "system") == 0 || (!work->count && !file)) {
        CLEANUP_STRV struct strv words = {0};
        if (work->cli->options.initial_load && (!defaults || !*defaults))
            return 0; // a shell begins: nothing is to be said of what nobody asked for
        if (!defaults || !*defaults)
            return err_set(err, ERR_NO_MODULE,
                           _("there is no default collection, and LMOD_SYSTEM_DEFAULT_MODULES "
                             "names no modules"));
        for (const char *at = defaults; *at;) {
            size_t size = strcspn(at, " :,");
            if (size)
                strv_take(&words, mem_dupn(at, size));
            at += size + (at[size] != '\0');
        }
        return engine_purge(&work->engine, err) < 0 || !words.count ||
                       engine_load(&work->engine, words.item, 1, err) < 0
                   ? -1
                   : 0;
    }
    if (read_collection(work, name, &saved, &path, err) < 0 ||
        engine_purge(&work->engine, err) < 0)
        return -1;
    if (load_all(work, &saved, &path, err) < 0)
        return -1;
    CLEANUP_STR struct str ignored = {0};
    hooks_ask(&work->engine, "restore", name, file, &ignored);
    return 0;
}

static void add_names(const char *folder, const char *end, struct strv *into)
{
    DIR *stream = opendir(folder);
    struct dirent *entry;
    while (stream && (entry = readdir(stream))) {
        if (!str_ends(entry->d_name, end))
            continue;
        CLEANUP_FREE char *name = mem_dupn(entry->d_name, strlen(entry->d_name) - strlen(end));
        if (check_name(name, NULL) == 0 && !strv_has(into, name))
            strv_add(into, name);
    }
    if (stream)
        closedir(stream);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void module_collections(const struct module_work *work, struct strv *into)
{
    CLEANUP_STRV struct strv folders = {0};
    CLEANUP_FREE char *end = engine_collection_end(&work->engine);
    add_folders(work, &folders);
    for (size_t i = 0; i < folders.count; i++)
        add_names(folders.item[i], end, into);
    if (into->count)
        qsort(into->item, into->count, sizeof *into->item, compare);
}

int module_savelist(struct module_work *work, struct err *err)
{
    (void)err;
    CLEANUP_STRV struct strv names = {0};
    CLEANUP_CELLS struct module_cells cells = {.gap = 1};
    module_collections(work, &names);
    for (size_t i = 0; i < names.count; i++)
        if (work->cli->options.terse)
            str_print(&work->out, "%s\n", names.item[i]);
        else
            module_cells_add(&cells, mem_print("%3zu) %s", i + 1, names.item[i]), mem_dup(""),
                             "");
    if (work->cli->options.terse)
        return 0;
    str_print(&work->out, "%s\n",
              names.count ? _("Collections:") : _("there are no collections"));
    module_cells_print(work, &cells, &work->out);
    return 0;
}

int module_describe(struct module_work *work, struct err *err)
{
    CLEANUP_LOADED struct loaded saved = {0};
    CLEANUP_STRV struct strv path = {0};
    CLEANUP_CELLS struct module_cells cells = {.gap = 1};
    if (read_collection(work, name_of(work), &saved, &path, err) < 0)
        return -1;
    struct loaded_module **list = loaded_list(&saved, 0);
    for (size_t i = 0; list[i]; i++) {
        const char *full = engine_saved_name(&work->engine, list[i]);
        if (work->cli->options.terse)
            str_print(&work->out, "%s\n", full);
        else
            module_cells_add(&cells, mem_print("%3zu) %s", i + 1, full), mem_dup(""), "");
    }
    free(list);
    if (!work->cli->options.terse)
        str_print(&work->out, _("Collection '%s':\n"), name_of(work));
    module_cells_print(work, &cells, &work->out);
    return 0;
}

int module_disable(struct module_work *work, struct err *err)
{
    CLEANUP_FREE char *file = find_collection(work, name_of(work), err);
    if (!file)
        return -1;
    CLEANUP_FREE char *aside = mem_print("%s~", file);
    if (rename(file, aside) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot rename '%s'"), file);
    str_print(&work->engine.talk, _("collection '%s' is put aside as '%s'\n"), name_of(work),
              aside);
    return 0;
}
