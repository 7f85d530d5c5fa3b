// SPDX-License-Identifier: Apache-2.0
// isolate: what of the caller's environment does not reach a task's Python (cli.md, "How a
// script receives its dataset").
//
// PYTHONPATH and the user site shadow an environment's packages, the commonest reason for
// "works for me". What modules put on PYTHONPATH belongs to them and stays: known by
// LOADEDMODULES, and by lying neither in the home nor in the current folder. Invariant: nothing
// kept by name is touched.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "env/python.h"
#include "env/release.h"

static int is_kept(const struct strv *keep, const char *name)
{
    for (size_t i = 0; keep && i < keep->count; i++)
        if (strcmp(keep->item[i], name) == 0)
            return 1;
    return 0;
}

static void note(struct strv *list, const char *name)
{
    if (list)
        strv_add(list, name);
}

static int is_below(const char *path, const char *folder)
{
    size_t size = folder ? strlen(folder) : 0;
    while (size && folder[size - 1] == '/')
        size--;
    return size && strncmp(path, folder, size) == 0 && (path[size] == '/' || !path[size]);
}

// An outer lopin's startup hook: CACHE/hook-<16 hexadecimal digits>.
static int is_hook(const char *path)
{
    const char *name = fs_base(path);
    return str_starts(name, "hook-") && strlen(name) == 21 &&
           strspn(name + 5, "0123456789abcdef") == 16;
}

// The entries that are the modules'. Yours, NULL if there are none; *ret_dropped: some were
// others'.
static char *module_entries(const struct vars *vars, const char *path, int *ret_dropped)
{
    const char *loaded = vars_get(vars, "LOADEDMODULES");
    CLEANUP_STRV struct strv entries = {0};
    CLEANUP_STR struct str kept = {0};
    CLEANUP_FREE char *cwd = fs_cwd(NULL);
    strv_split(&entries, path, ':');
    for (size_t i = 0; i < entries.count; i++) {
        const char *entry = entries.item[i];
        if (is_hook(entry))
            continue;
        if (loaded && *loaded && *entry == '/' && !is_below(entry, vars_get(vars, "HOME")) &&
            !is_below(entry, cwd))
            str_print(&kept, "%s%s", kept.size ? ":" : "", entry);
        else
            *ret_dropped |= *entry != '\0';
    }
    return kept.size ? str_take(&kept) : NULL;
}

// PYTHONPATH, and what a lopin around us took from it (setting.c). Yours; NULL: nothing.
static char *whole_path(const struct vars *vars)
{
    const char *path = vars_get(vars, "PYTHONPATH");
    const char *behind = vars_get(vars, PYTHON_PATH_BEHIND);
    return path || behind ? mem_print("%s:%s", path ? path : "", behind ? behind : "") : NULL;
}

char *python_module_path(const struct vars *vars)
{
    int dropped = 0;
    CLEANUP_FREE char *path = whole_path(vars);
    return path ? module_entries(vars, path, &dropped) : NULL;
}

// Would this interpreter have used packages of the user site?
static int has_user_site(const struct python *python, const struct vars *vars)
{
    const char *base = vars_get(vars, "PYTHONUSERBASE");
    const char *home = vars_get(vars, "HOME");
    const char *off = vars_get(vars, "PYTHONNOUSERSITE");
    struct release release;
    if (!python || (off && *off) || (!(base && *base) && !home) ||
        release_parse(python->facts.version, &release) < 0)
        return 0;
    int major = release.part[0];
    int minor = release.part[1];
    CLEANUP_FREE char *config = mem_print("%s/pyvenv.cfg", python->facts.prefix);
    CLEANUP_STR struct str text = {0};
    if (fs_read(AT_FDCWD, config, 1 << 16, &text, NULL) == 0 &&
        !strcasestr(str_text(&text), "include-system-site-packages = true"))
        return 0;
    CLEANUP_FREE char *folder =
        base && *base
            ? mem_print("%s/lib/python%d.%d/site-packages", base, major, minor)
            : mem_print("%s/.local/lib/python%d.%d/site-packages", home, major, minor);
    return access(folder, F_OK) == 0;
}

// Does `folder` hold the python3 that PATH gives?
static int is_first_python(const char *path, const char *folder)
{
    CLEANUP_FREE char *program = fs_program(path, "python3");
    CLEANUP_FREE char *found = program ? fs_folder(program) : NULL;
    return found && strcmp(found, folder) == 0;
}

// `python3` of a script's subprocesses is the task's interpreter. The system's folders are not
// put before what modules gave: they hold more than Python.
static void set_path(const struct python *python, const char *left, struct vars *vars)
{
    static const char *const system[] = {"/usr/bin", "/bin", "/usr/local/bin"};
    CLEANUP_STRV struct strv entries = {0};
    CLEANUP_STR struct str path = {0};
    CLEANUP_FREE char *bin = fs_folder(python->path);
    CLEANUP_FREE char *left_bin = left && *left ? mem_print("%s/bin", left) : NULL;
    const char *old = vars_get(vars, "PATH");
    strv_split(&entries, old ? old : "/usr/bin:/bin", ':');
    for (size_t i = 0; i < entries.count; i++)
        if (!left_bin || strcmp(entries.item[i], left_bin) != 0)
            str_print(&path, "%s%s", path.size ? ":" : "", entries.item[i]);
    int is_system = 0;
    for (size_t i = 0; i < COUNT(system); i++)
        is_system |= strcmp(bin, system[i]) == 0;
    if (is_system || is_first_python(str_text(&path), bin)) {
        vars_set(vars, "PATH", str_text(&path));
    } else {
        CLEANUP_FREE char *whole =
            mem_print("%s%s%s", bin, path.size ? ":" : "", str_text(&path));
        vars_set(vars, "PATH", whole);
    }
}

static void set_prefix(const struct python *python, const struct strv *keep, struct vars *vars)
{
    CLEANUP_FREE char *config = mem_print("%s/pyvenv.cfg", python->facts.prefix);
    CLEANUP_FREE char *left = mem_dup(vars_get(vars, "VIRTUAL_ENV"));
    int is_venv = access(config, F_OK) == 0;
    if (left && strcmp(left, python->facts.prefix) == 0) {
        free(left);
        left = NULL;
    }
    if (!is_kept(keep, "PATH"))
        set_path(python, left, vars);
    if (is_kept(keep, "VIRTUAL_ENV"))
        return;
    if (is_venv)
        vars_set(vars, "VIRTUAL_ENV", python->facts.prefix);
    else
        vars_unset(vars, "VIRTUAL_ENV");
}

void python_isolate(const struct python *python, struct vars *vars, const struct strv *keep,
                    struct strv *ret_dropped, char **ret_keep)
{
    static const char *const plain[] = {"PYTHONHOME", "PYTHONSTARTUP"};
    *ret_keep = NULL;
    CLEANUP_FREE char *path = whole_path(vars);
    if (path && !is_kept(keep, "PYTHONPATH")) {
        int dropped = 0;
        *ret_keep = module_entries(vars, path, &dropped);
        vars_unset(vars, "PYTHONPATH");
        vars_unset(vars, PYTHON_PATH_BEHIND);
        if (dropped)
            note(ret_dropped, "PYTHONPATH");
    }
    for (size_t i = 0; i < COUNT(plain); i++) {
        if (vars_get(vars, plain[i]) && !is_kept(keep, plain[i])) {
            vars_unset(vars, plain[i]);
            note(ret_dropped, plain[i]);
        }
    }
    if (!is_kept(keep, "PYTHONNOUSERSITE")) {
        if (has_user_site(python, vars))
            note(ret_dropped, "PYTHONNOUSERSITE");
        vars_set(vars, "PYTHONNOUSERSITE", "1");
    }
    if (python)
        set_prefix(python, keep, vars);
}
