// SPDX-License-Identifier: Apache-2.0
// cmd_init: `lopin init`: lopin.toml and lopin.lock in the current folder, for what the line asks for, or
// else what a pyproject.toml or requirements.txt there says.
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "cli/config.h"
#include "cli/env_lock.h"
#include "cli/lock_make.h"
#include "cli/project.h"
#include "cli/say.h"
#include "cli/setting.h"
#include "env/python.h"

enum { PROJECT_MAX = 1 << 24 };

static void add_list(struct str *into, const char *key, const struct strv *list)
{
    str_print(into, "%s = [", key);
    for (size_t i = 0; i < list->count; i++) {
        str_add(into, i ? ", " : "");
        str_add_quoted(into, list->item[i]);
    }
    str_add(into, "]\n");
}

// Control bytes have no place in the file: nobody means them.
static int check_words(const struct strv *list, struct err *err)
{
    for (size_t i = 0; i < list->count; i++)
        for (const char *at = list->item[i]; *at; at++)
            if ((unsigned char)*at < 0x20 || *at == 0x7f)
                return err_set(err, ERR_USAGE, _("a control character is in a name"));
    return 0;
}

// What the line said; not the site's.
static void add_places(struct str *into, const struct pack_options *pack)
{
    struct strv said = pack->find_links;
    said.count -= pack->site_links;
    add_list(into, "find-links", &said);
}

static void make_text(const struct cli *cli, const struct strv *pythons, struct str *into)
{
    const struct pack_options *pack = &cli->options.pack;
    str_add(into, _("# what the work needs; goes into git with lopin.lock\n"));
    if (pythons->count == 1)
        str_print(into, "python = \"%s\"\n", pythons->item[0]);
    if (pack->with.count || !options_pack_any(pack))
        add_list(into, "with", &pack->with);
    if (pack->requirements.count)
        add_list(into, "requirement", &pack->requirements);
    if (pack->groups.count)
        add_list(into, "group", &pack->groups);
    if (pack->no_index)
        str_add(into, "no-index = true\n");
    if (pack->find_links.count > pack->site_links)
        add_places(into, pack);
}

static int has_dependencies(const char *path)
{
    CLEANUP_STR struct str text = {0};
    struct arena arena = {0};
    int found = 0;
    if (fs_read(AT_FDCWD, path, PROJECT_MAX, &text, NULL) == 0) {
        const struct toml_value *document =
            toml_parse(&arena, str_text(&text), text.size, NULL);
        found = toml_get(toml_get(document, "project"), "dependencies") != NULL;
    }
    arena_free(&arena);
    return found;
}

// Of a project that is there already.
static void take_files(struct cli *cli)
{
    struct strv *list = &cli->options.pack.requirements;
    CLEANUP_FREE char *project = mem_print("%s/pyproject.toml", cli->cwd);
    CLEANUP_FREE char *requirements = mem_print("%s/requirements.txt", cli->cwd);
    if (options_pack_any(&cli->options.pack))
        return;
    if (has_dependencies(project))
        strv_add(list, "pyproject.toml");
    else if (access(requirements, F_OK) == 0)
        strv_add(list, "requirements.txt");
    if (list->count)
        say_label(cli, _("taken"), _("%s, for what is installed"), list->item[0]);
}

// "3.11": which Python a project has is said in its file.
static int take_python(struct cli *cli, struct err *err)
{
    struct strv *list = &cli->options.pack.pythons;
    struct python python = {0};
    struct arena arena = {0};
    CLEANUP_FREE char *cache = setting_cache(cli);
    const struct python_ask ask = {
        .vars = &cli->vars, .cache = cache, .also = config_pythons(cli)};
    if (list->count)
        return 0;
    if (python_find(&ask, &python, err) < 0)
        return -1;
    strv_add(list, lock_python(&arena, &python));
    arena_free(&arena);
    python_free(&python);
    return 0;
}

static int refuse(const char *path, struct err *err)
{
    err_set(err, ERR_USAGE, _("'%s' is there already: this folder is a project"), path);
    return err_hint(err, "try", _("an editor for %s, then: lopin env lock"), PROJECT_FILE);
}

int cmd_init(struct cli *cli, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *path = mem_print("%s/" PROJECT_FILE, cli->cwd);
    CLEANUP_FREE char *lock = mem_print("%s/" PROJECT_LOCK, cli->cwd);
    if (cli->words.count) {
        err_set(err, ERR_USAGE, _("init takes no words"));
        return err_hint(err, "try", "lopin init --with %s", cli->words.item[0]);
    }
    if (access(path, F_OK) == 0)
        return refuse(path, err);
    take_files(cli);
    if (check_words(&cli->options.pack.with, err) < 0 ||
        check_words(&cli->options.pack.requirements, err) < 0 ||
        check_words(&cli->options.pack.find_links, err) < 0 || take_python(cli, err) < 0)
        return -1;
    make_text(cli, &cli->options.pack.pythons, &text);
    if (env_lock_write(cli, lock, PROJECT_LOCK, 1, err) < 0 ||
        fs_replace(AT_FDCWD, path, text.text, text.size, 0666, 0, err) < 0)
        return -1;
    say_label(cli, _("made"), PROJECT_FILE);
    return 0;
}
