# SPDX-License-Identifier: Apache-2.0
"""The nested guard beside bare Python: fork.py LOPIN COUNT    ways to make processes, libraries, and COUNT forks under stress.

Each row is run bare and by `lopin run` on two cores. It fails where a child under lopin computes with more than one
thread, has another result, or hangs although the bare one does not.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "cli"))

import libraries  # noqa: E402

PACKAGES = ["numpy", "scipy", "threadpoolctl", "joblib", "dask", "distributed", "numexpr", "numba", "polars", "mkl"]
# The oldest and the newest wheels: numpy 1.19 and 1.24, and the newest of the newest Python, whose OpenBLAS hides its counter.
OTHER_PYTHONS = ("3.6", "3.8", "3.13")
WAYS = [["pool", "fork"], ["pool", "spawn"], ["pool", "forkserver"], ["executor"], ["joblib", "loky"],
        ["joblib", "multiprocessing"], ["dask"], ["numexpr", "fork"], ["numexpr", "spawn"], ["numba", "fork"],
        ["numba", "spawn"], ["polars", "fork"], ["polars", "spawn"]]
PATIENCE = 300  # seconds for a row


class Oracle:
    def __init__(self, binary, folder):
        self.binary, self.folder = pathlib.Path(binary).resolve(), folder
        self.bad = 0
        dropped = ("LOPIN_", "OMP_", "OPENBLAS_", "MKL_", "NUMBA_", "PYTHON")
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
        self.env.update(XDG_CACHE_HOME=str(folder / "cache"), LOPIN_LEDGER="")
        self.cores = sorted(os.sched_getaffinity(0))[:2]

    def run(self, python, words, hook, cores=2, env=None, patience=PATIENCE):
        """What it printed; the text of its failure or "hung" in its place."""
        before = [self.binary, "run", "-c", str(cores), "--python", python] if hook else [
            "taskset", "-c", ",".join(map(str, self.cores[:cores])), python]
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as error:
            process = subprocess.Popen([str(word) for word in [*before, *words]], env=dict(self.env, **(env or {})),
                                       cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=error, start_new_session=True)
            try:
                process.wait(timeout=patience)
            except subprocess.TimeoutExpired:
                pass
            hung = process.returncode is None
            try:
                os.killpg(process.pid, 9)  # its own session: also workers that wait for more
            except ProcessLookupError:
                pass
            process.wait()
            texts = []
            for file in out, error:
                file.seek(0)
                texts.append(file.read().decode(errors="replace").strip().splitlines())
        lines = texts[0] or texts[1]
        return "hung" if hung else lines[-1] if lines else "status %d" % process.returncode

    def row(self, name, bare, hook, good):
        self.bad += not good
        print("%-34s bare %-28s lopin %-28s %s" % (name, bare, hook, "" if good else "WRONG"), flush=True)

    def ways(self, python):
        for way in WAYS:
            # With OpenMP numba ends itself in a forked child, lopin or not.
            env = {"NUMBA_THREADING_LAYER": "workqueue"}
            bare, hook = (self.run(python, [HERE / "fork_ways.py", *way], hook, env=env) for hook in (False, True))
            self.row(" ".join(way), bare, hook, hook == "1")
        bare, hook = (self.run(python, [HERE / "fork_ways.py", "subprocess"], hook) for hook in (False, True))
        self.row("subprocess, single", bare, hook, hook == "2")

    def library(self, name, python, kind, file, path="", unused=False, **env):
        words = [HERE / "fork_library.py", kind, file] + (["unused"] if unused else [])
        env = dict(env, LD_LIBRARY_PATH=path)
        shown, texts = [], [self.run(python, words, hook, env=env) for hook in (False, True)]
        for text in texts:
            try:
                seen = json.loads(text)
                shown.append(",".join(str(child["threads"] if isinstance(child, dict) else child) for child in seen["children"])
                             + "; thread %s" % (seen["thread"]["threads"] if isinstance(seen["thread"], dict) else seen["thread"]))
            except ValueError:
                shown.append(text)
        self.row(name, *shown, shown[1].startswith("1,1,1;"))

    def libraries(self, python):
        folder = libraries.unpacked(libraries.ALL)
        path = libraries.search_path(folder)
        for name, file in libraries.teams(folder, self.folder).items():
            self.library(name, python, "openmp", file, path)
        for kind, package, file in (("openblas", "libopenblas0-pthread", "libopenblas.so.0"),
                                    ("openblas", "libopenblas0-openmp", "libopenblas.so.0"),
                                    ("blis", "libblis4-pthread", "libblis.so.4"), ("blis", "libblis4-openmp", "libblis.so.4")):
            self.library(package, python, kind, libraries.find(folder, package, file), path)
        mkl = sorted((python.parent.parent / "lib").glob("libmkl_rt.so*"))[0]
        for layer in "INTEL", "GNU", "SEQUENTIAL":
            self.library("MKL, " + layer, python, "mkl", mkl, path, MKL_THREADING_LAYER=layer)
            self.library("MKL, %s, not used before" % layer, python, "mkl", mkl, path, unused=True, MKL_THREADING_LAYER=layer)

    def stress(self, name, python, count, *words):
        """In turn, and bare too: a hang that the bare script has as well is its own."""
        cores = 1 if words else 2
        bare, hook = (self.run(python, [HERE / "fork_stress.py", str(count), *words], hook, cores, patience=None)
                      for hook in (False, True))
        self.row(name, bare, hook, " 0 wrong, 0 hung" in hook or hook.split(",")[:3] == bare.split(",")[:3])


def venv(name, python, packages):
    folder = ROOT / "build" / name
    if not (folder / ".complete").exists():
        subprocess.run([python, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "-q", "--only-binary", ":all:", *packages], check=True)
        (folder / ".complete").touch()
    return folder / "bin" / "python"


def others():
    """{"3.6": python with NumPy} of those that are there."""
    listed = subprocess.run([ROOT / "script" / "pythons"], stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()
    found = {version.rsplit(".", 1)[0]: path for version, path in (line.split(None, 1) for line in listed)}
    return {minor: venv("fork-venv-" + minor, found[minor], ["numpy", "scipy", "threadpoolctl"])
            for minor in OTHER_PYTHONS if minor in found}


def main():
    binary, count = sys.argv[1], int(sys.argv[2])
    python = venv("fork-venv", sys.executable, PACKAGES)
    with tempfile.TemporaryDirectory() as folder:
        oracle = Oracle(binary, pathlib.Path(folder))
        if len(oracle.cores) < 2:
            sys.exit("fork.py: two cores are needed")
        oracle.ways(python)
        oracle.libraries(python)
        for minor, other in others().items():
            bare, hook = (oracle.run(other, [HERE / "fork_ways.py", "pool", "fork"], hook) for hook in (False, True))
            oracle.row("Python %s, pool fork" % minor, bare, hook, hook == "1")
            oracle.stress("Python %s, forks" % minor, other, max(1, count // 5))
        oracle.stress("forks", python, count)
        oracle.stress("forks, another thread in BLAS", python, count, "threads")
    print("%d wrong" % oracle.bad)
    sys.exit(1 if oracle.bad else 0)


if __name__ == "__main__":
    main()
