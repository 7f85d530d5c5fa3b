// SPDX-License-Identifier: Apache-2.0
// script: sbatch's own reading of #SBATCH lines: words are cut at blanks, '#' begins a comment, both kinds
// of quotes and the backslash work.
#include "sched/script.h"

#include <string.h>

#include "base/lang.h"
#include "base/mem.h"

void job_script_free(struct job_script *script)
{
    strv_free(&script->options);
    strv_free(&script->words);
    strv_free(&script->finds);
}

int job_script_option(const char *option, struct str *into, struct err *err)
{
    static const char special[] = " \t\"'\\#";
    if (strpbrk(option, "\r\n")) {
        CLEANUP_STR struct str shown = {0};
        str_add_visible(&shown, option, strlen(option));
        return err_set(err, ERR_USAGE, _("a job script cannot hold a newline: %s"), shown.text);
    }
    size_t name = strncmp(option, "--", 2) == 0 ? strcspn(option, "=") : 2;
    if (!strpbrk(option, special) || strlen(option) <= name) {
        str_add(into, option);
        return 0;
    }
    name += option[name] == '=';
    str_add_bytes(into, option, name);
    str_add_quoted(into, option + name);
    return 0;
}

// $'...' is bash's, which the script is for.
static void add_words(const struct strv *words, const char *end, struct str *into)
{
    for (size_t i = 0; i < words->count; i++) {
        if (i)
            str_add_char(into, ' ');
        str_add_shell(into, words->item[i]);
    }
    str_print(into, "%s\n", end);
}

// The shell becomes the command.
static void add_command(const struct job_script *script, struct str *into)
{
    if (script->finds.count) {
        str_print(into, "\n# %s\nfound=$(", script->finds_about);
        add_words(&script->finds, ") || exit", into);
    }
    str_print(into, "\n# %s\nexec ", script->about);
    add_words(&script->words, script->finds.count ? " \"${found%/*}\"" : "", into);
}

static void add_head(const char *line, struct str *into)
{
    str_add(into, "#!/bin/bash\n# ");
    str_add_visible(into, line, strlen(line));
    str_add_char(into, '\n');
}

int job_script_is_of(const char *text, const char *line)
{
    CLEANUP_STR struct str head = {0};
    add_head(line, &head);
    return str_starts(text, head.text);
}

int job_script_write(const struct job_script *script, struct str *into, struct err *err)
{
    add_head(script->line, into);
    for (size_t i = 0; i < script->options.count; i++) {
        str_add(into, "#SBATCH ");
        if (job_script_option(script->options.item[i], into, err) < 0)
            return -1;
        str_add_char(into, '\n');
    }
    if (!script->records) {
        add_command(script, into);
        return 0;
    }
    // With control groups Slurm signals this shell alone, without them what it has started too. Told
    // twice, a command would be disturbed as it saves.
    str_add(
        into,
        "\n# at the time limit and at scancel the command gets SIGTERM: it ends, then we do\n"
        "stopped=0 pid=\n"
        "trap 'told=1 stopped=1; grep -q \"job_$SLURM_JOB_ID\" /proc/self/cgroup && "
        "kill -TERM $pid' TERM\n"
        "for name in USR1 USR2; do trap \"told=1; kill -$name \\$pid\" \"$name\"; done\n\n");
    add_words(&script->words, " <&0 &", into);
    // A wait that a signal ends is done again: bash gives a status once, then -1.
    str_add(into, "pid=$!\n"
                  "while told=; wait \"$pid\"; now=$?; [ \"$now\" -lt 0 ] || status=$now; "
                  "[ \"$told\" ]; do :; done\n\n"
                  "# how it ended, for lopin run --wait, with or without accounting\n"
                  "mkdir -p ");
    str_add_shell(into, script->records);
    str_add(into, " && cd ");
    str_add_shell(into, script->records);
    str_add(into, " &&\n"
                  "    printf 'lopin-job 1 status=%d restart=%d term=%d end=%d node=%s\\n' "
                  "\"$status\" \\\n"
                  "        \"${SLURM_RESTART_COUNT:-0}\" \"$stopped\" \"$(date +%s)\" "
                  "\"$SLURMD_NODENAME\" "
                  ">\".$SLURM_JOB_ID.end\" &&\n"
                  "    mv -f \".$SLURM_JOB_ID.end\" \"$SLURM_JOB_ID.end\"\n"
                  "exit \"$status\"\n");
    return 0;
}
