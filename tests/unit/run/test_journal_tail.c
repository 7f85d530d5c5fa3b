// SPDX-License-Identifier: Apache-2.0
// Journals that grow while they are followed: each whole line once, those of parcels that come
// later too.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "folder.h"
#include "run/journal_tail.h"

static int new_dir(void)
{
    assert_int_equal(fs_remove(AT_FDCWD, "run"), 0);
    assert_int_equal(fs_make_dirs(AT_FDCWD, "run", 0700, NULL), 0);
    return folder_fd("run");
}

static void add(const char *name, enum record_kind kind, unsigned key)
{
    const struct record record = {.kind = kind, .key = key, .attempt = 1, .log_at = -1};
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *path = mem_print("run/journal.%s", name);
    CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    struct stat st;
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    if (!st.st_size)
        str_add(&text, "lopin-journal 1\n");
    record_format(&record, &text);
    assert_int_equal(fs_write_all(fd, text.text, text.size), 0);
}

static void add_text(const char *name, const char *text)
{
    CLEANUP_FREE char *path = mem_print("run/journal.%s", name);
    CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(fs_write_all(fd, text, strlen(text)), 0);
}

// The time of the folder as if nothing had been made in it: file systems may count whole
// seconds.
static void keep_time(int dir)
{
    const struct timespec times[2] = {{1000000000, 0}, {1000000000, 0}};
    assert_int_equal(futimens(dir, times), 0);
}

struct seen {
    struct str text;
    int stop; // returned once
};

static int see(void *context, const struct record *record, unsigned parcel, unsigned restart)
{
    struct seen *seen = context;
    str_print(&seen->text, "%u-%u:%u ", parcel, restart, (unsigned)record->key);
    int stop = seen->stop;
    seen->stop = 0;
    return stop;
}

static void expect(struct journal_tail *tail, struct seen *seen, const char *expected)
{
    str_clear(&seen->text);
    assert_int_equal(journal_tail_read(tail, see, seen, NULL), 0);
    assert_string_equal(str_text(&seen->text), expected);
}

static void test_all_parcels(void **unused)
{
    (void)unused;
    CLEANUP_CLOSE int dir = new_dir();
    struct journal_tail *tail = journal_tail_new(dir);
    struct seen seen = {0};
    add("0-0", RECORD_START, 1);
    add("0-1", RECORD_START, 2);
    add("4294967295-0", RECORD_START, 3);
    expect(tail, &seen, "0-1:2 4294967295-0:3 "); // of each parcel the newest
    expect(tail, &seen, "");
    add("0-0", RECORD_END, 1); // and never the ones before
    add("0-1", RECORD_END, 2);
    add("7-0", RECORD_START, 4);
    expect(tail, &seen, "0-1:2 7-0:4 ");
    add("7-0", RECORD_END, 4); // is read to its end, before the next one of that parcel
    add("7-1", RECORD_START, 5);
    add("7-2", RECORD_START, 6);
    expect(tail, &seen, "7-0:4 7-1:5 7-2:6 ");
    add("7-0", RECORD_END, 9); // a copy that goes on: with the next look at the folder
    add("9-0", RECORD_CLOSE, 0);
    expect(tail, &seen, "7-0:9 9-0:0 ");
    journal_tail_free(tail);
    str_free(&seen.text);
}

static void test_lines(void **unused)
{
    (void)unused;
    CLEANUP_CLOSE int dir = new_dir();
    struct journal_tail *tail = journal_tail_new(dir);
    struct seen seen = {0};
    CLEANUP_STR struct str half = {0};
    const struct record record = {.kind = RECORD_START, .key = 8, .attempt = 1};
    add("3-0", RECORD_START, 1);
    add("3-0", RECORD_START, 2);
    seen.stop = 5; // what was taken is not given again
    assert_int_equal(journal_tail_read(tail, see, &seen, NULL), 5);
    expect(tail, &seen, "3-0:2 ");
    add_text("3-0", "start key=bad\n\n");
    expect(tail, &seen, "");
    record_format(&record, &half);
    half.text[half.size / 2] = '\0';
    add_text("3-0", half.text);
    expect(tail, &seen, "");
    str_clear(&half);
    record_format(&record, &half);
    add_text("3-0", half.text + half.size / 2);
    expect(tail, &seen, "3-0:8 ");
    assert_int_equal(journal_tail_go_on(tail, 3, 0, see, &seen, NULL), 0);
    assert_int_equal(journal_tail_go_on(tail, 4, 0, see, &seen, NULL), 0);
    add("3-0", RECORD_END, 8);
    str_clear(&seen.text);
    assert_int_equal(journal_tail_go_on(tail, 3, 0, see, &seen, NULL), 0);
    assert_string_equal(str_text(&seen.text), "3-0:8 ");
    assert_int_equal(unlink("run/journal.3-0"), 0); // removed while it is followed
    expect(tail, &seen, "");
    journal_tail_free(tail);
    str_free(&seen.text);
}

// Without a change of the folder's time a new journal is found all the same, a little later.
static void test_coarse_time(void **unused)
{
    (void)unused;
    CLEANUP_CLOSE int dir = new_dir();
    struct journal_tail *tail = journal_tail_new(dir);
    struct seen seen = {0};
    add("1-0", RECORD_START, 1);
    keep_time(dir);
    expect(tail, &seen, "1-0:1 ");
    add("2-0", RECORD_START, 2);
    keep_time(dir);
    str_clear(&seen.text);
    for (int i = 0; i < 600 && !seen.text.size; i++) {
        usleep(50000);
        assert_int_equal(journal_tail_read(tail, see, &seen, NULL), 0);
    }
    assert_string_equal(str_text(&seen.text), "2-0:2 ");
    journal_tail_free(tail);
    str_free(&seen.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_parcels),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_coarse_time),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
