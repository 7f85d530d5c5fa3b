// SPDX-License-Identifier: Apache-2.0
// cmd_map: a new run, or with --resume the last one of the same line.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/begin.h"
#include "cli/claim.h"
#include "cli/crew_look.h"
#include "cli/line_modules.h"
#include "cli/option.h"
#include "cli/resume.h"
#include "cli/run_wait.h"
#include "cli/say.h"
#include "cli/submit_hold.h"
#include "cli/submit_map.h"
#include "cli/summary.h"
#include "cli/where.h"
#include "dataset/expand.h"
#include "run/glance.h"
#include "run/owner.h"
#include "run/saved.h"

#define SHOWN 5 // tasks of a --dry-run

// The words of a task as a shell would take them.
static void add_task(const struct begin *begin, const struct expand *expand, size_t index,
                     struct str *text)
{
    const struct spec *spec = begin->spec;
    const struct dataset *dataset = &begin->datasets->item[index];
    const char *out = begin->goal ? begin->goal[index] : NULL;
    const struct expand_value value = {.dataset = dataset, .slot = 1, .out = out};
    CLEANUP_STR struct str words = {0};
    expand_words(expand, &value, &words);
    str_print(text, "%6u ", dataset->number);
    for (size_t i = 0; i < spec->launch.count; i++) {
        str_add_char(text, ' ');
        str_add_shell(text, spec->launch.item[i]);
    }
    const char *at = str_text(&words);
    for (size_t i = 0; i < expand_count(expand); i++, at += strlen(at) + 1) {
        str_add_char(text, ' ');
        str_add_shell(text, at);
    }
    str_add_char(text, '\n');
}

static void add_slots(const struct begin *begin, struct str *text)
{
    for (unsigned i = 0; i < begin->spec->slots && i < SHOWN; i++) {
        str_print(text, _("  slot %u: CPUs "), i + 1);
        cpuset_format(&begin->parcel.slot[i], text);
        str_add_char(text, '\n');
    }
    if (begin->spec->slots > SHOWN)
        str_print(text, _("  ... and %u more\n"), begin->spec->slots - SHOWN);
}

// What would run, in the order of starting. Nothing is touched.
static int dry_run(const struct begin *begin, struct err *err)
{
    const struct spec *spec = begin->spec;
    struct expand *expand = spec_template(spec, begin->datasets, err);
    if (!expand)
        return -1;
    CLEANUP_FREE uint32_t *order = datasets_order(begin->datasets, spec->order, spec->seed);
    CLEANUP_STR struct str text = {0};
    summary_add_shape(&text, spec, begin->count);
    str_add(&text, ", ");
    parcel_add(&text, &begin->parcel);
    str_add_char(&text, '\n');
    add_slots(begin, &text);
    size_t shown =
        begin->cli->options.verbose || begin->count <= SHOWN + 1 ? begin->count : SHOWN;
    for (size_t i = 0; i < shown; i++)
        add_task(begin, expand, order[i], &text);
    if (shown < begin->count)
        str_print(&text, _("  ... and %zu more (-v shows all)\n"), begin->count - shown);
    expand_free(expand);
    setting_say(begin->cli, &begin->setting);
    return say_data(begin->cli, &text, err);
}

// Somebody who types the line again may want what the last one left.
static void say_unfinished(const struct cli *cli, const struct spec *spec)
{
    struct saved saved CLEANUP_SAVED = SAVED_NONE;
    struct report report CLEANUP_REPORT = {0};
    struct crew_queue queue CLEANUP_QUEUE = {0};
    struct crew crew CLEANUP_CREW = {0};
    if (!resume_find(spec, &saved.folder))
        return;
    crew_read(saved.folder.fd, &crew);
    if (glance_read(&saved, &report, NULL) < 0)
        return;
    crew_look(cli, &saved, &queue, CREW_WAIT_US, &crew);
    struct standing standing = summary_standing(&saved);
    if (standing.running || standing.waiting)
        say(cli, _("run %u of this line is not over: lopin status %u"), saved.folder.number,
            saved.folder.number);
    else if (standing.left)
        say(cli,
            _("run %u of this line has %zu of %zu left; to go on with it instead: lopin resume "
              "%u"),
            saved.folder.number, standing.left, saved.state.count, saved.folder.number);
}

// It is ours before it is a run, which run.json makes it: nobody can come between.
static int write_run(const struct spec *spec, const struct datasets *datasets,
                     const struct folder *folder, struct err *err)
{
    if (owner_take(folder->fd, err) < 0 || datasets_save(datasets, folder->fd, err) < 0 ||
        spec_save(spec, folder->fd, err) < 0)
        return -1;
    folder_mark_last(spec->cwd, folder->number);
    return 0;
}

static int start(struct begin *begin, struct claim *claim, struct err *err)
{
    struct folder folder CLEANUP_FOLDER = FOLDER_NONE;
    int status;
    say_unfinished(begin->cli, begin->spec);
    if (folder_make(begin->spec->cwd, &folder, err) < 0)
        return -1;
    int is_runner = keep_fork(&begin->keep, begin->cli, &folder, &status, err);
    if (is_runner < 0) {
        folder_drop(&folder);
        return -1;
    }
    if (!is_runner)
        return status;
    if (write_run(begin->spec, begin->datasets, &folder, err) < 0) {
        folder_drop(&folder);
        return -1;
    }
    claim_leave(claim); // who looks for it now finds the run
    begin_say(begin, folder.number, NULL);
    status = begin_run(begin, &folder, 0, err);
    owner_leave(folder.fd);
    return status;
}

static int start_jobs(struct begin *begin, struct claim *claim, struct err *err)
{
    const struct cli *cli = begin->cli;
    (void)claim; // until the run is submitted: who looks for it then finds it
    say_unfinished(cli, begin->spec);
    return submit_map_start(begin, err);
}

// No other start of the line comes between, where both would do the same.
static int start_alone(struct begin *begin,
                       int (*start_it)(struct begin *, struct claim *, struct err *),
                       struct err *err)
{
    struct claim claim = CLAIM_NONE;
    struct folder other CLEANUP_FOLDER = FOLDER_NONE;
    const struct spec *spec = begin->spec;
    int resumes = begin->cli->options.resume;
    int status = resumes || spec->out ? claim_take(&claim, spec, err) : 0;
    if (status == 0 && resumes && resume_find(spec, &other)) {
        err_set(err, ERR_RUN_BUSY, _("run %u of this line was begun just now by another"),
                other.number);
        status = err_hint(err, "try", "lopin status %u", other.number);
    }
    if (status == 0 && spec->out)
        status = claim_check(begin->cli, spec, begin->datasets, err);
    if (status == 0)
        status = start_it(begin, &claim, err);
    claim_leave(&claim);
    return status;
}

static int reads_input(const struct cli *cli)
{
    for (size_t i = 0; i < cli->options.from.count; i++)
        if (strcmp(cli->options.from.item[i], "-") == 0)
            return 1;
    for (size_t i = 1; i < cli->words.count; i++)
        if (strcmp(cli->words.item[i - 1], "::::") == 0 && strcmp(cli->words.item[i], "-") == 0)
            return 1;
    return 0;
}

// By jobs of Slurm.
static int map_jobs(struct begin *begin, struct err *err)
{
    struct cli *cli = (struct cli *)begin->cli;
    CLEANUP_STR struct str text = {0};
    if (submit_map_line(begin, err) < 0)
        return -1;
    if (cli->options.no_submit && !cli->options.dry_run)
        return submit_hold(begin, err);
    if (!cli->options.dry_run) {
        int status = start_alone(begin, start_jobs, err);
        return status == 0 && cli->options.wait ? run_wait(cli, begin->submitted, err) : status;
    }
    struct folder folder CLEANUP_FOLDER = FOLDER_NONE; // of the run that would go on
    if (cli->options.resume)
        resume_find(begin->spec, &folder);
    if (begin_check(begin, err) < 0 || submit_map_script(begin, folder.path, &text, err) < 0)
        return -1;
    if (reads_input(cli))
        say_label(cli, "", _("its datasets come from standard input, which the job's is not"));
    return say_data(cli, &text, err);
}

static int map(struct cli *cli, enum where where, struct spec *spec, struct datasets *datasets,
               struct err *err)
{
    struct saved saved CLEANUP_SAVED = SAVED_NONE;
    cli->options.slurm |= where == WHERE_SLURM;
    if ((!spec->program || cli->options.python || cli->options.env) &&
        line_modules_python(cli, cli->options.python, err) < 0)
        return -1;
    if (cli->options.resume && !cli->options.dry_run && resume_find(spec, &saved.folder))
        return resume_with(cli, &saved, spec, datasets, err);
    struct begin begin = {.cli = cli, .spec = spec, .datasets = datasets};
    int status = begin_find(&begin, cli->options.python, cli->options.env, err);
    if (status == 0 && where == WHERE_SLURM)
        status = map_jobs(&begin, err);
    else if (status == 0 && begin_ready(&begin, err) < 0)
        status = -1;
    else if (status == 0)
        status = cli->options.dry_run ? dry_run(&begin, err) : start_alone(&begin, start, err);
    begin_free(&begin);
    return status;
}

// A job works in that folder: so do we, from here on.
static int enter(struct cli *cli, struct err *err)
{
    if (submit_hold_is_inside(cli)) // it does already
        return 0;
    const char *folder = options_slurm_value(&cli->options.pass, OPTION_SLURM_CHDIR);
    if (!folder)
        return 0;
    char *path = fs_absolute(cli->cwd, folder);
    free(cli->cwd);
    cli->cwd = path;
    return chdir(path) < 0 ? err_errno(err, ERR_SYSTEM, errno, _("cannot enter '%s'"), path)
                           : 0;
}

int cmd_map(struct cli *cli, struct err *err)
{
    enum where where;
    if (cli->options.no_submit && cli->options.resume) {
        err_set(err, ERR_USAGE, _("--resume and --no-submit exclude each other"));
        return err_hint(err, "try", _("one of them"));
    }
    cli->options.slurm |= cli->options.no_submit;
    if (where_find(cli, COMMAND_MAP, &where, err) < 0 || enter(cli, err) < 0 ||
        (where == WHERE_LOCAL && where_check_local(cli, COMMAND_MAP, err) < 0))
        return -1;
    cli->talk.tty &= !cli->options.detach; // no live lines for a terminal that we leave
    int found = submit_hold_find(cli, err);
    if (found)
        return found < 0 ? -1 : 0;
    struct spec spec = {0};
    struct datasets datasets = {0};
    int status = begin_request(cli, &spec, &datasets, err);
    if (status == 0)
        status = map(cli, where, &spec, &datasets, err);
    datasets_free(&datasets);
    spec_free(&spec);
    return status;
}
