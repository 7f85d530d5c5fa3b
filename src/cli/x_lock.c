// SPDX-License-Identifier: Apache-2.0
// x_lock: lock files for tests (cmd_x_wheel.c).
#include <stdlib.h>
#include <string.h>

#include "cli/x_wheel.h"
#include "wheel/lock.h"

// TEXT -> the file as we write it
static int answer_lock(struct x_line *line, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    const struct lock *lock = lock_read(line->arena, line->field[0], err);
    if (!lock)
        return -1;
    lock_write(&text, lock);
    x_add(line, (struct piece){str_text(&text), text.size});
    return 0;
}

// Words between spaces, ended by NULL; "-" is no list.
static const char *const *list_of(struct x_line *line, struct piece field)
{
    size_t count = 0;
    struct piece rest = field;
    const char **list = arena_alloc(line->arena, (field.size + 2) * sizeof *list);
    if (piece_is(field, "-"))
        return NULL;
    while (rest.text) {
        struct piece word = piece_cut(&rest, ' ');
        if (word.size)
            list[count++] = arena_dupn(line->arena, word.text, word.size);
    }
    list[count] = NULL;
    return list;
}

// TEXT EXTRAS GROUPS TAGS VALUE-OF-MARKER... -> name, version, source and file of each
static int answer_select(struct x_line *line, struct err *err)
{
    static const char *const sources[] = {"wheel", "sdist", "archive", "directory", "vcs"};
    struct marker_env markers = {0};
    struct tags tags = {0};
    struct lock_choice *choice = NULL;
    size_t count = 0;
    const struct lock *lock = lock_read(line->arena, line->field[0], err);
    if (!lock)
        return -1;
    tags.item = (const char **)(uintptr_t)list_of(line, line->field[3]);
    for (; tags.item && tags.item[tags.count]; tags.count++) {
        int is_new;
        uint64_t *place = table_put(&tags.rank, tags.item[tags.count], &is_new);
        if (is_new)
            *place = tags.count + 1;
    }
    for (size_t i = 0; i < MARKER_EXTRA && i + 4 < line->count; i++)
        markers.value[i] = line->field[i + 4].text;
    const char *const *extras = list_of(line, line->field[1]);
    const struct lock_ask ask = {&markers, &tags, extras, list_of(line, line->field[2])};
    int status = lock_select(line->arena, lock, &ask, &choice, &count, err);
    table_free(&tags.rank);
    if (status < 0)
        return -1;
    x_add_number(line, (long)count);
    for (size_t i = 0; i < count; i++) {
        const struct lock_file *file = choice[i].file;
        x_add_text(line, choice[i].package->name);
        x_add_text(line,
                   choice[i].package->version_text ? choice[i].package->version_text : "");
        x_add_text(line, sources[choice[i].source]);
        x_add_text(line, file && file->name ? file->name : "");
    }
    return 0;
}

const struct x_verb x_lock_verbs[] = {
    {"lock", 1, answer_lock},
    {"lock-select", 4 + MARKER_EXTRA, answer_select},
    {NULL, 0, NULL},
};
