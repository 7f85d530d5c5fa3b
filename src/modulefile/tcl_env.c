// SPDX-License-Identifier: Apache-2.0
// tcl_env: the array env of a modulefile in Tcl: the engine's variables as they are then. What the
// file writes into it is seen by itself and by programs that it starts, and nowhere else
// (modulefile(4), setenv).
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "modulefile/tcl_call.h"

static char *find_own(const struct tcl_context *context, const char *name, size_t *ret_place)
{
    size_t size = strlen(name);
    for (size_t i = 0; i < context->own.count; i++) {
        char *entry = context->own.item[i];
        if (strncmp(entry, name, size) == 0 && (entry[size] == '=' || !entry[size])) {
            *ret_place = i;
            return entry;
        }
    }
    return NULL;
}

const char *tcl_env_get(struct tcl_context *context, const char *name)
{
    size_t place;
    const char *own = find_own(context, name, &place);
    if (own)
        return own[strlen(name)] ? own + strlen(name) + 1 : NULL;
    // a file that is unloaded may read what it set, and what those had set that went with it
    const char *value = vars_get(&context->engine->vars, name);
    return value ? value : vars_get(&context->before, name);
}

static void drop_own(struct tcl_context *context, const char *name)
{
    size_t place;
    struct strv *own = &context->own;
    if (!find_own(context, name, &place))
        return;
    mem_free_at(&own->item[place]);
    own->item[place] = own->item[--own->count];
    own->item[own->count] = NULL;
}

// `unset env(X)` wants an element that is there.
void tcl_env_forget(struct tcl_context *context, const char *name)
{
    const char *value = vars_get(&context->engine->vars, name);
    if (value)
        context->tcl->SetVar2(context->interp, "env", name, value, TCL_GLOBAL_ONLY);
    drop_own(context, name);
}

static void set_own(struct tcl_context *context, const char *name, const char *value)
{
    drop_own(context, name);
    strv_take(&context->own, value ? mem_print("%s=%s", name, value) : mem_dup(name));
}

void tcl_env_copy(struct tcl_context *context, struct vars *ret)
{
    vars_copy(ret, context->engine->vars.list.item);
    for (size_t i = 0; i < context->own.count; i++) {
        const char *entry = context->own.item[i], *equals = strchr(entry, '=');
        CLEANUP_FREE char *name = mem_dupn(entry, strcspn(entry, "="));
        if (equals)
            vars_set(ret, name, equals + 1);
        else
            vars_unset(ret, name);
    }
}

static void set_all(struct tcl_context *context)
{
    const struct tcl_library *tcl = context->tcl;
    CLEANUP_VARS struct vars vars = {0};
    tcl_env_copy(context, &vars);
    for (size_t i = 0; i < vars.list.count; i++) {
        const char *entry = vars.list.item[i], *equals = strchr(entry, '=');
        CLEANUP_FREE char *name = mem_dupn(entry, strcspn(entry, "="));
        if (equals)
            tcl->SetVar2(context->interp, "env", name, equals + 1, TCL_GLOBAL_ONLY);
    }
}

static char *trace(ClientData data, Tcl_Interp *interp, const char *array, const char *name,
                   int flags)
{
    struct tcl_context *context = data;
    const struct tcl_library *tcl = context->tcl;
    (void)array;
    if (context->is_mending)
        return NULL;
    if (!name)
        context->has_env = 0;
    if (flags & TCL_TRACE_ARRAY) { // for `array names env`; traces rest while one of them runs
        tcl_gather_open(context);
        tcl->EvalEx(context->interp, "array unset ::env *", -1, TCL_EVAL_GLOBAL);
        set_all(context);
    }
    if (!name || flags & TCL_INTERP_DESTROYED)
        return NULL;
    if (flags & TCL_TRACE_READS) {
        size_t place;
        if (!find_own(context, name, &place))
            tcl_gather_env(context, name);
        const char *value = tcl_env_get(context, name);
        if (value)
            tcl->SetVar2(interp, "env", name, value, TCL_GLOBAL_ONLY);
        else if (tcl->GetVar2(interp, "env", name, TCL_GLOBAL_ONLY))
            tcl->UnsetVar2(interp, "env", name, TCL_GLOBAL_ONLY);
        return value ? NULL : (char *)(uintptr_t) "no such variable"; // it is only read
    }
    const char *value =
        flags & TCL_TRACE_WRITES ? tcl->GetVar2(interp, "env", name, TCL_GLOBAL_ONLY) : NULL;
    set_own(context, name, value);
    return NULL;
}

// Where the array is as the engine has it, but for what the last file wrote into it.
static void mend(struct tcl_context *context)
{
    const struct tcl_library *tcl = context->tcl;
    context->is_mending = 1;
    for (size_t i = 0; i < context->own.count; i++) {
        CLEANUP_FREE char *name =
            mem_dupn(context->own.item[i], strcspn(context->own.item[i], "="));
        const char *value = vars_get(&context->engine->vars, name);
        if (value)
            tcl->SetVar2(context->interp, "env", name, value, TCL_GLOBAL_ONLY);
        else
            tcl->UnsetVar2(context->interp, "env", name, TCL_GLOBAL_ONLY);
    }
    context->is_mending = 0;
    strv_free(&context->own);
}

void tcl_env_put(struct tcl_context *context)
{
    const struct tcl_library *tcl = context->tcl;
    if (context->has_env) {
        mend(context);
        return;
    }
    strv_free(&context->own);
    vars_free(&context->before);
    if (context->engine->mode == ENGINE_UNLOAD)
        vars_copy(&context->before, context->engine->vars.list.item);
    tcl->UnsetVar2(context->interp, "env", NULL, TCL_GLOBAL_ONLY);
    tcl->SetVar2(context->interp, "env", "", "", TCL_GLOBAL_ONLY); // so that it is an array
    tcl->UnsetVar2(context->interp, "env", "", TCL_GLOBAL_ONLY);
    set_all(context);
    tcl->TraceVar2(context->interp, "env", NULL,
                   TCL_GLOBAL_ONLY | TCL_TRACE_READS | TCL_TRACE_WRITES | TCL_TRACE_UNSETS |
                       TCL_TRACE_ARRAY,
                   trace, context);
    // where nothing is loaded the variables stay what they are
    context->has_env = context->engine->mode == ENGINE_SPIDER;
}
