// SPDX-License-Identifier: Apache-2.0
// pyenv: what pyenv's shims would start, found without starting them.
#pragma once

#include "base/str.h"
#include "base/vars.h"

// pyenv's folder: PYENV_ROOT, else HOME/.pyenv, if it has versions. Yours, NULL if there is
// none.
char *pyenv_root(const struct vars *vars);
// Is `folder` (an entry of PATH) the folder of shims?
int pyenv_is_shims(const char *root, const char *folder);
// The versions in force by PYENV_VERSION, else .python-version in `cwd` or above, else
// ROOT/version, else "system". Adds their names; ret_source (yours) says where they stand.
void pyenv_chosen(const char *root, const struct vars *vars, const char *cwd, struct strv *ret,
                  char **ret_source);
// The path of a program of one version; "3.11" is the newest 3.11.Z. Yours, NULL if it is not
// there.
char *pyenv_program(const char *root, const char *version, const char *program);
// Adds the names of CPython's versions that are installed, releases newest first, then
// pre-releases.
void pyenv_versions(const char *root, struct strv *ret);
