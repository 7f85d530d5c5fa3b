// SPDX-License-Identifier: Apache-2.0
#include "site/layer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"

struct reading {
    struct document *document;
    const struct layer_known *known;
    struct layer *layer;
    const struct layer_command *table; // NULL: the top
};

static uint64_t bits_of(const struct reading *reading)
{
    return reading->table ? reading->table->bits : reading->known->bits;
}

static int fits(const struct opt *opt, const struct layer_item *item)
{
    return item->is_flag ? !opt->value : opt->value != NULL;
}

// Of several options of a name (each for other commands) the first that the item could be; NULL and
// *ret_any: one of that name.
static const struct opt *find(const struct opt *options, const struct layer_item *item,
                              uint64_t bits, const struct opt **ret_any)
{
    *ret_any = NULL;
    for (const struct opt *opt = options; opt->id; opt++) {
        if (!(opt->commands & bits) || strcmp(opt->name, item->key) != 0)
            continue;
        if (!*ret_any || (*ret_any)->marks & OPT_ONCE)
            *ret_any = opt;
        if (!(opt->marks & OPT_ONCE) && fits(opt, item))
            return opt;
    }
    return NULL;
}

static void make_visible(const char *text, struct str *into)
{
    str_add_visible(into, text, strlen(text));
}

static int wrong_kind(const struct opt *opt, const struct toml_value *value, struct err *err)
{
    if (!opt->value)
        return err_set(err, ERR_CONFIG, _("%s must be true or false"), opt->name);
    err_set(err, ERR_CONFIG, _("the value of %s is not one that --%s takes"), opt->name,
            opt->name);
    const char *example = value->kind == TOML_TIME ? value->text : opt->value;
    return err_hint(err, "try", opt->marks & OPT_LIST ? "%s = [\"%s\"]" : "%s = \"%s\"",
                    opt->name, example);
}

// The first command that has an option of this name; NULL: none.
static const struct layer_command *owner_of(const struct layer_known *known, const char *key)
{
    for (size_t i = 0; i < known->count; i++)
        for (const struct opt *opt = known->options; opt->id; opt++)
            if (opt->commands & known->command[i].bits && !(opt->marks & OPT_ONCE) &&
                strcmp(opt->name, key) == 0)
                return &known->command[i];
    return NULL;
}

static const struct layer_command *command_of(const struct layer_known *known, const char *name)
{
    for (size_t i = 0; i < known->count; i++)
        if (strcmp(known->command[i].name, name) == 0)
            return &known->command[i];
    return NULL;
}

// A key that is right elsewhere: of another command, or the name of a table. 0: it is nowhere.
static int misplaced(const struct reading *reading, const char *key, struct err *err)
{
    const struct layer_command *owner = owner_of(reading->known, key);
    if (!reading->table && command_of(reading->known, key)) {
        err_set(err, ERR_CONFIG, _("%s must be a table"), key);
        return err_hint(err, "try", "[%s]", key);
    }
    if (!reading->table || !owner)
        return 0;
    err_set(err, ERR_CONFIG, _("%s is no option of lopin %s"), key, reading->table->name);
    return err_hint(err, "try", "[%s]", owner->name);
}

static int unknown(const struct reading *reading, const char *key, struct err *err)
{
    const char *names[256];
    size_t count = 0;
    const struct layer_known *known = reading->known;
    CLEANUP_STR struct str shown = {0};
    if (misplaced(reading, key, err) < 0)
        return -1;
    for (const struct opt *opt = known->options; opt->id && count < COUNT(names) - 1; opt++)
        if (opt->commands & bits_of(reading) && !(opt->marks & OPT_ONCE))
            names[count++] = opt->name;
    for (size_t i = 0; !reading->table && i < known->count && count < COUNT(names) - 1; i++)
        names[count++] = known->command[i].name;
    names[count] = NULL;
    make_visible(key, &shown);
    err_set(err, ERR_CONFIG, _("unknown key '%s'"), str_text(&shown));
    const char *near = opt_nearest(key, names);
    if (near)
        return err_hint(err, "try", "%s", near);
    return err_hint(err, "more", "lopin help lopin.toml");
}

void layer_add(struct layer *layer, const struct layer_item *item)
{
    mem_room(&layer->item, &layer->room, layer->count + 1, sizeof *layer->item);
    layer->item[layer->count++] = *item;
}

// As it would be typed. Returns NULL if it cannot be.
static const char *text_of(struct arena *arena, const struct toml_value *value)
{
    char text[64];
    switch (value->kind) {
    case TOML_TEXT: return strlen(value->text) == value->size ? value->text : NULL;
    case TOML_INTEGER: snprintf(text, sizeof text, "%" PRId64, value->integer); break;
    case TOML_FLOAT:
        if (value->text) // python = 3.10
            return value->text;
        snprintf(text, sizeof text, "%.15g", value->number);
        break;
    default: return NULL;
    }
    return arena_dup(arena, text);
}

static int read_texts(struct reading *reading, const struct toml_value *value,
                      struct layer_item *item)
{
    struct arena *arena = &reading->document->arena;
    int is_list = value->kind == TOML_ARRAY;
    size_t count = is_list ? value->count : 1;
    const char **text = arena_alloc(arena, (count + 1) * sizeof *text);
    for (size_t i = 0; i < count; i++)
        if (!(text[i] = text_of(arena, is_list ? &value->item[i] : value)))
            return -1;
    item->text = text;
    item->count = count;
    return 0;
}

static int read_key(struct reading *reading, const struct toml_value *value, struct err *err)
{
    const struct opt *any;
    struct layer_item item = {.key = value->key,
                              .table = reading->table ? reading->table->name : NULL,
                              .bits = bits_of(reading),
                              .is_flag = value->kind == TOML_BOOLEAN,
                              .flag = value->kind == TOML_BOOLEAN && value->integer,
                              .line = value->line + reading->document->before};
    const struct opt *opt = find(reading->known->options, &item, item.bits, &any);
    if (!any)
        return unknown(reading, value->key, err);
    if (any->marks & OPT_ONCE) {
        err_set(err, ERR_CONFIG, _("%s belongs to one line, not to a file"), any->name);
        return err_hint(err, "try", "lopin ... --%s", any->name);
    }
    if (!opt || (!item.is_flag && read_texts(reading, value, &item) < 0) ||
        (value->kind == TOML_ARRAY && !(opt->marks & OPT_LIST)))
        return wrong_kind(opt ? opt : any, value, err);
    layer_add(reading->layer, &item);
    return 0;
}

static int read_table(struct reading *reading, const struct toml_value *table, struct err *err)
{
    for (size_t i = 0; i < table->count; i++)
        if (read_key(reading, &table->item[i], err) < 0)
            return document_wrap(reading->document, table->item[i].line, err);
    return 0;
}

// [env], or with = {...}: an option of one value is no table.
static int refuse_table(const struct reading *reading, const struct toml_value *table,
                        struct err *err)
{
    const struct opt *any;
    const struct layer_item item = {.key = table->key};
    find(reading->known->options, &item, reading->known->bits, &any);
    return any && !(any->marks & OPT_ONCE) ? wrong_kind(any, table, err)
                                           : unknown(reading, table->key, err);
}

// First the tables, then the top.
static int read_all(struct reading *reading, struct err *err)
{
    const struct toml_value *ours = reading->document->ours;
    for (size_t i = 0; i < ours->count; i++) {
        if (ours->item[i].kind != TOML_TABLE)
            continue;
        reading->table = command_of(reading->known, ours->item[i].key);
        if (!reading->table) {
            refuse_table(reading, &ours->item[i], err);
            return document_wrap(reading->document, ours->item[i].line, err);
        }
        if (read_table(reading, &ours->item[i], err) < 0)
            return -1;
    }
    reading->table = NULL;
    for (size_t i = 0; i < ours->count; i++)
        if (ours->item[i].kind != TOML_TABLE && read_key(reading, &ours->item[i], err) < 0)
            return document_wrap(reading->document, ours->item[i].line, err);
    return 0;
}

int layer_read(struct document *document, const struct layer_known *known, struct layer *ret,
               struct err *err)
{
    struct reading reading = {.document = document, .known = known, .layer = ret};
    return document->state == DOCUMENT_READ && document->ours ? read_all(&reading, err) : 0;
}

void layer_free(struct layer *layer)
{
    free(layer->item);
    *layer = (struct layer){0};
}

const struct opt *layer_option(const struct layer_item *item, const struct opt *options,
                               uint64_t command)
{
    const struct opt *any;
    return item->bits & command ? find(options, item, command, &any) : NULL;
}
