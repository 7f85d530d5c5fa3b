// SPDX-License-Identifier: Apache-2.0
// bounds: what the accounting lets a job, a user, an account and a QOS have, and what of it is in use, by
// `scontrol show assoc_mgr`: the controller's own memory, which any user may ask, a few milliseconds, and
// there whether or not slurmdbd answers. It does not say two things, for which sacctmgr(1) is asked: the
// default QOS of an account, and limits a user of a QOS where the user has no job yet.
//
// Which counts where several say one: the partition's QOS, the job's, the user's association, and of what
// a whole account may have each account above it (resource_limits page of Slurm).
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/mem.h"
#include "base/str.h"

enum bound_kind {
    BOUND_TIME,       // of a job, us
    BOUND_CPUS_JOB,   // of a job
    BOUND_MEMORY_JOB, // KiB
    BOUND_NODES_JOB,
    BOUND_QUEUED,  // jobs that wait or run; an element of an array is one
    BOUND_RUNNING, // jobs that run
    BOUND_CPUS,    // of all that runs
    BOUND_MEMORY,
    BOUND_NODES,
    BOUND_KINDS
};
struct bound {
    enum bound_kind kind;
    int64_t most, used;
    char *whose; // "QOS fast", translated
};
struct bounds { // zero-initialise to begin; free with bounds_free
    struct bound *item;
    size_t count, room;
    int64_t queued; // jobs of the user, in all accounts; -1: not known
    char *account;  // that pays; NULL: not known
};
struct bounds_ask {
    const char *manager;  // what bounds_words asks for
    const char *qos_text; // what bounds_qos_words asks for; NULL: not asked
    const char *user;
    uid_t uid;
    const char *account, *partition; // NULL: the user's default; not known
    const char *qos, *partition_qos; // NULL: not known; none
};
void bounds_read(const struct bounds_ask *ask, struct bounds *ret);
void bounds_free(struct bounds *bounds);
#define CLEANUP_BOUNDS CLEANUP(bounds_free)

// The words of scontrol and sacctmgr. `ret` is a list to add to.
void bounds_words(const char *user, struct strv *ret);
void bounds_qos_words(struct strv *ret);
void bounds_default_words(const char *user, struct strv *ret);
// The QOS that a job has which names none: by what bounds_default_words asks for; the only one of the
// cluster by the manager's text (`text` NULL). Yours; NULL: not known.
char *bounds_default_qos(const struct bounds_ask *ask, const char *text);
// Whether the manager's text has all of that QOS that concerns the user.
int bounds_shows_qos(const struct bounds_ask *ask, const char *qos);

// The least of that kind, by what is free of it (`left`) or by all of it. NULL: no limit.
const struct bound *bounds_least(const struct bounds *bounds, enum bound_kind kind, int left);
