// SPDX-License-Identifier: Apache-2.0
// tcl_context: an interpreter of Tcl as a modulefile finds it, and as the next one shall find it
// again.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "modulefile/tcl_call.h"

static int evaluate(struct tcl_context *context, const char *script)
{
    return context->tcl->EvalEx(context->interp, script, -1, TCL_EVAL_GLOBAL);
}

int tcl_context_set(struct tcl_context *context, const char *name, const char *value)
{
    return context->tcl->SetVar2(context->interp, name, NULL, value, TCL_GLOBAL_ONLY) ? 0 : -1;
}

static const char *result(struct tcl_context *context)
{
    return context->tcl->GetString(context->tcl->GetObjResult(context->interp));
}

// Tcl's library of scripts (clock, package require) is read when something of it is asked for: it
// takes as long as all the rest.
static int read_library(struct tcl_context *context)
{
    context->is_full = 1;
    context->is_spent = 1;
    return context->tcl->Init(context->interp) == TCL_OK ? 0 : -1;
}

static int evaluate_words(struct tcl_context *context, int count, const char *words[])
{
    char *script = context->tcl->Merge(count, words);
    int status = context->tcl->EvalEx(context->interp, script, -1, 0);
    context->tcl->Free(script);
    return status;
}

// What no command is called: Tcl's own `unknown` is in its library, and then decides.
static int unknown(ClientData data, Tcl_Interp *interp, int count, const char *words[])
{
    struct tcl_context *context = data;
    if (!context->is_full && count > 1) {
        if (read_library(context) < 0)
            return TCL_ERROR;
        return evaluate_words(context, count - 1, words + 1);
    }
    context->tcl->ResetResult(interp);
    context->tcl->AppendResult(interp, "invalid command name \"", count > 1 ? words[1] : "",
                               "\"", NULL);
    return TCL_ERROR;
}

// Parts of clock are scripts; where an ensemble looks for them, its namespace stands in the place of the
// global one, so that the library must be there before.
static int call_clock(ClientData data, Tcl_Interp *interp, int count, const char *words[])
{
    struct tcl_context *context = data;
    (void)interp;
    tcl_gather_open(context);
    if (!context->is_full && read_library(context) < 0)
        return TCL_ERROR;
    words[0] = "::tcl::lopin_clock";
    return evaluate_words(context, count, words);
}

// The same of `package require`: words are the package's name and the versions wanted.
static int unknown_package(ClientData data, Tcl_Interp *interp, int count, const char *words[])
{
    struct tcl_context *context = data;
    (void)interp;
    tcl_gather_open(context);
    if (context->is_full)
        return TCL_OK;
    if (evaluate(context, "package unknown {}") != TCL_OK || read_library(context) < 0 ||
        evaluate(context, "package unknown") != TCL_OK)
        return TCL_ERROR;
    CLEANUP_FREE char *search = mem_dup(result(context));
    char *rest = context->tcl->Merge(count - 1, words + 1);
    CLEANUP_FREE char *script = mem_print("%s %s", search, rest);
    context->tcl->Free(rest);
    return *search ? context->tcl->EvalEx(context->interp, script, -1, 0) : TCL_OK;
}

static void put_commands(struct tcl_context *context)
{
    tcl_streams_put(context);
    tcl_context_put(context, tcl_vars_commands);
    tcl_context_put(context, tcl_load_commands);
    tcl_context_put(context, tcl_text_commands);
    tcl_context_put(context, tcl_system_commands);
    tcl_context_put(context, tcl_rc_commands);
    if (context->engine->mode == ENGINE_SPIDER)
        tcl_gather_put(context);
    context->tcl->CreateCommand(context->interp, "unknown", unknown, context, NULL);
    context->tcl->CreateCommand(context->interp, "::tcl::lopin_package", unknown_package,
                                context, NULL);
    evaluate(context, "package unknown ::tcl::lopin_package");
    if (evaluate(context, "rename ::clock ::tcl::lopin_clock") == TCL_OK)
        context->tcl->CreateCommand(context->interp, "clock", call_clock, context, NULL);
}

// What all files find: their own commands are what is more. Of each interpreter the same.
static void remember_commands(struct tcl_context *context)
{
    const struct tcl_library *tcl = context->tcl;
    struct tclfile *file = context->file;
    int count = 0;
    const char **names = NULL;
    evaluate(context, "info commands");
    if (tcl->SplitList(context->interp, result(context), &count, &names) != TCL_OK)
        return;
    file->info = mem_zero((size_t)count + 1, sizeof *file->info);
    for (int i = 0; i < count; i++) {
        strv_add(&file->known, names[i]);
        tcl->GetCommandInfo(context->interp, names[i], &file->info[i]);
    }
    tcl->Free((char *)names);
}

// A procedure, so that it is compiled once. It says how many commands there are then.
static void put_clean(struct tcl_context *context)
{
    static const char script[] =
        "proc ::tcl::lopin_clean {} {\n"
        "foreach ::tcl::one [namespace children ::] {\n"
        "if {$::tcl::one ni {::tcl ::oo ::zlib}} {namespace delete $::tcl::one}}\n"
        "unset -nocomplain ::tcl::one\n"
        "expr {[llength [info commands ::*]] + [llength [interp aliases]] "
        "+ [llength [interp slaves]] + [llength [after info]]}}";
    evaluate(context, script);
}

// Takes away what a script names, but for some names.
static int sweep(struct tcl_context *context, const char *script, const char *const *kept,
                 void (*remove)(struct tcl_context *context, const char *name))
{
    int count = 0;
    const char **names = NULL;
    if (evaluate(context, script) != TCL_OK ||
        context->tcl->SplitList(context->interp, result(context), &count, &names) != TCL_OK)
        return -1;
    for (int i = 0; i < count; i++) {
        const char *const *one = kept;
        while (*one && strcmp(*one, names[i]) != 0)
            one++;
        if (!*one)
            remove(context, names[i]);
    }
    context->tcl->Free((char *)names);
    return 0;
}

static void remove_variable(struct tcl_context *context, const char *name)
{
    context->tcl->UnsetVar2(context->interp, name, NULL, TCL_GLOBAL_ONLY);
}

static void remove_procedure(struct tcl_context *context, const char *name)
{
    context->tcl->DeleteCommand(context->interp, name);
}

// Variables and procedures of a file; all that nearly every one leaves.
static int sweep_all(struct tcl_context *context)
{
    static const char *const kept[] = {"env",          "errorInfo",       "errorCode",
                                       "tcl_version",  "tcl_patchLevel",  "auto_path",
                                       "tcl_library",  "tcl_interactive", "tcl_precision",
                                       "tcl_platform", "tcl_pkgPath",     NULL};
    static const char *const none[] = {NULL};
    return sweep(context, "::info globals", kept, remove_variable) < 0 ||
                   sweep(context, "::info procs", none, remove_procedure) < 0
               ? -1
               : 0;
}

static void take_note(ClientData data, Tcl_Interp *interp, const char *before,
                      const char *after, int flags)
{
    struct tcl_context *context = data;
    (void)interp;
    (void)before;
    (void)after;
    (void)flags;
    context->is_spent = 1;
}

static int note_more(ClientData data, Tcl_Interp *interp, int count, const char *words[])
{
    struct tcl_context *context = data;
    (void)interp;
    (void)count;
    context->is_plain = 0;
    if (strncmp(words[1] + strspn(words[1], ":"), "trace", strlen("trace")) == 0)
        context->is_spent = 1; // of variables and commands that stay
    return TCL_OK;
}

// Where hundreds of files are to run in it, it is told of a command that is replaced, and of one
// called that leaves more than variables and procedures: it does not look for it behind each file.
static void watch(struct tcl_context *context)
{
    static const char script[] = "foreach ::tcl::one {interp namespace after load package "
                                 "source coroutine zlib trace} {\n"
                                 "if {[info commands $::tcl::one] ne {}} "
                                 "{trace add execution $::tcl::one enter ::tcl::lopin_more}}\n"
                                 "unset ::tcl::one";
    const struct tclfile *file = context->file;
    context->is_watched = 1;
    for (size_t i = 0; i < file->known.count; i++)
        if (context->tcl->TraceCommand(context->interp, file->known.item[i],
                                       TCL_TRACE_RENAME | TCL_TRACE_DELETE, take_note,
                                       context) != TCL_OK)
            context->is_watched = 0;
    context->tcl->CreateCommand(context->interp, "::tcl::lopin_more", note_more, context, NULL);
    if (evaluate(context, script) != TCL_OK)
        context->is_watched = 0;
}

struct tcl_context *tcl_context_new(struct tclfile *file)
{
    struct tcl_context *context = mem_zero(1, sizeof *context);
    *context = (struct tcl_context){.file = file, .engine = file->engine, .tcl = &file->tcl};
    context->interp = context->tcl->CreateInterp();
    put_commands(context);
    if (!file->info)
        remember_commands(context);
    put_clean(context);
    if (context->engine->mode == ENGINE_SPIDER)
        watch(context);
    return context;
}

void tcl_context_free(struct tcl_context *context)
{
    if (!context)
        return;
    if (!context->engine->ends || context->is_spent)
        context->tcl->DeleteInterp(context->interp);
    strv_free(&context->own);
    vars_free(&context->before);
    free(context->asking);
    free(context);
}

// Whether all commands of the beginning are there and what they were.
static int is_whole(struct tcl_context *context)
{
    const struct tclfile *file = context->file;
    for (size_t i = 0; i < file->known.count; i++) {
        Tcl_CmdInfo now;
        if (!context->tcl->GetCommandInfo(context->interp, file->known.item[i], &now) ||
            now.objProc != file->info[i].objProc || now.proc != file->info[i].proc)
            return 0;
    }
    return 1;
}

void tcl_context_look(struct tcl_context *context, const char *text)
{
    context->is_plain = 1; // "::" only before a name of the outermost namespace
    for (const char *at = strstr(text, "::"); at && context->is_plain;
         at = strstr(at + 2, "::"))
        if (at > text && (isalnum((unsigned char)at[-1]) || strchr("_:)]}\"", at[-1])))
            context->is_plain = 0;
    if (!context->is_plain && (strstr(text, "tcl::") || strstr(text, "oo::")))
        context->is_spent = 1; // in Tcl's own namespaces nobody looks for what is more
}

void tcl_context_clean(struct tcl_context *context)
{
    int is_plain = context->is_watched && context->is_plain;
    context->puts = NULL;
    context->is_used = 0;
    if (context->is_spent)
        return;
    if ((!context->is_watched && !is_whole(context)) || sweep_all(context) < 0)
        context->is_spent = 1;
    else if (!is_plain &&
             (evaluate(context, "::tcl::lopin_clean") != TCL_OK ||
              (size_t)strtoul(result(context), NULL, 10) != context->file->known.count))
        context->is_spent = 1;
}
