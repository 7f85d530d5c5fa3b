// SPDX-License-Identifier: Apache-2.0
// Memory as a limit: who may start, who is put back, which deaths are of memory. The tasks that are
// looked at are processes of this machine, the control group is a saved one.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/mem.h"
#include "folder.h"
#include "load.h"
#include "memory/memory.h"

#define MIB      1024LL
#define GIB      (1024 * MIB)
#define SECOND   1000000LL
#define OK       0
#define KILLED   SIGKILL
#define EXIT(n)  ((n) << 8)
#define DATASETS 16

static struct memory *begin(const char *root, int64_t limit_kb, enum memory_by by,
                            int64_t each_kb)
{
    const struct memory_ask ask = {
        .root = root,
        .datasets = DATASETS,
        .slots = 4,
        .limit = {limit_kb, by},
        .each_kb = each_kb,
        .retry = 2,
    };
    return memory_new(&ask);
}

static enum memory_end end_of(struct memory *memory, unsigned slot, int status, int64_t peak_kb)
{
    struct memory_death death;
    memory_ended(memory, slot, status, peak_kb, 0, 0, &death);
    return death.end;
}

static void test_first_wave(void **state)
{
    (void)state;
    struct memory *memory = begin("/nowhere", GIB, MEMORY_BY_ASKED, 0);
    for (unsigned slot = 0; slot < 4; slot++) { // nothing is known, nothing is in use
        assert_true(memory_fits(memory, slot, 0));
        memory_started(memory, slot, 1 << 30, slot, 0, 0);
    }
    // the first end teaches: 400M at most, 500M to be set aside
    assert_int_equal(end_of(memory, 0, OK, 400 * MIB), MEMORY_END_OTHER);
    assert_false(memory_fits(memory, 4, 0));
    end_of(memory, 1, OK, 10 * MIB);
    end_of(memory, 2, OK, 10 * MIB);
    assert_true(memory_fits(memory, 4, 0)); // one runs
    memory_started(memory, 0, 1 << 30, 4, 0, 0);
    assert_false(memory_fits(memory, 5, 0));
    end_of(memory, 0, OK, 10 * MIB);
    end_of(memory, 3, OK, 2 * GIB);
    assert_true(memory_fits(memory, 5, 0)); // alone, always
    memory_free(memory);
}

static void test_no_limit_known(void **state)
{
    (void)state;
    struct memory *memory = begin("/nowhere", 0, MEMORY_BY_MACHINE, 0);
    for (unsigned slot = 0; slot < 4; slot++) {
        assert_true(memory_fits(memory, slot, 0));
        memory_started(memory, slot, 1 << 30, slot, 0, 0);
    }
    end_of(memory, 0, OK, 400 * GIB);
    assert_true(memory_fits(memory, 4, 0));
    assert_int_equal(end_of(memory, 1, KILLED, 400 * MIB),
                     MEMORY_END_OTHER); // nothing points to it
    memory_free(memory);
}

static void test_bare_kill(void **state)
{
    (void)state;
    struct memory_death death;
    struct memory *memory = begin("/nowhere", GIB, MEMORY_BY_SLURM, 0);
    memory_started(memory, 0, 1 << 30, 0, 0, 0);
    memory_started(memory, 1, 1 << 30, 1, 0, 0);
    memory_started(memory, 2, 1 << 30, 2, 0, 0);
    memory_started(memory, 3, 1 << 30, 3, 0, 0);
    memory_ended(memory, 0, KILLED, 100 * MIB, 0, 0, &death);
    assert_int_equal(death.end, MEMORY_END_OTHER); // somebody's kill -9
    memory_ended(memory, 1, KILLED, 900 * MIB, 1, 0, &death);
    assert_int_equal(death.end, MEMORY_END_OTHER); // our own
    memory_ended(memory, 2, EXIT(1), 1000 * MIB, 0, 0, &death);
    assert_int_equal(death.end, MEMORY_END_OTHER); // it said something itself
    memory_ended(memory, 3, KILLED, 900 * MIB, 0, 0, &death);
    assert_int_equal(death.end, MEMORY_END_AGAIN); // near the limit, and not alone until now
    assert_int_equal(death.peak_kb, 900 * MIB);
    assert_int_equal(death.limit_kb, GIB);
    assert_int_equal(death.by, MEMORY_BY_SLURM);
    memory_free(memory);
}

// In place, as the kernel's files are: descriptors stay good.
static void write_file(const char *root, const char *name, const char *text)
{
    CLEANUP_FREE char *path = mem_print("%s/%s", root, name);
    if (access(path, F_OK) < 0)
        folder_text(path, "");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void write_kills(const char *root, int kills)
{
    CLEANUP_FREE char *text = mem_print("nr_free_pages 1\noom_kill %d\n", kills);
    write_file(root, "proc/vmstat", text);
}

// What the kernel counts; each of its kills explains one end.
static void test_counted(void **state)
{
    const char *root = *state;
    struct memory_death death;
    write_kills(root, 3);
    struct memory *memory = begin(root, 100 * GIB, MEMORY_BY_MACHINE, 0);
    for (unsigned slot = 0; slot < 4; slot++)
        memory_started(memory, slot, 1 << 30, slot, 0, 0);
    assert_int_equal(end_of(memory, 0, KILLED, 200 * MIB), MEMORY_END_OTHER);
    write_kills(root, 4);
    assert_int_equal(end_of(memory, 1, EXIT(137), 200 * MIB),
                     MEMORY_END_AGAIN); // a shell's child
    assert_int_equal(end_of(memory, 2, KILLED, 200 * MIB), MEMORY_END_OTHER);
    // first death: 1.25 x; second: 2 x; third: alone
    memory_started(memory, 0, 1 << 30, 1, 0, 0);
    write_kills(root, 5);
    assert_int_equal(end_of(memory, 0, KILLED, 300 * MIB), MEMORY_END_AGAIN);
    memory_started(memory, 0, 1 << 30, 1, 0, 0);
    write_kills(root, 6);
    assert_int_equal(end_of(memory, 0, KILLED, 300 * MIB), MEMORY_END_AGAIN);
    assert_false(memory_fits(memory, 1, 0));
    end_of(memory, 3, OK, 10 * MIB);
    assert_true(memory_fits(memory, 1, 0));
    memory_started(memory, 0, 1 << 30, 1, 0, 0);
    assert_false(memory_fits(memory, 5, 0)); // nobody beside it
    write_kills(root, 7);
    memory_ended(memory, 0, KILLED, 350 * MIB, 0, 0, &death);
    assert_int_equal(death.end, MEMORY_END_FAILED);
    assert_int_equal(death.peak_kb, 350 * MIB);
    memory_free(memory);
}

// The kernel kills a child of a task, which then waits for it for ever.
static void test_hurt(void **state)
{
    const char *root = *state;
    enum memory_verdict verdict;
    unsigned slot = 99;
    char path[64], text[32] = "";
    write_kills(root, 0);
    struct load load[2] = {load_start(10, 10, 1), load_start(5, 0, 0)};
    struct memory *memory = begin(root, GIB, MEMORY_BY_CGROUP, 0);
    memory_started(memory, 0, load[1].pid, 0, 0, 0);
    memory_started(memory, 1, load[0].pid, 1, 0, 0);
    int64_t now = SECOND;
    memory_look(memory, now, &verdict, &slot);
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)load[0].pid,
             (int)load[0].pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    pid_t child = (pid_t)strtol(text, NULL, 10);
    kill(child, SIGKILL);
    snprintf(path, sizeof path, "/proc/%d/statm", (int)child);
    for (long pages = 1; pages;) { // until its memory has gone: it stays a zombie
        file = fopen(path, "r");
        assert_non_null(file);
        assert_int_equal(fscanf(file, "%ld", &pages), 1);
        fclose(file);
    }
    write_kills(root, 1);
    for (int i = 0; i < 3; i++)
        memory_look(memory, now += SECOND, &verdict, &slot);
    assert_int_equal(verdict, MEMORY_FINE);
    for (int i = 0; i < 10 && verdict == MEMORY_FINE; i++)
        memory_look(memory, now += 10 * SECOND, &verdict, &slot);
    assert_int_equal(verdict, MEMORY_PUT_BACK);
    assert_int_equal(slot, 1);
    assert_int_equal(end_of(memory, 1, KILLED, 10 * MIB), MEMORY_END_AGAIN);
    // one that ends badly by itself after such a loss died of memory; another does not
    assert_int_equal(end_of(memory, 0, EXIT(1), 10 * MIB), MEMORY_END_OTHER);
    load_end(&load[0]);
    load_end(&load[1]);
    memory_free(memory);
}

static void test_fewer_neighbours(void **state)
{
    const char *root = *state;
    write_kills(root, 0);
    struct memory *memory = begin(root, GIB, MEMORY_BY_CGROUP, 0);
    for (unsigned slot = 0; slot < 3; slot++)
        memory_started(memory, slot, 1 << 30, slot, 0, 0);
    write_kills(root, 1);
    assert_int_equal(end_of(memory, 2, KILLED, 500 * MIB), MEMORY_END_AGAIN);
    assert_false(memory_fits(memory, 2, 0)); // not at once, nor another in its place
    assert_false(memory_fits(memory, 5, 0));
    end_of(memory, 1, OK, 100 * MIB);
    assert_true(memory_fits(memory, 5, 0)); // the others keep their width
    assert_true(memory_fits(memory, 2, 0));
    memory_started(memory, 1, 1 << 30, 2, 0, 0);
    assert_true(memory_fits(memory, 6, 0)); // 625 + 125 + 125 of 1024
    memory_started(memory, 2, 1 << 30, 6, 0, 0);
    assert_true(memory_fits(memory, 7, 0));
    memory_started(memory, 3, 1 << 30, 7, 0, 0);
    assert_false(memory_fits(memory, 8, 0));
    memory_free(memory);
}

static void test_put_back(void **state)
{
    (void)state;
    struct memory_death death;
    enum memory_verdict verdict;
    unsigned slot = 99;
    struct memory *memory = begin("/nowhere", 200 * MIB, MEMORY_BY_ASKED, 0);
    struct load load[3] = {load_start(90, 0, 0), load_start(80, 0, 0), load_start(5, 0, 0)};
    for (unsigned i = 0; i < 3; i++)
        memory_started(memory, i, load[i].pid, i, 0, i * 1000);
    int64_t due = memory_look(memory, 100000, &verdict, &slot);
    assert_int_equal(verdict, MEMORY_FINE); // younger than a look
    assert_int_equal(memory_used_kb(memory), 0);
    due = memory_look(memory, due + 500000, &verdict, &slot);
    assert_int_equal(verdict, MEMORY_FINE);
    assert_true(memory_used_kb(memory) > 170 * MIB && memory_used_kb(memory) < 190 * MIB);
    assert_false(memory_fits(memory, 3, 0)); // plenty is not there

    struct load more = load_start(40, 0, 0);
    memory_started(memory, 3, more.pid, 3, 0, due);
    due = memory_look(memory, due + SECOND, &verdict, &slot);
    assert_int_equal(verdict, MEMORY_PUT_BACK);
    assert_int_equal(slot, 1); // the newest of the large ones, not the small ones
    due = memory_look(memory, due + SECOND, &verdict, &slot);
    assert_int_equal(verdict, MEMORY_FINE); // while it ends
    load_end(&load[1]);
    memory_ended(memory, 1, KILLED, 80 * MIB, 0, 0, &death);
    assert_int_equal(death.end, MEMORY_END_AGAIN);
    assert_true(death.put_back);
    assert_true(death.peak_kb >= 80 * MIB);
    memory_look(memory, due + SECOND, &verdict, &slot);
    assert_int_equal(verdict, MEMORY_FINE);
    assert_false(memory_fits(memory, 1, 0));
    load_end(&load[0]);
    load_end(&load[2]);
    load_end(&more);
    memory_free(memory);
}

// Slurm without control groups ends a whole job: what is near its limit is too much, and what grows
// towards it is looked at oftener.
static void test_before_slurm(void **state)
{
    (void)state;
    enum memory_verdict verdict;
    unsigned slot = 99;
    struct load load[2] = {load_start(10, 0, 0), load_start(60, 0, 0)};
    static const enum memory_by by[] = {MEMORY_BY_ASKED, MEMORY_BY_SLURM};
    for (int i = 0; i < 2; i++) {
        struct memory *memory = begin("/nowhere", GIB, MEMORY_BY_ASKED, 0);
        memory_started(memory, 0, load[1].pid, 0, 0, 0);
        memory_look(memory, SECOND, &verdict, &slot);
        int64_t used_kb = memory_used_kb(memory);
        memory_free(memory);
        memory = begin("/nowhere", used_kb + 1024, by[i], 0);
        memory_started(memory, 0, load[1].pid, 0, 0, 0);
        memory_look(memory, SECOND, &verdict, &slot);
        assert_int_equal(verdict, by[i] == MEMORY_BY_SLURM ? MEMORY_OVER : MEMORY_FINE);
        memory_free(memory);
    }
    struct rusage self; // taken from the limit, and a part of each load: with a sanitizer, much
    assert_int_equal(getrusage(RUSAGE_SELF, &self), 0);
    struct memory *memory =
        begin("/nowhere", 100 * MIB + 3 * self.ru_maxrss, MEMORY_BY_SLURM, 0);
    memory_started(memory, 0, load[0].pid, 0, 0, 0);
    int64_t now = SECOND;
    int64_t due = memory_look(memory, now, &verdict, &slot);
    assert_int_equal(due - now, SECOND / 4);
    memory_started(memory, 1, load[1].pid, 1, 0, now); // 60 MiB in a quarter of a second
    due = memory_look(memory, now += SECOND / 4, &verdict, &slot);
    assert_int_equal(verdict, MEMORY_FINE);
    assert_true(due - now < SECOND / 5);
    load_end(&load[0]);
    load_end(&load[1]);
    memory_free(memory);
}

static void test_over(void **state)
{
    (void)state;
    struct memory_death death;
    enum memory_verdict verdict;
    unsigned slot = 99;
    struct load load[2] = {load_start(60, 0, 0), load_start(10, 0, 0)};
    struct memory *memory = begin("/nowhere", GIB, MEMORY_BY_ASKED, 50 * MIB);
    memory_started(memory, 0, load[0].pid, 0, 0, 0);
    memory_started(memory, 1, load[1].pid, 1, 0, 0);
    memory_look(memory, SECOND, &verdict, &slot);
    assert_int_equal(verdict, MEMORY_OVER);
    assert_int_equal(slot, 0);
    memory_ended(memory, 0, KILLED, 60 * MIB, 0, 0, &death);
    assert_int_equal(death.end, MEMORY_END_FAILED);
    assert_true(death.by_each);
    assert_int_equal(death.limit_kb, 50 * MIB);
    memory_free(memory);

    memory = begin("/nowhere", 50 * MIB, MEMORY_BY_ASKED, 0); // alone above the parcel's
    memory_started(memory, 0, load[0].pid, 0, 0, 0);
    memory_look(memory, SECOND, &verdict, &slot);
    assert_int_equal(verdict, MEMORY_OVER);
    memory_ended(memory, 0, KILLED, 60 * MIB, 0, 0, &death);
    assert_int_equal(death.end, MEMORY_END_FAILED);
    assert_int_equal(death.limit_kb, 50 * MIB);
    memory_free(memory);
    load_end(&load[0]);
    load_end(&load[1]);
}

// Three processes of 80M that share 70 of them are no 240M.
static void test_shared(void **state)
{
    (void)state;
    enum memory_verdict verdict;
    unsigned slot;
    struct load load[2] = {load_start(70, 10, 1), load_start(5, 0, 0)};
    struct memory *memory = begin("/nowhere", 130 * MIB, MEMORY_BY_ASKED, 120 * MIB);
    memory_started(memory, 0, load[0].pid, 0, 0, 0);
    memory_started(memory, 1, load[1].pid, 1, 0, 0);
    int64_t due = memory_look(memory, SECOND, &verdict, &slot);
    assert_int_equal(verdict, MEMORY_FINE);
    assert_true(memory_used_kb(memory) < 110 * MIB);
    memory_look(memory, due + SECOND, &verdict, &slot);
    assert_int_equal(verdict, MEMORY_FINE);
    struct memory_death death;
    memory_ended(memory, 0, OK, 80 * MIB, 0, 0, &death);
    assert_true(death.peak_kb >= 75 * MIB && death.peak_kb < 110 * MIB);
    load_end(&load[0]);
    load_end(&load[1]);
    memory_free(memory);
}

static void write_group(const char *root, int64_t used, int64_t cache)
{
    CLEANUP_FREE char *use = mem_print("%lld\n", (long long)used * 1024);
    CLEANUP_FREE char *stat =
        mem_print("anon 1\ninactive_file %lld\n", (long long)cache * 1024);
    write_file(root, "proc/self/cgroup", "0::/\n");
    write_file(root, "proc/self/mountinfo",
               "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    write_file(root, "sys/fs/cgroup/memory.current", use);
    write_file(root, "sys/fs/cgroup/memory.stat", stat);
}

// The group's own count decides where the kernel imposes the limit; file cache is not use.
static void test_group(void **state)
{
    const char *root = *state;
    enum memory_verdict verdict;
    unsigned slot;
    write_file(root, "sys/fs/cgroup/memory.max", "209715200\n");
    write_group(root, 190 * MIB, 100 * MIB);
    struct memory *memory = begin(root, 200 * MIB, MEMORY_BY_CGROUP, 0);
    struct load load[2] = {load_start(40, 0, 0), load_start(40, 0, 0)};
    memory_started(memory, 0, load[0].pid, 0, 0, 0);
    memory_started(memory, 1, load[1].pid, 1, 0, 1);
    int64_t due = memory_look(memory, SECOND, &verdict, &slot);
    assert_int_equal(verdict, MEMORY_FINE);
    write_group(root, 195 * MIB, 30 * MIB); // 165: near, and it grew by 75 in a second
    due = memory_look(memory, due + SECOND, &verdict, &slot);
    assert_int_equal(verdict, MEMORY_FINE);
    write_group(root, 198 * MIB, 1 * MIB);
    due = memory_look(memory, due + SECOND, &verdict, &slot);
    assert_int_equal(verdict, MEMORY_PUT_BACK);
    assert_int_equal(slot, 1);
    assert_int_equal(end_of(memory, 1, KILLED, 40 * MIB), MEMORY_END_AGAIN);
    memory_look(memory, due + SECOND, &verdict, &slot); // never the only one
    assert_int_equal(verdict, MEMORY_FINE);
    load_end(&load[0]);
    load_end(&load[1]);
    memory_free(memory);
}

// A group that is wider, that of a service or of a container, holds nothing to Slurm's number.
static void test_before_slurm_in_a_group(void **state)
{
    enum memory_verdict verdict;
    unsigned slot;
    int64_t limit_kb = GIB;
    struct load load = load_start(60, 0, 0);
    write_group(*state, 60 * MIB, 0);
    for (int i = 0; i < 3;
         i++) { // what it has; a limit just above, of the group; of Slurm alone
        CLEANUP_FREE char *bytes =
            mem_print("%lld\n", (long long)(i < 2 ? limit_kb : 8 * GIB) << 10);
        write_file(*state, "sys/fs/cgroup/memory.max", bytes);
        struct memory *memory = begin(*state, limit_kb, MEMORY_BY_SLURM, 0);
        memory_started(memory, 0, load.pid, 0, 0, 0);
        memory_look(memory, SECOND, &verdict, &slot);
        assert_int_equal(verdict, i < 2 ? MEMORY_FINE : MEMORY_OVER);
        limit_kb = i ? limit_kb : memory_used_kb(memory) + 1024;
        memory_free(memory);
    }
    load_end(&load);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_wave),
        cmocka_unit_test(test_no_limit_known),
        cmocka_unit_test(test_bare_kill),
        cmocka_unit_test_setup_teardown(test_counted, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_hurt, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_fewer_neighbours, folder_setup, folder_teardown),
        cmocka_unit_test(test_put_back),
        cmocka_unit_test(test_before_slurm),
        cmocka_unit_test_setup_teardown(test_before_slurm_in_a_group, folder_setup,
                                        folder_teardown),
        cmocka_unit_test(test_over),
        cmocka_unit_test(test_shared),
        cmocka_unit_test_setup_teardown(test_group, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
