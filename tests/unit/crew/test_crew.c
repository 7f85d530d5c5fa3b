// SPDX-License-Identifier: Apache-2.0
// Who computes a run and who will: claims that parcels of other hosts left, beside what squeue said of their
// jobs, which may be older.
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

#include "base/mem.h"
#include "crew/crew.h"
#include "crew/team.h"
#include "folder.h"
#include "run/round.h"

enum { DATASETS = 10, AT_S = 1796000000 };

static void save_round(unsigned number, size_t first, size_t done, size_t failed)
{
    static uint32_t order[DATASETS];
    static struct dataset item[DATASETS];
    struct chunk chunk[] = {{0, (uint32_t)(DATASETS - first)}};
    const struct datasets datasets = {.item = item, .count = DATASETS};
    const struct round round = {.number = number,
                                .order = order,
                                .count = DATASETS - first,
                                .chunk = chunk,
                                .chunks = first < DATASETS,
                                .done = done,
                                .failed = failed};
    CLEANUP_CLOSE int run_dir = folder_fd(".");
    for (uint32_t i = 0; i < DATASETS; i++) {
        item[i].number = i + 1;
        order[i] = (uint32_t)((first + i) % DATASETS);
    }
    assert_int_equal(round_save(&round, &datasets, run_dir, NULL), 0);
}

static void save_job(const char *job, unsigned round, unsigned parcels)
{
    CLEANUP_CLOSE int run_dir = folder_fd(".");
    struct submission submission = {.round = round,
                                    .parcels = parcels,
                                    .nodes = 1,
                                    .cores = 2,
                                    .at_us = (int64_t)AT_S * 1000000};
    snprintf(submission.job, sizeof submission.job, "%s", job);
    assert_int_equal(submission_save(&submission, run_dir, NULL), 0);
}

// `end`: what it said last; "dead": nothing for long.
static void save_parcel(unsigned parcel, unsigned restart, unsigned round, const char *job,
                        const char *end)
{
    int is_dead = strcmp(end, "dead") == 0;
    CLEANUP_FREE char *path = mem_print("claims/parcel.%u-%u", parcel, restart);
    CLEANUP_FREE char *text =
        mem_print("lopin-owner 1\nhost h%u\nboot b\npid 7\nstart 8\nkeeper 9 8\nspace 1\njob "
                  "%s\nparcel %u %u\nround %u\n%s",
                  parcel, job, parcel, restart, round, is_dead ? "" : end);
    folder_text(path, text);
    const struct timespec old[] = {{.tv_sec = AT_S - 1000000}, {.tv_sec = AT_S - 1000000}};
    if (is_dead)
        assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
}

static void look(struct crew *crew, const char *squeue, struct jobs *jobs, int64_t asked_s)
{
    CLEANUP_CLOSE int run_dir = folder_fd(".");
    crew_read(run_dir, crew);
    if (!squeue)
        return;
    jobs_read(squeue, jobs);
    crew_match(crew, jobs, asked_s);
}

#define LINE(name, id, state, restarts, exit, node, reason)                                    \
    name "|" id "|" state "|" restarts "|" exit "|1|2|3|5:00|2|c-iq|" node "|(null)|" reason   \
         "|\n"

static void claims_are_truer_than_slurm(void **state)
{
    CLEANUP_CREW struct crew crew = {0};
    CLEANUP_JOBS struct jobs jobs = {0};
    (void)state;
    save_round(1, 0, 0, 0);
    save_job("7", 1, 6);
    save_parcel(1, 0, 1, "7_1.0", "");
    save_parcel(2, 0, 1, "7_2.0", "over 0\n");
    save_parcel(3, 0, 1, "7_3.0", "dead");
    save_parcel(4, 0, 1, "7_4.0", "over 3\n");
    // Slurm's words are older than parcels 1 and 2, but 3 was requeued.
    look(&crew,
         LINE("7_1", "8", "PENDING", "0", "0", "", "Priority")
             LINE("7_2", "9", "RUNNING", "0", "0", "n2", "None")
                 LINE("7_3", "10", "PENDING", "1", "0", "", "BeginTime")
                     LINE("7_4", "11", "PREEMPTED", "0", "0", "n4", "None")
                         LINE("7_5", "12", "RUNNING", "0", "0", "n5", "None")
                             LINE("7_6", "7", "PENDING", "0", "0", "", "Priority"),
         &jobs, AT_S + 60);
    assert_int_equal(crew.jobs, 6);
    assert_int_equal(crew.alive, 1);
    assert_int_equal(crew.in_way[CREW_WORKS], 1);
    assert_int_equal(crew.in_way[CREW_ENDED], 2);
    assert_int_equal(crew.in_way[CREW_WAITS], 2);
    assert_int_equal(crew.in_way[CREW_BEGINS], 1);
    assert_int_equal(crew_awaited(&crew), 3);
    assert_string_equal(crew_node(&crew, &crew.parcel[1]), "n2");
    // of a job that was begun again elsewhere
    assert_string_equal(crew_node(&crew, &crew.parcel[2]), "h3");
    size_t count;
    CLEANUP_FREE struct crew_trouble *trouble = crew_troubles(&crew, -1, &count);
    assert_int_equal(count, 2);
    assert_int_equal(trouble[0].fate, FATE_NODE);
    assert_int_equal(trouble[0].code, ERR_NODE_LOST);
    assert_int_equal(trouble[1].fate, FATE_PREEMPTED);
    assert_ptr_equal(trouble[1].first, &crew.job[3]);
}

static void absence_counts_once_slurm_had_to_know(void **state)
{
    CLEANUP_CREW struct crew young = {0}, old = {0}, silent = {0};
    CLEANUP_JOBS struct jobs before = {0}, after = {0};
    size_t count;
    (void)state;
    save_round(1, 0, 0, 0);
    save_job("7", 1, 2);
    look(&young, "", &before, AT_S);
    assert_int_equal(crew_awaited(&young), 2);
    assert_int_equal(young.in_way[CREW_NEW], 2);
    look(&old, "", &after, AT_S + 100);
    assert_int_equal(crew_awaited(&old), 0);
    CLEANUP_FREE struct crew_trouble *trouble = crew_troubles(&old, -1, &count);
    assert_int_equal(count, 1);
    assert_int_equal(trouble[0].fate, FATE_GONE);
    assert_int_equal(trouble[0].count, 2);
    // not asked: they may come
    look(&silent, NULL, NULL, 0);
    assert_int_equal(silent.in_way[CREW_UNKNOWN], 2);
    assert_int_equal(crew_awaited(&silent), 2);
    assert_true(crew_wants_queue(&silent));
}

static void nothing_is_asked_of_parcels_that_came_to_their_end(void **state)
{
    CLEANUP_CREW struct crew crew = {0};
    (void)state;
    save_round(1, 0, 0, 0);
    save_job("7", 1, 1);
    save_parcel(1, 0, 1, "7_1.0", "over 0\n"); // an array of one
    look(&crew, NULL, NULL, 0);
    assert_ptr_equal(crew.job[0].parcel, &crew.parcel[0]);
    assert_false(crew_wants_queue(&crew));
    assert_int_equal(crew_awaited(&crew), 0);
}

static void a_later_round_ends_what_waits(void **state)
{
    CLEANUP_CREW struct crew crew = {0};
    CLEANUP_JOBS struct jobs jobs = {0};
    size_t count;
    (void)state;
    save_round(1, 0, 0, 0);
    save_job("7", 1, 3);
    save_parcel(3, 0, 1, "7_3.0", "over 4\n"); // of whose end squeue has not heard
    save_round(2, DATASETS, 0, 0);             // without chunks
    look(&crew,
         LINE("7_1", "8", "CANCELLED", "0", "0", "", "None")
             LINE("7_2", "7", "PENDING", "0", "0", "", "Priority"),
         &jobs, AT_S + 100);
    assert_int_equal(crew.round, 1);
    assert_false(crew.is_in_force);
    assert_int_equal(crew_awaited(&crew), 0);
    CLEANUP_FREE struct crew_trouble *trouble = crew_troubles(&crew, -1, &count);
    assert_int_equal(count, 1);
    assert_int_equal(trouble[0].count, 2);
    assert_int_equal(trouble[0].fate, FATE_CANCELLED);
}

static void what_could_not_begin_is_said_once(void **state)
{
    CLEANUP_CREW struct crew crew = {0};
    CLEANUP_JOBS struct jobs jobs = {0};
    size_t count;
    (void)state;
    save_round(1, 0, 0, 0);
    save_job("7", 1, 5);
    for (unsigned i = 1; i <= 3; i++) {
        CLEANUP_FREE char *job = mem_print("7_%u.0", i);
        save_parcel(i, 0, 1, job, "over 0\nwhy [over-limit] 4 cores asked for, 2 are there\n");
    }
    look(&crew,
         LINE("7_4", "8", "FAILED", "0", "32512", "n1", "NonZeroExitCode")
             LINE("7_5", "7", "OUT_OF_MEMORY", "0", "0", "n1", "OutOfMemory"),
         &jobs, AT_S + 100);
    CLEANUP_FREE struct crew_trouble *trouble = crew_troubles(&crew, -1, &count);
    assert_int_equal(count, 3);
    assert_int_equal(trouble[0].fate, FATE_REFUSED);
    assert_int_equal(trouble[0].count, 3);
    assert_int_equal(trouble[0].code, ERR_OVER_LIMIT);
    assert_string_equal(trouble[0].why, "4 cores asked for, 2 are there");
    assert_int_equal(trouble[1].fate, FATE_MEMORY);
    assert_int_equal(trouble[2].fate, FATE_STATUS);
    assert_int_equal(trouble[2].status, 127);
}

static void is_finished(void **state)
{
    static const struct {
        size_t count, done, failed; // of the round
        size_t now_done, now_failed;
        int finished;
    } cases[] = {
        {10, 0, 0, 9, 0, 0},   {10, 0, 0, 10, 0, 1}, {10, 0, 0, 8, 2, 1},
        {2, 8, 2, 8, 2, 0}, // a retry of two that failed
        {2, 8, 2, 10, 0, 1},   {2, 8, 2, 9, 1, 0},   {4, 6, 0, 9, 1, 1},
        {10, 10, 0, 10, 0, 0}, // --redo of all: what is done now may be of before
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct crew crew = {.round = 1,
                                  .count = cases[i].count,
                                  .done = cases[i].done,
                                  .failed = cases[i].failed};
        const struct state now = {
            .count = 10, .done = cases[i].now_done, .failed = cases[i].now_failed};
        assert_int_equal(crew_is_finished(&crew, &now), cases[i].finished);
    }
}

static void time_that_is_left(void **state)
{
    struct parcel_look parcel[] = {{.parcel = 1, .round = 1, .is_alive = 1},
                                   {.parcel = 2, .round = 1, .is_over = 1}};
    const struct crew crew = {.round = 1, .parcel = parcel, .parcels = 2, .alive = 1};
    struct segment segment[] = {
        {.parcel = 1, .cores = 4, .slots = 4, .start_us = 0, .end_us = 10},
        {.parcel = 2, .cores = 2, .slots = 2, .start_us = 0, .end_us = 50000000}};
    struct saved saved = {
        .state = {.segment = segment, .segments = 2, .count = 100, .done = 48, .begun = 4}};
    unsigned cores, slots;
    (void)state;
    crew_size(&crew, &saved, &cores, &slots);
    assert_int_equal(cores, 4);
    assert_int_equal(slots, 4);
    // 4 x 100 s and 2 x 50 s for 48 datasets and 4 halves: 10 s each; 50 to go, 4 at once
    assert_int_equal(crew_left_us(&crew, &saved, 100000000), 125000000);
    saved.state.done = 0;
    assert_int_equal(crew_left_us(&crew, &saved, 100000000), -1);
}

static void the_last_parcel_alone(void **state)
{
    struct team team;
    struct segment segment[] = {{.parcel = 1, .start_us = 0, .end_us = 100},
                                {.parcel = 2, .start_us = 10, .end_us = 130},
                                {.parcel = 1, .restart = 1, .start_us = 101, .end_us = 110}};
    struct state two = {.segment = segment, .segments = 3};
    struct state one = {.segment = segment, .segments = 1};
    struct state none = {0};
    (void)state;
    team_look(&two, &team);
    assert_int_equal(team.parcels, 2);
    assert_int_equal(team.alone_us, 20);
    assert_int_equal(team.longest_us, 120);
    assert_int_equal(team.wall_us, 130);
    segment[1].start_us = 115; // resumed, by one parcel
    team_look(&two, &team);
    assert_int_equal(team.alone_us, 0);
    team_look(&one, &team);
    assert_int_equal(team.parcels, 1);
    assert_int_equal(team.alone_us, 0);
    team_look(&none, &team);
    assert_int_equal(team.parcels, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(claims_are_truer_than_slurm, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(absence_counts_once_slurm_had_to_know, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(nothing_is_asked_of_parcels_that_came_to_their_end,
                                        folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_later_round_ends_what_waits, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(what_could_not_begin_is_said_once, folder_setup,
                                        folder_teardown),
        cmocka_unit_test(is_finished),
        cmocka_unit_test(time_that_is_left),
        cmocka_unit_test(the_last_parcel_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
