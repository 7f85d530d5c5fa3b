// SPDX-License-Identifier: Apache-2.0
// What the journals of a run make of each dataset: by tables, and by a fold of the same records
// in memory.
#include <fcntl.h>
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
#include "run/state.h"

#define DATASETS 5

static struct dataset items[DATASETS];
static const struct datasets datasets = {.item = items, .count = DATASETS, .columns = 1};

static int run_new(void)
{
    for (unsigned i = 0; i < DATASETS; i++)
        items[i] = (struct dataset){.text = "d", .key = 100 + i, .number = i + 1};
    assert_int_equal(fs_remove(AT_FDCWD, "run"), 0);
    assert_int_equal(fs_make_dirs(AT_FDCWD, "run", 0700, NULL), 0);
    return folder_fd("run");
}

// One letter an event of a dataset: s start, d done, f failed, x stopped; "2d": dataset 2 is
// done; "9" is none of ours.
static struct record record_of(const char *event, int64_t wall, unsigned attempt)
{
    struct record record = {
        .kind = event[1] == 's' ? RECORD_START : RECORD_END,
        .key = 100 + (uint64_t)(event[0] - '0'),
        .attempt = attempt,
        .slot = 3,
        .wall_us = wall,
        .state = event[1] == 'f'   ? TASK_FAILED
                 : event[1] == 'x' ? TASK_STOPPED
                                   : TASK_DONE,
        .duration_us = 10,
        .log_at = -1,
        .data_size = -1,
        .data_mtime = -1,
    };
    if (event[1] == 'f') {
        record.cause = "exit-code";
        record.code = 7;
        record.detail = "words of a failure";
        record.log_at = 4000;
        record.log_size = 50;
    } else if (event[1] == 'd') {
        record.output = "/w/out";
        record.script = 77;
    }
    return record;
}

static void write_journal(int dir, unsigned parcel, unsigned restart, const char *events)
{
    struct journal *journal = journal_new(dir, parcel, restart, NULL);
    const struct record open = {.kind = RECORD_OPEN, .wall_us = 1000, .cores = 8, .slots = 4};
    const struct record close = {.kind = RECORD_CLOSE, .wall_us = 9000};
    assert_non_null(journal);
    assert_int_equal(journal_write(journal, &open, NULL), 0);
    int64_t wall = 1000 + restart; // older in a later journal too: clocks prove nothing
    for (const char *at = events; *at; at += *at == ' ') {
        if (*at == '.') {
            assert_int_equal(journal_write(journal, &close, NULL), 0);
            at++;
            continue;
        }
        struct record record = record_of(at, wall++, restart + 1);
        assert_int_equal(journal_write(journal, &record, NULL), 0);
        at += 2;
    }
    journal_free(journal);
}

struct fold_case {
    const char *journal[3]; // of restart 0, 1, 2; NULL: none
    const char *expected;   // a letter a dataset: w b d f x
};
static const struct fold_case cases[] = {
    {{NULL}, "wwwww"},
    {{""}, "wwwww"},
    {{"0s"}, "bwwww"},
    {{"0s 0d"}, "dwwww"},
    {{"0s 0f 1s 1d 2s 2x 3s"}, "fdxbw"},
    {{"0d"}, "dwwww"}, // an end alone: its start was in a line that was damaged
    {{"0s 1s 1d 0d ."}, "ddwww"},
    {{"9s 9d 0s"}, "bwwww"},
    {{"0s 0f .", "0s 0d ."}, "dwwww"},
    {{"0s 0d .", "0s 0f ."}, "fwwww"}, // --redo
    {{"0s 0d .", "0s"}, "bwwww"},
    {{"0s 0d .", ""}, "dwwww"},
    {{"0s", "0s 0d .", "1s 1x ."}, "dxwww"},
    {{"0f", "0x", "0d"}, "dwwww"},
    {{"0d", NULL, "0f"}, "fwwww"},
};

static void check_counts(const struct state *state, const char *expected)
{
    size_t count[128] = {0};
    for (const char *at = expected; *at; at++)
        count[(unsigned char)*at]++;
    assert_int_equal(state->waiting, count['w']);
    assert_int_equal(state->begun, count['b']);
    assert_int_equal(state->done, count['d']);
    assert_int_equal(state->failed, count['f']);
    assert_int_equal(state->stopped, count['x']);
}

static void test_fold(void **unused)
{
    (void)unused;
    static const char letter[] = {[OUTCOME_WAITING] = 'w',
                                  [OUTCOME_BEGUN] = 'b',
                                  [OUTCOME_DONE] = 'd',
                                  [OUTCOME_FAILED] = 'f',
                                  [OUTCOME_STOPPED] = 'x'};
    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP_CLOSE int dir = run_new();
        struct state state CLEANUP_STATE = {0};
        size_t journals = 0;
        for (unsigned restart = 3;
             restart-- > 0;) // the order in the folder proves nothing either
            if (cases[i].journal[restart]) {
                write_journal(dir, 0, restart, cases[i].journal[restart]);
                journals++;
            }
        assert_int_equal(state_load(&state, dir, &datasets, NULL, NULL), 0);
        char found[DATASETS + 1] = "";
        for (size_t j = 0; j < DATASETS; j++)
            found[j] = letter[state.outcome[j].state];
        if (strcmp(found, cases[i].expected) != 0)
            fail_msg("case %zu: %s, not %s", i, found, cases[i].expected);
        check_counts(&state, cases[i].expected);
        assert_int_equal(state.segments, journals);
        assert_int_equal(state.damage.lines + state.damage.torn, 0);
    }
}

static void test_fields(void **unused)
{
    (void)unused;
    CLEANUP_CLOSE int dir = run_new();
    struct state state CLEANUP_STATE = {0};
    write_journal(dir, 0, 0, "0s 0f 1s 1f 2s 2d .");
    write_journal(dir, 0, 1, "0s 1s 1d");
    assert_int_equal(state_load(&state, dir, &datasets, NULL, NULL), 0);
    // Of the attempt that runs, nothing that the one before had: its log lies in the other
    // start's pack.
    const struct outcome *begun = &state.outcome[0];
    assert_int_equal(begun->state, OUTCOME_BEGUN);
    assert_int_equal(begun->restart, 1);
    assert_int_equal(begun->cause, ERR_NONE);
    assert_string_equal(begun->detail, "");
    assert_int_equal(begun->code, 0);
    assert_int_equal(begun->log_at, -1);
    assert_int_equal(begun->log_size, 0);
    assert_int_equal(begun->duration_us, 0);
    const struct outcome *again = &state.outcome[1];
    assert_int_equal(again->cause, ERR_NONE);
    assert_string_equal(again->detail, "");
    assert_string_equal(again->output, "/w/out");
    assert_int_equal(again->log_size, 0);
    assert_int_equal(again->script, 77);
    assert_int_equal(state.outcome[2].restart, 0);
    assert_int_equal(state.outcome[3].log_at, -1);
    assert_string_equal(state.outcome[3].output, "");
    assert_int_equal(state.segments, 2);
    assert_int_equal(state.segment[0].closed, 1);
    assert_int_equal(state.segment[1].closed, 0);
    assert_int_equal(state.segment[0].cores, 8);
    assert_int_equal(state.segment[0].slots, 4);
    assert_int_equal(state.segment[0].start_us, 1000);
    assert_int_equal(state.segment[0].end_us, 9000);
}

static void test_damaged(void **unused)
{
    (void)unused;
    CLEANUP_CLOSE int dir = run_new();
    struct state state CLEANUP_STATE = {0};
    CLEANUP_STR struct str text = {0};
    write_journal(dir, 0, 0, "0s 0d 1s 1d 2s 2d");
    assert_int_equal(fs_read(dir, "journal.0-0", 1 << 20, &text, NULL), 0);
    char *end = strstr(text.text, "end key=");
    assert_non_null(end);
    end[5]++;                                                   // the end of dataset 0
    folder_write("run/journal.0-0", text.text, text.size - 10); // and that of 2 cut off
    assert_int_equal(state_load(&state, dir, &datasets, NULL, NULL), 0);
    assert_int_equal(state.outcome[0].state, OUTCOME_BEGUN);
    assert_int_equal(state.outcome[1].state, OUTCOME_DONE);
    assert_int_equal(state.outcome[2].state, OUTCOME_BEGUN);
    assert_int_equal(state.damage.lines, 1);
    assert_int_equal(state.damage.torn, 1);
    struct state later CLEANUP_STATE = {0};
    struct err err = {0};
    folder_text("run/journal.0-1", "lopin-journal 2\n");
    assert_int_equal(state_load(&later, dir, &datasets, NULL, &err), -1);
    assert_int_equal(err.code, ERR_RUN_FORMAT);
}

// A journal of a parcel of "a record, its attempt" each.
static void write_parcel(int dir, unsigned parcel, unsigned restart, const char *events)
{
    struct journal *journal = journal_new(dir, parcel, restart, NULL);
    assert_non_null(journal);
    for (const char *at = events; *at; at += at[3] == ' ' ? 4 : 3) {
        const struct record record = record_of(at, 1000, (unsigned)(at[2] - '0'));
        assert_int_equal(journal_write(journal, &record, NULL), 0);
    }
    journal_free(journal);
}

// Who takes over counts on, and its journal may be read before that of who died, or lost it.
static void test_parcels(void **unused)
{
    static const struct {
        const char *journal[2]; // of parcel 1 and 2
        char expected;
    } each[] = {
        {{"0s2 0d2", "0s1"}, 'd'},     {{"0s1", "0s2 0d2"}, 'd'},
        {{"0s2 0d2", "0s1 0d1"}, 'd'}, {{"0s2 0f2", "0s1 0d1"}, 'f'}, // --redo
        {{"0s2 0x2", "0s1 0d1"}, 'x'}, {{"0s2", "0s1 0x1"}, 'b'},
        {{"0s1 0d1", "0s1"}, 'd'}, // neither saw the other begin
        {{"0s1", "0s1 0d1"}, 'd'},     {{"0s1 0f1", "0s1 0d1"}, 'd'},
        {{"0s1 0d1 0s2", "0s1"}, 'b'},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(each); i++) {
        CLEANUP_CLOSE int dir = run_new();
        CLEANUP_STATE struct state state = {0};
        char expected[] = "?wwww";
        expected[0] = each[i].expected;
        for (unsigned k = 0; k < COUNT(each[i].journal); k++)
            write_parcel(dir, k + 1, 0, each[i].journal[k]);
        assert_int_equal(state_load(&state, dir, &datasets, NULL, NULL), 0);
        check_counts(&state, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_parcels),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
