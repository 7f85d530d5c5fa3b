# SPDX-License-Identifier: Apache-2.0
"""What the guard is worth: 8 datasets of dense eigsh (n = 1500), lopin beside multiprocessing.Pool(8)."""
import os
import pathlib
import shutil
import sys
import tempfile

import common

SCRIPT = """
import sys
import numpy as np
from scipy.sparse.linalg import eigsh

def work(seed, size=1500):
    a = np.random.default_rng(int(seed)).standard_normal((size, size))
    return eigsh(a + a.T, k=6, which="SA", return_eigenvectors=False)

if __name__ == "__main__":
    print(work(sys.argv[1]))
"""
# As one writes it. With a number: that many BLAS threads a process, as on a machine of that many cores;
# the variable would be capped at the cores that are here, so it is set when the library is loaded.
POOL = """
import sys
from multiprocessing import Pool
from work import work

def limit(threads):
    if threads:
        import threadpoolctl
        global keep
        keep = threadpoolctl.threadpool_limits(threads, user_api="blas")

if __name__ == "__main__":
    with Pool(8, limit, (int(sys.argv[1]),)) as pool:
        pool.map(work, range(1, 9))
"""
CUT = 60


class Contest:
    def __init__(self, folder, binary):
        self.folder = pathlib.Path(folder)
        self.binary = binary
        (self.folder / "work.py").write_text(SCRIPT)
        (self.folder / "pool.py").write_text(POOL)

    def lopin(self):
        shutil.rmtree(self.folder / ".lopin", ignore_errors=True)
        words = [self.binary, "map", "--python", sys.executable, "work.py", *map(str, range(1, 9))]
        return common.timed(words, self.folder)

    def pool(self, threads):
        return common.timed([sys.executable, "pool.py", str(threads)], self.folder, timeout=CUT)


def main():
    options = common.arguments(__doc__)
    cores = len(os.sched_getaffinity(0))
    default = "Pool(8), as written (%d BLAS threads each)" % cores
    with tempfile.TemporaryDirectory() as folder:
        contest = Contest(folder, options.binary)
        contest.lopin()  # the first import reads the disk
        times = common.interleave({
            "lopin map": contest.lopin,
            default: lambda: contest.pool(0),
            "Pool(8), 8 BLAS threads each": lambda: contest.pool(8),
        }, options.rounds or 3)
    ours, ours_least, _ = common.summary(times["lopin map"])
    rows = []
    for name, values in times.items():
        median, least, cut = common.summary(values)
        goal = {"lopin map": "", default: "3"}.get(name, "8")
        if median is None:
            shown, ratio = "over %d (cut)" % CUT, "over %.1f" % (CUT / ours)
        else:
            shown, ratio = "%.2f" % median, "%.1f" % (median / ours)
        rows.append([name, shown, "%.2f" % least if least else "-", cut, ratio,
                     "%.1f" % (least / ours_least) if least else "-", goal])
    text = "Imports included. Runs over %d s are cut and counted as such.\n\n" % CUT
    text += common.table(["runner", "s, median", "min", "cut", "times slower, medians", "minima", "goal at least"], rows)
    import numpy
    import scipy

    text += "\n\nVersions: %s; numpy %s, scipy %s (OpenBLAS of their wheels). Command: `script/bench threads`." % (
        common.version([options.binary, "--version"]), numpy.__version__, scipy.__version__)
    common.record("threads", "8 datasets of dense eigsh, n = 1500", text)


if __name__ == "__main__":
    main()
