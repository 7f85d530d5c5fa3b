// SPDX-License-Identifier: Apache-2.0
// curl: libcurl's functions, found when they are first needed.
//
// Linked, it would cost each start 30 libraries and some milliseconds; a machine that never
// leaves its wheelhouse needs none. The system's own library also knows its certificates.
#pragma once

#define CURL_DISABLE_DEPRECATION // the newer names are not in the libraries of older systems
#include <curl/curl.h>

#include "base/err.h"

#define CURL_FUNCTIONS(X)                                                                      \
    X(global_init)                                                                             \
    X(easy_init)                                                                               \
    X(easy_setopt)                                                                             \
    X(easy_getinfo)                                                                            \
    X(easy_strerror)                                                                           \
    X(easy_cleanup)                                                                            \
    X(multi_init)                                                                              \
    X(multi_add_handle)                                                                        \
    X(multi_remove_handle)                                                                     \
    X(multi_perform)                                                                           \
    X(multi_wait)                                                                              \
    X(multi_info_read)                                                                         \
    X(multi_cleanup)                                                                           \
    X(slist_append)                                                                            \
    X(slist_free_all)
struct curl {
    void *library;
#define X(name) __typeof__(curl_##name) *name;
    CURL_FUNCTIONS(X)
#undef X
};
// Returns 0, or -1 with [fetch]: there is none. The library stays loaded.
int curl_load(struct curl *ret, struct err *err);
