// SPDX-License-Identifier: Apache-2.0
// net_setup: a request in libcurl's words: proxy, certificates, login, headers, limits.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "source/net_state.h"
#include "source/url.h"

// requests: the lower-case name first. HTTP_PROXY in capitals is a header's name in CGI.
static const char *proxy_of(const struct net *net, const char *url)
{
    static const char *const https[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    static const char *const http[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"};
    const char *const *names = strncasecmp(url, "https:", 6) == 0 ? https : http;
    if (net->ask.proxy)
        return net->ask.proxy;
    for (int i = 0; i < 4 && !net->ask.no_proxy_env; i++) {
        const char *value = vars_get(net->ask.vars, names[i]);
        if (value && *value &&
            !(strcmp(names[i], "HTTP_PROXY") == 0 && vars_get(net->ask.vars, "REQUEST_METHOD")))
            return value;
    }
    return "";
}

static const char *first_set(const struct vars *vars, const char *const *names)
{
    for (; *names; names++) {
        const char *value = vars_get(vars, *names);
        if (value && *value)
            return value;
    }
    return NULL;
}

static int is_trusted(const struct net *net, const char *text)
{
    struct url url;
    url_cut(piece_of(text), &url);
    for (size_t i = 0; net->ask.trusted && i < net->ask.trusted->count; i++) {
        struct url host;
        CLEANUP_FREE char *whole = mem_print("https://%s", net->ask.trusted->item[i]);
        url_cut(piece_of(whole), &host);
        if (piece_like(host.host, url.host) &&
            (!host.port.size || piece_compare(host.port, url.port) == 0))
            return 1;
    }
    return 0;
}

static void set_certificates(struct net_state *state)
{
    static const char *const names[] = {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE",
                                        "SSL_CERT_DIR", NULL};
    const struct net *net = state->net;
    const struct curl *curl = &net->curl;
    const char *cert = net->ask.cert ? net->ask.cert : first_set(net->ask.vars, names);
    struct stat st;
    if (cert && stat(cert, &st) == 0)
        curl->easy_setopt(state->easy, S_ISDIR(st.st_mode) ? CURLOPT_CAPATH : CURLOPT_CAINFO,
                          cert);
    else if (cert)
        curl->easy_setopt(state->easy, CURLOPT_CAINFO,
                          cert); // libcurl says that it is not there
    if (net->ask.client_cert) {  // one PEM file with certificate and key
        curl->easy_setopt(state->easy, CURLOPT_SSLCERT, net->ask.client_cert);
        curl->easy_setopt(state->easy, CURLOPT_SSLKEY, net->ask.client_cert);
    }
    if (is_trusted(net, state->url)) {
        curl->easy_setopt(state->easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl->easy_setopt(state->easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

static char *decoded(struct piece text)
{
    struct str into = {0};
    if (str_add_unpercent(&into, text.text, text.size) < 0)
        str_add_bytes(&into, text.text, text.size);
    return str_take(&into);
}

// The login of the URL that was asked, else of an index on the same server, else of netrc.
static void set_login(struct net_state *state)
{
    const struct net *net = state->net;
    const struct curl *curl = &net->curl;
    const struct strv *logins = net->ask.logins;
    struct url url;
    url_cut(piece_of(state->request->url), &url);
    int found = url.user.text && url_same_server(state->request->url, state->url);
    for (size_t i = 0; !found && logins && i < logins->count; i++) {
        url_cut(piece_of(logins->item[i]), &url);
        found = url.user.text && url_same_server(logins->item[i], state->url);
    }
    if (found) {
        struct piece rest = url.user, name = piece_cut(&rest, ':');
        CLEANUP_FREE char *user = decoded(name);
        CLEANUP_FREE char *password = decoded(rest.text ? rest : piece_of(""));
        curl->easy_setopt(state->easy, CURLOPT_USERNAME, user);
        curl->easy_setopt(state->easy, CURLOPT_PASSWORD, password);
        curl->easy_setopt(state->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        return;
    }
    const char *home = vars_get(net->ask.vars, "HOME"), *own = vars_get(net->ask.vars, "NETRC");
    CLEANUP_FREE char *file = own && *own ? mem_dup(own)
                              : home      ? mem_print("%s/.netrc", home)
                                          : NULL;
    if (file && access(file, R_OK) == 0) {
        curl->easy_setopt(state->easy, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
        curl->easy_setopt(state->easy, CURLOPT_NETRC_FILE, file);
    }
}

static void add_header(struct net_state *state, const char *name, const char *value)
{
    CLEANUP_FREE char *line = mem_print("%s: %s", name, value);
    if (!strpbrk(line, "\r\n"))
        state->headers = state->net->curl.slist_append(state->headers, line);
}

static void set_headers(struct net_state *state)
{
    const struct net_request *request = state->request;
    const struct curl *curl = &state->net->curl;
    struct stat st;
    curl->slist_free_all(state->headers);
    state->headers = NULL;
    state->had_bytes = 0;
    if (request->accept)
        add_header(state, "Accept", request->accept);
    if (request->etag)
        add_header(state, "If-None-Match", request->etag);
    else if (request->changed)
        add_header(state, "If-Modified-Since", request->changed);
    if (request->fd >= 0) {
        if (fstat(request->fd, &st) == 0)
            state->had_bytes = st.st_size;
        // A wheel is compressed already, and a part of a compressed body would be no part of it.
        add_header(state, "Accept-Encoding", "identity");
        if (state->had_bytes) {
            CLEANUP_FREE char *range = mem_print("bytes=%lld-", (long long)state->had_bytes);
            add_header(state, "Range", range);
        }
    } else {
        curl->easy_setopt(state->easy, CURLOPT_ACCEPT_ENCODING, "");
    }
    curl->easy_setopt(state->easy, CURLOPT_HTTPHEADER, state->headers);
}

void net_state_clear(struct net_state *state)
{
    free(state->etag);
    free(state->changed);
    free(state->type);
    free(state->range);
    state->etag = state->changed = state->type = state->range = NULL;
    state->max_age = -1;
    state->got_bytes = 0;
    state->too_much = state->write_errno = state->mixed = 0;
    state->why[0] = '\0';
}

static void keep(char **place, const char *from, size_t size)
{
    while (size && isspace((unsigned char)from[size - 1]))
        size--;
    while (size && isspace((unsigned char)*from)) {
        from++;
        size--;
    }
    free(*place);
    *place = mem_dupn(from, size);
}

static long read_max_age(const char *text)
{
    const char *at = strcasestr(text, "max-age=");
    if (strcasestr(text, "no-cache") || strcasestr(text, "no-store"))
        return 0;
    return at ? strtol(at + 8, NULL, 10) : -1;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
    struct net_state *state = context;
    size_t whole = size * count;
    struct piece rest = {bytes, whole}, name = piece_cut(&rest, ':');
    CLEANUP_FREE char *cache = NULL;
    if (whole > 5 && memcmp(bytes, "HTTP/", 5) == 0)
        net_state_clear(state); // of the answer before it: 100, a proxy's
    if (!rest.text)
        return whole;
    if (piece_like(name, piece_of("etag")))
        keep(&state->etag, rest.text, rest.size);
    else if (piece_like(name, piece_of("last-modified")))
        keep(&state->changed, rest.text, rest.size);
    else if (piece_like(name, piece_of("content-type")))
        keep(&state->type, rest.text, rest.size);
    else if (piece_like(name, piece_of("content-range")))
        keep(&state->range, rest.text, rest.size);
    else if (piece_like(name, piece_of("cache-control"))) {
        keep(&cache, rest.text, rest.size);
        state->max_age = read_max_age(cache);
    }
    return whole;
}

void net_setup(struct net_state *state)
{
    const struct curl *curl = &state->net->curl;
    CURL *easy = state->easy;
    unsigned long asked = state->net->ask.timeout;
    long timeout = asked ? (long)asked : 15;
    CLEANUP_FREE char *plain = url_plain(state->url);
    long protocols = CURLPROTO_HTTP | CURLPROTO_HTTPS;
    net_state_clear(state);
    curl->easy_setopt(easy, CURLOPT_URL, plain);
    curl->easy_setopt(easy, CURLOPT_PROTOCOLS, protocols);
    curl->easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS, protocols);
    curl->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl->easy_setopt(easy, CURLOPT_USERAGENT, "lopin");
    curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, timeout);
    curl->easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl->easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, timeout);
    curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, state->why);
    curl->easy_setopt(easy, CURLOPT_PRIVATE, (char *)state);
    curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, net_take_body);
    curl->easy_setopt(easy, CURLOPT_WRITEDATA, (void *)state);
    curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl->easy_setopt(easy, CURLOPT_HEADERDATA, (void *)state);
    curl->easy_setopt(easy, CURLOPT_PROXY, proxy_of(state->net, state->url));
    static const char *const none[] = {"no_proxy", "NO_PROXY", NULL};
    const char *direct = first_set(state->net->ask.vars, none);
    curl->easy_setopt(easy, CURLOPT_NOPROXY, direct && !state->net->ask.proxy ? direct : "");
    set_certificates(state);
    set_login(state);
    set_headers(state);
}
