// SPDX-License-Identifier: Apache-2.0
// Programs: what they find when they begin, what becomes of those that cannot, and of those
// whose starter dies.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/proc.h"
#include "folder.h"

static char *const environment[] = {(char *)"A=1", (char *)"PATH=/usr/bin:/bin", NULL};

struct shell { // a proc that runs lines of sh, and its words
    struct proc proc;
    char *argv[4];
    int pipe[2];
};

static struct proc *shell_of(struct shell *shell, const char *lines)
{
    shell->argv[0] = (char *)"sh";
    shell->argv[1] = (char *)"-c";
    shell->argv[2] = (char *)lines;
    shell->argv[3] = NULL;
    assert_int_equal(pipe2(shell->pipe, O_CLOEXEC), 0);
    shell->proc = (struct proc){
        .path = "/bin/sh",
        .argv = shell->argv,
        .envp = environment,
        .folder = -1,
        .in = -1,
        .out = shell->pipe[1],
        .error = -1,
    };
    return &shell->proc;
}

// Starts it, reads what it prints to the end, and gives its wait status.
static int finish(struct shell *shell, struct str *ret)
{
    char block[4096];
    ssize_t got;
    int status = -1;
    pid_t pid = proc_start(&shell->proc);
    close(shell->pipe[1]);
    assert_true(pid > 0);
    while ((got = read(shell->pipe[0], block, sizeof block)) > 0)
        str_add_bytes(ret, block, (size_t)got);
    close(shell->pipe[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void expect_print(struct shell *shell, const char *expected)
{
    CLEANUP_STR struct str text = {0};
    assert_int_equal(finish(shell, &text), 0);
    assert_string_equal(str_text(&text), expected);
}

static void test_words(void **state)
{
    (void)state;
    struct shell shell;
    CLEANUP_CLOSE int folder = folder_fd("/usr");
    shell_of(&shell, "pwd; echo $A $#; echo $0; cat; echo wrong >&2");
    CLEANUP_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    shell.proc.folder = folder;
    shell.proc.in = shell.proc.error = null;
    CLEANUP_STR struct str text = {0};
    assert_int_equal(finish(&shell, &text), 0);
    assert_string_equal(str_text(&text), "/usr\n1 0\nsh\n");
    shell_of(&shell, "exit 7");
    CLEANUP_STR struct str none = {0};
    assert_int_equal(WEXITSTATUS(finish(&shell, &none)), 7);
}

static void test_leaks_nothing(void **state)
{
    (void)state;
    struct shell shell;
    CLEANUP_CLOSE int secret = open("/dev/null", O_RDONLY | O_CLOEXEC);
    shell_of(&shell, "");
    CLEANUP_FREE char *lines = mem_print("test -e /proc/$$/fd/%d || test -e /proc/$$/fd/%d || "
                                         "test -e /proc/$$/fd/%d || echo none",
                                         secret, shell.pipe[0], shell.pipe[1]);
    shell.argv[2] = lines;
    expect_print(&shell, "none\n");
}

static void test_signals(void **state)
{
    (void)state;
    sigset_t set, before, after;
    struct shell shell;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGRTMIN + 3, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, &before);
    static const char lines[] = "grep -E 'Sig(Blk|Ign)' /proc/self/status";
    shell_of(&shell, lines);
    expect_print(&shell, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    sigset_t ignored;
    proc_ignored(&ignored);
    assert_int_equal(sigismember(&ignored, SIGPIPE), 1);
    assert_int_equal(sigismember(&ignored, SIGRTMIN + 3), 1);
    assert_int_equal(sigismember(&ignored, SIGTERM), 0);
    shell_of(&shell, lines)->ignored = &ignored;
    expect_print(&shell, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    // We are as before.
    sigprocmask(SIG_SETMASK, &before, &after);
    assert_int_equal(sigismember(&after, SIGTERM), 1);
    assert_int_equal(sigismember(&after, SIGINT), 0);
    assert_true(signal(SIGPIPE, SIG_DFL) == SIG_IGN);
    assert_true(signal(SIGHUP, SIG_DFL) == SIG_IGN);
    signal(SIGRTMIN + 3, SIG_DFL);
}

static void test_affinity(void **state)
{
    (void)state;
    cpu_set_t ours, one;
    assert_int_equal(sched_getaffinity(0, sizeof ours, &ours), 0);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &ours))
            continue;
        struct shell shell;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        shell_of(&shell, "grep Cpus_allowed_list /proc/self/status")->cpus = &one;
        shell.proc.cpus_size = sizeof one;
        CLEANUP_FREE char *expected = mem_print("Cpus_allowed_list:\t%d\n", cpu);
        expect_print(&shell, expected);
    }
    cpu_set_t after;
    sched_getaffinity(0, sizeof after, &after);
    assert_true(CPU_EQUAL(&ours, &after));
}

static void test_files(void **state)
{
    (void)state;
    struct shell shell;
    const struct rlimit files = {.rlim_cur = 77, .rlim_max = 99};
    shell_of(&shell, "ulimit -Sn; ulimit -Hn")->files = &files;
    expect_print(&shell, "77\n99\n");
}

static void test_group(void **state)
{
    (void)state;
    for (int own = 0; own < 2; own++) {
        struct shell shell;
        CLEANUP_STR struct str text = {0};
        shell_of(&shell, "cut -d' ' -f1,5 /proc/$$/stat")->own_group = own;
        assert_int_equal(finish(&shell, &text), 0);
        int pid, group;
        assert_int_equal(sscanf(str_text(&text), "%d %d", &pid, &group), 2);
        assert_int_equal(group, own ? pid : getpgrp());
    }
    // The group is there when proc_start returns: a signal to it is never lost.
    struct shell shell;
    shell_of(&shell, "read x")->own_group = 1;
    CLEANUP_CLOSE int end = -1;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    end = ends[1];
    shell.proc.in = ends[0];
    pid_t pid = proc_start(&shell.proc);
    assert_true(pid > 0);
    assert_int_equal(kill(-pid, SIGTERM), 0);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    close(ends[0]);
    close(shell.pipe[0]);
    close(shell.pipe[1]);
}

// A middle process starts a program and is killed: then the program's end of the pipe closes
// too.
static void test_dies_with_us(void **state)
{
    (void)state;
    int ends[2];
    char byte;
    struct shell shell;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    shell_of(&shell, "echo begun; read x")->dies_with_us = 1;
    shell.proc.in = ends[0];
    pid_t middle = fork();
    if (middle == 0) {
        if (proc_start(&shell.proc) < 0)
            _exit(1);
        for (;;)
            pause();
    }
    close(shell.pipe[1]);
    assert_int_equal(read(shell.pipe[0], &byte, 1), 1);
    assert_int_equal(kill(middle, SIGKILL), 0);
    assert_int_equal(waitpid(middle, NULL, 0), middle);
    char rest[16];
    while (read(shell.pipe[0], rest, sizeof rest) > 0)
        ;
    close(shell.pipe[0]);
    close(ends[0]);
    close(ends[1]);
}

static void test_fails(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int errnum;
    } table[] = {
        {"absent", ENOENT},   {"plain", EACCES},      {".", EACCES},
        {"plain/x", ENOTDIR}, {"noshebang", ENOEXEC}, {"badshebang", ENOENT},
    };
    folder_text("plain", "");
    folder_text("noshebang", "\x7f words");
    folder_text("badshebang", "#!/no/such/interpreter\n");
    assert_int_equal(chmod("noshebang", 0755), 0);
    assert_int_equal(chmod("badshebang", 0755), 0);
    char *const argv[] = {(char *)"x", NULL};
    for (size_t i = 0; i < 2 * COUNT(table); i++) {
        const struct proc proc = {.path = table[i / 2].path,
                                  .argv = argv,
                                  .envp = environment,
                                  .folder = -1,
                                  .in = -1,
                                  .out = -1,
                                  .error = -1,
                                  .own_group = i % 2,
                                  .dies_with_us = i % 2};
        errno = 0;
        assert_int_equal(proc_start(&proc), -1);
        assert_int_equal(errno, table[i / 2].errnum);
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); // nothing is left to wait for
        assert_int_equal(errno, ECHILD);
    }
}

static void test_fails_before(void **state)
{
    (void)state;
    cpu_set_t none;
    CPU_ZERO(&none);
    CLEANUP_CLOSE int file = open("plain", O_RDONLY | O_CLOEXEC);
    const struct rlimit odd = {.rlim_cur = 2, .rlim_max = 1};
    char *const argv[] = {(char *)"sh", (char *)"-c", (char *)":", NULL};
    const struct proc good = {.path = "/bin/sh",
                              .argv = argv,
                              .envp = environment,
                              .folder = -1,
                              .in = -1,
                              .out = -1,
                              .error = -1};
    struct proc bad[4] = {good, good, good, good};
    const int errnum[4] = {EINVAL, ENOTDIR, EINVAL, EBADF};
    bad[0].cpus = &none;
    bad[0].cpus_size = sizeof none;
    bad[1].folder = file;
    bad[2].files = &odd;
    bad[3].out = 1023;
    for (size_t i = 0; i < COUNT(bad); i++) {
        errno = 0;
        assert_int_equal(proc_start(&bad[i]), -1);
        assert_int_equal(errno, errnum[i]);
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    }
}

// The C library's names, where it has them, are the second opinion.
static void test_names(void **state)
{
    (void)state;
    char buffer[32];
    assert_string_equal(proc_signal_name(SIGSEGV, buffer), "SIGSEGV");
    assert_string_equal(proc_signal_name(SIGKILL, buffer), "SIGKILL");
    assert_string_equal(proc_signal_name(40, buffer), "signal 40");
    assert_string_equal(proc_signal_name(0, buffer), "signal 0");
    assert_string_equal(proc_signal_name(-3, buffer), "signal -3");
#if __GLIBC_PREREQ(2, 32)
    for (int number = 1; number < 32; number++) {
        CLEANUP_FREE char *name =
            sigabbrev_np(number) ? mem_print("SIG%s", sigabbrev_np(number)) : NULL;
        if (name && number != SIGPOLL && number != SIGSTKFLT)
            assert_string_equal(proc_signal_name(number, buffer), name);
    }
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),        cmocka_unit_test(test_leaks_nothing),
        cmocka_unit_test(test_signals),      cmocka_unit_test(test_affinity),
        cmocka_unit_test(test_files),        cmocka_unit_test(test_group),
        cmocka_unit_test(test_dies_with_us), cmocka_unit_test(test_fails),
        cmocka_unit_test(test_fails_before), cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
