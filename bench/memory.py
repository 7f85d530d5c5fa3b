# SPDX-License-Identifier: Apache-2.0
"""Memory: what watching costs, and six tasks of 0.6 GiB in a control group of 1 GiB under lopin, xargs and GNU parallel."""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import common

GROUP = "/sys/fs/cgroup/memory/lopin-bench-%d" % os.getpid()
TASKS = 6
SECONDS = 20  # of watching
# 600 MiB, held for a moment; then says that it has ended.
BIG = """
import sys, time
held = [b"x" * (4 << 20) for _ in range(150)]
time.sleep(0.5)
open(sys.argv[1] + ".done", "w").close()
"""
# With its shell 96 processes: two of them are as many as 64 tasks with two children each.
FAMILY = "for i in $(seq 95); do sleep 1000 & done; wait; : {}"
POLL = """
import sys, time
import psutil
roots = [psutil.Process(int(pid)) for pid in sys.argv[1:]]
while True:
    for root in roots:
        for process in [root, *root.children(recursive=True)]:
            process.memory_info().rss
    time.sleep(0.25)
"""


def enter():
    pathlib.Path(GROUP, "cgroup.procs").write_text(str(os.getpid()))


def kills():
    text = pathlib.Path(GROUP, "memory.oom_control").read_text()
    return int(dict(line.split() for line in text.splitlines())["oom_kill"])


class Contest:
    def __init__(self, folder, binary):
        self.folder = folder
        self.binary = binary
        self.seen = {}
        (folder / "big.py").write_text(BIG)

    def run(self, name, words):
        for path in self.folder.glob("*.done"):
            path.unlink()
        shutil.rmtree(self.folder / ".lopin", ignore_errors=True)
        before = kills()
        begin = time.perf_counter()
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(words, cwd=self.folder, preexec_fn=enter, check=False, capture_output=True, timeout=120,
                           stdin=subprocess.DEVNULL, env=common.clean_environment())
        seconds = time.perf_counter() - begin
        done = len(list(self.folder.glob("*.done")))
        self.seen.setdefault(name, []).append((done, kills() - before))
        return seconds

    def contestants(self):
        names = [str(number) for number in range(TASKS)]
        task = [sys.executable, "big.py"]
        words = {"lopin map -j 2": [self.binary, "map", "-j", "2", "--no-ledger", "--python", sys.executable, "big.py", *names]}
        words["xargs -P2 -n1"] = ["sh", "-c", "printf '%s\\n' \"$@\" | xargs -P2 -n1 " + " ".join(task), "sh", *names]
        if common.have("parallel"):
            parallel = ["parallel", "--will-cite", "-j2"]
            words["parallel -j2"] = [*parallel, *task, ":::", *names]
            words["parallel -j2 --retries 3"] = [*parallel, "--retries", "3", *task, ":::", *names]
            words["parallel -j2 --memfree 700M --retries 5"] = [*parallel, "--memfree", "700M", "--retries", "5", *task, ":::", *names]
        return {name: lambda name=name, line=line: self.run(name, line) for name, line in words.items()}


def rows_of(times, seen):
    for name, values in times.items():
        median, least, _ = common.summary(values)
        done, killed = ([pair[i] for pair in seen[name]] for i in (0, 1))
        yield [name, "%s of %d" % (span(done), TASKS), span(killed), "%.1f" % median, "%.1f" % least]


def span(numbers):
    return str(min(numbers)) if min(numbers) == max(numbers) else "%d-%d" % (min(numbers), max(numbers))


def processor_seconds(pid):
    """Of its first thread, in nanoseconds' grain."""
    return int(pathlib.Path("/proc/%d/schedstat" % pid).read_text().split()[0]) / 1e9


def children(pid):
    return [int(word) for word in pathlib.Path("/proc/%d/task/%d/children" % (pid, pid)).read_text().split()]


def descendants(pid):
    return sum(1 + descendants(child) for child in children(pid))


def share(pid):
    before, begin = processor_seconds(pid), time.perf_counter()
    time.sleep(SECONDS)
    return (processor_seconds(pid) - before) / (time.perf_counter() - begin)


def runner_of(pid):
    """The process whose children the tasks are: lopin, or one below it."""
    while len(children(pid)) == 1:
        pid = children(pid)[0]
    return pid


def watching(folder, binary):
    run = subprocess.Popen([binary, "map", "-Q", "-j", "2", "--no-ledger", "--shell", FAMILY, ":::", "a", "b"], cwd=folder,
                           stdin=subprocess.DEVNULL, env=common.clean_environment())
    try:
        while descendants(run.pid) < 192 and run.poll() is None:
            time.sleep(0.1)
        runner = runner_of(run.pid)
        rows = [["lopin map, all of its runner", "%.2f %%" % (100 * share(runner)), "1 %"]]
        poll = subprocess.Popen([sys.executable, "-c", POLL, *map(str, children(runner))])
        try:
            time.sleep(1)
            rows.append(["psutil: children(), memory_info() each 250 ms", "%.2f %%" % (100 * share(poll.pid)), ""])
        finally:
            poll.kill()
            poll.wait()
    finally:
        for signal in (run.terminate, run.terminate):
            signal()
            time.sleep(0.5)
        run.wait()
    return rows


def main():
    options = common.arguments(__doc__)
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
        folder = pathlib.Path(folder)
        text = "192 processes that do nothing in the trees of two tasks, as many as 64 tasks with two children each; over %d s.\n\n" % SECONDS
        text += common.table(["what", "of a core", "goal at most"], watching(folder, options.binary))
        os.mkdir(GROUP)
        try:
            pathlib.Path(GROUP, "memory.limit_in_bytes").write_text(str(1 << 30))
            contest = Contest(folder, options.binary)
            times = common.interleave(contest.contestants(), options.rounds or 3)
        finally:
            time.sleep(1)
            os.rmdir(GROUP)
    text += "\n\nSix tasks of 0.6 GiB, two at a time, in a control group of 1 GiB:\n\n"
    text += common.table(["runner", "done", "kills by the kernel", "s, median", "min"], rows_of(times, contest.seen))
    text += "\n\nVersions: %s; %s; %s. Command: `script/bench memory`." % (
        common.version([options.binary, "--version"]), common.version(["xargs", "--version"]),
        common.version(["parallel", "--version"]))
    common.record("memory", "what watching costs, and a group that is too small", text)


if __name__ == "__main__":
    main()
