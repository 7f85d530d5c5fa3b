// SPDX-License-Identifier: Apache-2.0
#include "cli/project_env.h"

#include "base/str.h"
#include "cli/config.h"
#include "cli/env_make.h"
#include "cli/options.h"

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

int project_pip(struct cli *cli, const char *refusal, struct pip *ret, struct err *err)
{
    *ret = (struct pip){.cli = cli};
    if (cli->words.count > 1 || (cli->words.count && cli->options.env))
        return err_set(err, ERR_USAGE, "%s", refusal);
    if (cli->words.count)
        cli->options.env = cli->words.item[0];
    cli->options.pack.local = 1;
    return project_env(cli, err) < 0 ? -1 : pip_open(cli, ret, err);
}
