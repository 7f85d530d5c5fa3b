// SPDX-License-Identifier: Apache-2.0
// state: what the journals of a run say of each dataset.
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "dataset/datasets.h"
#include "run/journal.h"
#include "run/keys.h"
#include "run/usage.h"

enum outcome_state {
    OUTCOME_WAITING,
    OUTCOME_BEGUN,
    OUTCOME_DONE,
    OUTCOME_FAILED,
    OUTCOME_STOPPED
};
// What an end of that state makes of a dataset.
uint8_t outcome_of(enum task_state state);
struct outcome { // of one dataset: its last attempt
    // enum outcome_state; BEGUN: started, no end recorded (running, or cut off); WAITING with
    // an attempt: that ended so that another one follows
    uint8_t state;
    uint8_t shown;            // for callers
    uint8_t ended;            // its last record is an end: place_end
    uint32_t parcel, restart; // whose journal
    uint32_t attempt, slot;
    int32_t code;       // exit status, or -signal
    int cause;          // enum err_code
    const char *detail; // "" or words, in the state's arena
    int64_t start_us;   // Unix time
    int64_t duration_us, user_us, system_us;
    int64_t peak_kb, most_kb; // of all its attempts the second
    int64_t log_at, log_size;
    int64_t data_size, data_mtime;
    uint64_t data_hash; // 0: not known
    uint64_t script, env;
    const char *output;
};
struct segment { // one journal: a start or resumption of the run, or of one of its parcels
    uint32_t parcel, restart;
    uint32_t cores, slots;
    int64_t start_us, end_us; // Unix time of its first and last record
    int64_t memory_kb;        // limit of its memory, 0: not known
    int closed;               // ended in order
};
// Takes a record of that journal; the first one gives its start.
void segment_take(struct segment *segment, const struct record *record);
// What a look at the threads of tasks found: of each cause the one that asked for most. Texts in the state's
// arena.
enum { FINDINGS = 16 };
struct finding {
    const char *cause;   // a verdict's name, or "hook-" and why it was lost
    const char *program; // "python3 fit.py"
    const char *libraries, *variable;
    struct record_pace pace;
};
struct state {               // zero-initialise to begin
    struct outcome *outcome; // one a dataset, same index
    size_t outcomes;         // how many: `count`, or fewer by a glance
    size_t count;
    struct segment *segment;
    size_t segments, segment_room;
    size_t done, failed, begun, stopped, waiting;
    struct finding finding[FINDINGS];
    size_t findings;
    struct journal_damage damage;
    struct arena arena;
    struct keys by_key;
};
// Before anything was read.
void state_begin(struct state *ret, const struct datasets *datasets);
// Reads the journals of a run folder for these datasets. Records of datasets that are not in
// the list are left out. `usage`, begun by the caller, has all records when it returns, or is
// NULL.
int state_load(struct state *ret, int run_dir, const struct datasets *datasets,
               struct usage *usage, struct err *err);
// Takes one more record, of a journal that is being written, whatever was read before it.
void state_take(struct state *state, const struct record *record, unsigned parcel,
                unsigned restart);
// Time of all starts, by the clock on the wall: cheaper than a report.
int64_t state_wall_us(const struct state *state);
void state_free(struct state *state);
#define CLEANUP_STATE CLEANUP(state_free)
