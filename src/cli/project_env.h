// SPDX-License-Identifier: Apache-2.0
// project_env: the environment of a project for the verbs of env.
#pragma once

#include "cli/cli.h"

// Where no environment is named or active: sets cli->options.env to the one that a
// line of the project would take, made if it is not there. Without a project nothing is set. Returns
// 0, or -1 with err.
int project_env(struct cli *cli, struct err *err);
