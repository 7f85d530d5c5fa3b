// SPDX-License-Identifier: Apache-2.0
// launch: between a dataset and execve. Nothing is allocated for a task once its slot's buffers
// have grown.
#include "map/launch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/proc.h"
#include "dataset/expand.h"
#include "memory/victim.h"

#define OWN_VARIABLES 11

struct launch {
    const struct run *run;
    const struct rlimit *files;
    struct rlimit space; // of addresses: what tasks may have
    struct victim victim;
    sigset_t ignored;
    struct expand *words, *log, *error_log;
    int folder, null; // the tasks' working folder, borrowed; /dev/null
    size_t shared;    // variables that are the same for all tasks
    char **envp, **argv;
    struct str variables, expanded; // of the task being started
    int made;                       // the folders for TMPDIR
};

static int compile(struct launch *launch, struct err *err)
{
    const struct spec *spec = launch->run->spec;
    const struct datasets *datasets = launch->run->datasets;
    launch->words = spec_template(spec, datasets, err);
    if (!launch->words)
        return -1;
    const char *log = spec->log;
    const char *error_log = spec->error_log;
    if (log && !(launch->log = expand_new(&log, 1, spec->mark, datasets, 0, err)))
        return -1;
    if (error_log &&
        !(launch->error_log = expand_new(&error_log, 1, spec->mark, datasets, 0, err)))
        return -1;
    return 0;
}

static void slot_folder(const struct launch *launch, unsigned slot, struct str *into)
{
    str_print(into, "%s/%u", launch->run->temporary, slot);
}

static int make_folders(struct launch *launch, struct err *err)
{
    launch->made = 1;
    for (unsigned slot = 1; slot <= launch->run->spec->slots; slot++) {
        CLEANUP_STR struct str path = {0};
        slot_folder(launch, slot, &path);
        if (fs_make_dirs(AT_FDCWD, path.text, 0700, err) < 0)
            return -1;
    }
    return 0;
}

// Of addresses, under --mem-hard.
static rlim_t hard_limit(const struct run *run)
{
    const struct spec *spec = run->spec;
    int64_t kb = spec->mem_each_kb ? spec->mem_each_kb : run->memory.kb / spec->slots;
    return spec->mem_hard && kb > 0 ? (rlim_t)kb * 1024 : RLIM_INFINITY;
}

struct launch *launch_new(const struct run *run, int folder, const struct rlimit *files,
                          struct err *err)
{
    struct launch *launch = mem_zero(1, sizeof *launch);
    const struct spec *spec = run->spec;
    launch->run = run;
    launch->files = files;
    proc_ignored(&launch->ignored);
    launch->null = -1;
    launch->space.rlim_cur = launch->space.rlim_max = hard_limit(run);
    victim_open(&launch->victim);
    launch->folder = folder;
    if (!spec->pass_stdin)
        launch->null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (compile(launch, err) < 0 || make_folders(launch, err) < 0) {
        launch_free(launch);
        return NULL;
    }
    launch->shared = run->vars->list.count;
    launch->envp = mem_zero(launch->shared + OWN_VARIABLES + 1, sizeof *launch->envp);
    memcpy(launch->envp, run->vars->list.item, launch->shared * sizeof *launch->envp);
    launch->argv =
        mem_zero(spec->launch.count + expand_count(launch->words) + 1, sizeof *launch->argv);
    memcpy(launch->argv, spec->launch.item, spec->launch.count * sizeof *launch->argv);
    return launch;
}

// A seed of its own for each dataset, the same on every machine and attempt (32 bits: what
// numpy.random.seed takes).
static uint32_t task_seed(uint64_t seed, uint64_t key)
{
    struct hash hash;
    hash_begin(&hash);
    hash_part(&hash, &seed, sizeof seed);
    hash_part(&hash, &key, sizeof key);
    return (uint32_t)hash_end(&hash);
}

void launch_run_name(const struct folder *folder, unsigned parcel, struct str *into)
{
    str_print(into, "LOPIN_RUN=%s", folder->path);
    if (parcel)
        str_print(into, ":%u", parcel);
}

void launch_name(const struct run *run, const struct dataset *dataset,
                 char ret[LAUNCH_NAME_SIZE])
{
    snprintf(ret, LAUNCH_NAME_SIZE, "%u.%016" PRIx64, run->folder->number, dataset->key);
}

static void set_variables(struct launch *launch, const struct launch_task *task)
{
    const struct run *run = launch->run;
    const struct dataset *dataset = task->dataset;
    struct str *text = &launch->variables;
    str_clear(text);
    char name[LAUNCH_NAME_SIZE];
    launch_name(run, dataset, name);
    str_print(text, "LOPIN_TASK=%s%c", name, 0);
    launch_run_name(run->folder, run->parcel, text);
    str_add_char(text, 0);
    str_print(text, "LOPIN_TASK_DATASET=%s%c", dataset->text, 0);
    str_print(text, "LOPIN_TASK_NUMBER=%u%c", dataset->number, 0);
    str_print(text, "LOPIN_TASK_ATTEMPT=%u%c", task->attempt, 0);
    str_print(text, "LOPIN_TASK_SLOT=%u%c", task->slot, 0);
    str_print(text, "LOPIN_TASK_CORES=%u%c", run->spec->threads, 0);
    str_print(text, "LOPIN_TASK_SEED=%" PRIu32 "%c", task_seed(run->spec->seed, dataset->key),
              0);
    str_print(text, "TMPDIR=%s/%u%c", run->temporary, task->slot, 0);
    if (task->deadline_s)
        str_print(text, "LOPIN_TASK_DEADLINE=%" PRId64 "%c", task->deadline_s, 0);
    if (task->out)
        str_print(text, "LOPIN_TASK_OUT=%s%c", task->out, 0);
    char *at = text->text;
    size_t count = launch->shared;
    for (; at < text->text + text->size; at += strlen(at) + 1)
        launch->envp[count++] = at;
    launch->envp[count] = NULL;
}

static void set_words(struct launch *launch, const struct launch_task *task)
{
    struct expand_value value = {
        .dataset = task->dataset, .slot = task->slot, .out = task->out};
    str_clear(&launch->expanded);
    expand_words(launch->words, &value, &launch->expanded);
    size_t count = launch->run->spec->launch.count;
    char *at = launch->expanded.text;
    for (size_t i = 0; i < expand_count(launch->words); i++, at += strlen(at) + 1)
        launch->argv[count++] = at;
    launch->argv[count] = NULL;
}

pid_t launch_start(struct launch *launch, const struct launch_task *task, struct err *err)
{
    set_variables(launch, task);
    set_words(launch, task);
    const struct cpuset *cpus = &launch->run->slots[task->slot - 1];
    struct proc proc = {
        .path = launch->run->spec->program,
        .argv = launch->argv,
        .envp = launch->envp,
        .folder = launch->folder,
        .in = launch->null,
        .out = task->log,
        .error = task->error_log,
        .cpus = cpus->bits,
        .cpus_size = sizeof cpus->bits,
        .files = launch->files,
        .space = launch->space.rlim_cur == RLIM_INFINITY ? NULL : &launch->space,
        .ignored = &launch->ignored,
        .own_group = 1,
        .dies_with_us = 1,
    };
    victim_raise(&launch->victim);
    pid_t pid = proc_start(&proc);
    if (pid < 0)
        err_errno(err,
                  errno == ENOENT || errno == EACCES || errno == ENOEXEC ? ERR_NO_PROGRAM
                                                                         : ERR_SYSTEM,
                  errno, _("cannot execute '%s'"), proc.path);
    return pid;
}

// As it was made. Its times prove nothing: they have the grain of the kernel's clock, and a
// task may be quicker.
static int is_clean(const char *path)
{
    struct stat st;
    int entries = 0;
    if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) || (st.st_mode & 0777) != 0700)
        return 0;
    DIR *stream = opendir(path);
    if (!stream)
        return 0;
    while (entries < 3 && readdir(stream)) // "." and ".."
        entries++;
    closedir(stream);
    return entries < 3;
}

void launch_clean(struct launch *launch, unsigned slot)
{
    CLEANUP_STR struct str path = {0};
    slot_folder(launch, slot, &path);
    if (is_clean(path.text))
        return;
    fs_remove(AT_FDCWD, path.text);
    mkdir(path.text, 0700);
}

// Readable where possible: the cause of a failure is looked for in it.
static int open_log(const char *path)
{
    const int flags = O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC;
    int fd = open(path, O_RDWR | flags, 0666);
    return fd < 0 && errno == EACCES ? open(path, O_WRONLY | flags, 0666) : fd;
}

int launch_log(struct launch *launch, int error, const struct dataset *dataset, unsigned slot,
               struct err *err)
{
    struct expand_value value = {.dataset = dataset, .slot = slot};
    CLEANUP_STR struct str path = {0};
    expand_words(error ? launch->error_log : launch->log, &value, &path);
    CLEANUP_FREE char *whole = fs_absolute(launch->run->spec->cwd, path.text);
    int fd = open_log(whole);
    if (fd < 0 && errno == ENOENT) {
        CLEANUP_FREE char *folder = fs_folder(whole);
        if (fs_make_dirs(AT_FDCWD, folder, 0777, err) < 0)
            return -1;
        fd = open_log(whole);
    }
    if (fd < 0)
        err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), whole);
    return fd;
}

int64_t launch_tend(struct launch *launch, int64_t now)
{
    return victim_tend(&launch->victim, now);
}

void launch_free(struct launch *launch)
{
    if (!launch)
        return;
    if (launch->made)
        fs_remove(AT_FDCWD, launch->run->temporary);
    victim_close(&launch->victim);
    if (launch->null >= 0)
        close(launch->null);
    expand_free(launch->words);
    expand_free(launch->log);
    expand_free(launch->error_log);
    str_free(&launch->variables);
    str_free(&launch->expanded);
    free(launch->envp);
    free(launch->argv);
    free(launch);
}
