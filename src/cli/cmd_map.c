// SPDX-License-Identifier: Apache-2.0
// cmd_map: a new run, or with --resume the last one of the same line.
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/begin.h"
#include "cli/claim.h"
#include "cli/option.h"
#include "cli/resume.h"
#include "cli/say.h"
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
    if (!resume_find(spec, &saved.folder) || glance_read(&saved, &report, NULL) < 0)
        return;
    struct standing standing = summary_standing(&saved);
    if (!standing.running && standing.left)
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

static int start_alone(struct begin *begin, struct err *err)
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
        status = claim_check(spec, begin->datasets, err);
    if (status == 0)
        status = start(begin, &claim, err);
    claim_leave(&claim);
    return status;
}

static int map(struct cli *cli, struct spec *spec, struct datasets *datasets, struct err *err)
{
    struct saved saved CLEANUP_SAVED = SAVED_NONE;
    if (cli->options.resume && !cli->options.dry_run && resume_find(spec, &saved.folder))
        return resume_with(cli, &saved, spec, datasets, err);
    struct begin begin = {.cli = cli, .spec = spec, .datasets = datasets};
    int status = begin_find(&begin, cli->options.python, cli->options.env, err);
    if (status == 0)
        status = begin_ready(&begin, err);
    if (status == 0)
        status = cli->options.dry_run ? dry_run(&begin, err) : start_alone(&begin, err);
    begin_free(&begin);
    return status;
}

// A run of many datasets computes where it is started.
static int check_where(const struct cli *cli, struct err *err)
{
    enum where where;
    if (where_find(cli, COMMAND_MAP, &where, err) < 0)
        return -1;
    if (where != WHERE_SLURM)
        return 0;
    if (cli->options.said[OPTION_WHERE] == 2) { // the line
        err_set(err, ERR_USAGE, _("map does not go through Slurm"));
        return err_hint(err, "try", _("lopin alloc --slurm -c N, and lopin map in it"));
    }
    say(cli, _("where = \"slurm\" is for run and alloc: map computes here"));
    return 0;
}

int cmd_map(struct cli *cli, struct err *err)
{
    if (check_where(cli, err) < 0)
        return -1;
    cli->talk.tty &= !cli->options.detach; // no live lines for a terminal that we leave
    struct spec spec = {0};
    struct datasets datasets = {0};
    int status = begin_request(cli, &spec, &datasets, err);
    if (status == 0)
        status = map(cli, &spec, &datasets, err);
    datasets_free(&datasets);
    spec_free(&spec);
    return status;
}
