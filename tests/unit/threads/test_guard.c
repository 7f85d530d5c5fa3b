// SPDX-License-Identifier: Apache-2.0
// The variables of a task, by number of threads and what was inherited; and the hook's folder.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "cmocka.h"
#include "threads/guard.h"
#include "threads/hook_bytes.h"

static const char all_one[] =
    "OMP_NUM_THREADS=1 NUMEXPR_NUM_THREADS=1 NUMEXPR_MAX_THREADS=1 OPENBLAS_NUM_THREADS=1 "
    "GOTO_NUM_THREADS=1 MKL_NUM_THREADS=1 BLIS_NUM_THREADS=1 VECLIB_MAXIMUM_THREADS=1 "
    "RAYON_NUM_THREADS=1 POLARS_MAX_THREADS=1 NUMBA_NUM_THREADS=1 JULIA_NUM_THREADS=1 "
    "LOPIN_THREADS=1 PYTHON_CPU_COUNT=1";
#define FOUR "OMP_NUM_THREADS=4 NUMEXPR_NUM_THREADS=4 LOPIN_THREADS=4 PYTHON_CPU_COUNT=4"

static const struct {
    const char *name;
    unsigned threads;
    const char *before, *after, *lowered; // words; '_' in a value stands for a space
} rows[] = {
    {"one thread, nothing inherited", 1, "", all_one, ""},
    {"one thread, all larger", 1,
     "OMP_NUM_THREADS=8 OPENBLAS_NUM_THREADS=64 MKL_NUM_THREADS=x POLARS_MAX_THREADS=0",
     all_one, "OMP_NUM_THREADS OPENBLAS_NUM_THREADS MKL_NUM_THREADS POLARS_MAX_THREADS"},
    {"several, nothing inherited", 4, "", FOUR, ""},
    {"several, larger is lowered", 4, "OPENBLAS_NUM_THREADS=8 MKL_NUM_THREADS=16",
     "OPENBLAS_NUM_THREADS=4 MKL_NUM_THREADS=4 " FOUR, "OPENBLAS_NUM_THREADS MKL_NUM_THREADS"},
    {"several, unreadable is dropped", 4,
     "RAYON_NUM_THREADS=many NUMBA_NUM_THREADS=-1 BLIS_NUM_THREADS=", FOUR,
     "RAYON_NUM_THREADS BLIS_NUM_THREADS NUMBA_NUM_THREADS"},
    {"what the user lowered stays", 4, "OMP_NUM_THREADS=2 MKL_NUM_THREADS=1",
     "OMP_NUM_THREADS=2 MKL_NUM_THREADS=1 NUMEXPR_NUM_THREADS=4 LOPIN_THREADS=4 "
     "PYTHON_CPU_COUNT=4",
     ""},
    {"nested levels fit", 8, "OMP_NUM_THREADS=4,2",
     "OMP_NUM_THREADS=4,2 NUMEXPR_NUM_THREADS=8 LOPIN_THREADS=8 PYTHON_CPU_COUNT=8", ""},
    {"nested levels multiply", 4, "OMP_NUM_THREADS=4,2",
     "OMP_NUM_THREADS=4,1 NUMEXPR_NUM_THREADS=4 LOPIN_THREADS=4 PYTHON_CPU_COUNT=4",
     "OMP_NUM_THREADS"},
    {"nested, inner level too wide", 6, "OMP_NUM_THREADS=_2_,_8_,_8",
     "OMP_NUM_THREADS=2,3,1 NUMEXPR_NUM_THREADS=6 LOPIN_THREADS=6 PYTHON_CPU_COUNT=6",
     "OMP_NUM_THREADS"},
    {"unreadable list", 4, "OMP_NUM_THREADS=4,", FOUR, "OMP_NUM_THREADS"},
    {"only OMP takes a list", 4, "MKL_NUM_THREADS=2,2", FOUR, "MKL_NUM_THREADS"},
    {"numbers too large", 4, "MKL_NUM_THREADS=99999999999999999999", "MKL_NUM_THREADS=4 " FOUR,
     "MKL_NUM_THREADS"},
    {"never set, only lowered", 4,
     "GOMAXPROCS=64 LOKY_MAX_CPU_COUNT=2 OPENBLAS_DEFAULT_NUM_THREADS=9",
     "GOMAXPROCS=4 LOKY_MAX_CPU_COUNT=2 OPENBLAS_DEFAULT_NUM_THREADS=4 " FOUR,
     "OPENBLAS_DEFAULT_NUM_THREADS GOMAXPROCS"},
    {"parts of libraries", 4,
     "BLIS_JC_NT=2 BLIS_IC_NT=1 MKL_DOMAIN_NUM_THREADS=MKL_DOMAIN_ALL=8", "BLIS_IC_NT=1 " FOUR,
     "BLIS_JC_NT MKL_DOMAIN_NUM_THREADS"},
    {"parts that fit", 4, "MKL_DOMAIN_NUM_THREADS=MKL_DOMAIN_ALL=4,_MKL_DOMAIN_BLAS=1",
     "MKL_DOMAIN_NUM_THREADS=MKL_DOMAIN_ALL=4,_MKL_DOMAIN_BLAS=1 " FOUR, ""},
    {"pins are dropped", 4,
     "GOMP_CPU_AFFINITY=0-3 OMP_PLACES={0,1},{2,3} KMP_AFFINITY=explicit,proclist=[0-3]", FOUR,
     "GOMP_CPU_AFFINITY OMP_PLACES KMP_AFFINITY"},
    {"names of places stay", 4, "OMP_PLACES=cores(4) KMP_AFFINITY=granularity=fine,compact,1,0",
     "OMP_PLACES=cores(4) KMP_AFFINITY=granularity=fine,compact,1,0 " FOUR, ""},
    {"numexpr's own maximum", 100, "",
     "OMP_NUM_THREADS=100 NUMEXPR_NUM_THREADS=100 NUMEXPR_MAX_THREADS=100 LOPIN_THREADS=100 "
     "PYTHON_CPU_COUNT=100",
     ""},
    {"an outer lopin's numbers", 4, "LOPIN_THREADS=9 PYTHON_CPU_COUNT=9", FOUR, ""},
    {"others are let alone", 4, "PATH=/bin OMP_DYNAMIC=true",
     "PATH=/bin OMP_DYNAMIC=true " FOUR, ""},
};

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *sorted(const struct strv *words)
{
    struct strv copy = {0};
    struct str text = {0};
    for (size_t i = 0; i < words->count; i++)
        if (*words->item[i])
            strv_add(&copy, words->item[i]);
    if (copy.count)
        qsort(copy.item, copy.count, sizeof(*copy.item), compare);
    for (size_t i = 0; i < copy.count; i++)
        str_print(&text, "%s\n", copy.item[i]);
    strv_free(&copy);
    return str_take(&text);
}

// Words as a list, '_' of values made spaces.
static void words_of(const char *text, struct strv *ret)
{
    strv_split(ret, text, ' ');
    for (size_t i = 0; i < ret->count; i++)
        for (char *at = strchr(ret->item[i], '='); at && *at; at++)
            if (*at == '_' && !strstr(ret->item[i], "MKL_DOMAIN"))
                *at = ' ';
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        CLEANUP_VARS struct vars vars = {0};
        CLEANUP_STRV struct strv lowered = {0};
        CLEANUP_STRV struct strv after = {0};
        CLEANUP_STRV struct strv names = {0};
        print_message("# %s\n", rows[i].name);
        if (*rows[i].before)
            words_of(rows[i].before, &vars.list);
        words_of(rows[i].after, &after);
        strv_split(&names, rows[i].lowered, ' ');
        guard_apply(&vars, rows[i].threads, &lowered);
        CLEANUP_FREE char *have = sorted(&vars.list);
        CLEANUP_FREE char *want = sorted(&after);
        CLEANUP_FREE char *have_names = sorted(&lowered);
        CLEANUP_FREE char *want_names = sorted(&names);
        assert_string_equal(have, want);
        assert_string_equal(have_names, want_names);
        // a second time changes nothing: a lopin in a task of the same width
        guard_apply(&vars, rows[i].threads, NULL);
        CLEANUP_FREE char *again = sorted(&vars.list);
        assert_string_equal(again, want);
    }
}

static void check_file(const char *folder)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *path = mem_print("%s/sitecustomize.py", folder);
    assert_int_equal(fs_read(AT_FDCWD, path, 1 << 20, &text, NULL), 0);
    assert_int_equal(text.size, hook_bytes_size);
    assert_memory_equal(text.text, hook_bytes, hook_bytes_size);
}

static void test_hook_folder(void **state)
{
    (void)state;
    char root[] = "/tmp/lopin-hook-XXXXXX";
    struct err err = {0};
    struct stat first, second;
    assert_non_null(mkdtemp(root));
    CLEANUP_FREE char *cache = mem_print("%s/a/lopin", root);
    CLEANUP_FREE char *folder = hook_folder(cache, &err);
    assert_non_null(folder);
    check_file(folder);
    CLEANUP_FREE char *path = mem_print("%s/sitecustomize.py", folder);
    assert_int_equal(stat(path, &first), 0);
    assert_int_equal(first.st_mode & 0777, 0600);
    free(hook_folder(cache, &err)); // already there: not written again
    assert_int_equal(stat(path, &second), 0);
    assert_int_equal(first.st_ino, second.st_ino);
    assert_int_equal(truncate(path, 3), 0); // cut short by a crash: written again
    free(hook_folder(cache, &err));
    check_file(folder);
    assert_int_equal(unlink(path), 0); // a link in its place: replaced, not followed
    assert_int_equal(symlink("/etc/passwd", path), 0);
    free(hook_folder(cache, &err));
    check_file(folder);
    // the package beside it is mended in the same way
    CLEANUP_FREE char *core = mem_print("%s/package/lopin/_threads.abi3.so", folder);
    CLEANUP_FREE char *dropin = mem_print("%s/package/lopin/fast/threadpoolctl.py", folder);
    assert_int_equal(stat(core, &first), 0);
    assert_int_equal(first.st_size, lopin_core_bytes_size);
    assert_int_equal(truncate(core, 9), 0);
    assert_int_equal(unlink(dropin), 0);
    free(hook_folder(cache, &err));
    assert_int_equal(stat(core, &first), 0);
    assert_int_equal(first.st_size, lopin_core_bytes_size);
    assert_int_equal(stat(dropin, &second), 0);
    assert_int_equal(second.st_mode & 0777, 0600);
    assert_int_equal(err.code, ERR_NONE);

    assert_int_equal(chmod(folder, 0777), 0); // others may write: refused
    assert_null(hook_folder(cache, &err));
    assert_int_equal(err.code, ERR_SYSTEM);
    assert_non_null(strstr(err.hint, "chmod go-w"));
    assert_int_equal(chmod(folder, 0700), 0);
    assert_int_equal(chmod(cache, 0777), 0);
    assert_null(hook_folder(cache, NULL));
    assert_int_equal(chmod(cache, 0700), 0);
    assert_int_equal(fs_remove(AT_FDCWD, folder), 0); // a link as the folder: refused
    assert_int_equal(symlink("/tmp", folder), 0);
    assert_null(hook_folder(cache, NULL));
    fs_remove(AT_FDCWD, root);
}

static void test_hook_apply(void **state)
{
    (void)state;
    CLEANUP_VARS struct vars vars = {0};
    hook_apply(&vars, "/c/hook", NULL);
    assert_string_equal(vars_get(&vars, "PYTHONPATH"), "/c/hook");
    hook_apply(&vars, "/c/hook", "/m/a:/m/b"); // again: once on the path
    assert_string_equal(vars_get(&vars, "PYTHONPATH"), "/c/hook:/m/a:/m/b");
    vars_set(&vars, "PYTHONPATH", "/kept"); // let through by --keep-env
    hook_apply(&vars, "/c/hook", "/m/a");
    assert_string_equal(vars_get(&vars, "PYTHONPATH"), "/c/hook:/m/a:/kept");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_hook_folder),
        cmocka_unit_test(test_hook_apply),
    };
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
