// SPDX-License-Identifier: Apache-2.0
// choose: of the versions that are left, the one to try.
#include "solve/solver.h"

// What is taken only if nothing of a lesser rank is left.
enum rank { RANK_USUAL, RANK_SOURCE, RANK_PRERELEASE, RANK_URL, RANKS };

static enum rank rank_of(const struct package *package, size_t state, int prereleases)
{
    const struct known_version *version = package_version(package, state);
    const struct version *number = version->candidate.version.version;
    if (version->url)
        return RANK_URL; // who requires it by this URL leaves no other
    if (!prereleases && number && version_is_prerelease(number))
        return RANK_PRERELEASE;
    return version->candidate.is_source ? RANK_SOURCE : RANK_USUAL;
}

size_t choose_state(const struct solver *solver, const struct package *package)
{
    enum solve_order order = solver->ask->order;
    int lowest = order == SOLVE_LOWEST || (order == SOLVE_LOWEST_DIRECT && package->direct);
    int prereleases = package_takes_prereleases(package);
    size_t best[RANKS] = {0};
    if (package->installed && states_has(package->now, package->installed))
        return package->installed;
    for (size_t state = lowest ? states_next(package->now, package->words, 1)
                               : states_previous(package->now, package->states - 1);
         state && state != SIZE_MAX;
         state = lowest ? states_next(package->now, package->words, state + 1)
                        : states_previous(package->now, state - 1)) {
        enum rank rank = rank_of(package, state, prereleases);
        if (!best[rank])
            best[rank] = state;
        if (rank == RANK_USUAL)
            break;
    }
    for (enum rank rank = RANK_USUAL; rank < RANKS; rank++)
        if (best[rank])
            return best[rank];
    return 0;
}
