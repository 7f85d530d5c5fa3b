// SPDX-License-Identifier: Apache-2.0
// python: finding the interpreter of a run, in the order that env/python.h gives.
//
// Where a version is asked: the active environment, PATH (its python3, then python3.N from the
// newest), pyenv's versions, /usr/bin, /usr/local/bin; the first that fits. Invariant: an
// interpreter is only given back after it has said its version itself, and what was looked at
// is kept for the error's "found" line.
#include "env/python.h"

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
#include "env/pyenv.h"
#include "env/release.h"

#define NEWEST_MINOR 20 // python3.20 is the last name that is looked for on PATH
#define OLDEST_MINOR 6

struct search {
    const struct python_ask *ask;
    const char *want;      // a version or specifiers, NULL: any
    int bare;              // --env none: no environment
    char *cwd, *pyenv;     // asked when they are first needed
    int has_pyenv;         // it was asked
    struct str found;      // "3.11.2 /usr/bin/python3, ..." for the error
    struct release newest; // of those found
    struct err first;      // why the first candidate that did not work does not
};

static const char *pyenv_of(struct search *search)
{
    if (!search->has_pyenv)
        search->pyenv = pyenv_root(search->ask->vars);
    search->has_pyenv = 1;
    return search->pyenv;
}

// A path made absolute. Yours; NULL with err.
static char *absolute(struct search *search, const char *path, struct err *err)
{
    if (*path != '/' && !search->cwd && !(search->cwd = fs_cwd(err)))
        return NULL;
    return fs_absolute(search->cwd, path);
}

// Notes what is there but does not fit; a version once.
static void note_found(struct search *search, const char *version, const char *path)
{
    struct release release;
    if (release_parse(version, &release) < 0 || search->found.size > 600)
        return;
    if (release_compare(&release, &search->newest) > 0)
        search->newest = release;
    const char *pyenv = pyenv_of(search);
    int is_pyenv = pyenv && str_starts(path, pyenv);
    CLEANUP_FREE char *words = mem_print("%s (%s)", version, is_pyenv ? "pyenv" : path);
    if (!strstr(str_text(&search->found), words))
        str_print(&search->found, "%s%s", search->found.size ? ", " : "", words);
}

// Could some X.Y.Z fit what is wanted? Spares starting interpreters whose name says that they
// do not.
static int minor_may_fit(const char *want, const struct release *minor)
{
    struct release release = *minor;
    if (minor->parts != 2 || strpbrk(want, "abc")) // a pre-release by name
        return 1;
    for (release.part[2] = 0; release.part[2] < 60; release.part[2]++)
        for (release.pre = 'a'; release.pre <= 'z'; release.pre += 'z' - 'a')
            if (release_fits(&release, want, NULL) != 0)
                return 1;
    return 0;
}

static void fill(struct python *ret, const char *path, struct facts *facts,
                 enum python_origin origin)
{
    *ret = (struct python){.path = mem_dup(path), .facts = *facts, .origin = origin};
    *facts = (struct facts){0};
}

// Takes `path` if it works and fits. Returns 1 if it was taken, else 0.
static int try_path(struct search *search, const char *path, enum python_origin origin,
                    struct python *ret)
{
    struct release release;
    struct facts facts;
    const char *name = fs_base(path);
    if (search->want && str_starts(name, "python3.") &&
        release_parse(name + 6, &release) == 0 && !minor_may_fit(search->want, &release)) {
        if (fs_is_program(path))
            note_found(search, name + 6, path);
        return 0;
    }
    struct err err = {0};
    CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (facts_read(fd, path, search->ask->vars, search->ask->cache, &facts, &err) < 0) {
        if (!search->first.code && fs_is_program(path))
            search->first = err;
        return 0;
    }
    int fits = release_parse(facts.version, &release) == 0 &&
               (!search->want || release_fits(&release, search->want, NULL) == 1) &&
               !(search->bare && strcmp(facts.prefix, facts.base) != 0);
    if (fits)
        fill(ret, path, &facts, origin);
    else
        note_found(search, facts.version, path);
    facts_free(&facts);
    return fits;
}

static int try_in(struct search *search, const char *folder, const char *name,
                  enum python_origin origin, struct python *ret)
{
    CLEANUP_FREE char *path = mem_print("%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name);
    return try_path(search, path, origin, ret);
}

// A folder of programs: its python3, those with a version in their name if one is wanted, its
// python.
static int try_folder(struct search *search, const char *folder, struct python *ret)
{
    enum python_origin origin = search->want ? PYTHON_ASKED : PYTHON_PATH;
    if (try_in(search, folder, "python3", origin, ret))
        return 1;
    for (int minor = NEWEST_MINOR; search->want && minor >= OLDEST_MINOR; minor--) {
        char name[24];
        snprintf(name, sizeof(name), "python3.%d", minor);
        if (try_in(search, folder, name, origin, ret))
            return 1;
    }
    return try_in(search, folder, "python", origin, ret);
}

// What pyenv's shims would start. Returns 1 if it was taken, 0 to look on, -1 with err if pyenv
// is told to use a version that it does not have.
static int try_shims(struct search *search, struct python *ret, struct err *err)
{
    CLEANUP_STRV struct strv names = {0};
    CLEANUP_FREE char *source = NULL;
    if (!search->cwd && !(search->cwd = fs_cwd(err)))
        return -1;
    pyenv_chosen(search->pyenv, search->ask->vars, search->cwd, &names, &source);
    for (size_t i = 0; i < names.count; i++) {
        if (strcmp(names.item[i], "system") == 0)
            return 0;
        CLEANUP_FREE char *path = pyenv_program(search->pyenv, names.item[i], "python3");
        if (path && try_path(search, path, search->want ? PYTHON_ASKED : PYTHON_PATH, ret))
            return 1;
        if (path || search->want)
            continue;
        CLEANUP_STRV struct strv there = {0};
        CLEANUP_STR struct str list = {0};
        pyenv_versions(search->pyenv, &there);
        for (size_t j = 0; j < there.count; j++)
            str_print(&list, "%s%s", j ? ", " : "", there.item[j]);
        err_set(err, ERR_NO_PYTHON, _("pyenv has no Python '%s', which %s asks for"),
                names.item[i], source);
        if (there.count) {
            err_hint(err, "found", "%s", str_text(&list));
            err_hint(err, "try", "--python %s", there.item[0]);
        }
        return -1;
    }
    return 0;
}

// Is this entry of PATH the programs' folder of an active environment?
static int is_active(const struct search *search, const char *folder)
{
    static const char *const names[] = {"VIRTUAL_ENV", "CONDA_PREFIX"};
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *prefix = vars_get(search->ask->vars, names[i]);
        size_t size = prefix ? strlen(prefix) : 0;
        if (size && strncmp(folder, prefix, size) == 0 && strcmp(folder + size, "/bin") == 0)
            return 1;
    }
    return 0;
}

// Returns 1 if one was taken, 0, or -1 with err.
static int try_search_path(struct search *search, struct python *ret, struct err *err)
{
    const char *path = vars_get(search->ask->vars, "PATH");
    CLEANUP_STRV struct strv folders = {0};
    strv_split(&folders, path ? path : "/usr/bin:/bin", ':');
    for (size_t i = 0; i < folders.count; i++) {
        CLEANUP_FREE char *folder = absolute(search, folders.item[i], err);
        int taken = 0;
        if (!folder)
            return -1;
        if (pyenv_is_shims(pyenv_of(search), folder))
            taken = try_shims(search, ret, err);
        else if (!search->bare || !is_active(search, folder))
            taken = try_folder(search, folder, ret);
        if (taken)
            return taken;
    }
    return 0;
}

static int try_pyenv_versions(struct search *search, struct python *ret)
{
    CLEANUP_STRV struct strv names = {0};
    if (pyenv_of(search))
        pyenv_versions(search->pyenv, &names);
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP_FREE char *path =
            mem_print("%s/versions/%s/bin/python3", search->pyenv, names.item[i]);
        struct release release;
        if (release_parse(names.item[i], &release) == 0 &&
            release_fits(&release, search->want, NULL) == 1) {
            if (try_path(search, path, PYTHON_ASKED, ret))
                return 1;
        } else {
            note_found(search, names.item[i], path);
        }
    }
    return 0;
}

// The interpreter of an environment's folder. NULL if it has none. Yours.
static char *env_program(const char *folder)
{
    static const char *const names[] = {"python3", "python"};
    for (size_t i = 0; i < COUNT(names); i++) {
        CLEANUP_FREE char *path = mem_print("%s/bin/%s", folder, names[i]);
        if (access(path, X_OK) == 0)
            return TAKE(path);
    }
    return NULL;
}

// Says what is wrong with an environment that has no interpreter.
static int env_error(const char *folder, const char *from, struct err *err)
{
    CLEANUP_STR struct str word = {0};
    CLEANUP_FREE char *config = mem_print("%s/pyvenv.cfg", folder);
    CLEANUP_FREE char *link = mem_print("%s/bin/python3", folder);
    struct stat st;
    str_add_shell(&word, folder);
    if (stat(folder, &st) < 0)
        err_errno(err, ERR_NO_ENV, errno, _("no environment '%s'"), folder);
    else if (access(config, F_OK) == 0 && lstat(link, &st) == 0)
        err_set(err, ERR_NO_ENV, _("the Python that environment '%s' was made from is gone"),
                folder);
    else
        err_set(err, ERR_NO_ENV, _("'%s' is not an environment: it has no bin/python3"),
                folder);
    if (from)
        err_hint(err, "found", "%s=%s", from, folder);
    if (from)
        err_hint(err, "try", "unset %s", from);
    return err_hint(err, "try", "python3 -m venv --clear %s", str_text(&word));
}

// --env DIR.
static int find_env(struct search *search, struct python *ret, struct err *err)
{
    CLEANUP_FREE char *folder = absolute(search, search->ask->env, err);
    CLEANUP_FREE char *path = folder ? env_program(folder) : NULL;
    if (!folder)
        return -1;
    if (!path)
        return env_error(folder, NULL, err);
    if (try_path(search, path, PYTHON_ENV, ret))
        return 0;
    if (search->first.code) {
        search->first.code = ERR_NO_ENV;
        *(err ? err : &search->first) = search->first;
        return -1;
    }
    err_set(err, ERR_NO_PYTHON, _("environment '%s' has not Python %s"), folder, search->want);
    return err_hint(err, "found", "%s", str_text(&search->found));
}

// VIRTUAL_ENV, CONDA_PREFIX. conda's base environment is active in every shell of some people,
// so it counts by its place on PATH alone. Returns 1 if one was taken, 0, or -1 with err.
static int find_active(struct search *search, struct python *ret, struct err *err)
{
    const struct vars *vars = search->ask->vars;
    const char *venv = vars_get(vars, "VIRTUAL_ENV");
    const char *conda = vars_get(vars, "CONDA_PREFIX");
    const char *name = vars_get(vars, "CONDA_DEFAULT_ENV");
    int is_venv = venv && *venv;
    const char *folder = is_venv                                                   ? venv
                         : conda && *conda && !(name && strcmp(name, "base") == 0) ? conda
                                                                                   : NULL;
    if (!folder)
        return 0;
    CLEANUP_FREE char *path = env_program(folder);
    if (path && try_path(search, path, is_venv ? PYTHON_VENV : PYTHON_CONDA, ret))
        return 1;
    if (search->want)
        return 0;
    if (path && search->first.code) {
        search->first.code = ERR_NO_ENV;
        *(err ? err : &search->first) = search->first;
        return err_hint(err, "try", "unset %s", is_venv ? "VIRTUAL_ENV" : "CONDA_PREFIX");
    }
    return env_error(folder, is_venv ? "VIRTUAL_ENV" : "CONDA_PREFIX", err);
}

// --python with a path, of an interpreter or of the folder of an environment.
static int find_path(struct search *search, const char *want, struct python *ret,
                     struct err *err)
{
    CLEANUP_FREE char *path = absolute(search, want, err);
    struct stat st;
    if (!path)
        return -1;
    if (try_path(search, path, PYTHON_ASKED, ret))
        return 0;
    if (stat(path, &st) < 0)
        return err_errno(err, ERR_NO_PYTHON, errno, _("no Python '%s'"), path);
    CLEANUP_FREE char *inner = S_ISDIR(st.st_mode) ? env_program(path) : NULL;
    if (inner && try_path(search, inner, PYTHON_ASKED, ret))
        return 0;
    if (!search->first.code)
        return err_set(err, ERR_NO_PYTHON, _("'%s' is not a program"), path);
    *(err ? err : &search->first) = search->first;
    return -1;
}

// --python with the name of a program that is not pythonX.Y: "pypy3.10".
static int find_name(struct search *search, const char *name, struct python *ret,
                     struct err *err)
{
    const char *path = vars_get(search->ask->vars, "PATH");
    CLEANUP_STRV struct strv folders = {0};
    strv_split(&folders, path ? path : "/usr/bin:/bin", ':');
    for (size_t i = 0; i < folders.count; i++) {
        CLEANUP_FREE char *folder = absolute(search, folders.item[i], err);
        if (!folder)
            return -1;
        if (!pyenv_is_shims(pyenv_of(search), folder) &&
            try_in(search, folder, name, PYTHON_ASKED, ret))
            return 0;
    }
    return err_set(err, ERR_NO_PYTHON, _("no Python '%s' on PATH"), name);
}

static int no_python(const struct search *search, struct err *err)
{
    const struct release *newest = &search->newest;
    if (search->want)
        err_set(err, ERR_NO_PYTHON, _("no Python %s here"), search->want);
    else
        err_set(err, ERR_NO_PYTHON, _("no python3 on PATH"));
    if (search->found.size)
        err_hint(err, "found", "%s", search->found.text);
    if (search->first.code)
        err_hint(err, "found", "%s", search->first.text);
    if (newest->part[0])
        return err_hint(err, "try", "--python %d.%d", newest->part[0], newest->part[1]);
    return err_hint(err, "try", "--python /path/to/python3");
}

static int try_also(struct search *search, struct python *ret)
{
    const struct strv *also = search->ask->also;
    for (size_t i = 0; also && i < also->count; i++)
        if (try_path(search, also->item[i], search->want ? PYTHON_ASKED : PYTHON_PATH, ret))
            return 1;
    return 0;
}

// A version, specifiers, or nothing.
static int find_version(struct search *search, struct python *ret, struct err *err)
{
    struct release any = {.parts = 3, .pre = 'z'};
    if (search->want && release_fits(&any, search->want, err) < 0)
        return -1;
    int taken = search->bare ? 0 : find_active(search, ret, err);
    if (!taken && !search->want)
        taken = try_also(search, ret);
    if (!taken)
        taken = try_search_path(search, ret, err);
    if (!taken && search->want)
        taken = try_also(search, ret);
    if (!taken && search->want)
        taken = try_pyenv_versions(search, ret);
    if (!taken &&
        (try_folder(search, "/usr/bin", ret) || try_folder(search, "/usr/local/bin", ret)))
        taken = 1;
    if (taken)
        return taken > 0 ? 0 : -1;
    return no_python(search, err);
}

static int find(struct search *search, struct python *ret, struct err *err)
{
    const char *want = search->ask->want;
    int has_env = search->ask->env && !search->bare;
    struct release release;
    if (want && strchr(want, '/') && !has_env)
        return find_path(search, want, ret, err);
    if (want && str_starts(want, "python") && release_parse(want + 6, &release) == 0)
        want += 6;
    else if (want && strncmp(want, "py", 2) == 0 && !has_env)
        return find_name(search, want, ret, err);
    search->want = want;
    return has_env ? find_env(search, ret, err) : find_version(search, ret, err);
}

int python_find(const struct python_ask *ask, struct python *ret, struct err *err)
{
    *ret = (struct python){0};
    struct search search = {.ask = ask, .bare = ask->env && strcmp(ask->env, "none") == 0};
    int status = find(&search, ret, err);
    free(search.cwd);
    free(search.pyenv);
    str_free(&search.found);
    return status;
}

void python_free(struct python *python)
{
    free(python->path);
    facts_free(&python->facts);
    *python = (struct python){0};
}
