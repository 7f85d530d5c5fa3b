// SPDX-License-Identifier: Apache-2.0
#include "cli/project.h"

#include "base/fs.h"
#include "base/mem.h"
#include "cli/config.h"
#include "cli/env_make.h"
#include "cli/options.h"

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

static int is_active(const struct cli *cli)
{
    const char *venv = vars_get(&cli->vars, "VIRTUAL_ENV");
    const char *conda = vars_get(&cli->vars, "CONDA_PREFIX");
    return (venv && *venv) || (conda && *conda);
}

// The line is `lopin exec` with nothing said.
int project_env(struct cli *cli, struct err *err)
{
    CLEANUP_STRV struct strv none = {0};
    struct options said = cli->options;
    struct strv words = cli->words;
    if (said.env || is_active(cli))
        return 0;
    cli->options =
        (struct options){.quiet = said.quiet, .verbose = said.verbose, .color = said.color};
    cli->words = (struct strv){0};
    config_free(cli->config); // of the verb: how it talks, which has been applied
    cli->config = NULL;
    int status = options_read(&cli->options, COMMAND_EXEC, (char *const[]){NULL}, &none, err);
    if (status == 0)
        status = config_settle(cli, COMMAND_EXEC, err);
    if (status == 0)
        status = env_for_line(cli, NULL, err);
    const char *env = cli->options.env; // the configuration's, or made
    options_free(&cli->options);
    cli->options = said;
    cli->options.env = status == 0 ? env : NULL;
    cli->words = words;
    return status;
}
