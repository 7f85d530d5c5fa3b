// SPDX-License-Identifier: Apache-2.0
// spec: what a run is: fixed at its start, kept in run.json of its folder (docs/formats.md), so
// that `resume` needs no word of the first line again. No variable of the caller is kept.
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "dataset/datasets.h"

struct expand;
struct spec {          // all strings its own; zero-initialise to begin
    char *name;        // -J, or NULL
    char *cwd;         // absolute: where tasks start
    char *script;      // as typed, to show
    char *script_path; // absolute
    // absolute: what is executed (the interpreter, a shell, or the script itself)
    char *program;
    struct strv launch;    // its first words: {"python3", "analyse.py"}
    struct strv words;     // the template that follows
    char *mark;            // -I, or NULL
    char *out;             // --out, or NULL
    char *log, *error_log; // -o, -e, or NULL
    char *python;          // version of the interpreter, or NULL if none is used
    char *python_path;     // and where it is
    struct strv keep;      // --keep-env
    struct strv modules;   // full names of those that it is computed with
    char *python_name; // "python3": of those modules' PATH, on each machine; NULL: python_path
    struct strv slurm; // options of sbatch; none: it computes where it is started
    uint32_t parcels;  // of Slurm at once, 0: as many as there are
    uint32_t chunk;    // --chunk, datasets of a parcel at most; 0: any number
    char *image; // of the environment, that each node unpacks; NULL: python_path is on all
    int pass_stdin, overwrite, strict, fast_threadpoolctl;
    enum dataset_order order;
    uint64_t seed;                             // of LOPIN_TASK_SEED and --order random
    uint32_t cores, slots, threads;            // as of its first start
    uint32_t ask_cores, ask_jobs, ask_threads; // -c, -j, -T; 0: by the machine it is on
    // limits, 0 for none: -t, --timeout; --signal and --halt as typed, or NULL (limits.h)
    int64_t time_us, timeout_us;
    char *signal, *halt;
    uint32_t retries, max_continue;
    int64_t mem_kb, mem_cpu_kb; // --mem, --mem-per-cpu; 0: all that is ours
    int64_t mem_each_kb;        // --mem-each, 0: no limit
    uint32_t mem_retry;         // --mem-retry, in thousandths
    int mem_hard;
    uint64_t script_hash; // content of the script
    uint64_t env_hash;    // interpreter and its environment
    uint64_t line;        // hash of the line as typed, for map --resume
    int64_t created_us;   // Unix time
};
void spec_free(struct spec *spec);
// The template of its words, compiled for its datasets. expand_free it. NULL with err.
struct expand *spec_template(const struct spec *spec, const struct datasets *datasets,
                             struct err *err);
// run.json. Errors: [run-damaged], [run-format] for another version.
int spec_save(const struct spec *spec, int run_dir, struct err *err);
int spec_load(struct spec *ret, int run_dir, struct err *err);
