// SPDX-License-Identifier: Apache-2.0
// pipconf: which files, in which order, and what of them counts.
#include "source/pipconf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "source/ini.h"
#include "wheel/name.h"

enum { MOST = 1 << 20 };                         // of a file
enum section { GLOBAL, COMMAND, ENV, SECTIONS }; // in order of weight
struct reader {
    const struct pipconf_ask *ask;
    struct pipconf *conf;
    struct pipconf_value *item[SECTIONS];
    size_t count[SECTIONS], room[SECTIONS];
};

static void put(struct reader *reader, enum section section, const char *key, const char *value,
                const char *origin)
{
    size_t at = 0, *count = &reader->count[section];
    while (at < *count && strcmp(reader->item[section][at].key, key) != 0)
        at++;
    if (at == *count)
        mem_room(&reader->item[section], &reader->room[section], ++*count,
                 sizeof **reader->item);
    reader->item[section][at] = (struct pipconf_value){key, value, origin};
}

static int read_file(struct reader *reader, const char *path, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    struct arena *arena = &reader->conf->arena;
    struct ini ini;
    struct err why = {0};
    // pip passes over what is not there, and what it may not open
    int status = fs_read(AT_FDCWD, path, MOST, &text, &why);
    if (status < 0 && (why.errnum == ENOENT || why.errnum == ENOTDIR || why.errnum == EACCES ||
                       access(path, F_OK) < 0))
        return 0;
    if (status < 0) {
        *(err ? err : &why) = why;
        return -1;
    }
    if (!text_is_utf8((struct piece){str_text(&text), text.size}))
        return err_set(err, ERR_USAGE, _("'%s' is not UTF-8"), path);
    struct piece piece = {arena_dupn(arena, str_text(&text), text.size), text.size};
    const char *origin = arena_dup(arena, path);
    if (ini_parse(arena, origin, piece, &ini, err) < 0)
        return err_hint(err, "more", "https://pip.pypa.io/en/stable/topics/configuration/");
    for (size_t i = 0; i < ini.count; i++) {
        const struct ini_entry *entry = &ini.item[i];
        if (strcmp(entry->section, "global") == 0)
            put(reader, GLOBAL, entry->key, entry->value, origin);
        if (strcmp(entry->section, reader->ask->command) == 0)
            put(reader, COMMAND, entry->key, entry->value, origin);
    }
    strv_add(&reader->conf->files, path);
    return 0;
}

static void add_path(struct strv *into, const char *folder, const char *rest)
{
    strv_take(into, mem_print("%s%s", folder, rest));
}

// platformdirs: an XDG folder counts only if it is absolute.
static void list_global(const struct reader *reader, struct strv *into)
{
    const char *dirs = vars_get(reader->ask->vars, "XDG_CONFIG_DIRS");
    CLEANUP_STRV struct strv list = {0};
    size_t before = into->count;
    if (dirs)
        strv_split(&list, dirs, ':');
    for (size_t i = 0; i < list.count; i++)
        if (*list.item[i] == '/')
            add_path(into, list.item[i], "/pip/pip.conf");
    if (into->count == before)
        add_path(into, reader->ask->root, "/etc/xdg/pip/pip.conf");
    add_path(into, reader->ask->root, "/etc/pip.conf");
}

static void list_user(const struct reader *reader, struct strv *into)
{
    const char *home = vars_get(reader->ask->vars, "HOME");
    const char *config = vars_get(reader->ask->vars, "XDG_CONFIG_HOME");
    if (home && *home)
        add_path(into, home, "/.pip/pip.conf");
    if (config && *config == '/')
        add_path(into, config, "/pip/pip.conf");
    else if (home && *home)
        add_path(into, home, "/.config/pip/pip.conf");
}

static int read_files(struct reader *reader, struct err *err)
{
    const char *own = vars_get(reader->ask->vars, "PIP_CONFIG_FILE");
    CLEANUP_STRV struct strv paths = {0};
    if (own && strcmp(own, "/dev/null") == 0)
        return 0;
    list_global(reader, &paths);
    if (!own || !*own || access(own, F_OK) < 0)
        list_user(reader, &paths);
    if (reader->ask->prefix)
        add_path(&paths, reader->ask->prefix, "/pip.conf");
    if (own && *own)
        strv_add(&paths, own);
    for (size_t i = 0; i < paths.count; i++)
        if (read_file(reader, paths.item[i], err) < 0)
            return -1;
    return 0;
}

static void read_variables(struct reader *reader)
{
    struct arena *arena = &reader->conf->arena;
    for (size_t i = 0; i < reader->ask->vars->list.count; i++) {
        const char *item = reader->ask->vars->list.item[i], *is = strchr(item, '=');
        if (!is || !str_starts(item, "PIP_"))
            continue;
        const char *key = ini_key(arena, (struct piece){item + 4, (size_t)(is - item) - 4});
        put(reader, ENV, key, arena_dup(arena, is + 1), ":env:");
    }
}

int pipconf_read(const struct pipconf_ask *ask, struct pipconf *ret, struct err *err)
{
    struct reader reader = {.ask = ask, .conf = ret};
    *ret = (struct pipconf){0};
    int result = read_files(&reader, err);
    read_variables(&reader);
    for (int section = 0; section < SECTIONS; section++) {
        for (size_t i = 0; i < reader.count[section]; i++) {
            if (!*reader.item[section][i].value)
                continue; // an empty one takes back what other files said
            mem_room(&ret->item, &ret->room, ret->count + 1, sizeof *ret->item);
            ret->item[ret->count++] = reader.item[section][i];
        }
        free(reader.item[section]);
    }
    if (result < 0)
        pipconf_free(ret);
    return result;
}

void pipconf_free(struct pipconf *conf)
{
    free(conf->item);
    strv_free(&conf->files);
    arena_free(&conf->arena);
    *conf = (struct pipconf){0};
}

const struct pipconf_value *pipconf_find(const struct pipconf *conf, const char *key,
                                         const char *also)
{
    for (size_t i = conf->count; i-- > 0;)
        if (strcmp(conf->item[i].key, key) == 0 ||
            (also && strcmp(conf->item[i].key, also) == 0))
            return &conf->item[i];
    return NULL;
}

const char *pipconf_get(const struct pipconf *conf, const char *key, const char *also)
{
    const struct pipconf_value *found = pipconf_find(conf, key, also);
    return found ? found->value : NULL;
}

void pipconf_list(const struct pipconf *conf, const char *key, struct strv *into)
{
    const char *value = pipconf_get(conf, key, NULL);
    const char *end = value ? value + strlen(value) : NULL;
    for (const char *at = value; at && (at = text_skip_space(at, end)) < end;) {
        const char *from = at;
        while (at < end && !text_space(at, end))
            at++;
        strv_take(into, mem_dupn(from, (size_t)(at - from)));
    }
}

int pipconf_flag(const struct pipconf *conf, const char *key, int *ret, struct err *err)
{
    // distutils' strtobool: no first, then yes
    static const char *const words[] = {"n", "no",  "f", "false", "off", "0",
                                        "y", "yes", "t", "true",  "on",  "1"};
    const struct pipconf_value *found = pipconf_find(conf, key, NULL);
    if (!found)
        return 0;
    for (size_t i = 0; i < COUNT(words); i++)
        if (piece_like(piece_of(found->value), piece_of(words[i]))) {
            *ret = i >= COUNT(words) / 2;
            return 0;
        }
    return err_set(err, ERR_USAGE, _("%s: %s = '%s' is neither yes nor no"), found->origin, key,
                   found->value);
}

int pipconf_number(const struct pipconf *conf, const char *key, const char *also,
                   unsigned long *ret, struct err *err)
{
    const struct pipconf_value *found = pipconf_find(conf, key, also);
    if (!found)
        return 0;
    struct piece value = piece_strip(piece_of(found->value));
    char *end, *text = mem_dupn(value.text, value.size);
    double number = strtod(text, &end); // pip reads its timeout as a fraction too
    int good = value.size && !*end && number >= 0 && number < 1e9;
    free(text);
    if (!good)
        return err_set(err, ERR_USAGE, _("%s: %s = '%s' is not a number"), found->origin, key,
                       found->value);
    *ret = (unsigned long)number;
    return 0;
}

static void drop(struct strv *list, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->item[i], name) == 0)
            free(list->item[i]);
        else
            list->item[kept++] = list->item[i];
    list->count = kept;
}

void pick_add(struct pick *pick, int which, const char *value)
{
    struct strv *target = &pick->list[which], *other = &pick->list[!which];
    CLEANUP_STRV struct strv words = {0};
    size_t from = 0;
    int none = 0;
    strv_split(&words, value, ',');
    for (size_t i = 0; i < words.count; i++)
        if (strcmp(words.item[i], ":all:") == 0)
            from = i + 1;
    for (size_t i = from; i < words.count; i++)
        none |= strcmp(words.item[i], ":none:") == 0;
    if (from) {
        strv_free(target);
        strv_free(other);
        strv_add(target, ":all:");
        if (!none)
            return; // :all: covers what follows it
    }
    for (size_t i = from; i < words.count; i++) {
        if (strcmp(words.item[i], ":none:") == 0) {
            strv_free(target);
            continue;
        }
        CLEANUP_STR struct str normal = {0};
        name_add_normal(&normal, piece_of(words.item[i]));
        drop(other, str_text(&normal));
        if (!strv_has(target, str_text(&normal)))
            strv_add(target, str_text(&normal));
    }
}

int pick_which(const struct pick *pick, const char *normal)
{
    for (int all = 0; all < 2; all++)
        for (int which = 0; which < 2; which++)
            if (strv_has(&pick->list[which], all ? ":all:" : normal))
                return which;
    return -1;
}

void pick_free(struct pick *pick)
{
    strv_free(&pick->list[0]);
    strv_free(&pick->list[1]);
}

void pipconf_pick(const struct pipconf *conf, const char *key0, const char *key1,
                  struct pick *into)
{
    for (size_t i = 0; i < conf->count; i++)
        if (strcmp(conf->item[i].key, key0) == 0)
            pick_add(into, 0, conf->item[i].value);
        else if (strcmp(conf->item[i].key, key1) == 0)
            pick_add(into, 1, conf->item[i].value);
}
