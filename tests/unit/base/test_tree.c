// SPDX-License-Identifier: Apache-2.0
// What a task and its descendants use, against getrusage of the same processes.
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/tree.h"

#define CPU_US 120000
#define MIB    1048576

static int64_t used_us(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static int64_t own_us(void)
{
    return used_us(RUSAGE_SELF);
}

// Uses processor time and memory, says so, and waits to be killed.
static void compute(int said, size_t mib)
{
    volatile unsigned sum = 0;
    int64_t until = own_us() + CPU_US;
    char *memory =
        mmap(NULL, mib * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        _exit(1);
    memset(memory, 1, mib * MIB);
    while (own_us() < until)
        for (int i = 0; i < 100000; i++)
            sum += (unsigned)i;
    int64_t used = own_us();
    if (write(said, &used, sizeof used) != (ssize_t)sizeof used)
        _exit(1);
    for (;;)
        pause();
}

static void *fork_and_wait(void *context)
{
    pid_t pid = fork();
    if (pid == 0)
        compute(*(int *)context, 8);
    waitpid(pid, NULL, 0);
    return NULL;
}

enum shape { ALONE, CHILD, GRANDCHILD, CHILD_OF_THREAD, WAITED_FOR };

// In a process group of its own.
static void be(enum shape shape, int said)
{
    pthread_t thread;
    setpgid(0, 0);
    if (shape == CHILD_OF_THREAD) {
        if (pthread_create(&thread, NULL, fork_and_wait, &said) == 0)
            pthread_join(thread, NULL);
    } else if (shape == WAITED_FOR) {
        pid_t pid = fork();
        if (pid == 0) {
            int64_t until = own_us() + CPU_US;
            while (own_us() < until)
                ;
            _exit(0);
        }
        waitpid(pid, NULL, 0);
        int64_t used = used_us(RUSAGE_CHILDREN);
        if (write(said, &used, sizeof used) > 0)
            pause();
    } else if (shape == ALONE || (fork() == 0 && (shape == CHILD || fork() == 0))) {
        compute(said, 8);
    }
    for (;;)
        pause();
}

static void test_shapes(void **state)
{
    (void)state;
    for (enum shape shape = ALONE; shape <= WAITED_FOR; shape++) {
        int ends[2];
        int64_t used;
        assert_int_equal(pipe(ends), 0);
        pid_t pid = fork();
        if (pid == 0)
            be(shape, ends[1]);
        close(ends[1]);
        assert_int_equal(read(ends[0], &used, sizeof used), sizeof used);
        struct tree_use use = {0};
        tree_measure(pid, &use);
        close(ends[0]);
        kill(-pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        // Ticks of 10 ms, rounded down, twice a process; what it used since it spoke is little.
        if (use.cpu_us < used - 65000 || use.cpu_us > used + 500000)
            fail_msg("shape %u: %" PRId64 " us, not %" PRId64, shape, use.cpu_us, used);
        if (shape != WAITED_FOR && use.resident_kb < 8 * 1024)
            fail_msg("shape %u: %" PRId64 " KiB", shape, use.resident_kb);
    }
}

// The children one by one, as the kernel lists them.
static int64_t sum_of_children(pid_t pid, int *ret_count)
{
    CLEANUP_FREE char *path = mem_print("/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *stream = fopen(path, "r");
    struct tree_use use = {0};
    int child;
    *ret_count = 0;
    while (stream && fscanf(stream, "%d", &child) == 1) {
        tree_measure(child, &use);
        ++*ret_count;
    }
    if (stream)
        fclose(stream);
    return use.resident_kb;
}

// More children than one page lists: each is counted, and no process that is not one of them.
static void test_many(void **state)
{
    (void)state;
    enum { CHILDREN = 1400 };
    int ends[2], count;
    char byte;
    struct tree_use use = {0}, own = {0};
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        for (int i = 0; i < CHILDREN; i++)
            if (fork() == 0)
                break;
        for (;;)
            if (write(ends[1], "", 1) == 1)
                pause();
    }
    for (int i = 0; i < CHILDREN + 1; i++)
        assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    close(ends[1]);
    int64_t children = sum_of_children(pid, &count);
    tree_measure(pid, &use);
    kill(-pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(count, CHILDREN);
    tree_measure(getpid(), &own);
    assert_true(use.resident_kb > children && use.resident_kb < children + 2 * own.resident_kb);
}

static void test_gone(void **state)
{
    (void)state;
    struct tree_use use = {.cpu_us = 5, .resident_kb = 7};
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    tree_measure(pid, &use);
    tree_measure(-1, &use);
    assert_true(use.cpu_us == 5 && use.resident_kb == 7);
}

// A name may hold anything that stands in the line after it too.
static void test_name(void **state)
{
    (void)state;
    struct tree_use use = {0};
    assert_int_equal(prctl(PR_SET_NAME, "a) R 1 (b) 9 9"), 0);
    tree_measure(getpid(), &use);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    assert_true(use.resident_kb > 100 && use.resident_kb <= usage.ru_maxrss + 4096);
    assert_true(use.cpu_us <= own_us() + used_us(RUSAGE_CHILDREN) + 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_gone),
        cmocka_unit_test(test_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
