// SPDX-License-Identifier: Apache-2.0
// goals: what {out} becomes, checked before anything starts ([same-output] in lopin-errors(7)).
//
// Names are compared after their folders' links are followed, each folder once; files that are
// there also by device and inode (hard links, file systems that ignore case). Everything is by
// hash table: 100,000 goals are 100,000 steps. Invariant: after a 0 no goal is another's, holds
// another or lies in it, and none is or holds what the tasks read.
#include "dataset/goals.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/table.h"

struct goals {
    const char *const *given; // as the caller has them
    const char *
        *real; // with the links of their folders followed; given[i] where that is the same
    const struct datasets *datasets;
    const uint8_t *wanted; // by index, or NULL for all
    struct table by_name;  // real -> index + 1
    struct table by_file;  // "device:inode" of those that are there -> index + 1
    struct table folders;  // folder -> 1 + index into `folder`
    const char **folder;   // with links followed
    size_t folder_count, folder_room;
    struct arena arena;
};

static const char *path_real(struct goals *goals, const char *path, struct str *into);

// The folder with its links followed; of one that is not there yet, those of the folders that
// are.
static const char *folder_real(struct goals *goals, const char *path, size_t size)
{
    CLEANUP_FREE char *name = mem_dupn(path, size);
    const uint64_t *place = table_get(&goals->folders, name);

    if (place != NULL)
        return goals->folder[*place - 1];
    const char *kept = arena_dup(&goals->arena, name), *real = kept;
    CLEANUP_FREE char *found = realpath(size > 0 ? kept : "/", NULL);

    if (found != NULL) {
        real = arena_dup(&goals->arena, found);
    } else if (size > 0) {
        CLEANUP_STR struct str text = {0};

        real = arena_dup(&goals->arena, path_real(goals, kept, &text));
    }
    mem_room(&goals->folder, &goals->folder_room, goals->folder_count + 1,
             sizeof(*goals->folder));
    goals->folder[goals->folder_count++] = real;
    *table_put(&goals->folders, kept, NULL) = goals->folder_count;
    return real;
}

// The path with its folder's links followed, in `into`.
static const char *path_real(struct goals *goals, const char *path, struct str *into)
{
    size_t size = (size_t)(fs_base(path) - path);

    str_clear(into);
    str_add(into, folder_real(goals, path, size > 0 ? size - 1 : 0));
    if (into->size == 0 || into->text[into->size - 1] != '/')
        str_add_char(into, '/');
    str_add(into, fs_base(path));
    return into->text;
}

static const char *file_name(const struct stat *about, char name[40])
{
    char *at = name;

    for (uint64_t rest = about->st_dev; rest > 0; rest >>= 6)
        *at++ = (char)('0' + (rest & 63));
    *at++ = ' ';
    for (uint64_t rest = about->st_ino; rest > 0; rest >>= 6)
        *at++ = (char)('0' + (rest & 63));
    *at = '\0';
    return name;
}

// The hint that fits: which placeholder would keep the two apart.
static int try_other(const struct dataset *first, const struct dataset *second, struct err *err)
{
    if (strcmp(first->text, second->text) == 0)
        return err_hint(err, "try",
                        _("{#}, the dataset's number, in --out: both are the same text"));
    if (strcmp(fs_base(first->column[0]), fs_base(second->column[0])) == 0)
        return err_hint(err, "try",
                        _("{//}, the dataset's folder, in --out, as in 'out/{//}/{/.}.npz', or "
                          "{#}, its number"));
    return err_hint(err, "try",
                    _("{/} instead of {/.}, or {#}, the dataset's number, in --out"));
}

static int same_goal(const struct goals *goals, size_t first, size_t second, struct err *err)
{
    const struct dataset *one = &goals->datasets->item[first],
                         *two = &goals->datasets->item[second];

    err_set(err, ERR_SAME_OUTPUT, _("two datasets have the output '%s'"), goals->given[second]);
    err_hint(err, "found", _("%u  %s"), one->number, one->text);
    err_hint(err, "found", _("%u  %s"), two->number, two->text);
    return try_other(one, two, err);
}

// Puts every goal into the tables; two equal ones are an error.
static int goals_enter(struct goals *goals, struct err *err)
{
    CLEANUP_STR struct str real = {0};

    for (size_t i = 0; i < goals->datasets->count; i++) {
        const char *name = path_real(goals, goals->given[i], &real);
        struct stat about;
        uint64_t *place;

        goals->real[i] = strcmp(name, goals->given[i]) == 0 ? goals->given[i]
                                                            : arena_dup(&goals->arena, name);
        place = table_put(&goals->by_name, goals->real[i], NULL);
        if (*place > 0)
            return same_goal(goals, *place - 1, i, err);
        *place = i + 1;
        if ((goals->wanted != NULL && !goals->wanted[i]) || stat(goals->given[i], &about) < 0)
            continue;
        char file[40];

        place =
            table_put(&goals->by_file, arena_dup(&goals->arena, file_name(&about, file)), NULL);
        if (*place > 0)
            return same_goal(goals, *place - 1, i, err);
        *place = i + 1;
    }
    return 0;
}

// The goal in which `real` lies, index + 1; 0 if there is none. `scratch` holds its folders one
// after the other.
static size_t goal_around(const struct goals *goals, const char *real, struct str *scratch)
{
    str_clear(scratch);
    str_add(scratch, real);
    for (size_t size = scratch->size; size > 1;) {
        const uint64_t *place;

        while (size > 1 && scratch->text[size - 1] != '/')
            size--;
        scratch->text[--size] = '\0';
        if (size == 0)
            break;
        place = table_get(&goals->by_name, scratch->text);
        if (place != NULL)
            return *place;
    }
    return 0;
}

static int goals_nested(struct goals *goals, struct err *err)
{
    CLEANUP_STR struct str scratch = {0};

    for (size_t i = 0; i < goals->datasets->count; i++) {
        size_t around = goal_around(goals, goals->real[i], &scratch);

        if (around > 0) {
            err_set(err, ERR_SAME_OUTPUT, _("the output '%s' lies inside the output '%s'"),
                    goals->given[i], goals->given[around - 1]);
            err_hint(err, "found", _("%u  %s"), goals->datasets->item[i].number,
                     goals->datasets->item[i].text);
            return err_hint(err, "found", _("%u  %s"), goals->datasets->item[around - 1].number,
                            goals->datasets->item[around - 1].text);
        }
    }
    return 0;
}

// The goal that is the file at this absolute path, or a folder around it; index + 1, or 0.
static size_t goal_of_file(struct goals *goals, const char *path, struct str *real,
                           struct str *scratch)
{
    const uint64_t *place = table_get(&goals->by_name, path_real(goals, path, real));
    struct stat about;
    char file[40];

    if (place == NULL && goals->by_file.count > 0 && stat(path, &about) == 0)
        place = table_get(&goals->by_file, file_name(&about, file));
    return place != NULL ? *place : goal_around(goals, real->text, scratch);
}

// What a task reads is not to be replaced. A text that names no file is no file: "5" may go to
// the output "5".
static int goals_inputs(struct goals *goals, const char *cwd, const char *script,
                        struct err *err)
{
    CLEANUP_STR struct str real = {0}, scratch = {0};
    CLEANUP_FREE char *path = fs_absolute(cwd, script);
    size_t goal = goal_of_file(goals, path, &real, &scratch);
    struct stat about;

    if (goal > 0) {
        err_set(err, ERR_SAME_OUTPUT, _("the output '%s' would replace the script '%s'"),
                goals->given[goal - 1], script);
        return err_hint(err, "found", _("%u  %s"), goals->datasets->item[goal - 1].number,
                        goals->datasets->item[goal - 1].text);
    }
    for (size_t i = 0; i < goals->datasets->count; i++) {
        const struct dataset *item = &goals->datasets->item[i];
        CLEANUP_FREE char *file = fs_absolute(cwd, item->column[0]);

        goal = goal_of_file(goals, file, &real, &scratch);
        if (goal == 0 || lstat(file, &about) < 0)
            continue;
        err_set(err, ERR_SAME_OUTPUT, _("the output '%s' would replace the dataset '%s'"),
                goals->given[goal - 1], item->text);
        err_hint(err, "found", _("%u  %s"), goals->datasets->item[goal - 1].number,
                 goals->datasets->item[goal - 1].text);
        return err_hint(err, "try",
                        _("a folder of its own for the outputs, as in --out 'out/{/}'"));
    }
    return 0;
}

int goals_check(const char *const *goal, const struct datasets *datasets, const uint8_t *wanted,
                const char *cwd, const char *script, struct err *err)
{
    struct goals goals = {.given = goal, .datasets = datasets, .wanted = wanted};
    int result;

    goals.real = mem_alloc(datasets->count * sizeof(*goals.real));
    result = goals_enter(&goals, err);
    if (result == 0)
        result = goals_nested(&goals, err);
    if (result == 0)
        result = goals_inputs(&goals, cwd, script, err);
    free(goals.real);
    free(goals.folder);
    table_free(&goals.by_name);
    table_free(&goals.by_file);
    table_free(&goals.folders);
    arena_free(&goals.arena);
    return result;
}
