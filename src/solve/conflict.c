// SPDX-License-Identifier: Apache-2.0
// conflict: from an incompatibility whose terms all hold, the cause, and how far back it reaches.
#include "solve/solver.h"

// The first place in the trail, counted from 1, after which `package` is within `set` if the states
// of `out` (NULL: none) were ruled out besides; 0: it always is.
static size_t first_within(const struct solver *solver, const struct package *package,
                           const uint64_t *set, const uint64_t *out)
{
    size_t low = 0, high = package->at_count; // the answer is at[high - 1]
    while (low < high) {
        size_t middle = (low + high) / 2; // how many assignments
        const uint64_t *after =
            middle ? solver->trail[package->at[middle - 1]].after : package->all;
        int within = 1;
        for (size_t i = 0; within && i < package->words; i++)
            within = !(after[i] & ~set[i] & ~(out ? out[i] : 0));
        if (within)
            high = middle;
        else
            low = middle + 1;
    }
    return high ? package->at[high - 1] + 1 : 0;
}

static const uint64_t *set_of(const struct incompat *incompat, const struct package *package)
{
    for (size_t i = 0; i < incompat->count; i++)
        if (incompat->term[i].package == package)
            return incompat->term[i].set;
    return NULL;
}

// The assignment that made all terms hold; and the place, from 1, of the one before with which it
// did (0: none).
static const struct assignment *satisfier(struct solver *solver,
                                          const struct incompat *incompat, size_t *ret_before)
{
    const struct term *last = incompat->term;
    size_t best = 0, second = 0;
    for (size_t i = 0; i < incompat->count; i++) {
        const struct term *term = &incompat->term[i];
        size_t place = first_within(solver, term->package, term->set, NULL);
        if (place > best) {
            second = best;
            best = place;
            last = term;
        } else if (place > second) {
            second = place;
        }
    }
    const struct assignment *found = &solver->trail[best - 1];
    // Without what the derivation itself rules out, the term may have held before.
    if (found->cause) {
        size_t with =
            first_within(solver, last->package, last->set, set_of(found->cause, last->package));
        if (with > second)
            second = with;
    }
    *ret_before = second;
    return found;
}

static void add_others(struct solver *solver, struct incompat *into,
                       const struct incompat *from, const struct package *but)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct term *term = &from->term[i];
        struct package *package = term->package;
        if (package == but)
            continue;
        if (!package->mark) {
            into->term[into->count++] = *term; // the set is shared until it changes
            package->mark = into->count;
            continue;
        }
        struct term *old = &into->term[package->mark - 1];
        if (states_within(old->set, term->set, package->words))
            continue;
        old->set = states_copy(solver->arena, old->set, package->words);
        states_and(old->set, term->set, package->words);
    }
}

// The rule of resolution: `package` need be in neither of the two sets, so not in their union.
static struct incompat *combine(struct solver *solver, struct incompat *one,
                                struct incompat *two, struct package *package)
{
    struct incompat *made = incompat_new(solver, CAUSE_LEARNED, one->count + two->count);
    made->from[0] = one;
    made->from[1] = two;
    add_others(solver, made, one, package);
    add_others(solver, made, two, package);
    for (size_t i = 0; i < made->count; i++)
        made->term[i].package->mark = 0;
    uint64_t *set = states_copy(solver->arena, set_of(one, package), package->words);
    states_or(set, set_of(two, package), package->words);
    if (!states_same(set, package->all, package->words))
        made->term[made->count++] = (struct term){package, set};
    return made;
}

static void blame(struct solver *solver, const struct incompat *incompat)
{
    for (size_t i = 0; i < incompat->count; i++) {
        incompat->term[i].package->conflicts++;
        queue_update(solver, incompat->term[i].package);
    }
}

struct incompat *conflict_resolve(struct solver *solver, struct incompat *incompat)
{
    int made = 0;
    while (incompat->count) {
        size_t before;
        const struct assignment *last = satisfier(solver, incompat, &before);
        size_t level = before ? solver->trail[before - 1].level : 0;
        if (level < last->level) {
            trail_back(solver, level);
            if (made)
                incompat_attach(solver, incompat);
            blame(solver, incompat);
            return incompat;
        }
        incompat = combine(solver, incompat, last->cause, last->package);
        made = 1;
        solver->steps++;
    }
    solver->failure = incompat;
    return NULL;
}
