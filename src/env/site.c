// SPDX-License-Identifier: Apache-2.0
#include "env/site.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "env/cfg.h"

static int is_folder(const char *path)
{
    CLEANUP_CLOSE int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0;
}

static char *packages_of(const char *prefix, int major, int minor)
{
    return mem_print("%s/lib/python%d.%d/site-packages", prefix, major, minor);
}

// The newest lib/pythonX.Y that has packages: pyvenv.cfg need not tell the version.
static void find_version(const char *prefix, struct site *site)
{
    CLEANUP_FREE char *lib = mem_print("%s/lib", prefix);
    DIR *stream = opendir(lib);
    struct dirent *entry;
    while (stream && (entry = readdir(stream))) {
        int major;
        int minor;
        char rest;
        if (sscanf(entry->d_name, "python%d.%d%c", &major, &minor, &rest) != 2 ||
            (major == site->major && minor <= site->minor))
            continue;
        CLEANUP_FREE char *packages = packages_of(prefix, major, minor);
        if (!is_folder(packages))
            continue;
        site->major = major;
        site->minor = minor;
    }
    if (stream)
        closedir(stream);
}

static int not_env(const char *prefix, struct err *err)
{
    err_set(err, ERR_NO_ENV, _("'%s' is not an environment"), prefix);
    return err_hint(err, "try", "lopin venv ENV && . ENV/bin/activate");
}

int site_open(const char *prefix, struct site *ret, struct err *err)
{
    struct arena arena = {0};
    struct cfg cfg;
    struct err why = {0};
    *ret =
        (struct site){.prefix = mem_dup(prefix), .python = mem_print("%s/bin/python", prefix)};
    CLEANUP_FREE char *path = mem_print("%s/pyvenv.cfg", prefix);
    CLEANUP_FREE char *conda = mem_print("%s/conda-meta", prefix);
    int known = cfg_read(AT_FDCWD, path, &arena, &cfg, &why) == 0;
    if (known) {
        ret->home = mem_dup(cfg.home);
        ret->modules = mem_dup(cfg.modules);
        ret->system_site = cfg.system_site;
        ret->is_lopin = cfg.lopin != NULL;
        if (cfg.version)
            sscanf(cfg.version, "%d.%d", &ret->major, &ret->minor);
    }
    arena_free(&arena);
    ret->packages = packages_of(prefix, ret->major, ret->minor);
    if (known && !is_folder(ret->packages))
        ret->major = ret->minor = 0;
    if (!ret->major && (known || is_folder(conda)))
        find_version(prefix, ret);
    free(ret->packages);
    ret->packages = packages_of(prefix, ret->major, ret->minor);
    if (ret->major)
        return 0;
    site_free(ret);
    if (!known && why.errnum != ENOENT && why.errnum != ENOTDIR) {
        *(err ? err : &why) = why;
        return -1;
    }
    if (!is_folder(prefix))
        return err_errno(err, ERR_NO_ENV, ENOENT, _("no environment '%s'"), prefix);
    return not_env(prefix, err);
}

void site_name(const char *prefix, const char *version, struct site *ret)
{
    *ret =
        (struct site){.prefix = mem_dup(prefix), .python = mem_print("%s/bin/python", prefix)};
    if (sscanf(version, "%d.%d", &ret->major, &ret->minor) != 2)
        ret->major = ret->minor = 0;
    ret->packages = packages_of(prefix, ret->major, ret->minor);
    ret->is_lopin = 1;
}

void site_free(struct site *site)
{
    free(site->prefix);
    free(site->python);
    free(site->packages);
    free(site->home);
    free(site->modules);
    *site = (struct site){0};
}
