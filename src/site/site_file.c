// SPDX-License-Identifier: Apache-2.0
#include "site/site_file.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/opt.h"
#include "site/site_parts.h"
#include "site/trust.h"

struct reading {
    struct site_file *site;
    const struct vars *vars;
    const struct toml_value *value; // that is being read
    unsigned *line;                 // of it, or of what is being read in its table
};

const char *const site_file_keys[] = {
    "wheels",        "index",          "python",  "local-disk",   "cache",
    "files-counted", "trusted-owners", "cpu",     "partition",    "advice",
    "path-packages", "slurm",          "modules", "module-hooks", "modules-cache",
    NULL};
static const char *const levels[] = {"x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4", NULL};

static int wrong(const struct reading *reading, const char *wanted, struct err *err)
{
    return err_set(err, ERR_CONFIG, _("%s must be %s"), reading->value->key, wanted);
}

static const char *text_of(const struct toml_value *value)
{
    const char *text = toml_text(value);
    return text && *text && strlen(text) == value->size ? text : NULL;
}

// The name behind a '$': "NAME" or "{NAME}". Returns how many bytes it takes, 0 if it is none.
static size_t variable_at(const char *at, char **ret_name)
{
    int braced = *at == '{';
    const char *name = at + braced;
    size_t size = 0;
    while (isalnum((unsigned char)name[size]) || name[size] == '_')
        size++;
    if (!size || isdigit((unsigned char)*name) || (braced && name[size] != '}'))
        return 0;
    *ret_name = mem_dupn(name, size);
    return size + (braced ? 2 : 0);
}

// Returns 0, or -1 with err: a variable is not set, or '$' is not followed by one. "$$" is '$'.
static int expand(const struct reading *reading, const char *text, struct str *into,
                  struct err *err)
{
    const char *home = vars_get(reading->vars, "HOME");
    if (str_starts(text, "~/") && home && *home)
        str_add(into, home), text++;
    for (; *text; text++) {
        CLEANUP_FREE char *name = NULL;
        if (*text != '$') {
            str_add_char(into, *text);
            continue;
        }
        if (text[1] == '$') {
            str_add_char(into, *text++);
            continue;
        }
        size_t size = variable_at(text + 1, &name);
        if (!size)
            return err_set(err, ERR_CONFIG, _("%s: '$' is followed by no name of a variable"),
                           reading->value->key);
        const char *value = vars_get(reading->vars, name);
        if (!value || !*value) {
            err_set(err, ERR_CONFIG, _("%s: the variable %s is not set"), reading->value->key,
                    name);
            return err_hint(err, "try", "export %s=...", name);
        }
        str_add(into, value);
        text += size;
    }
    return 0;
}

// Relative ones are of the file's folder. Yours; NULL with err.
static char *path_of(const struct reading *reading, const char *text, struct err *err)
{
    CLEANUP_STR struct str path = {0};
    CLEANUP_FREE char *folder = fs_folder(reading->site->document.path);
    return expand(reading, text, &path, err) < 0 ? NULL : fs_absolute(folder, str_text(&path));
}

static int read_path(const struct reading *reading, const char **ret, struct err *err)
{
    const char *text = text_of(reading->value);
    if (!text)
        return wrong(reading, _("a path"), err);
    CLEANUP_FREE char *path = path_of(reading, text, err);
    if (!path)
        return -1;
    *ret = arena_dup(&reading->site->document.arena, path);
    return 0;
}

// "module:python/{version}", "module:python": a module, of which {version} is the last part.
static int read_module(const struct reading *reading, const char *name, struct err *err)
{
    const char *mark = strstr(name, "{version}");
    const char *slash = strrchr(name, '/');
    if (!*name || *name == '/' || *name == '{' || strpbrk(name, " \t\n\r:") ||
        (mark && (mark == name || !slash || slash > mark)))
        return wrong(reading, "\"module:NAME/{version}\"", err);
    reading->site->python_module = arena_dup(&reading->site->document.arena, name);
    return 0;
}

// {version} is all that a pattern may have.
static int read_python(const struct reading *reading, const char **ret, struct err *err)
{
    static const char module[] = "module:";
    const char *text = text_of(reading->value);
    if (text && str_starts(text, module))
        return read_module(reading, text + strlen(module), err);
    if (read_path(reading, ret, err) < 0)
        return -1;
    for (const char *at = *ret; (at = strchr(at, '{')); at++)
        if (!str_starts(at, "{version}")) {
            CLEANUP_STR struct str shown = {0};
            str_add_visible(&shown, at, strcspn(at, "}/") + (at[strcspn(at, "}/")] == '}'));
            err_set(err, ERR_CONFIG, _("%s: '%s' is unknown"), reading->value->key, shown.text);
            return err_hint(err, "try", "{version}");
        }
    return 0;
}

// "$PIP_FIND_LINKS": a list, cut at blanks as pip does, unless it is one folder.
static int add_variable(const struct reading *reading, const char *text, struct strv *into)
{
    CLEANUP_STR struct str all = {0};
    CLEANUP_FREE char *name = NULL;
    CLEANUP_FREE char *folder = fs_folder(reading->site->document.path);
    if (*text != '$' || !variable_at(text + 1, &name) ||
        strlen(name) + 1 + (text[1] == '{' ? 2 : 0) != strlen(text) ||
        expand(reading, text, &all, NULL) < 0 || access(str_text(&all), F_OK) == 0)
        return 0;
    for (char *rest, *part = strtok_r(all.text, " \t\r\n", &rest); part;
         part = strtok_r(NULL, " \t\r\n", &rest))
        strv_take(into, strstr(part, "://") ? mem_dup(part) : fs_absolute(folder, part));
    return 1;
}

static int read_paths(const struct reading *reading, int optional, struct strv *into,
                      struct err *err)
{
    const struct toml_value *value = reading->value;
    int is_list = value->kind == TOML_ARRAY;
    for (size_t i = 0; i < (is_list ? value->count : 1); i++) {
        const char *text = text_of(is_list ? &value->item[i] : value);
        if (!text)
            return wrong(reading, _("a list of paths"), err);
        if (!optional && add_variable(reading, text, into))
            continue;
        int is_url = !optional && strstr(text, "://");
        char *path = is_url ? mem_dup(text) : path_of(reading, text, optional ? NULL : err);
        if (path)
            strv_take(into, path);
        else if (!optional)
            return -1;
    }
    return 0;
}

static int read_names(const struct reading *reading, struct strv *into, struct err *err)
{
    const struct toml_value *value = reading->value;
    for (size_t i = 0; value->kind == TOML_ARRAY && i < value->count; i++) {
        const char *text = text_of(&value->item[i]);
        if (!text || strpbrk(text, " \t\n\r:"))
            return wrong(reading, _("a list of modules"), err);
        strv_add(into, text);
    }
    return value->kind == TOML_ARRAY ? 0 : wrong(reading, _("a list of modules"), err);
}

static int read_flag(const struct reading *reading, int *ret, struct err *err)
{
    if (reading->value->kind != TOML_BOOLEAN)
        return wrong(reading, _("true or false"), err);
    *ret = reading->value->integer != 0;
    return 0;
}

static int read_index(const struct reading *reading, struct err *err)
{
    static const struct {
        const char *word;
        enum site_index index;
    } words[] = {{"never", SITE_INDEX_NEVER},
                 {"fallback", SITE_INDEX_FALLBACK},
                 {"first", SITE_INDEX_FIRST}};
    const char *text = text_of(reading->value);
    for (size_t i = 0; text && i < COUNT(words); i++)
        if (strcmp(text, words[i].word) == 0) {
            reading->site->index = words[i].index;
            return 0;
        }
    return wrong(reading, "\"never\", \"fallback\", \"first\"", err);
}

static int read_trusted(const struct reading *reading, struct err *err)
{
    const struct toml_value *value = reading->value;
    struct site_file *site = reading->site;
    if (value->kind != TOML_ARRAY)
        return wrong(reading, _("a list of users"), err);
    site->trusted = mem_zero(value->count + 1, sizeof *site->trusted);
    for (size_t i = 0; i < value->count; i++) {
        const struct toml_value *item = &value->item[i];
        const char *name = text_of(item);
        if (item->kind == TOML_INTEGER && item->integer >= 0 && item->integer < UINT_MAX) {
            site->trusted[site->trusted_count++] = (uid_t)item->integer;
            continue;
        }
        if (!name)
            return wrong(reading, _("a list of users"), err);
        const struct passwd *user = getpwnam(name);
        if (!user)
            return err_set(err, ERR_CONFIG, _("%s: there is no user '%s'"), value->key, name);
        site->trusted[site->trusted_count++] = user->pw_uid;
    }
    return 0;
}

static int is_level(const struct toml_value *value)
{
    const char *text = text_of(value);
    for (size_t i = 0; text && levels[i]; i++)
        if (strcmp(levels[i], text) == 0)
            return 1;
    return 0;
}

static int check_level(const struct toml_value *value, const char *key, struct err *err)
{
    return is_level(value) ? 0
                           : err_set(err, ERR_CONFIG, _("%s must be %s"), key,
                                     "\"x86-64\", \"x86-64-v2\", \"x86-64-v3\", \"x86-64-v4\"");
}

int site_unknown_key(const char *key, const char *const *known, struct err *err)
{
    CLEANUP_STR struct str shown = {0};
    str_add_visible(&shown, key, strlen(key));
    err_set(err, ERR_CONFIG, _("unknown key '%s'"), str_text(&shown));
    const char *near = opt_nearest(key, known);
    if (near)
        return err_hint(err, "try", "%s", near);
    return err_hint(err, "more", "lopin help site.toml");
}

static int at_line(const struct reading *reading, unsigned line, struct err *err)
{
    return document_wrap(&reading->site->document, line, err);
}

static int read_cpu(const struct reading *reading, struct err *err)
{
    const struct toml_value *table = reading->value;
    if (table->kind != TOML_TABLE)
        return wrong(reading, _("a table"), err);
    for (size_t i = 0; i < table->count; i++) {
        *reading->line = table->item[i].line;
        if (check_level(&table->item[i], table->item[i].key, err) < 0)
            return -1;
    }
    reading->site->cpu = table;
    return 0;
}

static int read_partitions(const struct reading *reading, struct err *err)
{
    static const char *const known[] = {"cpu", NULL};
    const struct toml_value *table = reading->value;
    if (table->kind != TOML_TABLE)
        return wrong(reading, _("a table"), err);
    for (size_t i = 0; i < table->count; i++) {
        const struct toml_value *one = &table->item[i];
        *reading->line = one->line;
        if (one->kind != TOML_TABLE) {
            err_set(err, ERR_CONFIG, _("%s must be %s"), one->key, _("a table"));
            return err_hint(err, "try", "[partition.NAME]");
        }
        for (size_t k = 0; k < one->count; k++) {
            *reading->line = one->item[k].line;
            if (strcmp(one->item[k].key, "cpu") != 0)
                return site_unknown_key(one->item[k].key, known, err);
            if (check_level(&one->item[k], "cpu", err) < 0)
                return -1;
        }
    }
    reading->site->partition = table;
    return 0;
}

static int read_percent(const struct toml_value *value, unsigned *ret, struct err *err)
{
    if (value->kind != TOML_INTEGER || value->integer < 1 || value->integer > 100)
        return err_set(err, ERR_CONFIG, _("%s must be %s"), value->key,
                       _("a number from 1 to 100"));
    *ret = (unsigned)value->integer;
    return 0;
}

static int read_advice(const struct reading *reading, struct err *err)
{
    static const char *const known[] = {"cpu", "memory", "help", NULL};
    const struct toml_value *table = reading->value;
    struct site_file *site = reading->site;
    if (table->kind != TOML_TABLE)
        return wrong(reading, _("a table"), err);
    for (size_t i = 0; i < table->count; i++) {
        const struct toml_value *value = &table->item[i];
        int status = 0;
        *reading->line = value->line;
        if (strcmp(value->key, "cpu") == 0)
            status = read_percent(value, &site->advice_cpu, err);
        else if (strcmp(value->key, "memory") == 0)
            status = read_percent(value, &site->advice_memory, err);
        else if (strcmp(value->key, "help") != 0)
            status = site_unknown_key(value->key, known, err);
        else if (!(site->advice_help = text_of(value)))
            status = err_set(err, ERR_CONFIG, _("%s must be %s"), value->key, _("a text"));
        if (status < 0)
            return -1;
    }
    return 0;
}

static int read_key(const struct reading *reading, struct err *err)
{
    struct site_file *site = reading->site;
    const char *key = reading->value->key;
    size_t which = 0;
    while (site_file_keys[which] && strcmp(site_file_keys[which], key) != 0)
        which++;
    switch (which) {
    case 0: return read_paths(reading, 0, &site->wheels, err);
    case 1: return read_index(reading, err);
    case 2: return read_python(reading, &site->python, err);
    case 3: return read_paths(reading, 1, &site->local_disk, err);
    case 4: return read_path(reading, &site->cache, err);
    case 5: return read_flag(reading, &site->files_counted, err);
    case 6: return read_trusted(reading, err);
    case 7: return read_cpu(reading, err);
    case 8: return read_partitions(reading, err);
    case 9: return read_advice(reading, err);
    case 10: return read_flag(reading, &site->path_packages, err);
    case 11: return site_slurm_read(reading->value, &site->slurm, reading->line, err);
    case 12: return read_names(reading, &site->modules, err);
    case 13: return read_flag(reading, &site->module_hooks, err);
    case 14: return read_path(reading, &site->modules_cache, err);
    default: return site_unknown_key(key, site_file_keys, err);
    }
}

int site_file_fill(struct site_file *site, const struct vars *vars, struct err *err)
{
    const struct toml_value *root = site->document.ours;
    for (size_t i = 0; root && i < root->count; i++) {
        unsigned line = root->item[i].line;
        const struct reading reading = {
            .site = site, .vars = vars, .value = &root->item[i], .line = &line};
        if (read_key(&reading, err) < 0)
            return at_line(&reading, line, err);
    }
    return 0;
}

int site_file_read(struct site_file *site, const char *standard, const struct vars *vars,
                   struct err *err)
{
    const char *named = vars_get(vars, "LOPIN_SITE");
    if (named && !*named)
        return 0;
    if (named && *named != '/') {
        err_set(err, ERR_CONFIG, _("LOPIN_SITE is no absolute path: '%s'"), named);
        return err_hint(err, "try", "export LOPIN_SITE=$PWD/site.toml");
    }
    site->document.of_site = 1;
    if (document_read(&site->document, named ? named : standard, err) < 0)
        return -1;
    if (site->document.state == DOCUMENT_ABSENT && named) {
        err_set(err, ERR_CONFIG, _("LOPIN_SITE names a file that is not there: '%s'"), named);
        return err_hint(err, "try", "unset LOPIN_SITE");
    }
    if (site->document.state == DOCUMENT_UNTRUSTED) {
        err_set(err, ERR_UNTRUSTED, _("the site's file '%s' is not used: %s"),
                site->document.path, site->document.doubt);
        CLEANUP_STR struct str shown = {0};
        str_add_shell(&shown, site->document.path);
        return named && !trust_may_mend(site->document.path)
                   ? err_hint(err, "try", "unset LOPIN_SITE")
                   : err_hint(err, "try", "chmod go-w %s", shown.text);
    }
    return site_file_fill(site, vars, err);
}

void site_file_free(struct site_file *site)
{
    strv_free(&site->wheels);
    strv_free(&site->local_disk);
    strv_free(&site->modules);
    free(site->trusted);
    site_slurm_free(&site->slurm);
    document_free(&site->document);
    *site = (struct site_file){0};
}
