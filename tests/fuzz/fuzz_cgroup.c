// SPDX-License-Identifier: Apache-2.0
// /proc/self/cgroup and mountinfo: the text up to the first '@' is the one, the rest the other.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "machine/cgroup.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    CLEANUP_FREE char *text = mem_dupn((const char *)bytes, size); // as fs_read gives it
    CLEANUP_STRV struct strv v1 = {0};
    CLEANUP_STRV struct strv v2 = {0};
    char *mounts = strchr(text, '@');
    if (mounts)
        *mounts++ = '\0';
    if (size > 4096)
        return 0;
    cgroup_folders(text, mounts ? mounts : "", "cpu", &v1, &v2);
    for (size_t i = 0; i < v2.count; i++)
        if (strstr(v2.item[i], "/../") && !strstr(mounts ? mounts : "", ".."))
            abort(); // a path never leaves its mount
    return 0;
}
