// SPDX-License-Identifier: Apache-2.0
// say: each call is one write, so that lines of several processes do not mix.
#include "cli/say.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"

#define LABEL_WIDTH 8

void say_add_label(struct str *text, const char *label)
{
    size_t columns = str_columns(label);
    str_add(text, label);
    do
        str_add_char(text, ' ');
    while (++columns < LABEL_WIDTH);
}

// `label` may be NULL.
__attribute__((format(printf, 3, 0))) static void
say_line(const struct cli *cli, const char *label, const char *format, va_list list)
{
    if (cli->options.quiet)
        return;
    CLEANUP_STR struct str text = {0};
    if (label)
        say_add_label(&text, label);
    str_vprint(&text, format, list);
    str_add_char(&text, '\n');
    term_write(&cli->talk, &text);
}

void say(const struct cli *cli, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    say_line(cli, NULL, format, list);
    va_end(list);
}

void say_label(const struct cli *cli, const char *label, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    say_line(cli, label, format, list);
    va_end(list);
}

// The labels that err_hint knows, translated here once for all.
static const char *hint_label(const char *label, size_t size)
{
    static const char *const labels[] = {N_("found"),   N_("try"), N_("more"), N_("in"),
                                         N_("because"), N_("and"), N_("so")};
    for (size_t i = 0; i < COUNT(labels); i++)
        if (strlen(labels[i]) == size && strncmp(labels[i], label, size) == 0)
            return lang_text(labels[i]);
    return "";
}

static void add_hint(struct str *text, const char *label, size_t size, const char *words)
{
    str_add(text, "  ");
    say_add_label(text, hint_label(label, size));
    str_add_visible(text, words, strcspn(words, "\n"));
    str_add_char(text, '\n');
}

void say_error(const struct cli *cli, const struct err *err)
{
    CLEANUP_STR struct str text = {0};
    str_add(&text, "lopin: ");
    term_style(&cli->talk, &text, "1");
    str_add_visible(&text, err->text, strlen(err->text));
    term_style(&cli->talk, &text, "0");
    str_print(&text, " [%s]\n", err_name(err->code));
    for (const char *line = err->hint; *line;) {
        size_t label = strcspn(line, "\t\n");
        add_hint(&text, line, label, line[label] == '\t' ? line + label + 1 : "");
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    CLEANUP_STR struct str more = {0};
    str_print(&more, "lopin explain %s", err_name(err->code));
    add_hint(&text, "more", strlen("more"), str_text(&more));
    term_write(&cli->talk, &text);
}

int say_page(const struct cli *cli, const struct str *text, struct err *err)
{
    if (!cli->options.module_shell)
        return say_data(cli, text, err);
    term_write(&cli->talk, text);
    return 0;
}

int say_data(const struct cli *cli, const struct str *text, struct err *err)
{
    if (term_write(&cli->out, text) < 0 && errno != EPIPE)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot write to standard output"));
    return 0;
}
