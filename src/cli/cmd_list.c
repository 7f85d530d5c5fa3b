// SPDX-License-Identifier: Apache-2.0
// cmd_list: the runs of this folder, a line each, the newest last.
#include <string.h>

#include "base/human.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/columns.h"
#include "cli/crew_look.h"
#include "cli/crew_words.h"
#include "cli/run_json.h"
#include "cli/say.h"
#include "cli/summary.h"
#include "run/glance.h"

static void add_cell(struct columns *columns, struct str *text)
{
    strv_take(&columns->cell, str_take(text));
}

// The state in the user's language.
static const char *state_words(const struct saved *saved)
{
    static const char *const words[] = {N_("running"), N_("waiting"), N_("done"), N_("failed"),
                                        N_("stopped")};
    const char *state = summary_state(saved);
    for (size_t i = 0; i < COUNT(words); i++)
        if (strcmp(words[i], state) == 0)
            return lang_text(words[i]);
    return state;
}

static void add_row(struct columns *columns, const struct saved *saved)
{
    const struct spec *spec = &saved->spec;
    const struct state *state = &saved->state;
    struct str text = {0};
    str_print(&text, "%u", saved->folder.number);
    add_cell(columns, &text);
    if (spec->name)
        str_add_visible(&text, spec->name, strlen(spec->name));
    add_cell(columns, &text);
    str_add_visible(&text, spec->script, strlen(spec->script));
    add_cell(columns, &text);
    str_print(&text, "%zu/%zu", state->done, state->count);
    add_cell(columns, &text);
    str_print(&text, lang_plural("%zu failed", "%zu failed", state->failed), state->failed);
    add_cell(columns, &text);
    str_add(&text, state_words(saved));
    add_cell(columns, &text);
    human_time(&text, spec->created_us);
    add_cell(columns, &text);
    human_duration(&text, state_wall_us(&saved->state));
    add_cell(columns, &text);
}

// Adds the run to the list or the rows; one that cannot be read is no reason to hide the
// others.
static void add_run(const struct cli *cli, unsigned number, struct crew_queue *queue,
                    struct columns *columns, json_t *list)
{
    CLEANUP_SAVED struct saved saved = SAVED_NONE;
    CLEANUP_REPORT struct report report = {0};
    CLEANUP_CREW struct crew crew = {0};
    struct err err = {0};
    if (folder_open(cli->cwd, number, &saved.folder, &err) < 0) {
        say_error(cli, &err);
        return;
    }
    crew_read(saved.folder.fd, &crew);
    if (glance_standing(&saved, &report, &err) < 0) {
        say_error(cli, &err);
        return;
    }
    // Whatever the number of runs, it is waited for once.
    crew_look(cli, &saved, queue, queue->tried_us ? 0 : CREW_WAIT_US, &crew);
    crew_cut_off(&crew, &saved);
    if (!list) {
        add_row(columns, &saved);
        return;
    }
    json_t *object = run_json(&saved);
    crew_put_json(object, &saved, &crew, queue);
    json_array_append_new(list, object);
}

int cmd_list(struct cli *cli, struct err *err)
{
    if (cli->words.count)
        return err_set(err, ERR_USAGE, _("'%s' is too much: list has no words"),
                       cli->words.item[0]);
    size_t count;
    CLEANUP_FREE unsigned *numbers = folder_list(cli->cwd, &count);
    CLEANUP_FOLDER struct folder none = FOLDER_NONE;
    if (!count)
        return folder_find(cli->cwd, NULL, &none, err); // says [no-run]
    CLEANUP_COLUMNS struct columns columns = {
        .width = 8, .right = 1 << 0 | 1 << 3 | 1 << 4 | 1 << 7, .elastic = 2};
    CLEANUP_QUEUE struct crew_queue queue = {0};
    json_t *list = cli->options.json ? json_array() : NULL;
    for (size_t i = 0; i < count; i++)
        if (folder_is_run(cli->cwd, numbers[i]))
            add_run(cli, numbers[i], &queue, &columns, list);
    if (list)
        return json_say(cli, json_pack("{s:i,s:o}", "v", 1, "runs", list), err);
    CLEANUP_STR struct str text = {0};
    columns_add(&columns, &cli->out, &text);
    return say_data(cli, &text, err);
}
