// SPDX-License-Identifier: Apache-2.0
// module_walk: all modules that can be reached, by the caches of the user and of the site.
#include <sched.h>
#include <string.h>

#include "base/clock.h"
#include "base/lang.h"
#include "cli/config.h"
#include "cli/module_spider.h"
#include "cli/say.h"
#include "cli/setting.h"
#include "module/paths.h"
#include "spider/cache.h"
#include "spider/lmodcache.h"

enum { MAX_THREADS = 4 };

static unsigned threads(void)
{
    cpu_set_t ours;
    int count = sched_getaffinity(0, sizeof ours, &ours) == 0 ? CPU_COUNT(&ours) : 1;
    return count < MAX_THREADS ? (unsigned)count : MAX_THREADS;
}

// Of all files only the site's: it may say where caches are. One that is wrong is told, and is no reason
// to answer nothing.
static void read_site(struct cli *cli)
{
    struct err err = {0};
    cli->config = mem_zero(1, sizeof *cli->config);
    if (site_file_read(&cli->config->site, CONFIG_SITE_PATH, &cli->vars, &err) < 0)
        say_error(cli, &err);
}

static void tell_unread(const struct cli *cli)
{
    say_label(cli, _("note"), "%s",
              _("modulefiles in Tcl are listed, but what they say is not known: the library of "
                "Tcl 8 (libtcl8.6) is not on this machine"));
}

int module_check_path(const struct module_work *work, struct err *err)
{
    const char *path = vars_get(&work->engine.vars, "MODULEPATH");
    if (path && *path)
        return 0;
    return err_set(err, ERR_NO_MODULE,
                   _("MODULEPATH is empty: no folder of modules is in use"));
}

// Which caches there are, and how much they did not have.
static void tell_walk(const struct module_work *work, const struct spider *spider,
                      int64_t begun_us)
{
    const struct spider_ask *ask = &spider->ask;
    const char *const files[] = {ask->cache, ask->site_cache};
    const char *lmod = vars_get(&work->engine.vars, "LMOD_SPIDER_CACHE_DIRS");
    if (!trace_is_on(ask->trace))
        return;
    for (size_t i = 0; i < COUNT(files); i++)
        if (files[i])
            trace_add(ask->trace, _("cache %s: folders in it: %zu%s"), files[i],
                      spider->caches[i].count,
                      ask->anew ? _(", not read (--ignore_cache)") : "");
    if (spider->lmod->count)
        trace_add(ask->trace, _("Lmod's own cache%s%s: files in it: %zu"), lmod ? " " : "",
                  lmod ? lmod : "", spider->lmod->count);
    trace_add(ask->trace, _("folders: %zu, read anew: %zu; files evaluated: %zu; %.2f ms"),
              spider->count, spider->listed, spider->evaluated,
              (double)(clock_boot_us() - begun_us) / 1000);
}

int module_walk(struct module_work *work, struct spider *spider, unsigned how, struct err *err)
{
    struct cli *cli = work->cli;
    CLEANUP_STRV struct strv path = {0}, base = {0};
    if (module_check_path(work, err) < 0)
        return -1;
    if (!cli->config)
        read_site(cli);
    CLEANUP_FREE char *folder = setting_cache(cli);
    CLEANUP_FREE char *cache = folder ? mem_print("%s/modules/spider", folder) : NULL;
    const char *shared = cli->config ? cli->config->site.modules_cache : NULL;
    CLEANUP_FREE char *site = shared ? mem_print("%s/spider", shared) : NULL;
    struct spider_ask ask = {
        .environment = work->engine.vars.list.item,
        .shell = work->name,
        .site = &work->engine.catalog.site,
        .user = &work->engine.catalog.user,
        .who = &work->engine.catalog.who,
        .lua_only = work->engine.catalog.rules.lua_only,
        .cache = work->cache ? work->cache : cache,
        .site_cache = site,
        .base = &base,
        .trace = &work->trace,
        .threads = threads(),
        .anew = (how & MODULE_WALK_ANEW) != 0 || cli->options.ignore_cache ||
                engine_setting(&work->engine, "LMOD_IGNORE_CACHE", 0),
        .known = (how & MODULE_WALK_KNOWN) != 0,
        .shallow = (how & MODULE_WALK_SHALLOW) != 0,
    };
    paths_list(&work->engine.vars, "MODULEPATH", &path);
    strv_split(&base, work->engine.loaded.base_path ? work->engine.loaded.base_path : "", ':');
    int64_t begun_us = clock_boot_us();
    spider_walk(spider, &ask, &path);
    tell_walk(work, spider, begun_us);
    if (spider->unread)
        tell_unread(cli);
    if (!ask.known)
        spider_save(spider);
    return 0;
}
