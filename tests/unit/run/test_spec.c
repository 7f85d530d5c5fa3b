// SPDX-License-Identifier: Apache-2.0
// run.json: every field comes back, whatever bytes names have; a damaged one is an error and
// never a half spec.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "folder.h"
#include "run/spec.h"

#define TEXTS(X)                                                                               \
    X(name)                                                                                    \
    X(cwd)                                                                                     \
    X(script)                                                                                  \
    X(script_path)                                                                             \
    X(program)                                                                                 \
    X(mark)                                                                                    \
    X(out)                                                                                     \
    X(log)                                                                                     \
    X(error_log)                                                                               \
    X(python)                                                                                  \
    X(python_path) X(signal) X(halt) X(image)
#define LISTS(X) X(launch) X(words) X(keep) X(slurm)
#define LATER(X) X(parcels) X(chunk)
#define NUMBERS(X)                                                                             \
    X(pass_stdin)                                                                              \
    X(overwrite)                                                                               \
    X(fast_threadpoolctl)                                                                      \
    X(order)                                                                                   \
    X(seed)                                                                                    \
    X(cores)                                                                                   \
    X(slots)                                                                                   \
    X(threads)                                                                                 \
    X(ask_cores)                                                                               \
    X(ask_jobs)                                                                                \
    X(ask_threads)                                                                             \
    X(script_hash)                                                                             \
    X(env_hash)                                                                                \
    X(line)                                                                                    \
    X(created_us) X(time_us) X(timeout_us) X(retries) X(max_continue) LATER(X)

static void expect_same_text(const char *field, const char *a, const char *b)
{
    if ((a == NULL) != (b == NULL) || (a && strcmp(a, b) != 0))
        fail_msg("%s: '%s' became '%s'", field, a ? a : "NULL", b ? b : "NULL");
}

static void expect_same_list(const char *field, const struct strv *a, const struct strv *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++)
        expect_same_text(field, a->item[i], b->item[i]);
}

static void expect_same(const struct spec *a, const struct spec *b)
{
#define SAME(field) expect_same_text(#field, a->field, b->field);
    TEXTS(SAME)
#undef SAME
#define SAME(field) expect_same_list(#field, &a->field, &b->field);
    LISTS(SAME)
#undef SAME
#define SAME(field)                                                                            \
    if (a->field != b->field)                                                                  \
        fail_msg("%s", #field);
    NUMBERS(SAME)
#undef SAME
}

// All bytes but NUL, beginning somewhere else for each call.
static char *any_bytes(unsigned *from)
{
    char bytes[256] = "";
    for (unsigned i = 0; i < 255; i++)
        bytes[i] = (char)(1 + (i + *from * 37) % 255);
    ++*from;
    return mem_dup(bytes);
}

static struct spec full_spec(void)
{
    unsigned from = 0;
    struct spec spec = {
        .pass_stdin = 1,
        .overwrite = 1,
        .fast_threadpoolctl = 1,
        .parcels = INT32_MAX,
        .chunk = 12,
        .order = ORDER_RANDOM,
        .seed = UINT64_MAX,
        .cores = INT32_MAX,
        .slots = 3,
        .threads = 4,
        .ask_cores = 5,
        .ask_jobs = 6,
        .ask_threads = 7,
        .script_hash = UINT64_C(0x0123456789abcdef),
        .env_hash = UINT64_C(0xf000000000000000),
        .line = 1,
        .created_us = INT64_MAX,
        .time_us = 8,
        .timeout_us = INT64_MAX,
        .retries = 9,
        .max_continue = 10,
    };
#define FILL(field) spec.field = any_bytes(&from);
    TEXTS(FILL)
#undef FILL
#define FILL(field)                                                                            \
    strv_take(&spec.field, any_bytes(&from));                                                  \
    strv_add(&spec.field, "");                                                                 \
    strv_add(&spec.field, "%41\n%");
    LISTS(FILL)
#undef FILL
    return spec;
}

static struct spec least_spec(void)
{
    struct spec spec = {.slots = 1};
    spec.cwd = mem_dup("/");
    spec.script = mem_dup("a");
    spec.script_path = mem_dup("/a");
    spec.program = mem_dup("/a");
    strv_add(&spec.launch, "a");
    return spec;
}

static void test_round_trip(void **state)
{
    (void)state;
    CLEANUP_CLOSE int dir = folder_fd(".");
    struct spec saved[] = {full_spec(), least_spec()};
    for (size_t i = 0; i < COUNT(saved); i++) {
        struct spec loaded = {0};
        struct err err = {0};
        assert_int_equal(spec_save(&saved[i], dir, &err), 0);
        if (spec_load(&loaded, dir, &err) < 0)
            fail_msg("%s", err.text);
        expect_same(&saved[i], &loaded);
        spec_free(&loaded);
        spec_free(&saved[i]);
    }
}

static int load_text(int dir, const char *text, size_t size, struct err *err)
{
    struct spec spec = {0};
    folder_write("run.json", text, size);
    int result = spec_load(&spec, dir, err);
    spec_free(&spec);
    return result;
}

static void read_saved(int dir, struct str *ret)
{
    struct spec spec = full_spec();
    assert_int_equal(spec_save(&spec, dir, NULL), 0);
    assert_int_equal(fs_read(dir, "run.json", 1 << 20, ret, NULL), 0);
    spec_free(&spec);
}

static void test_cut_off(void **state)
{
    (void)state;
    CLEANUP_CLOSE int dir = folder_fd(".");
    CLEANUP_STR struct str text = {0};
    read_saved(dir, &text);
    for (size_t size = 0; size < text.size - 1; size += 1 + size / 16) {
        struct err err = {0};
        assert_int_equal(load_text(dir, text.text, size, &err), -1);
        assert_int_equal(err.code, ERR_RUN_DAMAGED);
    }
}

// Without any one of its lines: either a member that may be absent, or damage.
static void test_lines_missing(void **state)
{
    (void)state;
    static const char *const optional[] = {
        "name",   "mark",        "out",    "log",        "error_log",
        "python", "python_path", "signal", "halt",       "fast_threadpoolctl",
        "image",  "parcels",     "chunk",  "python_name"};
    CLEANUP_CLOSE int dir = folder_fd(".");
    CLEANUP_STR struct str text = {0};
    read_saved(dir, &text);
    CLEANUP_STRV struct strv lines = {0};
    strv_split(&lines, text.text, '\n');
    for (size_t skip = 1; skip + 2 < lines.count; skip++) {
        if (!strstr(lines.item[skip], "\": ") || strstr(lines.item[skip], "\": ["))
            continue;
        CLEANUP_STR struct str less = {0};
        int may_miss = 0;
        for (size_t i = 0; i < lines.count; i++)
            if (i != skip)
                str_print(&less, "%s\n", lines.item[i]);
        char *last = skip + 3 == lines.count ? strrchr(less.text, ',') : NULL;
        if (last) // of the line before the last one
            *last = ' ';
        for (size_t i = 0; i < COUNT(optional); i++) {
            CLEANUP_FREE char *key = mem_print("\"%s\":", optional[i]);
            may_miss |= strstr(lines.item[skip], key) != NULL;
        }
        struct err err = {0};
        int result = load_text(dir, less.text, less.size, &err);
        int is_version = strstr(lines.item[skip], "\"v\":") != NULL;
        if (result != (may_miss ? 0 : -1))
            fail_msg("without %s: %d %s", lines.item[skip], result, err.text);
        assert_int_equal(err.code, may_miss     ? ERR_NONE
                                   : is_version ? ERR_RUN_FORMAT
                                                : ERR_RUN_DAMAGED);
    }
}

static void test_values(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        int code;
    } table[] = {
        {"\"v\": 1", "\"v\": 2", ERR_RUN_FORMAT},
        {"\"v\": 1", "\"v\": \"1\"", ERR_RUN_FORMAT},
        {"\"slots\": 1", "\"slots\": 0", ERR_RUN_DAMAGED},
        {"\"slots\": 1", "\"slots\": -1", ERR_RUN_DAMAGED},
        {"\"slots\": 1", "\"slots\": 1.5", ERR_RUN_DAMAGED},
        {"\"slots\": 1", "\"slots\": 4294967297", ERR_RUN_DAMAGED},
        {"\"order\": 0", "\"order\": 3", ERR_RUN_DAMAGED},
        {"\"cwd\": \"/\"", "\"cwd\": \"/%4\"", ERR_RUN_DAMAGED},
        {"\"cwd\": \"/\"", "\"cwd\": \"/a%00b\"", ERR_RUN_DAMAGED},
        {"\"cwd\": \"/\"", "\"cwd\": 7", ERR_RUN_DAMAGED},
        {"\"cwd\": \"/\"", "\"cwd\": null", ERR_RUN_DAMAGED},
        {"\"words\": []", "\"words\": [null]", ERR_RUN_DAMAGED},
        {"\"words\": []", "\"words\": {}", ERR_RUN_DAMAGED},
        {"\"words\": []", "\"words\": [\"%00\"]", ERR_RUN_DAMAGED},
        {"\"seed\": \"0000000000000000\"", "\"seed\": \"x\"", ERR_RUN_DAMAGED},
        {"\"seed\": \"0000000000000000\"", "\"seed\": \"\"", ERR_RUN_DAMAGED},
        {"\"seed\": \"0000000000000000\"", "\"seed\": 0", ERR_RUN_DAMAGED},
        {"\"seed\": \"0000000000000000\"", "\"seed\": \"10\", \"later\": [1]", ERR_NONE},
    };
    CLEANUP_CLOSE int dir = folder_fd(".");
    struct spec spec = least_spec();
    CLEANUP_STR struct str text = {0};
    assert_int_equal(spec_save(&spec, dir, NULL), 0);
    assert_int_equal(fs_read(dir, "run.json", 1 << 20, &text, NULL), 0);
    spec_free(&spec);
    for (size_t i = 0; i < COUNT(table); i++) {
        const char *at = strstr(text.text, table[i].from);
        assert_non_null(at);
        CLEANUP_STR struct str changed = {0};
        struct err err = {0};
        str_add_bytes(&changed, text.text, (size_t)(at - text.text));
        str_add(&changed, table[i].to);
        str_add(&changed, at + strlen(table[i].from));
        int result = load_text(dir, changed.text, changed.size, &err);
        if (err.code != table[i].code || result != (table[i].code ? -1 : 0))
            fail_msg("%s: %s %s", table[i].to, err_name(err.code), err.text);
    }
    struct err err = {0};
    assert_int_equal(load_text(dir, "[]", 2, &err), -1);
    assert_int_equal(err.code, ERR_RUN_FORMAT);
}

static void test_absent(void **state)
{
    (void)state;
    CLEANUP_CLOSE int dir = folder_fd(".");
    struct spec spec = {0};
    struct err err = {0};
    unlink("run.json");
    assert_int_equal(spec_load(&spec, dir, &err), -1);
    assert_int_equal(err.code, ERR_RUN_DAMAGED); // its folder is there, so it is a run
    spec_free(&spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_lines_missing), cmocka_unit_test(test_values),
        cmocka_unit_test(test_absent),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
