// SPDX-License-Identifier: Apache-2.0
// cmd_help: `lopin help [PAGE]` and `lopin COMMAND --help`: the first gives pages of the
// manual, the second what fits on a screen. Both are made from the tables of commands and
// options.
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/completion.h"
#include "cli/help_pages.h"
#include "cli/module.h"
#include "cli/pager.h"
#include "cli/say.h"
#include "cli/verbs.h"

enum { WIDTH = 80 };

// What most people need of map, in this order.
static const struct {
    const char *option; // its long name
    const char *words;  // N_(), or NULL: its name says it
} most_used[] = {
    {"cpus-per-task", N_("cores")},
    {"jobs", N_("side by side")},
    {"threads", N_("cores of each")},
    {"time", N_("time")},
    {"mem", N_("memory")},
    {"array", N_("only these")},
    {"job-name", N_("name")},
    {"python", NULL},
    {"from", NULL},
    {"out", NULL},
    {"dry-run", NULL},
};

static void add_usage(struct str *text, const char *name, const char *words)
{
    say_add_label(text, _("usage:"));
    str_print(text, "lopin %s %s\n", name, words);
}

static void add_commands(struct str *text)
{
    for (const struct cli_command *command = cli_commands; command->name; command++)
        str_print(text, "  %-12s%s\n", command->name, lang_text(command->help));
}

static void add_more(struct str *text, const char *line, const char *words)
{
    str_print(text, "  %-28s%s\n", line, words);
}

static void add_overview(struct str *text)
{
    add_usage(text, "COMMAND", "[OPTION...] [WORD...]");
    str_print(text, "%s\n\n", _("Runs a script on many datasets, each on its own cores."));
    str_add(text, "  lopin map analyse.py data/*.npz\n\n");
    add_commands(text);
    str_add_char(text, '\n');
    add_more(text, "lopin COMMAND --help", _("options of a command"));
    add_more(text, "lopin help map", _("the page of map"));
    add_more(text, "lopin help lopin", _("the page of all commands"));
    add_more(text, "lopin explain ERROR", _("what an error means and what cures it"));
    if (strcmp(lang_name(), "en") == 0)
        add_more(text, "lopin --lang fr help", "aide en fran\303\247ais");
}

static const struct opt *map_option(const char *name)
{
    for (const struct opt *opt = options_table; opt->id; opt++)
        if ((opt->commands & COMMAND_MAP) && strcmp(opt->name, name) == 0)
            return opt;
    return NULL;
}

// "Most used:  -c cores  -j side by side ...", in lines of 80 columns.
static void add_most_used(struct str *text)
{
    const char *label = _("Most used:");
    size_t column = str_columns(label);
    str_add(text, label);
    for (size_t i = 0; i < COUNT(most_used); i++) {
        const struct opt *opt = map_option(most_used[i].option);
        if (!opt)
            continue;
        CLEANUP_STR struct str part = {0};
        if (opt->letter)
            str_print(&part, "  -%c", opt->letter);
        else
            str_print(&part, "  --%s", opt->name);
        if (most_used[i].words)
            str_print(&part, " %s", lang_text(most_used[i].words));
        if (column + str_columns(part.text) > WIDTH) {
            column = str_columns(label);
            str_print(text, "\n%*s", (int)column, "");
        }
        column += str_columns(part.text);
        str_add(text, part.text);
    }
    str_add_char(text, '\n');
}

static void add_map(struct str *text)
{
    static const struct {
        const char *line, *words;
    } lines[] = {
        {"lopin map analyse.py data/*.npz", N_("all cores of this machine or job")},
        {"lopin map -c 8 -T 2 analyse.py data/*.npz", N_("8 cores, 2 for each dataset")},
        {"lopin map --out 'out/{/}' fit.py --tol 1e-6 {} {out} ::: data/*.npz", NULL},
    };
    str_print(text, "%s\n",
              _("Runs SCRIPT once for each dataset, side by side, each on its own cores."));
    for (size_t i = 0; i < COUNT(lines); i++)
        if (lines[i].words)
            str_print(text, "  %-45s%s\n", lines[i].line, lang_text(lines[i].words));
        else
            str_print(text, "  %s\n", lines[i].line);
    add_most_used(text);
    str_add(text, _("All options: lopin help map"));
    if (strcmp(lang_name(), "en") == 0)
        str_add(text, "    Aide en fran\303\247ais\302\240: lopin --lang fr map --help");
    str_add_char(text, '\n');
}

static const struct cli_command *find(const char *name)
{
    for (const struct cli_command *command = cli_commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

static void add_verbs(struct str *text, const struct cli_command *command)
{
    CLEANUP_FREE char *verb = mem_print("lopin %s VERB --help", command->name);
    CLEANUP_FREE char *page = mem_print("lopin help %s", command->name);
    verbs_add(text, command->verbs);
    str_add_char(text, '\n');
    add_more(text, verb, _("options of a verb"));
    add_more(text, page, _("the page of environments"));
    str_add_char(text, '\n');
    opt_help(options_table, completion_options(command), text);
}

static void add_command(struct str *text, const struct cli_command *command)
{
    add_usage(text, command->name, command->words);
    if (command->command == COMMAND_MAP) {
        add_map(text);
        return;
    }
    str_print(text, "%s\n\n", lang_text(command->help));
    if (command->verbs) { // each has its own options
        add_verbs(text, command);
        return;
    }
    if (command->command == COMMAND_MODULE)
        module_verbs_add(text);
    opt_help(options_table, command->command, text);
    if (command->command == COMMAND_COMPLETION) {
        str_add(text, "\n  " COMPLETION_BASH "    # ~/.bashrc\n");
        str_add(text, "  " COMPLETION_ZSH "     # ~/.zshrc\n");
        str_add(text, "  " COMPLETION_FISH "     # ~/.config/fish/config.fish\n");
    }
}

// The page of a name ("map", "lopin-map", "lopin") in the user's language, else in English.
static const struct help_page *find_page(const char *name)
{
    const struct help_page *found = NULL;
    static const char *const of_env[] = {"venv", "pip", "wheels", "init",
                                         NULL}; // one page for these
    for (size_t i = 0; of_env[i]; i++)
        name = strcmp(name, of_env[i]) == 0 ? "env" : name;
    name = strcmp(name, "try") == 0 ? "threads" : name;
    CLEANUP_FREE char *full = mem_print("lopin-%s", name);
    for (size_t i = 0; i < help_pages_count; i++) {
        const struct help_page *page = &help_pages[i];
        if (strcmp(page->name, name) != 0 && strcmp(page->name, full) != 0)
            continue;
        if (strcmp(page->language, lang_name()) == 0)
            return page;
        if (!found || strcmp(page->language, "en") == 0)
            found = page;
    }
    return found;
}

static int unknown(const char *name, struct err *err)
{
    const char *names[64];
    size_t count = 0;
    for (const struct cli_command *command = cli_commands;
         command->name && count < COUNT(names) - 1; command++)
        names[count++] = command->name;
    names[count] = NULL;
    err_set(err, ERR_USAGE, _("no page and no command is named '%s'"), name);
    if (module_verb_name(name))
        return err_hint(err, "try", "lopin help module");
    const char *near = opt_nearest(name, names);
    if (near)
        return err_hint(err, "try", "lopin help %s", near);
    if (err_code_of(name))
        return err_hint(err, "try", "lopin explain %s", name);
    return err_hint(err, "try", "lopin help");
}

int cmd_help(struct cli *cli, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    if (cli->words.count > 1)
        return err_set(err, ERR_USAGE, _("help takes the name of one page or command"));
    const char *name = cli->words.count ? cli->words.item[0] : NULL;
    const struct cli_command *command = name ? find(name) : NULL;
    const struct help_page *page = name && !cli->options.help ? find_page(name) : NULL;
    if (page) {
        str_add(&text, page->text);
        return pager_show(cli, &text, err);
    }
    if (command)
        add_command(&text, command);
    else if (name)
        return unknown(name, err);
    else
        add_overview(&text);
    return say_page(cli, &text, err);
}
