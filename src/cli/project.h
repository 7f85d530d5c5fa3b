// SPDX-License-Identifier: Apache-2.0
// project: the folder of a project, which is where the file that the configuration found is (lopin.toml,
// or pyproject.toml with [tool.lopin]), and its lopin.lock.
#pragma once

#include "cli/cli.h"

#define PROJECT_FILE "lopin.toml"
#define PROJECT_LOCK "lopin.lock"

// Yours; NULL: there is none.
char *project_folder(const struct cli *cli);
// The lopin.lock of that folder, or of the current one; it need not be there. Yours.
char *project_lock(const struct cli *cli);
