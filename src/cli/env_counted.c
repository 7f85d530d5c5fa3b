// SPDX-License-Identifier: Apache-2.0
#include "cli/env_counted.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lang.h"
#include "base/left.h"
#include "cli/env_image.h"
#include "cli/env_make.h"
#include "cli/env_unpack.h"
#include "cli/packs_line.h"
#include "cli/packs_memo.h"
#include "cli/packs_put.h"
#include "cli/say.h"

// Where the site counts files: made on the node's own disk, with a store there, and kept in the
// cache as one file, `image`.
static int make_image(struct cli *cli, struct packs *packs, const char *image, struct err *err)
{
    struct image packed = {0};
    CLEANUP_FREE char *folder = fs_folder(image);
    CLEANUP_FREE char *lopin = fs_self();
    CLEANUP_FREE char *beside = left_name(packs->local, ".build-");
    const struct venv_ask ask = {.prefix = beside,
                                 .facts = &packs->python->facts,
                                 .version = LOPIN_VERSION,
                                 .lopin = lopin,
                                 .no_pip = 1};
    left_sweep(packs->local, ".build-");
    int status = env_make(&ask, packs, 0, err);
    if (status == 0)
        status = fs_make_dirs(AT_FDCWD, folder, 0777, err);
    if (status == 0)
        status = env_pack_image(cli, beside, 0, image, &packed, err);
    image_free(&packed);
    fs_remove(AT_FDCWD, beside);
    return status;
}

static int is_damaged(const struct err *err)
{
    return err->code == ERR_BAD_IMAGE || err->code == ERR_RUN_FORMAT;
}

static int make_counted(struct cli *cli, struct packs *packs, char **ret_image, char **ret,
                        struct err *err)
{
    int64_t begin = clock_boot_us();
    packs->local = env_unpack_local(cli, err);
    if (!packs->local || packs_solve(packs, err) < 0 || packs_fill(packs, err) < 0)
        return -1;
    CLEANUP_FREE char *image = env_name(packs, "images", ".img");
    int is_new = access(image, F_OK) < 0;
    if (is_new && make_image(cli, packs, image, err) < 0)
        return -1;
    if (is_new)
        env_say_made(packs, 0, clock_boot_us() - begin);
    packs_say_notes(packs);
    int status = env_unpack_image(cli, image, NULL, ret, err);
    if (status < 0 && !is_new && is_damaged(err)) {
        say(cli, _("%s is made anew"), err->text);
        *err = (struct err){0};
        status = make_image(cli, packs, image, err) < 0
                     ? -1
                     : env_unpack_image(cli, image, NULL, ret, err);
    }
    *ret_image = TAKE(image);
    return status;
}

// That it is used is its time, to an hour, as an environment's.
static int use_image(struct cli *cli, const char *image, char **ret, struct err *err)
{
    enum { HOUR = 3600 };
    struct stat st;
    if (env_unpack_image(cli, image, NULL, ret, err) < 0)
        return -1;
    if (stat(image, &st) == 0 && time(NULL) - st.st_mtime > HOUR)
        utimensat(AT_FDCWD, image, NULL, 0);
    return 0;
}

// What the node's own disk has no room for, or is not there to hold, is made in the cache as
// elsewhere.
static int is_of_disk(const struct cli *cli, const struct err *err)
{
    if (err->code != ERR_DISK_FULL && err->code != ERR_SYSTEM)
        return 0;
    say(cli, _("not on the node's own disk, though files are counted: %s"), err->text);
    return 1;
}

// What the line led to before, if it is an image. Yours, or NULL.
static char *known_image(const char *memo)
{
    CLEANUP_FREE char *known = NULL;
    return memo && packs_memo_read(memo, &known) == 0 && str_ends(known, ".img") &&
                   access(known, R_OK) == 0
               ? TAKE(known)
               : NULL;
}

int env_counted(struct cli *cli, const struct packs_ask *ask, const char *memo, char **ret,
                struct err *err)
{
    struct packs packs = {0};
    struct err wrong = {0};
    CLEANUP_FREE char *image = NULL;
    CLEANUP_FREE char *known = known_image(memo);
    free(TAKE(*ret));
    if (known) {
        if (use_image(cli, known, ret, &wrong) == 0) {
            cli->made_image = TAKE(known);
            return 1;
        }
        if (is_of_disk(cli, &wrong))
            return 0;
        wrong = (struct err){0}; // it is looked at once more, and made anew where it is damaged
    }
    int status = packs_open_line(ask, &packs, &wrong);
    if (status == 0)
        status = make_counted(cli, &packs, &image, ret, &wrong);
    packs_free(&packs);
    if (status == 0 && memo)
        env_keep_memo(cli, memo, image);
    if (status == 0) {
        cli->made_image = TAKE(image);
        return 1;
    }
    if (is_of_disk(cli, &wrong))
        return 0;
    *err = wrong;
    return -1;
}
