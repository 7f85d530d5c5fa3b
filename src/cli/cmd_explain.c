// SPDX-License-Identifier: Apache-2.0
// cmd_explain: `lopin explain [JOB|RUN|ERROR]`. A number is a job.
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/config.h"
#include "cli/explain.h"
#include "cli/explain_job.h"
#include "cli/say.h"
#include "run/folder.h"

static int explain_all(const struct cli *cli, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    for (int code = 1; code < ERR_COUNT; code++)
        if (explanations[code].title)
            str_print(&text, "%-20s %s\n", err_name(code), lang_text(explanations[code].title));
    return say_data(cli, &text, err);
}

static int unknown(const char *name, struct err *err)
{
    const char *names[ERR_COUNT];
    for (int code = 1; code < ERR_COUNT; code++)
        names[code - 1] = err_name(code);
    names[ERR_COUNT - 1] = NULL;
    err_set(err, ERR_USAGE, _("no error is named '%s'"), name);
    const char *near = opt_nearest(name, names);
    if (near)
        return err_hint(err, "try", "lopin explain %s", near);
    return err_hint(err, "try", "lopin explain errors");
}

static int explain_one(const struct cli *cli, const char *typed, struct err *err)
{
    CLEANUP_FREE char *name = mem_dup(typed);
    size_t size = strlen(name);
    if (size > 2 && name[0] == '[' && name[size - 1] == ']') { // as messages show it
        memmove(name, name + 1, size - 2);
        name[size - 2] = '\0';
    }
    int code = err_code_of(name);
    if (!code || !explanations[code].title)
        return unknown(name, err);
    CLEANUP_STR struct str text = {0};
    term_style(&cli->out, &text, "1");
    str_add(&text, name);
    term_style(&cli->out, &text, "0");
    str_print(&text, "  %s\n\n", lang_text(explanations[code].title));
    str_add(&text, lang_text(explanations[code].text));
    return say_data(cli, &text, err);
}

static int has_explanation(const char *word)
{
    int code = err_code_of(word);
    return code && explanations[code].title;
}

static int explain_word(struct cli *cli, const char *word, struct err *err)
{
    struct err ignored = {0};
    if (strcmp(word, "errors") == 0)
        return explain_all(cli, err);
    if (has_explanation(word) || *word == '[' || !*word)
        return explain_one(cli, word, err);
    if (config_settle(cli, COMMAND_EXPLAIN, err) < 0)
        return -1;
    if (str_starts(word, "run:"))
        return explain_run(cli, word + strlen("run:"), err);
    if (str_starts(word, "job:") || (*word >= '0' && *word <= '9'))
        return explain_job(cli, word, err);
    CLEANUP_FOLDER struct folder folder = FOLDER_NONE;
    if (folder_find(cli->cwd, word, &folder, &ignored) == 0)
        return explain_run(cli, word, err);
    return explain_one(cli, word, err);
}

int cmd_explain(struct cli *cli, struct err *err)
{
    if (cli->words.count > 1) {
        err_set(err, ERR_USAGE, _("explain takes one job, one run, or the name of one error"));
        return err_hint(err, "try", "lopin explain");
    }
    if (cli->words.count)
        return explain_word(cli, cli->words.item[0], err);
    if (config_settle(cli, COMMAND_EXPLAIN, err) < 0)
        return -1;
    int status = explain_own(cli, err);
    return status > 0 ? explain_all(cli, err) : status;
}
