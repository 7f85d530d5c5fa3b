// SPDX-License-Identifier: Apache-2.0
#include "cli/fitness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/config.h"
#include "cli/fitness_probe.h"
#include "cli/line_modules.h"
#include "cli/packs.h"
#include "cli/say.h"
#include "env/fit.h"
#include "env/lost.h"
#include "machine/isa.h"
#include "wheel/name.h"

enum { MISSING = 80 };

static int is_off(const struct cli *cli)
{
    const char *value = vars_get(&cli->vars, "LOPIN_GUARD");
    return value && strcmp(value, "off") == 0;
}

// Where it is known from.
static void hint_why(const struct stamp_package *package, struct err *err)
{
    if (strcmp(package->why, STAMP_KNOWN) == 0)
        err_hint(err, "found", _("%s %s of PyPI is built for %s"), package->name,
                 package->version, package->cpu);
    else if (strcmp(package->why, STAMP_SITE) == 0)
        err_hint(err, "found", _("the site says so"));
    else if (*package->why)
        err_hint(err, "found", _("it came from %s"), package->why);
}

static int fits_file(struct packs *packs, const struct source_file *file,
                     const struct stamp_machine *machine, struct stamp_origin *ret)
{
    uint64_t need = 0;
    if (file->refused != SOURCE_FITS || !file->is_wheel || !file->local)
        return 0;
    *ret = packs_origin(packs, file);
    return ret->house && isa_word(ret->house, strlen(ret->house), &need, NULL) >= 0 &&
           !(need & ~machine->cpu);
}

// The newest wheel of the project in a wheelhouse whose level this processor has. No network is asked.
static int hint_wheel(const struct cli *cli, const struct python *python, const char *name,
                      const struct stamp_machine *machine, struct err *err)
{
    struct cli quiet = *cli;
    struct packs packs = {0};
    struct stamp_origin origin;
    int found = 0;
    const struct strv none = {0};
    quiet.options.pack.offline = 1;
    quiet.options.pack.with = quiet.options.pack.requirements = quiet.options.pack.groups =
        none;
    quiet.options.pack.constraints = quiet.options.pack.overrides = none;
    if (packs_open(&quiet, python, NULL, NULL, &packs, NULL) == 0) {
        const struct source_project *project = source_project(packs.source, name, NULL);
        for (size_t i = 0; project && i < project->file_count && !found; i++)
            if (fits_file(&packs, project->file[i], machine, &origin)) {
                CLEANUP_STR struct str folder = {0};
                str_add_shell(&folder, origin.where);
                err_hint(err, "found", _("%s in %s"), project->file[i]->name, origin.where);
                err_hint(err, "try",
                         "lopin pip install --force-reinstall --no-index -f %s %s==%s",
                         folder.text, name, project->file[i]->version_text);
                found = 1;
            }
    }
    packs_free(&packs);
    return found;
}

static int refuse_cpu(const struct cli *cli, const struct python *python,
                      const struct site *site, const struct stamp_package *package,
                      const struct stamp_machine *machine, int here, struct err *err)
{
    char missing[MISSING];
    uint64_t need = 0;
    isa_word(package->cpu, strlen(package->cpu), &need, NULL);
    isa_missing(need, machine->cpu, missing, sizeof missing);
    err_set(err, ERR_CPU_LEVEL,
            here ? _("%s %s needs a processor with %s, and this one has %s (no %s)")
                 : _("%s %s needs a processor with %s, not %s (no %s)"),
            package->name, package->version, package->cpu, isa_level(machine->cpu), missing);
    hint_why(package, err);
    CLEANUP_STR struct str normal = {0};
    name_add_normal(&normal, piece_of(package->name));
    if (!python || !hint_wheel(cli, python, str_text(&normal), machine, err))
        err_hint(err, "try", "lopin wheels %s --all-versions --all-archs", str_text(&normal));
    return err_hint(err, "in", "%s", site->prefix);
}

static int refuse_python(const struct site *site, const struct fit_item *item, struct err *err)
{
    CLEANUP_STR struct str word = {0};
    str_add_shell(&word, site->prefix);
    err_set(err, ERR_ENV_BROKEN,
            _("environment '%s' was made for Python %s, and its interpreter is now %s"),
            site->prefix, item->other, item->name);
    err_hint(err, "found", "%s", site->python);
    return err_hint(err, "try", "lopin venv --upgrade -p %d.%d %s", site->major, site->minor,
                    word.text);
}

static int refuse_link(const struct site *site, const struct fit_item *item, size_t count,
                       struct err *err)
{
    CLEANUP_STR struct str word = {0};
    str_add_shell(&word, site->prefix);
    err_set(err, ERR_ENV_BROKEN, _("environment '%s' has links to packages that are gone: %s"),
            site->prefix, item->name);
    if (count > 1)
        err_hint(err, "found", _("%zu of them; the first leads to %s"), count, item->other);
    else
        err_hint(err, "found", "%s", item->other);
    return err_hint(err, "try", "lopin venv --upgrade %s", word.text);
}

static int refuse_libc(const struct site *site, const struct stamp_package *package,
                       const struct stamp_machine *machine, int here, struct err *err)
{
    err_set(err, ERR_GLIBC,
            here ? _("%s %s needs glibc %d.%d, and this system has %d.%d")
                 : _("%s %s needs glibc %d.%d, not %d.%d"),
            package->name, package->version, package->glibc.major, package->glibc.minor,
            machine->glibc.major, machine->glibc.minor);
    err_hint(err, "in", "%s", site->prefix);
    return err_hint(err, "try", "lopin wheels %s --all-versions", package->name);
}

static size_t count_kind(const struct fit *fit, enum fit_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < fit->count; i++)
        count += fit->item[i].kind == kind;
    return count;
}

int fitness_refuse(const struct cli *cli, const struct python *python, const struct site *site,
                   const struct fit *fit, const struct stamp_machine *machine, int here,
                   struct err *err)
{
    const struct fit_item *item = fit->item;
    switch (fit->count ? item->kind : FIT_UNKNOWN) {
    case FIT_PYTHON: return refuse_python(site, item, err);
    case FIT_LINK: return refuse_link(site, item, count_kind(fit, FIT_LINK), err);
    case FIT_CPU: return refuse_cpu(cli, python, site, item->package, machine, here, err);
    case FIT_GLIBC: return refuse_libc(site, item->package, machine, here, err);
    case FIT_UNKNOWN: break;
    }
    return here && python ? fitness_probe(cli, python, site, fit, machine, err) : 0;
}

int fitness_check(const struct cli *cli, const struct python *python, struct err *err)
{
    struct site site;
    struct fit fit = {0};
    struct stamp_machine machine;
    if (is_off(cli) || site_open(python->facts.prefix, &site, NULL) < 0)
        return 0;
    CLEANUP_FREE char *stamp = mem_print("%s/%s", site.packages, STAMP_FILE);
    int status = lost_modules(&site, &cli->vars, err);
    if (status == 0 && (site.is_lopin || access(stamp, F_OK) == 0)) {
        fit_machine(&python->facts, &machine);
        status = fit_look(&site, &python->facts, &machine, &fit, err);
        if (status == 0)
            status = fitness_refuse(cli, python, &site, &fit, &machine, 1, err);
    }
    fit_free(&fit);
    site_free(&site);
    return status;
}

static int has_features(const struct cli *cli, const char *partition, uint64_t need)
{
    const char *level = site_partition_cpu(&cli->config->site, partition);
    uint64_t have = 0;
    return level && isa_word(level, strlen(level), &have, NULL) >= 0 && !(need & ~have);
}

// Of the site's partitions those that have it, in the file's order: the first.
static const char *other_partition(const struct cli *cli, uint64_t need)
{
    const struct toml_value *table = cli->config->site.partition;
    for (size_t i = 0; table && i < table->count; i++)
        if (has_features(cli, table->item[i].key, need))
            return table->item[i].key;
    return NULL;
}

static int refuse_partition(const struct cli *cli, const struct python *python,
                            const struct site *site, const struct stamp_package *package,
                            const struct stamp_machine *machine, const char *partition,
                            struct err *err)
{
    char missing[MISSING];
    uint64_t need = 0;
    CLEANUP_STR struct str normal = {0};
    isa_word(package->cpu, strlen(package->cpu), &need, NULL);
    isa_missing(need, machine->cpu, missing, sizeof missing);
    err_set(err, ERR_CPU_LEVEL,
            _("%s %s needs a processor with %s, and partition '%s' has %s (no %s)"),
            package->name, package->version, package->cpu, partition, isa_level(machine->cpu),
            missing);
    hint_why(package, err);
    name_add_normal(&normal, piece_of(package->name));
    const char *other = other_partition(cli, need);
    if (other)
        err_hint(err, "try", "-p %s", other);
    if (!hint_wheel(cli, python, str_text(&normal), machine, err) && !other)
        err_hint(err, "try", "lopin wheels %s --all-versions --all-archs", str_text(&normal));
    return err_hint(err, "in", "%s", site->prefix);
}

static int check_partition(const struct cli *cli, const struct python *python,
                           const struct site *site, const char *partition, struct err *err)
{
    const char *level = cli->config ? site_partition_cpu(&cli->config->site, partition) : NULL;
    struct stamp_machine machine = {0};
    struct fit fit = {0};
    if (!level || isa_word(level, strlen(level), &machine.cpu, NULL) < 0)
        return 0;
    int status = fit_look(site, &python->facts, &machine, &fit, err);
    for (size_t i = 0; i < fit.count && status == 0; i++)
        if (fit.item[i].kind == FIT_CPU)
            status = refuse_partition(cli, python, site, fit.item[i].package, &machine,
                                      partition, err);
    fit_free(&fit);
    return status;
}

int fitness_partitions(const struct cli *cli, const struct python *python,
                       const struct strv *partitions, struct err *err)
{
    struct site site;
    int status = 0;
    if (is_off(cli) || site_open(python->facts.prefix, &site, NULL) < 0)
        return 0;
    CLEANUP_FREE char *stamp = mem_print("%s/%s", site.packages, STAMP_FILE);
    if (site.is_lopin || access(stamp, F_OK) == 0)
        for (size_t i = 0; i < partitions->count && status == 0; i++)
            status = check_partition(cli, python, &site, partitions->item[i], err);
    site_free(&site);
    return status;
}

int fitness_python(const struct site *site, const struct facts *facts, struct err *err)
{
    struct fit fit = {0};
    fit_python(site, facts, &fit);
    int status = fit.count ? refuse_python(site, fit.item, err) : 0;
    fit_free(&fit);
    return status;
}

int fitness_why(const struct cli *cli, const char *env, struct err *err)
{
    const char *active = vars_get(&cli->vars, "VIRTUAL_ENV");
    const char *prefix = env ? env : active;
    struct err better = {0};
    struct site site = {0};
    line_modules_hint(cli, err);
    if (!err || !prefix || (err->code != ERR_NO_ENV && err->code != ERR_NO_PYTHON))
        return -1;
    CLEANUP_FREE char *path = fs_absolute(cli->cwd, prefix);
    int status = lost_check(path, &better);
    if (status == 0 && site_open(path, &site, NULL) == 0)
        status = lost_start(&site, &cli->vars, &better);
    if (status < 0)
        *err = better;
    site_free(&site);
    return -1;
}

void fitness_say(const struct cli *cli, const struct python *python, const char *prefix)
{
    struct site site;
    struct fit fit = {0};
    struct stamp_machine machine;
    if (cli->options.quiet)
        return;
    site_name(prefix, python->facts.version, &site);
    fit_machine(&python->facts, &machine);
    if (fit_needs(&site, &machine, &fit, NULL) == 0 && fit.count &&
        fit.item[0].kind == FIT_CPU) {
        const struct stamp_package *package = fit.item[0].package;
        say(cli,
            _("%s %s needs a processor with %s: here, with %s, this environment will not "
              "start"),
            package->name, package->version, package->cpu, isa_level(machine.cpu));
    }
    fit_free(&fit);
    site_free(&site);
}
