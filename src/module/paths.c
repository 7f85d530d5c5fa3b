// SPDX-License-Identifier: Apache-2.0
#include "module/paths.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct entry {
    char *text;
    long count, priority;
};
struct list {
    struct entry *item;
    size_t count, room;
    char separator;
    int repeats;
    const char *name;
};

static void list_free(struct list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->item[i].text);
    free(list->item);
}

static struct entry *find(struct list *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->item[i].text, text) == 0)
            return &list->item[i];
    return NULL;
}

static void insert(struct list *list, size_t place, struct entry entry)
{
    mem_room(&list->item, &list->room, list->count + 1, sizeof *list->item);
    memmove(list->item + place + 1, list->item + place,
            (list->count - place) * sizeof *list->item);
    list->item[place] = entry;
    list->count++;
}

static struct entry take(struct list *list, struct entry *entry)
{
    struct entry taken = *entry;
    size_t place = (size_t)(entry - list->item);
    memmove(entry, entry + 1, (--list->count - place) * sizeof *entry);
    return taken;
}

static int is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

// Of the part of a path that begins at `at`: there is one, and it is not the folder that it is in.
static int is_part(const char *path, size_t at, size_t size)
{
    return at < size && path[at] != '/' &&
           (path[at] != '.' || (at + 1 < size && path[at + 1] != '/'));
}

// As nearly all are.
static int is_regular(const char *path, size_t size)
{
    if (!size || !is_part(path, *path == '/', size))
        return 0;
    for (size_t i = 1; i < size; i++)
        if (path[i] == '/' && !is_part(path, i + 1, size))
            return 0;
    return 1;
}

// ~ is not expanded: only a shell knows it.
static char *regular_of(const char *path, size_t size)
{
    for (; size && is_blank(*path); size--)
        path++;
    while (size && is_blank(path[size - 1]))
        size--;
    if (is_regular(path, size))
        return mem_dupn(path, size);
    struct str regular = {0};
    if (size && *path == '/')
        str_add_char(&regular, '/');
    for (size_t at = 0; at < size;) {
        const char *slash = memchr(path + at, '/', size - at);
        size_t part = slash ? (size_t)(slash - path) - at : size - at;
        int is_dot = part == 1 && path[at] == '.';
        if (part && !is_dot) {
            if (regular.size && regular.text[regular.size - 1] != '/')
                str_add_char(&regular, '/');
            str_add_bytes(&regular, path + at, part);
        }
        at += part + 1;
    }
    if (size && !regular.size)
        str_add_char(&regular, '.');
    return str_take(&regular);
}

char *paths_regular(const char *path)
{
    return regular_of(path, strlen(path));
}

// The words of "a:b:"; of several empty ones at the end one stays.
static void split(const char *value, char separator, struct strv *into)
{
    for (const char *end; (end = strchrnul(value, separator)), 1; value = end + 1) {
        strv_take(into, regular_of(value, (size_t)(end - value)));
        if (!*end)
            break;
    }
    while (into->count > 1 && !*into->item[into->count - 1] && !*into->item[into->count - 2]) {
        free(into->item[--into->count]);
        into->item[into->count] = NULL;
    }
}

// The number behind the part of "a:1;b:2" that is about text; `otherwise` if there is none. Looked
// for from *hint on first, which then is behind it: parts mostly are in the order of the list.
static long number_of(const char *numbers, const char *text, long otherwise, const char **hint)
{
    size_t size = strlen(text);
    if (!numbers)
        return otherwise;
    const char *at = *hint ? *hint : numbers;
    if (strncmp(at, text, size) != 0 || at[size] != ':')
        at = numbers;
    for (const char *end; *at; at = *end ? end + 1 : end) {
        end = strchrnul(at, ';');
        if (strncmp(at, text, size) == 0 && at[size] == ':') {
            *hint = *end ? end + 1 : end;
            return strtol(at + size + 1, NULL, 10);
        }
    }
    return otherwise;
}

static char *joined(const char *prefix, const char *name)
{
    size_t before = strlen(prefix), size = strlen(name);
    char *full = mem_alloc(before + size + 1);
    memcpy(full, prefix, before);
    memcpy(full + before, name, size + 1);
    return full;
}

static const char *beside(const struct vars *vars, const char *prefix, const char *name)
{
    CLEANUP_FREE char *full = joined(prefix, name);
    return vars_get(vars, full);
}

static void list_read(struct list *list, const struct vars *vars,
                      const struct paths_change *change)
{
    const char *value = vars_get(vars, change->name);
    list->name = change->name;
    list->separator = change->separator ? change->separator : ':';
    list->repeats = change->rules.repeats && strcmp(change->name, "MODULEPATH") != 0;
    if (!value || !*value)
        return;
    const char *counts = beside(vars, "__LMOD_REF_COUNT_", change->name);
    const char *priorities = beside(vars, "__LMOD_Priority_", change->name);
    const char *next_count = NULL, *next_priority = NULL;
    CLEANUP_STRV struct strv parts = {0};
    split(value, list->separator, &parts);
    for (size_t i = 0; i < parts.count; i++) {
        struct entry *known = list->repeats ? NULL : find(list, parts.item[i]);
        if (known) {
            known->count++;
            continue;
        }
        const char *text = parts.item[i];
        const long count = number_of(counts, text, 1, &next_count);
        const long priority = number_of(priorities, text, 0, &next_priority);
        struct entry entry = {TAKE(parts.item[i]), count, priority};
        insert(list, list->count, entry);
    }
}

static void settle(struct vars *vars, const char *prefix, const char *name,
                   const struct str *value)
{
    CLEANUP_FREE char *full = joined(prefix, name);
    if (value->size)
        vars_set(vars, full, value->text);
    else
        vars_unset(vars, full);
}

// Stable: what has the same priority keeps its order.
static void sort(struct list *list)
{
    for (size_t i = 1; i < list->count; i++)
        for (size_t k = i; k && list->item[k].priority < list->item[k - 1].priority; k--) {
            struct entry other = list->item[k];
            list->item[k] = list->item[k - 1];
            list->item[k - 1] = other;
        }
}

static void join(const struct list *list, struct str *value)
{
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            str_add_char(value, list->separator);
        str_add(value, list->item[i].text);
    }
    // an empty entry at the end (of MANPATH: "and what it is by default") needs its separator;
    // in PATH it would be the current folder, which nobody asked for
    int is_path = strcmp(list->name, "PATH") == 0;
    if (list->count && !*list->item[list->count - 1].text && !is_path) {
        str_add_char(value, list->separator);
        if (list->count == 1)
            str_add_char(value, list->separator);
    }
}

static void drop_empty(struct list *list)
{
    for (size_t i = list->count; i-- > 0;)
        if (!*list->item[i].text)
            free(take(list, &list->item[i]).text);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->text, ((const struct entry *)b)->text);
}

// Of "a:1;b:2". Nearly all numbers have one digit.
static void add_number(struct str *into, const char *text, long number)
{
    if (into->size)
        str_add_char(into, ';');
    str_add(into, text);
    str_add_char(into, ':');
    if (number >= 0 && number < 10)
        str_add_char(into, (char)('0' + number));
    else
        str_print(into, "%ld", number);
}

// By name, whatever their order in the list.
static void add_priorities(const struct list *list, struct str *into)
{
    size_t none = 0;
    while (none < list->count && !list->item[none].priority)
        none++;
    if (none == list->count)
        return;
    struct entry *sorted = mem_alloc((list->count + 1) * sizeof *sorted);
    if (list->count)
        memcpy(sorted, list->item, list->count * sizeof *sorted);
    qsort(sorted, list->count, sizeof *sorted, compare_texts);
    for (size_t i = 0; i < list->count; i++)
        if (sorted[i].priority)
            add_number(into, sorted[i].text, sorted[i].priority);
    free(sorted);
}

static void list_write(struct list *list, struct vars *vars)
{
    CLEANUP_STR struct str value = {0}, counts = {0}, priorities = {0};
    sort(list);
    if (strcmp(list->name, "PATH") == 0)
        drop_empty(list);
    join(list, &value);
    for (size_t i = 0; i < list->count; i++) {
        const struct entry *entry = &list->item[i];
        // as Lmod writes it: no count of the empty entry
        if (*entry->text)
            add_number(&counts, entry->text, entry->count);
    }
    add_priorities(list, &priorities);
    settle(vars, "", list->name, &value);
    if (!list->repeats) // then it stays as it was
        settle(vars, "__LMOD_REF_COUNT_", list->name, &counts);
    settle(vars, "__LMOD_Priority_", list->name, &priorities);
    list_free(list);
}

static void drop_all(struct list *list, const char *text)
{
    for (struct entry *known; (known = find(list, text));)
        free(take(list, known).text);
}

static void drop_one(struct list *list, const char *text, int last)
{
    for (size_t i = 0; i < list->count; i++) {
        struct entry *entry = &list->item[last ? list->count - 1 - i : i];
        if (strcmp(entry->text, text) != 0)
            continue;
        free(take(list, entry).text);
        return;
    }
}

static void put(struct list *list, const char *text, long priority, int first, int stays)
{
    struct entry *known = find(list, text);
    struct entry entry = {NULL, 0, 0};
    if (list->repeats && !priority)
        known = NULL;
    if (known && stays) {
        known->count++;
        return;
    }
    if (known)
        entry = take(list, known);
    else
        entry.text = mem_dup(text);
    if (known && list->repeats)
        drop_all(list, text); // by its priority it has one place
    entry.count++;
    int wins = priority < 0   ? priority < entry.priority
               : priority > 0 ? priority > entry.priority
                              : 1;
    if (wins)
        entry.priority = priority;
    insert(list, first ? 0 : list->count, entry);
}

void paths_prepend(struct vars *vars, const struct paths_change *change)
{
    struct list list = {0};
    CLEANUP_STRV struct strv parts = {0};
    list_read(&list, vars, change);
    split(change->value, list.separator, &parts);
    for (size_t i = 0; i < parts.count; i++) {
        size_t place = change->rules.reversed ? i : parts.count - 1 - i;
        put(&list, parts.item[place], -(long)change->priority, 1, change->rules.stays);
    }
    list_write(&list, vars);
}

void paths_append(struct vars *vars, const struct paths_change *change)
{
    struct list list = {0};
    CLEANUP_STRV struct strv parts = {0};
    list_read(&list, vars, change);
    split(change->value, list.separator, &parts);
    for (size_t i = 0; i < parts.count; i++)
        put(&list, parts.item[i], change->priority, 0, change->rules.stays);
    list_write(&list, vars);
}

static int is_of_all(const struct paths_change *change)
{
    return change->where == PATHS_ALL || change->priority;
}

static long signed_priority(const struct paths_change *change)
{
    return change->where == PATHS_FIRST ? -(long)change->priority : change->priority;
}

void paths_remove(struct vars *vars, const struct paths_change *change)
{
    struct list list = {0};
    CLEANUP_STRV struct strv parts = {0};
    list_read(&list, vars, change);
    split(change->value, list.separator, &parts);
    for (size_t i = 0; i < parts.count; i++) {
        struct entry *known = find(&list, parts.item[i]);
        if (list.repeats && known && is_of_all(change)) {
            if (known->priority == signed_priority(change))
                drop_all(&list, parts.item[i]);
            continue;
        }
        if (list.repeats) {
            drop_one(&list, parts.item[i], change->where == PATHS_LAST);
            continue;
        }
        if (known && (--known->count < 1 || change->whole))
            free(take(&list, known).text);
    }
    list_write(&list, vars);
}

void paths_settle(struct vars *vars, const char *name)
{
    struct list list = {0};
    list_read(&list, vars, &(struct paths_change){.name = name});
    list_write(&list, vars);
}

void paths_list(const struct vars *vars, const char *name, struct strv *into)
{
    struct list list = {0};
    list_read(&list, vars, &(struct paths_change){.name = name});
    for (size_t i = 0; i < list.count; i++)
        if (*list.item[i].text)
            strv_add(into, list.item[i].text);
    list_free(&list);
}
