// SPDX-License-Identifier: Apache-2.0
// The roll of a live run: it says what a full reading says, wherever it goes on from; and what
// is damaged, or is another file than it was, is not gone on from.
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
#include "pick.h"
#include "run/digest.h"
#include "run/glance.h"
#include "run/roll.h"

enum { DATASETS = 60, JOURNALS = 5, STEPS = 12, HISTORIES = 120 };

static const struct journal_name names[JOURNALS] = {
    {0, 0}, {4294967295, 0}, {7, 0}, {7, 1}, {2, 4294967295}};

struct scene {
    struct saved saved;
    struct str held[JOURNALS]; // of a line, what is not written yet
    uint32_t attempt[DATASETS];
    int64_t clock;
};

static void begin(struct scene *scene, unsigned columns)
{
    *scene = (struct scene){.saved = SAVED_NONE, .clock = 1700000000000000};
    struct datasets *datasets = &scene->saved.datasets;
    assert_int_equal(fs_remove(AT_FDCWD, "run"), 0);
    assert_int_equal(fs_make_dirs(AT_FDCWD, "run", 0700, NULL), 0);
    scene->saved.folder =
        (struct folder){.fd = folder_fd("run"), .number = 1, .path = mem_dup("run")};
    scene->saved.spec = (struct spec){.cores = 4, .slots = 4, .threads = 1};
    datasets->columns = columns;
    mem_room(&datasets->item, &datasets->room, DATASETS, sizeof *datasets->item);
    for (unsigned i = 0; i < DATASETS; i++) {
        CLEANUP_FREE char *text = mem_print("data/d %u=\n.npz", i);
        CLEANUP_FREE char *both = mem_print("%s\t%u", text, i);
        const char **column = arena_alloc(&datasets->arena, 2 * sizeof *column);
        column[0] = arena_dup(&datasets->arena, text);
        column[1] = arena_dup(&datasets->arena, strrchr(both, '\t') + 1);
        datasets->item[datasets->count++] = (struct dataset){
            .column = column,
            .text = columns > 1 ? arena_dup(&datasets->arena, both) : column[0],
            .key = UINT64_C(0x9e3779b97f4a7c15) * (i + 1),
            .number = 2 * i + 1};
    }
    assert_int_equal(datasets_save(datasets, scene->saved.folder.fd, NULL), 0);
}

static void end(struct scene *scene)
{
    state_free(&scene->saved.state);
    datasets_free(&scene->saved.datasets);
    close(scene->saved.folder.fd);
    free(scene->saved.folder.path);
    for (size_t i = 0; i < JOURNALS; i++)
        str_free(&scene->held[i]);
}

static void path_of(size_t journal, char path[64])
{
    snprintf(path, 64, "run/journal.%u-%u", names[journal].parcel, names[journal].restart);
}

static void append(const char *path, const char *bytes, size_t size)
{
    CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(fs_write_all(fd, bytes, size), 0);
}

// Writes what is held of a journal, but now and then its last bytes later.
static void flush(struct scene *scene, size_t journal)
{
    struct str *held = &scene->held[journal];
    char path[64];
    size_t late = pick(3) ? 0 : pick(40);
    size_t now = held->size > late ? held->size - late : 0;
    path_of(journal, path);
    if (!held->size)
        return;
    append(path, held->text, now);
    memmove(held->text, held->text + now, held->size - now + 1);
    held->size -= now;
}

static void fill_end(struct record *record)
{
    static const char *const causes[] = {"python-error", "exit-code", "signal", "of-later"};
    static const char *const details[] = {"ValueError: x = 1   a.py:4",
                                          "ValueError: y   a.py:4", "KeyError: z   b.py:9", "",
                                          "two\nlines = 100 %"};
    record->state = pick(3) ? TASK_DONE : (enum task_state)pick(4);
    record->duration_us = pick(100000);
    record->peak_kb = pick(5000);
    record->log_at = (int64_t)pick(3) - 1;
    record->data_size = record->data_mtime = -1;
    record->output = pick(2) ? "" : "/w/o u=t";
    if (record->state == TASK_DONE)
        return;
    record->cause = causes[pick(COUNT(causes))];
    record->detail = details[pick(COUNT(details))];
    record->code = (int)pick(4) - 2;
}

static void add_record(struct scene *scene, size_t journal)
{
    unsigned index = pick(DATASETS + 1); // one is none of ours
    uint32_t attempt = index < DATASETS ? scene->attempt[index] : 1;
    struct record record = {.kind = (enum record_kind)pick(12),
                            .key = UINT64_C(0x9e3779b97f4a7c15) * (index + 1),
                            .slot = 1 + pick(80),
                            .wall_us = pick(20) ? scene->clock += pick(50) : pick(2),
                            .boot_us = scene->clock - 1600000000000000,
                            .cause = "",
                            .detail = "",
                            .output = "",
                            .words = pick(2) ? "" : "some words",
                            .variable = "",
                            .cores = 1 + pick(4),
                            .slots = 2,
                            .memory_kb = 100};
    if (record.kind > RECORD_THREADS)
        record.kind = pick(2) ? RECORD_START : RECORD_END;
    if (record.kind == RECORD_END)
        fill_end(&record);
    if (index < DATASETS && record.kind == RECORD_START && pick(8))
        scene->attempt[index] = ++attempt;
    record.attempt = attempt > 1 && !pick(10) ? attempt - 1 : attempt; // a copy that is behind
    record_format(&record, &scene->held[journal]);
}

static void go_on(struct scene *scene)
{
    for (unsigned n = pick(60); n > 0; n--) {
        size_t journal = pick(JOURNALS);
        char path[64];
        path_of(journal, path);
        if (access(path, F_OK) < 0 && !scene->held[journal].size)
            str_add(&scene->held[journal], "lopin-journal 1\n");
        add_record(scene, journal);
        if (!pick(40))
            str_add_char(&scene->held[journal], '\n');
    }
    for (size_t i = 0; i < JOURNALS; i++)
        flush(scene, i);
}

static void assert_causes(const struct saved *all, const struct report *report,
                          const struct saved *few, const struct report *brief)
{
    assert_int_equal(report->causes, brief->causes);
    for (size_t i = 0; i < report->causes && i < 16; i++) {
        const struct report_cause *left = &report->cause[i], *right = &brief->cause[i];
        assert_int_equal(left->code, right->code);
        assert_int_equal(left->count, right->count);
        assert_string_equal(left->detail, right->detail);
        const struct dataset *one = &all->datasets.item[left->first];
        const struct dataset *two = &few->datasets.item[right->first];
        assert_int_equal(one->number, two->number);
        assert_string_equal(one->text, two->text);
        assert_string_equal(one->column[all->datasets.columns - 1],
                            two->column[all->datasets.columns - 1]);
    }
}

static void assert_begun(const struct saved *all, const struct saved *few)
{
    size_t at = 0;
    for (size_t i = 0; i < all->state.count; i++) {
        const struct outcome *left = &all->state.outcome[i], *right = &few->state.outcome[at];
        if (left->state != OUTCOME_BEGUN)
            continue;
        assert_true(at < few->state.outcomes);
        assert_int_equal(all->datasets.item[i].key, few->datasets.item[at].key);
        assert_int_equal(left->attempt, right->attempt);
        assert_int_equal(left->slot, right->slot);
        assert_int_equal(left->parcel, right->parcel);
        assert_int_equal(left->restart, right->restart);
        assert_int_equal(left->start_us, right->start_us);
        assert_int_equal(right->state, OUTCOME_BEGUN);
        at++;
    }
    assert_int_equal(at, few->state.outcomes);
}

static void assert_segments(const struct state *all, const struct state *few)
{
    assert_int_equal(all->segments, few->segments);
    for (size_t i = 0; i < all->segments; i++) {
        const struct segment *left = &all->segment[i], *right = &few->segment[i];
        assert_int_equal(left->parcel, right->parcel);
        assert_int_equal(left->restart, right->restart);
        assert_int_equal(left->cores, right->cores);
        assert_int_equal(left->slots, right->slots);
        assert_int_equal(left->start_us, right->start_us);
        assert_int_equal(left->end_us, right->end_us);
        assert_int_equal(left->memory_kb, right->memory_kb);
        assert_int_equal(left->closed, right->closed);
    }
}

static void brief_free(struct saved *few, struct report *brief)
{
    report_free(brief);
    state_free(&few->state);
    datasets_free(&few->datasets);
}

// Both readings say the same, or both that something is damaged.
static void compare(struct scene *scene)
{
    struct saved *all = &scene->saved;
    struct saved few = {.folder = all->folder};
    struct report report = {0}, brief = {0};
    assert_int_equal(saved_refresh(all, NULL), 0);
    report_make(all, &report);
    int read = glance_roll(&few, &brief);
    assert_int_equal(read, all->state.damage.lines ? -1 : 0);
    if (read == 0) {
        assert_int_equal(all->state.count, few.state.count);
        assert_int_equal(all->state.waiting, few.state.waiting);
        assert_int_equal(all->state.begun, few.state.begun);
        assert_int_equal(all->state.done, few.state.done);
        assert_int_equal(all->state.failed, few.state.failed);
        assert_int_equal(all->state.stopped, few.state.stopped);
        assert_segments(&all->state, &few.state);
        assert_begun(all, &few);
        assert_causes(all, &report, &few, &brief);
        assert_int_equal(state_wall_us(&all->state), state_wall_us(&few.state));
    }
    report_free(&report);
    brief_free(&few, &brief);
}

// As roll_read does where there is much to save.
static void keep(const struct scene *scene)
{
    struct roll roll CLEANUP_ROLL = {0};
    CLEANUP_STR struct str source = {0};
    int64_t bytes;
    int dir = scene->saved.folder.fd;
    assert_int_equal(digest_source(dir, "datasets", &source, &bytes), 0);
    assert_int_equal(roll_read(&roll, dir), 0);
    if (!roll.loose)
        roll_save(&roll, dir, &source);
}

static void test_same(void **unused)
{
    (void)unused;
    for (unsigned n = 1; n <= HISTORIES; n++) {
        struct scene scene;
        seed = n * UINT64_C(0x9e3779b97f4a7c15);
        begin(&scene, 1 + n % 2);
        for (int step = 0; step < STEPS; step++) {
            compare(&scene);
            if (pick(2))
                keep(&scene);
            go_on(&scene);
        }
        compare(&scene);
        end(&scene);
    }
}

// Whether there is a roll that is gone on from.
static int counts(const struct scene *scene)
{
    struct roll roll CLEANUP_ROLL = {0};
    CLEANUP_STR struct str source = {0};
    int64_t bytes;
    int dir = scene->saved.folder.fd;
    assert_int_equal(digest_source(dir, "datasets", &source, &bytes), 0);
    roll_load(&roll, dir, &source);
    return roll.item != NULL;
}

static void whole_journals(struct scene *scene)
{
    for (size_t i = 0; i < JOURNALS; i++) {
        char path[64];
        path_of(i, path);
        if (!scene->held[i].size && access(path, F_OK) < 0)
            str_add(&scene->held[i], "lopin-journal 1\n");
        add_record(scene, i);
        append(path, scene->held[i].text, scene->held[i].size);
        str_clear(&scene->held[i]);
    }
}

static void change_byte(const char *path, off_t at)
{
    CLEANUP_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC);
    char byte;
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}

static void replace_by_copy(const char *path)
{
    CLEANUP_STR struct str text = {0};
    assert_int_equal(fs_read(AT_FDCWD, path, 1 << 20, &text, NULL), 0);
    assert_int_equal(rename(path, "aside"), 0); // its inode stays in use
    append(path, text.text, text.size);
}

static off_t size_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

// Another file, or the same with other bytes before the place that was read: all is read again.
static void test_sources(void **unused)
{
    (void)unused;
    for (int how = 0; how < 7; how++) {
        struct scene scene;
        seed = 77;
        begin(&scene, 1);
        for (int i = 0; i < 9; i++)
            go_on(&scene);
        whole_journals(&scene);
        keep(&scene);
        assert_true(counts(&scene));
        whole_journals(&scene);
        assert_true(counts(&scene)); // what was added is no change
        compare(&scene);
        char path[64];
        path_of(2, path);
        switch (how) {
        case 0: replace_by_copy(path); break;
        case 1: change_byte(path, size_of(path) - 700); break;
        case 2: assert_int_equal(truncate(path, 900), 0); break;
        case 3: assert_int_equal(unlink(path), 0); break;
        case 4:
            assert_int_equal(datasets_save(&scene.saved.datasets, scene.saved.folder.fd, NULL),
                             0);
            break;
        case 5: change_byte("run/roll", size_of("run/roll") / 2); break;
        default: roll_drop(scene.saved.folder.fd);
        }
        assert_false(counts(&scene));
        compare(&scene);
        end(&scene);
    }
}

// Whatever byte is another one, and wherever it ends: it does not count.
static void test_damage(void **unused)
{
    (void)unused;
    struct scene scene;
    CLEANUP_STR struct str source = {0};
    CLEANUP_STR struct str whole = {0};
    int64_t bytes;
    seed = 5;
    begin(&scene, 1);
    for (int i = 0; i < 9; i++)
        go_on(&scene);
    whole_journals(&scene);
    keep(&scene);
    assert_int_equal(digest_source(scene.saved.folder.fd, "datasets", &source, &bytes), 0);
    assert_int_equal(fs_read(scene.saved.folder.fd, "roll", 1 << 20, &whole, NULL), 0);
    for (size_t i = 0; i <= whole.size; i++)
        for (int how = 0; how < 3; how++) {
            CLEANUP_FREE char *text = mem_dupn(whole.text, whole.size);
            struct roll roll CLEANUP_ROLL = {0};
            CLEANUP_FREE uint32_t *tail = NULL;
            if (how == 0)
                text[i] ^= 64;
            int result = roll_parse(&roll, text, how == 1 ? i : whole.size,
                                    how == 2 ? &whole : &source, &tail);
            int good = i == whole.size && how < 2;
            assert_int_equal(result, good ? 0 : -1);
            assert_true((roll.item != NULL) == good && (tail != NULL) == good);
        }
    end(&scene);
}

// Lines that the quick way does not take, or not alike: the first lines of versions, damaged
// lines, long ones.
static void test_odd_journals(void **unused)
{
    (void)unused;
    static const char *const before[] = {"lopin-journal 1\n",
                                         "lopin-journal 2\n",
                                         "",
                                         "lopin-j\n",
                                         "lopin-journal 1\nstart key=1 12345678\n",
                                         "lopin-journal 1\n\n\n"};
    static const int good[] = {1, 0, 0, 0, 0, 1};
    for (size_t i = 0; i < COUNT(before); i++) {
        struct scene scene;
        struct saved few = SAVED_NONE;
        struct report brief = {0};
        seed = 9;
        begin(&scene, 1);
        append("run/journal.3-3", before[i], strlen(before[i]));
        add_record(&scene, 0);
        append("run/journal.3-3", scene.held[0].text, scene.held[0].size);
        few.folder = scene.saved.folder;
        assert_int_equal(glance_roll(&few, &brief), good[i] ? 0 : -1);
        assert_true((few.state.segment != NULL) == good[i]);
        brief_free(&few, &brief);
        end(&scene);
    }
    struct scene scene;
    seed = 11;
    begin(&scene, 1);
    append("run/journal.0-0", before[0], strlen(before[0]));
    CLEANUP_FREE char *long_text = mem_zero(200001, 1);
    memset(long_text, 'x', 200000);
    const struct record note = {.kind = RECORD_NOTE, .words = long_text};
    record_format(&note, &scene.held[0]);
    add_record(&scene, 0);
    append("run/journal.0-0", scene.held[0].text, scene.held[0].size);
    compare(&scene);
    for (int i = 0; i < 3; i++)
        append("run/journal.0-0", long_text, 200000);
    append("run/journal.0-0", "\n", 1);
    compare(&scene);
    assert_int_equal(unlink("run/datasets"), 0);
    struct roll roll CLEANUP_ROLL = {0};
    assert_int_equal(roll_read(&roll, scene.saved.folder.fd), -1);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_odd_journals),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
