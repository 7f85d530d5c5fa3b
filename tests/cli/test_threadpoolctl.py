# SPDX-License-Identifier: Apache-2.0
"""lopin.threads and its drop-in beside threadpoolctl itself: the same answers, key by key, for each kind of library.

Libraries that no wheel has here (MKL, BLIS, FlexiBLAS, Intel's OpenMP) are stood for by fake_pools.c; OpenBLAS is that of
NumPy's and SciPy's wheels, and libgomp the compiler's.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from conftest import BINARY

HERE = pathlib.Path(__file__).parent
SCENARIO = HERE / "pool_scenario.py"
# name of the file -> how fake_pools.c becomes it
FAKES = {
    "libopenblas-plain.so": ["-DOPENBLAS=1"],
    "libscipy_openblas64_-sewn.so": ["-DOPENBLAS=1", "-DBEFORE=scipy_", "-DAFTER=64_"],
    "libopenblas-single.so": ["-DOPENBLAS=0"],
    "libopenblas-omp.so": ["-DOPENBLAS=2", "-fopenmp"],
    "libmkl_rt.so.9": ["-DMKL"],
    "libblis.so.4": ["-DBLIS"],
    "libflexiblas.so.3": ["-DFLEXIBLAS"],
    "libiomp5.so": ["-DOPENMP"],
    "libomp.so.5": ["-DOPENMP"],
    "libmine-1.so": ["-DCUSTOM"],
    "libopenblas-nothing.so": ["-DNOTHING"],
    "late/libopenblas-late.so": ["-DOPENBLAS=1"],
}
SETS = {
    "wheels": ["numpy", "scipy.linalg"],
    "wheels-openmp": ["numpy", "scipy.linalg", "libgomp.so.1"],
    "openblas": ["libopenblas-plain.so", "libscipy_openblas64_-sewn.so", "libopenblas-single.so"],
    "openblas-openmp": ["libopenblas-omp.so"],
    "mkl": ["libmkl_rt.so.9", "libgomp.so.1"],
    "blis": ["libblis.so.4"],
    "flexiblas": ["libflexiblas.so.3", "libopenblas-plain.so"],
    "incompatible": ["libomp.so.5", "libiomp5.so"],
    "none": [],
}


@pytest.fixture(scope="session")
def fakes(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        pytest.skip("needs a C compiler")
    folder = tmp_path_factory.mktemp("fake pools")
    (folder / "late").mkdir()
    running = [
        subprocess.Popen([compiler, "-w", "-shared", "-fPIC", *words, "-o", folder / name, HERE / "fake_pools.c", "-ldl"])
        for name, words in FAKES.items()
    ]
    assert [one.wait() for one in running] == [0] * len(running)
    return folder


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    """The package as the program writes it into its cache. LOPIN_PACKAGE: one that is there already."""
    if "LOPIN_PACKAGE" in os.environ:
        return pathlib.Path(os.environ["LOPIN_PACKAGE"])
    folder = tmp_path_factory.mktemp("the package")
    (folder / "nothing.py").write_text("pass")
    run(BINARY, "run", "--no-ledger", "--python", sys.executable, folder / "nothing.py",
        env=environment(XDG_CACHE_HOME=str(folder)))
    found = list(folder.glob("lopin/hook-*/package"))
    assert len(found) == 1
    return found[0]


def environment(*folders, **also):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("LOPIN_", "OMP_", "OPENBLAS_", "PYTHON"))}
    if folders:
        env["PYTHONPATH"] = os.pathsep.join(map(str, folders))
    return dict(env, PYTHONWARNINGS="ignore", **also)


def run(python, *words, env, code=0):
    done = subprocess.run([python, *map(str, words)], env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture(scope="session")
def python_with(tmp_path_factory):
    """Of the tests' environment: it must have threadpoolctl, NumPy and SciPy."""
    asked = run(sys.executable, "-c", "import numpy, scipy.linalg, threadpoolctl; print(threadpoolctl.__version__)",
                env=environment())
    assert asked.stdout.strip() == "3.8.0", "script/venv installs the threadpoolctl that the drop-in stands for"
    return sys.executable


def libraries(names, folder):
    return [folder / name if name in FAKES else name for name in names]


@pytest.mark.parametrize("names", SETS.values(), ids=SETS.keys())
def test_same_answers(package, fakes, python_with, names):
    words = [fakes, *libraries(names, fakes)]
    theirs = json.loads(run(python_with, SCENARIO, "REAL", *words, env=environment()).stdout)
    ours = json.loads(run(python_with, SCENARIO, "FAST", *words, env=environment(package / "lopin" / "fast", package)).stdout)
    assert ours.keys() == theirs.keys()
    differing = {name: (ours[name], theirs[name]) for name in theirs if ours[name] != theirs[name]}
    assert not differing
    assert not [name for name, value in theirs.items() if value and value[0] == "raised"]
