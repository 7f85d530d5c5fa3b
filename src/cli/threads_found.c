// SPDX-License-Identifier: Apache-2.0
// threads_found: journals have the name of a verdict and its numbers; the sentence is made where it is read, in
// the reader's language.
#include "cli/threads_found.h"

#include <string.h>

#include "base/lang.h"
#include "cli/json_text.h"
#include "cli/say.h"
#include "cli/threads_words.h"

static const char hook_prefix[] = "hook-";

static enum hook hook_named(const char *name)
{
    for (enum hook hook = HOOK_ISOLATED; hook < HOOK_LOST; hook++)
        if (strcmp(hook_name(hook), name) == 0)
            return hook;
    return HOOK_LOST;
}

static void add_hook(struct str *into, const struct finding *finding)
{
    enum hook hook = hook_named(finding->cause + sizeof hook_prefix - 1);
    say_add_label(into, _("threads"));
    str_add_visible(into, finding->program, strlen(finding->program));
    str_print(into,
              _(": lopin's startup hook is not in it, so what it starts is not held to its "
                "cores (%s)"),
              words_hook(hook));
    str_add_char(into, '\n');
    say_add_label(into, _("try"));
    str_print(into, "%s\n", words_hook_cure(hook));
}

static void add_verdict(struct str *into, const struct finding *finding, enum verdict verdict)
{
    const struct record_pace *pace = &finding->pace;
    CLEANUP_STR struct str cure = {0};
    const struct words_case of = {
        .verdict = verdict,
        .facts = {.cores = (double)pace->cores / 1000,
                  .run = (double)pace->run / 1000,
                  .wait = (double)pace->wait / 1000,
                  .blocked = (double)pace->blocked / 1000,
                  .measured = 1,
                  .processes = pace->processes,
                  .threads = pace->active,
                  .even = pace->even,
                  .pool = pace->pool,
                  .callers = pace->callers,
                  .hung = pace->hung},
        .libraries = finding->libraries,
        .variable = *finding->variable ? finding->variable : NULL,
        .in_task = 1,
    };
    say_add_label(into, _("threads"));
    str_add_visible(into, finding->program, strlen(finding->program));
    str_add(into, _(": "));
    CLEANUP_STR struct str words = {0}; // names of packages come from folders
    words_add(&words, &of);
    str_add_visible(into, str_text(&words), words.size);
    str_add_char(into, '\n');
    words_add_cure(&cure, &of);
    if (!cure.size)
        return;
    say_add_label(into, _("try"));
    str_add_visible(into, cure.text, cure.size);
    str_add_char(into, '\n');
}

static void add_finding(struct str *into, const struct finding *finding)
{
    enum verdict verdict = verdict_named(finding->cause);
    if (str_starts(finding->cause, hook_prefix))
        add_hook(into, finding);
    else if (verdict != VERDICTS) // else of a later version
        add_verdict(into, finding, verdict);
}

void found_add_record(struct str *into, const struct record *record)
{
    const struct finding finding = {
        .cause = record->cause,
        .program = record->detail,
        .libraries = record->words ? record->words : "",
        .variable = record->variable ? record->variable : "",
        .pace = record->pace,
    };
    add_finding(into, &finding);
}

void found_add(struct str *into, const struct state *state)
{
    for (size_t i = 0; i < state->findings; i++)
        add_finding(into, &state->finding[i]);
}

void found_put_pace(json_t *object, const struct record_pace *pace)
{
    json_object_set_new(object, "processes", json_integer(pace->processes));
    json_object_set_new(object, "threads", json_integer(pace->active));
    json_object_set_new(object, "cores", json_real((double)pace->cores / 1000));
    json_object_set_new(object, "run", json_real((double)pace->run / 1000));
    json_object_set_new(object, "wait", json_real((double)pace->wait / 1000));
}

json_t *found_json(const struct state *state)
{
    json_t *list = json_array();
    for (size_t i = 0; i < state->findings; i++) {
        const struct finding *finding = &state->finding[i];
        json_t *object = json_object();
        json_put_text(object, "cause", finding->cause);
        json_put_text(object, "program", finding->program);
        json_put_text(object, "libraries", finding->libraries);
        found_put_pace(object, &finding->pace);
        json_array_append_new(list, object);
    }
    return list;
}
