// SPDX-License-Identifier: Apache-2.0
// slurm: the commands of Slurm (sbatch, squeue, ...), run with a time limit of ours and their output kept.
//
// libslurm has another ABI with each release, so the commands are the interface (docs/design.md). They
// retry for minutes where no controller answers; a person is told after half of one.
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vars.h"

enum { SLURM_TIME_US = 30000000 };

struct slurm_ask {
    char *const *argv; // argv[0]: the command, looked for on PATH of vars
    const struct vars *vars;
    int64_t time_us; // 0: SLURM_TIME_US
    int in_seconds;  // times are printed as seconds since 1970, not in the form of the site
};
struct slurm_answer { // zero-initialise to begin; free with slurm_answer_free
    struct str out, error;
    int status;     // as wait(2) gives it
    int is_unheard; // [slurm-silent], and the controller was never reached: it has done nothing
};
// Runs it to its end; whether it was content is in ret->status. Returns 0, or -1 with [no-slurm] (it is
// not there, or finds no cluster), [slurm-silent] (the controller does not answer, or the command not in
// its time, and is killed with all that it started) or [system].
int slurm_call(const struct slurm_ask *ask, struct slurm_answer *ret, struct err *err);
void slurm_answer_free(struct slurm_answer *answer);
#define CLEANUP_ANSWER CLEANUP(slurm_answer_free)
// Fills err with [refused] in the words that the command printed; returns -1.
int slurm_refused(const char *command, const struct slurm_answer *answer, struct err *err);
// The last error in what a command of Slurm printed to standard error, without "sbatch: error: " in front,
// or its last line. Yours.
char *slurm_words(const char *error);
// The path of one of its commands by PATH. Yours; NULL with [no-slurm].
char *slurm_find(const char *command, const struct vars *vars, struct err *err);

// What a command of Slurm, and the job, may inherit: all but the variables of an allocation that we are
// in, which would pass for options of the new one (sbatch(1), "INPUT ENVIRONMENT VARIABLES"). Which
// cluster, which account and the token of who asks stay.
void slurm_vars(const struct vars *from, struct vars *ret);
