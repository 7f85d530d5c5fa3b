// SPDX-License-Identifier: Apache-2.0
#include "modulefile/tcl_call.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct tcl_binding {
    struct tcl_context *context;
    const struct tcl_command *command;
};

void tcl_call_answer(struct tcl_call *call, const char *text)
{
    struct tcl_context *context = call->context;
    context->tcl->AppendResult(context->interp, text, NULL);
}

int tcl_call_answer_number(struct tcl_call *call, long number)
{
    CLEANUP_FREE char *text = mem_print("%ld", number);
    tcl_call_answer(call, text);
    return TCL_DONE;
}

void tcl_call_answer_item(struct tcl_call *call, const char *text)
{
    const struct tcl_library *tcl = call->context->tcl;
    char *item = tcl->Merge(1, &text);
    const char *before = tcl->GetString(tcl->GetObjResult(call->context->interp));
    tcl_call_answer(call, *before ? " " : "");
    tcl_call_answer(call, item);
    tcl->Free(item);
}

int tcl_call_wrong(struct tcl_call *call, const char *format, ...)
{
    struct tcl_context *context = call->context;
    struct str text = {0};
    va_list list;
    va_start(list, format);
    str_vprint(&text, format, list);
    va_end(list);
    context->tcl->ResetResult(context->interp);
    tcl_call_answer(call, str_text(&text));
    str_free(&text);
    return TCL_WRONG;
}

int tcl_call_show_list(struct tcl_call *call, const char *function, const char *const *word,
                       int count)
{
    struct str *shown = &call->engine->shown;
    if (call->engine->mode != ENGINE_SHOW)
        return 0;
    str_print(shown, "%s(", function);
    for (int i = 0; i < count; i++) {
        str_add(shown, i ? "," : "");
        str_add_quoted(shown, word[i]);
    }
    str_add(shown, ")\n");
    return 1;
}

int tcl_call_show(struct tcl_call *call, const char *function, ...)
{
    const char *words[8], *word;
    int count = 0;
    va_list list;
    va_start(list, function);
    while ((word = va_arg(list, const char *)) && count < (int)COUNT(words))
        words[count++] = word;
    va_end(list);
    return tcl_call_show_list(call, function, words, count);
}

static void take(struct tcl_call *call, int count)
{
    call->word += count;
    call->count -= count;
}

const char *tcl_call_option(struct tcl_call *call, const char *name, const char *also)
{
    if (!call->count)
        return NULL;
    const char *word = *call->word;
    size_t size = strlen(name);
    if (strncmp(word, name, size) == 0 && word[size] == '=') {
        take(call, 1);
        return word + size + 1;
    }
    int same = strcmp(word, name) == 0 || (also && strcmp(word, also) == 0) ||
               (str_starts(name, "--") && strcmp(word, name + 1) == 0);
    if (!same || call->count < 2)
        return NULL;
    const char *value = call->word[1];
    take(call, 2);
    return value;
}

int tcl_call_flag(struct tcl_call *call, const char *name)
{
    if (!call->count || strcmp(*call->word, name) != 0)
        return 0;
    take(call, 1);
    return 1;
}

int tcl_call_is_name(struct tcl_call *call, const char *name)
{
    if (*name && !strchr(name, '='))
        return 1;
    tcl_call_wrong(call, "'%s' is no name of a variable", name);
    return 0;
}

static int is_skipped(const struct engine *engine, unsigned marks)
{
    if (engine->mode == ENGINE_ABOUT || engine->mode == ENGINE_HELP)
        return (marks & TCL_EFFECT) != 0;
    if (engine->mode == ENGINE_REFRESH)
        return (marks & (TCL_EFFECT | TCL_SHELL)) == TCL_EFFECT;
    return 0;
}

// Tcl has a zero byte within a text as these two.
static int has_zero(const struct tcl_call *call)
{
    for (int i = 0; i < call->count; i++)
        if (strstr(call->word[i], "\xc0\x80"))
            return 1;
    return 0;
}

static int check(struct tcl_call *call, const struct tcl_command *command)
{
    if (call->count < command->least || (command->most >= 0 && call->count > command->most))
        return tcl_call_wrong(call, "wrong # args: should be \"%s %s\"", command->name,
                              command->usage);
    if (has_zero(call))
        return tcl_call_wrong(call, "%s: a text has no zero byte", command->name);
    return TCL_DONE;
}

static int call(ClientData data, Tcl_Interp *interp, int count, const char *words[])
{
    const struct tcl_binding *binding = data;
    struct tcl_context *context = binding->context;
    const struct tcl_command *command = binding->command;
    struct tcl_call one = {.context = context,
                           .engine = context->engine,
                           .name = command->name,
                           .count = count - 1,
                           .word = words + 1};
    context->tcl->ResetResult(interp);
    int end = check(&one, command);
    if (context->file->rc && !(command->marks & TCL_RC))
        end = tcl_call_wrong(&one, "%s is not for rc files", command->name);
    else if (!context->file->rc && is_skipped(context->engine, command->marks))
        return TCL_OK;
    if (end == TCL_DONE && !context->file->rc && context->engine->mode == ENGINE_SPIDER &&
        tcl_gather(&one, command->marks, &end))
        return end == TCL_DONE ? TCL_OK : TCL_ERROR;
    if (end == TCL_DONE)
        end = command->run(&one);
    if (end == TCL_REFUSED) {
        context->refused = 1;
        context->is_spent = 1;
        tcl_call_wrong(&one, "%s", context->engine->err.text);
        if (context->tcl->CancelEval)
            context->tcl->CancelEval(interp, NULL, NULL, TCL_CANCEL_UNWIND);
    }
    if (end == TCL_STOP)
        return TCL_BREAK;
    return end == TCL_DONE ? TCL_OK : TCL_ERROR;
}

static void drop(ClientData data)
{
    free(data);
}

void tcl_context_put(struct tcl_context *context, const struct tcl_command *commands)
{
    for (; commands->name; commands++) {
        struct tcl_binding *binding = mem_zero(1, sizeof *binding);
        *binding = (struct tcl_binding){context, commands};
        context->tcl->CreateCommand(context->interp, commands->name, call, binding, drop);
    }
}
