// SPDX-License-Identifier: Apache-2.0
// What /proc tells of a process: ourselves, one that has ended, one whose name is hostile.
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/process.h"

static void test_ourselves(void **state)
{
    struct process process;
    (void)state;
    assert_int_equal(prctl(PR_SET_NAME, "a) Z 1 (b"), 0);
    assert_int_equal(process_read(getpid(), &process), 0);
    assert_int_equal(process.state, 'R');
    assert_false(process_is_over(&process));
    assert_int_equal(process.parent, getppid());
    assert_true(process.start > 0 && process.resident_pages > 0);
}

static void test_ended(void **state)
{
    struct process process;
    siginfo_t info;
    (void)state;
    pid_t pid = fork();
    if (!pid)
        _exit(0);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(process_read(pid, &process), 0);
    assert_true(process_is_over(&process));
    assert_int_equal(process.parent, getpid());
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(process_read(pid, &process), -1);
    CLEANUP_STR struct str text = {0};
    assert_int_equal(process_environment(pid, &text), -1);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(process_read(-1, &process), -1);
}

static void test_entries(void **state)
{
    static const char bytes[] = "A=1\0AB=2\0\0AB=3\0LAST=";
    struct str text = {.text = (char *)bytes, .size = sizeof bytes};
    struct str nothing = {0};
    (void)state;
    assert_string_equal(process_entry(&text, "A=", 2), "1");
    assert_string_equal(process_entry(&text, "AB=", 3), "2");
    assert_string_equal(process_entry(&text, "LAST=", 5), "");
    assert_null(process_entry(&text, "B=", 2));
    assert_null(process_entry(&text, "LAST=more", 9));
    assert_non_null(process_entry(&text, "AB=3", 5)); // with its NUL: the whole entry
    assert_null(process_entry(&text, "AB=", 4));
    assert_null(process_entry(&nothing, "A=", 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ourselves),
                                       cmocka_unit_test(test_ended),
                                       cmocka_unit_test(test_entries)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
