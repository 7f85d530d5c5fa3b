// SPDX-License-Identifier: Apache-2.0
#include "cli/module_site.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/capture.h"
#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/proc.h"
#include "cli/config.h"
#include "modulefile/engine.h"

enum { ANSWER_US = 600 * 1000000, ANSWER_MOST = 64 << 20 };

static const char *command_of(const struct cli *cli)
{
    const char *lmod = vars_get(&cli->vars, "LMOD_CMD");
    return lmod && *lmod ? lmod : vars_get(&cli->vars, "MODULES_CMD");
}

int module_site_has_policy(const struct cli *cli)
{
    const char *folders = vars_get(&cli->vars, "LMOD_PACKAGE_PATH");
    const char *lmod = vars_get(&cli->vars, "LMOD_CMD");
    CLEANUP_STRV struct strv list = {0};
    if (!folders || !lmod || !*lmod)
        return 0;
    strv_split(&list, folders, ':');
    for (size_t i = 0; i < list.count; i++) {
        CLEANUP_FREE char *path = mem_print("%s/SitePackage.lua", list.item[i]);
        if (*list.item[i] && access(path, F_OK) == 0)
            return 1;
    }
    return 0;
}

// `lopin module` reads no configuration but that, and only where there is something to hook.
int module_hooks(const struct cli *cli)
{
    const char *folders = vars_get(&cli->vars, "LMOD_PACKAGE_PATH");
    if (cli->options.hooks || !folders || !*folders)
        return cli->options.hooks;
    if (cli->config)
        return cli->config->site.module_hooks;
    struct site_file site = {0};
    int wanted =
        site_file_read(&site, CONFIG_SITE_PATH, &cli->vars, NULL) == 0 && site.module_hooks;
    site_file_free(&site);
    return wanted;
}

int module_site_is_asked(const struct cli *cli, int changes, struct err *err)
{
    const char *engine = cli->options.engine;
    if (!engine)
        return changes && module_site_has_policy(cli);
    if (strcmp(engine, "own") == 0)
        return 0;
    const char *command = command_of(cli);
    if (command && *command)
        return 1;
    err_set(
        err, ERR_USAGE,
        _("there is no module command of the site: neither LMOD_CMD nor MODULES_CMD is set"));
    return err_hint(err, "try", "--engine=own");
}

// What only Lmod has.
static void add_lmod_words(const struct cli *cli, struct strv *into)
{
    const struct options *options = &cli->options;
    const char *lmod = vars_get(&cli->vars, "LMOD_CMD");
    if (!lmod || !*lmod)
        return;
    if (options->quiet)
        strv_add(into, "-q");
    if (options->no_redirect)
        strv_add(into, "--no_redirect");
    if (options->pin_versions && engine_is_yes(options->pin_versions))
        strv_add(into, "--pin_versions=yes");
    if (options->width)
        strv_take(into, mem_print("--width=%u", options->width));
}

static void add_words(const struct cli *cli, const char *shell, const char *verb,
                      char *const *words, struct strv *into)
{
    const struct options *options = &cli->options;
    const struct {
        int is_said;
        const char *word;
    } flags[] = {{options->force, "--force"}, {options->latest, "--latest"},
                 {options->terse, "-t"},      {options->defaults, "-d"},
                 {options->regexp, "-r"},     {options->redirect, "--redirect"},
                 {options->debug, "-D"},      {options->location, "--location"},
                 {options->raw, "--raw"},     {options->all_modules, "--show_hidden"}};
    strv_add(into, command_of(cli));
    strv_add(into, shell);
    for (size_t i = 0; i < COUNT(flags); i++)
        if (flags[i].is_said)
            strv_add(into, flags[i].word);
    add_lmod_words(cli, into);
    strv_add(into, verb);
    for (; *words; words++)
        strv_add(into, *words);
}

static int not_started(const char *command, struct err *err)
{
    err_errno(err, ERR_MODULE, errno, _("cannot execute the site's module command '%s'"),
              command);
    return err_hint(err, "try", "--engine=own");
}

int module_site_become(const struct cli *cli, const char *shell, const char *verb,
                       char *const *words, struct err *err)
{
    CLEANUP_STRV struct strv list = {0};
    const char *command = command_of(cli);
    add_words(cli, shell, verb, words, &list);
    const struct proc proc = {.path = command,
                              .argv = list.item,
                              .envp = cli->vars.list.item,
                              .folder = -1,
                              .in = -1,
                              .out = -1,
                              .error = -1};
    proc_become(&proc);
    return not_started(command, err);
}

// Of the bash that was asked, not of the modules.
static void settle_vars(const struct cli *cli, struct vars *ret)
{
    static const char *const own[] = {"_", "SHLVL", "PWD", "OLDPWD", "BASH_ENV"};
    for (size_t i = 0; i < COUNT(own); i++) {
        const char *before = vars_get(&cli->vars, own[i]);
        if (before)
            vars_set(ret, own[i], before);
        else
            vars_unset(ret, own[i]);
    }
}

static void read_vars(const struct str *out, struct vars *ret)
{
    const char *end = str_text(out) + out->size;
    for (const char *at = str_text(out); at < end; at += strlen(at) + 1)
        if (strchr(at, '='))
            strv_add(&ret->list, at);
}

int module_site_vars(const struct cli *cli, const char *verb, char *const *words,
                     struct vars *ret, struct err *err)
{
    // What the code prints goes to stderr: only the environment is read.
    static const char script[] = "exec 3>&1 1>&2\n"
                                 "code=$(\"$@\") || { eval \"$code\"; exit 1; }\n"
                                 "eval \"$code\" || exit 1\n"
                                 "unset code\n"
                                 "exec /usr/bin/env -0 >&3 3>&-\n";
    const char *path = vars_get(&cli->vars, "PATH");
    CLEANUP_FREE char *bash = fs_program(path ? path : "/usr/bin:/bin", "bash");
    CLEANUP_STRV struct strv list = {0};
    CLEANUP_STR struct str out = {0}, talk = {0};
    CLEANUP_VARS struct vars vars = {0};
    int status = 0;
    static const char *const begin[] = {"bash", "--norc", "--noprofile",
                                        "-c",   script,   "module"};
    if (!bash)
        return err_set(err, ERR_MODULE, _("there is no bash on PATH"));
    for (size_t i = 0; i < COUNT(begin); i++)
        strv_add(&list, begin[i]);
    add_words(cli, "bash", verb, words, &list);
    vars_copy(&vars, cli->vars.list.item);
    vars_unset(&vars, "BASH_ENV");
    const struct capture capture = {.path = bash,
                                    .argv = list.item,
                                    .envp = vars.list.item,
                                    .time_us = ANSWER_US,
                                    .most = ANSWER_MOST};
    int answered = capture_run(&capture, &out, &talk, &status);
    term_write(&cli->talk, &talk);
    if (answered < 0)
        return not_started(bash, err);
    if (!answered || !WIFEXITED(status) || WEXITSTATUS(status) != 0 || !out.size) {
        err_set(err, ERR_MODULE, _("the site's module command failed: %s %s"), command_of(cli),
                verb);
        return err_hint(err, "try", "--engine=own");
    }
    read_vars(&out, ret);
    settle_vars(cli, ret);
    return 0;
}
