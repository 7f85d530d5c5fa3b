// SPDX-License-Identifier: Apache-2.0
// net_state: what net.c and net_setup.c share.
#pragma once

#include "source/curl.h"
#include "source/net.h"

struct net {
    struct curl curl;
    struct net_ask ask;
    CURLM *multi;
};
struct net_state { // of a request that is being asked
    struct net *net;
    CURL *easy;
    struct curl_slist *headers;
    struct net_request *request;
    char *url; // where it is asked now
    unsigned redirects, tries;
    int64_t not_before; // boot time, microseconds
    int64_t had_bytes;  // the file's size when it was asked
    int64_t got_bytes;  // of this answer's body
    int running, over;
    int too_much, write_errno, mixed;    // why the body was stopped
    char *etag, *changed, *type, *range; // of the answer that is being read
    long max_age;
    char why[CURL_ERROR_SIZE];
};
// Sets all options of state->easy for state->url.
void net_setup(struct net_state *state);
// Forgets what the last answer said.
void net_state_clear(struct net_state *state);
// libcurl gives a part of the body.
size_t net_take_body(char *bytes, size_t size, size_t count, void *context);
