// SPDX-License-Identifier: Apache-2.0
// env_thaw: `lopin env thaw PACKAGE...`: files of the environment's own in place of links.
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "cli/env.h"
#include "cli/pip.h"
#include "cli/say.h"
#include "env/change.h"
#include "env/thaw.h"
#include "wheel/name.h"

static const struct dist *find(const struct pip *pip, const char *word, struct err *err)
{
    CLEANUP_STR struct str normal = {0};
    name_add_normal(&normal, piece_of(word));
    const struct dist *dist = dists_find(&pip->dists, str_text(&normal));
    if (!dist)
        err_set(err, ERR_USAGE, _("not installed: %s"), word);
    else if (!pip_is_own(pip, dist))
        err_set(err, ERR_USAGE, _("%s is the installation's, not the environment's"),
                dist->name);
    return dist && pip_is_own(pip, dist) ? dist : NULL;
}

static int thaw_words(const struct pip *pip, struct err *err)
{
    const struct cli *cli = pip->cli;
    CLEANUP_FREE const char **names = mem_zero(cli->words.count + 1, sizeof *names);
    CLEANUP_STRV struct strv own = {0};
    for (size_t i = 0; i < cli->words.count; i++) {
        const struct dist *dist = find(pip, cli->words.item[i], err);
        if (!dist)
            return -1;
        names[i] = dist->normal;
    }
    if (thaw(&pip->site, &pip->dists, names, &own, err) < 0)
        return -1;
    for (size_t i = 0; i < own.count; i++)
        say(cli, _("%s has files of its own already"), own.item[i]);
    return 0;
}

int env_thaw(struct cli *cli, struct err *err)
{
    struct pip pip;
    int status = -1;
    if (!cli->words.count) {
        err_set(err, ERR_USAGE, _("a package is missing"));
        return err_hint(err, "try", "lopin env thaw numpy");
    }
    if (pip_open(cli, &pip, err) == 0 && change_finish(&pip.site, err) == 0)
        status = thaw_words(&pip, err);
    pip_close(&pip);
    return status;
}
