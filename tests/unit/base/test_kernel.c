// SPDX-License-Identifier: Apache-2.0
// Calls by their number, and what stands in for them where the kernel has none: a filter
// (seccomp(2)) answers as an old kernel does.
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/kernel.h"
#include "base/mem.h"
#include "folder.h"

static ino_t inode(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_ino : 0;
}

static void test_rename(void **state)
{
    (void)state;
    folder_text("a", "a");
    folder_text("b", "b");
    ino_t a = inode("a"), b = inode("b");
    assert_int_equal(kernel_rename("a", "b", KERNEL_EXCHANGE), 0);
    assert_true(inode("a") == b && inode("b") == a);
    assert_int_equal(kernel_rename("a", "b", KERNEL_NO_REPLACE), -1);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(kernel_rename("a", "c", KERNEL_NO_REPLACE), 0);
    assert_true(inode("c") == b && inode("a") == 0);
    assert_int_equal(kernel_rename("gone", "b", KERNEL_EXCHANGE), -1);
    assert_int_equal(errno, ENOENT);
}

static void test_random(void **state)
{
    (void)state;
    unsigned char first[256] = {0}, second[256] = {0}, more[257];
    assert_int_equal(kernel_random(first, sizeof first), 0);
    assert_int_equal(kernel_random(second, sizeof second), 0);
    assert_memory_not_equal(first, second, sizeof first);
    assert_int_equal(kernel_random(more, sizeof more), -1);
    assert_int_equal(errno, EINVAL);
}

static void test_memory_file(void **state)
{
    (void)state;
    char text[8] = "";
    CLEANUP_CLOSE int fd = kernel_memory_file("test");
    assert_true(fd > 2 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    assert_int_equal(write(fd, "ab", 2), 2);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(write(fd, "cd", 2), 2);
    assert_int_equal(pread(fd, text, sizeof text, 0), 4);
    assert_string_equal(text, "abcd");
}

// Answers the calls with ENOSYS from here on, in this process.
static int become_old(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0;
}

// The number of what is wrong; 0 if nothing is.
static int check_old(void)
{
    unsigned char first[16] = {0}, second[16] = {0};
    ino_t d = inode("d"), e = inode("e");
    if (kernel_rename("d", "e", KERNEL_EXCHANGE) != -1 || errno != EINVAL)
        return 2;
    if (kernel_random(first, sizeof first) < 0 || kernel_random(second, sizeof second) < 0 ||
        memcmp(first, second, sizeof first) == 0)
        return 3;
    if (fs_exchange("d", "e", 1) < 0 || inode("d") != e || inode("e") != d)
        return 4;
    if (fs_exchange("d", "f", 0) < 0 || inode("f") != e || inode("d") != 0)
        return 5;
    CLEANUP_CLOSE int fd = kernel_memory_file("test");
    if (fd < 0 || write(fd, "x", 1) != 1)
        return 6;
    return 0;
}

static void test_old_kernel(void **state)
{
    (void)state;
    folder_text("d", "d");
    folder_text("e", "e");
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(become_old() ? 77 : check_old());
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip(); // no seccomp here
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rename),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_memory_file),
        cmocka_unit_test(test_old_kernel),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
