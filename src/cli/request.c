// SPDX-License-Identifier: Apache-2.0
// request: SCRIPT DATASET..., or SCRIPT WORD... ::: DATASET... ::: ... :::: FILE... (GNU
// parallel's separators).
#include "cli/request.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/kernel.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/program.h"
#include "dataset/expand.h"
#include "map/memory_tend.h"
#include "run/limits.h"

struct request {
    const struct cli *cli;
    char *const *word; // what follows SCRIPT
    size_t words, own; // how many; how many of them are the script's own
    int separated;     // ":::" or "::::" was there
    struct dataset_list *list;
    size_t lists, list_room;
};

static int no_program(const char *script, int errnum, struct err *err)
{
    CLEANUP_STR struct str word = {0};
    if (errnum == ENOENT && !strchr(script, '/'))
        err_set(err, ERR_NO_PROGRAM, _("there is no program or script '%s'"), script);
    else
        err_errno(err, ERR_NO_PROGRAM, errnum, _("cannot run '%s'"), script);
    str_add_shell(&word, script);
    if (errnum == EACCES && strchr(script, '/') && access(script, F_OK) == 0)
        return err_hint(err, "try", "chmod +x %s", word.text);
    // a name without '/' is looked for on PATH only
    if (!strchr(script, '/') && access(script, F_OK) == 0)
        return err_hint(err, "try", "./%s", word.text);
    return -1;
}

static int is_file(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return 0;
    errno = S_ISDIR(st.st_mode) ? EISDIR : EACCES;
    return S_ISREG(st.st_mode);
}

// --env's programs come first, and those beside --python's.
static char *search_path(const struct cli *cli)
{
    const char *env = cli->options.env;
    const char *python = cli->options.python;
    const char *path = vars_get(&cli->vars, "PATH");
    if (!env && python && strchr(python, '/')) {
        CLEANUP_FREE char *folder = fs_folder(python);
        return mem_print("%s:%s", folder, path ? path : "/usr/bin:/bin");
    }
    if (!env || strcmp(env, "none") == 0)
        return mem_dup(path ? path : "/usr/bin:/bin");
    return mem_print("%s/bin:%s", env, path ? path : "/usr/bin:/bin");
}

int request_program(const struct cli *cli, const char *script, struct strv *launch,
                    char **ret_script, int *ret_python, struct err *err)
{
    *ret_python = is_file(script) && program_is_python(script);
    if (*ret_python) {
        if (access(script, R_OK) < 0)
            return err_errno(err, ERR_NO_PROGRAM, errno, _("cannot read '%s'"), script);
        *ret_script = fs_absolute(cli->cwd, script);
        CLEANUP_FREE char *word = mem_print("%s%s", *script == '-' ? "./" : "", script);
        strv_add(launch, word);
        return 0;
    }
    CLEANUP_FREE char *path = search_path(cli);
    CLEANUP_FREE char *program =
        strchr(script, '/') ? mem_dup(script) : fs_program(path, script);
    if (!program)
        return no_program(script, ENOENT, err);
    if (!is_file(program) || access(program, X_OK) < 0)
        return no_program(script, errno, err);
    *ret_script = fs_absolute(cli->cwd, program);
    strv_add(launch, script);
    return 0;
}

void request_settle(const struct vars *vars, const char *word, char **program)
{
    char *found = strchr(word, '/') ? NULL : fs_program(vars_get(vars, "PATH"), word);
    if (!found)
        return;
    free(*program);
    *program = found;
}

static struct dataset_list *add_list(struct request *request)
{
    mem_room(&request->list, &request->list_room, request->lists + 1, sizeof *request->list);
    request->list[request->lists] = (struct dataset_list){0};
    return &request->list[request->lists++];
}

static int add_files(struct request *request, char *const *word, size_t count, struct err *err)
{
    if (!count)
        return err_set(err, ERR_USAGE, _(":::: needs the name of a file"));
    for (size_t i = 0; i < count; i++)
        add_list(request)->file = word[i];
    return 0;
}

static void add_words(struct request *request, char *const *word, size_t count)
{
    struct dataset_list *list = add_list(request);
    list->word = (const char *const *)word;
    list->count = count;
    list->quoted = 1;
}

static int is_separator(const char *word)
{
    return strcmp(word, ":::") == 0 || strcmp(word, "::::") == 0;
}

static size_t to_separator(char *const *word, size_t at, size_t count)
{
    while (at < count && !is_separator(word[at]))
        at++;
    return at;
}

static int split(struct request *request, struct err *err)
{
    const struct strv *from = &request->cli->options.from;
    size_t at = to_separator(request->word, 0, request->words);
    for (size_t i = 0; i < request->words; i++)
        if (strcmp(request->word[i], ":::+") == 0 || strcmp(request->word[i], "::::+") == 0) {
            err_set(err, ERR_USAGE, _("'%s' is not known here"), request->word[i]);
            return err_hint(err, "try", "--link ... ::: A B ::: 1 2");
        }
    request->own = at;
    request->separated = at < request->words;
    for (size_t i = 0; i < from->count; i++)
        add_list(request)->file = from->item[i];
    while (at < request->words) {
        int is_file_list = strcmp(request->word[at], "::::") == 0;
        size_t end = to_separator(request->word, at + 1, request->words);
        if (!is_file_list)
            add_words(request, request->word + at + 1, end - at - 1);
        else if (add_files(request, request->word + at + 1, end - at - 1, err) < 0)
            return -1;
        at = end;
    }
    if (!request->separated && !from->count) { // all words are datasets
        request->own = 0;
        add_words(request, request->word, request->words);
    }
    return 0;
}

static int looks_own(const char *word, const char *mark)
{
    return (*word == '-' && word[1]) || strstr(word, mark) || strstr(word, "{out}") ||
           strstr(word, "{/}") || strstr(word, "{.}");
}

static const char *line_begin(const struct cli *cli)
{
    return cli->options.by_threads ? "lopin try --threads" : "lopin map";
}

// Words of the script among the datasets: the line with ":::" where it seems to belong.
static int refuse_own(const struct request *request, const char *script, size_t last,
                      struct err *err)
{
    // A value may follow an option: datasets begin where a file or a pattern is.
    size_t begin = last + 1;
    while (begin < request->words && access(request->word[begin], F_OK) < 0 &&
           !strpbrk(request->word[begin], "*?["))
        begin++;
    int found = begin < request->words;
    if (!found)
        begin = last + 1;
    CLEANUP_STR struct str line = {0};
    str_print(&line, "%s ... ", line_begin(request->cli));
    str_add_shell(&line, script);
    for (size_t i = 0; i < request->words && i < begin + 2; i++) {
        str_add(&line, i == begin ? " ::: " : " ");
        str_add_shell(&line, request->word[i]);
    }
    if (begin >= request->words)
        str_add(&line, " ::: DATASET...");
    else if (request->words > begin + 2)
        str_add(&line, " ...");
    err_set(err, ERR_USAGE,
            _("'%s' is the script's own word, or a dataset: ':::' must say which"),
            request->word[last]);
    err_hint(err, "try", "%s", line.text);
    if (!found && request->word[last][0] == '-')
        err_hint(err, "", _("datasets that begin with '-' stand behind ':::' too"));
    return -1;
}

static int check_own(const struct request *request, const char *script, struct err *err)
{
    const char *mark = request->cli->options.mark;
    size_t last = request->words;
    for (size_t i = 0; i < request->words; i++)
        if (looks_own(request->word[i], mark && *mark ? mark : "{}"))
            last = i;
    if (request->separated || request->cli->options.from.count || last == request->words)
        return 0;
    return refuse_own(request, script, last, err);
}

// sbatch's "LIST%N": at most N parcels at once, and here there is one. Yours.
static char *without_limit(const char *list)
{
    const char *limit = list ? strrchr(list, '%') : NULL;
    unsigned long number;
    if (limit && str_number(limit + 1, UINT_MAX, &number) == 0 && number)
        return mem_dupn(list, (size_t)(limit - list));
    return mem_dup(list);
}

static int read_datasets(const struct request *request, struct datasets *datasets,
                         struct err *err)
{
    const struct options *options = &request->cli->options;
    CLEANUP_FREE char *only = without_limit(options->array);
    const struct dataset_options ask = {
        .list = request->list,
        .lists = request->lists,
        .null = options->null,
        .colsep = options->colsep,
        .header = options->header,
        .link = options->link,
        .only = only,
    };
    if (datasets_read(&ask, datasets, err) < 0)
        return -1;
    datasets_stat(datasets, AT_FDCWD);
    return 0;
}

// The template: the script's own words, and the dataset at their end if it has no place among
// them.
static int make_words(const struct request *request, const char *script,
                      const struct datasets *datasets, struct spec *spec, struct err *err)
{
    const struct options *options = &request->cli->options;
    int output = options->out != NULL;
    CLEANUP_STRV struct strv own = {0};
    if (options->shell)
        strv_add(&own, script);
    for (size_t i = 0; i < request->own; i++)
        strv_add(&own, request->word[i]);
    const char *const *word = (const char *const *)own.item;
    if (options->shell)
        return expand_shell(word, own.count, options->mark, datasets, output, &spec->words,
                            err);
    struct expand *expand = expand_new(word, own.count, options->mark, datasets, output, err);
    if (!expand)
        return -1;
    strv_add_all(&spec->words, &own);
    if (!expand_uses_dataset(expand))
        expand_add_dataset(&spec->words, options->mark, datasets);
    expand_free(expand);
    return 0;
}

static int set_keys(const struct spec *spec, struct datasets *datasets, struct err *err)
{
    struct expand *expand = spec_template(spec, datasets, err);
    if (!expand)
        return -1;
    expand_keys(expand, spec->script_path, NULL, datasets);
    expand_free(expand);
    return 0;
}

// What makes two lines the same for --resume: all that decides what a task does, and not on
// which datasets or cores.
static uint64_t line_hash(const struct spec *spec, const struct strv *modules)
{
    struct hash hash;
    hash_begin(&hash);
    const char *const texts[] = {spec->cwd, spec->script_path, spec->mark, spec->out,
                                 spec->log, spec->error_log,   spec->name};
    for (size_t i = 0; i < COUNT(texts); i++)
        hash_text(&hash, texts[i]);
    for (size_t i = 0; i < spec->words.count; i++)
        hash_text(&hash, spec->words.item[i]);
    for (size_t i = 0; i < modules->count; i++)
        hash_text(&hash, modules->item[i]);
    return hash_end(&hash);
}

static void set_text(char **text, const char *said)
{
    if (!said)
        return;
    free(*text);
    *text = mem_dup(said);
}

int request_memory(const struct options *options, struct err *err)
{
    if (options->mem_kb < 0 || !options->mem_cpu_kb)
        return 0;
    err_set(err, ERR_USAGE, _("--mem and --mem-per-cpu say the same thing in two ways"));
    return err_hint(err, "try", _("one of them"));
}

static int set_memory(const struct options *options, struct spec *spec, struct err *err)
{
    if (request_memory(options, err) < 0)
        return -1;
    if (options->mem_kb >= 0 || options->mem_cpu_kb) {
        spec->mem_kb = options->mem_kb > 0 ? options->mem_kb : 0;
        spec->mem_cpu_kb = options->mem_cpu_kb;
    }
    if (options->mem_each_kb >= 0)
        spec->mem_each_kb = options->mem_each_kb;
    if (options->mem_retry >= 0)
        spec->mem_retry = (uint32_t)options->mem_retry;
    spec->mem_hard |= options->mem_hard;
    return 0;
}

int request_limits(const struct options *options, struct spec *spec, struct err *err)
{
    struct limit_signal signal;
    if (set_memory(options, spec, err) < 0)
        return -1;
    if (options->time_us)
        spec->time_us = options->time_us;
    if (options->timeout_us)
        spec->timeout_us = options->timeout_us;
    if (options->retries >= 0)
        spec->retries = (uint32_t)options->retries;
    if (options->max_continue >= 0)
        spec->max_continue = (uint32_t)options->max_continue;
    set_text(&spec->signal, options->signal);
    set_text(&spec->halt, options->halt);
    if (!spec->signal || spec->time_us)
        return limit_signal_read(spec->signal, spec->time_us, &signal, err);
    err_set(err, ERR_USAGE, _("--signal is sent before the end of -t, and there is no -t"));
    return err_hint(err, "try", "-t 1:00:00 --signal %s", spec->signal);
}

static void copy_options(const struct options *options, struct spec *spec)
{
    spec->name = mem_dup(options->name);
    spec->mark = mem_dup(options->mark);
    spec->out = mem_dup(options->out);
    spec->log = mem_dup(options->log);
    spec->error_log = mem_dup(options->error_log);
    spec->pass_stdin = options->pass_stdin;
    spec->overwrite = options->overwrite;
    spec->strict = options->strict;
    spec->fast_threadpoolctl = options->fast_ctl;
    spec->order = options->order;
    spec->ask_cores = options->cores;
    spec->ask_jobs = options->jobs;
    spec->ask_threads = options->threads;
    spec->max_continue = LIMIT_CONTINUES;
    spec->mem_retry = MEMORY_RETRY;
    strv_add_all(&spec->keep, &options->keep);
}

static int fill_spec(struct request *request, const char *script, struct spec *spec,
                     struct datasets *datasets, struct err *err)
{
    const struct cli *cli = request->cli;
    int is_python = 0;
    if (split(request, err) < 0 || check_own(request, script, err) < 0)
        return -1;
    if (request_program(cli, cli->options.shell ? "/bin/sh" : script, &spec->launch,
                        &spec->script_path, &is_python, err) < 0)
        return -1;
    if (!is_python)
        spec->program = mem_dup(spec->script_path);
    if (read_datasets(request, datasets, err) < 0 ||
        make_words(request, script, datasets, spec, err) < 0)
        return -1;
    if (hash_program(spec->script_path, &spec->script_hash, err) < 0)
        return -1;
    spec->line = line_hash(spec, &cli->options.modules);
    return set_keys(spec, datasets, err);
}

int request_read(const struct cli *cli, struct spec *spec, struct datasets *datasets,
                 struct err *err)
{
    if (!cli->words.count) {
        err_set(err, ERR_USAGE, _("a script is missing"));
        return err_hint(err, "try", "%s SCRIPT DATASET...", line_begin(cli));
    }
    const char *script = cli->words.item[0];
    struct request request = {
        .cli = cli, .word = cli->words.item + 1, .words = cli->words.count - 1};
    copy_options(&cli->options, spec);
    if (request_limits(&cli->options, spec, err) < 0)
        return -1;
    spec->cwd = mem_dup(cli->cwd);
    spec->script = mem_dup(script);
    spec->created_us = clock_wall_us();
    if (kernel_random(&spec->seed, sizeof spec->seed) < 0)
        spec->seed = (uint64_t)spec->created_us;
    int result = fill_spec(&request, script, spec, datasets, err);
    free(request.list);
    return result;
}
