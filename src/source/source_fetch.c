// SPDX-License-Identifier: Apache-2.0
// source_fetch: files that a solution needs, on this machine.
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "source/digest.h"
#include "source/download.h"
#include "source/source_parts.h"

// A page of this machine may give a hash too.
static int fetch_local(struct source_file *file, struct err *err)
{
    CLEANUP_FREE char *digest = digest_wanted(file->sha256, file->digest);
    char found[DIGEST_TEXT];
    int fits = digest ? digest_fits(file->url, &(const char *){digest}, 1, found, err) : 1;
    if (!fits)
        return err_set(err, ERR_BAD_WHEEL,
                       _("'%s' has another hash than the page or lock that names it"),
                       file->url);
    file->path = file->url;
    return fits < 0 ? -1 : 0;
}

static int begin_all(struct source *source, struct download *downloads, size_t count,
                     struct err *err)
{
    const char *cache = source->ask.cache;
    struct net_request **requests = mem_zero(count, sizeof *requests);
    size_t asked = 0;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        result = download_begin(&downloads[i], cache, err);
        if (result == 0 && !downloads[i].here && source->ask.offline)
            result =
                err_set(err, ERR_FETCH, _("'%s' is not in the cache, and --offline is said"),
                        downloads[i].name);
        if (result == 0 && !downloads[i].here)
            requests[asked++] = &downloads[i].request;
    }
    struct net *net = result == 0 && asked ? source_net(source, err) : NULL;
    if (result == 0 && asked && !net)
        result = -1;
    if (net)
        net_run(net, requests, asked, source->ask.watch);
    free(requests);
    return result;
}

int source_fetch(struct source *source, struct source_file *const *files, size_t count,
                 struct err *err)
{
    struct download *downloads = mem_zero(count, sizeof *downloads);
    struct source_file **remote = mem_zero(count, sizeof *remote);
    size_t used = 0;
    int result = 0;
    for (size_t i = 0; i < count && result == 0; i++) {
        struct source_file *file = files[i];
        if (file->path)
            continue;
        if (file->local) {
            result = fetch_local(file, err);
            continue;
        }
        remote[used] = file;
        downloads[used++] = (struct download){.url = file->url,
                                              .name = file->name,
                                              .sha256 = file->sha256,
                                              .digest = file->digest,
                                              .size = file->size,
                                              .request = NET_REQUEST};
    }
    if (result == 0 && used && !source->ask.cache)
        result = err_set(err, ERR_SYSTEM, _("there is no folder for downloads"));
    if (result == 0 && used)
        result = begin_all(source, downloads, used, err);
    // All that came is kept, even if one of them fails.
    for (size_t i = 0; i < used; i++) {
        struct err other;
        if (download_end(&downloads[i], result == 0 ? err : &other) < 0)
            result = -1;
        else
            remote[i]->path = arena_dup(&source->arena, downloads[i].path);
        download_done(&downloads[i]);
    }
    free(downloads);
    free(remote);
    return result;
}
