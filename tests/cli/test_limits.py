# SPDX-License-Identifier: Apache-2.0
"""-t, --timeout, --signal, --retries, --max-continue, --halt: what ends early, and what runs again."""
import os
import time

import pytest
from processes import alive, carriers, kill_all
from queries import journal, status

# What a task is told to do is its dataset; what it did, it notes in `seen`.
TASK = """#!/bin/sh
note() { echo "$1" >>seen; }
trap 'note "TERM $$"; exit 1' TERM
trap 'note USR1; echo whole >"$2"; exit 75' USR1
case $1 in
quick*) ;;
fails*) exit 3 ;;
mends*) [ "$LOPIN_TASK_ATTEMPT" -ge 3 ] || exit 3 ;;
saves*) echo "$LOPIN_TASK_ATTEMPT" >>"$2"; [ "$LOPIN_TASK_ATTEMPT" -ge 3 ] || exit 75 ;;
again*) exit 75 ;;
deadline*) note "$LOPIN_TASK_DEADLINE" ;;
stubborn*) trap '' TERM; setsid sleep 1000 & note begun; while :; do sleep 0.05; done ;;
waits*) note begun; while [ ! -e gate ]; do sleep 0.05; done ;;
esac
[ -z "$2" ] || [ -e "$2" ] || echo whole >"$2"
"""


@pytest.fixture
def limits(lopin):
    lopin.write("task", TASK)
    (lopin.cwd / "task").chmod(0o755)
    yield lopin
    lopin.close()
    kill_all(lopin.cwd)


def seen(lopin):
    path = lopin.cwd / "seen"
    return path.read_text().splitlines() if path.exists() else []


def report(lopin):
    return lopin("report", "--json").json()


def ends(lopin):
    """[(state, cause, attempt)] in the order of the journal."""
    return [
        (record["state"], record.get("cause", ""), int(record["attempt"]))
        for record in journal(lopin)
        if record["kind"] == "end"
    ]


@pytest.mark.sanitize
def test_a_failed_one_runs_again_as_often_as_asked(limits):
    done = limits("map", "--retries", "2", "./task", "mends", "fails", "quick")
    assert done.code == 1
    assert status(limits)["done"] == 2 and status(limits)["failed"] == 1
    attempts = {task["text"]: task["attempt"] for task in report(limits)["tasks"]}
    assert attempts == {"mends": 3, "fails": 3, "quick": 1}
    assert ends(limits).count(("again", "exit-code", 1)) == 2
    # a resumption gives new retries to what is retried
    assert limits("retry", "--retries", "1").code == 1
    assert [task["attempt"] for task in report(limits)["tasks"] if task["text"] == "fails"] == [5]


@pytest.mark.sanitize
def test_exit_75_is_no_failure_and_keeps_what_it_saved(limits):
    done = limits("map", "--out", "{}.out", "./task", "{}", "{out}", ":::", "saves")
    assert done.code == 0, done.err
    assert (limits.cwd / "saves.out").read_text() == "1\n2\n3\n"
    assert ends(limits) == [("again", "", 1), ("again", "", 2), ("done", "", 3)]


def test_exit_75_that_leads_nowhere_is_a_failure(limits):
    done = limits("map", "--retries", "5", "./task", "again")
    assert done.code == 1 and "3 times in a row" in done.err
    assert [end[0] for end in ends(limits)] == ["again", "again", "failed"]
    assert limits("map", "--max-continue", "1", "./task", "again").code == 1
    assert "--max-continue" in limits("status").out


@pytest.mark.sanitize
def test_a_task_that_takes_too_long_is_ended_with_all_it_started(limits):
    done = limits("map", "-j", "2", "--timeout", "1s", "./task", "waits", "quick")
    assert done.code == 1
    assert [end for end in ends(limits) if end[0] == "failed"] == [("failed", "task-timeout", 1)]
    assert "task-timeout" in done.err and "--timeout" in done.err
    assert any(line.startswith("TERM") for line in seen(limits))
    assert not carriers(limits)


@pytest.mark.slow
def test_one_that_ignores_sigterm_is_killed_with_its_session(limits):
    assert limits("map", "--timeout", "0.5s", "./task", "stubborn").code == 1
    assert not carriers(limits)
    assert [end[:2] for end in ends(limits)] == [("failed", "task-timeout")]


@pytest.mark.sanitize
def test_the_time_of_a_run_ends_it_and_it_goes_on_later(limits):
    done = limits("map", "-j", "1", "--order", "given", "-t", "2s", "./task", "quick1", "waits", "quick2")
    assert done.code == 75 and "time" in done.err and "lopin resume 1" in done.err
    assert ends(limits)[-1] == ("stopped", "time-limit", 1)
    assert status(limits)["left"] == 2 and not carriers(limits)
    (limits.cwd / "gate").touch()
    assert limits("resume", "-t", "90").code == 0
    assert status(limits)["done"] == 3
    assert [task["attempt"] for task in report(limits)["tasks"]] == [1, 2, 1]


def test_a_warning_before_the_end_lets_a_task_save(limits):
    done = limits("map", "-t", "4s", "--signal", "USR1@2", "--out", "{}.out", "./task", "{}", "{out}", ":::", "waits")
    assert done.code == 75, done.err
    assert "USR1" in seen(limits) and ends(limits)[-1][:2] == ("again", "")
    (limits.cwd / "gate").touch()
    assert limits("resume").code == 0  # it finds what it had saved at {out}
    assert (limits.cwd / "waits.out").read_text() == "whole\n"


def test_what_does_not_fit_into_the_time_left_is_not_begun(limits):
    limits.write("half", "#!/bin/sh\necho >>ran\nsleep 0.5\n")
    (limits.cwd / "half").chmod(0o755)
    done = limits("map", "-j", "1", "-t", "4s", "./half", *"abcdefghijklmnopq")
    assert done.code == 75
    assert all(end[0] == "done" for end in ends(limits)), "none was begun in vain"
    assert len((limits.cwd / "ran").read_text().splitlines()) == status(limits)["done"] >= 3


def test_a_task_knows_its_deadline(limits):
    before = time.time()
    assert limits("map", "-t", "1:00:00", "./task", "deadline").code == 0
    assert limits("map", "-t", "1:00:00", "--timeout", "5m", "./task", "deadline").code == 0
    assert limits("map", "./task", "deadline").code == 0
    hour, five, none = (seen(limits) + [""])[:3]
    assert before + 3500 <= int(hour) <= time.time() + 3540 and int(five) <= time.time() + 300 and none == ""


@pytest.mark.parametrize("halt, code, done, failed", [
    ("now,fail=1", 1, 2, 1), ("soon,fail=2", 1, 2, 2), ("soon,success=1", 0, 1, 0), ("soon,done=3", 1, 2, 1),
    ("soon,fail=40%", 1, 2, 2), ("never", 1, 3, 2),
])
def test_halt_stops_early(limits, halt, code, done, failed):
    words = ["quick1", "quick2", "fails1", "fails2", "quick3"]
    result = limits("map", "-j", "1", "--order", "given", "--halt", halt, "./task", *words)
    assert (result.code, status(limits)["done"], status(limits)["failed"]) == (code, done, failed)


def test_halt_now_ends_those_that_run(limits):
    done = limits("map", "-j", "2", "--order", "given", "--halt", "now,fail=1", "./task", "waits", "fails", "quick")
    assert done.code == 1 and "--halt" in done.err
    assert sorted(end[0] for end in ends(limits)) == ["failed", "stopped"]


@pytest.mark.parametrize("words, text", [
    (["-t", "soon"], "time"), (["-t", "0"], "time"), (["--timeout", "90"], "90s"), (["--signal", "USR1"], "-t"),
    (["-t", "1:00", "--signal", "USR1@60"], "shorter"), (["--signal", "NONE@5"], "signal"),
    (["--halt", "now"], "--halt"), (["--halt", "soon,fail=0"], "--halt"), (["--halt", "soon,fail=101%"], "--halt"),
    (["--retries", "-1"], "65535"), (["--retries", "many"], "65535"),
])
def test_bad_limits_are_refused(limits, words, text):
    done = limits("map", *words, "./task", "quick")
    assert done.code == 2 and "[usage]" in done.err and text in done.err
    assert not os.path.exists(limits.cwd / ".lopin")


def test_a_killed_run_keeps_what_its_tasks_had_saved(limits, wait_until):
    """Exit 75, then kill -9 of the runner before the next attempt ends: the saved part is not lost."""
    limits.write("part", "#!/bin/sh\necho $LOPIN_TASK_ATTEMPT >>\"$2\"\n"
                 "[ -e gate ] && exit 0\n[ $LOPIN_TASK_ATTEMPT = 1 ] && exit 75\n: >second; sleep 1000\n")
    (limits.cwd / "part").chmod(0o755)
    process = limits.start("map", "--out", "{}.out", "./part", "{}", "{out}", ":::", "x")
    wait_until(lambda: (limits.cwd / "second").exists())
    owner = int((limits.cwd / ".lopin/runs/1/owner").read_text().split("pid ")[1].split()[0])
    os.kill(owner, 9)
    process.wait()
    wait_until(lambda: not alive(owner))
    (limits.cwd / "gate").touch()
    # the second attempt was cut off: what it wrote is torn, so the third begins anew
    assert limits("resume").code == 0
    assert (limits.cwd / "x.out").read_text() == "3\n"
