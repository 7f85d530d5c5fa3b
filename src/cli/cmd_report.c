// SPDX-License-Identifier: Apache-2.0
// cmd_report: what a run used of what it held, its failures by cause, and what to do about
// both.
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/advice.h"
#include "cli/crew_words.h"
#include "cli/line_modules.h"
#include "cli/run_json.h"
#include "cli/say.h"
#include "cli/summary.h"
#include "cli/target.h"
#include "cli/threads_found.h"
#include "run/glance.h"

enum { PIECE = 1 << 16 };

static int report_text(const struct cli *cli, const struct saved *saved,
                       const struct report *report, const struct crew *crew,
                       const struct crew_queue *queue, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    summary_add_run(&text, saved);
    summary_add_state(&text, &cli->out, saved, report);
    str_add_char(&text, '\n');
    if (saved->spec.modules.count) {
        say_add_label(&text, _("modules"));
        line_modules_add(&saved->spec.modules, &text);
        str_add_char(&text, '\n');
    }
    crew_add(&text, cli, saved, crew, queue);
    summary_add_rest(&text, cli, &cli->out, saved, report);
    if (saved->state.failed) {
        say_add_label(&text, _("then"));
        str_print(&text, "lopin retry %u\n", saved->folder.number);
    }
    advice_add(&text, cli, saved, report);
    found_add(&text, &saved->state);
    return say_data(cli, &text, err);
}

static json_t *part_json(double part)
{
    return part < 0 ? json_null() : json_real(part);
}

static json_t *number_json(const struct saved *saved, uint32_t index)
{
    return json_integer(saved->datasets.item[index].number);
}

static json_t *slowest_json(const struct saved *saved, const struct report *report)
{
    if (report->slowest == UINT32_MAX)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "number", number_json(saved, report->slowest));
    json_put_text(object, "text", saved->datasets.item[report->slowest].text);
    json_object_set_new(object, "duration_s", json_seconds(report->longest_us));
    return object;
}

static json_t *causes_json(const struct saved *saved, const struct report *report)
{
    json_t *list = json_array();
    for (size_t i = 0; i < report->causes; i++) {
        const struct report_cause *cause = &report->cause[i];
        json_t *object = json_object();
        json_object_set_new(object, "cause", json_string(err_name(cause->code)));
        json_object_set_new(object, "count", json_integer((json_int_t)cause->count));
        json_object_set_new(object, "first", number_json(saved, cause->first));
        json_put_text(object, "detail", cause->detail);
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *head_json(const struct saved *saved, const struct report *report,
                         const struct crew *crew, const struct crew_queue *queue)
{
    json_t *object = run_json(saved);
    crew_put_json(object, saved, crew, queue);
    json_object_set_new(object, "wall_s", json_seconds(report->wall_us));
    json_object_set_new(object, "most_cores", json_integer(report->most_cores));
    json_object_set_new(object, "cpu_s", json_seconds(report->cpu_us));
    json_object_set_new(object, "reserved_s", json_seconds((int64_t)report->reserved_us));
    json_object_set_new(object, "efficiency", part_json(report->efficiency));
    json_object_set_new(object, "busy", part_json(report->busy));
    json_object_set_new(object, "tail_s", json_seconds(report->tail_us));
    json_object_set_new(object, "median_s", json_seconds(report->median_us));
    json_object_set_new(object, "peak_kb", json_integer(report->peak_kb));
    json_object_set_new(object, "memory_limit_kb",
                        report->memory_kb ? json_integer(report->memory_kb) : json_null());
    json_object_set_new(object, "narrow", part_json(report->narrow));
    json_object_set_new(object, "slowest", slowest_json(saved, report));
    json_object_set_new(object, "causes", causes_json(saved, report));
    json_object_set_new(object, "threads_found", found_json(&saved->state));
    return object;
}

static void add_json(struct str *text, json_t *value)
{
    CLEANUP_FREE char *dump = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(16));
    json_decref(value);
    str_add(text, dump ? dump : "null");
}

// A task at a time: all of them as values of jansson would take gigabytes for a million.
static int report_json(const struct cli *cli, const struct saved *saved,
                       const struct report *report, const struct crew *crew,
                       const struct crew_queue *queue, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    add_json(&text, head_json(saved, report, crew, queue));
    text.size--; // the brace
    str_add(&text, ",\"tasks\":[");
    for (uint32_t i = 0; i < saved->state.count; i++) {
        if (i)
            str_add_char(&text, ',');
        add_json(&text, run_json_task(saved, i));
        if (text.size < PIECE)
            continue;
        if (say_data(cli, &text, err) < 0)
            return -1;
        str_clear(&text);
    }
    str_add(&text, "]}\n");
    return say_data(cli, &text, err);
}

int cmd_report(struct cli *cli, struct err *err)
{
    CLEANUP_SAVED struct saved saved = SAVED_NONE;
    CLEANUP_REPORT struct report report = {0};
    CLEANUP_CREW struct crew crew = {0};
    CLEANUP_QUEUE struct crew_queue queue = {0};
    if (target_folder(cli, &saved.folder, err) < 0)
        return -1;
    crew_read(saved.folder.fd, &crew);
    int json = cli->options.json;
    if ((json ? saved_read(&saved, err) : glance_read(&saved, &report, err)) < 0)
        return -1;
    if (json)
        report_make(&saved, &report);
    crew_look(cli, &saved, &queue, CREW_WAIT_US, &crew);
    crew_cut_off(&crew, &saved);
    return json ? report_json(cli, &saved, &report, &crew, &queue, err)
                : report_text(cli, &saved, &report, &crew, &queue, err);
}
