// SPDX-License-Identifier: Apache-2.0
// digest: the run folder's `summary`: what status and list show of a run, so that they need
// read neither its journals nor its datasets.
//
// It is never trusted over them: it begins with what each of these files was when it was read,
// and counts only while they are that. Anything wrong with it, and it is as if it were not
// there.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "run/report.h"
#include "run/saved.h"

// Adds the beginning of a summary of the files as they are now; to be asked before they are
// read. *ret_bytes is the size of all journals. Returns 0, or -1 if they cannot be looked at.
int digest_sources(int run_dir, struct str *into, int64_t *ret_bytes);
// Adds the line of one file; its size is added to *bytes.
int digest_source(int run_dir, const char *name, struct str *into, int64_t *bytes);
// Fills saved->state (counts and segments, no outcomes), saved->usage, saved->datasets with
// those few that the report names, and the report (its first causes). Returns 0, or -1 if there
// is no summary that begins so; then *saved and *ret are as they were.
int digest_load(struct saved *saved, const struct str *sources, struct report *ret);
// The same from bytes, which are changed and must live as long as *saved; bytes[size] is there
// and 0.
int digest_parse(struct saved *saved, char *bytes, size_t size, const struct str *sources,
                 struct report *ret);
// Writes it. Failure is no harm and not reported.
void digest_save(const struct saved *saved, const struct report *report,
                 const struct str *sources);
// The bytes that it writes; returns 0, or -1 where none are to be written: journals with
// damaged lines are read each time, so that the damage is named.
int digest_format(const struct saved *saved, const struct report *report,
                  const struct str *sources, struct str *into);
