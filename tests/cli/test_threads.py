# SPDX-License-Identifier: Apache-2.0
"""A task's thread pools, as threadpoolctl sees them in real NumPy and SciPy: no more threads than the slot has cores."""
import json
import os
import subprocess

import pytest

CPUS = len(os.sched_getaffinity(0))
POOLS = """
import json, multiprocessing, os, sys
import numpy, scipy.linalg, threadpoolctl
numpy.linalg.eigvalsh(numpy.eye(50)); scipy.linalg.lu(numpy.eye(50))
with open(sys.argv[1] + ".json", "w") as file:
    json.dump({
        "pools": [[pool["internal_api"], pool["num_threads"]] for pool in threadpoolctl.threadpool_info()],
        "affinity": sorted(os.sched_getaffinity(0)), "os": os.cpu_count(), "mp": multiprocessing.cpu_count(),
        "omp": os.environ.get("OMP_NUM_THREADS"), "openblas": os.environ.get("OPENBLAS_NUM_THREADS"),
    }, file)
"""


@pytest.fixture
def python(numpy_python):
    asked = subprocess.run([numpy_python, "-c", "import threadpoolctl"], capture_output=True, check=False)
    if asked.returncode != 0:
        pytest.skip("%s has no threadpoolctl (script/test installs it)" % numpy_python)
    return numpy_python


def read(lopin, name):
    return json.loads((lopin.cwd / (name + ".json")).read_text())


@pytest.mark.parametrize("inherited", [{}, {"OMP_NUM_THREADS": "64", "OPENBLAS_NUM_THREADS": "64"}], ids=["clean", "64"])
def test_map_one_thread_each(lopin, python, inherited):
    lopin.write("pools.py", POOLS)
    done = lopin("map", "--python", python, "-T", "1", "pools.py", "a", "b", "c", env=inherited)
    assert done.code == 0, done.err
    for name in "abc":
        found = read(lopin, name)
        assert found["pools"] and all(threads == 1 for _, threads in found["pools"])
        assert (found["os"], found["mp"], found["omp"], found["openblas"]) == (1, 1, "1", "1")


@pytest.mark.skipif(CPUS < 2, reason="needs two CPUs in the mask")
def test_map_wide_slot(lopin, python):
    """Two cores a task: the mask holds OpenBLAS, and only OMP's and numexpr's variables are set."""
    lopin.write("pools.py", POOLS)
    done = lopin("map", "--python", python, "-c", "2", "-T", "2", "pools.py", "a")
    assert done.code == 0, done.err
    found = read(lopin, "a")
    assert found["pools"] and all(threads <= 2 for _, threads in found["pools"])
    assert (found["omp"], found["openblas"]) == ("2", None)
    assert found["os"] == 2


def test_run_has_its_parcel(lopin, python):
    lopin.write("pools.py", POOLS)
    done = lopin("run", "--python", python, "-c", "1", "pools.py", "a", env={"MKL_NUM_THREADS": "9"})
    assert done.code == 0, done.err
    found = read(lopin, "a")
    assert found["pools"] and all(threads == 1 for _, threads in found["pools"])
    assert found["os"] == 1
