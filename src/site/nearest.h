// SPDX-License-Identifier: Apache-2.0
// nearest: the project's file that counts for a folder: lopin.toml, or pyproject.toml with [tool.lopin],
// of the folder itself or the nearest above it. The search ends with the folder that holds .git, with
// the home folder and with the last on the same file system.
#pragma once

#include "base/str.h"
#include "site/document.h"

// `folder` is absolute, `home` may be NULL. *ret is ABSENT if there is none. Adds the paths that were
// looked at and are not there to `ret_looked` (may be NULL). Returns 0, or -1 with [config], [system].
int nearest_read(const char *folder, const char *home, struct document *ret,
                 struct strv *ret_looked, struct err *err);
