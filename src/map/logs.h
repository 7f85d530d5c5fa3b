// SPDX-License-Identifier: Apache-2.0
// logs: where the output of tasks goes.
//
// A task writes to its slot's spool, `logs/P-R.SLOT`, whatever the number of tasks. At its end
// an empty spool is used again; else up to 1,000 datasets it becomes a file of its own,
// `logs/KEY-NAME.log`, and above that its bytes move to the pack of the parcel, `log.P-R`. So a
// run of a million silent tasks has a handful of files.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

struct logs;
struct logs *logs_new(int run_dir, unsigned parcel, unsigned restart, unsigned slots,
                      int packed);
// The descriptor for the next task of a slot (1...): its spool, empty. -1 with err.
int logs_spool(struct logs *logs, unsigned slot, struct err *err);
// The last `size` bytes of the spool, added to `into`.
void logs_tail(struct logs *logs, unsigned slot, size_t size, struct str *into);
// The same of any file; nothing where it cannot be read from a position.
void logs_tail_fd(int fd, size_t size, struct str *into);
// Keeps what the slot's task wrote, under key and dataset's text. *ret_at is its place in the
// pack or -1, *ret_size its bytes. After -1 it is still in the spool, and may be kept again
// before the slot's next task.
int logs_keep(struct logs *logs, unsigned slot, uint64_t key, const char *text, int64_t *ret_at,
              int64_t *ret_size, struct err *err);
int logs_pack(const struct logs *logs); // the pack's descriptor, for a sync; -1: there is none
void logs_free(struct logs *logs);      // removes empty spools
// Name of a task's own file, relative to the run folder.
void logs_name(uint64_t key, const char *text, struct str *into);
void logs_spool_name(unsigned parcel, unsigned restart, unsigned slot, struct str *into);
void logs_pack_name(unsigned parcel, unsigned restart, struct str *into);
