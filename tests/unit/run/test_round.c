// SPDX-License-Identifier: Apache-2.0
// A round is what was saved, or an error: no dataset twice, none that is not there, no half of it.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/line.h"
#include "base/mem.h"
#include "folder.h"
#include "run/round.h"

#define DATASETS 12
#define RACERS   8

static struct dataset item[DATASETS];
static const struct datasets datasets = {.item = item, .count = DATASETS, .columns = 1};

// Numbers have gaps, as those of -a.
static int setup(void **state)
{
    static int dir;
    for (unsigned i = 0; i < DATASETS; i++)
        item[i] = (struct dataset){.text = "d", .key = i, .number = i < 6 ? i + 1 : i + 11};
    if (fs_remove(AT_FDCWD, "run") < 0 || mkdir("run", 0700) < 0)
        return -1;
    dir = folder_fd("run");
    *state = &dir;
    return 0;
}

static int teardown(void **state)
{
    return close(*(int *)*state);
}

static void test_as_it_was_saved(void **state)
{
    int dir = *(int *)*state;
    uint32_t order[] = {2, 3, 4, 0, 11, 10, 6, 5, 1};
    struct chunk chunk[] = {{0, 4}, {4, 1}, {5, 4}};
    const struct round saved = {.number = 1,
                                .order = order,
                                .count = 9,
                                .chunk = chunk,
                                .chunks = 3,
                                .done = 2,
                                .failed = 1};
    CLEANUP_ROUND struct round round = {0};
    assert_int_equal(round_last(dir), 0);
    assert_int_equal(round_save(&saved, &datasets, dir, NULL), 0);
    assert_int_equal(round_last(dir), 1);
    assert_true(round_is_over(dir, 0) && !round_is_over(dir, 1));
    assert_int_equal(round_load(&round, 1, &datasets, dir, NULL), 0);
    assert_int_equal(round.count, 9);
    assert_memory_equal(round.order, order, sizeof order);
    assert_int_equal(round.chunks, 3);
    assert_memory_equal(round.chunk, chunk, sizeof chunk);
    assert_true(round.done == 2 && round.failed == 1);
}

static void test_without_chunks_it_fences(void **state)
{
    int dir = *(int *)*state;
    const struct round empty = {.number = 1};
    CLEANUP_ROUND struct round round = {0};
    assert_int_equal(round_save(&empty, &datasets, dir, NULL), 0);
    assert_int_equal(round_load(&round, 1, &datasets, dir, NULL), 0);
    assert_true(round.chunks == 0 && round.count == 0);
}

// Of many that continue a run at once one makes the round, and all others know.
static void test_one_of_many_makes_it(void **state)
{
    int dir = *(int *)*state;
    int made = 0, busy = 0;
    for (int i = 0; i < RACERS; i++)
        if (fork() == 0) {
            struct err err = {0};
            const struct round round = {.number = 1};
            int result = round_save(&round, &datasets, dir, &err);
            _exit(result == 0 ? 0 : err.code == ERR_RUN_BUSY ? 1 : 2);
        }
    for (int status; wait(&status) > 0;) {
        assert_true(WIFEXITED(status));
        made += WEXITSTATUS(status) == 0;
        busy += WEXITSTATUS(status) == 1;
    }
    assert_int_equal(made, 1);
    assert_int_equal(busy, RACERS - 1);
    assert_int_equal(round_last(dir), 1);
}

static int load(int dir, const char *const *lines, size_t count)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_ROUND struct round round = {0};
    struct err err = {0};
    str_add(&text, "lopin-round 1\n");
    for (size_t i = 0; i < count; i++) {
        size_t from = text.size;
        str_add(&text, lines[i]);
        line_end(&text, from);
    }
    assert_int_equal(fs_replace(dir, "round.1", text.text, text.size, 0600, 0, NULL), 0);
    return round_load(&round, 1, &datasets, dir, &err) < 0 ? err.code : 0;
}

static void test_what_is_wrong(void **state)
{
    static const char *const bad[][3] = {
        {"about count=2 chunks=1 done=0 failed=0", "chunk 1-2,2"}, // twice
        {"about count=3 chunks=1 done=0 failed=0", "chunk 5-17"},  // over a gap
        {"about count=1 chunks=1 done=0 failed=0", "chunk 7"},     // not there
        {"about count=2 chunks=1 done=0 failed=0", "chunk 2-1"},   // backwards
        {"about count=2 chunks=1 done=0 failed=0", "chunk 1"},     // too few
        {"about count=1 chunks=1 done=0 failed=0", "chunk 1,2"},   // too many
        {"about count=1 chunks=1 done=0 failed=0", "chunk "},      // none
        {"about count=1 chunks=2 done=0 failed=0", "chunk 1"},     // more chunks than datasets
        {"about count=99 chunks=1 done=0 failed=0", "chunk 1-6"},  // more than there are
        {"about count=1 chunks=1 done=0 failed=0", "part 1"},      // another word
        {"about count=2 chunks=1 done=0 failed=0", "chunk 1", "chunk 2"},
    };
    static const char *const good[] = {"about count=3 chunks=2 done=0 failed=0", "chunk 1,17",
                                       "chunk 6"};
    int dir = *(int *)*state;
    assert_int_equal(load(dir, good, 3), 0);
    assert_int_equal(load(dir, good, 2), ERR_RUN_DAMAGED); // cut off
    assert_int_equal(load(dir, good, 0), ERR_RUN_DAMAGED);
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(load(dir, bad[i], bad[i][2] ? 3 : 2), ERR_RUN_DAMAGED);
}

static void test_damage_and_versions(void **state)
{
    int dir = *(int *)*state;
    CLEANUP_STR struct str text = {0};
    uint32_t order[] = {0, 1};
    struct chunk chunk[] = {{0, 2}};
    const struct round saved = {
        .number = 1, .order = order, .count = 2, .chunk = chunk, .chunks = 1};
    assert_int_equal(round_save(&saved, &datasets, dir, NULL), 0);
    assert_int_equal(fs_read(dir, "round.1", 4096, &text, NULL), 0);
    for (size_t i = 0; i < text.size; i++) { // any byte
        struct err err = {0};
        CLEANUP_ROUND struct round round = {0};
        text.text[i] ^= 1;
        assert_int_equal(fs_replace(dir, "round.1", text.text, text.size, 0600, 0, NULL), 0);
        text.text[i] ^= 1;
        assert_int_equal(round_load(&round, 1, &datasets, dir, &err), -1);
        assert_true(err.code == ERR_RUN_DAMAGED || err.code == ERR_RUN_FORMAT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_as_it_was_saved, setup, teardown),
        cmocka_unit_test_setup_teardown(test_without_chunks_it_fences, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_of_many_makes_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_wrong, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damage_and_versions, setup, teardown),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
