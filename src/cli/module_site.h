// SPDX-License-Identifier: Apache-2.0
// module_site: the module command that the site has, Lmod (LMOD_CMD) or Environment Modules (MODULES_CMD),
// where what it does is the site's policy: its own SitePackage.lua (LMOD_PACKAGE_PATH) asks for licences, keeps
// a log, moves what people load. That is not ours to pass over.
#pragma once

#include "cli/cli.h"

// By --engine=own|site; where neither is said: site where a policy is. `changes`: of a verb that changes what is
// loaded; one that only looks is ours unless --engine=site is said. Returns 1 for the site's, 0, or -1 with
// [usage]: there is none.
int module_site_is_asked(const struct cli *cli, int changes, struct err *err);
// Whether a SitePackage.lua of the site's own is there, whose rules on what is shown are not known here.
int module_site_has_policy(const struct cli *cli);
// Whether lopin's engine runs the hooks of SitePackage.lua: --hooks, or the site's module-hooks.
int module_hooks(const struct cli *cli);
// Becomes the site's command, which gives code of the shell. Returns only on failure: -1 with err.
int module_site_become(const struct cli *cli, const char *shell, const char *verb,
                       char *const *words, struct err *err);
// What such a command makes of the environment: asked of a bash, once. Words of modulefiles go to
// stderr. *ret is empty before. Returns 0, or -1 with [module-failed].
int module_site_vars(const struct cli *cli, const char *verb, char *const *words,
                     struct vars *ret, struct err *err);
