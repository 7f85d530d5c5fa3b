# SPDX-License-Identifier: Apache-2.0
"""A script with Pool(8) of its own, 8 datasets: bare, under `lopin run`, and with threadpool_limits(1) written in by hand."""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import common

# As one writes it. It prints what its datasets took alone: imports are the same for all.
SCRIPT = """
import sys, time
from multiprocessing import Pool
import numpy as np
import scipy.sparse
from scipy.sparse.linalg import eigsh

def dense(seed, size):
    a = np.random.default_rng(seed).standard_normal((size, size))
    return a + a.T

def eigh(seed):
    return np.linalg.eigvalsh(dense(seed, 700)).sum()

def eigsh_dense(seed):
    return eigsh(dense(seed, 1500), k=6, which="SA", return_eigenvectors=False).sum()

def matmul(seed):
    a = dense(seed, 700)
    for _ in range(20):
        b = a @ a
    return b.trace()

def eigsh_grid(seed):
    line = lambda n: scipy.sparse.diags([-1.0, -1.0], [-1, 1], (n, n))
    h = scipy.sparse.kron(line(75), scipy.sparse.eye(80)) + scipy.sparse.kron(scipy.sparse.eye(75), line(80))
    h = h.tocsr() + scipy.sparse.diags(np.random.default_rng(seed).uniform(-1, 1, 6000))
    return eigsh(h, k=6, which="SA", return_eigenvectors=False).sum()

def eigsh_sparse(seed):
    random = np.random.default_rng(seed)
    places = tuple(random.integers(0, 6000, (2, 36000)))
    h = scipy.sparse.coo_matrix((random.standard_normal(36000), places), (6000, 6000)).tocsr()
    h = h + h.T + scipy.sparse.diags(np.linspace(0, 20, 6000))
    return eigsh(h, k=6, which="LM", return_eigenvectors=False).sum()

if __name__ == "__main__":
    work = globals()[sys.argv[1]]
    begin = time.perf_counter()
    with Pool(8) as pool:
        sums = pool.map(work, range(1, 9))
    print(time.perf_counter() - begin, file=open(sys.argv[2], "w"))
    print("%.6g" % sum(sums), file=open(sys.argv[2] + ".sum", "w"))
"""
# The one line that the documentation of threadpoolctl has for it.
BY_HAND = SCRIPT.replace("with Pool(8) as", "import threadpoolctl\n    with Pool(8, threadpoolctl.threadpool_limits, (1,)) as")
WORKS = {  # name: (as shown, goal against bare)
    "eigh": ("eigh, n = 700", "8"),
    "eigsh_dense": ("eigsh, dense, n = 1500", "3.5"),
    "matmul": ("20 products, n = 700", "1.7"),
    "eigsh_sparse": ("eigsh, sparse, n = 6000, 13 entries a row at random", "1.3"),
    "eigsh_grid": ("eigsh, sparse, n = 6000, a grid of 75 x 80 with disorder", "1.3"),
}
CUT = 120


class Contest:
    def __init__(self, folder, binary):
        self.folder, self.binary = pathlib.Path(folder), binary
        self.sums = {}
        (self.folder / "bare.py").write_text(SCRIPT)
        (self.folder / "hand.py").write_text(BY_HAND)

    def run(self, before, script, work):
        """Seconds of the datasets; the sums must be the same whoever runs them."""
        result = self.folder / "result"
        if common.timed([*before, script, work, result], self.folder, timeout=CUT) is None:
            return None
        total = float(pathlib.Path(str(result) + ".sum").read_text())
        known = self.sums.setdefault(work, total)
        if abs(total - known) > 1e-4 * abs(known):
            sys.exit("%s of %s: sum %g, and %g before" % (work, script, total, known))
        return float(result.read_text())

    def contestants(self, work):
        lopin = [self.binary, "run", "--python", sys.executable]
        return {
            "bare": lambda: self.run([sys.executable], "bare.py", work),
            "lopin run": lambda: self.run(lopin, "bare.py", work),
            "by hand": lambda: self.run([sys.executable], "hand.py", work),
        }


def cell(values):
    median, least, _ = common.summary(values)
    return "over %d" % CUT if median is None else "%.2f (%.2f)" % (median, least)


def pairs(ours, other):
    """Median of the rounds' own ratios; a run that was cut counts as long as it was let run."""
    return "%.2f" % statistics.median((b or CUT) / (a or CUT) for a, b in zip(ours, other))


def start_of_python(binary, folder, rounds):
    """What the hook adds to the start of a Python that runs in a task: (bare, in a task, median of the pairs' differences)."""
    said = subprocess.run([binary, "exec", "--python", sys.executable, "env", "-0"], check=True, capture_output=True, cwd=folder,
                          env=common.clean_environment()).stdout
    task = dict(entry.split("=", 1) for entry in said.decode().split("\0") if entry)
    bare = {name: value for name, value in task.items() if name not in ("LOPIN_TASK", "PYTHONPATH")}
    python = [sys.executable, "-c", "pass"]
    times = common.interleave({"bare": lambda: common.timed(python, folder, env=bare),
                               "in a task": lambda: common.timed(python, folder, env=task)}, rounds)
    added = statistics.median(b - a for a, b in zip(times["bare"], times["in a task"]))
    return times["bare"], times["in a task"], added


def main():
    options = common.arguments(__doc__)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        contest = Contest(folder, options.binary)
        for work, (shown, goal) in WORKS.items():
            runners = contest.contestants(work)
            runners["lopin run"]()  # the first import reads the disk
            times = common.interleave(runners, options.rounds or 5)
            ours = times["lopin run"]
            rows.append([shown, cell(times["bare"]), cell(ours), cell(times["by hand"]), pairs(ours, times["bare"]), goal,
                         pairs(times["by hand"], ours)])
        bare, task, added = start_of_python(options.binary, contest.folder, (options.rounds or 5) * 20)
    text = "Seconds, median (minimum), imports not included; %d cores. By hand: `threadpool_limits(1)` in each child.\n\n" % len(
        os.sched_getaffinity(0))
    text += common.table(["8 datasets", "bare", "lopin run", "by hand", "times faster than bare", "goal at least",
                          "times slower than by hand (goal: at most 1.10)"], rows)
    text += "\n\nStart of a Python in a task, with the hook, beside the same without it: %s and %s ms (minima %s and %s); " \
            "median of the differences of %d pairs %+.2f ms (goal: at most 1)." % (
                *(common.milliseconds(common.summary(v)[0]) for v in (task, bare)),
                *(common.milliseconds(min(v)) for v in (task, bare)), len(bare), added * 1000)
    import numpy
    import scipy

    text += "\n\nVersions: %s; numpy %s, scipy %s (OpenBLAS of their wheels). Command: `script/bench nested`." % (
        common.version([options.binary, "--version"]), numpy.__version__, scipy.__version__)
    common.record("nested", "a script with Pool(8), untouched", text)


if __name__ == "__main__":
    main()
