// SPDX-License-Identifier: Apache-2.0
// single: how each library is told that it has one thread.
//
// OpenBLAS with POSIX threads: its own handlers have ended the pool before the fork, and its setter begins with
// starting it again: one thread less than cores in each child, which spin for a tenth of a second. A store
// into the counter that the setter would store to is enough. The counter is exported by most builds; where
// it is hidden (numpy 2.5), it is read from the code of the function that returns it (counter.h).
// GNU OpenMP: the child has the parent's threads on its list and waits for them for ever; with one thread
// it asks for none.
// LLVM's and Intel's OpenMP: their handler makes the child begin anew. With KMP_INIT_AT_FORK=FALSE, which joblib
// sets, there is none: the setter would hand the threads that the child does not have to the next Python
// thread that computes, which would wait for them. Where no level of regions is active nobody asks for them.
#include "single.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "counter.h"

enum { PARALLEL_OPENMP = 2 }; // openblas_get_parallel()

// The plain name, or the one with what stands around the others.
static void *variable_of(const struct loaded *library, const char *name)
{
    void *found = loaded_symbol(library, name);
    return found ? found : dlsym(library->handle, name);
}

static void find_openblas(const struct loaded *library, struct single *ret)
{
    int (*parallel)(void) = (int (*)(void))loaded_symbol(library, "openblas_get_parallel");
    int (*get)(void) = (int (*)(void))loaded_symbol(library, "openblas_get_num_threads");
    ret->set = (void (*)(int))loaded_symbol(library, "openblas_set_num_threads");
    if (!get || (parallel && parallel() == PARALLEL_OPENMP))
        return;
    int now = get();
    int *counter = variable_of(library, "blas_cpu_number");
    if (!counter)
        counter = counter_of((const unsigned char *)get);
    if (!counter || *counter != now) // that of another copy, or not what we take it for
        return;
    ret->set = NULL;
    ret->counter = counter;
    ret->size = variable_of(library, "blas_num_threads");
    ret->running = variable_of(library, "blas_server_avail");
}

static int on_layer(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size, (void)data;
    const char *name = info->dlpi_name ? strrchr(info->dlpi_name, '/') : NULL;
    return name && strncmp(name, "/libmkl_", 8) == 0 &&
           (strstr(name, "_thread.so") || strstr(name, "_sequential.so"));
}

// libmkl_rt loads a threading layer at its first use. Were the number set before, that would be the first
// use and would choose the layer; the variable is enough there.
static int mkl_is_used(void)
{
    return dl_iterate_phdr(on_layer, NULL);
}

static int is_false(const char *text)
{
    static const char *const words[] = {"0", "false", "no", "off", "disabled", "f", "n"};
    for (size_t i = 0; text && i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0)
            return 1;
    return 0;
}

static void find_openmp(const struct loaded *library, struct single *ret)
{
    int is_gnu = strcmp(library->prefix, "libgomp") == 0;
    int is_set = is_gnu || !is_false(getenv("KMP_INIT_AT_FORK"));
    ret->value = is_set; // no level at all
    ret->set = (void (*)(int))loaded_symbol(library, is_set ? "omp_set_num_threads"
                                                            : "omp_set_max_active_levels");
}

static void find_one(const struct loaded *library, struct single *ret)
{
    const char *api = library->family->internal_api;
    *ret = (struct single){.value = 1};
    if (strcmp(api, "openblas") == 0)
        find_openblas(library, ret);
    else if (strcmp(api, "openmp") == 0)
        find_openmp(library, ret);
    else if (strcmp(api, "blis") == 0)
        ret->set_long = (void (*)(long))loaded_symbol(library, "bli_thread_set_num_threads");
    else if (strcmp(api, "mkl") == 0 && mkl_is_used())
        ret->set = (void (*)(int))loaded_symbol(library, "MKL_Set_Num_Threads");
}

void singles_find(struct singles *singles)
{
    if (loaded_scan(&singles->list) <= 0)
        return;
    // The functions of before are of handles that are closed now.
    singles->count = 0;
    struct single *room = realloc(singles->item, (singles->list.count + 1) * sizeof *room);
    if (!room)
        return;
    singles->item = room;
    for (size_t i = 0; i < singles->list.count; i++)
        find_one(singles->list.item + i, singles->item + singles->count++);
}

void singles_hold(const struct singles *singles)
{
    for (size_t i = 0; i < singles->count; i++) {
        const struct single *single = singles->item + i;
        if (single->counter) {
            *single->counter = 1;
            if (single->size && single->running && !*single->running)
                *single->size = 1;
        } else if (single->set)
            single->set(single->value);
        else if (single->set_long)
            single->set_long(1);
    }
}

void singles_free(struct singles *singles)
{
    loaded_free(&singles->list);
    free(singles->item);
    *singles = (struct singles){0};
}
