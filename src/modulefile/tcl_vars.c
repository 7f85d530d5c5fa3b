// SPDX-License-Identifier: Apache-2.0
// tcl_vars: what a modulefile in Tcl does to variables, aliases and functions; when it is unloaded,
// the reverse.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "module/paths.h"
#include "modulefile/tcl_call.h"

static int is_unloading(const struct tcl_call *call)
{
    return call->engine->mode == ENGINE_UNLOAD;
}

static void change(struct tcl_call *call, const char *name, const char *value)
{
    if (value)
        vars_set(&call->engine->vars, name, value);
    else
        vars_unset(&call->engine->vars, name);
    tcl_env_forget(call->context, name);
}

// setenv ?--set-if-undef | -respect? NAME VALUE
static int set_env(struct tcl_call *call)
{
    int respects = tcl_call_flag(call, "--set-if-undef") || tcl_call_flag(call, "-respect") ||
                   tcl_call_flag(call, "--respect") || tcl_call_flag(call, "-r");
    if (call->count != 2)
        return tcl_call_wrong(call, "wrong # args: should be \"setenv ?--set-if-undef? "
                                    "variable value\"");
    const char *name = call->word[0], *value = call->word[1];
    if (!tcl_call_is_name(call, name))
        return TCL_WRONG;
    if (tcl_call_show(call, "setenv", name, value, respects ? "true" : NULL, NULL))
        return TCL_DONE;
    const char *now = vars_get(&call->engine->vars, name);
    if (is_unloading(call)) {
        if (!respects || (now && strcmp(now, value) == 0))
            vars_unset(&call->engine->vars, name);
    } else if (!respects || !now) {
        change(call, name, value);
    }
    return TCL_DONE;
}

// unsetenv NAME ?VALUE?: the value is for unloading.
static int unset_env(struct tcl_call *call)
{
    int always = tcl_call_flag(call, "--unset-on-unload");
    int never = tcl_call_flag(call, "--noop-on-unload");
    if (call->count < 1 || !tcl_call_is_name(call, call->word[0]))
        return tcl_call_wrong(call, "wrong # args: should be \"unsetenv variable ?value?\"");
    const char *name = call->word[0], *value = call->count > 1 ? call->word[1] : NULL;
    if (tcl_call_show_list(call, "unsetenv", call->word, call->count))
        return TCL_DONE;
    if (!is_unloading(call) || always)
        change(call, name, NULL);
    else if (value && *value && !never)
        change(call, name, value);
    return TCL_DONE;
}

static int push_env(struct tcl_call *call)
{
    const char *name = call->word[0], *value = call->word[1];
    if (!tcl_call_is_name(call, name))
        return TCL_WRONG;
    if (tcl_call_show(call, "pushenv", name, value, NULL))
        return TCL_DONE;
    engine_push(call->engine, name, value);
    tcl_env_forget(call->context, name);
    return TCL_DONE;
}

// getenv ?--return-value? NAME ?OTHERWISE?
static int get_env(struct tcl_call *call)
{
    int returns = tcl_call_flag(call, "--return-value");
    if (call->count < 1 || call->count > 2)
        return tcl_call_wrong(call, "wrong # args: should be \"getenv ?--return-value? "
                                    "variable ?value?\"");
    const char *value = tcl_env_get(call->context, call->word[0]);
    if (call->engine->mode == ENGINE_SHOW && !returns) {
        tcl_call_answer(call, "$");
        tcl_call_answer(call, call->word[0]);
        return TCL_DONE;
    }
    tcl_call_answer(call, value ? value : call->count > 1 ? call->word[1] : "");
    return TCL_DONE;
}

struct list_words {
    const char *separator, *behind, *before; // behind, before: of remove-path, for unloading
    int priority, removes, index;
};

// The options, then NAME VALUE...; a number behind one value is Lmod's priority.
static int read_list(struct tcl_call *call, struct list_words *ret)
{
    *ret = (struct list_words){.separator = ":"};
    for (int before = -1; before != call->count;) {
        before = call->count;
        const char *separator = tcl_call_option(call, "--delim", "-d");
        if (separator)
            ret->separator = *separator ? separator : ":";
        tcl_call_flag(call, "--duplicates"); // one entry stands once, as Lmod has it
        ret->index |= tcl_call_flag(call, "--index");
        ret->removes |= tcl_call_flag(call, "--remove-on-unload");
        tcl_call_flag(call, "--noop-on-unload");
        if (tcl_call_flag(call, "--append-on-unload"))
            ret->behind = "";
        if (tcl_call_flag(call, "--prepend-on-unload"))
            ret->before = "";
    }
    if (call->count < 2)
        return tcl_call_wrong(call, "wrong # args: should be \"%s ?-d C? variable value...\"",
                              call->name);
    if (!tcl_call_is_name(call, call->word[0]))
        return TCL_WRONG;
    char *end;
    long priority = strtol(call->word[call->count - 1], &end, 10);
    if (call->count == 3 && end != call->word[2] && !*end) {
        ret->priority = (int)priority;
        call->count--;
    }
    return TCL_DONE;
}

static int show_list(struct tcl_call *call, const char *function, const struct list_words *list,
                     const char *value)
{
    if (call->engine->mode != ENGINE_SHOW)
        return 0;
    if (strcmp(list->separator, ":") == 0 && !list->priority)
        return tcl_call_show(call, function, call->word[0], value, NULL);
    str_print(&call->engine->shown, "%s{\"%s\",\"%s\"", function, call->word[0], value);
    if (strcmp(list->separator, ":") != 0)
        str_print(&call->engine->shown, ",delim=\"%s\"", list->separator);
    if (list->priority)
        str_print(&call->engine->shown, ",priority=%d", list->priority);
    str_add(&call->engine->shown, "}\n");
    return 1;
}

// All values as one, so that their order stays.
static char *join_values(const struct tcl_call *call, char separator)
{
    struct str joined = {0};
    for (int i = 1; i < call->count; i++) {
        if (i > 1)
            str_add_char(&joined, separator);
        str_add(&joined, call->word[i]);
    }
    return str_take(&joined);
}

static int change_list(struct tcl_call *call, const char *function,
                       void (*run)(struct vars *vars, const struct paths_change *change))
{
    struct list_words list;
    int end = read_list(call, &list);
    if (end != TCL_DONE)
        return end;
    CLEANUP_FREE char *value = join_values(call, *list.separator);
    const struct paths_change one = {.name = call->word[0],
                                     .value = value,
                                     .separator = *list.separator,
                                     .priority = list.priority,
                                     .where = run == paths_append ? PATHS_LAST : PATHS_FIRST,
                                     .rules = call->engine->rules.paths};
    if (show_list(call, function, &list, value))
        return TCL_DONE;
    if (is_unloading(call))
        paths_remove(&call->engine->vars, &one);
    else
        run(&call->engine->vars, &one);
    tcl_env_forget(call->context, one.name);
    return TCL_DONE;
}

static int prepend(struct tcl_call *call)
{
    return change_list(call, "prepend_path", paths_prepend);
}

static int append(struct tcl_call *call)
{
    return change_list(call, "append_path", paths_append);
}

// --index: the value is a place in the list, from 0, or from the end: -1.
static char *value_at(struct tcl_call *call, char separator)
{
    const char *now = vars_get(&call->engine->vars, call->word[0]);
    CLEANUP_STRV struct strv parts = {0};
    strv_split(&parts, now ? now : "", separator);
    long place = strtol(call->word[1], NULL, 10);
    place += place < 0 ? (long)parts.count : 0;
    return mem_dup(place >= 0 && place < (long)parts.count ? parts.item[place] : "");
}

static int remove_entry(struct tcl_call *call)
{
    struct list_words list;
    int end = read_list(call, &list);
    if (end != TCL_DONE)
        return end;
    CLEANUP_FREE char *value =
        list.index ? value_at(call, *list.separator) : join_values(call, *list.separator);
    const struct paths_change one = {.name = call->word[0],
                                     .value = value,
                                     .separator = *list.separator,
                                     .rules = call->engine->rules.paths};
    if (show_list(call, "remove_path", &list, value))
        return TCL_DONE;
    if (is_unloading(call) && list.behind)
        paths_append(&call->engine->vars, &one);
    else if (is_unloading(call) && list.before)
        paths_prepend(&call->engine->vars, &one);
    else
        paths_remove(&call->engine->vars, &one);
    tcl_env_forget(call->context, one.name);
    return TCL_DONE;
}

static int set_alias(struct tcl_call *call)
{
    if (!tcl_call_show_list(call, "set_alias", call->word, 2))
        engine_word(call->engine, ENGINE_ALIAS, call->word[0],
                    is_unloading(call) ? NULL : call->word[1], NULL);
    return TCL_DONE;
}

static int unset_alias(struct tcl_call *call)
{
    if (!tcl_call_show_list(call, "unset_alias", call->word, 1) && !is_unloading(call))
        engine_word(call->engine, ENGINE_ALIAS, call->word[0], NULL, NULL);
    return TCL_DONE;
}

static int set_function(struct tcl_call *call)
{
    int gone = is_unloading(call);
    if (!tcl_call_show(call, "set_shell_function", call->word[0], call->word[1], "", NULL))
        engine_word(call->engine, ENGINE_FUNCTION, call->word[0], gone ? NULL : call->word[1],
                    gone ? NULL : "");
    return TCL_DONE;
}

static int unset_function(struct tcl_call *call)
{
    if (!tcl_call_show(call, "unset_shell_function", call->word[0], "", "", NULL) &&
        !is_unloading(call))
        engine_word(call->engine, ENGINE_FUNCTION, call->word[0], NULL, NULL);
    return TCL_DONE;
}

// complete SHELL NAME WORD...: of another shell than ours nothing.
static int complete(struct tcl_call *call)
{
    struct str words = {0};
    for (int i = 2; i < call->count; i++)
        str_print(&words, "%s%s", i > 2 ? " " : "", call->word[i]);
    if (!tcl_call_show(call, "complete", call->word[0], call->word[1], str_text(&words),
                       NULL) &&
        strcmp(call->word[0], call->engine->shell) == 0)
        engine_word(call->engine, ENGINE_COMPLETE, call->word[1],
                    is_unloading(call) ? NULL : str_text(&words), NULL);
    str_free(&words);
    return TCL_DONE;
}

// uncomplete ?SHELL? NAME
static int uncomplete(struct tcl_call *call)
{
    const char *name = call->word[call->count - 1];
    int is_ours = call->count == 1 || strcmp(call->word[0], call->engine->shell) == 0;
    if (!tcl_call_show_list(call, "uncomplete", call->word, call->count) && is_ours &&
        !is_unloading(call))
        engine_word(call->engine, ENGINE_COMPLETE, name, NULL, NULL);
    return TCL_DONE;
}

const struct tcl_command tcl_vars_commands[] = {
    {"setenv", "?--set-if-undef? variable value", 2, 3, set_env, TCL_EFFECT},
    {"unsetenv", "variable ?value?", 1, 3, unset_env, TCL_EFFECT},
    {"pushenv", "variable value", 2, 2, push_env, TCL_EFFECT},
    {"getenv", "?--return-value? variable ?value?", 1, 3, get_env, TCL_RC},
    {"prepend-path", "?-d C? variable value...", 2, -1, prepend, TCL_EFFECT},
    {"append-path", "?-d C? variable value...", 2, -1, append, TCL_EFFECT},
    {"remove-path", "?-d C? variable value...", 2, -1, remove_entry, TCL_EFFECT},
    {"set-alias", "name value", 2, 2, set_alias, TCL_EFFECT | TCL_SHELL},
    {"unset-alias", "name", 1, 1, unset_alias, TCL_EFFECT | TCL_SHELL},
    {"set-function", "name body", 2, 2, set_function, TCL_EFFECT | TCL_SHELL},
    {"unset-function", "name", 1, 1, unset_function, TCL_EFFECT | TCL_SHELL},
    {"complete", "shell name words", 2, -1, complete, TCL_EFFECT | TCL_SHELL},
    {"uncomplete", "?shell? name", 1, 2, uncomplete, TCL_EFFECT | TCL_SHELL},
    {0},
};
