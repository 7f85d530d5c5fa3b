// SPDX-License-Identifier: Apache-2.0
// What is known of a wheel's processor, in which order; the file keeps it, and forgets what is gone.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "cmocka.h"
#include "env/stamp.h"
#include "folder.h"
#include "machine/isa.h"

#define MANYLINUX "cp311-cp311-manylinux_2_28_x86_64"
static const struct {
    const char *name, *version, *tags;
    unsigned machine;
    const char *house, *site;
    const char *cpu, *why; // expected; cpu NULL: unknown
} knowledge[] = {
    {"six", "1.16", "py3-none-any", 0, NULL, NULL, "x86-64", "pure"},
    {"six", "1.16", "py3-none-any", 0, "x86-64-v4", "avx2", "x86-64", "pure"},
    {"h5py", "3.1", MANYLINUX, 62, NULL, NULL, NULL, ""},
    {"h5py", "3.1", MANYLINUX, 62, NULL, "avx2", "avx2", "site"},
    {"h5py", "3.1", MANYLINUX, 62, "x86-64-v4", "avx2", "x86-64-v4", "/w/x"},
    {"h5py", "3.1", MANYLINUX, 62, "generic", "avx2", "generic", "/w/x"},
    {"h5py", "3.1", MANYLINUX, 62, "not a level", NULL, NULL, ""},
    {"numpy", "2.3.5", MANYLINUX, 62, NULL, NULL, NULL, ""},
    {"numpy", "2.4.0", MANYLINUX, 62, NULL, NULL, "x86-64-v2", "known"},
    {"NumPy", "2.10.1", MANYLINUX, 62, NULL, NULL, "x86-64-v2", "known"},
    {"numpy", "2.4.0", "cp311-cp311-linux_x86_64", 62, NULL, NULL, NULL, ""}, // a site's own
    {"numpy", "2.4.0", "cp311-cp311-manylinux_2_28_aarch64", 183, NULL, NULL, NULL, ""},
    {"numpy", "2.4.0", MANYLINUX, 62, "generic", NULL, "x86-64-v2",
     "known"}, // PyPI's, put there
    {"numpy", "2.4.0", MANYLINUX, 62, "avx2", NULL, "avx2", "/w/x"},
    {"polars_runtime_32", "2.1.0", MANYLINUX, 62, NULL, NULL, "x86-64-v3", "known"},
};

static void test_knowledge(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(knowledge); i++) {
        struct stamp stamp = {0};
        const struct manifest manifest = {.info = "a.dist-info",
                                          .name = knowledge[i].name,
                                          .version = knowledge[i].version,
                                          .tags = knowledge[i].tags,
                                          .machine = knowledge[i].machine};
        const struct stamp_origin origin = {knowledge[i].house, "/w/x", knowledge[i].site};
        stamp_add(&stamp, &manifest, &origin);
        if (knowledge[i].cpu)
            assert_string_equal(stamp.item[0].cpu, knowledge[i].cpu);
        else
            assert_null(stamp.item[0].cpu);
        assert_string_equal(stamp.item[0].why, knowledge[i].why);
        assert_string_equal(stamp.item[0].made, isa_level(isa_here()));
        stamp_free(&stamp);
    }
}

static void add(struct stamp *stamp, const char *name, const char *house, unsigned machine)
{
    CLEANUP_FREE char *info = mem_print("%s-1.dist-info", name);
    const struct manifest manifest = {.info = info,
                                      .name = name,
                                      .version = "1 %\n",
                                      .tags = "t",
                                      .machine = machine,
                                      .glibc = {2, (int)machine}};
    const struct stamp_origin origin = {.house = house, .where = "/a b/\n"};
    stamp_add(stamp, &manifest, &origin);
}

static void put(int dir, const struct stamp *old, const struct stamp *added, int guard)
{
    struct err err = {0};
    assert_int_equal(stamp_put(dir, old, added, guard, &err), 0);
}

static int open_folder(void)
{
    assert_int_equal(mkdir("packages", 0777), 0);
    int dir = open("packages", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(dir >= 0);
    folder_text("packages/one-1.dist-info", "");
    folder_text("packages/two-1.dist-info", "");
    return dir;
}

static void test_file(void **state)
{
    (void)state;
    CLEANUP_CLOSE int dir = open_folder();
    struct stamp first = {0}, second = {0}, none = {0}, read = {0};
    assert_int_equal(stamp_read(dir, &read, NULL), 0);
    add(&first, "one", "avx2", 62);
    add(&first, "two", NULL, 3);
    put(dir, NULL, &first, 1);
    assert_int_equal(access("packages/lopin-guard.pth", F_OK), 0);
    assert_int_equal(stamp_read(dir, &read, NULL), 1);
    assert_int_equal(read.count, 2);
    assert_string_equal(read.item[0].cpu, "avx2");
    assert_string_equal(read.item[0].why, "/a b/\n");
    assert_string_equal(read.item[0].version, "1 %\n");
    assert_int_equal(read.item[0].glibc.minor, 62);
    assert_null(read.item[1].cpu);
    assert_string_equal(read.item[1].why, "");

    add(&second, "one", "x86-64-v2", 62); // again, from elsewhere; another one goes
    assert_int_equal(unlink("packages/two-1.dist-info"), 0);
    put(dir, &read, &second, 1);
    stamp_free(&read);
    assert_int_equal(stamp_read(dir, &read, NULL), 1);
    assert_int_equal(read.count, 1);
    assert_string_equal(read.item[0].cpu, "x86-64-v2");

    assert_int_equal(unlink("packages/one-1.dist-info"), 0); // and nothing to guard
    put(dir, &read, &none, 1);
    assert_int_equal(access("packages/lopin-guard.pth", F_OK), -1);
    assert_int_equal(access("packages/_lopin_guard.abi3.so", F_OK), -1);
    put(dir, NULL, &second, 0); // not ours
    assert_int_equal(access("packages/lopin-guard.pth", F_OK), -1);
    stamp_free(&first);
    stamp_free(&second);
    stamp_free(&read);
}

static uint64_t cpu(const char *word)
{
    uint64_t ret = 0;
    isa_word(word, strlen(word), &ret, NULL);
    return ret;
}

static void test_compare(void **state)
{
    static const struct {
        const char *cpu, *made;
        int glibc;
        const char *has;
        int libc;
        enum stamp_lack lack;
    } cases[] = {
        {"x86-64-v2", "x86-64-v4", 17, "x86-64-v3", 28, STAMP_FITS},
        {"x86-64-v3", "x86-64-v3", 17, "x86-64-v2", 28, STAMP_CPU},
        {"x86-64", "x86-64-v4", 17, "x86-64", 28, STAMP_FITS},
        {"x86-64", "x86-64-v4", 29, "x86-64", 28, STAMP_GLIBC},
        {"x86-64", "x86-64-v4", 29, "x86-64", 0, STAMP_FITS}, // not known
        {NULL, "x86-64-v4", 17, "x86-64-v3", 28, STAMP_UNKNOWN},
        {NULL, "x86-64-v3", 17, "x86-64-v3", 28, STAMP_FITS},
        {NULL, "x86-64-v3", 29, "x86-64-v2", 28, STAMP_GLIBC},
        {NULL, "a later word", 17, "x86-64", 28, STAMP_FITS},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct stamp_package package = {
            .cpu = cases[i].cpu, .made = cases[i].made, .glibc = {2, cases[i].glibc}};
        const struct stamp_machine machine = {.cpu = cpu(cases[i].has),
                                              .glibc = {cases[i].libc ? 2 : 0, cases[i].libc}};
        assert_int_equal(stamp_compare(&package, &machine), cases[i].lack);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_knowledge),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_compare),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
