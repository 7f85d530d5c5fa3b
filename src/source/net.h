// SPDX-License-Identifier: Apache-2.0
// net: HTTP requests, many at once (RFC 9110), with pip's proxies, certificates, netrc, timeouts
// and retries.
//
// Only http and https, also behind redirects, which are followed here and not by libcurl; user and
// password go only to the server that they were given for. What stalls for the time limit, ends
// early or answers 500, 502, 503, 504, 520, 524, 429 or 408 is tried again, later each time.
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vars.h"

struct net_ask { // borrowed for the life of the net; NULL: not said
    const struct vars *vars;
    const char *proxy, *cert, *client_cert;
    const struct strv *trusted; // hosts, with or without a port
    unsigned long timeout;      // seconds; 0: 15
    unsigned long retries;
    int no_proxy_env;
    const struct strv *logins; // URLs with user and password, which hold for their servers
};
struct net;
// NULL with [fetch] if there is no libcurl.
struct net *net_new(const struct net_ask *ask, struct err *err);
void net_free(struct net *net);

struct net_request { // free with net_request_free
    // Asked; borrowed:
    const char *url;
    const char *accept;         // NULL: all
    const char *etag, *changed; // what we have: If-None-Match, If-Modified-Since
    int fd; // >= 0: the body goes there, behind what the file has (Range); else into body
    const char *had;  // ETag of what the file has; NULL: not known
    int64_t most;     // bytes of the body
    int64_t expected; // its size, for progress; -1: not known
    // Answered:
    long status; // 200, 304, 404, ...; 0: none
    struct str body;
    char *type, *new_etag, *new_changed; // NULL: not said
    char *final_url;                     // where it came from
    long max_age;                        // of Cache-Control; -1: not said
    int failed;                          // then err says why
    struct err err;
};
#define NET_REQUEST                                                                            \
    {                                                                                          \
        .fd = -1, .most = 1 << 28, .expected = -1, .max_age = -1                               \
    }
void net_request_free(struct net_request *request);

struct net_watch { // progress; may be NULL as a whole
    void (*tell)(void *context, int64_t bytes, int64_t of, size_t done, size_t count);
    void *context;
};
// Asks all, up to 16 at a time. A status such as 404 is an answer and no failure. Returns how many
// have failed.
size_t net_run(struct net *net, struct net_request *const *requests, size_t count,
               const struct net_watch *watch);
