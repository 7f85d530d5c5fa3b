// SPDX-License-Identifier: Apache-2.0
#include "modulefile/tclfile.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "modulefile/gather.h"
#include "modulefile/tcl_call.h"

enum {
    MAX_FILE = 4 << 20,
    MOST_US = 2 * 1000000,
    MOST_WAIT_US = 60 * 1000000,
    LOOK_US = 20000,
    MOST_MEMORY = 512 << 20
};
#define COOKIE "#%Module"
static const double most_cookie =
    5.2; // the version of Environment Modules whose commands these are

struct tclfile *tclfile_new(struct engine *engine)
{
    struct tclfile *tcl = mem_zero(1, sizeof *tcl);
    *tcl = (struct tclfile){.engine = engine, .output = -1};
    return tcl;
}

void tclfile_free(struct tclfile *tcl)
{
    if (!tcl)
        return;
    for (size_t i = 0; i < tcl->count; i++)
        tcl_context_free(tcl->stack[i]);
    free(tcl->stack);
    strv_free(&tcl->known);
    free(tcl->info);
    if (tcl->output >= 0)
        close(tcl->output);
    free(tcl);
}

void tclfile_end(struct tclfile *tcl)
{
    if (!tcl)
        return;
    const struct tcl_library library = tcl->tcl;
    int is_open = tcl->is_open;
    tclfile_free(tcl);
    if (is_open)
        library.FinalizeThread();
}

int tclfile_is_missing(const struct tclfile *tcl)
{
    return tcl && tcl->is_missing;
}

// Tcl has no way back where memory ends.
static _Noreturn void end_of_memory(const char *format, ...)
{
    (void)format;
    mem_out_with(
        "lopin: out of memory: a modulefile in Tcl takes more than there is, or than 512 "
        "MB [module-failed]\n");
}

static int begin_library(struct tclfile *tcl, struct err *err)
{
    tcl->is_missing = tcl_library_open(&tcl->tcl, &tcl->engine->vars, err) < 0;
    if (tcl->is_missing)
        return -1;
    tcl->tcl.FindExecutable(NULL);
    tcl->tcl.SetPanicProc(end_of_memory);
    tcl->tcl.SetSystemEncoding(NULL, "utf-8"); // bytes stay what they are
    tcl->is_open = 1;
    return tcl_streams_open(tcl, err);
}

static int open_library(struct tclfile *tcl, const char *path, struct err *err)
{
    struct engine *engine = tcl->engine;
    if (tcl->is_open)
        return 0;
    if (tcl->is_missing && engine->mode == ENGINE_SPIDER) // said once
        return err_set(err, ERR_MODULE, _("'%s' is written in Tcl"), path);
    if (engine->lock)
        pthread_mutex_lock(engine->lock);
    int status = begin_library(tcl, err);
    if (engine->lock)
        pthread_mutex_unlock(engine->lock);
    return status < 0 ? err_wrap(err, _("'%s' is written in Tcl"), path) : 0;
}

static long long now_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct usage { // of memory, in pages
    long resident, data;
};

static struct usage read_usage(void)
{
    char text[128] = "", *at = text;
    long member[6] = {0};
    CLEANUP_CLOSE int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, text, sizeof text - 1) > 0)
        for (size_t i = 0; i < COUNT(member); i++)
            member[i] = strtol(at, &at, 10);
    return (struct usage){member[1], member[5]};
}

void tclfile_limit(struct tclfile *tcl, int limits)
{
    struct rlimit limit = tcl->space;
    if (limits && (limit.rlim_cur == RLIM_INFINITY || tcl->most_space < limit.rlim_cur))
        limit.rlim_cur = tcl->most_space;
    setrlimit(RLIMIT_DATA, &limit);
}

// So that one command of a file cannot take all memory of a machine. Programs that it starts have the limit of
// before.
static void begin_limit(struct tclfile *tcl)
{
    // of a process, not of a thread: those that have engines see to it
    if (tcl->engine->lock && tcl->before_pages)
        return;
    const struct usage usage = read_usage();
    tcl->before_pages = usage.resident;
    if (tcl->engine->lock)
        return;
    tcl->most_space =
        (rlim_t)usage.data * (rlim_t)sysconf(_SC_PAGESIZE) + 2 * (rlim_t)MOST_MEMORY;
    getrlimit(RLIMIT_DATA, &tcl->space);
    tclfile_limit(tcl, 1);
}

void tclfile_guard(struct rlimit *ret_before)
{
    getrlimit(RLIMIT_DATA, ret_before);
    struct rlimit limit = *ret_before;
    rlim_t most =
        (rlim_t)read_usage().data * (rlim_t)sysconf(_SC_PAGESIZE) + 4 * (rlim_t)MOST_MEMORY;
    if (limit.rlim_cur == RLIM_INFINITY || most < limit.rlim_cur)
        limit.rlim_cur = most;
    setrlimit(RLIMIT_DATA, &limit);
}

void tclfile_unguard(const struct rlimit *before)
{
    setrlimit(RLIMIT_DATA, before);
}

static void set_look(struct tcl_context *context)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    Tcl_Time time = {now.tv_sec, now.tv_nsec / 1000 + LOOK_US};
    time.sec += time.usec / 1000000;
    time.usec %= 1000000;
    context->tcl->LimitSetTime(context->interp, &time);
    context->tcl->LimitTypeSet(context->interp, TCL_LIMIT_TIME);
}

// Tcl counts time alone; a program that the file waits for takes none of our processor time.
static void look(ClientData data, Tcl_Interp *interp)
{
    struct tcl_context *context = data;
    long more = read_usage().resident - context->file->before_pages;
    (void)interp;
    context->is_endless = now_us(CLOCK_THREAD_CPUTIME_ID) - context->begun_us >= MOST_US ||
                          now_us(CLOCK_MONOTONIC) - context->entered_us >= MOST_WAIT_US ||
                          more > MOST_MEMORY / sysconf(_SC_PAGESIZE);
    if (!context->is_endless)
        set_look(context);
}

static void drop(struct tcl_context **place)
{
    tcl_context_free(*place);
    *place = NULL;
}

static struct tcl_context *enter(struct tclfile *tcl)
{
    if (!tcl->depth)
        begin_limit(tcl);
    if (tcl->depth == tcl->count) {
        mem_room(&tcl->stack, &tcl->room, tcl->count + 1, sizeof *tcl->stack);
        tcl->stack[tcl->count++] = NULL;
    }
    struct tcl_context **place = &tcl->stack[tcl->depth++];
    if (*place && (*place)->is_used)
        tcl_context_clean(*place);
    if (*place && (*place)->is_spent)
        drop(place);
    if (!*place) {
        *place = tcl_context_new(tcl);
        tcl->tcl.LimitAddHandler((*place)->interp, TCL_LIMIT_TIME, look, *place, NULL);
        tcl->tcl.LimitSetGranularity((*place)->interp, TCL_LIMIT_TIME, 1);
    }
    tcl_env_put(*place);
    (*place)->refused = (*place)->is_endless = 0;
    (*place)->is_used = 1;
    (*place)->begun_us = now_us(CLOCK_THREAD_CPUTIME_ID);
    (*place)->entered_us = now_us(CLOCK_MONOTONIC);
    set_look(*place);
    return *place;
}

static void leave(struct tclfile *tcl)
{
    struct tcl_context **place = &tcl->stack[--tcl->depth];
    if (!tcl->engine->lock) { // else it started no programs
        if (!tcl->depth)
            tclfile_limit(tcl, 0);
        tcl_streams_drain(tcl);
    }
    if ((*place)->is_spent)
        drop(place);
}

// "#%Module" and a version: of a newer one there may be commands that are not known here.
static int check_cookie(const struct str *text, const char *path, struct err *err)
{
    if (text->size < strlen(COOKIE) || !str_starts(text->text, COOKIE))
        return err_set(err, ERR_MODULE, _("%s:1: it does not begin with \"%s\""), path, COOKIE);
    const char *version = text->text + strlen(COOKIE);
    if (strtod(version, NULL) <= most_cookie + 0.0001)
        return 0;
    return err_set(err, ERR_MODULE,
                   _("%s:1: it wants Environment Modules %.*s, and %.1f is known here"), path,
                   (int)strspn(version, "0123456789."), version, most_cookie);
}

// The line of an error: that of the command at the top, and what blocks within it add, until a
// procedure, whose lines are of its own.
static long line_of(struct tcl_context *context)
{
    const struct tcl_library *tcl = context->tcl;
    long line = tcl->GetErrorLine ? tcl->GetErrorLine(context->interp) : 0;
    const char *info = tcl->GetVar2(context->interp, "errorInfo", NULL, TCL_GLOBAL_ONLY);
    const char *procedure = info ? strstr(info, "\n    (procedure \"") : NULL;
    for (const char *next = procedure; next; next = strstr(next + 1, "\n    (procedure \""))
        procedure = next;
    for (const char *at = procedure ? procedure + 1 : info; at && line;
         at = strstr(at + 1, "\n    (")) {
        const char *end = strchr(*at == '\n' ? at + 1 : at, '\n'), *mark = strstr(at, " line ");
        int is_block = *at == '\n' && str_starts(at, "\n    (") && mark &&
                       (!end || mark < end) && !str_starts(at, "\n    (file ");
        if (is_block)
            line += strtol(mark + strlen(" line "), NULL, 10) - 1;
    }
    return line;
}

static int set_error(struct tcl_context *context, const char *path, struct err *err)
{
    const struct tcl_library *tcl = context->tcl;
    const char *text = tcl->GetString(tcl->GetObjResult(context->interp));
    long line = line_of(context);
    if (context->is_endless)
        text = _("it takes more than a minute, 2 s of processor time or 512 MB");
    if (line > 0)
        return err_set(err, ERR_MODULE, "%s:%ld: %s", path, line, text);
    return err_set(err, ERR_MODULE, "%s: %s", path, text);
}

static int has_procedure(struct tcl_context *context, const char *name)
{
    Tcl_CmdInfo info;
    return context->tcl->GetCommandInfo(context->interp, name, &info);
}

// What the file has to say of its use, or shows of itself.
static int call_procedure(struct tcl_context *context, const char *name)
{
    if (!has_procedure(context, name))
        return TCL_OK;
    struct engine *engine = context->engine;
    int shows = engine->mode == ENGINE_SHOW;
    struct str text = {0};
    context->puts = shows ? &text : &engine->shown;
    int status = context->tcl->EvalEx(context->interp, name, -1, TCL_EVAL_GLOBAL);
    context->puts = NULL;
    if (shows)
        str_print(&engine->shown, "help([[%s]])\n", str_text(&text));
    str_free(&text);
    return status == TCL_RETURN ? TCL_OK : status;
}

// Asked for by name; what goes wrong there is no matter of what the module is.
static void gather_use(struct tcl_context *context)
{
    struct str text = {0};
    if (!context->engine->gathered || !context->engine->gathered->wants_help ||
        !has_procedure(context, "ModulesHelp"))
        return;
    context->puts = &text;
    context->tcl->EvalEx(context->interp, "ModulesHelp", -1, TCL_EVAL_GLOBAL);
    context->puts = NULL;
    if (text.size)
        gather_help(context->engine->gathered, text.text);
    str_free(&text);
}

static int is_break(struct tcl_context *context, int status)
{
    const char *text = context->tcl->GetString(context->tcl->GetObjResult(context->interp));
    return status == TCL_BREAK ||
           (status == TCL_ERROR && strcmp(text, "invoked \"break\" outside of a loop") == 0);
}

static int is_end(struct tcl_context *context, int status)
{
    const char *text = context->tcl->GetString(context->tcl->GetObjResult(context->interp));
    return status == TCL_OK || status == TCL_RETURN || status == TCL_CONTINUE ||
           (status == TCL_ERROR && strcmp(text, "invoked \"continue\" outside of a loop") == 0);
}

static void set_variables(struct tcl_context *context, const char *path)
{
    tcl_context_set(context, "ModulesCurrentModulefile", path);
    tcl_context_set(context, "ModuleTool", "Lmod");
    tcl_context_set(context, "ModuleToolVersion", "8.6.19");
    tcl_context_set(context, "argv0", path);
}

// A .version says the default by a variable.
static void take_default(struct tcl_context *context)
{
    static const char *const names[] = {"ModulesVersion", "ModuleVersion"};
    const struct tclfile *file = context->file;
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *version =
            context->tcl->GetVar2(context->interp, names[i], NULL, TCL_GLOBAL_ONLY);
        if (version && *version) {
            rc_add_version(file->rc, file->rc_name, version, "default");
            return;
        }
    }
}

static int evaluate(struct tcl_context *context, const struct str *text)
{
    const struct tcl_library *tcl = context->tcl;
    // what runs once is not worth compiling; of an rc file's error the line is said
    if (context->engine->mode == ENGINE_SPIDER && !context->file->rc)
        return tcl->EvalEx(context->interp, text->text, (int)text->size, TCL_EVAL_GLOBAL);
    // as an object it is compiled, and lines within blocks are counted
    return tcl->EvalObjEx(context->interp, tcl->NewStringObj(text->text, (int)text->size),
                          TCL_EVAL_GLOBAL);
}

static int run_text(struct tcl_context *context, const struct str *text, const char *path,
                    struct err *err)
{
    struct engine *engine = context->engine;
    set_variables(context, path);
    tcl_context_look(context, text->text);
    int status = evaluate(context, text);
    if (context->refused) {
        if (err != &engine->err)
            *err = engine->err;
        return -1;
    }
    if (is_break(context, status)) {
        if (engine->frame && engine->mode == ENGINE_LOAD)
            engine->frame->broken = 1;
        return 0;
    }
    if (is_end(context, status))
        status = TCL_OK;
    if (context->file->rc)
        take_default(context);
    if (status == TCL_OK && !context->file->rc && engine->mode == ENGINE_SPIDER)
        gather_use(context);
    if (status == TCL_OK && !context->file->rc &&
        (engine->mode == ENGINE_HELP || engine->mode == ENGINE_SHOW))
        status = call_procedure(context, "ModulesHelp");
    return status == TCL_OK ? 0 : set_error(context, path, err);
}

static int run_file(struct tclfile *tcl, const char *path, int wants_cookie, struct err *err)
{
    CLEANUP_STR struct str read = {0};
    const struct engine_frame *frame = tcl->engine->frame;
    const struct str *known = frame && !tcl->rc ? frame->text : NULL;
    const struct str *text = known ? known : &read;
    if ((!known && fs_read(AT_FDCWD, path, MAX_FILE, &read, err) < 0) ||
        (wants_cookie && check_cookie(text, path, err) < 0) || open_library(tcl, path, err) < 0)
        return -1;
    if (!text->size)
        return 0;
    struct tcl_context *context = enter(tcl);
    int status = run_text(context, text, path, err);
    leave(tcl);
    return status;
}

int tclfile_run(struct tclfile *tcl, const char *path)
{
    struct rc *before = tcl->rc;
    tcl->rc = NULL;
    int status = run_file(tcl, path, 1, &tcl->engine->err);
    tcl->rc = before;
    return status;
}

int tclfile_run_rc(struct tclfile *tcl, const char *path, const char *name, struct rc *rc,
                   struct err *err)
{
    struct tclfile before = *tcl;
    tcl->rc = rc;
    tcl->rc_name = name;
    tcl->rc_path = path;
    int status = run_file(tcl, path, 0, err);
    tcl->rc = before.rc;
    tcl->rc_name = before.rc_name;
    tcl->rc_path = before.rc_path;
    return status;
}
