// SPDX-License-Identifier: Apache-2.0
// team: parcels of a run beside each other, by the times of their journals.
#pragma once

#include "run/state.h"

struct team {
    size_t parcels;     // restarts are the same one; 0: the run was computed without jobs
    int64_t longest_us; // a parcel, of one start
    int64_t alone_us;   // between the end of the last and of the one before it
    int64_t wall_us;    // from the first that began to the last that ended
};
void team_look(const struct state *state, struct team *ret);
