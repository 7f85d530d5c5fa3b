// SPDX-License-Identifier: Apache-2.0
// packs_hashes: --hash of requirements, and --require-hashes: which files they allow.
#pragma once

#include "cli/packs.h"

// "sha256:HEX", of sha384 and sha512 too.
void packs_hashes_add(struct packs *packs, struct piece normal, const char *value);

// As pip chooses: where a page gives hashes and one of the project's files has one that is allowed, others than
// those with such a one, or with none, are passed over. NULL: all are allowed.
const struct packs_hashes *packs_hashes_narrow(const struct packs *packs, const char *normal,
                                               const struct source_project *project);
// Which file of a version is then to be taken; NULL: none of it.
struct source_file *packs_hashes_pick(const struct packs_hashes *narrow,
                                      const struct source_version *version);

// Compares the file itself, wherever it came from; before it was fetched, what its page says. Of a lock its
// own hash counts. Returns 0, or -1 with [bad-wheel], [usage], [system].
int packs_hashes_check(struct packs *packs, const struct solve_choice *choice,
                       const struct source_file *file, struct err *err);
