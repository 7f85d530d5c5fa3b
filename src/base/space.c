// SPDX-License-Identifier: Apache-2.0
// space: /proc is ours if it calls us as we call ourselves.
#include "base/space.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

unsigned long long space_inode(void)
{
    struct stat st;
    return stat("/proc/self/ns/pid", &st) < 0 ? 0 : (unsigned long long)st.st_ino;
}

unsigned long long space_here(void)
{
    char self[32];
    ssize_t size = readlink("/proc/self", self, sizeof self - 1);
    if (size <= 0)
        return 0;
    self[size] = '\0';
    return strtol(self, NULL, 10) == (long)getpid() ? space_inode() : 0;
}
