# SPDX-License-Identifier: Apache-2.0
"""--detach: the terminal is free once the run has begun; what cannot begin is said there."""
import os
import pty
import signal
import subprocess

import pytest
from processes import alive, carriers, kill_all, runner_of, working_in
from queries import ECHO, GATED, journal, last_states, open_gate, status


@pytest.fixture
def detached(lopin):
    lopin.write("gated.py", GATED)
    lopin.write("echo.py", ECHO)
    (lopin.cwd / "gate").mkdir()
    yield lopin
    lopin.close()
    kill_all(lopin.cwd)


def talk(lopin, run=1):
    return (lopin.cwd / ".lopin/runs" / str(run) / "talk").read_text()


@pytest.mark.sanitize
def test_goes_on(detached):
    """Its pipes are closed (else this call would not return), its session is another."""
    result = detached("map", "-c", "1", "--order", "given", "--detach", "gated.py", "one", "two")
    assert result.code == 0 and result.stdout == b"", result.err
    lines = result.err.splitlines()
    assert lines[0].startswith("run 1 ") and "lopin wait 1" in lines[-1] and "lopin cancel 1" in lines[-1]
    runner = runner_of(detached)
    assert os.getsid(runner) not in (os.getsid(0), runner)
    assert [os.readlink("/proc/%d/fd/%d" % (runner, fd)) for fd in range(3)] == [
        "/dev/null", *[str(detached.cwd / ".lopin/runs/1/talk")] * 2]
    assert status(detached)["running"] == 1
    waiting = detached.start("wait", "1")
    for name in "one", "two":
        open_gate(detached, name)
    _, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 0 and b"2 of 2" in err
    assert last_states(journal(detached)) == ["done", "done"]


def test_ends_with_its_talk_kept(detached, wait_until):
    assert detached("map", "--detach", "gated.py", "bad").code == 0
    runner = runner_of(detached)
    keeper = os.getsid(runner)
    open_gate(detached, "bad")
    assert detached("wait", "1").code == 1
    wait_until(lambda: not alive(keeper))
    assert "ValueError" in talk(detached) and "1 failed" in talk(detached)


def test_runner_is_killed(detached, wait_until):
    assert detached("map", "--detach", "gated.py", "one").code == 0
    runner = runner_of(detached)
    keeper = os.getsid(runner)
    os.kill(runner, signal.SIGKILL)
    wait_until(lambda: not alive(keeper))
    assert "lopin resume 1" in talk(detached)
    assert carriers(detached) == [] and working_in(detached.cwd) == []
    open_gate(detached, "one")
    result = detached("resume", "--detach", "1")
    assert result.code == 0 and "lopin wait 1" in result.err
    assert detached("wait", "1").code == 0


@pytest.mark.parametrize("words, code, said", [
    (["map", "--detach", "absent.py", "x"], 2, "absent.py"),
    (["map", "--detach", "--wrong", "echo.py", "x"], 2, "--wrong"),
    (["map", "--detach", "echo.py", "no*thing"], 2, "[no-dataset]"),
    (["resume", "--detach", "9"], 4, "[no-run]"),
])
def test_what_is_wrong_is_said_here(detached, words, code, said):
    result = detached(*words)
    assert said in result.err and "goes on" not in result.err
    assert result.code == detached(*[word for word in words if word != "--detach"]).code
    assert result.code in (code, 4)


def test_what_goes_wrong_behind_the_fork_is_said_here(detached):
    assert detached("map", "--detach", "gated.py", "one").code == 0
    busy = detached("resume", "--detach")
    assert busy.code == 4 and "[run-busy]" in busy.err
    open_gate(detached, "one")
    assert detached("wait").code == 0
    nothing = detached("resume", "--detach")
    assert nothing.code == 0 and "nothing left" in nothing.err and "goes on" not in nothing.err


def test_terminal_is_closed(detached, wait_until):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(["setsid", "-c", "-w", detached.binary, "map", "--detach", "gated.py", "one"], cwd=detached.cwd,
                               env=detached.env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    assert process.wait(60) == 0
    said = b""
    while b"lopin cancel 1" not in said:
        said += os.read(ours, 4096)
    os.close(ours)
    assert status(detached)["running"] == 1
    open_gate(detached, "one")
    assert detached("wait").code == 0


def test_events_go_to_a_file(detached):
    """A file that the line names is kept; a pipe would hold whoever reads it."""
    with open(detached.cwd / "events", "wb") as events:
        assert detached("map", "--json", "--detach", "echo.py", "a", stdout=events).code == 0
        assert detached("wait").code == 0
    assert b'"event": "end"' in (detached.cwd / "events").read_bytes().replace(b'"event":"', b'"event": "')


def test_french(detached):
    result = detached("map", "--detach", "--lang", "fr", "echo.py", "a")
    assert result.code == 0 and "lopin wait 1" in result.err and "goes on" not in result.err
    assert detached("wait").code == 0
