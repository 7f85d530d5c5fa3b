// SPDX-License-Identifier: Apache-2.0
// screen_events: durations in seconds, times as Unix time, names as everywhere else ("failed",
// "python-error").
#include "cli/screen_events.h"

#include <jansson.h>

#include "base/mem.h"
#include "cli/json_text.h"
#include "cli/threads_found.h"

static json_t *new_event(const char *name)
{
    json_t *object = json_object();
    json_object_set_new(object, "v", json_integer(1));
    json_object_set_new(object, "event", json_string(name));
    return object;
}

static void put_number(json_t *object, const char *name, int64_t number)
{
    json_object_set_new(object, name, json_integer(number));
}

static void put_seconds(json_t *object, const char *name, int64_t us)
{
    json_object_set_new(object, name, json_seconds(us));
}

// null where there is nothing to say
static void put_text(json_t *object, const char *name, const char *text)
{
    if (text && *text)
        json_put_text(object, name, text);
    else
        json_object_set_new(object, name, json_null());
}

void events_add_run(struct str *into, const struct run *run)
{
    json_t *object = new_event("run");
    put_number(object, "run", run->folder->number);
    put_text(object, "name", run->spec->name);
    put_text(object, "script", run->spec->script);
    put_text(object, "folder", run->folder->path);
    put_number(object, "datasets", (json_int_t)run->datasets->count);
    put_number(object, "to_run", (json_int_t)run->count);
    put_number(object, "done_before", (json_int_t)run->kept);
    put_number(object, "cores", run->spec->cores);
    put_number(object, "slots", run->spec->slots);
    put_number(object, "threads", run->spec->threads);
    put_number(object, "restart", run->restart);
    json_add_line(into, object);
}

static void put_end(json_t *object, const struct record *record)
{
    put_text(object, "state", record_state_name(record->state));
    put_text(object, "cause", record->cause);
    put_text(object, "detail", record->detail);
    put_number(object, "code", record->code);
    put_seconds(object, "duration_s", record->duration_us);
    put_seconds(object, "user_s", record->user_us);
    put_seconds(object, "system_s", record->system_us);
    put_number(object, "peak_kb", record->peak_kb);
    put_text(object, "output", record->output);
}

static json_t *new_task_event(const char *name, const struct event *event)
{
    json_t *object = new_event(name);
    put_number(object, "dataset", event->dataset->number);
    json_put_text(object, "text", event->dataset->text);
    put_number(object, "slot", event->record->slot);
    put_number(object, "attempt", event->record->attempt);
    put_seconds(object, "time", event->record->wall_us);
    return object;
}

static const char *why_name(enum why why)
{
    static const char *const names[] = {
        [WHY_ASKED] = "asked", [WHY_TIME] = "time-limit", [WHY_HALT] = "halt"};
    return (size_t)why < COUNT(names) ? names[why] : NULL;
}

void events_add(struct str *into, const struct event *event, unsigned running)
{
    json_t *object = NULL;
    switch (event->kind) {
    case EVENT_START: object = new_task_event("start", event); break;
    case EVENT_END:
        object = new_task_event("end", event);
        put_end(object, event->record);
        break;
    case EVENT_STOPPING: object = new_event("stopping"); break;
    case EVENT_KILLING: object = new_event("killing"); break;
    case EVENT_STORAGE:
        object = new_event("storage");
        put_text(object, "cause", err_name(event->err->code));
        put_text(object, "detail", event->err->text);
        put_number(object, "waiting", (json_int_t)event->waiting);
        break;
    case EVENT_THREADS:
        object = new_task_event("threads", event);
        put_text(object, "cause", event->record->cause);
        put_text(object, "program", event->record->detail);
        found_put_pace(object, &event->record->pace);
        break;
    case EVENT_STORAGE_OVER: object = new_event("storage-over"); break;
    }
    if (event->kind == EVENT_STOPPING || event->kind == EVENT_KILLING) {
        put_text(object, "why", why_name(event->why));
        put_number(object, "running", running);
    }
    json_add_line(into, object);
}

void events_add_close(struct str *into, const struct run_result *result, int status)
{
    json_t *object = new_event("close");
    put_number(object, "done", (json_int_t)result->done);
    put_number(object, "failed", (json_int_t)result->failed);
    put_number(object, "left", (json_int_t)(result->stopped + result->not_started));
    put_number(object, "stopped", (json_int_t)result->stopped);
    put_seconds(object, "wall_s", result->wall_us);
    put_number(object, "status", status);
    json_add_line(into, object);
}
