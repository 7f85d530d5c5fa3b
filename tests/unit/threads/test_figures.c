// SPDX-License-Identifier: Apache-2.0
// Texts of /proc: whole, cut off, and such as a name of a process can make them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/mem.h"
#include "base/process.h"
#include "cmocka.h"
#include "threads/figures.h"
#include "threads/maps.h"

static void test_schedstat(void **state)
{
    static const char *const bad[] = {"", "\n", "x 1 2", "1", "1 ", "1\n2", "-1 2 3", "1 -2 3"};
    struct pace_figures figures;
    (void)state;
    assert_int_equal(figures_schedstat("123 4567890123 9\n", &figures), 0);
    assert_int_equal(figures.run_ns, 123);
    assert_int_equal(figures.wait_ns, 4567890123);
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(figures_schedstat(bad[i], &figures), -1);
}

#define REST " 7 7 7 0 -1 4194304 1 2 3 4 50 60 0 0 20 0 12 0 9000 1 2"

static void test_stat(void **state)
{
    static const char *const bad[] = {"", "7", "7 (a", "7 (a)", "7 (a) ", "7 (a) 1 7"};
    struct process figures;
    (void)state;
    assert_int_equal(process_parse("9 (a) R (b)\n) D" REST, &figures), 0);
    assert_int_equal(figures.state, 'D');
    assert_int_equal(figures.parent, 7);
    assert_int_equal(figures.cpu_ticks, 110);
    assert_int_equal(figures.threads, 12);
    assert_int_equal(figures.start, 9000);
    assert_false(figures.is_kernel);
    assert_int_equal(process_parse("2 (kthreadd) S 0 0 0 0 -1 2129984 0", &figures), 0);
    assert_true(figures.is_kernel && figures.threads == 0);
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(process_parse(bad[i], &figures), -1);
}

static void test_status(void **state)
{
    struct cpuset cpus;
    long user;
    (void)state;
    assert_int_equal(figures_status("Name:\tUid: 3\nUid:\t1000\t0\nCpus_allowed:\tf\n"
                                    "Cpus_allowed_list:\t0-1,8\nMems\n",
                                    &cpus, &user),
                     0);
    assert_int_equal(cpuset_count(&cpus), 3);
    assert_int_equal(user, 1000);
    assert_int_equal(figures_status("Name:\tx\n", &cpus, &user), -1);
    assert_int_equal(user, -1);
    assert_int_equal(figures_status("Cpus_allowed_list:\t9-1\n", &cpus, &user), -1);
}

static void test_futex(void **state)
{
    char text[200];
    uint64_t word, at;
    (void)state;
    snprintf(text, sizeof text, "%d 0x7f12 0x80 0x2 0x0 0x0 0x0 0x7ffe 0x7fab\n",
             (int)SYS_futex);
    assert_int_equal(figures_futex(text, &word, &at), 1);
    assert_true(word == 0x7f12 && at == 0x7fab);
    assert_int_equal(figures_futex("running\n", &word, &at), 0);
    assert_int_equal(figures_futex("", &word, &at), 0);
    assert_int_equal(figures_futex("0 0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x8\n", &word, &at), 0);
    snprintf(text, sizeof text, "%d 0x7f12\n", (int)SYS_futex);
    assert_int_equal(figures_futex(text, &word, &at), 0);
}

static void on_file(void *context, const struct maps_file *file)
{
    struct str *into = context;
    str_print(into, "%llx+%llx %llu %d %.*s|", (unsigned long long)file->begin,
              (unsigned long long)file->offset, (unsigned long long)file->inode, file->deleted,
              (int)file->path_size, file->path);
}

static void test_maps(void **state)
{
    static const char text[] =
        "55d0-55e0 r--p 00000000 fe:01 12                         /usr/bin/python3\n"
        "55e0-55f0 r-xp 00010000 fe:01 12                         /usr/bin/python3\n"
        "7f00-7f10 rw-p 00000000 00:00 0 \n"
        "7f10-7f20 r--p 00000000 fe:01 99                         /a b/lib\\012x.so (deleted)\n"
        "7f20-7f30 rw-p 00000000 00:00 0                          [heap]\n"
        "7f30-7f40 r--p 00000000 00:01 5                          /memfd:x\n"
        "7f40-7f50 r--p 00002000 fe:01 99                         /a b/lib\\012x.so\n"
        "rubbish\n\n7f\n7f50-7f60 r--p 00000000 fe:01 98          /end";
    CLEANUP_STR struct str found = {0};
    (void)state;
    maps_read(text, sizeof text - 1, on_file, &found);
    assert_string_equal(
        str_text(&found),
        "55d0+0 12 0 /usr/bin/python3|7f10+0 99 1 /a b/lib\\012x.so|"
        "7f30+0 5 0 /memfd:x|7f40+2000 99 0 /a b/lib\\012x.so|7f50+0 98 0 /end|");
    for (size_t size = 0; size < sizeof text - 1; size++) { // cut off anywhere
        CLEANUP_FREE char *cut = mem_dupn(text, size);
        CLEANUP_STR struct str some = {0};
        maps_read(cut, size, on_file, &some);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedstat), cmocka_unit_test(test_stat),
        cmocka_unit_test(test_status),    cmocka_unit_test(test_futex),
        cmocka_unit_test(test_maps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
