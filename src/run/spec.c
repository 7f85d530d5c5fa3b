// SPDX-License-Identifier: Apache-2.0
// spec: run.json, written once at the start of a run and read back by resume, status and
// report.
//
// JSON text is UTF-8 but names of files are bytes: strings are kept %XX-coded as in our other
// files.
#include "run/spec.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "dataset/expand.h"

#define SPEC_VERSION 1

void spec_free(struct spec *spec)
{
    char *texts[] = {spec->name,      spec->cwd,    spec->script,      spec->script_path,
                     spec->program,   spec->mark,   spec->out,         spec->log,
                     spec->error_log, spec->python, spec->python_path, spec->signal,
                     spec->halt,      spec->image,  spec->python_name};
    for (size_t i = 0; i < COUNT(texts); i++)
        free(texts[i]);
    strv_free(&spec->launch);
    strv_free(&spec->words);
    strv_free(&spec->keep);
    strv_free(&spec->slurm);
    strv_free(&spec->modules);
    *spec = (struct spec){0};
}

struct expand *spec_template(const struct spec *spec, const struct datasets *datasets,
                             struct err *err)
{
    return expand_new((const char *const *)spec->words.item, spec->words.count, spec->mark,
                      datasets, spec->out != NULL, err);
}

static json_t *text_out(const char *text)
{
    if (!text)
        return json_null();
    CLEANUP_STR struct str coded = {0};
    str_add_percent(&coded, text, strlen(text), "");
    return json_string(str_text(&coded));
}

static json_t *list_out(const struct strv *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, text_out(list->item[i]));
    return array;
}

static json_t *hash_out(uint64_t hash)
{
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    return json_string(text);
}

// One table serves both directions, so that no field can be written and not read.
#define TEXT_FIELDS(X)                                                                         \
    X(name)                                                                                    \
    X(cwd)                                                                                     \
    X(script)                                                                                  \
    X(script_path)                                                                             \
    X(program)                                                                                 \
    X(mark)                                                                                    \
    X(out)                                                                                     \
    X(log) X(error_log) X(python) X(python_path) X(signal) X(halt) X(image) X(python_name)
#define MEMORY_FIELDS(X) X(mem_kb) X(mem_cpu_kb) X(mem_each_kb) X(mem_retry) X(mem_hard)
#define LIST_FIELDS(X)   X(launch) X(words) X(keep)
#define NUMBER_FIELDS(X)                                                                       \
    X(pass_stdin)                                                                              \
    X(overwrite)                                                                               \
    X(strict)                                                                                  \
    X(cores)                                                                                   \
    X(slots)                                                                                   \
    X(threads)                                                                                 \
    X(ask_cores)                                                                               \
    X(ask_jobs)                                                                                \
    X(ask_threads)                                                                             \
    X(created_us) X(time_us) X(timeout_us) X(retries) X(max_continue) MEMORY_FIELDS(X)
// Not every lopin that writes this format has them: 0 or empty where they are missing.
#define LATER_FIELDS(X)      X(fast_threadpoolctl) X(parcels) X(chunk)
#define LATER_LIST_FIELDS(X) X(slurm) X(modules)
#define HASH_FIELDS(X)       X(seed) X(script_hash) X(env_hash) X(line)

int spec_save(const struct spec *spec, int run_dir, struct err *err)
{
    json_t *root = json_object();
    json_object_set_new(root, "v", json_integer(SPEC_VERSION));
#define PUT(field) json_object_set_new(root, #field, text_out(spec->field));
    TEXT_FIELDS(PUT)
#undef PUT
#define PUT(field) json_object_set_new(root, #field, list_out(&spec->field));
    LIST_FIELDS(PUT)
    LATER_LIST_FIELDS(PUT)
#undef PUT
#define PUT(field) json_object_set_new(root, #field, json_integer((json_int_t)spec->field));
    NUMBER_FIELDS(PUT)
    LATER_FIELDS(PUT)
#undef PUT
#define PUT(field) json_object_set_new(root, #field, hash_out(spec->field));
    HASH_FIELDS(PUT)
#undef PUT
    json_object_set_new(root, "order", json_integer(spec->order));
    CLEANUP_FREE char *text = json_dumps(root, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    json_decref(root);
    if (!text)
        return err_set(err, ERR_SYSTEM, _("cannot write '%s'"), "run.json");
    return fs_replace(run_dir, "run.json", text, strlen(text), 0600, 0, err);
}

// Bytes of a text in *ret, which is empty. A NUL among them would cut a name off.
static int decode(const json_t *value, struct str *ret)
{
    if (!json_is_string(value) ||
        str_add_unpercent(ret, json_string_value(value), json_string_length(value)) < 0)
        return -1;
    return strlen(ret->text) == ret->size ? 0 : -1;
}

static int text_in(const json_t *root, const char *name, char **ret)
{
    const json_t *value = json_object_get(root, name);
    if (!value || json_is_null(value))
        return 0;
    struct str text = {0};
    if (decode(value, &text) < 0) {
        str_free(&text);
        return -1;
    }
    free(*ret);
    *ret = str_take(&text);
    return 0;
}

static int list_in(const json_t *root, const char *name, struct strv *ret)
{
    const json_t *array = json_object_get(root, name);
    if (!json_is_array(array))
        return -1;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *value = json_array_get(array, i);
        CLEANUP_STR struct str text = {0};
        if (decode(value, &text) < 0)
            return -1;
        strv_add(ret, str_text(&text));
    }
    return 0;
}

static int hash_in(const json_t *root, const char *name, uint64_t *ret)
{
    const char *text = json_string_value(json_object_get(root, name));
    char *end = NULL;
    if (!text)
        return -1;
    *ret = strtoull(text, &end, 16);
    return *end || end == text ? -1 : 0;
}

static int number_in(const json_t *root, const char *name, int64_t max, int64_t *ret)
{
    const json_t *value = json_object_get(root, name);
    *ret = json_integer_value(value);
    return json_is_integer(value) && *ret >= 0 && *ret <= max ? 0 : -1;
}

static int read_fields(struct spec *ret, const json_t *root)
{
    int bad = 0;
    int64_t number;
#define GET(field) bad |= text_in(root, #field, &ret->field) < 0;
    TEXT_FIELDS(GET)
#undef GET
#define GET(field) bad |= list_in(root, #field, &ret->field) < 0;
    LIST_FIELDS(GET)
#undef GET
#define GET(field)                                                                             \
    bad |= json_object_get(root, #field) && list_in(root, #field, &ret->field) < 0;
    LATER_LIST_FIELDS(GET)
#undef GET
#define GET(field)                                                                             \
    bad |=                                                                                     \
        number_in(root, #field, sizeof ret->field == 8 ? INT64_MAX : INT32_MAX, &number) < 0;  \
    ret->field = (__typeof__(ret->field))number;
    NUMBER_FIELDS(GET)
#undef GET
#define GET(field)                                                                             \
    number = 0;                                                                                \
    bad |= json_object_get(root, #field) && number_in(root, #field, INT32_MAX, &number) < 0;   \
    ret->field = (__typeof__(ret->field))number;
    LATER_FIELDS(GET)
#undef GET
#define GET(field) bad |= hash_in(root, #field, &ret->field) < 0;
    HASH_FIELDS(GET)
#undef GET
    bad |= number_in(root, "order", ORDER_RANDOM, &number) < 0;
    ret->order = (enum dataset_order)number;
    return bad || !ret->cwd || !ret->script || !ret->script_path || !ret->program ||
                   !ret->launch.count || !ret->slots
               ? -1
               : 0;
}

int spec_load(struct spec *ret, int run_dir, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    if (fs_read(run_dir, "run.json", 16 << 20, &text, err) < 0) {
        if (err && errno == ENOENT)
            err->code = ERR_RUN_DAMAGED;
        return -1;
    }
    json_error_t problem;
    json_t *root = json_loadb(str_text(&text), text.size, 0, &problem);
    if (!root)
        return err_set(err, ERR_RUN_DAMAGED, _("run.json, line %d: %s"), problem.line,
                       problem.text);
    json_int_t version = json_integer_value(json_object_get(root, "v"));
    int bad = version == SPEC_VERSION && read_fields(ret, root) < 0;
    json_decref(root);
    if (version != SPEC_VERSION)
        return err_set(err, ERR_RUN_FORMAT, _("run.json has format %lld, this lopin reads %d"),
                       (long long)version, SPEC_VERSION);
    if (bad)
        return err_set(err, ERR_RUN_DAMAGED, _("run.json lacks what it should hold"));
    return 0;
}
