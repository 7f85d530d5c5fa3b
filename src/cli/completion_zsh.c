// SPDX-License-Identifier: Apache-2.0
// completion_zsh: for compinit's _arguments; sourced, or as the file _lopin of a folder in
// fpath.
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/completion.h"

static const char head[] =
    "#compdef lopin\n"
    "# Completion of lopin for zsh, made by `lopin completion zsh`.\n"
    "_lopin_runs() { # $1: what stands behind each\n"
    "    local -a runs\n"
    "    local line\n"
    "    for line in ${(f)\"$(${(Q)~lopin} completion runs 2>/dev/null)\"}; do\n"
    "        runs+=(\"${${line%%$'\\t'*}//:/\\\\:}${1:+\\\\$1}:${line#*$'\\t'}\")\n"
    "    done\n"
    "    if [[ -n $1 ]]; then\n"
    "        _describe -V -t runs run runs -S ''\n"
    "    else\n"
    "        _describe -V -t runs run runs\n"
    "    fi\n"
    "}\n"
    "_lopin_names() { # of what\n"
    "    local -a names=(${(f)\"$(${(Q)~lopin} completion $1 2>/dev/null)\"})\n"
    "    compadd -a names\n"
    "}\n"
    "_lopin_modules() { # words are what stands behind `module` then\n"
    "    local -a names=(${(f)\"$(${(Q)~lopin} module complete module "
    "\"${(@)words[2,CURRENT]}\" "
    "2>/dev/null)\"})\n"
    "    compadd -a names\n"
    "}\n";

static const char tail[] = "    *) _default ;;\n"
                           "    esac\n"
                           "}\n"
                           "if [[ $funcstack[1] == _lopin ]]; then\n"
                           "    _lopin \"$@\"\n"
                           "else\n"
                           "    compdef _lopin lopin\n"
                           "fi\n";

// Text inside '...' where [ ] : \ have a meaning of their own.
static void add_quoted(struct str *into, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            str_add(into, "'\\''");
        else if (strchr("[]:\\", *text))
            str_print(into, "\\%c", *text);
        else
            str_add_char(into, *text);
    }
}

static void add_action(struct str *into, const struct completion *completion)
{
    static const char *const sources[] = {" ",
                                          "_files",
                                          "_files -/",
                                          "_command_names -e",
                                          " _lopin_runs \"\"",
                                          " _lopin_runs \\:",
                                          " _lopin_names partitions",
                                          " _lopin_names accounts",
                                          " _lopin_names qos",
                                          " _lopin_modules"};
    if (!completion->words.count) {
        str_add(into, sources[completion->source]);
        return;
    }
    if (completion->source != SOURCE_NONE)
        str_add(into, "{ _values word");
    else
        str_add_char(into, '(');
    for (size_t i = 0; i < completion->words.count; i++)
        str_print(into, "%s%s", i || completion->source != SOURCE_NONE ? " " : "",
                  completion->words.item[i]);
    if (completion->source != SOURCE_NONE)
        str_print(into, "; %s }", sources[completion->source]);
    else
        str_add_char(into, ')');
}

// One form of an option, its letter or its name. An option with a value may come again
// (--from).
static void add_form(struct str *into, const struct opt *opt, const char *form,
                     const char *joint)
{
    str_add(into, "            '");
    if (opt->value)
        str_add_char(into, '*');
    else if (opt->letter)
        str_print(into, "(-%c --%s)", opt->letter, opt->name);
    str_print(into, "%s%s[", form, opt->value ? joint : "");
    add_quoted(into, lang_text(opt->help));
    str_add_char(into, ']');
    if (opt->value) {
        CLEANUP_COMPLETION struct completion completion;
        completion_of_value(opt, &completion);
        str_add_char(into, ':');
        add_quoted(into, opt->value);
        str_add_char(into, ':');
        add_action(into, &completion);
    }
    str_add(into, "' \\\n");
}

static void add_options(struct str *into, enum command command)
{
    for (const struct opt *opt = options_table; opt->id; opt++) {
        if (!(opt->commands & command))
            continue;
        char letter[] = {'-', opt->letter, '\0'};
        CLEANUP_FREE char *name = mem_print("--%s", opt->name);
        if (opt->letter)
            add_form(into, opt, letter, "+");
        add_form(into, opt, name, "=");
    }
}

static void add_command(struct str *into, const struct cli_command *command)
{
    CLEANUP_COMPLETION struct completion completion;
    completion_of_command(command, &completion);
    str_print(into, "    %s)\n        _arguments -S%s \\\n", command->name,
              completion_ends(command) ? " -A '-*'" : "");
    add_options(into, command->command);
    if (completion.source == SOURCE_PROGRAMS) {
        str_add(into, "            '(-):program: _command_names -e' '*::words: _normal' ;;\n");
        return;
    }
    str_add(into, "            '*:word:");
    add_action(into, &completion);
    str_add(into, "' ;;\n");
}

// Each verb has options of its own.
static void add_family(struct str *into, const struct cli_command *family)
{
    str_print(into, "    %s)\n        state=\n        _arguments -C -S -A '-*' \\\n",
              family->name);
    add_options(into, completion_options(family));
    str_print(into,
              "            '1:verb:_lopin_%s_verbs' '*::word:->verb'\n"
              "        [[ $state == verb ]] || return\n"
              "        case $words[1] in\n",
              family->name);
    for (const struct cli_command *verb = family->verbs; verb->name; verb++)
        add_command(into, verb);
    str_add(into, "    *) _default ;;\n        esac ;;\n");
}

// "_lopin_commands": a table as a function that shows it.
static void add_table(struct str *into, const char *name, const struct cli_command *table)
{
    str_print(into, "_lopin_%ss() {\n    local -a %ss=(\n", name, name);
    for (; table->name; table++) {
        str_print(into, "        '%s:", table->name);
        add_quoted(into, lang_text(table->help));
        str_add(into, "'\n");
    }
    str_print(into, "    )\n    _describe -t %ss %s %ss\n}\n", name, name, name);
}

void completion_zsh(struct str *into)
{
    str_add(into, head);
    add_table(into, "command", cli_commands);
    for (const struct cli_command *command = cli_commands; command->name; command++) {
        CLEANUP_FREE char *name = mem_print("%s_verb", command->name);
        if (command->verbs)
            add_table(into, name, command->verbs);
    }
    str_add(into, "_lopin() {\n"
                  "    local curcontext=$curcontext state line lopin=$words[1]\n"
                  "    typeset -A opt_args\n"
                  "    _arguments -C -S -A '-*' \\\n");
    add_options(into, COMMAND_NONE);
    str_add(into, "            '1:command:_lopin_commands' '*::word:->words'\n"
                  "    [[ $state == words ]] || return\n"
                  "    case $words[1] in\n");
    for (const struct cli_command *command = cli_commands; command->name; command++)
        if (command->verbs)
            add_family(into, command);
        else
            add_command(into, command);
    str_add(into, tail);
}
