// SPDX-License-Identifier: Apache-2.0
// expand_shell: a command line for --shell in which names cannot become commands.
//
//   zcat "{}" | wc -l > {/.}.n    ->    lopin_1=$1; shift; lopin_2=$1; shift; zcat """$lopin_1""" | wc -l > "$lopin_2".n
// GNU parallel puts quoted text into the line, which a quote of the user's around {} undoes.
// Here the values are arguments of the shell (POSIX XCU sh -c) and only variables stand in the
// line; which quotes are open there is followed by the rules of XCU 2.2. Should that be led
// astray (a here-document), a value may be split at spaces, but is still never run.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dataset/expand.h"
#include "dataset/expand_piece.h"

// Reads shell text piece by piece and knows which quotes are open.
struct quoting {
    struct str open; // what is open, innermost last: ' " ` (
    int escaped;     // the next byte stands for itself
    int comment;     // up to the end of the line
    char before;     // the byte before, 0 at the beginning
};

static char quoting_top(const struct quoting *quoting)
{
    return quoting->open.size > 0 ? quoting->open.text[quoting->open.size - 1] : '\0';
}

static void quoting_pop(struct quoting *quoting)
{
    quoting->open.text[--quoting->open.size] = '\0';
}

static void quoting_double(struct quoting *quoting, char byte)
{
    if (byte == '"')
        quoting_pop(quoting);
    else if (byte == '`' || (byte == '(' && quoting->before == '$'))
        str_add_char(&quoting->open, byte);
}

static void quoting_plain(struct quoting *quoting, char byte)
{
    char top = quoting_top(quoting);

    if ((byte == ')' && top == '(') || (byte == '`' && top == '`'))
        quoting_pop(quoting);
    else if (strchr("'\"`(", byte) != NULL)
        str_add_char(&quoting->open, byte);
    else if (byte == '#' &&
             (quoting->before == '\0' || strchr(" \t\n;&|(", quoting->before) != NULL))
        quoting->comment = 1;
}

static void quoting_byte(struct quoting *quoting, char byte)
{
    char top = quoting_top(quoting);

    if (quoting->comment) {
        quoting->comment = byte != '\n';
    } else if (quoting->escaped) {
        quoting->escaped = 0;
    } else if (top == '\'') {
        if (byte == '\'')
            quoting_pop(quoting);
    } else if (byte == '\\') {
        quoting->escaped = 1;
    } else if (top == '"') {
        quoting_double(quoting, byte);
    } else {
        quoting_plain(quoting, byte);
    }
    quoting->before = byte;
}

// The number, from 1, of the placeholder among those found before; added if it is new.
static size_t placeholder_number(struct strv *found, const char *text, size_t size)
{
    for (size_t i = 0; i < found->count; i++)
        if (strlen(found->item[i]) == size && memcmp(found->item[i], text, size) == 0)
            return i + 1;
    strv_take(found, mem_dupn(text, size));
    return found->count;
}

// Adds the line with variables in place of placeholders, and those to `found`.
static void line_add(const struct expand *expand, struct strv *found, struct str *into)
{
    struct quoting quoting = {0};

    for (size_t i = 0; i < expand->count; i++) {
        const struct piece *piece = &expand->piece[i];
        const char *text = expand->text.text + piece->at;

        if (piece->kind == PIECE_TEXT) {
            for (size_t j = 0; j < piece->size; j++)
                quoting_byte(&quoting, text[j]);
            str_add_bytes(into, text, piece->size);
            continue;
        }
        char top = quoting_top(&quoting);
        char quote[2] = {top == '\'' || top == '"' ? top : '\0',
                         '\0'}; // closed before, opened again after

        str_print(into, "%s\"$lopin_%zu\"%s", quote,
                  placeholder_number(found, text, piece->size), quote);
        quoting.before = '"';
        quoting.escaped = 0;
    }
    str_free(&quoting.open);
}

// Takes the values out of the way of the line's own "$@". One by one: $10 would want braces,
// which may mean a column.
static void preamble_add(size_t count, struct str *into)
{
    for (size_t i = 1; i <= count; i++)
        str_print(into, "lopin_%zu=$1; shift; ", i);
}

int expand_shell(const char *const *word, size_t count, const char *mark,
                 const struct datasets *datasets, int output, struct strv *ret, struct err *err)
{
    CLEANUP_STR struct str joined = {0}, line = {0}, command = {0};
    CLEANUP_STRV struct strv found = {0}, ends = {0};
    struct expand *expand;

    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            str_add_char(&joined, ' ');
        str_add(&joined, word[i]);
    }
    expand =
        expand_new((const char *const[]){str_text(&joined)}, 1, mark, datasets, output, err);
    if (expand != NULL && !expand->uses_dataset) {
        expand_free(expand);
        expand_add_dataset(&ends, mark, datasets);
        for (size_t i = 0; i < ends.count; i++)
            str_print(&joined, " %s", ends.item[i]);
        expand = expand_new((const char *const[]){joined.text}, 1, mark, datasets, output, err);
    }
    if (expand == NULL)
        return -1;
    line_add(expand, &found, &line);
    expand_free(expand);
    preamble_add(found.count, &command);
    str_add(&command, str_text(&line));
    strv_add(ret, "-c");
    strv_take(ret, str_take(&command));
    strv_add(ret, "sh");
    strv_add_all(ret, &found);
    return 0;
}
