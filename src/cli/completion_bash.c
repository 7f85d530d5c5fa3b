// SPDX-License-Identifier: Apache-2.0
// completion_bash: bash 4 and later, without the bash-completion package.
//
// `source <(lopin completion bash)`. No list goes through `compgen -W`, which would execute a
// $(...) in the name of a run.
#include "base/mem.h"
#include "cli/completion.h"

static const char head[] =
    "# Completion of lopin for bash, made by `lopin completion bash`.\n"
    "_lopin_fill() {\n"
    "    local each\n"
    "    for each; do\n"
    "        [[ $each == \"$cur\"* ]] && COMPREPLY+=(\"$prefix$each\")\n"
    "    done\n"
    "}\n"
    "_lopin_names() { # of what, and what stands behind each\n"
    "    local each\n"
    "    while IFS=$'\\t' read -r each _; do\n"
    "        [[ $each$2 == \"$cur\"* ]] && COMPREPLY+=(\"$prefix$(printf %q \"$each\")$2\")\n"
    "    done < <(\"${COMP_WORDS[0]/#\\~/$HOME}\" completion \"$1\" 2>/dev/null)\n"
    "    [[ $2 ]] && compopt -o nospace 2>/dev/null\n"
    "}\n"
    "_lopin_source() { # a source, and fixed words\n"
    "    local source=$1\n"
    "    shift\n"
    "    _lopin_fill \"$@\"\n"
    "    case $source in\n"
    "    files) compopt -o default 2>/dev/null ;;\n"
    "    folders)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -d -P \"$prefix\" -- "
    "\"$cur\") ;;\n"
    "    programs)\n"
    "        if [[ $ended ]]; then\n"
    "            compopt -o default 2>/dev/null\n"
    "        else\n"
    "            compopt -o filenames 2>/dev/null\n"
    "            mapfile -t COMPREPLY < <(compgen -c -- \"$cur\" | sort -u)\n"
    "        fi ;;\n"
    "    runs | partitions | accounts | qos) _lopin_names $source '' ;;\n"
    "    logs) _lopin_names runs : ;;\n"
    "    modules)\n"
    "        local at=1\n"
    "        while [[ ${COMP_WORDS[at]} != module ]]; do ((at++)); done\n"
    "        mapfile -t COMPREPLY < <(\"${COMP_WORDS[0]/#\\~/$HOME}\" module complete "
    "\"${COMP_WORDS[@]:at:COMP_CWORD-at+1}\" 2>/dev/null) ;;\n"
    "    esac\n"
    "}\n";

static const char tail[] =
    "_lopin() {\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} prefix= command= option= ended= after= word i\n"
    "    COMPREPLY=()\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        word=${COMP_WORDS[i]}\n"
    "        if [[ $word == '=' && $option ]]; then\n"
    "            continue # bash cuts --order=size into three words\n"
    "        elif [[ $option ]]; then\n"
    "            option=\n"
    "        elif [[ $word == -- ]]; then\n"
    "            after=1\n"
    "        elif [[ $word == -* && ! $ended && ! $after ]]; then\n"
    "            [[ $(_lopin_value \"$command:$word\") ]] && option=$word\n"
    "        elif [[ ! $command ]]; then\n"
    "            command=$word\n"
    "        elif [[ $command == pip || $command == env ]]; then\n"
    "            command=$command-$word\n"
    "        elif _lopin_ends \"$command\"; then\n"
    "            ended=1\n"
    "        fi\n"
    "    done\n"
    "    [[ $cur == '=' && $option ]] && cur=\n"
    "    if [[ $cur == --*=* && ! $option && ! $ended ]]; then\n"
    "        option=${cur%%=*} prefix=${cur%%=*}= cur=${cur#*=}\n"
    "    fi\n"
    "    if [[ $option ]]; then\n"
    "        _lopin_source $(_lopin_value \"$command:$option\")\n"
    "    elif [[ $cur == -* && ! $ended && ! $after ]]; then\n"
    "        _lopin_fill $(_lopin_options \"$command\")\n"
    "    else\n"
    "        _lopin_source $(_lopin_words \"$command\")\n"
    "    fi\n"
    "}\n"
    "complete -F _lopin lopin\n";

static void add_source(struct str *into, const struct completion *completion)
{
    static const char *const names[] = {"none", "files",  "folders",    "programs",
                                        "runs", "logs",   "partitions", "accounts",
                                        "qos",  "modules"};
    str_add(into, names[completion->source]);
    for (size_t i = 0; i < completion->words.count; i++)
        str_print(into, " %s", completion->words.item[i]);
}

static void add_pattern(struct str *into, const char *command, const struct opt *opt)
{
    if (into->size)
        str_add_char(into, '|');
    if (opt->letter)
        str_print(into, "%s:-%c|", command, opt->letter);
    str_print(into, "%s:--%s", command, opt->name);
}

static void add_key_pattern(struct str *into, const struct cli_command *command,
                            const struct opt *opt)
{
    CLEANUP_STR struct str key = {0};
    completion_add_key(&key, command);
    add_pattern(into, key.text, opt);
}

// "map:-c|map:--cpus-per-task) echo none ;;": empty for flags, which take no word.
static void add_values(struct str *into)
{
    str_add(into, "_lopin_value() {\n    case $1 in\n");
    for (const struct opt *opt = options_table; opt->id; opt++) {
        if (!opt->value)
            continue;
        CLEANUP_STR struct str patterns = {0};
        for (const struct cli_command *command = NULL; (command = completion_next(command));)
            if (opt->commands & completion_options(command))
                add_key_pattern(&patterns, command, opt);
        if (opt->commands & COMMAND_NONE)
            add_pattern(&patterns, "", opt);
        CLEANUP_COMPLETION struct completion completion;
        completion_of_value(opt, &completion);
        str_print(into, "    %s) echo ", str_text(&patterns));
        add_source(into, &completion);
        str_add(into, " ;;\n");
    }
    str_add(into, "    esac\n}\n");
}

static void add_options(struct str *into, const char *name, enum command command)
{
    str_print(into, "    '%s') echo", name);
    for (const struct opt *opt = options_table; opt->id; opt++) {
        if (!(opt->commands & command))
            continue;
        // echo would take a lone -e, -E or -n for its own: the long name stands first
        str_print(into, " --%s", opt->name);
        if (opt->letter)
            str_print(into, " -%c", opt->letter);
    }
    str_add(into, " ;;\n");
}

static void add_words(struct str *into)
{
    str_add(into, "_lopin_words() {\n    case $1 in\n    '') echo none");
    for (const struct cli_command *command = cli_commands; command->name; command++)
        str_print(into, " %s", command->name);
    str_add(into, " ;;\n");
    for (const struct cli_command *command = NULL; (command = completion_next(command));) {
        CLEANUP_COMPLETION struct completion completion;
        completion_of_command(command, &completion);
        str_add(into, "    ");
        completion_add_key(into, command);
        str_add(into, ") echo ");
        add_source(into, &completion);
        str_add(into, " ;;\n");
    }
    str_add(into, "    esac\n}\n");
}

void completion_bash(struct str *into)
{
    str_add(into, head);
    add_values(into);
    str_add(into, "_lopin_options() {\n    case $1 in\n");
    add_options(into, "", COMMAND_NONE);
    for (const struct cli_command *command = NULL; (command = completion_next(command));) {
        CLEANUP_STR struct str key = {0};
        completion_add_key(&key, command);
        add_options(into, key.text, completion_options(command));
    }
    str_add(into, "    esac\n}\n");
    add_words(into);
    str_add(
        into,
        "_lopin_ends() { # the words behind its first one are the script's\n    case $1 in\n");
    for (const struct cli_command *command = cli_commands; command->name; command++)
        if (completion_ends(command))
            str_print(into, "    %s) return 0 ;;\n", command->name);
    str_add(into, "    esac\n    return 1\n}\n");
    str_add(into, tail);
}
