// SPDX-License-Identifier: Apache-2.0
// resume: goes on with a run: what is done stays done, what is not runs.
#pragma once

#include "cli/cli.h"
#include "dataset/datasets.h"
#include "run/saved.h"
#include "run/spec.h"

enum resume_what {
    RESUME_LEFT,   // what never ended, and what is done of a dataset that changed
    RESUME_FAILED, // and what failed
};
// Goes on with the run as it was asked for, of which the folder is open. Returns the exit status, or -1 with err.
int resume_run(struct cli *cli, struct saved *saved, enum resume_what what, struct err *err);
// The same with the datasets and cores of a new line (map --resume): those that are not in it
// are left out.
int resume_with(struct cli *cli, struct saved *saved, struct spec *spec,
                struct datasets *datasets, struct err *err);
// The newest run of spec's line. Returns 1 with its folder in *ret, 0 if there is none.
int resume_find(const struct spec *spec, struct folder *ret);
