// SPDX-License-Identifier: Apache-2.0
#include "cli/project.h"

#include "base/fs.h"
#include "base/mem.h"
#include "cli/config.h"

char *project_folder(const struct cli *cli)
{
    const struct document *file = cli->config ? &cli->config->document[CONFIG_PROJECT] : NULL;
    return file && file->path && file->state == DOCUMENT_READ ? fs_folder(file->path) : NULL;
}

char *project_lock(const struct cli *cli)
{
    CLEANUP_FREE char *folder = project_folder(cli);
    return mem_print("%s/" PROJECT_LOCK, folder ? folder : cli->cwd);
}
