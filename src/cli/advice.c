// SPDX-License-Identifier: Apache-2.0
// advice: core time that was reserved and not used is either of cores in no slot, of slots
// without a task (for want of memory, at the end or between tasks), or of tasks that wait. The
// largest loss is the reason.
#include "cli/advice.h"

#include <string.h>

#include "base/human.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/config.h"
#include "cli/say.h"
#include "cli/summary.h"
#include "crew/team.h"
#include "sched/limits.h"
#include "threads/verdict.h"

#define GOOD       0.70 // of the cores
#define SHORT_US   200000
#define VERDICT_AT 60
#define SECOND_US  INT64_C(1000000)
#define MINUTE_US  (60 * SECOND_US)
#define HOUR_US    (60 * MINUTE_US)
#define ONE_CORE   1.25 // cores that a task of one thread seems to use at most

enum loss { LOSS_OUTSIDE, LOSS_MEMORY, LOSS_TAIL, LOSS_BETWEEN, LOSS_INSIDE, LOSSES };

struct view {
    const struct cli *cli;
    const struct saved *saved;
    const struct report *report;
    double each; // cores that a task used on average
    double good; // of the cores, at least
    struct team team;
};

static int is_by_jobs(const struct view *view)
{
    return view->team.parcels > 0;
}

static void add_verdict(struct str *text, const struct view *view, size_t from,
                        const char *verdict, int good)
{
    size_t columns = str_columns(text->text + from);
    str_add(text, "   ");
    for (columns += 3; columns < VERDICT_AT; columns++)
        str_add_char(text, ' ');
    if (!good)
        term_style(&view->cli->out, text, "33");
    str_add(text, verdict);
    if (!good)
        term_style(&view->cli->out, text, "0");
    str_add_char(text, '\n');
}

static void add_cores(struct str *text, const struct view *view)
{
    const struct report *report = view->report;
    if (report->efficiency < 0)
        return;
    size_t from = text->size;
    CLEANUP_STR struct str used = {0};
    CLEANUP_STR struct str reserved = {0};
    human_duration(&used, report->cpu_us);
    human_duration(&reserved, (int64_t)report->reserved_us);
    say_add_label(text, _("cores"));
    str_print(text, _("%.0f %%: %s of core time used of %s"), report->efficiency * 100,
              used.text, reserved.text);
    int good = report->efficiency >= view->good;
    add_verdict(text, view, from, good ? _("good") : _("low"), good);
}

static int died_of_memory(const struct report *report)
{
    for (size_t i = 0; i < report->causes; i++)
        if (report->cause[i].code == ERR_MEMORY_LIMIT)
            return 1;
    return 0;
}

// Whether less of what the run had is used than the site wants.
static int memory_is_idle(const struct view *view)
{
    unsigned wanted = view->cli->config ? view->cli->config->site.advice_memory : 0;
    const struct report *report = view->report;
    return wanted && report->memory_kb &&
           report->peak_kb * view->saved->spec.slots * 100 < report->memory_kb * wanted;
}

static void add_memory(struct str *text, const struct view *view)
{
    const struct report *report = view->report;
    if (report->largest == UINT32_MAX)
        return;
    size_t from = text->size;
    CLEANUP_STR struct str most = {0};
    CLEANUP_STR struct str all = {0};
    CLEANUP_STR struct str limit = {0};
    CLEANUP_STR struct str name = {0};
    human_memory(&most, report->peak_kb);
    human_memory(&limit, report->memory_kb);
    human_memory(&all, report->peak_kb * view->saved->spec.slots);
    summary_add_name(&name, &view->saved->datasets, report->largest);
    say_add_label(text, _("memory"));
    int failed = died_of_memory(report);
    // who was killed would have had more
    str_print(text, failed ? _("%s and more (%s)") : _("%s at most (%s)"), most.text,
              name.text);
    if (!failed && report->narrow <= 0) {
        int good = !memory_is_idle(view);
        CLEANUP_FREE char *verdict = is_by_jobs(view)
                                         ? mem_print(good ? _("enough: --mem %s a node")
                                                          : _("far too much: --mem %s a node"),
                                                     all.text)
                                         : mem_print(good ? _("enough: sbatch --mem=%s")
                                                          : _("far too much: sbatch --mem=%s"),
                                                     all.text);
        add_verdict(text, view, from, verdict, good);
        return;
    }
    if (report->memory_kb)
        str_print(text, _(", limit %s"), limit.text);
    add_verdict(text, view, from, failed ? _("too little") : _("held tasks back"), 0);
}

static void add_tasks(struct str *text, const struct view *view)
{
    const struct report *report = view->report;
    if (report->slowest == UINT32_MAX)
        return;
    size_t from = text->size;
    CLEANUP_STR struct str median = {0};
    CLEANUP_STR struct str longest = {0};
    CLEANUP_STR struct str name = {0};
    human_duration(&median, report->median_us);
    human_duration(&longest, report->longest_us);
    summary_add_name(&name, &view->saved->datasets, report->slowest);
    say_add_label(text, _("tasks"));
    str_print(text, _("median %s, slowest %s (%s)"), median.text, longest.text, name.text);
    int few = report->ended <= view->saved->spec.slots;
    int pace = !few && report->longest_us > report->wall_us / 2 &&
               report->longest_us > report->median_us + report->median_us / 2;
    add_verdict(text, view, from, pace ? _("the slowest sets the time") : _("good"), !pace);
}

static void add_threads(struct str *text, const struct view *view)
{
    unsigned threads = view->saved->spec.threads;
    if (view->each < 0)
        return;
    size_t from = text->size;
    say_add_label(text, _("threads"));
    str_print(text,
              lang_plural("%.1f of %u core used by each task",
                          "%.1f of %u cores used by each task", threads),
              view->each, threads);
    int good = view->each >= GOOD * threads;
    add_verdict(text, view, from, good ? _("good") : _("low"), good);
}

static void add_balance(struct str *text, const struct view *view)
{
    const struct report *report = view->report;
    if (report->busy < 0)
        return;
    size_t from = text->size;
    say_add_label(text, _("balance"));
    str_print(text, _("slots busy %.0f %% of the time"), report->busy * 100);
    CLEANUP_STR struct str tail = {0};
    if (report->tail > 0.01) {
        human_duration(&tail, report->tail_us);
        str_print(text, _(", not all in the last %s"), tail.text);
    }
    int good = report->busy >= GOOD;
    add_verdict(text, view, from, good ? _("good") : _("low"), good);
}

// Parcels together: how wide they were, and for how long the last one was alone.
static void add_team(struct str *text, const struct view *view)
{
    const struct team *team = &view->team;
    CLEANUP_STR struct str alone = {0};
    size_t from = text->size;
    if (!is_by_jobs(view))
        return;
    human_duration(&alone, team->alone_us);
    say_add_label(text, _("parcels"));
    str_print(text,
              lang_plural("%zu, with at most %u core at one time",
                          "%zu, with at most %u cores at one time", view->report->most_cores),
              team->parcels, view->report->most_cores);
    if (team->alone_us < SECOND_US || team->alone_us < team->wall_us / 100) {
        str_add_char(text, '\n');
        return;
    }
    str_print(text, _(", the last one alone for %s"), alone.text);
    // no cut is finer than a dataset
    int good = team->alone_us < team->wall_us / 10 ||
               team->alone_us <= view->report->longest_us + SECOND_US;
    add_verdict(text, view, from, good ? _("good") : _("smaller --chunk"), good);
}

// "longest parcel 2h33m of 3h (85 %)"
static void add_time(struct str *text, const struct view *view)
{
    const struct team *team = &view->team;
    int64_t limit_us = view->saved->spec.time_us;
    CLEANUP_STR struct str longest = {0};
    CLEANUP_STR struct str limit = {0};
    size_t from = text->size;
    if (!is_by_jobs(view) || limit_us <= 0)
        return;
    human_duration(&longest, team->longest_us);
    human_duration(&limit, limit_us);
    say_add_label(text, _("time"));
    str_print(text, _("longest parcel %s of %s (%.0f %%)"), longest.text, limit.text,
              (double)team->longest_us * 100 / (double)limit_us);
    int is_far = limit_us > HOUR_US && team->longest_us < limit_us / 2;
    CLEANUP_STR struct str less = {0};
    limits_add_time(&less, team->longest_us + team->longest_us / 4 + 5 * MINUTE_US);
    CLEANUP_FREE char *verdict =
        mem_print(_("a shorter -t may start sooner: -t %s"), less.text);
    add_verdict(text, view, from, is_far ? verdict : _("good"), !is_far);
}

static enum loss largest_loss(const struct view *view)
{
    const struct report *report = view->report;
    const struct spec *spec = &view->saved->spec;
    double slots = report->slots_us * spec->threads;
    double held =
        (double)report->wall_us * spec->cores; // less than reserved: of parcels side by side
    double idle = slots * (1 - report->busy);
    double tail = slots * (report->tail > 0 ? report->tail : 0);
    double narrow = slots * (report->narrow > 0 ? report->narrow : 0);
    double other = idle > narrow ? 1 - narrow / idle : 0; // part that is not for want of memory
    double loss[LOSSES] = {
        [LOSS_OUTSIDE] = (held > report->reserved_us ? held : report->reserved_us) - slots,
        [LOSS_MEMORY] = narrow,
        [LOSS_TAIL] = tail * other,
        [LOSS_BETWEEN] = (idle - tail) * other,
        [LOSS_INSIDE] = (double)report->ended_us * spec->threads - (double)report->cpu_us,
    };
    enum loss largest = 0;
    for (enum loss i = 1; i < LOSSES; i++)
        if (loss[i] > loss[largest])
            largest = i;
    return largest;
}

// With more cores than this the slowest task alone would still take as long.
static unsigned useful_cores(const struct view *view)
{
    const struct report *report = view->report;
    const struct spec *spec = &view->saved->spec;
    int64_t longest = report->longest_us > 0 ? report->longest_us : 1;
    int64_t slots = (report->ended_us + longest - 1) / longest;
    return slots < spec->slots ? (unsigned)slots * spec->threads : spec->cores;
}

static void add_tail(struct str *text, const struct view *view)
{
    const struct spec *spec = &view->saved->spec;
    size_t ended = view->report->ended;
    if (is_by_jobs(view))
        str_add(text, _("parcels had fewer tasks than cores at their end; next time a smaller "
                        "-c, or --order size"));
    else if (ended < spec->slots)
        str_print(text,
                  lang_plural("%zu task for %u slots; next time -c %zu",
                              "%zu tasks for %u slots; next time -c %zu", ended),
                  ended, spec->slots, ended * spec->threads);
    else if (spec->order != ORDER_SIZE)
        str_add(text, _("long tasks came last; next time --order size"));
    else if (useful_cores(view) < spec->cores)
        str_print(text, _("the slowest task sets the time; -c %u takes as long"),
                  useful_cores(view));
    else
        str_print(text, _("the last tasks were few; more datasets in a run, or fewer cores"));
}

// What all slots together would need, and how many of them have it.
static void add_narrow(struct str *text, const struct view *view)
{
    const struct report *report = view->report;
    const struct spec *spec = &view->saved->spec;
    CLEANUP_STR struct str all = {0};
    int64_t peak = report->peak_kb > 0 ? report->peak_kb : 1;
    int64_t fits = report->memory_kb / peak;
    human_memory(&all, peak * spec->slots);
    str_print(text, _("memory held tasks back; next time %s of it for %u side by side"),
              all.text, spec->slots);
    if (fits && fits < spec->slots)
        str_print(text, _(", or -j %u"), (unsigned)fits);
}

// As was seen while they ran.
static int waits_for_cores(const struct state *state)
{
    for (size_t i = 0; i < state->findings; i++)
        if (strcmp(state->finding[i].cause, verdict_name(VERDICT_OVERSUBSCRIBED)) == 0 ||
            strcmp(state->finding[i].cause, verdict_name(VERDICT_NEIGHBOUR)) == 0)
            return 1;
    return 0;
}

static void add_inside(struct str *text, const struct view *view)
{
    const struct spec *spec = &view->saved->spec;
    unsigned enough = (unsigned)(view->report->efficiency * spec->cores + 0.99);
    if (spec->threads > 1 && view->each >= GOOD && view->each <= ONE_CORE)
        str_add(text,
                _("the script uses one core; next time -T 1, so that more run side by side"));
    else if (spec->threads > 1 && view->each > ONE_CORE)
        str_print(text, _("the script uses %.1f of %u cores; next time -T %u"), view->each,
                  spec->threads, (unsigned)(view->each + 0.5));
    else if (waits_for_cores(&view->saved->state))
        str_print(text,
                  _("tasks wait for cores (%.1f of a core used each): see the lines on threads "
                    "below"),
                  view->each);
    else
        str_print(text,
                  _("tasks wait, for disk or network (%.1f of a core used each): copy the "
                    "datasets to a local disk"),
                  view->each);
    if (spec->threads == 1 && enough && enough < spec->cores)
        str_print(text, _(", or -c %u"), enough);
}

static void add_reason(struct str *text, const struct view *view)
{
    const struct spec *spec = &view->saved->spec;
    enum loss loss = largest_loss(view);
    const struct report *report = view->report;
    // the last attempt of one that was told to run again may be its shortest
    int is_short =
        report->median_us < SHORT_US && report->ended_us < (int64_t)report->ended * SHORT_US;
    CLEANUP_STR struct str median = {0};
    human_duration(&median, report->median_us);
    say_add_label(text, _("advice"));
    switch (loss == LOSS_INSIDE && is_short ? LOSS_BETWEEN : loss) {
    case LOSS_OUTSIDE:
        str_print(text, _("%u cores for %u slots of %u; next time -c %u"), spec->cores,
                  spec->slots, spec->threads, spec->slots * spec->threads);
        break;
    case LOSS_MEMORY: add_narrow(text, view); break;
    case LOSS_TAIL: add_tail(text, view); break;
    case LOSS_INSIDE: add_inside(text, view); break;
    default:
        if (is_short)
            str_print(text,
                      _("tasks of %s are too short to be started one by one; give the script "
                        "several datasets at once"),
                      median.text);
        else
            str_add(text, _("slots waited between tasks, for outputs or the start of the "
                            "interpreter from a slow disk; --out and --env on a local disk"));
    }
    str_add_char(text, '\n');
}

// Whom the site names for questions.
static void add_help(struct str *text, const struct view *view)
{
    const char *help = view->cli->config ? view->cli->config->site.advice_help : NULL;
    if (!help)
        return;
    say_add_label(text, _("help"));
    str_add_visible(text, help, strlen(help));
    str_add_char(text, '\n');
}

void advice_add(struct str *text, const struct cli *cli, const struct saved *saved,
                const struct report *report)
{
    struct view view = {.cli = cli, .saved = saved, .report = report, .each = -1, .good = GOOD};
    if (cli->config && cli->config->site.advice_cpu)
        view.good = cli->config->site.advice_cpu / 100.0;
    if (!report->ended)
        return;
    team_look(&saved->state, &view.team);
    if (report->ended_us > 0)
        view.each = (double)report->cpu_us / (double)report->ended_us;
    add_cores(text, &view);
    add_memory(text, &view);
    add_tasks(text, &view);
    add_threads(text, &view);
    add_balance(text, &view);
    add_team(text, &view);
    add_time(text, &view);
    if (report->efficiency >= 0 && report->efficiency < view.good) {
        add_reason(text, &view);
        add_help(text, &view);
    }
}
