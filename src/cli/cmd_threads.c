// SPDX-License-Identifier: Apache-2.0
// cmd_threads: which processes a word means, and the two looks at them.
#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/tree.h"
#include "cli/say.h"
#include "cli/threads_show.h"
#include "cli/threads_watch.h"
#include "run/claims.h"
#include "run/folder.h"
#include "run/owner.h"

#define INTERVAL_US INT64_C(250000)
enum { PEEKS = 4, ROWS = 20, PID_MOST = 1 << 22 };

// What may be typed; returns -1.
static int hint_words(struct err *err)
{
    return err_hint(err, "try", "lopin threads 4242 | run:7 | job:8124");
}

static int elsewhere(const struct folder *folder, const char *host, struct err *err)
{
    err_set(err, ERR_NO_PROCESS, _("run %u is being computed on %s, and not seen from here"),
            folder->number, host);
    return err_hint(err, "try", "ssh %s lopin threads run:%u", host, folder->number);
}

// Those of its processes on this host: its owner, and parcels. Returns how many there are, with one that is
// elsewhere in *ret_other.
static size_t gather(const struct folder *folder, struct threads_target *ret,
                     char ret_other[static 65])
{
    struct owner owner;
    struct tree_list tasks = {0};
    size_t count, found = 0;
    CLEANUP_FREE struct parcel_look *parcel = claims_list(folder->fd, &count);
    owner_look(folder->fd, &owner);
    if (owner.state == OWNER_ALIVE && owner.here) {
        tree_list_children((pid_t)owner.pid, &tasks);
        ret->runner = owner.pid;
        found++;
    } else if (owner.state == OWNER_ALIVE) {
        snprintf(ret_other, 65, "%s", owner.host);
    }
    for (size_t i = 0; i < count; i++) {
        if (!parcel[i].is_alive || parcel[i].is_fenced)
            continue;
        if (!parcel[i].is_here) {
            snprintf(ret_other, 65, "%s", parcel[i].host);
            continue;
        }
        tree_list_children((pid_t)parcel[i].pid, &tasks);
        ret->runner = parcel[i].pid;
        found++;
    }
    ret->roots = tasks.pid;
    ret->count = tasks.count;
    return found;
}

// The tasks of a run that is being computed on this host.
static int find_run(struct folder *folder, struct threads_target *ret, struct err *err)
{
    char other[65] = "";
    size_t found = gather(folder, ret, other);
    if (!found && *other)
        return elsewhere(folder, other, err);
    if (!found) {
        err_set(err, ERR_NO_PROCESS, _("run %u is not being computed"), folder->number);
        return err_hint(err, "try", "lopin report %u", folder->number);
    }
    ret->title = mem_print(_("run %u"), folder->number);
    ret->run = folder->number;
    ret->separate = ret->in_tasks = 1;
    if (!ret->count) {
        err_set(err, ERR_NO_PROCESS, _("run %u has no task that runs now"), folder->number);
        return err_hint(err, "try", "lopin status %u", folder->number);
    }
    return 0;
}

static int find_named_run(const struct cli *cli, const char *which, struct threads_target *ret,
                          struct err *err)
{
    CLEANUP_FOLDER struct folder folder = FOLDER_NONE;
    return folder_find(cli->cwd, which, &folder, err) < 0 ? -1 : find_run(&folder, ret, err);
}

// Without a word: the newest run of this folder that is being computed.
static int find_live_run(const struct cli *cli, struct threads_target *ret, struct err *err)
{
    size_t count;
    CLEANUP_FREE unsigned *number = folder_list(cli->cwd, &count);
    while (count-- > 0) {
        CLEANUP_FOLDER struct folder folder = FOLDER_NONE;
        struct owner owner;
        if (folder_open(cli->cwd, number[count], &folder, NULL) < 0)
            continue;
        owner_look(folder.fd, &owner);
        if (owner.state == OWNER_ALIVE || claims_is_alive(folder.fd))
            return find_run(&folder, ret, err);
    }
    err_set(err, ERR_NO_PROCESS,
            _("no run of this folder is being computed: say which process, run or job"));
    hint_words(err);
    const char *job = vars_get(&cli->vars, "SLURM_JOB_ID");
    return job ? err_hint(err, "try", "lopin threads job:%s", job) : -1;
}

static int find_job(const char *job, struct threads_target *ret, struct err *err)
{
    if (!*job || job[strspn(job, "0123456789")]) {
        err_set(err, ERR_USAGE, _("'%s' is not the number of a Slurm job"), job);
        return err_hint(err, "try", "squeue --me -o %%A");
    }
    ret->roots = census_job("", job, &ret->count);
    if (!ret->count) {
        err_set(err, ERR_NO_PROCESS, _("job %s has no process on this node"), job);
        return err_hint(err, "try", "squeue -j %s -o %%N", job);
    }
    ret->title = mem_print(_("job %s"), job);
    ret->job = mem_dup(job);
    return 0;
}

static int find_pid(const char *word, struct threads_target *ret, struct err *err)
{
    unsigned long pid;
    if (str_number(word, PID_MOST, &pid) < 0 || !pid) {
        err_set(err, ERR_USAGE, _("'%s' is not a process, a run or a job"), word);
        return hint_words(err);
    }
    ret->roots = mem_alloc(sizeof *ret->roots);
    ret->roots[ret->count++] = (pid_t)pid;
    if (census_check("", (pid_t)pid, err) < 0)
        return -1;
    ret->title = mem_print(_("process %lu"), pid);
    return 0;
}

static int find_target(const struct cli *cli, struct threads_target *ret, struct err *err)
{
    if (cli->words.count > 1) {
        err_set(err, ERR_USAGE, _("one at a time: '%s' is too much"), cli->words.item[1]);
        return hint_words(err);
    }
    const char *word = cli->words.count ? cli->words.item[0] : NULL;
    if (!word)
        return find_live_run(cli, ret, err);
    if (str_starts(word, "run:"))
        return find_named_run(cli, word + strlen("run:"), ret, err);
    if (strcmp(word, "last") == 0)
        return find_named_run(cli, word, ret, err);
    if (str_starts(word, "job:"))
        return find_job(word + strlen("job:"), ret, err);
    return find_pid(word, ret, err);
}

static void wait_until(int64_t us)
{
    int64_t left = us - clock_boot_us();
    if (left > 0)
        poll(NULL, 0, (int)((left + 999) / 1000));
}

// Files are read while the time between the two looks passes.
static void sample(struct scene *scene)
{
    int64_t begin = clock_boot_us();
    scene_inspect(scene, begin + INTERVAL_US);
    for (int i = 1; i <= PEEKS; i++) {
        wait_until(begin + INTERVAL_US * i / (PEEKS + 1));
        scene_peek(scene);
    }
    wait_until(begin + INTERVAL_US);
    scene_look(scene);
}

static int gone(const struct threads_target *target, struct err *err)
{
    return err_set(err, ERR_NO_PROCESS, _("%s ended while it was looked at"), target->title);
}

static int show_once(const struct cli *cli, struct scene *scene,
                     const struct threads_target *target, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    sample(scene);
    if (!scene->census.count)
        return gone(target, err);
    if (!cli->options.json)
        threads_add(&text, &cli->out, scene, target, cli->options.verbose ? SIZE_MAX : ROWS);
    else if (threads_add_json(&text, scene, target) < 0)
        return err_set(err, ERR_SYSTEM, _("cannot write '%s'"), "JSON");
    return say_data(cli, &text, err);
}

int cmd_threads(struct cli *cli, struct err *err)
{
    struct threads_target target = {0};
    struct scene scene = {0};
    int status = find_target(cli, &target, err);
    if (status == 0) {
        proc_raise_files(NULL); // descriptors stay open between looks
        scene_begin(&scene, "", target.roots, target.count, target.separate, target.in_tasks);
        status = cli->options.watch ? threads_watch(cli, &scene, &target, err)
                                    : show_once(cli, &scene, &target, err);
    }
    scene_free(&scene);
    threads_target_free(&target);
    return status;
}
