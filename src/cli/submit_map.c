// SPDX-License-Identifier: Apache-2.0
// submit_map: all that can be found wrong is found before anything is written; the run is whole before its
// job is handed over, so that a parcel that begins at once finds it.
#include "cli/submit_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/size.h"
#include "cli/jobs.h"
#include "cli/line_modules.h"
#include "cli/say.h"
#include "cli/sbatch.h"
#include "cli/shape.h"
#include "cli/slurm_line.h"
#include "cli/summary.h"
#include "run/owner.h"
#include "run/round.h"
#include "run/submission.h"
#include "sched/limits.h"
#include "sched/script.h"
#include "sched/slurm.h"

// How the wanted datasets are shared out.
struct cut {
    unsigned parcels;
    struct round round;
    struct shape shape;
};

static void cut_free(struct cut *cut)
{
    round_free(&cut->round);
    shape_free(&cut->shape);
}

// Puts an option of sbatch in the place of what the list says of the same.
static void replace(struct strv *list, const char *option)
{
    size_t name = strcspn(option, "=");
    for (size_t i = 0; i < list->count; i++) {
        if (strncmp(list->item[i], option, name) != 0 || !strchr("=", list->item[i][name]))
            continue;
        free(list->item[i]);
        list->item[i] = mem_dup(option);
        return;
    }
    strv_add(list, option);
}

// Of a run that computed here, what it asked for.
static void take_limits(const struct spec *spec, struct strv *into)
{
    CLEANUP_STR struct str time = {0};
    CLEANUP_STR struct str memory = {0};
    if (spec->time_us) {
        limits_add_time(&time, spec->time_us);
        strv_take(into, mem_print("--time=%s", time.text));
    }
    size_add(&memory, spec->mem_kb ? spec->mem_kb : spec->mem_cpu_kb);
    if (spec->mem_kb || spec->mem_cpu_kb)
        strv_take(into,
                  mem_print("--%s=%s", spec->mem_kb ? "mem" : "mem-per-cpu", memory.text));
}

int submit_map_line(struct begin *begin, struct err *err)
{
    const struct cli *cli = begin->cli;
    struct spec *spec = begin->spec;
    CLEANUP_STRV struct strv said = {0};
    CLEANUP_FREE char *name = mem_dup(spec->name ? spec->name : fs_base(spec->script));
    if (!spec->slurm.count)
        take_limits(spec, &spec->slurm);
    if (slurm_line_options(cli, name, &said, err) < 0)
        return -1;
    for (size_t i = 0; i < said.count; i++)
        if (!str_starts(said.item[i], "--chdir=")) // where we are already
            replace(&spec->slurm, said.item[i]);
    const char *limit = cli->options.array ? strrchr(cli->options.array, '%') : NULL;
    if (limit && !cli->options.parcels) // sbatch's "LIST%N"
        spec->parcels = (unsigned)strtoul(limit + 1, NULL, 10);
    spec->parcels = cli->options.parcels ? cli->options.parcels : spec->parcels;
    spec->chunk = cli->options.chunk ? cli->options.chunk : spec->chunk;
    return 0;
}

// As a node will cut it: so that what is said of it is right, and a wrong line is refused here.
static int divide(struct spec *spec, struct err *err)
{
    unsigned threads = spec->ask_threads ? spec->ask_threads : 1;
    unsigned cores = spec->ask_cores  ? spec->ask_cores
                     : spec->ask_jobs ? spec->ask_jobs * threads
                                      : threads;
    unsigned jobs = spec->ask_jobs ? spec->ask_jobs : cores / threads;
    if (!jobs || jobs * threads > cores)
        return err_set(err, ERR_OVERSUBSCRIBED,
                       _("-j %u times -T %u are %u cores, and the run has %u"), jobs ? jobs : 1,
                       threads, (jobs ? jobs : 1) * threads, cores);
    spec->cores = cores;
    spec->slots = jobs;
    spec->threads = threads;
    return 0;
}

static int is_wanted(const struct begin *begin, size_t index)
{
    return !begin->wanted || begin->wanted[index];
}

static int cut(const struct begin *begin, struct cut *ret, struct err *err)
{
    const struct spec *spec = begin->spec;
    const struct datasets *datasets = begin->datasets;
    struct round *round = &ret->round;
    round->order = datasets_order(datasets, spec->order, spec->seed);
    for (size_t i = 0; i < datasets->count; i++)
        if (is_wanted(begin, round->order[i]))
            round->order[round->count++] = round->order[i];
    if (shape_round(begin, round, &ret->shape, err) < 0)
        return -1;
    ret->parcels = (unsigned)ret->shape.parcels.count;
    return 0;
}

static int add_options(const struct begin *begin, const struct cut *cut, const char *folder,
                       struct strv *into, struct err *err)
{
    const struct spec *spec = begin->spec;
    int has_nodes = 0;
    strv_add_all(into, &spec->slurm);
    for (size_t i = 0; i < spec->slurm.count; i++)
        has_nodes |= str_starts(spec->slurm.item[i], "--nodes");
    if (!has_nodes)
        strv_add(into, "--nodes=1");
    strv_add(into, "--ntasks-per-node=1");
    int has_cores = 0;
    for (size_t i = 0; i < spec->slurm.count; i++)
        has_cores |= str_starts(spec->slurm.item[i], "--cpus-per-task");
    if (!has_cores)
        strv_take(into, mem_print("--cpus-per-task=%u", spec->cores));
    unsigned long at_once = cut->shape.parcels.at_once;
    if (cut->parcels > 1 && at_once)
        strv_take(into, mem_print("--array=1-%u%%%lu", cut->parcels, at_once));
    else if (cut->parcels > 1)
        strv_take(into, mem_print("--array=1-%u", cut->parcels));
    strv_take(into, mem_print("--chdir=%s", spec->cwd));
    if (folder &&
        sbatch_pattern("output", folder, cut->parcels > 1 ? "slurm-%A_%a.log" : "slurm-%j.log",
                       into, err) < 0)
        return -1;
    strv_add(into, "--open-mode=append");
    strv_add(into, "--requeue");
    return 0;
}

// Before the run is there: the line again, without what was said of this look at it.
static void add_finds(const struct cli *cli, struct job_script *script)
{
    size_t count = 0;
    while (cli->typed[count])
        count++;
    script->finds_about = "the run, as that line makes it: by the first of these jobs that "
                          "starts, for all of them";
    strv_take(&script->finds, fs_self());
    strv_add(&script->finds, "map");
    strv_add(&script->finds, "--no-submit");
    for (size_t i = 0; i < count; i++) {
        const char *word = cli->typed[i];
        int is_option = i + cli->words.count < count;
        if (!is_option || (strcmp(word, "--dry-run") != 0 && strcmp(word, "--resume") != 0))
            strv_add(&script->finds, word);
    }
}

// `folder`: of the run, or NULL.
static int write_script(const struct begin *begin, const struct cut *cut, const char *folder,
                        struct str *into, struct err *err)
{
    CLEANUP_STR struct str about = {0};
    str_add(&about, "one agent a node: it ");
    if (begin->spec->modules.count) {
        str_add(&about, "loads modules ");
        line_modules_add(&begin->spec->modules, &about);
        str_add(&about, ", and ");
    }
    str_add(&about, "computes datasets of the run until none is left");
    struct job_script script = {.line = sbatch_line(begin->cli), .about = about.text};
    int result = add_options(begin, cut, folder, &script.options, err);
    struct strv *words = &script.words;
    strv_add(words, "srun");
    strv_add(words, "--ntasks-per-node=1");
    strv_take(words, mem_print("--cpus-per-task=%u", begin->spec->cores));
    strv_add(words, "--export=ALL");
    strv_take(words, fs_self());
    if (begin->cli->options.verbose)
        strv_add(words, "--verbose");
    strv_add(words, "parcel");
    if (folder)
        strv_add(words, folder);
    else
        add_finds(begin->cli, &script);
    if (result == 0)
        result = job_script_write(&script, into, err);
    free((char *)script.line);
    job_script_free(&script);
    return result;
}

static unsigned nodes_of(const struct cut *cut)
{
    unsigned long nodes = cut->shape.cluster.job.nodes;
    return nodes ? (unsigned)nodes : 1;
}

char *submit_map_path(const struct folder *folder)
{
    return mem_print("%s/" SUBMIT_MAP_SCRIPT, folder->path);
}

// Where the answer was lost Slurm may have the job, and its queue tells. Returns 0, or -1 with err: that it was
// refused, or with *ret_unsure that nobody knows.
static int hand_over(const struct cli *cli, const struct folder *folder, char **ret_job,
                     int *ret_unsure, struct err *err)
{
    CLEANUP_FREE char *script = submit_map_path(folder);
    struct err refused = {0};
    if (sbatch_send(cli, script, NULL, ret_job, ret_unsure, &refused) == 0)
        return 0;
    CLEANUP_STRV struct strv jobs = {0};
    CLEANUP_ANSWER struct slurm_answer queue = {0};
    int asked = *ret_unsure ? jobs_of_script(cli, folder, &queue, &jobs) : 0;
    if (jobs.count) {
        *ret_job = mem_dup(jobs.item[0]);
        return 0;
    }
    // It may come to the queue later than the answer of squeue.
    *ret_unsure &= asked < 0 || refused.code == ERR_SLURM_SILENT;
    if (*ret_unsure)
        err_hint(&refused, "try", _("lopin resume %u, which hands over what no job has"),
                 folder->number);
    if (err)
        *err = refused;
    return -1;
}

static int save_script(const struct begin *begin, const struct cut *cut,
                       const struct folder *folder, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    return write_script(begin, cut, folder->path, &text, err) < 0
               ? -1
               : fs_replace(folder->fd, SUBMIT_MAP_SCRIPT, text.text, text.size, 0700, 1, err);
}

static int save_submission(const struct begin *begin, const struct cut *cut,
                           const struct folder *folder, const char *job, int64_t at_us,
                           struct err *err)
{
    struct submission submission = {.round = cut->round.number,
                                    .parcels = cut->parcels,
                                    .nodes = nodes_of(cut),
                                    .cores = begin->spec->cores,
                                    .time_us = begin->spec->time_us,
                                    .at_us = at_us};
    snprintf(submission.job, sizeof submission.job, "%s", job);
    return submission_save(&submission, folder->fd, err);
}

// *ret_is_sent: Slurm has the job, or may have it.
static int submit(struct begin *begin, const struct cut *cut, const struct folder *folder,
                  char **ret_job, int *ret_is_sent, struct err *err)
{
    int64_t at_us = clock_wall_us();
    if (save_script(begin, cut, folder, err) < 0 ||
        hand_over(begin->cli, folder, ret_job, ret_is_sent, err) < 0)
        return -1;
    *ret_is_sent = 1;
    return save_submission(begin, cut, folder, *ret_job, at_us, err);
}

static void say_run(const struct begin *begin, const struct cut *cut,
                    const struct folder *folder)
{
    const struct cli *cli = begin->cli;
    CLEANUP_STR struct str label = {0};
    CLEANUP_STR struct str text = {0};
    str_print(&label, _("run %u"), folder->number);
    str_add_visible(&text, begin->spec->script, strlen(begin->spec->script));
    str_print(&text, lang_plural(", %zu dataset", ", %zu datasets", cut->round.count),
              cut->round.count);
    str_print(&text, lang_plural(", %u parcel", ", %u parcels", cut->parcels), cut->parcels);
    str_print(&text, lang_plural(" of %u core", " of %u cores", begin->spec->cores),
              begin->spec->cores);
    if (nodes_of(cut) > 1)
        str_print(&text, _(" on each of %u nodes"), nodes_of(cut));
    say_label(cli, label.text, "%s", text.text);
    shape_say(begin, &cut->shape, 0);
    setting_say(cli, &begin->setting);
}

static int say_submitted(const struct begin *begin, const struct cut *cut,
                         const struct folder *folder, const char *job, struct err *err)
{
    const struct cli *cli = begin->cli;
    CLEANUP_STR struct str data = {0};
    say_run(begin, cut, folder);
    str_print(&data, "job %s\n", job);
    if (say_data(cli, &data, err) < 0)
        return -1;
    if (!cli->options.wait)
        say_label(cli, _("then"), "lopin status %u | lopin wait %u | lopin cancel %u",
                  folder->number, folder->number, folder->number);
    return 0;
}

// The round, then the job; without a job there is no round in force that anybody computes.
static int begin_round(struct begin *begin, struct cut *cut, const struct folder *folder,
                       int *ret_is_sent, struct err *err)
{
    CLEANUP_FREE char *job = NULL;
    *ret_is_sent = 0;
    cut->round.number = round_last(folder->fd) + 1;
    if (round_save(&cut->round, begin->datasets, folder->fd, err) < 0 ||
        submit(begin, cut, folder, &job, ret_is_sent, err) < 0)
        return -1;
    begin->submitted = folder->number;
    return say_submitted(begin, cut, folder, job, err);
}

static int write_run(const struct begin *begin, const struct folder *folder, struct err *err)
{
    if (owner_take(folder->fd, err) < 0 ||
        datasets_save(begin->datasets, folder->fd, err) < 0 ||
        spec_save(begin->spec, folder->fd, err) < 0)
        return -1;
    return 0;
}

static int ready(struct begin *begin, struct cut *cut_, struct err *err)
{
    struct parcel *parcel = &begin->parcel;
    if (divide(begin->spec, err) < 0 || cut(begin, cut_, err) < 0)
        return -1;
    begin->count = cut_->round.count;
    parcel->cores = begin->spec->cores;
    parcel->slots = begin->spec->slots;
    parcel->threads = begin->spec->threads;
    return 0;
}

// All that can be refused is refused here.
static int ready_to_submit(struct begin *begin, struct cut *cut_, struct err *err)
{
    CLEANUP_FREE char *sbatch = slurm_find("sbatch", &begin->cli->vars, err);
    return sbatch && begin_check(begin, err) == 0 ? ready(begin, cut_, err) : -1;
}

int submit_map_script(struct begin *begin, const char *folder, struct str *into,
                      struct err *err)
{
    struct cut cut = {0};
    int result = ready(begin, &cut, err);
    if (result == 0)
        result = write_script(begin, &cut, folder, into, err);
    if (result == 0 && begin->cli->options.dry_run)
        shape_say(begin, &cut.shape, 1);
    cut_free(&cut);
    return result;
}

int submit_map_start(struct begin *begin, struct err *err)
{
    struct folder folder CLEANUP_FOLDER = FOLDER_NONE;
    struct cut cut = {0};
    int is_sent = 0;
    int result = ready_to_submit(begin, &cut, err);
    if (result == 0)
        result = folder_make(begin->spec->cwd, &folder, err);
    if (result == 0) {
        result = write_run(begin, &folder, err);
        if (result == 0)
            result = begin_round(begin, &cut, &folder, &is_sent, err);
        if (is_sent) // a job that began would find nothing
            folder_mark_last(begin->spec->cwd, folder.number);
        else
            folder_drop(&folder);
        owner_leave(folder.fd);
    }
    cut_free(&cut);
    return result;
}

static int hold(struct begin *begin, struct cut *cut, const char *job,
                const struct folder *folder, struct err *err)
{
    cut->round.number = round_last(folder->fd) + 1;
    if (write_run(begin, folder, err) < 0 ||
        round_save(&cut->round, begin->datasets, folder->fd, err) < 0 ||
        save_script(begin, cut, folder, err) < 0 ||
        (job && save_submission(begin, cut, folder, job, clock_wall_us(), err) < 0))
        return -1;
    folder_mark_last(begin->spec->cwd, folder->number);
    say_run(begin, cut, folder);
    return 0;
}

int submit_map_hold(struct begin *begin, const char *job, struct folder *ret, struct err *err)
{
    struct cut cut = {0};
    int result = -1;
    if (begin_check(begin, err) == 0 && ready(begin, &cut, err) == 0)
        result = folder_make(begin->spec->cwd, ret, err);
    if (result == 0) {
        result = hold(begin, &cut, job, ret, err);
        if (result < 0)
            folder_drop(ret);
        owner_leave(ret->fd);
    }
    cut_free(&cut);
    return result;
}

int submit_map_again(struct begin *begin, const struct folder *folder, struct err *err)
{
    struct cut cut = {0};
    int is_sent = 0;
    int result = ready_to_submit(begin, &cut, err);
    if (begin->state) {
        cut.round.done = begin->state->done;
        cut.round.failed = begin->state->failed;
    }
    if (result == 0)
        result = begin_round(begin, &cut, folder, &is_sent, err);
    cut_free(&cut);
    return result;
}
