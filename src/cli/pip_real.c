// SPDX-License-Identifier: Apache-2.0
#include "cli/pip_real.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "env/release.h"

// Adds the newest file of the folder that begins with the prefix and is a wheel.
static void add_wheel(const char *folder, const char *prefix, struct strv *ret)
{
    DIR *stream = opendir(folder);
    struct dirent *entry;
    while (stream && (entry = readdir(stream)))
        if (str_starts(entry->d_name, prefix) && str_ends(entry->d_name, ".whl")) {
            strv_take(ret, mem_print("%s/%s", folder, entry->d_name));
            break;
        }
    if (stream)
        closedir(stream);
}

void pip_real_bundled(const struct python *python, struct strv *ret)
{
    struct release release;
    if (release_parse(python->facts.version, &release) < 0)
        return;
    CLEANUP_FREE char *bundled =
        mem_print("%s/lib/python%d.%d/ensurepip/_bundled", python->facts.base, release.part[0],
                  release.part[1]);
    const char *const folders[] = {bundled,
                                   "/usr/share/python-wheels"}; // the second is Debian's
    for (size_t i = 0; i < COUNT(folders) && !ret->count; i++) {
        add_wheel(folders[i], "pip-", ret);
        if (ret->count && release.part[1] < 12)
            add_wheel(folders[i], "setuptools-", ret);
    }
}

int pip_real_words(const char *packages, const struct python *python, struct strv *ret)
{
    CLEANUP_FREE char *inside = mem_print("%s/pip/__main__.py", packages);
    CLEANUP_STRV struct strv bundled = {0};
    strv_add(ret, python->path);
    if (access(inside, R_OK) == 0) {
        strv_add(ret, "-m");
        strv_add(ret, "pip");
        return 0;
    }
    pip_real_bundled(python, &bundled);
    if (!bundled.count)
        return -1;
    strv_take(ret,
              mem_print("%s/pip", bundled.item[0])); // a wheel of pure Python runs as it is
    return 0;
}
