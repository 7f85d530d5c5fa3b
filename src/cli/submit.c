// SPDX-License-Identifier: Apache-2.0
// submit: a line becomes a job script, which runs another lopin on the node. All that can be found wrong is
// found before: the script, the interpreter, the environment, which is made here, where there is a network.
#include "cli/submit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/cluster.h"
#include "cli/env_make.h"
#include "cli/line_modules.h"
#include "cli/program.h"
#include "cli/request.h"
#include "cli/say.h"
#include "cli/sbatch.h"
#include "cli/slurm_line.h"
#include "run/folder.h"
#include "sched/script.h"

#define FOLDER ".lopin/jobs"

struct submit {
    struct cli *cli;
    struct cluster cluster;
    struct strv partitions; // that the job may run in, as far as they are known
    struct job_script script;
    struct submitted submitted;
    struct str text;    // of the script
    char *file;         // it, before its job has a number
    int64_t written_ns; // when, by the clock of its file system
};

static void submit_done(struct submit *submit)
{
    cluster_free(&submit->cluster);
    strv_free(&submit->partitions);
    free((char *)submit->script.line);
    job_script_free(&submit->script);
    str_free(&submit->text);
    free(submit->file);
    free(submit->submitted.job);
    free(submit->submitted.folder);
    free(submit->submitted.log);
}

// The command of the job: this very lopin, on the node.
static int add_command(struct submit *submit, struct err *err)
{
    struct cli *cli = submit->cli;
    struct strv *words = &submit->script.words;
    const char *script = cli->words.item[0];
    CLEANUP_STRV struct strv launch = {0};
    CLEANUP_FREE char *path = NULL;
    int is_python = 0;
    int cannot = program_is_python(script) && access(script, R_OK) < 0;
    if (!cannot && env_for_line(cli, script, err) < 0)
        return -1;
    if (request_program(cli, script, &launch, &path, &is_python, err) < 0)
        return -1;
    const struct options *options = &cli->options;
    if ((is_python || options->python || options->env) &&
        line_modules_python(cli, options->python, err) < 0)
        return -1;
    strv_take(words, fs_self());
    strv_add(words, "run");
    strv_add(words, "--local");
    slurm_line_inner(words);
    if (slurm_line_env(cli, is_python, &submit->partitions, words, err) < 0)
        return -1;
    // In another folder only an absolute path is the same script.
    int moves = options_slurm_value(&cli->options.pass, OPTION_SLURM_CHDIR) != NULL;
    const char *first = moves && (is_python || strchr(script, '/')) ? path : script;
    if (*first == '-')
        strv_add(words, "--");
    strv_add(words, first);
    for (size_t i = 1; i < cli->words.count; i++)
        strv_add(words, cli->words.item[i]);
    return 0;
}

// Where the job works.
static char *work_folder(const struct cli *cli)
{
    const char *chdir = options_slurm_value(&cli->options.pass, OPTION_SLURM_CHDIR);
    return chdir ? fs_absolute(cli->cwd, chdir) : mem_dup(cli->cwd);
}

static int add_options(struct submit *submit, struct err *err)
{
    const struct cli *cli = submit->cli;
    const struct options *options = &cli->options;
    struct strv *list = &submit->script.options;
    CLEANUP_FREE char *folder = work_folder(cli);
    if (slurm_line_options(cli, fs_base(cli->words.item[0]), list, err) < 0)
        return -1;
    if (!options_slurm_value(&options->pass, OPTION_SLURM_CHDIR))
        strv_take(list, mem_print("--chdir=%s", folder));
    // A script to be kept may go where nobody has made the folder: Slurm's own place is there.
    int is_kept = options->dry_run && access(submit->submitted.folder, F_OK) < 0;
    if (options->log) {
        if (sbatch_pattern("output", folder, options->log, list, err) < 0)
            return -1;
    } else if (!is_kept &&
               sbatch_pattern("output", submit->submitted.folder, "%j.log", list, err) < 0) {
        return -1;
    }
    if (options->error_log &&
        sbatch_pattern("error", folder, options->error_log, list, err) < 0)
        return -1;
    strv_add(list, "--open-mode=append"); // of a job that was requeued both are kept
    return 0;
}

static int compose(struct submit *submit, struct err *err)
{
    struct cli *cli = submit->cli;
    submit->submitted.folder = mem_print("%s/" FOLDER, cli->cwd);
    submit->script.line = sbatch_line(cli);
    submit->script.records = submit->submitted.folder;
    if (add_command(submit, err) < 0 || add_options(submit, err) < 0)
        return -1;
    return job_script_write(&submit->script, &submit->text, err);
}

// A folder that is not there would end the job without a word anywhere.
static int make_folders(const struct submit *submit, struct err *err)
{
    const struct options *options = &submit->cli->options;
    const char *patterns[] = {options->log, options->error_log};
    CLEANUP_CLOSE int runs = folder_project(submit->cli->cwd, err);
    if (runs < 0)
        return -1;
    if (mkdir(submit->submitted.folder, 0700) < 0 && errno != EEXIST)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot make folder '%s'"), FOLDER);
    for (size_t i = 0; i < COUNT(patterns); i++) {
        if (!patterns[i])
            continue;
        CLEANUP_FREE char *base = work_folder(submit->cli);
        CLEANUP_FREE char *named = fs_folder(patterns[i]);
        CLEANUP_FREE char *folder = fs_absolute(base, named);
        if (!strchr(named, '%') && fs_make_dirs(AT_FDCWD, folder, 0777, err) < 0)
            return -1;
    }
    return 0;
}

static int write_script(struct submit *submit, struct err *err)
{
    struct stat st;
    submit->file = mem_print("%s/.submit-%ld.sh", submit->submitted.folder, (long)getpid());
    if (fs_replace(AT_FDCWD, submit->file, submit->text.text, submit->text.size, 0755, 1, err) <
        0)
        return -1;
    submit->written_ns = stat(submit->file, &st) == 0 ? clock_ns(st.st_mtim) : 0;
    return 0;
}

static int send(struct submit *submit, struct err *err)
{
    return sbatch_send(submit->cli, submit->file, NULL, &submit->submitted.job, NULL, err);
}

// The script beside the log; and no record of an earlier cluster's job of that number.
static void settle(struct submit *submit)
{
    const struct submitted *at = &submit->submitted;
    CLEANUP_FREE char *record = mem_print("%s/" JOB_SCRIPT_RECORD, at->folder, at->job);
    CLEANUP_FREE char *script = mem_print("%s/%s.sh", at->folder, at->job);
    struct stat old;
    // The job may be quick: what is newer than its script is its own.
    if (stat(record, &old) == 0 && clock_ns(old.st_mtim) < submit->written_ns)
        unlink(record);
    if (rename(submit->file, script) == 0)
        free(TAKE(submit->file));
}

// What sbatch makes of -o. Yours; NULL: something is in it that only the node knows (%N).
static char *expand(const struct cli *cli, const char *job)
{
    const char *name = cli->options.name ? cli->options.name : fs_base(cli->words.item[0]);
    CLEANUP_FREE char *folder = work_folder(cli);
    CLEANUP_STR struct str path = {0};
    for (const char *at = cli->options.log; *at; at++) {
        if (*at != '%')
            str_add_char(&path, *at);
        else if (*++at == 'j' || *at == 'A')
            str_add(&path, job);
        else if (*at == 'x')
            str_add(&path, name);
        else if (*at == '%')
            str_add_char(&path, '%');
        else
            return NULL;
    }
    return fs_absolute(folder, str_text(&path));
}

static int check_log(const struct cli *cli, struct err *err)
{
    CLEANUP_FREE char *path = cli->options.log ? expand(cli, "1") : NULL;
    if (!cli->options.log || !cli->options.wait || path)
        return 0;
    err_set(err, ERR_USAGE, _("--wait shows the log, and cannot know its name: -o %s"),
            cli->options.log);
    return err_hint(err, "try", _("-o with %%j (job) and %%x (name) only"));
}

// A number comes again with another cluster, or when they are all used: what its log has is older than
// our script.
static void find_log(struct submit *submit)
{
    struct submitted *at = &submit->submitted;
    struct stat old;
    at->log = submit->cli->options.log ? expand(submit->cli, at->job)
                                       : mem_print("%s/%s.log", at->folder, at->job);
    if (at->log && stat(at->log, &old) == 0 && clock_ns(old.st_mtim) < submit->written_ns)
        at->log_from = old.st_size;
}

static int tell(const struct submit *submit, struct err *err)
{
    const struct cli *cli = submit->cli;
    const struct submitted *at = &submit->submitted;
    CLEANUP_STR struct str data = {0};
    CLEANUP_STR struct str shown = {0};
    const char *log = fs_from(cli->cwd, at->log ? at->log : cli->options.log);
    str_add_visible(&shown, log, strlen(log));
    str_print(&data, "job %s\n", at->job);
    int status = 0;
    if (cli->options.wait)
        say(cli, "job %s", at->job);
    else
        status = say_data(cli, &data, err);
    say_label(cli, _("log"), "%s", shown.text);
    return status;
}

// Before an environment is made: what could never start is not submitted.
static int check_cluster(struct submit *submit, struct err *err)
{
    CLEANUP_STRV struct strv line = {0};
    if (slurm_line_options(submit->cli, "", &line, err) < 0)
        return -1;
    cluster_ask(submit->cli, &line, 0, &submit->cluster);
    if (!submit->cli->options.dry_run && cluster_answers(&submit->cluster, err) < 0)
        return -1;
    cluster_partitions(&submit->cluster, &submit->partitions);
    return cluster_check(submit->cli, &submit->cluster, err);
}

static int show(const struct submit *submit, struct err *err)
{
    const struct parcels one = {.count = 1};
    CLEANUP_STRV struct strv advice = {0};
    cluster_advise(submit->cli, &submit->cluster, &one, &advice);
    for (size_t i = 0; i < advice.count; i++)
        say_label(submit->cli, i ? "" : _("plan"), "%s", advice.item[i]);
    return say_data(submit->cli, &submit->text, err);
}

static int submit_it(struct submit *submit, struct err *err)
{
    CLEANUP_FREE char *sbatch = slurm_find("sbatch", &submit->cli->vars, err);
    if (!sbatch || check_log(submit->cli, err) < 0 || check_cluster(submit, err) < 0 ||
        compose(submit, err) < 0)
        return -1;
    if (submit->cli->options.dry_run)
        return show(submit, err);
    if (make_folders(submit, err) < 0 || write_script(submit, err) < 0)
        return -1;
    if (send(submit, err) < 0) {
        unlink(submit->file);
        return -1;
    }
    settle(submit);
    find_log(submit);
    if (tell(submit, err) < 0)
        return -1;
    return submit->cli->options.wait ? submit_wait(submit->cli, &submit->submitted, err) : 0;
}

int submit_run(struct cli *cli, struct err *err)
{
    struct submit submit = {.cli = cli};
    int status = submit_it(&submit, err);
    submit_done(&submit);
    return status;
}
