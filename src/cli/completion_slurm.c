// SPDX-License-Identifier: Apache-2.0
// completion_slurm: what -p, -A and -q can be. Partitions and accounts change seldom, so that their answers
// serve for a quarter of an hour, and whoever types does not wait for a data base.
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/table.h"
#include "cli/completion.h"
#include "cli/job_facts.h"

#define SECOND_US INT64_C(1000000)

struct list {
    const char *what;
    const char *words[9];
    int of_user; // the user's name stands behind the last word
};
static const struct list lists[] = {
    {"partitions", {"sinfo", "-h", "-o", "%R"}, 0},
    {"accounts", {"sacctmgr", "-n", "-P", "show", "assoc", "format=account", "where"}, 1},
    {"qos", {"sacctmgr", "-n", "-P", "show", "assoc", "format=qos", "where"}, 1},
};

// A name that a shell or the list itself could take for something else is left out.
static int is_plain(const char *name)
{
    for (const char *at = name; *at; at++)
        if (!isalnum((unsigned char)*at) && !strchr("_-.+@:", *at))
            return 0;
    return *name != '\0';
}

// Lines of one name, or of several with commas: each once.
static void add_names(const char *text, struct str *into)
{
    CLEANUP_STRV struct strv name = {0};
    CLEANUP_TABLE struct table seen = {0};
    CLEANUP_FREE char *commas = mem_dup(text);
    for (char *at = commas; (at = strchr(at, ',')); at++)
        *at = '\n';
    strv_split(&name, commas, '\n');
    for (size_t i = 0; i < name.count; i++) {
        int is_new = 0;
        if (!is_plain(name.item[i]))
            continue;
        table_put(&seen, name.item[i], &is_new);
        if (is_new)
            str_print(into, "%s\n", name.item[i]);
    }
}

static void add_list(const struct cli *cli, const struct list *list, struct str *into)
{
    CLEANUP_SAID struct answers_said said = {0};
    CLEANUP_STRV struct strv argv = {0};
    struct answers answers;
    struct err ignored = {0};
    const char *user = vars_get(&cli->vars, "USER");
    for (const char *const *word = list->words; *word; word++)
        strv_add(&argv, *word);
    if (list->of_user && (!user || !is_plain(user)))
        return;
    if (list->of_user)
        strv_take(&argv, mem_print("user=%s", user));
    job_facts_answers(cli, &answers);
    CLEANUP_FREE const char *folder = answers.folder;
    const struct answers_ask ask = {.name = list->what,
                                    .argv = argv.item,
                                    .fresh_us = 900 * SECOND_US,
                                    .oldest_us = INT64_C(86400) * SECOND_US,
                                    .time_us = SECOND_US};
    if (answers_get(&answers, &ask, &said, &ignored) == 0)
        add_names(str_text(&said.out), into);
}

void completion_slurm(const struct cli *cli, const char *what, struct str *into)
{
    for (size_t i = 0; i < COUNT(lists); i++)
        if (strcmp(lists[i].what, what) == 0)
            add_list(cli, &lists[i], into);
}
