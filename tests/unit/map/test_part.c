// SPDX-License-Identifier: Apache-2.0
// What a parcel is given: new chunks first, then what those left that are gone, with the attempts they made.
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "folder.h"
#include "map/again.h"
#include "map/part.h"

#define DATASETS 8

static struct dataset item[DATASETS];
static uint32_t order[DATASETS];
static struct chunk chunk[] = {{0, 3}, {3, 3}, {6, 2}};
static struct round rounds[3];
static struct saved saved;

static int setup(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < DATASETS; i++) {
        item[i] = (struct dataset){.text = "d", .key = 100 + i, .number = i + 1};
        order[i] = i;
    }
    for (unsigned i = 0; i < COUNT(rounds); i++)
        rounds[i] = (struct round){.number = i + 1,
                                   .order = order,
                                   .count = DATASETS,
                                   .chunk = chunk,
                                   .chunks = COUNT(chunk)};
    if (fs_remove(AT_FDCWD, "run") < 0 || mkdir("run", 0700) < 0)
        return -1;
    saved = (struct saved){.folder = {.fd = folder_fd("run")},
                           .datasets = {.item = item, .count = DATASETS, .columns = 1}};
    return round_save(&rounds[0], &saved.datasets, saved.folder.fd, NULL);
}

static int teardown(void **state)
{
    (void)state;
    return close(saved.folder.fd);
}

static struct claims *begin(const char *job, unsigned parcel, const struct round *round)
{
    const struct claims_ask ask = {
        .run_dir = saved.folder.fd, .round = round, .job = job, .parcel = parcel};
    struct claims *claims = claims_new(&ask, NULL);
    assert_non_null(claims);
    return claims;
}

// Of the events "2s": dataset 2 starts; d done, f failed, x stopped, a saved by exit 75.
static void write_events(struct journal *journal, const char *events)
{
    for (const char *at = events; *at; at += at[2] == ' ' ? 3 : 2) {
        const struct record record = {
            .kind = at[1] == 's' ? RECORD_START : RECORD_END,
            .key = 100 + (uint64_t)(at[0] - '0'),
            .attempt = 1,
            .state = at[1] == 'd'   ? TASK_DONE
                     : at[1] == 'f' ? TASK_FAILED
                     : at[1] == 'x' ? TASK_STOPPED
                                    : TASK_AGAIN,
            .code = at[1] == 'a' ? EXIT_AGAIN : 0,
            .cause = "",
            .detail = "",
            .output = "",
            .words = "",
            .variable = "",
            .log_at = -1,
        };
        assert_int_equal(journal_write(journal, &record, NULL), 0);
    }
}

// A parcel in a process of its own takes so many chunks, records that, and is killed, or leaves so many.
static void take_and_end(unsigned parcel, const struct round *round, int chunks,
                         const char *events, int left)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct claims *claims = begin("8_1.0", parcel, round);
        struct journal *journal = journal_new(saved.folder.fd, parcel, 0, NULL);
        size_t got;
        while (chunks-- > 0)
            claims_next(claims, &got, NULL);
        write_events(journal, events);
        if (left >= 0)
            claims_leave(claims, (size_t)left);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void expect(const struct part *part, const char *wanted)
{
    const struct share *share = part_share(part);
    const uint32_t *index;
    size_t count = 0;
    char got[DATASETS + 1] = "";
    if (share->more(share->context, &index, &count, NULL) > 0)
        for (size_t i = 0; i < count; i++)
            got[i] = (char)('0' + index[i]);
    assert_string_equal(got, wanted);
}

static void test_all_alone(void **state)
{
    (void)state;
    struct claims *claims = begin("8_1.0", 1, &rounds[0]);
    struct part *part = part_new(&saved, &rounds[0], claims, 0, NULL);
    assert_int_equal(part_left(part), PART_NEW);
    expect(part, "012");
    expect(part, "345");
    expect(part, "67");
    expect(part, "");
    assert_int_equal(part_taken(part), DATASETS);
    assert_int_equal(part_left(part), PART_NOTHING); // they are ours
    part_free(part);
    claims_free(claims);
}

static void test_at_most(void **state)
{
    (void)state;
    struct claims *claims = begin("8_1.0", 1, &rounds[0]);
    struct part *part = part_new(&saved, &rounds[0], claims, 4, NULL);
    expect(part, "012");
    expect(part, "345");
    expect(part, "");
    part_free(part);
    claims_free(claims);
}

// What was begun comes last: it may end us too.
static void test_of_a_dead_one(void **state)
{
    (void)state;
    take_and_end(1, &rounds[0], 2, "0s 0d 1s 3s 3f", -1);
    struct claims *claims = begin("8_2.0", 2, &rounds[0]);
    struct part *part = part_new(&saved, &rounds[0], claims, 0, NULL);
    expect(part, "67");
    expect(part, "21");
    const struct earlier *earlier = part_earlier(part);
    assert_true(earlier[1].attempts == 1 && earlier[1].parcel == 1 && !earlier[1].saved);
    assert_int_equal(earlier[2].attempts, 0);
    expect(part, "45");
    expect(part, "");
    part_free(part);
    claims_free(claims);
}

static void test_of_one_that_left(void **state)
{
    (void)state;
    take_and_end(1, &rounds[0], 3, "0s 1s 2s 3s 4s 5s 6s 7s 0d 1x 2d 3a 4d 5d 6d 7d", 2);
    struct claims *claims = begin("8_2.0", 2, &rounds[0]);
    struct part *part = part_new(&saved, &rounds[0], claims, 0, NULL);
    assert_int_equal(part_left(part), PART_BEGUN);
    expect(part, "1");
    expect(part, "3");
    assert_true(part_earlier(part)[3].saved);
    expect(part, "");
    assert_int_equal(part_left(part),
                     PART_NOTHING); // the third chunk is done, though its holder left some
    claims_leave(claims, 2);
    assert_int_equal(part_left(part), PART_BEGUN);
    part_free(part);
    claims_free(claims);
}

// That a dataset failed, or was done, in an earlier round is why it is in this one.
static void test_of_another_round(void **state)
{
    (void)state;
    take_and_end(1, &rounds[0], 3, "0s 0f 1s 1d", -1);
    assert_int_equal(round_save(&rounds[1], &saved.datasets, saved.folder.fd, NULL), 0);
    take_and_end(2, &rounds[1], 1, "", -1);
    struct claims *claims = begin("9_3.0", 3, &rounds[1]);
    struct part *part = part_new(&saved, &rounds[1], claims, 0, NULL);
    assert_int_equal(part_earlier(part)[0].attempts, 1);
    expect(part, "67"); // of its number, as 345 was of the one before
    expect(part, "012");
    expect(part, "345");
    expect(part, "");
    part_free(part);
    claims_free(claims);
}

// Of others that are alive nothing is taken, and what is ours we may hold until a later round.
static void test_hold(void **state)
{
    (void)state;
    struct err err = {0};
    struct claims *other = begin("8_1.0", 1, &rounds[0]);
    struct claims *claims = begin("8_2.0", 2, &rounds[0]);
    struct part *part = part_new(&saved, &rounds[0], claims, 0, NULL);
    const struct share *share = part_share(part);
    size_t got;
    assert_int_equal(claims_next(other, &got, NULL), 1);
    expect(part, "345");
    expect(part, "67");
    expect(part, "");
    assert_int_equal(share->hold(share->context, 4, &err), 0);
    assert_int_equal(share->touch(share->context, &err), 0);
    assert_int_equal(round_save(&rounds[1], &saved.datasets, saved.folder.fd, NULL), 0);
    assert_int_equal(share->hold(share->context, 4, &err), -1);
    assert_int_equal(err.code, ERR_RUN_BUSY);
    assert_int_equal(share->touch(share->context, NULL), -1);
    part_free(part);
    claims_free(claims);
    claims_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_at_most, setup, teardown),
        cmocka_unit_test_setup_teardown(test_of_a_dead_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_of_one_that_left, setup, teardown),
        cmocka_unit_test_setup_teardown(test_of_another_round, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hold, setup, teardown),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
