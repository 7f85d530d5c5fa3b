// SPDX-License-Identifier: Apache-2.0
// pool: what can block (fsync, rename, hashing) done by threads, reported by an eventfd to the
// main loop.
//
// Threads start when first needed. Work of one pool begins in the order given; with one thread
// it also ends in it.
#pragma once

#include "base/err.h"

struct pool;
struct pool *pool_new(unsigned threads, struct err *err); // NULL with err
// Each thread calls it before it ends. To be set before the first pool_add.
void pool_at_end(struct pool *pool, void (*run)(void *), void *context);
// readable when pool_reap has something to do
int pool_fd(const struct pool *pool);
// `work` runs in a thread, then `done` (may be NULL) in the thread that calls pool_reap.
void pool_add(struct pool *pool, void (*work)(void *), void (*done)(void *), void *context);
void pool_reap(struct pool *pool);
unsigned pool_busy(const struct pool *pool); // added and not yet reaped
// waits until all is done, and reaps it
void pool_drain(struct pool *pool);
void pool_free(struct pool *pool); // drains first; NULL is fine
