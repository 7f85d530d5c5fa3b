// SPDX-License-Identifier: Apache-2.0
// Requirements and markers: a normal form is read back as itself; a marker has a value or an error.
#include <stdlib.h>

#include "wheel/require.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    static const struct marker_env env = {
        .value = {"cpython", "3.11.4", "posix", "x86_64", "CPython", "5.10.0-28", "Linux", "#1",
                  "3.11.4+", "3.11", "linux", "Test"},
    };
    struct arena arena = {0};
    CLEANUP_STR struct str normal = {0}, again = {0};
    struct piece text = {arena_dupn(&arena, (const char *)bytes, size), size};
    struct err err = {0};
    const struct marker *marker = marker_parse(&arena, text, NULL);
    if (marker && marker_evaluate(marker, &env, &err) < 0 && err.code != ERR_USAGE)
        abort();
    const struct require *require = require_parse(&arena, text, &err);
    // Escapes are gone from what is written, so it may mean another text, or none.
    if (require && !piece_holds(text, '\\') && require_add(&normal, require) == 0) {
        require = require_parse(&arena, (struct piece){normal.text, normal.size}, NULL);
        if (!require || require_add(&again, require) < 0 ||
            piece_compare((struct piece){normal.text, normal.size},
                          (struct piece){again.text, again.size}) != 0)
            abort();
    }
    arena_free(&arena);
    return 0;
}
