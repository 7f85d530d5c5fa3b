// SPDX-License-Identifier: Apache-2.0
// options: from the words of a line to values, by the table of options_table.c.
#include "cli/options.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "base/size.h"
#include "base/span.h"
#include "cli/cli.h"
#include "cli/line_modules.h"
#include "cli/option.h"
#include "run/limits.h"

static int bad_value(const struct opt_scan *scan, const char *value, const char *wanted,
                     struct err *err)
{
    return err_set(err, ERR_USAGE, _("option %s: '%s' is not %s"), scan->shown, value, wanted);
}

static int read_count(const struct opt_scan *scan, const char *value, unsigned *ret,
                      struct err *err)
{
    unsigned long number;
    *ret = 0;
    if (strcmp(value, "auto") == 0)
        return 0;
    if (str_number(value, 1000000, &number) < 0 || !number)
        return bad_value(scan, value, _("a number from 1 to 1000000, or auto"), err);
    *ret = (unsigned)number;
    return 0;
}

static int read_whole(const struct opt_scan *scan, const char *value, int *ret, struct err *err)
{
    unsigned long number;
    if (str_number(value, 65535, &number) < 0)
        return bad_value(scan, value, _("a number from 0 to 65535"), err);
    *ret = (int)number;
    return 0;
}

static int read_time(const struct opt_scan *scan, const char *value, int64_t *ret,
                     struct err *err)
{
    if (span_read(value, ret) == 0)
        return 0;
    bad_value(scan, value, _("a time"), err);
    return err_hint(err, "try", _("90 (minutes), 30:00, 1:00:00, 2-12:00:00, 90s, 5m, 2h"));
}

// Minutes for sbatch, seconds for timeout(1) and parallel(1): so it must be said.
static int read_timeout(const struct opt_scan *scan, const char *value, int64_t *ret,
                        struct err *err)
{
    unsigned long number;
    if (span_read_units(value, ret) == 0)
        return 0;
    bad_value(scan, value, _("a time with its unit"), err);
    if (str_number(value, 1000000000, &number) == 0)
        return err_hint(err, "try", _("%lus for seconds, %lum for minutes"), number, number);
    return err_hint(err, "try", "90s, 5m, 2h");
}

// "30d"; also nothing at all.
static int read_age(const struct opt_scan *scan, const char *value, int64_t *ret,
                    struct err *err)
{
    if (strcmp(value, "0") == 0 || strcmp(value, "0d") == 0)
        *ret = 0;
    else if (span_read_units(value, ret) < 0) {
        bad_value(scan, value, _("a time with its unit"), err);
        return err_hint(err, "try", "30d, 12h");
    }
    return 0;
}

static int read_size(const struct opt_scan *scan, const char *value, int none, int64_t *ret,
                     struct err *err)
{
    if (none && strcmp(value, "auto") == 0)
        value = "0";
    if (size_parse(value, ret) == 0 && (*ret || none))
        return 0;
    bad_value(scan, value, _("an amount of memory"), err);
    return err_hint(err, "try", "4G, 1.5G, 500M");
}

// A factor, in thousandths.
static int read_factor(const struct opt_scan *scan, const char *value, int *ret,
                       struct err *err)
{
    char *end;
    double factor = strtod(value, &end);
    if (!isdigit((unsigned char)*value) || *end || factor > 1000)
        return bad_value(scan, value, _("a number such as 2 or 1.5"), err);
    *ret = (int)(factor * 1000 + 0.5);
    return 0;
}

static int read_signal(const char *value, const char **ret, struct err *err)
{
    struct limit_signal signal;
    *ret = value;
    return limit_signal_read(value, 0, &signal, err);
}

static int read_halt(const char *value, const char **ret, struct err *err)
{
    struct limit_halt halt;
    *ret = value;
    return limit_halt_read(value, &halt, err);
}

static int read_order(const struct opt_scan *scan, const char *value, enum dataset_order *ret,
                      struct err *err)
{
    static const char *const words[] = {"size", "given", "random", NULL};
    int choice;
    if (opt_choice(scan, value, words, &choice, err) < 0)
        return -1;
    *ret = (enum dataset_order)choice;
    return 0;
}

static int read_color(const struct opt_scan *scan, const char *value, enum term_color *ret,
                      struct err *err)
{
    static const char *const words[] = {"auto", "always", "never", NULL};
    int choice;
    if (opt_choice(scan, value, words, &choice, err) < 0)
        return -1;
    *ret = (enum term_color)choice;
    return 0;
}

static int read_lang(const struct opt_scan *scan, const char *value, struct err *err)
{
    return lang_choose(value) < 0 ? bad_value(scan, value, "en, fr", err) : 0;
}

static int read_where(const struct opt_scan *scan, const char *value, const char **ret,
                      struct err *err)
{
    static const char *const words[] = {"local", "slurm", NULL};
    int choice;
    if (opt_choice(scan, value, words, &choice, err) < 0)
        return -1;
    *ret = words[choice];
    return 0;
}

static int read_ntasks(const char *value, struct err *err)
{
    if (strcmp(value, "1") == 0)
        return 0;
    err_set(err, ERR_USAGE, _("-n %s: lopin starts one process a dataset"), value);
    return err_hint(err, "try", _("lopin map -j N for datasets side by side, -c N for cores"));
}

static int read_engine(const struct opt_scan *scan, const char *value, const char **ret,
                       struct err *err)
{
    static const char *const words[] = {"own", "site", NULL};
    int choice;
    if (opt_choice(scan, value, words, &choice, err) < 0)
        return -1;
    *ret = words[choice];
    return 0;
}

// "gcc openmpi" is meant as "gcc,openmpi".
static int bad_modules(const struct opt_scan *scan, const char *value, struct err *err)
{
    CLEANUP_STR struct str list = {0};
    for (const char *at = value; *(at += strspn(at, " \t\n\r,"));) {
        size_t size = strcspn(at, " \t\n\r,");
        str_add(&list, list.size ? "," : "");
        str_add_bytes(&list, at, size);
        at += size;
    }
    bad_value(scan, value, _("a list of modules, as gcc,openmpi/4.1"), err);
    if (list.size && !strchr(list.text, ':'))
        err_hint(err, "try", "--module %s", list.text);
    return -1;
}

static int read_modules(const struct opt_scan *scan, const char *value, struct strv *into,
                        struct err *err)
{
    CLEANUP_STRV struct strv names = {0};
    strv_split(&names, value, ',');
    for (size_t i = 0; i < names.count; i++)
        if (!line_modules_is_name(names.item[i]))
            return bad_modules(scan, value, err);
    strv_add_all(into, &names);
    return 0;
}

static int take_value(struct options *options, int id, const char *value,
                      const struct opt_scan *scan, struct err *err)
{
    if (id > OPTION_PACK_FIRST && id < OPTION_PACK_LAST)
        return options_pack_take(&options->pack, id, value, scan, err);
    if (id > OPTION_SLURM_FIRST && id < OPTION_SLURM_LAST)
        return options_slurm_take(&options->pass, id, value, scan, err);
    switch ((enum option)id) {
    case OPTION_CORES: return read_count(scan, value, &options->cores, err);
    case OPTION_JOBS: return read_count(scan, value, &options->jobs, err);
    case OPTION_THREADS: return read_count(scan, value, &options->threads, err);
    case OPTION_PARCELS: return read_count(scan, value, &options->parcels, err);
    case OPTION_CHUNK: return read_count(scan, value, &options->chunk, err);
    case OPTION_TIME: return read_time(scan, value, &options->time_us, err);
    case OPTION_TIMEOUT: return read_timeout(scan, value, &options->timeout_us, err);
    case OPTION_OLDER: return read_age(scan, value, &options->older_us, err);
    case OPTION_SIGNAL: return read_signal(value, &options->signal, err);
    case OPTION_HALT: return read_halt(value, &options->halt, err);
    case OPTION_RETRIES: return read_whole(scan, value, &options->retries, err);
    case OPTION_CONTINUE: return read_whole(scan, value, &options->max_continue, err);
    case OPTION_MEM: return read_size(scan, value, 1, &options->mem_kb, err);
    case OPTION_MEM_CPU: return read_size(scan, value, 0, &options->mem_cpu_kb, err);
    case OPTION_MEM_EACH: return read_size(scan, value, 1, &options->mem_each_kb, err);
    case OPTION_MEM_RETRY: return read_factor(scan, value, &options->mem_retry, err);
    case OPTION_NTASKS: return read_ntasks(value, err);
    case OPTION_ALLOC_TASKS: return read_count(scan, value, &options->ntasks, err);
    case OPTION_ORDER: return read_order(scan, value, &options->order, err);
    case OPTION_WHERE: return read_where(scan, value, &options->where, err);
    case OPTION_COLOR: return read_color(scan, value, &options->color, err);
    case OPTION_LANG: return read_lang(scan, value, err);
    case OPTION_FROM: strv_add(&options->from, value); return 0;
    case OPTION_INCLUDE: strv_add(&options->include, value); return 0;
    case OPTION_KEEP: strv_split(&options->keep, value, ','); return 0;
    case OPTION_MODULES: return read_modules(scan, value, &options->modules, err);
    case OPTION_COLSEP: options->colsep = value; return 0;
    case OPTION_ARRAY: options->array = value; return 0;
    case OPTION_MARK: options->mark = value; return 0;
    case OPTION_OUT: options->out = value; return 0;
    case OPTION_LOG: options->log = value; return 0;
    case OPTION_ERROR: options->error_log = value; return 0;
    case OPTION_PYTHON: options->python = value; return 0;
    case OPTION_ENV: options->env = value; return 0;
    case OPTION_NAME: options->name = value; return 0;
    case OPTION_ENGINE: return read_engine(scan, value, &options->engine, err);
    case OPTION_MODULE_SHELL: options->module_shell = value; return 0;
    case OPTION_PIN_VERSIONS: options->pin_versions = value; return 0;
    case OPTION_WIDTH: return read_count(scan, value, &options->width, err);
    default: return 0;
    }
}

static void take_flag(struct options *options, int id)
{
    int *const flags[] = {
        [OPTION_NULL] = &options->null,
        [OPTION_HEADER] = &options->header,
        [OPTION_LINK] = &options->link,
        [OPTION_SHELL] = &options->shell,
        [OPTION_STDIN] = &options->pass_stdin,
        [OPTION_OVERWRITE] = &options->overwrite,
        [OPTION_RESUME] = &options->resume,
        [OPTION_DRY_RUN] = &options->dry_run,
        [OPTION_NO_SUBMIT] = &options->no_submit,
        [OPTION_DETACH] = &options->detach,
        [OPTION_KEEP_DONE] = &options->keep_done,
        [OPTION_REDO] = &options->redo,
        [OPTION_FAILED] = &options->failed,
        [OPTION_FOLLOW] = &options->follow,
        [OPTION_CHECK] = &options->check,
        [OPTION_JSON] = &options->json,
        [OPTION_QUIET] = &options->quiet,
        [OPTION_VERBOSE] = &options->verbose,
        [OPTION_NO_LEDGER] = &options->no_ledger,
        [OPTION_FORCE] = &options->force,
        [OPTION_MEM_HARD] = &options->mem_hard,
        [OPTION_HELP] = &options->help,
        [OPTION_VERSION] = &options->version,
        [OPTION_STRICT] = &options->strict,
        [OPTION_DATA] = &options->data,
        [OPTION_TRY] = &options->by_threads,
        [OPTION_WATCH] = &options->watch,
        [OPTION_FAST_CTL] = &options->fast_ctl,
        [OPTION_SLURM] = &options->slurm,
        [OPTION_LOCAL] = &options->local,
        [OPTION_WAIT] = &options->wait,
        [OPTION_SBATCH] = &options->sbatch,
        [OPTION_TERSE] = &options->terse,
        [OPTION_DEFAULTS] = &options->defaults,
        [OPTION_ALL_MODULES] = &options->all_modules,
        [OPTION_REGEXP] = &options->regexp,
        [OPTION_LATEST] = &options->latest,
        [OPTION_HOOKS] = &options->hooks,
        [OPTION_IGNORE_CACHE] = &options->ignore_cache,
        [OPTION_REDIRECT] = &options->redirect,
        [OPTION_REPLACE] = &options->replace,
        [OPTION_DEBUG] = &options->debug,
        [OPTION_LOCATION] = &options->location,
        [OPTION_RAW] = &options->raw,
        [OPTION_SHOW_HIDDEN] = &options->all_modules,
        [OPTION_NO_EXTENSIONS] = &options->no_extensions,
        [OPTION_NO_REDIRECT] = &options->no_redirect,
        [OPTION_INITIAL_LOAD] = &options->initial_load,
    };
    if ((size_t)id < COUNT(flags) && flags[id])
        *flags[id] = 1;
}

// What people know from elsewhere and would look for in vain.
static void hint_elsewhere(const char *shown, struct err *err)
{
    static const struct {
        const char *option, *cure;
    } known[] = {
        {"--joblog", N_("nothing: each run has a journal; lopin report --json")},
        {"-k", N_("nothing: each task has a log of its own; lopin log")},
        {"--keep-order", N_("nothing: each task has a log of its own; lopin log")},
        {"--jobs-per-node", N_("-j N for datasets side by side")},
        {"-P", N_("-j N for datasets side by side")},
        {"--max-procs", N_("-j N for datasets side by side")},
        {"--arg-file", N_("--from FILE, or :::: FILE behind the script")},
        {"--results", N_("--out PATTERN for outputs; logs are kept: lopin log")},
    };
    for (size_t i = 0; i < COUNT(known); i++)
        if (strcmp(shown, known[i].option) == 0)
            err_hint(err, "try", "%s", lang_text(known[i].cure));
}

// Options of pip that lopin has as variables, or not at all. Returns whether it is one.
static int hint_pip(const char *shown, struct err *err)
{
    static const char *const variables[] = {"trusted-host",   "cert",    "client-cert",
                                            "proxy",          "timeout", "retries",
                                            "default-timeout"};
    static const char *const real[] = {"-t",
                                       "--target",
                                       "--user",
                                       "--root",
                                       "--prefix",
                                       "--no-clean",
                                       "-I",
                                       "--ignore-installed",
                                       "--src",
                                       "--report",
                                       "--platform",
                                       "-o",
                                       "--outdated",
                                       "--path",
                                       "--uptodate",
                                       "--upgrade-strategy",
                                       "--python-version",
                                       "--abi",
                                       "--implementation"};
    CLEANUP_FREE char *name = mem_dupn(shown, strcspn(shown, "="));
    for (size_t i = 0; i < COUNT(variables); i++) {
        CLEANUP_FREE char *variable = mem_print("PIP_%s", variables[i]);
        if (!str_starts(name, "--") || strcmp(name + 2, variables[i]) != 0)
            continue;
        for (char *at = variable; *at; at++)
            *at = *at == '-' ? '_' : (char)toupper((unsigned char)*at);
        err_hint(err, "try", _("%s=VALUE in the environment, or pip.conf"), variable);
        return 1;
    }
    for (size_t i = 0; i < COUNT(real); i++)
        if (strcmp(name, real[i]) == 0) {
            err_hint(err, "try",
                     _("the real pip, which has it: lopin venv --upgrade --seed ENV, "
                       "then ENV/bin/python -m pip ..."));
            return 1;
        }
    return 0;
}

static int is_typed(const struct opt *opt, const char *shown)
{
    if (shown[1] != '-')
        return opt->letter && shown[1] == opt->letter && !shown[2];
    size_t size = strcspn(shown + 2, "=");
    return strlen(opt->name) == size && strncmp(opt->name, shown + 2, size) == 0;
}

// What is unknown here may be an option of another command: `lopin run -t`.
static void hint_command(const char *shown, enum command here, struct err *err)
{
    const struct opt *opt = options_table;
    while (opt->id && (!is_typed(opt, shown) || opt->commands & here))
        opt++;
    for (const struct cli_command *command = cli_commands; command->name; command++)
        if (opt->commands & command->command) { // of the table's end there are none
            err_hint(err, "found", _("it is an option of lopin %s"), command->name);
            return;
        }
}

// What it says of an option that this command does not have.
static void hint_unknown(const char *shown, enum command here, struct err *err)
{
    for (const struct opt *opt = options_table; opt->id; opt++)
        if (is_typed(opt, shown) && opt->commands & here)
            return; // it only lacks its value, or has one too many
    hint_elsewhere(shown, err);
    if (!(here & COMMAND_PIP) || !hint_pip(shown, err))
        hint_command(shown, here, err);
}

int options_take_next(enum command command, const char *word)
{
    const struct opt *opt = options_table;
    while (opt->id && (!is_typed(opt, word) || !(opt->commands & command)))
        opt++;
    return opt->id && opt->value && !strchr(word, '=');
}

static int read_option(struct options *options, struct opt_scan *scan, struct err *err)
{
    const char *value = NULL;
    int id = opt_next(scan, &value, err);
    if (id < 0) {
        hint_unknown(scan->shown, (enum command)scan->command, err);
        return -1;
    }
    if (id)
        options->said[id] = 2; // the line
    if (id && value)
        return take_value(options, id, value, scan, err) < 0 ? -1 : 1;
    if (id > OPTION_PACK_FIRST && id < OPTION_PACK_LAST)
        return options_pack_take(&options->pack, id, NULL, scan, err) < 0 ? -1 : 1;
    if (id > OPTION_SLURM_FIRST && id < OPTION_SLURM_LAST)
        return options_slurm_take(&options->pass, id, NULL, scan, err) < 0 ? -1 : 1;
    if (id)
        take_flag(options, id);
    return id > 0;
}

int options_take(struct options *options, const struct opt *opt, const char *value,
                 const char *shown, struct err *err)
{
    const struct opt_scan scan = {.table = options_table, .shown = shown};
    if (value)
        return take_value(options, opt->id, value, &scan, err);
    if (opt->id > OPTION_PACK_FIRST && opt->id < OPTION_PACK_LAST)
        return options_pack_take(&options->pack, opt->id, NULL, &scan, err);
    if (opt->id > OPTION_SLURM_FIRST && opt->id < OPTION_SLURM_LAST)
        return options_slurm_take(&options->pass, opt->id, NULL, &scan, err);
    take_flag(options, opt->id);
    return 0;
}

int options_read(struct options *options, enum command command, char *const *words,
                 struct strv *ret_words, struct err *err)
{
    struct opt_scan scan = {.table = options_table, .command = command, .word = words};
    options->retries = options->max_continue = options->mem_retry = -1;
    options->mem_kb = options->mem_each_kb = -1;
    options->older_us = -1;
    int ends_at_word =
        (command & (COMMAND_MAP | COMMAND_TRY | COMMAND_ALLOC | COMMAND_RUN | COMMAND_EXEC |
                    COMMAND_NONE | COMMAND_PIP_OTHER | COMMAND_ENV | COMMAND_MODULE)) != 0;
    for (;;) {
        char *const *before = scan.word;
        int result = read_option(options, &scan, err);
        if (result < 0)
            return -1;
        if (result)
            continue;
        int closed = scan.word != before; // by "--"
        if (closed || ends_at_word)
            break;
        if (!*scan.word)
            return 0;
        strv_add(ret_words, *scan.word++);
    }
    for (; *scan.word; scan.word++)
        strv_add(ret_words, *scan.word);
    return 0;
}

void options_free(struct options *options)
{
    strv_free(&options->from);
    strv_free(&options->keep);
    strv_free(&options->modules);
    strv_free(&options->include);
    options_pack_free(&options->pack);
    options_slurm_free(&options->pass);
}
