// SPDX-License-Identifier: Apache-2.0
#include "cli/packs_tell.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/human.h"
#include "base/lang.h"

enum { TELL_EVERY_US = 100000, PAGES = 500000 };
struct tell { // of one packs
    const struct term *term;
    int64_t last_us;
    int shown;
};

static void show(struct tell *tell, const char *text)
{
    CLEANUP_STR struct str line = {0};
    CLEANUP_STR struct str cut = {0};
    str_add(&cut, text);
    term_cut(&cut, term_width(tell->term) - 1);
    str_print(&line, "\r\x1b[K%s", cut.text);
    term_write(tell->term, &line);
    tell->shown = 1;
}

// The first line is shown after one interval: what is quick says nothing.
static int is_time(struct tell *tell)
{
    int64_t now = clock_boot_us();
    if (!tell->last_us)
        tell->last_us = now;
    if (now - tell->last_us < TELL_EVERY_US)
        return 0;
    tell->last_us = now;
    return 1;
}

static void tell_net(void *context, int64_t bytes, int64_t of, size_t done, size_t count)
{
    struct tell *tell = context;
    if (!is_time(tell))
        return;
    if (bytes < PAGES && of < PAGES) { // pages and METADATA, one after the other
        show(tell, _("asking the index"));
        return;
    }
    CLEANUP_STR struct str text = {0};
    str_print(&text, _("downloading %zu of %zu   %.1f"), done, count, (double)bytes / 1e6);
    if (of > 0)
        str_print(&text, "/%.1f", (double)of / 1e6);
    str_add(&text, " MB");
    show(tell, text.text);
}

static void tell_store(void *context, enum store_stage stage, uint64_t done, uint64_t all)
{
    struct tell *tell = context;
    if (!is_time(tell))
        return;
    int percent = all ? (int)(done * 100 / all) : 100;
    CLEANUP_FREE char *text = mem_print(
        stage == STORE_UNPACK ? _("unpacking   %d %%") : _("compiling   %d %%"), percent);
    show(tell, text);
}

static struct tell *tell_of(struct packs *packs)
{
    const struct cli *cli = packs->cli;
    if (!cli->talk.tty || cli->options.quiet)
        return NULL;
    if (!packs->tell) {
        packs->tell = arena_alloc(&packs->arena, sizeof *packs->tell);
        *packs->tell = (struct tell){.term = &cli->talk};
    }
    return packs->tell;
}

const struct net_watch *packs_tell_net(struct packs *packs)
{
    struct tell *tell = tell_of(packs);
    if (!tell)
        return NULL;
    struct net_watch *watch = arena_alloc(&packs->arena, sizeof *watch);
    *watch = (struct net_watch){tell_net, tell};
    return watch;
}

struct store_progress packs_tell_store(struct packs *packs)
{
    struct tell *tell = tell_of(packs);
    return (struct store_progress){tell ? tell_store : NULL, tell};
}

void packs_tell_end(struct packs *packs)
{
    struct str clear = {.text = (char[]){"\r\x1b[K"}, .size = 4};
    if (packs->tell && packs->tell->shown)
        term_write(packs->tell->term, &clear);
    if (packs->tell)
        packs->tell->shown = 0;
}
