// SPDX-License-Identifier: Apache-2.0
// tcl_gather: what the commands of modulefiles are where a file is only asked what it is (gather.h),
// and Tcl's own that ask the machine: the question is noted, or that it cannot be.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "modulefile/gather.h"
#include "modulefile/tcl_call.h"

// Of rc files nothing is noted, nor of what a file says of its use.
static struct gathered *gathered_of(const struct tcl_context *context)
{
    const struct engine *engine = context->engine;
    return engine->mode == ENGINE_SPIDER && !context->file->rc && !context->puts
               ? engine->gathered
               : NULL;
}

void tcl_gather_open(struct tcl_context *context)
{
    if (gathered_of(context))
        gather_open(context->engine);
}

void tcl_gather_env(struct tcl_context *context, const char *name)
{
    if (gathered_of(context))
        gather_env(context->engine, name);
}

int tcl_gather_later(struct tcl_context *context)
{
    struct engine *engine = context->engine;
    tcl_gather_open(context);
    if (!engine->lock || !engine->gathered)
        return 0;
    engine->gathered->is_later = 1;
    context->is_spent = 1; // what it says from now on is not asked for
    context->tcl->ResetResult(context->interp);
    context->tcl->AppendResult(context->interp, "later", NULL);
    if (context->tcl->CancelEval)
        context->tcl->CancelEval(context->interp, NULL, NULL, TCL_CANCEL_UNWIND);
    return 1;
}

static void pass_options(struct tcl_call *call)
{
    while (call->count && *call->word[0] == '-')
        if (!tcl_call_option(call, "--delim", "-d")) {
            call->word++;
            call->count--;
        }
}

static int path(struct tcl_call *call)
{
    pass_options(call);
    for (int i = 1; i < call->count; i++)
        gather_path(call->engine->gathered, call->word[0], call->word[i]);
    return TCL_DONE;
}

static int module(struct tcl_call *call)
{
    size_t size = strlen(call->word[0]);
    if (size < 2 || strncmp("use", call->word[0], size) != 0)
        return TCL_DONE;
    for (int i = 1; i < call->count; i++) // what is no absolute path is an option
        gather_path(call->engine->gathered, "MODULEPATH", call->word[i]);
    return TCL_DONE;
}

// For what the file says afterwards.
static int set_own(struct tcl_call *call)
{
    int respects = call->count && *call->word[0] == '-';
    pass_options(call);
    if (call->count < 2 || !tcl_call_is_name(call, call->word[0]))
        return call->count < 2 ? TCL_DONE : TCL_WRONG;
    struct tcl_context *context = call->context;
    if (!respects || !tcl_env_get(context, call->word[0]))
        context->tcl->SetVar2(context->interp, "env", call->word[0], call->word[1],
                              TCL_GLOBAL_ONLY);
    return TCL_DONE;
}

static int family(struct tcl_call *call)
{
    gather_family(call->engine->gathered, call->word[0]);
    return TCL_DONE;
}

static int mark(struct tcl_call *call)
{
    gather_mark(call->engine->gathered, call->word[0], call->word[1]);
    return TCL_DONE;
}

static int extensions(struct tcl_call *call)
{
    for (int i = 0; i < call->count; i++)
        gather_extensions(call->engine->gathered, call->word[i]);
    return TCL_DONE;
}

static int asks_env(struct tcl_call *call)
{
    struct tcl_call rest = *call;
    pass_options(&rest);
    if (rest.count)
        tcl_gather_env(call->context, rest.word[0]);
    return TCL_DONE;
}

static int asks_path(struct tcl_call *call)
{
    tcl_gather_env(call->context, "MODULEPATH");
    return TCL_DONE;
}

static int asks_more(struct tcl_call *call)
{
    tcl_gather_open(call->context);
    return TCL_DONE;
}

// Who the user is comes from a library that has one answer at a time for all threads.
static int asks_info(struct tcl_call *call)
{
    static const char *const plain[] = {"command",   "flags", "loaded", "mode", "name",
                                        "specified", "tags",  "type",   "user"};
    for (size_t i = 0; i < COUNT(plain); i++)
        if (strcmp(call->word[0], plain[i]) == 0)
            return TCL_DONE;
    tcl_gather_open(call->context);
    if (str_starts(call->word[0], "user") && tcl_gather_later(call->context))
        return TCL_WRONG;
    return TCL_DONE;
}

static int says_fine(struct tcl_call *call)
{
    return tcl_call_answer_number(call, 0);
}

int tcl_gather(struct tcl_call *call, unsigned marks, int *ret_end)
{
    static const struct {
        const char *name;
        int (*run)(struct tcl_call *call);
    } commands[] = {
        {"prepend-path", path}, {"append-path", path},      {"module", module},
        {"setenv", set_own},    {"pushenv", set_own},       {"family", family},
        {"add-property", mark}, {"extensions", extensions}, {"getenv", asks_env},
        {"is-used", asks_path}, {"is-avail", asks_more},    {"is-saved", asks_more},
        {"uname", asks_more},   {"module-info", asks_info}, {"system", says_fine},
    };
    if (!gathered_of(call->context))
        return (marks & TCL_EFFECT) != 0;
    for (size_t i = 0; i < COUNT(commands); i++)
        if (strcmp(call->name, commands[i].name) == 0) {
            *ret_end = commands[i].run(call);
            break;
        }
    return *ret_end != TCL_DONE || (marks & TCL_EFFECT) != 0;
}

static void note_file(struct tcl_context *context, const char *what, const char *file)
{
    int is_dir = strcmp(what, "isdirectory") == 0, is_file = strcmp(what, "isfile") == 0;
    int is_any = strcmp(what, "exists") == 0;
    if (!gathered_of(context))
        return;
    if (*file != '/' || !(is_dir || is_file || is_any)) {
        gather_open(context->engine);
        return;
    }
    if (is_dir || is_any)
        gather_stat(context->engine, file, 1);
    if (is_file || is_any)
        gather_stat(context->engine, file, 0);
}

static int ask_file(ClientData data, Tcl_Interp *interp, int count, Tcl_Obj *const words[])
{
    struct tcl_original *original = data;
    struct tcl_context *context = original->context;
    const char *name = strrchr(original->name, ':');
    note_file(context, name ? name + 1 : original->name,
              count == 2 ? context->tcl->GetString(words[1]) : "");
    return original->info.objProc(original->info.objClientData, interp, count, words);
}

// The folder that the process is in is that of all threads.
static int change_folder(ClientData data, Tcl_Interp *interp, int count, Tcl_Obj *const words[])
{
    struct tcl_original *original = data;
    if (tcl_gather_later(original->context))
        return TCL_ERROR;
    return original->info.objProc(original->info.objClientData, interp, count, words);
}

static char *ask_platform(ClientData data, Tcl_Interp *interp, const char *array,
                          const char *name, int flags)
{
    (void)interp;
    (void)array;
    (void)name;
    (void)flags;
    tcl_gather_open(data);
    return NULL;
}

void tcl_gather_put(struct tcl_context *context)
{
#define F(name) "::tcl::file::" name
    static const char *const names[] = {
        F("exists"),    F("isdirectory"), F("isfile"),
        F("atime"),     F("attributes"),  F("copy"),
        F("delete"),    F("executable"),  F("link"),
        F("lstat"),     F("mkdir"),       F("mtime"),
        F("normalize"), F("owned"),       F("readable"),
        F("readlink"),  F("rename"),      F("size"),
        F("stat"),      F("tempfile"),    F("type"),
        F("volumes"),   F("writable"),    "::tcl::info::hostname",
        "source",       "glob",           "pwd",
        "socket",       "load",           "cd",
        "file"};
#undef F
    const struct tcl_library *tcl = context->tcl;
    int is_ensemble = 0; // "file", but of Tcl 8.5
    context->asking = mem_zero(COUNT(names), sizeof *context->asking);
    for (size_t i = 0; i < COUNT(names); i++) {
        struct tcl_original *original = &context->asking[i];
        *original = (struct tcl_original){.name = names[i], .context = context};
        if (!tcl->GetCommandInfo(context->interp, names[i], &original->info) ||
            !original->info.isNativeObjectProc ||
            (is_ensemble && strcmp(names[i], "file") == 0))
            continue;
        is_ensemble |= i == 0;
        tcl->CreateObjCommand(context->interp, names[i],
                              strcmp(names[i], "cd") == 0 ? change_folder : ask_file, original,
                              NULL);
    }
    tcl->TraceVar2(context->interp, "tcl_platform", NULL, TCL_GLOBAL_ONLY | TCL_TRACE_READS,
                   ask_platform, context);
}
