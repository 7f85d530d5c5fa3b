// SPDX-License-Identifier: Apache-2.0
// summary: how a run stands, in the lines that end it and that status and report begin with.
#pragma once

#include "cli/cli.h"
#include "run/report.h"
#include "run/saved.h"

struct standing { // of a run
    int running;  // another process computes it now
    int waiting;  // nobody does, and jobs are to come
    size_t begun; // running, or cut off
    size_t left;  // neither done nor failed nor running
};
struct standing summary_standing(const struct saved *saved);
// "running", "waiting" (for jobs), "done", "failed" (nothing left, but failures) or "stopped" (work
// left). Not translated.
const char *summary_state(const struct saved *saved);
// "40 datasets, 8 side by side, 1 thread each"; count 0: without the datasets.
void summary_add_shape(struct str *text, const struct spec *spec, size_t count);
// "run 5   analyse.py, 40 datasets, 8 side by side, 1 thread each".
void summary_add_run(struct str *text, const struct saved *saved);
// The line that begins with that state, without its end.
void summary_add_state(struct str *text, const struct term *term, const struct saved *saved,
                       const struct report *report);
// "done    40 of 40 in 2m24s.  cores 98 %   memory 2.7G   slowest d33.npz 41s", or "stopped",
// "running"; then the failures grouped by cause with the command that shows them, and what is
// damaged. For `term`: &cli->talk where it ends a run, &cli->out where it answers a question.
void summary_add(struct str *text, const struct cli *cli, const struct term *term,
                 const struct saved *saved, const struct report *report);
// What of it follows that line.
void summary_add_rest(struct str *text, const struct cli *cli, const struct term *term,
                      const struct saved *saved, const struct report *report);
// Says, on stderr, how a run stands: what begins it and what ends it.
void summary_say(const struct cli *cli, const struct saved *saved, const struct report *report);
// The exit status that a run in this state gives: 0, STATUS_FAILED or STATUS_LEFT.
int summary_status(const struct saved *saved);
// Adds what a line calls a dataset: the base name, further columns behind it; made visible, cut
// at 40 columns.
void summary_add_name(struct str *text, const struct datasets *datasets, uint32_t index);
// Adds a line for each of these running datasets (indices): number, name, for how long. Above `most`
// only how many more there are, with `hint` behind.
void summary_add_running(struct str *text, const struct term *term, const struct saved *saved,
                         const uint32_t *index, size_t count, size_t most, const char *hint);
