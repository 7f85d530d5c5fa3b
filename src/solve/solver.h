// SPDX-License-Identifier: Apache-2.0
// solver: what the files of solve share: packages, incompatibilities, what is assigned so far.
//
// A package is a project, or an extra of one: "name[extra]", whose only state besides "not chosen"
// is "asked for". An extra so needs no version of its own that had to agree with its project's:
// its requirements are incompatibilities of three packages (the extra, the project's version, what
// is required).
#pragma once

#include "base/table.h"
#include "solve/solve.h"
#include "solve/states.h"

enum { EXTRA_ASKED = 1 }; // the state of an extra

enum cause {
    CAUSE_ASKED,      // the caller requires it
    CAUSE_NEEDED,     // a version, or an extra of it, requires it
    CAUSE_UNUSABLE,   // versions that cannot be taken
    CAUSE_CONSTRAINT, // versions that a constraint excludes
    CAUSE_LEARNED,    // follows from two others
};
struct term {
    struct package *package;
    uint64_t *set;
};
// Not all terms hold at once.
struct incompat {
    enum cause cause;
    int override;                  // `require` is one
    const struct require *require; // of ASKED, NEEDED and CONSTRAINT
    struct package *by;            // of NEEDED: the project or extra that requires
    size_t by_state; // and the version (of the project, also for an extra); of ASKED: its place
    struct package *about;    // what is required, restricted, unusable: the project
    const uint64_t *matched;  // of ASKED and NEEDED: the versions of `about` that satisfy
    const char *why;          // of UNUSABLE
    struct incompat *from[2]; // of LEARNED
    size_t number;            // in a proof that is said; 0: none
    int walk;                 // of who walks over a proof; 0 before
    size_t contradicted;      // 1 + the level at which a term was seen to be false; 0: none was
    size_t count;
    struct term term[];
};
struct incompats {
    struct incompat **item;
    size_t count, room;
};

struct package {
    struct piece name;
    struct piece extra;      // size 0: it is a project
    struct package *project; // itself, unless an extra
    struct known_project *known;
    struct package *extras, *next_extra;
    size_t id; // in order of discovery
    int direct;
    int names_pre; // the caller's words name a pre-release of it
    enum prereleases prereleases;
    struct known_version **version; // of a project: state s is version[s - 1]
    unsigned char *expanded;        // by state of the project: its needs are incompatibilities
    size_t states, words;
    uint64_t *all;
    struct table sets; // of versions, by the text of specifiers or the URL
    struct incompats incompats;
    struct incompats needs;     // NEEDED by its versions and extras
    struct incompats pre_needs; // of those the ones that name a pre-release of it
    // What is assigned: places in the trail, ascending; the set that remains; the state decided.
    size_t *at, at_count, at_room;
    const uint64_t *now;
    size_t decided; // 0: not
    uint64_t *spare;
    size_t conflicts;
    size_t queue_place; // 1 + its place; 0: not in it
    int forced;         // one state is left, as the queue knows it
    size_t installed;   // the state that is installed; 0: none
    size_t mark;        // of who walks over packages; 0 between
    int changed;
};

struct assignment {
    struct package *package;
    size_t level;
    struct incompat *cause; // NULL: a decision
    uint64_t *after;        // the states that remain
};
struct url_asker { // a version, or an extra of it, that requires a URL
    struct piece name, extra;
    const struct known_version *version;
    struct url_asker *next;
};
// What the provider said: asked once, though the search may begin again.
struct known_version {
    struct solve_candidate candidate;
    const char *url;           // NULL: none
    struct solve_needs *needs; // NULL: not asked yet
    struct url_asker *asker;   // who requires the URL, as far as was seen
};
struct known_project {
    struct piece name;
    struct known_version *version; // as the provider gave them
    size_t count;
    int asked; // whether it was
    struct known_version **by_url;
    size_t url_count, url_room;
    struct said *said, *said_last;
};
struct knowledge { // may serve several searches
    struct table names;
    struct known_project **project;
    size_t count, room;
};
enum said_kind { SAID_ASK, SAID_CONSTRAINT, SAID_OVERRIDE };
struct said { // by the caller about a project, in order; only what applies
    enum said_kind kind;
    const struct require *require;
    struct said *next;
};

struct solver {
    const struct solve_provider *provider;
    const struct solve_ask *ask;
    struct arena *arena; // lives as long as the result
    struct table by_name;
    struct package **package;
    size_t package_count, package_room;
    struct assignment *trail;
    size_t trail_count, trail_room, level;
    struct incompats contradicted;
    struct package **queue;
    size_t queue_count, queue_room;
    struct package **changed; // whose incompatibilities are to be looked at
    size_t changed_count, changed_room, changed_first;
    struct incompats asked; // of the caller's words
    struct knowledge *knowledge;
    struct incompats fresh; // of the last expand_version
    int again; // a URL was found that its project's versions lack: begin again with it
    size_t steps, limit;
    struct incompat *failure; // without terms: there is no solution
};

// known.c
struct known_project *known_project(struct solver *solver, struct piece normal);
int known_say(struct solver *solver, struct err *err); // what the caller says, by project
// The provider's versions, once. 0 or -1.
int known_ask(struct solver *solver, struct known_project *known, struct err *err);
// The version that a URL gives; NULL with err.
struct known_version *known_url(struct solver *solver, struct known_project *known,
                                const char *url, struct err *err);
struct known_version *known_find_url(const struct known_project *known, const char *url);
int known_overridden(const struct known_project *known);
int known_needs(struct solver *solver, struct piece normal, struct known_version *version,
                struct err *err);

// package.c. NULL with err.
struct package *solver_project(struct solver *solver, struct piece normal, struct err *err);
struct package *solver_extra(struct solver *solver, struct package *project,
                             struct piece normal);
// The states that satisfy a requirement; without "not chosen". Lives in the arena.
const uint64_t *package_matched(struct solver *solver, struct package *project,
                                const struct require *require);
int package_is_extra(const struct package *package);
int package_takes_prereleases(const struct package *project); // as all others, now
const struct known_version *package_version(const struct package *package, size_t state);

// incompat.c: makes one; terms that always hold are left out. `attach` lets it count.
struct incompat *incompat_new(struct solver *solver, enum cause cause, size_t count);
void incompat_add(struct solver *solver, struct incompat *incompat, struct package *package,
                  const uint64_t *set);
void incompat_attach(struct solver *solver, struct incompat *incompat);
void incompats_add(struct incompats *list, struct incompat *incompat);

// trail.c
void trail_derive(struct solver *solver, struct incompat *cause, const struct term *term);
void trail_decide(struct solver *solver, struct package *package, size_t state);
void trail_back(struct solver *solver, size_t level); // to the end of that level
int package_required(const struct package *package);

// queue.c: who is to be decided next.
void queue_update(struct solver *solver, struct package *package);
struct package *queue_first(const struct solver *solver);

// expand.c: requirements become incompatibilities. 0, or -1 with err.
int expand_ask(struct solver *solver, struct err *err);
// The requirements of a version of a package, or of an extra of it.
int expand_version(struct solver *solver, struct package *package, size_t state,
                   struct err *err);
// -1 with err (a marker without value), else 0 or 1.
int applies(const struct solver *solver, const struct require *require, struct piece extra,
            struct err *err);

// propagate.c: 0 or -1 with err; solver->failure is set if there is no solution.
int propagate(struct solver *solver, struct err *err);
void solver_changed(struct solver *solver, struct package *package);
// conflict.c: the incompatibility that follows, after going back so far that it has one term that
// is not settled; NULL: there is no solution.
struct incompat *conflict_resolve(struct solver *solver, struct incompat *incompat);

// support.c: by_state of `by` requires that URL, which is known.
void support_note(struct solver *solver, struct package *by, size_t by_state,
                  struct package *project, const char *url);
// Before such a version is decided. 0 or -1.
int support_close(struct solver *solver, struct package *package, size_t state,
                  struct err *err);

// choose.c: the version to try of those that are left.
size_t choose_state(const struct solver *solver, const struct package *package);

// solve.c: 0 with a solution or failure, or -1 with err.
int solver_run(struct solver *solver, struct err *err);
void solver_free(struct solver *solver);
void knowledge_free(struct knowledge *knowledge);

// answer.c
void answer_make(struct solver *solver, struct solve_result *ret);
