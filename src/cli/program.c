// SPDX-License-Identifier: Apache-2.0
#include "cli/program.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/say.h"

enum { STATUS_CANNOT = 126, STATUS_ABSENT = 127 };

// Whether its first line names lopin, by itself or behind env and its options.
static int starts_lopin(const char *path)
{
    char line[256] = "";
    CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || read(fd, line, sizeof line - 1) < 4 || !str_starts(line, "#!"))
        return 0;
    line[strcspn(line, "\n")] = '\0';
    char *rest, *word = strtok_r(line + 2, " \t", &rest);
    if (word && strcmp(fs_base(word), "env") == 0)
        do
            word = strtok_r(NULL, " \t", &rest);
        while (word && (*word == '-' || strchr(word, '=')));
    return word && strcmp(fs_base(word), "lopin") == 0;
}

int program_is_python(const char *path)
{
    return str_ends(path, ".py") || (strchr(path, '/') && starts_lopin(path));
}

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
