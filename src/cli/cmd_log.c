// SPDX-License-Identifier: Apache-2.0
// cmd_log: what tasks printed.
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/log_follow.h"
#include "cli/say.h"
#include "cli/summary.h"
#include "dataset/expand.h"

static int is_begun(const struct outcome *outcome)
{
    return outcome->attempt > 0;
}

// The path that a -o or -e pattern gave this dataset.
static void add_path(struct str *text, const struct saved *saved, const char *pattern,
                     uint32_t index)
{
    const struct outcome *outcome = &saved->state.outcome[index];
    struct expand *expand =
        expand_new(&pattern, 1, saved->spec.mark, &saved->datasets, 0, NULL);
    CLEANUP_STR struct str path = {0};
    if (expand) {
        struct expand_value value = {&saved->datasets.item[index], outcome->slot, NULL};
        expand_words(expand, &value, &path);
        expand_free(expand);
    }
    const char *shown = expand ? str_text(&path) : pattern;
    str_add_visible(text, shown, strlen(shown));
}

static void say_elsewhere(const struct cli *cli, const struct saved *saved, uint32_t index)
{
    const struct spec *spec = &saved->spec;
    unsigned number = saved->datasets.item[index].number;
    CLEANUP_STR struct str out = {0};
    CLEANUP_STR struct str error = {0};
    if (spec->log) {
        add_path(&out, saved, spec->log, index);
        say(cli, _("dataset %u printed to %s"), number, out.text);
    }
    if (spec->error_log) {
        add_path(&error, saved, spec->error_log, index);
        say(cli, _("dataset %u printed its errors to %s"), number, error.text);
    }
}

// A dataset that was asked for by itself and of which there is nothing to show.
static void say_nothing(const struct cli *cli, const struct saved *saved, uint32_t index)
{
    const struct outcome *outcome = &saved->state.outcome[index];
    unsigned number = saved->datasets.item[index].number;
    if (!is_begun(outcome))
        say(cli, _("dataset %u has not begun"), number);
    else if (cli->options.failed && outcome->state != OUTCOME_FAILED)
        say(cli, _("dataset %u did not fail"), number);
    else if (!saved->spec.log)
        say(cli, _("dataset %u printed nothing"), number);
}

static int show_one(struct log_show *show, uint32_t index, struct err *err)
{
    const struct outcome *outcome = &show->saved->state.outcome[index];
    if (show->gone || (show->cli->options.failed && outcome->state != OUTCOME_FAILED))
        return 0;
    if (outcome->state == OUTCOME_BEGUN)
        return log_show_begun(show, index, err);
    return is_begun(outcome) ? log_show_ended(show, index, 0, err) : 0;
}

static int show_selected(struct log_show *show, const struct selection *selection,
                         int following, struct err *err)
{
    const struct spec *spec = &show->saved->spec;
    for (size_t i = 0; i < selection->count; i++) {
        uint32_t index = selection->index[i];
        const struct outcome *outcome = &show->saved->state.outcome[index];
        if (following && (!is_begun(outcome) || outcome->state == OUTCOME_BEGUN))
            continue;
        int64_t before = show->size;
        if (show_one(show, index, err) < 0)
            return -1;
        if (is_begun(outcome) && (spec->log || spec->error_log))
            say_elsewhere(show->cli, show->saved, index);
        if (show->size == before && !show->err.code)
            say_nothing(show->cli, show->saved, index);
    }
    return 0;
}

static int show_all(struct log_show *show, int following, struct err *err)
{
    const struct saved *saved = show->saved;
    const struct spec *spec = &saved->spec;
    for (uint32_t i = 0; i < saved->state.count; i++)
        if (!(following && saved->state.outcome[i].state == OUTCOME_BEGUN) &&
            show_one(show, i, err) < 0)
            return -1;
    CLEANUP_STR struct str pattern = {0};
    const char *elsewhere = spec->log ? spec->log : spec->error_log;
    if (elsewhere) {
        str_add_visible(&pattern, elsewhere, strlen(elsewhere));
        say(show->cli, _("tasks printed to %s, as %s says"), pattern.text,
            spec->log ? "-o" : "-e");
    } else if (!show->size && !following) {
        if (show->cli->options.failed && !saved->state.failed)
            say(show->cli, _("no task of run %u failed"), saved->folder.number);
        else
            say(show->cli, _("no task of run %u printed anything"), saved->folder.number);
    }
    return 0;
}

int cmd_log(struct cli *cli, struct err *err)
{
    CLEANUP_SAVED struct saved saved = SAVED_NONE;
    CLEANUP_SELECTION struct selection selection = {0};
    if (target_datasets(cli, &saved, &selection, err) < 0)
        return -1;
    struct log_show show = {.cli = cli, .saved = &saved, .headers = selection.count != 1};
    int following = cli->options.follow && summary_standing(&saved).running;
    int shown = selection.index ? show_selected(&show, &selection, following, err)
                                : show_all(&show, following, err);
    if (shown < 0 || (following && log_follow(&show, &saved, &selection, err) < 0))
        return -1;
    if (!show.err.code)
        return 0;
    *err = show.err;
    return -1;
}
