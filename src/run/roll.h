// SPDX-License-Identifier: Apache-2.0
// roll: how each dataset of a run stands, kept small, so that the status of 100,000 of them is
// there at once while they are computed.
//
// It is the fold of state.h without what a status does not show, and it is kept: the run
// folder's `roll` says how far each journal was read, and the next reader reads on from there.
// Since outcomes do not depend on which journal is read first (place.h), nothing else is needed
// to go on.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "run/journal.h"
#include "run/state.h"

#define ROLL_NONE UINT32_MAX

struct roll_item { // of one dataset
    uint64_t key;
    uint64_t line; // where its line begins in `datasets`
    int64_t more;  // BEGUN: when, Unix time; FAILED: the place of its failure
    uint32_t attempt, slot;
    uint32_t journal; // which has its last record; ROLL_NONE
    uint8_t state;    // enum outcome_state
    uint8_t ended;    // that record is an end: place_end
    uint8_t unused[2];
};
struct roll_journal {
    uint64_t inode;
    int64_t at; // what is before it has been read
    uint64_t records;
    struct segment segment;
};
struct roll {               // begin with zeros, end with roll_free
    struct roll_item *item; // in the order of `datasets`
    size_t count;
    uint32_t *slot; // by key: index + 1; 0: empty
    size_t room;    // a power of 2
    struct roll_journal *journal;
    size_t journals, journal_room;
    struct str failures;
    size_t in_state[OUTCOME_STOPPED + 1];
    // Guesses that spare a search: a journal's starts are mostly in the order of `datasets`, an
    // end is of what its slot began last.
    uint32_t next, lane[64];
    int64_t new_bytes; // of journals, that were read now
    int loose;         // the last line of one has no end yet: it may still go
};
struct roll_failure {
    int32_t code;
    const char *cause, *detail; // borrowed
};
// Brings *ret up to date, from the run folder's `roll` if there is one that counts, and leaves
// one there if that would save the next reader time. Returns 0; -1 if the journals or
// `datasets` cannot be read so: something in them is damaged or of a later version. Then all is
// to be read in the other way, which says what.
int roll_read(struct roll *ret, int run_dir);
// The failure of a dataset that failed.
struct roll_failure roll_failure(const struct roll *roll, const struct roll_item *item);
void roll_free(struct roll *roll);
#define CLEANUP_ROLL CLEANUP(roll_free)

// For roll.c and roll_file.c.
size_t roll_room(size_t count); // slots for so many datasets
// The bytes of a roll that was made of the file `datasets` with this line (digest.h). Of each
// journal they hold what is before its place, as `tail` has it.
void roll_format(const struct roll *roll, const struct str *source, const uint32_t *tail,
                 struct str *into);
// Fills *ret, which is empty, from such bytes, and *ret_tail, which is yours; -1 if they are
// not whole or of another `datasets`; then it is empty still.
int roll_parse(struct roll *ret, const char *bytes, size_t size, const struct str *source,
               uint32_t **ret_tail);
// Fills *ret from the run folder's `roll`, if the journals are as they were when it was
// written, but for what was added to them; else it stays empty.
void roll_load(struct roll *ret, int run_dir, const struct str *source);
void roll_save(const struct roll *roll, int run_dir,
               const struct str *source); // failure is no harm
void roll_drop(int run_dir);              // removes that file
