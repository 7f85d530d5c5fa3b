// SPDX-License-Identifier: Apache-2.0
#include "cli/program.h"

#include <errno.h>
#include <unistd.h>

#include "base/lang.h"
#include "cli/say.h"

enum { STATUS_CANNOT = 126, STATUS_ABSENT = 127 };

int program_not_found(const struct cli *cli, const struct err *err)
{
    say_error(cli, err);
    return access(cli->words.item[0], F_OK) < 0 ? STATUS_ABSENT : STATUS_CANNOT;
}

int program_refused(const struct cli *cli, const char *path, int errnum, struct err *err)
{
    err_errno(err, ERR_NO_PROGRAM, errnum, _("cannot execute '%s'"), path);
    say_error(cli, err);
    return errnum == ENOENT ? STATUS_ABSENT : STATUS_CANNOT;
}
