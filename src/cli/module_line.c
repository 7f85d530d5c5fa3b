// SPDX-License-Identifier: Apache-2.0
// module_line: the words and options behind a verb of `lopin module`.
#include <string.h>

#include "base/lang.h"
#include "cli/module.h"

static int is(const struct module_verb *verb, const char *name)
{
    return strcmp(verb->name, name) == 0;
}

// Of load "-NAME" is a word; use has options of its own, and what is completed is for no one to read.
static int is_option(const struct module_verb *verb, const char *word)
{
    if (*word != '-' || !word[1] || is(verb, "complete"))
        return 0;
    if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
        return 1;
    return !is(verb, "use") && ((!is(verb, "load") && !is(verb, "try-load")) || word[1] == '-');
}

int module_line(struct cli *cli, const struct module_verb *verb, struct strv *words,
                struct err *err)
{
    CLEANUP_STRV struct strv none = {0};
    char *const *word = cli->words.item + 1;
    for (; *word && strcmp(*word, "--") != 0; word++) {
        if (!is_option(verb, *word)) {
            strv_add(words, *word);
            continue;
        }
        char *const pair[] = {
            word[0], options_take_next(COMMAND_MODULE, word[0]) ? word[1] : NULL, NULL};
        if (options_read(&cli->options, COMMAND_MODULE, pair, &none, err) < 0)
            return -1;
        word += pair[1] != NULL;
    }
    while (*word && *++word)
        strv_add(words, *word);
    return 0;
}

int module_check_most(const struct module_work *work, const struct module_verb *verb,
                      struct err *err)
{
    char *const *words = work->words;
    if (work->count <= verb->most)
        return 0;
    err_set(err, ERR_USAGE, _("%s takes no word '%s'"), verb->name, words[verb->most]);
    if (is(verb, "purge"))
        return err_hint(err, "try", "module unload %s", words[0]);
    if (is(verb, "update"))
        return err_hint(err, "try", "module swap %s %s", words[0], words[0]);
    return err_hint(err, "try", "module %s%s%s", verb->name, *verb->words ? " " : "",
                    verb->words);
}

int module_check_line(const struct module_verb *verb, const struct strv *words, struct err *err)
{
    for (size_t i = 0; i < words->count; i++)
        if (!*words->item[i]) {
            err_set(err, ERR_USAGE, _("%s: a word is empty"), verb->name);
            return err_hint(err, "try", "module %s %s", verb->name, verb->words);
        }
    if (words->count >= verb->least)
        return 0;
    if (is(verb, "unuse"))
        err_set(err, ERR_USAGE, _("%s needs a folder"), verb->name);
    else if (is(verb, "keyword"))
        err_set(err, ERR_USAGE, _("%s needs a word"), verb->name);
    else
        err_set(err, ERR_USAGE, _("%s needs the name of a module"), verb->name);
    return err_hint(err, "try", "module %s %s", verb->name, verb->words);
}
