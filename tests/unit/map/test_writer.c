// SPDX-License-Identifier: Apache-2.0
// The writer: records are in the file at once and in order, and what could not be synced is
// said.
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "folder.h"
#include "map/writer.h"

#define RECORDS 500

static int run_new(void)
{
    assert_int_equal(fs_remove(AT_FDCWD, "run"), 0);
    assert_int_equal(fs_make_dirs(AT_FDCWD, "run/logs", 0700, NULL), 0);
    return folder_fd("run");
}

static int count_record(void *context, const struct record *record, unsigned parcel,
                        unsigned restart)
{
    uint64_t *next = context;
    assert_int_equal(parcel, 1);
    assert_int_equal(restart, 2);
    assert_true(record->key == *next);
    ++*next;
    return 0;
}

static void test_records(void **state)
{
    (void)state;
    CLEANUP_CLOSE int dir = run_new();
    struct err err = {0};
    struct logs *logs = logs_new(dir, 1, 2, 1, 1);
    struct writer *writer = writer_new(dir, 1, 2, logs, &err);
    assert_non_null(writer);
    assert_int_equal(writer_wait_ms(writer), -1);
    for (uint64_t i = 0; i < RECORDS; i++) {
        const struct record record = {.kind = RECORD_START, .key = i};
        assert_int_equal(writer_add(writer, &record, &err), 0);
        uint64_t read = 0; // at once: a kill loses nothing
        if (i % 100 == 0)
            assert_int_equal(journal_read(dir, count_record, &read, NULL, NULL), 0);
        assert_true(i % 100 != 0 || read == i + 1);
        assert_int_equal(writer_tend(writer, &err), 0);
    }
    // The loop's way, until nothing is due: each sync that begins ends by the descriptor.
    struct pollfd watched = {.fd = writer_fd(writer), .events = POLLIN};
    const struct record last = {.kind = RECORD_START, .key = RECORDS};
    assert_int_equal(writer_add(writer, &last, &err), 0);
    int syncs = 0;
    for (int wait_ms = 0; wait_ms >= 0 || syncs == 0; wait_ms = writer_wait_ms(writer)) {
        syncs += poll(&watched, 1, wait_ms) == 1;
        assert_int_equal(writer_tend(writer, &err), 0);
    }
    assert_int_equal(writer_sync(writer, &err), 0);
    writer_free(writer);
    logs_free(logs);
    uint64_t read = 0;
    assert_int_equal(journal_read(dir, count_record, &read, NULL, NULL), 0);
    assert_int_equal(read, RECORDS + 1);
}

static void test_there_already(void **state)
{
    (void)state;
    CLEANUP_CLOSE int dir = run_new();
    struct err err = {0};
    struct logs *logs = logs_new(dir, 1, 2, 1, 0);
    folder_text("run/journal.1-2", "another writer's");
    assert_null(writer_new(dir, 1, 2, logs, &err));
    assert_int_not_equal(err.code, ERR_NONE);
    CLEANUP_STR struct str text = {0};
    assert_int_equal(fs_read(dir, "journal.1-2", 100, &text, NULL), 0);
    assert_string_equal(text.text, "another writer's");
    logs_free(logs);
    writer_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_there_already),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
