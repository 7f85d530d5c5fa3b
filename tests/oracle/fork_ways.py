# SPDX-License-Identifier: Apache-2.0
"""One way to make processes: fork_ways.py WAY [METHOD]    prints the largest number of threads that a child computes with.

WAY: pool METHOD, executor, joblib BACKEND, dask, subprocess, numexpr METHOD, numba METHOD, polars METHOD
"""
import json
import multiprocessing
import os
import subprocess
import sys

PATIENCE = 60  # seconds


def blas(_=None):
    import numpy
    import threadpoolctl

    a = numpy.random.RandomState(1).standard_normal((300, 300))
    (a @ a).trace()
    return max(one["num_threads"] for one in threadpoolctl.threadpool_info())


def numexpr(_=None):
    import numexpr
    import numpy

    assert numexpr.evaluate("sum(2 * a)", {"a": numpy.arange(1000.0)}) == 999000
    old = numexpr.set_num_threads(1)
    numexpr.set_num_threads(old)
    return old


def numba(_=None):
    import numba as compiler
    import numpy

    @compiler.njit(parallel=True)
    def total(values):
        result = 0.0
        for i in compiler.prange(values.size):
            result += values[i]
        return result

    assert total(numpy.arange(1000.0)) == 499500
    return compiler.get_num_threads()


def polars(_=None):
    import polars as frames

    return frames.thread_pool_size()


def pool(function, method, warm=True):
    if warm:
        function()
    with multiprocessing.get_context(method).Pool(2) as made:
        return made.map_async(function, range(4)).get(timeout=PATIENCE)


def executor():
    from concurrent.futures import ProcessPoolExecutor

    blas()
    with ProcessPoolExecutor(2) as made:
        return list(made.map(blas, range(4)))


def joblib(backend):
    import joblib as library

    return library.Parallel(n_jobs=2, backend=backend)(library.delayed(blas)() for _ in range(4))


def dask():
    from dask.distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        return client.gather(client.map(blas, range(4)))


def single():
    return [int(subprocess.check_output([sys.executable, __file__, "blas"]))]


WAYS = {
    "blas": blas, "pool": lambda method: pool(blas, method), "executor": executor, "joblib": joblib, "dask": dask,
    "subprocess": single, "numexpr": lambda method: pool(numexpr, method),
    "numba": lambda method: pool(numba, method), "polars": lambda method: pool(polars, method, method != "fork"),
}

if __name__ == "__main__":
    found = WAYS[sys.argv[1]](*sys.argv[2:])
    print(json.dumps(max(found) if isinstance(found, list) else found), flush=True)
    os._exit(0)  # what hangs at exit hangs bare too, and is not looked at
