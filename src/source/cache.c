// SPDX-License-Identifier: Apache-2.0
// cache: "lopin-page 1", a line a field, an empty line, the body.
#include "source/cache.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/hash.h"
#include "source/url.h"

static const char first_line[] = "lopin-page 1";
enum { MOST = 1 << 28 };

// The URL without user and password: a changed password finds the same page.
static char *path_of(const char *folder, const char *url)
{
    CLEANUP_FREE char *plain = url_plain(url);
    struct hash hash;
    hash_begin(&hash);
    hash_text(&hash, plain);
    return mem_print("%s/pages/%016llx", folder, (unsigned long long)hash_end(&hash));
}

static void add_field(struct str *into, const char *name, const char *value)
{
    if (!value)
        return;
    str_print(into, "%s ", name);
    str_add_percent(into, value, strlen(value), "");
    str_add_char(into, '\n');
}

static char *text_of(struct piece value)
{
    struct str text = {0};
    if (str_add_unpercent(&text, value.text, value.size) < 0)
        str_free(&text);
    return str_take(&text);
}

static int64_t number_of(struct piece value)
{
    CLEANUP_FREE char *text = mem_dupn(value.text ? value.text : "", value.size);
    return strtoll(text, NULL, 10);
}

// The fields up to the empty line; *rest is then the body. Returns the size that it must have, or -1.
static int64_t read_fields(struct piece *rest, const char *plain, struct cached *ret)
{
    int64_t size = -1;
    int ours = 0;
    if (!piece_is(piece_cut(rest, '\n'), first_line))
        return -1;
    while (rest->text) {
        struct piece value = piece_cut(rest, '\n'), name = piece_cut(&value, ' ');
        if (!name.size)
            return ours && ret->from ? size : -1;
        CLEANUP_FREE char *text = text_of(value.text ? value : piece_of(""));
        if (piece_is(name, "url"))
            ours = strcmp(text, plain) == 0;
        else if (piece_is(name, "from") && !ret->from)
            ret->from = TAKE(text);
        else if (piece_is(name, "type") && !ret->type)
            ret->type = TAKE(text);
        else if (piece_is(name, "etag") && !ret->etag)
            ret->etag = TAKE(text);
        else if (piece_is(name, "changed") && !ret->changed)
            ret->changed = TAKE(text);
        else if (piece_is(name, "time"))
            ret->time = number_of(value);
        else if (piece_is(name, "max-age"))
            ret->max_age = (long)number_of(value);
        else if (piece_is(name, "size"))
            size = number_of(value);
    }
    return -1;
}

int cache_read(const char *folder, const char *url, struct cached *ret)
{
    CLEANUP_FREE char *path = path_of(folder, url);
    CLEANUP_FREE char *plain = url_plain(url);
    CLEANUP_STR struct str file = {0};
    *ret = (struct cached){0};
    if (fs_read(AT_FDCWD, path, MOST, &file, NULL) < 0)
        return 0;
    struct piece rest = {str_text(&file), file.size};
    int64_t size = read_fields(&rest, plain, ret);
    if (size >= 0 && (size_t)size == rest.size) {
        str_add_bytes(&ret->body, rest.text ? rest.text : "", rest.size);
        return 1;
    }
    cached_free(ret);
    return 0;
}

void cache_write(const char *folder, const char *url, const struct cached *cached)
{
    CLEANUP_FREE char *path = path_of(folder, url);
    CLEANUP_FREE char *above = fs_folder(path);
    CLEANUP_FREE char *plain = url_plain(url);
    CLEANUP_FREE char *from = url_plain(cached->from);
    CLEANUP_STR struct str file = {0};
    str_print(&file, "%s\n", first_line);
    add_field(&file, "url", plain);
    add_field(&file, "from", from);
    add_field(&file, "type", cached->type);
    add_field(&file, "etag", cached->etag);
    add_field(&file, "changed", cached->changed);
    str_print(&file, "time %lld\nmax-age %ld\nsize %zu\n\n", (long long)cached->time,
              cached->max_age, cached->body.size);
    str_add_bytes(&file, str_text(&cached->body), cached->body.size);
    if (fs_make_dirs(AT_FDCWD, above, 0700, NULL) == 0)
        fs_replace(AT_FDCWD, path, file.text, file.size, 0600, 0, NULL);
}

int cache_is_fresh(const struct cached *cached, int64_t now)
{
    return cached->max_age < 0 || (cached->time <= now && now - cached->time < cached->max_age);
}

void cached_free(struct cached *cached)
{
    free(cached->from);
    free(cached->type);
    free(cached->etag);
    free(cached->changed);
    str_free(&cached->body);
    *cached = (struct cached){0};
}
