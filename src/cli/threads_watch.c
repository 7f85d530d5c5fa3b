// SPDX-License-Identifier: Apache-2.0
// threads_watch: what a process has mapped is read again only while it is young.
#include "cli/threads_watch.h"

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

enum { EACH_MS = 1000, FIRST_MS = 250 };

struct roots {
    pid_t *item;
    size_t count;
};

static void add_root(void *context, pid_t pid)
{
    struct roots *roots = context;
    roots->item = mem_resize(roots->item, roots->count + 1, sizeof *roots->item);
    roots->item[roots->count++] = pid;
}

// A run's tasks come and go; returns 0 when the run itself has ended.
static int follow(struct scene *scene, const struct threads_target *target)
{
    struct process runner;
    struct roots roots = {0};
    if (!target->runner)
        return 1;
    if (process_read((pid_t)target->runner, &runner) < 0 || process_is_over(&runner))
        return 0;
    tree_children((pid_t)target->runner, add_root, &roots);
    scene_set_roots(scene, roots.item, roots.count);
    free(roots.item);
    return 1;
}

static int has_ended(const struct scene *scene, const struct threads_target *target)
{
    return !target->runner && !scene->census.count;
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
        unsigned height = term_height(&cli->out);
        threads_add(&text, &plain, scene, target, height > 16 ? height - 12 : 4);
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
    if (cli->out.tty && !cli->options.json)
        return watch_screen(cli, scene, target, err);
    return watch_lines(cli, scene, target, err);
}
