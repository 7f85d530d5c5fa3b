// SPDX-License-Identifier: Apache-2.0
// cmd_module: `lopin module VERB`, in Lmod's words. With --shell the change is given as code that a
// shell evaluates, and what a person reads is on stderr, as there.
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/json_text.h"
#include "cli/line_modules.h"
#include "cli/module.h"
#include "cli/module_site.h"
#include "cli/module_spider.h"
#include "cli/module_words.h"
#include "cli/pager.h"
#include "cli/say.h"
#include "modulefile/hooks.h"

static json_t *words_of(const struct engine *engine, enum engine_kind kind)
{
    json_t *object = json_object();
    for (size_t i = 0; i < engine->words; i++)
        if (engine->word[i].kind == kind)
            json_object_set_new(object, engine->word[i].name, json_text(engine->word[i].value));
    return object;
}

static json_t *lines_of(const struct engine *engine)
{
    json_t *array = json_array();
    for (size_t i = 0; i < engine->words; i++)
        if (engine->word[i].kind == ENGINE_CODE)
            json_array_append_new(array, json_text(engine->word[i].value));
    return array;
}

static int say_json(struct module_work *work, struct err *err)
{
    struct shellcode_changes changes;
    json_t *object = json_object(), *set = json_object(), *unset = json_array();
    shellcode_changes(work->cli->vars.list.item, &work->engine, &changes);
    for (size_t i = 0; i < changes.count; i++) {
        const struct shellcode_change *change = &changes.item[i];
        if (change->value)
            json_put_text(set, change->name, change->value);
        else
            json_array_append_new(unset, json_text(change->name));
    }
    shellcode_changes_free(&changes);
    json_object_set_new(object, "set", set);
    json_object_set_new(object, "unset", unset);
    json_object_set_new(object, "aliases", words_of(&work->engine, ENGINE_ALIAS));
    json_object_set_new(object, "functions", words_of(&work->engine, ENGINE_FUNCTION));
    json_object_set_new(object, "execute", lines_of(&work->engine));
    return json_say(work->cli, object, err);
}

// All variables, a line each, for programs that read such a file.
static int say_env(struct module_work *work, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    for (size_t i = 0; i < work->engine.vars.list.count; i++)
        if (!strchr(work->engine.vars.list.item[i], '\n'))
            str_print(&text, "%s\n", work->engine.vars.list.item[i]);
    return say_data(work->cli, &text, err);
}

static void add_echo(struct str *code, const struct str *text)
{
    CLEANUP_STRV struct strv lines = {0};
    strv_split(&lines, str_text(text), '\n');
    for (size_t i = 0; i + 1 < lines.count; i++) {
        str_add(code, "echo ");
        str_add_shell(code, lines.item[i]);
        str_add(code, ";\n");
    }
}

static int say_code(struct module_work *work, struct str *warnings, struct err *err)
{
    CLEANUP_STR struct str code = {0};
    const struct options *options = &work->cli->options;
    int redirect = options->redirect || engine_setting(&work->engine, "LMOD_REDIRECT", 0);
    if (work->shell == SHELL_SH && redirect && !options->no_redirect)
        add_echo(&code, &work->out);
    else
        pager_talk(work->cli, &work->out);
    if (work->changes)
        shellcode_add(&code, work->shell, work->cli->vars.list.item, &work->engine, warnings);
    if (work->fails)
        shellcode_fail(&code, work->shell);
    else
        shellcode_succeed(&code, work->shell);
    return say_data(work->cli, &code, err);
}

static int typed_alone(const struct module_work *work, struct err *err)
{
    const char *shell = vars_get(&work->cli->vars, "SHELL");
    const char *name = shell ? fs_base(shell) : "bash";
    enum shell kind = shellcode_shell(name);
    if (kind == SHELL_NONE || kind == SHELL_JSON || kind == SHELL_ENV)
        name = "bash";
    CLEANUP_STR struct str line = {0};
    for (size_t i = 0; i < work->cli->words.count; i++) {
        str_add_char(&line, ' ');
        str_add_shell(&line, work->cli->words.item[i]);
    }
    err_set(err, ERR_USAGE,
            _("a program cannot change the shell that it is typed into: the shell must do it"));
    if (strcmp(name, "fish") == 0)
        err_hint(err, "try", "lopin module --shell fish%s | source", str_text(&line));
    else if (kind == SHELL_CSH)
        err_hint(err, "try", "eval \"`lopin module --shell csh%s`\"", str_text(&line));
    else
        err_hint(err, "try", "eval \"$(lopin module --shell %s%s)\"", name, str_text(&line));
    CLEANUP_FREE char *init = module_init_line(name);
    return err_hint(err, "more", _("once in a session, for the function `module`: %s"), init);
}

// Who does it, and where modules are looked for.
static void tell_begin(struct module_work *work, const struct module_verb *verb, int by_site)
{
    const char *path = vars_get(&work->cli->vars, "MODULEPATH");
    const char *packages = vars_get(&work->cli->vars, "LMOD_PACKAGE_PATH");
    CLEANUP_STR struct str text = {0};
    const struct trace trace = {.into = work->cli->options.debug ? &text : NULL};
    trace_add(&trace,
              by_site ? _("%s, by the site's own command") : _("%s, by lopin's own engine"),
              verb->name);
    trace_add(&trace, "MODULEPATH: %s", path ? path : "");
    if (!by_site && module_hooks(work->cli))
        trace_add(&trace, _("SitePackage.lua of %s runs"), packages ? packages : "");
    term_write(&work->cli->talk, &text);
    if (work->cli->options.debug)
        work->trace.into = &work->engine.talk; // among what modulefiles say
}

// Which variables are others now.
static void tell_changes(struct module_work *work)
{
    struct shellcode_changes changes;
    CLEANUP_STR struct str names = {0};
    if (!trace_is_on(&work->trace) || !work->changes)
        return;
    shellcode_changes(work->cli->vars.list.item, &work->engine, &changes);
    for (size_t i = 0; i < changes.count; i++)
        if (!str_starts(changes.item[i].name, "_ModuleTable") &&
            !str_starts(changes.item[i].name, "__LMOD_")) // the state, not what it is about
            str_print(&names, " %s%s", changes.item[i].value ? "" : "-", changes.item[i].name);
    shellcode_changes_free(&changes);
    trace_add(&work->trace, _("variables that change (-: unset):%s"), str_text(&names));
}

// Gives what the verb made. Modulefiles' words come before it.
static int give(struct module_work *work, struct err *err)
{
    CLEANUP_STR struct str warnings = {0};
    int status = 0;
    if (work->changes)
        engine_settle(&work->engine);
    tell_changes(work);
    work->fails |= work->engine.warned;
    term_write(&work->cli->talk, &work->engine.talk);
    if (work->shell == SHELL_JSON && work->changes)
        status = say_json(work, err);
    else if (work->shell == SHELL_ENV && work->changes)
        status = say_env(work, err);
    else if (work->shell == SHELL_NONE || work->shell == SHELL_JSON || work->shell == SHELL_ENV)
        status = pager_show(work->cli, &work->out, err);
    else
        status = say_code(work, &warnings, err);
    term_write(&work->cli->talk, &warnings);
    return status < 0 ? -1 : work->fails ? STATUS_FAILED : 0;
}

// By the site's own command. As data there is a bash between, whose environment is the answer.
static int run_site(struct module_work *work, const struct module_verb *verb, struct err *err)
{
    struct cli *cli = work->cli;
    struct vars vars = {0};
    if (work->shell == SHELL_NONE && verb->does & MODULE_STATE)
        return typed_alone(work, err);
    if (work->shell != SHELL_JSON && work->shell != SHELL_ENV)
        return module_site_become(cli, work->name, verb->name, work->words, err);
    if (module_site_vars(cli, verb->name, work->words, &vars, err) < 0) {
        vars_free(&vars);
        return -1;
    }
    work->engine = (struct engine){.vars = vars};
    return work->shell == SHELL_JSON ? say_json(work, err) : say_env(work, err);
}

static void say_unknown_rules(const struct module_work *work, const struct module_verb *verb)
{
    if (!(verb->does & (MODULE_STATE | MODULE_PLAIN)) && !module_hooks(work->cli) &&
        module_site_has_policy(work->cli))
        say(work->cli, "%s",
            _("this is lopin's answer, without the site's rules (LMOD_PACKAGE_PATH): --hooks "
              "has them, --engine=site asks Lmod"));
}

static int run_verb(struct module_work *work, const struct module_verb *verb, struct err *err)
{
    struct cli *cli = work->cli;
    int by_site = module_site_is_asked(cli, (verb->does & MODULE_STATE) != 0, err);
    if (by_site >= 0)
        tell_begin(work, verb, by_site);
    if (by_site)
        return by_site < 0 ? -1 : run_site(work, verb, err);
    if (module_check_most(work, verb, err) < 0)
        return -1;
    say_unknown_rules(work, verb);
    work->engine.trace = cli->options.debug ? &work->trace : NULL;
    if (engine_begin(&work->engine, cli->vars.list.item, work->name, err) < 0 &&
        !(verb->run == module_purge && cli->options.force))
        return -1;
    if (module_hooks(cli) && hooks_open(&work->engine, err) < 0)
        return -1;
    work->changes = verb->does & MODULE_CHANGES;
    work->engine.ends = 1;
    work->engine.force = cli->options.force;
    work->engine.latest = cli->options.latest;
    work->engine.quiet |= cli->options.quiet;
    if (cli->options.pin_versions)
        work->engine.rules.pins = engine_is_yes(cli->options.pin_versions);
    int is_typed = verb->run != module_complete; // by a person
    if (is_typed)
        hooks_tell(&work->engine, "startup", verb->name);
    if (verb->run(work, err) < 0) {
        hooks_error(&work->engine, err);
        term_write(&cli->talk, &work->engine.talk);
        if (work->shell != SHELL_JSON && work->shell != SHELL_ENV)
            term_write(module_term(work), &work->out); // of names before a wrong one
        return -1;
    }
    if (is_typed)
        hooks_tell(&work->engine, "finalize", verb->name);
    if (work->changes && work->shell == SHELL_NONE)
        return typed_alone(work, err);
    return give(work, err);
}

static int settle_shell(struct module_work *work, struct err *err)
{
    const char *name = work->cli->options.module_shell;
    if (!name && work->cli->options.json)
        name = "json";
    work->shell = name ? shellcode_shell(name) : SHELL_NONE;
    work->name =
        work->shell == SHELL_NONE || work->shell == SHELL_JSON || work->shell == SHELL_ENV
            ? "bash"
            : name;
    if (!name || work->shell != SHELL_NONE)
        return 0;
    return err_set(err, ERR_USAGE,
                   _("--shell takes bash, zsh, sh, fish, csh, python, json or env, not '%s'"),
                   name);
}

// The shell that the line is for, also where it could not be read as far as that.
static enum shell shell_of(const struct cli *cli)
{
    static const char option[] = "--shell";
    const char *name = cli->options.module_shell;
    for (char *const *word = cli->typed; !name && *word && strcmp(*word, "--") != 0; word++)
        if (str_starts(*word, option))
            name = (*word)[strlen(option)] == '='        ? *word + sizeof option
                   : !(*word)[strlen(option)] && word[1] ? word[1]
                                                         : NULL;
    return name ? shellcode_shell(name) : SHELL_NONE;
}

int module_fail(struct cli *cli, const struct err *err)
{
    enum shell shell = shell_of(cli);
    if (shell == SHELL_NONE || shell == SHELL_JSON || shell == SHELL_ENV)
        return -1;
    CLEANUP_STR struct str code = {0};
    shellcode_fail(&code, shell);
    say_error(cli, err);
    say_data(cli, &code, NULL);
    return STATUS_FAILED;
}

static int say_version(struct cli *cli, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    str_add(&text, LOPIN_VERSION_LINE);
    return say_page(cli, &text, err);
}

int module_usage(struct cli *cli, struct err *err)
{
    cli->options.help = 1;
    strv_free(&cli->words);
    strv_add(&cli->words, "module");
    return cmd_help(cli, err);
}

int cmd_module(struct cli *cli, struct err *err)
{
    struct module_work work = {.cli = cli};
    CLEANUP_STRV struct strv words = {0};
    const char *name = cli->words.count ? cli->words.item[0] : NULL;
    if (cli->options.version)
        return say_version(cli, err);
    if (!name) {
        err_set(err, ERR_USAGE, _("module takes a verb"));
        err_hint(err, "try", "%s --help", module_call(cli));
        return module_fail(cli, err);
    }
    if (strcmp(name, "init") == 0) {
        int made = module_init(cli, cli->words.item + 1, err);
        return made < 0 ? module_fail(cli, err) : made;
    }
    int status = strcmp(name, "ml") == 0 ? module_ml(cli, err) : 0;
    const struct module_verb *verb =
        status == 0 ? module_verb_find(cli, cli->words.item[0], err) : NULL;
    status = verb ? module_line(cli, verb, &words, err) : -1;
    if (settle_shell(&work, status < 0 ? NULL : err) < 0)
        status = -1;
    if (status == 0 && cli->options.version)
        return say_version(cli, err);
    if (status == 0 && (cli->options.help || (verb->run == module_help && !words.count)))
        return module_usage(cli, err);
    status = status < 0 ? -1 : module_check_line(verb, &words, err);
    if (status == 0 && cli->options.json && !(verb->does & MODULE_JSON)) {
        err_set(err, ERR_USAGE, _("%s has no JSON"), verb->name);
        status = err_hint(err, "found", _("avail, list, spider and keyword have"));
    }
    static char *const no_words[] = {NULL};
    work.words = words.count ? words.item : no_words;
    work.count = words.count;
    if (status == 0)
        status = run_verb(&work, verb, err);
    engine_free(&work.engine);
    str_free(&work.out);
    strv_free(&work.named);
    if (status < 0 && strcmp(module_call(cli), "module") != 0)
        line_modules_words(err);
    return status < 0 ? module_fail(cli, err) : status;
}
