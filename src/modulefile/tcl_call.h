// SPDX-License-Identifier: Apache-2.0
// tcl_call: how the commands of modulefiles in Tcl are called, in each of the engine's modes, and
// what the files of that share.
//
// A command of the tables below is plain C that returns one of enum tcl_end. What the engine
// refuses ends the file, and no `catch` keeps it from that: then nothing at all happens, as where
// a file is in Lua.
#pragma once

#include <sys/resource.h>

#include "modulefile/engine.h"
#include "modulefile/tcl_library.h"

enum tcl_end {
    TCL_DONE,         // fine; the result is what was added by tcl_call_answer
    TCL_REFUSED = -1, // engine->err says why
    TCL_WRONG = -2,   // an error of the file, that tcl_call_wrong wrote: `catch` may have it
    TCL_STOP = -3     // as `break` does
};
enum tcl_marks {
    TCL_EFFECT = 1 << 0, // changes something: skipped where only texts count
    TCL_SHELL = 1 << 1,  // an effect that a shell within a shell needs again
    TCL_RC = 1 << 2,     // of rc files too
};
struct tcl_context;
struct tcl_call { // borrowed, while the command runs
    struct tcl_context *context;
    struct engine *engine;
    const char *name;
    int count; // of words behind the command's name
    const char *const *word;
};
struct tcl_command {
    const char *name;
    const char *usage; // of its words
    int least, most;   // how many; most -1: any
    int (*run)(struct tcl_call *call);
    unsigned marks;
};
// NULL names end them. tcl_vars.c, tcl_load.c, tcl_text.c, tcl_system.c, tcl_rc.c
extern const struct tcl_command tcl_vars_commands[], tcl_load_commands[], tcl_text_commands[],
    tcl_system_commands[], tcl_rc_commands[];

struct tcl_original { // a command of Tcl's own that ours stands before
    const char *name;
    struct tcl_context *context;
    Tcl_CmdInfo info;
};
struct tcl_context { // an interpreter
    struct tclfile *file;
    struct engine *engine;
    const struct tcl_library *tcl;
    Tcl_Interp *interp;
    struct vars before; // when it is unloaded: the environment as it was when it began
    struct strv own;    // "NAME=value" or "NAME": what the file alone sees of env
    struct tcl_original original[8], *asking; // asking: of tcl_gather_put
    struct str *puts;                         // where words go; NULL: the engine's talk
    int refused;                              // the engine said no
    int is_full;                              // Tcl's library of scripts was read
    int is_spent;                             // to be thrown away
    int is_used;                              // to be cleaned before another file
    int has_env;    // env is as the engine has it, but for what own has
    int is_mending; // env is written by us, not by the file
    int is_watched; // is_spent is set where a command is replaced, is_plain as below
    int is_plain;   // the file did nothing that leaves more than variables and procedures
    int is_endless; // too much time or memory
    long long begun_us, entered_us; // processor time, and time
};
struct tclfile {
    struct tcl_library tcl;
    struct engine *engine;
    struct tcl_context **stack; // by depth
    struct strv known;          // commands of the beginning
    Tcl_CmdInfo *info;          // of those
    size_t count, room, depth;
    int output;          // what programs write, until it is moved to talk; -1: not open
    int channels;        // the standard ones are set
    int is_open;         // the library
    int is_missing;      // it is not on this machine
    long before_pages;   // memory in use when the outermost file began
    struct rlimit space; // RLIMIT_DATA as it was
    rlim_t most_space;   // as it is meanwhile
    struct rc *rc;       // of the file that tclfile_run_rc evaluates
    const char *rc_name, *rc_path;
};

// Adds to the result.
void tcl_call_answer(struct tcl_call *call, const char *text);
int tcl_call_answer_number(struct tcl_call *call, long number);
int tcl_call_wrong(struct tcl_call *call, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// Adds a word to the result as an element of a list.
void tcl_call_answer_item(struct tcl_call *call, const char *text);
// In ENGINE_SHOW: writes it as a function of Lua's with those texts, NULL behind the last, and
// returns 1.
int tcl_call_show(struct tcl_call *call, const char *function, ...) __attribute__((sentinel));
int tcl_call_show_list(struct tcl_call *call, const char *function, const char *const *word,
                       int count);
// The value of "-d X", "--delim X" and "--delim=X" at a place of the words, which then are
// behind it. NULL: that is another word.
const char *tcl_call_option(struct tcl_call *call, const char *name, const char *also);
int tcl_call_flag(struct tcl_call *call, const char *name); // 1: it was there, and is taken
// A name that may stand in an environment: 1, or 0 with the error written.
int tcl_call_is_name(struct tcl_call *call, const char *name);

// Makes an interpreter with all commands; deletes it; makes it new for the next file, or says by is_spent that it
// cannot be.
struct tcl_context *tcl_context_new(struct tclfile *file);
void tcl_context_free(struct tcl_context *context);
void tcl_context_clean(struct tcl_context *context);
// Before a file is evaluated: what its text tells of what it may leave.
void tcl_context_look(struct tcl_context *context, const char *text);
void tcl_context_put(struct tcl_context *context, const struct tcl_command *commands);
int tcl_context_set(struct tcl_context *context, const char *name, const char *value);

// env (tcl_env.c); to be put anew for each file
void tcl_env_put(struct tcl_context *context);
const char *tcl_env_get(struct tcl_context *context, const char *name); // NULL: not set
// After the engine's variable changed: what the file itself had set counts no more.
void tcl_env_forget(struct tcl_context *context, const char *name);
// The environment of programs that the file starts.
void tcl_env_copy(struct tcl_context *context, struct vars *ret);

// Tcl's own commands that read, write and start programs (tcl_streams.c)
void tcl_streams_put(struct tcl_context *context);
int tcl_streams_open(struct tclfile *file, struct err *err);
void tcl_streams_drain(struct tclfile *file); // what programs wrote, to talk

// In ENGINE_SPIDER (tcl_gather.c): takes what the call says. Returns whether that is all, with how it
// ended.
int tcl_gather(struct tcl_call *call, unsigned marks, int *ret_end);
// What is asked; nothing where nothing is gathered.
void tcl_gather_open(struct tcl_context *context);
void tcl_gather_env(struct tcl_context *context, const char *name);
// What changes the process cannot be done in one of its threads: then the file ends, to be evaluated
// without them. Returns whether it does.
int tcl_gather_later(struct tcl_context *context);
void tcl_gather_put(struct tcl_context *context); // before Tcl's own commands

// Whether the limit of memory is in force (tclfile.c): not for programs.
void tclfile_limit(struct tclfile *tcl, int limits);
