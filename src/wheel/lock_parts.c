// SPDX-License-Identifier: Apache-2.0
#include "wheel/lock_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/lang.h"

int lock_bad(const struct lock_reading *reading, const struct toml_value *at,
             const char *format, ...)
{
    char text[256];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return err_set(reading->err, ERR_USAGE, _("line %u: %s"), at->line, text);
}

int lock_in_line(const struct lock_reading *reading, const struct toml_value *at)
{
    return err_wrap(reading->err, _("line %u"), at->line);
}

static const char *kind_words(enum toml_kind kind)
{
    switch (kind) {
    case TOML_TEXT: return _("a text");
    case TOML_INTEGER: return _("a whole number");
    case TOML_BOOLEAN: return _("true or false");
    case TOML_TIME: return _("a date and time");
    case TOML_ARRAY: return _("a list");
    default: return _("a table");
    }
}

int lock_get(const struct lock_reading *reading, const struct toml_value *table,
             const char *key, enum toml_kind kind, const struct toml_value **ret)
{
    *ret = toml_get(table, key);
    if (!*ret || (*ret)->kind == kind)
        return 0;
    return lock_bad(reading, *ret, _("'%s' must be %s"), key, kind_words(kind));
}

int lock_list(const struct lock_reading *reading, const struct toml_value *table,
              const char *key, enum toml_kind kind, const struct toml_value **ret)
{
    if (lock_get(reading, table, key, TOML_ARRAY, ret) < 0)
        return -1;
    for (size_t i = 0; *ret && i < (*ret)->count; i++)
        if ((*ret)->item[i].kind != kind)
            return lock_bad(reading, &(*ret)->item[i], _("each of '%s' must be %s"), key,
                            kind_words(kind));
    return 0;
}

// Names, paths and URLs have no NUL.
static int check_text(const struct lock_reading *reading, const struct toml_value *value,
                      const char *key)
{
    return memchr(value->text, '\0', value->size)
               ? lock_bad(reading, value, _("'%s' holds a NUL"), key)
               : 0;
}

int lock_text(const struct lock_reading *reading, const struct toml_value *table,
              const char *key, int required, const char **ret)
{
    const struct toml_value *value;
    *ret = NULL;
    if (lock_get(reading, table, key, TOML_TEXT, &value) < 0)
        return -1;
    if (!value)
        return required ? lock_bad(reading, table, _("'%s' is missing"), key) : 0;
    *ret = value->text;
    return check_text(reading, value, key);
}

int lock_texts(const struct lock_reading *reading, const struct toml_value *table,
               const char *key, const char ***ret, size_t *ret_count)
{
    const struct toml_value *list;
    *ret = NULL;
    *ret_count = 0;
    if (lock_list(reading, table, key, TOML_TEXT, &list) < 0)
        return -1;
    if (!list)
        return 0;
    *ret = arena_alloc(reading->arena, (list->count + 1) * sizeof **ret);
    for (size_t i = 0; i < list->count; i++) {
        if (check_text(reading, &list->item[i], key) < 0)
            return -1;
        (*ret)[(*ret_count)++] = list->item[i].text;
    }
    (*ret)[*ret_count] = NULL;
    return 0;
}

int lock_need_place(const struct lock_reading *reading, const struct toml_value *table,
                    const char *path, const char *url)
{
    return (path && *path) || (url && *url)
               ? 0
               : lock_bad(reading, table, _("'%s' or '%s' is missing"), "path", "url");
}

static int hex_digit(char byte)
{
    const char *digits = "0123456789abcdef";
    const char *at = byte ? strchr(digits, text_lower(byte)) : NULL;
    return at ? (int)(at - digits) : -1;
}

// The last part of a URL's path, decoded; a '%' that is no code stays. ";words" behind it are
// parameters where the scheme has those (RFC 1808).
static const char *url_name(struct arena *arena, const char *url)
{
    CLEANUP_STR struct str name = {0};
    const char *path = strstr(url, "://");
    int has_parameters = !path || str_starts(url, "http://") || str_starts(url, "https://");
    path = path ? path + 3 + strcspn(path + 3, "/?#") : url;
    const char *end = path + strcspn(path, "?#");
    const char *at = memrchr(path, '/', (size_t)(end - path));
    at = at ? at + 1 : path;
    if (has_parameters && memchr(at, ';', (size_t)(end - at)))
        end = memchr(at, ';', (size_t)(end - at));
    for (; at < end; at++) {
        int high = *at == '%' && end - at > 2 ? hex_digit(at[1]) : -1;
        int low = high >= 0 ? hex_digit(at[2]) : -1;
        str_add_char(&name, low < 0 ? *at : (char)(high * 16 + low));
        at += low < 0 ? 0 : 2;
    }
    return name.size ? arena_dup(arena, name.text) : NULL;
}

// As written, else by its place; a path may have the slashes of another system.
static const char *file_name(struct arena *arena, const struct lock_file *file)
{
    if (file->name && *file->name)
        return file->name;
    if (file->path && *file->path) {
        const char *slash = strrchr(file->path, '/');
        const char *name = slash ? slash + 1 : file->path;
        const char *other = strrchr(name, '\\');
        name = other ? other + 1 : name;
        if (*name)
            return arena_dup(arena, name);
    }
    return file->url && *file->url ? url_name(arena, file->url) : NULL;
}

static int read_hashes(const struct lock_reading *reading, const struct toml_value *table,
                       struct lock_file *file)
{
    const struct toml_value *hashes;
    if (lock_get(reading, table, "hashes", TOML_TABLE, &hashes) < 0)
        return -1;
    if (!hashes || !hashes->count)
        return lock_bad(reading, table, _("'%s' is missing"), "hashes");
    struct lock_hash *hash = arena_alloc(reading->arena, hashes->count * sizeof *hash);
    file->hash = hash;
    for (size_t i = 0; i < hashes->count; i++) {
        const struct toml_value *value = &hashes->item[i];
        if (value->kind != TOML_TEXT)
            return lock_bad(reading, value, _("'%s' must be %s"), value->key, _("a text"));
        if (check_text(reading, value, value->key) < 0)
            return -1;
        hash[file->hash_count++] = (struct lock_hash){value->key, value->text};
    }
    return 0;
}

// TOML's times are also days alone and hours alone.
static int read_time(const struct lock_reading *reading, const struct toml_value *table,
                     const char **ret)
{
    const struct toml_value *value;
    *ret = NULL;
    if (lock_get(reading, table, "upload-time", TOML_TIME, &value) < 0)
        return -1;
    if (value && !(strchr(value->text, ':') && value->size > 10 && value->text[4] == '-'))
        return lock_bad(reading, value, _("'%s' must be %s"), "upload-time",
                        _("a date and time"));
    *ret = value ? value->text : NULL;
    return 0;
}

static int read_file(const struct lock_reading *reading, const struct toml_value *table,
                     int named, struct lock_file *ret)
{
    const struct toml_value *size;
    *ret = (struct lock_file){.size = -1, .line = table->line};
    if ((named ? lock_text(reading, table, "name", 0, &ret->name)
               : lock_text(reading, table, "subdirectory", 0, &ret->subdirectory)) < 0 ||
        lock_text(reading, table, "url", 0, &ret->url) < 0 ||
        lock_text(reading, table, "path", 0, &ret->path) < 0 ||
        lock_get(reading, table, "size", TOML_INTEGER, &size) < 0 ||
        read_time(reading, table, &ret->upload_time) < 0 ||
        read_hashes(reading, table, ret) < 0 ||
        lock_need_place(reading, table, ret->path, ret->url) < 0)
        return -1;
    if (size)
        ret->size = size->integer;
    if (named)
        ret->name = file_name(reading->arena, ret);
    return 0;
}

int lock_files(const struct lock_reading *reading, const struct toml_value *table,
               const char *key, const struct lock_file **ret, size_t *ret_count)
{
    const struct toml_value *list;
    *ret = NULL;
    *ret_count = 0;
    if (lock_list(reading, table, key, TOML_TABLE, &list) < 0)
        return -1;
    if (!list)
        return 0;
    struct lock_file *file = arena_alloc(reading->arena, (list->count + 1) * sizeof *file);
    *ret = file;
    for (size_t i = 0; i < list->count; i++)
        if (read_file(reading, &list->item[i], 1, &file[(*ret_count)++]) < 0)
            return -1;
    return 0;
}

const struct lock_file *lock_one_file(const struct lock_reading *reading,
                                      const struct toml_value *table, int named)
{
    struct lock_file *file = arena_alloc(reading->arena, sizeof *file);
    return read_file(reading, table, named, file) < 0 ? NULL : file;
}

int lock_read_variants(const struct lock_reading *reading, struct lock_package *package)
{
    const struct toml_value *own = toml_get(package->tool, "lopin");
    const struct toml_value *list = toml_get(own, "wheels");
    if (!list)
        return 0;
    if (lock_files(reading, own, "wheels", &package->variant, &package->variant_count) < 0)
        return -1;
    struct lock_file *file = (struct lock_file *)(uintptr_t)package->variant; // made by us
    for (size_t i = 0; i < package->variant_count; i++) {
        if (lock_text(reading, &list->item[i], "level", 0, &file[i].level) < 0)
            return -1;
        if (!file[i].name ||
            wheelname_parse(reading->arena, piece_of(file[i].name), &file[i].wheel, NULL) < 0)
            return lock_bad(reading, &list->item[i], _("'%s' is no name of a wheel"),
                            file[i].name ? file[i].name : "");
    }
    return 0;
}

int lock_read_asked(const struct lock_reading *reading, struct lock *lock)
{
    struct lock_asked *asked = &lock->asked;
    const struct toml_value *own = toml_get(lock->tool, "lopin");
    if (!toml_get(own, "requirements"))
        return 0;
    asked->known = 1;
    return lock_texts(reading, own, "requirements", &asked->requirement,
                      &asked->requirement_count) < 0 ||
                   lock_texts(reading, own, "constraints", &asked->constraint,
                              &asked->constraint_count) < 0 ||
                   lock_texts(reading, own, "overrides", &asked->override,
                              &asked->override_count) < 0 ||
                   lock_texts(reading, own, "python", &asked->python, &asked->python_count) < 0
               ? -1
               : 0;
}

const char *lock_sha256(const struct lock_file *file)
{
    for (size_t i = 0; i < file->hash_count; i++)
        if (strcmp(file->hash[i].algorithm, "sha256") == 0)
            return file->hash[i].value;
    return NULL;
}

int lock_is_name(const char *name)
{
    static const char begin[] = "pylock.", end[] = ".toml";
    if (strcmp(name, "pylock.toml") == 0 || strcmp(name, "lopin.lock") == 0)
        return 1;
    size_t size = strlen(name);
    size_t least = strlen(begin) + strlen(end);
    return size > least && str_starts(name, begin) && str_ends(name, end) &&
           !memchr(name + strlen(begin), '.', size - least);
}
