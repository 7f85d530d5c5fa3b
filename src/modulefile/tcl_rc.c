// SPDX-License-Identifier: Apache-2.0
// tcl_rc: what an rc file in Tcl says of modules (rc.h). In a modulefile these commands say nothing.
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "module/rc_when.h"
#include "modulefile/tcl_call.h"

struct said { // by the options of a command
    struct str when;
    int soft, hard, loaded;   // of module-hide
    const char *why, *nearly; // of module-forbid
    const char **words;       // the call's, in another order
};

static void said_free(struct said *said)
{
    str_free(&said->when);
    free(said->words);
}
#define CLEANUP_SAID CLEANUP(said_free)

static struct rc *rc_of(const struct tcl_call *call)
{
    return call->context->file->rc;
}

static int version(struct tcl_call *call)
{
    const struct tclfile *file = call->context->file;
    for (int i = 1; i < call->count && file->rc; i++)
        rc_add_version(file->rc, file->rc_name, call->word[0], call->word[i]);
    return TCL_DONE;
}

static int alias(struct tcl_call *call)
{
    if (rc_of(call))
        rc_add(rc_of(call), RC_ALIAS, call->word[0], call->word[1]);
    return TCL_DONE;
}

static int hide_plainly(struct tcl_call *call)
{
    for (int i = 0; i < call->count && rc_of(call); i++)
        rc_add(rc_of(call), RC_HIDE, "", call->word[i]);
    return TCL_DONE;
}

// A condition for each name of a list.
static int add_names(struct tcl_call *call, struct str *when, enum rc_condition condition,
                     const char *list)
{
    const struct tcl_library *tcl = call->context->tcl;
    const char **names = NULL;
    int count = 0;
    if (tcl->SplitList(NULL, list, &count, &names) != TCL_OK)
        return tcl_call_wrong(call, "'%s' is no list of names", list);
    if (!count)
        rc_when_add(when, condition, "");
    for (int i = 0; i < count; i++)
        rc_when_add(when, condition, names[i]);
    tcl->Free((char *)names);
    return TCL_DONE;
}

static int read_time(struct tcl_call *call, struct str *when, enum rc_condition condition,
                     const char *time)
{
    if (rc_when_add(when, condition, time) < 0)
        return tcl_call_wrong(call, "'%s' is no time as YYYY-MM-DD or YYYY-MM-DDTHH:MM", time);
    return TCL_DONE;
}

// Those that are there, in the place where the words are.
static int read_conditions(struct tcl_call *call, struct str *when)
{
    static const struct {
        const char *option;
        enum rc_condition condition;
    } known[] = {{"--after", RC_AFTER},       {"--before", RC_BEFORE},
                 {"--user", RC_USER},         {"--group", RC_GROUP},
                 {"--not-user", RC_NOT_USER}, {"--not-group", RC_NOT_GROUP}};
    for (size_t i = 0; i < COUNT(known); i++) {
        enum rc_condition condition = known[i].condition;
        const char *value = tcl_call_option(call, known[i].option, NULL);
        int is_time = condition == RC_AFTER || condition == RC_BEFORE;
        int end = !value    ? TCL_DONE
                  : is_time ? read_time(call, when, condition, value)
                            : add_names(call, when, condition, value);
        if (end != TCL_DONE)
            return end;
    }
    return TCL_DONE;
}

static int is_alone(const char *option)
{
    static const char *const alone[] = {"--soft", "--hard", "--hidden-loaded"};
    int found = strchr(option, '=') != NULL;
    for (size_t i = 0; i < COUNT(alone); i++)
        found |= strcmp(option, alone[i]) == 0;
    return found;
}

// The options first: they may stand behind names too.
static const char **sorted(const struct tcl_call *call)
{
    const char **words = mem_zero((size_t)call->count + 1, sizeof *words);
    int put = 0;
    for (int names = 0; names < 2; names++)
        for (int i = 0; i < call->count; i++) {
            int is_name = *call->word[i] != '-';
            int is_pair = !is_name && !is_alone(call->word[i]) && i + 1 < call->count;
            for (int k = 0; k <= is_pair && is_name == names; k++)
                words[put++] = call->word[i + k];
            i += is_pair;
        }
    return words;
}

static int read_options(struct tcl_call *call, struct said *ret)
{
    *ret = (struct said){.words = sorted(call)};
    call->word = ret->words;
    for (int before = -1; before != call->count;) {
        before = call->count;
        ret->soft |= tcl_call_flag(call, "--soft");
        ret->hard |= tcl_call_flag(call, "--hard");
        ret->loaded |= tcl_call_flag(call, "--hidden-loaded");
        if (read_conditions(call, &ret->when) != TCL_DONE)
            return TCL_WRONG;
        const char *why = tcl_call_option(call, "--message", NULL);
        const char *nearly = tcl_call_option(call, "--nearly-message", NULL);
        ret->why = why ? why : ret->why;
        ret->nearly = nearly ? nearly : ret->nearly;
    }
    if (call->count && *call->word[0] == '-')
        return tcl_call_wrong(call, "%s has no option %s", call->name, call->word[0]);
    if (!call->count)
        return tcl_call_wrong(call, "wrong # args: %s wants the name of a module", call->name);
    return TCL_DONE;
}

// For the words from a place on.
static void add(struct tcl_call *call, const struct said *said, enum rc_kind kind, int from)
{
    for (int i = from; i < call->count && rc_of(call); i++) {
        const struct rc_entry entry = {.kind = kind,
                                       .name = (char *)(from ? call->word[0] : NULL),
                                       .target = (char *)call->word[i],
                                       .words = (char *)said->why,
                                       .nearly = (char *)said->nearly,
                                       .when = said->when.text};
        rc_add_entry(rc_of(call), &entry);
    }
}

static int hide(struct tcl_call *call)
{
    CLEANUP_SAID struct said said;
    if (read_options(call, &said) != TCL_DONE)
        return TCL_WRONG;
    add(call, &said, said.hard ? RC_HIDE_HARD : said.soft ? RC_HIDE_SOFT : RC_HIDE, 0);
    if (said.loaded)
        add(call, &said, RC_HIDE_LOADED, 0);
    return TCL_DONE;
}

static int forbid(struct tcl_call *call)
{
    CLEANUP_SAID struct said said;
    if (read_options(call, &said) != TCL_DONE)
        return TCL_WRONG;
    add(call, &said, RC_FORBID, 0);
    return TCL_DONE;
}

static int tag(struct tcl_call *call)
{
    CLEANUP_SAID struct said said;
    if (read_options(call, &said) != TCL_DONE)
        return TCL_WRONG;
    add(call, &said, RC_TAG, 1);
    return TCL_DONE;
}

// The file is beside the rc file, or anywhere.
static int virtual(struct tcl_call *call)
{
    const struct tclfile *file = call->context->file;
    if (!file->rc)
        return TCL_DONE;
    CLEANUP_FREE char *folder = fs_folder(file->rc_path);
    CLEANUP_FREE char *path = fs_absolute(folder, call->word[1]);
    rc_add(file->rc, RC_VIRTUAL, call->word[0], path);
    return TCL_DONE;
}

const struct tcl_command tcl_rc_commands[] = {
    {"module-version", "module version...", 1, -1, version, TCL_RC},
    {"module-alias", "name module", 2, 2, alias, TCL_RC},
    {"module-virtual", "name file", 2, 2, virtual, TCL_RC},
    {"hide-version", "module...", 1, -1, hide_plainly, TCL_RC},
    {"hide-modulefile", "file...", 1, -1, hide_plainly, TCL_RC},
    {"module-hide", "?option...? module...", 1, -1, hide, TCL_RC},
    {"module-forbid", "?option...? module...", 1, -1, forbid, TCL_RC},
    {"module-tag", "?option...? tag module...", 2, -1, tag, TCL_RC},
    {0},
};
