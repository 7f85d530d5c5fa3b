// SPDX-License-Identifier: Apache-2.0
// env_pack: `lopin env pack FILE [ENV]`.
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/human.h"
#include "base/lang.h"
#include "cli/env.h"
#include "cli/env_image.h"
#include "cli/project_env.h"
#include "cli/say.h"

static void tell(const struct cli *cli, const struct image *image, const char *path,
                 int64_t took_us)
{
    CLEANUP_STR struct str shown = {0}, size = {0}, raw = {0};
    struct stat st;
    str_add_visible(&shown, path, strlen(path));
    human_memory(&size, stat(path, &st) == 0 ? st.st_size / 1024 : 0);
    human_memory(&raw, (int64_t)(image->size / 1024));
    say_label(cli, _("image"),
              lang_plural("%s   python %s, %zu package, %s of %s   in %.1f s",
                          "%s   python %s, %zu packages, %s of %s   in %.1f s",
                          image->package_count),
              shown.text, image->fact[IMAGE_PYTHON], image->package_count, size.text, raw.text,
              (double)took_us / 1e6);
    say_label(cli, _("name"), "%s", image->identity);
}

int env_pack(struct cli *cli, struct err *err)
{
    struct image image = {0};
    if (cli->words.count < 1 || cli->words.count > 2) {
        err_set(err, ERR_USAGE, _("pack takes a file to write, and perhaps an environment"));
        return err_hint(err, "try", "lopin env pack env.img ENV");
    }
    if (cli->words.count == 2)
        cli->options.env = cli->words.item[1];
    CLEANUP_FREE char *path = fs_absolute(cli->cwd, cli->words.item[0]);
    int64_t begin = clock_boot_us();
    int is_named = cli->options.env != NULL;
    if (project_env(cli, err) < 0)
        return -1;
    int is_projects = !is_named && cli->options.env;
    if (env_pack_image(cli, cli->options.env, is_projects, path, &image, err) < 0)
        return -1;
    tell(cli, &image, path, clock_boot_us() - begin);
    image_free(&image);
    return 0;
}
