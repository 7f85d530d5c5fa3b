// SPDX-License-Identifier: Apache-2.0
// pip_install: `pip install` and `pip uninstall`, in pip's words.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "cli/fitness.h"
#include "cli/packs.h"
#include "cli/packs_put.h"
#include "cli/pip.h"
#include "cli/say.h"
#include "env/change.h"
#include "wheel/name.h"

// "Requirement already satisfied: numpy in DIR (2.1.0)", for what the user asked for.
static void add_satisfied(const struct packs *packs, const struct pip *pip, struct str *text)
{
    for (size_t i = 0; i < packs->solution.count; i++) {
        const struct solve_choice *choice = &packs->solution.choice[i];
        if (packs->file[i] || !packs_is_wanted(packs, choice))
            continue;
        CLEANUP_FREE char *normal = mem_dupn(choice->normal.text, choice->normal.size);
        const struct dist *dist = dists_find(&pip->dists, normal);
        if (dist)
            str_print(text, "Requirement already satisfied: %s in %s (%s)\n", dist->name,
                      dist->folder, dist->version);
    }
}

static int by_name(const void *one, const void *two)
{
    return strcmp(*(char *const *)one, *(char *const *)two);
}

// "Successfully installed a-1.0 b-2.0".
static void add_installed(const struct packs *packs, const char *words, struct str *text)
{
    CLEANUP_STRV struct strv names = {0};
    for (size_t i = 0; i < packs->solution.count; i++)
        if (packs->file[i])
            strv_take(&names, mem_print("%.*s-%s", (int)packs->solution.choice[i].normal.size,
                                        packs->solution.choice[i].normal.text,
                                        packs->file[i]->version_text));
    if (!names.count)
        return;
    qsort(names.item, names.count, sizeof *names.item, by_name);
    str_add(text, words);
    for (size_t i = 0; i < names.count; i++)
        str_print(text, " %s", names.item[i]);
    str_add_char(text, '\n');
}

// Settings of pip that put packages elsewhere.
static void say_passed_over(const struct packs *packs, const struct cli *cli)
{
    static const char *const keys[] = {"target", "prefix", "root"};
    for (size_t i = 0; i < COUNT(keys); i++)
        if (pipconf_get(&packs->pip, keys[i], NULL))
            say(cli, _("pip's configuration has '%s', which is not followed here"), keys[i]);
}

static int install(struct packs *packs, const struct pip *pip, struct err *err)
{
    const struct cli *cli = pip->cli;
    CLEANUP_STR struct str text = {0};
    if (packs_solve(packs, err) < 0)
        return -1;
    add_satisfied(packs, pip, &text);
    say_passed_over(packs, cli);
    if (cli->options.dry_run) {
        if (packs_check(packs, err) < 0)
            return -1;
        add_installed(packs, "Would install", &text);
    } else {
        if (packs_fill(packs, err) < 0 ||
            packs_put(packs, &pip->site, pip->site.prefix, 0, err) < 0)
            return -1;
        add_installed(packs, "Successfully installed", &text);
    }
    packs_say_notes(packs);
    if (!cli->options.dry_run)
        fitness_say(cli, packs->python, pip->site.prefix);
    return cli->options.quiet ? 0 : say_data(cli, &text, err);
}

int pip_install(struct cli *cli, struct err *err)
{
    struct pip pip;
    struct python python = {0};
    struct packs packs = {0};
    int status = -1;
    if (!cli->words.count && !cli->options.pack.requirements.count &&
        !cli->options.pack.editables.count && !cli->options.pack.groups.count) {
        err_set(err, ERR_USAGE, _("a package is missing"));
        return err_hint(err, "try",
                        "lopin pip install numpy scipy    -r requirements.txt    -e .");
    }
    if (pip_open(cli, &pip, err) == 0 && change_finish(&pip.site, err) == 0 &&
        pip_python(&pip, &python, err) == 0 &&
        packs_open(cli, &python, &pip.dists, &cli->words, &packs, err) == 0)
        status = install(&packs, &pip, err);
    packs_free(&packs);
    python_free(&python);
    pip_close(&pip);
    return status;
}

// Adds the normal names of what is installed and shall go.
static int gather(const struct pip *pip, struct strv *ret, struct err *err)
{
    struct packs_list wanted = {0};
    struct arena arena = {0};
    int status = packs_read_names(pip->cli, &arena, &wanted, err);
    for (size_t i = 0; i < wanted.count && status == 0; i++) {
        struct piece normal = wanted.item[i]->normal;
        CLEANUP_FREE char *name = mem_dupn(normal.text, normal.size);
        const struct dist *dist = dists_find(&pip->dists, name);
        if (!dist)
            say(pip->cli, _("not installed: %s"), name);
        else if (!pip_is_own(pip, dist))
            status = err_set(err, ERR_USAGE,
                             _("%s is the installation's, not the environment's"), dist->name);
        else
            strv_add(ret, name);
    }
    free(wanted.item);
    arena_free(&arena);
    return status;
}

// Returns 1 for yes; no answer is none.
static int ask(const struct cli *cli)
{
    struct str question = {0};
    char answer[16] = "n";
    if (cli->options.pack.yes)
        return 1;
    str_add(&question, _("Proceed (Y/n)? "));
    term_write(&cli->talk, &question);
    str_free(&question);
    return fgets(answer, sizeof answer, stdin) && strchr("yYoO\n", *answer) != NULL;
}

static int uninstall(const struct pip *pip, const struct strv *names, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    for (size_t i = 0; i < names->count; i++) {
        const struct dist *dist = dists_find(&pip->dists, names->item[i]);
        str_print(&text, "Found existing installation: %s %s\n", dist->name, dist->version);
    }
    if (say_data(pip->cli, &text, err) < 0 || !ask(pip->cli))
        return names->count ? STATUS_FAILED : -1;
    const struct change change = {.site = &pip->site,
                                  .prefix = pip->site.prefix,
                                  .remove = (const char *const *)names->item,
                                  .mode = PUT_SYM};
    if (change_apply(&change, NULL, err) < 0)
        return -1;
    str_clear(&text);
    for (size_t i = 0; i < names->count; i++) {
        const struct dist *dist = dists_find(&pip->dists, names->item[i]);
        str_print(&text, "  Successfully uninstalled %s-%s\n", dist->name, dist->version);
    }
    return say_data(pip->cli, &text, err);
}

int pip_uninstall(struct cli *cli, struct err *err)
{
    struct pip pip;
    CLEANUP_STRV struct strv names = {0};
    int status = -1;
    if (!cli->words.count && !cli->options.pack.requirements.count)
        return err_set(err, ERR_USAGE, _("a package is missing"));
    if (pip_open(cli, &pip, err) == 0 && change_finish(&pip.site, err) == 0 &&
        gather(&pip, &names, err) == 0)
        status = names.count ? uninstall(&pip, &names, err) : 0;
    pip_close(&pip);
    return status;
}
