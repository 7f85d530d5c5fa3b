// SPDX-License-Identifier: Apache-2.0
#include "env/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/lang.h"
#include "env/ask.h"
#include "env/release.h"

extern const unsigned char manylinux_bytes[]; // python/embedded/manylinux.py

// The system's part comes from uname(2) now: the interpreter's answer may be of another kernel.
static void fill_markers(const struct facts *facts, struct arena *arena, struct marker_env *ret)
{
    struct utsname system;
    uname(&system);
    *ret = (struct marker_env){0};
    const char **value = ret->value;
    value[MARKER_IMPLEMENTATION_NAME] = facts->implementation;
    value[MARKER_IMPLEMENTATION_VERSION] = facts->implementation_version;
    value[MARKER_OS_NAME] = facts->os_name;
    value[MARKER_PLATFORM_MACHINE] = arena_dup(arena, system.machine);
    value[MARKER_PLATFORM_PYTHON_IMPLEMENTATION] = facts->implementation_title;
    value[MARKER_PLATFORM_RELEASE] = arena_dup(arena, system.release);
    value[MARKER_PLATFORM_SYSTEM] = arena_dup(arena, system.sysname);
    value[MARKER_PLATFORM_VERSION] = arena_dup(arena, system.version);
    value[MARKER_PYTHON_FULL_VERSION] = facts->full_version;
    value[MARKER_SYS_PLATFORM] = facts->sys_platform;
    value[MARKER_EXTRA] = "";
}

static void read_libc(const char *text, const char *name, struct libc_version *ret)
{
    size_t size = strlen(name);
    if (strncmp(text, name, size) != 0 ||
        sscanf(text + size, " %d.%d", &ret->major, &ret->minor) != 2)
        *ret = (struct libc_version){0};
}

static int has_module(const char *folder, const char *name)
{
    static const char *const forms[] = {".py", "/__init__.py"};
    for (size_t i = 0; i < COUNT(forms); i++) {
        CLEANUP_FREE char *path = mem_print("%s/%s%s", folder, name, forms[i]);
        if (access(path, R_OK) == 0)
            return 1;
    }
    return 0;
}

// Where an import would find it. Yours, NULL if nowhere.
static char *find_module(const struct python *python, const struct release *release,
                         const struct vars *vars)
{
    CLEANUP_STRV struct strv folders = {0};
    const char *path = vars_get(vars, "PYTHONPATH");
    const struct facts *facts = &python->facts;
    int major = release->part[0];
    int minor = release->part[1];
    if (path && *path)
        strv_split(&folders, path, ':');
    const char *const prefix[] = {facts->base, facts->prefix};
    for (size_t i = 0; i < 1 + (strcmp(facts->base, facts->prefix) != 0); i++) {
        if (!i)
            strv_take(&folders, mem_print("%s/lib/python%d.%d", facts->base, major, minor));
        strv_take(&folders,
                  mem_print("%s/lib/python%d.%d/site-packages", prefix[i], major, minor));
    }
    if (strcmp(facts->base, "/usr") == 0)
        strv_take(&folders, mem_print("/usr/lib/python%d/dist-packages", major));
    for (size_t i = 0; i < folders.count; i++)
        if (*folders.item[i] == '/' && has_module(folders.item[i], "_manylinux"))
            return mem_dup(folders.item[i]);
    return NULL;
}

static int read_manylinux(const struct str *said, struct arena *arena, struct manylinux *ret)
{
    size_t count = 0;
    const char *end = said->text + said->size;
    if (!said->size || end[-1])
        return -1;
    for (const char *at = said->text; at < end; at += strlen(at) + 1)
        count++;
    struct libc_version *refused = arena_alloc(arena, count * sizeof *refused);
    *ret = (struct manylinux){.function = strcmp(said->text, "function") == 0,
                              .refused = refused,
                              .one = -1,
                              .y2010 = -1,
                              .y2014 = -1};
    if (!ret->function && strcmp(said->text, "names") != 0)
        return -1;
    const char *at = said->text + strlen(said->text) + 1;
    for (; at < end; at += strlen(at) + 1) {
        struct libc_version *version = refused + ret->refused_count;
        int yes = 0;
        if (ret->function && sscanf(at, "%d.%d", &version->major, &version->minor) == 2)
            ret->refused_count++;
        else if (!ret->function && sscanf(at, "manylinux1_compatible=%d", &yes) == 1)
            ret->one = yes;
        else if (!ret->function && sscanf(at, "manylinux2010_compatible=%d", &yes) == 1)
            ret->y2010 = yes;
        else if (!ret->function && sscanf(at, "manylinux2014_compatible=%d", &yes) == 1)
            ret->y2014 = yes;
        else
            return -1;
    }
    return 0;
}

static int ask_manylinux(const struct python *python, const struct vars *vars,
                         struct profile *profile, struct err *err)
{
    CLEANUP_STR struct str said = {0};
    CLEANUP_FREE char *major = mem_print("%d", profile->facts.glibc.major);
    CLEANUP_FREE char *minor = mem_print("%d", profile->facts.glibc.minor);
    const char *arch = profile->markers.value[MARKER_PLATFORM_MACHINE];
    const char *const words[] = {profile->manylinux, arch, major, minor, NULL};
    struct manylinux *manylinux = arena_alloc(&profile->arena, sizeof *manylinux);
    if (ask_python(python->path, (const char *)manylinux_bytes, words, vars, &said, err) < 0)
        return err_wrap(err, _("module '%s/_manylinux'"), profile->manylinux);
    if (read_manylinux(&said, &profile->arena, manylinux) < 0)
        return err_set(err, ERR_NO_PYTHON, _("module '%s' does not say what it should"),
                       "_manylinux");
    profile->facts.manylinux = manylinux;
    return 0;
}

int profile_read(const struct python *python, const struct vars *vars, struct profile *ret,
                 struct err *err)
{
    struct release release;
    const struct facts *facts = &python->facts;
    *ret = (struct profile){0};
    if (release_parse(facts->version, &release) < 0 || !*facts->implementation)
        return err_set(err, ERR_NO_PYTHON,
                       _("Python %s is too old for environments: 3.6 is the oldest"),
                       facts->version);
    if (strcmp(facts->implementation, "cpython") != 0)
        return err_set(err, ERR_NO_PYTHON, _("'%s' is %s: environments are made for CPython"),
                       python->path, facts->implementation_title);
    fill_markers(facts, &ret->arena, &ret->markers);
    CLEANUP_FREE char *two = mem_print("%d.%d", release.part[0], release.part[1]);
    ret->markers.value[MARKER_PYTHON_VERSION] = arena_dup(&ret->arena, two);
    ret->facts = (struct tag_facts){.major = release.part[0],
                                    .minor = release.part[1],
                                    .debug = facts_flag(facts, "debug"),
                                    .no_gil = facts_flag(facts, "nogil"),
                                    .no_pymalloc = facts_flag(facts, "nopymalloc"),
                                    .is_32bit = facts_flag(facts, "32bit"),
                                    .has_abi = facts_flag(facts, "abi"),
                                    .platform = facts->platform};
    read_libc(facts->libc, "glibc", &ret->facts.glibc);
    read_libc(facts->libc, "musl", &ret->facts.musl);
    CLEANUP_FREE char *module = find_module(python, &release, vars);
    ret->manylinux = module ? arena_dup(&ret->arena, module) : NULL;
    if (module && ret->facts.glibc.major && ask_manylinux(python, vars, ret, err) < 0) {
        profile_free(ret);
        return -1;
    }
    tags_supported(&ret->arena, &ret->facts, &ret->tags);
    return 0;
}

void profile_other(const struct profile *profile, int major, int minor, struct profile *ret)
{
    *ret = (struct profile){.markers = profile->markers, .facts = profile->facts};
    CLEANUP_FREE char *two = mem_print("%d.%d", major, minor);
    CLEANUP_FREE char *full = mem_print("%d.%d.0", major, minor);
    ret->facts.major = major;
    ret->facts.minor = minor;
    ret->markers.value[MARKER_PYTHON_VERSION] = arena_dup(&ret->arena, two);
    ret->markers.value[MARKER_PYTHON_FULL_VERSION] = arena_dup(&ret->arena, full);
    ret->markers.value[MARKER_IMPLEMENTATION_VERSION] =
        ret->markers.value[MARKER_PYTHON_FULL_VERSION];
    tags_supported(&ret->arena, &ret->facts, &ret->tags);
}

void profile_free(struct profile *profile)
{
    tags_free(&profile->tags);
    arena_free(&profile->arena);
    *profile = (struct profile){0};
}
