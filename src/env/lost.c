// SPDX-License-Identifier: Apache-2.0
#include "env/lost.h"

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
#include "env/ask.h"
#include "env/cfg.h"

enum { LINKS_MAX = 40 };

static int hint_upgrade(const char *prefix, struct err *err)
{
    CLEANUP_STR struct str word = {0};
    str_add_shell(&word, prefix);
    return err_hint(err, "try", "lopin venv --upgrade %s", word.text);
}

// "a/1:b/2" -> "b/2", where a/1 is loaded.
static void add_missing(const char *modules, const struct vars *vars, struct str *into)
{
    const char *loaded = vars_get(vars, "LOADEDMODULES");
    CLEANUP_STRV struct strv want = {0}, have = {0};
    strv_split(&want, modules ? modules : "", ':');
    strv_split(&have, loaded ? loaded : "", ':');
    for (size_t i = 0; i < want.count; i++) {
        size_t j = 0;
        while (j < have.count && strcmp(have.item[j], want.item[i]) != 0)
            j++;
        if (j == have.count && *want.item[i]) {
            str_add_char(into, ' ');
            str_add_shell(into, want.item[i]);
        }
    }
}

// Where a chain of links ends. Yours; *ret_errnum: why it cannot be followed to a file, 0: it can.
static char *follow(const char *path, int *ret_errnum)
{
    char target[4096];
    struct stat st;
    CLEANUP_FREE char *at = mem_dup(path);
    *ret_errnum = ELOOP;
    for (int i = 0; i < LINKS_MAX; i++) {
        if (lstat(at, &st) < 0) {
            *ret_errnum = errno;
            return TAKE(at);
        }
        ssize_t size = S_ISLNK(st.st_mode) ? readlink(at, target, sizeof target - 1) : -1;
        if (size < 0) {
            *ret_errnum = S_ISREG(st.st_mode) ? 0 : EISDIR;
            return TAKE(at);
        }
        target[size] = '\0';
        CLEANUP_FREE char *folder = fs_folder(at);
        char *next = *target == '/' ? mem_dup(target) : mem_print("%s/%s", folder, target);
        free(at);
        at = next;
    }
    return TAKE(at);
}

static void hint_link(const char *path, struct err *err)
{
    char target[4096];
    ssize_t size = readlink(path, target, sizeof target - 1);
    if (size < 0)
        return;
    target[size] = '\0';
    err_hint(err, "found", "%s -> %s", path, target);
}

static int no_python(const char *prefix, const char *path, const char *modules, struct err *err)
{
    int errnum;
    CLEANUP_FREE char *end = follow(path, &errnum);
    if (strcmp(end, path) == 0 && errnum == ENOENT)
        err_set(err, ERR_ENV_BROKEN, _("environment '%s' has lost its bin/python"), prefix);
    else if (errnum == ENOENT || errnum == ENOTDIR)
        err_set(err, ERR_ENV_BROKEN, _("the Python of environment '%s' is gone: %s"), prefix,
                end);
    else if (errnum)
        err_errno(err, ERR_ENV_BROKEN, errnum,
                  _("the Python of environment '%s' cannot be reached: %s"), prefix, end);
    else
        err_set(err, ERR_ENV_BROKEN,
                _("the Python of environment '%s' may not be executed: %s"), prefix, end);
    if (err)
        err->code = ERR_ENV_BROKEN;
    hint_link(path, err);
    if (modules) {
        CLEANUP_STR struct str missing = {0};
        add_missing(modules, NULL, &missing);
        err_hint(err, "found", _("it was made with these modules loaded:%s"), missing.text);
    }
    return hint_upgrade(prefix, err);
}

static int no_packages(const char *prefix, const char *path, struct err *err)
{
    CLEANUP_STR struct str word = {0};
    str_add_shell(&word, prefix);
    err_set(err, ERR_ENV_BROKEN, _("the packages of environment '%s' are gone"), prefix);
    hint_link(path, err);
    return err_hint(err, "try", "lopin venv --clear --with ... %s", word.text);
}

int lost_check(const char *prefix, struct err *err)
{
    struct arena arena = {0};
    struct cfg cfg;
    int major, minor;
    int status = 0;
    char target[2];
    CLEANUP_FREE char *config = mem_print("%s/pyvenv.cfg", prefix);
    CLEANUP_FREE char *python = mem_print("%s/bin/python", prefix);
    int known = cfg_read(AT_FDCWD, config, &arena, &cfg, NULL) == 0 && cfg.version &&
                sscanf(cfg.version, "%d.%d", &major, &minor) == 2;
    if (known && access(python, X_OK) < 0) {
        status = no_python(prefix, python, cfg.modules, err);
    } else if (known) {
        CLEANUP_FREE char *packages =
            mem_print("%s/lib/python%d.%d/site-packages", prefix, major, minor);
        // of another tool's it is not known where they are
        if (access(packages, F_OK) < 0 &&
            (cfg.lopin || readlink(packages, target, sizeof target) >= 0))
            status = no_packages(prefix, packages, err);
    }
    arena_free(&arena);
    return status;
}

// The library that the loader names: "libpython3.11.so.1.0". Yours, NULL: it is something else.
static char *library_of(const char *text)
{
    static const char loader[] = "loading shared libraries: ";
    const char *at = strstr(text, loader);
    if (!at)
        return NULL;
    at += strlen(loader);
    return mem_dupn(at, strcspn(at, ":"));
}

int lost_start(const struct site *site, const struct vars *vars, struct err *err)
{
    struct err why = {0};
    CLEANUP_STR struct str missing = {0};
    if (ask_start(site->python, vars, &why) == 0)
        return 0;
    CLEANUP_FREE char *library = library_of(why.text);
    if (library)
        err_set(err, ERR_ENV_BROKEN,
                _("the Python of environment '%s' does not start: it finds no %s"),
                site->prefix, library);
    else
        err_set(err, ERR_ENV_BROKEN, _("the Python of environment '%s' does not start"),
                site->prefix);
    err_hint(err, "found", "%s", why.text);
    add_missing(site->modules, vars, &missing);
    if (missing.size)
        return err_hint(err, "try", "module load%s", missing.text);
    if (library)
        err_hint(err, "try", _("load the module of this Python: module load ..."));
    return hint_upgrade(site->prefix, err);
}

int lost_modules(const struct site *site, const struct vars *vars, struct err *err)
{
    CLEANUP_STR struct str missing = {0};
    add_missing(site->modules, vars, &missing);
    return missing.size ? lost_start(site, vars, err) : 0;
}
