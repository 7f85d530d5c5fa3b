// SPDX-License-Identifier: Apache-2.0
// reqfile_words: the options of a line of a requirements file: split as Python's shlex does, read as
// its optparse does.
#include <string.h>

#include "base/lang.h"
#include "wheel/reqfile_parts.h"

static const struct {
    const char *name;
    char letter;
    int takes_value;
    enum reqfile_option option;
} options[] = {
    {"--index-url", 'i', 1, REQFILE_INDEX_URL},
    {"--pypi-url", 0, 1, REQFILE_INDEX_URL},
    {"--extra-index-url", 0, 1, REQFILE_EXTRA_INDEX_URL},
    {"--no-index", 0, 0, REQFILE_NO_INDEX},
    {"--constraint", 'c', 1, REQFILE_CONSTRAINT},
    {"--requirement", 'r', 1, REQFILE_REQUIREMENT},
    {"--editable", 'e', 1, REQFILE_EDITABLE},
    {"--find-links", 'f', 1, REQFILE_FIND_LINKS},
    {"--no-binary", 0, 1, REQFILE_NO_BINARY},
    {"--only-binary", 0, 1, REQFILE_ONLY_BINARY},
    {"--prefer-binary", 0, 0, REQFILE_PREFER_BINARY},
    {"--require-hashes", 0, 0, REQFILE_REQUIRE_HASHES},
    {"--no-require-hashes", 0, 0, REQFILE_NO_REQUIRE_HASHES},
    {"--pre", 0, 0, REQFILE_PRE},
    {"--all-releases", 0, 1, REQFILE_ALL_RELEASES},
    {"--only-final", 0, 1, REQFILE_ONLY_FINAL},
    {"--trusted-host", 0, 1, REQFILE_TRUSTED_HOST},
    {"--use-feature", 0, 1, REQFILE_USE_FEATURE},
    {"--global-option", 0, 1, REQFILE_GLOBAL_OPTION},
    {"--hash", 0, 1, REQFILE_HASH},
    {"--config-settings", 'C', 1, REQFILE_CONFIG_SETTINGS},
};
enum { UNKNOWN = -1, AMBIGUOUS = -2 };

// What stands between a quote and its end, or behind a backslash. Returns where it goes on, NULL if
// it has no end.
static const char *read_quoted(const char *at, const char *end, struct str *word)
{
    char quote = *at++;
    if (quote == '\\') {
        if (at >= end)
            return NULL;
        str_add_char(word, *at);
        return at + 1;
    }
    for (; at < end && *at != quote; at++) {
        if (quote == '"' && *at == '\\') {
            if (++at >= end)
                return NULL;
            if (*at != '"' && *at != '\\')
                str_add_char(word, '\\');
        }
        str_add_char(word, *at);
    }
    return at < end ? at + 1 : NULL;
}

static int is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

int words_split(struct piece text, struct strv *into)
{
    CLEANUP_STR struct str word = {0};
    const char *end = text.text + text.size;
    for (const char *at = text.text; at < end;) {
        int quoted = 0; // '' is a word too
        while (at < end && !is_blank(*at)) {
            if (*at == '\'' || *at == '"' || *at == '\\') {
                quoted |= *at != '\\';
                at = read_quoted(at, end, &word);
                if (!at)
                    return -1;
            } else {
                str_add_char(&word, *at++);
            }
        }
        if (word.size || quoted)
            strv_add(into, str_text(&word));
        str_clear(&word);
        while (at < end && is_blank(*at))
            at++;
    }
    return 0;
}

// By its name, or a beginning of it that no other has.
static int find_long(struct piece name)
{
    int found = UNKNOWN;
    for (int i = 0; i < (int)COUNT(options); i++) {
        if (piece_is(name, options[i].name))
            return i;
        if (name.size < strlen(options[i].name) &&
            memcmp(name.text, options[i].name, name.size) == 0)
            found = found == UNKNOWN ? i : AMBIGUOUS;
    }
    return found;
}

static int find_short(char letter)
{
    for (int i = 0; i < (int)COUNT(options); i++)
        if (letter && options[i].letter == letter)
            return i;
    return UNKNOWN;
}

static int bad_value(const char *name, const char *value, struct err *err)
{
    return err_set(err, ERR_USAGE, _("a value of %s is malformed: '%s'"), name, value);
}

static int is_malformed(enum reqfile_option option, const char *value)
{
    switch (option) {
    case REQFILE_HASH:
        return !str_starts(value, "sha256:") && !str_starts(value, "sha384:") &&
               !str_starts(value, "sha512:");
    case REQFILE_ALL_RELEASES:
    case REQFILE_ONLY_FINAL:
    case REQFILE_NO_BINARY:
    case REQFILE_ONLY_BINARY: return *value == '-';
    case REQFILE_CONFIG_SETTINGS: return !strchr(value, '=');
    default: return 0;
    }
}

// `value` is NULL for a flag.
static int add_setting(struct arena *arena, struct reqfile_line *line, int index,
                       const char *value, struct err *err)
{
    enum reqfile_option option = options[index].option;
    if (value && is_malformed(option, value))
        return bad_value(options[index].name, value, err);
    size_t place = line->setting_count;
    if (option == REQFILE_INDEX_URL) // of several the last counts
        for (size_t i = 0; i < line->setting_count; i++)
            if (line->setting[i].option == option)
                place = i;
    line->setting_count += place == line->setting_count;
    line->setting[place] =
        (struct reqfile_setting){option, value ? arena_dup(arena, value) : NULL};
    return 0;
}

// The word at *i is "--NAME" or "--NAME=VALUE".
static int read_long(struct arena *arena, const struct strv *words, size_t *i,
                     struct reqfile_line *line, struct err *err)
{
    const char *word = words->item[*i];
    struct piece value = piece_of(word), name = piece_cut(&value, '=');
    int index = find_long(name);
    if (index < 0)
        return err_set(err, ERR_USAGE, _("no option of a requirements file: '%s'"), word);
    if (!options[index].takes_value) {
        if (value.text)
            return bad_value(options[index].name, value.text, err);
        return add_setting(arena, line, index, NULL, err);
    }
    if (!value.text && ++*i >= words->count)
        return err_set(err, ERR_USAGE, _("%s needs a value"), options[index].name);
    return add_setting(arena, line, index, value.text ? value.text : words->item[*i], err);
}

// The word at *i is "-x", "-xVALUE". All that have a letter take a value.
static int read_short(struct arena *arena, const struct strv *words, size_t *i,
                      struct reqfile_line *line, struct err *err)
{
    const char *word = words->item[*i];
    int index = find_short(word[1]);
    if (index < 0)
        return err_set(err, ERR_USAGE, _("no option of a requirements file: '%s'"), word);
    if (!word[2] && ++*i >= words->count)
        return err_set(err, ERR_USAGE, _("%s needs a value"), options[index].name);
    return add_setting(arena, line, index, word[2] ? word + 2 : words->item[*i], err);
}

int settings_read(struct arena *arena, const struct strv *words, struct reqfile_line *line,
                  struct err *err)
{
    line->setting = arena_alloc(arena, words->count * sizeof *line->setting);
    for (size_t i = 0; i < words->count; i++) {
        const char *word = words->item[i];
        int result = 0;
        if (strcmp(word, "--") == 0)
            break;
        if (str_starts(word, "--"))
            result = read_long(arena, words, &i, line, err);
        else if (*word == '-' && word[1])
            result = read_short(arena, words, &i, line, err);
        if (result < 0)
            return -1;
    }
    return 0;
}
