// SPDX-License-Identifier: Apache-2.0
// env_gc: `lopin env gc`: what of lopin's cache nobody used for a while is removed.
//
// An environment of a line (--with) is used when a line led to it, to an hour; one elsewhere as long
// as it is there. Packages go when no such environment leads to them and nobody took them for as long.
// Nothing is written first: it works on a full disk.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/human.h"
#include "base/lang.h"
#include "base/left.h"
#include "base/process.h"
#include "base/table.h"
#include "cli/env.h"
#include "cli/env_make.h"
#include "cli/env_unpack.h"
#include "cli/json_text.h"
#include "cli/say.h"
#include "cli/setting.h"
#include "env/outside.h"
#include "env/uses.h"
#include "image/image.h"
#include "store/store.h"

#define ENTRIES "/store/1/"
#define SITES   "/sites/"
enum { SHARED_DAYS = 8, DEFAULT_DAYS = 30, DAY_S = 86400, LEAST_S = 7200 };

struct gc {
    const struct cli *cli;
    char *cache;
    time_t before;
    struct arena arena;
    struct table entries, sites; // base names of what environments lead to
    struct strv running;         // VIRTUAL_ENV of this machine's processes
    size_t envs, kept_envs, files;
    struct store_collect packages;
};

static int is_dry(const struct gc *gc)
{
    return gc->cli->options.dry_run;
}

// The links are told by their ends: the cache may have had another name when they were made.
static void note(void *context, const char *target)
{
    struct gc *gc = context;
    static const char *const parts[] = {ENTRIES, SITES};
    struct table *const tables[] = {&gc->entries, &gc->sites};
    for (size_t i = 0; i < COUNT(parts); i++) {
        int is_new;
        const char *at = strstr(target, parts[i]);
        if (!at)
            continue;
        at += strlen(parts[i]);
        table_put(tables[i], arena_dupn(&gc->arena, at, strcspn(at, "/")), &is_new);
    }
}

static void read_running(struct gc *gc)
{
    static const char name[] = "VIRTUAL_ENV=";
    DIR *stream = opendir("/proc");
    struct dirent *item;
    while (stream && (item = readdir(stream))) {
        CLEANUP_STR struct str environment = {0};
        unsigned long pid;
        if (str_number(item->d_name, 1UL << 30, &pid) < 0 ||
            process_environment((pid_t)pid, &environment) < 0)
            continue;
        const char *env = process_entry(&environment, name, sizeof name - 1);
        if (env)
            strv_add(&gc->running, env);
    }
    if (stream)
        closedir(stream);
}

static int runs(const struct gc *gc, const char *env)
{
    for (size_t i = 0; i < gc->running.count; i++)
        if (strcmp(gc->running.item[i], env) == 0)
            return 1;
    return 0;
}

static time_t used(const char *path, const char *file)
{
    struct stat st;
    CLEANUP_FREE char *whole = mem_print("%s%s%s", path, file ? "/" : "", file ? file : "");
    return stat(whole, &st) == 0 || lstat(path, &st) == 0 ? st.st_mtime : 0;
}

// Moved aside first, so that nobody sees half of it; and back if it was taken at that moment.
static int drop(struct gc *gc, const char *path, const char *file)
{
    if (is_dry(gc))
        return 1;
    CLEANUP_FREE char *folder = fs_folder(path);
    CLEANUP_FREE char *name = left_name(folder, ".gc-");
    CLEANUP_FREE char *aside = mem_print("%s-%s", name, fs_base(path));
    if (rename(path, aside) < 0)
        return 0;
    if (used(aside, file) >= gc->before) {
        rename(aside, path);
        return 0;
    }
    return fs_remove(AT_FDCWD, aside) == 0;
}

typedef void each_name(struct gc *gc, const char *path);
static void for_each_in(struct gc *gc, const char *path, each_name *each)
{
    CLEANUP_STRV struct strv names = {0};
    if (!is_dry(gc))
        left_sweep(path, ".gc-");
    DIR *stream = opendir(path);
    struct dirent *item;
    while (stream && (item = readdir(stream)))
        if (item->d_name[0] != '.')
            strv_take(&names, mem_print("%s/%s", path, item->d_name));
    if (stream)
        closedir(stream);
    for (size_t i = 0; i < names.count; i++)
        each(gc, names.item[i]);
}

static void for_each(struct gc *gc, const char *folder, each_name *each)
{
    CLEANUP_FREE char *path = mem_print("%s/%s", gc->cache, folder);
    for_each_in(gc, path, each);
}

// One on this node's disk: its mark's time says when it was used (env_unpack.c).
static void look_unpacked(struct gc *gc, const char *path)
{
    if (used(path, IMAGE_MARK) < gc->before && !runs(gc, path) && drop(gc, path, IMAGE_MARK)) {
        CLEANUP_FREE char *folder = fs_folder(path);
        CLEANUP_FREE char *lock = mem_print("%s/.%s.lock", folder, fs_base(path));
        if (!is_dry(gc))
            unlink(lock);
        gc->envs++;
    } else {
        gc->kept_envs++;
    }
}

static void look_image(struct gc *gc, const char *path)
{
    if (used(path, NULL) < gc->before && drop(gc, path, NULL))
        gc->envs++;
    else
        gc->kept_envs++;
}

static void look_env(struct gc *gc, const char *path)
{
    if (used(path, "pyvenv.cfg") < gc->before && !runs(gc, path) &&
        drop(gc, path, "pyvenv.cfg")) {
        gc->envs++;
        return;
    }
    gc->kept_envs++;
    uses_links(path, note, gc);
}

static int look_lease(void *context, const char *env, time_t said)
{
    struct gc *gc = context;
    CLEANUP_FREE char *config = mem_print("%s/pyvenv.cfg", env);
    if (!is_dry(gc))
        env_sweep(env);
    if (access(config, F_OK) == 0) {
        gc->kept_envs++;
        uses_links(env, note, gc);
        return 1;
    }
    return is_dry(gc) || said >= gc->before; // its disk may only not be here now
}

// Files that environments with a shared folder get a link to.
static void note_listed(struct gc *gc, const char *path)
{
    CLEANUP_STR struct str text = {0};
    struct outside_list list = {0};
    CLEANUP_FREE char *file = mem_print("%s/outside", path);
    if (fs_read(AT_FDCWD, file, 64 << 20, &text, NULL) == 0)
        outside_list_read(str_text(&text), &list);
    for (size_t i = 0; i < list.count; i++)
        if (list.item[i].kind != OUTSIDE_COMMAND)
            note(gc, list.item[i].value);
    outside_list_free(&list);
}

static void look_site(struct gc *gc, const char *path)
{
    if (!table_get(&gc->sites, fs_base(path)) && used(path, NULL) < gc->before &&
        drop(gc, path, NULL))
        return;
    uses_links(path, note, gc);
    note_listed(gc, path);
}

static void look_file(struct gc *gc, const char *path)
{
    gc->files += used(path, NULL) < gc->before && drop(gc, path, NULL);
}

// What a line led to, if it is gone.
static void look_asked(struct gc *gc, const char *path)
{
    CLEANUP_STR struct str text = {0};
    if (fs_read(AT_FDCWD, path, 1 << 16, &text, NULL) < 0)
        return;
    const char *env = strchr(str_text(&text), '\n');
    CLEANUP_FREE char *folder = env ? mem_dupn(env + 1, strcspn(env + 1, "\n")) : NULL;
    if (folder && access(folder, F_OK) < 0 && errno == ENOENT && !is_dry(gc))
        gc->files += unlink(path) == 0;
}

static int is_used(void *context, const char *entry)
{
    const struct gc *gc = context;
    return table_get(&gc->entries, entry) != NULL;
}

static int say_result(const struct gc *gc, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_STR struct str size = {0};
    const struct store_collect *packages = &gc->packages;
    if (gc->cli->options.json) {
        json_t *root =
            json_pack("{s:i, s:b, s:{s:I, s:I, s:I, s:I}, s:{s:I, s:I}}", "v", 1, "dry_run",
                      is_dry(gc), "removed", "environments", (json_int_t)gc->envs, "packages",
                      (json_int_t)packages->removed, "bytes", (json_int_t)packages->bytes,
                      "files", (json_int_t)gc->files, "kept", "environments",
                      (json_int_t)gc->kept_envs, "packages", (json_int_t)packages->kept);
        json_add_line(&text, root);
        return say_data(gc->cli, &text, err);
    }
    human_memory(&size, (int64_t)(packages->bytes >> 10));
    say_label(gc->cli, is_dry(gc) ? _("would go") : _("removed"),
              _("environments: %zu, packages: %zu (%s), other files: %zu"), gc->envs,
              packages->removed, str_text(&size), gc->files);
    say_label(gc->cli, _("kept"), _("environments: %zu, packages: %zu"), gc->kept_envs,
              packages->kept);
    return 0;
}

static int is_never_used(void *context, const char *entry)
{
    (void)context, (void)entry;
    return 0;
}

// What is on this node's own disk: nothing leads into the store there but while an image is being made.
static int collect_local(struct gc *gc, struct err *err)
{
    CLEANUP_FREE char *local = env_unpack_local(gc->cli, NULL);
    CLEANUP_FREE char *unpacked = local ? mem_print("%s/" ENV_UNPACK_FOLDER, local) : NULL;
    CLEANUP_FREE char *folder = local ? mem_print("%s/store", local) : NULL;
    struct store_collect packages = {
        .before = gc->before, .is_used = is_never_used, .dry = is_dry(gc)};
    if (!local || (strcmp(local, gc->cache) == 0)) // the cache of who has no home
        return 0;
    for_each_in(gc, unpacked, look_unpacked);
    if (access(folder, F_OK) < 0)
        return 0;
    CLEANUP_STORE struct store *store = store_open(folder, NULL, 0, err);
    if (!store || store_collect(store, &packages, err) < 0)
        return -1;
    gc->packages.removed += packages.removed;
    gc->packages.bytes += packages.bytes;
    gc->packages.kept += packages.kept;
    return 0;
}

static int collect(struct gc *gc, struct store *store, struct err *err)
{
    read_running(gc);
    for_each(gc, "envs", look_env);
    for_each(gc, "images", look_image);
    store_leases(store, look_lease, gc);
    for_each(gc, "sites", look_site);
    gc->packages = (struct store_collect){
        .before = gc->before, .is_used = is_used, .context = gc, .dry = is_dry(gc)};
    if (store_collect(store, &gc->packages, err) < 0)
        return -1;
    if (collect_local(gc, err) < 0)
        return -1;
    for_each(gc, "asked", look_asked);
    static const char *const plain[] = {"asked", "pages", "downloads", "built"};
    for (size_t i = 0; i < COUNT(plain); i++)
        for_each(gc, plain[i], look_file);
    return say_result(gc, err);
}

// The processes of other machines cannot be seen.
static int refuse_young(const struct gc *gc, const struct store *store, struct err *err)
{
    if (store_is_local(store) || gc->cli->options.force ||
        time(NULL) - gc->before >= SHARED_DAYS * DAY_S)
        return 0;
    err_set(err, ERR_USAGE,
            _("'%s' is on a disk that other machines share: their jobs may use what is younger "
              "than 8 days"),
            gc->cache);
    return err_hint(err, "try", "lopin env gc --older-than 8d    --force");
}

int env_gc(struct cli *cli, struct err *err)
{
    struct gc gc = {.cli = cli, .cache = setting_cache(cli)};
    int64_t age =
        cli->options.older_us >= 0 ? cli->options.older_us / 1000000 : DEFAULT_DAYS * DAY_S;
    CLEANUP_FREE char *folder = mem_print("%s/store", gc.cache);
    CLEANUP_STORE struct store *store = store_open(folder, NULL, 0, err);
    if (age < LEAST_S) // what is being made now
        age = LEAST_S;
    gc.before = time(NULL) - (time_t)age;
    int status = !store || refuse_young(&gc, store, err) < 0 ? -1 : collect(&gc, store, err);
    table_free(&gc.entries);
    table_free(&gc.sites);
    strv_free(&gc.running);
    arena_free(&gc.arena);
    free(gc.cache);
    return status;
}
