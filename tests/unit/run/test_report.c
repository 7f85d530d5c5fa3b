// SPDX-License-Identifier: Apache-2.0
// What a report makes of journals: time of slots, extremes, causes.
#include <fcntl.h>
#include <math.h>
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
#include "run/report.h"

#define DATASETS 6
#define S        1000000 // microseconds
#define NONE     UINT32_MAX

enum { OPEN = RECORD_OPEN, START = RECORD_START, END = RECORD_END, CLOSE = RECORD_CLOSE };
struct line { // of a journal; seconds
    int kind, at, index, slot;
    enum task_state state;
    int duration, cpu;
    int peak;
    const char *cause, *detail;
    int code;
};
struct journal_case {
    unsigned restart, cores, slots, threads;
    struct line line[16]; // up to kind OPEN again
    unsigned parcel;
    int wall_s; // what is to be added to boot's time for the clock on the wall
};
struct expected {
    int wall, cpu, reserved;
    double efficiency, busy, tail;
    int tail_s, ended;
    uint32_t largest, slowest;
    int longest, median;
};
struct report_case {
    const char *name;
    struct journal_case journal[2];
    struct expected expected;
};

#define BEGIN(at)                                                                              \
    {                                                                                          \
        OPEN, at, 0, 0, TASK_DONE, 0, 0, 0, "", "", 0                                          \
    }
#define RUNS(at, index, slot)                                                                  \
    {                                                                                          \
        START, at, index, slot, TASK_DONE, 0, 0, 0, "", "", 0                                  \
    }
#define DONE(at, index, slot, duration, cpu, peak)                                             \
    {                                                                                          \
        END, at, index, slot, TASK_DONE, duration, cpu, peak, "", "", 0                        \
    }
#define FAIL(at, index, slot, duration, cause, detail, code)                                   \
    {                                                                                          \
        END, at, index, slot, TASK_FAILED, duration, duration, 1, cause, detail, code          \
    }
#define STOP(at, index, slot, duration)                                                        \
    {                                                                                          \
        END, at, index, slot, TASK_STOPPED, duration, duration, 1, "", "", -15                 \
    }
#define FINISH(at)                                                                             \
    {                                                                                          \
        CLOSE, at, 0, 0, TASK_DONE, 0, 0, 0, "", "", 0                                         \
    }

static const struct report_case cases[] = {
    {"no journal", {{0}}, {0, 0, 0, -1, -1, -1, 0, 0, NONE, NONE, 0, 0}},
    {"a journal that only begins",
     {{0, 2, 2, 1, {BEGIN(5)}}},
     {0, 0, 0, -1, -1, -1, 0, 0, NONE, NONE, 0, 0}},
    {"two slots, both full to the end",
     {{0,
       2,
       2,
       1,
       {BEGIN(0), RUNS(0, 0, 1), RUNS(0, 1, 2), DONE(10, 0, 1, 10, 9, 50),
        DONE(10, 1, 2, 10, 7, 70), FINISH(10)}}},
     {10, 16, 20, 0.8, 1, 0, 0, 2, 1, 0, 10, 10}},
    {"one slot has no more tasks for the last 6 s",
     {{0,
       2,
       2,
       1,
       {BEGIN(0), RUNS(0, 0, 1), RUNS(0, 1, 2), DONE(4, 1, 2, 4, 4, 1),
        DONE(10, 0, 1, 10, 10, 1), FINISH(10)}}},
     {10, 14, 20, 0.7, 0.7, 0.3, 6, 2, 0, 0, 10, 10}},
    {"a slot that never had a task",
     {{0, 4, 2, 2, {BEGIN(0), RUNS(0, 2, 1), DONE(8, 2, 1, 8, 16, 1), FINISH(8)}}},
     {8, 16, 32, 0.5, 0.5, 0.5, 8, 1, 2, 2, 8, 8}},
    {"killed: of the task that was cut off nothing is known, and there is no tail",
     {{0, 2, 2, 1, {BEGIN(0), RUNS(0, 0, 1), RUNS(2, 1, 2), DONE(10, 0, 1, 10, 9, 1)}}},
     {10, 9, 12, 0.75, 0.9, 0, 0, 1, 0, 0, 10, 10}},
    {"a resumption: the pause between does not count, both attempts do",
     {{0,
       2,
       2,
       1,
       {BEGIN(0), RUNS(0, 0, 1), RUNS(0, 1, 2), FAIL(10, 0, 1, 10, "exit-code", "", 3),
        DONE(10, 1, 2, 10, 10, 9), FINISH(10)}},
      {1, 1, 1, 1, {BEGIN(1000), RUNS(1000, 0, 1), DONE(1004, 0, 1, 4, 2, 5), FINISH(1004)}}},
     {14, 22, 24, 22.0 / 24, 1, 0, 0, 3, 1, 1, 10, 10}},
    {"the next task of a slot begins while the output of the last is published",
     {{0,
       1,
       1,
       1,
       {BEGIN(0), RUNS(0, 0, 1), RUNS(4, 1, 1), DONE(5, 0, 1, 4, 4, 1), DONE(8, 1, 1, 4, 4, 1),
        FINISH(8)}}},
     {8, 8, 8, 1, 1, 0, 0, 2, 0, 0, 4, 4}},
    {"stopped tasks used cores, but are no measure of the slowest",
     {{0,
       1,
       1,
       1,
       {BEGIN(0), RUNS(0, 3, 1), STOP(9, 3, 1, 9), RUNS(9, 4, 1), DONE(10, 4, 1, 1, 1, 1),
        FINISH(10)}}},
     {10, 10, 10, 1, 1, 0, 0, 2, 3, 4, 1, 1}},
    {"more processor time than reserved is not more than all",
     {{0, 1, 1, 1, {BEGIN(0), RUNS(0, 0, 1), DONE(2, 0, 1, 2, 6, 1), FINISH(2)}}},
     {2, 6, 2, 1, 1, 0, 0, 1, 0, 0, 2, 2}},
    {"slots that are none",
     {{0,
       1,
       1,
       1,
       {BEGIN(0), RUNS(0, 0, 7), DONE(4, 0, 7, 4, 4, 1), RUNS(4, 1, 1), DONE(8, 1, 1, 4, 4, 1),
        FINISH(8)}}},
     {8, 8, 8, 1, 1, 0, 0, 2, 0, 0, 4, 4}},
    {"parcels side by side: cores add up, the 6 s that they had in common count once",
     {{0, 2, 1, 2, {BEGIN(0), RUNS(0, 0, 1), DONE(8, 0, 1, 8, 16, 1), FINISH(10)}, 3, 500},
      {0,
       1,
       1,
       1,
       {BEGIN(1000), RUNS(1000, 1, 1), DONE(1009, 1, 1, 9, 9, 1), FINISH(1012)},
       4294967295,
       -496}},
     {16, 25, 32, 25.0 / 32, 17.0 / 22, 5.0 / 22, 3, 2, 0, 1, 9, 9}},
};

static struct dataset items[DATASETS];

// The saved run with these journals, in a folder of its own.
static void prepare(struct saved *saved, const struct report_case *item)
{
    char path[] = "/tmp/lopin-test-XXXXXX";
    assert_non_null(mkdtemp(path));
    saved->folder.path = mem_dup(path);
    saved->folder.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (uint32_t i = 0; i < DATASETS; i++)
        items[i] = (struct dataset){.text = "d", .key = 100 + i, .number = i + 1};
    saved->datasets = (struct datasets){.item = items, .count = DATASETS, .columns = 1};
    saved->spec = (struct spec){.cores = 1, .slots = 1, .threads = 1};
    for (size_t j = 0; j < COUNT(item->journal); j++) {
        const struct journal_case *from = &item->journal[j];
        if (!from->cores)
            continue;
        struct journal *journal =
            journal_new(saved->folder.fd, from->parcel, from->restart, NULL);
        assert_non_null(journal);
        for (const struct line *line = from->line; line == from->line || line->kind != OPEN;
             line++) {
            struct record record = {
                .kind = (enum record_kind)line->kind,
                .key = 100 + (uint64_t)line->index,
                .attempt = 1,
                .slot = (uint32_t)line->slot,
                .wall_us = (int64_t)(line->at + from->wall_s) * S,
                .boot_us = (int64_t)line->at * S,
                .state = line->state,
                .cause = line->cause,
                .detail = line->detail,
                .code = line->code,
                .duration_us = (int64_t)line->duration * S,
                .user_us = (int64_t)line->cpu * S / 2,
                .system_us = (int64_t)line->cpu * S / 2,
                .peak_kb = line->peak,
                .cores = from->cores,
                .slots = from->slots,
                .threads = from->threads,
            };
            assert_int_equal(journal_write(journal, &record, NULL), 0);
        }
        journal_free(journal);
    }
    usage_begin(&saved->usage, &saved->spec);
    assert_int_equal(
        state_load(&saved->state, saved->folder.fd, &saved->datasets, &saved->usage, NULL), 0);
}

static void discard(struct saved *saved)
{
    state_free(&saved->state);
    close(saved->folder.fd);
    assert_int_equal(fs_remove(AT_FDCWD, saved->folder.path), 0);
    free(saved->folder.path);
}

static int near(double a, double b)
{
    return fabs(a - b) < 1e-9;
}

static void test_figures(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct expected *expected = &cases[i].expected;
        struct saved saved = SAVED_NONE;
        struct report report = {0};
        prepare(&saved, &cases[i]);
        report_make(&saved, &report);
        int good = report.wall_us == (int64_t)expected->wall * S &&
                   report.cpu_us == (int64_t)expected->cpu * S &&
                   near(report.reserved_us, (double)expected->reserved * S) &&
                   near(report.efficiency, expected->efficiency) &&
                   near(report.busy, expected->busy) && near(report.tail, expected->tail) &&
                   report.tail_us == (int64_t)expected->tail_s * S &&
                   report.ended == (size_t)expected->ended &&
                   report.largest == expected->largest && report.slowest == expected->slowest &&
                   report.longest_us == (int64_t)expected->longest * S &&
                   report.median_us == (int64_t)expected->median * S;
        if (!good)
            fail_msg("%s: wall %g cpu %g reserved %g efficiency %g busy %g tail %g %g ended "
                     "%zu largest %u slowest %u longest %g median %g",
                     cases[i].name, (double)report.wall_us / S, (double)report.cpu_us / S,
                     report.reserved_us / S, report.efficiency, report.busy, report.tail,
                     (double)report.tail_us / S, report.ended, report.largest, report.slowest,
                     (double)report.longest_us / S, (double)report.median_us / S);
        report_free(&report);
        discard(&saved);
    }
}

struct cause_case {
    const char *name;
    struct {
        const char *cause, *detail;
        int code;
    } failure[DATASETS];      // of dataset 1, 2, ...
    unsigned group[DATASETS]; // sizes, in order; 0 ends
    uint32_t first[DATASETS];
};
static const struct cause_case cause_cases[] = {
    {"none", {{0}}, {0}, {0}},
    {"the same exception at the same place, whatever it says",
     {{"python-error", "ValueError: x = 1   a.py:4", 1},
      {"python-error", "ValueError: x = 2: bad   a.py:4", 1}},
     {2},
     {0}},
    {"another place",
     {{"python-error", "ValueError: x   a.py:4", 1},
      {"python-error", "ValueError: x   a.py:5", 1}},
     {1, 1},
     {0, 1}},
    {"another exception",
     {{"python-error", "KeyError: x   a.py:4", 1}, {"python-error", "ValueError   a.py:4", 1}},
     {1, 1},
     {0, 1}},
    {"a message with the gap that stands before the place",
     {{"python-error", "ValueError: a   b   a.py:4", 1},
      {"python-error", "ValueError: c   d   a.py:4", 1}},
     {2},
     {0}},
    {"exit codes by number, the most frequent first",
     {{"exit-code", "x", 2}, {"exit-code", "y", 3}, {"exit-code", "z", 3}},
     {2, 1},
     {1, 0}},
    {"signals by number",
     {{"signal", "SIGSEGV", -11}, {"signal", "SIGKILL", -9}, {"signal", "SIGSEGV", -11}},
     {2, 1},
     {0, 1}},
    {"a cause of a later lopin", {{"node-lost", "n7", 1}, {"node-lost", "n8", 1}}, {2}, {0}},
};

static void test_causes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cause_cases); i++) {
        const struct cause_case *item = &cause_cases[i];
        struct report_case journals = {.journal = {{0, 1, 1, 1, {BEGIN(0)}}}};
        struct line *line = &journals.journal[0].line[1];
        for (int k = 0; k < DATASETS && item->failure[k].cause; k++)
            *line++ = (struct line)FAIL(k, k, 1, 1, item->failure[k].cause,
                                        item->failure[k].detail, item->failure[k].code);
        struct saved saved = SAVED_NONE;
        struct report report = {0};
        prepare(&saved, &journals);
        report_make(&saved, &report);
        size_t count = 0;
        while (count < DATASETS && item->group[count])
            count++;
        if (report.causes != count)
            fail_msg("%s: %zu causes", item->name, report.causes);
        for (size_t k = 0; k < count; k++) {
            const struct report_cause *cause = &report.cause[k];
            if (cause->count != item->group[k] || cause->first != item->first[k])
                fail_msg("%s: cause %zu: %zu, first %u", item->name, k, cause->count,
                         cause->first);
            assert_string_equal(cause->detail, item->failure[cause->first].detail);
        }
        report_free(&report);
        discard(&saved);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_causes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
