// SPDX-License-Identifier: Apache-2.0
// main: from the words of a command line to a command and its exit status.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/config.h"
#include "cli/env.h"
#include "cli/line_modules.h"
#include "cli/module.h"
#include "cli/pip.h"
#include "cli/say.h"

enum { STATUS_OURS = 125 }; // run, exec: lopin itself failed (env(1))

const struct cli_command cli_commands[] = {
    {"map", COMMAND_MAP, cmd_map, "[OPTION...] SCRIPT [DATASET...]",
     N_("run a script on each dataset, side by side")},
    {"run", COMMAND_RUN, cmd_run, "[OPTION...] SCRIPT [WORD...]",
     N_("run a script once, on our cores")},
    {"exec", COMMAND_EXEC, cmd_exec, "[OPTION...] PROGRAM [WORD...]",
     N_("run any program once, on our cores")},
    {"alloc", COMMAND_ALLOC, cmd_alloc, "[OPTION...] [PROGRAM [WORD...]]",
     N_("a shell, or a program, on cores that are ours until it ends")},
    {"try", COMMAND_TRY, cmd_try, "--threads [OPTION...] SCRIPT [DATASET...]",
     N_("how many threads are worth it, measured on one dataset")},
    {"resume", COMMAND_RESUME, cmd_resume, "[OPTION...] [RUN]",
     N_("run what a run never finished")},
    {"retry", COMMAND_RETRY, cmd_retry, "[OPTION...] [RUN]", N_("run what failed")},
    {"watch", COMMAND_WATCH, cmd_watch, "[OPTION...] [RUN]",
     N_("a live screen of a run, until it ends")},
    {"wait", COMMAND_WAIT, cmd_wait, "[OPTION...] [RUN]",
     N_("stay until a run ends, and exit as it does")},
    {"cancel", COMMAND_CANCEL, cmd_cancel, "[OPTION...] [RUN]",
     N_("end a run that is being computed")},
    {"rm", COMMAND_RM, cmd_rm, "[OPTION...] RUN...", N_("remove runs; their outputs stay")},
    {"list", COMMAND_LIST, cmd_list, "[OPTION...]", N_("the runs of this folder")},
    {"status", COMMAND_STATUS, cmd_status, "[OPTION...] [RUN]",
     N_("how many are done, failed, running, left")},
    {"log", COMMAND_LOG, cmd_log, "[OPTION...] [RUN:][DATASET...]", N_("what tasks printed")},
    {"results", COMMAND_RESULTS, cmd_results, "[OPTION...] [RUN:][DATASET...]",
     N_("the outputs of what is done, a path a line")},
    {"report", COMMAND_REPORT, cmd_report, "[OPTION...] [RUN]",
     N_("time, cores and memory used, and advice")},
    {"show", COMMAND_SHOW_RUN, cmd_show, "--sbatch [RUN]",
     N_("a run as a plain job script for sbatch")},
    {"threads", COMMAND_THREADS, cmd_threads, "[OPTION...] [PID|run:RUN|job:JOB]",
     N_("which threads processes have, whether they fit the cores")},
    {"venv", COMMAND_VENV, cmd_venv, "[OPTION...] ENV", N_("make an isolated environment")},
    {"pip", COMMAND_PIP, cmd_pip,
     "[OPTION...] install|uninstall|freeze|list|show|check [WORD...]",
     N_("packages of an environment, in pip's words"), pip_verbs},
    {"env", COMMAND_ENV, cmd_env, "[OPTION...] VERB [WORD...]",
     N_("environments: lock, check, carry elsewhere, clean up"), env_verbs},
    {"module", COMMAND_MODULE, cmd_module, "[OPTION...] VERB [NAME...]",
     N_("modulefiles: load, unload, find, in Lmod's words")},
    {"init", COMMAND_INIT, cmd_init, "[OPTION...]",
     N_("begin a project: lopin.toml and lopin.lock")},
    {"pack", COMMAND_PACK, cmd_pack, "[OPTION...] [RUN] FILE",
     N_("a run as one file, that works elsewhere")},
    {"unpack", COMMAND_UNPACK, cmd_unpack, "[OPTION...] FILE [DIR]",
     N_("a run from such a file, in a folder of its own")},
    {"wheels", COMMAND_WHEELS, cmd_wheels, "[OPTION...] [NAME...]",
     N_("which wheels there are, in wheelhouses and indexes")},
    {"config", COMMAND_CONFIG, cmd_config, "[OPTION...] [KEY]",
     N_("what files and variables say, and which")},
    {"explain", COMMAND_EXPLAIN, cmd_explain, "[OPTION...] [JOB|run:RUN|ERROR]",
     N_("why a job waits or ended; what an error means")},
    {"completion", COMMAND_COMPLETION, cmd_completion, "bash|zsh|fish",
     N_("completion for a shell")},
    {"help", COMMAND_HELP, cmd_help, "[COMMAND]", N_("the pages of the manual")},
    {0},
};
// Typed by no person: by tests, by a job's script. In no help or completion.
static const struct cli_command hidden_commands[] = {
    {"x-wheel", COMMAND_DEBUG, cmd_x_wheel, "VERB", ""},
    {"parcel", COMMAND_PARCEL, cmd_parcel, "FOLDER", ""},
};

// LANGUAGE is a list, as for gettext; LC_ALL=C means English whatever it says.
static void choose_language(const struct vars *vars)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    const char *all = vars_get(vars, "LC_ALL");
    const char *language = vars_get(vars, "LANGUAGE");
    int plain = all && (strcmp(all, "C") == 0 || strcmp(all, "POSIX") == 0);
    CLEANUP_STRV struct strv list = {0};
    if (language && *language && !plain)
        strv_split(&list, language, ':');
    for (size_t i = 0; i < list.count; i++)
        if (lang_choose(list.item[i]) == 0)
            return;
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *value = vars_get(vars, names[i]);
        if (value && *value) {
            lang_choose(value);
            return;
        }
    }
}

// Descriptors 0, 1 and 2 that are closed would become the next files opened, and be written to.
static void open_standard(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            open("/dev/null", O_RDWR); // it gets the lowest number, which is fd
}

// What stands behind an unknown name tells nothing, but is part of the line that was meant.
static const struct cli_command *find_command(const char *name, char *const *words,
                                              struct err *err)
{
    const char *names[32];
    size_t count = 0;
    for (size_t i = 0; i < COUNT(hidden_commands); i++)
        if (strcmp(name, hidden_commands[i].name) == 0)
            return &hidden_commands[i];
    for (const struct cli_command *command = cli_commands; command->name; command++) {
        if (strcmp(command->name, name) == 0)
            return command;
        names[count++] = command->name;
    }
    names[count] = NULL;
    err_set(err, ERR_USAGE, _("unknown command '%s'"), name);
    if (module_verb_hint(name, 1, words, err))
        return NULL;
    const char *near = opt_nearest(name, names);
    if (near)
        err_hint(err, "try", "lopin %s", near);
    else if (!module_verb_hint(name, 0, words, err))
        err_hint(err, "try", "lopin help");
    return NULL;
}

// Where there are verbs the options of the verb are read first (verbs_run).
static int settle(struct cli *cli, const struct cli_command *command, struct err *err)
{
    static const unsigned long long without = COMMAND_EXPLAIN | COMMAND_COMPLETION |
                                              COMMAND_HELP | COMMAND_DEBUG | COMMAND_CONFIG |
                                              COMMAND_MODULE;
    if (command->command & without || command->verbs)
        return 0;
    // What is tried is a line of map.
    int status = config_settle(
        cli, command->command == COMMAND_TRY ? COMMAND_MAP : command->command, err);
    term_open(&cli->out, STDOUT_FILENO, cli->options.color);
    term_open(&cli->talk, STDERR_FILENO, cli->options.color);
    return status;
}

// Modules of the line are the environment of all that it does; a run that goes on has them in its
// folder, and a job in the job's own line.
static int load_modules(struct cli *cli, const struct cli_command *command, struct err *err)
{
    return command->verbs ? 0 : line_modules(cli, err);
}

static int run_command(struct cli *cli, const struct cli_command *command, char *const *words,
                       struct err *err)
{
    // options behind a verb are that verb's: here only what may stand before it
    enum command reads = command->command == COMMAND_PIP ? COMMAND_PIP_OTHER : command->command;
    cli->command = command->name;
    cli->typed = words;
    int read = options_read(&cli->options, reads, words, &cli->words, err);
    term_open(&cli->out, STDOUT_FILENO, cli->options.color);
    term_open(&cli->talk, STDERR_FILENO, cli->options.color);
    if (read < 0)
        return command->command == COMMAND_MODULE ? module_fail(cli, err) : -1;
    if (!cli->options.help)
        return settle(cli, command, err) < 0 || load_modules(cli, command, err) < 0
                   ? -1
                   : command->run(cli, err);
    strv_free(&cli->words);
    strv_add(&cli->words, command->name);
    return cmd_help(cli, err);
}

static int run_words(struct cli *cli, char *const *words, enum command *ret_command,
                     struct err *err)
{
    CLEANUP_STRV struct strv rest = {0};
    if (options_read(&cli->options, COMMAND_NONE, words, &rest, err) < 0)
        return -1;
    if (cli->options.version) {
        struct str version = {0};
        str_add(&version, LOPIN_VERSION_LINE);
        int written = say_data(cli, &version, err);
        str_free(&version);
        return written;
    }
    if (cli->options.help || !rest.count)
        return cmd_help(cli, err) < 0 ? -1 : cli->options.help ? 0 : err_status(ERR_USAGE);
    const struct cli_command *command = find_command(rest.item[0], rest.item + 1, err);
    if (!command)
        return -1;
    *ret_command = command->command;
    return run_command(cli, command, rest.item + 1, err);
}

int main(int argc, char **argv)
{
    open_standard();
    signal(SIGPIPE, SIG_IGN); // a reader that is gone is an errno, not our end
    struct cli cli = {0};
    struct err err = {0};
    enum command command = COMMAND_NONE;
    vars_copy(&cli.vars, environ);
    choose_language(&cli.vars);
    term_open(&cli.out, STDOUT_FILENO, COLOR_AUTO);
    term_open(&cli.talk, STDERR_FILENO, COLOR_AUTO);
    cli.cwd = fs_cwd(&err);
    int status = cli.cwd ? run_words(&cli, argv + (argc > 0), &command, &err) : -1;
    if (status < 0) {
        say_error(&cli, &err);
        status = command & (COMMAND_RUN | COMMAND_EXEC | COMMAND_ALLOC) ? STATUS_OURS
                                                                        : err_status(err.code);
    }
    vars_free(&cli.vars);
    vars_free(&cli.before);
    strv_free(&cli.modules);
    free(cli.module_pythons);
    strv_free(&cli.words);
    options_free(&cli.options);
    config_free(cli.config);
    free(cli.cwd);
    free(cli.made_env);
    free(cli.made_image);
    free(cli.made_python);
    return status;
}
