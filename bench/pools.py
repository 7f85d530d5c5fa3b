# SPDX-License-Identifier: Apache-2.0
"""What asking and limiting thread pools costs: the drop-in of lopin.threads beside threadpoolctl 3.8."""
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import common

# In a process of its own each time. Repetitions are few for threadpoolctl, as one takes a millisecond.
ASK = """
import json, os, sys, time
def took(function, count):
    best = 1e9
    for _ in range(5):
        begin = time.perf_counter()
        for _ in range(count):
            function()
        best = min(best, (time.perf_counter() - begin) / count)
    return best
begin = time.perf_counter()
import threadpoolctl as t
times = {"import threadpoolctl": time.perf_counter() - begin}
for name in sys.argv[2:]:
    __import__(name)
begin = time.perf_counter()
t.threadpool_info()
times["first threadpool_info()"] = time.perf_counter() - begin
def block():
    with t.threadpool_limits(1):
        pass
controller = t.ThreadpoolController()
def cached():
    with controller.limit(limits=1):
        pass
count = 20000 if sys.argv[1] == "fast" else 40
times["threadpool_info()"] = took(t.threadpool_info, count)
times["with threadpool_limits(1)"] = took(block, count)
times["with controller.limit(limits=1), cached"] = took(cached, count if sys.argv[1] == "fast" else 2000)
json.dump([times, t.__file__], sys.stdout)
"""
GOALS = {"threadpool_info()": 1000, "with threadpool_limits(1)": 1000, "with controller.limit(limits=1), cached": 20,
         "first threadpool_info()": 20, "import threadpoolctl": 5}


def package_of(binary, folder):
    """The package as the program writes it into its cache."""
    script = folder / "nothing.py"
    script.write_text("pass")
    env = common.clean_environment(XDG_CACHE_HOME=str(folder))
    subprocess.run([binary, "run", "--no-ledger", "--python", sys.executable, script], env=env, check=True, cwd=folder)
    return next(folder.glob("lopin/hook-*/package"))


def ask(kind, modules, env, folder):
    done = subprocess.run([sys.executable, "-c", ASK, kind, *modules], env=env, cwd=folder, capture_output=True, text=True, check=True)
    times, file = json.loads(done.stdout)
    if ("/lopin/fast/" in file) != (kind == "fast"):
        sys.exit("%s is not what was to be measured" % file)
    return times


def shown(seconds):
    return "%.2f us" % (seconds * 1e6) if seconds < 1e-3 else "%.2f ms" % (seconds * 1e3)


def main():
    options = common.arguments(__doc__)
    modules = ["numpy", "scipy.linalg"]
    if subprocess.run([sys.executable, "-c", "import sklearn"], capture_output=True, check=False).returncode == 0:
        modules += ["sklearn.cluster", "sklearn.ensemble"]
    with tempfile.TemporaryDirectory() as text:
        folder = pathlib.Path(text)
        package = package_of(options.binary, folder)
        fast = common.clean_environment(PYTHONPATH="%s:%s" % (package / "lopin" / "fast", package))
        kinds = {"real": common.clean_environment(), "fast": fast}
        for kind, env in kinds.items():
            ask(kind, modules, env, folder)  # bytecode is written, files are read
        rounds = []
        for number in range(options.rounds or 9):
            rounds.append({kind: ask(kind, modules, env, folder) for kind, env in kinds.items()})
            print("round %d" % (number + 1), flush=True)
    rows = []
    for name, goal in GOALS.items():
        real = [one["real"][name] for one in rounds]
        ours = [one["fast"][name] for one in rounds]
        pairs = statistics.median(a / b for a, b in zip(real, ours))
        rows.append([name, shown(statistics.median(real)), shown(statistics.median(ours)), "%.0f" % pairs,
                     "%.0f" % (min(real) / min(ours)), goal])
    text = "Each round is a new process of each kind, in turn; loaded: %s.\n\n" % ", ".join(modules)
    text += common.table(["operation", "threadpoolctl, median", "lopin.threads, median", "times faster, median of pairs",
                          "minima", "goal at least"], rows)
    import numpy
    import scipy
    from importlib.metadata import version

    text += "\n\nVersions: %s; threadpoolctl %s, numpy %s, scipy %s; CPython %s. Command: `script/bench pools`." % (
        common.version([options.binary, "--version"]), version("threadpoolctl"), numpy.__version__, scipy.__version__,
        sys.version.split()[0])
    common.record("pools", "lopin.threads beside threadpoolctl", text)


if __name__ == "__main__":
    main()
