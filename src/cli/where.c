// SPDX-License-Identifier: Apache-2.0
#include "cli/where.h"

#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/say.h"

int where_is_inside(const struct cli *cli)
{
    const char *job = vars_get(&cli->vars, "SLURM_JOB_ID");
    return job && *job;
}

const char *where_job(const struct cli *cli)
{
    const char *array = vars_get(&cli->vars, "SLURM_ARRAY_JOB_ID");
    return array ? array : vars_get(&cli->vars, "SLURM_JOB_ID");
}

unsigned long where_number(const struct cli *cli, const char *name, unsigned long other)
{
    unsigned long number;
    const char *text = vars_get(&cli->vars, name);
    return text && str_number(text, INT32_MAX, &number) == 0 ? number : other;
}

static int exclusive(struct err *err)
{
    err_set(err, ERR_USAGE, _("--slurm and --local exclude each other"));
    return err_hint(err, "try", _("one of them"));
}

int where_find(const struct cli *cli, enum command command, enum where *ret, struct err *err)
{
    const struct options *options = &cli->options;
    int is_alloc = command == COMMAND_ALLOC;
    *ret = WHERE_LOCAL;
    if (options->slurm && options->local)
        return exclusive(err);
    // An allocation within one is none of its cores; a job of its own may be submitted from it.
    if (options->local || (where_is_inside(cli) && (is_alloc || !options->slurm)))
        return 0;
    if (options->slurm || (options->where && strcmp(options->where, "slurm") == 0))
        *ret = WHERE_SLURM;
    else if (!options->where && is_alloc)
        *ret = WHERE_EITHER;
    return 0;
}

int where_of_run(const struct cli *cli, const struct spec *spec, enum where *ret,
                 struct err *err)
{
    const struct options *options = &cli->options;
    *ret = WHERE_LOCAL;
    if (options->slurm && options->local)
        return exclusive(err);
    if (options->slurm || (spec->slurm.count && !options->local && !where_is_inside(cli)))
        *ret = WHERE_SLURM;
    return 0;
}

static const char *long_name(int id)
{
    for (const struct opt *opt = options_table; opt->id; opt++)
        if (opt->id == id && opt->commands & (COMMAND_RUN | COMMAND_ALLOC | COMMAND_MAP))
            return opt->name;
    return "";
}

static int is_said(const struct options *options, int id)
{
    return options->said[id] == 2; // the line
}

static int is_one_node(const struct cli *cli, int id)
{
    const char *nodes = options_slurm_value(&cli->options.pass, OPTION_SLURM_NODES);
    return id == OPTION_SLURM_NODES && strcmp(nodes, "1") == 0;
}

// What the line says of these options of Slurm, and of `more`, counts for nothing here.
static void say_unused(const struct cli *cli, const int *more, size_t count)
{
    CLEANUP_STR struct str list = {0};
    for (size_t i = 0; i < count; i++)
        if (is_said(&cli->options, more[i]))
            str_print(&list, "%s--%s", list.size ? ", " : "", long_name(more[i]));
    for (int id = OPTION_SLURM_FIRST + 1; id < OPTION_SLURM_LAST; id++)
        if (is_said(&cli->options, id) && id != OPTION_SLURM_CHDIR && !is_one_node(cli, id))
            str_print(&list, "%s--%s", list.size ? ", " : "", long_name(id));
    if (list.size)
        say(cli, _("not through Slurm, so without effect: %s"), list.text);
}

static int check_alloc(const struct cli *cli, struct err *err)
{
    static const int names[] = {OPTION_NAME, OPTION_SLURM_CHDIR};
    const struct options *options = &cli->options;
    const char *nodes = options_slurm_value(&options->pass, OPTION_SLURM_NODES);
    if (is_said(options, OPTION_SLURM_NODES) && strcmp(nodes, "1") != 0) {
        err_set(err, ERR_OVER_LIMIT, _("-N %s: one node is there"), nodes);
        return err_hint(err, "try", "lopin alloc --slurm -N %s", nodes);
    }
    say_unused(cli, names, COUNT(names));
    return 0;
}

static int check_map(const struct cli *cli)
{
    static const int shapes[] = {OPTION_PARCELS, OPTION_CHUNK, OPTION_WAIT};
    say_unused(cli, shapes, COUNT(shapes));
    return 0;
}

int where_check_local(const struct cli *cli, enum command command, struct err *err)
{
    static const int ours[] = {OPTION_TIME, OPTION_MEM,   OPTION_MEM_CPU, OPTION_NAME,
                               OPTION_LOG,  OPTION_ERROR, OPTION_DRY_RUN, OPTION_WAIT};
    if (command == COMMAND_ALLOC)
        return check_alloc(cli, err);
    if (command == COMMAND_MAP)
        return check_map(cli);
    int found = 0;
    for (size_t i = 0; i < COUNT(ours) && !found; i++)
        found = is_said(&cli->options, ours[i]) ? ours[i] : 0;
    for (int id = OPTION_SLURM_FIRST + 1; id < OPTION_SLURM_LAST && !found; id++)
        found = is_said(&cli->options, id) ? id : 0;
    if (!found)
        return 0;
    err_set(err, ERR_USAGE, _("--%s is for jobs of Slurm, and this line runs here"),
            long_name(found));
    return err_hint(err, "try", "lopin run --slurm ...");
}
