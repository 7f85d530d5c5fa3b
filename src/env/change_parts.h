// SPDX-License-Identifier: Apache-2.0
// change_parts: what the files of change share.
#pragma once

#include "env/change.h"
#include "env/layout.h"
#include "env/outside.h"
#include "wheel/record.h"

#define CHANGE_PREFIX ".packages-lopin-"

struct change_state { // zero-initialise to begin
    struct arena arena;
    struct err *err;
    struct layout layout;
    // Those of the environment that are links into the store and stay, then the new ones.
    struct layout_source *source;
    struct put_dist *dist;
    size_t old_count, count;
    struct table gone;    // paths of the old folder that are not taken over as they are
    struct strv removals; // paths below the prefix
    enum put_mode mode;
    int top_level; // see put_needs_top_level
};
// Reads what is there and what comes. Returns 0, or -1 with state->err.
int change_gather(const struct change *change, struct change_state *state);
// Lays out all sources in folder `into` (a descriptor), and what the new ones have outside of it.
// Returns 0, or -1 with state->err.
int change_put(struct change_state *state, struct outside *outside, int into);
// Adds what the user should know of what was laid out.
void change_note(const struct change_state *state, struct strv *notes);
// Stamps folder `into`, `from` (-1: none) having the stamp of what stays. Returns 0, or -1 with err.
int change_stamp(const struct change *change, int from, int into, struct err *err);
void change_state_free(struct change_state *state);
// The folder of packages, which is empty, as a link to one that all environments with the same
// packages share.
int change_share(const struct change *change, struct strv *ret_notes, struct err *err);
