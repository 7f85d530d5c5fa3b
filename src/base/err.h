// SPDX-License-Identifier: Apache-2.0
// err: how a function says what went wrong.
//
// A `struct err` lives on the caller's stack and is the last parameter of whatever can fail; it
// may be NULL. Such functions return 0 or -1, or a pointer or NULL, and nothing else. The code
// is a name that is the same in every language ([no-dataset]); text is one translated line
// without a full stop; hint holds further lines, each "label<TAB>words" ("try\tlopin map ..."),
// for the cure.
#pragma once

#include <stddef.h>

enum err_code {
    ERR_NONE,
    ERR_USAGE,          // usage: wrong words on the command line
    ERR_CONFIG,         // config: a file or a variable of the configuration is wrong
    ERR_UNTRUSTED,      // untrusted: a file of the configuration that others may have written
    ERR_NO_PYTHON,      // no-python: no interpreter fits
    ERR_NO_ENV,         // no-env: the environment asked for is not there
    ERR_ENV_BROKEN,     // env-broken: something that it needs is gone, or another one
    ERR_CPU_LEVEL,      // cpu-level: a package needs a newer processor
    ERR_GLIBC,          // glibc: a package needs a newer C library
    ERR_NO_LOCK,        // no-lock: there is no lock file
    ERR_BAD_WHEEL,      // bad-wheel: a wheel is damaged, or not what it says
    ERR_BAD_IMAGE,      // bad-image: an image is damaged, or holds what none may
    ERR_NO_WHEEL,       // no-wheel: nothing that is there satisfies a requirement
    ERR_NO_SOLUTION,    // no-solution: no set of versions satisfies all requirements
    ERR_BUILD,          // build-failed: a source could not be made a wheel
    ERR_FETCH,          // fetch: an index or a file of one cannot be had
    ERR_NO_DATASET,     // no-dataset: a pattern or file gives none
    ERR_SAME_OUTPUT,    // same-output: two datasets would write one file
    ERR_OUTPUT_EXISTS,  // output-exists: a goal is there that no run made
    ERR_OVERSUBSCRIBED, // oversubscribed: jobs x threads > cores
    ERR_OVER_LIMIT,     // over-limit: more than this machine or job gives
    ERR_NO_PROGRAM,     // no-program: the script is not there or cannot be executed
    ERR_NO_RUN,         // no-run: no such run or dataset of a run
    ERR_NO_PROCESS,     // no-process: none that can be looked at
    ERR_RUN_BUSY,       // run-busy: another lopin has it
    ERR_RUN_DAMAGED,    // run-damaged: its files do not hold what they should
    ERR_RUN_FORMAT,     // run-format: written by another version
    ERR_CHANGED,        // changed: script or environment differ from what the done datasets had
    ERR_DISK_FULL,      // disk-full: no room, quota or read-only
    ERR_EXIT_CODE,      // exit-code: a task ended with another status than 0
    ERR_PYTHON_ERROR,   // python-error: a task ended by an exception
    ERR_SIGNAL,         // signal: a task was killed
    ERR_ILLEGAL,        // illegal-instruction: a task met one
    ERR_NO_OUTPUT,      // no-output: a task ended well without its {out}
    ERR_TIME_LIMIT,     // time-limit: the run's time was over
    ERR_TASK_TIMEOUT,   // task-timeout: a task took longer than --timeout
    ERR_MEMORY_LIMIT,   // memory-limit: a task needed more memory than it may have
    ERR_NO_SLURM,       // no-slurm: no command of Slurm, or no cluster
    ERR_REFUSED,        // refused: Slurm does not take a job as it was asked for
    ERR_NEVER_STARTS,   // would-never-start: a job waits for what will not come
    ERR_SLURM_SILENT,   // slurm-silent: no controller of Slurm answers
    ERR_NODE_LOST,      // node-lost: the node of a job failed
    ERR_CANCELLED,      // cancelled: a job was ended by scancel, or for another job
    ERR_NO_MODULE,      // no-module: no module, or collection of them, is so called
    ERR_MODULE,         // module-failed: a modulefile is wrong, or refuses
    ERR_MODULE_STATE,   // module-state: what is said to be loaded cannot be read
    ERR_SYSTEM,         // system: the system refused a call
    ERR_COUNT
};

struct err {
    int code; // enum err_code
    char text[480];
    char hint[960];
    int errnum; // of err_errno; else 0
};

// Fills err (if not NULL), empties its hint; returns -1. Too long a text ends in "...".
int err_set(struct err *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// As err_set, and adds ": " and the translated words for errnum; returns -1.
// ENOSPC, EDQUOT and EROFS make it ERR_DISK_FULL whatever `code` says.
int err_errno(struct err *err, int code, int errnum, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
// Whether it is trouble of the storage itself (no room, quota, read-only, input or output error),
// which may pass: the same step may be tried again.
int err_may_pass(const struct err *err);
// Adds a hint line; label is one of "found", "try", "more", "in" (not translated by the
// caller); returns -1.
int err_hint(struct err *err, const char *label, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
// Puts "words: " before the text; returns -1.
int err_wrap(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The fixed name ("no-dataset"); "" for ERR_NONE and codes out of range. Static.
const char *err_name(int code);
// The exit status that belongs to a code (docs: lopin-errors(7)).
int err_status(int code);
// The code of a name, ERR_NONE if there is none.
int err_code_of(const char *name);
