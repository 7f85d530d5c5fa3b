# SPDX-License-Identifier: Apache-2.0
"""The cost of a task: 2,000 x /bin/true in 2 slots, lopin beside make, xargs, GNU parallel and HyperQueue."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import common

TASKS = 2000
BARE = ", empty static program"
FEW = 300  # for GNU parallel, which needs milliseconds a task
HYPERQUEUE = """
import os, sys, time
from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig
with LocalCluster() as cluster:
    cluster.start_worker(WorkerConfig(cores=2))
    client = cluster.client()
    job = Job(default_workdir=sys.argv[1])
    for number in range(int(sys.argv[2])):
        job.program([sys.argv[3], str(number)], stdout=None, stderr=None)
    begin = time.perf_counter()
    client.wait_for_jobs([client.submit(job)])
    print(time.perf_counter() - begin)
"""


# A program that ends at its first instruction. What starts /bin/true is mostly the dynamic loader, which asks the
# processor for its caches; on a virtual machine each such CPUID is a trap, the same for every runner.
NOTHING = 'void _start(void) { __asm__ volatile("mov $60, %eax; xor %edi, %edi; syscall"); }\n'


def make_nothing(folder):
    source = folder / "nothing.c"
    source.write_text(NOTHING)
    subprocess.run(["gcc", "-O2", "-static", "-nostdlib", "-o", folder / "nothing", source], check=True)
    return folder / "nothing"


class Contest:
    def __init__(self, folder, binary, program="/bin/true"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.binary = binary
        self.program = str(program)
        self.list = self.folder / "list"
        self.list.write_text("".join("%d\n" % number for number in range(TASKS)))
        targets = " ".join("t%d" % number for number in range(TASKS))
        (self.folder / "Makefile").write_text(
            ".PHONY: all %s\nall: %s\n%s:\n\t@%s $@\n" % (targets, targets, targets, self.program))

    def lopin(self, *more):
        shutil.rmtree(self.folder / ".lopin", ignore_errors=True)
        words = [self.binary, "map", "-c", "2", "-j", "2", *more, "--from", self.list, self.program]
        return common.timed(words, self.folder) / TASKS

    def make(self):
        return common.timed(["make", "-j2", "-s"], self.folder) / TASKS

    def xargs(self):
        with open(self.list, "rb") as stdin:
            return common.timed(["xargs", "-P2", "-n1", self.program], self.folder, stdin=stdin) / TASKS

    def parallel(self):
        log = self.folder / "joblog"
        log.unlink(missing_ok=True)
        numbers = [str(number) for number in range(FEW)]
        words = ["parallel", "--will-cite", "-j2", "--joblog", log, self.program, ":::", *numbers]
        return common.timed(words, self.folder) / FEW

    def hyperqueue(self):
        done = subprocess.run(
            [sys.executable, "-c", HYPERQUEUE, str(self.folder), str(TASKS), self.program], cwd=self.folder, check=True,
            capture_output=True, text=True, env=common.clean_environment(RUST_LOG="error"), timeout=120)
        return float(done.stdout.split()[-1]) / TASKS


def hyperqueue_version():
    try:
        from importlib.metadata import version

        return version("hyperqueue")
    except ImportError:
        return None


def contestants_of(contest, suffix=""):
    found = {"lopin map": contest.lopin, "make -j2": contest.make, "xargs -P2 -n1": contest.xargs}
    if common.have("parallel"):
        found["parallel -j2 --joblog"] = contest.parallel
    if hyperqueue_version():
        found["HyperQueue array"] = contest.hyperqueue
    else:
        print("hyperqueue is absent: left out")
    return {name + suffix: function for name, function in found.items()}


def rows_of(times):
    goals = {"make -j2": "0.9", "xargs -P2 -n1": "0.6", "parallel -j2 --joblog": "0.15", "HyperQueue array": "0.25"}
    for name, values in times.items():
        suffix = BARE if name.endswith(BARE) else ""
        mine = common.summary(times["lopin map" + suffix])
        median, least, _ = common.summary(values)
        yield [name, "%.0f" % (1e6 * median), "%.0f" % (1e6 * least), "%.2f" % (mine[0] / median),
               "%.2f" % (mine[1] / least), goals.get(name, "")]


def main():
    options = common.arguments(__doc__)
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
        contest = Contest(folder, options.binary)
        bare = Contest(contest.folder / "bare", options.binary, make_nothing(contest.folder))
        times = common.interleave({**contestants_of(contest), **contestants_of(bare, BARE)}, options.rounds or 9)
    text = "lopin with journal, a log pack, pinning and its own process group a task. %d tasks in 2 slots; " % TASKS
    text += "parallel %d, per task. HyperQueue looks once a second whether it is done.\n\n" % FEW
    text += ("Most of /bin/true is its dynamic loader, whose CPUID instructions are traps on a virtual machine: the same for every "
             "runner. The rows of an empty static program show what the runner itself costs. The goals are for /bin/true.\n\n")
    head = ["runner", "us a task, median", "min", "lopin over it, medians", "minima", "goal at most"]
    text += common.table(head, rows_of(times))
    text += "\n\nVersions: %s; %s; %s; %s; hyperqueue %s. Command: `script/bench map`." % (
        common.version([options.binary, "--version"]), common.version(["make", "--version"]),
        common.version(["xargs", "--version"]), common.version(["parallel", "--version"]), hyperqueue_version())
    common.record("map", "2,000 x /bin/true, 2 slots", text)


if __name__ == "__main__":
    main()
