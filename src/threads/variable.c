// SPDX-License-Identifier: Apache-2.0
// variable: names of variables, as each library documents its own.
#include "threads/variable.h"

#include <stddef.h>

const struct pool_variable pool_variables[] = {
    {"OMP_NUM_THREADS", POOL_ALWAYS, 1},
    {"NUMEXPR_NUM_THREADS", POOL_ALWAYS, 0},
    {"NUMEXPR_MAX_THREADS", POOL_ONE, 0},
    {"OPENBLAS_NUM_THREADS", POOL_ONE, 0},
    {"OPENBLAS_DEFAULT_NUM_THREADS", POOL_LOWER, 0},
    {"GOTO_NUM_THREADS", POOL_ONE, 0},
    {"MKL_NUM_THREADS", POOL_ONE, 0},
    {"BLIS_NUM_THREADS", POOL_ONE, 0},
    {"VECLIB_MAXIMUM_THREADS", POOL_ONE, 0},
    {"RAYON_NUM_THREADS", POOL_ONE, 0},
    {"POLARS_MAX_THREADS", POOL_ONE, 0},
    {"NUMBA_NUM_THREADS", POOL_ONE, 0},
    {"JULIA_NUM_THREADS", POOL_ONE, 0},
    {"LOKY_MAX_CPU_COUNT", POOL_LOWER, 0},
    {"TF_NUM_INTRAOP_THREADS", POOL_LOWER, 0},
    {"TF_NUM_INTEROP_THREADS", POOL_LOWER, 0},
    {"MC_CORES", POOL_LOWER, 0},
    {"GOMAXPROCS", POOL_LOWER, 0},
    {0},
};

const char *const part_variables[] = {
    "BLIS_JC_NT", "BLIS_PC_NT", "BLIS_IC_NT", "BLIS_JR_NT", "BLIS_IR_NT", NULL,
};
