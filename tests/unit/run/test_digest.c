// SPDX-License-Identifier: Apache-2.0
// The summary of a run: it says what the journals say, and does not count when anything about it or them has changed.
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
#include "run/digest.h"

#define DATASETS 400

// A run in the folder "run": one in seven failed (in 18 ways), one in eleven has no end, some have not begun.
static void make(struct saved *saved)
{
    struct datasets *datasets = &saved->datasets;
    struct journal *journal;
    *saved = (struct saved)SAVED_NONE;
    assert_int_equal(fs_remove(AT_FDCWD, "run"), 0);
    assert_int_equal(fs_make_dirs(AT_FDCWD, "run", 0700, NULL), 0);
    saved->folder =
        (struct folder){.fd = folder_fd("run"), .number = 1, .path = mem_dup("run")};
    saved->spec = (struct spec){.cores = 4, .slots = 4, .threads = 1};
    datasets->columns = 1;
    mem_room(&datasets->item, &datasets->room, DATASETS, sizeof *datasets->item);
    for (unsigned i = 0; i < DATASETS; i++) {
        char name[32];
        snprintf(name, sizeof name, "data/d %u=.npz", i);
        const char **column = arena_alloc(&datasets->arena, sizeof *column);
        *column = arena_dup(&datasets->arena, name);
        datasets->item[datasets->count++] = (struct dataset){
            .column = column, .text = *column, .key = 1000 + i, .number = 2 * i + 1};
    }
    assert_int_equal(datasets_save(datasets, saved->folder.fd, NULL), 0);
    journal = journal_new(saved->folder.fd, 0, 0, NULL);
    assert_non_null(journal);
    const struct record open = {.kind = RECORD_OPEN,
                                .wall_us = 1,
                                .boot_us = 1,
                                .cores = 4,
                                .slots = 4,
                                .threads = 1,
                                .memory_kb = 4096};
    assert_int_equal(journal_write(journal, &open, NULL), 0);
    for (unsigned i = 0; i < DATASETS - 9; i++) {
        char detail[32];
        struct record record = {.kind = RECORD_START,
                                .key = 1000 + i,
                                .attempt = 1,
                                .slot = i % 4 + 1,
                                .wall_us = 10 * i,
                                .boot_us = 10 * i};
        assert_int_equal(journal_write(journal, &record, NULL), 0);
        if (i % 11 == 5)
            continue;
        snprintf(detail, sizeof detail, "Error%u: no = 5", i % 18);
        record.kind = RECORD_END;
        record.boot_us += 7;
        record.state = i % 7 ? TASK_DONE : TASK_FAILED;
        record.cause = i % 7 ? "" : "python-error";
        record.detail = i % 7 ? "" : detail;
        record.duration_us = 5 + i % 13;
        record.user_us = 3;
        record.peak_kb = 100 + i % 17;
        record.log_at = record.data_size = record.data_mtime = -1;
        assert_int_equal(journal_write(journal, &record, NULL), 0);
    }
    journal_free(journal);
}

static void discard(struct saved *saved)
{
    state_free(&saved->state);
    datasets_free(&saved->datasets);
    close(saved->folder.fd);
    free(saved->folder.path);
}

static void look(const struct saved *saved, struct str *sources)
{
    int64_t bytes;
    str_clear(sources);
    assert_int_equal(digest_sources(saved->folder.fd, sources, &bytes), 0);
    assert_true(bytes > 0);
}

// The whole run read, its summary written, and that read into *brief.
static void both(struct saved *saved, struct report *report, struct str *sources,
                 struct saved *brief, struct report *brief_report)
{
    make(saved);
    look(saved, sources);
    assert_int_equal(saved_refresh(saved, NULL), 0);
    report_make(saved, report);
    digest_save(saved, report, sources);
    *brief = (struct saved)SAVED_NONE;
    brief->folder = (struct folder){.fd = folder_fd("run"), .path = mem_dup("run")};
    assert_int_equal(digest_load(brief, sources, brief_report), 0);
}

static void assert_same_state(const struct state *all, const struct state *few)
{
    assert_int_equal(all->count, few->count);
    assert_int_equal(all->done, few->done);
    assert_int_equal(all->failed, few->failed);
    assert_int_equal(all->begun, few->begun);
    assert_int_equal(all->stopped, few->stopped);
    assert_int_equal(all->waiting, few->waiting);
    assert_int_equal(all->segments, few->segments);
    for (size_t i = 0; i < all->segments; i++)
        assert_memory_equal(&all->segment[i], &few->segment[i], sizeof all->segment[i]);
}

static void assert_same_dataset(const struct saved *all, uint32_t index,
                                const struct saved *few, uint32_t place)
{
    assert_true(place < few->datasets.count);
    assert_string_equal(all->datasets.item[index].text, few->datasets.item[place].text);
    assert_string_equal(all->datasets.item[index].column[0],
                        few->datasets.item[place].column[0]);
    assert_int_equal(all->datasets.item[index].number, few->datasets.item[place].number);
}

static void test_same(void **unused)
{
    (void)unused;
    struct saved all, few;
    struct report report CLEANUP_REPORT = {0};
    struct report brief CLEANUP_REPORT = {0};
    CLEANUP_STR struct str sources = {0};
    both(&all, &report, &sources, &few, &brief);
    assert_true(all.state.failed > 0 && all.state.begun > 0 && all.state.waiting == 9);
    assert_same_state(&all.state, &few.state);
    assert_same_dataset(&all, report.slowest, &few, brief.slowest);
    assert_same_dataset(&all, report.largest, &few, brief.largest);
    assert_int_equal(report.causes, 18);
    assert_int_equal(brief.causes, 18);
    for (size_t i = 0; i < 16; i++) {
        assert_int_equal(report.cause[i].code, brief.cause[i].code);
        assert_int_equal(report.cause[i].count, brief.cause[i].count);
        assert_string_equal(report.cause[i].detail, brief.cause[i].detail);
        assert_same_dataset(&all, report.cause[i].first, &few, brief.cause[i].first);
    }
    assert_int_equal(report.wall_us, brief.wall_us);
    assert_int_equal(report.median_us, brief.median_us);
    assert_int_equal(report.peak_kb, brief.peak_kb);
    assert_true(report.efficiency == brief.efficiency && report.busy == brief.busy &&
                report.tail == brief.tail);
    discard(&all);
    discard(&few);
}

// Whatever byte is another one, and wherever it ends: it does not count.
static void test_damage(void **unused)
{
    (void)unused;
    struct saved all, few;
    struct report report CLEANUP_REPORT = {0};
    struct report brief CLEANUP_REPORT = {0};
    CLEANUP_STR struct str sources = {0};
    CLEANUP_STR struct str whole = {0};
    both(&all, &report, &sources, &few, &brief);
    assert_int_equal(digest_format(&all, &report, &sources, &whole), 0);
    for (size_t i = 0; i < whole.size; i++)
        for (int how = 0; how < 4; how++) {
            CLEANUP_FREE char *bytes = mem_dupn(whole.text, whole.size);
            struct saved other = SAVED_NONE;
            struct report none = {0};
            size_t size = whole.size;
            if (how < 2)
                bytes[i] = (char)(bytes[i] ^ (how ? 1 : 64));
            else if (how == 2)
                bytes[i] = '\0';
            else
                bytes[size = i] = '\0';
            assert_int_equal(digest_parse(&other, bytes, size, &sources, &none), -1);
            assert_null(other.state.segment);
            assert_null(none.cause);
        }
    discard(&all);
    discard(&few);
}

static void append(const char *path, const char *text)
{
    CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(fs_write_all(fd, text, strlen(text)), 0);
}

// The same size, and the times of before.
static void change_tail(const char *path)
{
    CLEANUP_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC);
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(pwrite(fd, "x", 1, st.st_size - 2), 1);
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    assert_int_equal(futimens(fd, times), 0);
}

static void test_sources(void **unused)
{
    (void)unused;
    for (int how = 0; how < 7; how++) {
        struct saved all, few, other = SAVED_NONE;
        struct report report CLEANUP_REPORT = {0};
        struct report brief CLEANUP_REPORT = {0};
        struct report none CLEANUP_REPORT = {0};
        CLEANUP_STR struct str sources = {0};
        both(&all, &report, &sources, &few, &brief);
        switch (how) {
        case 0: append("run/journal.0-0", "x"); break;
        case 1: append("run/journal.0-1", "lopin-journal 1\n"); break;
        case 2: append("run/journal.3-0", ""); break;
        case 3: change_tail("run/journal.0-0"); break;
        case 4: change_tail("run/datasets"); break;
        case 5: assert_int_equal(datasets_save(&all.datasets, all.folder.fd, NULL), 0); break;
        default: assert_int_equal(truncate("run/journal.0-0", 900), 0);
        }
        look(&all, &sources);
        other.folder.fd = all.folder.fd;
        assert_int_equal(digest_load(&other, &sources, &none), -1);
        assert_int_equal(unlink("run/datasets"), 0);
        int64_t bytes;
        assert_int_equal(digest_sources(all.folder.fd, &sources, &bytes), -1);
        discard(&all);
        discard(&few);
    }
}

// Journals that are damaged have no summary: each reader says so.
static void test_damaged_journal(void **unused)
{
    (void)unused;
    struct saved all;
    struct report report CLEANUP_REPORT = {0};
    CLEANUP_STR struct str sources = {0};
    CLEANUP_STR struct str text = {0};
    make(&all);
    append("run/journal.0-0", "start key=1 00000000\n");
    look(&all, &sources);
    assert_int_equal(saved_refresh(&all, NULL), 0);
    assert_int_equal(all.state.damage.lines, 1);
    report_make(&all, &report);
    assert_int_equal(digest_format(&all, &report, &sources, &text), -1);
    digest_save(&all, &report, &sources);
    assert_int_equal(access("run/summary", F_OK), -1);
    discard(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_damaged_journal),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
