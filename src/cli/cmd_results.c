// SPDX-License-Identifier: Apache-2.0
// cmd_results: the outputs that tasks published, for what comes after the run. What is not done has none.
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/run_json.h"
#include "cli/say.h"
#include "cli/target.h"

struct results {
    const struct cli *cli;
    const struct saved *saved;
    struct str text; // paths
    json_t *list;    // instead of them, or NULL
    struct err none; // of the first dataset that was asked for by itself and has no output
};

static void add(struct results *results, uint32_t index)
{
    const struct cli *cli = results->cli;
    if (results->list) {
        json_array_append_new(results->list, run_json_task(results->saved, index));
        return;
    }
    const char *path = fs_from(cli->cwd, results->saved->state.outcome[index].output);
    if (cli->out.tty)
        str_add_visible(&results->text, path, strlen(path));
    else
        str_add(&results->text, path);
    str_add_char(&results->text, cli->options.null ? '\0' : '\n');
}

static int has_output(const struct saved *saved, uint32_t index)
{
    const struct outcome *outcome = &saved->state.outcome[index];
    return outcome->state == OUTCOME_DONE && *outcome->output;
}

static void tell_none(struct results *results, uint32_t index)
{
    const struct outcome *outcome = &results->saved->state.outcome[index];
    unsigned number = results->saved->datasets.item[index].number;
    const char *why = outcome->state == OUTCOME_FAILED ? _("it failed, and has no output")
                      : outcome->attempt == 0          ? _("it has not begun")
                                              : _("it is not done, and has no output yet");
    if (results->none.code) {
        say(results->cli, _("dataset %u: %s"), number, why);
        return;
    }
    err_set(&results->none, ERR_NO_OUTPUT, _("dataset %u: %s"), number, why);
    unsigned run = results->saved->folder.number;
    if (outcome->state == OUTCOME_FAILED)
        err_hint(&results->none, "try", "lopin log %u:%u", run, number);
    else
        err_hint(&results->none, "try", "lopin status %u", run);
}

static void gather(struct results *results, const struct selection *selection)
{
    const struct saved *saved = results->saved;
    size_t count = selection->index ? selection->count : saved->state.count;
    for (size_t i = 0; i < count; i++) {
        uint32_t index = selection->index ? selection->index[i] : (uint32_t)i;
        if (has_output(saved, index))
            add(results, index);
        else if (selection->index)
            tell_none(results, index);
    }
    if (!selection->index && saved->state.done < saved->state.count)
        say(results->cli,
            lang_plural("%zu of %zu datasets has an output",
                        "%zu of %zu datasets have an output", saved->state.done),
            saved->state.done, saved->state.count);
}

int cmd_results(struct cli *cli, struct err *err)
{
    CLEANUP_SAVED struct saved saved = SAVED_NONE;
    CLEANUP_SELECTION struct selection selection = {0};
    if (target_datasets(cli, &saved, &selection, err) < 0)
        return -1;
    unsigned number = saved.folder.number;
    if (!saved.spec.out) {
        err_set(err, ERR_NO_OUTPUT,
                _("run %u has no --out, so that its tasks publish no output"), number);
        err_hint(err, "try", "lopin log %u:", number);
        return err_hint(err, "try", "lopin map --out 'out/{/}' ... {} {out} ::: ...");
    }
    struct results results = {
        .cli = cli, .saved = &saved, .list = cli->options.json ? json_array() : NULL};
    gather(&results, &selection);
    int status = -1;
    if (!results.list)
        status = say_data(cli, &results.text, err);
    else
        status = json_say(
            cli,
            json_pack("{s:i,s:i,s:o}", "v", 1, "run", (int)number, "results", results.list),
            err);
    str_free(&results.text);
    if (status < 0 || !results.none.code)
        return status;
    *err = results.none;
    return -1;
}
