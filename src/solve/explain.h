// SPDX-License-Identifier: Apache-2.0
// explain: why there is no solution; inside of solve.
//
// The proof is a graph: each learned incompatibility follows from two others, down to facts (what
// is asked, required, unusable, excluded). A person who knows the facts that the proof uses can
// mostly see the rest, so these are what is said; with ask->verbose each step.
#pragma once

#include "solve/solver.h"

enum { EXPLAIN_LINES = 10, EXPLAIN_STEPS = 400 };

struct facts {                    // those of a proof
    const struct incompat **item; // free(item)
    size_t count, room;
};
// In the order in which the proof uses them, each once.
void facts_collect(struct incompat *failure, struct facts *ret);

// Fills ret->lines and err. Returns -1.
int explain_failure(struct solver *solver, struct solve_result *ret, struct err *err);

// explain_proof.c: adds the lines of each step.
void explain_proof(struct incompat *failure, struct strv *lines);
// explain_try.c: adds "try" lines, of what was found to have a solution.
void explain_try(struct solver *solver, const struct facts *facts, struct strv *lines);
