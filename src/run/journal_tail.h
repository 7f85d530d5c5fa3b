// SPDX-License-Identifier: Apache-2.0
// journal_tail: the journals of a run while they are written.
#pragma once

#include "run/journal.h"

struct journal_tail; // free with journal_tail_free
// Of one parcel, from the beginning of its newest journal. `run_dir` is borrowed.
struct journal_tail *journal_tail_new(int run_dir, unsigned parcel);
// Calls `each` for the whole good lines that were added since; the last line may be in the
// writing and waits. A resumption has a journal of its own: the one before is then read to its
// end first. Returns 0; what `each` returned, if that was not 0; -1 with err.
int journal_tail_read(struct journal_tail *tail, journal_each *each, void *context,
                      struct err *err);
// The same of the journal that is open, without a look for a newer one.
int journal_tail_go_on(struct journal_tail *tail, journal_each *each, void *context,
                       struct err *err);
void journal_tail_free(struct journal_tail *tail);
