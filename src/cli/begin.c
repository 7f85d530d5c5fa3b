// SPDX-License-Identifier: Apache-2.0
// begin: composes machine, env, threads and map. Whatever can be refused is refused before
// anything is written or started.
#include "cli/begin.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/human.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/table.h"
#include "cli/env_make.h"
#include "cli/line_modules.h"
#include "cli/program.h"
#include "cli/request.h"
#include "cli/say.h"
#include "cli/screen.h"
#include "cli/summary.h"
#include "dataset/expand.h"
#include "dataset/goals.h"
#include "map/again.h"
#include "map/runner.h"
#include "run/glance.h"
#include "run/made.h"
#include "run/saved.h"

static int is_wanted(const struct begin *begin, size_t index)
{
    return !begin->wanted || begin->wanted[index];
}

int begin_request(struct cli *cli, struct spec *spec, struct datasets *datasets,
                  struct err *err)
{
    // A script's mistakes cost no environment; another program may be one of the environment's.
    const char *script = cli->words.count ? cli->words.item[0] : "";
    int late = !*script || program_is_python(script);
    int status = late ? 0 : env_for_line(cli, script, err);
    if (status == 0)
        status = request_read(cli, spec, datasets, err);
    if (status == 0 && late)
        status = env_for_line(cli, script, err);
    return status;
}

int begin_find(struct begin *begin, const char *python, const char *env, struct err *err)
{
    struct spec *spec = begin->spec;
    int needed = !spec->program || spec->python_path;
    if (setting_find(begin->cli, python, env, needed, &begin->setting, err) < 0)
        return -1;
    spec->env_hash = begin->setting.hash;
    line_modules_keep(begin->cli, &spec->modules);
    if (begin->cli->made_image && begin->cli->made_image != spec->image) {
        free(spec->image);
        spec->image = mem_dup(begin->cli->made_image);
    }
    if (!needed)
        return 0;
    const struct python *found = &begin->setting.python;
    char *script = mem_dup(spec->launch.item[spec->launch.count - 1]);
    strv_free(&spec->launch);
    strv_add(&spec->launch, found->path); // a venv's interpreter finds itself by argv[0]
    strv_take(&spec->launch, script);
    free(spec->program);
    free(spec->python);
    free(spec->python_path);
    spec->program = mem_dup(found->path);
    spec->python = mem_dup(found->facts.version);
    spec->python_path = mem_dup(found->path);
    if (!spec->python_name && line_modules_own(begin->cli, found->path))
        spec->python_name = mem_dup(fs_base(found->path));
    return 0;
}

// Expands a pattern of one word for each dataset, made absolute.
static char **expand_paths(const struct begin *begin, const char *pattern, struct err *err)
{
    const struct datasets *datasets = begin->datasets;
    struct expand *expand = expand_new(&pattern, 1, begin->spec->mark, datasets, 0, err);
    if (!expand)
        return NULL;
    char **path = mem_zero(datasets->count + 1, sizeof *path);
    CLEANUP_STR struct str word = {0};
    for (size_t i = 0; i < datasets->count; i++) {
        const struct expand_value value = {.dataset = &datasets->item[i], .slot = 1};
        str_clear(&word);
        expand_words(expand, &value, &word);
        path[i] = fs_absolute(begin->spec->cwd, str_text(&word));
    }
    expand_free(expand);
    return path;
}

static void free_paths(char **path, size_t count)
{
    for (size_t i = 0; path && i < count; i++)
        free(path[i]);
    free(path);
}

// Two tasks must not empty each other's log.
static int check_logs(const struct begin *begin, const char *pattern, struct err *err)
{
    const struct datasets *datasets = begin->datasets;
    if (!pattern || str_starts(pattern, "/dev/"))
        return 0;
    char **path = expand_paths(begin, pattern, err);
    struct table first = {0};
    int result = path ? 0 : -1;
    for (size_t i = 0; path && i < datasets->count && result == 0; i++) {
        uint64_t *place = table_put(&first, path[i], NULL);
        if (*place) {
            result =
                err_set(err, ERR_SAME_OUTPUT, _("datasets %u and %u would both print to '%s'"),
                        datasets->item[*place - 1].number, datasets->item[i].number, path[i]);
            err_hint(err, "try", "-o '%s.{#}'", pattern);
        }
        *place = i + 1;
    }
    table_free(&first);
    free_paths(path, datasets->count);
    return result;
}

// What this run itself has begun may be there, published in the moment when it was killed.
static int check_made(const struct begin *begin, struct err *err)
{
    const struct datasets *datasets = begin->datasets;
    if (begin->spec->overwrite)
        return 0;
    CLEANUP_FREE uint8_t *skip = mem_zero(datasets->count, 1);
    for (size_t i = 0; i < datasets->count; i++)
        skip[i] = !is_wanted(begin, i) ||
                  (begin->state && begin->state->outcome[i].state != OUTCOME_WAITING);
    return made_check(begin->spec->cwd, (const char *const *)begin->goal, datasets->count, skip,
                      err);
}

int begin_check(struct begin *begin, struct err *err)
{
    const struct spec *spec = begin->spec;
    if (check_logs(begin, spec->log, err) < 0 || check_logs(begin, spec->error_log, err) < 0)
        return -1;
    if (!spec->out)
        return 0;
    begin->goal = expand_paths(begin, spec->out, err);
    if (begin->goal && begin->part) // checked when the run was begun
        return 0;
    if (!begin->goal || goals_check((const char *const *)begin->goal, begin->datasets,
                                    begin->wanted, spec->cwd, spec->script_path, err) < 0)
        return -1;
    return check_made(begin, err);
}

int begin_ready(struct begin *begin, struct err *err)
{
    struct spec *spec = begin->spec;
    for (size_t i = 0; i < begin->datasets->count; i++)
        begin->count += is_wanted(begin, i);
    const struct parcel_ask ask = {.cores = spec->ask_cores,
                                   .jobs = spec->ask_jobs,
                                   .threads = spec->ask_threads,
                                   .memory_kb = spec->mem_kb,
                                   .core_kb = spec->mem_cpu_kb,
                                   .each_kb = spec->mem_each_kb,
                                   .tasks = begin->count,
                                   .look = begin->cli->options.dry_run};
    if (parcel_read(&ask, begin->cli, &begin->parcel, err) < 0)
        return -1;
    spec->cores = begin->parcel.cores;
    spec->slots = begin->parcel.slots;
    spec->threads = begin->parcel.threads;
    setting_fill(begin->cli, &begin->parcel, &begin->setting);
    vars_unset(&begin->setting.vars, "TMPDIR"); // each slot has one of its own
    return begin_check(begin, err);
}

// The tasks' TMPDIR: on local disk, by the run's path, so that what a killed runner left is
// found and removed.
static char *temporary_folder(const struct begin *begin, const struct folder *folder,
                              unsigned parcel, unsigned restart)
{
    CLEANUP_FREE char *ours = setting_temporary(&begin->cli->vars, NULL);
    if (!ours)
        return mem_print("%s/tmp", folder->path);
    struct hash hash;
    hash_begin(&hash);
    hash_text(&hash, folder->path);
    if (parcel) // several may be on one node
        hash_part(&hash, &parcel, sizeof parcel);
    uint64_t name = hash_end(&hash);
    for (unsigned before = 0; before <= restart; before++) {
        CLEANUP_FREE char *left = mem_print("%s/%016" PRIx64 "-%u", ours, name, before);
        fs_remove(AT_FDCWD, left);
    }
    return mem_print("%s/%016" PRIx64 "-%u", ours, name, restart);
}

// The wanted ones (begin->count), in the order in which they start. Yours.
static uint32_t *make_order(const struct begin *begin)
{
    uint32_t *order = datasets_order(begin->datasets, begin->spec->order, begin->spec->seed);
    size_t count = 0;
    for (size_t i = 0; i < begin->datasets->count; i++)
        if (is_wanted(begin, order[i]))
            order[count++] = order[i];
    return order;
}

// NULL if nothing came before.
static struct earlier *make_earlier(const struct begin *begin)
{
    if (!begin->state)
        return NULL;
    struct earlier *earlier = mem_zero(begin->datasets->count, sizeof *earlier);
    for (size_t i = 0; i < begin->datasets->count; i++)
        earlier[i] = again_earlier(&begin->state->outcome[i]);
    return earlier;
}

static void say_end(const struct begin *begin, const struct folder *folder,
                    const struct run_result *result)
{
    const struct cli *cli = begin->cli;
    struct saved saved CLEANUP_SAVED = SAVED_NONE;
    struct report report CLEANUP_REPORT = {0};
    CLEANUP_STR struct str text = {0};
    if (result->err.code)
        say_error(cli, &result->err);
    // the reading leaves a summary of a long run
    if (folder_open(begin->spec->cwd, folder->number, &saved.folder, NULL) < 0 ||
        glance_read(&saved, &report, NULL) < 0 || cli->options.json ||
        (cli->options.quiet && !result->failed))
        return;
    summary_add(&text, cli, &cli->talk, &saved, &report);
    if (result->left)
        str_print(&text,
                  lang_plural("%zu process that a task had left running was ended\n",
                              "%zu processes that tasks had left running were ended\n",
                              result->left),
                  result->left);
    term_write(&cli->talk, &text);
}

static int exit_status(const struct begin *begin, const struct run_result *result)
{
    size_t failed = result->failed;
    for (size_t i = 0; begin->state && i < begin->datasets->count; i++)
        failed += !is_wanted(begin, i) && begin->state->outcome[i].state == OUTCOME_FAILED;
    if (result->err.code)
        return err_status(result->err.code);
    if (result->why == WHY_HALT) // as it was asked to
        return failed ? STATUS_FAILED : 0;
    if (result->stopped || result->not_started)
        return STATUS_LEFT;
    return failed ? STATUS_FAILED : 0;
}

// Of a signal that stopped the run another copy may be on its way (keeper.h): it must not end us
// before we have said what is left.
static int run_it(const struct run *run, const struct runner_listener *listener,
                  struct run_result *ret, struct err *err)
{
    sigset_t stops, before;
    sigemptyset(&stops);
    sigaddset(&stops, SIGHUP);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGTERM);
    sigprocmask(SIG_BLOCK, &stops, &before);
    int begun = runner_run(run, listener, ret, err);
    if (begun < 0 || !ret->signal)
        sigprocmask(SIG_SETMASK, &before, NULL);
    return begun;
}

int begin_run(struct begin *begin, const struct folder *folder, unsigned restart,
              struct err *err)
{
    CLEANUP_FREE uint32_t *order = begin->part ? NULL : make_order(begin);
    CLEANUP_FREE struct earlier *earlier = make_earlier(begin);
    unsigned parcel = begin->part ? begin->part->parcel : 0;
    CLEANUP_FREE char *temporary = temporary_folder(begin, folder, parcel, restart);
    const struct run run = {
        .spec = begin->spec,
        .datasets = begin->datasets,
        .order = order,
        .count = begin->part ? 0 : begin->count,
        .kept = begin->state ? begin->state->done : 0,
        .earlier = begin->part ? begin->part->earlier : earlier,
        .goal = (const char *const *)begin->goal,
        .slots = begin->parcel.slot,
        .memory = begin->parcel.memory,
        .vars = &begin->setting.vars,
        .temporary = temporary,
        .folder = folder,
        .parcel = parcel,
        .restart = restart,
        .share = begin->part ? begin->part->share : NULL,
        .is_brief = begin->part != NULL,
    };
    struct screen *screen = screen_new(begin->cli, &run);
    const struct runner_listener listener =
        keep_listener(&begin->keep, screen_listener(screen));
    struct run_result result;
    int begun = run_it(&run, &listener, &result, err);
    int status = begun < 0 ? -1 : exit_status(begin, &result);
    if (begun == 0)
        screen_end(screen, &result, status);
    screen_free(screen);
    if (begun == 0 && begin->part)
        begin->part->result = result;
    else if (begun == 0)
        say_end(begin, folder, &result);
    return status;
}

void begin_say(const struct begin *begin, unsigned number, const char *what)
{
    const struct cli *cli = begin->cli;
    CLEANUP_STR struct str label = {0};
    CLEANUP_STR struct str text = {0};
    str_print(&label, _("run %u"), number);
    if (what)
        str_add(&text, what);
    else
        str_add_visible(&text, begin->spec->script, strlen(begin->spec->script));
    str_add(&text, ", ");
    summary_add_shape(&text, begin->spec, what ? 0 : begin->count);
    str_add(&text, ", ");
    parcel_add(&text, &begin->parcel);
    say_label(cli, label.text, "%s", text.text);
    setting_say(cli, &begin->setting);
}

void begin_free(struct begin *begin)
{
    free_paths(begin->goal, begin->datasets ? begin->datasets->count : 0);
    setting_free(&begin->setting);
    parcel_free(&begin->parcel);
}
