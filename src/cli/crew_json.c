// SPDX-License-Identifier: Apache-2.0
// crew_json: a parcel an object, a submission an object with how many of its jobs stand how.
#include <string.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/crew_words.h"
#include "sched/reason.h"

static void put(json_t *object, const char *name, int is_known, json_int_t value)
{
    json_object_set_new(object, name, is_known ? json_integer(value) : json_null());
}

static const char *state_of(const struct parcel_look *parcel)
{
    if (parcel->is_fenced)
        return "restarted";
    if (parcel->is_alive)
        return "running";
    if (!parcel->is_over)
        return "died";
    return *parcel->why ? "refused" : "ended";
}

static const struct segment *segment_of(const struct saved *saved,
                                        const struct parcel_look *parcel)
{
    for (size_t i = 0; i < saved->state.segments; i++)
        if (saved->state.segment[i].parcel == parcel->parcel &&
            saved->state.segment[i].restart == parcel->restart)
            return &saved->state.segment[i];
    return NULL;
}

static json_t *parcel_json(const struct saved *saved, const struct crew *crew,
                           const struct parcel_look *parcel)
{
    json_t *object = json_object();
    const struct segment *segment = segment_of(saved, parcel);
    put(object, "parcel", 1, parcel->parcel);
    put(object, "restart", 1, parcel->restart);
    put(object, "round", parcel->round > 0, parcel->round);
    json_put_text(object, "job", parcel->job);
    json_put_text(object, "node", crew_node(crew, parcel));
    json_object_set_new(object, "state", json_string(state_of(parcel)));
    put(object, "cores", segment != NULL, segment ? segment->cores : 0);
    put(object, "left", parcel->is_over, (json_int_t)parcel->left);
    json_put_text(object, "why", *parcel->why ? parcel->why : NULL);
    return object;
}

static json_t *parcels_json(const struct saved *saved, const struct crew *crew)
{
    json_t *list = json_array();
    for (size_t i = 0; i < crew->parcels; i++)
        json_array_append_new(list, parcel_json(saved, crew, &crew->parcel[i]));
    return list;
}

// The most frequent reason of those that wait.
static void put_reason(json_t *object, const struct crew *crew,
                       const struct submission *submission)
{
    const struct slurm_job *said = NULL;
    int64_t start_s = 0;
    CLEANUP_STR struct str words = {0};
    for (size_t i = 0; i < crew->jobs; i++) {
        const struct crew_job *job = &crew->job[i];
        if (job->submission != submission || job->way != CREW_WAITS)
            continue;
        if (!said)
            said = job->said;
        if (job->said->start_s && (!start_s || job->said->start_s < start_s))
            start_s = job->said->start_s;
    }
    if (said)
        reason_add(&words, said->reason);
    json_put_text(object, "reason", said ? said->reason : NULL);
    json_put_text(object, "words", words.size ? words.text : NULL);
    put(object, "start", start_s > 0, start_s);
}

static json_t *job_json(const struct crew *crew, const struct submission *submission)
{
    static const char *const ways[CREW_WAYS] = {
        [CREW_UNKNOWN] = "unknown",  [CREW_NEW] = "new",       [CREW_WAITS] = "waiting",
        [CREW_BEGINS] = "beginning", [CREW_WORKS] = "running", [CREW_ENDED] = "ended",
    };
    size_t in_way[CREW_WAYS] = {0};
    json_t *object = json_object();
    int is_last = submission->round == crew->round;
    for (size_t i = 0; i < crew->jobs; i++)
        in_way[crew->job[i].way] += crew->job[i].submission == submission;
    json_put_text(object, "job", submission->job);
    put(object, "round", 1, submission->round);
    put(object, "parcels", 1, submission->parcels);
    json_object_set_new(object, "submitted", json_seconds(submission->at_us));
    for (int i = 0; i < CREW_WAYS; i++)
        put(object, ways[i], is_last, (json_int_t)in_way[i]);
    put_reason(object, crew, submission);
    return object;
}

static json_t *slurm_json(const struct crew_queue *queue)
{
    json_t *object = json_object();
    put(object, "asked", queue->is_known, queue->said.asked_s);
    json_put_text(object, "error", queue->silent.code ? err_name(queue->silent.code) : NULL);
    return object;
}

static json_t *troubles_json(const struct saved *saved, const struct crew *crew)
{
    size_t count;
    json_t *list = json_array();
    CLEANUP_FREE struct crew_trouble *trouble = crew_troubles(crew, saved->folder.fd, &count);
    for (size_t i = 0; i < count; i++) {
        json_t *object = json_object();
        json_put_text(object, "cause", trouble[i].code ? err_name(trouble[i].code) : NULL);
        put(object, "count", 1, (json_int_t)trouble[i].count);
        json_put_text(object, "why", *trouble[i].why ? trouble[i].why : NULL);
        json_put_text(object, "node", *trouble[i].node ? trouble[i].node : NULL);
        json_array_append_new(list, object);
    }
    return list;
}

void crew_put_json(json_t *object, const struct saved *saved, const struct crew *crew,
                   const struct crew_queue *queue)
{
    if (!crew->round) {
        static const char *const names[] = {"parcels", "jobs", "troubles", "slurm", "left_s"};
        for (size_t i = 0; i < COUNT(names); i++)
            json_object_set_new(object, names[i], json_null());
        return;
    }
    int64_t left_us = saved->parcels ? crew_left_us(crew, saved, clock_wall_us()) : -1;
    json_t *jobs = json_array();
    for (size_t i = 0; i < crew->submissions; i++)
        json_array_append_new(jobs, job_json(crew, &crew->submission[i]));
    json_object_set_new(object, "parcels", parcels_json(saved, crew));
    json_object_set_new(object, "jobs", jobs);
    json_object_set_new(object, "troubles", troubles_json(saved, crew));
    json_object_set_new(object, "slurm", slurm_json(queue));
    json_object_set_new(object, "left_s", left_us < 0 ? json_null() : json_seconds(left_us));
}
