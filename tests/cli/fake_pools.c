// SPDX-License-Identifier: Apache-2.0
// Libraries with the functions of BLAS and OpenMP libraries and nothing behind them, for test_threadpoolctl.py:
// one source, -DOPENBLAS=LAYER, -DMKL, -DBLIS, -DFLEXIBLAS, -DOPENMP or -DCUSTOM.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define JOIN3(a, b, c) a##b##c
#define NAME3(a, b, c) JOIN3(a, b, c)
#ifndef BEFORE
#define BEFORE
#define AFTER
#endif

#ifdef OPENBLAS
#define OF(name) NAME3(BEFORE, name, AFTER)
static int threads = 4;
int OF(openblas_get_num_threads)(void)
{
    return threads;
}
static int set_calls;
int calls(void)
{
    return set_calls;
}
void OF(openblas_set_num_threads)(int number)
{
    threads = number;
    set_calls++;
}
int OF(openblas_get_parallel)(void)
{
    return OPENBLAS;
}
const char *OF(openblas_get_config)(void)
{
    return "OpenBLAS 0.3.99 DYNAMIC_ARCH NO_AFFINITY";
}
const char *OF(openblas_get_corename)(void)
{
    return "Fakewell";
}
#if OPENBLAS == 2
int omp_get_max_threads(void);
int uses_openmp(void)
{
    return omp_get_max_threads();
}
#endif
#endif

#ifdef MKL
static _Thread_local int threads = 6;
int MKL_Get_Max_Threads(void)
{
    return threads;
}
int MKL_Set_Num_Threads_Local(int number)
{
    int before = threads;
    threads = number;
    return before;
}
int MKL_Set_Threading_Layer(int layer)
{
    return layer == -1 ? 3 : layer;
}
void MKL_Get_Version_String(char *text, int size)
{
    snprintf(text, size,
             "Fake Math Kernel Library Version 2099.1-Product Build 20990101 for machines");
}
#endif

#ifdef BLIS
static int threads = -1;
int bli_thread_get_num_threads(void)
{
    return threads;
}
void bli_thread_set_num_threads(int number)
{
    threads = number;
}
const char *bli_info_get_version_str(void)
{
    return "9.9.0";
}
int bli_info_get_enable_openmp(void)
{
    return 0;
}
int bli_info_get_enable_pthreads(void)
{
    return 1;
}
int bli_arch_query_id(void)
{
    return 3;
}
const char *bli_arch_string(int id)
{
    return id == 3 ? "fakehaswell" : "?";
}
#endif

#ifdef FLEXIBLAS
static int threads = -1, current;
static char loaded[8][1024] = {"NETLIB"};
static int loaded_count = 1;
static const char *const known[] = {"NETLIB", "__FALLBACK__", "OPENBLAS-FAKE"};
int flexiblas_get_num_threads(void)
{
    return threads;
}
void flexiblas_set_num_threads(int number)
{
    threads = number;
}
void flexiblas_get_version(int *major, int *minor, int *patch)
{
    *major = 3, *minor = 99, *patch = 1;
}
static int put(char *name, size_t size, const char *text)
{
    if (name)
        snprintf(name, size, "%s", text);
    return 0;
}
int flexiblas_list(char *name, size_t size, int number)
{
    return name ? put(name, size, known[number]) : 3;
}
int flexiblas_list_loaded(char *name, size_t size, int number)
{
    return name ? put(name, size, loaded[number]) : loaded_count;
}
int flexiblas_current_backend(char *name, size_t size)
{
    return put(name, size, loaded[current]);
}
static int load(const char *name)
{
    if (loaded_count == 8)
        return -1;
    snprintf(loaded[loaded_count], sizeof loaded[0], "%s", name);
    return loaded_count++;
}
int flexiblas_load_backend(const char *name)
{
    return strcmp(name, "OPENBLAS-FAKE") ? -1 : load(name);
}
int flexiblas_load_backend_library(const char *path)
{
    return dlopen(path, RTLD_LAZY) ? load(path) : -1;
}
int flexiblas_switch(int number)
{
    if (number < 0 || number >= loaded_count)
        return -1;
    current = number;
    return 0;
}
#endif

#ifdef OPENMP
static _Thread_local int threads = 5;
int omp_get_max_threads(void)
{
    return threads;
}
int omp_get_num_threads(void)
{
    return 1;
}
void omp_set_num_threads(int number)
{
    threads = number;
}
#endif

#ifdef CUSTOM
static int threads = 42;
int mine_get(void)
{
    return threads;
}
void mine_set(int number)
{
    threads = number;
}
#endif
