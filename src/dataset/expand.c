// SPDX-License-Identifier: Apache-2.0
// expand: placeholders of GNU parallel's manual ("Replacement strings") in the words of a task.
//
// A template is compiled once into pieces, since it is filled in for every dataset. Endings and
// folders follow parallel's own substitutions and Perl's dirname, but over all bytes of a name:
// a newline is one like any other. Invariant: a word gives exactly one word, whatever the
// dataset holds; nothing is quoted, nothing is split.
#include "dataset/expand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/table.h"
#include "dataset/expand_piece.h"

// What a template is compiled with.
struct compiler {
    struct expand *expand;
    const struct datasets *datasets;
    const char *mark;   // stands for {}, or NULL
    char *open, *close; // of placeholders
    size_t open_size, close_size;
    int output;
    struct err *err;
};

static const struct {
    const char *ending;
    enum cut cut;
} cuts[] = {{"/.", CUT_BASE_ENDING},
            {"//", CUT_FOLDER},
            {"/", CUT_BASE},
            {".", CUT_ENDING},
            {"", CUT_NONE}};

// The number that the text is, from 1; 0 if it is none.
static size_t column_number(const char *text, size_t size)
{
    size_t number = 0;

    if (size == 0 || size > 9 || text[0] == '0')
        return 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return 0;
        number = number * 10 + (size_t)(text[i] - '0');
    }
    return number;
}

// The column of that name or number, from 0; -1 if it is neither; -2 for a number beyond the
// last.
static int64_t column_find(const struct datasets *datasets, const char *text, size_t size)
{
    size_t number = column_number(text, size);

    if (number > 0)
        return number <= datasets->columns ? (int64_t)number - 1 : -2;
    for (size_t i = 0; size > 0 && datasets->name != NULL && i < datasets->columns; i++)
        if (strlen(datasets->name[i]) == size && memcmp(datasets->name[i], text, size) == 0)
            return (int64_t)i;
    return -1;
}

static int no_column(const struct compiler *compiler, const char *text, size_t size)
{
    const struct datasets *datasets = compiler->datasets;
    int shown = size < 60 ? (int)size : 60;

    err_set(compiler->err, ERR_USAGE,
            datasets->columns == 1
                ? _("%s%.*s%s in the line, but the datasets have %zu column")
                : _("%s%.*s%s in the line, but the datasets have %zu columns"),
            compiler->open, shown, text, compiler->close, datasets->columns);
    if (datasets->columns == 1)
        err_hint(
            compiler->err, "try",
            _("--colsep or --header for a file with columns, several ::: for combinations"));
    return err_hint(compiler->err, "try",
                    _("-I '[[]]' to write [[]] and [[1]] instead, with braces as plain text"));
}

// Recognises what stands between the brackets. Returns 1 and fills *piece, 0 if it is no
// placeholder, -1 with err.
static int placeholder_parse(struct compiler *compiler, const char *text, size_t size,
                             struct piece *piece)
{
    int64_t column = column_find(compiler->datasets, text, size);

    if (column == -1 && size == 1 && (*text == '#' || *text == '%')) {
        piece->kind = *text == '#' ? PIECE_NUMBER : PIECE_SLOT;
        return 1;
    }
    if (column == -1 && size == 3 && memcmp(text, "out", 3) == 0) {
        piece->kind = PIECE_OUT;
        if (!compiler->output) {
            err_set(compiler->err, ERR_USAGE, _("%sout%s in the line, but no --out"),
                    compiler->open, compiler->close);
            return err_hint(compiler->err, "try", _("--out 'out/{/.}.npz'"));
        }
        return 1;
    }
    piece->cut = CUT_NONE;
    for (size_t i = 0; column == -1 && i < COUNT(cuts); i++) {
        size_t ending = strlen(cuts[i].ending);

        if (size < ending || memcmp(text + size - ending, cuts[i].ending, ending) != 0)
            continue;
        piece->cut = cuts[i].cut;
        if (size == ending) { // {} and its kin; a mark other than brackets has taken {} over
            piece->kind = PIECE_WHOLE;
            return size > 0 || compiler->mark == NULL;
        }
        column = column_find(compiler->datasets, text, size - ending);
    }
    if (column == -2)
        return no_column(compiler, text, size);
    piece->kind = PIECE_COLUMN;
    piece->column = (size_t)column;
    return column >= 0;
}

static struct piece *piece_add(struct expand *expand)
{
    mem_room(&expand->piece, &expand->room, expand->count + 1, sizeof(*expand->piece));
    expand->piece[expand->count] = (struct piece){0};
    return &expand->piece[expand->count++];
}

// The placeholder that begins at `word`: 1 with its whole size in *ret_size, 0 if none does, -1
// with err.
static int placeholder_at(struct compiler *compiler, const char *word, struct piece *piece,
                          size_t *ret_size)
{
    const char *inside = word + compiler->open_size, *close;

    if (compiler->mark != NULL && strncmp(word, compiler->mark, strlen(compiler->mark)) == 0) {
        *ret_size = strlen(compiler->mark);
        *piece = (struct piece){.kind = PIECE_WHOLE};
        return 1;
    }
    if (strncmp(word, compiler->open, compiler->open_size) != 0)
        return 0;
    close = strstr(inside, compiler->close);
    if (close == NULL)
        return 0;
    *ret_size = (size_t)(close - word) + compiler->close_size;
    *piece = (struct piece){0};
    return placeholder_parse(compiler, inside, (size_t)(close - inside), piece);
}

static int word_compile(struct compiler *compiler, const char *word)
{
    struct expand *expand = compiler->expand;
    size_t begin = expand->text.size, length = strlen(word);
    size_t plain = 0; // where the text before the next placeholder begins

    str_add_bytes(&expand->text, word, length + 1);
    for (size_t at = 0; at < length;) {
        struct piece found = {0};
        size_t size = 0;
        int result = placeholder_at(compiler, word + at, &found, &size);

        if (result < 0)
            return -1;
        if (result == 0) {
            at++;
            continue;
        }
        if (at > plain) {
            struct piece *text = piece_add(expand);

            text->at = begin + plain;
            text->size = at - plain;
        }
        found.at = begin + at;
        found.size = size;
        *piece_add(expand) = found;
        expand->uses_dataset |= found.kind == PIECE_WHOLE || found.kind == PIECE_COLUMN;
        expand->uses_out |= found.kind == PIECE_OUT;
        plain = at += size;
    }
    struct piece *rest = piece_add(expand);

    rest->at = begin + plain;
    rest->size = length - plain;
    rest->last = 1;
    return 0;
}

// A mark of an opening and a closing half, brackets only, becomes the brackets of all
// placeholders.
static void mark_split(struct compiler *compiler, const char *mark)
{
    size_t half = mark != NULL ? strlen(mark) / 2 : 0;

    compiler->mark = mark;
    if (half > 0 && strlen(mark) == 2 * half && strspn(mark, "([{<") == half &&
        strspn(mark + half, ")]}>") == half) {
        compiler->mark = NULL;
        compiler->open = mem_dupn(mark, half);
        compiler->close = mem_dup(mark + half);
    } else {
        compiler->open = mem_dup("{");
        compiler->close = mem_dup("}");
    }
    compiler->open_size = strlen(compiler->open);
    compiler->close_size = strlen(compiler->close);
}

struct expand *expand_new(const char *const *word, size_t count, const char *mark,
                          const struct datasets *datasets, int output, struct err *err)
{
    struct compiler compiler = {.datasets = datasets, .output = output, .err = err};
    int result = 0;

    if (mark != NULL && mark[0] == '\0') {
        err_set(err, ERR_USAGE, _("-I wants a mark"));
        return NULL;
    }
    compiler.expand = mem_zero(1, sizeof(*compiler.expand));
    compiler.expand->words = count;
    compiler.expand->columns = datasets->columns;
    mark_split(&compiler, mark);
    for (size_t i = 0; i < count && result == 0; i++)
        result = word_compile(&compiler, word[i]);
    free(compiler.open);
    free(compiler.close);
    if (result < 0) {
        expand_free(compiler.expand);
        return NULL;
    }
    return compiler.expand;
}

void expand_free(struct expand *expand)
{
    if (expand == NULL)
        return;
    free(expand->piece);
    str_free(&expand->text);
    free(expand);
}

void expand_add_dataset(struct strv *words, const char *mark, const struct datasets *datasets)
{
    struct compiler compiler = {0};

    mark_split(&compiler, mark);
    if (datasets->columns > 1 && !datasets->json)
        for (size_t i = 1; i <= datasets->columns; i++)
            strv_take(words, mem_print("%s%zu%s", compiler.open, i, compiler.close));
    else if (compiler.mark != NULL)
        strv_add(words, compiler.mark);
    else
        strv_take(words, mem_print("%s%s", compiler.open, compiler.close));
    free(compiler.open);
    free(compiler.close);
}

int expand_uses_dataset(const struct expand *expand)
{
    return expand->uses_dataset;
}

int expand_uses_out(const struct expand *expand)
{
    return expand->uses_out;
}

size_t expand_count(const struct expand *expand)
{
    return expand->words;
}

// Bytes of a name.
struct slice {
    const char *at;
    size_t size;
};

static struct slice slice_base(struct slice name)
{
    const char *slash = memrchr(name.at, '/', name.size);

    if (slash == NULL)
        return name;
    return (struct slice){slash + 1, (size_t)(name.at + name.size - slash) - 1};
}

// parallel's s:\.[^/.]*$:: - the last dot, if no slash comes after it.
static struct slice slice_without_ending(struct slice name)
{
    for (size_t i = name.size; i-- > 0 && name.at[i] != '/';)
        if (name.at[i] == '.')
            return (struct slice){name.at, i};
    return name;
}

static size_t trim_slashes(const char *at, size_t size)
{
    while (size > 1 && at[size - 1] == '/')
        size--;
    return size;
}

// dirname of Perl's File::Basename, which is dirname(1).
static struct slice slice_folder(struct slice name)
{
    size_t size = trim_slashes(name.at, name.size);

    while (size > 0 && name.at[size - 1] != '/')
        size--;
    if (size == 0)
        return (struct slice){".", 1};
    return (struct slice){name.at, trim_slashes(name.at, size)};
}

static void cut_add(const char *text, enum cut cut, struct str *into)
{
    struct slice name = {text, strlen(text)};

    if (cut == CUT_BASE || cut == CUT_BASE_ENDING)
        name = slice_base(name);
    if (cut == CUT_ENDING || cut == CUT_BASE_ENDING)
        name = slice_without_ending(name);
    if (cut == CUT_FOLDER)
        name = slice_folder(name);
    str_add_bytes(into, name.at, name.size);
}

// Adds one piece. Without `exact` what differs from place to place and time to time stays as it
// stands.
static void piece_expand(const struct expand *expand, const struct piece *piece,
                         const struct expand_value *value, int exact, struct str *into)
{
    switch (piece->kind) {
    case PIECE_WHOLE:
        cut_add(expand->columns == 1 ? value->dataset->column[0] : value->dataset->text,
                piece->cut, into);
        return;
    case PIECE_COLUMN: cut_add(value->dataset->column[piece->column], piece->cut, into); return;
    case PIECE_NUMBER:
        if (!exact)
            break;
        str_print(into, "%u", value->dataset->number);
        return;
    case PIECE_SLOT:
        if (!exact)
            break;
        str_print(into, "%u", value->slot);
        return;
    case PIECE_OUT:
        if (!exact || value->out == NULL)
            break;
        str_add(into, value->out);
        return;
    case PIECE_TEXT: break;
    }
    str_add_bytes(into, expand->text.text + piece->at, piece->size);
}

static void words_expand(const struct expand *expand, const struct expand_value *value,
                         int exact, struct str *into)
{
    for (size_t i = 0; i < expand->count; i++) {
        piece_expand(expand, &expand->piece[i], value, exact, into);
        if (expand->piece[i].last)
            str_add_bytes(into, "", 1);
    }
}

void expand_words(const struct expand *expand, const struct expand_value *value,
                  struct str *into)
{
    words_expand(expand, value, 1, into);
}

// The hash without the count of those before it.
static uint64_t key_plain(const struct expand *expand, const char *script, const char *function,
                          const struct dataset *dataset, struct str *words)
{
    const struct expand_value value = {.dataset = dataset};
    struct hash hash;

    str_clear(words);
    words_expand(expand, &value, 0, words);
    hash_begin(&hash);
    hash_text(&hash, script);
    hash_text(&hash, function);
    hash_part(&hash, str_text(words),
              words->size); // the NULs keep ("a b") and ("a", "b") apart
    if (!expand->uses_dataset)
        hash_text(&hash, dataset->text);
    return hash_end(&hash);
}

void expand_keys(const struct expand *expand, const char *script, const char *function,
                 struct datasets *datasets)
{
    enum { HEX_ROOM = 17 };
    CLEANUP_FREE char *hex = mem_alloc(datasets->count * HEX_ROOM + 1);
    CLEANUP_TABLE struct table seen = {0};
    CLEANUP_STR struct str words = {0};

    for (size_t i = 0; i < datasets->count; i++) {
        uint64_t key = key_plain(expand, script, function, &datasets->item[i], &words);
        char *text = hex + i * HEX_ROOM;

        for (int j = 0; j < 16; j++)
            text[j] = "0123456789abcdef"[key >> (60 - 4 * j) & 15];
        text[16] = '\0';
        uint64_t before = (*table_put(&seen, text, NULL))++;

        if (before > 0) {
            struct hash hash;
            char count[24];

            snprintf(count, sizeof(count), "%llu", (unsigned long long)before);
            hash_begin(&hash);
            hash_text(&hash, text);
            hash_text(&hash, count);
            key = hash_end(&hash);
        }
        datasets->item[i].key = key;
    }
}
