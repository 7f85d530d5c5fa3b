// SPDX-License-Identifier: Apache-2.0
// cmd_watch: a run while somebody else computes it.
#include <poll.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/crew_words.h"
#include "cli/say.h"
#include "cli/screen_lines.h"
#include "cli/summary.h"
#include "cli/target.h"
#include "cli/watch_screen.h"
#include "run/glance.h"
#include "run/round.h"

#define LOOK_MS        500
#define PLAIN_EVERY_US INT64_C(60000000)

// Returns 1 while somebody computes the run or will, 0 after it, -1 with err.
static int look(const struct cli *cli, struct watch *watch, struct vigil *vigil,
                struct progress *ret, struct err *err)
{
    int alive = watch_look(watch, ret, err);
    // Of one that was never handed to Slurm nothing more is to be known.
    if (alive < 0 || !round_last(watch->saved->folder.fd))
        return alive;
    return vigil_look(vigil, cli, watch->saved);
}

// Returns 1 if the person left, 0 if the run ended, -1 with err.
static int watch_live(const struct cli *cli, struct watch *watch, struct vigil *vigil,
                      struct err *err)
{
    struct watch_screen *screen = watch_screen_new(cli, watch, err);
    struct progress progress;
    int left = 0, alive = 1;
    if (!screen)
        return -1;
    while (!left && (alive = look(cli, watch, vigil, &progress, err)) > 0) {
        CLEANUP_STR struct str crew = {0};
        crew_add_short(&crew, watch->saved, &vigil->crew, &vigil->queue);
        watch_screen_draw(screen, &progress, str_text(&crew));
        left = watch_screen_wait(screen, LOOK_MS);
    }
    watch_screen_free(screen);
    return alive < 0 ? -1 : left;
}

// To a file or a pipe: a line a minute.
static int watch_plain(const struct cli *cli, struct watch *watch, struct vigil *vigil,
                       struct err *err)
{
    struct progress progress;
    int alive;
    int64_t next_us = 0;
    while ((alive = look(cli, watch, vigil, &progress, err)) > 0) {
        int64_t now = clock_boot_us();
        CLEANUP_STR struct str line = {0};
        lines_add_counts(&line, &progress, LINES_UNCUT, 0);
        crew_add_short(&line, watch->saved, &vigil->crew, &vigil->queue);
        str_add_char(&line, '\n');
        if (now >= next_us && say_data(cli, &line, err) < 0)
            return -1;
        next_us = now >= next_us ? now + PLAIN_EVERY_US : next_us;
        poll(NULL, 0, LOOK_MS);
    }
    return alive;
}

// The same results.
static int watch_run(const struct cli *cli, struct saved *saved, struct err *err)
{
    CLEANUP_VIGIL struct vigil vigil = {0};
    struct watch watch;
    struct progress progress;
    watch_begin(&watch, saved);
    int alive = look(cli, &watch, &vigil, &progress, err);
    int left = alive <= 0     ? alive
               : cli->out.tty ? watch_live(cli, &watch, &vigil, err)
                              : watch_plain(cli, &watch, &vigil, err);
    watch_end(&watch);
    return left;
}

int cmd_watch(struct cli *cli, struct err *err)
{
    CLEANUP_SAVED struct saved saved = SAVED_NONE;
    CLEANUP_SAVED struct saved ended = SAVED_NONE;
    CLEANUP_REPORT struct report report = {0};
    CLEANUP_CREW struct crew crew = {0};
    CLEANUP_QUEUE struct crew_queue queue = {0};
    if (target_folder(cli, &saved.folder, err) < 0 || saved_read(&saved, err) < 0)
        return -1;
    int left = watch_run(cli, &saved, err);
    if (left)
        return left < 0 ? -1 : 0;
    if (target_folder(cli, &ended.folder, err) < 0)
        return -1;
    crew_read(ended.folder.fd, &crew);
    if (glance_read(&ended, &report, err) < 0)
        return -1;
    crew_end(cli, &ended, &queue, &crew);
    crew_say(cli, &ended, &report, &crew, &queue);
    return summary_status(&ended);
}
