// SPDX-License-Identifier: Apache-2.0
// options: sbatch's letters first, then pip's, uv's and GNU parallel's long names where they do
// not clash.
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
#include "run/limits.h"

enum option {
    OPTION_CORES = 1,
    OPTION_JOBS,
    OPTION_THREADS,
    OPTION_NTASKS,
    OPTION_NO_LEDGER,
    OPTION_LOCAL,
    OPTION_TIME,
    OPTION_SIGNAL,
    OPTION_TIMEOUT,
    OPTION_RETRIES,
    OPTION_CONTINUE,
    OPTION_HALT,
    OPTION_MEM,
    OPTION_MEM_CPU,
    OPTION_MEM_EACH,
    OPTION_MEM_RETRY,
    OPTION_MEM_HARD,
    OPTION_FROM,
    OPTION_NULL,
    OPTION_COLSEP,
    OPTION_HEADER,
    OPTION_LINK,
    OPTION_ARRAY,
    OPTION_ORDER,
    OPTION_MARK,
    OPTION_SHELL,
    OPTION_STDIN,
    OPTION_OUT,
    OPTION_OVERWRITE,
    OPTION_LOG,
    OPTION_ERROR,
    OPTION_PYTHON,
    OPTION_ENV,
    OPTION_KEEP,
    OPTION_NAME,
    OPTION_RESUME,
    OPTION_DRY_RUN,
    OPTION_DETACH,
    OPTION_KEEP_DONE,
    OPTION_REDO,
    OPTION_STRICT,
    OPTION_FAILED,
    OPTION_FOLLOW,
    OPTION_CHECK,
    OPTION_JSON,
    OPTION_QUIET,
    OPTION_VERBOSE,
    OPTION_COLOR,
    OPTION_LANG,
    OPTION_HELP,
    OPTION_VERSION,
};

#define MAP     COMMAND_MAP
#define TASKS   (COMMAND_MAP | COMMAND_RUN | COMMAND_EXEC)
#define GOES_ON (COMMAND_RESUME | COMMAND_RETRY)
#define ASKS    (COMMAND_LIST | COMMAND_STATUS | COMMAND_REPORT)
#define ALL     (~0U)

const struct opt options_table[] = {
    {OPTION_CORES, 'c', "cpus-per-task", "N",
     N_("cores of the run (default: all that are ours)"), TASKS | GOES_ON},
    {OPTION_JOBS, 'j', "jobs", "N", N_("tasks side by side (default: cores / threads)"),
     MAP | GOES_ON},
    {OPTION_THREADS, 'T', "threads", "N", N_("cores of each task (default: 1)"), MAP | GOES_ON},
    {OPTION_NTASKS, 'n', "ntasks", "1",
     N_("as for sbatch: one process a dataset, nothing else"), TASKS},
    {OPTION_NO_LEDGER, '\0', "no-ledger", NULL,
     N_("do not look which cores other runs have, nor wait for them"), TASKS | GOES_ON},
    {OPTION_LOCAL, '\0', "local", NULL,
     N_("on this machine, or in the allocation that we are in"), TASKS},
    {OPTION_TIME, 't', "time", "T",
     N_("the run stops in that time, to be resumed: 90, 30:00, 2-12:00, 90s, 5m, 2h"),
     MAP | GOES_ON},
    {OPTION_SIGNAL, '\0', "signal", "[B:]SIG[@SEC]",
     N_("sent to tasks before the time is over (default: TERM@60)"), MAP | GOES_ON},
    {OPTION_TIMEOUT, '\0', "timeout", "T", N_("time of one task: 90s, 5m, 2h"), MAP | GOES_ON},
    {OPTION_RETRIES, '\0', "retries", "N", N_("run a dataset that failed again, N times"),
     MAP | GOES_ON},
    {OPTION_CONTINUE, '\0', "max-continue", "N",
     N_("how often exit code 75 runs a dataset again (default: 100)"), MAP | GOES_ON},
    {OPTION_HALT, '\0', "halt", "WHEN,WHAT=N[%]", N_("stop early: now,fail=1; soon,fail=10%"),
     MAP | GOES_ON},
    {OPTION_MEM, '\0', "mem", "SIZE",
     N_("memory of the run: 4G, 500M; 0: all that is ours (default)"), MAP | GOES_ON},
    {OPTION_MEM_CPU, '\0', "mem-per-cpu", "SIZE", N_("the same for each core"), MAP | GOES_ON},
    {OPTION_MEM_EACH, '\0', "mem-each", "SIZE",
     N_("memory that one task may have; above it, it has failed"), MAP | GOES_ON},
    {OPTION_MEM_RETRY, '\0', "mem-retry", "F",
     N_("room after a second death of memory, in peaks (default: 2; 0: none runs again)"),
     MAP | GOES_ON},
    {OPTION_MEM_HARD, '\0', "mem-hard", NULL,
     N_("tasks get MemoryError instead of being killed (limits addresses)"), MAP | GOES_ON},
    {OPTION_FROM, '\0', "from", "FILE",
     N_("read datasets from a file, one a line; '-' is input"), MAP},
    {OPTION_NULL, '0', "null", NULL, N_("items of files end with NUL, not newline"), MAP},
    {OPTION_COLSEP, '\0', "colsep", "S", N_("cut lines into columns at S: {1} {2}"), MAP},
    {OPTION_HEADER, '\0', "header", NULL, N_("the first line names the columns: {name}"), MAP},
    {OPTION_LINK, '\0', "link", NULL, N_("walk several lists side by side"), MAP},
    {OPTION_ARRAY, 'a', "array", "LIST", N_("only these datasets, from 1: 3,5-9"), MAP},
    {OPTION_ORDER, '\0', "order", "size|given|random",
     N_("which start first (default: the largest files)"), MAP},
    {OPTION_MARK, 'I', "replace", "MARK", N_("another mark than {}"), MAP},
    {OPTION_SHELL, '\0', "shell", NULL, N_("SCRIPT is a line for /bin/sh"), MAP},
    {OPTION_STDIN, '\0', "stdin", NULL, N_("tasks read our input instead of /dev/null"), MAP},
    {OPTION_OUT, '\0', "out", "PATTERN", N_("where {out} goes, as 'out/{/}'"), MAP},
    {OPTION_OVERWRITE, '\0', "overwrite", NULL, N_("replace outputs that no run made"),
     MAP | GOES_ON},
    {OPTION_LOG, 'o', "output", "PATTERN", N_("where what a task prints goes"), MAP},
    {OPTION_ERROR, 'e', "error", "PATTERN", N_("where what it prints to standard error goes"),
     MAP},
    {OPTION_PYTHON, '\0', "python", "VERSION|PATH", N_("interpreter: 3.11, >=3.11, a path"),
     TASKS},
    {OPTION_ENV, '\0', "env", "DIR|none",
     N_("an existing environment; none: the bare interpreter"), TASKS},
    {OPTION_KEEP, '\0', "keep-env", "NAME,...", N_("variables that tasks would lose"),
     TASKS | GOES_ON},
    {OPTION_NAME, 'J', "job-name", "NAME", N_("a name to find the run by"), MAP},
    {OPTION_RESUME, '\0', "resume", NULL, N_("continue the last run of this line, or start it"),
     MAP},
    {OPTION_DRY_RUN, '\0', "dry-run", NULL, N_("show what would run, touch nothing"), MAP},
    {OPTION_DETACH, '\0', "detach", NULL, N_("leave the run going without this terminal"),
     MAP | GOES_ON},
    {OPTION_KEEP_DONE, '\0', "keep-done", NULL,
     N_("keep what is done though the script changed"), MAP | GOES_ON},
    {OPTION_REDO, '\0', "redo", NULL, N_("run again what is done, as the script changed"),
     MAP | GOES_ON},
    {OPTION_STRICT, '\0', "strict", NULL, N_("a dataset has changed if its content has"),
     MAP | GOES_ON},
    {OPTION_FAILED, '\0', "failed", NULL, N_("only failed tasks"), COMMAND_LOG},
    {OPTION_FOLLOW, 'f', "follow", NULL, N_("show what is being printed"), COMMAND_LOG},
    {OPTION_CHECK, '\0', "check", NULL, N_("exit with 0, 1 or 75 as map would"),
     COMMAND_STATUS},
    {OPTION_JSON, '\0', "json", NULL, N_("JSON on standard output"), MAP | GOES_ON | ASKS},
    {OPTION_QUIET, 'Q', "quiet", NULL, N_("say less"), ALL},
    {OPTION_VERBOSE, 'v', "verbose", NULL, N_("say more"), ALL},
    {OPTION_COLOR, '\0', "color", "auto|always|never", N_("colours"), ALL},
    {OPTION_LANG, '\0', "lang", "en|fr", N_("language of the messages"), ALL},
    {OPTION_HELP, 'h', "help", NULL, N_("help"), ALL},
    {OPTION_VERSION, 'V', "version", NULL, N_("version"), COMMAND_NONE},
    {0},
};

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
        return bad_value(scan, value, _("a number from 1, or auto"), err);
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

// The place of a word among `words`, which end with NULL.
static int read_choice(const struct opt_scan *scan, const char *value, const char *const *words,
                       const char *wanted, int *ret, struct err *err)
{
    for (*ret = 0; words[*ret]; ++*ret)
        if (strcmp(value, words[*ret]) == 0)
            return 0;
    return bad_value(scan, value, wanted, err);
}

static int read_order(const struct opt_scan *scan, const char *value, enum dataset_order *ret,
                      struct err *err)
{
    static const char *const words[] = {"size", "given", "random", NULL};
    int choice;
    if (read_choice(scan, value, words, "size, given, random", &choice, err) < 0)
        return -1;
    *ret = (enum dataset_order)choice;
    return 0;
}

static int read_color(const struct opt_scan *scan, const char *value, enum term_color *ret,
                      struct err *err)
{
    static const char *const words[] = {"auto", "always", "never", NULL};
    int choice;
    if (read_choice(scan, value, words, "auto, always, never", &choice, err) < 0)
        return -1;
    *ret = (enum term_color)choice;
    return 0;
}

static int read_lang(const struct opt_scan *scan, const char *value, struct err *err)
{
    return lang_choose(value) < 0 ? bad_value(scan, value, "en, fr", err) : 0;
}

static int read_ntasks(const char *value, struct err *err)
{
    if (strcmp(value, "1") == 0)
        return 0;
    err_set(err, ERR_USAGE, _("-n %s: lopin starts one process a dataset"), value);
    return err_hint(err, "try", _("-j N for datasets side by side, -T N for cores of each"));
}

static int take_value(struct options *options, int id, const char *value,
                      const struct opt_scan *scan, struct err *err)
{
    switch ((enum option)id) {
    case OPTION_CORES: return read_count(scan, value, &options->cores, err);
    case OPTION_JOBS: return read_count(scan, value, &options->jobs, err);
    case OPTION_THREADS: return read_count(scan, value, &options->threads, err);
    case OPTION_TIME: return read_time(scan, value, &options->time_us, err);
    case OPTION_TIMEOUT: return read_timeout(scan, value, &options->timeout_us, err);
    case OPTION_SIGNAL: return read_signal(value, &options->signal, err);
    case OPTION_HALT: return read_halt(value, &options->halt, err);
    case OPTION_RETRIES: return read_whole(scan, value, &options->retries, err);
    case OPTION_CONTINUE: return read_whole(scan, value, &options->max_continue, err);
    case OPTION_MEM: return read_size(scan, value, 1, &options->mem_kb, err);
    case OPTION_MEM_CPU: return read_size(scan, value, 0, &options->mem_cpu_kb, err);
    case OPTION_MEM_EACH: return read_size(scan, value, 1, &options->mem_each_kb, err);
    case OPTION_MEM_RETRY: return read_factor(scan, value, &options->mem_retry, err);
    case OPTION_NTASKS: return read_ntasks(value, err);
    case OPTION_ORDER: return read_order(scan, value, &options->order, err);
    case OPTION_COLOR: return read_color(scan, value, &options->color, err);
    case OPTION_LANG: return read_lang(scan, value, err);
    case OPTION_FROM: strv_add(&options->from, value); return 0;
    case OPTION_KEEP: strv_split(&options->keep, value, ','); return 0;
    case OPTION_COLSEP: options->colsep = value; return 0;
    case OPTION_ARRAY: options->array = value; return 0;
    case OPTION_MARK: options->mark = value; return 0;
    case OPTION_OUT: options->out = value; return 0;
    case OPTION_LOG: options->log = value; return 0;
    case OPTION_ERROR: options->error_log = value; return 0;
    case OPTION_PYTHON: options->python = value; return 0;
    case OPTION_ENV: options->env = value; return 0;
    case OPTION_NAME: options->name = value; return 0;
    default: return 0;
    }
}

static void take_flag(struct options *options, int id)
{
    int *const flags[] = {
        [OPTION_NULL] = &options->null,         [OPTION_HEADER] = &options->header,
        [OPTION_LINK] = &options->link,         [OPTION_SHELL] = &options->shell,
        [OPTION_STDIN] = &options->pass_stdin,  [OPTION_OVERWRITE] = &options->overwrite,
        [OPTION_RESUME] = &options->resume,     [OPTION_DRY_RUN] = &options->dry_run,
        [OPTION_DETACH] = &options->detach,     [OPTION_KEEP_DONE] = &options->keep_done,
        [OPTION_REDO] = &options->redo,         [OPTION_FAILED] = &options->failed,
        [OPTION_FOLLOW] = &options->follow,     [OPTION_CHECK] = &options->check,
        [OPTION_JSON] = &options->json,         [OPTION_QUIET] = &options->quiet,
        [OPTION_VERBOSE] = &options->verbose,   [OPTION_NO_LEDGER] = &options->no_ledger,
        [OPTION_MEM_HARD] = &options->mem_hard, [OPTION_HELP] = &options->help,
        [OPTION_VERSION] = &options->version,   [OPTION_STRICT] = &options->strict,
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

static int is_typed(const struct opt *opt, const char *shown)
{
    if (shown[1] != '-')
        return opt->letter && shown[1] == opt->letter && !shown[2];
    size_t size = strcspn(shown + 2, "=");
    return strlen(opt->name) == size && strncmp(opt->name, shown + 2, size) == 0;
}

// What is unknown here may be an option of another command: `lopin run -t`.
static void hint_command(const char *shown, unsigned here, struct err *err)
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

static int read_option(struct options *options, struct opt_scan *scan, struct err *err)
{
    const char *value = NULL;
    int id = opt_next(scan, &value, err);
    if (id < 0) {
        hint_elsewhere(scan->shown, err);
        hint_command(scan->shown, scan->command, err);
        return -1;
    }
    if (id && value)
        return take_value(options, id, value, scan, err) < 0 ? -1 : 1;
    if (id)
        take_flag(options, id);
    return id > 0;
}

int options_read(struct options *options, enum command command, char *const *words,
                 struct strv *ret_words, struct err *err)
{
    struct opt_scan scan = {.table = options_table, .command = command, .word = words};
    options->retries = options->max_continue = options->mem_retry = -1;
    options->mem_kb = options->mem_each_kb = -1;
    int ends_at_word = (command & (TASKS | COMMAND_NONE)) != 0;
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
}
