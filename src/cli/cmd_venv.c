// SPDX-License-Identifier: Apache-2.0
// cmd_venv: `lopin venv ENV`: an isolated environment, in one step: it is made beside ENV and renamed,
// so that a kill leaves the old one or none.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/say.h"
#include "cli/setting.h"
#include "env/venv.h"

// What is at the place: nothing, an empty folder, an environment, or something else.
enum place { PLACE_FREE, PLACE_EMPTY, PLACE_ENV, PLACE_OTHER };

static int look_at(const char *path, enum place *ret, struct err *err)
{
    struct stat st;
    CLEANUP_FREE char *config = mem_print("%s/pyvenv.cfg", path);
    *ret = PLACE_FREE;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0
                               : err_errno(err, ERR_USAGE, errno, _("cannot use '%s'"), path);
    if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
        return err_set(err, ERR_USAGE, _("'%s' is there and is no folder"), path);
    *ret = access(config, F_OK) == 0 ? PLACE_ENV
           : fs_is_empty(path)       ? PLACE_EMPTY
                                     : PLACE_OTHER;
    return 0;
}

static int refuse(const char *path, struct err *err)
{
    err_set(err, ERR_USAGE, _("'%s' has files and is no environment"), path);
    return err_hint(err, "try", _("another name, or --clear to remove what is in it"));
}

// In a folder beside it, which takes its place. `old`: something is there, and goes.
static int make_new(const struct venv_ask *ask, int old, struct err *err)
{
    CLEANUP_FREE char *folder = fs_folder(ask->prefix);
    CLEANUP_FREE char *beside =
        mem_print("%s/.%s.lopin-%ld", folder, fs_base(ask->prefix), (long)getpid());
    if (fs_make_dirs(AT_FDCWD, folder, 0777, err) < 0)
        return -1;
    if (fs_remove(AT_FDCWD, beside) < 0 || mkdir(beside, 0777) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot make folder '%s'"), beside);
    int status = venv_write(ask, beside, err);
    if (status == 0 && fs_exchange(beside, ask->prefix, old) < 0)
        status = err_errno(err, ERR_SYSTEM, errno, _("cannot make '%s'"), ask->prefix);
    fs_remove(AT_FDCWD, beside); // what was there before, or what could not be finished
    return status;
}

static int make(const struct cli *cli, const struct venv_ask *ask, struct err *err)
{
    enum place place;
    const struct pack_options *pack = &cli->options.pack;
    if (look_at(ask->prefix, &place, err) < 0)
        return -1;
    if (place == PLACE_FREE || place == PLACE_EMPTY || pack->clear)
        return make_new(ask, place != PLACE_FREE, err);
    if (place == PLACE_OTHER)
        return refuse(ask->prefix, err);
    return venv_write(ask, ask->prefix, err);
}

static void tell(const struct cli *cli, const struct venv_ask *ask, const struct python *python)
{
    CLEANUP_STR struct str path = {0};
    CLEANUP_STR struct str word = {0};
    str_add_visible(&path, python->path, strlen(python->path));
    str_add_shell(&word, cli->words.item[0]);
    say_label(cli, _("env"), "python %s   %s", ask->facts->version, path.text);
    say_label(cli, _("use it"), ". %s/bin/activate", word.text);
}

static char *prompt_of(const struct cli *cli)
{
    const char *prompt = cli->options.pack.prompt;
    return prompt ? mem_dup(strcmp(prompt, ".") == 0 ? fs_base(cli->cwd) : prompt) : NULL;
}

int cmd_venv(struct cli *cli, struct err *err)
{
    if (cli->words.count != 1) {
        err_set(err, ERR_USAGE, _("venv takes the folder of one environment"));
        return err_hint(err, "try", "lopin venv ENV && . ENV/bin/activate");
    }
    struct python python = {0};
    CLEANUP_FREE char *cache = setting_cache(&cli->vars);
    CLEANUP_FREE char *prefix = fs_absolute(cli->cwd, cli->words.item[0]);
    CLEANUP_FREE char *prompt = prompt_of(cli);
    CLEANUP_FREE char *lopin = fs_self();
    const struct python_ask question = {
        .want = cli->options.python, .vars = &cli->vars, .cache = cache};
    if (python_find(&question, &python, err) < 0)
        return -1;
    const struct venv_ask ask = {.prefix = prefix,
                                 .facts = &python.facts,
                                 .prompt = prompt,
                                 .version = LOPIN_VERSION,
                                 .lopin = cli->options.pack.no_pip ? NULL : lopin,
                                 .system_site = cli->options.pack.system_site};
    int status = *python.facts.implementation
                     ? make(cli, &ask, err)
                     : err_set(err, ERR_NO_PYTHON,
                               _("Python %s is too old for environments: 3.6 is the oldest"),
                               python.facts.version);
    if (status == 0)
        tell(cli, &ask, &python);
    python_free(&python);
    return status;
}
