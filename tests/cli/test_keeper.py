# SPDX-License-Identifier: Apache-2.0
"""Signals, terminals and the keeper: what reaches a run, once, and what is left after it."""
import contextlib
import fcntl
import os
import pty
import signal
import subprocess
import termios

import pytest
from processes import alive, carriers, kill_all, runner_of, working_in
from queries import GATED, journal, last_states, open_gate, status
from terminal import terminal

# Notes SIGTERM and ends by it; its child is in a session of its own, without our environment.
TELLS = """#!/bin/sh
(env -i setsid sh -c 'echo $$ >pid.$0; exec sleep 1000' $1 &)
until [ -s pid.$1 ]; do sleep 0.01; done
trap 'echo $1 >>told; exit 3' TERM
echo $$ >begun.$1
while :; do sleep 0.01; done
"""


@pytest.fixture
def kept(lopin):
    lopin.write("tells.sh", TELLS, 0o755)
    yield lopin
    lopin.close()
    kill_all(lopin.cwd)


def told(lopin):
    try:
        return sorted((lopin.cwd / "told").read_text().split())
    except FileNotFoundError:
        return []


def begin(lopin, wait_until, **options):
    process = lopin.start("map", "-j", "1", "./tells.sh", "a", **options)
    wait_until(lambda: (lopin.cwd / "begun.a").exists())
    return process


def gone(lopin):
    """Nothing is left, and what was not finished is to be run again."""
    assert not alive(int((lopin.cwd / "pid.a").read_text()))  # whoever ended the run waited for it
    assert carriers(lopin) == [] and working_in(lopin.cwd) == []
    assert last_states(journal(lopin))[0] in ("begun", "stopped")
    assert lopin("status", "--check").code == 75


@pytest.mark.sanitize
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGUSR1, signal.SIGQUIT])
def test_runner_ends_by_a_signal(kept, wait_until, number):
    process = begin(kept, wait_until)
    os.kill(runner_of(kept), number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert b"lopin resume 1" in err and signal.Signals(number).name.encode() in err
    gone(kept)


@pytest.mark.sanitize
def test_keeper_is_killed(kept, wait_until):
    process = begin(kept, wait_until)
    process.kill()
    process.communicate(timeout=60)  # the runner has its end of the pipes
    assert told(kept) == []  # at once, without grace
    gone(kept)


def test_task_is_killed(kept, wait_until):
    process = kept.start("map", "-j", "1", "./tells.sh", "a", "b")
    task = wait_until(lambda: (kept.cwd / "begun.a").exists() and (kept.cwd / "begun.a").read_text())
    os.kill(int(task), signal.SIGKILL)
    wait_until(lambda: (kept.cwd / "begun.b").exists())
    wait_until(lambda: not alive(int((kept.cwd / "pid.a").read_text())))
    assert status(kept)["failed"] == 1
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 75


def two_gated(lopin):
    """A run of two, one at a time, that waits; in a process group of its own."""
    lopin.write("gated.py", GATED)
    (lopin.cwd / "gate").mkdir()
    return lopin.start("map", "-c", "1", "--json", "--order", "given", "gated.py", "one", "two", start_new_session=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["keeper", "group"])
def test_first_signal_lets_finish(kept, wait_until, number, send):
    """Also one that keeper and runner both get, as from a batch system, counts once."""
    process = two_gated(kept)
    wait_until(lambda: status(kept)["running"] == 1)
    send(process.pid, number)
    seen = b""
    while b'"stopping"' not in seen:
        seen += os.read(process.stdout.fileno(), 4096)
    open_gate(kept, "one")
    rest, err = process.communicate(timeout=60)
    assert process.returncode == 75 and b'"killing"' not in seen + rest, err
    assert sorted(last_states(journal(kept))) == ["done"]


@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["keeper", "group"])
def test_hangup_tells_tasks_once(kept, wait_until, send):
    process = begin(kept, wait_until, start_new_session=True)
    send(process.pid, signal.SIGHUP)
    assert process.wait(60) == 75
    assert told(kept) == ["a"]
    gone(kept)


def test_ignored_stays_ignored(kept, wait_until):
    """As with nohup; the run goes on until it is cancelled."""
    process = begin(kept, wait_until, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
                    start_new_session=True)
    os.killpg(process.pid, signal.SIGHUP)
    assert status(kept)["running"] == 1
    assert kept("cancel").code == 0
    assert process.wait(60) == 75 and told(kept) == ["a"]


def test_pre_existing_children_are_spared(kept):
    """Of who executed lopin in its own place."""
    result = subprocess.run(["sh", "-c", 'sleep 1000 >/dev/null 2>&1 & echo $!; exec "$0" map -Q /bin/true a b',
                             kept.binary], cwd=kept.cwd, env=kept.env, capture_output=True, timeout=60, check=True)
    pid = int(result.stdout)
    assert alive(pid)
    os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def on_terminal(words, lopin):
    """Runs words as the leader of a terminal's session; gives the process and our end of the terminal."""
    ours, theirs = pty.openpty()

    def lead():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen([str(word) for word in words], stdin=theirs, stdout=theirs, stderr=theirs,
                               cwd=lopin.cwd, env=lopin.env, preexec_fn=lead)
    os.close(theirs)
    try:
        yield process, ours
    finally:
        with contextlib.suppress(OSError):
            os.close(ours)
        if process.poll() is None:
            process.kill()
        process.wait()


@pytest.mark.parametrize("above", [[], ["sh", "-c", '"$@"; exit $?', "-"], ["bash", "-i", "-c", '"$@"; exit $?', "-"]],
                         ids=["leader", "sh", "bash"])
def test_closed_terminal(kept, wait_until, above):
    """Tasks are told once, have their grace, and nothing is left."""
    with on_terminal([*above, kept.binary, "map", "-j", "1", "./tells.sh", "a"], kept) as (process, ours):
        wait_until(lambda: (kept.cwd / "begun.a").exists())
        os.close(ours)
        wait_until(lambda: runner_of(kept) is None)
        process.wait(60)
    assert told(kept) == ["a"]
    wait_until(lambda: working_in(kept.cwd) == [])
    gone(kept)


def test_ctrl_c_of_a_terminal(kept, wait_until):
    """Once lets it finish, twice ends it: each reaches the runner once."""
    with on_terminal([kept.binary, "map", "-j", "1", "./tells.sh", "a", "b"], kept) as (process, ours):
        wait_until(lambda: (kept.cwd / "begun.a").exists())
        os.write(ours, b"\x03")
        seen = b""
        while b"^C again" not in seen:
            seen += os.read(ours, 4096)
        assert told(kept) == []
        os.write(ours, b"\x03")
        with contextlib.suppress(OSError):
            while os.read(ours, 4096):
                pass
        assert process.wait(60) == 75
    assert told(kept) == ["a"]
    gone(kept)


def states_of(pids):
    found = ""
    for pid in pids:
        with open("/proc/%d/stat" % pid, encoding="ascii") as file:
            found += file.read().rsplit(")", 1)[1].split()[0]
    return found


@contextlib.contextmanager
def job(lopin, wait_until):
    """A run in the foreground of a shell: its window, keeper and runner."""
    with terminal(["bash", "--norc", "-i"], env=dict(lopin.env, PS1="ready> "), cwd=lopin.cwd) as window:
        window.wait(lambda screen: "ready>" in screen)
        window.type("%s map -j 1 ./tells.sh a" % lopin.binary, "Enter")
        wait_until(lambda: (lopin.cwd / "begun.a").exists())
        runner = runner_of(lopin)
        with open("/proc/%d/stat" % runner, encoding="ascii") as file:
            keeper = int(file.read().rsplit(")", 1)[1].split()[1])
        yield window, keeper, runner
    wait_until(lambda: working_in(lopin.cwd) == [])
    gone(lopin)


def test_job_control(kept, wait_until):
    """^Z gives the shell its terminal back, the tasks go on; fg and bg continue both processes."""
    with job(kept, wait_until) as (window, keeper, runner):
        owner = kept.cwd / ".lopin/runs/1/owner"
        for again in "fg", "bg":
            os.utime(owner, (1000, 1000))
            window.type("", "C-z")
            window.wait(lambda screen: "Stopped" in screen)
            wait_until(lambda: states_of([keeper, runner]) == "TT")
            wait_until(lambda: owner.stat().st_mtime > 1000)
            assert kept("resume").code == 4  # [run-busy]
            window.type("clear; " + again, "Enter")
            wait_until(lambda: "T" not in states_of([keeper, runner]))
        assert kept("cancel").code == 0
        wait_until(lambda: not os.path.exists("/proc/%d" % keeper))
    assert told(kept) == ["a"]


def test_runner_of_a_stopped_job_is_killed(kept, wait_until):
    with job(kept, wait_until) as (window, keeper, runner):
        window.type("", "C-z")
        wait_until(lambda: states_of([keeper, runner]) == "TT")
        os.kill(runner, signal.SIGKILL)
        window.wait(lambda screen: "lopin resume 1" in screen)


def test_stopped_job_is_cancelled(kept, wait_until):
    """Both are stopped; a runner killed meanwhile leaves nothing either."""
    for end in "cancel", "kill":
        process = begin(kept, wait_until, start_new_session=True)
        runner = runner_of(kept, 1 if end == "cancel" else 2)
        os.killpg(process.pid, signal.SIGSTOP)
        wait_until(lambda: states_of([process.pid, runner]) == "TT")
        if end == "cancel":
            assert kept("cancel").code == 0
            assert process.wait(60) == 75
        else:
            os.kill(runner, signal.SIGKILL)
            process.send_signal(signal.SIGCONT)
            assert process.wait(60) == 128 + signal.SIGKILL
        assert not alive(int((kept.cwd / "pid.a").read_text()))
        (kept.cwd / "begun.a").unlink()


def test_stopped_runner_has_its_run(kept, wait_until):
    process = begin(kept, wait_until)
    runner = runner_of(kept)
    os.kill(runner, signal.SIGSTOP)
    wait_until(lambda: states_of([runner]) == "T")
    result = kept("resume")
    assert result.code == 4 and "[run-busy]" in result.err
    assert process.poll() is None and alive(int((kept.cwd / "pid.a").read_text()))
    os.kill(runner, signal.SIGCONT)
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 75
    gone(kept)


@pytest.mark.slow
def test_heartbeat_and_a_lost_run(kept, wait_until):
    """A stopped runner's file is touched by its keeper; one that finds another's file ends its tasks and writes nothing more."""
    stopped = begin(kept, wait_until)
    runner = runner_of(kept)
    os.kill(runner, signal.SIGSTOP)
    owner = kept.cwd / ".lopin/runs/1/owner"
    os.utime(owner, (1000, 1000))
    lost = kept.start("map", "-j", "1", "--out", "out/{}", "--shell", "echo {} >{out}; sleep 1000", ":::", "b")
    wait_until(lambda: list(kept.cwd.glob("out/.lopin-*/b")))
    theirs = "lopin-owner 1\nhost elsewhere\nboot 1-2-3\npid 4711\nstart 99\n"
    (kept.cwd / ".lopin/runs/2/owner").write_text(theirs)
    before = journal(kept, 2)
    _, err = lost.communicate(timeout=60)
    assert lost.returncode == 4 and b"[run-busy]" in err and b"4711" in err and b"elsewhere" in err
    assert carriers(kept, 2) == []
    assert journal(kept, 2) == before  # START, and neither end nor close
    assert list(kept.cwd.glob("out/.lopin-*/b")) and not (kept.cwd / "out/b").exists()
    assert (kept.cwd / ".lopin/runs/2/owner").read_text() == theirs
    wait_until(lambda: owner.stat().st_mtime > 1000)
    os.kill(runner, signal.SIGCONT)
    stopped.send_signal(signal.SIGHUP)
    assert stopped.wait(60) == 75
