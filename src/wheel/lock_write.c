// SPDX-License-Identifier: Apache-2.0
// lock_write: the text of a lock: keys in the order of the PEP, a line a wheel, so that a diff of two
// locks shows the packages that differ.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "wheel/lock.h"

static void add_quoted(struct str *into, const char *text, size_t size)
{
    static const char plain[] = "btnfr";
    static const char special[] = "\b\t\n\f\r";
    str_add_char(into, '"');
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        const char *known = byte ? strchr(special, byte) : NULL;
        if (byte == '"' || byte == '\\')
            str_print(into, "\\%c", byte);
        else if (known)
            str_print(into, "\\%c", plain[known - special]);
        else if (byte < 0x20 || byte == 0x7f)
            str_print(into, "\\u%04X", byte);
        else
            str_add_char(into, (char)byte);
    }
    str_add_char(into, '"');
}

static void add_text(struct str *into, const char *text)
{
    add_quoted(into, text, strlen(text));
}

static void add_key(struct str *into, const char *key)
{
    size_t plain =
        strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
    if (*key && !key[plain])
        str_add(into, key);
    else
        add_text(into, key);
}

static void add_float(struct str *into, double number)
{
    if (isnan(number) || isinf(number)) {
        str_add(into, isnan(number) ? "nan" : number < 0 ? "-inf" : "inf");
        return;
    }
    size_t from = into->size;
    str_print(into, "%.17g", number);
    if (!strpbrk(into->text + from, ".e"))
        str_add(into, ".0");
}

// Any value, in one line.
static void add_value(struct str *into, const struct toml_value *value)
{
    switch (value->kind) {
    case TOML_TEXT: add_quoted(into, value->text, value->size); return;
    case TOML_INTEGER: str_print(into, "%lld", (long long)value->integer); return;
    case TOML_FLOAT: add_float(into, value->number); return;
    case TOML_BOOLEAN: str_add(into, value->integer ? "true" : "false"); return;
    case TOML_TIME: str_add(into, value->text); return;
    default: break;
    }
    int is_table = value->kind == TOML_TABLE;
    str_add(into, is_table ? "{" : "[");
    for (size_t i = 0; i < value->count; i++) {
        str_add(into, i ? ", " : is_table ? " " : "");
        if (is_table) {
            add_key(into, value->item[i].key);
            str_add(into, " = ");
        }
        add_value(into, &value->item[i]);
    }
    str_add(into, !is_table ? "]" : value->count ? " }" : "}");
}

static void add_line(struct str *into, const char *key, const char *text)
{
    if (!text)
        return;
    str_print(into, "%s = ", key);
    add_text(into, text);
    str_add_char(into, '\n');
}

static void add_line_of(struct str *into, const char *key, struct str *text)
{
    add_line(into, key, str_text(text));
    str_free(text);
}

static void add_list(struct str *into, const char *key, const char *const *list, size_t count,
                     int always)
{
    if (!list || (!count && !always))
        return;
    str_print(into, "%s = [%s", key, count ? "\n" : "");
    for (size_t i = 0; i < count; i++) {
        str_add(into, "    ");
        add_text(into, list[i]);
        str_add(into, ",\n");
    }
    str_add(into, "]\n");
}

static void add_specifiers(struct str *into, const struct specifiers *set, int has)
{
    struct str text = {0};
    if (!has)
        return;
    specifiers_add(&text, set);
    add_line_of(into, "requires-python", &text);
}

// A field of an inline table.
static void add_field(struct str *into, const char *key, const char *text, int *any)
{
    if (!text)
        return;
    str_print(into, "%s%s = ", *any ? ", " : "", key);
    add_text(into, text);
    *any = 1;
}

static int by_algorithm(const void *one, const void *two)
{
    return strcmp(((const struct lock_hash *)one)->algorithm,
                  ((const struct lock_hash *)two)->algorithm);
}

static void add_hashes(struct str *into, const struct lock_file *file)
{
    int any = 0;
    struct lock_hash *list = mem_alloc((file->hash_count + 1) * sizeof *list);
    for (size_t i = 0; i < file->hash_count; i++)
        list[i] = file->hash[i];
    qsort(list, file->hash_count, sizeof *list, by_algorithm);
    str_add(into, "hashes = { ");
    for (size_t i = 0; i < file->hash_count; i++) {
        CLEANUP_STR struct str key = {0};
        add_key(&key, list[i].algorithm);
        add_field(into, str_text(&key), list[i].value, &any);
    }
    str_add(into, " }");
    free(list);
}

// "{ name = ..., url = ..., size = ..., hashes = { sha256 = ... } }"
static void add_file(struct str *into, const struct lock_file *file)
{
    int any = 0;
    str_add(into, "{ ");
    add_field(into, "name", file->name, &any);
    if (file->upload_time)
        str_print(into, "%supload-time = %s", any++ ? ", " : "", file->upload_time);
    add_field(into, "url", file->url, &any);
    add_field(into, "path", file->path, &any);
    if (file->size >= 0)
        str_print(into, "%ssize = %lld", any++ ? ", " : "", file->size);
    add_field(into, "subdirectory", file->subdirectory, &any);
    add_field(into, "level", file->level, &any);
    str_add(into, any ? ", " : "");
    add_hashes(into, file);
    str_add(into, " }");
}

static int by_file(const void *one, const void *two)
{
    const struct lock_file *const *first = one, *const *second = two;
    int order = strcmp((*first)->name, (*second)->name);
    const char *level = (*first)->level ? (*first)->level : "";
    return order ? order : strcmp(level, (*second)->level ? (*second)->level : "");
}

static void add_files(struct str *into, const char *key, const struct lock_file *file,
                      size_t count)
{
    if (!count)
        return;
    const struct lock_file **list = mem_alloc(count * sizeof *list);
    for (size_t i = 0; i < count; i++)
        list[i] = &file[i];
    // the order of equal tags is the file's: variants are all of one tag
    if (file->level)
        qsort(list, count, sizeof *list, by_file);
    str_print(into, "%s = [\n", key);
    for (size_t i = 0; i < count; i++) {
        str_add(into, "    ");
        add_file(into, list[i]);
        str_add(into, ",\n");
    }
    str_add(into, "]\n");
    free(list);
}

static void add_vcs(struct str *into, const struct lock_vcs *vcs)
{
    int any = 0;
    str_add(into, "vcs = { ");
    add_field(into, "type", vcs->type, &any);
    add_field(into, "url", vcs->url, &any);
    add_field(into, "path", vcs->path, &any);
    add_field(into, "requested-revision", vcs->requested_revision, &any);
    add_field(into, "commit-id", vcs->commit_id, &any);
    add_field(into, "subdirectory", vcs->subdirectory, &any);
    str_add(into, " }\n");
}

static void add_folder(struct str *into, const struct lock_folder *folder)
{
    int any = 0;
    str_add(into, "directory = { ");
    add_field(into, "path", folder->path, &any);
    if (folder->editable >= 0)
        str_print(into, ", editable = %s", folder->editable ? "true" : "false");
    add_field(into, "subdirectory", folder->subdirectory, &any);
    str_add(into, " }\n");
}

static void add_kept(struct str *into, const char *key, const struct toml_value *value)
{
    if (!value)
        return;
    str_print(into, "%s = ", key);
    add_value(into, value);
    str_add_char(into, '\n');
}

// Tables of other tools stay as they are.
static void add_tools(struct str *into, const char *table, const struct toml_value *tool)
{
    int begun = 0;
    for (size_t i = 0; tool && i < tool->count; i++) {
        if (strcmp(tool->item[i].key, "lopin") == 0)
            continue;
        if (!begun++)
            str_print(into, "\n[%s]\n", table);
        add_key(into, tool->item[i].key);
        str_add(into, " = ");
        add_value(into, &tool->item[i]);
        str_add_char(into, '\n');
    }
}

static void add_package(struct str *into, const struct lock_package *package)
{
    str_add(into, "\n[[packages]]\n");
    add_line(into, "name", package->name);
    add_line(into, "version", package->version_text);
    if (package->marker) {
        struct str text = {0};
        marker_add(&text, package->marker);
        add_line_of(into, "marker", &text);
    }
    add_specifiers(into, &package->requires_python, package->has_requires_python);
    add_kept(into, "dependencies", package->dependencies);
    if (package->vcs)
        add_vcs(into, package->vcs);
    if (package->directory)
        add_folder(into, package->directory);
    if (package->archive) {
        str_add(into, "archive = ");
        add_file(into, package->archive);
        str_add_char(into, '\n');
    }
    add_line(into, "index", package->index);
    if (package->sdist) {
        str_add(into, "sdist = ");
        add_file(into, package->sdist);
        str_add_char(into, '\n');
    }
    add_files(into, "wheels", package->wheel, package->wheel_count);
    add_kept(into, "attestation-identities", package->attestation_identities);
    add_tools(into, "packages.tool", package->tool);
    if (package->variant_count) {
        str_add(into, "\n[packages.tool.lopin]\n");
        add_files(into, "wheels", package->variant, package->variant_count);
    }
}

static int by_package(const void *one, const void *two)
{
    const struct lock_package *const *first = one, *const *second = two;
    int order = strcmp((*first)->name, (*second)->name);
    if (!order && (*first)->version && (*second)->version)
        order = version_compare((*first)->version, (*second)->version, VERSION_WHOLE);
    if (order)
        return order;
    CLEANUP_STR struct str text = {0},
                           other = {0}; // entries of other sources differ in markers
    if ((*first)->marker)
        marker_add(&text, (*first)->marker);
    if ((*second)->marker)
        marker_add(&other, (*second)->marker);
    return strcmp(str_text(&text), str_text(&other));
}

static void add_asked(struct str *into, const struct lock_asked *asked)
{
    if (!asked->known)
        return;
    str_add(into, "\n[tool.lopin]\n");
    add_list(into, "requirements", asked->requirement, asked->requirement_count, 1);
    add_list(into, "constraints", asked->constraint, asked->constraint_count, 0);
    add_list(into, "overrides", asked->override, asked->override_count, 0);
    add_list(into, "python", asked->python, asked->python_count, 0);
}

void lock_write(struct str *into, const struct lock *lock)
{
    CLEANUP_STRV struct strv environments = {0};
    for (size_t i = 0; i < lock->environment_count; i++) {
        struct str text = {0};
        marker_add(&text, lock->environment[i]);
        strv_take(&environments, str_take(&text));
    }
    strv_add(&environments, "");
    add_line(into, "lock-version", lock->version_text);
    add_list(into, "environments", (const char *const *)environments.item,
             lock->environment_count, lock->has_environments);
    add_specifiers(into, &lock->requires_python, lock->has_requires_python);
    add_list(into, "extras", lock->extra, lock->extra_count, 1);
    add_list(into, "dependency-groups", lock->group, lock->group_count, 1);
    add_list(into, "default-groups", lock->default_group, lock->default_group_count, 1);
    add_line(into, "created-by", lock->created_by);
    if (!lock->package_count)
        str_add(into, "packages = []\n");
    const struct lock_package **list = mem_alloc((lock->package_count + 1) * sizeof *list);
    for (size_t i = 0; i < lock->package_count; i++)
        list[i] = &lock->package[i];
    qsort(list, lock->package_count, sizeof *list, by_package);
    for (size_t i = 0; i < lock->package_count; i++)
        add_package(into, list[i]);
    free(list);
    add_tools(into, "tool", lock->tool);
    add_asked(into, &lock->asked);
}
