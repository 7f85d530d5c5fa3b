// SPDX-License-Identifier: Apache-2.0
// begin: a run made ready for this machine, and run: what map, resume and retry share.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "cli/cli.h"
#include "cli/keep.h"
#include "cli/parcel.h"
#include "cli/setting.h"
#include "dataset/datasets.h"
#include "run/folder.h"
#include "run/spec.h"
#include "run/state.h"

struct begin_part { // of a run that others compute too; borrowed
    unsigned parcel, restart;
    const struct share *share;
    const struct earlier *earlier;
    struct run_result result; // becomes what came of it
};
struct begin { // free with begin_free
    const struct cli *cli;
    // borrowed; begin_find and begin_ready set what the machine decides
    struct spec *spec;
    struct datasets *datasets; // borrowed
    const struct state *state; // of a run that goes on, else NULL; borrowed
    struct begin_part *part;   // NULL: all that is wanted runs here
    struct keep keep;
    const uint8_t *wanted; // by index: 0 leaves a dataset out; NULL: all. Borrowed
    struct setting setting;
    struct parcel parcel;
    char **goal;        // of each dataset, or NULL
    size_t count;       // wanted ones
    unsigned submitted; // the run that Slurm was given a job of; 0: none
};
// Reads the line (request_read), and makes the environment that it asks for. Both need freeing also after
// failure.
int begin_request(struct cli *cli, struct spec *spec, struct datasets *datasets,
                  struct err *err);
// Finds the interpreter, of which what is done may depend (spec->env_hash). `python`, `env`: as
// for --python and --env.
int begin_find(struct begin *begin, const char *python, const char *env, struct err *err);
// Finds the cores, makes the tasks' variables, checks outputs. Nothing is written.
int begin_ready(struct begin *begin, struct err *err);
// Of begin_ready what is no machine's: logs and outputs.
int begin_check(struct begin *begin, struct err *err);
// Runs the wanted datasets in the folder, which the caller owns (owner_take), up to the
// summary; of a part without one. Returns the exit status, or -1 with err if it could not begin.
int begin_run(struct begin *begin, const struct folder *folder, unsigned restart,
              struct err *err);
// Says what begins: "run 3   " and `what` (NULL: the script), how wide, on which cores, in
// which environment.
void begin_say(const struct begin *begin, unsigned number, const char *what);
void begin_free(struct begin *begin);
