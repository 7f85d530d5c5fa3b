// SPDX-License-Identifier: Apache-2.0
// What a mapped file is: by name, by its own file (the C library and this program stand for a BLAS), damaged,
// replaced; and how many threads it takes by variables.
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
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
#include "folder.h"
#include "threads/library.h"
#include "threads/symbols.h"

static void test_names(void **state)
{
    static const struct {
        const char *path;
        int is;
    } paths[] = {
        {"/x/numpy.libs/libscipy_openblas64_-ff651d7f.so", 1},
        {"/usr/lib/libgomp.so.1.0.0", 1},
        {"/usr/lib/libgslcblas.so.0", 1},
        {"/usr/lib/libblas.so.3.10.0", 1},
        {"/x/polars/polars.abi3.so", 1},
        {"/x/torch/lib/libtorch_cpu.so", 1},
        {"/x/numexpr/interpreter.cpython-311-x86_64-linux-gnu.so", 1},
        {"/usr/bin/blastp", 0},
        {"/x/blas.py", 0},
        {"/usr/lib/libc.so.6", 0},
        {"/", 0},
        {"", 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(paths); i++)
        if (library_is(paths[i].path, strlen(paths[i].path)) != paths[i].is)
            fail_msg("%s", paths[i].path);
}

static const char *libc_path(uint64_t *ret_base)
{
    struct link_map *map = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    assert_non_null(map);
    *ret_base = map->l_addr;
    return map->l_name;
}

static void test_symbols(void **state)
{
    static const char *const known[] = {"malloc", "qsort_r", "environ", "pthread_create"};
    uint64_t base, value;
    struct symbols symbols;
    (void)state;
    CLEANUP_CLOSE int fd = open(libc_path(&base), O_RDONLY | O_CLOEXEC);
    assert_int_equal(symbols_open(fd, &symbols), 0);
    for (size_t i = 0; i < COUNT(known); i++) {
        assert_int_equal(symbols_find(&symbols, known[i], &value), 0);
        assert_true(value >= symbols.low && value < symbols.high);
    }
    // a function of the C library that is not chosen at run time (IFUNC) is where the file says
    assert_int_equal(symbols_find(&symbols, "malloc", &value), 0);
    assert_true((uint64_t)(uintptr_t)dlsym(RTLD_NEXT, "malloc") == base + value ||
                dlsym(RTLD_DEFAULT, "__asan_init") != NULL);
    assert_int_equal(symbols_find(&symbols, "blas_cpu_number", &value), -1);
    assert_int_equal(symbols_find(&symbols, "", &value), -1);
}

static void test_text(void **state)
{
    static const char banner[] = "GNU C Library (Debian GLIBC ";
    uint64_t base;
    struct symbols symbols;
    CLEANUP_STR struct str found = {0};
    (void)state;
    CLEANUP_CLOSE int fd = open(libc_path(&base), O_RDONLY | O_CLOEXEC);
    assert_int_equal(symbols_open(fd, &symbols), 0);
    if (symbols_text(&symbols, banner, &found) == 0) // on Debian
        assert_true(found.text[0] == '2' && found.text[1] == '.');
    assert_int_equal(symbols_text(&symbols, "no such words", &found), -1);
}

// Each prefix of a library, and one with each of its first bytes another: no crash, and no name that is not there.
static void test_damaged(void **state)
{
    uint64_t base, value;
    struct symbols symbols;
    CLEANUP_STR struct str bytes = {0};
    CLEANUP_STR struct str text = {0};
    (void)state;
    assert_int_equal(fs_read(AT_FDCWD, libc_path(&base), 64 << 20, &bytes, NULL), 0);
    for (size_t size = 0; size < bytes.size; size = size < 300 ? size + 7 : size * 2) {
        folder_write("cut", bytes.text, size);
        CLEANUP_CLOSE int fd = open("cut", O_RDONLY | O_CLOEXEC);
        if (symbols_open(fd, &symbols) == 0) {
            symbols_find(&symbols, "malloc", &value);
            symbols_text(&symbols, "GLIBC ", &text);
        }
    }
    for (size_t at = 0; at < 1000; at += 3) {
        CLEANUP_FREE char *other = mem_dupn(bytes.text, 65536);
        other[at] = (char)(other[at] ^ 0xff);
        folder_write("other", other, 65536);
        CLEANUP_CLOSE int fd = open("other", O_RDONLY | O_CLOEXEC);
        if (symbols_open(fd, &symbols) == 0)
            symbols_find(&symbols, "malloc", &value);
    }
}

// As the kernel would say it of a file below the current folder.
static struct maps_file mapped(const char *path)
{
    struct stat st;
    struct maps_file file = {.path = path, .path_size = strlen(path), .begin = 1 << 16};
    if (stat(path, &st) == 0)
        file.inode = st.st_ino;
    return file;
}

// A name that says nothing: only what exports dgemm is a BLAS.
static void test_exports(void **state)
{
    uint64_t base;
    (void)state;
    struct maps_file file = mapped(libc_path(&base));
    assert_false(library_is_by_exports(&file, ""));
    folder_text("libmystery.so", "no library");
    file = mapped("libmystery.so");
    assert_false(library_is_by_exports(&file, ""));
    file = mapped("libgone.so");
    assert_false(library_is_by_exports(&file, ""));
}

static void test_owner(void **state)
{
    CLEANUP_FREE char *path =
        mem_print("%s/lib/site-packages/num py.libs/libopenblas-r0.3.9.so", (char *)*state);
    CLEANUP_FREE char *unknown = mem_print("%s/libmyblas.so", (char *)*state);
    struct library library;
    folder_text(path + strlen(*state) + 1, "no library");
    folder_text("lib/site-packages/num py-2.4.6.dist-info/METADATA", "");
    folder_text("libmyblas.so", "");
    struct maps_file file = mapped(path);
    library_read(&file, "", &library);
    assert_string_equal(library.name, "OpenBLAS");
    assert_string_equal(library.package, "num py");
    assert_string_equal(library.package_version, "2.4.6");
    assert_string_equal(library.version, "0.3.9");
    assert_int_equal(library.kind, LIBRARY_BLAS);
    assert_false(library.counts || library.used);
    library_free(&library);
    file = mapped(unknown);
    library_read(&file, "", &library);
    assert_int_equal(library.kind, LIBRARY_UNKNOWN);
    assert_true(!library.name && !library.variable && !library.version);
    library_free(&library);
    file.deleted = 1;
    library_read(&file, "", &library);
    assert_false(library.counts);
    library_free(&library);
}

static void test_environment(void **state)
{
    static const struct {
        const char *name, *environment; // one entry
        unsigned cpus, threads;
        const char *by;
    } rows[] = {
        {"OpenBLAS", "OPENBLAS_NUM_THREADS=1", 4, 1, "OPENBLAS_NUM_THREADS"},
        {"OpenBLAS", "OMP_NUM_THREADS=8", 4, 4, "OMP_NUM_THREADS"}, // the mask is a limit to it
        {"OpenBLAS", "OPENBLAS_NUM_THREADS=many", 4, 4, NULL},
        {"OpenMP", "OMP_NUM_THREADS=8,2", 4, 8, "OMP_NUM_THREADS"},
        {"OpenMP", "OMP_NUM_THREADS=99999999999999999999", 4, 4, NULL},
        {"BLIS", "X=1", 4, 1, NULL},
        {"polars", "POLARS_MAX_THREADS= 3", 4, 3, "POLARS_MAX_THREADS"},
        {NULL, "OMP_NUM_THREADS=8", 4, 0, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct library library = {.name = rows[i].name};
        CLEANUP_STR struct str environment = {0};
        const char *by;
        str_add_bytes(&environment, rows[i].environment, strlen(rows[i].environment) + 1);
        unsigned threads = library_by_environment(&library, &environment, rows[i].cpus, &by);
        if (threads != rows[i].threads || !by != !rows[i].by ||
            (by && strcmp(by, rows[i].by) != 0))
            fail_msg("%s: %u by %s", rows[i].environment, threads, by ? by : "none");
    }
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names), cmocka_unit_test(test_symbols),
        cmocka_unit_test(test_text),  cmocka_unit_test(test_environment),
        IN_FOLDER(test_damaged),      IN_FOLDER(test_owner),
        IN_FOLDER(test_exports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
