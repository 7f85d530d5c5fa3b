// SPDX-License-Identifier: Apache-2.0
// notes: lists of "zlib/1&auto-loaded:gcc/12&sticky": an entry a module, "&" between its words, "|" between
// words of which one is enough.
#include "modulefile/notes.h"

#include <string.h>

#include "base/mem.h"

static const char *const lists[] = {
    [NOTES_NEEDS] = "__MODULES_LMPREREQ",
    [NOTES_CONFLICTS] = "__MODULES_LMCONFLICT",
    [NOTES_NAMES] = "__MODULES_LMALTNAME",
    "__MODULES_LMTAG",
    "__MODULES_LMVARIANT",
    "__MODULES_LMSOURCESH",
};
enum { TAGS = NOTES_NAMES + 1, MOST_NAMES = 4 }; // so deep are names of names

int notes_are_kept(const struct engine *engine)
{
    if (vars_get(&engine->vars, "MODULES_CMD"))
        return 1;
    for (size_t i = 0; i < COUNT(lists); i++)
        if (vars_get(&engine->vars, lists[i]))
            return 1;
    return 0;
}

static int is_of(const char *entry, const char *full)
{
    size_t size = strcspn(entry, "&");
    return strlen(full) == size && strncmp(entry, full, size) == 0;
}

static void read(const struct engine *engine, const char *list, struct strv *ret)
{
    const char *text = vars_get(&engine->vars, list);
    if (text && *text)
        strv_split(ret, text, ':');
}

static void write(struct engine *engine, const char *list, const struct strv *entries)
{
    CLEANUP_STR struct str text = {0};
    for (size_t i = 0; i < entries->count; i++)
        str_print(&text, "%s%s", i ? ":" : "", entries->item[i]);
    if (text.size)
        vars_set(&engine->vars, list, text.text);
    else
        vars_unset(&engine->vars, list);
}

static int has_word(const char *entry, const char *word)
{
    CLEANUP_STRV struct strv words = {0};
    strv_split(&words, entry, '&');
    for (size_t i = 1; i < words.count; i++)
        if (strcmp(words.item[i], word) == 0)
            return 1;
    return 0;
}

static void add_word(struct engine *engine, const char *list, const char *full,
                     const char *word)
{
    CLEANUP_STRV struct strv old = {0}, new = {0};
    int is_there = 0;
    if (!*word || strpbrk(full, ":&|") || strchr(word, ':'))
        return;
    read(engine, list, &old);
    for (size_t i = 0; i < old.count; i++) {
        int is_it = is_of(old.item[i], full);
        is_there |= is_it;
        strv_take(&new, is_it && !has_word(old.item[i], word)
                            ? mem_print("%s&%s", old.item[i], word)
                            : mem_dup(old.item[i]));
    }
    if (!is_there)
        strv_take(&new, mem_print("%s&%s", full, word));
    write(engine, list, &new);
}

struct loaded_module *notes_find(const struct engine *engine, const char *name)
{
    CLEANUP_STRV struct strv entries = {0};
    CLEANUP_FREE char *alias = mem_print("al|%s", name);
    struct loaded_module *found = loaded_find(&engine->loaded, name);
    if (found)
        return found;
    read(engine, lists[NOTES_NAMES], &entries);
    for (size_t i = 0; i < entries.count && !found; i++)
        if (has_word(entries.item[i], name) || has_word(entries.item[i], alias)) {
            CLEANUP_FREE char *full = mem_dupn(entries.item[i], strcspn(entries.item[i], "&"));
            found = loaded_find(&engine->loaded, full);
        }
    return found;
}

// By module-version "zlib/lts", by module-alias "al|zz"; of these, by module-alias, others.
static void add_names(struct engine *engine, const struct rc *rc, const char *name,
                      const char *full, int depth)
{
    for (size_t i = 0; i < rc->count && depth < MOST_NAMES; i++) {
        const struct rc_entry *entry = &rc->item[i];
        if ((entry->kind != RC_VERSION && entry->kind != RC_ALIAS) ||
            strcmp(entry->target, name) != 0)
            continue;
        CLEANUP_FREE char *word =
            mem_print("%s%s", entry->kind == RC_ALIAS ? "al|" : "", entry->name);
        add_word(engine, lists[NOTES_NAMES], full, word);
        add_names(engine, rc, entry->name, full, depth + 1);
    }
}

static int is_loaded(const struct engine *engine, const char *entry)
{
    for (size_t i = 0; i < engine->loaded.count; i++)
        if (engine->loaded.item[i].status == LOADED_ACTIVE &&
            is_of(entry, engine->loaded.item[i].full))
            return 1;
    return 0;
}

// Takes away what is of `full`; NULL: of what is not loaded.
static void drop(struct engine *engine, const char *full)
{
    for (size_t i = 0; i < COUNT(lists); i++) {
        CLEANUP_STRV struct strv old = {0}, new = {0};
        read(engine, lists[i], &old);
        for (size_t k = 0; k < old.count; k++)
            if (full ? !is_of(old.item[k], full) : is_loaded(engine, old.item[k]))
                strv_add(&new, old.item[k]);
        if (new.count < old.count)
            write(engine, lists[i], &new);
    }
}

void notes_begin(struct engine *engine, const char *full)
{
    const struct rc *rc;
    if (!notes_are_kept(engine))
        return;
    drop(engine, full);
    for (size_t i = 0; (rc = catalog_rc(&engine->catalog, i)); i++)
        add_names(engine, rc, full, full, 0);
}

void notes_add(struct engine *engine, enum notes_kind kind, const struct catalog_wish *wish,
               size_t count, int any)
{
    CLEANUP_STR struct str one = {0};
    if (engine->mode != ENGINE_LOAD || !engine->frame || !notes_are_kept(engine))
        return;
    for (size_t i = 0; i < count; i++) {
        if (!any)
            str_clear(&one);
        if (wish[i].user && *wish[i].user)
            str_print(&one, "%s%s", one.size ? "|" : "", wish[i].user);
        if (!any || i + 1 == count)
            add_word(engine, lists[kind], engine->frame->full, str_text(&one));
    }
}

void notes_settle(struct engine *engine)
{
    if (!notes_are_kept(engine))
        return;
    drop(engine, NULL);
    for (size_t i = 0; i < engine->loaded.count; i++) {
        const struct loaded_module *module = &engine->loaded.item[i];
        if (module->status != LOADED_ACTIVE)
            continue;
        if (loaded_is(module, "lmod", "sticky"))
            add_word(engine, lists[TAGS], module->full, "sticky");
        if (loaded_is(module, "lmod", "hidden-loaded"))
            add_word(engine, lists[TAGS], module->full, "hidden-loaded");
        if (module->depth > 0)
            add_word(engine, lists[TAGS], module->full, "auto-loaded");
    }
}
