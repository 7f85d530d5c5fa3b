// SPDX-License-Identifier: Apache-2.0
#include "cli/pip.h"
int pip_install(struct cli *cli, struct err *err)
{
    (void)cli;
    return err_set(err, ERR_USAGE, "x");
}
int pip_uninstall(struct cli *cli, struct err *err)
{
    (void)cli;
    return err_set(err, ERR_USAGE, "x");
}
