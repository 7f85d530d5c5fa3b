// SPDX-License-Identifier: Apache-2.0
// module_init: the functions `module` and `ml` of a shell, and what ml means.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/module.h"
#include "cli/say.h"

// Lines of `set -x` would bury what is said. The status is that of the last command evaluated; of a program that
// was killed there is none, and that is no success.
static void add_sh(struct str *into, const char *program, const char *shell)
{
    CLEANUP_STR struct str quoted = {0};
    static const char *const names[] = {"module", "ml"};
    str_add_shell(&quoted, program);
    for (size_t i = 0; i < COUNT(names); i++)
        str_print(into,
                  "%s() {\n"
                  "    case $- in *x*) { set +x; } 2>/dev/null; __lopin_x=x ;; *) __lopin_x= "
                  ";; esac\n"
                  "    eval \"$(%s module --shell %s %s\"$@\" || echo false)\"\n"
                  "    set -- $? \"$__lopin_x\"\n"
                  "    unset __lopin_x\n"
                  "    [ -z \"$2\" ] || set -x\n"
                  "    return \"$1\"\n"
                  "}\n",
                  names[i], quoted.text, shell, i ? "ml " : "");
    if (strcmp(shell, "bash") == 0)
        str_add(into, "export -f module ml\n"); // for scripts that it starts
}

// Where the functions are ours: also in a shell that has them from the one above it, which hands no completion down.
static void add_completion(struct str *into, const char *program, const char *shell)
{
    CLEANUP_STR struct str quoted = {0};
    str_add_shell(&quoted, program);
    if (strcmp(shell, "bash") == 0)
        str_print(
            into,
            "case $(declare -f module) in *' module --shell bash '*)\n"
            "_lopin_module() {\n"
            "    case \" ${COMP_WORDS[*]} \" in *' use '*|*' unuse '*) compopt -o dirnames ;; "
            "esac\n"
            "    mapfile -t COMPREPLY < <(%s module complete "
            "\"${COMP_WORDS[@]:0:COMP_CWORD+1}\" 2>/dev/null)\n"
            "}\n"
            "complete -F _lopin_module module ml ;;\n"
            "esac\n",
            quoted.text);
    if (strcmp(shell, "zsh") == 0) // compinit may come later
        str_print(
            into,
            "case $functions[module] in *' module --shell zsh '*)\n"
            "_lopin_module() {\n"
            "    local -a names=(${(f)\"$(%s module complete \"${(@)words[1,CURRENT]}\" "
            "2>/dev/null)\"})\n"
            "    compadd -a names\n"
            "    [[ ${words[2]-} != (|un)use ]] || _files -/\n"
            "}\n"
            "_lopin_module_late() {\n"
            "    precmd_functions=(${precmd_functions:#_lopin_module_late})\n"
            "    if (( $+functions[compdef] )); then compdef _lopin_module module ml; fi\n"
            "}\n"
            "if (( $+functions[compdef] )); then compdef _lopin_module module ml\n"
            "else precmd_functions+=(_lopin_module_late); fi ;;\n"
            "esac\n",
            quoted.text);
}

static void add_fish(struct str *into, const char *program)
{
    CLEANUP_STR struct str quoted = {0};
    str_add_shell(&quoted, program);
    str_print(into,
              "function module\n"
              "    begin; %s module --shell fish $argv; or echo false; end | source\nend\n"
              "function ml\n"
              "    begin; %s module --shell fish ml $argv; or echo false; end | source\nend\n"
              "complete -c module -c ml -f -a '(%s module complete (commandline -opc) "
              "(commandline -ct) 2>/dev/null)'\n"
              "complete -c module -n '__fish_seen_subcommand_from use unuse' -a "
              "'(__fish_complete_directories)'\n",
              quoted.text, quoted.text, quoted.text);
}

// On one line each, as eval "`...`" joins them. Without quotes around the program's line: words of a
// person's have some of their own.
static void add_csh(struct str *into, const char *program)
{
    CLEANUP_STR struct str quoted = {0};
    for (; *program; program++) {
        if (!isalnum((unsigned char)*program) && !strchr("_/.+-", *program))
            str_add_char(&quoted, '\\');
        str_add_char(&quoted, *program);
    }
    str_print(into,
              "alias module 'eval `%s module --shell csh \\!* || echo /bin/false`';\n"
              "alias ml 'eval `%s module --shell csh ml \\!* || echo /bin/false`';\n",
              quoted.text, quoted.text);
}

static void add_python(struct str *into, const char *program)
{
    str_add(into, "def module(verb, *words):\n"
                  "    \"\"\"module('load', 'gcc', 'python/3.11') in this process; whether it "
                  "went well.\"\"\"\n"
                  "    import subprocess\n"
                  "    scope = {}\n"
                  "    done = subprocess.run(['");
    for (; *program; program++)
        str_print(into, *program == '\'' || *program == '\\' ? "\\%c" : "%c", *program);
    str_add(into,
            "', 'module', '--shell', 'python', verb] + list(words), stdout=subprocess.PIPE)\n"
            "    exec(done.stdout, scope)\n"
            "    return scope.get('_mlstatus', False)\n");
}

static void add_code(struct str *into, enum shell shell, const char *name, const char *program,
                     int replace)
{
    CLEANUP_STR struct str code = {0};
    if (shell == SHELL_FISH)
        add_fish(&code, program);
    else if (shell == SHELL_CSH)
        add_csh(&code, program);
    else if (shell == SHELL_PYTHON)
        add_python(&code, program);
    else
        add_sh(&code, program, name);
    if (replace || shell == SHELL_CSH || shell == SHELL_PYTHON) {
        str_add(into, code.text);
        add_completion(into, program, name);
        return;
    }
    str_add(into, shell == SHELL_FISH ? "if not functions -q module\n"
                                      : "if ! type module >/dev/null 2>&1; then\n");
    str_add(into, code.text);
    str_add(into, shell == SHELL_FISH ? "end\n" : "fi\n");
    add_completion(into, program, name);
}

char *module_init_line(const char *name)
{
    enum shell shell = shellcode_shell(name);
    return shell == SHELL_FISH  ? mem_dup("lopin module init fish | source")
           : shell == SHELL_CSH ? mem_print("eval \"`lopin module init %s`\"", name)
           : shell == SHELL_SH  ? mem_print("eval \"$(lopin module init %s)\"", name)
                                : mem_dup("exec(subprocess.check_output(['lopin', 'module', "
                                           "'init', 'python']))");
}

// Typed to see what it does.
static void say_use(const struct cli *cli, const char *name)
{
    CLEANUP_FREE char *line = module_init_line(name);
    say(cli, _("this is code for the shell to evaluate: %s"), line);
    say(cli, _("that line stands in the file that each shell reads, or first in a job script; "
               "bash scripts that such a shell starts have the functions too"));
    say(cli, _("a job needs no shell for its modules: lopin run --module gcc,python/3.11 ..."));
}

int module_init(struct cli *cli, char *const *words, struct err *err)
{
    CLEANUP_STRV struct strv names = {0}, flags = {0}, none = {0};
    for (; *words; words++)
        strv_add(**words == '-' ? &flags : &names, *words);
    if (flags.count && options_read(&cli->options, COMMAND_MODULE, flags.item, &none, err) < 0)
        return -1;
    if (cli->options.help)
        return module_usage(cli, err);
    enum shell shell = names.count == 1 ? shellcode_shell(names.item[0]) : SHELL_NONE;
    if (shell == SHELL_NONE || shell == SHELL_JSON || shell == SHELL_ENV) {
        err_set(err, ERR_USAGE, _("init takes one of bash, zsh, sh, fish, csh, python"));
        return err_hint(err, "try", "eval \"$(lopin module init bash)\"");
    }
    CLEANUP_FREE char *program = fs_self();
    CLEANUP_STR struct str code = {0};
    add_code(&code, shell, names.item[0], program, cli->options.replace);
    if (cli->out.tty)
        say_use(cli, names.item[0]);
    return say_data(cli, &code, err);
}

// An option, by its letter or its name: "-t", "--regexp". Of other words with '-' the module is
// unloaded.
static int is_option(const char *word)
{
    if (str_starts(word, "--"))
        return 1;
    for (const struct opt *opt = options_table; opt->id; opt++)
        if (*word == '-' && opt->letter == word[1] && word[1] && !word[2] &&
            opt->commands & COMMAND_MODULE)
            return 1;
    return 0;
}

int module_ml(struct cli *cli, struct err *err)
{
    CLEANUP_STRV struct strv flags = {0}, rest = {0}, none = {0};
    const struct module_verb *verb = NULL;
    struct strv *words = &cli->words;
    for (size_t i = 1; i < words->count; i++) {
        const char *word = words->item[i];
        const struct module_verb *found = verb ? NULL : module_verb(word);
        int is_flag = !verb && !found && is_option(word);
        if (found)
            verb = found;
        else
            strv_add(is_flag ? &flags : &rest, word);
        if (is_flag && options_take_next(COMMAND_MODULE, word) && i + 1 < words->count)
            strv_add(&flags, words->item[++i]);
    }
    if (flags.count && options_read(&cli->options, COMMAND_MODULE, flags.item, &none, err) < 0)
        return -1;
    strv_free(words);
    strv_add(words, verb ? verb->name : rest.count ? "load" : "list");
    strv_add_all(words, &rest);
    return 0;
}
