// SPDX-License-Identifier: Apache-2.0
// journal_tail: the journals of a run while they are written, of all its parcels.
#pragma once

#include "run/journal.h"

struct journal_tail; // free with journal_tail_free
// Of each parcel from the beginning of its newest journal; all journals that are made later.
// `run_dir` is borrowed.
struct journal_tail *journal_tail_new(int run_dir);
// Calls `each` for the whole good lines that were added since; the last line of a file may be
// in the writing and waits. Of one parcel journals come in their order, of several in any.
// Returns 0; what `each` returned, if that was not 0; -1 with err.
int journal_tail_read(struct journal_tail *tail, journal_each *each, void *context,
                      struct err *err);
// The same of one journal that was read before, without a look for others.
int journal_tail_go_on(struct journal_tail *tail, unsigned parcel, unsigned restart,
                       journal_each *each, void *context, struct err *err);
void journal_tail_free(struct journal_tail *tail);
