// SPDX-License-Identifier: Apache-2.0
// threads_show: processes as a tree, pools below each other where they are alike, then the verdicts.
#include "cli/threads_show.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/columns.h"
#include "cli/say.h"
#include "cli/threads_words.h"

enum { VERDICTS_SHOWN = 8 };

void threads_target_free(struct threads_target *target)
{
    free(target->roots);
    free(target->title);
    free(target->job);
    *target = (struct threads_target){0};
}

// A cell takes UTF-8 without control bytes; take over what is printed into it.
static void add_cell(struct columns *columns, struct str *text)
{
    strv_take(&columns->cell, str_take(text));
}

static void add_heads(struct columns *columns)
{
    const char *const heads[] = {_("pid"),  _("process"), _("threads"), _("CPUs"),
                                 _("used"), _("asked"),   _("waits")};
    for (size_t i = 0; i < COUNT(heads); i++)
        strv_add(&columns->cell, heads[i]);
}

static void add_name(struct str *into, const struct census_process *process)
{
    for (unsigned i = 0; i < process->depth && i < 8; i++)
        str_add(into, "  ");
    str_add_visible(into, process->name, strlen(process->name));
}

static void add_row(struct columns *columns, const struct scene *scene, size_t i)
{
    const struct census_process *process = &scene->census.item[i];
    const struct pace_process *pace = &scene->pace.item[i];
    struct str text = {0};
    double all = pace->run + pace->wait;
    str_print(&text, "%d", (int)process->pid);
    add_cell(columns, &text);
    add_name(&text, process);
    add_cell(columns, &text);
    str_print(&text, "%zu", pace->threads);
    add_cell(columns, &text);
    cpuset_format(&process->cpus, &text);
    add_cell(columns, &text);
    str_print(&text, "%.2f", pace->run);
    add_cell(columns, &text);
    if (scene->pace.measured)
        str_print(&text, "%.2f", all);
    add_cell(columns, &text);
    if (scene->pace.measured && all > PACE_ACTIVE)
        str_print(&text, "%.0f %%", pace->wait / all * 100);
    add_cell(columns, &text);
}

static void add_table(struct str *into, const struct term *term, const struct scene *scene,
                      size_t rows, int on_screen)
{
    CLEANUP_COLUMNS struct columns columns = {
        .width = 7, .elastic = 1, .right = 1 << 0 | 1 << 2 | 1 << 4 | 1 << 5 | 1 << 6};
    size_t count = scene->census.count;
    add_heads(&columns);
    for (size_t i = 0; i < count && i < rows; i++)
        add_row(&columns, scene, i);
    columns_add(&columns, term, into);
    if (count > rows && on_screen)
        str_print(into, _("        and %zu more\n"), count - rows);
    else if (count > rows)
        str_print(into,
                  lang_plural("        and %zu more (-v shows it)\n",
                              "        and %zu more (-v shows them)\n", count - rows),
                  count - rows);
}

// Pools of one library that are alike.
struct like {
    const struct pool *pool;
    unsigned processes;
};

static size_t gather(const struct scene *scene, struct like **ret)
{
    size_t count = 0, room = 0;
    *ret = NULL;
    for (size_t library = 0; library < scene->pools.count; library++)
        for (size_t i = 0; i < scene->census.count; i++) {
            const struct pools_process *pools = &scene->process[i].pools;
            for (size_t k = 0; k < pools->count; k++) {
                const struct pool *pool = &pools->pool[k];
                size_t at = 0;
                if (pool->library != library)
                    continue;
                while (at < count && ((*ret)[at].pool->library != library ||
                                      (*ret)[at].pool->threads != pool->threads ||
                                      (*ret)[at].pool->from != pool->from))
                    at++;
                if (at == count) {
                    mem_room(ret, &room, count + 1, sizeof **ret);
                    (*ret)[count++] = (struct like){.pool = pool};
                }
                (*ret)[at].processes++;
            }
        }
    return count;
}

static void add_library(struct str *into, const struct library *library)
{
    const char *base = strrchr(library->path, '/');
    if (library->name)
        str_add(into, library->name);
    else
        str_add(into, _("unknown BLAS "));
    if (!library->name)
        str_add_visible(into, base + 1, strlen(base + 1));
    if (library->version) {
        str_add_char(into, ' ');
        str_add_visible(into, library->version, strlen(library->version));
    }
    if (library->package && library->kind != LIBRARY_OTHER) {
        str_add(into, " (");
        str_add_visible(into, library->package, strlen(library->package));
        if (library->package_version) {
            str_add_char(into, ' ');
            str_add_visible(into, library->package_version, strlen(library->package_version));
        }
        str_add_char(into, ')');
    }
}

// "8 threads", and how that is known.
static void add_threads(struct str *into, const struct pool *pool)
{
    if (pool->from == POOL_UNKNOWN) {
        str_add(into, _("threads not known"));
        return;
    }
    str_print(into, lang_plural("%u thread", "%u threads", pool->threads), pool->threads);
    if (pool->from == POOL_ENVIRONMENT)
        str_print(into, _(", by %s"), pool->by);
    else if (pool->from == POOL_CORES)
        str_add(into, _(", by the CPUs"));
}

static void add_rule(struct str *into, const struct library *library)
{
    if (!library->variable && !library->call)
        str_add(into, _("what sets it is not known"));
    else if (library->variable && library->call)
        str_print(into, _("%s or %s"), library->variable, library->call);
    else
        str_add(into, library->variable ? library->variable : library->call);
}

static void add_pools(struct str *into, const struct term *term, const struct scene *scene)
{
    CLEANUP_FREE struct like *like = NULL;
    size_t count = gather(scene, &like);
    CLEANUP_COLUMNS struct columns columns = {.width = 4, .elastic = 3};
    for (size_t i = 0; i < count; i++) {
        const struct library *library = &scene->pools.library[like[i].pool->library];
        struct str text = {0};
        str_add(&text, i ? "" : _("pools"));
        while (str_columns(str_text(&text)) < 7)
            str_add_char(&text, ' ');
        str_add_char(&text, ' ');
        add_library(&text, library);
        add_cell(&columns, &text);
        add_threads(&text, like[i].pool);
        add_cell(&columns, &text);
        str_print(&text, lang_plural("%u process", "%u processes", like[i].processes),
                  like[i].processes);
        add_cell(&columns, &text);
        add_rule(&text, library);
        add_cell(&columns, &text);
    }
    columns_add(&columns, term, into);
}

struct words_case threads_case(const struct scene *scene, size_t group, struct str *libraries)
{
    struct words_case of = {.verdict = scene->group[group].verdict,
                            .facts = scene->group[group].facts};
    scene_libraries(scene, group, libraries, &of.variable);
    of.libraries = str_text(libraries);
    for (size_t i = 0; i < scene->census.count; i++)
        if (!scene->separate || scene->census.item[i].group == group)
            of.in_task |= scene->process[i].pools.in_task;
    return of;
}

static void add_verdict(struct str *into, const struct term *term, const struct scene *scene,
                        size_t group, int with_root)
{
    CLEANUP_STR struct str libraries = {0};
    struct words_case of = threads_case(scene, group, &libraries);
    CLEANUP_STR struct str cure = {0};
    int good = of.verdict == VERDICT_FINE || of.verdict == VERDICT_ASLEEP ||
               of.verdict == VERDICT_UNKNOWN || of.verdict == VERDICT_FULL;
    say_add_label(into, _("verdict"));
    if (with_root)
        str_print(into, "%d%s", (int)scene->roots[group], _(": "));
    if (!good)
        term_style(term, into, "33");
    words_add(into, &of);
    if (!good)
        term_style(term, into, "0");
    str_add_char(into, '\n');
    words_add_cure(&cure, &of);
    if (!cure.size)
        return;
    say_add_label(into, _("try"));
    str_print(into, "%s\n", cure.text);
}

// Of several that are judged by themselves the worst, and others that are as bad.
static void add_verdicts(struct str *into, const struct term *term, const struct scene *scene)
{
    size_t shown = 0, alike = 0;
    if (!scene->groups)
        return;
    enum verdict worst = scene->group[scene->worst].verdict;
    for (size_t i = 0; i < scene->groups; i++) {
        if (scene->group[i].verdict != worst || !scene->group[i].processes)
            continue;
        alike++;
        if (shown == VERDICTS_SHOWN || (worst == VERDICT_FINE && shown))
            continue;
        add_verdict(into, term, scene, i, scene->separate && scene->groups > 1);
        shown++;
    }
    if (alike > shown)
        str_print(into,
                  lang_plural("        the same of %zu more\n",
                              "        the same of %zu more\n", alike - shown),
                  alike - shown);
}

// Of each reason one process: those that it forks have it too.
static void add_hook(struct str *into, const struct term *term, const struct scene *scene,
                     enum hook hook)
{
    const struct census_process *first = NULL;
    unsigned more = 0;
    for (size_t i = 0; i < scene->census.count; i++) {
        if (scene->process[i].pools.hook != hook)
            continue;
        more += first != NULL;
        first = first ? first : &scene->census.item[i];
    }
    if (!first)
        return;
    say_add_label(into, _("hook"));
    str_print(into, "%d ", (int)first->pid);
    str_add_visible(into, first->name, strlen(first->name));
    if (more)
        str_print(into, lang_plural(" (and %u more)", " (and %u more)", more), more);
    str_add(into, _(": "));
    term_style(term, into, "33");
    str_add(into,
            _("lopin's startup hook is not in it, so what it starts is not held to its cores"));
    term_style(term, into, "0");
    str_print(into, " (%s)\n", words_hook(hook));
    say_add_label(into, _("try"));
    str_print(into, "%s\n", words_hook_cure(hook));
}

static void add_hooks(struct str *into, const struct term *term, const struct scene *scene)
{
    for (enum hook hook = HOOK_ISOLATED; hook <= HOOK_LOST; hook++)
        add_hook(into, term, scene, hook);
}

static void add_head(struct str *into, const struct scene *scene,
                     const struct threads_target *target)
{
    size_t threads = 0;
    struct verdict_facts all = {0};
    CLEANUP_STR struct str mask = {0};
    struct cpuset cpus = {0};
    double quota = 0;
    for (size_t i = 0; i < scene->census.count; i++) {
        threads += scene->pace.item[i].threads;
        cpuset_or(&cpus, &scene->census.item[i].cpus);
        all.run += scene->pace.item[i].run;
        all.wait += scene->pace.item[i].wait;
    }
    for (size_t i = 0; i < scene->groups; i++)
        quota = scene->group[i].quota;
    all.cores = cpuset_count(&cpus);
    if (quota > 0 && quota < all.cores)
        all.cores = quota;
    say_add_label(into, _("watched"));
    str_print(into, "%s%s", target->title, _(": "));
    str_print(into, lang_plural("%zu process, ", "%zu processes, ", scene->census.count),
              scene->census.count);
    str_print(into, lang_plural("%zu thread\n", "%zu threads\n", threads), threads);
    cpuset_format(&cpus, &mask);
    say_add_label(into, _("cores"));
    str_print(into, _("%.3g (CPUs %s"), all.cores, str_text(&mask));
    if (quota > 0)
        str_print(into, _(", quota %.3g"), quota);
    str_print(into, _("): %.2f used"), all.run);
    if (scene->pace.measured)
        str_print(into, _(", %.2f asked for"), all.run + all.wait);
    if (scene->pace.measured && all.run + all.wait > PACE_ACTIVE)
        str_print(into, _(", waiting %.0f %% of the time"), verdict_delay(&all) * 100);
    str_add_char(into, '\n');
}

void threads_add(struct str *into, const struct term *term, const struct scene *scene,
                 const struct threads_target *target, size_t rows)
{
    size_t closed = 0;
    add_head(into, scene, target);
    add_table(into, term, scene, rows, target->on_screen);
    add_pools(into, term, scene);
    for (size_t i = 0; i < scene->census.count; i++)
        closed += scene->process[i].pools.read < 0;
    if (closed) {
        say_add_label(into, _("pools"));
        str_print(into,
                  lang_plural("not shown of %zu process, which is another user's\n",
                              "not shown of %zu processes, which are another user's\n", closed),
                  closed);
    }
    add_verdicts(into, term, scene);
    add_hooks(into, term, scene);
}

void threads_add_line(struct str *into, const struct scene *scene)
{
    CLEANUP_STR struct str libraries = {0};
    if (!scene->groups)
        return;
    struct words_case of = threads_case(scene, scene->worst, &libraries);
    words_add(into, &of);
    str_add_char(into, '\n');
}
