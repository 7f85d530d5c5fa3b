// SPDX-License-Identifier: Apache-2.0
// threads_watch: what a process has mapped is read again only while it is young.
#include "cli/threads_watch.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/tree.h"
#include "cli/fullscreen.h"
#include "cli/say.h"

enum { EACH_MS = 1000, FIRST_MS = 250, MARGIN = 8 };

// A run's tasks come and go; returns 0 when the run itself has ended.
static int follow(struct scene *scene, const struct threads_target *target)
{
    struct process runner;
    struct tree_list roots = {0};
    if (!target->runner)
        return 1;
    if (process_read((pid_t)target->runner, &runner) < 0 || process_is_over(&runner))
        return 0;
    tree_list_children((pid_t)target->runner, &roots);
    scene_set_roots(scene, roots.pid, roots.count);
    free(roots.pid);
    return 1;
}

static int has_ended(const struct scene *scene, const struct threads_target *target)
{
    return !target->runner && !scene->census.count;
}

// A label fills the margin up to its last column; a line of the table has no blank just there or begins with one,
// or with a digit.
static int has_label(const char *line, size_t size)
{
    size_t at = 0;
    for (size_t column = 0; at < size && column < MARGIN - 1; column++)
        for (at++; at < size && ((unsigned char)line[at] & 0xc0) == 0x80;)
            at++;
    return at < size && line[at] == ' ' && *line != ' ' && !isdigit((unsigned char)*line);
}

// A line of words goes on below itself, behind the label; one of the table is cut by the screen.
static void add_wrapped(struct str *into, const char *line, size_t size, size_t width)
{
    size_t room = width + 1, from = 0, blank = 0;
    if (!has_label(line, size) || width < 3UL * MARGIN) {
        str_add_bytes(into, line, size);
        return;
    }
    for (size_t i = 0; i < size; i++) {
        if (((unsigned char)line[i] & 0xc0) == 0x80) // in the middle of a character
            continue;
        if (line[i] == ' ' && i >= MARGIN)
            blank = i;
        room -= room > 0;
        if (room || blank <= from)
            continue;
        str_add_bytes(into, line + from, blank - from);
        str_print(into, "\n%*s", MARGIN, "");
        from = i = blank + 1;
        room = width - MARGIN;
    }
    str_add_bytes(into, line + from, size - from);
}

// The table has the rows that what stands below it leaves.
static void fill(struct str *into, const struct term *term, const struct scene *scene,
                 const struct threads_target *target)
{
    size_t height = term_height(term), rows = scene->census.count;
    rows = rows < height ? rows : height;
    for (;;) {
        CLEANUP_STR struct str text = {0};
        size_t lines = 1; // the foot
        threads_add(&text, term, scene, target, rows);
        str_clear(into);
        const char *at = str_text(&text);
        for (const char *end; (end = strchr(at, '\n')); at = end + 1) {
            add_wrapped(into, at, (size_t)(end - at), term_width(term));
            str_add_char(into, '\n');
        }
        for (size_t i = 0; i < into->size; i++)
            lines += into->text[i] == '\n';
        if (lines <= height || rows <= 1)
            return;
        rows = rows > lines - height ? rows - (lines - height) : 1;
    }
}

static int watch_screen(const struct cli *cli, struct scene *scene,
                        const struct threads_target *target, struct err *err)
{
    struct term plain = cli->out; // lines are cut, which colours do not survive
    plain.color = plain.tty = 0;
    struct fullscreen *screen = fullscreen_new(&cli->out, err);
    int left = 0, wait_ms = FIRST_MS;
    if (!screen)
        return -1;
    while (!left) {
        scene_inspect(scene, 0);
        scene_peek(scene);
        left = fullscreen_wait(screen, wait_ms);
        wait_ms = EACH_MS;
        if (left || !follow(scene, target))
            break;
        scene_look(scene);
        if (has_ended(scene, target))
            break;
        CLEANUP_STR struct str text = {0};
        fill(&text, &plain, scene, target);
        fullscreen_show(screen, &text, _("q leaves; what is watched goes on"));
    }
    fullscreen_free(screen);
    return 0;
}

static int watch_lines(const struct cli *cli, struct scene *scene,
                       const struct threads_target *target, struct err *err)
{
    for (int wait_ms = FIRST_MS;; wait_ms = EACH_MS) {
        CLEANUP_STR struct str text = {0};
        scene_inspect(scene, 0);
        scene_peek(scene);
        poll(NULL, 0, wait_ms);
        if (!follow(scene, target))
            return 0;
        scene_look(scene);
        if (has_ended(scene, target))
            return 0;
        if (!cli->options.json)
            threads_add_line(&text, scene);
        else if (threads_add_json(&text, scene, target) < 0)
            return err_set(err, ERR_SYSTEM, _("cannot write '%s'"), "JSON");
        if (term_write(&cli->out, &text) < 0)
            return errno == EPIPE ? 0
                                  : err_errno(err, ERR_SYSTEM, errno,
                                              _("cannot write to standard output"));
    }
}

int threads_watch(const struct cli *cli, struct scene *scene, struct threads_target *target,
                  struct err *err)
{
    target->on_screen = cli->out.tty && !cli->options.json;
    if (target->on_screen)
        return watch_screen(cli, scene, target, err);
    return watch_lines(cli, scene, target, err);
}
