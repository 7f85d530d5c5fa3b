// SPDX-License-Identifier: Apache-2.0
// answers: what commands of Slurm said, kept, so that however many screens, commands and login nodes of a
// user share a folder, each question is asked once in its time.
//
// FOLDER/slurm-UID/NAME.CLUSTER, 0600, replaced by rename; what is not ours alone is neither read nor
// written. Its age is told by the clock of its own file system. Who finds it too old makes a file of a
// name that follows from the answer's own time (O_EXCL), and has the right to ask until that file is so
// old that its maker must be dead; then the next number of that name is there to be had. Meanwhile the
// others go on with the old answer. That Slurm refused or did not answer is an answer too.
//
// Where the folder cannot be used each asks for itself.
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vars.h"

struct answers {        // borrowed
    const char *folder; // lopin's cache
    const char *root;   // of /etc and /run: ""
    const struct vars *vars;
};
struct answers_ask {
    const char *name;  // letters, digits, '-', '_', '+': what is asked
    char *const *argv; // as of slurm_call, times in seconds
    int64_t fresh_us;  // an answer that is younger is taken as it is
    int64_t oldest_us; // while another asks, one up to this age is; an older one is waited for
    int64_t time_us;   // of the command; 0: SLURM_TIME_US
    int only_kept;     // nothing is asked: [slurm-silent] where none up to oldest_us is kept
    int may_wait;      // for one that another asks for; else [slurm-silent]
};
struct answers_said { // zero-initialise to begin; free with answers_said_free
    struct str out;
    int64_t age_us;  // since Slurm said it
    int64_t asked_s; // when, since 1970, by the clock of the file system
    int was_asked;   // by us, now
};
// Returns 0, or -1 with what the one that asked was told: as slurm_call, or [refused] where the command
// was not content.
int answers_get(const struct answers *answers, const struct answers_ask *ask,
                struct answers_said *ret, struct err *err);
void answers_said_free(struct answers_said *said);
#define CLEANUP_SAID CLEANUP(answers_said_free)
// Adds the name by which a cluster is known here: its own and a hash of where its controller is, by its
// slurm.conf; where that cannot be read, this host's.
void answers_cluster(const struct answers *answers, struct str *into);
