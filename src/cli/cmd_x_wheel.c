// SPDX-License-Identifier: Apache-2.0
// cmd_x_wheel: `lopin x-wheel VERB`, for tests: reads lines, answers each with one.
//
// Fields stand between tabs; bytes other than printable ASCII, '%' and ' ' as %XX. "invalid"
// answers what is none; with -v the reason goes to the error side.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "cli/say.h"
#include "cli/x_wheel.h"

void x_add(struct x_line *line, struct piece text)
{
    if (line->out->size && line->out->text[line->out->size - 1] != '\n')
        str_add_char(line->out, '\t');
    if (text.size)
        str_add_percent(line->out, text.text, text.size, "");
    else
        str_add_char(line->out, '%'); // an empty field: no line is empty
}

void x_add_text(struct x_line *line, const char *text)
{
    x_add(line, piece_of(text));
}

void x_add_number(struct x_line *line, long number)
{
    char text[24];
    snprintf(text, sizeof text, "%ld", number);
    x_add_text(line, text);
}

static const struct x_verb *find_verb(const char *name)
{
    static const struct x_verb *const tables[] = {x_verbs,        x_file_verbs, x_env_verbs,
                                                  x_source_verbs, x_toml_verbs, x_lock_verbs};
    for (size_t i = 0; i < COUNT(tables); i++)
        for (const struct x_verb *verb = tables[i]; verb->name; verb++)
            if (strcmp(verb->name, name) == 0)
                return verb;
    return NULL;
}

static int cut_fields(struct x_line *line, const char *text)
{
    CLEANUP_STRV struct strv parts = {0};
    strv_split(&parts, text, '\t');
    line->field = arena_alloc(line->arena, parts.count * sizeof *line->field);
    line->count = parts.count;
    for (size_t i = 0; i < parts.count; i++) {
        CLEANUP_STR struct str decoded = {0};
        if (str_add_unpercent(&decoded, parts.item[i], strlen(parts.item[i])) < 0)
            return -1;
        line->field[i] = (struct piece){
            arena_dupn(line->arena, str_text(&decoded), decoded.size), decoded.size};
    }
    return 0;
}

static void answer(const struct cli *cli, const struct x_verb *verb, const char *text,
                   struct str *out)
{
    struct arena arena = {0};
    struct err why = {0};
    struct x_line line = {.arena = &arena, .out = out};
    size_t from = out->size;
    if (cut_fields(&line, text) < 0 || line.count < verb->fields ||
        verb->answer(&line, &why) < 0) {
        out->size = from;
        str_add(out, "invalid");
        if (cli->options.verbose) {
            CLEANUP_STR struct str words = {0};
            str_add_visible(&words, why.text, strlen(why.text));
            say(cli, "%s", str_text(&words));
        }
    }
    str_add_char(out, '\n');
    arena_free(&arena);
}

int cmd_x_wheel(struct cli *cli, struct err *err)
{
    const struct x_verb *verb = cli->words.count ? find_verb(cli->words.item[0]) : NULL;
    CLEANUP_STR struct str out = {0};
    CLEANUP_FREE char *text = NULL;
    size_t room = 0;
    ssize_t size;
    if (cli->words.count && strcmp(cli->words.item[0], "store") == 0)
        return cmd_x_store(cli, err);
    if (!verb)
        return err_set(err, ERR_USAGE, _("unknown command '%s'"), "x-wheel");
    while ((size = getline(&text, &room, stdin)) >= 0) {
        if (size && text[size - 1] == '\n')
            text[size - 1] = '\0';
        answer(cli, verb, text, &out);
        if (out.size > 1 << 16) {
            if (say_data(cli, &out, err) < 0)
                return -1;
            str_clear(&out);
        }
    }
    return say_data(cli, &out, err);
}
