// SPDX-License-Identifier: Apache-2.0
// state: what is loaded as variables of the environment, read and written (loaded.h).
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "module/base64.h"
#include "module/loaded.h"
#include "module/luatable.h"
#include "module/order.h"
#include "module/paths.h"

enum { PIECE = 512, MAX_PIECES = 100000 }; // Lmod's: a shell of old has short lines
#define TABLE_VERSION 3

static void add_string(struct str *into, const char *text)
{
    str_add_char(into, '"');
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            str_print(into, "\\%c", byte);
        else if (byte < ' ' || byte == 127)
            str_print(into, "\\%03d", byte);
        else
            str_add_char(into, (char)byte);
    }
    str_add_char(into, '"');
}

// A key as Lmod writes it: a name plainly, all others in brackets.
static void add_key(struct str *into, const char *key)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    size_t first = strspn(key, letters);
    int plain = first && first + strspn(key + first, "0123456789") == strlen(key);
    static const char *const reserved[] = {
        "and",      "break",  "do",   "else", "elseif", "end",  "false", "for",
        "function", "goto",   "if",   "in",   "local",  "nil",  "not",   "or",
        "repeat",   "return", "then", "true", "until",  "while"};
    for (size_t i = 0; i < COUNT(reserved); i++)
        plain &= strcmp(key, reserved[i]) != 0;
    if (plain) {
        str_print(into, "%s = ", key);
        return;
    }
    str_add_char(into, '[');
    add_string(into, key);
    str_add(into, "] = ");
}

static void add_text_member(struct str *into, const char *key, const char *text)
{
    str_print(into, "%s = ", key);
    add_string(into, text);
    str_add(into, ",\n");
}

// "lmod\tsticky" and others, grouped by what stands before the tab.
static void add_marks(struct str *into, const struct strv *marks)
{
    str_add(into, "propT = {");
    for (size_t i = 0; i < marks->count; i++) {
        CLEANUP_FREE char *group = mem_dupn(marks->item[i], strcspn(marks->item[i], "\t"));
        size_t size = strlen(group) + 1;
        int seen = 0;
        for (size_t k = 0; k < i; k++)
            seen |= strncmp(marks->item[k], marks->item[i], size) == 0;
        if (seen)
            continue;
        str_add(into, "\n");
        add_key(into, group);
        str_add(into, "{\n");
        for (size_t k = i; k < marks->count; k++)
            if (strncmp(marks->item[k], marks->item[i], size) == 0) {
                add_key(into, marks->item[k] + size);
                str_add(into, "1,\n");
            }
        str_add(into, "},");
    }
    str_add(into, marks->count ? "\n},\n" : "},\n");
}

// What has control bytes is no name, and would move a terminal's cursor.
static int is_name(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127)
            return 0;
    return 1;
}

// By script, what it did: both in base64.
static void add_scripts(struct str *into, const struct strv *scripts)
{
    if (!scripts->count)
        return;
    str_add(into, "mcmdT_64 = {\n");
    for (size_t i = 0; i + 1 < scripts->count; i += 2) {
        CLEANUP_STR struct str text = {0};
        const char *before = i ? scripts->item[i - 2] : NULL;
        if (!before || strcmp(before, scripts->item[i]) != 0) {
            str_add(into, before ? "},\n" : "");
            base64_add(&text, scripts->item[i], strlen(scripts->item[i]));
            add_key(into, str_text(&text));
            str_add(into, "{\n");
            str_clear(&text);
        }
        base64_add(&text, scripts->item[i + 1], strlen(scripts->item[i + 1]));
        add_string(into, str_text(&text));
        str_add(into, ",\n");
    }
    str_add(into, "},\n},\n");
}

static void add_inherited(struct str *into, const struct loaded_module *module)
{
    if (!module->inherited.count)
        return;
    str_add(into, "mnameA = {\n");
    for (size_t i = 0; i < module->inherited.count; i++) {
        str_add(into, "{\n");
        add_text_member(into, "fn", module->inherited.item[i]);
        add_text_member(into, "sn", module->name);
        add_text_member(into, "userName", module->user);
        add_text_member(into, "version", loaded_version(module));
        str_add(into, "},\n");
    }
    str_add(into, "},\n");
}

static void add_module(struct str *into, const struct loaded_module *module)
{
    static const char *const words[] = {"active", "inactive", "pending"};
    add_key(into, module->name);
    str_add(into, "{\n");
    add_text_member(into, "fn", module->file);
    add_text_member(into, "fullName", module->full);
    str_print(into, "loadOrder = %ld,\n", module->order);
    add_scripts(into, &module->scripts);
    add_inherited(into, module);
    add_marks(into, &module->marks);
    if (module->users >= 0)
        str_print(into, "ref_count = %ld,\n", module->users);
    str_print(into, "stackDepth = %ld,\n", module->depth);
    add_text_member(into, "status", words[module->status]);
    add_text_member(into, "userName", module->user);
    if (module->key && *module->key)
        add_text_member(into, "wV", module->key);
    else
        str_add(into, "wV = false,\n");
    str_add(into, "},\n");
}

void loaded_text(const struct loaded *loaded, const struct vars *vars, struct str *into)
{
    str_print(into,
              "_ModuleTable_ = {\nMTversion = %d,\nc_rebuildTime = false,\n"
              "c_shortTime = false,\ndepthT = {},\nfamily = {\n",
              TABLE_VERSION);
    for (size_t i = 0; i < loaded->families.count; i++) {
        const char *family = loaded->families.item[i], *tab = strchr(family, '\t');
        CLEANUP_FREE char *key = mem_dupn(family, (size_t)(tab - family));
        add_key(into, key);
        add_string(into, tab + 1);
        str_add(into, ",\n");
    }
    str_add(into, "},\nmT = {\n");
    struct loaded_module **list = loaded_list(loaded, 1);
    for (size_t i = 0; list[i]; i++) {
        struct loaded_module module = *list[i];
        module.order = module.status == LOADED_ACTIVE ? (long)i + 1 : module.order;
        add_module(into, &module);
    }
    free(list);
    str_add(into, "},\nmpathA = {\n");
    CLEANUP_STRV struct strv folders = {0};
    paths_list(vars, "MODULEPATH", &folders);
    for (size_t i = 0; i < folders.count; i++) {
        add_string(into, folders.item[i]);
        str_add(into, ",\n");
    }
    str_add(into, "},\n");
    if (loaded->base_path)
        add_text_member(into, "systemBaseMPATH", loaded->base_path);
    str_add(into, "}\n");
}

static void write_lists(const struct loaded *loaded, struct vars *vars)
{
    CLEANUP_STR struct str names = {0}, files = {0};
    struct loaded_module **list = loaded_list(loaded, 0);
    for (size_t i = 0; list[i]; i++) {
        str_print(&names, "%s%s", i ? ":" : "", list[i]->full);
        str_print(&files, "%s%s", i ? ":" : "", list[i]->file);
    }
    free(list);
    if (names.size) {
        vars_set(vars, "LOADEDMODULES", names.text);
        vars_set(vars, "_LMFILES_", files.text);
    } else {
        vars_unset(vars, "LOADEDMODULES");
        vars_unset(vars, "_LMFILES_");
    }
}

void loaded_write(const struct loaded *loaded, struct vars *vars)
{
    CLEANUP_STR struct str text = {0}, coded = {0};
    write_lists(loaded, vars);
    loaded_text(loaded, vars, &text);
    base64_add(&coded, text.text, text.size);
    size_t pieces = 0;
    char name[48];
    for (size_t at = 0; at < coded.size; at += PIECE) {
        size_t size = coded.size - at < PIECE ? coded.size - at : PIECE;
        CLEANUP_FREE char *piece = mem_dupn(coded.text + at, size);
        snprintf(name, sizeof name, "_ModuleTable%03zu_", ++pieces);
        vars_set(vars, name, piece);
    }
    CLEANUP_FREE char *count = mem_print("%zu", pieces);
    vars_set(vars, "_ModuleTable_Sz_", count);
    for (;;) {
        snprintf(name, sizeof name, "_ModuleTable%03zu_", ++pieces);
        if (!vars_get(vars, name))
            return;
        vars_unset(vars, name);
    }
}

static void read_marks(struct loaded_module *module, const struct luatable *table)
{
    for (size_t i = 0; table && i < table->count; i++)
        for (size_t k = 0; table->item[i].key && k < table->item[i].count; k++)
            if (table->item[i].item[k].key)
                strv_take(&module->marks,
                          mem_print("%s\t%s", table->item[i].key, table->item[i].item[k].key));
}

static void read_scripts(struct loaded_module *module, const struct luatable *table)
{
    for (size_t i = 0; table && i < table->count; i++) {
        CLEANUP_STR struct str script = {0};
        const struct luatable *calls = &table->item[i];
        if (!calls->key || base64_read(calls->key, strlen(calls->key), &script) < 0)
            continue;
        for (size_t k = 0; k < calls->count; k++) {
            CLEANUP_STR struct str call = {0};
            const char *text =
                calls->item[k].kind == LUATABLE_STRING ? calls->item[k].text : "";
            if (base64_read(text, strlen(text), &call) < 0)
                continue;
            strv_add(&module->scripts, str_text(&script));
            strv_add(&module->scripts, str_text(&call));
        }
    }
}

static void read_inherited(struct loaded_module *module, const struct luatable *table)
{
    for (size_t i = 0; table && i < table->count; i++)
        if (luatable_text(&table->item[i], "fn"))
            strv_add(&module->inherited, luatable_text(&table->item[i], "fn"));
}

static void read_module(struct loaded *loaded, const struct luatable *entry)
{
    const char *full = luatable_text(entry, "fullName"), *file = luatable_text(entry, "fn");
    const char *user = luatable_text(entry, "userName"),
               *status = luatable_text(entry, "status");
    const char *key = luatable_text(entry, "wV");
    if (!entry->key || !full || !file || strncmp(full, entry->key, strlen(entry->key)) != 0 ||
        !is_name(full) || !is_name(file) || (user && !is_name(user)))
        return;
    struct loaded_module module = {
        .name = (char *)entry->key,
        .full = (char *)full,
        .file = (char *)file,
        .user = (char *)(user ? user : full),
        .key = (char *)(key ? key : ""),
        .order = luatable_number(entry, "loadOrder", -1),
        .depth = luatable_number(entry, "stackDepth", 0),
        .users = luatable_number(entry, "ref_count", -1),
        .status = status && strcmp(status, "active") == 0 ? LOADED_ACTIVE : LOADED_INACTIVE,
    };
    struct loaded_module *kept = loaded_put(loaded, &module);
    read_marks(kept, luatable_get(entry, "propT"));
    read_scripts(kept, luatable_get(entry, "mcmdT_64"));
    read_inherited(kept, luatable_get(entry, "mnameA"));
    if (module.order > loaded->last)
        loaded->last = module.order;
}

int loaded_parse(struct loaded *loaded, const char *text, size_t size, struct err *err)
{
    struct arena arena = {0};
    const struct luatable *table = luatable_read(&arena, text, size, err);
    long version = luatable_number(table, "MTversion", 0);
    int status = table ? 0 : -1;
    if (table && version != TABLE_VERSION) {
        status = err_set(err, ERR_MODULE_STATE, _("it has version %ld, and %d is known"),
                         version, TABLE_VERSION);
    } else if (table) {
        const struct luatable *modules = luatable_get(table, "mT");
        for (size_t i = 0; modules && i < modules->count; i++)
            read_module(loaded, &modules->item[i]);
        const struct luatable *families = luatable_get(table, "family");
        for (size_t i = 0; families && i < families->count; i++)
            if (families->item[i].key && families->item[i].kind == LUATABLE_STRING)
                loaded_set_family(loaded, families->item[i].key, families->item[i].text);
        loaded->base_path = mem_dup(luatable_text(table, "systemBaseMPATH"));
    }
    arena_free(&arena);
    return status;
}

int loaded_parse_path(const char *text, size_t size, struct strv *into, struct err *err)
{
    struct arena arena = {0};
    const struct luatable *table = luatable_read(&arena, text, size, err);
    const struct luatable *path = luatable_get(table, "mpathA");
    for (size_t i = 0; path && i < path->count; i++)
        if (path->item[i].kind == LUATABLE_STRING)
            strv_add(into, path->item[i].text);
    arena_free(&arena);
    return table ? 0 : -1;
}

static int has_full(const struct loaded *loaded, const char *full)
{
    for (size_t i = 0; i < loaded->count; i++)
        if (strcmp(loaded->item[i].full, full) == 0)
            return 1;
    return 0;
}

// Whether "b/1&auto-loaded:c/1&sticky" has a word for a module.
static int has_tag(const char *tags, const char *full, const char *tag)
{
    CLEANUP_STRV struct strv entries = {0};
    strv_split(&entries, tags ? tags : "", ':');
    for (size_t i = 0; i < entries.count; i++) {
        CLEANUP_STRV struct strv words = {0};
        strv_split(&words, entries.item[i], '&');
        for (size_t k = 1; k < words.count && strcmp(words.item[0], full) == 0; k++)
            if (strcmp(words.item[k], tag) == 0)
                return 1;
    }
    return 0;
}

// How many modules need one: "a/1&b&c|d/2:b/1&c" has what each needs, by other names of it too.
static long count_users(const char *needs, const char *full)
{
    CLEANUP_STRV struct strv entries = {0};
    long users = 0;
    strv_split(&entries, needs ? needs : "", ':');
    for (size_t i = 0; i < entries.count; i++) {
        CLEANUP_STRV struct strv words = {0};
        for (char *at = entries.item[i]; *at; at++)
            *at = *at == '|' ? '&' : *at;
        strv_split(&words, entries.item[i], '&');
        for (size_t k = 1; k < words.count; k++) {
            size_t size = strlen(words.item[k]);
            users += size && strncmp(full, words.item[k], size) == 0 &&
                     (!full[size] || full[size] == '/');
        }
    }
    return users;
}

// What Environment Modules loaded by itself goes with those that need it.
static void read_tags(struct loaded_module *module, const struct vars *vars)
{
    const char *tags = vars_get(vars, "__MODULES_LMTAG");
    if (has_tag(tags, module->full, "auto-loaded")) {
        module->depth = 1;
        module->users = count_users(vars_get(vars, "__MODULES_LMPREREQ"), module->full);
    }
    if (has_tag(tags, module->full, "sticky") || has_tag(tags, module->full, "super-sticky"))
        strv_add(&module->marks, "lmod\tsticky");
    if (has_tag(tags, module->full, "hidden-loaded"))
        strv_add(&module->marks, "lmod\thidden-loaded");
}

// What Environment Modules says, where there is no table of Lmod's.
static void read_lists(struct loaded *loaded, const struct vars *vars)
{
    const char *names = vars_get(vars, "LOADEDMODULES"), *files = vars_get(vars, "_LMFILES_");
    CLEANUP_STRV struct strv name = {0}, file = {0};
    if (!names || !*names || !files)
        return;
    strv_split(&name, names, ':');
    strv_split(&file, files, ':');
    for (size_t i = 0; i < name.count && i < file.count; i++) {
        CLEANUP_FREE char *short_name = mem_dup(name.item[i]);
        char *slash = strrchr(short_name, '/');
        if (slash)
            *slash = '\0';
        CLEANUP_FREE char *key = order_key(slash ? slash + 1 : "");
        struct loaded_module module = {.name = short_name,
                                       .full = name.item[i],
                                       .file = file.item[i],
                                       .user = name.item[i],
                                       .key = key,
                                       .users = -1};
        if (!*short_name || !is_name(name.item[i]) || !is_name(file.item[i]))
            continue;
        struct loaded_module *place = loaded_put(loaded, &module);
        loaded_activate(loaded, place);
        read_tags(place, vars);
    }
}

// Environment Modules in the same shell changes its lists and not Lmod's table.
static void reconcile(struct loaded *loaded, const struct vars *vars)
{
    struct loaded said = {0};
    read_lists(&said, vars);
    for (size_t i = loaded->count; i-- > 0;) {
        struct loaded_module *module = &loaded->item[i];
        const struct loaded_module *other = loaded_get(&said, module->name);
        if (module->status == LOADED_ACTIVE &&
            (!other || strcmp(other->full, module->full) != 0) &&
            !has_full(&said, module->full))
            loaded_drop(loaded, module->name);
    }
    for (size_t i = 0; i < said.count; i++)
        if (!has_full(loaded, said.item[i].full))
            loaded_activate(loaded, loaded_put(loaded, &said.item[i]));
    loaded_free(&said);
}

int loaded_read(struct loaded *loaded, const struct vars *vars, struct err *err)
{
    const char *count = vars_get(vars, "_ModuleTable_Sz_");
    unsigned long pieces = 0;
    if (!count || !vars_get(vars, "_ModuleTable001_")) {
        read_lists(loaded, vars);
        return 0;
    }
    CLEANUP_STR struct str coded = {0}, text = {0};
    int status = str_number(count, MAX_PIECES, &pieces);
    for (unsigned long i = 1; status == 0 && i <= pieces; i++) {
        char name[48];
        snprintf(name, sizeof name, "_ModuleTable%03lu_", i);
        const char *piece = vars_get(vars, name);
        if (piece)
            str_add(&coded, piece);
        else
            status = -1;
    }
    if (status < 0 || base64_read(str_text(&coded), coded.size, &text) < 0)
        err_set(err, ERR_MODULE_STATE, _("its pieces are not all there, or are no base64"));
    else if (loaded_parse(loaded, str_text(&text), text.size, err) == 0) {
        reconcile(loaded, vars);
        return 0;
    }
    loaded_free(loaded);
    read_lists(loaded, vars);
    err_wrap(err, _("the environment's table of loaded modules (_ModuleTable001_ and others) "
                    "cannot be read"));
    return err_hint(err, "try", "module --force purge");
}
