// SPDX-License-Identifier: Apache-2.0
// tcl_system: what a modulefile in Tcl asks of the machine, and programs that it starts by system.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/capture.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/proc.h"
#include "modulefile/script.h"
#include "modulefile/tcl_call.h"

enum { PROGRAM_US = 60 * 1000000, MOST_OUTPUT = 1 << 20 };

// Runs a line of sh with a word "$1"; what it writes is for a person. Returns its exit status, or
// -1 with engine->err.
static int run_shell(struct tcl_call *call, const char *line, const char *word)
{
    struct engine *engine = call->engine;
    char shell[] = "sh", option[] = "-c";
    char *const argv[] = {shell, option, (char *)line, shell, (char *)word, NULL};
    CLEANUP_VARS struct vars vars = {0};
    tcl_env_copy(call->context, &vars);
    const struct capture capture = {.path = "/bin/sh",
                                    .argv = argv,
                                    .envp = vars.list.item,
                                    .time_us = PROGRAM_US,
                                    .most = MOST_OUTPUT};
    int status = 0;
    tclfile_limit(call->context->file, 0);
    int ended = capture_run(&capture, &engine->talk, &engine->talk, &status);
    tclfile_limit(call->context->file, 1);
    if (ended < 0)
        return err_errno(&engine->err, ERR_MODULE, errno, _("'%s' cannot be started"), line);
    if (!ended)
        return err_set(&engine->err, ERR_MODULE, _("'%s' did not end within %d s"), line,
                       PROGRAM_US / 1000000);
    return proc_exit_status(status);
}

static int system_line(struct tcl_call *call)
{
    struct str line = {0};
    for (int i = 0; i < call->count; i++)
        str_print(&line, "%s%s", i ? " " : "", call->word[i]);
    int status = call->engine->mode == ENGINE_SHOW ? 0 : run_shell(call, str_text(&line), NULL);
    str_free(&line);
    return status < 0 ? TCL_REFUSED : tcl_call_answer_number(call, status);
}

// A file of resources, or one of them; at unloading they are taken away.
static int x_resource(struct tcl_call *call)
{
    const char *word = call->word[0];
    int unloads = call->engine->mode == ENGINE_UNLOAD;
    if (call->engine->mode == ENGINE_SHOW) {
        str_print(&call->engine->shown, "x-resource %s\n", word);
        return TCL_DONE;
    }
    CLEANUP_FREE char *line = mem_print(
        access(word, R_OK) == 0 ? "xrdb %s \"$1\"" : "printf '%%s\\n' \"$1\" | xrdb %s",
        unloads ? "-remove" : "-merge");
    int status = run_shell(call, line, word);
    if (status < 0)
        return TCL_REFUSED;
    return status ? tcl_call_wrong(call, "xrdb refuses '%s'", word) : TCL_DONE;
}

static int uname_field(struct tcl_call *call)
{
    struct utsname name;
    const char *field = call->word[0];
    uname(&name);
    const char *value = strcmp(field, "sysname") == 0 ? name.sysname
                        : strcmp(field, "nodename") == 0 || strcmp(field, "node") == 0
                            ? name.nodename
                        : strcmp(field, "release") == 0 ? name.release
                        : strcmp(field, "version") == 0 ? name.version
                        : strcmp(field, "machine") == 0 ? name.machine
                        : strcmp(field, "domain") == 0  ? name.domainname
                                                        : NULL;
    if (!value)
        return tcl_call_wrong(call, "uname %s is not known", field);
    tcl_call_answer(call, *value ? value : "unknown");
    return TCL_DONE;
}

// Of the shell, once it evaluates what it gets.
static int change_folder(struct tcl_call *call)
{
    struct stat found;
    const char *path = call->word[0];
    if (tcl_call_show(call, "chdir", path, NULL) || call->engine->mode == ENGINE_UNLOAD)
        return TCL_DONE;
    if (stat(path, &found) < 0 || !S_ISDIR(found.st_mode))
        return tcl_call_wrong(call, "couldn't change working directory to \"%s\"", path);
    engine_word(call->engine, ENGINE_FOLDER, "cd", path, NULL);
    return TCL_DONE;
}

// Collections of ours and of Lmod's.
static int is_saved(struct tcl_call *call)
{
    const char *home = vars_get(&call->engine->vars, "HOME");
    const char *config = vars_get(&call->engine->vars, "XDG_CONFIG_HOME");
    CLEANUP_STRV struct strv folders = {0};
    if (config && *config)
        strv_take(&folders, mem_print("%s/lopin/modules", config));
    else
        strv_take(&folders, mem_print("%s/.config/lopin/modules", home ? home : ""));
    strv_take(&folders, mem_print("%s/.lmod.d", home ? home : ""));
    CLEANUP_FREE char *end = engine_collection_end(call->engine);
    int found = 0, count = call->count ? call->count : 1;
    for (int i = 0; i < count && !found; i++)
        for (size_t k = 0; k < folders.count && !found; k++) {
            const char *name = call->count ? call->word[i] : "default";
            CLEANUP_FREE char *path = mem_print("%s/%s%s", folders.item[k], name, end);
            found = !strchr(name, '/') && access(path, R_OK) == 0;
        }
    return tcl_call_answer_number(call, found);
}

// What a script does, in Lmod's words, done by our command of that name.
static int do_call(struct tcl_call *call, const char *text)
{
    CLEANUP_STRV struct strv arguments = {0};
    const char *found = script_parse(text, &arguments);
    CLEANUP_FREE char *name =
        mem_dup(!found                                     ? ""
                : strcmp(found, "set_shell_function") == 0 ? "set-function"
                                                           : found);
    for (char *at = name; *at; at++)
        *at = *at == '_' ? '-' : *at;
    for (const struct tcl_command *command = tcl_vars_commands; command->name; command++) {
        int count = strcmp(name, "set-function") == 0 ? 2 : (int)arguments.count;
        struct tcl_call one = {.context = call->context,
                               .engine = call->engine,
                               .name = command->name,
                               .count = count,
                               .word = (const char *const *)arguments.item};
        if (strcmp(command->name, name) == 0 && (int)arguments.count >= command->least &&
            (call->engine->mode != ENGINE_REFRESH || command->marks & TCL_SHELL))
            return command->run(&one);
    }
    return TCL_DONE;
}

// The script sees what the file has set in env for itself.
static int run_script(struct tcl_call *call, const char *script, struct strv *calls)
{
    struct engine *engine = call->engine;
    const struct strv *own = &call->context->own;
    struct vars aside = engine->aside, then = engine->aside_then;
    engine->aside = engine->aside_then = (struct vars){0};
    for (size_t i = 0; i < own->count; i++) {
        const char *equals = strchr(own->item[i], '=');
        CLEANUP_FREE char *name = mem_dupn(own->item[i], strcspn(own->item[i], "="));
        const char *now = vars_get(&engine->vars, name);
        if (equals)
            vars_set(&engine->aside, name, equals + 1);
        if (equals && now)
            vars_set(&engine->aside_then, name, now);
    }
    tclfile_limit(call->context->file, 0);
    int status = script_calls(engine, call->word[0], script, calls);
    tclfile_limit(call->context->file, 1);
    vars_free(&engine->aside);
    vars_free(&engine->aside_then);
    engine->aside = aside;
    engine->aside_then = then;
    return status;
}

static int source_sh(struct tcl_call *call)
{
    CLEANUP_STR struct str script = {0};
    CLEANUP_STRV struct strv calls = {0};
    for (int i = 1; i < call->count; i++)
        str_print(&script, "%s%s", i > 1 ? " " : "", call->word[i]);
    if (call->engine->mode == ENGINE_SPIDER ||
        tcl_call_show(call, "source_sh", call->word[0], str_text(&script), NULL))
        return TCL_DONE;
    if (run_script(call, str_text(&script), &calls) < 0)
        return TCL_REFUSED;
    int end = TCL_DONE;
    for (size_t i = 0; i < calls.count && end == TCL_DONE; i++)
        end = do_call(call, calls.item[i]);
    return end;
}

const struct tcl_command tcl_system_commands[] = {
    {"system", "line", 1, -1, system_line, TCL_EFFECT | TCL_RC},
    {"uname", "field", 1, 1, uname_field, TCL_RC},
    {"x-resource", "file or resource", 1, 1, x_resource, TCL_EFFECT},
    {"chdir", "folder", 1, 1, change_folder, TCL_EFFECT},
    {"source-sh", "shell script ?argument...?", 2, -1, source_sh, TCL_EFFECT | TCL_SHELL},
    {"is-saved", "?collection...?", 0, -1, is_saved, 0},
    {0},
};
