// SPDX-License-Identifier: Apache-2.0
// writer: the journal of a runner, and when it is synced: 50 ms after a record or at 64 of
// them, by a thread of its own.
//
// A record is written at once (it survives kill -9 in the page cache); syncing is for the
// machine's own death. What cannot be written or synced waits in memory, in its order, and is
// tried again when the caller says so.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "map/logs.h"
#include "run/journal.h"

struct writer;
// Makes journal.P-R; the pack of `logs` is synced before the records that point into it. NULL
// with err.
struct writer *writer_new(int run_dir, unsigned parcel, unsigned restart, struct logs *logs,
                          struct err *err);
// Returns 0, or -1 with err: then the record waits (or can never be written: writer_waiting
// tells).
int writer_add(struct writer *writer, const struct record *record, struct err *err);
// Asks for room for the ends of `tasks` tasks beside what is written. Returns 0, or -1 with
// err: there is none.
int writer_reserve(struct writer *writer, unsigned tasks, struct err *err);
// For the loop: a descriptor that is readable when writer_tend has something to do, and
// milliseconds until it has, or -1.
int writer_fd(const struct writer *writer);
int writer_wait_ms(const struct writer *writer);
// Begins a sync that is due, ends one that is done. Returns 0, or -1 with err if one has
// failed: then its records wait.
int writer_tend(struct writer *writer, struct err *err);
// How many records are not written, or not synced after a sync that failed.
size_t writer_waiting(const struct writer *writer);
// Tries again, without waiting for the disk. Returns 0, or -1 with err.
int writer_retry(struct writer *writer, struct err *err);
// Writes and syncs all. Returns 0, or -1 with err.
int writer_sync(struct writer *writer, struct err *err);
void writer_free(struct writer *writer);
