# SPDX-License-Identifier: Apache-2.0
"""Environments beside uv, pip and virtualenv: made, filled, imported, resolved, listed; wheels from one folder, no net."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import common

S = ["numpy"]
M = ["numpy", "scipy", "pandas", "matplotlib"]
L = M + ["scikit-learn", "h5py", "numba", "sympy", "networkx", "xarray", "dask", "joblib", "threadpoolctl", "tqdm", "requests",
         "ipython"]
SETS = {"S": S, "M": M, "L": L}
IMPORT = "import numpy, scipy.sparse.linalg, pandas"


class Scene:
    """A wheelhouse, caches of both, and a folder where environments are made."""

    def __init__(self, binary, folder, envs):
        self.binary, self.folder, self.envs = binary, folder, envs
        self.python = pathlib.Path(sys.executable)
        self.wheels = common.ROOT / "build" / "bench-wheels"
        self.uv = shutil.which("uv", path=str(self.python.parent)) or "uv"
        self.cold = self.places = 0
        self.last = {}
        self.keep = True  # nothing is removed before the end: ext4 looks long for an inode that was not freed a minute ago
        self.env = common.clean_environment(XDG_CACHE_HOME=str(folder / "cache"), UV_CACHE_DIR=str(folder / "uv-cache"),
                                            UV_NO_PROGRESS="1", UV_OFFLINE="1")
        for name in [name for name in self.env if name.startswith("PIP_") or name == "VIRTUAL_ENV"]:
            del self.env[name]

    def download(self):
        if not (self.wheels / ".complete").exists():
            subprocess.run([self.python, "-m", "pip", "download", "-q", "-d", self.wheels, *L], check=True)
            (self.wheels / ".complete").touch()

    def place(self, name):
        """A path for one environment, new each time; self.last[name] is the one before."""
        if self.keep:
            self.places += 1
            self.last[name] = self.envs / ("%s-%d" % (name, self.places))
        else:
            self.last[name] = self.envs / name
            shutil.rmtree(self.last[name], ignore_errors=True)
        return self.last[name]

    def run(self, *commands, env=None):
        return sum(common.timed(words, self.folder, env=env or self.env) for words in commands)

    # Each gives the commands that make an environment with these packages.
    def lopin(self, packages, *options):
        return [[self.binary, "venv", "-q", "--python", self.python, "--no-index", "--find-links", self.wheels,
                 "--with", ",".join(packages), *options, self.place("lopin")]]

    def in_two(self, packages):
        path = self.place("lopin")
        return [[self.binary, "venv", "-q", "--python", self.python, path],
                [self.binary, "pip", "--env", path, "install", "-q", "--no-index", "--find-links", self.wheels, *packages]]

    def with_uv(self, packages, *options):
        path = self.place("uv")
        return [[self.uv, "venv", "-q", "--python", self.python, path],
                [self.uv, "pip", "install", "-q", "--python", path, "--no-index", "--find-links", self.wheels, *options, *packages]]

    def cold_environment(self):
        """Both caches empty; the interpreter's facts stay, as uv's own look at it does."""
        self.cold += 1
        base = self.folder / ("cold-%d" % self.cold)
        (base / "cache" / "lopin").mkdir(parents=True)
        pythons = self.folder / "cache" / "lopin" / "pythons"
        if pythons.exists():
            shutil.copy(pythons, base / "cache" / "lopin")
        return dict(self.env, XDG_CACHE_HOME=str(base / "cache"), UV_CACHE_DIR=str(base / "uv-cache"))


def operations(scene, commands):
    """Calls that ask a file system about names: what a metadata server pays."""
    count = 0
    for words in commands:
        log = scene.folder / "strace.log"
        subprocess.run(["strace", "-f", "-e", "trace=%file,getdents64", "-o", log, *map(str, words)], check=True,
                       capture_output=True, env=scene.env, cwd=scene.folder)
        # not what is asked of an open descriptor (fstat), nor the second half of a call that was interrupted
        count += sum(1 for line in log.read_text(errors="replace").splitlines()
                     if re.match(r"\d+ +\w+\(", line) and "AT_EMPTY_PATH" not in line)
    return count


def ratio(times, ours, peer):
    ours, peer = (common.summary(times[name]) for name in (ours, peer))
    return "%.1f (%.1f)" % (peer[0] / ours[0], peer[1] / ours[1])


def cell(values):
    median, least, _ = common.summary(values)
    return "%s (%s)" % (common.milliseconds(median), common.milliseconds(least))


def row(rows, what, times, goals):
    names = list(times)
    for peer in names[1:]:
        rows.append([what, cell(times[names[0]]), peer, cell(times[peer]), ratio(times, names[0], peer), goals.get(peer, "")])


def made(scene, rows, rounds):
    row(rows, "venv alone, with its pip", common.interleave({
        "lopin": lambda: scene.run([scene.binary, "venv", "-q", "--python", scene.python, scene.place("lopin")]),
        "uv": lambda: scene.run([scene.uv, "venv", "-q", "--python", scene.python, scene.place("uv")]),
        "virtualenv": lambda: scene.run([scene.python, "-m", "virtualenv", "-q", "--no-download", scene.place("other")]),
    }, rounds), {"uv": "4", "virtualenv": "60"})
    for name, packages in SETS.items():
        scene.run(*scene.lopin(packages))
        scene.run(*scene.with_uv(packages))
        row(rows, "venv + install, warm, %s" % name, common.interleave({
            "lopin": lambda packages=packages: scene.run(*scene.lopin(packages)),
            "uv": lambda packages=packages: scene.run(*scene.with_uv(packages)),
            "lopin in two commands": lambda packages=packages: scene.run(*scene.in_two(packages)),
        }, rounds), {"uv": "10" if name == "L" else "15"})
        ours, peer = operations(scene, scene.lopin(packages)), operations(scene, scene.with_uv(packages))
        rows.append(["its metadata operations, %s" % name, ours, "uv", peer, "%.1f" % (peer / ours), "30"])


def elsewhere(scene, rows, rounds, other):
    scene.envs, before, scene.keep = other, scene.envs, False
    for name in ("M", "L"):
        row(rows, "the same, store and env on different file systems, %s" % name, common.interleave({
            "lopin": lambda name=name: scene.run(*scene.lopin(SETS[name])),
            "uv": lambda name=name: scene.run(*scene.with_uv(SETS[name])),
        }, rounds), {"uv": "40"})
    scene.envs, scene.keep = before, True


def again(scene, rows, rounds):
    for name in ("M", "L"):
        scene.run(*scene.with_uv(SETS[name]))
        lock = scene.folder / ("lock-%s.txt" % name)
        lock.write_bytes(subprocess.run([scene.uv, "pip", "freeze", "--python", scene.last["uv"]], check=True,
                                        capture_output=True, env=scene.env).stdout)

        def ours(lock=lock):
            return [[scene.binary, "venv", "-q", "--python", scene.python, "--no-index", "--find-links", scene.wheels,
                     "--link", "whole", "-r", lock, scene.place("lopin")]]

        def peer(lock=lock):
            path = scene.place("uv")
            return [[scene.uv, "venv", "-q", "--python", scene.python, path],
                    [scene.uv, "pip", "sync", "-q", "--python", path, "--no-index", "--find-links", scene.wheels, lock]]

        scene.run(*ours())
        row(rows, "the same lock a second time, %s" % name, common.interleave({
            "lopin": lambda ours=ours: scene.run(*ours()), "uv": lambda peer=peer: scene.run(*peer())}, rounds), {"uv": "30"})
        rows.append(["its metadata operations, %s" % name, operations(scene, ours()), "uv", operations(scene, peer()), "",
                     "at most 60"])


def imported(scene, rows, rounds):
    def whole(make, where):
        return scene.run(*make(M)) + scene.run([scene.last[where] / "bin" / "python", "-c", IMPORT])

    row(rows, "M: create + first import", common.interleave({
        "lopin": lambda: whole(scene.lopin, "lopin"),
        "uv": lambda: whole(scene.with_uv, "uv"),
    }, rounds), {"uv": "3"})


def cold(scene, rows, rounds):
    for name in ("M", "L"):
        row(rows, "cold, RECORD verified, no bytecode, %s" % name, common.interleave({
            "lopin": lambda name=name: scene.run(*scene.lopin(SETS[name], "--no-compile"), env=scene.cold_environment()),
            "uv": lambda name=name: scene.run(*scene.with_uv(SETS[name]), env=scene.cold_environment()),
        }, rounds), {"uv": "1.3"})


def asked(scene, rows, rounds):
    empty = scene.place("empty")
    scene.run([scene.binary, "venv", "-q", empty])
    wanted = scene.folder / "wanted.in"
    wanted.write_text("\n".join(L) + "\n")
    row(rows, "resolve L", common.interleave({
        "lopin": lambda: scene.run([scene.binary, "pip", "--env", empty, "install", "--dry-run", "--no-index", "--find-links",
                                    scene.wheels, "-r", wanted]),
        "uv": lambda: scene.run([scene.uv, "pip", "compile", "-q", "--offline", "--no-index", "--find-links", scene.wheels,
                                 "--python", scene.python, wanted]),
    }, rounds), {"uv": "5"})
    scene.run(*scene.lopin(L))
    path = scene.last["lopin"]
    row(rows, "freeze, L", common.interleave({
        "lopin": lambda: scene.run([scene.binary, "pip", "--env", path, "freeze"]),
        "uv": lambda: scene.run([scene.uv, "pip", "freeze", "--python", path]),
    }, rounds), {"uv": "5"})
    row(rows, "check, L", common.interleave({
        "lopin": lambda: scene.run([scene.binary, "pip", "--env", path, "check"]),
        "pip": lambda: scene.run([scene.python, "-m", "pip", "--python", path / "bin" / "python", "check"]),
        "uv": lambda: scene.run([scene.uv, "pip", "check", "--python", path]),
    }, max(rounds // 2, 3)), {"pip": "100"})


def guarded(scene, rows, rounds):
    """What the guard costs: the question, and the start of a Python of an environment that needs more than x86-64."""
    scene.run(*scene.lopin(L))
    path = scene.last["lopin"]
    line, = path.glob("lib/python*/site-packages/lopin-guard.pth")
    python = [path / "bin" / "python", "-c", "pass"]
    line.parent.chmod(0o755)

    def bare():
        line.rename(line.with_suffix(".off"))
        took = scene.run(python)
        line.with_suffix(".off").rename(line)
        return took

    times = common.interleave({"check": lambda: scene.run([scene.binary, "env", "check", "--quiet", path]),
                               "guarded": lambda: scene.run(python), "bare": bare}, rounds * 10)
    rows.append(["env check, L", cell(times["check"]), "", "", "", "at most 5 ms"])
    rows.append(["start of Python, L", cell(times["guarded"]), "without the guard", cell(times["bare"]),
                 "%s more" % common.milliseconds(common.summary(times["guarded"])[0] - common.summary(times["bare"])[0]),
                 "at most 1 ms more"])


def verified(scene, rows, rounds):
    """How much of an environment's files is compared with their hashes in a second."""
    path = scene.last["lopin"]
    words = [scene.binary, "env", "verify", "--json", path]
    size = json.loads(subprocess.run(words, check=True, capture_output=True, env=scene.env).stdout)["bytes"]
    times = common.interleave({"verify": lambda: scene.run(words)}, rounds)["verify"]
    rate = size / 1e9 / common.summary(times)[0]
    rows.append(["env verify, L: %.2f GB" % (size / 1e9), cell(times), "", "", "%.2f GB/s" % rate, "at least 1 GB/s"])


def main():
    options = common.arguments(__doc__)
    rounds = options.rounds or 11
    rows = []
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as name, \
            tempfile.TemporaryDirectory(dir="/dev/shm") as other:
        folder = pathlib.Path(name)
        (folder / "envs").mkdir()
        scene = Scene(options.binary, folder, folder / "envs")
        scene.download()
        made(scene, rows, rounds)
        elsewhere(scene, rows, rounds, pathlib.Path(other))
        again(scene, rows, rounds)
        imported(scene, rows, rounds)
        cold(scene, rows, max(rounds // 2, 3))
        asked(scene, rows, rounds)
        guarded(scene, rows, rounds)
        verified(scene, rows, rounds)
        versions = "; ".join(common.version(words).split(" from ")[0] for words in (
            [scene.binary, "--version"], [scene.uv, "--version"], [scene.python, "-m", "pip", "--version"],
            [scene.python, "-m", "virtualenv", "--version"]))
        count = sum(1 for path in scene.wheels.iterdir() if path.suffix == ".whl")
    text = "Milliseconds: median (minimum). S = numpy; M = %s; L = %d roots, %d wheels of PyPI in one folder. uv with its\n" \
        "defaults (hard links; copies where caches and environments are on different file systems). Bytecode is in our store\n" \
        "already where it is warm; uv has none. lopin in one command (venv --with), uv in two (venv, pip install). Metadata\n" \
        "operations: strace's %%file and getdents64, without those of an open descriptor.\n\n" % (
            " ".join(M), len(L), count)
    text += common.table(["what", "lopin", "peer", "its", "times faster (by minima)", "goal"], rows)
    text += "\n\nVersions: %s. Command: `script/bench env`." % versions
    common.record("env", "environments from wheels", text)


if __name__ == "__main__":
    main()
