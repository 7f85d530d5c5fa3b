// SPDX-License-Identifier: Apache-2.0
// resume: which datasets run again is decided by what their ends recorded: script, environment,
// size and time of the file.
#include "cli/resume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/human.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/begin.h"
#include "cli/env_unpack.h"
#include "cli/jobs.h"
#include "cli/line_modules.h"
#include "cli/request.h"
#include "cli/run_wait.h"
#include "cli/say.h"
#include "cli/submit_map.h"
#include "cli/where.h"
#include "map/strict.h"
#include "run/journal.h"
#include "run/owner.h"

struct choice {
    uint8_t *wanted; // by index
    size_t wanted_count;
    size_t begun, changed; // of the wanted: were running; are done, but their file changed
    uint8_t *other;        // by index: its content is another one; NULL without --strict
    size_t unknown;        // done ones whose content is not known
    size_t stale;          // done with another script or environment
    int64_t stale_us;      // processor time of them
};

// A file that is gone has not changed: its dataset cannot be computed again.
static int file_changed(const struct dataset *dataset, const struct outcome *outcome)
{
    if (dataset->size < 0 && outcome->data_size >= 0)
        return 0;
    return dataset->size != outcome->data_size || dataset->mtime != outcome->data_mtime;
}

static int is_stale(const struct spec *spec, const struct outcome *outcome)
{
    return outcome->script != spec->script_hash || outcome->env != spec->env_hash;
}

static int want(const struct spec *spec, const struct dataset *dataset,
                const struct outcome *outcome, enum resume_what what, int redo, int other,
                struct choice *choice)
{
    if (outcome->state == OUTCOME_FAILED)
        return what == RESUME_FAILED;
    choice->begun += outcome->state == OUTCOME_BEGUN || outcome->state == OUTCOME_STOPPED;
    if (outcome->state != OUTCOME_DONE)
        return 1;
    if (other || file_changed(dataset, outcome)) {
        choice->changed++;
        return 1;
    }
    if (!is_stale(spec, outcome))
        return 0;
    choice->stale++;
    choice->stale_us += outcome->user_us + outcome->system_us;
    return redo;
}

static void choose(const struct spec *spec, const struct datasets *datasets,
                   const struct state *state, enum resume_what what, int redo,
                   struct choice *ret)
{
    *ret = (struct choice){.wanted = mem_zero(datasets->count, 1)};
    if (spec->strict)
        strict_check(datasets, state, AT_FDCWD, &ret->other, &ret->unknown);
    for (size_t i = 0; i < datasets->count; i++) {
        int other = ret->other && ret->other[i];
        ret->wanted[i] =
            (uint8_t)want(spec, &datasets->item[i], &state->outcome[i], what, redo, other, ret);
        ret->wanted_count += ret->wanted[i];
    }
}

static int refuse_stale(const struct spec *spec, unsigned number, const struct choice *choice,
                        struct err *err)
{
    CLEANUP_STR struct str spent = {0};
    human_duration(&spent, choice->stale_us);
    err_set(
        err, ERR_CHANGED,
        lang_plural(
            "%s or its environment changed since %zu dataset was done (%s of processor time)",
            "%s or its environment changed since %zu datasets were done (%s of processor time)",
            choice->stale),
        spec->script, choice->stale, spent.text);
    err_hint(err, "try", _("lopin resume %u --keep-done    keeps their results"), number);
    return err_hint(err, "try", _("lopin resume %u --redo         computes them again"),
                    number);
}

static void say_head(const struct begin *begin, const struct choice *choice, unsigned number)
{
    const struct cli *cli = begin->cli;
    CLEANUP_STR struct str what = {0};
    str_print(&what, lang_plural("%zu left", "%zu left", choice->wanted_count),
              choice->wanted_count);
    if (choice->begun)
        str_print(&what, lang_plural(" (%zu had begun)", " (%zu had begun)", choice->begun),
                  choice->begun);
    if (choice->changed)
        str_print(&what, lang_plural(" (%zu changed)", " (%zu changed)", choice->changed),
                  choice->changed);
    begin_say(begin, number, what.text);
    if (choice->stale)
        say_label(cli, "",
                  cli->options.redo
                      ? _("%s or its environment changed: %zu done ones run again")
                      : _("%s or its environment changed: %zu done ones are kept"),
                  begin->spec->script, choice->stale);
}

static int nothing_left(const struct cli *cli, const struct saved *saved)
{
    const struct state *state = &saved->state;
    say(cli, _("run %u has nothing left to run: %zu of %zu done, %zu failed"),
        saved->folder.number, state->done, state->count, state->failed);
    if (state->failed)
        say(cli, _("what failed runs again by: lopin retry %u"), saved->folder.number);
    return state->failed ? STATUS_FAILED : 0;
}

// What is left of the last runner's tasks must be gone before anything runs again.
static void sweep(const struct cli *cli, const struct saved *saved)
{
    unsigned killed = owner_sweep(saved->folder.path);
    if (killed)
        say(cli,
            lang_plural("ended %u process that the last start had left",
                        "ended %u processes that the last start had left", killed),
            killed);
}

struct going { // one resumption; the run is owned
    const struct cli *cli;
    struct saved *saved;
    struct spec *spec;
    struct datasets *datasets;
    enum resume_what what;
    int rewrite; // the list of datasets is a new one
    const char *python, *env;
    int by_jobs;        // of Slurm
    struct err busy;    // jobs of Slurm may compute it still
    unsigned submitted; // as begin has it
    struct keep keep;
};

// Before its journals are read: what a job does between both would be done again.
static int look_for_jobs(struct going *going, struct err *err)
{
    const struct folder *folder = &going->saved->folder;
    if (jobs_check_idle(going->cli, folder, going->by_jobs, &going->busy) == 0 ||
        going->busy.code == ERR_RUN_BUSY)
        return 0;
    if (err)
        *err = going->busy;
    return -1;
}

static int refuse_busy(const struct going *going, struct err *err)
{
    if (err)
        *err = going->busy;
    return -1;
}

static int run_choice(struct going *going, struct begin *begin, const struct choice *choice,
                      struct err *err)
{
    const struct cli *cli = going->cli;
    const struct folder *folder = &going->saved->folder;
    // Where nothing is left, it does not matter that the last job only ends.
    if (going->busy.code && choice->wanted_count)
        return refuse_busy(going, err);
    if (choice->stale && !cli->options.keep_done && !cli->options.redo &&
        going->what == RESUME_LEFT)
        return refuse_stale(going->spec, folder->number, choice, err);
    if (choice->unknown)
        say(cli,
            lang_plural("%zu was done without --strict: it is judged by size and time",
                        "%zu were done without --strict: they are judged by size and time",
                        choice->unknown),
            choice->unknown);
    if (!choice->wanted_count)
        return nothing_left(cli, going->saved);
    if (!going->by_jobs && begin_ready(begin, err) < 0)
        return -1;
    if (going->rewrite && datasets_save(going->datasets, folder->fd, err) < 0)
        return -1;
    if (going->by_jobs)
        return submit_map_line(begin, err) < 0 ? -1 : submit_map_again(begin, folder, err);
    if (jobs_fence(folder->fd, err) < 0)
        return -1;
    say_head(begin, choice, folder->number);
    return begin_run(begin, folder, journal_next_restart(folder->fd, 0), err);
}

// An environment of --with is in the cache, which may be removed at any time; that of an image on the
// disk of the node that it was unpacked on.
static void hint_made(const struct going *going, struct err *err)
{
    CLEANUP_FREE char *cache = setting_cache(going->cli);
    CLEANUP_FREE char *envs = mem_print("%s/envs/", cache);
    CLEANUP_FREE char *images =
        mem_print("/lopin-%lu/" ENV_UNPACK_FOLDER "/", (unsigned long)geteuid());
    if (err && err->code == ERR_NO_PYTHON && going->python &&
        (str_starts(going->python, envs) || strstr(going->python, images)))
        err_hint(err, "try", "%s",
                 _("the line of this run with --resume: its environment is made again"));
}

static int go(struct going *going, struct err *err)
{
    struct state *state = &going->saved->state;
    struct choice choice = {0};
    struct begin begin = {.cli = going->cli,
                          .spec = going->spec,
                          .datasets = going->datasets,
                          .state = state,
                          .keep = going->keep};
    if (state_load(state, going->saved->folder.fd, going->datasets, NULL, err) < 0)
        return -1;
    int status = begin_find(&begin, going->python, going->env, err);
    if (status < 0 && going->busy.code)
        refuse_busy(going, err);
    else if (status < 0)
        hint_made(going, err);
    if (status == 0) {
        choose(going->spec, going->datasets, state, going->what, going->cli->options.redo,
               &choice);
        begin.wanted = choice.wanted;
        status = run_choice(going, &begin, &choice, err);
        going->submitted = begin.submitted;
    }
    begin_free(&begin);
    free(choice.wanted);
    free(choice.other);
    return status;
}

// By jobs nothing runs here that would need a keeper.
static int submit_owned(struct going *going, struct err *err)
{
    int run_dir = going->saved->folder.fd;
    if (owner_take(run_dir, err) < 0)
        return -1;
    int status = look_for_jobs(going, err);
    if (status == 0)
        status = go(going, err);
    if (status >= 0 && !going->busy.code)
        status = spec_save(going->spec, run_dir, err) < 0 ? -1 : status;
    owner_leave(run_dir);
    if (status == 0 && going->submitted && going->cli->options.wait)
        status = run_wait(going->cli, going->submitted, err);
    return status;
}

static int go_owned(struct going *going, struct err *err)
{
    int run_dir = going->saved->folder.fd;
    int status;
    enum where where;
    if (where_of_run(going->cli, going->spec, &where, err) < 0)
        return -1;
    going->by_jobs = where == WHERE_SLURM;
    if (going->by_jobs)
        return submit_owned(going, err);
    int is_runner = keep_fork(&going->keep, going->cli, &going->saved->folder, &status, err);
    if (is_runner <= 0)
        return is_runner < 0 ? -1 : status;
    if (owner_take(run_dir, err) < 0)
        return -1;
    status = look_for_jobs(going, err);
    if (status == 0 && !going->busy.code)
        sweep(going->cli, going->saved);
    if (status == 0)
        status = go(going, err);
    owner_leave(run_dir);
    return status;
}

// What this line says stands over what the first line said.
static int override(const struct options *options, struct spec *spec, struct err *err)
{
    if (options->cores)
        spec->ask_cores = options->cores;
    if (options->jobs)
        spec->ask_jobs = options->jobs;
    if (options->threads)
        spec->ask_threads = options->threads;
    spec->overwrite |= options->overwrite;
    spec->strict |= options->strict;
    spec->fast_threadpoolctl |= options->fast_ctl;
    return request_limits(options, spec, err);
}

static int unpack_image(struct cli *cli, const char *image, struct err *err)
{
    if (access(image, R_OK) < 0)
        err_errno(err, ERR_NO_ENV, errno, _("cannot read '%s'"), image);
    else if (env_unpack_for_line(cli, err) == 0)
        return 0;
    return err_hint(err, "try", "%s",
                    _("the line of this run with --resume: its environment is made again"));
}

int resume_run(struct cli *cli, struct saved *saved, enum resume_what what, struct err *err)
{
    struct spec *spec = &saved->spec;
    struct going going = {
        .cli = cli, .saved = saved, .spec = spec, .datasets = &saved->datasets, .what = what};
    if (saved_read_asked(saved, err) < 0 || override(&cli->options, spec, err) < 0)
        return -1;
    strv_add_all(&cli->options.keep, &spec->keep);
    cli->options.fast_ctl = spec->fast_threadpoolctl;
    if (line_modules_load(cli, &spec->modules, err) < 0)
        return -1;
    CLEANUP_FREE char *python = line_modules_program(cli, spec);
    going.python = python;
    cli->options.env = spec->image;
    if (spec->image && unpack_image(cli, spec->image, err) < 0)
        return -1;
    going.env = cli->options.env;
    if (access(spec->script_path, spec->python_path ? R_OK : X_OK) < 0)
        return err_errno(err, ERR_NO_PROGRAM, errno, _("cannot run '%s'"), spec->script_path);
    if (hash_program(spec->script_path, &spec->script_hash, err) < 0)
        return -1;
    // Relative words of tasks and datasets are of the folder that the run began in.
    if (chdir(spec->cwd) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot enter '%s'"), spec->cwd);
    datasets_stat(&saved->datasets, AT_FDCWD);
    return go_owned(&going, err);
}

int resume_with(struct cli *cli, struct saved *saved, struct spec *spec,
                struct datasets *datasets, struct err *err)
{
    struct going going = {
        .cli = cli,
        .saved = saved,
        .spec = spec,
        .datasets = datasets,
        .rewrite = 1,
        .what = RESUME_LEFT,
        .python = cli->options.python,
        .env = cli->options.env,
    };
    if (saved_read_asked(saved, err) < 0)
        return -1;
    if (!spec->slurm.count && cli->options.slurm)
        strv_add_all(&spec->slurm, &saved->spec.slurm);
    spec->seed = saved->spec.seed; // the datasets of a run keep their seeds
    spec->strict |= saved->spec.strict;
    return go_owned(&going, err);
}

int resume_find(const struct spec *spec, struct folder *ret)
{
    size_t count;
    CLEANUP_FREE unsigned *number = folder_list(spec->cwd, &count);
    for (size_t i = count; i-- > 0;) {
        struct spec other = {0};
        int same = folder_open(spec->cwd, number[i], ret, NULL) == 0 &&
                   spec_load(&other, ret->fd, NULL) == 0 && other.line == spec->line;
        spec_free(&other);
        if (same)
            return 1;
        folder_free(ret);
    }
    return 0;
}
