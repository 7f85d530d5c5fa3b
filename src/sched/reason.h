// SPDX-License-Identifier: Apache-2.0
// reason: why a job waits, in words: Slurm's codes (squeue(1), "JOB REASON CODES", and the limits of
// slurm.schedmd.com/resource_limits.html, which come in families: AssocGrp*, QOSMax*PerUser...).
#pragma once

#include "base/str.h"

struct reason {
    const char *words; // a clause without a full stop; "%s" stands where `thing` is to be
    const char *thing; // translated: what is limited, "cores"; NULL: not said
    const char
        *cure; // translated: a line to type, with JOB for its number; NULL: there is none
    int never; // it will not start as it stands, [would-never-start]
};
// By what squeue prints, words behind the code included. Returns 0, or -1: it is not known here.
int reason_look(const char *said, struct reason *ret);
// Adds it in words; what is not known, as Slurm says it.
void reason_add(struct str *into, const char *said);
// Adds the cure with the job's number in it. Returns whether there is one.
int reason_add_cure(struct str *into, const char *said, const char *job);
