# SPDX-License-Identifier: Apache-2.0
"""The whole stack of scientific Python in an environment of ours, made by each kind of link: it is imported, computes, compiles,
draws, and pip, uv and importlib.metadata find nothing wrong. PROGRAM [WHEELHOUSE]: a folder of wheels for this Python, downloaded
if it is not there."""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOTS = ("numpy scipy pandas matplotlib scikit-learn h5py numba sympy networkx xarray dask joblib threadpoolctl tqdm requests "
         "ipython").split()
WORK = r"""
import importlib.metadata as metadata, io, os
import numpy, scipy, pandas, matplotlib, sklearn, h5py, numba, sympy, networkx, xarray, dask, joblib, threadpoolctl, tqdm, requests, IPython
import scipy.sparse, scipy.sparse.linalg
from sklearn.linear_model import LogisticRegression

matrix = scipy.sparse.diags([numpy.arange(1.0, 401.0)], [0])
assert abs(scipy.sparse.linalg.eigsh(matrix, k=1)[0][0] - 400) < 1e-6
x = numpy.random.default_rng(1).normal(size=(200, 3))
assert LogisticRegression().fit(x, x[:, 0] > 0).score(x, x[:, 0] > 0) > 0.9

@numba.njit(cache=True)
def double(value):
    return 2 * value

assert double(21) == 42
assert double.stats.cache_path
matplotlib.use("Agg")
import matplotlib.pyplot as pyplot
pyplot.plot(x[:, 0])
file = io.BytesIO()
pyplot.savefig(file)
assert file.getvalue().startswith(b"\x89PNG")
import mpl_toolkits.mplot3d
with h5py.File("a.h5", "w") as archive:
    archive["x"] = x
with h5py.File("a.h5") as archive:
    assert (archive["x"][()] == x).all()
assert pandas.DataFrame({"a": [1, 2]}).a.sum() == 3
assert sympy.integrate(sympy.Symbol("x")) == sympy.Symbol("x") ** 2 / 2
assert dask.delayed(sum)([1, 2]).compute() == 3
assert threadpoolctl.threadpool_info()
names = metadata.packages_distributions()
for module, name in {"numpy": "numpy", "sklearn": "scikit-learn", "mpl_toolkits": "matplotlib", "dateutil": "python-dateutil",
                     "IPython": "ipython", "PIL": "pillow", "yaml": "PyYAML", "h5py": "h5py", "pylab": "matplotlib"}.items():
    assert [one.lower() for one in names[module]] == [name.lower()], (module, names[module])
missing = [str(one) for dist in metadata.distributions() for one in dist.files if not os.path.lexists(str(one.locate()))]
print(len(names), "modules,", len(missing), "files of RECORD missing")
"""


def call(*words, **options):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode:
        sys.exit("%s\n%s" % (" ".join(str(word) for word in words), done.stdout))
    return done.stdout.strip()


def main():
    lopin = pathlib.Path(sys.argv[1]).resolve()
    house = pathlib.Path("".join(sys.argv[2:3]) or "build/oracle-wheels").resolve()
    if not house.exists():
        call(sys.executable, "-m", "pip", "download", "--only-binary", ":all:", "--dest", house, *ROOTS)
    uv = pathlib.Path(sys.executable).with_name("uv")
    with tempfile.TemporaryDirectory() as folder:
        vars = dict(os.environ, XDG_CACHE_HOME=folder + "/cache", PIP_CONFIG_FILE=os.devnull, MPLCONFIGDIR=folder + "/mpl",
                    NUMBA_CACHE_DIR="", HOME=folder)
        vars.pop("NUMBA_CACHE_DIR")
        for mode in ("sym", "hard", "copy", "whole"):
            env = pathlib.Path(folder, mode)
            begin = time.monotonic()
            call(lopin, "venv", "--python", sys.executable, "--no-index", "--find-links", house, "--link", mode, "--with", ",".join(ROOTS),
                 env, env=vars)
            took = time.monotonic() - begin
            python = env / "bin" / "python"
            pathlib.Path(folder, "work.py").write_text(WORK)
            found = call(python, "work.py", env=vars, cwd=folder)
            assert call(sys.executable, "-m", "pip", "--python", python, "check", env=vars) == "No broken requirements found."
            call(uv, "pip", "check", "--python", python, env=vars)
            assert call(lopin, "pip", "--env", env, "check", env=vars) == "No broken requirements found."
            print("%-6s made in %.2f s, all works; %s" % (mode, took, found), flush=True)


main()
