// SPDX-License-Identifier: Apache-2.0
// watch_screen: head, counts, what runs and the newest ends, as many as fit.
#include "cli/watch_screen.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/fullscreen.h"
#include "cli/say.h"
#include "cli/screen_lines.h"
#include "cli/summary.h"

#define RECENT 8 // ends shown at most

struct recent {
    uint32_t index;
    struct record record; // its texts are ours
};
struct watch_screen {
    const struct cli *cli;
    struct watch *watch;
    struct fullscreen *full;
    struct recent recent[RECENT]; // the newest last
    size_t recents;
};

static void drop(struct recent *recent)
{
    free((char *)recent->record.cause);
    free((char *)recent->record.detail);
}

// Failures push out what was done, and each other.
static void on_end(void *context, uint32_t index, const struct record *record)
{
    struct watch_screen *screen = context;
    size_t out = 0;
    if (screen->recents == RECENT) {
        while (out < RECENT && lines_is_failure(&screen->recent[out].record))
            out++;
        if (out == RECENT && !lines_is_failure(record))
            return;
        out = out == RECENT ? 0 : out;
        drop(&screen->recent[out]);
        memmove(&screen->recent[out], &screen->recent[out + 1],
                (RECENT - out - 1) * sizeof *screen->recent);
        screen->recents--;
    }
    struct recent *recent = &screen->recent[screen->recents++];
    *recent = (struct recent){index, *record};
    recent->record.cause = mem_dup(record->cause);
    recent->record.detail = mem_dup(record->detail);
    recent->record.output = recent->record.words = "";
}

struct watch_screen *watch_screen_new(const struct cli *cli, struct watch *watch,
                                      struct err *err)
{
    struct watch_screen *screen = mem_zero(1, sizeof *screen);
    screen->cli = cli;
    screen->watch = watch;
    screen->full = fullscreen_new(&cli->out, err);
    if (!screen->full) {
        free(screen);
        return NULL;
    }
    watch->ended.call = on_end;
    watch->ended.context = screen;
    return screen;
}

void watch_screen_free(struct watch_screen *screen)
{
    if (!screen)
        return;
    fullscreen_free(screen->full);
    for (size_t i = 0; i < screen->recents; i++)
        drop(&screen->recent[i]);
    screen->watch->ended.call = NULL;
    free(screen);
}

struct frame {
    struct str text;
    size_t rows, most; // so many lines so far, and at most
    size_t width;
};

static void add_line(struct frame *frame, const char *line)
{
    CLEANUP_STR struct str cut = {0};
    if (frame->rows == frame->most)
        return;
    str_add(&cut, line);
    if (!strchr(line, '\033')) // what is coloured was made to fit
        term_cut(&cut, frame->width);
    str_print(&frame->text, "%s%s\033[K", frame->rows ? "\r\n" : "", str_text(&cut));
    frame->rows++;
}

// Each line of a text.
static void add_lines(struct frame *frame, const char *text)
{
    for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
        CLEANUP_FREE char *line = mem_dupn(text, (size_t)(end - text));
        add_line(frame, line);
    }
}

static void add_running(struct watch_screen *screen, struct frame *frame, size_t most)
{
    const struct saved *saved = screen->watch->saved;
    CLEANUP_FREE uint32_t *list = NULL;
    CLEANUP_STR struct str text = {0};
    size_t count = 0, room = 0;
    for (uint32_t i = 0; i < saved->state.count; i++) {
        if (!watch_runs(screen->watch, i))
            continue;
        mem_room(&list, &room, count + 1, sizeof *list);
        list[count++] = i;
    }
    summary_add_running(&text, &screen->cli->out, saved, list, count, most, "");
    add_lines(frame, str_text(&text));
}

static void add_recent(struct watch_screen *screen, struct frame *frame)
{
    const struct saved *saved = screen->watch->saved;
    for (size_t i = 0; i < screen->recents; i++) {
        const struct dataset *dataset = &saved->datasets.item[screen->recent[i].index];
        CLEANUP_STR struct str line = {0};
        lines_add_end(&line, &screen->cli->out, dataset->text, dataset->number,
                      &screen->recent[i].record, frame->width);
        add_line(frame, str_text(&line));
    }
}

void watch_screen_draw(struct watch_screen *screen, const struct progress *progress,
                       const char *crew)
{
    const struct cli *cli = screen->cli;
    const struct saved *saved = screen->watch->saved;
    size_t height = term_height(&cli->out), width = term_width(&cli->out);
    struct frame frame = {.most = height > 1 ? height - 1 : 1, .width = width};
    CLEANUP_STR struct str line = {0};
    str_add(&frame.text, "\033[H");
    summary_add_run(&line, saved);
    add_lines(&frame, str_text(&line));
    str_clear(&line);
    lines_add_counts(&line, progress, width, 1);
    add_line(&frame, str_text(&line));
    str_clear(&line);
    if (*crew) {
        str_add(&line, crew);
    } else if (progress->cores_used >= 0) {
        lines_add_use(&line, progress, width);
    } else if (saved->owner.state == OWNER_ALIVE) {
        str_print(&line, _("  on %s: its processes are not seen from here"), saved->owner.host);
    }
    add_line(&frame, str_text(&line));
    add_line(&frame, "");
    size_t taken = frame.rows + screen->recents + 4;
    add_running(screen, &frame, height > taken ? height - taken : 1);
    add_line(&frame, "");
    add_recent(screen, &frame);
    str_add(&frame.text, "\033[J");
    str_clear(&line);
    str_print(&line, _("q leaves; the run goes on. To end it: lopin cancel %u"),
              saved->folder.number);
    term_cut(&line, width);
    str_print(&frame.text, "\033[%zu;1H\033[2m%s\033[0m\033[K", height, str_text(&line));
    term_write(&cli->out, &frame.text);
    str_free(&frame.text);
}

int watch_screen_wait(struct watch_screen *screen, int timeout_ms)
{
    return fullscreen_wait(screen->full, timeout_ms);
}
