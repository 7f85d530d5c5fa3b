# SPDX-License-Identifier: Apache-2.0
"""threadpoolctl's own published tests on the drop-in, and on threadpoolctl itself beside it: pools.py LOPIN [FOLDER]

FOLDER has the tests (a checkout of joblib/threadpoolctl, or its folder tests); without it they are taken from Debian's source
package python-threadpoolctl, whose version may be an older one. Nothing of them is kept. Their helpers in Cython are
compiled with gcc and, where it is there, clang, so that two OpenMP runtimes meet as in their own CI.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# What looks into threadpoolctl: how ctypes' answers are kept, and how libraries are found on other systems.
PRIVATE = {"test_cache_methods_on_dynlib", "test_dllist_oserror_emits_warning", "test_caching_cdll", "test_cdlls_are_cached"}
SOURCES = "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian sid main\n"
SETUP = """
import sys
from Cython.Build import cythonize
from setuptools import Extension, setup
name, *link = sys.argv[1].split(",")
sys.argv[1:] = ["build_ext", "-i"]
setup(name=name, ext_modules=cythonize([Extension(name, [name + ".pyx"], extra_compile_args=["-fopenmp"],
      extra_link_args=["-fopenmp", *link])], language_level=3, compiler_directives={"legacy_implicit_noexcept": True}))
"""


def from_debian(folder):
    """The tests' folder of Debian's source package, or None."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "sources.list").write_text(SOURCES)
    words = ["-o", "Dir::Etc::SourceList=%s/sources.list" % folder, "-o", "Dir::Etc::SourceParts=/dev/null",
             "-o", "Dir::State::Lists=%s/lists" % folder, "-o", "Dir::Cache=%s/cache" % folder]
    for verb in (["update"], ["source", "--download-only", "python-threadpoolctl"]):
        if subprocess.run(["apt-get", "-q", *words, *verb], cwd=folder, check=False).returncode != 0:
            return None
    for tarball in folder.glob("*.orig.tar.*"):
        subprocess.run(["tar", "-xf", tarball], cwd=folder, check=True)
    return next(folder.glob("*/tests"), None)


def build(tests):
    """The helpers. What cannot be built is skipped by the tests, and said here."""
    helpers = tests / "_openmp_test_helper"
    clang = next(iter(sorted(pathlib.Path("/usr/lib").glob("llvm-*/lib/libomp.so"))), None) if shutil.which("clang") else None
    env = dict(os.environ, CC="gcc")
    other = dict(os.environ, CC="clang", LDSHARED="clang -shared") if clang else env
    for name, where in ("openmp_helpers_inner", env), ("openmp_helpers_outer", other), ("nested_prange_blas", env):
        link = [",-L%s" % clang.parent] if clang and where is other else []
        done = subprocess.run([sys.executable, "-c", SETUP, name + "".join(link)], cwd=helpers, env=where, capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            print("not built: %s\n%s" % (name, done.stderr[-1500:]))
    mine = tests / "_pyMylib"
    if (mine / "my_threaded_lib.c").exists():
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", mine / "my_threaded_lib.so", mine / "my_threaded_lib.c"], check=True)


def outcomes(tests, report, path):
    """{test: "passed", "failed" or "skipped"}."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "OMP_", "OPENBLAS_", "LOPIN_"))}
    if path:
        env["PYTHONPATH"] = path
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml", report, "tests"],
                   cwd=tests.parent, env=env, check=False)
    found = {}
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag for child in case}
        state = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        found[case.get("classname") + "." + case.get("name")] = state
    return found


def main(binary, given=None):
    with tempfile.TemporaryDirectory() as text:
        folder = pathlib.Path(text)
        source = pathlib.Path(given) if given else from_debian(folder)
        if source and (source / "tests").is_dir():
            source = source / "tests"
        if not source or not (source / "test_threadpoolctl.py").exists():
            sys.exit("no tests of threadpoolctl here: script/oracle threadpoolctl FOLDER (a checkout of joblib/threadpoolctl)")
        tests = folder / "work" / "tests"
        shutil.copytree(source, tests, ignore=shutil.ignore_patterns("__pycache__", "*.so", "build"))
        (tests / "__init__.py").touch()
        build(tests)
        (folder / "nothing.py").write_text("pass")
        subprocess.run([pathlib.Path(binary).resolve(), "run", "--no-ledger", "--python", sys.executable, "nothing.py"],
                       cwd=folder, env=dict(os.environ, XDG_CACHE_HOME=text), check=True)
        package = next(folder.glob("lopin/hook-*/package"))
        theirs = outcomes(tests, folder / "theirs.xml", None)
        ours = outcomes(tests, folder / "ours.xml", "%s:%s" % (package / "lopin" / "fast", package))
    # Names hold prefixes in threadpoolctl's order, which is that of a set; so tests are compared by name, not by place.
    lost = sorted(name for name in theirs if theirs[name] == "passed" and ours.get(name) != "passed")
    private = [name for name in lost if name.rsplit(".", 1)[1].split("[")[0] in PRIVATE]
    for name in lost:
        print("%s: %s" % (ours.get(name, "absent"), name + (" (looks into threadpoolctl)" if name in private else "")))
    counts = [sum(state == "passed" for state in one.values()) for one in (theirs, ours)]
    print("%d tests; passed: threadpoolctl %d, drop-in %d, of the rest %d look into threadpoolctl" % (
        len(theirs), *counts, len(private)))
    sys.exit(len(lost) != len(private) or not counts[0])


if __name__ == "__main__":
    main(*sys.argv[1:])
