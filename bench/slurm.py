# SPDX-License-Identifier: Apache-2.0
"""Runs through Slurm on a real cluster of this machine: beside a plain job array, HyperQueue and GNU parallel in one job."""
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import common

CLUSTER = common.ROOT / "tests" / "slurm" / "cluster"
MANY = 1000
SECONDS = 0.05  # of a task that does something
LONG = int(os.environ.get("LOPIN_BENCH_PARCEL_SECONDS", "600"))
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
HYPERQUEUE = """
import os, sys
from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig
with LocalCluster() as cluster:
    for _ in range(int(sys.argv[1])):
        cluster.start_worker(WorkerConfig(cores=2))
    client = cluster.client()
    job = Job(default_workdir=os.getcwd())
    for number in range(int(sys.argv[2])):
        job.program(sys.argv[3:] + [str(number)], stdout=None, stderr=None)
    client.wait_for_jobs([client.submit(job)])
open("done", "w").close()
"""


class Cluster:
    """Nodes of as many cores as this machine has: 2 at most, 8 nodes."""

    def __init__(self, folder):
        self.env = common.clean_environment(LOPIN_SLURM_DIR=str(folder / "cluster"), PATH=PATH, LOPIN_SITE="")
        for _ in range(3):
            self.env["LOPIN_SLURM_PORT"] = str(random.randrange(20000, 30000, 200))
            done = self.cluster("up", "--nodes", "8", "--cpus", "2")
            if done.returncode == 0:
                break
        else:
            sys.exit(done.stderr)
        self.env["SLURM_CONF"] = str(folder / "cluster/etc/slurm.conf")

    def cluster(self, *words):
        return subprocess.run([CLUSTER, *words], env=self.env, capture_output=True, text=True, check=False)

    def call(self, folder, *words):
        done = subprocess.run([str(word) for word in words], cwd=folder, env=self.env, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit("%s: status %d\n%s" % (words, done.returncode, done.stderr))
        return done.stdout

    def idle(self):
        while self.call("/", "squeue", "-h").strip():
            time.sleep(0.1)


def until(condition):
    while not condition():
        time.sleep(0.02)


class Contest:
    def __init__(self, folder, cluster, binary):
        self.folder, self.cluster, self.binary = folder, cluster, binary
        (folder / "list").write_text("".join("%d\n" % number for number in range(MANY)))
        (folder / "nap").write_text("#!/bin/sh\nexec sleep %s\n" % SECONDS)
        (folder / "nap").chmod(0o755)
        (folder / "hq.py").write_text(HYPERQUEUE)

    def run_folder(self):
        return self.folder / ".lopin/runs/1"

    def ends(self):
        return sum(path.read_bytes().count(b"\nend ") for path in self.run_folder().glob("journal.*"))

    def submit(self, *words):
        shutil.rmtree(self.folder / ".lopin", ignore_errors=True)
        begin = time.perf_counter()
        self.cluster.call(self.folder, self.binary, "map", "--slurm", "-t", "30", *words)
        return begin

    def lopin(self, program, *words):
        """Seconds from the line to the end of the last task, and of its jobs."""
        begin = self.submit(*words, "--from", "list", program)
        until(lambda: self.ends() == MANY)
        self.cluster.idle()
        return time.perf_counter() - begin

    def sbatch(self, *words):
        (self.folder / "done").unlink(missing_ok=True)
        begin = time.perf_counter()
        self.cluster.call(self.folder, "sbatch", "-t", "30", "-o", "/dev/null", *words)
        return begin

    def array(self):
        begin = self.sbatch("--array=1-%d" % MANY, "--wrap", "/bin/true")
        self.cluster.idle()
        return time.perf_counter() - begin

    def in_a_job(self, nodes, line):
        """All processes of the peers are on its first node, which is this machine as the others are."""
        begin = self.sbatch("-N", nodes, "-n", nodes, "-c", "2", "--wrap", line)
        until((self.folder / "done").exists)
        self.cluster.idle()
        return time.perf_counter() - begin

    def parallel(self, nodes):
        return self.in_a_job(nodes, "parallel --will-cite -j%d -a list --joblog log ./nap && touch done" % (2 * nodes))

    def hyperqueue(self, nodes):
        return self.in_a_job(nodes, "%s hq.py %d %d ./nap" % (sys.executable, nodes, MANY))


def against(rows, what, times, peer, name, goal):
    ours, theirs = (common.summary(times[key]) for key in ("lopin", peer))
    rows.append((what, "%.2f s" % ours[0], name, "%.2f s" % theirs[0], "%.2f" % (theirs[0] / ours[0]),
                 "%.2f" % (theirs[1] / ours[1]), goal))


def shoot_out(contest, rounds):
    rows = []
    times = common.interleave({"lopin": lambda: contest.lopin("/bin/true", "-c", "2"), "array": contest.array}, min(rounds, 3))
    against(rows, "1,000 x /bin/true", times, "array", "job array of 1,000", 8)
    for nodes in (8, 4):
        what = "1,000 x 50 ms, %d cores of %d nodes" % (2 * nodes, nodes)
        peers = {"lopin": lambda: contest.lopin("./nap", "-c", "2", "--parcels", nodes),
                 "hyperqueue": lambda: contest.hyperqueue(nodes), "parallel": lambda: contest.parallel(nodes)}
        times = common.interleave(peers, rounds)
        against(rows, what, times, "hyperqueue", "HyperQueue in one job of them", 1)
        against(rows, what, times, "parallel", "GNU parallel -j%d in that job" % (2 * nodes), 1.3)
    return common.table(["work", "lopin", "beside", "its time", "times faster, medians", "minima", "goal at least"], rows)


def submission(contest, rounds):
    """The call for 100,000 datasets, and what lies in the run's folder before and after."""
    (contest.folder / "many").write_text("".join("%d\n" % number for number in range(100000)))
    times, parcels = [], 10
    for _ in range(rounds):
        begin = contest.submit("-c", "2", "--parcels", parcels, "--begin", "now+1hour", "--from", "many", "/bin/true")
        times.append(time.perf_counter() - begin)
        before = len({path.stat().st_ino for path in contest.run_folder().rglob("*") if path.is_file()})
        contest.cluster.call("/", "scancel", "-u", "root" if os.getuid() == 0 else str(os.getuid()))
        contest.cluster.idle()
    begin = contest.submit("-c", "2", "--parcels", parcels, "--from", "many", "/bin/true")
    until(lambda: contest.ends() == 100000)
    contest.cluster.idle()
    after = len({path.stat().st_ino for path in contest.run_folder().rglob("*") if path.is_file()})
    return [("submit call, 100,000 datasets", "%.3f s" % statistics.median(times), "at most 0.3 s"),
            ("files of the run before its jobs", before, ""),
            ("files at its end, %d parcels" % parcels, "%d = %.1f a parcel" % (after, after / parcels), "at most 10 a parcel"),
            ("100,000 x /bin/true, submitted to done", "%.1f s" % (time.perf_counter() - begin), "")]


def overhead(contest):
    """A parcel of 2 cores with tasks of 1 s: the part of its slots' time that tasks had."""
    count = LONG * 2
    (contest.folder / "seconds").write_text("".join("%d\n" % number for number in range(count)))
    (contest.folder / "second").write_text("#!/bin/sh\nexec sleep 1\n")
    (contest.folder / "second").chmod(0o755)
    begin = contest.submit("-c", "2", "--parcels", "1", "--from", "seconds", "./second")
    until(lambda: contest.ends() == count)
    wall = time.perf_counter() - begin
    contest.cluster.idle()
    text = (contest.run_folder() / "journal.1-0").read_text()
    inside = sum(int(value) for value in re.findall(r"^end .* duration=(\d+)", text, re.M)) / 1e6
    walls = [int(value) for value in re.findall(r"^\w+ .*?\bwall=(\d+)", text, re.M)]
    parcel = (max(walls) - min(walls)) / 1e6
    return [("parcel of %d s, tasks of 1 s: time in tasks of cores x wall" % LONG, "%.2f %%" % (100 * inside / (2 * parcel)),
             "at least 98 %"),
            ("the same from the submit call to the last end", "%.2f %%" % (100 * inside / (2 * wall)), "")]


def lost(contest):
    """A node dies with datasets done and running on it: what is lost, what stands there twice, what ran again."""
    count, folder = 800, contest.run_folder()
    (contest.folder / "marks").mkdir()
    (contest.folder / "mark").write_text('#!/bin/sh\necho "$SLURMD_NODENAME" >>marks/$1; sleep 0.1; echo $1 >$2\n')
    (contest.folder / "mark").chmod(0o755)
    contest.submit("-c", "2", "--parcels", "2", "-x", "n[3-8]", "--out", "out/{}", "./mark", "{}", "{out}", ":::", *map(str, range(count)))
    until(lambda: contest.ends() >= count // 2)
    contest.cluster.cluster("kill-node", "n2")
    contest.cluster.call("/", "scontrol", "update", "nodename=n2", "state=down", "reason=bench")
    until(lambda: len(list((contest.folder / "out").glob("[0-9]*"))) == count)
    contest.cluster.idle()
    whole = sum((contest.folder / "out" / str(number)).read_text() == "%d\n" % number for number in range(count))
    on_it = len(re.findall(r"^end ", (folder / "journal.2-0").read_text(), re.M))
    keys = re.findall(r"^end key=(\w+) .*state=done", "\n".join(path.read_text() for path in folder.glob("journal.*")), re.M)
    again = sum(len((contest.folder / "marks" / str(number)).read_text().split()) > 1 for number in range(count))
    left = sum(1 for path in (contest.folder / "out").rglob("*") if not re.fullmatch("[0-9]+", path.name))
    return [("node killed with %d of %d datasets done there: outputs lost" % (on_it, count), count - whole, "0"),
            ("recorded as done twice; left beside outputs", "%d; %d" % (len(keys) - len(set(keys)), left), "0"),
            ("datasets that ran again (2 slots were busy there)", again, "the unfinished")]


def main():
    options = common.arguments(__doc__)
    rounds = options.rounds or 5
    with tempfile.TemporaryDirectory(prefix="lopin-bench-", dir="/var/tmp") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        cluster = Cluster(folder)
        try:
            contest = Contest(folder, cluster, options.binary)
            text = shoot_out(contest, rounds)
            rows = submission(contest, rounds) + lost(contest) + overhead(contest)
        finally:
            cluster.cluster("down")
    text += "\n\n" + common.table(["what", "value", "goal"], rows)
    text += "\n\nFrom the line's start until the queue is empty; %d rounds, 8 nodes of 2 cores, all on this machine." % rounds
    text += "\n\nVersions: %s; %s; HyperQueue %s; %s. Command: `script/bench slurm`." % (
        common.version([options.binary, "--version"]), common.version(["/usr/sbin/slurmctld", "-V"]),
        common.version([sys.executable, "-c", "from importlib.metadata import version; print(version('hyperqueue'))"]),
        common.version(["parallel", "--version"]))
    common.record("slurm", "runs by jobs", text)


if __name__ == "__main__":
    main()
