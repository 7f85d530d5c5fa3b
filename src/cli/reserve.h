// SPDX-License-Identifier: Apache-2.0
// reserve: cores that no other lopin of this machine has, waited for where they must be.
#pragma once

#include "cli/cli.h"
#include "machine/allot.h"
#include "machine/cgroup.h"
#include "machine/ledger.h"

// Environment of what runs in a parcel: how deep it lies.
#define RESERVE_LEVEL "LOPIN_PARCEL"

struct reserve {
    const struct cli *cli;
    const char *path; // of the ledger, "" for none
    struct ledger ledger;
    unsigned level; // we lie so deep
    struct cgroup_quota quota[CGROUP_QUOTAS];
    size_t quotas;
    struct cpuset held; // cores gathered while others are waited for
    int turn;           // to gather is ours
    int64_t since_us, said_us;
};
// Opens the ledger unless it is not wanted (--no-ledger, LOPIN_LEDGER=, inside of Slurm, whose
// mask is the ledger). What stands in its way is said, and it is done without.
void reserve_open(struct reserve *reserve, const struct cli *cli);
int reserve_is_open(const struct reserve *reserve);
// The cores that are free now, at least `least` of them: waits until then, and says so.
int reserve_read(struct reserve *reserve, const struct machine_source *source, size_t least,
                 struct allot *ret, struct err *err);
// Takes all of these. Returns 1, or 0 if another was quicker: then none is ours.
int reserve_take(struct reserve *reserve, const struct allot *allot);
