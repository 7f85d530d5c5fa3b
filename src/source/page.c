// SPDX-License-Identifier: Apache-2.0
// page: links, whatever they were written in.
#include "source/page.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "source/digest.h"
#include "source/page_parts.h"
#include "source/url.h"

const char *page_sha256(struct arena *arena, struct piece text)
{
    const char *digest = digest_text(arena, "sha256", text);
    return digest ? digest + strlen("sha256:") : NULL;
}

int page_version(struct page_reader *reader, struct piece version)
{
    struct piece major = piece_cut(&version, '.');
    if (piece_is(major, "1"))
        return 0;
    CLEANUP_STR struct str shown = {0};
    url_add_shown(&shown, reader->url);
    return err_set(reader->err, ERR_FETCH, _("%s speaks version %.*s of the simple interface"),
                   str_text(&shown), (int)major.size, major.text);
}

static int is_distribution(const char *name)
{
    return str_ends(name, ".whl") || str_ends(name, ".tar.gz") || str_ends(name, ".zip");
}

void page_add(struct page_reader *reader, struct piece href, struct page_link link)
{
    struct page *page = reader->page;
    CLEANUP_STR struct str name = {0};
    const char *url = url_join(reader->arena, reader->base, href);
    int local = str_starts(url, "file:") && str_starts(reader->url, "file:");
    if ((!local && !url_is_http(url)) || url_add_name(&name, url) < 0 ||
        !is_distribution(name.text)) {
        page->odd++;
        return;
    }
    CLEANUP_FREE char *hash = url_fragment(url, "sha256");
    if (hash && !link.sha256)
        link.sha256 = page_sha256(reader->arena, piece_of(hash));
    if (!link.sha256 && !link.digest)
        link.digest = digest_of_url(reader->arena, url);
    link.name = arena_dup(reader->arena, name.text);
    char *mark = strchr(url, '#');
    link.url = mark ? arena_dupn(reader->arena, url, (size_t)(mark - url)) : url;
    mem_room(&page->link, &reader->room, page->count + 1, sizeof *page->link);
    page->link[page->count++] = link;
}

int page_parse(struct arena *arena, const char *url, const char *type, struct piece text,
               struct page *ret, struct err *err)
{
    static const char json[] = "application/vnd.pypi.simple.v1+json";
    struct piece rest = piece_of(type ? type : "text/html");
    struct piece kind = piece_strip(piece_cut(&rest, ';'));
    struct page_reader reader = {
        .arena = arena, .url = url, .base = url, .page = ret, .err = err};
    *ret = (struct page){0};
    int result =
        piece_like(kind, piece_of(json)) || piece_like(kind, piece_of("application/json"))
            ? page_json(&reader, text)
            : page_html(&reader, text);
    if (result == 0 && ret->count) {
        struct page_link *kept = arena_alloc(arena, ret->count * sizeof *kept);
        memcpy(kept, ret->link, ret->count * sizeof *kept);
        free(ret->link);
        ret->link = kept;
        return 0;
    }
    free(ret->link);
    ret->link = NULL;
    ret->count = 0;
    return result;
}
