// SPDX-License-Identifier: Apache-2.0
// claim: the same work is not begun twice. Who makes the run of a line that has outputs, or that is
// to be resumed, holds the line until its run is written down; the next one then finds that run.
#pragma once

#include "cli/cli.h"
#include "dataset/datasets.h"
#include "run/spec.h"

struct claim {
    int runs; // `.lopin/runs`, or -1
    long pid; // who took it
    char name[32];
};
#define CLAIM_NONE                                                                             \
    {                                                                                          \
        .runs = -1                                                                             \
    }
// Waits for who holds the line. Returns 0, or -1 with err; claim_leave follows in any case.
int claim_take(struct claim *claim, const struct spec *spec, struct err *err);
// Also in a child of who took it, and more than once.
void claim_leave(struct claim *claim);
// Whether a live run of this line has one of these datasets, whose output both would write: then
// -1 with [run-busy].
int claim_check(const struct cli *cli, const struct spec *spec, const struct datasets *datasets,
                struct err *err);
