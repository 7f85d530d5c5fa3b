// SPDX-License-Identifier: Apache-2.0
// options: one table of all options, from which the scan, the help and the completions are
// made.
#pragma once

#include "base/err.h"
#include "base/opt.h"
#include "base/str.h"
#include "base/term.h"
#include "cli/option.h"
#include "cli/options_pack.h"
#include "cli/options_slurm.h"
#include "dataset/datasets.h"

enum command { // bits of struct opt's `commands`
    COMMAND_MAP = 1 << 0,
    COMMAND_RUN = 1 << 1,
    COMMAND_EXEC = 1 << 2,
    COMMAND_RESUME = 1 << 3,
    COMMAND_RETRY = 1 << 4,
    COMMAND_LIST = 1 << 5,
    COMMAND_STATUS = 1 << 6,
    COMMAND_LOG = 1 << 7,
    COMMAND_REPORT = 1 << 8,
    COMMAND_EXPLAIN = 1 << 9,
    COMMAND_COMPLETION = 1 << 10,
    COMMAND_HELP = 1 << 11,
    COMMAND_WAIT = 1 << 12,
    COMMAND_CANCEL = 1 << 13,
    COMMAND_RM = 1 << 14,
    COMMAND_WATCH = 1 << 15,
    COMMAND_DEBUG = 1 << 17, // of tests
    COMMAND_VENV = 1 << 18,
    COMMAND_WHEELS = 1 << 19,
    COMMAND_INSTALL = 1 << 20, // of pip, as the following
    COMMAND_UNINSTALL = 1 << 21,
    COMMAND_FREEZE = 1 << 22,
    COMMAND_PIP_LIST = 1 << 23,
    COMMAND_SHOW = 1 << 24,
    COMMAND_PIP_CHECK = 1 << 25,
    COMMAND_PIP_OTHER = 1 << 26, // what stands before the verb, and what the real pip does
    COMMAND_PIP = COMMAND_INSTALL | COMMAND_UNINSTALL | COMMAND_FREEZE | COMMAND_PIP_LIST |
                  COMMAND_SHOW | COMMAND_PIP_CHECK | COMMAND_PIP_OTHER,
    COMMAND_CONFIG = 1 << 27,
    COMMAND_ENV = 1LL << 34,       // what stands before the verb of env
    COMMAND_ENV_CHECK = 1LL << 33, // of env
    COMMAND_ENV_LOCK = 1 << 29,
    COMMAND_ENV_SYNC = 1 << 30,
    COMMAND_ENV_SHOW = 1LL << 31,
    COMMAND_ENV_VERIFY = 1LL << 32,
    COMMAND_INIT = 1LL << 35,
    COMMAND_ENV_GC = 1LL << 40,
    COMMAND_ENV_THAW = 1LL << 41,
    COMMAND_ENV_PACK = 1LL << 42, // of env
    COMMAND_ENV_UNPACK = 1LL << 43,
    COMMAND_PACK = 1LL << 44,
    COMMAND_UNPACK = 1LL << 45,
    COMMAND_THREADS = 1LL << 46,
    COMMAND_TRY = 1LL << 47,
    COMMAND_ALLOC = 1LL << 48,
    COMMAND_PARCEL = 1LL << 49,
    COMMAND_SHOW_RUN = 1LL << 50,
    COMMAND_MODULE = 1LL << 51,
    COMMAND_RESULTS = 1LL << 52,
    COMMAND_NONE = 1 << 16, // before the command's name
};
struct options { // words are borrowed from argv, and from the configuration
    unsigned char said[OPTION_VERSION + 1]; // by id: 0, or who said it first (config.h)
    int json, quiet, verbose, help, version;
    enum term_color color;
    unsigned cores, jobs, threads; // 0: auto
    unsigned ntasks;               // of alloc; 0: not said
    const char *name;              // -J
    const char *array, *colsep, *mark;
    struct strv from; // --from, in order
    int null, header, link, pass_stdin, shell;
    enum dataset_order order;
    const char *out, *log, *error_log;
    int overwrite, strict;
    int no_ledger, by_threads, force;
    int64_t older_us;            // --older-than; -1: not said
    int64_t time_us, timeout_us; // -t, --timeout; 0: not said
    const char *signal, *halt;   // as typed, checked
    int retries, max_continue;   // -1: not said
    int64_t mem_kb, mem_each_kb; // --mem, --mem-each; -1: not said
    int64_t mem_cpu_kb;          // --mem-per-cpu; 0: not said
    int mem_retry, mem_hard;     // --mem-retry in thousandths, -1: not said
    const char *python, *env;
    struct strv keep;    // names of --keep-env
    int fast_ctl;        // --fast-threadpoolctl
    struct strv modules; // --module, in order
    const char *engine;  // own, site; NULL: not said
    int hooks;           // --hooks
    int ignore_cache;    // --ignore_cache
    struct pack_options pack;
    struct slurm_options pass; // handed to Slurm
    int slurm, local, wait, sbatch;
    unsigned parcels, chunk;  // 0: auto
    const char *where;        // local, slurm; NULL: not said
    int data;                 // --data
    struct strv include;      // --include
    const char *module_shell; // --shell of module
    const char *pin_versions;
    unsigned width; // of lists; 0: the terminal's
    int terse, defaults, all_modules, regexp, latest, redirect, replace, initial_load,
        no_extensions, no_redirect, debug, location, raw;
    int resume, dry_run, no_submit, detach, keep_done, redo, failed, follow, check, watch;
};
extern const struct opt options_table[];
// Reads the options of a command from words (NULL-terminated, the command's name not among
// them). map, run and exec end at the first word that is no option; the others take options
// behind words too. *ret_words: what is left, in order. --lang takes effect at once. Returns 0,
// or -1 with [usage]. options_free also after failure.
int options_read(struct options *options, enum command command, char *const *words,
                 struct strv *ret_words, struct err *err);
// Whether a word, "-c", "--cores" or "--cores=8", is an option of the command whose value is the next word.
int options_take_next(enum command command, const char *word);
// Takes one value of an option (NULL of a flag) as if it were typed; `shown` names it in messages.
// Returns 0, or -1 with [usage].
int options_take(struct options *options, const struct opt *opt, const char *value,
                 const char *shown, struct err *err);
void options_free(struct options *options);
