// SPDX-License-Identifier: Apache-2.0
#include "cli/try.h"

#include <string.h>

#include "base/human.h"
#include "base/lang.h"
#include "cli/columns.h"
#include "cli/json_text.h"
#include "cli/say.h"

enum { SHOWN = 4 }; // words of the script in a line to type

void try_tell(const struct cli *cli, const struct gain_width *width, int turn)
{
    CLEANUP_STR struct str text = {0};
    if (!cli->talk.tty || cli->options.quiet)
        return;
    str_add(&text, "\r\x1b[K");
    if (width) {
        str_print(&text, lang_plural("trying %u thread", "trying %u threads", width->threads),
                  width->threads);
        if (turn > 1)
            str_print(&text, _(", time %d"), turn);
    }
    term_write(&cli->talk, &text);
}

static double cores_used(const struct gain_width *width)
{
    return width->wall_us > 0 ? (double)width->cpu_us / (double)width->wall_us : 0;
}

static double times(const struct gain_ask *ask, size_t i)
{
    return (double)ask->width[0].wall_us /
           (double)(ask->width[i].wall_us > 0 ? ask->width[i].wall_us : 1);
}

// Seconds with what a comparison needs: 0.0123s, 1.23s; above a minute as everywhere.
static char *wall_words(int64_t us)
{
    CLEANUP_STR struct str text = {0};
    if (us >= 60LL * 1000000)
        human_duration(&text, us);
    else
        str_print(&text,
                  us < 100000     ? "%.4fs"
                  : us < 10000000 ? "%.2fs"
                                  : "%.1fs",
                  (double)us / 1e6);
    return mem_dup(str_text(&text));
}

static void add_table(const struct cli *cli, const struct gain_ask *ask, struct str *text)
{
    CLEANUP_COLUMNS struct columns columns = {.width = 5, .right = 0x1f};
    const char *const head[] = {_("threads"), _("time"), _("times quicker"), _("cores used"),
                                _("memory")};
    for (size_t i = 0; i < COUNT(head); i++)
        strv_add(&columns.cell, head[i]);
    for (size_t i = 0; i < ask->count; i++) {
        const struct gain_width *width = &ask->width[i];
        CLEANUP_STR struct str memory = {0};
        human_memory(&memory, width->peak_kb);
        strv_take(&columns.cell, mem_print("%u", width->threads));
        strv_take(&columns.cell, wall_words(width->wall_us));
        strv_take(&columns.cell, mem_print("%.2f", times(ask, i)));
        strv_take(&columns.cell, mem_print("%.2f", cores_used(width)));
        strv_add(&columns.cell, str_text(&memory));
    }
    columns_add(&columns, &cli->out, text);
}

// Is it of trying alone, not of the line of map?
static int is_ours(const char *word)
{
    static const char *const ours[] = {"--threads", "--json", "--"};
    for (size_t i = 0; i < COUNT(ours); i++)
        if (strcmp(word, ours[i]) == 0)
            return 1;
    return 0;
}

// Are all words behind the script datasets?
static int is_plain(const struct cli *cli)
{
    for (size_t i = 1; i < cli->words.count; i++)
        if (strcmp(cli->words.item[i], ":::") == 0 || strcmp(cli->words.item[i], "::::") == 0)
            return 0;
    return cli->words.count > 1 && !cli->options.from.count;
}

// The line of map with the options as they were typed; `only`: of all datasets this one, or NULL.
static void add_line(const struct cli *cli, const char *label, unsigned threads, unsigned jobs,
                     const struct dataset *only, struct str *text)
{
    size_t count = 0;
    say_add_label(text, label);
    str_print(text, "lopin map -T %u -j %u", threads, jobs);
    while (cli->typed[count])
        count++;
    for (size_t i = 0; i + cli->words.count < count; i++)
        if (!is_ours(cli->typed[i])) {
            str_add_char(text, ' ');
            str_add_shell(text, cli->typed[i]);
        }
    int is_one = only && is_plain(cli);
    size_t shown = is_one ? 1 : cli->words.count < SHOWN ? cli->words.count : SHOWN;
    for (size_t i = 0; i < shown; i++) {
        str_add_char(text, ' ');
        str_add_shell(text, cli->words.item[i]);
    }
    if (is_one) {
        str_add_char(text, ' ');
        str_add_shell(text, only->text);
    }
    str_add(text, !is_one && shown < cli->words.count ? " ...\n" : "\n");
}

static void add_verdict(const struct gain_ask *ask, const struct gain *gain, struct str *text)
{
    unsigned alone = ask->width[gain->alone].threads;
    if (ask->count == 1)
        str_add(text, _("There is one core: nothing to choose.\n"));
    else if (!gain->pays)
        str_add(text,
                _("Threads do not pay: on one, a dataset is about as quick, or quicker.\n"));
    else
        str_print(text, _("%u threads make one dataset %.1f times quicker.\n"), alone,
                  gain->speed);
    if (!gain->pays || gain->many == gain->alone)
        return;
    unsigned many = ask->width[gain->many].threads;
    str_print(text,
              lang_plural("Side by side %u datasets of %u thread get more done.\n",
                          "Side by side %u datasets of %u threads get more done.\n", many),
              gain->jobs, many);
}

static void add_reason(const struct gain_ask *ask, const struct gain *gain, struct str *text)
{
    CLEANUP_STR struct str each = {0};
    CLEANUP_STR struct str all = {0};
    if (gain->by != GAIN_BY_MEMORY)
        return;
    human_memory(&each, ask->width[gain->many].peak_kb);
    human_memory(&all, ask->memory_kb);
    if (ask->width[gain->many].peak_kb > ask->memory_kb)
        str_print(text, _("It takes %s of memory, and the run has %s: map would end it.\n"),
                  each.text, all.text);
    else
        str_print(text, _("Memory for no more than %u side by side: %s each, %s in all.\n"),
                  gain->jobs, each.text, all.text);
}

int try_show(const struct cli *cli, const struct try_result *result, struct err *err)
{
    struct gain gain;
    CLEANUP_STR struct str text = {0};
    CLEANUP_STR struct str dataset = {0};
    const struct gain_ask *ask = &result->ask;
    gain_find(ask, &gain);
    str_add_visible(&dataset, result->dataset->text, strlen(result->dataset->text));
    str_print(&text, "%s   %s   ", result->script, dataset.text);
    str_print(
        &text,
        lang_plural("the quickest of %u try", "the quickest of %u tries", ask->width->tries),
        ask->width->tries);
    str_add(&text, "\n\n");
    add_table(cli, ask, &text);
    str_add_char(&text, '\n');
    add_verdict(ask, &gain, &text);
    add_reason(ask, &gain, &text);
    add_line(cli, ask->datasets > 1 ? _("these") : _("many"), ask->width[gain.many].threads,
             gain.jobs, NULL, &text);
    if (gain.pays && gain.many != gain.alone)
        add_line(cli, _("one"), ask->width[gain.alone].threads, 1, result->dataset, &text);
    return say_data(cli, &text, err);
}

static json_t *json_width(const struct gain_ask *ask, size_t i)
{
    const struct gain_width *width = &ask->width[i];
    return json_pack("{sI so so sf sf sI sI}", "threads", (json_int_t)width->threads, "wall",
                     json_seconds(width->wall_us), "cpu", json_seconds(width->cpu_us), "times",
                     times(ask, i), "cores_used", cores_used(width), "memory_kb",
                     (json_int_t)width->peak_kb, "tries", (json_int_t)width->tries);
}

int try_show_json(const struct cli *cli, const struct try_result *result, struct err *err)
{
    struct gain gain;
    const struct gain_ask *ask = &result->ask;
    json_t *widths = json_array();
    gain_find(ask, &gain);
    for (size_t i = 0; i < ask->count; i++)
        json_array_append_new(widths, json_width(ask, i));
    json_t *root = json_pack("{so sb s{sI sI} s{sI sI}}", "widths", widths, "pays", gain.pays,
                             "many", "threads", (json_int_t)ask->width[gain.many].threads,
                             "jobs", (json_int_t)gain.jobs, "one", "threads",
                             (json_int_t)ask->width[gain.alone].threads, "jobs", (json_int_t)1);
    json_put_text(root, "script", result->script);
    json_put_text(root, "dataset", result->dataset->text);
    return json_say(cli, root, err);
}
