// SPDX-License-Identifier: Apache-2.0
// cmd_config: `lopin config [KEY]`: each value that files and variables say, where it stands, and which
// files were looked for.
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/columns.h"
#include "cli/config.h"
#include "cli/json_text.h"
#include "cli/option.h"
#include "cli/say.h"
#include "cli/setting.h"

struct row {
    char *key; // "jobs", "map.jobs"
    struct strv text;
    const char *kind; // of its layer, for programs
    char *origin;
    char *path; // absolute; NULL: a variable, built in
    unsigned line;
    int is_list, is_flag;
    int in_force;
};
struct listing {
    struct cli *cli;
    const char *key; // asked for, or NULL
    struct row *row;
    size_t count, room;
};

static const char *const kinds[CONFIG_LAYERS] = {
    [CONFIG_VARIABLE] = "variable",
    [CONFIG_SCRIPT] = "script",
    [CONFIG_PROJECT] = "project",
    [CONFIG_USER] = "user",
};

static struct row *add_row(struct listing *listing)
{
    mem_room(&listing->row, &listing->room, listing->count + 1, sizeof *listing->row);
    struct row *row = &listing->row[listing->count++];
    *row = (struct row){.in_force = 1};
    return row;
}

static int same_table(const struct layer_item *one, const struct layer_item *two)
{
    return one->table && two->table && strcmp(one->table, two->table) == 0;
}

// Whether one that counts more says the same for all that this one is for.
static int is_overridden(const struct config *config, enum config_layer layer, size_t index)
{
    const struct layer_item *item = &config->layer[layer].item[index];
    if (config_accumulates(item->key))
        return 0;
    for (enum config_layer i = CONFIG_VARIABLE; i <= layer; i++)
        for (size_t k = 0; k < (i < layer ? config->layer[i].count : index); k++) {
            const struct layer_item *other = &config->layer[i].item[k];
            if (strcmp(other->key, item->key) == 0 &&
                (!other->table || same_table(other, item)))
                return 1;
        }
    return 0;
}

static void add_items(struct listing *listing, enum config_layer layer)
{
    const struct config *config = listing->cli->config;
    for (size_t i = 0; i < config->layer[layer].count; i++) {
        const struct layer_item *item = &config->layer[layer].item[i];
        CLEANUP_FREE char *key =
            item->table ? mem_print("%s.%s", item->table, item->key) : mem_dup(item->key);
        if (listing->key && strcmp(listing->key, item->key) != 0 &&
            strcmp(listing->key, key) != 0)
            continue;
        struct row *row = add_row(listing);
        row->key = TAKE(key);
        for (size_t k = 0; k < item->count; k++)
            strv_add(&row->text, item->text[k]);
        if (item->is_flag)
            strv_add(&row->text, item->flag ? "true" : "false");
        row->is_flag = item->is_flag;
        row->is_list = item->count != 1 && !item->is_flag;
        row->kind = kinds[layer];
        row->origin = config_origin(listing->cli, layer, item);
        row->path = mem_dup(config->document[layer].path);
        row->line = item->line;
        row->in_force = !is_overridden(config, layer, i);
    }
}

static void add_value(const struct toml_value *value, struct strv *into)
{
    for (size_t i = 0; value->kind == TOML_ARRAY && i < value->count; i++)
        add_value(&value->item[i], into);
    if (value->kind == TOML_TEXT || value->kind == TOML_TIME)
        strv_add(into, value->text);
    else if (value->kind == TOML_BOOLEAN)
        strv_add(into, value->integer ? "true" : "false");
    else if (value->kind == TOML_INTEGER)
        strv_take(into, mem_print("%lld", (long long)value->integer));
}

static void copy(const struct strv *from, struct strv *into)
{
    strv_free(into);
    strv_add_all(into, from);
}

// Paths are shown as they are used.
static void add_expanded(const struct site_file *site, const char *key, struct strv *into)
{
    const char *path = strcmp(key, "cache") == 0    ? site->cache
                       : strcmp(key, "python") == 0 ? site->python
                                                    : NULL;
    if (strcmp(key, "wheels") == 0)
        copy(&site->wheels, into);
    else if (strcmp(key, "local-disk") == 0)
        copy(&site->local_disk, into);
    else if (path) {
        strv_free(into);
        strv_add(into, path);
    }
}

static void add_site(struct listing *listing, const struct toml_value *table,
                     const char *prefix)
{
    const struct site_file *site = &listing->cli->config->site;
    for (size_t i = 0; table && i < table->count; i++) {
        const struct toml_value *value = &table->item[i];
        CLEANUP_FREE char *key = mem_print("%s%s", prefix, value->key);
        CLEANUP_FREE char *inner = mem_print("%s.", key);
        if (value->kind == TOML_TABLE) {
            add_site(listing, value, inner);
            continue;
        }
        if (listing->key && strcmp(listing->key, key) != 0)
            continue;
        CLEANUP_FREE char *path = config_shown(listing->cli, site->document.path);
        struct row *row = add_row(listing);
        row->kind = "site";
        row->path = mem_dup(site->document.path);
        row->line = value->line;
        row->is_list = value->kind == TOML_ARRAY;
        row->is_flag = value->kind == TOML_BOOLEAN;
        row->origin = mem_print("%s:%u", path, value->line);
        add_value(value, &row->text);
        if (!*prefix)
            add_expanded(site, key, &row->text);
        row->key = TAKE(key);
    }
}

// What is in force without any file, and differs between people.
static void add_cache(struct listing *listing)
{
    if (listing->cli->config->site.cache ||
        (listing->key && strcmp(listing->key, "cache") != 0))
        return;
    struct row *row = add_row(listing);
    row->key = mem_dup("cache");
    strv_take(&row->text, setting_cache(listing->cli));
    row->kind = "built-in";
    row->origin = mem_dup(_("built-in"));
}

static void add_values(const struct listing *listing, struct str *text)
{
    CLEANUP_COLUMNS struct columns columns = {.width = 3};
    for (size_t i = 0; i < listing->count; i++) {
        const struct row *row = &listing->row[i];
        struct str cell = {0};
        if (!row->in_force && !listing->cli->options.verbose)
            continue;
        str_add_visible(&cell, row->key, strlen(row->key));
        strv_take(&columns.cell, str_take(&cell));
        for (size_t k = 0; k < row->text.count; k++) {
            str_add(&cell, k ? ", " : "");
            str_add_visible(&cell, row->text.item[k], strlen(row->text.item[k]));
        }
        strv_take(&columns.cell, str_take(&cell));
        str_print(&cell, "%s%s", row->origin, row->in_force ? "" : _("   (overridden)"));
        strv_take(&columns.cell, str_take(&cell));
    }
    columns_add(&columns, &listing->cli->out, text);
}

// "project   lopin.toml   read". `name` is of the layer.
static void add_file(struct listing *listing, const char *kind, const char *path,
                     enum document_state state, const char *doubt, struct columns *columns,
                     json_t *list)
{
    static const char *const names[] = {"absent", "read", "untrusted"};
    static const char *const words[] = {N_("not there"), N_("read"), N_("not read")};
    if (list) {
        json_t *object = json_pack("{s:s,s:s}", "kind", kind, "state", names[state]);
        json_put_text(object, "path", path);
        json_array_append_new(list, object);
        return;
    }
    strv_add(&columns->cell, kind);
    strv_take(&columns->cell, config_shown(listing->cli, path));
    CLEANUP_STR struct str how = {0};
    str_add(&how, lang_text(words[state]));
    if (doubt)
        str_print(&how, _(": %s"), doubt);
    strv_add(&columns->cell, how.text);
}

static void add_files(struct listing *listing, struct columns *columns, json_t *list)
{
    const struct config *config = listing->cli->config;
    for (size_t i = 0; i < config->looked.count; i++)
        add_file(listing, kinds[CONFIG_PROJECT], config->looked.item[i], DOCUMENT_ABSENT, NULL,
                 columns, list);
    for (enum config_layer i = CONFIG_PROJECT; i < CONFIG_LAYERS; i++) {
        const struct document *document = &config->document[i];
        if (document->path)
            add_file(listing, kinds[i], document->path, document->state, document->doubt,
                     columns, list);
    }
    const struct document *site = &config->site.document;
    if (site->path)
        add_file(listing, "site", site->path, site->state, NULL, columns, list);
}

static json_t *row_json(const struct row *row)
{
    json_t *object = json_object();
    json_t *list = row->is_list ? json_array() : NULL;
    json_object_set_new(object, "key", json_text(row->key));
    for (size_t i = 0; list && i < row->text.count; i++)
        json_array_append_new(list, json_text(row->text.item[i]));
    const char *text = row->text.count ? row->text.item[0] : NULL;
    json_object_set_new(object, "value",
                        list           ? list
                        : row->is_flag ? json_boolean(strcmp(text, "true") == 0)
                                       : json_text(text));
    json_object_set_new(object, "origin", json_string(row->kind));
    json_put_text(object, "path", row->path);
    json_object_set_new(object, "line", row->line ? json_integer(row->line) : json_null());
    json_object_set_new(object, "in_force", json_boolean(row->in_force));
    return object;
}

static int say_json(struct listing *listing, struct err *err)
{
    json_t *values = json_array();
    json_t *files = json_array();
    for (size_t i = 0; i < listing->count; i++)
        json_array_append_new(values, row_json(&listing->row[i]));
    add_files(listing, NULL, files);
    return json_say(listing->cli,
                    json_pack("{s:i,s:o,s:o}", "v", 1, "values", values, "files", files), err);
}

static int say_text(struct listing *listing, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_COLUMNS struct columns files = {.width = 3};
    add_values(listing, &text);
    if (!listing->key) {
        str_add(&text, text.size ? "\n" : "");
        add_files(listing, &files, NULL);
        columns_add(&files, &listing->cli->out, &text);
    } else if (!listing->count) {
        say(listing->cli, _("no file and no variable says %s"), listing->key);
    }
    return say_data(listing->cli, &text, err);
}

void config_keys(struct strv *into)
{
    struct layer_known known;
    config_known(&known);
    for (const struct opt *opt = options_table; opt->id; opt++) {
        int is_new = 1;
        for (size_t i = 0; i < into->count && is_new; i++)
            is_new = strcmp(into->item[i], opt->name) != 0;
        if (is_new && opt->commands & known.bits && !(opt->marks & OPT_ONCE))
            strv_add(into, opt->name);
    }
    for (size_t i = 0; site_file_keys[i]; i++) // those two are options as well
        if (strcmp(site_file_keys[i], "python") != 0 &&
            strcmp(site_file_keys[i], "modules") != 0)
            strv_add(into, site_file_keys[i]);
}

// "jobs", "map.jobs", "advice.cpu".
static int check_key(const char *key, struct err *err)
{
    CLEANUP_STRV struct strv keys = {0};
    CLEANUP_FREE char *first = mem_dupn(key, strcspn(key, "."));
    const char *last = strrchr(key, '.') ? strrchr(key, '.') + 1 : key;
    config_keys(&keys);
    for (size_t i = 0; i < keys.count; i++)
        if (strcmp(keys.item[i], last) == 0 || strcmp(keys.item[i], first) == 0)
            return 0;
    CLEANUP_STR struct str shown = {0};
    str_add_visible(&shown, key, strlen(key));
    err_set(err, ERR_USAGE, _("unknown key '%s'"), str_text(&shown));
    const char *near = opt_nearest(last, (const char *const *)keys.item);
    if (near)
        return err_hint(err, "try", "lopin config %s", near);
    return err_hint(err, "more", "lopin help lopin.toml");
}

static void free_listing(struct listing *listing)
{
    for (size_t i = 0; i < listing->count; i++) {
        free(listing->row[i].key);
        free(listing->row[i].origin);
        free(listing->row[i].path);
        strv_free(&listing->row[i].text);
    }
    free(listing->row);
}

int cmd_config(struct cli *cli, struct err *err)
{
    if (cli->words.count > 1)
        return err_set(err, ERR_USAGE, _("config takes one key, or none"));
    struct listing listing = {.cli = cli, .key = cli->words.count ? cli->words.item[0] : NULL};
    if ((listing.key && check_key(listing.key, err) < 0) ||
        config_read(cli, COMMAND_MAP, NULL, err) < 0 || config_check(cli, err) < 0)
        return -1;
    for (enum config_layer layer = CONFIG_VARIABLE; layer < CONFIG_LAYERS; layer++)
        add_items(&listing, layer);
    add_site(&listing, cli->config->site.document.ours, "");
    add_cache(&listing);
    int status = cli->options.json ? say_json(&listing, err) : say_text(&listing, err);
    free_listing(&listing);
    return status;
}
