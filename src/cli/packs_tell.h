// SPDX-License-Identifier: Apache-2.0
// packs_tell: progress of downloads and of the store, on a terminal.
#pragma once

#include "cli/packs.h"

const struct net_watch *packs_tell_net(struct packs *packs); // lives in the arena
struct store_progress packs_tell_store(struct packs *packs);
void packs_tell_end(struct packs *packs); // the line is removed
