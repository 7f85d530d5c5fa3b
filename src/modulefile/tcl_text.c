// SPDX-License-Identifier: Apache-2.0
// tcl_text: what a modulefile in Tcl says, and what it asks of itself (module-info) and of the
// shell.
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/mem.h"
#include "module/paths.h"
#include "modulefile/engine_parts.h"
#include "modulefile/gather.h"
#include "modulefile/tcl_call.h"

static char *join(const struct tcl_call *call)
{
    struct str joined = {0};
    for (int i = 0; i < call->count; i++)
        str_print(&joined, "%s%s", i ? " " : "", call->word[i]);
    for (size_t i = 0; i < joined.size; i++)
        if (joined.text[i] == '\n')
            joined.text[i] = ' ';
    return str_take(&joined);
}

static int whatis(struct tcl_call *call)
{
    CLEANUP_FREE char *text = join(call);
    if (call->engine->mode == ENGINE_SPIDER)
        gather_whatis(call->engine->gathered, text);
    else if (!tcl_call_show(call, "whatis", text, NULL) && call->engine->mode == ENGINE_ABOUT)
        str_print(&call->engine->shown, "%-20s: %s\n", call->engine->frame->full, text);
    return TCL_DONE;
}

static int warn(struct tcl_call *call)
{
    call->engine->warned = 1;
    str_print(&call->engine->talk, _("warning of module '%s': "), call->engine->frame->full);
    str_print(&call->engine->talk, "%s\n", call->word[0]);
    return TCL_DONE;
}

static int report_warning(struct tcl_call *call)
{
    return tcl_call_show(call, "LmodWarning", call->word[0], NULL) ? TCL_DONE : warn(call);
}

static int report_error(struct tcl_call *call)
{
    struct engine *engine = call->engine;
    if (tcl_call_show(call, "LmodError", call->word[0], NULL))
        return TCL_DONE;
    if (engine->mode == ENGINE_UNLOAD)
        return warn(call);
    return err_set(&engine->err, ERR_MODULE, _("module '%s' says: %s"), engine->frame->full,
                   call->word[0]);
}

static int leave(struct tcl_call *call)
{
    struct engine *engine = call->engine;
    if (engine->mode != ENGINE_LOAD && engine->mode != ENGINE_UNLOAD)
        return TCL_STOP;
    return err_set(&engine->err, ERR_MODULE, _("the modulefile '%s' calls exit"),
                   engine->frame->file);
}

static int require_full_name(struct tcl_call *call)
{
    struct engine *engine = call->engine;
    const struct engine_frame *frame = engine->frame;
    if (tcl_call_show(call, "requireFullName", NULL) || engine->mode == ENGINE_UNLOAD ||
        strcmp(frame->user, frame->name) != 0 || !*frame->version)
        return TCL_DONE;
    err_set(&engine->err, ERR_MODULE, _("module '%s' wants to be asked for with its version"),
            frame->name);
    return err_hint(&engine->err, "try", "module load %s", frame->full);
}

// The answer, or whether it is the word behind the question.
static int answer(struct tcl_call *call, const char *text)
{
    if (call->count > 1)
        return tcl_call_answer_number(call, strcmp(text, call->word[1]) == 0);
    tcl_call_answer(call, text);
    return TCL_DONE;
}

static int info_mode(struct tcl_call *call)
{
    static const char *const names[][2] = {
        [ENGINE_LOAD] = {"load", "load"},      [ENGINE_UNLOAD] = {"remove", "unload"},
        [ENGINE_SHOW] = {"display", "show"},   [ENGINE_ABOUT] = {"whatis", "whatis"},
        [ENGINE_HELP] = {"help", "help"},      [ENGINE_REFRESH] = {"refresh", "nonpersist"},
        [ENGINE_SPIDER] = {"spider", "spider"}};
    const char *const *name = names[call->engine->mode];
    if (call->count < 2)
        return answer(call, name[0]);
    return tcl_call_answer_number(call, strcmp(call->word[1], name[0]) == 0 ||
                                            strcmp(call->word[1], name[1]) == 0);
}

static int info_command(struct tcl_call *call)
{
    static const char *const names[] = {
        [ENGINE_LOAD] = "load",    [ENGINE_UNLOAD] = "unload", [ENGINE_SHOW] = "display",
        [ENGINE_ABOUT] = "whatis", [ENGINE_HELP] = "help",     [ENGINE_REFRESH] = "refresh",
        [ENGINE_SPIDER] = "spider"};
    return answer(call, names[call->engine->mode]);
}

static int info_name(struct tcl_call *call)
{
    return answer(call, call->engine->frame ? call->engine->frame->full : "");
}

static int info_specified(struct tcl_call *call)
{
    return answer(call, call->engine->frame ? call->engine->frame->user : "");
}

static int info_shell(struct tcl_call *call)
{
    return answer(call, call->engine->shell);
}

static int info_shell_type(struct tcl_call *call)
{
    const char *shell = call->engine->shell;
    int is_csh = str_ends(shell, "csh");
    int is_sh = !is_csh && str_ends(shell, "sh") && strcmp(shell, "fish") != 0;
    return answer(call, is_csh ? "csh" : is_sh ? "sh" : shell);
}

static int info_type(struct tcl_call *call)
{
    return answer(call, "Tcl");
}

// Of the version in C of long ago.
static int info_flags(struct tcl_call *call)
{
    return tcl_call_answer_number(call, 0);
}

static int info_user(struct tcl_call *call)
{
    return call->count > 1 ? tcl_call_answer_number(call, 0) : TCL_DONE;
}

static int info_user_name(struct tcl_call *call)
{
    const struct passwd *user = getpwuid(geteuid());
    return answer(call, user ? user->pw_name : "");
}

static int info_user_groups(struct tcl_call *call)
{
    gid_t groups[1024];
    int count = getgroups(COUNT(groups) - 1, groups), found = 0;
    count = count < 0 ? 0 : count;
    groups[count++] = getegid();
    for (int i = 0; i < count; i++) {
        const struct group *group = getgrgid(groups[i]);
        int seen = !group;
        for (int k = 0; k < i; k++)
            seen |= groups[k] == groups[i];
        if (!seen && call->count > 1)
            found |= strcmp(group->gr_name, call->word[1]) == 0;
        else if (!seen)
            tcl_call_answer_item(call, group->gr_name);
    }
    return call->count > 1 ? tcl_call_answer_number(call, found) : TCL_DONE;
}

static int wants_name(struct tcl_call *call)
{
    if (call->count > 1)
        return 1;
    tcl_call_wrong(call, "wrong # args: should be \"module-info %s name\"", call->word[0]);
    return 0;
}

// The full name of what a name means now.
static int info_version(struct tcl_call *call)
{
    if (!wants_name(call))
        return TCL_WRONG;
    CLEANUP_FOUND struct catalog_found found = {0};
    const struct catalog_wish wish = {.user = call->word[1]};
    if (engine_find(call->engine, &wish, &found)) {
        tcl_call_answer(call, found.full);
        return TCL_DONE;
    }
    tcl_call_answer(call, call->word[1]);
    tcl_call_answer(call, strchr(call->word[1], '/') ? "" : "/default");
    return TCL_DONE;
}

static int info_alias(struct tcl_call *call)
{
    if (!wants_name(call))
        return TCL_WRONG;
    CLEANUP_STRV struct strv path = {0};
    paths_list(&call->engine->vars, "MODULEPATH", &path);
    CLEANUP_FREE char *name = catalog_resolve(&call->engine->catalog, &path, call->word[1]);
    tcl_call_answer(call, strcmp(name, call->word[1]) == 0 ? "" : name);
    return TCL_DONE;
}

static void add_symbols(const struct rc *rc, const char *full, struct str *into)
{
    for (size_t i = 0; i < rc->count; i++) {
        const char *slash = strrchr(rc->item[i].name, '/');
        if (rc->item[i].kind == RC_VERSION && slash && strcmp(rc->item[i].target, full) == 0)
            str_print(into, "%s%s", into->size ? ":" : "", slash + 1);
    }
}

static int info_symbols(struct tcl_call *call)
{
    if (!wants_name(call))
        return TCL_WRONG;
    CLEANUP_STR struct str symbols = {0};
    CLEANUP_FOUND struct catalog_found found = {0};
    const struct catalog_wish wish = {.user = call->word[1]};
    const struct catalog *catalog = &call->engine->catalog;
    if (!engine_find(call->engine, &wish, &found))
        return TCL_DONE;
    for (size_t i = 0; i < catalog->folders.rcs; i++)
        add_symbols(&catalog->folders.rc[i]->rc, found.full, &symbols);
    add_symbols(&catalog->site, found.full, &symbols);
    add_symbols(&catalog->user, found.full, &symbols);
    tcl_call_answer(call, str_text(&symbols));
    return TCL_DONE;
}

static int info_loaded(struct tcl_call *call)
{
    if (!wants_name(call))
        return TCL_WRONG;
    const struct loaded_module *module = loaded_find(&call->engine->loaded, call->word[1]);
    if (module && module->status == LOADED_ACTIVE)
        tcl_call_answer_item(call, module->full);
    return TCL_DONE;
}

static int info_tags(struct tcl_call *call)
{
    const struct engine *engine = call->engine;
    const struct loaded_module *module =
        engine->frame ? loaded_get(&engine->loaded, engine->frame->name) : NULL;
    int found = 0;
    for (size_t i = 0; module && i < module->marks.count; i++) {
        const char *tag = strchr(module->marks.item[i], '\t');
        if (call->count > 1)
            found |= tag && strcmp(tag + 1, call->word[1]) == 0;
        else if (tag)
            tcl_call_answer_item(call, tag + 1);
    }
    return call->count > 1 ? tcl_call_answer_number(call, found) : TCL_DONE;
}

static int info(struct tcl_call *call)
{
    static const struct {
        const char *name;
        int (*run)(struct tcl_call *call);
    } subjects[] = {
        {"alias", info_alias},         {"command", info_command},
        {"flags", info_flags},         {"loaded", info_loaded},
        {"mode", info_mode},           {"name", info_name},
        {"shell", info_shell},         {"shelltype", info_shell_type},
        {"specified", info_specified}, {"symbols", info_symbols},
        {"tags", info_tags},           {"type", info_type},
        {"user", info_user},           {"usergroups", info_user_groups},
        {"username", info_user_name},  {"version", info_version},
    };
    for (size_t i = 0; i < COUNT(subjects); i++)
        if (strcmp(subjects[i].name, call->word[0]) == 0)
            return subjects[i].run(call);
    return tcl_call_wrong(call, "module-info %s is not known", call->word[0]);
}

static int set_variant(struct tcl_call *call, const char *name, const char *value)
{
    struct tcl_context *context = call->context;
    context->tcl->SetVar2(context->interp, "ModuleVariant", name, value, TCL_GLOBAL_ONLY);
    return TCL_DONE;
}

// variant ?--boolean? ?--default VALUE? NAME ?VALUE...?: a name of a module cannot choose one here, so
// that each has its default.
static int variant(struct tcl_call *call)
{
    const char *value = NULL;
    int is_boolean = 0;
    for (int before = -1; before != call->count;) {
        before = call->count;
        is_boolean |= tcl_call_flag(call, "--boolean");
        const char *said = tcl_call_option(call, "--default", NULL);
        value = said ? said : value;
    }
    if (!call->count)
        return tcl_call_wrong(call, "wrong # args: variant wants a name");
    const char *name = call->word[0];
    if (call->engine->mode == ENGINE_SHOW && !value)
        return TCL_DONE;
    if (!value)
        return tcl_call_wrong(call, "the variant '%s' has no default, and none can be chosen",
                              name);
    if (is_boolean)
        return set_variant(call, name,
                           strchr("1tTyY", *value) || strcmp(value, "on") == 0 ? "1" : "0");
    int is_known = call->count == 1;
    for (int i = 1; i < call->count; i++)
        is_known |= strcmp(call->word[i], value) == 0;
    return is_known ? set_variant(call, name, value)
                    : tcl_call_wrong(call, "the variant '%s' has no value '%s'", name, value);
}

static int get_variant(struct tcl_call *call)
{
    struct tcl_context *context = call->context;
    int returns = tcl_call_flag(call, "--return-value");
    if (call->count < 1)
        return tcl_call_wrong(call, "wrong # args: getvariant wants a name");
    const char *value =
        context->tcl->GetVar2(context->interp, "ModuleVariant", call->word[0], TCL_GLOBAL_ONLY);
    CLEANUP_FREE char *shown = mem_print("{%s}", call->word[0]);
    if (call->engine->mode == ENGINE_SHOW && !returns)
        value = shown;
    tcl_call_answer(call, value ? value : call->count > 1 ? call->word[1] : "");
    return TCL_DONE;
}

// As `lsort -dictionary` has it: 1.8 before 1.10.
static int compare_versions(struct tcl_call *call)
{
    const struct tcl_library *tcl = call->context->tcl;
    Tcl_Interp *interp = call->context->interp;
    if (strcmp(call->word[0], call->word[1]) == 0)
        return tcl_call_answer_number(call, 0);
    char *list = tcl->Merge(2, call->word);
    CLEANUP_FREE char *script = mem_print("lindex [lsort -dictionary {%s}] 0", list);
    tcl->Free(list);
    if (tcl->EvalEx(interp, script, -1, 0) != TCL_OK)
        return TCL_WRONG;
    int is_less = strcmp(tcl->GetString(tcl->GetObjResult(interp)), call->word[0]) == 0;
    tcl->ResetResult(interp);
    return tcl_call_answer_number(call, is_less ? -1 : 1);
}

const struct tcl_command tcl_text_commands[] = {
    {"module-whatis", "text...", 1, -1, whatis, 0},
    {"module-info", "subject ?word?", 1, 2, info, TCL_RC},
    {"reportError", "text", 1, 1, report_error, TCL_EFFECT},
    {"reportWarning", "text", 1, 1, report_warning, TCL_EFFECT},
    {"require-fullname", "", 0, 0, require_full_name, TCL_EFFECT},
    {"exit", "?status?", 0, 1, leave, TCL_RC},
    {"variant", "?--boolean? ?--default value? name ?value...?", 1, -1, variant, 0},
    {"getvariant", "?--return-value? name ?value?", 1, 3, get_variant, 0},
    {"versioncmp", "version version", 2, 2, compare_versions, TCL_RC},
    {0},
};
