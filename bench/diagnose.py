# SPDX-License-Identifier: Apache-2.0
"""What it costs to ask about a SciPy process: `lopin threads PID` beside threadpoolctl's command line and py-spy dump; and to go on."""
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import common

SAMPLE = 0.25  # seconds that `lopin threads` lets pass between its two looks
WATCHED = 10   # seconds of --watch
ASLEEP = """
import sys, threading
import numpy, scipy.linalg
scipy.linalg.lu(numpy.eye(300))
for _ in range(int(sys.argv[1])):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
"""


class Patient:
    """A SciPy process with so many threads besides, that waits."""

    def __init__(self, folder, threads):
        script = pathlib.Path(folder) / "asleep.py"
        script.write_text(ASLEEP)
        self.process = subprocess.Popen([sys.executable, script, str(threads)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env=common.clean_environment())
        self.process.stdout.readline()
        self.pid = str(self.process.pid)

    def end(self):
        self.process.communicate()


def watch_cost(binary, pid):
    """Part of one core that --watch takes, its start included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    watching = subprocess.Popen([binary, "threads", "--watch", pid], stdout=subprocess.DEVNULL, env=common.clean_environment())
    time.sleep(WATCHED)
    watching.terminate()
    watching.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used / (time.perf_counter() - begin)


def contests(binary, pid, folder):
    spy = pathlib.Path(sys.executable).parent / "py-spy"
    found = {
        "lopin threads PID": lambda: common.timed([binary, "threads", pid], folder),
        "python -m threadpoolctl -i numpy scipy.linalg": lambda: common.timed(
            [sys.executable, "-m", "threadpoolctl", "-i", "numpy", "scipy.linalg"], folder),
    }
    if spy.exists():
        found["py-spy dump --pid PID"] = lambda: common.timed([spy, "dump", "--pid", pid], folder)
    return found


def main():
    options = common.arguments(__doc__)
    rounds = options.rounds or 9
    with tempfile.TemporaryDirectory() as folder:
        patient = Patient(folder, 0)
        times = common.interleave(contests(options.binary, patient.pid, folder), rounds)
        patient.end()
        many = Patient(folder, 64)
        cost = [watch_cost(options.binary, many.pid) for _ in range(min(rounds, 3))]
        many.end()
    ours, ours_least, _ = common.summary(times["lopin threads PID"])
    rows = []
    for name, values in times.items():
        median, least, _ = common.summary(values)
        is_ours = name.startswith("lopin")
        apart = ours - SAMPLE if is_ours else median
        rows.append([name, common.milliseconds(median), common.milliseconds(least), common.milliseconds(apart),
                     "" if is_ours else "%.1f" % (median / (ours - SAMPLE)), "" if is_ours else "%.1f" % (least / (ours_least - SAMPLE)),
                     "<= 10 ms apart" if is_ours else ">= 10"])
    text = ("`lopin threads` lets %.0f ms pass between its two looks, in which it reads the libraries; *apart* is without them. The others do not "
            "measure a pace.\n\n" % (SAMPLE * 1e3))
    text += common.table(["question", "ms, median", "min", "apart", "times as long as ours apart", "minima", "goal"], rows)
    text += "\n\n`--watch`, a look a second, 64 threads: %s %% of a core (goal below 1), its start included.\n" % ", ".join(
        "%.2f" % (100 * one) for one in cost)
    text += "\nVersions: %s; threadpoolctl %s; %s. Command: `script/bench diagnose`." % (
        common.version([options.binary, "--version"]),
        common.version([sys.executable, "-c", "import threadpoolctl; print(threadpoolctl.__version__)"]),
        common.version([pathlib.Path(sys.executable).parent / "py-spy", "--version"]))
    common.record("diagnose", "asking about a SciPy process", text)


if __name__ == "__main__":
    main()
