// SPDX-License-Identifier: Apache-2.0
// cli: what every command is given, and the commands.
//
// A command returns the exit status, or -1 with err: main prints it and exits with
// err_status(). Data goes to stdout, talk to stderr (say.h).
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "base/term.h"
#include "base/vars.h"
#include "cli/options.h"

struct config;
#define LOPIN_VERSION_LINE "lopin " LOPIN_VERSION "\n"
struct cli {
    struct term out, talk; // stdout, stderr
    struct options options;
    const char *command;   // its name, NULL before it is known
    struct strv words;     // what follows the options
    char *const *typed;    // both, as typed behind the command
    struct vars vars;      // the caller's environment, and what modules of the line made of it
    struct vars before;    // it before them; empty: there were none
    struct strv modules;   // their full names (line_modules.h)
    char *module_pythons;  // versions of the site's module of Python, none of which fitted
    struct config *config; // what files and variables say; NULL before it is read
    char *cwd;             // absolute
    char *made_env, *made_python; // by env_for_line; options.env, .python are then these
    char *made_image;             // of which made_env was unpacked: another node unpacks it too
};
// some tasks failed; stopped with work left (sysexits.h: EX_TEMPFAIL)
enum { STATUS_FAILED = 1, STATUS_LEFT = 75 };

int cmd_map(struct cli *cli, struct err *err);
int cmd_show(struct cli *cli, struct err *err);
int cmd_parcel(struct cli *cli, struct err *err);
int cmd_alloc(struct cli *cli, struct err *err);
int cmd_try(struct cli *cli, struct err *err);
int cmd_run(struct cli *cli, struct err *err);
int cmd_exec(struct cli *cli, struct err *err);
int cmd_resume(struct cli *cli, struct err *err);
int cmd_retry(struct cli *cli, struct err *err);
int cmd_watch(struct cli *cli, struct err *err);
int cmd_wait(struct cli *cli, struct err *err);
int cmd_cancel(struct cli *cli, struct err *err);
int cmd_rm(struct cli *cli, struct err *err);
int cmd_list(struct cli *cli, struct err *err);
int cmd_status(struct cli *cli, struct err *err);
int cmd_log(struct cli *cli, struct err *err);
int cmd_results(struct cli *cli, struct err *err);
int cmd_report(struct cli *cli, struct err *err);
int cmd_threads(struct cli *cli, struct err *err);
int cmd_wheels(struct cli *cli, struct err *err);
int cmd_explain(struct cli *cli, struct err *err);
int cmd_config(struct cli *cli, struct err *err);
int cmd_completion(struct cli *cli, struct err *err);
int cmd_venv(struct cli *cli, struct err *err);
int cmd_env(struct cli *cli, struct err *err);
int cmd_pip(struct cli *cli, struct err *err);
int cmd_pack(struct cli *cli, struct err *err);
int cmd_unpack(struct cli *cli, struct err *err);
int cmd_module(struct cli *cli, struct err *err);
int cmd_init(struct cli *cli, struct err *err);
int cmd_help(struct cli *cli, struct err *err);
int cmd_x_wheel(struct cli *cli, struct err *err);

// A command as a person types it. The table ends with name NULL.
struct cli_command {
    const char *name;
    enum command command;
    int (*run)(struct cli *cli, struct err *err);
    const char *words; // what follows, for usage: "[OPTION...] SCRIPT [DATASET...]"
    const char *help;  // N_() text of one line
    const struct cli_command *verbs; // what its first word is; NULL: no verb
};
extern const struct cli_command cli_commands[];
