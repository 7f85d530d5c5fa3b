# SPDX-License-Identifier: Apache-2.0
"""lopin.threads and its drop-in beside threadpoolctl itself: the same answers, key by key, for each kind of library.

Libraries that no wheel has here (MKL, BLIS, FlexiBLAS, Intel's OpenMP) are stood for by fake_pools.c; OpenBLAS is that of
NumPy's and SciPy's wheels, and libgomp the compiler's.
"""
import ast
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from conftest import BINARY, ROOT

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
    dropped = ("LOPIN_", "OMP_", "OPENBLAS_", "MKL_", "BLIS_", "FLEXIBLAS_", "PYTHON")
    env = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
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


def test_command_line(package, fakes, python_with):
    """python -m threadpoolctl: the same output, byte for byte."""
    fast = environment(package / "lopin" / "fast", package)
    for words in (["-i", "numpy", "absent.module", "scipy.linalg"], ["-c", "import numpy; print('hello')"], [], ["-h"]):
        theirs = run(python_with, "-m", "threadpoolctl", *words, env=environment())
        ours = run(python_with, "-m", "threadpoolctl", *words, env=fast)
        assert ours.stderr == theirs.stderr
        if words[:1] == ["-i"]:  # threadpoolctl's order is that of a set
            assert sorted(json.loads(ours.stdout), key=str) == sorted(json.loads(theirs.stdout), key=str)
        else:
            assert ours.stdout == theirs.stdout
    assert run(python_with, "-m", "threadpoolctl", "--wrong", env=fast, code=2).stderr == run(
        python_with, "-m", "threadpoolctl", "--wrong", env=environment(), code=2).stderr


def pythons():
    done = subprocess.run([ROOT / "script" / "pythons"], capture_output=True, text=True, check=True)
    return [line.split(" ", 1) for line in done.stdout.splitlines()]


STEADY = """
import gc, sys
import threadpoolctl as t
def block():
    with t.threadpool_limits(1):
        pass
    with t.threadpool_limits(limits={"blas": 1}) as limits:
        limits.get_original_num_threads(), limits._controller, limits._original_info
    t.ThreadpoolController().limit(limits=2).restore_original_limits()
    t.threadpool_info()
    try:
        t.threadpool_limits("bad")
    except TypeError:
        pass
class Own(t.threadpool_limits):
    pass
def own():
    with Own(limits=1):
        pass
def counts():
    gc.collect()
    return [sys.getrefcount(one) for one in (Own, t.threadpool_limits, t.threadpool_limits.__mro__[1], t.get_cached_controller())]
for _ in range(100):
    block(); own()
before, blocks = counts(), sys.getallocatedblocks()
for _ in range(600):
    block(); own()
after = counts()
grown = sys.getallocatedblocks() - blocks
assert all(abs(a - b) < 20 for a, b in zip(before, after)), (before, after)
assert grown < 500, grown
"""


@pytest.mark.parametrize("version,python", [pytest.param(*one, id=one[0]) for one in pythons()])
def test_each_cpython(package, fakes, version, python):
    """One core for all: the same answers as under the tests' own interpreter, and nothing leaks."""
    names = ["libopenblas-plain.so", "libscipy_openblas64_-sewn.so", "libmkl_rt.so.9", "libblis.so.4", "libflexiblas.so.3"]
    words = [SCENARIO, "FAST", fakes, *libraries(names, fakes)]
    env = environment(package / "lopin" / "fast", package)
    expected = json.loads(run(sys.executable, *words, env=env).stdout)
    found = json.loads(run(python, *words, env=env).stdout)
    assert {name: found[name] for name in found if found[name] != expected[name]} == {}
    loads = "".join("import ctypes; ctypes.CDLL(%r)\n" % str(one) for one in libraries(names, fakes))
    run(python, "-c", loads + STEADY, env=env)


@pytest.mark.parametrize("harm", ["no core", "broken core", "no package", "another version"])
def test_falls_back(package, python_with, tmp_path, harm):
    """Where the core cannot be loaded, scripts have threadpoolctl itself, and never an error of ours."""
    copy = tmp_path / "package"
    shutil.copytree(package, copy)
    if harm == "no core":  # as a free-threaded CPython sees it
        (copy / "lopin" / "_threads.abi3.so").unlink()
    elif harm == "broken core":
        (copy / "lopin" / "_threads.abi3.so").write_bytes(b"\x7fELF")
    elif harm == "no package":
        (copy / "lopin" / "threads.py").unlink()
    else:
        (copy / "lopin" / "threads.py").write_text("threadpool_info = None")
    env = environment(copy / "lopin" / "fast", copy)
    told = run(python_with, "-c", "import threadpoolctl as t, sys; print(t.__file__, t is sys.modules['threadpoolctl'])", env=env)
    real = run(python_with, "-c", "import threadpoolctl; print(threadpoolctl.__file__)", env=environment()).stdout.strip()
    assert told.stdout.split() == [real, "True"]
    assert run(python_with, "-m", "threadpoolctl", env=env).stdout == "[]\n"
    from_it = run(python_with, "-c", "from threadpoolctl import threadpool_limits as t; print(t.__module__)", env=env)
    assert from_it.stdout == "threadpoolctl\n"
    bare = run(python_with, "-S", "-c", "import threadpoolctl", env=env, code=1)
    assert "No module named 'threadpoolctl'" in bare.stderr
    if harm == "no core":
        assert "ImportError" in run(python_with, "-c", "import lopin.threads", env=env, code=1).stderr


OWN = """
import ctypes, os, sys, threading
ctypes.CDLL(sys.argv[1])
import threadpoolctl as t
def number():
    return t.threadpool_info()[0]["num_threads"]
"""


def ours(package, text, *words):
    return run(sys.executable, "-c", OWN + text, *words, env=environment(package / "lopin" / "fast", package)).stdout.split()


def test_forked_child_owns_the_pools(package, fakes):
    """A child has none of its parent's threads, so none of them owns the pools in it."""
    text = """
owner, done = threading.Event(), threading.Event()
def hold():
    with t.threadpool_limits(3):
        owner.set()
        done.wait(60)
thread = threading.Thread(target=hold)
thread.start()
owner.wait(60)
with t.threadpool_limits(2):
    print(number(), flush=True)
child = os.fork()
if child == 0:
    with t.threadpool_limits(2):
        print(number(), flush=True)
    print(number(), flush=True)
    os._exit(0)
os.waitpid(child, 0)
done.set()
thread.join()
print(number())
"""
    assert ours(package, text, fakes / "libopenblas-plain.so") == ["3", "2", "3", "4"]


def test_library_without_its_functions(package, fakes):
    """threadpoolctl 3.8 fails for all libraries if one file is only called like OpenBLAS."""
    assert ours(package, "ctypes.CDLL(sys.argv[2]); print(len(t.threadpool_info()))",
                fakes / "libopenblas-plain.so", fakes / "libopenblas-nothing.so") == ["1"]


def test_openblas_is_not_called_in_vain(package, fakes):
    """A number that is already so is not set: in a forked child that would start OpenBLAS's threads."""
    text = """
t.threadpool_limits(1)
calls = ctypes.CDLL(sys.argv[1]).calls
before = calls()
for _ in range(3):
    with t.threadpool_limits(1):
        pass
print(calls() - before)
with t.threadpool_limits(2):
    pass
print(calls() - before)
"""
    assert ours(package, text, fakes / "libopenblas-plain.so") == ["0", "2"]


def test_bad_numbers_do_not_reach_the_library(package, fakes):
    text = """
for bad in {"blas": "2"}, {"blas": 1.5}, {"blas": [1]}, {"libopenblas": b"1"}:
    try:
        t.threadpool_limits(bad)
    except TypeError:
        print(number())
for big in 1 << 80, 1 << 40, {"blas": -1 << 40}:
    try:
        t.threadpool_limits(big)
    except OverflowError:
        print(number())
from lopin import _threads
try:
    _threads.Library()
except TypeError:
    print("fine")
"""
    assert ours(package, text, fakes / "libopenblas-plain.so") == ["4"] * 7 + ["fine"]


def test_threads_load_and_limit(package, fakes):
    """Libraries come while other threads limit: no deadlock in the loader, no library missed."""
    text = """
def work(at):
    for i in range(300):
        with t.threadpool_limits(1 + i % 3):
            t.threadpool_info()
        if i % 20 == at:
            for path in sys.argv[2:]:
                ctypes.CDLL(path)
all_threads = [threading.Thread(target=work, args=(at,)) for at in range(8)]
for one in all_threads: one.start()
for one in all_threads: one.join()
print(len(t.threadpool_info()), number())
"""
    some = [fakes / name for name in FAKES if name not in ("libopenblas-nothing.so", "libmine-1.so", "libomp.so.5", "libopenblas-omp.so")]
    assert ours(package, text, *some) == [str(len(some)), "4"]


WHICH = """
import json, subprocess, sys
import lopin.threads, threadpoolctl
child = subprocess.run([sys.executable, "-c", "import threadpoolctl as t; print(t.__file__)"], stdout=subprocess.PIPE)
with open(sys.argv[1] + ".json", "w") as file:
    json.dump([threadpoolctl.__file__, child.stdout.decode().strip(), lopin.threads.__file__, sys.path], file)
"""


def read(lopin, name):
    return json.loads((lopin.cwd / (name + ".json")).read_text())


def test_option(lopin, python_with):
    lopin.write("which.py", WHICH)
    assert lopin("run", "--python", python_with, "which.py", "without").code == 0
    assert lopin("run", "--fast-threadpoolctl", "--python", python_with, "which.py", "with").code == 0
    theirs, their_child, package, path = read(lopin, "without")
    assert theirs == their_child and "/site-packages/" in theirs
    assert package.endswith("/package/lopin/threads.py") and path[-1] == os.path.dirname(os.path.dirname(package))
    mine, my_child, *_ = read(lopin, "with")
    assert mine == my_child == os.path.dirname(package) + "/fast/threadpoolctl.py"
    # a lopin inside of a task is asked again
    lopin.write("inner.sh", "exec '%s' run --no-ledger --python '%s' which.py inner\n" % (lopin.binary, python_with))
    assert lopin("exec", "--fast-threadpoolctl", "sh", "inner.sh").code == 0
    assert read(lopin, "inner")[0] == theirs


def test_option_of_a_run_stays(lopin, python_with):
    """In a configuration file, in run.json, and so when the run goes on."""
    lopin.write("which.py", WHICH + "import os\nif not os.path.exists('go'): sys.exit(1)\n")
    lopin.write("lopin.toml", "fast-threadpoolctl = true\n")
    assert lopin("map", "--python", python_with, "which.py", "a", "b").code == 1
    (lopin.cwd / "lopin.toml").unlink()
    assert "/fast/" in read(lopin, "a")[0]
    (lopin.cwd / "a.json").unlink()
    lopin.write("go", "")
    assert lopin("retry").code == 0
    assert "/fast/" in read(lopin, "a")[0]


def test_script_without_site_or_environment_is_left_alone(lopin, python_with):
    lopin.write("plain.py", "import sys; print([one for one in sys.path if 'package' in one.split('/')])")
    for flag in "-I", "-S":
        done = lopin("exec", "--fast-threadpoolctl", python_with, flag, "plain.py")
        assert (done.code, done.out.strip().splitlines()[-1]) == (0, "[]"), done.err


LEARN = """
import sys, warnings
warnings.simplefilter("error")
import joblib, numpy, sklearn, threadpoolctl
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.ensemble import HistGradientBoostingClassifier
x, y = make_blobs(200, random_state=0)
print("/fast/" in threadpoolctl.__file__)
print(round(KMeans(3, random_state=0, n_init=2).fit(x).inertia_, 6))
print(round(HistGradientBoostingClassifier(max_iter=2).fit(x, y).score(x, y), 6))
inner = joblib.Parallel(2)(joblib.delayed(threadpoolctl.threadpool_info)() for _ in range(2))
print(sorted((one["internal_api"], one["prefix"]) for one in inner[0]), sorted(one["user_api"] for one in threadpoolctl.threadpool_info()))
with joblib.parallel_config("threading", n_jobs=2):
    print(sum(joblib.Parallel()(joblib.delayed(abs)(i) for i in range(10))))
sklearn.show_versions()
"""


@pytest.mark.slow
def test_scikit_learn_and_joblib(package, python_with):
    if run(python_with, "-c", "import importlib.util as u; print(u.find_spec('sklearn') is not None)",
           env=environment()).stdout != "True\n":
        pytest.skip("script/test installs scikit-learn")
    waits = {"OMP_WAIT_POLICY": "passive"}  # threads that wait for a busy core would spin
    theirs = run(python_with, "-c", LEARN, env=environment(**waits)).stdout.splitlines()
    mine = run(python_with, "-c", LEARN, env=environment(package / "lopin" / "fast", package, **waits)).stdout.splitlines()
    assert (theirs[0], mine[0]) == ("False", "True")
    assert mine[1:5] == theirs[1:5]
    assert [line for line in mine if "threadpoolctl:" in line] == ["threadpoolctl: 3.8.0"]


def test_path_file_of_the_second_wheel(package, python_with, tmp_path):
    """lopin[fast-threadpoolctl]: a .pth beside the package; without the package it does nothing."""
    text = (ROOT / "python" / "lopin" / "fast" / "lopin_fast_threadpoolctl.pth").read_text()
    assert text.count("\n") == 1 and text.startswith("import ")
    (tmp_path / "lopin_fast_threadpoolctl.pth").write_text(text)
    look = "import site, sys; site.addsitedir(sys.argv[1]); import threadpoolctl as t; print(t.__file__)"
    real = run(python_with, "-c", look, tmp_path, env=environment()).stdout.strip()
    assert "/site-packages/" in real
    shutil.copytree(package / "lopin", tmp_path / "lopin")
    assert run(python_with, "-c", look, tmp_path, env=environment()).stdout.strip() == str(tmp_path / "lopin" / "fast" / "threadpoolctl.py")
    asked = "import site, sys; site.addsitedir(sys.argv[1]); from importlib.metadata import version as v; print(v('threadpoolctl'))"
    assert run(python_with, "-c", asked, tmp_path, env=environment()).stdout == "3.8.0\n"


def members(tree):
    """{class or function: names of arguments, or {method: names}} of a module's syntax."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = [one.arg for one in node.args.posonlyargs + node.args.args + node.args.kwonlyargs]
        elif isinstance(node, ast.ClassDef):
            found[node.name] = members(node)
    return found


def test_stubs_are_of_the_sources():
    """Each public name of the sources is in the stubs with the same arguments, and nothing else is."""
    folder = ROOT / "python" / "lopin"
    stubs = members(ast.parse((folder / "threads.pyi").read_text()))
    sources = members(ast.parse((folder / "threads.py").read_text()))
    sources.update(members(ast.parse((folder / "controllers.py").read_text())))
    of_core = {"restore_original_limits", "unregister", "__init__", "__enter__", "__exit__"}  # methods in C
    for name, stub in stubs.items():
        source = sources[name]
        if isinstance(stub, dict):
            for method, arguments in stub.items():
                if method in source:
                    assert source[method][: len(arguments)] == arguments or "args" in str(source[method]), (name, method)
                else:
                    assert method in of_core and name in ("_ThreadpoolLimiter", "threadpool_limits"), (name, method)
            public = {method for method in source if not method.startswith("_")}
            assert public - {"info"} <= stub.keys(), name
        else:
            assert source == stub
    assert {name for name in sources if not name.startswith("_")} <= stubs.keys()
