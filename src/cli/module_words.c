// SPDX-License-Identifier: Apache-2.0
#include "cli/module_words.h"

#include <regex.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "module/paths.h"
#include "module/spec.h"

enum { NOT_TTY = 80 };

int module_word_fits(const struct module_work *work, const char *word, const char *text)
{
    regex_t regex;
    if (!work->cli->options.regexp)
        return strcasestr(text, word) || spec_holds(word, text);
    if (regcomp(&regex, word, REG_EXTENDED | REG_NOSUB) != 0)
        return 0;
    int fits = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return fits;
}

int module_is_wanted(const struct module_work *work, const char *text)
{
    int fits = !work->count;
    for (size_t i = 0; i < work->count && !fits; i++)
        fits = module_word_fits(work, work->words[i], text);
    return fits;
}

// By word: of "py@latest" and "py@default" the file that it is ("/": none is), "" of all others.
static void find_named(struct module_work *work)
{
    CLEANUP_STRV struct strv path = {0};
    if (work->named.count == work->count)
        return; // for an earlier module
    paths_list(&work->engine.vars, "MODULEPATH", &path);
    for (size_t i = work->named.count; i < work->count; i++) {
        CLEANUP_FOUND struct catalog_found found = {0};
        const struct catalog_wish wish = {.user = work->words[i]};
        CLEANUP_FREE char *name = spec_name(wish.user);
        const char *version = name ? spec_versions(wish.user) : "";
        if (strcmp(version, "latest") != 0 && strcmp(version, "default") != 0)
            strv_add(&work->named, "");
        else if (catalog_find(&work->engine.catalog, &path, &wish, &found))
            strv_add(&work->named, found.file);
        else
            strv_add(&work->named, "/");
    }
}

int module_is_wanted_as(struct module_work *work, const char *full, const char *file,
                        const struct strv *also)
{
    int fits = !work->count;
    if (!work->cli->options.regexp)
        find_named(work);
    for (size_t i = 0; i < work->count && !fits; i++) {
        const char *word = work->words[i];
        const char *named = i < work->named.count ? work->named.item[i] : "";
        if (*named) { // or one whose name has that in it
            fits = strcmp(named, file) == 0 || strcasestr(full, word);
            continue;
        }
        fits = module_word_fits(work, word, full);
        for (size_t k = 0; also && k < also->count && !fits; k++)
            fits = module_word_fits(work, word, also->item[k]);
    }
    return fits;
}

int module_check_words(const struct module_work *work, struct err *err)
{
    for (size_t i = 0; i < work->count && work->cli->options.regexp; i++) {
        regex_t regex;
        int status = regcomp(&regex, work->words[i], REG_EXTENDED | REG_NOSUB);
        if (status) {
            char words[200];
            regerror(status, &regex, words, sizeof words);
            return err_set(err, ERR_USAGE, _("'%s' is no regular expression: %s"),
                           work->words[i], words);
        }
        regfree(&regex);
    }
    return 0;
}

const struct term *module_term(const struct module_work *work)
{
    int stdout_is_code =
        work->shell != SHELL_NONE && work->shell != SHELL_JSON && work->shell != SHELL_ENV;
    return stdout_is_code ? &work->cli->talk : &work->cli->out;
}

size_t module_width(const struct module_work *work)
{
    const struct term *term = module_term(work);
    if (work->cli->options.width)
        return work->cli->options.width;
    return term->tty ? term_width(term) : NOT_TTY;
}

void module_add_rule(const struct module_work *work, const char *title, struct str *into)
{
    size_t width = module_width(work), columns = title ? str_columns(title) + 2 : 0;
    size_t dashes = width > columns + 4 ? (width - columns) / 2 : 2;
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < dashes; i++)
            str_add_char(into, '-');
        if (!side && title)
            str_print(into, " %s ", title);
    }
    str_add_char(into, '\n');
}

void module_add_filled(const struct module_work *work, const char *text, size_t indent,
                       struct str *into)
{
    size_t width = module_width(work), at = 0;
    for (; *(text += strspn(text, " \t\r\n")); text += strcspn(text, " \t\r\n")) {
        size_t size = strcspn(text, " \t\r\n");
        CLEANUP_FREE char *word = mem_dupn(text, size);
        size_t columns = str_columns(word);
        if (at && at + 1 + columns > width) {
            str_add_char(into, '\n');
            at = 0;
        }
        if (at) {
            str_add_char(into, ' ');
            at++;
        }
        for (; at < indent; at++)
            str_add_char(into, ' ');
        str_add_visible(into, word, size);
        at += columns;
    }
    str_add_char(into, '\n');
}
