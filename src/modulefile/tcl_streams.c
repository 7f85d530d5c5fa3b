// SPDX-License-Identifier: Apache-2.0
// tcl_streams: what a modulefile in Tcl reads and writes, and the programs that it starts. Its
// standard input is empty, and reading it an error; what is written to standard output or error is
// kept for a person.
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/kernel.h"
#include "base/lang.h"
#include "base/mem.h"
#include "modulefile/tcl_call.h"

enum { MOST_OUTPUT = 1 << 20 };

static int call_original(struct tcl_original *original, int count, Tcl_Obj *const words[])
{
    Tcl_Interp *interp = original->context->interp;
    return original->info.objProc(original->info.objClientData, interp, count, words);
}

static int wrong(struct tcl_context *context, const char *text)
{
    context->tcl->ResetResult(context->interp);
    context->tcl->AppendResult(context->interp, text, NULL);
    return TCL_ERROR;
}

// puts ?-nonewline? ?channel? text
static int put_text(ClientData data, Tcl_Interp *interp, int count, Tcl_Obj *const words[])
{
    struct tcl_original *original = data;
    struct tcl_context *context = original->context;
    const struct tcl_library *tcl = context->tcl;
    int bare = count > 2 && strcmp(tcl->GetString(words[1]), "-nonewline") == 0;
    if (count < 2 + bare || count > 3 + bare)
        return call_original(original, count, words);
    const char *channel = count == 3 + bare ? tcl->GetString(words[count - 2]) : "stdout";
    if (strcmp(channel, "stdout") != 0 && strcmp(channel, "stderr") != 0 &&
        strcmp(channel, "prestdout") != 0)
        return call_original(original, count, words);
    struct str *into = context->puts ? context->puts : &context->engine->talk;
    if (context->engine->mode == ENGINE_ABOUT || context->file->rc)
        into = NULL; // asked for other words
    if (into && into->size < MOST_OUTPUT)
        str_print(into, "%s%s", tcl->GetString(words[count - 1]), bare ? "" : "\n");
    tcl->ResetResult(interp);
    return TCL_OK;
}

// gets and read: of standard input a person would wait, and not know for what.
static int read_text(ClientData data, Tcl_Interp *interp, int count, Tcl_Obj *const words[])
{
    struct tcl_original *original = data;
    (void)interp;
    for (int i = 1; i < count; i++)
        if (strcmp(original->context->tcl->GetString(words[i]), "stdin") == 0)
            return wrong(original->context, "a modulefile has no standard input");
    return call_original(original, count, words);
}

// exec and open: with the environment as it is then. Only the pointer changes, while Tcl
// forks: so not in two threads at once.
static int start_program(ClientData data, Tcl_Interp *interp, int count, Tcl_Obj *const words[])
{
    struct tcl_original *original = data;
    struct tcl_context *context = original->context;
    CLEANUP_VARS struct vars vars = {0};
    char **before = environ;
    (void)interp;
    if (tcl_gather_later(context))
        return TCL_ERROR;
    tcl_env_copy(context, &vars);
    strv_add(&vars.list, ""); // never NULL
    mem_free_at(&vars.list.item[--vars.list.count]);
    environ = vars.list.item;
    tclfile_limit(context->file, 0);
    int status = call_original(original, count, words);
    tclfile_limit(context->file, 1);
    environ = before;
    tcl_streams_drain(context->file);
    return status;
}

// A terminal, a pipe or a device would make the shell wait.
static int open_file(ClientData data, Tcl_Interp *interp, int count, Tcl_Obj *const words[])
{
    struct tcl_original *original = data;
    struct stat found;
    const char *path = count > 1 ? original->context->tcl->GetString(words[1]) : "|";
    if (*path != '|' && stat(path, &found) == 0 && !S_ISREG(found.st_mode) &&
        !S_ISDIR(found.st_mode) && strcmp(path, "/dev/null") != 0)
        return wrong(original->context, "a modulefile opens only regular files");
    if (*path == '|')
        return start_program(data, interp, count, words);
    tcl_gather_open(original->context);
    return call_original(original, count, words);
}

void tcl_streams_put(struct tcl_context *context)
{
    static const struct {
        const char *name;
        Tcl_ObjCmdProc *run;
    } own[] = {{"puts", put_text},
               {"gets", read_text},
               {"read", read_text},
               {"exec", start_program},
               {"open", open_file}};
    for (size_t i = 0; i < COUNT(own); i++) {
        struct tcl_original *original = &context->original[i];
        *original = (struct tcl_original){.name = own[i].name, .context = context};
        if (context->tcl->GetCommandInfo(context->interp, own[i].name, &original->info) &&
            original->info.isNativeObjectProc)
            context->tcl->CreateObjCommand(context->interp, own[i].name, own[i].run, original,
                                           NULL);
    }
}

int tcl_streams_open(struct tclfile *file, struct err *err)
{
    static const int types[] = {TCL_STDIN, TCL_STDOUT, TCL_STDERR};
    if (file->channels)
        return 0;
    file->output = kernel_memory_file("lopin-tcl");
    if (file->output < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot make a file in memory"));
    int ends[] = {open("/dev/null", O_RDONLY | O_CLOEXEC),
                  fcntl(file->output, F_DUPFD_CLOEXEC, 3),
                  fcntl(file->output, F_DUPFD_CLOEXEC, 3)};
    for (size_t i = 0; i < COUNT(ends); i++) {
        void *handle = (void *)(intptr_t)ends[i];
        Tcl_Channel channel =
            file->tcl.MakeFileChannel(handle, i ? TCL_WRITABLE : TCL_READABLE);
        file->tcl.SetChannelOption(NULL, channel, "-buffering", "none");
        file->tcl.SetStdChannel(channel, types[i]);
    }
    file->channels = 1;
    return 0;
}

void tcl_streams_drain(struct tclfile *file)
{
    char bytes[4096];
    off_t at = 0;
    ssize_t size;
    struct str *talk = &file->engine->talk;
    while (file->output >= 0 && (size = pread(file->output, bytes, sizeof bytes, at)) > 0) {
        if (talk->size < MOST_OUTPUT)
            str_add_bytes(talk, bytes, (size_t)size);
        at += size;
    }
    if (at && ftruncate(file->output, 0) < 0)
        file->output = -1; // never: it is ours
}
