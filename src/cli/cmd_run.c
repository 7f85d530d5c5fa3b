// SPDX-License-Identifier: Apache-2.0
// cmd_run: run and exec: one task on all cores, in this terminal. lopin becomes the program, so
// signals, terminal and exit status are the program's own (env(1), nice(1)).
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/mem.h"
#include "base/proc.h"
#include "cli/env_make.h"
#include "cli/line_modules.h"
#include "cli/parcel.h"
#include "cli/program.h"
#include "cli/request.h"
#include "cli/say.h"
#include "cli/setting.h"
#include "cli/submit.h"
#include "cli/where.h"

struct program {
    struct strv words;
    char *script;
    int is_python;
};

static int no_word(int is_script, struct err *err)
{
    err_set(err, ERR_USAGE, is_script ? _("a script is missing") : _("a program is missing"));
    return err_hint(err, "try",
                    is_script ? "lopin run SCRIPT WORD..." : "lopin exec PROGRAM WORD...");
}

static int find_program(const struct cli *cli, struct program *ret, struct err *err)
{
    if (request_program(cli, cli->words.item[0], &ret->words, &ret->script, &ret->is_python,
                        err) < 0)
        return -1;
    for (size_t i = 1; i < cli->words.count; i++)
        strv_add(&ret->words, cli->words.item[i]);
    return 0;
}

static void set_task(struct setting *setting, const struct parcel *parcel)
{
    CLEANUP_FREE char *cores = mem_print("%u", parcel->threads);
    vars_set(&setting->vars, "LOPIN_TASK", "run"); // wakes the startup hook
    vars_set(&setting->vars, "LOPIN_TASK_CORES", cores);
}

static int become(const struct cli *cli, const struct program *program,
                  const struct setting *setting, const struct parcel *parcel, struct err *err)
{
    CLEANUP_STRV struct strv words = {0};
    const char *path = program->script;
    if (program->is_python) {
        path = setting->python.path;
        strv_add(&words, path);
    }
    strv_add_all(&words, &program->words);
    const struct proc proc = {
        .path = path,
        .argv = words.item,
        .envp = setting->vars.list.item,
        .folder = -1,
        .in = -1,
        .out = -1,
        .error = -1,
        .cpus = parcel->slot[0].bits,
        .cpus_size = sizeof parcel->slot[0].bits,
    };
    ledger_keep(&parcel->ledger);
    proc_become(&proc);
    return program_refused(cli, path, errno, err);
}

static int run_one(struct cli *cli, int is_script, struct err *err)
{
    struct program program = {0};
    struct parcel parcel = {0};
    struct setting setting = {0};
    const struct options *options = &cli->options;
    const struct parcel_ask cores = {.cores = options->cores, .tasks = 1, .whole = 1};
    int status = -1;
    if (!cli->words.count)
        return no_word(is_script, err);
    // A script's mistakes cost no environment; another program may be one of the environment's.
    const char *script = cli->words.item[0];
    int cannot = program_is_python(script) && access(script, R_OK) < 0;
    if (!cannot && env_for_line(cli, script, err) < 0)
        return -1;
    if (find_program(cli, &program, err) == 0 &&
        ((!program.is_python && !options->python && !options->env) ||
         line_modules_python(cli, options->python, err) == 0) &&
        parcel_read(&cores, cli, &parcel, err) == 0) {
        if (setting_find(cli, options->python, options->env, program.is_python, &setting,
                         err) == 0) {
            setting_fill(cli, &parcel, &setting);
            if (!program.is_python)
                request_settle(&setting.vars, cli->words.item[0], &program.script);
            if (options->verbose)
                setting_say(cli, &setting);
            set_task(&setting, &parcel);
            status = become(cli, &program, &setting, &parcel, err);
        }
    } else if (err->code == ERR_NO_PROGRAM) {
        status = program_not_found(cli, err);
    }
    setting_free(&setting);
    parcel_free(&parcel);
    strv_free(&program.words);
    free(program.script);
    return status;
}

int cmd_run(struct cli *cli, struct err *err)
{
    enum where where;
    if (where_find(cli, COMMAND_RUN, &where, err) < 0)
        return -1;
    if (where == WHERE_SLURM)
        return cli->words.count ? submit_run(cli, err) : no_word(1, err);
    if (where_check_local(cli, COMMAND_RUN, err) < 0)
        return -1;
    return run_one(cli, 1, err);
}

int cmd_exec(struct cli *cli, struct err *err)
{
    return run_one(cli, 0, err);
}
