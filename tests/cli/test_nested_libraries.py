# SPDX-License-Identifier: Apache-2.0
"""Libraries of C in forked children under lopin, by ctypes: GNU and LLVM OpenMP, Debian's OpenBLAS with OpenMP; each CPython."""
import os
import sys

import pytest

import libraries
from conftest import ROOT
from test_hook import pythons

SCRIPT = ROOT / "tests" / "oracle" / "fork_library.py"
pytestmark = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="a slot of two cores is needed")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """{name: (kind, file)}, and what LD_LIBRARY_PATH must be."""
    folder = libraries.unpacked(libraries.SMALL)
    made = libraries.teams(folder, tmp_path_factory.mktemp("teams"))
    found = {name: ("openmp", path) for name, path in made.items()}
    if folder:
        found["openblas-openmp"] = ("openblas", libraries.find(folder, "libopenblas0-openmp", "libopenblas.so.0"))
    return found, libraries.search_path(folder) if folder else ""


def look(lopin, files, name, python=sys.executable, **variables):
    found, path = files
    if name not in found:
        pytest.skip("no apt-get to get Debian's package with")
    kind, file = found[name]
    done = lopin("run", "-c", "2", "--python", python, SCRIPT, kind, file, env={"LD_LIBRARY_PATH": path, **variables}, timeout=250)
    assert done.code == 0, done.err
    return done.json()


@pytest.mark.parametrize("name", ["libgomp", "libomp", "openblas-openmp"])
def test_forked_child_has_one_thread(lopin, files, name):
    """A bare child of GNU OpenMP hangs: it waits for threads that its parent had."""
    seen = look(lopin, files, name)
    parent = seen["parent"]
    assert parent["threads"] == seen["after"]["threads"] == 2
    for child in seen["children"]:
        assert (child["threads"], child["tasks"], child["total"]) == (1, 1, parent["total"])


def test_no_handler_of_forks(lopin, files):
    """As joblib sets it: a bare child hangs, and a new thread of a child must not, which does not hang bare."""
    seen = look(lopin, files, "libomp", KMP_INIT_AT_FORK="FALSE")
    assert [child["threads"] for child in seen["children"]] == [1, 1, 1]
    assert seen["thread"]["threads"] == 2


@pytest.mark.parametrize("python", pythons())
def test_each_python(lopin, files, python):
    """Before 3.7 there are no callbacks at a fork: os.fork is another function there."""
    seen = look(lopin, files, "libgomp", python)
    assert (seen["parent"]["threads"], [child["threads"] for child in seen["children"]]) == (2, [1, 1, 1])


VARIABLES = """
import json, os, pickle
def seen():
    read, write = os.pipe()
    if os.fork() == 0:
        names = "LOPIN_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "MKL_DOMAIN_NUM_THREADS", "GOMAXPROCS", "PYTHON_CPU_COUNT"
        shell = os.popen("echo $OMP_NUM_THREADS").read().strip()  # what C has
        os.write(write, json.dumps([{n: os.environ.get(n) for n in names}, shell, os.cpu_count()]).encode())
        os._exit(0)
    os.wait()
    return json.loads(os.read(read, 9999).decode())
assert pickle.loads(pickle.dumps(os.fork)) is os.fork
print(json.dumps(seen()))
"""


@pytest.mark.parametrize("python", pythons())
def test_variables_of_a_child(lopin, python):
    lopin.write("v.py", VARIABLES)
    env = {"MKL_DOMAIN_NUM_THREADS": "MKL_DOMAIN_ALL=2", "GOMAXPROCS": "2"}
    variables, shell, cores = lopin("run", "-c", "2", "--python", python, "v.py", env=env).json()
    assert variables == {"LOPIN_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1",
                         "MKL_DOMAIN_NUM_THREADS": None, "GOMAXPROCS": "1", "PYTHON_CPU_COUNT": "2"}
    assert (shell, cores) == ("1", 2)
