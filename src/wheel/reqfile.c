// SPDX-License-Identifier: Apache-2.0
// reqfile: requirements files, with those that they include.
#include "wheel/reqfile.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "wheel/reqfile_parts.h"

enum { MAX_DEPTH = 64 };

struct reading {
    struct arena *arena;
    const struct reqfile_source *source;
    struct reqfile_line *line;
    size_t count, room;
    const char *open[MAX_DEPTH]; // the files that are being read, outermost first
    size_t depth;
};

static int read_file(struct reading *reading, const char *path, int constraint,
                     struct err *err);

static int is_url(const char *path)
{
    return piece_like((struct piece){path, strnlen(path, 5)}, piece_of("http:")) ||
           piece_like((struct piece){path, strnlen(path, 6)}, piece_of("https:")) ||
           piece_like((struct piece){path, strnlen(path, 5)}, piece_of("file:"));
}

// A path that stands in a file, as seen from where lopin is.
static const char *beside(struct arena *arena, const char *file, const char *path)
{
    const char *slash = strrchr(file, '/');
    if (is_url(path) || *path == '/' || !slash)
        return arena_dup(arena, path);
    CLEANUP_FREE char *whole = mem_print("%.*s/%s", (int)(slash - file), file, path);
    return arena_dup(arena, whole);
}

static const char *first_of(const struct reqfile_line *line, enum reqfile_option option)
{
    for (size_t i = 0; i < line->setting_count; i++)
        if (line->setting[i].option == option)
            return line->setting[i].value;
    return NULL;
}

// What stands before the first word that begins with '-' is the requirement.
static size_t options_at(const struct logical_line *line)
{
    for (size_t i = 0; i < line->size; i++)
        if (line->text[i] == '-' && (i == 0 || line->text[i - 1] == ' '))
            return i;
    return line->size + 1;
}

static void keep(struct reading *reading, const struct reqfile_line *line)
{
    mem_room(&reading->line, &reading->room, reading->count + 1, sizeof *line);
    reading->line[reading->count++] = *line;
}

// NOLINTNEXTLINE(misc-no-recursion): MAX_DEPTH bounds it
static int read_line(struct reading *reading, const struct logical_line *logical,
                     struct reqfile_line *line, struct err *err)
{
    CLEANUP_STRV struct strv words = {0};
    size_t options = options_at(logical);
    if (options <= logical->size &&
        words_split((struct piece){logical->text + options, logical->size - options}, &words) <
            0)
        return err_set(err, ERR_USAGE, _("a quote is not closed"));
    if (settings_read(reading->arena, &words, line, err) < 0)
        return -1;
    const char *editable = first_of(line, REQFILE_EDITABLE);
    if (options > 1) {
        line->kind = REQFILE_LINE_REQUIREMENT;
        line->text = arena_dupn(reading->arena, logical->text, options - 1);
    } else if (editable) {
        line->kind = REQFILE_LINE_EDITABLE;
        line->text = editable;
    } else {
        const char *path = first_of(line, REQFILE_REQUIREMENT);
        int constraint = !path;
        if (!path)
            path = first_of(line, REQFILE_CONSTRAINT);
        if (path)
            return read_file(reading, beside(reading->arena, line->file, path), constraint,
                             err);
        line->kind = REQFILE_LINE_SETTINGS;
        line->text = "";
    }
    keep(reading, line);
    return 0;
}

// NOLINTNEXTLINE(misc-no-recursion): MAX_DEPTH bounds it
static int read_lines(struct reading *reading, const struct str *text, const char *path,
                      int constraint, struct err *err)
{
    CLEANUP_STR struct str decoded = {0};
    struct logical_lines lines;
    int result = 0;
    if (reqfile_decode((struct piece){str_text(text), text->size}, &decoded, err) < 0)
        return err_wrap(err, "%s", path);
    struct piece all = {str_text(&decoded), decoded.size};
    logical_lines_read(reading->arena, all, reading->source->vars, &lines);
    for (size_t i = 0; i < lines.count && result == 0; i++) {
        struct reqfile_line line = {
            .file = path, .number = lines.item[i].number, .constraint = constraint};
        result = read_line(reading, &lines.item[i], &line, err);
        if (result < 0)
            err_wrap(err, _("%s, line %zu"), path, line.number);
    }
    free(lines.item);
    return result;
}

// NOLINTNEXTLINE(misc-no-recursion): MAX_DEPTH bounds it
static int read_file(struct reading *reading, const char *path, int constraint, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *regular = fs_absolute("/", path);
    for (size_t i = 0; i < reading->depth; i++) {
        CLEANUP_FREE char *open = fs_absolute("/", reading->open[i]);
        if (strcmp(open, regular) == 0)
            return err_set(err, ERR_USAGE, _("%s includes itself"), path);
    }
    if (reading->depth == MAX_DEPTH)
        return err_set(err, ERR_USAGE, _("%s: included too deeply"), path);
    if (reading->source->read(reading->source->context, path, &text, err) < 0)
        return -1;
    reading->open[reading->depth++] = path;
    int result = read_lines(reading, &text, path, constraint, err);
    reading->depth--;
    return result;
}

int reqfile_parse(struct arena *arena, const char *path, int constraint,
                  const struct reqfile_source *source, struct reqfile *ret, struct err *err)
{
    struct reading reading = {.arena = arena, .source = source};
    int result = read_file(&reading, arena_dup(arena, path), constraint, err);
    if (result == 0) {
        ret->line = arena_alloc(arena, reading.count * sizeof *ret->line);
        ret->count = reading.count;
        for (size_t i = 0; i < reading.count; i++)
            ret->line[i] = reading.line[i];
    }
    free(reading.line);
    return result;
}
