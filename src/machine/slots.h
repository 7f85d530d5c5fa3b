// SPDX-License-Identifier: Apache-2.0
// slots: choosing cores that lie near each other. What allot_read and allot_cut share.
#pragma once

#include <stddef.h>

#include "machine/allot.h"

// Chooses `width` cores of those not `taken` (an array of allot->cores flags), marks them there
// and puts their indices, ascending, in ret_index. Within one cache if one has room, else one
// NUMA node, else one package; of several, the one with the most free cores, so that slots
// spread. With `near` (an index into allot->core, or -1) the place that holds that core goes
// first, and its own cores from there on. At least `width` cores must be free.
void slots_choose(const struct allot *allot, unsigned char *taken, size_t width, long near,
                  size_t *ret_index);
