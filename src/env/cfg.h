// SPDX-License-Identifier: Apache-2.0
// cfg: pyvenv.cfg, by which an interpreter finds its installation (PEP 405): "key = value" lines.
#pragma once

#include "base/err.h"
#include "base/mem.h"

struct cfg {             // lives in its arena; NULL where the file does not say
    const char *home;    // the folder of the installation's programs
    const char *version; // "3.11.7": of venv (version), virtualenv and uv (version_info)
    const char *prompt;
    const char *lopin; // the lopin that made it
    const char *abi;   // "cpython-311 nogil": of the interpreter that lopin made it for
    const char
        *modules; // "gcc/12.3:python/3.11": what was loaded (LOADEDMODULES) when lopin made it
    int system_site; // include-system-site-packages
};
// Returns 0, or -1 with err (its errnum ENOENT: there is none).
int cfg_read(int dir, const char *path, struct arena *arena, struct cfg *ret, struct err *err);
