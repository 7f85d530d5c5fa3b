// SPDX-License-Identifier: Apache-2.0
// env_unpack: it is made beside its place and renamed. On the node's own disk processes of one user
// wait for each other by a lock; each user has a folder of its own, as nobody runs what another one
// could have written.
#include "cli/env_unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/lang.h"
#include "base/left.h"
#include "base/mem.h"
#include "cli/config.h"
#include "cli/env.h"
#include "cli/env_image.h"
#include "cli/parcel.h"
#include "cli/say.h"
#include "cli/setting.h"
#include "env/launcher.h"
#include "env/python.h"
#include "env/venv.h"
#include "image/read.h"
#include "image/unpack.h"

#define MARK_BEGIN "lopin-unpacked 1\n"
enum { SHOWN_NAME = 32 }; // digits of an image's name in that of a folder

struct unpacking {
    struct cli *cli;
    const char *file;
    int fd;
    char identity[IMAGE_HEX + 1];
    struct image image;
    struct python python;
    char *mark;     // the text of IMAGE_MARK; of any interpreter only its beginning counts
    int any_python; // none is asked for
};

static int wrong_file(struct unpacking *unpacking, struct err *err)
{
    return err_wrap(err, "%s", unpacking->file);
}

// An interpreter that the image names is started only if nobody else could have put it there, nor an
// image itself.
static int is_trusted(const char *program)
{
    struct stat st;
    struct statvfs about;
    CLEANUP_FREE char *real = realpath(program, NULL);
    CLEANUP_FREE char *ours = mem_print("/lopin-%lu/", (unsigned long)geteuid());
    if (!real || strstr(real, ours) || stat(real, &st) < 0 || !S_ISREG(st.st_mode) ||
        (st.st_mode & (S_IWGRP | S_IWOTH)))
        return 0;
    return st.st_uid == 0 || st.st_uid == geteuid() ||
           (statvfs(real, &about) == 0 && (about.f_flag & ST_RDONLY));
}

static int fits(const struct unpacking *unpacking)
{
    const struct image *image = &unpacking->image;
    const struct facts *facts = &unpacking->python.facts;
    return strcmp(facts->cache_tag, image->fact[IMAGE_TAG]) == 0 &&
           strcmp(facts->flags, image->fact[IMAGE_FLAGS]) == 0 &&
           strcmp(facts->platform, image->fact[IMAGE_PLATFORM]) == 0;
}

static int refuse_python(struct unpacking *unpacking, struct err *err)
{
    const struct image *image = &unpacking->image;
    const struct facts *facts = &unpacking->python.facts;
    err_set(err, ERR_NO_PYTHON, _("the image is for %s on %s, '%s' is %s on %s"),
            image->fact[IMAGE_TAG], image->fact[IMAGE_PLATFORM], facts->program,
            facts->cache_tag, facts->platform);
    return err_hint(err, "try", "lopin env unpack --python PATH ...");
}

static int find_python(struct unpacking *unpacking, struct err *err)
{
    const struct image *image = &unpacking->image;
    CLEANUP_FREE char *cache = setting_cache(unpacking->cli);
    int major;
    int minor;
    if (sscanf(image->fact[IMAGE_PYTHON], "%d.%d", &major, &minor) != 2)
        return err_set(err, ERR_BAD_IMAGE, _("it does not say which Python it is for"));
    CLEANUP_FREE char *version = mem_print("%d.%d", major, minor);
    CLEANUP_FREE char *home = mem_print("%s/python%s", image->fact[IMAGE_HOME], version);
    struct python_ask ask = {.want = unpacking->cli->options.python,
                             .vars = &unpacking->cli->vars,
                             .cache = cache,
                             .also = config_pythons(unpacking->cli)};
    if (!ask.want && *home == '/' && is_trusted(home)) {
        ask.want = home;
        if (python_find(&ask, &unpacking->python, NULL) == 0 && fits(unpacking))
            return 0;
        python_free(&unpacking->python);
        ask.want = NULL;
    }
    if (!ask.want)
        ask.want = version;
    if (python_find(&ask, &unpacking->python, err) < 0)
        return -1;
    return fits(unpacking) ? 0 : refuse_python(unpacking, err);
}

// Made first and never read: a cleaner of /tmp, which goes by the age of files, takes it before any other.
static int put_oldest(int into, struct err *err)
{
    static const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = IMAGE_TIME}};
    CLEANUP_CLOSE int fd =
        openat(into, IMAGE_OLDEST, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    return fd < 0 || futimens(fd, times) < 0
               ? err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), IMAGE_OLDEST)
               : 0;
}

// Makes the environment in `beside`, an empty folder of ours, to stand at `goal`.
static int fill(struct unpacking *unpacking, const char *beside, const char *goal,
                struct err *err)
{
    const struct image *image = &unpacking->image;
    CLEANUP_STR struct str first = {0};
    CLEANUP_FREE char *python = mem_print("%s/bin/python", goal);
    CLEANUP_FREE char *lopin = fs_self();
    CLEANUP_CLOSE int into = open(beside, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (into < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot use folder '%s'"), beside);
    launcher_add_first(&first, python);
    if (put_oldest(into, err) < 0)
        return -1;
    const struct image_unpack ask = {.threads = parcel_cpus(unpacking->cli),
                                     .first = first.text};
    if (image_unpack(&ask, unpacking->fd, image, into, err) < 0)
        return wrong_file(unpacking, err);
    const char *prompt = image->fact[IMAGE_PROMPT];
    const struct venv_ask frame = {.prefix = goal,
                                   .facts = &unpacking->python.facts,
                                   .prompt = *prompt ? prompt : NULL,
                                   .version = LOPIN_VERSION,
                                   .lopin = lopin,
                                   .no_pip = !*image->fact[IMAGE_PIP],
                                   .system_site = *image->fact[IMAGE_SYSTEM_SITE] == '1'};
    return venv_write(&frame, beside, err) < 0
               ? -1
               : fs_replace(into, IMAGE_MARK, unpacking->mark, strlen(unpacking->mark), 0644, 0,
                            err);
}

// `begin`: of the name that it has while it is made; what killed processes left under such names goes.
static int make(struct unpacking *unpacking, const char *goal, const char *begin, int old,
                struct err *err)
{
    CLEANUP_FREE char *folder = fs_folder(goal);
    CLEANUP_FREE char *beside = left_name(folder, begin);
    if (fs_make_dirs(AT_FDCWD, folder, 0777, err) < 0)
        return -1;
    left_sweep(folder, begin);
    if ((fs_remove(AT_FDCWD, beside) < 0 && errno != ENOENT) || mkdir(beside, 0777) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot make folder '%s'"), beside);
    int status = fill(unpacking, beside, goal, err);
    if (status == 0 && fs_exchange(beside, goal, old) < 0)
        status = err_errno(err, ERR_SYSTEM, errno, _("cannot make '%s'"), goal);
    if (old || status < 0)
        fs_remove(AT_FDCWD, beside); // what was there before, or what could not be finished
    return status;
}

// That it is used is its mark's time, to an hour (`lopin env gc`).
static void touch(const char *mark)
{
    enum { HOUR = 3600 };
    struct stat st;
    if (stat(mark, &st) == 0 && time(NULL) - st.st_mtime > HOUR)
        utimensat(AT_FDCWD, mark, NULL, 0);
}

// Whether it is an environment of that image, whole, whose interpreter is there, and the one asked for.
static int is_there(const struct unpacking *unpacking, const char *goal)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *mark = mem_print("%s/" IMAGE_MARK, goal);
    CLEANUP_FREE char *python = mem_print("%s/bin/python", goal);
    CLEANUP_FREE char *begin = mem_print(MARK_BEGIN "%s\n", unpacking->identity);
    CLEANUP_FREE char *oldest = mem_print("%s/" IMAGE_OLDEST, goal);
    if (fs_read(AT_FDCWD, mark, 1 << 16, &text, NULL) < 0 || access(python, X_OK) < 0 ||
        access(oldest, F_OK) < 0)
        return 0;
    touch(mark);
    return unpacking->any_python ? str_starts(str_text(&text), begin)
                                 : strcmp(str_text(&text), unpacking->mark) == 0;
}

// Who has the lock is the only one who makes that environment. Where there are no locks the rename decides.
static int take_turn(const struct unpacking *unpacking, const char *goal)
{
    CLEANUP_FREE char *folder = fs_folder(goal);
    CLEANUP_FREE char *path = mem_print("%s/.%s.lock", folder, fs_base(goal));
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (errno == EWOULDBLOCK) {
        say(unpacking->cli, _("waiting for another lopin, which unpacks it"));
        while (flock(fd, LOCK_EX) < 0 && errno == EINTR)
            ;
    }
    return fd;
}

static void say_made(const struct unpacking *unpacking, const char *goal, int64_t took_us)
{
    CLEANUP_STR struct str shown = {0};
    str_add_visible(&shown, goal, strlen(goal));
    say_label(unpacking->cli, _("env"),
              lang_plural("python %s, %zu package   unpacked in %.1f s",
                          "python %s, %zu packages   unpacked in %.1f s",
                          unpacking->image.package_count),
              unpacking->python.facts.version, unpacking->image.package_count,
              (double)took_us / 1e6);
}

static int make_once(struct unpacking *unpacking, const char *goal, struct err *err)
{
    int64_t begin = clock_boot_us();
    CLEANUP_CLOSE int turn = take_turn(unpacking, goal);
    (void)turn; // held until we return
    if (is_there(unpacking, goal))
        return 0;
    struct stat st;
    int old = lstat(goal, &st) == 0; // damaged, or of another time: replaced
    // without locks another one may have been quicker
    if (make(unpacking, goal, ".tmp-", old, err) < 0 && !is_there(unpacking, goal))
        return -1;
    say_made(unpacking, goal, clock_boot_us() - begin);
    return 0;
}

char *env_unpack_local(const struct cli *cli, struct err *err)
{
    const char *folder = cli->config ? site_local_disk(&cli->config->site) : NULL;
    if (!folder)
        folder = vars_get(&cli->vars, "SLURM_TMPDIR");
    struct vars vars = {0};
    vars_copy(&vars, cli->vars.list.item);
    if (folder && *folder == '/')
        vars_set(&vars, "TMPDIR", folder);
    char *ours = setting_temporary(&vars, err);
    vars_free(&vars);
    return ours;
}

static char *local_folder(const struct cli *cli, struct err *err)
{
    CLEANUP_FREE char *ours = env_unpack_local(cli, err);
    if (!ours)
        return NULL;
    CLEANUP_FREE char *images = mem_print("%s/" ENV_UNPACK_FOLDER, ours);
    if (mkdir(images, 0700) < 0 && errno != EEXIST)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot make folder '%s'"), images), NULL;
    return TAKE(images);
}

// With an interpreter that was asked for it is another environment.
static char *local_goal(struct unpacking *unpacking, struct err *err)
{
    struct hash hash;
    CLEANUP_FREE char *folder = local_folder(unpacking->cli, err);
    if (!folder)
        return NULL;
    if (unpacking->any_python)
        return mem_print("%s/%.*s", folder, SHOWN_NAME, unpacking->identity);
    hash_begin(&hash);
    hash_text(&hash, unpacking->mark);
    return mem_print("%s/%.*s-%016llx", folder, SHOWN_NAME, unpacking->identity,
                     (unsigned long long)hash_end(&hash));
}

static int make_at(struct unpacking *unpacking, const char *goal, struct err *err)
{
    struct stat st;
    int64_t begin = clock_boot_us();
    int old = lstat(goal, &st) == 0;
    if (old && !fs_is_empty(goal) && !unpacking->cli->options.pack.clear) {
        err_set(err, ERR_USAGE, _("'%s' is there already"), goal);
        return err_hint(err, "try", _("another name, or --clear to remove what is in it"));
    }
    CLEANUP_FREE char *name = mem_print(".%s.lopin-", fs_base(goal));
    if (make(unpacking, goal, name, old, err) < 0)
        return -1;
    say_made(unpacking, goal, clock_boot_us() - begin);
    return 0;
}

// The index, and an interpreter that fits.
static int look_inside(struct unpacking *unpacking, struct err *err)
{
    char identity[IMAGE_HEX + 1];
    memcpy(identity, unpacking->identity, sizeof identity);
    if (image_read(unpacking->fd, &unpacking->image, err) < 0)
        return wrong_file(unpacking, err);
    if (unpacking->image.is_capsule) {
        err_set(err, ERR_BAD_IMAGE, _("'%s' is a capsule of a run, no environment"),
                unpacking->file);
        return err_hint(err, "try", "lopin unpack FILE");
    }
    if (strcmp(unpacking->image.identity, identity) != 0)
        return err_set(err, ERR_BAD_IMAGE, _("'%s' changed while it was being read"),
                       unpacking->file);
    if (find_python(unpacking, err) < 0)
        return err && err->code == ERR_BAD_IMAGE ? wrong_file(unpacking, err) : -1;
    unpacking->mark =
        mem_print(MARK_BEGIN "%s\n%s\n%s\n", unpacking->identity,
                  unpacking->python.facts.program, unpacking->python.facts.version);
    return 0;
}

// What was unpacked is found by the last bytes of the file alone.
static int unpack(struct unpacking *unpacking, const char *goal, char **ret, struct err *err)
{
    if (image_identify(unpacking->fd, unpacking->identity, err) < 0)
        return wrong_file(unpacking, err);
    unpacking->any_python = !unpacking->cli->options.python;
    if (!unpacking->any_python && look_inside(unpacking, err) < 0)
        return -1;
    CLEANUP_FREE char *place = goal ? mem_dup(goal) : local_goal(unpacking, err);
    if (!place)
        return -1;
    int keeps = !goal || !unpacking->cli->options.pack.clear;
    if (!keeps || !is_there(unpacking, place)) {
        if (!unpacking->mark && look_inside(unpacking, err) < 0)
            return -1;
        if ((goal ? make_at(unpacking, place, err) : make_once(unpacking, place, err)) < 0)
            return -1;
    }
    *ret = TAKE(place);
    return 0;
}

int env_unpack_image(struct cli *cli, const char *file, const char *goal, char **ret,
                     struct err *err)
{
    struct unpacking unpacking = {.cli = cli, .file = file};
    *ret = NULL;
    CLEANUP_CLOSE int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(err, ERR_USAGE, errno, _("cannot read '%s'"), file);
    unpacking.fd = fd;
    int status = unpack(&unpacking, goal, ret, err);
    image_free(&unpacking.image);
    python_free(&unpacking.python);
    free(unpacking.mark);
    return status;
}

int env_unpack_for_line(struct cli *cli, struct err *err)
{
    struct stat st;
    CLEANUP_FREE char *file = fs_absolute(cli->cwd, cli->options.env);
    if (stat(file, &st) < 0 || !S_ISREG(st.st_mode))
        return 0;
    if (cli->options.dry_run) {
        CLEANUP_STR struct str shown = {0};
        str_add_visible(&shown, cli->options.env, strlen(cli->options.env));
        say_label(cli, _("env"), _("%s would be unpacked if it is not yet"), shown.text);
        cli->options.env = NULL;
        return 0;
    }
    // --python is what the image is unpacked for; then the environment's own is used
    if (env_unpack_image(cli, file, NULL, &cli->made_env, err) < 0)
        return -1;
    cli->made_image = TAKE(file);
    cli->options.env = cli->made_env;
    cli->options.python = NULL;
    return 0;
}

int env_unpack(struct cli *cli, struct err *err)
{
    if (cli->words.count < 1 || cli->words.count > 2) {
        err_set(err, ERR_USAGE, _("unpack takes the file of an image, and perhaps a folder"));
        return err_hint(err, "try", "source \"$(lopin env unpack env.img)/bin/activate\"");
    }
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *file = fs_absolute(cli->cwd, cli->words.item[0]);
    CLEANUP_FREE char *goal =
        cli->words.count == 2 ? fs_absolute(cli->cwd, cli->words.item[1]) : NULL;
    CLEANUP_FREE char *made = NULL;
    if (env_unpack_image(cli, file, goal, &made, err) < 0)
        return -1;
    str_print(&text, "%s\n", made);
    return say_data(cli, &text, err);
}
