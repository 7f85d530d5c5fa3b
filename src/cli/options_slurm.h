// SPDX-License-Identifier: Apache-2.0
// options_slurm: sbatch's options that lopin hands to Slurm as they are.
#pragma once

#include "base/err.h"
#include "base/opt.h"
#include "base/str.h"
#include "cli/option.h"

enum { SLURM_OPTIONS = OPTION_SLURM_LAST - OPTION_SLURM_FIRST };
struct slurm_options { // values are borrowed from argv, and from the configuration
    const char
        *value[SLURM_OPTIONS]; // by id - OPTION_SLURM_FIRST; NULL: not said, "" of a flag
    struct strv other;         // --sbatch, as sbatch has them: "--licenses=matlab"
};
// Returns 0, or -1 with [usage]. `value` is NULL of a flag.
int options_slurm_take(struct slurm_options *slurm, int id, const char *value,
                       const struct opt_scan *scan, struct err *err);
void options_slurm_free(struct slurm_options *slurm);
// The value of one of them, or NULL.
const char *options_slurm_value(const struct slurm_options *slurm, int id);
// Adds all of them but --chdir, which is a path of ours, as words: "--partition=c-iq", "--exclusive".
void options_slurm_words(const struct slurm_options *slurm, struct strv *into);
// Its long name; NULL: it is none of them.
const char *options_slurm_name(int id);
