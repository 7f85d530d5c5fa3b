// SPDX-License-Identifier: Apache-2.0
// cmd_try: `lopin try --threads SCRIPT DATASET`: one dataset on 1, 2, 4, ... threads within the parcel.
//
// The task is started as map would start it, with its variables, cores and hook; {out} leads to a folder
// of ours that is removed, so nothing of the user's is touched. The first tries read the disk: each
// number of threads is tried up to three times, in turn, and its quickest try counts.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/human.h"
#include "base/lang.h"
#include "base/left.h"
#include "base/mem.h"
#include "cli/begin.h"
#include "cli/line_modules.h"
#include "cli/say.h"
#include "cli/try.h"
#include "dataset/expand.h"
#include "map/output.h"
#include "map/trial.h"
#include "run/failure.h"

enum { TRIES = 3, ENOUGH_US = 60 * 1000000, TAIL = 65536, WIDTHS = 16 };

struct tries {
    struct cli *cli;
    struct begin begin;
    const struct dataset *dataset;
    char *folder, *out; // of ours, to be removed; the path for {out}, or NULL
    struct gain_width width[WIDTHS];
    size_t count;
};

// 1, 2, 4, ... and last all cores of the parcel.
static void list_widths(struct tries *tries)
{
    unsigned cores = tries->begin.parcel.cores;
    for (unsigned threads = 1; threads < cores && tries->count < WIDTHS - 1; threads *= 2)
        tries->width[tries->count++].threads = threads;
    tries->width[tries->count++].threads = cores;
}

// The middle one by size: the largest may be an exception, the smallest is quick.
static const struct dataset *choose(const struct datasets *datasets)
{
    CLEANUP_FREE uint32_t *order = datasets_order(datasets, ORDER_SIZE, 0);
    return &datasets->item[order[datasets->count / 2]];
}

// {out} keeps the name that its goal would have: numpy looks at the ending.
static int find_out(struct tries *tries, struct err *err)
{
    const struct spec *spec = tries->begin.spec;
    const char *pattern = spec->out;
    CLEANUP_STR struct str goal = {0};
    if (!pattern)
        return 0;
    struct expand *expand = expand_new(&pattern, 1, spec->mark, tries->begin.datasets, 0, err);
    if (!expand)
        return -1;
    const struct expand_value value = {.dataset = tries->dataset, .slot = 1};
    expand_words(expand, &value, &goal);
    expand_free(expand);
    tries->out = mem_print("%s/out/%s", tries->folder, fs_base(str_text(&goal)));
    return 0;
}

static int make_folder(struct tries *tries, struct err *err)
{
    CLEANUP_FREE char *above = setting_temporary(&tries->cli->vars, err);
    if (!above)
        return -1;
    left_sweep(above, "try-");
    tries->folder = left_name(above, "try-");
    return fs_make_dirs(AT_FDCWD, tries->folder, 0700, err);
}

static void read_tail(const char *log, struct str *ret)
{
    CLEANUP_FREE char *bytes = mem_zero(TAIL, 1);
    CLEANUP_CLOSE int fd = open(log, O_RDONLY | O_CLOEXEC);
    off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    ssize_t count = fd < 0 ? 0 : pread(fd, bytes, TAIL, size > TAIL ? size - TAIL : 0);
    str_add_bytes(ret, bytes, count > 0 ? (size_t)count : 0);
}

static int failed(const struct tries *tries, const struct trial *trial, const char *log,
                  const struct gain_width *width, struct err *err)
{
    struct failure failure = {0};
    CLEANUP_STR struct str tail = {0};
    CLEANUP_FREE char *folder = fs_folder(tries->begin.spec->script_path);
    if (trial->timed_out)
        failure_timeout(tries->begin.spec->timeout_us, &failure);
    else {
        read_tail(log, &tail);
        failure_find(trial->status, tail.text, tail.size, folder, &failure);
    }
    err_set(err, failure.code,
            lang_plural("it failed on %u thread: %s", "it failed on %u threads: %s",
                        width->threads),
            width->threads, failure.detail);
    return err_hint(err, "try", "lopin run %s ...", tries->begin.spec->script);
}

// Returns 0, or -1 with err: it could not be started, or failed, or we were asked to stop (trial->signal).
static int try_once(struct tries *tries, struct gain_width *width, struct trial *trial,
                    struct err *err)
{
    struct begin *begin = &tries->begin;
    struct cpuset slot;
    CLEANUP_FREE char *log = mem_print("%s/log", tries->folder);
    CLEANUP_FREE char *temporary = mem_print("%s/tmp", tries->folder);
    begin->parcel.threads = begin->spec->threads = width->threads;
    if (allot_cut(&begin->parcel.allot, 1, width->threads, &slot, err) < 0)
        return -1;
    vars_free(&begin->setting.vars);
    strv_free(&begin->setting.dropped);
    strv_free(&begin->setting.lowered);
    setting_fill(tries->cli, &begin->parcel, &begin->setting);
    vars_unset(&begin->setting.vars, "TMPDIR");
    const struct folder folder = {.fd = -1, .path = tries->folder};
    const struct run run = {.spec = begin->spec,
                            .datasets = begin->datasets,
                            .slots = &slot,
                            .memory = begin->parcel.memory,
                            .vars = &begin->setting.vars,
                            .temporary = temporary,
                            .folder = &folder};
    CLEANUP_CLOSE int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || (tries->out && output_prepare(tries->out, 0, err) < 0))
        return fd < 0 ? err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), log) : -1;
    struct launch *launch = launch_new(&run, -1, NULL, err);
    const struct launch_task task = {.dataset = tries->dataset,
                                     .slot = 1,
                                     .attempt = 1,
                                     .out = tries->out,
                                     .log = fd,
                                     .error_log = fd};
    int status = launch ? trial_run(launch, &task, begin->spec->timeout_us, trial, err) : -1;
    launch_free(launch);
    if (status == 0 && !trial->signal && (trial->status || trial->timed_out))
        status = failed(tries, trial, log, width, err);
    if (tries->out)
        output_drop(tries->out);
    return status;
}

static void keep_least(struct gain_width *width, const struct trial *trial)
{
    if (!width->tries++ || trial->wall_us < width->wall_us) {
        width->wall_us = trial->wall_us;
        width->cpu_us = trial->cpu_us;
    }
    if (trial->peak_kb > width->peak_kb)
        width->peak_kb = trial->peak_kb;
}

// Returns 0, -1 with err, or the number of the signal that ended it.
static int measure(struct tries *tries, struct err *err)
{
    int64_t begin = clock_boot_us();
    for (int turn = 1; turn <= TRIES; turn++) {
        for (size_t i = 0; i < tries->count; i++) {
            struct trial trial = {0};
            try_tell(tries->cli, &tries->width[i], turn);
            int status = try_once(tries, &tries->width[i], &trial, err);
            try_tell(tries->cli, NULL, 0);
            if (status < 0 || trial.signal)
                return status < 0 ? -1 : trial.signal;
            keep_least(&tries->width[i], &trial);
        }
        int64_t spent = clock_boot_us() - begin;
        if (spent / turn * (turn + 1) > ENOUGH_US)
            break;
    }
    return 0;
}

static int show(const struct tries *tries, struct err *err)
{
    const struct begin *begin = &tries->begin;
    const struct try_result result = {
        .ask = {.width = tries->width,
                .count = tries->count,
                .cores = begin->parcel.cores,
                .memory_kb = begin->parcel.memory.kb,
                .datasets = begin->datasets->count},
        .script = begin->spec->script,
        .dataset = tries->dataset,
    };
    return tries->cli->options.json ? try_show_json(tries->cli, &result, err)
                                    : try_show(tries->cli, &result, err);
}

static int ready(struct tries *tries, struct err *err)
{
    struct begin *begin = &tries->begin;
    const struct options *options = &tries->cli->options;
    const struct parcel_ask ask = {.cores = options->cores,
                                   .tasks = 1,
                                   .whole = 1,
                                   .memory_kb = begin->spec->mem_kb,
                                   .core_kb = begin->spec->mem_cpu_kb};
    // Where its log goes, and what it prints, is ours here.
    free(TAKE(begin->spec->log));
    free(TAKE(begin->spec->error_log));
    tries->dataset = choose(begin->datasets);
    if ((!begin->spec->program || options->python || options->env) &&
        line_modules_python(tries->cli, options->python, err) < 0)
        return -1;
    if (begin_find(begin, options->python, options->env, err) < 0 ||
        parcel_read(&ask, tries->cli, &begin->parcel, err) < 0 || make_folder(tries, err) < 0)
        return -1;
    begin->spec->slots = 1;
    begin->spec->cores = begin->parcel.cores;
    list_widths(tries);
    return find_out(tries, err);
}

static int no_kind(struct err *err)
{
    err_set(err, ERR_USAGE, _("what is to be tried is not said"));
    return err_hint(err, "try", "lopin try --threads SCRIPT DATASET");
}

int cmd_try(struct cli *cli, struct err *err)
{
    struct spec spec = {0};
    struct datasets datasets = {0};
    struct tries tries = {.cli = cli,
                          .begin = {.cli = cli, .spec = &spec, .datasets = &datasets}};
    if (!cli->options.by_threads)
        return no_kind(err);
    int status = begin_request(cli, &spec, &datasets, err);
    if (status == 0)
        status = ready(&tries, err);
    int signal = status == 0 ? measure(&tries, err) : -1;
    if (signal == 0)
        status = show(&tries, err);
    if (tries.folder)
        fs_remove(AT_FDCWD, tries.folder);
    free(tries.folder);
    free(tries.out);
    begin_free(&tries.begin);
    datasets_free(&datasets);
    spec_free(&spec);
    if (signal > 0)
        raise(signal);
    return signal < 0 ? -1 : status;
}
