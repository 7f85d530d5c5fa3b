// SPDX-License-Identifier: Apache-2.0
// cmd_unpack: `lopin unpack FILE [DIR]`: a capsule becomes a folder in which its line works.
// Nothing of it is started; its settings are written anew from what it says, checked word by
// word.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/left.h"
#include "base/mem.h"
#include "cli/capsule.h"
#include "cli/env_image.h"
#include "cli/parcel.h"
#include "cli/project.h"
#include "cli/say.h"
#include "image/read.h"
#include "image/unpack.h"

struct unpacking {
    struct cli *cli;
    const char *file;
    int fd;
    struct image image;
    struct image env; // in it; of no members: it has none
    struct str line;
};

static int wrong_file(const struct unpacking *unpacking, struct err *err)
{
    return err_wrap(err, "%s", unpacking->file);
}

static int look_inside(struct unpacking *unpacking, struct err *err)
{
    if (image_read(unpacking->fd, &unpacking->image, err) < 0)
        return wrong_file(unpacking, err);
    if (!unpacking->image.is_capsule) {
        err_set(err, ERR_BAD_IMAGE, _("'%s' is an environment, no capsule of a run"),
                unpacking->file);
        return err_hint(err, "try", "lopin env unpack FILE");
    }
    return capsule_check(&unpacking->image, err) < 0 ? wrong_file(unpacking, err) : 0;
}

// That of a capsule is looked at before anybody relies on it.
static int look_at_env(struct unpacking *unpacking, int folder, struct err *err)
{
    const char *name = capsule_value(&unpacking->image, CAPSULE_ENV);
    if (!name)
        return 0;
    CLEANUP_CLOSE int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), name);
    int status = image_read(fd, &unpacking->env, err);
    if (status == 0 && !unpacking->env.is_capsule)
        return 0;
    if (status == 0)
        err_set(err, ERR_BAD_IMAGE, _("'%s' is a capsule of a run, no environment"), name);
    err_wrap(err, "%s", name);
    return wrong_file(unpacking, err);
}

static int fill(struct unpacking *unpacking, const char *beside, struct err *err)
{
    CLEANUP_STR struct str settings = {0};
    const struct image_unpack ask = {.threads = parcel_cpus(unpacking->cli), .first = ""};
    CLEANUP_CLOSE int into = open(beside, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (into < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot use folder '%s'"), beside);
    if (image_unpack(&ask, unpacking->fd, &unpacking->image, into, err) < 0)
        return wrong_file(unpacking, err);
    if (look_at_env(unpacking, into, err) < 0)
        return -1;
    capsule_add_settings(&settings, &unpacking->image);
    capsule_add_line(&unpacking->line, &unpacking->image);
    return fs_replace(into, PROJECT_FILE, settings.text, settings.size, 0644, 0, err) < 0 ||
                   fs_replace(into, CAPSULE_RUN_FILE, unpacking->line.text,
                              unpacking->line.size, 0644, 0, err) < 0
               ? -1
               : 0;
}

static int is_there(const char *goal, struct err *err)
{
    CLEANUP_STR struct str shown = {0};
    str_add_visible(&shown, goal, strlen(goal));
    err_set(err, ERR_USAGE, _("'%s' is there already"), shown.text);
    return err_hint(err, "try", "lopin unpack FILE DIR");
}

// Made beside its place and renamed: half of it is never seen.
static int make(struct unpacking *unpacking, const char *goal, struct err *err)
{
    CLEANUP_FREE char *folder = fs_folder(goal);
    CLEANUP_FREE char *begin = mem_print(".%s.lopin-", fs_base(goal));
    CLEANUP_FREE char *beside = left_name(folder, begin);
    struct stat st;
    if (lstat(goal, &st) == 0)
        return is_there(goal, err);
    if (fs_make_dirs(AT_FDCWD, folder, 0777, err) < 0)
        return -1;
    left_sweep(folder, begin);
    if ((fs_remove(AT_FDCWD, beside) < 0 && errno != ENOENT) || mkdir(beside, 0755) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot make folder '%s'"), beside);
    int status = fill(unpacking, beside, err);
    if (status == 0 && fs_exchange(beside, goal, 0) < 0)
        status = errno == EEXIST || errno == ENOTEMPTY
                     ? is_there(goal, err)
                     : err_errno(err, ERR_SYSTEM, errno, _("cannot make '%s'"), goal);
    if (status < 0)
        fs_remove(AT_FDCWD, beside);
    return status;
}

// "campaign" of "campaign.lopin". Yours; NULL with err.
static char *default_goal(const struct cli *cli, const char *file, struct err *err)
{
    const char *base = fs_base(file), *dot = strrchr(base, '.');
    CLEANUP_FREE char *name = dot && dot > base ? mem_dupn(base, (size_t)(dot - base)) : NULL;
    if (!name) {
        err_set(err, ERR_USAGE, _("'%s' has no ending: the folder must be named"), base);
        err_hint(err, "try", "lopin unpack FILE DIR");
        return NULL;
    }
    return fs_absolute(cli->cwd, name);
}

static int tell(const struct unpacking *unpacking, const char *goal, struct err *err)
{
    const struct cli *cli = unpacking->cli;
    const struct image *image = &unpacking->image;
    CLEANUP_STR struct str shown = {0}, text = {0}, script = {0};
    const char *named = capsule_value(image, CAPSULE_SCRIPT);
    const char *count = capsule_value(image, CAPSULE_DATASETS);
    const char *path = fs_from(cli->cwd, goal);
    str_add_visible(&shown, path, strlen(path));
    str_add_visible(&script, named, strlen(named));
    say_label(cli, _("capsule"), _("%s   %s, %s datasets"), shown.text, script.text,
              count ? count : "?");
    if (unpacking->env.member_count)
        say_label(cli, _("env"),
                  lang_plural("python %s, %zu package, as it was packed",
                              "python %s, %zu packages, as they were packed",
                              unpacking->env.package_count),
                  unpacking->env.fact[IMAGE_PYTHON], unpacking->env.package_count);
    for (size_t i = 0; i < image->member_count; i++)
        if (strcmp(image->member[i].path, PROJECT_LOCK) == 0)
            say_label(cli, "", _("--frozen takes this site's wheels, as %s has them"),
                      PROJECT_LOCK);
    str_add(&text, *path == '-' ? "cd -- " : "cd ");
    str_add_shell(&text, path);
    str_print(&text, " && %s", unpacking->line.text);
    return say_data(cli, &text, err);
}

int cmd_unpack(struct cli *cli, struct err *err)
{
    if (cli->words.count < 1 || cli->words.count > 2) {
        err_set(err, ERR_USAGE, _("unpack takes the file of a capsule, and perhaps a folder"));
        return err_hint(err, "try", "lopin unpack campaign.lopin");
    }
    struct unpacking unpacking = {.cli = cli, .file = cli->words.item[0]};
    CLEANUP_CLOSE int fd = open(unpacking.file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, ERR_USAGE, errno, _("cannot read '%s'"), unpacking.file);
    CLEANUP_FREE char *goal = cli->words.count == 2 ? fs_absolute(cli->cwd, cli->words.item[1])
                                                    : default_goal(cli, unpacking.file, err);
    unpacking.fd = fd;
    int status = !goal || look_inside(&unpacking, err) < 0 || make(&unpacking, goal, err) < 0
                     ? -1
                     : tell(&unpacking, goal, err);
    image_free(&unpacking.image);
    image_free(&unpacking.env);
    str_free(&unpacking.line);
    return status;
}
