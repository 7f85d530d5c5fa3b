// SPDX-License-Identifier: Apache-2.0
// capsule_line: a capsule may set what a table here lists, and nothing that names a program or
// leads out of its folder.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "cli/capsule.h"
#include "map/memory_tend.h"
#include "run/limits.h"

enum where {
    IN_FILE = 1, // of its lopin.toml
    IN_LINE = 2,
    PATTERN = 4, // of a path below its folder
};
static const struct {
    const char *name;
    unsigned where;
} allowed[] = {
    {"cpus-per-task", IN_FILE},
    {"jobs", IN_FILE},
    {"threads", IN_FILE},
    {"time", IN_FILE},
    {"signal", IN_FILE},
    {"timeout", IN_FILE},
    {"retries", IN_FILE},
    {"max-continue", IN_FILE},
    {"halt", IN_FILE},
    {"mem", IN_FILE},
    {"mem-per-cpu", IN_FILE},
    {"mem-each", IN_FILE},
    {"mem-retry", IN_FILE},
    {"mem-hard", IN_FILE},
    {"order", IN_FILE},
    {"out", IN_FILE | PATTERN},
    {"output", IN_FILE | PATTERN},
    {"error", IN_FILE | PATTERN},
    {"strict", IN_FILE},
    {"fast-threadpoolctl", IN_FILE},
    {"keep-env", IN_FILE},
    {"job-name", IN_FILE},
    {"replace", IN_LINE},
    {"null", IN_LINE},
    {"colsep", IN_LINE},
    {"header", IN_LINE},
    {"stdin", IN_LINE},
};

static unsigned where_of(const char *name)
{
    for (size_t i = 0; i < COUNT(allowed); i++)
        if (strcmp(allowed[i].name, name) == 0)
            return allowed[i].where;
    return 0;
}

static const struct opt *option_of(const char *name)
{
    const struct opt *opt = options_table;
    while (opt->id && (!(opt->commands & COMMAND_MAP) || strcmp(opt->name, name) != 0))
        opt++;
    return opt->id ? opt : NULL;
}

static int leads_out(const char *path)
{
    CLEANUP_FREE char *padded = mem_print("/%s/", path);
    return *path == '/' || strstr(padded, "/../");
}

static void say_time(struct image *ret, const char *name, int64_t us)
{
    const int64_t second = 1000000, minute = 60 * second, hour = 60 * minute;
    const int64_t unit = us % hour == 0 ? hour : us % minute == 0 ? minute : second;
    CLEANUP_FREE char *text = us % second ? mem_print("%lld.%06llds", (long long)(us / second),
                                                      (long long)(us % second))
                                          : mem_print("%lld%c", (long long)(us / unit),
                                                      unit == hour     ? 'h'
                                                      : unit == minute ? 'm'
                                                                       : 's');
    if (us)
        image_say(ret, name, text);
}

static void say_number(struct image *ret, const char *name, long long number, long long usual)
{
    CLEANUP_FREE char *text = mem_print("%lld", number);
    if (number != usual)
        image_say(ret, name, text);
}

static void say_memory(struct image *ret, const char *name, int64_t kib)
{
    static const char units[] = "KMGT";
    size_t unit = 0;
    for (; unit < 3 && kib && kib % 1024 == 0; unit++)
        kib /= 1024;
    CLEANUP_FREE char *text = mem_print("%lld%c", (long long)kib, units[unit]);
    if (kib)
        image_say(ret, name, text);
}

static void say_text(struct image *ret, const char *name, const char *text)
{
    if (text)
        image_say(ret, name, text);
}

static void say_flag(struct image *ret, const char *name, int flag)
{
    if (flag)
        image_say(ret, name, "");
}

// What stands before its first placeholder goes if it leads out: "/scratch/me/out/{/.}.npz" is
// "out/{/.}.npz" there.
static void say_pattern(const struct spec *spec, struct image *ret, const char *name,
                        const char *pattern, struct strv *notes)
{
    size_t size = strlen(spec->cwd);
    if (pattern && strncmp(pattern, spec->cwd, size) == 0 && pattern[size] == '/')
        pattern += size + 1;
    if (!pattern || str_starts(pattern, "/dev/")) // of the terminal
        return;
    if (!leads_out(pattern)) {
        image_say(ret, name, pattern);
        return;
    }
    const char *rest = pattern, *last = fs_base(pattern);
    for (const char *slash; (slash = strchr(rest, '/')) && slash < last &&
                            !memchr(rest, '{', (size_t)(slash - rest));)
        rest = slash + 1;
    if (leads_out(rest) || !*rest)
        rest = *last ? last : "{#}";
    CLEANUP_FREE char *inside =
        mem_print("%s/%s", *name == 'o' && name[3] ? "logs" : "out", rest);
    CLEANUP_STR struct str note = {0};
    str_print(&note, "--%s ", name);
    str_add_visible(&note, pattern, strlen(pattern));
    str_print(&note, _(" leads out of the folder of the run: in the capsule it is '%s'"),
              inside);
    strv_add(notes, note.text);
    image_say(ret, name, inside);
}

static void say_memories(const struct spec *spec, struct image *ret)
{
    char factor[32];
    say_memory(ret, "mem", spec->mem_kb);
    say_memory(ret, "mem-per-cpu", spec->mem_cpu_kb);
    say_memory(ret, "mem-each", spec->mem_each_kb);
    snprintf(factor, sizeof factor, "%u.%03u", spec->mem_retry / 1000, spec->mem_retry % 1000);
    if (spec->mem_retry != MEMORY_RETRY)
        image_say(ret, "mem-retry", factor);
    say_flag(ret, "mem-hard", spec->mem_hard);
}

void capsule_say_options(const struct spec *spec, struct image *ret, struct strv *notes)
{
    static const char *const orders[] = {
        [ORDER_SIZE] = NULL, [ORDER_GIVEN] = "given", [ORDER_RANDOM] = "random"};
    say_text(ret, "job-name", spec->name);
    say_number(ret, "cpus-per-task", spec->ask_cores, 0);
    say_number(ret, "jobs", spec->ask_jobs, 0);
    say_number(ret, "threads", spec->ask_threads, 0);
    say_time(ret, "time", spec->time_us);
    say_text(ret, "signal", spec->signal);
    say_time(ret, "timeout", spec->timeout_us);
    say_number(ret, "retries", spec->retries, 0);
    say_number(ret, "max-continue", spec->max_continue, LIMIT_CONTINUES);
    say_text(ret, "halt", spec->halt);
    say_memories(spec, ret);
    say_text(ret, "order", orders[spec->order]);
    say_pattern(spec, ret, "out", spec->out, notes);
    say_pattern(spec, ret, "output", spec->log, notes);
    say_pattern(spec, ret, "error", spec->error_log, notes);
    say_flag(ret, "strict", spec->strict);
    say_flag(ret, "fast-threadpoolctl", spec->fast_threadpoolctl);
    if (spec->modules.count) { // another site has others
        CLEANUP_STR struct str note = {0};
        str_add(&note,
                _("it was computed with modules, which are not in the capsule: --module "));
        for (size_t i = 0; i < spec->modules.count; i++) {
            str_add(&note, i ? "," : "");
            str_add_visible(&note, spec->modules.item[i], strlen(spec->modules.item[i]));
        }
        strv_add(notes, note.text);
    }
    for (size_t i = 0; i < spec->keep.count; i++)
        image_say(ret, "keep-env", spec->keep.item[i]);
    say_text(ret, "replace", spec->mark);
    say_flag(ret, "stdin", spec->pass_stdin);
}

const char *capsule_value(const struct image *image, const char *name)
{
    for (size_t i = 0; i < image->word_count; i++)
        if (strcmp(image->word[i].name, name) == 0)
            return image->word[i].value;
    return NULL;
}

static int refuse(const struct image_word *word, const char *why, struct err *err)
{
    CLEANUP_STR struct str shown = {0};
    str_add_visible(&shown, word->name, strlen(word->name));
    if (*word->value) {
        str_add(&shown, " = ");
        str_add_visible(&shown, word->value, strlen(word->value));
    }
    return err_set(err, ERR_BAD_IMAGE, "'%s': %s", shown.text, why);
}

static int has_file(const struct image *image, const char *path)
{
    for (size_t i = 0; i < image->member_count; i++)
        if (image->member[i].kind != IMAGE_FOLDER && strcmp(image->member[i].path, path) == 0)
            return 1;
    return 0;
}

// 1: it is no option, and right; 0: it may be one; -1 with err.
static int check_own(const struct image *image, const struct image_word *word, struct err *err)
{
    static const char *const once[] = {CAPSULE_SCRIPT, CAPSULE_ENV,      CAPSULE_PYTHON,
                                       CAPSULE_LIST,   CAPSULE_DATASETS, CAPSULE_HEADER};
    size_t i = 0;
    if (strcmp(word->name, CAPSULE_WORD) == 0)
        return 1;
    while (i < COUNT(once) && strcmp(once[i], word->name) != 0)
        i++;
    if (i == COUNT(once))
        return 0;
    if (capsule_value(image, word->name) != word->value)
        return refuse(word, _("a capsule says it once"), err);
    const char *value = word->value;
    int is_file = once[i] == once[1] || once[i] == once[3] ||
                  (i == 0 && (strchr(value, '/') || str_ends(value, ".py")));
    if (is_file && !has_file(image, str_starts(value, "./") ? value + 2 : value))
        return refuse(word, _("no such file is in the capsule"), err);
    if (i == 0 && !*value)
        return refuse(word, _("no such file is in the capsule"), err);
    if ((i == 2 || i == 4) && (!*value || value[strspn(value, "0123456789.")]))
        return refuse(word, _("it is not a number"), err);
    return 1;
}

static int check_option(const struct image *image, const struct image_word *word,
                        struct err *err)
{
    struct options options = {0};
    struct err wrong = {0};
    unsigned where = where_of(word->name);
    const struct opt *opt = where ? option_of(word->name) : NULL;
    if (!opt)
        return refuse(word, _("a capsule may not set it"), err);
    if (!(opt->marks & OPT_LIST) && capsule_value(image, word->name) != word->value)
        return refuse(word, _("a capsule says it once"), err);
    if (where & PATTERN && (leads_out(word->value) || !*word->value))
        return refuse(word, _("it leads out of the capsule's folder"), err);
    if (!opt->value && *word->value)
        return refuse(word, _("a capsule may not set it"), err);
    int status =
        options_take(&options, opt, opt->value ? word->value : NULL, word->name, &wrong);
    options_free(&options);
    return status < 0 ? refuse(word, wrong.text, err) : 0;
}

int capsule_check(const struct image *image, struct err *err)
{
    for (size_t i = 0; i < image->word_count; i++) {
        int own = check_own(image, &image->word[i], err);
        if (own < 0 || (!own && check_option(image, &image->word[i], err) < 0))
            return -1;
    }
    return capsule_value(image, CAPSULE_SCRIPT) && capsule_value(image, CAPSULE_LIST)
               ? 0
               : err_set(err, ERR_BAD_IMAGE, _("it does not say what its run is"));
}

// Whether TOML can hold the bytes, as text between quotes (toml.io, "String"): UTF-8 without
// control bytes.
static int is_text(const char *value)
{
    CLEANUP_STR struct str shown = {0};
    str_add_visible(&shown, value, strlen(value));
    return strcmp(str_text(&shown), value) == 0;
}

static int is_in_file(const struct image_word *word)
{
    return where_of(word->name) & IN_FILE && is_text(word->value);
}

// The values of an option that may stand several times, from the place of its first.
static void add_list(struct str *into, const struct image *image, size_t first)
{
    const char *name = image->word[first].name;
    str_print(into, "%s = [", name);
    for (size_t i = first; i < image->word_count; i++)
        if (strcmp(image->word[i].name, name) == 0) {
            str_add(into, i == first ? "" : ", ");
            str_add_quoted(into, image->word[i].value);
        }
    str_add(into, "]\n");
}

void capsule_add_settings(struct str *into, const struct image *image)
{
    const char *env = capsule_value(image, CAPSULE_ENV);
    const char *python = capsule_value(image, CAPSULE_PYTHON);
    str_add(into, _("# of a capsule; the line of its run is in the file RUN\n"));
    if (env || python) {
        str_add(into, env ? "env = " : "python = ");
        str_add_quoted(into, env ? env : python);
        str_add_char(into, '\n');
    }
    str_add(into, "[map]\n");
    for (size_t i = 0; i < image->word_count; i++) {
        const struct image_word *word = &image->word[i];
        const struct opt *opt = option_of(word->name);
        if (!opt || !is_in_file(word) || capsule_value(image, word->name) != word->value)
            continue;
        if (opt->marks & OPT_LIST) {
            add_list(into, image, i);
            continue;
        }
        str_print(into, "%s = ", word->name);
        if (opt->value)
            str_add_quoted(into, word->value);
        else
            str_add(into, "true");
        str_add_char(into, '\n');
    }
}

void capsule_add_line(struct str *into, const struct image *image)
{
    const char *env = capsule_value(image, CAPSULE_ENV);
    str_add(into, "lopin map");
    if (env && capsule_value(image, CAPSULE_HEADER)) { // it would win over lopin.toml
        str_add(into, " --env ");
        str_add_shell(into, env);
    }
    for (size_t i = 0; i < image->word_count; i++) {
        const struct image_word *word = &image->word[i];
        const struct opt *opt = where_of(word->name) ? option_of(word->name) : NULL;
        if (!opt || is_in_file(word))
            continue;
        str_print(into, " --%s", word->name);
        if (!opt->value)
            continue;
        str_add_char(into, '=');
        str_add_shell(into, word->value);
    }
    const char *list = capsule_value(image, CAPSULE_LIST);
    const char *script = capsule_value(image, CAPSULE_SCRIPT);
    str_add(into, " --from ");
    str_add_shell(into, list ? list : "");
    str_add_char(into, ' ');
    str_add_shell(into, script ? script : "");
    for (size_t i = 0; i < image->word_count; i++)
        if (strcmp(image->word[i].name, CAPSULE_WORD) == 0) {
            str_add_char(into, ' ');
            str_add_shell(into, image->word[i].value);
        }
    str_add_char(into, '\n');
}
