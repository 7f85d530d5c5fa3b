// SPDX-License-Identifier: Apache-2.0
// summary: the first line says how a run stands, the next ones what to do about it.
#include "cli/summary.h"

#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/human.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/columns.h"
#include "cli/say.h"
#include "cli/target.h"

enum { NAME_COLUMNS = 40, CAUSES_SHOWN = 10 };

struct standing summary_standing(const struct saved *saved)
{
    const struct state *state = &saved->state;
    struct standing standing = {.begun = state->begun};
    // a run that this process ends still has its owner's file
    standing.running = saved_is_live(saved);
    standing.waiting = !standing.running && saved->awaited;
    standing.left = state->waiting + state->stopped + (standing.running ? 0 : state->begun);
    return standing;
}

int summary_status(const struct saved *saved)
{
    struct standing standing = summary_standing(saved);
    if (standing.left || standing.running || standing.waiting)
        return STATUS_LEFT;
    return saved->state.failed ? STATUS_FAILED : 0;
}

const char *summary_state(const struct saved *saved)
{
    struct standing standing = summary_standing(saved);
    if (standing.running)
        return "running";
    if (standing.waiting)
        return "waiting";
    return standing.left ? "stopped" : saved->state.failed ? "failed" : "done";
}

void summary_add_name(struct str *text, const struct datasets *datasets, uint32_t index)
{
    const struct dataset *item = &datasets->item[index];
    CLEANUP_STR struct str name = {0};
    if (datasets->json) {
        str_add_visible(&name, item->text, strlen(item->text));
    } else {
        const char *base = fs_base(item->column[0]);
        base = *base ? base : item->column[0];
        str_add_visible(&name, base, strlen(base));
    }
    for (size_t i = 1; i < datasets->columns && !datasets->json; i++) {
        str_add_char(&name, ' ');
        str_add_visible(&name, item->column[i], strlen(item->column[i]));
    }
    if (str_columns(str_text(&name)) > NAME_COLUMNS) {
        term_cut(&name, NAME_COLUMNS - 3);
        str_add(&name, "...");
    }
    str_add(text, str_text(&name));
}

void summary_add_running(struct str *text, const struct term *term, const struct saved *saved,
                         const uint32_t *index, size_t count, size_t most, const char *hint)
{
    CLEANUP_COLUMNS struct columns columns = {
        .width = 3, .right = 1 << 0 | 1 << 2, .elastic = 1, .indent = 2};
    int64_t now = clock_wall_us();
    size_t shown = count < most ? count : most;
    for (size_t i = 0; i < shown; i++) {
        struct str name = {0};
        struct str time = {0};
        summary_add_name(&name, &saved->datasets, index[i]);
        human_duration(&time, now - saved->state.outcome[index[i]].start_us);
        strv_take(&columns.cell, mem_print("%u", saved->datasets.item[index[i]].number));
        strv_take(&columns.cell, str_take(&name));
        strv_take(&columns.cell, str_take(&time));
    }
    columns_add(&columns, term, text);
    size_t more = count - shown;
    if (!more)
        return;
    str_add(text, "  ");
    str_print(text, lang_plural("and %zu more", "and %zu more", more), more);
    str_print(text, "%s\n", hint);
}

static void add_visible(struct str *text, const char *words)
{
    str_add_visible(text, words, strlen(words));
}

void summary_add_shape(struct str *text, const struct spec *spec, size_t count)
{
    if (count) {
        str_print(text, lang_plural("%zu dataset", "%zu datasets", count), count);
        str_add(text, ", ");
    }
    str_print(text, _("%u side by side"), spec->slots);
    str_add(text, ", ");
    str_print(text, lang_plural("%u thread each", "%u threads each", spec->threads),
              spec->threads);
}

void summary_add_run(struct str *text, const struct saved *saved)
{
    const struct spec *spec = &saved->spec;
    CLEANUP_FREE char *label = mem_print(_("run %u"), saved->folder.number);
    say_add_label(text, label);
    add_visible(text, spec->script);
    if (spec->name) {
        str_add(text, " (");
        add_visible(text, spec->name);
        str_add(text, ")");
    }
    str_add(text, ", ");
    summary_add_shape(text, spec, saved->state.count);
    str_add_char(text, '\n');
}

static void add_failed(struct str *text, const struct term *term, size_t failed)
{
    if (!failed)
        return;
    str_add(text, ", ");
    term_style(term, text, "31");
    str_print(text, lang_plural("%zu failed", "%zu failed", failed), failed);
    term_style(term, text, "0");
}

// "cores 98 %   memory 2.7G   slowest d33.npz 41s"
static void add_figures(struct str *text, const struct saved *saved,
                        const struct report *report)
{
    const char *gap = ".  ";
    CLEANUP_STR struct str memory = {0};
    CLEANUP_STR struct str name = {0};
    CLEANUP_STR struct str time = {0};
    if (report->efficiency >= 0) {
        str_add(text, gap);
        str_print(text, _("cores %.0f %%"), report->efficiency * 100);
        gap = "   ";
    }
    if (report->peak_kb) {
        human_memory(&memory, report->peak_kb);
        str_add(text, gap);
        str_print(text, _("memory %s"), memory.text);
        gap = "   ";
    }
    if (report->slowest != UINT32_MAX && saved->state.count > 1) {
        summary_add_name(&name, &saved->datasets, report->slowest);
        human_duration(&time, report->longest_us);
        str_add(text, gap);
        str_print(text, _("slowest %s %s"), name.text, time.text);
    }
}

static void add_running(struct str *text, const struct term *term, const struct saved *saved,
                        const struct standing *standing)
{
    const struct state *state = &saved->state;
    say_add_label(text, _("running"));
    str_print(text, _("%zu of %zu done"), state->done, state->count);
    add_failed(text, term, state->failed);
    str_add(text, ", ");
    str_print(text, lang_plural("%zu running", "%zu running", standing->begun),
              standing->begun);
    str_add(text, ", ");
    str_print(text, lang_plural("%zu left", "%zu left", standing->left), standing->left);
}

static void add_waiting(struct str *text, const struct term *term, const struct saved *saved,
                        const struct standing *standing)
{
    const struct state *state = &saved->state;
    say_add_label(text, _("waiting"));
    str_print(text, _("%zu of %zu done"), state->done, state->count);
    add_failed(text, term, state->failed);
    if (standing->left) {
        str_add(text, ", ");
        str_print(text, lang_plural("%zu left", "%zu left", standing->left), standing->left);
    }
}

static void add_stopped(struct str *text, const struct term *term, const struct saved *saved,
                        const struct standing *standing)
{
    const struct state *state = &saved->state;
    say_add_label(text, _("stopped"));
    str_print(text, _("%zu of %zu done"), state->done, state->count);
    add_failed(text, term, state->failed);
    str_add(text, ", ");
    str_print(text, lang_plural("%zu left", "%zu left", standing->left), standing->left);
    if (standing->begun) {
        str_add(text, " (");
        str_print(text, lang_plural("%zu had begun", "%zu had begun", standing->begun),
                  standing->begun);
        str_add(text, ")");
    }
    str_print(text, "   lopin resume %u", saved->folder.number);
}

static void add_done(struct str *text, const struct term *term, const struct saved *saved,
                     const struct report *report)
{
    const struct state *state = &saved->state;
    CLEANUP_STR struct str wall = {0};
    human_duration(&wall, report->wall_us);
    say_add_label(text, _("done"));
    str_print(text, _("%zu of %zu in %s"), state->done, state->count, wall.text);
    add_failed(text, term, state->failed);
    if (!state->failed)
        add_figures(text, saved, report);
}

static void add_causes(struct str *text, const struct cli *cli, const struct term *term,
                       const struct saved *saved, const struct report *report)
{
    CLEANUP_COLUMNS struct columns columns = {
        .width = 5, .right = 1 << 1, .elastic = 3, .indent = 2};
    size_t shown = report->causes > CAUSES_SHOWN ? CAUSES_SHOWN : report->causes;
    for (size_t i = 0; i < shown; i++) {
        const struct report_cause *cause = &report->cause[i];
        struct str name = {0};
        struct str detail = {0};
        struct str command = {0};
        summary_add_name(&name, &saved->datasets, cause->first);
        add_visible(&detail, cause->detail);
        str_add(&command, "lopin log ");
        target_add(&command, cli, saved, cause->first);
        strv_add(&columns.cell, err_name(cause->code));
        strv_take(&columns.cell, mem_print("%zu", cause->count));
        strv_take(&columns.cell, str_take(&name));
        strv_take(&columns.cell, str_take(&detail));
        strv_take(&columns.cell, str_take(&command));
    }
    columns_add(&columns, term, text);
    size_t more = report->causes - shown;
    if (!more)
        return;
    str_add(text, "  ");
    str_print(text, lang_plural("and %zu other cause", "and %zu other causes", more), more);
    str_print(text, "   lopin log --failed %u:\n", saved->folder.number);
}

static void add_damage(struct str *text, const struct journal_damage *damage)
{
    if (!damage->lines)
        return;
    say_add_label(text, _("damaged"));
    str_print(text,
              lang_plural("%zu line of the journals cannot be read (%s, line %zu)",
                          "%zu lines of the journals cannot be read (first: %s, line %zu)",
                          damage->lines),
              damage->lines, damage->first, damage->first_line);
    str_add_char(text, '\n');
}

void summary_add_state(struct str *text, const struct term *term, const struct saved *saved,
                       const struct report *report)
{
    struct standing standing = summary_standing(saved);
    if (standing.running)
        add_running(text, term, saved, &standing);
    else if (standing.waiting)
        add_waiting(text, term, saved, &standing);
    else if (standing.left)
        add_stopped(text, term, saved, &standing);
    else
        add_done(text, term, saved, report);
}

void summary_add_rest(struct str *text, const struct cli *cli, const struct term *term,
                      const struct saved *saved, const struct report *report)
{
    add_causes(text, cli, term, saved, report);
    add_damage(text, &saved->state.damage);
}

void summary_add(struct str *text, const struct cli *cli, const struct term *term,
                 const struct saved *saved, const struct report *report)
{
    summary_add_state(text, term, saved, report);
    str_add_char(text, '\n');
    summary_add_rest(text, cli, term, saved, report);
}

void summary_say(const struct cli *cli, const struct saved *saved, const struct report *report)
{
    if (cli->options.quiet)
        return;
    CLEANUP_STR struct str text = {0};
    summary_add_run(&text, saved);
    summary_add(&text, cli, &cli->talk, saved, report);
    term_write(&cli->talk, &text);
}
