// SPDX-License-Identifier: Apache-2.0
// family: names of files of BLAS and OpenMP libraries.
//
// libmkl_rt is the only part of MKL that has the functions; libblas.so.3 of Debian is a link, and the
// file that it leads to has its own name.
#include "threads/family.h"

#include <string.h>

const struct family families[] = {
    {"openblas",
     "blas",
     "OpenBLAS",
     "OPENBLAS_NUM_THREADS",
     "openblas_get_num_threads",
     {"libopenblas", "libscipy_openblas"}},
    {"blis", "blas", "BLIS", "BLIS_NUM_THREADS", "bli_thread_get_num_threads", {"libblis"}},
    {"mkl", "blas", "MKL", "MKL_NUM_THREADS", "MKL_Get_Max_Threads", {"libmkl_rt"}},
    {"flexiblas",
     "blas",
     "FlexiBLAS",
     "FLEXIBLAS_NUM_THREADS",
     "flexiblas_get_num_threads",
     {"libflexiblas"}},
    {"openmp",
     "openmp",
     "OpenMP",
     "OMP_NUM_THREADS",
     "omp_get_max_threads",
     {"libiomp", "libgomp", "libomp"}},
    {0},
};

const struct family *family_of(const char *name, const char **ret_prefix)
{
    for (const struct family *family = families; family->internal_api; family++)
        for (int i = 0; i < FAMILY_PREFIXES && family->prefixes[i]; i++)
            if (strncmp(name, family->prefixes[i], strlen(family->prefixes[i])) == 0) {
                if (ret_prefix)
                    *ret_prefix = family->prefixes[i];
                return family;
            }
    return NULL;
}
