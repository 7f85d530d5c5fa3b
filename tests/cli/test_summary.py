# SPDX-License-Identifier: Apache-2.0
"""The summary of a long run: what is read from it is what the journals say, and nothing about it can make a count wrong."""
import json
import os
import random
import re

import pytest

from queries import gated_run, journal, last_states, open_gate, sealed

DATASETS = 1300
SCRIPT = """#!/bin/sh
case "$1" in
*7) exit 3;;
*99) exit 4;;
esac
"""


@pytest.fixture
def long_run(lopin):
    """A run that is long enough for a summary: 1,300 datasets, of which 143 failed."""
    lopin.write("a.sh", SCRIPT, 0o755)
    lopin.write("list", "".join("data/d%d\n" % number for number in range(DATASETS)))
    done = lopin("map", "-j", "2", "--from", "list", "./a.sh")
    assert done.code == 1, done.err
    return lopin


def folder(lopin):
    return lopin.cwd / ".lopin" / "runs" / "1"


QUESTIONS = (("status",), ("status", "--json"), ("list",), ("list", "--json"), ("report",))


@pytest.mark.sanitize
def test_same_words(long_run):
    assert (folder(long_run) / "summary").exists()
    assert (folder(long_run) / "summary").stat().st_mode & 0o777 == 0o600
    quick = [long_run(*words).out for words in QUESTIONS]
    for words, said in zip(QUESTIONS, quick):
        (folder(long_run) / "summary").unlink()
        assert long_run(*words).out == said
        assert (folder(long_run) / "summary").exists()
    status = long_run("status", "--json").json()
    states = last_states(journal(long_run))
    assert status["datasets"] == DATASETS and status["done"] == states.count("done") == DATASETS - 143
    assert status["failed"] == states.count("failed") == 143
    assert "exit-code" in quick[0] and "lopin log 8" in quick[0]


def test_short_run_has_none(lopin):
    assert lopin("map", "/bin/true", "a", "b").code == 0
    assert not (folder(lopin) / "summary").exists()
    assert lopin("status").code == 0
    assert not (folder(lopin) / "summary").exists()


@pytest.mark.sanitize
def test_what_changed_counts(long_run):
    """Records that came after it, a damaged line before its end, another list of datasets: never what it said before."""
    log = folder(long_run) / "journal.0-0"
    key = next(record["key"] for record in journal(long_run) if record.get("state") == "failed")
    with open(log, "ab") as file:
        file.write(sealed(b"end key=%s attempt=2 state=done" % key.encode()))
    assert long_run("status", "--json").json()["failed"] == 142
    whole = log.read_bytes()
    at = whole.index(b"state=failed", whole.index(b"state=failed") + 1)
    with open(log, "r+b") as file:
        file.seek(at)
        file.write(b"state=fbiled")
    status = long_run("status", "--json").json()
    assert status["failed"] == 141 and status["damaged_lines"] == 1
    assert "damaged" in long_run("status").out
    log.write_bytes(whole)
    assert long_run("status", "--json").json()["failed"] == 142
    assert long_run("retry").code == 1
    assert long_run("status", "--json").json()["failed"] == 142
    (folder(long_run) / "journal.0-1").unlink()
    (folder(long_run) / "journal.0-2").unlink(missing_ok=True)
    assert long_run("status", "--json").json()["failed"] == 142


@pytest.mark.sanitize
def test_garbage(long_run):
    path = folder(long_run) / "summary"
    whole = path.read_bytes()
    words = long_run("status", "--json").out
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    for what in range(40):
        bad = bytearray(whole)
        kind = what % 5
        if kind == 0:
            bad = bad[:chance.randrange(len(bad))]
        elif kind == 1:
            for _ in range(chance.randrange(1, 9)):
                bad[chance.randrange(len(bad))] ^= 1 << chance.randrange(8)
        elif kind == 2:
            at = chance.randrange(len(bad))
            bad[at:at + chance.randrange(1, 50)] = bytes(chance.randrange(1, 50))
        elif kind == 3:
            bad = bytearray(chance.randbytes(chance.randrange(3000)))
        else:
            bad = whole.replace(b"lopin-summary 3", b"lopin-summary 4").replace(b"done=1", b"done=2") + bytes(what)
        path.write_bytes(bad)
        result = long_run("status", "--json")
        assert result.code == 0 and result.out == words, (seed, what)
        assert path.read_bytes() == whole, "it is made again"
    path.unlink()
    path.mkdir()
    assert long_run("status", "--json").out == words


def test_not_while_it_is_computed(long_run):
    """A run that goes on is read from its journals."""
    (long_run.cwd / "a.sh").write_text("#!/bin/sh\nexec sleep 100\n")
    before = long_run("status", "--json").json()
    process = long_run.start("retry")
    try:
        status = {}
        while not status.get("running"):
            assert process.poll() is None
            status = long_run("status", "--json").json()
        assert status["state"] == "running" and len(status["tasks"]) == status["running"]
        assert status["failed"] < before["failed"]
    finally:
        assert long_run("cancel").code == 0
        process.wait()
    after = long_run("status", "--json").json()
    assert after["state"] == "stopped" and after["left"] + after["failed"] == 143


@pytest.mark.sanitize
def test_live_run_of_many_parcels(lopin, wait_until):
    """What a live run is asked for often is read on from where the last one came to: the same words as by a full reading."""
    names = ["one", *("d%05d" % number for number in range(6000))]
    process = gated_run(lopin, names, "-j", "1", "--order", "given")
    run = folder(lopin)
    wait_until(lambda: (run / "journal.0-0").exists() and len(journal(lopin)) > 1)
    keys = [line.split(" ")[1] for line in (run / "datasets").read_text().splitlines()[3:]]

    def add(parcel, first, end):
        with open(run / ("journal.%d-0" % parcel), "ab") as file:
            if not file.tell():
                file.write(b"lopin-journal 1\n" + sealed(b"open wall=1700000000000000 boot=1 cores=2 slots=2 threads=1"))
            for number in range(first, end):
                about = "key=%s attempt=1 slot=%d wall=17000000%08d boot=%d" % (keys[number], number % 2 + 1, number, number + 5)
                file.write(sealed(b"start " + about.encode()))
                state = "failed cause=exit-code code=3 detail=exit%20status%203" if number % 7 == 3 else "done"
                file.write(sealed(("end %s state=%s duration=5 script=0123456789abcdef output=/w/%s" % (about, state, "o" * 90)).encode()))

    def ask():
        said = [lopin(*words).out for words in (("status", "--json"), ("status",), ("list",))]
        answer = json.loads(said[0])
        return answer, [re.sub(r"one +[0-9.]+m?s", "one", re.sub(r'"(start|wall_s)":[^,}]*', "", text)) for text in said]

    def counts(ended, failed):
        answer, quick = ask()
        assert (run / "roll").stat().st_mode & 0o777 == 0o600
        assert (answer["done"], answer["failed"], answer["running"], answer["left"]) == (
            ended - failed, failed, 1, 6000 - ended)
        assert [task["text"] for task in answer["tasks"]] == ["one"]
        assert not failed or "exit-code" in quick[1] and "lopin log 5" in quick[1]
        kept = (run / "roll").read_bytes()
        (run / "roll").write_bytes(kept[:-1])  # one that does not count
        assert ask() == (answer, quick)
        (run / "roll").write_bytes(kept)

    try:
        add(3, 0, 2000)
        add(70000, 2000, 4000)
        counts(4000, sum(number % 7 == 3 for number in range(4000)))
        add(3, 4000, 4001)
        counts(4001, sum(number % 7 == 3 for number in range(4001)))
        with open(run / "journal.3-0", "ab") as file:
            file.write(b"start key=damaged 00000000\n")
        assert "damaged" in lopin("status").out
    finally:
        open_gate(lopin, "one")
        lopin("cancel")
        process.wait()
    assert "damaged" in lopin("status").out
    assert not (run / "roll").exists(), "nobody computes it"


def test_folder_that_may_not_be_written(long_run):
    """A summary is a gift, not a need."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (folder(long_run) / "summary").unlink()
    folder(long_run).chmod(0o500)
    try:
        assert long_run("status").code == 0
        assert not (folder(long_run) / "summary").exists()
    finally:
        folder(long_run).chmod(0o700)
