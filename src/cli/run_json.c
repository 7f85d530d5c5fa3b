// SPDX-License-Identifier: Apache-2.0
// run_json: what is not known is null, never absent.
#include "cli/run_json.h"

#include "base/mem.h"
#include "cli/summary.h"

static void put_count(json_t *object, const char *name, size_t count)
{
    json_object_set_new(object, name, json_integer((json_int_t)count));
}

static json_t *owner_json(const struct owner *owner)
{
    json_t *object = json_object();
    json_put_text(object, "host", owner->host);
    json_object_set_new(object, "pid", json_integer(owner->pid));
    return object;
}

json_t *run_json(const struct saved *saved)
{
    const struct spec *spec = &saved->spec;
    const struct state *state = &saved->state;
    struct standing standing = summary_standing(saved);
    json_t *object = json_object();
    put_count(object, "v", 1);
    put_count(object, "run", saved->folder.number);
    json_put_text(object, "name", spec->name);
    json_put_text(object, "script", spec->script);
    json_put_text(object, "folder", saved->folder.path);
    json_object_set_new(object, "state", json_string(summary_state(saved)));
    put_count(object, "datasets", state->count);
    put_count(object, "done", state->done);
    put_count(object, "failed", state->failed);
    put_count(object, "running", standing.running ? standing.begun : 0);
    put_count(object, "left", standing.left);
    put_count(object, "cores", spec->cores);
    put_count(object, "slots", spec->slots);
    put_count(object, "threads", spec->threads);
    json_object_set_new(object, "created", json_seconds(spec->created_us));
    json_object_set_new(object, "wall_s", json_seconds(state_wall_us(&saved->state)));
    json_object_set_new(object, "owner",
                        standing.running && saved->owner.state == OWNER_ALIVE
                            ? owner_json(&saved->owner)
                            : json_null());
    json_t *modules = json_array();
    for (size_t i = 0; i < spec->modules.count; i++)
        json_array_append_new(modules, json_text(spec->modules.item[i]));
    json_object_set_new(object, "modules", modules);
    put_count(object, "damaged_lines", state->damage.lines);
    return object;
}

static const char *task_state(const struct saved *saved, const struct outcome *outcome)
{
    static const char *const names[] = {
        [OUTCOME_WAITING] = "waiting", [OUTCOME_BEGUN] = "running",   [OUTCOME_DONE] = "done",
        [OUTCOME_FAILED] = "failed",   [OUTCOME_STOPPED] = "stopped",
    };
    if (outcome->state == OUTCOME_BEGUN && !summary_standing(saved).running)
        return names[OUTCOME_STOPPED]; // cut off
    return names[outcome->state];
}

// What only the end of a task tells.
static void put_end(json_t *object, const struct outcome *outcome, int ended)
{
    static const struct {
        const char *name;
        size_t at;
    } times[] = {
        {"duration_s", offsetof(struct outcome, duration_us)},
        {"user_s", offsetof(struct outcome, user_us)},
        {"system_s", offsetof(struct outcome, system_us)},
    };
    for (size_t i = 0; i < COUNT(times); i++) {
        int64_t us = *(const int64_t *)(const void *)((const char *)outcome + times[i].at);
        json_object_set_new(object, times[i].name, ended ? json_seconds(us) : json_null());
    }
    json_object_set_new(object, "peak_kb",
                        ended ? json_integer(outcome->peak_kb) : json_null());
    json_object_set_new(object, "code", ended ? json_integer(outcome->code) : json_null());
    json_put_text(object, "output", ended && *outcome->output ? outcome->output : NULL);
}

json_t *run_json_task(const struct saved *saved, uint32_t index)
{
    const struct dataset *dataset = &saved->datasets.item[index];
    const struct outcome *outcome = &saved->state.outcome[index];
    int begun = outcome->attempt > 0;
    int ended = begun && outcome->state != OUTCOME_BEGUN;
    int failed = ended && outcome->state != OUTCOME_DONE;
    json_t *object = json_object();
    put_count(object, "number", dataset->number);
    json_put_text(object, "text", dataset->text);
    json_object_set_new(object, "state", json_string(task_state(saved, outcome)));
    json_put_text(object, "cause", failed && outcome->cause ? err_name(outcome->cause) : NULL);
    json_put_text(object, "detail", failed && *outcome->detail ? outcome->detail : NULL);
    json_object_set_new(object, "attempt", json_integer(outcome->attempt));
    json_object_set_new(object, "slot",
                        outcome->slot ? json_integer(outcome->slot) : json_null());
    json_object_set_new(object, "start", begun ? json_seconds(outcome->start_us) : json_null());
    json_object_set_new(object, "end",
                        ended ? json_seconds(outcome->start_us + outcome->duration_us)
                              : json_null());
    put_end(object, outcome, ended);
    return object;
}
