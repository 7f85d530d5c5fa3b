// SPDX-License-Identifier: Apache-2.0
// curl: dlopen(3) of libcurl.so.4, whichever TLS library it was built with.
#include "source/curl.h"

#include <dlfcn.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"

int curl_load(struct curl *ret, struct err *err)
{
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4",
                                        "libcurl-nss.so.4"};
    *ret = (struct curl){0};
    for (size_t i = 0; i < COUNT(names) && !ret->library; i++)
        ret->library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    int whole = ret->library != NULL;
#define X(name)                                                                                \
    if (whole) {                                                                               \
        void *found = dlsym(ret->library, "curl_" #name);                                      \
        memcpy(&ret->name, &found, sizeof found);                                              \
        whole = found != NULL;                                                                 \
    }
    CURL_FUNCTIONS(X)
#undef X
    if (whole && ret->global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        return 0;
    err_set(err, ERR_FETCH, _("libcurl is not on this machine, so no index can be asked"));
    return err_hint(err, "try", _("install libcurl (libcurl4, libcurl), or use --find-links"));
}
