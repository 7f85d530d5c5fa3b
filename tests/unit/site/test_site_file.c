// SPDX-License-Identifier: Apache-2.0
// site.toml: values, variables, what is refused, and what is answered.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "folder.h"
#include "site/site_file.h"

static const char *const environment[][2] = {
    {"HOME", "/home/me"},
    {"SCRATCH", "/scratch/me"},
    {"EMPTY", ""},
    {"LINKS", "/w/v3 /w/generic  https://example.org/w"}};

static int read_text(struct site_file *site, const char *text, struct err *err)
{
    CLEANUP_VARS struct vars vars = {0};
    *site = (struct site_file){0};
    *err = (struct err){0};
    for (size_t i = 0; i < COUNT(environment); i++)
        vars_set(&vars, environment[i][0], environment[i][1]);
    if (document_parse(&site->document, "/etc/lopin/site.toml", text, strlen(text), 0, err) < 0)
        return -1;
    return site_file_fill(site, &vars, err);
}

static void test_slurm(void **state)
{
    static const char text[] = "[slurm]\n"
                               "partition = ''\n"
                               "account = 'def-group'\n"
                               "max-queued = 1000\n"
                               "min-job = '1:00:00'\n"
                               "time-steps = ['3:00:00', '12h', '3-0']\n"
                               "core-equivalent = '4G'\n"
                               "submit-from-nodes = false\n"
                               "array-size = 500\n";
    struct site_file site;
    struct err err;
    (void)state;
    if (read_text(&site, text, &err) < 0)
        fail_msg("%s", err.text);
    const struct site_slurm *slurm = &site.slurm;
    assert_string_equal(slurm->partition, "");
    assert_int_equal(slurm->partition_line, 2);
    assert_string_equal(slurm->account, "def-group");
    assert_int_equal(slurm->max_queued, 1000);
    assert_int_equal(slurm->least_us, INT64_C(3600000000));
    assert_int_equal(slurm->step_count, 3);
    assert_int_equal(slurm->step_us[1], INT64_C(12) * 3600000000);
    assert_int_equal(slurm->step_us[2], INT64_C(72) * 3600000000);
    assert_int_equal(slurm->core_kb, 4 << 20);
    assert_int_equal(slurm->not_from_nodes, 1);
    assert_int_equal(slurm->array_size, 500);
    site_file_free(&site);
}

static void test_slurm_refused(void **state)
{
    static const struct {
        const char *text, *words, *hint;
    } wrong[] = {
        {"[slurm]\npartition = 3\n", "site.toml:2: partition must be a name", ""},
        {"[slurm]\n\naccount = ''\n", "site.toml:3: account must be a name", ""},
        {"[slurm]\naccount = 'a b'\n", "account must be a name", ""},
        {"[slurm]\nmax-queued = 0\n", "max-queued must be a number from 1", ""},
        {"[slurm]\nmin-job = 'long'\n", "min-job must be a time", "min-job = \"1:00:00\""},
        {"[slurm]\nmin-job = 60\n", "min-job must be a time", ""},
        {"[slurm]\ntime-steps = '3h'\n", "time-steps must be a list of times", ""},
        {"[slurm]\ntime-steps = [\n'3h',\n'x']\n", "site.toml:4: time-steps", "time-steps = ["},
        {"[slurm]\ntime-steps = ['12h', '3h']\n", "each is longer", ""},
        {"[slurm]\ncore-equivalent = 0\n", "core-equivalent must be an amount", ""},
        {"[slurm]\nsubmit-from-nodes = 'no'\n", "must be true or false", ""},
        {"[slurm]\npartitions = 'x'\n", "site.toml:2: unknown key 'partitions'", "partition"},
        {"slurm = 1\n", "slurm must be a table", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct site_file site;
        struct err err;
        assert_int_equal(read_text(&site, wrong[i].text, &err), -1);
        assert_int_equal(err.code, ERR_CONFIG);
        if (!strstr(err.text, wrong[i].words) || !strstr(err.hint, wrong[i].hint))
            fail_msg("%s: %s", err.text, err.hint);
        site_file_free(&site);
    }
}

static void test_values(void **state)
{
    struct site_file site;
    struct err err;
    (void)state;
    static const char text[] = "wheels = ['$LINKS', 'wheels', '/a b/$$x']\n"
                               "index = 'fallback'\n"
                               "python = '/opt/python/{version}/bin/python3'\n"
                               "cache = '${SCRATCH}/.lopin'\n"
                               "local-disk = ['$SLURM_TMPDIR', '$SCRATCH', '~/tmp']\n"
                               "files-counted = true\n"
                               "path-packages = true\n"
                               "modules-cache = '/sw/modules'\n"
                               "trusted-owners = [0, 1234, 'root']\n"
                               "[cpu]\n"
                               "'x86-64-v4' = 'x86-64-v4'\n"
                               "'numpy' = 'x86-64-v2'\n"
                               "'n*' = 'x86-64-v3'\n"
                               "[partition.'big mem']\n"
                               "cpu = 'x86-64-v3'\n"
                               "[partition.empty]\n"
                               "[advice]\n"
                               "cpu = 80\n"
                               "memory = 50\n"
                               "help = 'help@example.org'\n";
    if (read_text(&site, text, &err) < 0)
        fail_msg("%s", err.text);
    static const char *const wheels[] = {"/w/v3", "/w/generic", "https://example.org/w",
                                         "/etc/lopin/wheels", "/a b/$x"};
    assert_int_equal(site.wheels.count, COUNT(wheels));
    for (size_t i = 0; i < COUNT(wheels); i++)
        assert_string_equal(site.wheels.item[i], wheels[i]);
    assert_int_equal(site.index, SITE_INDEX_FALLBACK);
    assert_string_equal(site.python, "/opt/python/{version}/bin/python3");
    assert_string_equal(site.cache, "/scratch/me/.lopin");
    assert_int_equal(site.local_disk.count, 2); // the unset one is no candidate
    assert_string_equal(site.local_disk.item[1], "/home/me/tmp");
    assert_int_equal(site.files_counted, 1);
    assert_int_equal(site.path_packages, 1);
    assert_int_equal(site.trusted_count, 3);
    assert_int_equal(site.trusted[1], 1234);
    assert_int_equal(site.trusted[2], 0);
    assert_string_equal(site_cpu(&site, "x86-64-v4"), "x86-64-v4");
    assert_string_equal(site_cpu(&site, "numpy"), "x86-64-v2"); // the first in the file
    assert_string_equal(site_cpu(&site, "numba"), "x86-64-v3");
    assert_null(site_cpu(&site, "scipy"));
    assert_string_equal(site_partition_cpu(&site, "big mem"), "x86-64-v3");
    assert_null(site.slurm.partition);
    assert_int_equal(site.slurm.not_from_nodes, 0);
    assert_null(site_partition_cpu(&site, "empty"));
    assert_null(site_partition_cpu(&site, "none"));
    assert_int_equal(site.advice_cpu, 80);
    assert_int_equal(site.advice_memory, 50);
    assert_string_equal(site.advice_help, "help@example.org");
    site_file_free(&site);
}

static void test_modules(void **state)
{
    struct site_file site;
    struct err err;
    (void)state;
    static const char text[] = "python = 'module:python/{version}'\n"
                               "modules = ['StdEnv/2023', 'gcc']\n"
                               "module-hooks = true\n";
    if (read_text(&site, text, &err) < 0)
        fail_msg("%s", err.text);
    assert_null(site.python);
    assert_string_equal(site.python_module, "python/{version}");
    assert_int_equal(site.modules.count, 2);
    assert_string_equal(site.modules.item[1], "gcc");
    assert_int_equal(site.module_hooks, 1);
    site_file_free(&site);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *error, *hint;
    } cases[] = {
        {"cache = '$NOT_SET/x'", ":1: cache: the variable NOT_SET is not set",
         "export NOT_SET"},
        {"\ncache = '$EMPTY/x'", ":2: cache: the variable EMPTY is not set", NULL},
        {"wheels = ['/a', '$NOT_SET']", ":1: wheels: the variable NOT_SET is not set", NULL},
        {"python = '${HOME'", ":1: python: '$' is followed by no name", NULL},
        {"cache = 'a$'", ":1: cache: '$' is followed by no name", NULL},
        {"cache = ''", ":1: cache must be a path", NULL},
        {"cache = 3", ":1: cache must be a path", NULL},
        {"cache = \"a\\u0000\"", ":1: cache must be a path", NULL},
        {"wheels = [1]", ":1: wheels must be a list of paths", NULL},
        {"index = 'no'", ":1: index must be \"never\", \"fallback\", \"first\"", NULL},
        {"files-counted = 1", ":1: files-counted must be true or false", NULL},
        {"trusted-owners = 'root'", ":1: trusted-owners must be a list of users", NULL},
        {"trusted-owners = [-1]", ":1: trusted-owners must be a list of users", NULL},
        {"trusted-owners = [99999999999]", ":1: trusted-owners must be a list of users", NULL},
        {"trusted-owners = ['no such user']", ":1: trusted-owners: there is no user", NULL},
        {"local_disk = []", ":1: unknown key 'local_disk'", "local-disk"},
        {"colours = []", ":1: unknown key 'colours'", "site.toml"},
        {"modules = 'gcc'", ":1: modules must be a list of modules", NULL},
        {"modules = ['a b']", ":1: modules must be a list of modules", NULL},
        {"python = 'module:'", ":1: python must be \"module:NAME/{version}\"", NULL},
        {"python = 'module:python{version}'", ":1: python must be \"module:NAME", NULL},
        {"module-hooks = 1", ":1: module-hooks must be true or false", NULL},
        {"cpu = 'v3'", ":1: cpu must be a table", NULL},
        {"[cpu]\nnumpy = 'v3'", ": numpy must be \"x86-64\"", NULL},
        {"[partition.a]\ncpus = 'x86-64-v3'", ": unknown key 'cpus'", "cpu"},
        {"[partition]\na = 3", ": a must be a table", NULL},
        {"[advice]\ncpu = 101", ": cpu must be a number from 1 to 100", NULL},
        {"[advice]\nmemory = '50'", ": memory must be a number from 1 to 100", NULL},
        {"[advice]\nhlep = ''", ": unknown key 'hlep'", "help"},
        {"cache =", ": line 1, column", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct site_file site;
        struct err err;
        if (read_text(&site, cases[i].text, &err) == 0)
            fail_msg("taken: %s", cases[i].text);
        assert_int_equal(err.code, ERR_CONFIG);
        if (!str_starts(err.text, "/etc/lopin/site.toml:") || !strstr(err.text, cases[i].error))
            fail_msg("%s: %s", cases[i].text, err.text);
        if (cases[i].hint && !strstr(err.hint, cases[i].hint))
            fail_msg("%s: hint %s", cases[i].text, err.hint);
        site_file_free(&site);
    }
}

static int read_named(const char *named, struct site_file *site, struct err *err)
{
    CLEANUP_VARS struct vars vars = {0};
    *site = (struct site_file){0};
    *err = (struct err){0};
    if (named)
        vars_set(&vars, "LOPIN_SITE", named);
    return site_file_read(site, "/not/there/site.toml", &vars, err);
}

static void test_where(void **state)
{
    struct site_file site;
    struct err err;
    CLEANUP_FREE char *path = mem_print("%s/site.toml", (char *)*state);
    folder_text("site.toml", "index = 'never'\n");
    assert_int_equal(read_named(NULL, &site, &err), 0);
    assert_int_equal(site.document.state, DOCUMENT_ABSENT);
    site_file_free(&site);
    assert_int_equal(read_named("", &site, &err), 0);
    site_file_free(&site);
    assert_int_equal(read_named(path, &site, &err), 0);
    assert_int_equal(site.index, SITE_INDEX_NEVER);
    site_file_free(&site);
    assert_int_equal(read_named("site.toml", &site, &err), -1);
    assert_int_equal(err.code, ERR_CONFIG);
    site_file_free(&site);
    assert_int_equal(read_named("/not/there.toml", &site, &err), -1);
    assert_non_null(strstr(err.hint, "unset LOPIN_SITE"));
    site_file_free(&site);
    assert_int_equal(chmod("site.toml", 0664), 0);
    assert_int_equal(read_named(path, &site, &err), -1);
    assert_int_equal(err.code, ERR_UNTRUSTED);
    site_file_free(&site);
}

static void test_places(void **state)
{
    const char *here = *state;
    CLEANUP_STRV struct strv found = {0};
    CLEANUP_FREE char *pattern = mem_print("%s/[py]/{version}/python3", here);
    struct site_file site = {.python = pattern};
    static const char *const names[] = {"[py]/3.9.1/python3", "[py]/3.11.10/python3",
                                        "[py]/3.11.9/python3", "[py]/3.12.0/python3"};
    for (size_t i = 0; i < COUNT(names); i++) {
        folder_text(names[i], "");
        assert_int_equal(chmod(names[i], i == 3 ? 0644 : 0755), 0);
    }
    folder_text("p/3.13/python3", ""); // brackets are meant as they are
    site_pythons(&site, &found);
    assert_int_equal(found.count, 3);
    assert_true(str_ends(found.item[0], "/3.11.10/python3"));
    assert_true(str_ends(found.item[2], "/3.9.1/python3"));
    assert_null(site_local_disk(&site));
    strv_add(&site.local_disk, "/not/there");
    strv_add(&site.local_disk, "/dev/null");
    assert_null(site_local_disk(&site));
    strv_add(&site.local_disk, here);
    assert_string_equal(site_local_disk(&site), here);
    strv_free(&site.local_disk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_slurm),
        cmocka_unit_test(test_slurm_refused),
        cmocka_unit_test(test_modules),
        cmocka_unit_test(test_refused),
        cmocka_unit_test_setup_teardown(test_where, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_places, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
