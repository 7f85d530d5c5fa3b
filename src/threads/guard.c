// SPDX-License-Identifier: Apache-2.0
// guard: variables that size thread pools, by the measured rules of docs (threads and the
// guard).
//
// Affinity holds most libraries, a variable the rest, and an inherited variable beats affinity
// in libgomp, libomp, BLIS, numexpr and polars: so inherited values are lowered too. With one
// thread all are 1. With more only OMP_NUM_THREADS and NUMEXPR_NUM_THREADS are set: were the
// others set, joblib would copy them into its workers in place of cores // n_jobs. Invariant:
// after it no variable of these tables asks for more than the slot has or pins outside it; what
// the user lowered himself stays as low.
#include "threads/guard.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "threads/variable.h"

#define NUMEXPR_ROOM 64 // it refuses more threads than this unless NUMEXPR_MAX_THREADS says so

static void note(struct strv *list, const char *name)
{
    if (list)
        strv_add(list, name);
}

// Reads a decimal of at least 1 with blanks around it. Moves *at behind. Returns 0, or -1.
static int read_count(const char **at, unsigned long *ret)
{
    char *end;
    const char *start = *at + strspn(*at, " \t");
    if (*start < '0' || *start > '9')
        return -1;
    *ret = strtoul(start, &end, 10);
    *at = end + strspn(end, " \t");
    return *ret ? 0 : -1;
}

// Rewrites a list of numbers so that their product is at most `threads`, as levels nest.
// Returns 0 if nothing had to change, 1 if it was lowered into `into`, -1 if the text is
// unreadable.
static int lower_list(const char *text, unsigned threads, int is_list, struct str *into)
{
    unsigned long room = threads;
    int changed = 0;
    for (const char *at = text;; at++) {
        unsigned long value;
        if (read_count(&at, &value) < 0)
            return -1;
        unsigned long kept = value < room ? value : room;
        changed |= kept != value;
        str_print(into, "%s%lu", into->size ? "," : "", kept);
        room /= kept;
        if (!*at)
            return changed;
        if (*at != ',' || !is_list)
            return -1;
    }
}

static void hold_pool(struct vars *vars, const struct pool_variable *pool, unsigned threads,
                      struct strv *ret_lowered)
{
    CLEANUP_STR struct str lowered = {0}, full = {0};
    const char *old = vars_get(vars, pool->name);
    int must = pool->rule == POOL_ALWAYS || (pool->rule == POOL_ONE && threads == 1);
    str_print(&full, "%u", threads);
    int change = old ? lower_list(old, threads, pool->list, &lowered) : -1;
    if (!change)
        return;
    if (old)
        note(ret_lowered, pool->name);
    if (change > 0)
        vars_set(vars, pool->name, lowered.text);
    else if (must)
        vars_set(vars, pool->name, full.text);
    else if (old)
        vars_unset(vars, pool->name);
}

static void drop(struct vars *vars, const char *name, struct strv *ret_lowered)
{
    if (!vars_get(vars, name))
        return;
    vars_unset(vars, name);
    note(ret_lowered, name);
}

// MKL_DOMAIN_NUM_THREADS="MKL_DOMAIN_ALL=8, MKL_DOMAIN_BLAS=4" beats MKL_NUM_THREADS.
static void hold_mkl_domains(struct vars *vars, unsigned threads, struct strv *ret_lowered)
{
    const char *text = vars_get(vars, "MKL_DOMAIN_NUM_THREADS");
    int fits = text != NULL;
    for (const char *at = text; fits && *at;) {
        size_t name = strcspn(at, "=");
        unsigned long value;
        fits = at[name] == '=';
        at += name + (size_t)fits;
        fits = fits && read_count(&at, &value) == 0 && value <= threads;
        at += strspn(at, ",;: ");
    }
    if (text && !fits)
        drop(vars, "MKL_DOMAIN_NUM_THREADS", ret_lowered);
}

// Pins are numbers of CPUs of the machine, or of another slot. Names such as "cores" are by our
// mask.
static void drop_pins(struct vars *vars, struct strv *ret_lowered)
{
    drop(vars, "GOMP_CPU_AFFINITY", ret_lowered);
    const char *places = vars_get(vars, "OMP_PLACES");
    if (places && strpbrk(places, "{0123456789")) {
        const char *number = strpbrk(places, "{0123456789");
        if (*number == '{' || number == places + strspn(places, " \t"))
            drop(vars, "OMP_PLACES", ret_lowered);
    }
    const char *kmp = vars_get(vars, "KMP_AFFINITY");
    if (kmp && (strstr(kmp, "explicit") || strstr(kmp, "proclist") || strstr(kmp, "norespect")))
        drop(vars, "KMP_AFFINITY", ret_lowered);
}

void guard_apply(struct vars *vars, unsigned threads, struct strv *ret_lowered)
{
    CLEANUP_STR struct str text = {0};
    if (threads < 1)
        threads = 1;
    str_print(&text, "%u", threads);
    for (size_t i = 0; pool_variables[i].name; i++)
        hold_pool(vars, pool_variables + i, threads, ret_lowered);
    for (size_t i = 0; part_variables[i]; i++) {
        const char *value = vars_get(vars, part_variables[i]);
        if (value && strcmp(value, "1") != 0)
            drop(vars, part_variables[i], ret_lowered);
    }
    if (threads > NUMEXPR_ROOM && !vars_get(vars, "NUMEXPR_MAX_THREADS"))
        vars_set(vars, "NUMEXPR_MAX_THREADS", text.text);
    hold_mkl_domains(vars, threads, ret_lowered);
    drop_pins(vars, ret_lowered);
    vars_set(vars, "LOPIN_THREADS", text.text);
    vars_set(vars, "PYTHON_CPU_COUNT",
             text.text); // Python >= 3.13: os.cpu_count(), and so Pool()
}
