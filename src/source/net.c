// SPDX-License-Identifier: Apache-2.0
// net: the loop over requests: begin, redirect, try again, end.
#include "source/net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lang.h"
#include "source/net_state.h"
#include "source/url.h"

enum { AT_ONCE = 16, REDIRECTS = 20, WAIT_MS = 200 };

struct net *net_new(const struct net_ask *ask, struct err *err)
{
    struct net *net = mem_zero(1, sizeof *net);
    net->ask = *ask;
    if (curl_load(&net->curl, err) == 0) {
        net->multi = net->curl.multi_init();
        if (net->multi)
            return net;
        err_set(err, ERR_SYSTEM, _("libcurl cannot begin"));
    }
    free(net);
    return NULL;
}

void net_free(struct net *net)
{
    if (!net)
        return;
    net->curl.multi_cleanup(net->multi);
    free(net);
}

void net_request_free(struct net_request *request)
{
    str_free(&request->body);
    free(request->type);
    free(request->new_etag);
    free(request->new_changed);
    free(request->final_url);
}

static long status_of(const struct net_state *state)
{
    long status = 0;
    state->net->curl.easy_getinfo(state->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

// A part that does not follow what the file has, or is of another version of it, may not be added.
static int begin_file(struct net_state *state, long status)
{
    const struct net_request *request = state->request;
    CLEANUP_FREE char *wanted = mem_print("bytes %lld-", (long long)state->had_bytes);
    if (status == 206) {
        int follows = state->range && strncasecmp(state->range, wanted, strlen(wanted)) == 0;
        int same = !request->had || !state->etag || strcmp(request->had, state->etag) == 0;
        if (follows && same)
            return lseek(request->fd, 0, SEEK_END) < 0 ? -1 : 0;
        state->mixed = 1;
        return -1;
    }
    state->had_bytes = 0;
    return ftruncate(request->fd, 0) < 0 || lseek(request->fd, 0, SEEK_SET) < 0 ? -1 : 0;
}

size_t net_take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct net_state *state = context;
    struct net_request *request = state->request;
    size_t whole = size * count;
    long status = status_of(state);
    if (status != 200 && status != 206)
        return whole; // the page that comes with an error
    if (!state->got_bytes && request->fd >= 0 && begin_file(state, status) < 0) {
        state->write_errno = state->mixed ? 0 : errno;
        return 0;
    }
    state->got_bytes += (int64_t)whole;
    if (state->had_bytes + state->got_bytes > request->most) {
        state->too_much = 1;
        return 0;
    }
    if (request->fd < 0) {
        str_add_bytes(&request->body, bytes, whole);
    } else if (fs_write_all(request->fd, bytes, whole) < 0) {
        state->write_errno = errno;
        return 0;
    }
    return whole;
}

static void shown(const struct net_state *state, struct str *into)
{
    url_add_shown(into, state->url);
}

static void end(struct net_state *state)
{
    const struct curl *curl = &state->net->curl;
    if (state->easy)
        curl->easy_cleanup(state->easy);
    curl->slist_free_all(state->headers);
    state->easy = NULL;
    state->headers = NULL;
    state->over = 1;
}

static void fail(struct net_state *state)
{
    state->request->failed = 1;
    state->request->status = 0;
    end(state);
}

static void begin(struct net_state *state)
{
    const struct curl *curl = &state->net->curl;
    if (state->easy)
        curl->easy_cleanup(state->easy);
    state->easy = curl->easy_init();
    str_clear(&state->request->body);
    if (!state->easy) {
        err_set(&state->request->err, ERR_SYSTEM, _("libcurl cannot begin"));
        fail(state);
        return;
    }
    net_setup(state);
    state->running = 1;
    curl->multi_add_handle(state->net->multi, state->easy);
}

// Twice as long each time, from a quarter of a second on, as pip.
static int again(struct net_state *state)
{
    if (state->tries >= state->net->ask.retries)
        return 0;
    state->not_before =
        clock_boot_us() + ((int64_t)250000 << (state->tries < 6 ? state->tries : 6));
    state->tries++;
    return 1;
}

static void redirect(struct net_state *state)
{
    struct net_request *request = state->request;
    CLEANUP_STR struct str from = {0}, to = {0};
    char *target = NULL;
    shown(state, &from);
    state->net->curl.easy_getinfo(state->easy, CURLINFO_REDIRECT_URL, &target);
    if (!target || !url_is_http(target)) {
        url_add_shown(&to, target ? target : "?");
        err_set(&request->err, ERR_FETCH,
                _("%s redirects to %s, which is neither http nor https"), str_text(&from),
                str_text(&to));
        fail(state);
    } else if (++state->redirects > REDIRECTS) {
        err_set(&request->err, ERR_FETCH, _("%s redirects without end"), str_text(&from));
        fail(state);
    } else {
        free(state->url);
        state->url = mem_dup(target);
        state->not_before = 0;
    }
}

static void answered(struct net_state *state, long status)
{
    struct net_request *request = state->request;
    request->status = status;
    request->final_url = TAKE(state->url);
    request->type = TAKE(state->type);
    request->new_etag = TAKE(state->etag);
    request->new_changed = TAKE(state->changed);
    request->max_age = state->max_age;
    end(state);
}

// Of what mostly happens; NULL: libcurl's words must do.
static const char *words_of(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_CONNECT: return _("no connection");
    case CURLE_COULDNT_RESOLVE_HOST: return _("the name of the host is not known here");
    case CURLE_COULDNT_RESOLVE_PROXY: return _("the name of the proxy is not known here");
    default: return NULL;
    }
}

static void explain(struct net_state *state, CURLcode code)
{
    struct net_request *request = state->request;
    CLEANUP_STR struct str url = {0}, why = {0};
    const char *words = *state->why ? state->why : state->net->curl.easy_strerror(code);
    shown(state, &url);
    str_add_visible(&why, words, strlen(words));
    if (state->write_errno)
        err_errno(&request->err, ERR_SYSTEM, state->write_errno, _("cannot keep '%s'"),
                  fs_base(str_text(&url)));
    else if (state->too_much)
        err_set(&request->err, ERR_FETCH, _("%s is larger than it should be"), str_text(&url));
    else if (code == CURLE_OPERATION_TIMEDOUT)
        err_set(&request->err, ERR_FETCH, _("%s does not answer any more: %s"), str_text(&url),
                str_text(&why));
    else if (code == CURLE_PARTIAL_FILE)
        err_set(&request->err, ERR_FETCH, _("%s ends too early: %s"), str_text(&url),
                str_text(&why));
    else
        err_set(&request->err, ERR_FETCH, _("%s cannot be had: %s"), str_text(&url),
                words_of(code) ? words_of(code) : str_text(&why));
    if (words_of(code))
        err_hint(&request->err, "found", "%s", str_text(&why));
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE ||
        code == CURLE_SSL_ISSUER_ERROR)
        err_hint(&request->err, "try", _("PIP_CERT=FILE with the site's certificates"));
    else if (!state->write_errno && !state->too_much)
        err_hint(&request->err, "try", _("--offline, to do with what is here"));
}

static int may_pass(long status)
{
    static const long known[] = {408, 429, 500, 502, 503, 504, 520, 524};
    for (size_t i = 0; i < COUNT(known); i++)
        if (status == known[i])
            return 1;
    return 0;
}

static int is_trouble_of_moment(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return 1;
    default: return 0;
    }
}

static void finished(struct net_state *state, CURLcode code)
{
    const struct net_request *request = state->request;
    long status = status_of(state);
    int location =
        status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    state->running = 0;
    state->net->curl.multi_remove_handle(state->net->multi, state->easy);
    // What the file has is all of it already, or of another version: from the start again.
    if ((state->mixed || (code == CURLE_OK && status == 416)) && request->fd >= 0 &&
        ftruncate(request->fd, 0) == 0 && state->tries <= state->net->ask.retries) {
        state->tries++;
        return;
    }
    if (code == CURLE_OK && location) {
        redirect(state);
    } else if (code == CURLE_OK) {
        if (!may_pass(status) || !again(state))
            answered(state, status);
    } else if (!is_trouble_of_moment(code) || !again(state)) {
        explain(state, code);
        fail(state);
    }
}

// Returns whether any was over: then others may begin at once.
static int reap(struct net *net)
{
    int left, any = 0;
    for (CURLMsg *message; (message = net->curl.multi_info_read(net->multi, &left));) {
        struct net_state *state = NULL;
        char *private = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        net->curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        memcpy(&state, &private, sizeof state);
        finished(state, code);
        any = 1;
    }
    return any;
}

static void tell(const struct net_watch *watch, struct net_state *states, size_t count)
{
    int64_t bytes = 0, of = 0;
    size_t done = 0;
    for (size_t i = 0; i < count; i++) {
        const struct net_state *state = &states[i];
        int64_t have = state->had_bytes + state->got_bytes;
        bytes += have;
        of += state->request->expected > have ? state->request->expected : have;
        done += (size_t)state->over;
    }
    if (watch && watch->tell)
        watch->tell(watch->context, bytes, of, done, count);
}

// Begins what may begin. Returns how many are not over.
static size_t advance(struct net_state *states, size_t count)
{
    size_t running = 0, left = 0;
    int64_t now = clock_boot_us();
    for (size_t i = 0; i < count; i++)
        running += (size_t)states[i].running;
    for (size_t i = 0; i < count; i++) {
        struct net_state *state = &states[i];
        if (!state->over && !state->running && running < AT_ONCE && state->not_before <= now) {
            begin(state);
            running++;
        }
        left += !state->over;
    }
    return left;
}

static void wait_for(struct net *net)
{
    int descriptors = 0;
    net->curl.multi_wait(net->multi, NULL, 0, WAIT_MS, &descriptors);
    if (!descriptors) { // it does not wait where it has nothing to wait for
        const struct timespec moment = {0, 5000000};
        nanosleep(&moment, NULL);
    }
}

size_t net_run(struct net *net, struct net_request *const *requests, size_t count,
               const struct net_watch *watch)
{
    struct net_state *states = mem_zero(count, sizeof *states);
    size_t failed = 0;
    int alive = 0;
    for (size_t i = 0; i < count; i++) {
        states[i] = (struct net_state){.net = net, .request = requests[i]};
        states[i].url = mem_dup(requests[i]->url);
        requests[i]->err = (struct err){0};
        if (!url_is_http(requests[i]->url)) {
            CLEANUP_STR struct str url = {0};
            url_add_shown(&url, requests[i]->url);
            err_set(&requests[i]->err, ERR_FETCH, _("'%s' is neither http nor https"),
                    str_text(&url));
            fail(&states[i]);
        }
    }
    while (advance(states, count)) {
        net->curl.multi_perform(net->multi, &alive);
        int any = reap(net);
        tell(watch, states, count);
        if (!any)
            wait_for(net);
    }
    tell(watch, states, count);
    for (size_t i = 0; i < count; i++) {
        net_state_clear(&states[i]);
        free(states[i].url);
        failed += (size_t)requests[i]->failed;
    }
    free(states);
    return failed;
}
