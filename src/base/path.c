// SPDX-License-Identifier: Apache-2.0
// path: names of files as words: absolute, base name, folder, and programs by PATH (POSIX 8.3).
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"

char *fs_absolute(const char *cwd, const char *path)
{
    struct str all = {0};
    if (*path != '/') {
        str_add(&all, cwd);
        str_add_char(&all, '/');
    }
    str_add(&all, path);
    char *text = str_take(&all);
    char *out = text; // never ahead of `at`
    for (char *at = text; *at;) {
        while (*at == '/')
            at++;
        size_t size = strcspn(at, "/");
        if (size == 2 && at[0] == '.' && at[1] == '.') {
            while (out > text && *--out != '/')
                ;
        } else if (size && !(size == 1 && at[0] == '.')) {
            *out++ = '/';
            memmove(out, at, size);
            out += size;
        }
        at += size;
    }
    if (out == text)
        *out++ = '/';
    *out = '\0';
    return text;
}

char *fs_cwd(struct err *err)
{
    char *path = getcwd(NULL, 0);
    if (!path)
        err_errno(err, ERR_SYSTEM, errno, _("cannot tell the current folder"));
    return path;
}

const char *fs_from(const char *folder, const char *path)
{
    size_t size = strlen(folder);
    return strncmp(path, folder, size) == 0 && path[size] == '/' && path[size + 1]
               ? path + size + 1
               : path;
}

const char *fs_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *fs_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return mem_dup(".");
    while (slash > path && slash[-1] == '/')
        slash--;
    return slash == path ? mem_dup("/") : mem_dupn(path, (size_t)(slash - path));
}

int fs_is_program(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *fs_program(const char *path, const char *name)
{
    if (strchr(name, '/'))
        return fs_is_program(name) ? mem_dup(name) : NULL;
    CLEANUP_STRV struct strv folders = {0};
    strv_split(&folders, path ? path : "/usr/bin:/bin", ':');
    for (size_t i = 0; i < folders.count; i++) {
        const char *folder = *folders.item[i] ? folders.item[i] : ".";
        char *whole = mem_print("%s/%s", folder, name);
        if (fs_is_program(whole))
            return whole;
        free(whole);
    }
    return NULL;
}
