// SPDX-License-Identifier: Apache-2.0
// Logs: every byte that a task printed is found again under its key, and no other's.
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "folder.h"
#include "map/logs.h"

#define SLOTS 3
#define TASKS 300

static uint32_t next(uint32_t *seed) // xorshift
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    return *seed ^= *seed << 5;
}

// An empty run folder.
static int run_new(void)
{
    assert_int_equal(fs_remove(AT_FDCWD, "run"), 0);
    assert_int_equal(fs_make_dirs(AT_FDCWD, "run/logs", 0700, NULL), 0);
    return folder_fd("run");
}

static int entries(const char *path)
{
    CLEANUP_FREE char *line = mem_print("ls -A '%s' | wc -l", path);
    FILE *stream = popen(line, "r");
    int count = -1;
    assert_int_equal(fscanf(stream, "%d", &count), 1);
    pclose(stream);
    return count;
}

// What the task number `i` prints: some nothing, some more than a block.
static void words_of(int i, struct str *into)
{
    uint32_t seed = (uint32_t)i * 2654435761U + 1;
    int lines = i % 5 == 0 ? 0 : i % 50 == 1 ? 9000 : (int)(next(&seed) % 40);
    for (int line = 0; line < lines; line++)
        str_print(into, "task %d line %d %c\n", i, line, (char)next(&seed));
}

static void print_to(int fd, const struct str *words)
{
    assert_int_equal(fs_write_all(fd, str_text(words), words->size), 0);
}

static void expect_in(int dir, const char *name, int64_t at, const struct str *words)
{
    CLEANUP_CLOSE int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    CLEANUP_FREE char *found = mem_alloc(words->size + 1);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, found, words->size, at), words->size);
    assert_memory_equal(found, str_text(words), words->size);
}

// Many tasks in slots that end in another order than they began.
static void run_tasks(int packed)
{
    CLEANUP_CLOSE int dir = run_new();
    struct logs *logs = logs_new(dir, 2, 7, SLOTS, packed);
    int64_t at[TASKS], size[TASKS], pack_size = 0;
    int running[SLOTS + 1];
    uint32_t seed = 9;
    memset(running, -1, sizeof running);
    assert_non_null(logs);
    for (int i = 0, ended = 0; ended < TASKS;) {
        unsigned slot = 1 + next(&seed) % SLOTS;
        CLEANUP_STR struct str words = {0};
        if (running[slot] < 0 && i < TASKS) {
            running[slot] = i++;
            words_of(running[slot], &words);
            int fd = logs_spool(logs, slot, NULL);
            struct stat st;
            assert_true(fd >= 0 && fstat(fd, &st) == 0 && st.st_size == 0);
            print_to(fd, &words);
        } else if (running[slot] >= 0) {
            int task = running[slot];
            running[slot] = -1;
            assert_int_equal(logs_keep(logs, slot, (uint64_t)task, "d/a b.txt", &at[task],
                                       &size[task], NULL),
                             0);
            pack_size += size[task];
            ended++;
        }
    }
    assert_int_equal(logs_pack(logs) >= 0, packed);
    int files = 0;
    for (int i = 0; i < TASKS; i++) {
        CLEANUP_STR struct str words = {0};
        CLEANUP_STR struct str name = {0};
        words_of(i, &words);
        assert_int_equal(size[i], words.size);
        assert_int_equal(at[i] >= 0, packed && words.size);
        if (packed)
            logs_pack_name(2, 7, &name);
        else
            logs_name((uint64_t)i, "d/a b.txt", &name);
        files += words.size != 0;
        if (words.size)
            expect_in(dir, name.text, packed ? at[i] : 0, &words);
    }
    logs_free(logs);
    assert_int_equal(entries("run/logs"), packed ? 0 : files);
    struct stat st;
    assert_int_equal(fstatat(dir, "log.2-7", &st, 0), packed ? 0 : -1);
    assert_true(!packed || st.st_size == pack_size);
}

static void test_tasks(void **state)
{
    (void)state;
    run_tasks(0);
    run_tasks(1);
}

// The spool of a silent task is used again: the same file.
static void test_silent(void **state)
{
    (void)state;
    for (int packed = 0; packed < 2; packed++) {
        CLEANUP_CLOSE int dir = run_new();
        struct logs *logs = logs_new(dir, 0, 0, 1, packed);
        struct stat first, again;
        int64_t at, size;
        assert_int_equal(logs_keep(logs, 1, 1, "a", &at, &size, NULL), 0); // never opened
        assert_true(at == -1 && size == 0);
        int fd = logs_spool(logs, 1, NULL);
        fstat(fd, &first);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(logs_keep(logs, 1, 1, "a", &at, &size, NULL), 0);
            assert_true(at == -1 && size == 0);
            assert_int_equal(logs_spool(logs, 1, NULL), fd);
        }
        assert_int_equal(fstatat(dir, "logs/0-0.1", &again, 0), 0);
        assert_true(first.st_ino == again.st_ino);
        logs_free(logs);
        assert_int_equal(entries("run/logs"), 0);
    }
    logs_free(NULL);
}

static void test_tail(void **state)
{
    (void)state;
    CLEANUP_CLOSE int dir = run_new();
    struct logs *logs = logs_new(dir, 0, 0, 2, 0);
    CLEANUP_STR struct str tail = {0};
    const struct str words = {.text = (char *)"0123456789", .size = 10};
    logs_tail(logs, 1, 5, &tail);
    assert_string_equal(str_text(&tail), ""); // not open yet
    print_to(logs_spool(logs, 1, NULL), &words);
    logs_tail(logs, 1, 4, &tail);
    assert_string_equal(tail.text, "6789");
    logs_tail(logs, 1, 10, &tail);
    logs_tail(logs, 1, 1000, &tail);
    logs_tail(logs, 1, 0, &tail);
    assert_string_equal(tail.text, "678901234567890123456789");
    logs_spool(logs, 2, NULL);
    logs_tail(logs, 2, 100, &tail);
    assert_int_equal(tail.size, 24);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    logs_tail_fd(ends[0], 100, &tail); // cannot be read from a position
    logs_tail_fd(-1, 100, &tail);
    assert_int_equal(tail.size, 24);
    close(ends[0]);
    close(ends[1]);
    logs_free(logs);
    // What a task had printed that was cut off stays in the spool.
    expect_in(dir, "logs/0-0.1", 0, &words);
    assert_int_equal(entries("run/logs"), 1);
}

static void test_names(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"data/d01.npz", "logs/000000000000000a-d01.npz.log"},
        {"a b\n\xff/..", "logs/000000000000000a-...log"},
        {"x/", "logs/000000000000000a-.log"},
        {"", "logs/000000000000000a-.log"},
        {"1\t2", "logs/000000000000000a-1_2.log"},
        {"\xc3\xa9*'\"%", "logs/000000000000000a-______.log"},
        {"a_b-c+d=e", "logs/000000000000000a-a_b-c+d=e.log"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        CLEANUP_STR struct str name = {0};
        logs_name(10, table[i][0], &name);
        assert_string_equal(str_text(&name), table[i][1]);
    }
    char longest[5000];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    CLEANUP_STR struct str name = {0};
    logs_name(10, longest, &name);
    assert_true(name.size < 255);
}

// The disk is full for one task's log: those after it are where their records say.
static void test_full(void **state)
{
    (void)state;
    CLEANUP_CLOSE int dir = run_new();
    struct logs *logs = logs_new(dir, 0, 0, 2, 1);
    CLEANUP_FREE char *many = mem_alloc(100000);
    const struct str large = {.text = many, .size = 100000};
    const struct str small = {.text = (char *)"small\n", .size = 6};
    struct err err = {0};
    int64_t at, size;
    memset(many, 'x', 100000);
    print_to(logs_spool(logs, 1, NULL), &large);
    print_to(logs_spool(logs, 2, NULL), &small);
    struct rlimit before;
    getrlimit(RLIMIT_FSIZE, &before);
    const struct rlimit limit = {.rlim_cur = 70000, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    int result = logs_keep(logs, 1, 1, "a", &at, &size, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(result, -1);
    assert_int_equal(err.code, ERR_SYSTEM);
    CLEANUP_STR struct str part = {0}; // as much as the record says is there
    str_add_bytes(&part, many, (size_t)size);
    if (at >= 0)
        expect_in(dir, "log.0-0", at, &part);
    else
        assert_int_equal(size, 0);
    assert_int_equal(logs_keep(logs, 2, 2, "b", &at, &size, NULL), 0);
    assert_int_equal(size, 6);
    expect_in(dir, "log.0-0", at, &small);
    logs_free(logs);
}

static void test_unwritable(void **state)
{
    (void)state;
    CLEANUP_CLOSE int dir = run_new();
    struct err err = {0};
    assert_int_equal(mkdir("run/log.0-0", 0700), 0);
    struct logs *logs = logs_new(dir, 0, 0, 1, 1);
    int64_t at, size;
    int fd = logs_spool(logs, 1, NULL);
    assert_int_equal(fs_write_all(fd, "words", 5), 0);
    assert_int_equal(logs_keep(logs, 1, 1, "d", &at, &size, &err), -1);
    assert_int_equal(err.code, ERR_SYSTEM);
    // it waits in the spool
    assert_int_equal(rmdir("run/log.0-0"), 0);
    assert_int_equal(logs_keep(logs, 1, 1, "d", &at, &size, &err), 0);
    assert_true(at == 0 && size == 5);
    logs_free(logs);
    logs = logs_new(dir, 0, 0, 1, 0);
    assert_int_equal(rmdir("run/logs"), 0);
    folder_text("run/logs", "a file");
    assert_int_equal(logs_spool(logs, 1, &err), -1);
    assert_int_equal(unlink("run/logs"), 0);
    assert_true(logs_spool(logs, 1, NULL) >= 0); // the folder is made again
    logs_free(logs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tasks), cmocka_unit_test(test_silent),
        cmocka_unit_test(test_tail),  cmocka_unit_test(test_names),
        cmocka_unit_test(test_full),  cmocka_unit_test(test_unwritable),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
