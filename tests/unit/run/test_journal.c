// SPDX-License-Identifier: Apache-2.0
// Records out and in; journals written, damaged, cut off, of another version.
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/line.h"
#include "base/mem.h"
#include "cmocka.h"
#include "folder.h"
#include "run/journal.h"

static const struct record full_end = {.kind = RECORD_END,
                                       .key = 0xfedcba9876543210,
                                       .attempt = 3,
                                       .slot = UINT32_MAX,
                                       .wall_us = 1700000000000001,
                                       .boot_us = 12345,
                                       .state = TASK_FAILED,
                                       .cause = "python-error",
                                       .code = -11,
                                       .detail =
                                           "ValueError: \xc3\xa9 = 3, 50 %\nx   analyse.py:41",
                                       .duration_us = (int64_t)1 << 52,
                                       .user_us = 1,
                                       .system_us = 0,
                                       .peak_kb = 7,
                                       .log_at = 0,
                                       .log_size = 9,
                                       .data_size = 0,
                                       .data_mtime = -2,
                                       .data_hash = 2,
                                       .script = 1,
                                       .env = UINT64_MAX,
                                       .output = "/a b/\xff.npz",
                                       .output_size = 5,
                                       .output_mtime = 6,
                                       .output_inode = 7,

                                       .words = "",
                                       .variable = ""};
static const struct record empty_end = {.kind = RECORD_END,
                                        .cause = "",
                                        .detail = "",
                                        .output = "",
                                        .words = "",
                                        .variable = "",
                                        .log_at = -1,
                                        .data_size = -1,
                                        .data_mtime = -1,
                                        .output_size = -1,
                                        .output_mtime = -1,
                                        .output_inode = -1};

static void assert_record(const struct record *a, const struct record *b)
{
    assert_string_equal(a->cause, b->cause);
    assert_string_equal(a->detail, b->detail);
    assert_string_equal(a->output, b->output);
    assert_string_equal(a->words, b->words);
    assert_string_equal(a->variable, b->variable);
    struct record one = *a, two = *b;

    one.cause = one.detail = one.output = one.words = one.variable = NULL;
    two.cause = two.detail = two.output = two.words = two.variable = NULL;
    assert_memory_equal(&one, &two, sizeof(one));
}

// As the struct is compared by bytes, both sides begin as zeroed memory (padding too).
static struct record copy_of(const struct record *from)
{
    struct record copy;

    memset(&copy, 0, sizeof(copy));
    copy.kind = from->kind, copy.key = from->key, copy.attempt = from->attempt,
    copy.slot = from->slot;
    copy.wall_us = from->wall_us, copy.boot_us = from->boot_us, copy.state = from->state;
    copy.cause = from->cause, copy.code = from->code, copy.detail = from->detail;
    copy.duration_us = from->duration_us, copy.user_us = from->user_us,
    copy.system_us = from->system_us;
    copy.peak_kb = from->peak_kb, copy.log_at = from->log_at, copy.log_size = from->log_size;
    copy.data_size = from->data_size, copy.data_mtime = from->data_mtime,
    copy.data_hash = from->data_hash;
    copy.script = from->script;
    copy.env = from->env, copy.output = from->output, copy.output_size = from->output_size;
    copy.output_mtime = from->output_mtime, copy.output_inode = from->output_inode;
    copy.variable = from->variable, copy.pace = from->pace;
    copy.words = from->words, copy.cores = from->cores, copy.slots = from->slots,
    copy.threads = from->threads;
    return copy;
}

static void round_trip(const struct record *given)
{
    CLEANUP_STR struct str line = {0}, scratch = {0};
    struct record record = copy_of(given), again;

    record_format(&record, &line);
    assert_int_equal(line.text[line.size - 1], '\n');
    assert_int_equal(strcspn(line.text, "\n"), line.size - 1);
    assert_int_equal(record_parse(line.text, line.size - 1, &again, &scratch), 0);
    assert_record(&record, &again);
}

static void test_records(void **state)
{
    struct record record = empty_end;

    (void)state;
    round_trip(&full_end);
    round_trip(&empty_end);
    record.state = TASK_STOPPED;
    round_trip(&record);
    record = empty_end;
    record.kind = RECORD_START;
    record.key = 1;
    record.attempt = record.slot = 1;
    record.wall_us = 1;
    round_trip(&record);
    record.kind = RECORD_OPEN;
    record.key = record.attempt = record.slot = 0;
    record.cores = 1, record.slots = 2, record.threads = 3;
    record.words = "host=n1 cores=0-3";
    round_trip(&record);
    record.kind = RECORD_CLOSE;
    record.cores = record.slots = record.threads = 0;
    record.words = "";
    round_trip(&record);
    record = empty_end;
    record.kind = RECORD_THREADS;
    record.key = 7, record.slot = 2;
    record.cause = "oversubscribed", record.detail = "python3 a b.py";
    record.words = "OpenBLAS (numpy, scipy)", record.variable = "OPENBLAS_NUM_THREADS";
    record.pace = (struct record_pace){2000, 1910, 14400, 1, 8, 16, 2, 3, 4, UINT32_MAX};
    round_trip(&record);
}

static void test_null_texts(void **state)
{
    CLEANUP_STR struct str line = {0}, scratch = {0};
    const struct record note = {.kind = RECORD_NOTE};
    struct record again;

    (void)state;
    record_format(&note, &line);
    assert_int_equal(record_parse(line.text, line.size - 1, &again, &scratch), 0);
    assert_string_equal(again.words, "");
    assert_string_equal(again.cause, "");
}

static const struct parse_case {
    const char *body;
    int result;
} parses[] = {
    {"end key=1 state=done", 0},
    {"end key=1 state=done later=%zz other", -1}, // a field has a '='
    {"end key=1 state=done later=x wall=2", 0},
    {"end state=done key=1", 0}, // any order
    {"end key=1", -1},
    {"end state=done", -1},
    {"start", -1},
    {"start key=12345678901234567", -1},
    {"start key=A", -1},
    {"start key=", -1},
    {"start key=1 attempt=-1", -1},
    {"start key=1 attempt=4294967296", -1},
    {"start key=1 attempt=4294967295", 0},
    {"start key=1 wall=9223372036854775808", -1},
    {"start key=1 wall=-9223372036854775808", 0},
    {"start key=1 wall=--1", -1},
    {"start key=1 wall=1x", -1},
    {"end key=1 state=done code=2147483648", -1},
    {"end key=1 state=paused", 1},
    {"end key=1 state=done detail=%", -1},
    {"end key=1 state=done detail=%4", -1},
    {"end key=1 state=done detail=%00", -1},
    {"end key=1 state=done detail=%4G", -1},
    {"end  key=1 state=done", -1},
    {"paused key=1", 1},
    {"", -1},
    {"note", 0},
    {"note words=x%0ay", 0},
    {"close", 0},
};

static void test_parse(void **state)
{
    CLEANUP_STR struct str line = {0}, scratch = {0};
    struct record record;

    (void)state;
    for (size_t i = 0; i < COUNT(parses); i++) {
        str_clear(&line);
        str_add(&line, parses[i].body);
        line_end(&line, 0);
        print_message("# %s", line.text);
        assert_int_equal(record_parse(line.text, line.size - 1, &record, &scratch),
                         parses[i].result);
    }
}

// No bit of a line may change without being seen.
static void test_flips(void **state)
{
    CLEANUP_STR struct str line = {0}, scratch = {0};
    struct record record;

    (void)state;
    record_format(&full_end, &line);
    for (size_t bit = 0; bit < 8 * (line.size - 1); bit++) {
        line.text[bit / 8] ^= (char)(1 << bit % 8);
        assert_int_equal(record_parse(line.text, line.size - 1, &record, &scratch), -1);
        line.text[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t size = 0; size < line.size - 1; size++)
        assert_int_equal(record_parse(line.text, size, &record, &scratch), -1);
}

struct seen {
    struct str text; // "P-R:key " for each record
    int stop;
};

static int see(void *context, const struct record *record, unsigned parcel, unsigned restart)
{
    struct seen *seen = context;

    str_print(&seen->text, "%u-%u:%llu ", parcel, restart, (unsigned long long)record->key);
    return seen->stop;
}

static void write_journal(int dir, unsigned parcel, unsigned restart, uint64_t from,
                          uint64_t count)
{
    struct journal *journal = journal_new(dir, parcel, restart, NULL);

    assert_non_null(journal);
    for (uint64_t i = 0; i < count; i++) {
        struct record record = full_end;

        record.key = from + i;
        assert_int_equal(journal_write(journal, &record, NULL), 0);
    }
    journal_free(journal);
}

static int new_dir(void)
{
    assert_int_equal(fs_remove(AT_FDCWD, "run"), 0);
    assert_int_equal(fs_make_dirs(AT_FDCWD, "run", 0700, NULL), 0);
    return folder_fd("run");
}

static void test_order(void **state)
{
    CLEANUP_CLOSE int dir = new_dir();
    struct seen seen = {0};
    struct journal_damage damage;
    struct err err;

    (void)state;
    assert_int_equal(journal_next_restart(dir, 0), 0);
    write_journal(dir, 0, 1, 5, 1);
    write_journal(dir, 10, 0, 4, 1);
    write_journal(dir, 2, 0, 3, 1);
    write_journal(dir, 0, 0, 1, 2);
    write_journal(dir, 4294967295, 0, 6, 1);
    static const char *const others[] = {"0-0.bak",      "00-0",        "+1-0", "1",
                                         "-0-1",         "0--0",        "0-",   "-0",
                                         "4294967296-0", "0-4294967296"};
    for (size_t i = 0; i < COUNT(others); i++) {
        CLEANUP_FREE char *path = mem_print("run/journal.%s", others[i]);
        folder_text(path, "x");
    }
    assert_int_equal(journal_read(dir, see, &seen, &damage, NULL), 0);
    assert_string_equal(seen.text.text, "0-0:1 0-0:2 2-0:3 10-0:4 4294967295-0:6 0-1:5 ");
    assert_int_equal(damage.lines, 0);
    assert_int_equal(damage.torn, 0);
    assert_int_equal(journal_next_restart(dir, 0), 2);
    assert_null(journal_new(dir, 2, 0, &err)); // one writer in a file's life
    assert_int_equal(err.code, ERR_SYSTEM);
    write_journal(dir, 1, 4294967295, 7, 1); // the last one that can be
    assert_null(journal_new(dir, 1, journal_next_restart(dir, 1), &err));
    str_clear(&seen.text);
    seen.stop = 7;
    assert_int_equal(journal_read(dir, see, &seen, NULL, NULL), 7);
    assert_string_equal(seen.text.text, "0-0:1 ");
    str_free(&seen.text);
}

static const struct file_case {
    const char *name;
    const char *before, *after; // around a good line with key 1
    const char *expect;
    size_t lines, first_line, torn;
} files[] = {
    {"whole", "lopin-journal 1\n", "", "0-0:1 ", 0, 0, 0},
    {"a bad line after", "lopin-journal 1\n", "end key=2 state=done 00000000\n", "0-0:1 ", 1, 3,
     0},
    {"a bad line before", "lopin-journal 1\nxyz\n", "", "0-0:1 ", 1, 2, 0},
    {"cut off at the end", "lopin-journal 1\n", "end key=2 st", "0-0:1 ", 0, 0, 1},
    {"bytes", "lopin-journal 1\n\xff\xfe\x01\n\n", "", "0-0:1 ", 1, 2, 0},
    {"first line damaged", "lopin-jpurnal 1\n", "", "0-0:1 ", 1, 1, 0},
    {"first line lost", "", "", "", 1, 1, 0},
    {"first line's number damaged", "lopin-journal x\n", "", "0-0:1 ", 1, 1, 0},
};

static void test_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        CLEANUP_CLOSE int dir = new_dir();
        CLEANUP_STR struct str text = {0};
        struct seen seen = {0};
        struct journal_damage damage;
        struct record record = full_end;

        print_message("# %s\n", files[i].name);
        record.key = 1;
        str_add(&text, files[i].before);
        record_format(&record, &text);
        str_add(&text, files[i].after);
        folder_write("run/journal.0-0", text.text, text.size);
        assert_int_equal(journal_read(dir, see, &seen, &damage, NULL), 0);
        assert_string_equal(str_text(&seen.text), files[i].expect);
        assert_int_equal(damage.lines, files[i].lines);
        assert_int_equal(damage.first_line, files[i].first_line);
        assert_int_equal(damage.torn, files[i].torn);
        if (damage.lines > 0)
            assert_string_equal(damage.first, "journal.0-0");
        str_free(&seen.text);
    }
}

static void test_no_newline(void **state) // the last line is whole but for its newline
{
    CLEANUP_CLOSE int dir = new_dir();
    CLEANUP_STR struct str text = {0};
    struct seen seen = {0};
    struct journal_damage damage;

    (void)state;
    str_add(&text, "lopin-journal 1\n");
    record_format(&empty_end, &text);
    folder_write("run/journal.0-0", text.text, text.size - 1);
    assert_int_equal(journal_read(dir, see, &seen, &damage, NULL), 0);
    assert_string_equal(seen.text.text, "0-0:0 ");
    assert_int_equal(damage.torn, 0);
    str_free(&seen.text);
    folder_write("run/journal.0-0", "", 0);
    assert_int_equal(journal_read(dir, see, &seen, &damage, NULL), 0);
    folder_text("run/journal.0-0", "lopin-jou");
    assert_int_equal(journal_read(dir, see, &seen, &damage, NULL), 0);
    assert_int_equal(damage.torn, 1);
    str_free(&seen.text);
}

static void test_version(void **state)
{
    CLEANUP_CLOSE int dir = new_dir();
    struct seen seen = {0};
    struct err err;

    (void)state;
    folder_text("run/journal.3-0", "lopin-journal 2\n");
    assert_int_equal(journal_read(dir, see, &seen, NULL, &err), -1);
    assert_int_equal(err.code, ERR_RUN_FORMAT);
    assert_string_equal(err.text, "'journal.3-0' has format 2, this lopin reads format 1");
}

// A line of 10 MB and NULs between good ones, with good lines at every place of the reader's window.
static void test_long_lines(void **state)
{
    CLEANUP_CLOSE int dir = new_dir();
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *junk = mem_alloc(10 << 20);
    struct seen seen = {0};
    struct journal_damage damage;
    size_t good = 0;

    (void)state;
    memset(junk, 0, 10 << 20);
    str_add(&text, "lopin-journal 1\n");
    for (size_t i = 0; i < 12; i++) {
        record_format(&empty_end, &text);
        good++;
        str_add_bytes(&text, junk, i == 11 ? 10 << 20 : (200 << 10) + i * 6000);
        str_add_char(&text, '\n');
    }
    record_format(&empty_end, &text);
    good++;
    folder_write("run/journal.0-0", text.text, text.size);
    assert_int_equal(journal_read(dir, see, &seen, &damage, NULL), 0);
    assert_int_equal(seen.text.size, good * strlen("0-0:0 "));
    assert_int_equal(damage.lines, 12);
    assert_int_equal(damage.first_line, 3);
    str_free(&seen.text);
}

// A file that may not grow: what was cut off waits, and is whole once there is room, in its place.
static void test_full_disk(void **state)
{
    CLEANUP_CLOSE int dir = new_dir();
    struct journal *journal = journal_new(dir, 0, 0, NULL);
    struct rlimit before, limit;
    struct seen seen = {0};
    struct journal_damage damage;
    struct err err = {0};

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(journal_write(journal, &empty_end, NULL), 0);
    limit = before;
    limit.rlim_cur = 100;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    int result = journal_write(journal, &full_end, &err);

    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(result, -1);
    assert_int_equal(err.code, ERR_SYSTEM);
    assert_int_equal(journal_waiting(journal), 1);
    assert_int_equal(journal_read(dir, see, &seen, &damage, NULL), 0);
    assert_int_equal(damage.lines, 0);
    assert_int_equal(damage.torn, 1);
    str_clear(&seen.text);
    assert_int_equal(journal_write(journal, &empty_end, NULL), 0);
    assert_int_equal(journal_waiting(journal), 0);
    journal_free(journal);
    assert_int_equal(journal_read(dir, see, &seen, &damage, NULL), 0);
    char expected[64];
    snprintf(expected, sizeof expected, "0-0:0 0-0:%" PRIu64 " 0-0:0 ", full_end.key);
    assert_string_equal(seen.text.text, expected);
    assert_int_equal(damage.lines, 0);
    str_free(&seen.text);
}

static void test_too_long(void **state)
{
    CLEANUP_CLOSE int dir = new_dir();
    struct journal *journal = journal_new(dir, 0, 0, NULL);
    CLEANUP_FREE char *words = mem_zero(300 << 10, 1);
    const struct record note = {.kind = RECORD_NOTE, .words = words};

    (void)state;
    memset(words, 'x', (300 << 10) - 1);
    assert_int_equal(journal_write(journal, &note, NULL), -1);
    assert_int_equal(journal_write(journal, &empty_end, NULL), 0);
    assert_true(journal_fd(journal) >= 0);
    journal_free(journal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),    cmocka_unit_test(test_null_texts),
        cmocka_unit_test(test_parse),      cmocka_unit_test(test_flips),
        cmocka_unit_test(test_order),      cmocka_unit_test(test_files),
        cmocka_unit_test(test_no_newline), cmocka_unit_test(test_version),
        cmocka_unit_test(test_long_lines), cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_too_long),
    };

    return cmocka_run_group_tests_name("map/journal", tests, folder_setup, folder_teardown);
}
