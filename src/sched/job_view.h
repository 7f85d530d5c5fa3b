// SPDX-License-Identifier: Apache-2.0
// job_view: how it stands with one job, in the words of squeue(1) and sacct(1), and how it ended by the
// record that its own script writes (script.h). None of these texts is to be trusted; nothing here fails.
#pragma once

#include <stdint.h>

enum job_phase {
    JOB_ABSENT,  // Slurm has forgotten it, or never knew it
    JOB_WAITS,   // pending, requeued, configuring
    JOB_RUNS,    // running, suspended, ...
    JOB_LEAVING, // completing: it has ended, and how is not said yet
    JOB_OVER,
};
struct job_view {
    enum job_phase phase;
    char state[32];   // "TIMEOUT", one word
    char reason[128]; // why it waits or failed: "Priority"
    char nodes[128];  // where it runs or ran
    unsigned restarts;
    int64_t time_us;  // its limit; 0: none, or not said
    int code, signal; // of its script
};
// squeue(1), "JOB STATE CODES": "RUNNING"; others mean that it has ended.
enum job_phase job_phase(const char *state);
// The words of squeue and sacct, which the job's id follows, and what each of them prints.
extern const char *const squeue_ask[];
void squeue_read(const char *text, struct job_view *ret);
extern const char *const sacct_ask[];
void sacct_read(const char *text, const char *job, struct job_view *ret);

struct job_end {      // of the record that the script left
    int status;       // of the command, as bash gives it
    unsigned restart; // SLURM_RESTART_COUNT
    int was_stopped;  // Slurm sent it SIGTERM
    int64_t ended_s;  // since 1970
    char node[128];
};
// Returns 0, or -1 if the text is no whole record.
int job_end_read(const char *text, struct job_end *ret);

enum job_cause {
    CAUSE_NONE,      // its script ended by itself
    CAUSE_TIME,      // its time was over
    CAUSE_MEMORY,    // more than its memory
    CAUSE_NODE,      // its node failed
    CAUSE_CANCELLED, // scancel
    CAUSE_PREEMPTED,
    CAUSE_KILLED, // without a record, and Slurm does not say why
    CAUSE_NEVER,  // its script could not be started
};
// `end`: NULL if there is none.
enum job_cause job_cause(const struct job_view *view, const struct job_end *end);
