// SPDX-License-Identifier: Apache-2.0
// traceback: reads what Python's traceback module prints (docs.python.org, "traceback"; PEP 654
// for groups).
//
// Lines are taken one by one: a header, frames (File "...", line N), their source lines, the
// error. Of several tracebacks the last whole one counts, which of chained errors is the one
// that ended the program. What "Exception ignored" announces ended nothing. A beginning that
// the log's tail cut off is no matter. Invariant: nothing is believed but the form of lines;
// any bytes give some answer in linear time.
#include "run/traceback.h"

#include <string.h>

#include "base/mem.h"

static const char header[] = "Traceback (most recent call last):";
static const char group_header[] = "  + Exception Group Traceback (most recent call last):";

struct reader {
    struct slice folder;
    enum { OUTSIDE, FRAMES, MESSAGE } state;
    int ignored;         // the next traceback ended nothing
    int headed;          // it began with its header
    int any_header;      // one was seen: frames without are not a cut-off beginning
    struct slice prefix; // of each line ("[rank0]: "), from the header's
    struct traceback now, best;
    int found;
};

static int starts(struct slice text, const char *prefix)
{
    size_t size = strlen(prefix);

    return text.size >= size && memcmp(text.at, prefix, size) == 0;
}

static int ends(struct slice text, const char *suffix)
{
    size_t size = strlen(suffix);

    return text.size >= size && memcmp(text.at + text.size - size, suffix, size) == 0;
}

static struct slice after(struct slice text, size_t size)
{
    return (struct slice){text.at + size, text.size - size};
}

static int contains(struct slice text, const char *word)
{
    return text.at != NULL && memmem(text.at, text.size, word, strlen(word)) != NULL;
}

// A frame of the user's own: in the script's folder and not in an environment that lies there.
// A relative name is the script as it was called: libraries come from absolute paths.
static int is_ours(const struct reader *reader, struct slice file)
{
    struct slice folder = reader->folder;

    if (file.size == 0 || file.at[0] == '<')
        return 0;
    if (contains(file, "/site-packages/") || contains(file, "/dist-packages/"))
        return 0;
    if (file.at[0] != '/')
        return 1;
    if (folder.size == 0 || file.size <= folder.size + 1 ||
        memcmp(file.at, folder.at, folder.size) != 0)
        return 0;
    return folder.size == 1 || file.at[folder.size] == '/';
}

// `  File "NAME", line N, in ...` or, for what could not be compiled, without the last part.
// Returns 1 if it is one.
static int frame_parse(struct slice text, struct slice *ret_file, struct slice *ret_line)
{
    static const char open[] = "  File \"", middle[] = "\", line ";
    const char *at;
    size_t digits = 0;

    if (!starts(text, open))
        return 0;
    text = after(text, sizeof(open) - 1);
    at = memmem(text.at, text.size, middle, sizeof(middle) - 1);
    if (at == NULL)
        return 0;
    *ret_file = (struct slice){text.at, (size_t)(at - text.at)};
    text = after(text, ret_file->size + sizeof(middle) - 1);
    while (digits < text.size && text.at[digits] >= '0' && text.at[digits] <= '9')
        digits++;
    *ret_line = (struct slice){text.at, digits};
    return digits > 0 && digits < 10;
}

static void frame_take(struct reader *reader, struct slice file, struct slice line)
{
    int ours = is_ours(reader, file);

    if (reader->now.ours && !ours)
        return;
    if (!ours && file.at[0] == '<' && reader->now.file.size > 0) // <frozen importlib...>
        return;
    reader->now.file = file;
    reader->now.line = line;
    reader->now.ours = ours;
}

// The dotted name at the beginning of an error's line; its size, 0 if it is none.
static size_t error_name(struct slice text)
{
    size_t size = 0;

    while (size < text.size) {
        char byte = text.at[size];

        if (!(byte >= 'a' && byte <= 'z') && !(byte >= 'A' && byte <= 'Z') && byte != '_' &&
            byte != '.' && !(byte >= '0' && byte <= '9' && size > 0) && !(byte & 0x80) &&
            !(byte == '<' || byte == '>'))
            break;
        size++;
    }
    if (size < text.size && text.at[size] != ':')
        return 0;
    return size;
}

// Frames without a header: Python prints none for a script that it cannot compile, and a log's
// tail may have lost it.
static int is_believable(const struct reader *reader, struct slice name)
{
    static const char *const compiling[] = {"SyntaxError", "IndentationError", "TabError"};

    if (reader->headed)
        return 1;
    for (size_t i = 0; i < COUNT(compiling); i++)
        if (name.size == strlen(compiling[i]) && starts(name, compiling[i]))
            return 1;
    return !reader->any_header && (ends(name, "Error") || ends(name, "Exception"));
}

static int same(struct slice a, struct slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

// The same error once more is one that came from a worker process or was logged and raised
// again: its first place, where it happened, says more than the line that waited for it.
static int is_again(const struct reader *reader)
{
    return reader->found && reader->best.ours && same(reader->best.error, reader->now.error) &&
           same(reader->best.message, reader->now.message);
}

static void traceback_end(struct reader *reader)
{
    if (!reader->ignored && !is_again(reader)) {
        reader->best = reader->now;
        reader->found = 1;
    }
    reader->ignored = 0;
    reader->headed = 0;
    reader->state = OUTSIDE;
}

static void error_take(struct reader *reader, struct slice text)
{
    struct slice name = {text.at, error_name(text)};
    struct slice message = {text.at + text.size, 0};

    if (name.size == 0 || !is_believable(reader, name)) {
        reader->state = OUTSIDE;
        reader->ignored = reader->headed = 0;
        return;
    }
    if (name.size < text.size)
        message = after(text, name.size + 1);
    if (starts(name, "__main__.")) // before 3.10; later ones leave it out
        name = after(name, strlen("__main__."));
    while (message.size > 0 && message.at[0] == ' ')
        message = after(message, 1);
    reader->now.error = name;
    reader->now.message = message;
    if (name.at + name.size < text.at + text.size && message.size == 0)
        reader->state = MESSAGE; // "ValueError: " and its words on the next line
    else
        traceback_end(reader);
}

// Begins a traceback if the line is a header. Returns 1 if it was.
static int header_take(struct reader *reader, struct slice text)
{
    int group = starts(text, group_header);

    if (!group && (!ends(text, header) || starts(text, "    ")))
        return 0;
    if (reader->state == MESSAGE)
        traceback_end(reader);
    reader->now = (struct traceback){0};
    reader->state = FRAMES;
    reader->headed = reader->any_header = 1;
    reader->prefix = group ? (struct slice){"  | ", 4}
                           : (struct slice){text.at, text.size - (sizeof(header) - 1)};
    return 1;
}

static void line_outside(struct reader *reader, struct slice text)
{
    struct slice file, line;

    if (starts(text, "Exception ignored")) {
        reader->ignored = 1;
    } else if (frame_parse(text, &file, &line)) {
        reader->now = (struct traceback){0};
        reader->state = FRAMES;
        frame_take(reader, file, line);
    } else if (text.size > 0) {
        reader->ignored = 0;
    }
}

static void line_take(struct reader *reader, struct slice text)
{
    struct slice file, line;

    if (header_take(reader, text))
        return;
    if (reader->prefix.size > 0 && reader->state != OUTSIDE &&
        text.size >= reader->prefix.size &&
        memcmp(text.at, reader->prefix.at, reader->prefix.size) == 0)
        text = after(text, reader->prefix.size);
    if (reader->state == OUTSIDE) {
        line_outside(reader, text);
    } else if (reader->state == MESSAGE) {
        while (text.size > 0 && (text.at[0] == ' ' || text.at[0] == '\t'))
            text = after(text, 1);
        reader->now.message = text;
        traceback_end(reader);
    } else if (frame_parse(text, &file, &line)) {
        frame_take(reader, file, line);
    } else if (!starts(text, "  ")) {
        error_take(reader, text);
    }
}

int traceback_find(const char *bytes, size_t size, const char *folder, struct traceback *ret)
{
    struct reader reader = {.folder = {folder, folder != NULL ? strlen(folder) : 0}};
    const char *at = bytes, *end = bytes + size;

    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline != NULL ? newline : end;
        struct slice text = {at, (size_t)(stop - at)};

        if (text.size > 0 && text.at[text.size - 1] == '\r')
            text.size--;
        line_take(&reader, text);
        at = stop + 1;
    }
    if (reader.state == MESSAGE)
        traceback_end(&reader);
    *ret = reader.best;
    return reader.found;
}
