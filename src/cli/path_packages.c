// SPDX-License-Identifier: Apache-2.0
#include "cli/path_packages.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "cli/config.h"
#include "env/python.h"

char *path_packages(const struct cli *cli)
{
    return cli->config && cli->config->site.path_packages ? python_module_path(&cli->vars)
                                                          : NULL;
}

static void split(const struct cli *cli, struct strv *ret)
{
    CLEANUP_FREE char *path = path_packages(cli);
    if (path)
        strv_split(ret, path, ':');
}

int path_packages_read(const struct cli *cli, struct dists *dists, struct strv *ret_odd,
                       struct err *err)
{
    CLEANUP_STRV struct strv folders = {0};
    split(cli, &folders);
    for (size_t i = 0; i < folders.count; i++)
        if (dists_read(folders.item[i], dists, ret_odd, err) < 0)
            return -1;
    return 0;
}

void path_packages_hash(const struct cli *cli, struct hash *hash)
{
    CLEANUP_STRV struct strv folders = {0};
    split(cli, &folders);
    for (size_t i = 0; i < folders.count; i++) {
        struct stat st;
        hash_text(hash, folders.item[i]);
        if (stat(folders.item[i], &st) < 0)
            continue;
        const uint64_t facts[] = {(uint64_t)st.st_dev, (uint64_t)st.st_ino,
                                  (uint64_t)clock_ns(st.st_mtim)};
        hash_part(hash, facts, sizeof facts);
    }
}
