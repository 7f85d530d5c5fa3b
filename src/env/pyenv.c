// SPDX-License-Identifier: Apache-2.0
// pyenv: its rules for choosing a version (pyenv's COMMANDS.md and README, "Choose the Python
// version").
//
// A shim is a shell script that starts pyenv, which starts the interpreter: 30 ms a start, and
// a version that depends on the folder. Invariant: names come from files that anybody may have
// written above our folder, so one with '/' or a leading '.' is never made into a path.
#include "env/pyenv.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "env/release.h"

char *pyenv_root(const struct vars *vars)
{
    const char *root = vars_get(vars, "PYENV_ROOT");
    const char *home = vars_get(vars, "HOME");
    if ((!root || !*root) && (!home || !*home))
        return NULL;
    CLEANUP_FREE char *path =
        root && *root ? fs_absolute("/", root) : mem_print("%s/.pyenv", home);
    CLEANUP_FREE char *versions = mem_print("%s/versions", path);
    return access(versions, R_OK | X_OK) == 0 ? TAKE(path) : NULL;
}

int pyenv_is_shims(const char *root, const char *folder)
{
    size_t size = root ? strlen(root) : 0;
    if (!root || strncmp(folder, root, size) != 0)
        return 0;
    CLEANUP_FREE char *below = fs_absolute("/", folder + size);
    return strcmp(below, "/shims") == 0;
}

// Adds the words of a version file, which may have comments. Returns 0, or -1 if it has none.
static int read_version_file(const char *path, struct strv *ret)
{
    CLEANUP_STR struct str text = {0};
    size_t before = ret->count;
    if (fs_read(AT_FDCWD, path, 1 << 16, &text, NULL) < 0 || !text.size)
        return -1;
    for (char *rest = NULL, *line = strtok_r(text.text, "\r\n", &rest); line;
         line = strtok_r(NULL, "\r\n", &rest)) {
        line[strcspn(line, "#")] = '\0';
        char *inner = NULL;
        for (char *word = strtok_r(line, " \t", &inner); word;
             word = strtok_r(NULL, " \t", &inner))
            strv_add(ret, word);
    }
    return ret->count > before ? 0 : -1;
}

void pyenv_chosen(const char *root, const struct vars *vars, const char *cwd, struct strv *ret,
                  char **ret_source)
{
    const char *said = vars_get(vars, "PYENV_VERSION");
    if (said && *said) {
        strv_split(ret, said, ':');
        *ret_source = mem_dup("PYENV_VERSION");
        return;
    }
    CLEANUP_FREE char *folder = mem_dup(cwd);
    for (;;) {
        CLEANUP_FREE char *file =
            mem_print("%s/.python-version", strcmp(folder, "/") == 0 ? "" : folder);
        if (read_version_file(file, ret) == 0) {
            *ret_source = TAKE(file);
            return;
        }
        char *slash = strrchr(folder, '/');
        if (!slash || !folder[1])
            break;
        slash[slash == folder] = '\0';
    }
    CLEANUP_FREE char *file = mem_print("%s/version", root);
    if (read_version_file(file, ret) < 0)
        strv_add(ret, "system");
    *ret_source = TAKE(file);
}

static char *program_of(const char *root, const char *version, const char *program)
{
    CLEANUP_FREE char *path = mem_print("%s/versions/%s/bin/%s", root, version, program);
    return access(path, X_OK) == 0 ? TAKE(path) : NULL;
}

char *pyenv_program(const char *root, const char *version, const char *program)
{
    struct release wanted;
    if (str_starts(version, "python-"))
        version += strlen("python-");
    if (!*version || *version == '.' || strchr(version, '/'))
        return NULL;
    char *path = program_of(root, version, program);
    if (path || release_parse(version, &wanted) < 0 || wanted.parts == 3)
        return path;
    CLEANUP_STRV struct strv names = {0};
    pyenv_versions(root, &names);
    for (size_t i = 0; i < names.count && !path; i++) {
        struct release release;
        if (release_parse(names.item[i], &release) == 0 &&
            release_fits(&release, version, NULL) == 1)
            path = program_of(root, names.item[i], program);
    }
    return path;
}

// qsort: releases before pre-releases, newest first.
static int compare_names(const void *left, const void *right)
{
    struct release a, b;
    release_parse(*(char *const *)left, &a);
    release_parse(*(char *const *)right, &b);
    if ((a.pre == 'z') != (b.pre == 'z'))
        return a.pre == 'z' ? -1 : 1;
    return release_compare(&b, &a);
}

void pyenv_versions(const char *root, struct strv *ret)
{
    CLEANUP_FREE char *path = mem_print("%s/versions", root);
    DIR *stream = opendir(path);
    if (!stream)
        return;
    size_t start = ret->count;
    struct dirent *entry;
    struct release release;
    while ((entry = readdir(stream)))
        if (release_parse(entry->d_name, &release) == 0)
            strv_add(ret, entry->d_name);
    closedir(stream);
    if (ret->count > start)
        qsort(ret->item + start, ret->count - start, sizeof(*ret->item), compare_names);
}
