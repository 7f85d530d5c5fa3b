// SPDX-License-Identifier: Apache-2.0
// site_file: site.toml: what the machine is, written once by who keeps it (lopin-site.toml(5)).
//
// Variables in paths are replaced; one that is not set is an error that names file, line and key, but
// in `local-disk`, whose folders are candidates.
#pragma once

#include <sys/types.h>

#include "base/vars.h"
#include "site/document.h"
#include "site/site_slurm.h"

enum site_index { SITE_INDEX_ALSO, SITE_INDEX_NEVER, SITE_INDEX_FALLBACK, SITE_INDEX_FIRST };
struct site_file { // zero-initialise to begin: as if there were none; free with site_file_free
    struct document document;
    struct strv wheels, local_disk; // absolute
    enum site_index index;
    const char *python; // absolute; may hold "{version}"; NULL: not said
    const char *cache;  // absolute; NULL: not said
    const char *modules_cache; // folder of what a spider found, for all; absolute; NULL: none
    int files_counted;
    int path_packages;         // what modules put on PYTHONPATH counts as installed
    const char *python_module; // "python/{version}": Python is a module; NULL: it is none
    struct strv modules;       // what is loaded before that
    int module_hooks;          // SitePackage.lua is run before modulefiles
    uid_t *trusted;
    size_t trusted_count;
    unsigned advice_cpu, advice_memory; // percent; 0: not said
    const char *advice_help;            // NULL: not said
    const struct toml_value *cpu, *partition;
    struct site_slurm slurm;
};
extern const char *const site_file_keys[]; // NULL ends them
// Reads $LOPIN_SITE, else `standard` ("/etc/lopin/site.toml"), which may be absent. LOPIN_SITE="" is
// none. Returns 0, or -1 with [config], [untrusted], [system].
int site_file_read(struct site_file *site, const char *standard, const struct vars *vars,
                   struct err *err);
// The same of a document that has been read.
int site_file_fill(struct site_file *site, const struct vars *vars, struct err *err);
void site_file_free(struct site_file *site);

// The level ("x86-64-v3") that the table [cpu] gives to the folder of a wheelhouse or a distribution:
// of the first pattern in the file that fits. NULL: none.
const char *site_cpu(const struct site_file *site, const char *name);
// Of [partition.NAME] cpu. NULL: not said.
const char *site_partition_cpu(const struct site_file *site, const char *name);
// The first of `local-disk` that is a folder and may be written. NULL: none. Borrowed.
const char *site_local_disk(const struct site_file *site);
// Adds the interpreters that `python` names and that are there, the newest first.
void site_pythons(const struct site_file *site, struct strv *into);
