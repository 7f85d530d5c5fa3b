// SPDX-License-Identifier: Apache-2.0
// source_get: pages from this machine, from the cache, or asked for, all at once.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lang.h"
#include "source/source_parts.h"
#include "source/url.h"

enum { FRESH_MOST = 600 }; // seconds that an index is believed for at most, as it changes

struct net *source_net(struct source *source, struct err *err)
{
    if (!source->net)
        source->net = net_new(&source->net_ask, err);
    return source->net;
}

// file: a page, or the folder of a project with its index.html.
static void get_local(struct want *want)
{
    CLEANUP_FREE char *path = url_file(want->url, &want->err);
    if (!path)
        return;
    CLEANUP_FREE char *whole =
        str_ends(path, "/") ? mem_print("%sindex.html", path) : mem_dup(path);
    if (fs_read(AT_FDCWD, whole, (size_t)want->most, &want->got.body, &want->err) < 0 &&
        (errno == ENOENT || errno == ENOTDIR)) {
        want->err = (struct err){0};
        want->missing = 1;
    }
    want->got.from = mem_dup(want->url);
}

static int64_t now(void)
{
    return clock_wall_us() / 1000000;
}

static void take_answer(struct source *source, struct want *want, struct net_request *request)
{
    struct cached *got = &want->got;
    CLEANUP_STR struct str url = {0};
    const char *cache = source->ask.cache;
    url_add_shown(&url, want->url);
    if (request->failed) {
        want->err = request->err;
    } else if (request->status == 304 && got->from) {
        got->time = now();
        got->max_age = request->max_age < 0 ? 0 : request->max_age;
        if (cache)
            cache_write(cache, want->url, got);
    } else if (request->status == 404 || request->status == 410) {
        want->missing = 1;
    } else if (request->status == 401 || request->status == 403) {
        err_set(&want->err, ERR_FETCH, _("%s refuses us (HTTP %ld)"), str_text(&url),
                request->status);
        err_hint(&want->err, "try",
                 _("a user and password in ~/.netrc, or in the index's URL"));
    } else if (request->status != 200) {
        err_set(&want->err, ERR_FETCH, _("%s answers HTTP %ld"), str_text(&url),
                request->status);
        err_hint(&want->err, "try", _("--offline, to do with what is here"));
    } else {
        cached_free(got);
        *got = (struct cached){.from = TAKE(request->final_url),
                               .type = TAKE(request->type),
                               .etag = TAKE(request->new_etag),
                               .changed = TAKE(request->new_changed),
                               .time = now(),
                               .max_age = want->lasting ? -1 : request->max_age,
                               .body = request->body};
        request->body = (struct str){0};
        if (!want->lasting && got->max_age < 0)
            got->max_age = 0;
        if (got->max_age > FRESH_MOST)
            got->max_age = FRESH_MOST;
        if (cache)
            cache_write(cache, want->url, got);
    }
}

// Whether the cache has it. What is too old is kept to be asked about.
static int from_cache(struct source *source, struct want *want)
{
    const char *cache = source->ask.cache;
    int known = cache && cache_read(cache, want->url, &want->got);
    if (known && (source->ask.offline || cache_is_fresh(&want->got, now())))
        return 1;
    want->offline = source->ask.offline;
    return want->offline;
}

static void ask_all(struct source *source, struct want **wants, size_t count)
{
    struct err err = {0};
    struct net *net = source_net(source, &err);
    struct net_request *requests = mem_zero(count, sizeof *requests);
    struct net_request **list = mem_zero(count, sizeof *list);
    for (size_t i = 0; i < count; i++) {
        requests[i] = (struct net_request)NET_REQUEST;
        requests[i].url = wants[i]->url;
        requests[i].accept = wants[i]->accept;
        requests[i].etag = wants[i]->got.etag;
        requests[i].changed = wants[i]->got.changed;
        requests[i].most = wants[i]->most;
        list[i] = &requests[i];
    }
    if (net)
        net_run(net, list, count, source->ask.watch);
    for (size_t i = 0; i < count; i++) {
        if (net)
            take_answer(source, wants[i], &requests[i]);
        else
            wants[i]->err = err;
        net_request_free(&requests[i]);
    }
    free(requests);
    free(list);
}

void source_get(struct source *source, struct want *wants, size_t count)
{
    struct want **ask = mem_zero(count, sizeof *ask);
    size_t asked = 0;
    for (size_t i = 0; i < count; i++)
        if (!url_is_http(wants[i].url))
            get_local(&wants[i]);
        else if (!from_cache(source, &wants[i]))
            ask[asked++] = &wants[i];
    if (asked)
        ask_all(source, ask, asked);
    free(ask);
}
