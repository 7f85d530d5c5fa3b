// SPDX-License-Identifier: Apache-2.0
// cmd_status: how many are done, failed, running and left; what runs now.
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/crew_look.h"
#include "cli/crew_words.h"
#include "cli/run_json.h"
#include "cli/say.h"
#include "cli/summary.h"
#include "cli/target.h"
#include "run/glance.h"

enum { RUNNING_SHOWN = 16 };

static int by_start(const void *a, const void *b, void *context)
{
    const struct outcome *outcome = context;
    int64_t left = outcome[*(const uint32_t *)a].start_us;
    int64_t right = outcome[*(const uint32_t *)b].start_us;
    return (left > right) - (left < right);
}

// Indices of the running datasets, the longest first. Yours; standing.begun of them.
static uint32_t *list_running(const struct state *state)
{
    uint32_t *list = mem_alloc(state->begun * sizeof *list);
    size_t count = 0;
    for (uint32_t i = 0; i < state->outcomes; i++)
        if (state->outcome[i].state == OUTCOME_BEGUN)
            list[count++] = i;
    qsort_r(list, count, sizeof *list, by_start, state->outcome);
    return list;
}

static void add_running(struct str *text, const struct cli *cli, const struct saved *saved)
{
    size_t begun = saved->state.begun;
    CLEANUP_FREE uint32_t *list = list_running(&saved->state);
    summary_add_running(text, &cli->out, saved, list, begun,
                        cli->options.verbose ? begun : RUNNING_SHOWN, "   lopin status -v");
}

static int status_json(const struct cli *cli, const struct saved *saved,
                       const struct crew *crew, const struct crew_queue *queue, struct err *err)
{
    const struct state *state = &saved->state;
    json_t *object = run_json(saved);
    json_t *tasks = json_array();
    int running = summary_standing(saved).running;
    for (uint32_t i = 0; i < state->outcomes && running; i++)
        if (state->outcome[i].state == OUTCOME_BEGUN)
            json_array_append_new(tasks, run_json_task(saved, i));
    crew_put_json(object, saved, crew, queue);
    json_object_set_new(object, "tasks", tasks);
    json_object_set_new(object, "status", json_integer(summary_status(saved)));
    return json_say(cli, object, err);
}

static void add_owner(struct str *text, const struct owner *owner)
{
    CLEANUP_STR struct str host = {0};
    str_add_visible(&host, owner->host, strlen(owner->host));
    say_add_label(text, _("by"));
    str_print(text, _("process %ld on %s"), owner->pid, str_text(&host));
    str_add_char(text, '\n');
}

static int status_text(const struct cli *cli, const struct saved *saved,
                       const struct report *report, const struct crew *crew,
                       const struct crew_queue *queue, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    summary_add_run(&text, saved);
    summary_add_state(&text, &cli->out, saved, report);
    if (saved->parcels)
        crew_add_left(&text, saved, crew);
    str_add_char(&text, '\n');
    crew_add(&text, cli, saved, crew, queue);
    summary_add_rest(&text, cli, &cli->out, saved, report);
    if (summary_standing(saved).running) {
        if (saved->owner.state == OWNER_ALIVE)
            add_owner(&text, &saved->owner);
        add_running(&text, cli, saved);
    }
    return say_data(cli, &text, err);
}

// What was read of a run that is computed has no figures; if nothing is left of it, whoever still ends,
// they are wanted.
static int read_again(struct saved *saved, struct report *report, const struct crew *crew,
                      struct err *err)
{
    if (!saved->parcels || saved->owner.state == OWNER_ALIVE ||
        !crew_is_finished(crew, &saved->state))
        return 0;
    report_free(report);
    state_free(&saved->state);
    datasets_free(&saved->datasets);
    spec_free(&saved->spec);
    return glance_read(saved, report, err);
}

int cmd_status(struct cli *cli, struct err *err)
{
    CLEANUP_SAVED struct saved saved = SAVED_NONE;
    CLEANUP_REPORT struct report report = {0};
    CLEANUP_QUEUE struct crew_queue queue = {0};
    CLEANUP_CREW struct crew crew = {0};
    if (target_folder(cli, &saved.folder, err) < 0)
        return -1;
    crew_read(saved.folder.fd, &crew);
    if (glance_standing(&saved, &report, err) < 0 ||
        read_again(&saved, &report, &crew, err) < 0)
        return -1;
    crew_look(cli, &saved, &queue, CREW_WAIT_US, &crew);
    crew_cut_off(&crew, &saved);
    int said = cli->options.json    ? status_json(cli, &saved, &crew, &queue, err)
               : cli->options.quiet ? 0
                                    : status_text(cli, &saved, &report, &crew, &queue, err);
    if (said < 0)
        return -1;
    return cli->options.check ? summary_status(&saved) : 0;
}
