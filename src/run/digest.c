// SPDX-License-Identifier: Apache-2.0
// digest: `summary` written and read (docs/formats.md, "summary"). Its datasets are written as
// the file `datasets` is, by the same functions.
#include "run/digest.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/line.h"
#include "base/mem.h"

#define FILE_NAME  "summary"
#define FIRST_LINE "lopin-summary 3\n"
enum { CAUSES_KEPT = 16, SIZE_MAX_OURS = 1 << 20 };

enum figure {
    FIGURE_COUNT,
    FIGURE_DONE,
    FIGURE_FAILED,
    FIGURE_BEGUN,
    FIGURE_STOPPED,
    FIGURE_WAITING,
    FIGURE_TORN,
    FIGURE_SEGMENTS,
    FIGURE_CAUSES,
    FIGURE_FINDINGS,
    FIGURE_ENDED,
    FIGURE_WALL,
    FIGURE_CORES,
    FIGURE_CPU,
    FIGURE_TIME,
    FIGURE_RESERVED,
    FIGURE_SLOTS,
    FIGURE_BUSY,
    FIGURE_IDLE,
    FIGURE_NARROW,
    FIGURE_TAIL,
    FIGURE_PEAK,
    FIGURE_LONGEST,
    FIGURE_MEDIAN,
    FIGURE_LARGEST,
    FIGURE_SLOWEST,
    FIGURES
};
static const char *const figure_names[FIGURES] = {
    [FIGURE_COUNT] = "count",     [FIGURE_DONE] = "done",
    [FIGURE_FAILED] = "failed",   [FIGURE_BEGUN] = "begun",
    [FIGURE_STOPPED] = "stopped", [FIGURE_WAITING] = "waiting",
    [FIGURE_TORN] = "torn",       [FIGURE_SEGMENTS] = "segments",
    [FIGURE_CAUSES] = "causes",   [FIGURE_FINDINGS] = "findings",
    [FIGURE_ENDED] = "ended",     [FIGURE_WALL] = "wall",
    [FIGURE_CORES] = "cores",     [FIGURE_CPU] = "cpu",
    [FIGURE_TIME] = "time",       [FIGURE_RESERVED] = "reserved",
    [FIGURE_SLOTS] = "slots",     [FIGURE_BUSY] = "busy",
    [FIGURE_IDLE] = "idle",       [FIGURE_NARROW] = "narrow",
    [FIGURE_TAIL] = "tail",       [FIGURE_PEAK] = "peak",
    [FIGURE_LONGEST] = "longest", [FIGURE_MEDIAN] = "median",
    [FIGURE_LARGEST] = "largest", [FIGURE_SLOWEST] = "slowest",
};
enum {
    SEGMENT_PARCEL,
    SEGMENT_RESTART,
    SEGMENT_CORES,
    SEGMENT_SLOTS,
    SEGMENT_START,
    SEGMENT_END,
    SEGMENT_MEMORY,
    SEGMENT_CLOSED,
    SEGMENT_FIELDS
};
static const char *const segment_names[SEGMENT_FIELDS] = {
    "parcel", "restart", "cores", "slots", "start", "end", "memory", "closed"};
enum {
    PACE_CORES,
    PACE_RUN,
    PACE_WAIT,
    PACE_BLOCKED,
    PACE_PROCESSES,
    PACE_ACTIVE,
    PACE_EVEN,
    PACE_POOL,
    PACE_CALLERS,
    PACE_HUNG,
    PACE_FIELDS
};
static const char *const pace_names[PACE_FIELDS] = {
    "of", "ran", "waited", "blocked", "processes", "active", "even", "pool", "callers", "hung"};
enum { CAUSE_COUNT, CAUSE_FIRST, CAUSE_FIELDS };
static const char *const cause_names[CAUSE_FIELDS] = {"count", "first"};

static void add_numbers(struct str *into, const char *word, const char *const *name,
                        const int64_t *value, size_t count)
{
    str_add(into, word);
    for (size_t i = 0; i < count; i++) {
        str_add_char(into, ' ');
        str_add(into, name[i]);
        str_add_char(into, '=');
        line_add_number(into, value[i]);
    }
}

// Its place among the datasets that are written, -1 for none.
static int64_t number_among(struct datasets *few, const struct datasets *all, uint32_t index)
{
    if (index == UINT32_MAX)
        return -1;
    size_t place = 0;
    while (place < few->count && few->item[place].number != all->item[index].number)
        place++;
    if (place == few->count)
        few->item[few->count++] = all->item[index];
    return (int64_t)place;
}

static int whole(double number, int64_t *ret)
{
    if (!(number >= 0 && number < 9e18))
        return -1;
    *ret = (int64_t)number;
    return 0;
}

// Returns 0, or -1 if one is out of range.
static int figures_of(const struct saved *saved, const struct report *report,
                      struct datasets *few, int64_t figure[FIGURES])
{
    const struct state *state = &saved->state;
    const struct usage *usage = &saved->usage;
    figure[FIGURE_COUNT] = (int64_t)state->count;
    figure[FIGURE_DONE] = (int64_t)state->done;
    figure[FIGURE_FAILED] = (int64_t)state->failed;
    figure[FIGURE_BEGUN] = (int64_t)state->begun;
    figure[FIGURE_STOPPED] = (int64_t)state->stopped;
    figure[FIGURE_WAITING] = (int64_t)state->waiting;
    figure[FIGURE_TORN] = (int64_t)state->damage.torn;
    figure[FIGURE_SEGMENTS] = (int64_t)state->segments;
    figure[FIGURE_CAUSES] = (int64_t)report->causes;
    figure[FIGURE_FINDINGS] = (int64_t)state->findings;
    figure[FIGURE_ENDED] = (int64_t)usage->ended;
    figure[FIGURE_WALL] = usage->wall_us;
    figure[FIGURE_CORES] = usage->most_cores;
    figure[FIGURE_CPU] = usage->cpu_us;
    figure[FIGURE_TIME] = usage->ended_us;
    figure[FIGURE_TAIL] = usage->tail_us;
    figure[FIGURE_PEAK] = report->peak_kb;
    figure[FIGURE_LONGEST] = report->longest_us;
    figure[FIGURE_MEDIAN] = report->median_us;
    figure[FIGURE_LARGEST] = number_among(few, &saved->datasets, report->largest);
    figure[FIGURE_SLOWEST] = number_among(few, &saved->datasets, report->slowest);
    if (whole(usage->reserved_us, &figure[FIGURE_RESERVED]) < 0 ||
        whole(usage->slots_us, &figure[FIGURE_SLOTS]) < 0 ||
        whole(usage->busy_us, &figure[FIGURE_BUSY]) < 0 ||
        whole(usage->idle_us, &figure[FIGURE_IDLE]) < 0 ||
        whole(usage->narrow_us, &figure[FIGURE_NARROW]) < 0)
        return -1;
    return 0;
}

static void add_segment(struct str *into, const struct segment *segment)
{
    const int64_t value[] = {
        [SEGMENT_PARCEL] = segment->parcel,    [SEGMENT_RESTART] = segment->restart,
        [SEGMENT_CORES] = segment->cores,      [SEGMENT_SLOTS] = segment->slots,
        [SEGMENT_START] = segment->start_us,   [SEGMENT_END] = segment->end_us,
        [SEGMENT_MEMORY] = segment->memory_kb, [SEGMENT_CLOSED] = segment->closed,
    };
    size_t from = into->size;
    add_numbers(into, "segment", segment_names, value, SEGMENT_FIELDS);
    line_end(into, from);
}

static void add_cause(struct str *into, const struct report_cause *cause, int64_t place)
{
    const int64_t value[] = {[CAUSE_COUNT] = (int64_t)cause->count, [CAUSE_FIRST] = place};
    size_t from = into->size;
    add_numbers(into, "cause", cause_names, value, CAUSE_FIELDS);
    str_add(into, " name=");
    line_add_text(into, err_name(cause->code));
    str_add(into, " detail=");
    line_add_text(into, cause->detail);
    line_end(into, from);
}

static void add_finding(struct str *into, const struct finding *finding)
{
    const struct record_pace *pace = &finding->pace;
    const int64_t value[] = {
        [PACE_CORES] = pace->cores,         [PACE_RUN] = pace->run,
        [PACE_WAIT] = pace->wait,           [PACE_BLOCKED] = pace->blocked,
        [PACE_PROCESSES] = pace->processes, [PACE_ACTIVE] = pace->active,
        [PACE_EVEN] = pace->even,           [PACE_POOL] = pace->pool,
        [PACE_CALLERS] = pace->callers,     [PACE_HUNG] = pace->hung,
    };
    size_t from = into->size;
    add_numbers(into, "finding", pace_names, value, PACE_FIELDS);
    str_add(into, " cause=");
    line_add_text(into, finding->cause);
    str_add(into, " program=");
    line_add_text(into, finding->program);
    str_add(into, " libraries=");
    line_add_text(into, finding->libraries);
    str_add(into, " variable=");
    line_add_text(into, finding->variable);
    line_end(into, from);
}

int digest_format(const struct saved *saved, const struct report *report,
                  const struct str *sources, struct str *into)
{
    const struct state *state = &saved->state;
    struct dataset item[CAUSES_KEPT + 2];
    struct datasets few = saved->datasets;
    int64_t figure[FIGURES], place[CAUSES_KEPT];
    size_t kept = report->causes < CAUSES_KEPT ? report->causes : CAUSES_KEPT;

    few.item = item;
    few.count = 0;
    if (state->damage.lines || figures_of(saved, report, &few, figure) < 0)
        return -1;
    for (size_t i = 0; i < kept; i++)
        place[i] = number_among(&few, &saved->datasets, report->cause[i].first);
    str_add(into, FIRST_LINE);
    str_add_bytes(into, sources->text, sources->size);
    size_t from = into->size;
    add_numbers(into, "figures", figure_names, figure, FIGURES);
    line_end(into, from);
    for (size_t i = 0; i < state->segments; i++)
        add_segment(into, &state->segment[i]);
    for (size_t i = 0; i < kept; i++)
        add_cause(into, &report->cause[i], place[i]);
    for (size_t i = 0; i < state->findings; i++)
        add_finding(into, &state->finding[i]);
    datasets_format(&few, into);
    return into->size <= SIZE_MAX_OURS ? 0 : -1;
}

void digest_save(const struct saved *saved, const struct report *report,
                 const struct str *sources)
{
    CLEANUP_STR struct str text = {0};
    if (digest_format(saved, report, sources, &text) == 0)
        fs_replace(saved->folder.fd, FILE_NAME, text.text, text.size, 0600, 0, NULL);
}

struct reading {
    char *at;
    const char *end;
};

// The body of the next line; NULL if it is not whole. It ends with a NUL.
static char *next_line(struct reading *reading)
{
    char *line = reading->at;
    char *newline = memchr(line, '\n', (size_t)(reading->end - line));
    int64_t body = newline ? line_check(line, (size_t)(newline - line)) : -1;
    if (body < 0 || memchr(line, '\0', (size_t)body))
        return NULL;
    line[body] = '\0';
    reading->at = newline + 1;
    return line;
}

// The value of the next field, which must have this name; *at is behind it. NULL if it has not.
static char *next_value(char **at, const char *name)
{
    size_t size = strlen(name);
    if (strncmp(*at, name, size) != 0 || (*at)[size] != '=')
        return NULL;
    char *value = *at + size + 1;
    char *stop = strchrnul(value, ' ');
    *at = stop + (*stop == ' ');
    *stop = '\0';
    return value;
}

// Reads what add_numbers wrote; *ret_rest is behind it.
static int get_numbers(char *line, const char *word, const char *const *name, int64_t *value,
                       size_t count, char **ret_rest)
{
    size_t size = strlen(word);
    if (strncmp(line, word, size) != 0 || line[size] != ' ')
        return -1;
    char *at = line + size + 1;
    for (size_t i = 0; i < count; i++) {
        char *text = next_value(&at, name[i]);
        if (!text || line_get_number(text, strlen(text), &value[i]) < 0)
            return -1;
    }
    *ret_rest = at;
    return 0;
}

static char *get_text(char **at, const char *name)
{
    char *text = next_value(at, name);
    int64_t size = text ? line_get_text(text, text, strlen(text)) : -1;
    if (size < 0)
        return NULL;
    text[size] = '\0';
    return text;
}

static int get_segments(struct reading *reading, struct state *state)
{
    for (size_t i = 0; i < state->segments; i++) {
        int64_t value[SEGMENT_FIELDS];
        char *line = next_line(reading), *rest;
        if (!line || get_numbers(line, "segment", segment_names, value, SEGMENT_FIELDS, &rest))
            return -1;
        state->segment[i] = (struct segment){
            .parcel = (uint32_t)value[SEGMENT_PARCEL],
            .restart = (uint32_t)value[SEGMENT_RESTART],
            .cores = (uint32_t)value[SEGMENT_CORES],
            .slots = (uint32_t)value[SEGMENT_SLOTS],
            .start_us = value[SEGMENT_START],
            .end_us = value[SEGMENT_END],
            .memory_kb = value[SEGMENT_MEMORY],
            .closed = value[SEGMENT_CLOSED] != 0,
        };
    }
    return 0;
}

static int get_causes(struct reading *reading, struct report *report)
{
    size_t kept = report->causes < CAUSES_KEPT ? report->causes : CAUSES_KEPT;
    for (size_t i = 0; i < kept; i++) {
        int64_t value[CAUSE_FIELDS];
        char *line = next_line(reading), *rest;
        if (!line || get_numbers(line, "cause", cause_names, value, CAUSE_FIELDS, &rest) < 0)
            return -1;
        const char *name = get_text(&rest, "name");
        const char *detail = name ? get_text(&rest, "detail") : NULL;
        if (!detail || value[CAUSE_COUNT] < 1 || value[CAUSE_FIRST] < 0)
            return -1;
        report->cause[i] = (struct report_cause){
            .code = err_code_of(name),
            .detail = detail,
            .first = (uint32_t)value[CAUSE_FIRST],
            .count = (size_t)value[CAUSE_COUNT],
        };
    }
    return 0;
}

static int get_findings(struct reading *reading, struct state *state)
{
    for (size_t i = 0; i < state->findings; i++) {
        int64_t value[PACE_FIELDS];
        char *line = next_line(reading), *rest;
        if (!line || get_numbers(line, "finding", pace_names, value, PACE_FIELDS, &rest) < 0)
            return -1;
        const char *cause = get_text(&rest, "cause");
        const char *program = cause ? get_text(&rest, "program") : NULL;
        const char *libraries = program ? get_text(&rest, "libraries") : NULL;
        const char *variable = libraries ? get_text(&rest, "variable") : NULL;
        if (!variable)
            return -1;
        state->finding[i] = (struct finding){
            .cause = cause,
            .program = program,
            .libraries = libraries,
            .variable = variable,
            .pace = {.cores = value[PACE_CORES],
                     .run = value[PACE_RUN],
                     .wait = value[PACE_WAIT],
                     .blocked = value[PACE_BLOCKED],
                     .processes = (uint32_t)value[PACE_PROCESSES],
                     .active = (uint32_t)value[PACE_ACTIVE],
                     .even = (uint32_t)value[PACE_EVEN],
                     .pool = (uint32_t)value[PACE_POOL],
                     .callers = (uint32_t)value[PACE_CALLERS],
                     .hung = (uint32_t)value[PACE_HUNG]},
        };
    }
    return 0;
}

// Numbers that lead to memory or into the datasets are proved first.
static int is_possible(const int64_t figure[FIGURES], size_t size)
{
    const int64_t *f = figure;
    for (size_t i = FIGURE_COUNT; i <= FIGURE_ENDED; i++)
        if (f[i] < 0)
            return 0;
    for (size_t i = FIGURE_DONE; i <= FIGURE_WAITING; i++)
        if (f[i] > f[FIGURE_COUNT])
            return 0;
    return f[FIGURE_DONE] + f[FIGURE_FAILED] + f[FIGURE_BEGUN] + f[FIGURE_STOPPED] +
                   f[FIGURE_WAITING] ==
               f[FIGURE_COUNT] &&
           f[FIGURE_COUNT] <= UINT32_MAX && f[FIGURE_FINDINGS] <= FINDINGS &&
           f[FIGURE_CAUSES] <= f[FIGURE_FAILED] && (uint64_t)f[FIGURE_SEGMENTS] <= size;
}

static void take_figures(const int64_t figure[FIGURES], struct saved *saved,
                         struct report *report)
{
    struct state *state = &saved->state;
    state->count = (size_t)figure[FIGURE_COUNT];
    state->done = (size_t)figure[FIGURE_DONE];
    state->failed = (size_t)figure[FIGURE_FAILED];
    state->begun = (size_t)figure[FIGURE_BEGUN];
    state->stopped = (size_t)figure[FIGURE_STOPPED];
    state->waiting = (size_t)figure[FIGURE_WAITING];
    state->damage.torn = (size_t)figure[FIGURE_TORN];
    state->segments = (size_t)figure[FIGURE_SEGMENTS];
    state->findings = (size_t)figure[FIGURE_FINDINGS];
    saved->usage = (struct usage){
        .wall_us = figure[FIGURE_WALL],
        .most_cores = (uint32_t)figure[FIGURE_CORES],
        .cpu_us = figure[FIGURE_CPU],
        .ended_us = figure[FIGURE_TIME],
        .ended = (size_t)figure[FIGURE_ENDED],
        .reserved_us = (double)figure[FIGURE_RESERVED],
        .slots_us = (double)figure[FIGURE_SLOTS],
        .busy_us = (double)figure[FIGURE_BUSY],
        .idle_us = (double)figure[FIGURE_IDLE],
        .narrow_us = (double)figure[FIGURE_NARROW],
        .tail_us = figure[FIGURE_TAIL],
    };
    *report = (struct report){
        .peak_kb = figure[FIGURE_PEAK],
        .longest_us = figure[FIGURE_LONGEST],
        .median_us = figure[FIGURE_MEDIAN],
        .largest = figure[FIGURE_LARGEST] < 0 ? UINT32_MAX : (uint32_t)figure[FIGURE_LARGEST],
        .slowest = figure[FIGURE_SLOWEST] < 0 ? UINT32_MAX : (uint32_t)figure[FIGURE_SLOWEST],
        .causes = (size_t)figure[FIGURE_CAUSES],
    };
    report_time(&saved->usage, report);
}

static int names_datasets(const struct report *report, size_t count)
{
    size_t kept = report->causes < CAUSES_KEPT ? report->causes : CAUSES_KEPT;
    for (size_t i = 0; i < kept; i++)
        if (report->cause[i].first >= count)
            return 0;
    return (report->largest == UINT32_MAX || report->largest < count) &&
           (report->slowest == UINT32_MAX || report->slowest < count);
}

static int parse(struct saved *saved, struct reading *reading, struct report *report)
{
    int64_t figure[FIGURES];
    size_t size = (size_t)(reading->end - reading->at);
    char *line = next_line(reading), *rest;
    if (!line || get_numbers(line, "figures", figure_names, figure, FIGURES, &rest) < 0 ||
        !is_possible(figure, size))
        return -1;
    take_figures(figure, saved, report);
    saved->state.segment = mem_zero(saved->state.segments, sizeof *saved->state.segment);
    report->cause = mem_zero(CAUSES_KEPT, sizeof *report->cause);
    if (get_segments(reading, &saved->state) < 0 || get_causes(reading, report) < 0 ||
        get_findings(reading, &saved->state) < 0)
        return -1;
    report_limit(&saved->state, report);
    if (datasets_parse(&saved->datasets, reading->at, (size_t)(reading->end - reading->at),
                       NULL) < 0)
        return -1;
    return names_datasets(report, saved->datasets.count) ? 0 : -1;
}

int digest_parse(struct saved *saved, char *bytes, size_t size, const struct str *sources,
                 struct report *ret)
{
    const size_t first = strlen(FIRST_LINE);
    struct reading reading = {bytes, bytes + size};
    if (size < first + sources->size || memcmp(bytes, FIRST_LINE, first) != 0 ||
        memcmp(bytes + first, str_text(sources), sources->size) != 0)
        return -1;
    reading.at += first + sources->size;
    if (parse(saved, &reading, ret) == 0)
        return 0;
    state_free(&saved->state);
    datasets_free(&saved->datasets);
    saved->usage = (struct usage){0};
    report_free(ret);
    return -1;
}

int digest_load(struct saved *saved, const struct str *sources, struct report *ret)
{
    CLEANUP_STR struct str text = {0};
    if (fs_read(saved->folder.fd, FILE_NAME, SIZE_MAX_OURS, &text, NULL) < 0)
        return -1;
    struct arena arena = {0};
    char *bytes = arena_dupn(&arena, str_text(&text), text.size);
    if (digest_parse(saved, bytes, text.size, sources, ret) < 0) {
        arena_free(&arena);
        return -1;
    }
    saved->state.arena = arena; // details point into it; datasets have theirs
    return 0;
}
