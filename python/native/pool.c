// SPDX-License-Identifier: Apache-2.0
// pool: get and set, by family. The signatures are those of the libraries' C headers.
#include "pool.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_family(const struct pool *pool, const char *name)
{
    return strcmp(pool->library.family->internal_api, name) == 0;
}

static void *symbol(const struct pool *pool, const char *name)
{
    return loaded_symbol(&pool->library, name);
}

// The names of OpenMP's functions are the same for all builds, whatever stands around OpenBLAS's own.
static void find_openblas(struct pool *pool)
{
    int (*parallel)(void) = symbol(pool, "openblas_get_parallel");
    pool->is_openmp = parallel && parallel() == 2;
    pool->is_shared = !pool->is_openmp;
    pool->get = pool->is_openmp ? dlsym(pool->library.handle, "omp_get_max_threads")
                                : symbol(pool, "openblas_get_num_threads");
    pool->set = pool->is_openmp ? dlsym(pool->library.handle, "omp_set_num_threads")
                                : symbol(pool, "openblas_set_num_threads");
}

static void find_functions(struct pool *pool)
{
    static const struct {
        const char *family, *get, *set;
    } names[] = {
        {"blis", "bli_thread_get_num_threads", "bli_thread_set_num_threads"},
        {"mkl", "MKL_Get_Max_Threads", "MKL_Set_Num_Threads_Local"},
        {"flexiblas", "flexiblas_get_num_threads", "flexiblas_set_num_threads"},
        {"openmp", "omp_get_max_threads", "omp_set_num_threads"},
    };
    if (is_family(pool, "openblas"))
        find_openblas(pool);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_family(pool, names[i].family)) {
            pool->get = symbol(pool, names[i].get);
            pool->set = symbol(pool, names[i].set);
        }
}

int pool_open(struct pool *ret, const struct loaded *library)
{
    *ret = (struct pool){.library = *library};
    ret->library.path = strdup(library->path);
    ret->library.handle = dlopen(library->path, RTLD_LAZY | RTLD_NOLOAD);
    if (!ret->library.path || !ret->library.handle) {
        pool_close(ret);
        return -1;
    }
    find_functions(ret);
    return 0;
}

void pool_close(struct pool *pool)
{
    if (pool->library.handle)
        dlclose(pool->library.handle);
    free(pool->library.path);
    *pool = (struct pool){0};
}

int pool_get(const struct pool *pool)
{
    if (!pool->get)
        return POOL_UNKNOWN;
    int threads = pool->get();
    // BLIS says -1 until a number is set, and computes with one thread; so does FlexiBLAS over it.
    int is_unset = threads == -1 && (is_family(pool, "blis") || is_family(pool, "flexiblas"));
    return is_unset ? 1 : threads;
}

void pool_set(const struct pool *pool, int threads)
{
    int is_so = pool->is_shared && pool->get && pool->get() == threads;
    if (pool->set && !is_so)
        pool->set(threads);
}

// The first word of `text` into ret. Returns 0, or -1.
static int copy_word(const char *text, char *ret, size_t size)
{
    size_t length = strcspn(text, " \t\n");
    return snprintf(ret, size, "%.*s", (int)length, text) > 0 ? 0 : -1;
}

static int openblas_version(const struct pool *pool, char *ret, size_t size)
{
    char *(*config)(void) = symbol(pool, "openblas_get_config"); // since 0.3.4
    const char *text = config ? config() : NULL;
    return text && strncmp(text, "OpenBLAS ", 9) == 0 ? copy_word(text + 9, ret, size) : -1;
}

static int mkl_version(const struct pool *pool, char *ret, size_t size)
{
    char text[200] = "";
    void (*version)(char *, int) = symbol(pool, "MKL_Get_Version_String");
    if (!version)
        return -1;
    version(text, sizeof text);
    text[sizeof text - 1] = '\0';
    const char *word = strstr(text, "Version ");
    if (word && strchr(word + 8, ' '))
        return copy_word(word + 8, ret, size);
    text[strcspn(text, "\n")] = '\0';
    return snprintf(ret, size, "%s", text) > 0 ? 0 : -1;
}

static int flexiblas_version(const struct pool *pool, char *ret, size_t size)
{
    int part[3] = {0};
    void (*version)(int *, int *, int *) = symbol(pool, "flexiblas_get_version");
    if (!version)
        return -1;
    version(part, part + 1, part + 2);
    return snprintf(ret, size, "%d.%d.%d", part[0], part[1], part[2]) > 0 ? 0 : -1;
}

int pool_version(const struct pool *pool, char *ret, size_t size)
{
    if (is_family(pool, "openblas"))
        return openblas_version(pool, ret, size);
    if (is_family(pool, "mkl"))
        return mkl_version(pool, ret, size);
    if (is_family(pool, "flexiblas"))
        return flexiblas_version(pool, ret, size);
    const char *(*version)(void) =
        is_family(pool, "blis") ? symbol(pool, "bli_info_get_version_str") : NULL;
    return version ? (snprintf(ret, size, "%s", version()), 0) : -1;
}

static const char *openblas_layer(const struct pool *pool)
{
    int (*parallel)(void) = symbol(pool, "openblas_get_parallel");
    if (!parallel)
        return "unknown";
    int layer = parallel();
    return layer == 2 ? "openmp" : layer == 1 ? "pthreads" : "disabled";
}

static const char *blis_layer(const struct pool *pool)
{
    int (*openmp)(void) = symbol(pool, "bli_info_get_enable_openmp");
    int (*pthreads)(void) = symbol(pool, "bli_info_get_enable_pthreads");
    if (openmp && openmp())
        return "openmp";
    return pthreads && pthreads() ? "pthreads" : "disabled";
}

// Asked for a layer that there is not, MKL says the one that it has and changes nothing.
static const char *mkl_layer(const struct pool *pool)
{
    static const char *const names[] = {"intel", "sequential", "pgi", "gnu", "tbb"};
    int (*set_layer)(int) = symbol(pool, "MKL_Set_Threading_Layer");
    int layer = set_layer ? set_layer(-1) : -1;
    return layer >= 0 && layer < 5 ? names[layer] : "not specified";
}

const char *pool_layer(const struct pool *pool)
{
    if (is_family(pool, "openblas"))
        return openblas_layer(pool);
    if (is_family(pool, "blis"))
        return blis_layer(pool);
    return is_family(pool, "mkl") ? mkl_layer(pool) : NULL;
}

int pool_has_architecture(const struct pool *pool)
{
    return is_family(pool, "openblas") || is_family(pool, "blis");
}

const char *pool_architecture(const struct pool *pool)
{
    if (is_family(pool, "openblas")) {
        char *(*corename)(void) = symbol(pool, "openblas_get_corename");
        return corename ? corename() : NULL;
    }
    int (*query)(void) = symbol(pool, "bli_arch_query_id");
    const char *(*name)(int) = symbol(pool, "bli_arch_string");
    return query && name ? name(query()) : NULL;
}

typedef int backend_list(char *name, size_t size, int number);

static backend_list *backends(const struct pool *pool, int is_loaded)
{
    if (!is_family(pool, "flexiblas"))
        return NULL;
    return symbol(pool, is_loaded ? "flexiblas_list_loaded" : "flexiblas_list");
}

int pool_backend_count(const struct pool *pool, int is_loaded)
{
    backend_list *list = backends(pool, is_loaded);
    return list ? list(NULL, 0, 0) : -1;
}

void pool_backend_name(const struct pool *pool, int is_loaded, int number, char *ret)
{
    backend_list *list = backends(pool, is_loaded);
    ret[0] = '\0';
    if (list)
        list(ret, POOL_BACKEND_MAX, number);
    ret[POOL_BACKEND_MAX - 1] = '\0';
}

int pool_backend_current(const struct pool *pool, char *ret)
{
    int (*current)(char *, size_t) = symbol(pool, "flexiblas_current_backend");
    ret[0] = '\0';
    if (current)
        current(ret, POOL_BACKEND_MAX);
    ret[POOL_BACKEND_MAX - 1] = '\0';
    return current ? 0 : -1;
}

int pool_backend_load(const struct pool *pool, int is_named, const char *name)
{
    int (*load)(const char *) =
        symbol(pool, is_named ? "flexiblas_load_backend" : "flexiblas_load_backend_library");
    return load && load(name) != -1 ? 0 : -1;
}

int pool_backend_switch(const struct pool *pool, int number)
{
    int (*change)(int) = symbol(pool, "flexiblas_switch");
    return change && change(number) != -1 ? 0 : -1;
}
