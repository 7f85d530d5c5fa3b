// SPDX-License-Identifier: Apache-2.0
// saved: a run as its folder holds it: what was asked, on which datasets, what became of them,
// who computes it now.
#pragma once

#include "base/err.h"
#include "dataset/datasets.h"
#include "run/folder.h"
#include "run/owner.h"
#include "run/spec.h"
#include "run/state.h"

struct saved { // begin with SAVED_NONE
    struct folder folder;
    struct spec spec;
    struct datasets datasets;
    struct state state;
    struct usage usage;
    struct owner owner;
    size_t parcels; // that compute it now
    size_t awaited; // jobs that will, as who asked Slurm knows (crew/crew.h); else 0
};
#define SAVED_NONE                                                                             \
    {                                                                                          \
        .folder = FOLDER_NONE                                                                  \
    }
// Reads the run that `which` names (see folder_find). *ret needs saved_close also after
// failure.
int saved_open(struct saved *ret, const char *cwd, const char *which, struct err *err);
// Reads the parts of a run whose folder the caller has put into saved->folder: all of them; what
// was asked and on which datasets, but no journals.
int saved_read(struct saved *saved, struct err *err);
int saved_read_asked(struct saved *saved, struct err *err);
// Who computes it: its owner, and parcels. Never fails.
void saved_look(struct saved *saved);
// Whether another process than this one does, as saved_look found it.
int saved_is_live(const struct saved *saved);
// Reads its journals again, and who computes it.
int saved_refresh(struct saved *saved, struct err *err);
void saved_close(struct saved *saved);
#define CLEANUP_SAVED CLEANUP(saved_close)
