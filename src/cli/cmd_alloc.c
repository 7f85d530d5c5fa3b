// SPDX-License-Identifier: Apache-2.0
// cmd_alloc: a shell, or a program, on this machine's share, as salloc(1) gives one of a cluster's: its
// cores are nobody else's until it ends, the environment is active, and what lopin starts in it stays in it.
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/human.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/alloc_slurm.h"
#include "cli/env_make.h"
#include "cli/line_modules.h"
#include "cli/parcel.h"
#include "cli/program.h"
#include "cli/request.h"
#include "cli/say.h"
#include "cli/setting.h"
#include "cli/where.h"
#include "map/held.h"

struct alloc {
    struct cli *cli;
    struct parcel parcel;
    struct setting setting;
    struct strv words;
    char *program;
};

static const char *shell_of(const struct vars *vars)
{
    const char *shell = vars_get(vars, "SHELL");
    return shell && *shell == '/' && access(shell, X_OK) == 0 ? shell : "/bin/sh";
}

static int find_program(struct alloc *alloc, struct err *err)
{
    const struct strv *words = &alloc->cli->words;
    const char *first = words->count ? words->item[0] : shell_of(&alloc->cli->vars);
    int is_python = 0;
    if (request_program(alloc->cli, first, &alloc->words, &alloc->program, &is_python, err) < 0)
        return -1;
    if (is_python)
        return alloc_refuse_script(first, err);
    for (size_t i = 1; i < words->count; i++)
        strv_add(&alloc->words, words->item[i]);
    return 0;
}

static int read_parcel(struct alloc *alloc, struct err *err)
{
    const struct options *options = &alloc->cli->options;
    unsigned each = options->cores ? options->cores : 1;
    const struct parcel_ask ask = {.cores = options->ntasks ? options->ntasks * each
                                                            : options->cores,
                                   .memory_kb = options->mem_kb > 0 ? options->mem_kb : 0,
                                   .core_kb = options->mem_cpu_kb,
                                   .tasks = 1,
                                   .whole = 1};
    return request_memory(options, err) < 0
               ? -1
               : parcel_read(&ask, alloc->cli, &alloc->parcel, err);
}

static void set_variables(struct alloc *alloc)
{
    struct vars *vars = &alloc->setting.vars;
    CLEANUP_FREE char *cores = mem_print("%u", alloc->parcel.threads);
    CLEANUP_FREE char *memory = mem_print("%lld", (long long)alloc->parcel.memory.kb);
    vars_set(vars, "LOPIN_TASK", "alloc"); // wakes the startup hook
    vars_set(vars, "LOPIN_TASK_CORES", cores);
    if (alloc->parcel.memory.by == MEMORY_BY_ASKED)
        vars_set(vars, MEMORY_PARCEL, memory);
}

static void say_begin(const struct alloc *alloc)
{
    const struct options *options = &alloc->cli->options;
    CLEANUP_STR struct str text = {0};
    parcel_add(&text, &alloc->parcel);
    if (options->time_us) {
        str_add(&text, ", ");
        human_duration(&text, options->time_us);
    }
    say_label(alloc->cli, _("alloc"), "%s", text.text);
    if (options->verbose)
        setting_say(alloc->cli, &alloc->setting);
}

static void tell(void *context, enum held_event event)
{
    const struct alloc *alloc = context;
    const struct cli *cli = alloc->cli;
    CLEANUP_STR struct str text = {0};
    switch (event) {
    case HELD_SOON: say(cli, _("a minute is left of the time of this allocation")); break;
    case HELD_TIME:
        human_duration(&text, cli->options.time_us);
        say(cli, _("the time of this allocation, %s, is over: what runs in it ends [%s]"),
            text.text, err_name(ERR_TIME_LIMIT));
        break;
    case HELD_MEMORY:
        human_memory(&text, alloc->parcel.memory.kb);
        say(cli, _("more than %s of memory: the largest process was killed [%s]"), text.text,
            err_name(ERR_MEMORY_LIMIT));
        break;
    }
}

static int stay(struct alloc *alloc, struct err *err)
{
    sigset_t ignored;
    proc_ignored(&ignored);
    const struct parcel *parcel = &alloc->parcel;
    const struct held held = {.time_us = alloc->cli->options.time_us,
                              .memory_kb =
                                  parcel->memory.by == MEMORY_BY_ASKED ? parcel->memory.kb : 0,
                              .tell = tell,
                              .context = alloc};
    const struct proc proc = {.path = alloc->program,
                              .argv = alloc->words.item,
                              .envp = alloc->setting.vars.list.item,
                              .folder = -1,
                              .in = -1,
                              .out = -1,
                              .error = -1,
                              .cpus = parcel->slot[0].bits,
                              .cpus_size = sizeof parcel->slot[0].bits,
                              .ignored = &ignored,
                              .dies_with_us = 1};
    int status = held_run(&held, &proc);
    if (status >= 0)
        return proc_exit_status(status);
    return program_refused(alloc->cli, proc.path, errno, err);
}

static int run(struct alloc *alloc, struct err *err)
{
    const struct options *options = &alloc->cli->options;
    // A program may be one of the environment's.
    if (env_for_line(alloc->cli, alloc->cli->words.count ? alloc->cli->words.item[0] : "",
                     err) < 0)
        return -1;
    if (find_program(alloc, err) < 0) {
        return err->code == ERR_NO_PROGRAM ? program_not_found(alloc->cli, err) : -1;
    }
    if ((options->python || options->env) &&
        line_modules_python(alloc->cli, options->python, err) < 0)
        return -1;
    if (read_parcel(alloc, err) < 0 ||
        setting_find(alloc->cli, options->python, options->env, 0, &alloc->setting, err) < 0)
        return -1;
    setting_fill(alloc->cli, &alloc->parcel, &alloc->setting);
    if (alloc->cli->words.count)
        request_settle(&alloc->setting.vars, alloc->cli->words.item[0], &alloc->program);
    set_variables(alloc);
    say_begin(alloc);
    return stay(alloc, err);
}

int cmd_alloc(struct cli *cli, struct err *err)
{
    struct alloc alloc = {.cli = cli};
    enum where where;
    if (where_find(cli, COMMAND_ALLOC, &where, err) < 0)
        return -1;
    int by_slurm =
        where == WHERE_EITHER ? alloc_slurm_is_there(cli, err) : where == WHERE_SLURM;
    if (by_slurm)
        return by_slurm < 0 ? -1 : alloc_slurm(cli, err);
    *err = (struct err){0};
    if (where_check_local(cli, COMMAND_ALLOC, err) < 0)
        return -1;
    int status = run(&alloc, err);
    setting_free(&alloc.setting);
    parcel_free(&alloc.parcel);
    strv_free(&alloc.words);
    free(alloc.program);
    return status;
}
