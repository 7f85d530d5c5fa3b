// SPDX-License-Identifier: Apache-2.0
// explain_text: what was found of jobs, for a person. What Slurm expects is called that.
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/human.h"
#include "base/lang.h"
#include "base/size.h"
#include "cli/config.h"
#include "cli/explain_job.h"
#include "cli/explain_lines.h"
#include "cli/job_words.h"
#include "cli/say.h"
#include "sched/limits.h"
#include "sched/reason.h"

#define SECOND_US INT64_C(1000000)

enum { CPU_GOOD = 70, RUNS_SHOWN = 5 };

struct view { // of one job
    struct str *into;
    const struct cli *cli;
    const struct job_facts *facts;
    const struct slurm_job *job; // NULL: only its record is known
    const char *name;
    int64_t now_s;
};

static void add_visible(struct str *into, const char *text)
{
    str_add_visible(into, text, strlen(text));
}

// "job     8124   "
static void add_head(const struct view *view)
{
    say_add_label(view->into, _("job"));
    str_print(view->into, "%s   ", view->name);
}

// How its earlier runs ended: each is a record of the accounts.
static void add_earlier(const struct view *view)
{
    const struct accounts *accounts = &view->facts->accounts;
    const struct slurm_job *job = view->job;
    struct str *into = view->into;
    unsigned shown = 0;
    for (size_t i = 0; i + 1 < accounts->count; i++) {
        const struct slurm_job *run = &accounts->item[i].job;
        const struct slurm_job *next = &accounts->item[i + 1].job;
        if (run->job != job->job || run->element != job->element || next->job != run->job ||
            next->element != run->element || shown++ == RUNS_SHOWN)
            continue;
        say_add_label(into, _("before"));
        str_print(into, _("a run ended: %s on %s\n"), run->state, *run->node ? run->node : "-");
    }
    if (!shown && job->restarts) {
        say_add_label(into, _("before"));
        str_print(into, lang_plural("it began %u time\n", "it began %u times\n", job->restarts),
                  job->restarts);
    }
}

static void add_start(const struct view *view)
{
    const struct slurm_job *job = view->job;
    struct reason reason;
    if (reason_look(job->reason, &reason) == 0 && reason.never)
        return;
    say_add_label(view->into, _("start"));
    if (!job->start_s) {
        str_add(view->into, _("Slurm does not say when\n"));
        return;
    }
    explain_add_time(view->into, job->start_s, view->now_s);
    str_add(view->into, strncmp(job->reason, "BeginTime", 9) == 0
                            ? _(" at the earliest\n")
                            : _(" as Slurm expects it now\n"));
}

static void text_waits(const struct view *view)
{
    const struct slurm_job *job = view->job;
    struct str *into = view->into;
    CLEANUP_STR struct str since = {0};
    explain_add_duration(&since, view->now_s - job->submit_s);
    str_print(into, _("waits in %s for %s\n"), job->partition, since.text);
    say_add_label(into, _("why"));
    explain_add_reason(into, job->reason);
    if (*job->dependency)
        explain_add_further(into, "   ", job->dependency);
    str_add_char(into, '\n');
    if (job->restarts && strcmp(job->reason, "BeginTime") == 0) {
        say_add_label(into, "");
        str_add(into, _("it begins again; Slurm lets two minutes pass before\n"));
    }
    add_earlier(view);
    add_start(view);
    explain_add_cure(into, job->reason, view->name);
}

static unsigned percent(double part, double whole)
{
    double share = 100 * part / whole;
    return share > 999 ? 999 : (unsigned)(share + 0.5);
}

static void add_verdict(const struct view *view, int is_low)
{
    if (!is_low)
        return;
    str_add(view->into, "   ");
    term_style(&view->cli->out, view->into, "33");
    str_add(view->into, _("low"));
    term_style(&view->cli->out, view->into, "0");
}

// Core time used of that it had. Returns whether it is below what the site wants.
static int add_cores(const struct view *view, int64_t elapsed_s)
{
    const struct config *config = view->cli->config;
    const struct account *used = &view->facts->used;
    unsigned good = config && config->site.advice_cpu ? config->site.advice_cpu : CPU_GOOD;
    double had = (double)elapsed_s * view->job->cpus;
    CLEANUP_STR struct str cpu = {0};
    CLEANUP_STR struct str all = {0};
    if (used->cpu_us < 0 || had < 1)
        return 0;
    unsigned share = percent((double)used->cpu_us / SECOND_US, had);
    human_duration(&cpu, used->cpu_us);
    human_duration(&all, (int64_t)had * SECOND_US);
    say_add_label(view->into, _("cores"));
    str_print(view->into, _("%u %%: %s of core time used of %s, on %u"), share, cpu.text,
              all.text, view->job->cpus);
    add_verdict(view, share < good);
    str_add_char(view->into, '\n');
    return share < good;
}

// `died`: for want of it.
static int add_memory(const struct view *view, int died)
{
    const struct config *config = view->cli->config;
    const struct account *used = &view->facts->used;
    unsigned good = config ? config->site.advice_memory : 0;
    CLEANUP_STR struct str most = {0};
    CLEANUP_STR struct str all = {0};
    if (used->memory_kb < 0)
        return 0;
    human_memory(&most, used->memory_kb);
    say_add_label(view->into, _("memory"));
    if (!used->paid_kb) {
        str_print(view->into, _("%s at most\n"), most.text);
        return 0;
    }
    unsigned share = percent((double)used->memory_kb, (double)used->paid_kb);
    human_memory(&all, used->paid_kb);
    if (died) { // between two looks of Slurm
        str_print(view->into, _("more than the %s that it had\n"), all.text);
        return 0;
    }
    str_print(view->into, _("%u %%: %s at most of %s"), share, most.text, all.text);
    add_verdict(view, share < good);
    str_add_char(view->into, '\n');
    return share < good;
}

static void text_runs(const struct view *view)
{
    const struct slurm_job *job = view->job;
    struct str *into = view->into;
    int64_t elapsed_s = view->now_s - job->start_s;
    CLEANUP_STR struct str since = {0};
    CLEANUP_STR struct str left = {0};
    CLEANUP_STR struct str limit = {0};
    explain_add_duration(&since, elapsed_s);
    str_print(into,
              job->phase == JOB_LEAVING ? _("is ending on %s, after %s\n")
                                        : _("runs on %s for %s\n"),
              job->node, since.text);
    if (job->time_us && job->end_s && job->phase == JOB_RUNS) {
        explain_add_duration(&left, job->end_s - view->now_s);
        human_duration(&limit, job->time_us);
        say_add_label(into, _("time"));
        str_print(into, _("%s left of %s\n"), left.text, limit.text);
    }
    add_earlier(view);
    if (view->facts->used.cpu_us > 0)
        add_cores(view, view->facts->said.asked_s - job->start_s);
    add_memory(view, 0);
}

// The folder of an output that is not there, which Slurm says nothing of. Yours; NULL: all are.
static char *absent_folder(const struct detail *detail)
{
    const char *const paths[] = {detail->out, detail->error};
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct stat st;
        CLEANUP_FREE char *folder = paths[i] ? fs_folder(paths[i]) : NULL;
        if (folder && *folder == '/' && stat(folder, &st) < 0)
            return TAKE(folder);
    }
    return NULL;
}

static void add_never(const struct view *view)
{
    CLEANUP_FREE char *folder = absent_folder(&view->facts->detail);
    CLEANUP_STR struct str word = {0};
    if (!folder) {
        say_add_label(view->into, _("found"));
        str_add(view->into, _("its output could not be opened, or its folder not entered\n"));
        return;
    }
    str_add_shell(&word, folder);
    say_add_label(view->into, _("found"));
    str_print(view->into, _("there is no folder %s for its output\n"), word.text);
    say_add_label(view->into, _("try"));
    str_print(view->into, "mkdir -p %s\n", word.text);
}

static void add_end_cure(const struct view *view, const struct job_view *job,
                         enum job_cause cause)
{
    struct str *into = view->into;
    CLEANUP_STR struct str more = {0};
    if (cause == CAUSE_NEVER) {
        add_never(view);
    } else if (cause == CAUSE_TIME && job->time_us) {
        limits_add_time(&more, 2 * job->time_us);
        say_add_label(into, _("try"));
        str_print(into, _("-t %s, or less work in a job\n"), more.text);
    } else if (cause == CAUSE_MEMORY && view->facts->used.paid_kb) {
        size_add(&more, 2 * view->facts->used.paid_kb);
        say_add_label(into, _("try"));
        str_print(into, _("--mem %s, or fewer side by side\n"), more.text);
    } else if (cause == CAUSE_NODE || cause == CAUSE_PREEMPTED) {
        say_add_label(into, _("try"));
        str_add(into, _("the same line again; --requeue has Slurm do so itself\n"));
    }
}

// Where what it printed is.
static void add_log(const struct view *view)
{
    const char *out = view->facts->detail.out;
    if (!out || strcmp(out, "/dev/null") == 0)
        return;
    CLEANUP_STR struct str word = {0};
    str_add_shell(&word, out);
    say_add_label(view->into, _("log"));
    str_print(view->into, "%s\n", word.text);
}

static void add_advice(const struct view *view, int wastes_cores, int wastes_memory)
{
    const struct config *config = view->cli->config;
    const struct account *used = &view->facts->used;
    CLEANUP_STR struct str size = {0};
    if (wastes_memory) {
        size_add(&size, (used->memory_kb * 5 / 4 / 1024 + 1) * 1024);
        say_add_label(view->into, _("try"));
        str_print(view->into, _("--mem %s: a quarter more than it needed\n"), size.text);
    }
    if (wastes_cores && view->job->cpus > 1) {
        say_add_label(view->into, _("try"));
        str_print(view->into, _("lopin threads job:%s on its node, while such a job runs\n"),
                  view->name);
    }
    if ((wastes_cores || wastes_memory) && config && config->site.advice_help) {
        say_add_label(view->into, _("help"));
        add_visible(view->into, config->site.advice_help);
        str_add_char(view->into, '\n');
    }
}

static void add_why(const struct view *view, const struct job_view *job,
                    const struct job_end *end)
{
    struct str *into = view->into;
    int code = job_words_code(job, end);
    say_add_label(into, code ? _("why") : _("end"));
    job_words_add(into, job, end);
    if (view->facts->used.by == (long)geteuid())
        str_add(into, _(" by you"));
    else if (view->facts->used.by >= 0)
        str_print(into, _(" by user %ld"), view->facts->used.by);
    if (*job->reason && code && code != ERR_EXIT_CODE)
        str_print(into, " (%s)", job->reason);
    if (code)
        str_print(into, " [%s]", err_name(code));
    str_add_char(into, '\n');
}

static void text_over(const struct view *view)
{
    const struct job_facts *facts = view->facts;
    const struct slurm_job *job = view->job;
    const struct job_end *end = facts->has_end ? &facts->end : NULL;
    int64_t elapsed_s = facts->has_used ? facts->used.elapsed_s : job->end_s - job->start_s;
    int had_node = *job->node && strcmp(job->node, "(null)") != 0;
    struct job_view seen;
    CLEANUP_STR struct str after = {0};
    jobs_view(job, &seen);
    explain_add_duration(&after, elapsed_s);
    if (had_node)
        str_print(view->into, _("%s on %s, after %s\n"), job->state, job->node, after.text);
    else
        str_print(view->into, _("%s, before it began\n"), job->state);
    add_why(view, &seen, end);
    if (job->end_s) {
        say_add_label(view->into, _("ended"));
        explain_add_time(view->into, job->end_s, view->now_s);
        str_add_char(view->into, '\n');
    }
    add_earlier(view);
    int wastes_cores = had_node && add_cores(view, elapsed_s);
    enum job_cause cause = job_cause(&seen, end);
    int wastes_memory = had_node && add_memory(view, cause == CAUSE_MEMORY);
    add_log(view);
    add_end_cure(view, &seen, cause);
    add_advice(view, wastes_cores, wastes_memory);
}

// Slurm has forgotten it, or does not answer.
static void text_record(const struct view *view)
{
    const struct job_end *end = &view->facts->end;
    const struct job_view none = {0};
    str_print(view->into, _("ended on %s\n"), end->node);
    add_why(view, &none, end);
    say_add_label(view->into, _("ended"));
    explain_add_time(view->into, end->ended_s, view->now_s);
    str_add_char(view->into, '\n');
    if (end->was_stopped) {
        say_add_label(view->into, _("found"));
        str_add(view->into, _("Slurm told it to stop: time, scancel or preemption\n"));
    }
    say_add_label(view->into, _("from"));
    if (view->facts->silent.code)
        str_print(view->into, _("its own record; %s [%s]\n"), view->facts->silent.text,
                  err_name(view->facts->silent.code));
    else
        str_add(view->into, _("its own record: Slurm has forgotten it\n"));
}

void explain_text_job(struct str *into, const struct cli *cli, const struct job_facts *facts,
                      const char *name)
{
    CLEANUP_STR struct str full = {0};
    if (facts->count)
        jobs_add_name(&full, facts->job);
    const struct view view = {.into = into,
                              .cli = cli,
                              .facts = facts,
                              .job = facts->count ? facts->job : NULL,
                              .name = facts->count ? full.text : name,
                              .now_s = clock_wall_us() / SECOND_US};
    add_head(&view);
    if (!facts->count)
        text_record(&view);
    else if (facts->job->phase == JOB_WAITS)
        text_waits(&view);
    else if (facts->job->phase == JOB_OVER)
        text_over(&view);
    else
        text_runs(&view);
}
