// SPDX-License-Identifier: Apache-2.0
// packs_advice: what helps where packages cannot be had, beside what the solver itself proposes.
#pragma once

#include "cli/packs.h"

// Adds hints to an error of a search: the solver's, a name that is nearly that of a wheelhouse, how a
// source archive is made a wheel.
void packs_advise(struct packs *packs, struct err *err);
// What the line itself says of a package, NULL if nothing.
const struct specifiers *packs_asked_of(const struct packs *packs, struct piece normal);
// Where the cache has no room or cannot be written, the error says which folder it is, and the cure.
// Returns -1.
int packs_advise_cache(const struct packs *packs, struct err *err);
