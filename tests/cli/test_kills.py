# SPDX-License-Identifier: Apache-2.0
"""kill -9 at any moment, of runner, keeper or both: nothing lost, nothing half, nothing twice at once."""
import collections
import os
import signal
import time

import pytest
from processes import carriers, kill_all, kill_together, runner_of, working_in
from queries import journal

KILLS, TOGETHER = 200, 20
ENDED = 7  # more tasks than there are slots may have ended without their output being published
MANY = int(os.environ.get("LOPIN_TEST_MANY", "5000"))
BLOB = b"".join(b"line %06d\n" % number for number in range(2000))
# Says `twice` if what an earlier attempt of its dataset has started still runs: itself, or the children that it noted.
TASK = """#!/bin/sh
if [ -e "lock/$1" ]; then
    while read -r other; do
        [ ! "/proc/$other/cwd" -ef . ] || echo "$1 $$ $other" >>twice
    done <"lock/$1"
fi
echo $$ >"lock/$1"
%s
{ echo "$1"; cat blob; echo "$1"; } >"$2"
"""
# Each notes its pid before its task goes on, and would outlive it: a session of its own, and a daemon by a double fork.
STRAYS = """
note='echo $$ >>"lock/$1"; : >"noted/$1.$2"; exec sleep 1000'
rm -f "noted/$1".*
setsid sh -c "$note" - "$1" 1 &
(setsid sh -c "($note) >/dev/null 2>&1 &" - "$1" 2 &)
until [ -e "noted/$1.1" ] && [ -e "noted/$1.2" ]; do sleep 0.001; done
"""


@pytest.fixture
def killed(lopin):
    for name in ("lock", "noted"):
        (lopin.cwd / name).mkdir()
    lopin.write("blob", BLOB)
    lopin.write("plain.sh", TASK % "", 0o755)
    lopin.write("strays.sh", TASK % STRAYS, 0o755)
    yield lopin
    lopin.close()
    kill_all(lopin.cwd)


def map_words(script, count):
    return ["map", "-J", "it", "--out", "out/{}", script, "{}", "{out}", ":::", *map(str, range(count))]


class Lines:
    """How many lines a run's journals have; each byte is read once."""

    def __init__(self, lopin, run):
        self.folder = lopin.cwd / ".lopin/runs" / str(run)
        self.read = collections.Counter()
        self.count = 0

    def look(self):
        for path in self.folder.glob("journal.*"):
            with open(path, "rb") as file:
                file.seek(self.read[path])
                part = file.read()
            self.read[path] += len(part)
            self.count += part.count(b"\n")
        return self.count


def start_until(lopin, words, run, more):
    """Starts it and returns the process once the run has so many records more, or has ended."""
    lines = Lines(lopin, run)
    had = lines.look()
    process = lopin.start(*words)
    end = time.monotonic() + 600
    while lines.look() < had + more and process.poll() is None:
        assert time.monotonic() < end, process.stderr.read()
        time.sleep(0.001)
    return process


def whole(lopin, count):
    """Each output is there, once and whole; nothing else is."""
    assert sorted(os.listdir(lopin.cwd / "out"), key=int) == [str(number) for number in range(count)]
    for number in range(count):
        assert (lopin.cwd / "out" / str(number)).read_bytes() == b"%d\n%s%d\n" % (number, BLOB, number)
    assert not (lopin.cwd / "twice").exists(), (lopin.cwd / "twice").read_text()


def check_journal(lopin, run, count, most):
    """Each dataset is done once; what began again had been cut off, at most so many a kill."""
    running, done = set(), collections.Counter()
    for record in journal(lopin, run):
        if record["kind"] == "open":
            assert len(running) <= most
            running = set()
        elif record["kind"] == "start":
            assert record["key"] not in running and not done[record["key"]]
            running.add(record["key"])
        elif record["kind"] == "end":
            running.remove(record["key"])
            assert record["state"] in ("done", "stopped"), record
            done[record["key"]] += record["state"] == "done"
    assert len(done) == count and set(done.values()) == {1}


def kill_runner(lopin, process, run):
    pid = runner_of(lopin, run)
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, TypeError):  # it has just ended
        pass
    _, err = process.communicate(timeout=60)
    assert process.returncode in (0, 128 + signal.SIGKILL), err
    if process.returncode:
        assert b"lopin resume %d" % run in err and b"SIGKILL" in err
    assert working_in(lopin.cwd) == []
    return process.returncode


@pytest.mark.slow
def test_runner(killed, chance):
    """200 kills of the runner at a random record: its keeper ends all that it ran before it ends itself."""
    slots = min(2, len(os.sched_getaffinity(0)))
    kills = run = 0
    while kills < KILLS:
        run += 1
        words = map_words("./plain.sh", 240)
        while True:
            process = start_until(killed, words, run, chance.randrange(1, 25))
            if kill_runner(killed, process, run) == 0:
                break
            kills += 1
            words = ["resume", str(run)]
        whole(killed, 240)
        check_journal(killed, run, 240, slots + ENDED)
        for number in range(240):
            (killed.cwd / "out" / str(number)).unlink()
    print("kills", kills, "runs", run)


def kill_often(lopin, chance, times, kill):
    """Kills a run so many times, resuming it after each, and lets it end. kill(process): whether it came in time."""
    slots = min(2, len(os.sched_getaffinity(0)))
    words, kills = map_words("./strays.sh", 200), 0
    while True:
        process = start_until(lopin, words, 1, chance.randrange(5, 25) if kills < times else 10000)
        if process.poll() is None:
            kills += kill(process)
        _, err = process.communicate(timeout=60)
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, err
        words = ["resume", "1"]
    print("kills", kills)
    assert kills == times
    whole(lopin, 200)
    check_journal(lopin, 1, 200, slots + ENDED)
    assert carriers(lopin) == [] and working_in(lopin.cwd) == []


@pytest.mark.slow
@pytest.mark.sanitize
def test_runner_and_keeper(killed, chance):
    """20 kills of both at once: the resume ends what their tasks have started before it starts any."""
    def kill(process):
        try:
            kill_together(process.pid, runner_of(killed))
            return True
        except (ProcessLookupError, TypeError):
            return False

    kill_often(killed, chance, TOGETHER, kill)


@pytest.mark.slow
def test_keeper(killed, chance):
    """20 kills of the keeper: the runner ends its tasks, and records none of them as failed."""
    def kill(process):
        process.kill()
        return True

    kill_often(killed, chance, 20, kill)


@pytest.mark.slow
def test_many(lopin):
    """At half of MANY datasets: at most as many run again as were running. LOPIN_TEST_MANY=100000 is the whole measure."""
    listing = lopin.write("many", "".join("%d\n" % number for number in range(MANY)))
    process = start_until(lopin, ["map", "--from", str(listing), "/bin/true"], 1, MANY)
    assert kill_runner(lopin, process, 1) == 128 + signal.SIGKILL
    begin = time.monotonic()
    result = lopin("resume", timeout=600)
    assert result.code == 0, result.err
    print("resumed in %.2f s" % (time.monotonic() - begin))
    check_journal(lopin, 1, MANY, min(2, len(os.sched_getaffinity(0))))
    starts = sum(record["kind"] == "start" for record in journal(lopin, 1))
    print("%d datasets, %d begun again" % (MANY, starts - MANY))
