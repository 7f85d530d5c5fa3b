// SPDX-License-Identifier: Apache-2.0
// target: a word is cut at its colon into run and datasets; the datasets are looked up once the
// run is known.
#include "cli/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "run/folder.h"

// Cuts "RUN:DATASETS"; *ret_run is NULL without a colon. A text behind "=" may hold colons
// itself.
static void cut(const char *word, char **ret_run, const char **ret_rest)
{
    const char *colon = word[0] == '=' ? NULL : strstr(word, ":=");
    if (!colon && word[0] != '=')
        colon = strrchr(word, ':');
    *ret_run = colon ? mem_dupn(word, (size_t)(colon - word)) : NULL;
    *ret_rest = colon ? colon + 1 : word;
}

// "5" of "5" and "5:". Yours. NULL with [usage] for "5:17".
static char *whole_run(const char *word, struct err *err)
{
    CLEANUP_FREE char *run = NULL;
    const char *rest;
    cut(word, &run, &rest);
    if (run && *rest) {
        err_set(err, ERR_USAGE, _("'%s' names datasets, and a whole run is wanted"), word);
        err_hint(err, "try", "%s", run);
        return NULL;
    }
    return run ? TAKE(run) : mem_dup(word);
}

// The word for the run that cli->words name. Yours. NULL with [usage].
static char *run_word(const struct cli *cli, struct err *err)
{
    if (cli->words.count > 1) {
        err_set(err, ERR_USAGE, _("one run at a time: '%s' is too much"), cli->words.item[1]);
        return NULL;
    }
    return whole_run(cli->words.count ? cli->words.item[0] : "last", err);
}

int target_folder(const struct cli *cli, struct folder *ret, struct err *err)
{
    CLEANUP_FREE char *word = run_word(cli, err);
    return word ? folder_find(cli->cwd, word, ret, err) : -1;
}

// "7", "3-9"; returns 0, or -1.
static int parse_range(const char *text, unsigned long *ret_from, unsigned long *ret_to)
{
    const char *dash = strchr(text, '-');
    CLEANUP_FREE char *from = mem_dupn(text, dash ? (size_t)(dash - text) : strlen(text));
    if (str_number(from, UINT32_MAX, ret_from) < 0)
        return -1;
    *ret_to = *ret_from;
    return dash ? str_number(dash + 1, UINT32_MAX, ret_to) : 0;
}

static int is_list(const char *word)
{
    unsigned long from, to;
    CLEANUP_STRV struct strv parts = {0};
    strv_split(&parts, word, ',');
    for (size_t i = 0; i < parts.count; i++)
        if (parse_range(parts.item[i], &from, &to) < 0)
            return 0;
    return 1;
}

struct choosing {
    const struct cli *cli;
    const struct saved *saved;
    struct selection *selection;
    uint8_t *taken; // by index
    size_t room;
};

static void choose(struct choosing *choosing, size_t index)
{
    struct selection *selection = choosing->selection;
    if (choosing->taken[index])
        return;
    choosing->taken[index] = 1;
    mem_room(&selection->index, &choosing->room, selection->count + 1,
             sizeof *selection->index);
    selection->index[selection->count++] = (uint32_t)index;
}

// "=TEXT" names the dataset that was typed as it is.
static int hint_text(const struct cli *cli, const char *text, struct err *err)
{
    CLEANUP_STR struct str typed = {0};
    CLEANUP_STR struct str word = {0};
    str_print(&typed, "=%s", text);
    str_add_shell(&word, typed.text);
    return err_hint(err, "try", "lopin %s %s", cli->command, word.text);
}

static int no_dataset(const struct saved *saved, const char *word, struct err *err)
{
    const struct datasets *datasets = &saved->datasets;
    err_set(err, ERR_NO_RUN, _("run %u has no dataset '%s'"), saved->folder.number, word);
    return err_hint(err, "found", _("datasets %u to %u"), datasets->item[0].number,
                    datasets->item[datasets->count - 1].number);
}

static int choose_range(struct choosing *choosing, const char *text, struct err *err)
{
    const struct datasets *datasets = &choosing->saved->datasets;
    unsigned long from, to;
    if (parse_range(text, &from, &to) < 0) {
        err_set(err, ERR_USAGE, _("'%s' is neither a number nor a range of datasets"), text);
        return hint_text(choosing->cli, text, err);
    }
    if (!from)
        return err_set(err, ERR_USAGE, _("datasets count from 1"));
    if (to < from)
        return err_set(err, ERR_USAGE, _("the range '%s' goes backwards"), text);
    size_t index = datasets_from(datasets, (int64_t)from);
    if (index == datasets->count || datasets->item[index].number > to)
        return no_dataset(choosing->saved, text, err);
    for (; index < datasets->count && datasets->item[index].number <= to; index++)
        choose(choosing, index);
    return 0;
}

// By the whole text; else by the base name, which is what summaries show.
static int choose_text(struct choosing *choosing, const char *text, struct err *err)
{
    const struct datasets *datasets = &choosing->saved->datasets;
    int found = 0;
    for (int base = 0; base < 2 && !found; base++)
        for (size_t i = 0; i < datasets->count; i++) {
            const char *own = datasets->item[i].text;
            if (strcmp(base ? fs_base(own) : own, text) != 0)
                continue;
            choose(choosing, i);
            found = 1;
        }
    return found ? 0 : no_dataset(choosing->saved, text, err);
}

static int choose_word(struct choosing *choosing, const char *word, struct err *err)
{
    if (word[0] == '=')
        return choose_text(choosing, word + 1, err);
    CLEANUP_STRV struct strv parts = {0};
    strv_split(&parts, word, ',');
    for (size_t i = 0; i < parts.count; i++)
        if (choose_range(choosing, parts.item[i], err) < 0)
            return -1;
    return 0;
}

// One run for all words: that of the first which names one. A lone word that is no list of
// numbers is a run.
static int open_run(const struct cli *cli, struct saved *ret, int *ret_lone, struct err *err)
{
    CLEANUP_FREE char *run = NULL;
    const struct strv *words = &cli->words;
    for (size_t i = 0; i < words->count; i++) {
        char *named;
        const char *rest;
        cut(words->item[i], &named, &rest);
        if (named && run && strcmp(named, run) != 0) {
            err_set(err, ERR_USAGE, _("datasets of one run at a time: '%s' after run %s"),
                    words->item[i], run);
            free(named);
            return -1;
        }
        if (named) {
            free(run);
            run = named;
        }
    }
    const char *first = words->count == 1 ? words->item[0] : "";
    *ret_lone = !run && *first && *first != '=' && !is_list(first);
    if (!*ret_lone)
        return saved_open(ret, cli->cwd, run, err);
    int result = saved_open(ret, cli->cwd, first, err);
    if (result < 0 && err && err->code == ERR_NO_RUN)
        hint_text(cli, first, err);
    return result;
}

int target_datasets(const struct cli *cli, struct saved *ret, struct selection *ret_selection,
                    struct err *err)
{
    int lone;
    if (open_run(cli, ret, &lone, err) < 0)
        return -1;
    CLEANUP_FREE uint8_t *taken = mem_zero(ret->datasets.count, 1);
    struct choosing choosing = {
        .cli = cli, .saved = ret, .selection = ret_selection, .taken = taken};
    for (size_t i = 0; i < cli->words.count && !lone; i++) {
        CLEANUP_FREE char *run = NULL;
        const char *rest;
        cut(cli->words.item[i], &run, &rest);
        if (run && !*rest) // "5:" alone
            continue;
        if (choose_word(&choosing, rest, err) < 0)
            return -1;
    }
    return 0;
}

struct runs { // of a folder
    const char *cwd;
    const unsigned *number;
    uint8_t *taken; // by index
    size_t count;
};

static int take_run(struct runs *runs, const char *word, struct err *err)
{
    CLEANUP_FOLDER struct folder folder = FOLDER_NONE;
    if (folder_find(runs->cwd, word, &folder, err) < 0)
        return -1;
    for (size_t i = 0; i < runs->count; i++)
        runs->taken[i] |= runs->number[i] == folder.number;
    return 0;
}

// A range of which no run is there may be a name.
static int take_range(struct runs *runs, const char *text, struct err *err)
{
    unsigned long from = 1;
    unsigned long to = 0;
    int found = 0;
    parse_range(text, &from, &to);
    for (size_t i = 0; i < runs->count; i++) {
        int inside = runs->number[i] >= from && runs->number[i] <= to;
        runs->taken[i] |= (uint8_t)inside;
        found |= inside;
    }
    if (found || take_run(runs, text, err) == 0)
        return 0;
    return to < from ? err_set(err, ERR_USAGE, _("the range '%s' goes backwards"), text) : -1;
}

static int take_runs(struct runs *runs, const char *word, struct err *err)
{
    CLEANUP_FREE char *run = whole_run(word, err);
    if (!run)
        return -1;
    if (!is_list(run))
        return take_run(runs, run, err);
    CLEANUP_STRV struct strv parts = {0};
    strv_split(&parts, run, ',');
    for (size_t i = 0; i < parts.count; i++)
        if (take_range(runs, parts.item[i], err) < 0)
            return -1;
    return 0;
}

unsigned *target_runs(const struct cli *cli, size_t *ret_count, struct err *err)
{
    struct runs runs = {.cwd = cli->cwd};
    CLEANUP_FREE unsigned *number = folder_list(cli->cwd, &runs.count);
    CLEANUP_FREE uint8_t *taken = mem_zero(runs.count, 1);
    runs.number = number;
    runs.taken = taken;
    for (size_t i = 0; i < cli->words.count; i++)
        if (take_runs(&runs, cli->words.item[i], err) < 0)
            return NULL;
    *ret_count = 0;
    for (size_t i = 0; i < runs.count; i++)
        if (taken[i])
            number[(*ret_count)++] = number[i];
    return TAKE(number);
}

int target_busy(const struct cli *cli, unsigned number, const struct owner *owner,
                struct err *err)
{
    CLEANUP_STR struct str there = {0};
    CLEANUP_STR struct str line = {0};
    err_set(err, ERR_RUN_BUSY, _("run %u is being computed by process %ld on %s"), number,
            owner->pid, owner->host);
    if (owner->here)
        return err_hint(err, "try", "lopin cancel %u", number);
    str_add(&there, "cd ");
    str_add_shell(&there, cli->cwd);
    str_print(&there, " && lopin cancel %u", number);
    str_add(&line, "ssh ");
    str_add_shell(&line, owner->host);
    str_add_char(&line, ' ');
    str_add_shell(&line, there.text);
    return err_hint(err, "try", "%s", line.text);
}

void selection_free(struct selection *selection)
{
    free(selection->index);
    *selection = (struct selection){0};
}

void target_add(struct str *into, const struct cli *cli, const struct saved *saved,
                uint32_t index)
{
    size_t count;
    CLEANUP_FREE unsigned *numbers = folder_list(cli->cwd, &count);
    if (!count || numbers[count - 1] != saved->folder.number)
        str_print(into, "%u:", saved->folder.number);
    str_print(into, "%u", saved->datasets.item[index].number);
}
