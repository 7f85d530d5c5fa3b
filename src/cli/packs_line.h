// SPDX-License-Identifier: Apache-2.0
// packs_line: what a line of run, map, exec or venv asks for, and what the lopin.lock of its project
// knows of that.
#pragma once

#include "cli/packs.h"

// As packs_open. In a project (cli/project.h) the lock is taken as it is where it was made for the same requirements, or with --frozen; else its versions
// are preferred, and a line says that it is out of date.
int packs_open_line(const struct packs_ask *ask, struct packs *ret, struct err *err);
