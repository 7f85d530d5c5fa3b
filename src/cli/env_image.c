// SPDX-License-Identifier: Apache-2.0
#include "cli/env_image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/left.h"
#include "base/table.h"
#include "cli/parcel.h"
#include "cli/say.h"
#include "cli/setting.h"
#include "env/cfg.h"
#include "env/change.h"
#include "image/gather.h"
#include "image/pack.h"
#include "store/manifest.h"

enum { MANIFEST_MAX = 1 << 30, PTH_MAX = 1 << 20 };

struct packing {
    struct cli *cli;
    struct pip pip;
    struct python python;
    struct image image;
    struct strv entries; // folders of the store that links lead into
    struct table known;  // the same
    const char *real;    // the environment's folder without links
    int has_pip;         // ours
    struct strv notes;
};

static void add_note(struct packing *packing, const char *path, const char *words)
{
    CLEANUP_STR struct str note = {0};
    str_add_visible(&note, path, strlen(path));
    str_print(&note, _(": %s"), words);
    strv_add(&packing->notes, note.text);
}

// Our own command pip leads to the lopin of this machine: another is made where it is unpacked.
static int is_our_pip(struct packing *packing, const char *name)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *path = mem_print("%s/bin/%s", packing->pip.site.prefix, name);
    if (!str_starts(name, "pip") || name[3 + strspn(name + 3, "0123456789.")])
        return 0;
    if (fs_read(AT_FDCWD, path, 1 << 16, &text, NULL) < 0 ||
        !strstr(str_text(&text), "exec \"$lopin\" pip"))
        return 0;
    packing->has_pip = 1;
    return 1;
}

// One of --with has no command pip where it is, as nothing may be added to it. Unpacked it is one to be
// activated, and without one of its own `pip` would be that of another environment.
static int is_made_for_line(const struct packing *packing)
{
    CLEANUP_FREE char *cache = setting_cache(packing->cli);
    CLEANUP_FREE char *envs = mem_print("%s/envs", cache);
    CLEANUP_FREE char *real = realpath(envs, NULL);
    CLEANUP_FREE char *above = fs_folder(packing->real);
    return real && strcmp(above, real) == 0;
}

// What is made anew where it is unpacked: of all tools that make environments. And what is of a moment.
static int skip(void *context, const char *path)
{
    static const char *const names[] = {"Activate.ps1",   "activate.bat",     "activate.nu",
                                        "activate.ps1",   "activate_this.py", "activate.xsh",
                                        "deactivate.bat", "deactivate.nu",    "pydoc.bat"};
    const char *name = str_starts(path, "bin/") ? path + 4 : NULL;
    for (size_t i = 0; name && i < COUNT(names); i++)
        if (strcmp(name, names[i]) == 0)
            return 1;
    if (name && (str_starts(name, ".lopin-") || is_our_pip(context, name)))
        return 1;
    return strstr(path, "/.packages-lopin-") != NULL;
}

static int take_script(void *context, const char *text, size_t size, struct str *ret)
{
    struct packing *packing = context;
    const char *rest;
    if (!env_script_of(packing->pip.site.prefix, text, size, &rest) &&
        !env_script_of(packing->real, text, size, &rest))
        return 0;
    str_add(ret, "#!python\n");
    str_add_bytes(ret, rest, (size_t)(text + size - rest));
    return 1;
}

// The entry of a store that a path is in. Yours, or NULL.
static char *entry_of(const char *real)
{
    for (int scheme = 0; scheme < SCHEME_COUNT; scheme++) {
        CLEANUP_FREE char *folder = mem_print("/%s/", scheme_folder((enum scheme)scheme));
        CLEANUP_FREE char *padded = mem_print("%s/", real);
        for (char *at = padded; (at = strstr(at, folder)); at++) {
            CLEANUP_FREE char *entry = mem_dupn(padded, (size_t)(at - padded));
            CLEANUP_FREE char *manifest = mem_print("%s/" MANIFEST_FILE, entry);
            if (access(manifest, R_OK) == 0)
                return TAKE(entry);
        }
    }
    return NULL;
}

// A folder of packages that several environments share (--link whole).
static int is_shared(const char *real)
{
    CLEANUP_FREE char *above = fs_folder(real);
    CLEANUP_FREE char *list = mem_print("%s/outside", above);
    return strcmp(fs_base(real), "packages") == 0 && access(list, R_OK) == 0;
}

static void take_followed(void *context, const char *path, const char *real)
{
    struct packing *packing = context;
    int is_new;
    CLEANUP_FREE char *entry = entry_of(real);
    if (entry) {
        if (table_get(&packing->known, entry))
            return;
        strv_add(&packing->entries, entry);
        table_put(&packing->known, packing->entries.item[packing->entries.count - 1], &is_new);
        return;
    }
    size_t size = strlen(packing->real);
    if (is_shared(real) || (strncmp(real, packing->real, size) == 0 && real[size] == '/'))
        return;
    CLEANUP_STR struct str words = {0};
    str_print(&words, _("a link to '%s': what it leads to is in the image"), real);
    add_note(packing, path, words.text);
}

static void take_left_out(void *context, const char *path, const char *why)
{
    CLEANUP_FREE char *words = mem_print(_("not in the image: %s"), why);
    add_note(context, path, words);
}

// Editable installs, and folders that .pth files name: outside of the environment.
static void note_outside(struct packing *packing)
{
    for (size_t i = 0; i < packing->pip.dists.count; i++) {
        const struct dist *dist = &packing->pip.dists.item[i];
        if (!dist->location)
            continue;
        CLEANUP_FREE char *words =
            mem_print(_("editable: its sources stay in '%s', the image has only the way there"),
                      dist->location);
        add_note(packing, dist->name, words);
    }
}

static void note_pth(struct packing *packing)
{
    for (size_t i = 0; i < packing->image.member_count; i++) {
        const char *path = packing->image.member[i].path;
        CLEANUP_STR struct str text = {0};
        CLEANUP_STRV struct strv lines = {0};
        CLEANUP_FREE char *full = mem_print("%s/%s", packing->pip.site.prefix, path);
        if (!str_ends(path, ".pth") || !strstr(path, "/site-packages/") ||
            strchr(strstr(path, "/site-packages/") + 15, '/') ||
            fs_read(AT_FDCWD, full, PTH_MAX, &text, NULL) < 0)
            continue;
        strv_split(&lines, str_text(&text), '\n');
        for (size_t n = 0; n < lines.count; n++)
            if (lines.item[n][0] == '/') {
                CLEANUP_FREE char *words =
                    mem_print(_("it names '%s', which is not in the image"), lines.item[n]);
                add_note(packing, path, words);
            }
    }
}

// The hash of the wheel that a distribution came from, by the entries that the environment leads to.
static const char *hash_of(struct packing *packing, const struct manifest *manifest,
                           size_t count, const struct dist *dist)
{
    for (size_t i = 0; i < count; i++)
        if (manifest[i].info && strcmp(manifest[i].info, dist->info) == 0)
            return arena_dup(&packing->image.arena, manifest[i].sha256);
    return NULL;
}

static int read_manifest(const char *entry, struct arena *arena, struct manifest *ret,
                         struct err *err)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *path = mem_print("%s/" MANIFEST_FILE, entry);
    return fs_read(AT_FDCWD, path, MANIFEST_MAX, &text, err) < 0
               ? -1
               : manifest_read(arena, arena_dupn(arena, str_text(&text), text.size), text.size,
                               ret, err);
}

static int list_packages(struct packing *packing, struct err *err)
{
    struct arena arena = {0};
    struct image *image = &packing->image;
    size_t count = packing->entries.count;
    CLEANUP_FREE struct manifest *manifest = mem_zero(count + 1, sizeof *manifest);
    int status = 0;
    for (size_t i = 0; i < count && status == 0; i++)
        status = read_manifest(packing->entries.item[i], &arena, &manifest[i], err);
    for (size_t i = 0; i < packing->pip.dists.count && status == 0; i++) {
        const struct dist *dist = &packing->pip.dists.item[i];
        mem_room(&image->package, &image->package_room, image->package_count + 1,
                 sizeof *image->package);
        image->package[image->package_count++] =
            (struct image_package){.name = arena_dup(&image->arena, dist->name),
                                   .version = arena_dup(&image->arena, dist->version),
                                   .sha256 = hash_of(packing, manifest, count, dist)};
    }
    arena_free(&arena);
    return status;
}

static int set_facts(struct packing *packing, struct err *err)
{
    struct image *image = &packing->image;
    struct cfg cfg;
    const struct facts *facts = &packing->python.facts;
    CLEANUP_FREE char *path = mem_print("%s/pyvenv.cfg", packing->pip.site.prefix);
    if (cfg_read(AT_FDCWD, path, &image->arena, &cfg, err) < 0)
        return -1;
    const char *const values[IMAGE_FACTS] = {[IMAGE_PYTHON] = facts->version,
                                             [IMAGE_TAG] = facts->cache_tag,
                                             [IMAGE_FLAGS] = facts->flags,
                                             [IMAGE_PLATFORM] = facts->platform,
                                             [IMAGE_HOME] = cfg.home ? cfg.home : "",
                                             [IMAGE_PROMPT] = cfg.prompt ? cfg.prompt : "",
                                             [IMAGE_SYSTEM_SITE] = cfg.system_site ? "1" : "",
                                             [IMAGE_PIP] = packing->has_pip ? "1" : ""};
    for (size_t i = 0; i < IMAGE_FACTS; i++)
        image->fact[i] = arena_dup(&image->arena, values[i]);
    return 0;
}

static int gather(struct packing *packing, struct err *err)
{
    const struct image_gather ask = {.prefix = packing->pip.site.prefix,
                                     .context = packing,
                                     .skip = skip,
                                     .script = take_script,
                                     .followed = take_followed,
                                     .left_out = take_left_out};
    if (image_gather(&ask, &packing->image, err) < 0 ||
        env_pack_records(&packing->pip.site, &packing->image, err) < 0 ||
        list_packages(packing, err) < 0)
        return -1;
    note_outside(packing);
    note_pth(packing);
    return set_facts(packing, err);
}

int env_image_write(const struct image_pack *ask, const char *path, struct image *image,
                    struct err *err)
{
    CLEANUP_FREE char *folder = fs_folder(path);
    CLEANUP_FREE char *begin = mem_print(".%s.lopin-", fs_base(path));
    CLEANUP_FREE char *beside = left_name(folder, begin);
    left_sweep(folder, begin);
    unlink(beside);
    CLEANUP_CLOSE int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), path);
    int status = image_pack(ask, fd, image, err);
    if (status == 0 && (fsync(fd) < 0 || rename(beside, path) < 0))
        status = err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), path);
    if (status < 0)
        unlink(beside);
    return status;
}

static int write_file(struct packing *packing, const char *path, struct err *err)
{
    const struct image_pack ask = {.prefix = packing->pip.site.prefix,
                                   .threads = parcel_cpus(packing->cli),
                                   .minor = packing->pip.site.minor};
    return env_image_write(&ask, path, &packing->image, err);
}

static int pack(struct packing *packing, const char *path, struct err *err)
{
    if (pip_open(packing->cli, &packing->pip, err) < 0)
        return -1;
    const struct site *site = &packing->pip.site;
    if (!site->home)
        return err_set(err, ERR_NO_ENV,
                       _("'%s' holds its interpreter itself (conda): it cannot be packed"),
                       site->prefix);
    CLEANUP_FREE char *real = realpath(site->prefix, NULL);
    packing->real = real ? real : site->prefix;
    packing->has_pip |= is_made_for_line(packing);
    if (pip_python(&packing->pip, &packing->python, err) < 0 || change_finish(site, err) < 0 ||
        gather(packing, err) < 0 || write_file(packing, path, err) < 0)
        return -1;
    for (size_t i = 0; i < packing->notes.count; i++)
        say(packing->cli, "%s", packing->notes.item[i]);
    return 0;
}

static void free_packing(struct packing *packing)
{
    strv_free(&packing->entries);
    strv_free(&packing->notes);
    table_free(&packing->known);
    image_free(&packing->image);
    python_free(&packing->python);
    pip_close(&packing->pip);
}

int env_pack_image(struct cli *cli, const char *env, int is_made, const char *path,
                   struct image *ret, struct err *err)
{
    struct packing packing = {.cli = cli, .has_pip = is_made};
    const char *before = cli->options.env;
    int local = cli->options.pack.local;
    cli->options.env = env;
    cli->options.pack.local = 1; // its own packages
    int status = pack(&packing, path, err);
    cli->options.env = before;
    cli->options.pack.local = local;
    if (status == 0) {
        *ret = packing.image;
        packing.image = (struct image){0};
    }
    free_packing(&packing);
    return status;
}
