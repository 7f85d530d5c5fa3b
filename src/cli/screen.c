// SPDX-License-Identifier: Apache-2.0
// screen: a task costs a count here; what is shown is made at the runner's ticks, in one
// write().
//
// Between two draws the cursor rests at the start of the second live line: there the "^C" that
// a terminal echoes does no harm. Lines end one column early, as some terminals wrap at the
// last one. A terminal that has become narrower has wrapped them: rows are counted by their
// columns. It may tell its new width late: then the lines written meanwhile must not wrap
// (DECAWM, "\033[?7l"), so that the count still holds.
#include "cli/screen.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/say.h"
#include "cli/screen_events.h"
#include "cli/screen_lines.h"
#include "cli/threads_found.h"

enum { TICK_LIVE_MS = 200, TICK_PLAIN_MS = 1000, MOST_FAILURES = 100 };
#define PLAIN_EVERY_US ((int64_t)60 * 1000000)

enum mode { MODE_PLAIN, MODE_LIVE, MODE_QUIET, MODE_EVENTS };
struct screen {
    const struct cli *cli;
    enum mode mode;
    struct str above; // lines that stay, not written yet
    unsigned running;
    size_t failures;
    int drawn;         // the live lines are there
    size_t columns[2]; // of each
    unsigned width;    // of the terminal when they were drawn
    int64_t next_us;   // when the next plain line is due
    int lost;          // stdout has no reader
};

static enum mode mode_of(const struct cli *cli)
{
    if (cli->options.json)
        return MODE_EVENTS;
    if (cli->options.quiet)
        return MODE_QUIET;
    return cli->talk.tty ? MODE_LIVE : MODE_PLAIN;
}

static void write_event(struct screen *screen, const struct str *line)
{
    if (!screen->lost && term_write(&screen->cli->out, line) < 0)
        screen->lost = 1;
}

struct screen *screen_new(const struct cli *cli, const struct run *run)
{
    struct screen *screen = mem_zero(1, sizeof *screen);
    screen->cli = cli;
    screen->mode = mode_of(cli);
    screen->next_us = clock_boot_us() + PLAIN_EVERY_US;
    if (screen->mode == MODE_EVENTS) {
        CLEANUP_STR struct str line = {0};
        events_add_run(&line, run);
        write_event(screen, &line);
    }
    return screen;
}

// Columns that a line may have.
static size_t room(const struct screen *screen)
{
    unsigned width = term_width(&screen->cli->talk);
    return screen->mode != MODE_LIVE ? LINES_UNCUT : width > 1 ? width - 1 : 1;
}

static size_t rows_of(size_t columns, unsigned width)
{
    return columns > width ? (columns + width - 1) / width : 1;
}

// To the start of the first live line; with `erase` all of their rows are empty then. Not by ED
// ("\033[J"), which keeps what it takes from a whole screen in the scrollback of some
// terminals.
static void add_way_up(struct screen *screen, struct str *text, unsigned width, int erase)
{
    if (!screen->drawn)
        return;
    size_t up = rows_of(screen->columns[0], width);
    size_t rows = up + rows_of(screen->columns[1], width);
    str_print(text, "\r\033[%zuA", up);
    for (size_t i = 0; erase && i < rows; i++)
        str_add(text, i + 1 < rows ? "\033[2K\033[B" : "\033[2K");
    if (erase)
        str_print(text, "\033[%zuA", rows - 1);
    screen->drawn = 0;
}

// A job in the background leaves the terminal to the shell.
static int in_foreground(const struct screen *screen)
{
    pid_t group = tcgetpgrp(screen->cli->talk.fd);
    return group < 0 || group == getpgrp();
}

static void draw(struct screen *screen, const struct progress *progress)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_STR struct str line = {0};
    unsigned width = term_width(&screen->cli->talk);
    int foreground = in_foreground(screen);
    if (!foreground)
        screen->drawn = 0;
    add_way_up(screen, &text, width, screen->above.size > 0 || width != screen->width);
    str_add(&text, str_text(&screen->above));
    str_clear(&screen->above);
    if (foreground) {
        str_add(&text, "\033[?7l");
        lines_add_counts(&line, progress, room(screen), 1);
        str_print(&text, "%s\033[K\r\n", str_text(&line));
        screen->columns[0] = lines_columns(str_text(&line));
        str_clear(&line);
        lines_add_use(&line, progress, room(screen));
        screen->columns[1] = lines_columns(str_text(&line));
        str_print(&text, "%s\033[K\r\033[?7h", str_text(&line));
        screen->width = width;
        screen->drawn = 1;
    }
    if (text.size)
        term_write(&screen->cli->talk, &text);
}

static void tick_plain(struct screen *screen, const struct progress *progress)
{
    int64_t now = clock_boot_us();
    if (now >= screen->next_us) {
        lines_add_counts(&screen->above, progress, LINES_UNCUT, 0);
        str_add_char(&screen->above, ' ');
        lines_add_use(&screen->above, progress, LINES_UNCUT);
        str_add_char(&screen->above, '\n');
        screen->next_us = now + PLAIN_EVERY_US;
    }
    screen_clear(screen);
}

// A terminal held by ^S, or a pipe that nobody empties, must not hold the tasks: what is to be
// said waits.
static int takes_more(const struct screen *screen)
{
    struct pollfd talk = {.fd = screen->cli->talk.fd, .events = POLLOUT};
    return poll(&talk, 1, 0) != 0;
}

static void on_tick(void *context, const struct progress *progress)
{
    struct screen *screen = context;
    if (!takes_more(screen))
        return;
    if (screen->mode == MODE_LIVE)
        draw(screen, progress);
    else if (screen->mode == MODE_PLAIN)
        tick_plain(screen, progress);
}

// A script that fails on each of 100,000 datasets fails alike: the first hundred are enough.
static int wanted(struct screen *screen, const struct record *record)
{
    if (screen->cli->options.verbose)
        return 1;
    if (!lines_is_failure(record))
        return 0;
    if (++screen->failures == MOST_FAILURES + 1) {
        say_add_label(&screen->above, _("failed"));
        str_add(&screen->above, _("more are counted and not shown here: lopin log --failed"));
        str_add_char(&screen->above, '\n');
    }
    return screen->failures <= MOST_FAILURES;
}

// Nobody has asked for it now, so its reason is said.
static void add_reason(struct screen *screen, const struct event *event)
{
    unsigned running = screen->running;
    say_add_label(&screen->above, _("stop"));
    if (event->why == WHY_HALT)
        str_add(&screen->above, _("as --halt asks"));
    else
        str_add(&screen->above, _("the time of -t is nearly over"));
    str_add(&screen->above, ": ");
    if (event->kind == EVENT_KILLING)
        str_print(&screen->above,
                  lang_plural("ending %u running", "ending %u running", running), running);
    else
        str_print(&screen->above,
                  lang_plural("no new task begins, %u running",
                              "no new task begins, %u running", running),
                  running);
    str_add_char(&screen->above, '\n');
}

static void add_stop(struct screen *screen, enum event_kind kind)
{
    unsigned running = screen->running;
    int live = screen->mode == MODE_LIVE;
    say_add_label(&screen->above, live ? "^C" : _("stop"));
    if (kind == EVENT_KILLING)
        str_print(&screen->above,
                  lang_plural("killing %u running", "killing %u running", running), running);
    else if (live)
        str_print(&screen->above,
                  lang_plural("%u running: it may finish; ^C again kills it",
                              "%u running: they may finish; ^C again kills them", running),
                  running);
    else
        str_print(&screen->above,
                  lang_plural("%u running: it may finish; a second signal kills it",
                              "%u running: they may finish; a second signal kills them",
                              running),
                  running);
    str_add_char(&screen->above, '\n');
}

static void add_storage(struct screen *screen, const struct event *event)
{
    struct str *above = &screen->above;
    const char *text = event->err->text;
    say_add_label(above, _("storage"));
    if (event->kind == EVENT_STORAGE_OVER) {
        str_add(above, _("written: the run goes on"));
    } else {
        str_add_visible(above, text, strlen(text));
        str_print(above, " [%s]; ", err_name(event->err->code));
        if (event->waiting)
            str_print(above,
                      lang_plural("%zu record waits, ", "%zu records wait, ", event->waiting),
                      event->waiting);
        str_add(above, _("no new task begins; trying again each second"));
    }
    str_add_char(above, '\n');
}

static void show(struct screen *screen, const struct event *event)
{
    if (event->kind == EVENT_STORAGE || event->kind == EVENT_STORAGE_OVER) {
        add_storage(screen, event);
        if (takes_more(screen))
            screen_clear(screen);
        return;
    }
    if (event->kind == EVENT_THREADS) {
        found_add_record(&screen->above, event->record);
        if (takes_more(screen))
            screen_clear(screen);
        return;
    }
    if (event->kind == EVENT_STOPPING || event->kind == EVENT_KILLING) {
        if (event->why != WHY_ASKED)
            add_reason(screen, event);
        else if (screen->running)
            add_stop(screen, event->kind);
        if (takes_more(screen))
            screen_clear(screen);
    } else if (event->kind == EVENT_END && wanted(screen, event->record)) {
        lines_add_end(&screen->above, &screen->cli->talk, event->dataset->text,
                      event->dataset->number, event->record, room(screen));
        str_add_char(&screen->above, '\n');
    }
}

static void on_event(void *context, const struct event *event)
{
    struct screen *screen = context;
    if (event->kind == EVENT_START)
        screen->running++;
    else if (event->kind == EVENT_END && screen->running)
        screen->running--;
    if (screen->mode == MODE_EVENTS) {
        CLEANUP_STR struct str line = {0};
        events_add(&line, event, screen->running);
        write_event(screen, &line);
    } else if (screen->mode != MODE_QUIET) {
        show(screen, event);
    }
}

struct runner_listener screen_listener(struct screen *screen)
{
    return (struct runner_listener){
        .event = on_event,
        .tick = screen->mode == MODE_LIVE || screen->mode == MODE_PLAIN ? on_tick : NULL,
        .tick_ms = screen->mode == MODE_LIVE ? TICK_LIVE_MS : TICK_PLAIN_MS,
        .context = screen,
    };
}

void screen_clear(struct screen *screen)
{
    CLEANUP_STR struct str text = {0};
    if (in_foreground(screen))
        add_way_up(screen, &text, term_width(&screen->cli->talk), 1);
    str_add(&text, str_text(&screen->above));
    str_clear(&screen->above);
    if (text.size)
        term_write(&screen->cli->talk, &text);
}

void screen_end(struct screen *screen, const struct run_result *result, int status)
{
    screen_clear(screen);
    if (screen->mode != MODE_EVENTS)
        return;
    CLEANUP_STR struct str line = {0};
    events_add_close(&line, result, status);
    write_event(screen, &line);
}

void screen_free(struct screen *screen)
{
    if (!screen)
        return;
    screen_clear(screen);
    str_free(&screen->above);
    free(screen);
}
