// SPDX-License-Identifier: Apache-2.0
// env_check: `lopin env check`: whether an environment can work here, or on the machine of --cpu (--partition)
// and --glibc, where its paths are then taken to be the same. Nothing of it is started, but where packages
// are unknown and this processor has less than the one that made it (fitness_probe.h).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/config.h"
#include "cli/env.h"
#include "cli/env_unpack.h"
#include "cli/fitness.h"
#include "cli/json_text.h"
#include "cli/line_modules.h"
#include "cli/project_env.h"
#include "cli/say.h"
#include "cli/setting.h"
#include "env/fit.h"
#include "env/lost.h"
#include "machine/isa.h"

struct checked {
    struct site site;
    struct python python;
    struct stamp_machine machine;
    struct fit fit;
    const struct stamp_package *cpu, *glibc; // who needs most; NULL: none needs anything
    size_t unknown;
};

// The processor of a partition's nodes, if one is named; else that of --cpu. Returns 0, or -1 with
// [usage].
static int find_cpu(const struct cli *cli, const char **ret, struct err *err)
{
    const char *name = cli->options.pack.partition;
    *ret = cli->options.pack.cpu;
    if (!name)
        return 0;
    if (*ret)
        return err_set(err, ERR_USAGE, _("--cpu and --partition both say which processor"));
    *ret = cli->config ? site_partition_cpu(&cli->config->site, name) : NULL;
    if (*ret)
        return 0;
    err_set(err, ERR_USAGE, _("the site does not say which processor partition '%s' has"),
            name);
    return err_hint(err, "try", "--cpu LEVEL    lopin help site.toml");
}

static int read_machine(const struct cli *cli, struct checked *checked, struct err *err)
{
    const struct pack_options *pack = &cli->options.pack;
    struct stamp_machine *machine = &checked->machine;
    const char *cpu;
    char rest;
    fit_machine(&checked->python.facts, machine);
    if (find_cpu(cli, &cpu, err) < 0)
        return -1;
    if (cpu && isa_word(cpu, strlen(cpu), &machine->cpu, NULL) < 0) {
        err_set(err, ERR_USAGE, _("'%s' is no level of processors"), cpu);
        return err_hint(err, "try",
                        "x86-64 x86-64-v2 x86-64-v3 x86-64-v4 sse3 avx avx2 avx512");
    }
    if (pack->glibc && (sscanf(pack->glibc, "%d.%d%c", &machine->glibc.major,
                               &machine->glibc.minor, &rest) != 2 ||
                        machine->glibc.major < 1 || machine->glibc.minor < 0)) {
        err_set(err, ERR_USAGE, _("'%s' is no version of glibc"), pack->glibc);
        return err_hint(err, "try", "--glibc 2.28");
    }
    return 0;
}

// The folder of an image is that on this node's disk.
static int unpack_image(struct cli *cli, char **prefix, struct err *err)
{
    struct stat st;
    char *folder;
    if (stat(*prefix, &st) < 0 || !S_ISREG(st.st_mode))
        return 0;
    if (cli->config &&
        site_file_read(&cli->config->site, CONFIG_SITE_PATH, &cli->vars, err) < 0)
        return -1; // it names the disk
    if (env_unpack_image(cli, *prefix, NULL, &folder, err) < 0)
        return -1;
    free(*prefix);
    *prefix = folder;
    return 0;
}

static int find_prefix(struct cli *cli, char **ret, struct err *err)
{
    const char *active = vars_get(&cli->vars, "VIRTUAL_ENV");
    if (cli->words.count > 1)
        return err_set(err, ERR_USAGE, _("one environment at a time: '%s' is too much"),
                       cli->words.item[1]);
    if (!cli->words.count && project_env(cli, err) < 0)
        return -1;
    const char *word = cli->words.count   ? cli->words.item[0]
                       : cli->options.env ? cli->options.env
                                          : active;
    if (!word || !*word) {
        err_set(err, ERR_NO_ENV, _("no environment is active, and none is named"));
        return err_hint(err, "try", "lopin env check ENV");
    }
    *ret = fs_absolute(cli->cwd, word);
    return 0;
}

static int more_cpu(const struct stamp_package *one, const struct stamp_package *two)
{
    uint64_t a = 0;
    uint64_t b = 0;
    isa_word(one->cpu, strlen(one->cpu), &a, NULL);
    if (two)
        isa_word(two->cpu, strlen(two->cpu), &b, NULL);
    return a & ~b ? 1 : 0;
}

static int more_libc(const struct stamp_package *one, const struct stamp_package *two)
{
    const struct libc_version none = {0};
    const struct libc_version *a = &one->glibc;
    const struct libc_version *b = two ? &two->glibc : &none;
    return a->major > b->major || (a->major == b->major && a->minor > b->minor);
}

static void find_most(struct checked *checked)
{
    for (size_t i = 0; i < checked->fit.stamp.count; i++) {
        const struct stamp_package *package = &checked->fit.stamp.item[i];
        if (!package->cpu)
            checked->unknown++;
        else if (more_cpu(package, checked->cpu))
            checked->cpu = package;
        if (more_libc(package, checked->glibc))
            checked->glibc = package;
    }
}

static void add_needs(const struct checked *checked, struct str *text)
{
    const struct stamp_machine *machine = &checked->machine;
    say_add_label(text, _("env"));
    str_print(text, "python %s   ", checked->python.facts.version);
    str_add_visible(text, checked->site.prefix, strlen(checked->site.prefix));
    str_add_char(text, '\n');
    say_add_label(text, _("cpu"));
    if (checked->cpu)
        str_print(text, _("%s needed by %s %s"), checked->cpu->cpu, checked->cpu->name,
                  checked->cpu->version);
    else
        str_add(text, _("nothing above x86-64 is known to be needed"));
    str_print(text, _("; there is %s\n"), isa_level(machine->cpu));
    if (checked->glibc && machine->glibc.major) {
        say_add_label(text, "glibc");
        str_print(text, _("%d.%d needed by %s %s; there is %d.%d\n"),
                  checked->glibc->glibc.major, checked->glibc->glibc.minor,
                  checked->glibc->name, checked->glibc->version, machine->glibc.major,
                  machine->glibc.minor);
    }
    if (checked->unknown) {
        say_add_label(text, "");
        str_print(text, _("packages of which nobody knows what processor they need: %zu\n"),
                  checked->unknown);
    }
    if (checked->fit.foreign) {
        say_add_label(text, "");
        str_print(text, _("packages that lopin did not install, and knows nothing of: %zu\n"),
                  checked->fit.foreign);
    }
}

static json_t *most_json(const struct stamp_package *package, const char *need)
{
    json_t *object = json_object();
    json_put_text(object, "package", package->name);
    json_put_text(object, "version", package->version);
    json_object_set_new(object, "needs", json_text(need));
    json_put_text(object, "known_by", package->why);
    return object;
}

static json_t *to_json(const struct checked *checked, const struct err *why)
{
    json_t *object = json_object();
    const struct stamp_machine *machine = &checked->machine;
    CLEANUP_FREE char *has = mem_print("%d.%d", machine->glibc.major, machine->glibc.minor);
    json_put_text(object, "env", checked->site.prefix);
    json_object_set_new(object, "python", json_text(checked->python.facts.version));
    json_object_set_new(object, "fits", json_boolean(!why->code));
    json_object_set_new(object, "error",
                        why->code ? json_text(err_name(why->code)) : json_null());
    json_object_set_new(object, "message", why->code ? json_text(why->text) : json_null());
    json_object_set_new(object, "cpu", json_text(isa_level(machine->cpu)));
    json_object_set_new(object, "glibc", machine->glibc.major ? json_text(has) : json_null());
    json_object_set_new(object, "cpu_needed",
                        checked->cpu ? most_json(checked->cpu, checked->cpu->cpu)
                                     : json_null());
    if (checked->glibc) {
        CLEANUP_FREE char *need =
            mem_print("%d.%d", checked->glibc->glibc.major, checked->glibc->glibc.minor);
        json_object_set_new(object, "glibc_needed", most_json(checked->glibc, need));
    } else {
        json_object_set_new(object, "glibc_needed", json_null());
    }
    json_object_set_new(object, "unknown", json_integer((json_int_t)checked->unknown));
    json_object_set_new(object, "foreign", json_integer((json_int_t)checked->fit.foreign));
    return object;
}

static int answer(struct cli *cli, struct checked *checked, struct err *err)
{
    const struct pack_options *pack = &cli->options.pack;
    struct err why = {0};
    find_most(checked);
    int here = !pack->cpu && !pack->glibc;
    int status = fitness_refuse(cli, &checked->python, &checked->site, &checked->fit,
                                &checked->machine, here, &why);
    if (cli->options.json) {
        if (json_say(cli, to_json(checked, &why), err) < 0)
            return -1;
        return status < 0 ? err_status(why.code) : 0;
    }
    CLEANUP_STR struct str text = {0};
    add_needs(checked, &text);
    if (!cli->options.quiet && say_data(cli, &text, err) < 0)
        return -1;
    if (status < 0)
        *err = why;
    return status;
}

// Who activates it starts its interpreter without lopin: what this shell has loaded must be enough for that.
static int check_modules(struct cli *cli, const struct site *site, struct err *err)
{
    if (lost_modules(site, &cli->vars, err) < 0 || line_modules_env(cli, site->prefix, err) < 0)
        return -1;
    CLEANUP_STR struct str names = {0};
    line_modules_add(&cli->modules, &names);
    if (cli->before.list.count)
        say(cli,
            _("modules that it was made with are not loaded in this shell; lopin run and map "
              "load them: %s"),
            names.text);
    return 0;
}

int env_check(struct cli *cli, struct err *err)
{
    struct checked checked = {0};
    CLEANUP_FREE char *prefix = NULL;
    CLEANUP_FREE char *cache = setting_cache(cli);
    if (find_prefix(cli, &prefix, err) < 0 || unpack_image(cli, &prefix, err) < 0 ||
        lost_check(prefix, err) < 0 || site_open(prefix, &checked.site, err) < 0)
        return -1;
    const struct python_ask ask = {.env = prefix, .vars = &cli->vars, .cache = cache};
    int status = check_modules(cli, &checked.site, err);
    if (status == 0 && python_find(&ask, &checked.python, err) < 0)
        status = fitness_why(cli, prefix, err);
    if (status == 0)
        status = read_machine(cli, &checked, err);
    if (status == 0)
        status =
            fit_look(&checked.site, &checked.python.facts, &checked.machine, &checked.fit, err);
    if (status == 0)
        status = answer(cli, &checked, err);
    fit_free(&checked.fit);
    python_free(&checked.python);
    site_free(&checked.site);
    return status;
}
