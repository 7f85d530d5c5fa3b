// SPDX-License-Identifier: Apache-2.0
// Processes of made-up /proc folders: trees, jobs, kernels without parts of it, what is gone or another user's; and
// the pace of their threads between two states of it.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "cmocka.h"
#include "folder.h"
#include "threads/scene.h"

static void put(int pid, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void put(int pid, const char *name, const char *format, ...)
{
    CLEANUP_FREE char *path = mem_print("proc/%d/%s", pid, name);
    CLEANUP_STR struct str text = {0};
    va_list list;
    va_start(list, format);
    str_vprint(&text, format, list);
    va_end(list);
    folder_text(path, str_text(&text));
}

static void put_stat(int pid, const char *folder, int parent, char state, int flags)
{
    CLEANUP_FREE char *name = mem_print("%sstat", folder);
    put(pid, name, "%d (py) x) %c %d 0 0 0 -1 %d 0 0 0 0 5 6 0 0 20 0 1 0 %d 0 0\n", pid, state,
        parent, flags, 100 + pid);
}

static void put_thread(int pid, int tid, char state, const char *schedstat)
{
    CLEANUP_FREE char *folder = mem_print("task/%d/", tid);
    CLEANUP_FREE char *name = mem_print("task/%d/schedstat", tid);
    put_stat(pid, folder, 0, state, 0);
    if (schedstat)
        put(pid, name, "%s", schedstat);
}

// A process of one thread, children as text; NULL: the kernel does not show them.
static void put_process(int pid, int parent, const char *children, const char *cpus)
{
    CLEANUP_FREE char *name = mem_print("task/%d/children", pid);
    put_stat(pid, "", parent, 'S', 0);
    put(pid, "status", "Name:\tpy\nUid:\t1000\nCpus_allowed_list:\t%s\n", cpus);
    put(pid, "comm", "py\n");
    put(pid, "cmdline", "/usr/bin/python3");
    put(pid, "maps", "%s", "");
    put_thread(pid, pid, 'S', "1000 0 1\n");
    if (children)
        put(pid, name, "%s", children);
}

static void assert_pids(const struct census *census, const char *expected)
{
    CLEANUP_STR struct str found = {0};
    for (size_t i = 0; i < census->count; i++)
        str_print(&found, "%s%d/%u", i ? " " : "", (int)census->item[i].pid,
                  census->item[i].depth);
    assert_string_equal(str_text(&found), expected);
}

static void test_tree(void **state)
{
    CLEANUP_CENSUS struct census census = {0};
    const pid_t roots[] = {10, 10, 99, 20};
    put_process(10, 1, "11 13 ", "0-3");
    put_process(11, 10, "12 ", "0");
    put_process(12, 11, "", "0");
    put_process(13, 10, "14 10 ", "1"); // a pid that came again: no circle
    put_process(20, 1, "", "2");
    put_process(21, 20, "", "2"); // of no list
    put_stat(14, "", 13, 'Z', 0);
    census_take(&census, *state, roots, COUNT(roots));
    assert_pids(&census, "10/0 11/1 12/2 13/1 20/0");
    assert_int_equal(census.item[4].group, 3);
    assert_string_equal(census.item[0].name, "python3");
    assert_int_equal(cpuset_count(&census.item[0].cpus), 4);
    assert_int_equal(census.item[0].user, 1000);
    fs_remove(AT_FDCWD, "proc/11");
    census_take(&census, *state, roots, COUNT(roots));
    assert_pids(&census, "10/0 13/1 20/0");
}

static void test_without_children(void **state)
{
    CLEANUP_CENSUS struct census census = {0};
    const pid_t roots[] = {10};
    put_process(10, 1, NULL, "0");
    put_process(11, 10, NULL, "0");
    put_process(12, 11, NULL, "0");
    put_process(13, 1, NULL, "0");
    census_take(&census, *state, roots, 1);
    assert_true(census.flat);
    assert_pids(&census, "10/0 11/1 12/2");
}

static void assert_refused(const char *root, pid_t pid, const char *word)
{
    struct err err = {0};
    assert_int_equal(census_check(root, pid, &err), -1);
    assert_int_equal(err.code, ERR_NO_PROCESS);
    if (!strstr(err.text, word))
        fail_msg("%s", err.text);
}

static void test_refused(void **state)
{
    put_process(10, 1, "", "0");
    put_stat(2, "", 0, 'S', 0x00200000);
    put_stat(3, "", 1, 'Z', 0);
    put(4, "stat", "%s", "");
    assert_int_equal(census_check(*state, 10, NULL), 0);
    assert_refused(*state, 2, "kernel");
    assert_refused(*state, 3, "ended");
    assert_refused(*state, 4, "no process");
    assert_refused(*state, 5, "no process");
}

static void test_job(void **state)
{
    size_t count;
    put_process(10, 1, "11 ", "0");
    put_process(11, 10, "", "0");
    put_process(12, 1, "", "0");
    put_process(13, 1, "", "0");
    put(10, "cgroup", "0::/system.slice/slurmstepd.scope/job_81/step_0\n");
    put(11, "cgroup", "0::/system.slice/slurmstepd.scope/job_81/step_0\n");
    put(12, "cgroup", "4:cpu:/slurm/uid_1/job_8124\n");
    put(13, "cgroup", "0::/\n");
    put(13, "environ", "A=1");
    CLEANUP_FREE pid_t *of_81 = census_job(*state, "81", &count);
    assert_int_equal(count, 1);
    assert_int_equal(of_81[0], 10);
    CLEANUP_FREE pid_t *of_8124 = census_job(*state, "8124", &count);
    assert_int_equal(count, 1);
    CLEANUP_FREE pid_t *of_8 = census_job(*state, "8", &count);
    assert_int_equal(count, 0);
    folder_write("proc/13/environ", "A=1\0SLURM_JOB_ID=8\0", 19);
    CLEANUP_FREE pid_t *by_variable = census_job(*state, "8", &count);
    assert_int_equal(count, 1);
    assert_int_equal(by_variable[0], 13);
}

// Each thread has its own times of reading.
static void assert_near(double value, double expected)
{
    if (value < expected * 0.5 || value > expected * 1.5)
        fail_msg("%f, not %f", value, expected);
}

// Both of a new thread and of one that was there; one that has gone counts no more.
static void test_pace(void **state)
{
    struct scene scene;
    const pid_t roots[] = {10};
    put_process(10, 1, "", "0-1");
    put_thread(10, 15, 'S', "500 500 1\n");
    put_thread(10, 16, 'S', "500 500 1\n");
    scene_begin(&scene, *state, roots, 1, 0, 0);
    scene_inspect(&scene, 0);
    usleep(60000);
    // in place, as its descriptor is open
    CLEANUP_CLOSE int fd = open("proc/10/task/15/schedstat", O_WRONLY | O_CLOEXEC);
    static const char later[] = "20000500 5000500 9\n";
    assert_int_equal(fs_write_all(fd, later, sizeof later - 1), 0);
    put_thread(10, 17, 'D', "10000000 10000000 9\n");
    fs_remove(AT_FDCWD, "proc/10/task/16");
    scene_peek(&scene);
    scene_look(&scene);
    double wall = (double)scene.pace.interval_ns;
    assert_int_equal(scene.pace.item[0].threads, 3);
    assert_true(scene.pace.measured);
    assert_near(scene.pace.item[0].run, (20e6 + 10e6) / wall);
    assert_near(scene.pace.item[0].wait, (5e6 + 10e6) / wall);
    assert_int_equal(scene.groups, 1);
    assert_true(scene.group[0].facts.cores == 2);
    scene_free(&scene);
}

static void test_no_schedstat(void **state)
{
    struct scene scene;
    const pid_t roots[] = {10};
    put_process(10, 1, "", "0-1");
    put(10, "task/10/schedstat", "0 0 0\n"); // sched_info is off
    scene_begin(&scene, *state, roots, 1, 0, 0);
    scene_look(&scene);
    assert_false(scene.pace.measured);
    assert_int_equal(scene.group[0].verdict, VERDICT_UNKNOWN);
    scene_free(&scene);
    fs_remove(AT_FDCWD, "proc/10/task/10/schedstat");
    scene_begin(&scene, *state, roots, 1, 0, 0);
    scene_look(&scene);
    assert_false(scene.pace.measured);
    assert_int_equal(scene.pace.item[0].threads, 1);
    scene_free(&scene);
}

static void test_gone_and_closed(void **state)
{
    struct scene scene;
    const pid_t roots[] = {10, 20};
    put_process(10, 1, "", "0");
    put_process(20, 1, "", "1");
    fs_remove(AT_FDCWD, "proc/20/maps"); // as one that may not be read
    scene_begin(&scene, *state, roots, 2, 1, 0);
    scene_inspect(&scene, 0);
    assert_int_equal(scene.process[0].pools.read, 1);
    assert_int_equal(scene.process[1].pools.read, -1);
    fs_remove(AT_FDCWD, "proc/10");
    scene_look(&scene);
    assert_int_equal(scene.census.count, 1);
    assert_int_equal(scene.process[0].pools.read, -1);
    assert_int_equal(scene.groups, 2);
    assert_int_equal(scene.group[0].processes, 0);
    assert_int_equal(scene.group[1].processes, 1);
    fs_remove(AT_FDCWD, "proc/20");
    scene_look(&scene);
    assert_int_equal(scene.census.count, 0);
    scene_free(&scene);
}

static void test_quota(void **state)
{
    struct scene scene;
    const pid_t roots[] = {10};
    put_process(10, 1, "", "0-7");
    put(10, "cgroup", "0::/job\n");
    folder_text("proc/self/mountinfo", "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    folder_text("sys/fs/cgroup/job/cpu.max", "150000 100000\n");
    scene_begin(&scene, *state, roots, 1, 0, 0);
    scene_look(&scene);
    assert_true(scene.group[0].quota == 1.5 && scene.group[0].facts.cores == 1.5);
    scene_free(&scene);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_tree),
        IN_FOLDER(test_without_children),
        IN_FOLDER(test_refused),
        IN_FOLDER(test_job),
        IN_FOLDER(test_pace),
        IN_FOLDER(test_no_schedstat),
        IN_FOLDER(test_gone_and_closed),
        IN_FOLDER(test_quota),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
