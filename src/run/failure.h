// SPDX-License-Identifier: Apache-2.0
// failure: why a task failed, from its wait status and the end of its log.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct failure {
    // enum err_code: ERR_EXIT_CODE, ERR_PYTHON_ERROR, ERR_SIGNAL, ERR_ILLEGAL, ERR_NO_OUTPUT;
    // ERR_NONE
    int code;
    // one line for a person, in the user's language where it is ours; no control bytes
    char detail[256];
};
// Fills *ret. `status` as wait() gives it; `tail` the last bytes of the task's output (64 KiB
// are plenty), may be NULL if size is 0; `folder` the absolute folder of the user's script, or
// NULL: a Python error is placed at the last line in it, as "ValueError: negative energy
// analyse.py:41". Status 0 gives ERR_NONE and "".
void failure_find(int status, const char *tail, size_t size, const char *folder,
                  struct failure *ret);
// The failure of a task that ended well without its {out}; `out` is the path as the user knows
// it.
void failure_no_output(const char *out, struct failure *ret);
// The failure of a task by what the system refused, to it or to us.
void failure_system(const struct err *err, struct failure *ret);
// The failure of a task that ran longer than --timeout.
// With --mem-hard a MemoryError is the limit's.
void failure_hard(struct failure *failure);
void failure_timeout(int64_t timeout_us, struct failure *ret);
