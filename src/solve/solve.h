// SPDX-License-Identifier: Apache-2.0
// solve: which version of which project, so that all requirements hold; or why there is none.
//
// The algorithm is PubGrub (N. Weizenbaum, "PubGrub: Next-Generation Version Solving", 2018;
// dart-lang/pub, doc/solver.md). No file and no network: what exists comes from a provider, which
// is asked for a project when it is first required, and for a version's requirements when that
// version is tried.
//
// Pre-releases: where a requirement in force names one, they count as all others; else they are
// taken only where no final release is left. A yanked version (PEP 592) is taken only where what
// the caller asks (not what a package requires) pins it by == or ===.
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "wheel/require.h"

struct solve_candidate {      // one version of a project
    struct candidate version; // lives as long as the solve_result
    size_t index;             // the provider's own number of it
    const char *unusable; // translated: why it cannot be taken ("needs Python >=3.12"); or NULL
    const char *yanked;   // why it was withdrawn, "" without a reason; NULL: it was not
    int is_source;        // it must be built: taken only where no other final release is left
    int installed;        // it is kept where it satisfies: not for those that shall be upgraded
};
struct solve_needs {             // of one version; all of it lives as long as the solve_result
    struct require *const *item; // its requirements, whatever their markers say
    size_t count;
    const struct piece *extra; // normal names of the extras that it has
    size_t extra_count;
    const char *unusable; // as above, for what only its metadata tell
};
struct solve_provider {
    void *context;
    // The versions of a project, in any order; of equal ones the first is preferred. Called once a
    // project. 0 or -1 (with err: the whole solution is given up).
    int (*versions)(void *context, struct piece normal, const struct solve_candidate **ret,
                    size_t *ret_count, struct err *err);
    // The one that a URL gives. May be NULL: then requirements by URL cannot be satisfied.
    int (*at_url)(void *context, struct piece normal, const char *url,
                  struct solve_candidate *ret, struct err *err);
    // Called at most once a version.
    int (*needs)(void *context, struct piece normal, size_t index, struct solve_needs *ret,
                 struct err *err);
    // Adds which versions of a project there are and where, or why none ("1.26.4 in /site/wheelhouse; 2.0.0 only
    // for cp312"), for "found" lines. May be NULL, and add nothing.
    void (*describe)(void *context, struct piece normal, struct str *into);
};

enum solve_order { SOLVE_HIGHEST, SOLVE_LOWEST, SOLVE_LOWEST_DIRECT };
struct solve_ask {               // markers are looked at; one that is false asks nothing
    struct require *const *item; // wanted
    size_t count;
    struct require *const *constraint; // pip's -c: of what is required anyhow
    size_t constraint_count;
    // In place of every requirement of that project, whose extras and markers stay.
    struct require *const *override;
    size_t override_count;
    const struct marker_env *markers; // without extra
    enum solve_order order;
    enum prereleases prereleases;       // of all projects; AUTO as above
    const char *const *only_final;      // normal names, NULL-terminated; or NULL
    const char *const *all_prereleases; // the same: as with PRERELEASES_YES
    size_t steps;                       // give up after so many; 0: SOLVE_STEPS
    int verbose;                        // explain by each step of the proof
};
enum { SOLVE_STEPS = 300000000 }; // some ten seconds

struct solve_reason {
    size_t by;                     // a choice's place, SIZE_MAX: asked for
    const struct require *require; // an override in place of the one that was written
};
struct solve_choice {
    struct piece normal;
    const struct solve_candidate *candidate;
    const char *url;     // NULL unless it came by one
    struct piece *extra; // asked of it, normal names, in order, also those that it has not
    size_t extra_count;
    struct solve_reason *reason; // who requires it, in order of `choice`
    size_t reason_count;
};
struct solve_result { // zero-initialise to begin
    struct arena arena;
    struct solve_choice *choice; // what is required before who requires it, but for circles
    size_t count;
    struct strv warnings; // translated
    // Without a solution: why, translated, each "label<TAB>words"; labels: because, and, so, found,
    // try.
    struct strv lines;
    size_t steps; // that were made
};
// Returns 0, or -1 with [no-wheel] (one requirement alone has no version), [no-solution] (also
// when it was given up), [usage] (a marker that has no value), or what the provider said. What is
// asked and what the provider gave must outlive `ret`.
int solve(const struct solve_provider *provider, const struct solve_ask *ask,
          struct solve_result *ret, struct err *err);
void solve_result_free(struct solve_result *result);
#define CLEANUP_SOLVE CLEANUP(solve_result_free)
