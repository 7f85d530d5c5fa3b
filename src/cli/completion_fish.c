// SPDX-License-Identifier: Apache-2.0
// completion_fish: one function that lists what can stand at the cursor, each with its words.
#include "base/lang.h"
#include "base/mem.h"
#include "cli/completion.h"

static const char head[] =
    "# Completion of lopin for fish, made by `lopin completion fish`.\n"
    "function __lopin_names # of what\n"
    "    set -l tokens (commandline -opc)\n"
    "    $tokens[1] completion $argv[1] 2>/dev/null\n"
    "end\n"
    "function __lopin_source # a source, then fixed words\n"
    "    test (count $argv) -gt 1; and string join \\n -- $argv[2..]\n"
    "    switch \"$argv[1]\"\n"
    "        case files\n"
    "            __fish_complete_path $__lopin_cur\n"
    "        case folders\n"
    "            __fish_complete_directories $__lopin_cur ''\n"
    "        case runs partitions accounts qos\n"
    "            __lopin_names $argv[1]\n"
    "        case logs\n"
    "            __lopin_names runs | string replace \\t :\\t\n"
    "        case modules\n"
    "            set -l tokens (commandline -opc)\n"
    "            set -l at (contains -i -- module $tokens)\n"
    "            $tokens[1] module complete $tokens[$at..] \"$__lopin_cur\" "
    "2>/dev/null\n"
    "    end\n"
    "end\n";

static const char tail[] =
    "function __lopin_complete\n"
    "    set -l tokens (commandline -opc)\n"
    "    set -l cur (commandline -ct)\n"
    "    set -l command ''\n"
    "    set -l option ''\n"
    "    set -l rest\n"
    "    set -l after 0\n"
    "    for word in $tokens[2..]\n"
    "        if test -n \"$option\"\n"
    "            set option ''\n"
    "        else if set -q rest[1]\n"
    "            set -a rest $word\n"
    "        else if test \"$word\" = --\n"
    "            set after 1\n"
    "        else if string match -q -- '-*' $word; and test $after = 0\n"
    "            set -l value (__lopin_value $command:$word)\n"
    "            set -q value[1]; and set option $word\n"
    "        else if test -z \"$command\"\n"
    "            set command $word\n"
    "        else if contains -- \"$command\" pip env\n"
    "            set command $command-$word\n"
    "        else if __lopin_ends $command\n"
    "            set rest $word\n"
    "        end\n"
    "    end\n"
    "    set -g __lopin_cur $cur\n"
    "    if test -n \"$option\"\n"
    "        __lopin_source (__lopin_value $command:$option)\n"
    "    else if set -q rest[1]\n"
    "        if test \"$command\" = exec\n"
    "            complete -C (string join ' ' -- (string escape -- $rest) $cur)\n"
    "        else\n"
    "            __fish_complete_path $cur\n"
    "        end\n"
    "    else if string match -q -- '--*=*' $cur; and test $after = 0\n"
    "        set -l parts (string split -m 1 = -- $cur)\n"
    "        set -g __lopin_cur $parts[2]\n"
    "        __lopin_source (__lopin_value $command:$parts[1]) | string replace -r '^' -- "
    "$parts[1]=\n"
    "    else if string match -q -- '-*' $cur; and test $after = 0\n"
    "        __lopin_options $command\n"
    "    else if test \"$command\" = exec\n"
    "        complete -C \"$cur\"\n"
    "    else\n"
    "        __lopin_words \"$command\"\n"
    "    end\n"
    "    set -e __lopin_cur\n"
    "end\n"
    "complete -c lopin -e\n"
    "complete -c lopin -f -a '(__lopin_complete)'\n";

// In '...' of fish only \ and ' have a meaning.
static void add_quoted(struct str *into, const char *text)
{
    str_add_char(into, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            str_add_char(into, '\\');
        str_add_char(into, *text);
    }
    str_add_char(into, '\'');
}

static void add_source(struct str *into, const struct completion *completion)
{
    static const char *const names[] = {"none", "files",  "folders",    "programs",
                                        "runs", "logs",   "partitions", "accounts",
                                        "qos",  "modules"};
    str_add(into, names[completion->source]);
    for (size_t i = 0; i < completion->words.count; i++)
        str_print(into, " %s", completion->words.item[i]);
}

static void add_case(struct str *into, const char *command, const struct opt *opt)
{
    if (opt->letter)
        str_print(into, " %s:-%c", command, opt->letter);
    str_print(into, " %s:--%s", command, opt->name);
}

// A line for each part of what follows an option; nothing for a flag.
static void add_values(struct str *into)
{
    str_add(into, "function __lopin_value\n    switch $argv[1]\n");
    for (const struct opt *opt = options_table; opt->id; opt++) {
        if (!opt->value)
            continue;
        str_add(into, "        case");
        for (const struct cli_command *command = NULL; (command = completion_next(command));) {
            CLEANUP_STR struct str key = {0};
            completion_add_key(&key, command);
            if (opt->commands & completion_options(command))
                add_case(into, key.text, opt);
        }
        if (opt->commands & COMMAND_NONE)
            add_case(into, "", opt);
        CLEANUP_COMPLETION struct completion completion;
        completion_of_value(opt, &completion);
        str_add(into, "\n            string split ' ' -- '");
        add_source(into, &completion);
        str_add(into, "'\n");
    }
    str_add(into, "    end\nend\n");
}

static void add_option(struct str *into, const char *form, const char *help)
{
    str_print(into, "            printf '%%s\\t%%s\\n' %s ", form);
    add_quoted(into, help);
    str_add_char(into, '\n');
}

static void add_options(struct str *into, const char *name, enum command command)
{
    str_print(into, "        case '%s'\n", name);
    for (const struct opt *opt = options_table; opt->id; opt++) {
        if (!(opt->commands & command))
            continue;
        CLEANUP_FREE char *form = mem_print("--%s", opt->name);
        add_option(into, form, lang_text(opt->help));
        if (opt->letter)
            add_option(into, (char[]){'-', opt->letter, '\0'}, lang_text(opt->help));
    }
}

static void add_verbs(struct str *into, const struct cli_command *family)
{
    str_add_char(into, '\n');
    for (const struct cli_command *verb = family->verbs; verb->name; verb++)
        add_option(into, verb->name, lang_text(verb->help));
}

static void add_words(struct str *into)
{
    str_add(into, "function __lopin_words\n    switch \"$argv[1]\"\n        case ''\n");
    for (const struct cli_command *command = cli_commands; command->name; command++)
        add_option(into, command->name, lang_text(command->help));
    for (const struct cli_command *command = NULL; (command = completion_next(command));) {
        CLEANUP_COMPLETION struct completion completion;
        completion_of_command(command, &completion);
        str_add(into, "        case ");
        completion_add_key(into, command);
        if (command->verbs) {
            add_verbs(into, command);
            continue;
        }
        str_add(into, "\n            __lopin_source ");
        add_source(into, &completion);
        str_add_char(into, '\n');
    }
    str_add(into, "    end\nend\n");
}

void completion_fish(struct str *into)
{
    str_add(into, head);
    add_values(into);
    str_add(into, "function __lopin_options\n    switch \"$argv[1]\"\n");
    add_options(into, "", COMMAND_NONE);
    for (const struct cli_command *command = NULL; (command = completion_next(command));) {
        CLEANUP_STR struct str key = {0};
        completion_add_key(&key, command);
        add_options(into, key.text, completion_options(command));
    }
    str_add(into, "    end\nend\n");
    add_words(into);
    str_add(into, "function __lopin_ends # the words behind its first one are the script's\n   "
                  " contains -- $argv[1]");
    for (const struct cli_command *command = cli_commands; command->name; command++)
        if (completion_ends(command))
            str_print(into, " %s", command->name);
    str_add(into, "\nend\n");
    str_add(into, tail);
}
