// SPDX-License-Identifier: Apache-2.0
// crew_words: what is the same for many is said once, with how many they are.
#include "cli/crew_words.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/human.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/config.h"
#include "cli/explain_lines.h"
#include "cli/say.h"
#include "cli/summary.h"
#include "sched/reason.h"

#define SECOND_US INT64_C(1000000)

enum { NODES_SHOWN = 8, REASONS = 4, TROUBLES = 6 };

struct reasons { // why jobs wait, the most frequent first
    struct {
        const char *said;
        size_t count;
    } item[REASONS];
    size_t kinds, more;
    int64_t start_s; // the soonest; 0: not said
};

static void gather(const struct crew *crew, struct reasons *ret)
{
    *ret = (struct reasons){0};
    for (size_t i = 0; i < crew->jobs; i++) {
        const struct crew_job *job = &crew->job[i];
        if (job->way != CREW_WAITS)
            continue;
        int64_t start_s = job->said->start_s;
        if (start_s && (!ret->start_s || start_s < ret->start_s))
            ret->start_s = start_s;
        size_t at = 0;
        while (at < ret->kinds && strcmp(ret->item[at].said, job->said->reason) != 0)
            at++;
        if (at == REASONS) {
            ret->more++;
            continue;
        }
        ret->kinds += at == ret->kinds;
        ret->item[at].said = job->said->reason;
        ret->item[at].count++;
    }
}

static void add_nodes(struct str *text, const struct crew *crew)
{
    CLEANUP_TABLE struct table seen = {0};
    size_t shown = 0;
    for (size_t i = 0; i < crew->parcels; i++) {
        int is_new;
        const struct parcel_look *parcel = &crew->parcel[i];
        if (!parcel->is_alive || parcel->is_fenced)
            continue;
        const char *node = crew_node(crew, parcel);
        table_put(&seen, node, &is_new);
        if (!is_new)
            continue;
        if (shown++ == NODES_SHOWN) {
            str_add(text, ", ...");
            return;
        }
        str_add(text, shown == 1 ? _(" on ") : ", ");
        str_add_visible(text, node, strlen(node));
    }
}

// "5 (64 of 80 cores) on n1, n3"
static void add_parcels(struct str *text, const struct saved *saved, const struct crew *crew)
{
    unsigned cores, slots;
    if (!crew->alive)
        return;
    crew_size(crew, saved, &cores, &slots);
    size_t busy = saved->state.begun * saved->spec.threads;
    say_add_label(text, _("parcels"));
    str_print(text, "%zu", crew->alive);
    str_print(text, lang_plural(" (%zu of %u core)", " (%zu of %u cores)", cores),
              busy < cores ? busy : cores, cores);
    add_nodes(text, crew);
    str_add_char(text, '\n');
}

static void add_start(struct str *text, int64_t start_s)
{
    CLEANUP_STR struct str words = {0};
    CLEANUP_STR struct str time = {0};
    if (!start_s)
        return;
    explain_add_time(&time, start_s, clock_wall_us() / SECOND_US);
    str_print(&words, _("start expected %s"), time.text);
    explain_add_further(text, ", ", words.text);
}

// The first line of jobs has their label.
static void begin_job(struct str *text, size_t *lines)
{
    say_add_label(text, (*lines)++ ? "" : _("jobs"));
}

static void add_waiting(struct str *text, const struct crew *crew, size_t *lines)
{
    struct reasons reasons;
    gather(crew, &reasons);
    for (size_t i = 0; i < reasons.kinds; i++) {
        size_t count = reasons.item[i].count;
        begin_job(text, lines);
        str_print(text, lang_plural("%zu waits: ", "%zu wait: ", count), count);
        explain_add_reason(text, reasons.item[i].said);
        if (!i)
            add_start(text, reasons.start_s);
        str_add_char(text, '\n');
    }
    if (reasons.more) {
        begin_job(text, lines);
        str_print(text, lang_plural("%zu more waits\n", "%zu more wait\n", reasons.more),
                  reasons.more);
    }
    const char *job = crew->jobs ? crew->job[0].submission->job : "";
    for (size_t i = 0; i < reasons.kinds; i++)
        explain_add_cure(text, reasons.item[i].said, job);
}

static void add_silent(struct str *text, const struct crew *crew,
                       const struct crew_queue *queue, size_t *lines)
{
    size_t count = crew->in_way[CREW_UNKNOWN];
    if (count) {
        begin_job(text, lines);
        str_print(text,
                  lang_plural("%zu was handed to Slurm, which does not say how it stands",
                              "%zu were handed to Slurm, which does not say how they stand",
                              count),
                  count);
        str_add_char(text, '\n');
    }
    if (queue->silent.code) {
        const char *words = queue->silent.code == ERR_SLURM_SILENT ? _("Slurm does not answer")
                                                                   : queue->silent.text;
        say_add_label(text, "");
        str_add_visible(text, words, strlen(words));
        str_print(text, " [%s]\n", err_name(queue->silent.code));
    } else if (queue->is_known && queue->said.age_us > 2 * JOBS_FRESH_US) {
        CLEANUP_STR struct str age = {0};
        human_duration(&age, queue->said.age_us);
        say_add_label(text, "");
        str_print(text, _("Slurm said so %s ago, and does not answer since\n"), age.text);
    }
}

static void add_jobs(struct str *text, const struct crew *crew, const struct crew_queue *queue)
{
    size_t lines = 0;
    if (!crew->is_in_force)
        return;
    add_waiting(text, crew, &lines);
    size_t begin = crew->in_way[CREW_BEGINS], fresh = crew->in_way[CREW_NEW];
    if (begin) {
        begin_job(text, &lines);
        str_print(text, lang_plural("%zu begins\n", "%zu begin\n", begin), begin);
    }
    if (fresh) {
        begin_job(text, &lines);
        str_print(text,
                  lang_plural("%zu was just submitted\n", "%zu were just submitted\n", fresh),
                  fresh);
    }
    if (crew_wants_queue(crew))
        add_silent(text, crew, queue, &lines);
}

static void add_node(struct str *text, const struct crew_trouble *trouble)
{
    if (trouble->count > 1 || !*trouble->node)
        return;
    str_add(text, ", ");
    str_add_visible(text, trouble->node, strlen(trouble->node));
}

// Of ends that a number and a clause tell all of.
static const char *fate_words(enum crew_fate fate, size_t count)
{
    switch (fate) {
    case FATE_NODE: return lang_plural("lost its node", "lost their nodes", count);
    case FATE_TIME: return lang_plural("ran out of time", "ran out of time", count);
    case FATE_MEMORY:
        return lang_plural("needed more memory than it had", "needed more memory than they had",
                           count);
    case FATE_CANCELLED: return lang_plural("was cancelled", "were cancelled", count);
    case FATE_PREEMPTED:
        return lang_plural("had to make room for another job",
                           "had to make room for other jobs", count);
    case FATE_NEVER: return lang_plural("could not be started", "could not be started", count);
    case FATE_GONE:
        return lang_plural("is gone, and Slurm does not say why",
                           "are gone, and Slurm does not say why", count);
    case FATE_DIED:
        return lang_plural("died, or lost its node", "died, or lost their nodes", count);
    case FATE_LEFT:
        return lang_plural("ended with datasets left", "ended with datasets left", count);
    case FATE_REFUSED:
    case FATE_STATUS: break;
    }
    return lang_plural("could not begin: ", "could not begin: ", count);
}

static void add_fate(struct str *text, const struct crew_trouble *trouble)
{
    str_print(text, "%zu %s", trouble->count, fate_words(trouble->fate, trouble->count));
    if (trouble->fate == FATE_REFUSED)
        str_add_visible(text, trouble->why, strlen(trouble->why));
    else if (trouble->fate == FATE_STATUS)
        str_print(text, _("the script ended with status %d"), trouble->status);
    else if (trouble->fate == FATE_NODE || trouble->fate == FATE_DIED)
        add_node(text, trouble);
}

// What Slurm wrote for it.
static void add_log(struct str *text, const struct cli *cli, const struct saved *saved,
                    const struct crew_job *job)
{
    CLEANUP_FREE char *name = crew_log(saved->folder.fd, job);
    if (!name)
        return;
    CLEANUP_FREE char *path = mem_print("%s/%s", saved->folder.path, name);
    CLEANUP_FREE char *shown = config_shown(cli, path);
    explain_add_further(text, "   ", shown);
}

static void add_troubles(struct str *text, const struct cli *cli, const struct saved *saved,
                         const struct crew *crew)
{
    size_t count;
    CLEANUP_FREE struct crew_trouble *list = crew_troubles(crew, saved->folder.fd, &count);
    for (size_t i = 0; i < count && i < TROUBLES; i++) {
        say_add_label(text, i ? "" : crew->alive ? _("others") : _("parcels"));
        add_fate(text, &list[i]);
        if (list[i].code)
            str_print(text, " [%s]", err_name(list[i].code));
        add_log(text, cli, saved, list[i].first);
        str_add_char(text, '\n');
    }
}

// Whether a runner that was no job went on with the run after its jobs.
static int is_past(const struct saved *saved, const struct crew *crew)
{
    for (size_t i = 0; i < saved->state.segments; i++)
        if (!saved->state.segment[i].parcel &&
            saved->state.segment[i].start_us > crew->since_us)
            return 1;
    return 0;
}

void crew_add(struct str *text, const struct cli *cli, const struct saved *saved,
              const struct crew *crew, const struct crew_queue *queue)
{
    struct standing standing = summary_standing(saved);
    if (!crew->round || is_past(saved, crew))
        return;
    if (standing.running)
        add_parcels(text, saved, crew);
    if (standing.running || standing.waiting)
        add_jobs(text, crew, queue);
    if (standing.running || standing.waiting || standing.left)
        add_troubles(text, cli, saved, crew);
}

void crew_say(const struct cli *cli, const struct saved *saved, const struct report *report,
              const struct crew *crew, const struct crew_queue *queue)
{
    CLEANUP_STR struct str text = {0};
    if (cli->options.quiet)
        return;
    summary_add_run(&text, saved);
    summary_add_state(&text, &cli->talk, saved, report);
    str_add_char(&text, '\n');
    crew_add(&text, cli, saved, crew, queue);
    summary_add_rest(&text, cli, &cli->talk, saved, report);
    term_write(&cli->talk, &text);
}

void crew_add_left(struct str *text, const struct saved *saved, const struct crew *crew)
{
    int64_t left_us = crew_left_us(crew, saved, clock_wall_us());
    CLEANUP_STR struct str time = {0};
    if (left_us < 0)
        return;
    human_duration(&time, left_us);
    str_print(text, _(", about %s left"), time.text);
}

void crew_add_short(struct str *text, const struct saved *saved, const struct crew *crew,
                    const struct crew_queue *queue)
{
    unsigned cores, slots;
    struct reasons reasons;
    const char *gap = "  ";
    if (!crew->round)
        return;
    gather(crew, &reasons);
    crew_size(crew, saved, &cores, &slots);
    if (crew->alive) {
        str_add(text, gap);
        str_print(text, lang_plural("%zu parcel", "%zu parcels", crew->alive), crew->alive);
        str_print(text, lang_plural(", %u core", ", %u cores", cores), cores);
        add_nodes(text, crew);
        gap = "   ";
    }
    size_t waiting = crew->in_way[CREW_WAITS];
    size_t other = crew->is_in_force ? crew_awaited(crew) - waiting : 0;
    if (crew->is_in_force && waiting) {
        str_add(text, gap);
        str_print(text, lang_plural("%zu job waits: ", "%zu jobs wait: ", waiting), waiting);
        reason_add(text, reasons.item[0].said);
        gap = "   ";
    }
    if (other) {
        str_add(text, gap);
        str_print(text, lang_plural("%zu job to come", "%zu jobs to come", other), other);
    }
    if (queue->silent.code)
        str_print(text, "   [%s]", err_name(queue->silent.code));
}
