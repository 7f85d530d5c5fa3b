# SPDX-License-Identifier: Apache-2.0
"""--mem and its like, in a control group of this machine: who is put back, who fails, and that all others are done.

The proof of a gibibyte is of real tasks; the others use little, so that they can run beside other tests.
"""
import os
import signal
import time

import pytest
from processes import carriers, kill_all
from queries import journal, status

# Takes so many MiB, as slowly as a program that computes on them, holds them until somebody says go, or for a moment.
TASK = """
import os, sys, time
mib = int(sys.argv[1].split("-")[0])
held = [b"x" * (4 << 20) for _ in range(mib // 4)]
if os.path.exists("hold"):
    open("holding-%d" % os.getpid(), "w").close()
    while not os.path.exists("go"):
        time.sleep(0.02)
time.sleep(1000 if os.path.exists("stays-" + sys.argv[1]) else 0.3)
if len(sys.argv) > 2:
    with open(sys.argv[2], "w") as file:
        for part in held:
            file.write("%d\\n" % len(part))
"""
# Four processes that share all but a little.
SHARED = """
import os, time
held = [b"x" * (4 << 20) for _ in range(40)]
children = []
for _ in range(4):
    pid = os.fork()
    if not pid:
        own = b"y" * (1 << 20)
        time.sleep(1.5)
        os._exit(0)
    children.append(pid)
for pid in children:
    os.waitpid(pid, 0)
"""


class Group:
    """A control group (v1) with a limit of memory."""

    def __init__(self, mib):
        self.folder = "/sys/fs/cgroup/memory/lopin-test-%d-%d" % (os.getpid(), mib)
        os.mkdir(self.folder)
        self.write("memory.limit_in_bytes", str(mib << 20))

    def write(self, name, value):
        with open(self.folder + "/" + name, "w", encoding="ascii") as file:
            file.write(value)

    def enter(self):
        self.write("cgroup.procs", str(os.getpid()))

    def kills(self):
        with open(self.folder + "/memory.oom_control", encoding="ascii") as file:
            return int(dict(line.split() for line in file)["oom_kill"])

    def pids(self):
        with open(self.folder + "/cgroup.procs", encoding="ascii") as file:
            return [int(line) for line in file]


@pytest.fixture
def group(lopin, wait_until):
    groups = []

    def make(mib):
        try:
            groups.append(Group(mib))
        except OSError as error:
            pytest.skip("cannot make a control group here: %s" % error)
        return groups[-1]

    yield make
    lopin.close()
    kill_all(lopin.cwd)
    for made in groups:
        wait_until(lambda made=made: not made.pids())
        os.rmdir(made.folder)


@pytest.fixture
def tasks(lopin):
    lopin.write("task.py", TASK)
    yield lopin
    lopin.close()
    kill_all(lopin.cwd)


def causes(lopin):
    """[(state, cause)] of all ends."""
    return [(record["state"], record.get("cause", "")) for record in journal(lopin) if record["kind"] == "end"]


@pytest.mark.slow
def test_six_tasks_that_do_not_fit_side_by_side(tasks, group):
    """Six of 0.6 GiB in 1 GiB, in two slots: all are done."""
    made = group(1024)
    names = ["600-%d" % number for number in range(6)]
    result = tasks("map", "-c", "2", "-j", "2", "--out", "{}.out", "task.py", "{}", "{out}", ":::", *names,
                   preexec_fn=made.enter)
    assert result.code == 0, result.err
    assert "1.0G of memory (the control group)" in result.err
    assert status(tasks)["done"] == 6 and made.kills() <= 2
    assert [(tasks.cwd / (name + ".out")).read_text().count("\n") for name in names] == [150] * 6
    peaks = [task["peak_kb"] for task in tasks("report", "--json").json()["tasks"]]
    assert all(600 << 10 <= peak <= 700 << 10 for peak in peaks)


@pytest.mark.slow
def test_one_that_does_not_fit_at_all(tasks, group):
    """3 GiB in 1 GiB: it fails by name, with its peak, and the others are done."""
    made = group(1024)
    result = tasks("map", "-c", "2", "-j", "2", "task.py", "3000-a", "300-b", "300-c", "600-d", preexec_fn=made.enter)
    assert result.code == 1, result.err
    assert status(tasks)["done"] == 3 and status(tasks)["failed"] == 1
    failed = [task for task in tasks("report", "--json").json()["tasks"] if task["state"] == "failed"]
    assert failed[0]["text"] == "3000-a" and failed[0]["cause"] == "memory-limit"
    assert 700 << 10 <= failed[0]["peak_kb"] <= 1100 << 10  # a program's own files are not in the group's count
    assert "limit 1.0G (the control group)" in failed[0]["detail"] and "peak" in failed[0]["detail"]


@pytest.mark.sanitize
def test_mem_of_the_run(tasks):
    """The same without a group to impose it: one of two waits for the other, one alone above it fails."""
    tasks.write("hold", "")
    run = tasks.start("map", "-c", "2", "-j", "2", "--mem", "200M", "--order", "given", "task.py", "120-a", "120-b", "40-c")
    tasks.write("go", "")
    _, err = run.communicate(timeout=120)
    assert run.returncode == 0, err
    assert b"200M of memory (--mem)" in err
    tasks.write("stays-300-a", "")  # it does not end between two looks
    result = tasks("map", "-c", "2", "-j", "2", "--mem", "200M", "task.py", "300-a", "20-b")
    assert result.code == 1 and status(tasks)["done"] == 1
    assert "limit 200M (--mem)" in result.err and "memory-limit" in result.err


def test_put_back_beside_one_that_stays(tasks, wait_until):
    """Both are held: so one of them is put back, and begins again only when the other has ended."""
    tasks.write("hold", "")
    run = tasks.start("map", "-c", "2", "-j", "2", "--mem", "200M", "--out", "{}.out", "task.py", "{}", "{out}", ":::",
                      "120-a", "120-b")
    wait_until(lambda: ("again", "memory-limit") in causes(tasks))
    assert not list(tasks.cwd.glob("*.out"))
    wait_until(lambda: list(tasks.cwd.glob("holding-*")))
    assert status(tasks)["running"] == 1 and status(tasks)["failed"] == 0
    tasks.write("go", "")
    _, err = run.communicate(timeout=120)
    assert run.returncode == 0, err
    assert (tasks.cwd / "120-a.out").read_text() == (tasks.cwd / "120-b.out").read_text() == "4194304\n" * 30
    assert causes(tasks).count(("done", "")) == 2
    report = tasks("report", "--json").json()
    assert report["memory_limit_kb"] == 200 << 10 and 0 < report["narrow"] <= 1 - report["busy"]
    said = tasks("report").out
    assert "limit 200M" in said and "held tasks back" in said and "--order" not in said
    assert not [path for path in tasks.cwd.iterdir() if path.name.startswith(".lopin-")]


def test_runner_killed_in_the_middle_of_putting_back(tasks, wait_until, chance):
    """kill -9 at a random moment around it; resume brings both to an end."""
    tasks.write("hold", "")
    run = tasks.start("map", "-c", "2", "-j", "2", "--mem", "200M", "--out", "{}.out", "task.py", "{}", "{out}", ":::",
                      "120-a", "120-b", "20-c")
    kind, number = chance.choice([("start", 2), ("end", 1)])
    wait_until(lambda: [record["kind"] for record in journal(tasks)].count(kind) >= number)
    time.sleep(chance.random() / 2)
    run.send_signal(signal.SIGKILL)
    run.wait()
    tasks.write("go", "")
    result = tasks("resume")
    assert result.code == 0, result.err
    for name, parts in (("120-a", 30), ("120-b", 30), ("20-c", 5)):
        assert (tasks.cwd / (name + ".out")).read_text() == "4194304\n" * parts
    assert not carriers(tasks)


def test_above_mem_each(tasks):
    result = tasks("map", "-c", "2", "-j", "2", "--mem-each", "100M", "task.py", "200-a", "20-b")
    assert result.code == 1
    failed = [task for task in tasks("report", "--json").json()["tasks"] if task["state"] == "failed"]
    assert [task["text"] for task in failed] == ["200-a"] and failed[0]["cause"] == "memory-limit"
    assert "limit 100M (--mem-each)" in failed[0]["detail"]
    assert tasks("retry", "--mem-each", "0").code == 0  # no limit any more


def test_memory_error(tasks):
    """--mem-hard: Python says it itself, and it is named the same."""
    result = tasks("map", "--mem-each", "300M", "--mem-hard", "task.py", "600-a", "20-b")
    assert result.code == 1 and status(tasks)["done"] == 1
    assert "MemoryError" in result.err and "memory-limit" in result.err
    result = tasks("map", "--mem-each", "300M", "task.py", "20-a")
    assert result.code == 0


def test_shared_memory_counts_once(lopin):
    """Five processes of 160 MiB that share nearly all of it are no 800."""
    lopin.write("shared.py", SHARED)
    result = lopin("map", "--mem", "300M", "--mem-each", "280M", "shared.py", "a", "b")
    assert result.code == 0, result.err
    report = lopin("report", "--json").json()
    assert all(task["attempt"] == 1 or task["peak_kb"] < 280 << 10 for task in report["tasks"])
    assert status(lopin)["failed"] == 0


def test_a_kill_that_is_not_for_memory(lopin):
    lopin.write("task.py", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    result = lopin("map", "task.py", "a")
    assert result.code == 1
    assert causes(lopin) == [("failed", "signal")]


def test_the_kernel_takes_a_task(lopin):
    """Tasks are offered before the runner, which is as it was."""
    own = int(open("/proc/self/oom_score_adj", encoding="ascii").read())
    lopin.write("task.sh", "#!/bin/sh\ncat /proc/self/oom_score_adj /proc/$PPID/oom_score_adj >score\n", 0o755)
    assert lopin("map", "./task.sh", "a").code == 0
    task, runner = (int(line) for line in (lopin.cwd / "score").read_text().split())
    assert task == min(own + 500, 1000) and runner in (own, task)


@pytest.mark.parametrize("words, hint", [
    (["--mem", "1000T"], "--mem "),
    (["--mem-per-cpu", "1000T"], "--mem-per-cpu "),
    (["--mem-each", "1000T"], "--mem-each "),
])
def test_more_than_there_is(tasks, words, hint):
    result = tasks("map", *words, "task.py", "20-a")
    assert result.code == 2 and "[over-limit]" in result.err and not (tasks.cwd / ".lopin").exists()
    line = [line for line in result.err.splitlines() if line.split()[:1] == ["try"]][0]
    assert line.split("try", 1)[1].strip().startswith(hint)
    assert tasks("map", *line.split()[1:], "task.py", "20-a").code == 0  # what it says to type is right


@pytest.mark.parametrize("words", [
    ["--mem", "1,5G"], ["--mem", "much"], ["--mem-per-cpu", "0"], ["--mem-retry", "-1"], ["--mem-retry", "two"],
    ["--mem", "1G", "--mem-per-cpu", "1G"],
])
def test_wrong_words(tasks, words):
    result = tasks("map", *words, "task.py", "20-a")
    assert result.code == 2 and "[usage]" in result.err


def test_the_job_of_slurm(tasks):
    env = {"SLURM_JOB_ID": "7", "SLURM_MEM_PER_NODE": "300"}
    result = tasks("map", "--mem", "1G", "task.py", "20-a", env=env)
    assert result.code == 2 and "the Slurm job" in result.err and "--mem 300M" in result.err
    result = tasks("map", "task.py", "20-a", env=env)
    assert result.code == 0 and "300M of memory (the Slurm job)" in result.err
