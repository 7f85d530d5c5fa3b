# SPDX-License-Identifier: Apache-2.0
"""lopin alloc: a shell or a program on cores of its own, under its limits, with nothing left behind."""
import os
import signal
import sys
import time

import pytest

from processes import ends
from terminal import terminal

CPUS = len(os.sched_getaffinity(0))


def written(lopin, name):
    """Waits for a file with a whole line, and gives it."""
    path, end = lopin.cwd / name, time.monotonic() + 60
    while not path.exists() or not path.read_text().endswith("\n"):
        assert time.monotonic() < end
        time.sleep(0.02)
    return path.read_text()


@pytest.mark.parametrize("words, cores", [(["-c", "1"], 1), (["-n", "1"], 1), ([], CPUS), (["-n", "2", "-c", "1"], 2)])
def test_cores_are_known_to_what_runs_in_it(lopin, words, cores):
    if cores > CPUS:
        pytest.skip("needs two CPUs in the mask")
    done = lopin("alloc", *words, "sh", "-c", "echo $OMP_NUM_THREADS $LOPIN_TASK_CORES; nproc; exit 7")
    assert (done.code, done.out.split()) == (7, [str(cores), str(cores), str(cores)])


def test_without_a_program_it_is_the_user_s_shell(lopin):
    shell = lopin.write("my shell", "#!/bin/sh\necho mine: $0; exit 3\n", mode=0o755)
    done = lopin("alloc", "-c", "1", env={"SHELL": str(shell)})
    assert (done.code, done.out) == (3, "mine: %s\n" % shell)
    for bad in ("", "sh", "/absent/shell", None):
        done = lopin("alloc", "-c", "1", env={"SHELL": bad}, input=b"echo $0\n")
        assert (done.code, done.out) == (0, "/bin/sh\n")


def test_the_environment_is_active(lopin, wheelhouse):
    done = lopin("alloc", "-c", "1", "--with", "six", "--no-index", "--find-links", str(wheelhouse),
                 "sh", "-c", "python -c 'import six; print(six.__file__)'; echo $VIRTUAL_ENV")
    assert done.code == 0, done.err
    module, env = done.out.split()
    assert module.startswith(env) and "/cache/lopin/envs/" in env


def test_memory_is_that_of_a_run_in_it(lopin):
    words = ["alloc", "--mem", "300M", lopin.binary]
    assert "300M of memory (lopin alloc)" in lopin(*words, "map", "--dry-run", "/bin/true", "a").out
    done = lopin(*words, "map", "--mem", "400M", "/bin/true", "a")
    assert done.code == 2 and "[over-limit]" in done.err


def test_who_takes_too_much_memory_is_killed_and_the_shell_goes_on(lopin):
    script = "%s -c 'x = bytearray(400 << 20); import time; time.sleep(100)'; echo $? still here" % sys.executable
    done = lopin("alloc", "-c", "1", "--mem", "200M", "sh", "-c", script)
    assert (done.code, done.out) == (0, "137 still here\n")
    assert done.err.count("[memory-limit]") == 1


def test_memory_counts_what_has_lost_its_parent(lopin):
    lopin.write("big.py", """
import os, time
child = os.fork()
if child:
    open("left", "w").write(str(child))
    os._exit(0)
os.setsid()
held = bytearray(400 << 20)
time.sleep(100)
""")
    script = "%s big.py; while test -d /proc/$(cat left); do sleep 0.1; done; echo still here" % sys.executable
    done = lopin("alloc", "-c", "1", "--mem", "200M", "sh", "-c", script)
    assert (done.code, done.out) == (0, "still here\n")
    assert done.err.count("[memory-limit]") == 1


def test_time_ends_all_that_runs_in_it(lopin):
    script = "setsid sleep 1000 & echo $! >left; trap '' HUP; sleep 1000"
    done = lopin("alloc", "-c", "1", "-t", "1s", "sh", "-c", script)
    assert done.code != 0 and "[time-limit]" in done.err
    assert ends(int(written(lopin, "left")))


def test_nothing_is_left_behind(lopin):
    script = "(setsid sh -c 'echo $$ >left.new; mv left.new left; exec sleep 1000' &) ; while ! test -e left; do sleep 0.01; done"
    assert lopin("alloc", "-c", "1", "sh", "-c", script).code == 0
    assert ends(int(written(lopin, "left")))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_for_the_program(lopin, number):
    script = "trap 'echo caught; exit 5' TERM HUP; echo up >up; while :; do sleep 0.05; done"
    process = lopin.start("alloc", "-c", "1", "sh", "-c", script)
    written(lopin, "up")
    process.send_signal(number)
    assert process.wait(60) == 5 and process.stdout.read() == b"caught\n"


def test_a_program_that_ends_by_a_signal(lopin):
    assert lopin("alloc", "-c", "1", "sh", "-c", "kill -9 $$").code == 137


@pytest.mark.parametrize("words, code, says", [
    (["absent-program"], 127, "[no-program]"),
    (["./plain"], 126, "[no-program]"),
    (["a.py"], 125, "lopin alloc lopin run a.py"),
    (["-c", "4096", "true"], 125, "[over-limit]"),
    (["-n", "0", "true"], 125, "-n"),
    (["--mem", "1G", "--mem-per-cpu", "1G", "true"], 125, "--mem"),
    (["-t", "soon", "true"], 125, "-t"),
])
def test_bad_lines(lopin, words, code, says):
    lopin.write("plain", "no program\n")
    lopin.write("a.py", "")
    done = lopin("alloc", *words)
    assert done.code == code and says in done.err, done.err


def test_a_shell_in_a_terminal(lopin):
    """Ctrl-C ends what the shell runs, not the allocation; Ctrl-Z stops it; exit gives the shell's status."""
    env = dict(lopin.env, SHELL="/bin/sh", PS1="$ ", ENV="/dev/null")
    with terminal([str(lopin.binary), "alloc", "-c", "1"], 80, env=env, cwd=str(lopin.cwd)) as window:
        window.wait(lambda screen: screen.endswith("$"))
        window.type("echo up; sleep 1000", "Enter")
        window.wait(lambda screen: "\nup" in screen)
        window.type("", "C-c")
        window.type("echo and $((40 + 2))", "Enter")
        window.wait(lambda screen: "and 42" in screen)
        window.type("exit 9", "Enter")
        assert window.wait(lambda screen: window.status()) == 9


def test_stopped_from_a_terminal_it_stops(lopin):
    """A program that is no shell: Ctrl-Z gives the prompt back, fg goes on."""
    env = dict(lopin.env, PS1="$ ", LOPIN=str(lopin.binary))
    with terminal(["bash", "--norc", "-i"], 80, env=env, cwd=str(lopin.cwd)) as window:
        window.wait(lambda screen: screen.endswith("$"))
        window.type("$LOPIN alloc -c 1 sh -c 'echo up; read line; echo got $line; exit 4'", "Enter")
        window.wait(lambda screen: "\nup" in screen)
        window.type("", "C-z")
        window.wait(lambda screen: "Stopped" in screen)
        window.type("fg", "Enter")
        window.type("word", "Enter")
        window.wait(lambda screen: "got word" in screen)
        window.type("exit $?", "Enter")
        assert window.wait(lambda screen: window.status()) == 4


def test_its_cores_are_nobody_else_s(lopin, tmp_path):
    lopin.env["LOPIN_LEDGER"] = str(tmp_path / "cores")
    first = lopin.start("alloc", "sh", "-c", "echo up >up; %s map -c %d /bin/true x && echo done >done; sleep 1000" % (lopin.binary, CPUS))
    written(lopin, "done")  # in it nobody waits for it
    second = lopin.start("map", "/bin/true", "x")
    for line in second.stderr:
        if b"waiting for" in line:
            break
    else:
        pytest.fail("it did not wait")
    first.terminate()
    assert second.wait(60) == 0
