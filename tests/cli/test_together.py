# SPDX-License-Identifier: Apache-2.0
"""Parts of a run's promise where they meet: containers, two starts of one line, a kill before a run is written down."""
import os
import random
import shutil
import signal
import subprocess
import time

import pytest
from conftest import BINARY
from processes import kill_together, runner_of, working_in
from queries import journal, open_gate, status

# Says so if another of its dataset is there; waits for gate/NAME.
ALONE = """#!/bin/sh
mkdir "busy.$1" || echo "$1" >>twice
until [ -e "gate/$1" ]; do sleep 0.02; done
rmdir "busy.$1"
echo "whole $1" >"$2"
"""


def alone(lopin):
    lopin.write("alone", ALONE, 0o755)
    (lopin.cwd / "gate").mkdir()
    return ["--out", "out/{}", "./alone", "{}", "{out}", ":::"]


# containers


def unshared(lopin, *words):
    """In numbers of processes of its own, with or without a /proc that shows them."""
    line = ["unshare", "--pid", "--fork", *words]
    if not shutil.which("unshare") or subprocess.run(line + ["true"], check=False, capture_output=True).returncode:
        pytest.skip("no PID namespaces here")
    return line


@pytest.mark.parametrize("proc", [["--mount-proc"], []], ids=["own", "foreign"])
def test_other_numbers_of_processes(lopin, wait_until, proc):
    line = alone(lopin)
    inside = subprocess.Popen(
        unshared(lopin, *proc) + [BINARY, "map", "-j", "2", *line, "a", "b", "c"], env=lopin.env, cwd=lopin.cwd,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    lopin.started.append(inside)
    wait_until(lambda: status(lopin)["running"] == 2)
    for words in (["resume"], ["retry"], ["rm", "1"], ["map", "--resume", *line, "a", "b", "c"]):
        busy = lopin(*words)
        assert (busy.code, "[run-busy]" in busy.err) == (4, True), busy.err
    for name in "abc":
        open_gate(lopin, name)
    talk = inside.communicate(timeout=120)[0].decode()
    assert inside.returncode == 0 and "done    3 of 3" in talk, talk
    assert not (lopin.cwd / "twice").exists()
    assert lopin("resume").code == 0


# a start that is not alone, or ends in its first moments


def test_two_starts_of_one_line(lopin):
    line = ["map", "--resume", "-j", "2", *alone(lopin), "a", "b", "c"]
    for name in "abc":
        open_gate(lopin, name)
    started = [lopin.start(*line) for _ in range(4)]
    talks = [process.communicate(timeout=120)[1].decode() for process in started]
    assert sorted(process.returncode for process in started)[0] == 0, talks
    for process, talk in zip(started, talks):
        assert process.returncode == 0 or "[run-busy]" in talk, talk
    assert [run["run"] for run in lopin("list", "--json").json()["runs"]] == [1], talks
    assert not (lopin.cwd / "twice").exists()
    assert [name for name in (lopin.cwd / ".lopin/runs").iterdir() if name.name != "1"] == []
    assert lopin(*line).code == 0


def test_line_is_begun_beside_itself(lopin, wait_until):
    line = alone(lopin)
    first = lopin.start("map", "-j", "1", *line, "a", "b")
    wait_until(lambda: status(lopin)["running"] == 1)
    busy = lopin("map", *line, "b", "c")
    assert (busy.code, "[run-busy]" in busy.err, "lopin watch 1" in busy.err) == (4, True, True), busy.err
    for name in "abcd":
        open_gate(lopin, name)
    assert lopin("map", *line, "c", "d").code == 0, "other datasets, as of halves of a list"
    assert first.wait(120) == 0
    assert not (lopin.cwd / "twice").exists()
    assert lopin("map", *line, "a", "b", "c").code == 0


def test_killed_before_it_was_a_run(lopin):
    line = ["map", "--resume", *alone(lopin), "a"]
    open_gate(lopin, "a")
    (lopin.cwd / ".lopin/runs/1/logs").mkdir(parents=True)
    (lopin.cwd / ".lopin/runs/1/datasets").write_text("lopin-datasets 1\n")
    assert "[no-run]" in lopin("resume").err
    assert lopin(*line).code == 0
    assert [run["run"] for run in lopin("list", "--json").json()["runs"]] == [2]
    (lopin.cwd / ".lopin/runs/3/logs").mkdir(parents=True)
    for words in (["status"], ["list"], ["resume"], ["report"], line):
        result = lopin(*words)
        assert result.code == 0 and "run-damaged" not in result.err, result.err
    assert lopin("rm", "1", "3").code == 0


def test_what_was_asked_is_written_last(lopin):
    """What another `map --resume` may find: nothing, or a run that is owned and whole."""
    line = alone(lopin)
    open_gate(lopin, "a")
    assert lopin("map", *line, "a").code == 0
    datasets, asked = ((lopin.cwd / ".lopin/runs/1" / name).stat().st_mtime_ns for name in ("datasets", "run.json"))
    assert datasets <= asked


# attempts before the last one

SAVED = """
import os, sys, time
if os.environ["LOPIN_TASK_ATTEMPT"] == "1":
    room = bytearray(80 << 20)
    time.sleep(0.5)
    sys.exit(%s)
"""


@pytest.mark.parametrize("code", [75, 1])
def test_report_counts_all_attempts(lopin, code):
    lopin.write("saved.py", SAVED % code)
    assert lopin("map", "-j", "2", "--retries", "1", "saved.py", "a", "b").code == 0
    answer = lopin("report", "--json").json()
    assert answer["peak_kb"] > 80 << 10, "a parcel of less would not do"
    assert [task["attempt"] for task in answer["tasks"]] == [2, 2]
    ends = [record for record in journal(lopin) if record["kind"] == "end"]
    assert [record["state"] for record in ends].count("again") == 2
    assert answer["cpu_s"] == pytest.approx(sum(int(end.get("user", 0)) + int(end.get("system", 0)) for end in ends) / 1e6)
    assert "too short" not in lopin("report").out


# all at once

# Exit 75 with what it saved, failures, half-written outputs, children that left, deaf to SIGTERM, too long.
MIXED = """
import os, random, signal, subprocess, sys, time, fcntl
name, out = sys.argv[1:]
lock = os.open("locks/" + name, os.O_RDWR | os.O_CREAT)
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    open("twice", "a").write(name)
kind = random.random()
if kind < 0.2:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if 0.1 < kind < 0.3:
    subprocess.Popen(["sleep", "300"], start_new_session=True, pass_fds=[lock])
had = open(out).read() if os.path.exists(out) else ""
if had.strip("x"):
    open("half", "a").write(name)
time.sleep(random.random() / 10)
kind = random.random()
if kind < 0.2 and len(had) < 2:
    open(out, "w").write(had + "x")
    sys.exit(75)
if kind < 0.3:
    open(out, "w").write("half")
    sys.exit(1)
if kind < 0.32:
    time.sleep(300)
with open(out, "w") as file:
    file.write("half")
    file.flush()
    time.sleep(random.random() / 50)
    file.seek(0)
    file.write("whole " + name)
"""


def trouble(lopin, chance, process):
    """One of what ends runs. `process` is the keeper; a runner that it has not may be long dead."""
    runner = runner_of(lopin)
    try:
        with open("/proc/%s/stat" % runner, encoding="ascii") as file:
            parent = int(file.read().rsplit(")", 1)[1].split()[1])
    except OSError:
        parent = None
    runner = runner if parent == process.pid else None
    kind = chance.choice(["runner", "keeper", "both", "group", "term", "int", "hup", "cancel"] if runner else ["group"])
    if kind == "runner":
        os.kill(runner, signal.SIGKILL)
    elif kind == "keeper":
        process.kill()
    elif kind == "both":
        kill_together(process.pid, runner)
    elif kind == "group":
        os.killpg(process.pid, signal.SIGKILL)
    elif kind == "term":
        process.terminate()
    elif kind == "int":
        for _ in range(3):
            process.send_signal(signal.SIGINT)
            time.sleep(chance.random() / 10)
    elif kind == "hup":
        process.send_signal(signal.SIGHUP)
    else:
        lopin("cancel")
    if kind in ("term", "hup") or chance.random() < 0.5:
        process.communicate(timeout=120)
    return kind


@pytest.mark.slow
@pytest.mark.sanitize
def test_all_at_once(lopin, chance):
    lopin.write("mixed.py", MIXED)
    (lopin.cwd / "locks").mkdir()
    names = ["d%02d" % i for i in range(24)]
    words = ["map", "--resume", "-j", "2", "--retries", "1", "--timeout", "4s", "--out", "out/{}", "mixed.py", "{}", "{out}", ":::", *names]
    kinds = []
    for _ in range(6):
        process = lopin.start(*words, start_new_session=True)
        time.sleep(chance.random())
        if process.poll() is None:
            try:
                kinds.append(trouble(lopin, chance, process))
            except ProcessLookupError:  # it had just ended
                process.kill()
    for process in lopin.started:
        process.wait(120)
    for _ in range(50):
        last = lopin(*words)
        if last.code == 1:
            last = lopin("retry", "1")
        if last.code == 0:
            break
    assert last.code == 0, (kinds, last.err)
    for name in names:
        assert (lopin.cwd / "out" / name).read_text() == "whole " + name, kinds
    assert sorted(os.listdir(lopin.cwd / "out")) == names, kinds
    assert not (lopin.cwd / "twice").exists() and not (lopin.cwd / "half").exists(), kinds
    records = journal(lopin)
    done = [record["key"] for record in records if record["kind"] == "end" and record["state"] == "done"]
    assert len(done) == len(set(done)) == len(names), kinds
    answer = lopin("report", "--json").json()
    ends = [record for record in records if record["kind"] == "end"]
    spent = sum(int(end.get("user", 0)) + int(end.get("system", 0)) for end in ends) / 1e6
    assert (answer["done"], answer["left"], answer["cpu_s"]) == (len(names), 0, pytest.approx(spent)), kinds
    assert not working_in(lopin.cwd), kinds


# somebody else's


@pytest.mark.skipif(os.getuid() != 0, reason="only root may be another user")
def test_runs_of_another_user(lopin):
    alone(lopin)
    open_gate(lopin, "a")
    assert lopin("map", "--out", "out/{}", "./alone", "{}", "{out}", ":::", "a").code == 0
    for words in (["status"], ["list"], ["resume"], ["--lang", "fr", "log", "1"]):
        try:
            result = lopin(*words, user=65534)
        except OSError:
            pytest.skip("another user cannot execute the program")
        assert (result.code, ".lopin/runs'" in result.err or ".lopin/runs\u00a0»" in result.err) == (6, True), result.err
