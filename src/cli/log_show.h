// SPDX-License-Identifier: Apache-2.0
// log_show: what tasks printed, as bytes on stdout, a block at a time.
#pragma once

#include <stdint.h>

#include "cli/cli.h"
#include "run/saved.h"

struct log_show { // zero-initialise to begin
    const struct cli *cli;
    const struct saved *saved;
    int headers;    // "==> 17 d17.npz <==" where the output of another dataset begins
    uint32_t above; // number of the dataset whose output was written last; 0: none was
    int64_t size;   // bytes written, headers not counted
    int gone;       // who read it is gone
    struct err err; // the first output that is not there; code 0: none
};
// Writes bytes of a dataset, behind a header where they do not go on from its last ones.
// Returns 0, or -1 with err. A reader that is gone is no error.
int log_show_bytes(struct log_show *show, uint32_t index, const void *bytes, size_t size,
                   struct err *err);
// Writes what a task that ended printed, from its byte `from` on. One whose output is lost is
// noted in show->err. Returns 0, or -1 with err.
int log_show_ended(struct log_show *show, uint32_t index, int64_t from, struct err *err);
// The spool of a task without an end. -1: there is none.
int log_show_spool(const struct saved *saved, unsigned parcel, unsigned restart, unsigned slot);
// Writes what a task without an end printed so far.
int log_show_begun(struct log_show *show, uint32_t index, struct err *err);
