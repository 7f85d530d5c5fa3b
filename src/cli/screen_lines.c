// SPDX-License-Identifier: Apache-2.0
// screen_lines: a line is tried with all its parts, then with fewer, until it fits.
#include "cli/screen_lines.h"

#include <stdint.h>
#include <string.h>

#include "base/human.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/say.h"

enum { BAR_WIDTH = 20, NAME_WIDTH = 30, DETAIL_LEAST = 12 };
enum part {
    PART_RUNNING = 1 << 0,
    PART_FAILED = 1 << 1,
    PART_ELAPSED = 1 << 2,
    PART_LEFT = 1 << 3,
    PART_ALL = (1 << 4) - 1,
};

// Wide are CJK and pictures (UAX #11). The C library knows exactly, but only in a UTF-8 locale,
// which a node may lack.
static size_t width_of(uint32_t code)
{
    return code < 0x1100 || (code >= 0x1E00 && code < 0x2300) ||
                   (code >= 0x2400 && code < 0x2600)
               ? 1
               : 2;
}

// The code point at `at`, of valid UTF-8; moves *at behind it.
static uint32_t next_code(const char **at)
{
    unsigned char first = (unsigned char)*(*at)++;
    uint32_t code = first < 0x80   ? first
                    : first < 0xE0 ? first & 0x1F
                    : first < 0xF0 ? first & 0x0F
                                   : first & 0x07;
    while (((unsigned char)**at & 0xC0) == 0x80)
        code = code << 6 | ((unsigned char)*(*at)++ & 0x3F);
    return code;
}

size_t lines_columns(const char *text)
{
    size_t columns = 0;
    while (*text)
        columns += width_of(next_code(&text));
    return columns;
}

static void cut(struct str *line, size_t columns)
{
    const char *at = str_text(line);
    for (size_t seen = 0; *at;) {
        const char *before = at;
        seen += width_of(next_code(&at));
        if (seen <= columns)
            continue;
        line->size = (size_t)(before - line->text);
        line->text[line->size] = '\0';
        return;
    }
}

// A dataset's text for a line: the end of a long one, which tells paths apart. Columns of a
// table are joined by tabs.
static void add_name(struct str *into, const char *text, size_t columns)
{
    CLEANUP_FREE char *spaced = mem_dup(text);
    for (char *tab = spaced; (tab = strchr(tab, '\t'));)
        *tab = ' ';
    CLEANUP_STR struct str name = {0};
    str_add_visible(&name, spaced, strlen(spaced));
    const char *at = str_text(&name);
    size_t wide = lines_columns(at);
    if (wide > columns) {
        str_add(into, "...");
        while (wide + 3 > columns && *at)
            wide -= width_of(next_code(&at));
    }
    str_add(into, at);
}

// In whole seconds: tenths would make the line flicker.
static void add_time(struct str *into, int64_t us)
{
    if (us < 9500000)
        str_print(into, "%ds", us > 0 ? (int)((us + 500000) / 1000000) : 0);
    else
        human_duration(into, us);
}

static void add_times(struct str *into, const struct progress *progress, unsigned parts)
{
    CLEANUP_STR struct str elapsed = {0};
    CLEANUP_STR struct str left = {0};
    add_time(&elapsed, progress->elapsed_us);
    add_time(&left, progress->left_us);
    int guessed = (parts & PART_LEFT) && progress->left_us >= 0;
    if (!(parts & (PART_ELAPSED | PART_LEFT)))
        return;
    str_add(into, "   ");
    if ((parts & PART_ELAPSED) && guessed)
        str_print(into, _("%s, about %s left"), str_text(&elapsed), str_text(&left));
    else if (guessed)
        str_print(into, _("about %s left"), str_text(&left));
    else
        str_add(into, str_text(&elapsed));
}

static void add_bar(struct str *into, const struct progress *progress, size_t width)
{
    uint64_t ended = progress->done + progress->failed;
    size_t full = progress->total ? (size_t)(ended * width / progress->total) : width;
    str_add(into, "  [");
    for (size_t i = 0; i < width; i++)
        str_add_char(into, i < full ? '#' : '.');
    str_add_char(into, ']');
}

static void add_counts(struct str *into, const struct progress *progress, unsigned parts,
                       size_t bar)
{
    CLEANUP_STR struct str total = {0};
    str_print(&total, "%llu", (unsigned long long)progress->total);
    str_print(into, " %*llu/%s", (int)total.size, (unsigned long long)progress->done,
              str_text(&total));
    if (bar)
        add_bar(into, progress, bar);
    if (parts & PART_RUNNING) {
        str_add(into, "  ");
        str_print(into, _("%lu running"), (unsigned long)progress->running);
    }
    if (parts & PART_FAILED) {
        str_add(into, parts & PART_RUNNING ? "   " : "  ");
        str_print(into,
                  lang_plural("%lu failed", "%lu failed", (unsigned long)progress->failed),
                  (unsigned long)progress->failed);
    }
    add_times(into, progress, parts);
}

void lines_add_counts(struct str *into, const struct progress *progress, size_t columns,
                      int bar)
{
    static const struct {
        unsigned parts;
        size_t bar;
    } tries[] = {
        {PART_ALL, BAR_WIDTH},
        {PART_ALL, BAR_WIDTH / 2},
        {PART_ALL, 0},
        {PART_RUNNING | PART_FAILED | PART_LEFT, 0},
        {PART_RUNNING | PART_FAILED, 0},
        {PART_FAILED, 0},
    };
    CLEANUP_STR struct str line = {0};
    for (size_t i = 0; i < COUNT(tries); i++) {
        if (tries[i].bar && !bar)
            continue;
        str_clear(&line);
        add_counts(&line, progress, tries[i].parts, tries[i].bar);
        if (lines_columns(str_text(&line)) <= columns)
            break;
    }
    cut(&line, columns);
    str_add(into, str_text(&line));
}

void lines_add_use(struct str *into, const struct progress *progress, size_t columns)
{
    CLEANUP_STR struct str line = {0};
    CLEANUP_STR struct str memory = {0};
    human_memory(&memory, progress->memory_kb);
    if (progress->memory_limit_kb) {
        str_add_char(&memory, '/');
        human_memory(&memory, progress->memory_limit_kb);
    }
    str_print(&line, _("  cores %.1f/%u   memory %s"), progress->cores_used, progress->cores,
              str_text(&memory));
    for (size_t i = 0; i < COUNT(progress->longest) && progress->longest[i].text; i++) {
        CLEANUP_STR struct str more = {0};
        str_add(&more, i ? ", " : "   ");
        add_name(&more, progress->longest[i].text, NAME_WIDTH);
        str_add_char(&more, ' ');
        add_time(&more, progress->longest[i].since_us);
        if (lines_columns(str_text(&line)) + lines_columns(str_text(&more)) > columns)
            break;
        str_add(&line, str_text(&more));
    }
    cut(&line, columns);
    str_add(into, str_text(&line));
}

// The words of a failure in `columns`: their last part, after three spaces, is the place in the
// script and stays.
static void add_detail(struct str *into, const char *detail, size_t columns)
{
    CLEANUP_STR struct str words = {0};
    str_add_visible(&words, detail, strlen(detail));
    const char *place = "";
    for (const char *at = strstr(str_text(&words), "   "); at; at = strstr(at + 3, "   "))
        place = at;
    CLEANUP_STR struct str end = {0};
    if (lines_columns(str_text(&words)) > columns) {
        if (lines_columns(place) + DETAIL_LEAST <= columns)
            str_add(&end, place);
        cut(&words, columns - lines_columns(str_text(&end)) - 3);
        str_add(&words, "...");
    }
    str_add(into, str_text(&words));
    str_add(into, str_text(&end));
}

static void add_label(struct str *into, const struct term *term, const struct record *record)
{
    switch (record->state) {
    case TASK_DONE: say_add_label(into, _("done")); break;
    case TASK_STOPPED: say_add_label(into, _("stopped")); break;
    case TASK_AGAIN: say_add_label(into, _("again")); break;
    case TASK_FAILED:
        term_style(term, into, "31");
        say_add_label(into, _("failed"));
        term_style(term, into, "0");
        break;
    }
}

int lines_is_failure(const struct record *record)
{
    return record->state == TASK_FAILED ||
           (record->state == TASK_AGAIN && record->cause && *record->cause);
}

void lines_add_end(struct str *into, const struct term *term, const char *text, unsigned number,
                   const struct record *record, size_t columns)
{
    static const struct term plain = {.fd = -1};
    CLEANUP_STR struct str label = {0};
    CLEANUP_STR struct str rest = {0};
    CLEANUP_STR struct str cure = {0};
    add_label(&label, &plain, record);
    size_t left =
        columns -
        (lines_columns(str_text(&label)) < columns ? lines_columns(str_text(&label)) : columns);
    add_name(&rest, text, columns == LINES_UNCUT ? columns : NAME_WIDTH);
    if (lines_is_failure(record)) {
        const char *detail = record->detail && *record->detail ? record->detail : record->cause;
        if (record->state == TASK_FAILED) // else the log of another attempt follows
            str_print(&cure, "   lopin log %u", number);
        size_t used = lines_columns(str_text(&rest)) + 2 + cure.size;
        if (used + DETAIL_LEAST <= left && detail) {
            str_add(&rest, "  ");
            add_detail(&rest, detail, left - used);
        }
    } else {
        str_add(&cure, "  ");
        human_duration(&cure, record->duration_us);
    }
    str_add(&rest, str_text(&cure));
    cut(&rest, left);
    add_label(into, term, record);
    str_add(into, str_text(&rest));
}
