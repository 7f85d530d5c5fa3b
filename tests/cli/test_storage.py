# SPDX-License-Identifier: Apache-2.0
"""Disks that are full, or take no more, under the journal, the logs and the outputs: small ones, mounted for the test."""
import contextlib
import os
import signal
import subprocess
import time

import pytest

from processes import kill_all
from queries import journal, last_states, status
from terminal import Terminal

# Notes that it runs, waits for the file gate/NAME, and fails if it cannot write.
TASK = """#!/bin/sh
set -e
echo run >>notes/"$1"
[ ! -e closed ] || while [ ! -e gate/"$1" ]; do sleep 0.02; done
printf '%-500s\\n' "words of $1"
[ -z "$2" ] || printf '%-3000s\\n' "$1" >"$2"
"""
# The same, which does not care whether it could print.
CALM = TASK.replace("\nprintf", "\nexec 2>/dev/null\nset +e\nprintf")


class Disk:
    def __init__(self, path, size):
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        words = ["mount", "-t", "tmpfs", "-o", "mode=0700,size=%dk" % size, "none", path]
        if subprocess.run(words, capture_output=True, check=False).returncode:
            pytest.skip("cannot mount a small tmpfs here")

    def remount(self, options):
        subprocess.run(["mount", "-o", "remount," + options, self.path], check=True)

    def fill(self):
        with contextlib.suppress(OSError), open(self.path / "filler", "ab", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def clear(self):
        (self.path / "filler").unlink(missing_ok=True)

    def close(self):
        subprocess.run(["umount", "-l", self.path], check=False)


@pytest.fixture
def disk():
    """disk(path, kilobytes): a small file system there."""
    made = []

    def make(path, size):
        made.append(Disk(path, size))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def noting(lopin, disk):
    """Whose tasks note that they run. After `disk`, so that its file systems go last."""
    lopin.write("task.sh", TASK, 0o755)
    lopin.write("calm.sh", CALM, 0o755)
    for name in ("notes", "gate"):
        (lopin.cwd / name).mkdir()
    yield lopin
    lopin.close()
    kill_all(lopin.cwd)


def runs_of(lopin, name):
    path = lopin.cwd / "notes" / name
    return len(path.read_text().split()) if path.exists() else 0


def open_gate(lopin, *names):
    for name in names:
        (lopin.cwd / "gate" / name).touch()


class Talk:
    """What a started process says on stderr, read as it comes."""

    def __init__(self, process):
        self.process, self.text = process, ""
        os.set_blocking(process.stderr.fileno(), False)

    def has(self, words):
        with contextlib.suppress(BlockingIOError):
            self.text += (self.process.stderr.read() or b"").decode(errors="replace")
        return words in self.text

    def end(self):
        code = self.process.wait(60)
        self.has("")
        return code


NAMES = [str(number) for number in range(120)]  # more than the journal keeps room for


def began(lopin):
    return sum(runs_of(lopin, name) for name in NAMES)


def fill_under_two(lopin, disk, wait_until):
    """A run whose folder's disk is full when its first two tasks end: the disk, the process, what it says."""
    small = disk(lopin.cwd / ".lopin", 1024)
    (lopin.cwd / "closed").touch()
    process = lopin.start("map", "-j", "2", "./calm.sh", *NAMES)
    talk = Talk(process)
    wait_until(lambda: began(lopin) == 2)
    small.fill()
    open_gate(lopin, *NAMES)
    return small, process, talk


@pytest.mark.sanitize
def test_journal_without_room(noting, disk, wait_until):
    """No task begins; those that ran are recorded in the room that was kept; it goes on by itself."""
    small, process, talk = fill_under_two(noting, disk, wait_until)
    wait_until(lambda: talk.has("trying again each second"))
    assert talk.has("[disk-full]") and talk.has("no new task begins")
    wait_until(lambda: status(noting)["running"] == 0)
    before = began(noting)
    assert status(noting)["done"] == before < len(NAMES)
    time.sleep(1.2)  # it tries again meanwhile
    assert process.poll() is None and began(noting) == before
    small.clear()
    assert talk.end() == 0, talk.text
    assert talk.has("the run goes on")
    assert [runs_of(noting, name) for name in NAMES] == [1] * len(NAMES)
    assert last_states(journal(noting)) == ["done"] * len(NAMES)
    assert noting("log", "120").out.startswith("words of 119")


@pytest.mark.sanitize
def test_stopped_while_there_is_no_room(noting, disk, wait_until):
    small, process, talk = fill_under_two(noting, disk, wait_until)
    wait_until(lambda: talk.has("trying again"))
    process.send_signal(signal.SIGINT)
    assert talk.end() == 6, talk.text
    small.clear()
    before = status(noting)
    assert before["state"] == "stopped" and before["done"] + before["left"] == len(NAMES)
    assert noting("resume").code == 0
    assert last_states(journal(noting)) == ["done"] * len(NAMES)
    # what ran was recorded in the room that was kept
    assert [runs_of(noting, name) for name in NAMES] == [1] * len(NAMES)


@pytest.mark.sanitize
def test_output_waits(noting, disk, wait_until):
    """A disk that becomes read-only before the rename: the output stays, and is published once it may."""
    out = disk(noting.cwd / "out", 1024)
    (noting.cwd / "closed").touch()
    noting.write("late.sh", '#!/bin/sh\necho run >>notes/"$1"\necho whole >"$2"\n: >gate/"$1.written"\n'
                            'while [ ! -e gate/"$1" ]; do sleep 0.02; done\n', 0o755)
    process = noting.start("map", "--json", "-j", "1", "--out", "out/{}", "./late.sh", "{}", "{out}", ":::", "a", "b",
                           stderr=subprocess.DEVNULL)
    wait_until((noting.cwd / "gate" / "a.written").exists)
    out.remount("ro")
    open_gate(noting, "a", "b")
    said = bytearray()
    while b'"event":"storage"' not in said:
        more = os.read(process.stdout.fileno(), 65536)
        assert more, said
        said += more
    assert process.poll() is None
    assert "done" not in last_states(journal(noting)) and not runs_of(noting, "b")
    out.remount("rw")
    stdout, _ = process.communicate(timeout=60)
    said += stdout
    assert process.returncode == 0
    assert sorted(os.listdir(out.path)) == ["a", "b"]
    assert [(out.path / name).read_text() for name in "ab"] == ["whole\n"] * 2
    assert runs_of(noting, "a") == 1 and runs_of(noting, "b") == 1
    assert b'"event":"storage","cause":"disk-full"' in said and b'"event":"storage-over"' in said


def test_says_so_on_a_terminal(noting, disk, wait_until):
    small = disk(noting.cwd / ".lopin", 1024)
    (noting.cwd / "closed").touch()
    words = [str(noting.binary), "map", "-j", "1", "./calm.sh", *NAMES]
    terminal = Terminal(words, 150, env=noting.env, cwd=noting.cwd)
    try:
        wait_until(lambda: began(noting) == 1)
        small.fill()
        open_gate(noting, *NAMES)
        terminal.wait(lambda text: "trying again each second" in text)
        small.clear()
        terminal.wait(lambda text: "the run goes on" in text)
        wait_until(lambda: terminal.status() is not None)
        assert terminal.status() == 0
    finally:
        terminal.close()


@pytest.mark.sanitize
def test_failed_for_it(noting, disk, wait_until):
    """Whose own words do not fit fails; it runs again when they do."""
    small = disk(noting.cwd / ".lopin", 1024)
    (noting.cwd / "closed").touch()
    process = noting.start("map", "-j", "2", "./task.sh", "a", "b", "c", "d")
    talk = Talk(process)
    wait_until(lambda: runs_of(noting, "a") and runs_of(noting, "b"))
    small.fill()
    open_gate(noting, "a", "b", "c", "d")
    wait_until(lambda: talk.has("trying again"))
    wait_until(lambda: last_states(journal(noting)) == ["again", "again"])
    assert not runs_of(noting, "c")
    small.clear()
    assert talk.end() == 0, talk.text
    assert [runs_of(noting, name) for name in "abcd"] == [2, 2, 1, 1]
    assert last_states(journal(noting)) == ["done"] * 4


@pytest.mark.slow
def test_gives_up(noting, disk):
    """Nobody makes room and nothing runs: it ends, and says that it is for the disk."""
    out = disk(noting.cwd / "out", 64)
    out.remount("ro")
    result = noting("map", "--out", "out/{}", "./task.sh", "{}", "{out}", ":::", "a")
    assert result.code == 6 and "[disk-full]" in result.err, result.err
    out.remount("rw")
    assert noting("resume").code == 0
    assert os.listdir(out.path) == ["a"]


def random_run(noting, small, out, chance):
    """A run whose disk is full at some write; what is done about it is chance too. Returns whether it was noticed."""
    names = [str(index) for index in range(30)]
    small.clear()
    room = os.statvfs(small.path)
    # enough for the run's own files, not for all of its logs
    filled = room.f_bavail * room.f_frsize - chance.randrange(44_000, 150_000)
    (small.path / "filler").write_bytes(bytes(filled))
    process = noting.start("map", "-j", "2", "--out", out + "/{}", "./task.sh", "{}", "{out}", ":::", *names)
    talk = Talk(process)
    end = time.monotonic() + 60
    while process.poll() is None and not talk.has("trying again") and time.monotonic() < end:
        time.sleep(0.01)
    met = talk.has("trying again")
    what = chance.choice(["room", "room", "stop", "kill"])
    time.sleep(chance.random() * 0.3)
    if what == "stop" and process.poll() is None:
        process.send_signal(signal.SIGTERM)
        assert talk.end() in (0, 6, 75), talk.text
    elif what == "kill":
        process.kill()
    small.clear()
    code = talk.end()
    assert what != "room" or code == 0, talk.text
    result = noting("resume")
    assert result.code == 0, result.err
    for name in names:
        assert (noting.cwd / out / name).read_text() == "%-3000s\n" % name
        assert runs_of(noting, name) >= 1
    assert sorted(os.listdir(noting.cwd / out)) == sorted(names)
    assert last_states(journal(noting)) == ["done"] * len(names)
    assert noting("status", "--json").json()["damaged_lines"] == 0
    assert noting("rm", "1").code == 0
    for path in [*(noting.cwd / out).iterdir(), *(noting.cwd / "notes").iterdir()]:
        path.unlink()
    return met


@pytest.mark.slow
def test_full_at_a_random_write(noting, disk, chance):
    """20 runs: each dataset's output once and whole, whatever the disk did."""
    small = disk(noting.cwd / ".lopin", 1024)
    met = sum(random_run(noting, small, chance.choice(["out", ".lopin/out"]), chance) for _ in range(20))
    assert met >= 10, "of 20 runs %d met a full disk" % met
