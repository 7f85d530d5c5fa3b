// SPDX-License-Identifier: Apache-2.0
// Each chunk has one holder, whoever comes at once, dies, is begun again or sleeps for long.
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
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "folder.h"
#include "run/claims.h"

#define CHUNKS 40
#define RACERS 6

static struct dataset item[CHUNKS];
static const struct datasets datasets = {.item = item, .count = CHUNKS, .columns = 1};
static struct chunk chunk[CHUNKS];
static uint32_t order[CHUNKS];
static struct round rounds[3];

static int setup(void **state)
{
    static int dir;
    for (uint32_t i = 0; i < CHUNKS; i++) {
        item[i] = (struct dataset){.text = "d", .key = i, .number = i + 1};
        order[i] = i;
        chunk[i] = (struct chunk){i, 1};
    }
    for (unsigned i = 0; i < COUNT(rounds); i++)
        rounds[i] = (struct round){
            .number = i + 1, .order = order, .count = CHUNKS, .chunk = chunk, .chunks = CHUNKS};
    if (fs_remove(AT_FDCWD, "run") < 0 || mkdir("run", 0700) < 0)
        return -1;
    dir = folder_fd("run");
    *state = &dir;
    return round_save(&rounds[0], &datasets, dir, NULL);
}

static int teardown(void **state)
{
    return close(*(int *)*state);
}

static struct claims *begin(void **state, const char *job, unsigned parcel, int again)
{
    const struct claims_ask ask = {.run_dir = *(int *)*state,
                                   .round = &rounds[0],
                                   .job = job,
                                   .parcel = parcel,
                                   .again = again};
    struct claims *claims = claims_new(&ask, NULL);
    assert_non_null(claims);
    return claims;
}

static size_t next(struct claims *claims)
{
    size_t got;
    assert_int_equal(claims_next(claims, &got, NULL), 1);
    return got;
}

// In a process of its own, which dies and is waited for: takes so many chunks.
static void take_and_die(void **state, const char *job, unsigned parcel, int count)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct claims *claims = begin(state, job, parcel, 0);
        for (int i = 0; i < count; i++)
            next(claims);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static int hold_code(const struct claims *claims, size_t at)
{
    struct err err = {0};
    return claims_hold(claims, at, &err) < 0 ? err.code : 0;
}

static int touch_code(struct claims *claims)
{
    struct err err = {0};
    return claims_touch(claims, &err) < 0 ? err.code : 0;
}

static void test_numbers(void **state)
{
    struct claims *first = begin(state, "8_1.0", 1, 0);
    struct claims *hand = begin(state, "9.0", 1, 0); // the same script by hand
    struct claims *again = begin(state, "8_1.0", 1, 1);
    struct claims *lone = begin(state, "8_5.0", 5, 1); // died before it had a file
    struct claims *more = begin(state, "8_1.0", 1, 1);
    assert_true(claims_parcel(first) == 1 && claims_restart(first) == 0);
    assert_true(claims_parcel(hand) == 2 && claims_restart(hand) == 0);
    assert_true(claims_parcel(again) == 1 && claims_restart(again) == 1);
    assert_true(claims_parcel(lone) == 5 && claims_restart(lone) == 0);
    assert_true(claims_parcel(more) == 1 && claims_restart(more) == 2);
    assert_int_equal(touch_code(first), ERR_RUN_BUSY);
    assert_int_equal(touch_code(again), ERR_RUN_BUSY);
    assert_int_equal(touch_code(more), 0);
    assert_int_equal(touch_code(hand), 0);
    claims_free(first);
    claims_free(hand);
    claims_free(again);
    claims_free(lone);
    claims_free(more);
}

// Each chunk once, whoever takes it.
static void test_many_at_once(void **state)
{
    int ends[2];
    uint8_t taken[CHUNKS] = {0}, byte;
    assert_int_equal(pipe(ends), 0);
    for (int i = 0; i < RACERS; i++)
        if (fork() == 0) {
            struct claims *claims = begin(state, "-", 1, 0);
            size_t got;
            while (claims_next(claims, &got, NULL) > 0) {
                byte = (uint8_t)got;
                if (write(ends[1], &byte, 1) != 1)
                    _exit(1);
            }
            claims_leave(claims, 0);
            claims_free(claims);
            _exit(0);
        }
    close(ends[1]);
    while (read(ends[0], &byte, 1) == 1)
        taken[byte]++;
    close(ends[0]);
    while (wait(NULL) > 0)
        ;
    for (size_t i = 0; i < CHUNKS; i++)
        assert_int_equal(taken[i], 1);
    size_t count;
    CLEANUP_FREE struct parcel_look *list = claims_list(*(int *)*state, &count);
    assert_int_equal(count, RACERS);
    for (size_t i = 0; i < count; i++)
        assert_true(list[i].parcel == i + 1 && list[i].is_over && !list[i].is_alive);
}

static void test_what_the_dead_leave(void **state)
{
    size_t got;
    take_and_die(state, "8_1.0", 1, 3);
    struct claims *claims = begin(state, "8_2.0", 2, 0);
    assert_int_equal(next(claims), 3);
    claims_rewind(claims);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(claims_orphan(claims, &got), 1);
        assert_int_equal(got, i);
    }
    assert_int_equal(claims_orphan(claims, &got), 0);
    struct claims *other = begin(state, "8_3.0", 3, 0);
    claims_rewind(other);
    assert_int_equal(claims_orphan(other, &got), 1);
    assert_int_equal(claims_take(claims, 0, NULL), 1);
    assert_int_equal(claims_take(other, 0, NULL), 0); // the other was quicker
    claims_rewind(other);
    assert_int_equal(claims_orphan(other, &got), 1);
    assert_int_equal(got, 1);
    claims_free(claims);
    claims_free(other);
}

static void test_who_ends_in_order(void **state)
{
    size_t got;
    struct claims *done = begin(state, "8_1.0", 1, 0);
    struct claims *left = begin(state, "8_2.0", 2, 0);
    struct claims *other = begin(state, "8_3.0", 3, 0);
    next(done);
    next(left);
    claims_rewind(other);
    assert_int_equal(claims_orphan(other, &got), 0); // both are alive: we are
    claims_leave(done, 0);
    claims_leave(left, 1);
    claims_rewind(other);
    assert_int_equal(claims_orphan(other, &got), 1);
    assert_int_equal(got, 1);
    assert_int_equal(claims_orphan(other, &got), 0);
    claims_rewind(left); // what it left is not its own any more
    assert_int_equal(claims_orphan(left, &got), 1);
    claims_free(done);
    claims_free(left);
    claims_free(other);
}

// On another host only the time of the file tells. Who sleeps so long finds that it has lost, also if it has
// looked around since.
static void test_who_sleeps(void **state)
{
    int dir = *(int *)*state;
    size_t got;
    CLEANUP_STR struct str text = {0};
    struct claims *sleeper = begin(state, "8_1.0", 1, 0);
    struct claims *other = begin(state, "8_2.0", 2, 0);
    size_t mine = next(sleeper);
    const struct timespec long_ago[] = {{.tv_sec = 1}, {.tv_sec = 1}};
    assert_int_equal(fs_read(dir, "claims/parcel.1-0", 4096, &text, NULL), 0);
    int fd = openat(dir, "claims/parcel.1-0", O_WRONLY);
    text.text[strlen("lopin-owner 1\nhost ")] = '?';
    assert_int_equal(write(fd, text.text, text.size), text.size);
    close(fd);
    claims_rewind(other);
    assert_int_equal(claims_orphan(other, &got), 0);
    assert_int_equal(utimensat(dir, "claims/parcel.1-0", long_ago, 0), 0);
    claims_rewind(other);
    assert_int_equal(claims_orphan(other, &got), 1);
    assert_int_equal(claims_take(other, got, NULL), 1);
    assert_int_equal(got, mine);
    assert_int_equal(next(sleeper), 1);
    claims_rewind(sleeper);
    assert_int_equal(claims_is_new(sleeper), 1);
    assert_int_equal(hold_code(sleeper, mine), ERR_RUN_BUSY);
    assert_int_equal(hold_code(sleeper, 1), 0);
    assert_int_equal(hold_code(other, mine), 0);
    assert_int_equal(touch_code(sleeper), ERR_RUN_BUSY);
    assert_int_equal(touch_code(other), 0);
    claims_free(sleeper);
    claims_free(other);
}

static void test_a_later_round(void **state)
{
    struct claims *claims = begin(state, "8_1.0", 1, 0);
    size_t mine = next(claims);
    assert_int_equal(hold_code(claims, mine), 0);
    assert_int_equal(round_save(&rounds[1], &datasets, *(int *)*state, NULL), 0);
    assert_int_equal(hold_code(claims, mine), ERR_RUN_BUSY);
    assert_int_equal(touch_code(claims), ERR_RUN_BUSY);
    claims_free(claims);
}

static void test_the_folder_is_gone(void **state)
{
    struct claims *claims = begin(state, "8_1.0", 1, 0);
    next(claims);
    assert_int_equal(fs_remove(*(int *)*state, "claims"), 0);
    assert_int_equal(touch_code(claims), ERR_RUN_BUSY);
    claims_leave(claims, 1);
    claims_free(claims);
}

// Names that are no claims, of any kind, disturb nobody.
static void test_other_files(void **state)
{
    static const char *const names[] = {"chunk.1.1.00", "chunk.1.0.0",  "chunk.1.99.0",
                                        "chunk.2.1.0",  "chunk.1.2.-1", "parcel.1-00",
                                        "parcel.x-0",   ".parcel.7-0"};
    struct claims *claims = begin(state, "8_1.0", 1, 0);
    for (size_t i = 0; i < COUNT(names); i++) {
        CLEANUP_FREE char *path = mem_print("run/claims/%s", names[i]);
        folder_text(path, "anything");
    }
    assert_int_equal(claims_is_new(claims), 1);
    for (size_t i = 0; i < CHUNKS; i++)
        assert_int_equal(next(claims), i);
    assert_int_equal(claims_is_new(claims), 0);
    claims_free(claims);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_the_dead_leave, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_ends_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_sleeps, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_later_round, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_folder_is_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_other_files, setup, teardown),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
