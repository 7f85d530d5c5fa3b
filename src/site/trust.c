// SPDX-License-Identifier: Apache-2.0
#include "site/trust.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"

static int is_ours(const struct stat *file)
{
    return file->st_uid == geteuid() || file->st_uid == 0;
}

const char *trust_doubt(const char *path, const struct stat *file)
{
    CLEANUP_FREE char *folder = fs_folder(path);
    struct stat link, above;
    if (!is_ours(file))
        return _("it belongs to somebody else");
    if (file->st_mode & (S_IWGRP | S_IWOTH))
        return _("others may write it");
    if (lstat(path, &link) < 0 || !is_ours(&link))
        return _("the link to it belongs to somebody else");
    if (stat(folder, &above) < 0 || !is_ours(&above))
        return _("its folder belongs to somebody else");
    return NULL;
}

int trust_may_mend(const char *path)
{
    struct stat file;
    return stat(path, &file) == 0 && file.st_uid == geteuid() &&
           file.st_mode & (S_IWGRP | S_IWOTH);
}

int trust_mount(const char *path, int fd)
{
    CLEANUP_FREE char *folder = fs_folder(path);
    CLEANUP_CLOSE int above = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && above >= 0 && fs_is_read_only(fd) && fs_is_read_only(above);
}
