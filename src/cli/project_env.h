// SPDX-License-Identifier: Apache-2.0
// project_env: the environment of a project for the verbs of env.
#pragma once

#include "cli/pip.h"

// Where no environment is named or active: sets cli->options.env to the one that a
// line of the project would take, made if it is not there. Without a project nothing is set. Returns
// 0, or -1 with err.
int project_env(struct cli *cli, struct err *err);
// Opens the environment that the only word or --env names, else that of project_env, without packages
// that are not its own. `refusal`: translated, of more words. As pip_open.
int project_pip(struct cli *cli, const char *refusal, struct pip *ret, struct err *err);
