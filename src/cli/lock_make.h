// SPDX-License-Identifier: Apache-2.0
// lock_make: a lock of what was solved for one or several interpreters of this site.
#pragma once

#include "cli/packs.h"

struct lock_ways { // each solved, for another X.Y; in the order of their versions
    struct packs **packs;
    size_t count;
    const char *folder; // where the lock will be, absolute: paths below it are relative
};
// In the arena. What is of this machine is hashed; what an index gives without a hash is fetched for it.
// NULL with err.
struct lock *lock_make(struct arena *arena, const struct lock_ways *ways, struct err *err);
// What packs ask for, as a lock keeps it. In the arena.
void lock_asked(struct arena *arena, struct packs *const *packs, size_t count,
                struct lock_asked *ret);
// "3.11" of an interpreter. In the arena.
const char *lock_python(struct arena *arena, const struct python *python);
// Whether two ask for the same, whatever the Pythons.
int lock_asks_same(const struct lock_asked *one, const struct lock_asked *two);
