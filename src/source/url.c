// SPDX-License-Identifier: Apache-2.0
// url: cut by RFC 3986, appendix B; joined by its section 5.2.
#include "source/url.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"

static int scheme_size(struct piece text)
{
    size_t i = 0;
    while (i < text.size && (text_is_alnum(text.text[i]) || strchr("+-.", text.text[i])) &&
           text.text[i])
        i++;
    return i > 0 && i < text.size && text.text[i] == ':' && !text_is_digit(*text.text) ? (int)i
                                                                                       : 0;
}

// Cuts at the first of `stops`; *text is what follows from there on.
static struct piece take_until(struct piece *text, const char *stops)
{
    struct piece part = {text->text, 0};
    while (part.size < text->size &&
           (!text->text[part.size] || !strchr(stops, text->text[part.size])))
        part.size++;
    text->text += part.size;
    text->size -= part.size;
    return part;
}

static void cut_authority(struct piece authority, struct url *ret)
{
    const char *at = authority.size ? memrchr(authority.text, '@', authority.size) : NULL;
    if (at) {
        ret->user = (struct piece){authority.text, (size_t)(at - authority.text)};
        authority.size -= ret->user.size + 1;
        authority.text = at + 1;
    }
    size_t end = authority.size;
    while (end && text_is_digit(authority.text[end - 1]))
        end--;
    ret->host = authority;
    if (end && authority.text[end - 1] == ':') {
        ret->host.size = end - 1;
        ret->port = (struct piece){authority.text + end, authority.size - end};
    }
}

void url_cut(struct piece text, struct url *ret)
{
    int scheme = scheme_size(text);
    *ret = (struct url){0};
    if (scheme) {
        ret->scheme = (struct piece){text.text, (size_t)scheme};
        text.text += scheme + 1;
        text.size -= (size_t)scheme + 1;
    }
    if (text.size >= 2 && text.text[0] == '/' && text.text[1] == '/') {
        text.text += 2;
        text.size -= 2;
        ret->has_authority = 1;
        cut_authority(take_until(&text, "/?#"), ret);
    }
    ret->path = take_until(&text, "?#");
    if (text.size && *text.text == '?') {
        text.text++;
        text.size--;
        ret->query = take_until(&text, "#");
    }
    if (text.size)
        ret->fragment = (struct piece){text.text + 1, text.size - 1};
}

// Adds a path without its "." and ".." (5.2.4); it begins with '/' or is relative to nothing.
static void add_path(struct str *into, struct piece path)
{
    size_t floor = into->size;
    int absolute = path.size && *path.text == '/';
    if (absolute) {
        str_add_char(into, '/');
        path.text++;
        path.size--;
    }
    size_t root = floor + (size_t)absolute;
    while (path.text) {
        struct piece rest = path, part = piece_cut(&rest, '/');
        if (piece_is(part, "..")) {
            size_t end = into->size > root ? into->size - 1 : root;
            while (end > root && into->text[end - 1] != '/')
                end--;
            into->size = end;
            if (into->text)
                into->text[end] = '\0';
        } else if (!piece_is(part, ".")) {
            str_add_bytes(into, part.text, part.size);
            if (rest.text)
                str_add_char(into, '/');
        }
        path = rest;
    }
}

static void add_root(struct str *into, const struct url *url)
{
    text_add_lower(into, url->scheme);
    str_add(into, url->has_authority ? "://" : ":");
    if (url->user.text) {
        str_add_bytes(into, url->user.text, url->user.size);
        str_add_char(into, '@');
    }
    str_add_bytes(into, url->host.text, url->host.size);
    if (url->port.text) {
        str_add_char(into, ':');
        str_add_bytes(into, url->port.text, url->port.size);
    }
}

static void add_tail(struct str *into, const struct url *url)
{
    if (url->query.text) {
        str_add_char(into, '?');
        str_add_bytes(into, url->query.text, url->query.size);
    }
    if (url->fragment.text) {
        str_add_char(into, '#');
        str_add_bytes(into, url->fragment.text, url->fragment.size);
    }
}

const char *url_join(struct arena *arena, const char *base, struct piece reference)
{
    struct url from, to;
    CLEANUP_STR struct str text = {0}, path = {0};
    url_cut(piece_of(base), &from);
    url_cut(reference, &to);
    if (!to.scheme.size) {
        to.scheme = from.scheme;
        if (!to.has_authority) {
            to.has_authority = from.has_authority;
            to.user = from.user;
            to.host = from.host;
            to.port = from.port;
            if (!to.path.size) {
                to.path = from.path;
                if (!to.query.text)
                    to.query = from.query;
            } else if (*to.path.text != '/') {
                const char *slash =
                    from.path.size ? memrchr(from.path.text, '/', from.path.size) : NULL;
                if (slash)
                    str_add_bytes(&path, from.path.text, (size_t)(slash - from.path.text) + 1);
                else if (from.has_authority)
                    str_add_char(&path, '/');
                str_add_bytes(&path, to.path.text, to.path.size);
                to.path = (struct piece){str_text(&path), path.size};
            }
        }
    }
    add_root(&text, &to);
    add_path(&text, to.path);
    add_tail(&text, &to);
    return arena_dupn(arena, str_text(&text), text.size);
}

int url_is(const char *text)
{
    int scheme = scheme_size(piece_of(text));
    return scheme && (str_starts(text + scheme, "://") || str_starts(text, "file:"));
}

int url_is_http(const char *text)
{
    struct url url;
    url_cut(piece_of(text), &url);
    return piece_like(url.scheme, piece_of("http")) ||
           piece_like(url.scheme, piece_of("https"));
}

static int hex(char byte)
{
    if (text_is_digit(byte))
        return byte - '0';
    byte = text_lower(byte);
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

// '%' that is none stays as it is, as for Python's unquote().
static void add_decoded(struct str *into, struct piece text)
{
    for (size_t i = 0; i < text.size; i++) {
        int high = text.text[i] == '%' && i + 2 < text.size ? hex(text.text[i + 1]) : -1;
        int low = high >= 0 ? hex(text.text[i + 2]) : -1;
        str_add_char(into, low >= 0 ? (char)(high * 16 + low) : text.text[i]);
        i += low >= 0 ? 2 : 0;
    }
}

char *url_file(const char *text, struct err *err)
{
    struct url url;
    struct str path = {0};
    url_cut(piece_of(text), &url);
    add_decoded(&path, url.path);
    if (piece_like(url.scheme, piece_of("file")) &&
        (!url.host.size || piece_is(url.host, "localhost")) && path.size &&
        path.text[0] == '/' && strlen(path.text) == path.size)
        return str_take(&path);
    str_free(&path);
    return err_set(err, ERR_USAGE, _("'%s' is no file of this machine"), text), NULL;
}

char *url_of_path(const char *path)
{
    struct str text = {0};
    str_add(&text, "file://");
    for (; *path; path++)
        if (text_is_alnum(*path) || strchr("/._-~+!,=@:", *path))
            str_add_char(&text, *path);
        else
            str_print(&text, "%%%02X", (unsigned char)*path);
    return str_take(&text);
}

int url_add_name(struct str *into, const char *text)
{
    struct url url;
    CLEANUP_STR struct str name = {0};
    url_cut(piece_of(text), &url);
    while (url.path.size && url.path.text[url.path.size - 1] == '/')
        url.path.size--;
    const char *slash = url.path.size ? memrchr(url.path.text, '/', url.path.size) : NULL;
    if (slash) {
        url.path.size -= (size_t)(slash - url.path.text) + 1;
        url.path.text = slash + 1;
    }
    add_decoded(&name, url.path);
    if (!name.size || strlen(name.text) != name.size || strchr(name.text, '/') ||
        strcmp(name.text, ".") == 0 || strcmp(name.text, "..") == 0)
        return -1;
    str_add(into, name.text);
    return 0;
}

static void add_plain(struct str *into, const char *text, int fragment)
{
    struct url url;
    url_cut(piece_of(text), &url);
    url.user = (struct piece){0};
    if (!fragment)
        url.fragment = (struct piece){0};
    if (url.scheme.size)
        add_root(into, &url);
    str_add_bytes(into, url.path.text, url.path.size);
    add_tail(into, &url);
}

void url_add_shown(struct str *into, const char *text)
{
    CLEANUP_STR struct str plain = {0};
    add_plain(&plain, text, 0);
    str_add_visible(into, str_text(&plain), plain.size);
}

char *url_plain(const char *text)
{
    struct str plain = {0};
    add_plain(&plain, text, 0);
    return str_take(&plain);
}

static struct piece port_of(const struct url *url)
{
    if (url->port.size)
        return url->port;
    return piece_of(piece_like(url->scheme, piece_of("https")) ? "443" : "80");
}

int url_same_server(const char *one, const char *two)
{
    struct url a, b;
    url_cut(piece_of(one), &a);
    url_cut(piece_of(two), &b);
    return piece_like(a.scheme, b.scheme) && piece_like(a.host, b.host) &&
           piece_compare(port_of(&a), port_of(&b)) == 0;
}

char *url_fragment(const char *text, const char *name)
{
    struct url url;
    url_cut(piece_of(text), &url);
    struct piece rest = url.fragment;
    while (rest.text) {
        struct piece field = piece_cut(&rest, '&');
        struct piece value = field, key = piece_cut(&value, '=');
        if (value.text && piece_is(key, name)) {
            struct str decoded = {0};
            add_decoded(&decoded, value);
            return str_take(&decoded);
        }
    }
    return NULL;
}
