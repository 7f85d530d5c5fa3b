// SPDX-License-Identifier: Apache-2.0
// job_view: fields are asked for by name with '|' between them, which all versions have alike; the JSON of
// squeue has another schema with each.
#include "sched/job_view.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/span.h"
#include "base/str.h"

const char *const squeue_ask[] = {
    "squeue", "-h", "-t",
    "all",    "-O", "State:|,Reason:|,RestartCnt:|,NodeList:|,exit_code:|,TimeLimit:|",
    "-j",     NULL};
const char *const sacct_ask[] = {
    "sacct", "-n", "-P", "-D", "-o", "JobID,State,ExitCode,NodeList,Timelimit,Reason",
    "-j",    NULL};

enum job_phase job_phase(const char *state)
{
    static const struct {
        const char *state;
        enum job_phase phase;
    } phases[] = {
        {"PENDING", JOB_WAITS},       {"CONFIGURING", JOB_WAITS},  {"REQUEUED", JOB_WAITS},
        {"REQUEUE_HOLD", JOB_WAITS},  {"REQUEUE_FED", JOB_WAITS},  {"SPECIAL_EXIT", JOB_WAITS},
        {"RESV_DEL_HOLD", JOB_WAITS}, {"RUNNING", JOB_RUNS},       {"SUSPENDED", JOB_RUNS},
        {"STOPPED", JOB_RUNS},        {"SIGNALING", JOB_RUNS},     {"RESIZING", JOB_RUNS},
        {"STAGE_OUT", JOB_RUNS},      {"COMPLETING", JOB_LEAVING},
    };
    for (size_t i = 0; i < COUNT(phases); i++)
        if (strcmp(state, phases[i].state) == 0)
            return phases[i].phase;
    return *state ? JOB_OVER : JOB_ABSENT;
}

static void copy(char *into, size_t size, const char *text)
{
    CLEANUP_STR struct str shown = {0};
    str_add_visible(&shown, text, strlen(text));
    snprintf(into, size, "%s", str_text(&shown));
}

// "CANCELLED by 1000", "CANCELLED+"
static void take_state(struct job_view *view, const char *text)
{
    size_t size = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
    CLEANUP_FREE char *word = mem_dupn(text, size);
    copy(view->state, sizeof view->state, word);
    view->phase = job_phase(view->state);
}

static int small_number(const char *text)
{
    unsigned long number;
    return str_number(text, INT_MAX, &number) == 0 ? (int)number : 0;
}

static void take_fields(struct job_view *view, const struct strv *field)
{
    *view = (struct job_view){0};
    take_state(view, field->item[0]);
    copy(view->reason, sizeof view->reason, field->item[1]);
    view->restarts = (unsigned)small_number(field->item[2]);
    copy(view->nodes, sizeof view->nodes, field->item[3]);
    int status = small_number(field->item[4]); // as wait(2) gives it
    view->code = status >> 8 & 255;
    view->signal = status & 127;
    if (span_read(field->item[5], &view->time_us) < 0)
        view->time_us = 0;
}

void squeue_read(const char *text, struct job_view *ret)
{
    CLEANUP_STRV struct strv lines = {0};
    *ret = (struct job_view){0};
    strv_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        CLEANUP_STRV struct strv field = {0};
        strv_split(&field, lines.item[i], '|');
        if (field.count >= 6)
            take_fields(ret, &field);
    }
}

// The last of its lines: those before it are runs that were given up (-D). Steps have other ids.
void sacct_read(const char *text, const char *job, struct job_view *ret)
{
    CLEANUP_STRV struct strv lines = {0};
    unsigned runs = 0;
    *ret = (struct job_view){0};
    strv_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        CLEANUP_STRV struct strv field = {0};
        strv_split(&field, lines.item[i], '|');
        if (field.count < 6 || strcmp(field.item[0], job) != 0)
            continue;
        *ret = (struct job_view){.restarts = runs++};
        take_state(ret, field.item[1]);
        const char *code = field.item[2];
        const char *signal = strchr(code, ':');
        CLEANUP_FREE char *first = mem_dupn(code, strcspn(code, ":"));
        ret->code = small_number(first);
        ret->signal = signal ? small_number(signal + 1) : 0;
        copy(ret->nodes, sizeof ret->nodes, field.item[3]);
        if (span_read(field.item[4], &ret->time_us) < 0)
            ret->time_us = 0;
        copy(ret->reason, sizeof ret->reason, field.item[5]);
    }
}

// A record is one line, "lopin-job 1 status=0 restart=0 term=0 end=1764460000 node=n1".
int job_end_read(const char *text, struct job_end *ret)
{
    static const char *const names[] = {"status=", "restart=", "term=", "end="};
    unsigned long value[COUNT(names)];
    CLEANUP_STRV struct strv word = {0};
    size_t size = strcspn(text, "\n");
    if (text[size] != '\n' || text[size + 1])
        return -1;
    CLEANUP_FREE char *line = mem_dupn(text, size);
    strv_split(&word, line, ' ');
    if (word.count != 7 || strcmp(word.item[0], "lopin-job") != 0 ||
        strcmp(word.item[1], "1") != 0 || !str_starts(word.item[6], "node="))
        return -1;
    for (size_t i = 0; i < COUNT(names); i++)
        if (!str_starts(word.item[i + 2], names[i]) ||
            str_number(word.item[i + 2] + strlen(names[i]), i == 3 ? LONG_MAX : INT_MAX,
                       &value[i]) < 0)
            return -1;
    if (value[0] > 255)
        return -1;
    *ret = (struct job_end){.status = (int)value[0],
                            .restart = (unsigned)value[1],
                            .was_stopped = value[2] != 0,
                            .ended_s = (int64_t)value[3]};
    copy(ret->node, sizeof ret->node, word.item[6] + 5);
    return 0;
}

enum job_cause job_cause(const struct job_view *view, const struct job_end *end)
{
    static const struct {
        const char *state;
        enum job_cause cause;
    } causes[] = {
        {"TIMEOUT", CAUSE_TIME},         {"DEADLINE", CAUSE_TIME},
        {"OUT_OF_MEMORY", CAUSE_MEMORY}, {"NODE_FAIL", CAUSE_NODE},
        {"BOOT_FAIL", CAUSE_NODE},       {"CANCELLED", CAUSE_CANCELLED},
        {"REVOKED", CAUSE_CANCELLED},    {"PREEMPTED", CAUSE_PREEMPTED},
    };
    for (size_t i = 0; i < COUNT(causes); i++)
        if (strcmp(view->state, causes[i].state) == 0)
            return causes[i].cause;
    // Slurm has its status too, where the record could not be written.
    if (end || strcmp(view->state, "COMPLETED") == 0 ||
        (strcmp(view->state, "FAILED") == 0 && view->code && !view->signal))
        return CAUSE_NONE;
    // Without control groups Slurm looks at memory now and then, and kills with this reason.
    if (strcmp(view->reason, "JobLaunchFailure") == 0 && view->signal == 9)
        return CAUSE_MEMORY;
    // 0:53: the file of its output could not be opened (ESLURMD_... of slurmd).
    if (view->signal == 53 || strcmp(view->reason, "RaisedSignal:53(Real-time_signal_19)") == 0)
        return CAUSE_NEVER;
    return CAUSE_KILLED;
}
