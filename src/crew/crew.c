// SPDX-License-Identifier: Apache-2.0
// crew: of a job's parcels only the last restart counts; what a requeued job is to Slurm (restarts) tells
// whether its answer is older or younger than the parcel.
#include "crew/crew.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/table.h"
#include "run/round.h"

enum { NAME_SIZE = 64, SLACK_S = 5 }; // clocks of the login node and of the file server

void crew_free(struct crew *crew)
{
    free(crew->parcel);
    free(crew->submission);
    free(crew->job);
    free(crew->of);
    *crew = (struct crew){0};
}

static void name_of(const struct crew_job *job, char ret[NAME_SIZE])
{
    if (job->element == JOBS_WHOLE)
        snprintf(ret, NAME_SIZE, "%s", job->submission->job);
    else
        snprintf(ret, NAME_SIZE, "%s_%" PRIu32, job->submission->job, job->element);
}

static int life(const struct parcel_look *parcel)
{
    return parcel->is_alive ? 2 : !parcel->is_over;
}

// The job of "8124_3.0": element 3 of 8124, or where that was one job, it: it may be an array of one.
static size_t job_of(const struct crew *crew, const struct table *known,
                     const struct parcel_look *parcel)
{
    char name[NAME_SIZE];
    snprintf(name, NAME_SIZE, "%.*s", (int)strcspn(parcel->job, "."), parcel->job);
    const uint64_t *at = table_get(known, name);
    if (at)
        return *at;
    name[strcspn(name, "_")] = '\0';
    at = table_get(known, name);
    return at && crew->job[*at].element == JOBS_WHOLE ? *at : SIZE_MAX;
}

static void join(struct crew *crew)
{
    CLEANUP_TABLE struct table known = {0};
    struct arena arena = {0};
    crew->of = mem_alloc((crew->parcels + 1) * sizeof *crew->of);
    for (size_t i = 0; i < crew->jobs; i++) {
        char name[NAME_SIZE];
        name_of(&crew->job[i], name);
        *table_put(&known, arena_dup(&arena, name), NULL) = i;
    }
    for (size_t i = 0; i < crew->parcels; i++) {
        const struct parcel_look *parcel = &crew->parcel[i];
        crew->of[i] = job_of(crew, &known, parcel);
        if (crew->of[i] == SIZE_MAX || parcel->is_fenced || parcel->round != crew->round)
            continue;
        struct crew_job *job = &crew->job[crew->of[i]];
        if (!job->parcel || life(parcel) > life(job->parcel))
            job->parcel = parcel;
    }
    arena_free(&arena);
}

static void add_jobs(struct crew *crew, const struct submission *submission, size_t *room)
{
    unsigned count = submission->parcels ? submission->parcels : 1;
    mem_room(&crew->job, room, crew->jobs + count, sizeof *crew->job);
    for (unsigned i = 0; i < count; i++)
        crew->job[crew->jobs++] = (struct crew_job){
            .submission = submission, .element = submission->parcels > 1 ? i + 1 : JOBS_WHOLE};
}

static void find_round(struct crew *crew, int run_dir)
{
    struct round head = {0};
    unsigned last = round_last(run_dir);
    for (size_t i = 0; i < crew->submissions; i++)
        if (crew->submission[i].round > crew->round && crew->submission[i].round <= last)
            crew->round = crew->submission[i].round;
    for (size_t i = 0; i < crew->parcels; i++) // of a script that was handed over by hand
        if (crew->parcel[i].round > crew->round)
            crew->round = crew->parcel[i].round;
    if (!crew->round || round_head(&head, crew->round, run_dir) < 0)
        return;
    crew->is_in_force = last == crew->round && head.chunks;
    crew->count = head.count;
    crew->done = head.done;
    crew->failed = head.failed;
    for (size_t i = 0; i < crew->submissions; i++)
        if (crew->submission[i].round == crew->round &&
            (!crew->since_us || crew->submission[i].at_us < crew->since_us))
            crew->since_us = crew->submission[i].at_us;
}

static void count(struct crew *crew)
{
    memset(crew->in_way, 0, sizeof crew->in_way);
    for (size_t i = 0; i < crew->jobs; i++)
        crew->in_way[crew->job[i].way]++;
}

void crew_read(int run_dir, struct crew *ret)
{
    size_t room = 0;
    *ret = (struct crew){0};
    ret->submission = submission_list(run_dir, &ret->submissions);
    ret->parcel = claims_list(run_dir, &ret->parcels);
    find_round(ret, run_dir);
    for (size_t i = 0; i < ret->parcels; i++)
        ret->alive += ret->parcel[i].is_alive && !ret->parcel[i].is_fenced;
    for (size_t i = 0; i < ret->submissions; i++)
        if (ret->submission[i].round == ret->round)
            add_jobs(ret, &ret->submission[i], &room);
    join(ret);
    for (size_t i = 0; i < ret->jobs; i++) {
        struct crew_job *job = &ret->job[i];
        job->way = !job->parcel            ? CREW_UNKNOWN
                   : job->parcel->is_alive ? CREW_WORKS
                                           : CREW_ENDED;
    }
    count(ret);
}

// It did what it was to do, or said why it could not.
static int is_settled(const struct crew_job *job)
{
    const struct parcel_look *parcel = job->parcel;
    return parcel && (parcel->is_alive || (parcel->is_over && (!parcel->left || *parcel->why)));
}

int crew_wants_queue(const struct crew *crew)
{
    for (size_t i = 0; i < crew->jobs; i++)
        if (!is_settled(&crew->job[i]))
            return 1;
    return 0;
}

static const struct slurm_job *find(const struct jobs *queue, const struct crew_job *job)
{
    char name[NAME_SIZE];
    size_t count;
    name_of(job, name);
    return jobs_find(queue, name, &count);
}

static enum crew_way way_of(const struct crew_job *job, int64_t asked_s)
{
    const struct parcel_look *parcel = job->parcel;
    const struct slurm_job *said = job->said;
    if (parcel && parcel->is_alive)
        return CREW_WORKS;
    if (!said)
        return !parcel && job->submission->at_us / 1000000 + SLACK_S >= asked_s ? CREW_NEW
                                                                                : CREW_ENDED;
    // Slurm says what was before the parcel ended, unless the job was begun again since.
    int is_news = !parcel || said->restarts > parcel->restart;
    if (said->phase == JOB_WAITS)
        return is_news ? CREW_WAITS : CREW_ENDED;
    return said->phase == JOB_RUNS && is_news ? CREW_BEGINS : CREW_ENDED;
}

void crew_match(struct crew *crew, const struct jobs *queue, int64_t asked_s)
{
    crew->is_known = 1;
    for (size_t i = 0; i < crew->jobs; i++) {
        struct crew_job *job = &crew->job[i];
        job->said = find(queue, job);
        job->way = way_of(job, asked_s);
    }
    count(crew);
}

size_t crew_awaited(const struct crew *crew)
{
    return crew->is_in_force ? crew->in_way[CREW_UNKNOWN] + crew->in_way[CREW_NEW] +
                                   crew->in_way[CREW_WAITS] + crew->in_way[CREW_BEGINS]
                             : 0;
}

static int by_number(const void *a, const void *b)
{
    const struct parcel_look *left = a, *right = b;
    if (left->parcel != right->parcel)
        return left->parcel < right->parcel ? -1 : 1;
    return (left->restart > right->restart) - (left->restart < right->restart);
}

static const struct parcel_look *find_parcel(const struct crew *crew, unsigned parcel,
                                             unsigned restart)
{
    const struct parcel_look key = {.parcel = parcel, .restart = restart};
    return crew->parcels
               ? bsearch(&key, crew->parcel, crew->parcels, sizeof *crew->parcel, by_number)
               : NULL;
}

static int is_alive(const struct crew *crew, unsigned parcel, unsigned restart)
{
    const struct parcel_look *look = find_parcel(crew, parcel, restart);
    return look && look->is_alive && !look->is_fenced;
}

// A parcel without a claim has just begun; but the runner that is no job never has one.
static int is_gone(const struct crew *crew, const struct saved *saved,
                   const struct outcome *outcome)
{
    const struct parcel_look *look = find_parcel(crew, outcome->parcel, outcome->restart);
    if (!look)
        return !outcome->parcel && saved->owner.state != OWNER_ALIVE;
    return !look->is_alive || look->is_fenced;
}

void crew_cut_off(const struct crew *crew, struct saved *saved)
{
    struct state *state = &saved->state;
    if (!crew->round)
        return;
    for (size_t i = 0; i < state->outcomes; i++) {
        struct outcome *outcome = &state->outcome[i];
        if (outcome->state != OUTCOME_BEGUN || !is_gone(crew, saved, outcome))
            continue;
        outcome->state = OUTCOME_STOPPED;
        state->begun--;
        state->stopped++;
    }
}

// A round that takes again what was done or had failed is not over when nothing is left; but where it was
// for what had failed, and all is done now, it is.
int crew_is_finished(const struct crew *crew, const struct state *state)
{
    if (!crew->round || state->done + state->failed < state->count)
        return 0;
    return crew->done + crew->failed + crew->count <= state->count ||
           (!state->failed && crew->done + crew->count <= state->count);
}

void crew_settle(const struct crew *crew, struct saved *saved)
{
    saved->parcels = crew->alive;
    saved->awaited = crew_awaited(crew);
    if (saved->owner.state != OWNER_ALIVE && crew_is_finished(crew, &saved->state))
        saved->parcels = saved->awaited = 0;
}

void crew_size(const struct crew *crew, const struct saved *saved, unsigned *ret_cores,
               unsigned *ret_slots)
{
    const struct state *state = &saved->state;
    size_t known = 0;
    *ret_cores = *ret_slots = 0;
    for (size_t i = 0; i < state->segments; i++) {
        const struct segment *segment = &state->segment[i];
        if (!is_alive(crew, segment->parcel, segment->restart))
            continue;
        known++;
        *ret_cores += segment->cores;
        *ret_slots += segment->slots;
    }
    // Those that have not opened a journal yet will have what was asked.
    if (crew->alive > known) {
        *ret_cores += (unsigned)(crew->alive - known) * saved->spec.cores;
        *ret_slots += (unsigned)(crew->alive - known) * saved->spec.slots;
    }
}

int64_t crew_left_us(const struct crew *crew, const struct saved *saved, int64_t now_us)
{
    const struct state *state = &saved->state;
    unsigned cores, slots;
    double spent_us = 0;
    size_t ended = state->done + state->failed;
    size_t before = crew->done + crew->failed;
    crew_size(crew, saved, &cores, &slots);
    if (!slots || ended <= before || ended >= state->count)
        return -1;
    for (size_t i = 0; i < state->segments; i++) {
        const struct segment *segment = &state->segment[i];
        const struct parcel_look *look = find_parcel(crew, segment->parcel, segment->restart);
        if (!look || look->round != crew->round)
            continue;
        int64_t end_us = look->is_alive && !look->is_fenced ? now_us : segment->end_us;
        spent_us += (double)(end_us > segment->start_us ? end_us - segment->start_us : 0) *
                    segment->slots;
    }
    // What runs now has run for half of its time.
    double each_us = spent_us / ((double)(ended - before) + (double)state->begun / 2);
    double ahead = (double)(state->count - ended) - (double)state->begun / 2;
    return (int64_t)(each_us * ahead / slots);
}

const struct crew_job *crew_job_of(const struct crew *crew, const struct parcel_look *parcel)
{
    size_t at = crew->of[parcel - crew->parcel];
    return at == SIZE_MAX ? NULL : &crew->job[at];
}

const char *crew_node(const struct crew *crew, const struct parcel_look *parcel)
{
    const struct crew_job *job = crew_job_of(crew, parcel);
    const struct slurm_job *said = job ? job->said : NULL;
    // of several nodes "n[1-2]"; another one if it was begun again
    int is_its =
        said && *said->node && !strpbrk(said->node, "[,") && said->restarts <= parcel->restart;
    return is_its ? said->node : parcel->host;
}
