// SPDX-License-Identifier: Apache-2.0
// journal: what happened to each task; append-only text, one writer in a file's life.
//
// journal.P-R (parcel, restart) opens with "lopin-journal 1". Each further line is a word,
// fields "name=value" with %XX for anything but plain printable ASCII, and a CRC-32 of what
// stands before it. A line stands alone: a bad one is skipped to the next newline, counted, and
// the rest is read. A line is written by one write(); syncing is the caller's.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

// AGAIN: the attempt ended, and its dataset runs again in the same start
enum task_state { TASK_DONE, TASK_FAILED, TASK_STOPPED, TASK_AGAIN };
enum record_kind {
    RECORD_OPEN,
    RECORD_START,
    RECORD_END,
    RECORD_NOTE,
    RECORD_CLOSE,
    RECORD_THREADS // what was found when the threads of a task were looked at
};
struct record_pace {                   // of its processes; 0: not known
    int64_t cores, run, wait, blocked; // thousandths: of what they may use, of cores' worth
    uint32_t processes, active, even, pool; // as in struct verdict_facts (threads/verdict.h)
    uint32_t callers, hung;
};
struct record {
    enum record_kind kind;
    uint64_t key;     // START, END, THREADS
    uint32_t attempt; // from 1
    uint32_t slot;    // from 1
    int64_t wall_us;  // when, to show only: Unix time
    int64_t boot_us;  // CLOCK_BOOTTIME, for durations within one boot
    // END; THREADS: cause and detail
    enum task_state state;
    // an error's name, "" if done; THREADS: a verdict ("oversubscribed"), or "hook-" and why it was lost
    const char *cause;
    int code;           // exit status, or -signal
    const char *detail; // one line of words ("ValueError: negative energy  analyse.py:41"), ""
    int64_t duration_us, user_us, system_us;
    int64_t peak_kb; // the most that it had with its children at once
    // place in the pack; log_at -1: a file of its own (log_size > 0) or none
    int64_t log_at, log_size;
    int64_t data_size, data_mtime; // dataset's file as it was at the start, -1
    uint64_t data_hash;            // of its content, with --strict; 0: not known
    uint64_t script, env;          // hashes of what ran
    const char *output;            // goal as published, ""
    int64_t output_size, output_mtime, output_inode;
    // OPEN: what the writer is; NOTE: words
    // OPEN free words for people; NOTE a line; THREADS the libraries with pools; ""
    const char *words;
    const char *variable;           // THREADS: that sets these pools, ""
    struct record_pace pace;        // THREADS
    uint32_t cores, slots, threads; // OPEN
    int64_t memory_kb;              // OPEN: limit of the run, 0: not known
    int64_t narrow_us; // CLOSE: slots without a task, as none fitted into memory; slots x time
};
// "done", "failed", "stopped", "again": as journals and JSON have it. Static.
const char *record_state_name(enum task_state state);
// Adds the line of a record, newline and checksum included. Texts may be NULL for "". They hold
// no NUL.
void record_format(const struct record *record, struct str *into);
// Parses a line without its newline. Strings of *ret point into `scratch` (cleared first).
// Unknown fields are skipped. Returns 0, or -1 if checksum or form is wrong, or 1 if the kind
// is unknown (written by a later version).
int record_parse(const char *line, size_t size, struct record *ret, struct str *scratch);

struct journal; // the writer
// Makes journal.P-R in the run folder: fails if it is there. NULL with err.
struct journal *journal_new(int run_dir, unsigned parcel, unsigned restart, struct err *err);
// Keeps the line of a record in memory, behind those that it has. Returns 0, or -1 if it is too
// long to be read back.
int journal_hold(struct journal *journal, const struct record *record, struct err *err);
// Writes what it holds. Returns 0, or -1 with err: then the rest is written by a later flush,
// from where this one came to.
int journal_flush(struct journal *journal, struct err *err);
// Both: after -1 of the second the record is held.
int journal_write(struct journal *journal, const struct record *record, struct err *err);
size_t journal_waiting(const struct journal *journal); // lines that are not wholly written
// What is written stays held until it is known to be on the disk: journal_written before a sync,
// given to journal_synced after it. After a failed one the system may have dropped it:
// journal_unsynced, and the next flush writes all that is held again.
size_t journal_written(const struct journal *journal);
void journal_synced(struct journal *journal, size_t written);
void journal_unsynced(struct journal *journal);
// Asks the file system for room for that many bytes more. Returns 0 (also where it cannot be
// asked), or -1 with err: there is none.
int journal_reserve(struct journal *journal, size_t bytes, struct err *err);
int journal_fd(const struct journal *journal);
void journal_free(struct journal *journal); // cuts off a piece of a line, and room not needed

// What was skipped. torn: files whose last line was cut off in the writing (a kill, a full
// disk, or just being written); that task has no end and runs again, so it is not among the
// damaged lines.
struct journal_damage {
    size_t lines;
    char first[64]; // name of the file with the first damaged line
    size_t first_line;
    size_t torn;
};
typedef int journal_each(void *context, const struct record *record, unsigned parcel,
                         unsigned restart);
// Reads every journal of a run folder, in order of restart, then parcel (so that what a resume
// wrote comes after what it resumed), and calls `each` for each good record with the file's P
// and R. A file of an unknown version fails with [run-format]. `each` returns 0 to go on, else
// that is returned at once. damage may be NULL. Returns 0 or -1.
int journal_read(int run_dir, journal_each *each, void *context,
                 struct journal_damage *ret_damage, struct err *err);
// The same for one open file, from where it stands; adds to *damage, which may not be NULL.
int journal_read_fd(int fd, unsigned parcel, unsigned restart, journal_each *each,
                    void *context, struct journal_damage *damage, struct err *err);
struct journal_name {
    unsigned parcel, restart;
};
// The journals of a folder in the order in which they are read. Returns their number, or -1
// with errno. *ret is yours.
ssize_t journal_list(int run_dir, struct journal_name **ret);
// The highest restart number in the folder (of any parcel) plus one; 0 if there is no journal.
unsigned journal_next_restart(int run_dir, unsigned parcel);
