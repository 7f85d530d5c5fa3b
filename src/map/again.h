// SPDX-License-Identifier: Apache-2.0
// again: whether a dataset whose attempt ended so runs again in the same start.
#pragma once

#include "map/queue.h"
#include "run/failure.h"
#include "run/journal.h"
#include "run/spec.h"
#include "run/state.h"

// Exit status of a script that has saved what it has and asks to be run again (EX_TEMPFAIL of
// sysexits(3)).
enum { EXIT_AGAIN = 75 };
// What the last attempt of a dataset is for the one to come.
struct earlier again_earlier(const struct outcome *outcome);
// Whether an ended attempt is one of those, and not the first of many that lead nowhere: then
// it is no failure. Counts it.
int again_asked(const struct spec *spec, struct tried *tried, int code, int64_t duration_us);
// Why an exit 75 was not obeyed, as a failure.
void again_refused(const struct spec *spec, const struct tried *tried, struct failure *ret);
// Whether a failed one has retries left (--retries). Counts it.
int again_retry(const struct spec *spec, struct tried *tried, int cause);
