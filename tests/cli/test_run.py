# SPDX-License-Identifier: Apache-2.0
"""lopin run and lopin exec: one task that has the cores, the terminal, the signals and the exit status to itself."""
import os
import pty
import signal
import subprocess
import sys

import pytest

CPUS = sorted(os.sched_getaffinity(0))
SHOW = ("import json, os, sys, multiprocessing\n"
        "print(json.dumps({'argv': sys.argv, 'cpus': sorted(os.sched_getaffinity(0)), 'count': os.cpu_count(),\n"
        "                  'pool': multiprocessing.cpu_count(), 'python': sys.executable, 'prefix': sys.prefix,\n"
        "                  'pid': os.getpid(), 'path': sys.path}))\n")


def pythons():
    """One parameter a version of CPython found by script/pythons; those absent are skipped by name."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    done = subprocess.run([root + "/script/pythons"], capture_output=True, text=True, check=True)
    found = [line.split(None, 1) for line in done.stdout.splitlines()]
    return [pytest.param(path, id=version) for version, path in found] + [
        pytest.param(None, id=line.split()[-1], marks=pytest.mark.skip(reason=line)) for line in done.stderr.splitlines()]


def test_exec_s_program_is_one_of_its_environment(lopin):
    """By the name alone: `python` is that of --python, whatever the caller's PATH has."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", lopin.cwd / "a venv"], check=True)
    prefix = str(lopin.cwd / "a venv")
    for words in (["--python", "a venv/bin/python"], ["--env", "a venv"], ["--python", prefix + "/bin/python3"]):
        for command in ("exec", "alloc"):
            result = lopin(command, "-c", "1", *words, "python", "-c", "import sys; print(sys.prefix)")
            assert (result.code, result.out) == (0, prefix + "\n"), result.err


def test_becomes_the_program(lopin):
    """No process of ours stays: the pid is the script's."""
    lopin.write("show.py", SHOW)
    process = lopin.start("run", "show.py", "--x", "a b", "-c")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    import json

    seen = json.loads(out)
    assert seen["pid"] == process.pid and seen["argv"] == ["show.py", "--x", "a b", "-c"]
    assert seen["count"] == len(seen["cpus"]) and err == b""


@pytest.mark.parametrize("python", pythons())
def test_one_core_in_every_python(lopin, python):
    """os.cpu_count() and Pool() see the slot, in map and run, in any interpreter and a venv of it."""
    lopin.write("count.py", "import multiprocessing, os, sys\n"
                "if __name__ == '__main__':\n"
                "    with multiprocessing.Pool() as pool: size = pool._processes\n"
                "    with open(sys.argv[1], 'w') as file: file.write('%s %s %s %s' % (os.cpu_count(), size,\n"
                "        len(os.sched_getaffinity(0)), sys.prefix))\n")
    made = subprocess.run([python, "-m", "venv", "--without-pip", lopin.cwd / "venv"], capture_output=True, check=False)
    ways = [["--python", python]] + ([["--env", "venv"]] if made.returncode == 0 else [])
    for way in ways:
        for words in (["map", "--local", "-T", "1", *way, "count.py", "one"], ["run", "-c", "1", *way, "count.py", "one"]):
            result = lopin(*words)
            assert result.code == 0, result.err
            seen = (lopin.cwd / "one").read_text().split()
            assert seen[:3] == ["1", "1", "1"]
            assert way[0] == "--python" or seen[3] == str(lopin.cwd / "venv")


@pytest.mark.parametrize("code", [0, 1, 3, 75, 125, 255])
def test_status_is_the_script_s(lopin, code):
    lopin.write("end.py", "import sys; sys.exit(%d)\n" % code)
    assert lopin("run", "end.py").code == code
    assert lopin("exec", "sh", "-c", "exit %d" % code).code == code


def test_signal_is_the_script_s(lopin):
    assert lopin("exec", "sh", "-c", "kill -TERM $$").code == -signal.SIGTERM


def test_its_own_errors(lopin):
    result = lopin("exec", "no-such-program")
    assert result.code == 127 and "[no-program]" in result.err
    lopin.write("plain", "text")
    result = lopin("exec", "./plain")
    assert result.code == 126 and "[no-program]" in result.err and "chmod +x ./plain" in result.err
    result = lopin("run", "-c", "100000", "x.py")
    assert result.code in (125, 127)
    lopin.write("x.py", "")
    result = lopin("run", "-c", "100000", "x.py")
    assert result.code == 125 and "[over-limit]" in result.err
    result = lopin("run")
    assert result.code == 125 and "[usage]" in result.err
    assert not (lopin.cwd / ".lopin").exists()


def test_terminal_is_the_script_s(lopin):
    primary, secondary = pty.openpty()
    process = lopin.start("exec", "sh", "-c", "test -t 0 && test -t 1 && test -t 2 && read line && echo got $line",
                          stdin=secondary, stdout=secondary, stderr=secondary)
    os.close(secondary)
    os.write(primary, b"words\n")
    assert process.wait(timeout=60) == 0
    os.close(primary)


def test_stdin_and_bytes(lopin):
    result = lopin("exec", "cat", input=b"\xff\x00a")
    assert result.stdout == b"\xff\x00a"
    assert lopin("exec", "printf", "%s", b"\xff\n x").stdout == b"\xff\n x"


def test_environment_of_a_venv(lopin):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", lopin.cwd / "venv"], check=True)
    tool = lopin.write("venv/bin/tool", "#!/bin/sh\necho $VIRTUAL_ENV; command -v python3\n", 0o755)
    result = lopin("exec", "--env", "venv", "tool")
    assert result.out.split() == [str(lopin.cwd / "venv"), str(tool.parent / "python3")], result.err
    lopin.write("show.py", SHOW)
    result = lopin("run", "show.py", env={"VIRTUAL_ENV": str(lopin.cwd / "venv"),
                                          "PATH": "%s/venv/bin:%s" % (lopin.cwd, lopin.env["PATH"])})
    assert result.json()["prefix"] == str(lopin.cwd / "venv")
    result = lopin("run", "--env", "none", "show.py", env={"VIRTUAL_ENV": str(lopin.cwd / "venv")})
    assert result.code == 0 and result.json()["prefix"] != str(lopin.cwd / "venv")


def test_nested_lopin_keeps_to_its_slot(lopin):
    """A lopin in a task has the cores of that task, and its tasks' variables are its own."""
    inner = "%s map --local -Q -I @ --shell 'nproc >nproc.@; echo $LOPIN_TASK_DATASET >set.@' ::: x y z" % lopin.binary
    result = lopin("map", "--local", "-T", "1", "-o", "log", "--shell", "mkdir {} && cd {} && " + inner, ":::", "a")
    assert result.code == 0, result.err + (lopin.cwd / "log").read_text()
    for name in "xyz":
        assert (lopin.cwd / "a" / ("nproc." + name)).read_text() == "1\n"
        assert (lopin.cwd / "a" / ("set." + name)).read_text() == name + "\n"


@pytest.fixture
def quota(lopin):
    """A control group (v1) of one CPU's time; gives a preexec_fn that enters it."""
    folder = "/sys/fs/cgroup/cpu/lopin-test-%d" % os.getpid()
    try:
        os.mkdir(folder)
        for name, value in (("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", "100000")):
            with open(folder + "/" + name, "w", encoding="ascii") as file:
                file.write(value)
    except OSError as error:
        pytest.skip("cannot make a control group here: %s" % error)

    def enter():
        with open(folder + "/cgroup.procs", "w", encoding="ascii") as file:
            file.write(str(os.getpid()))

    yield enter
    os.rmdir(folder)


@pytest.mark.skipif(len(CPUS) < 2, reason="needs two CPUs in the mask")
def test_quota_of_a_container(lopin, quota):
    """The time that is granted, not the mask, says how many tasks run at once."""
    result = lopin("map", "--dry-run", "true", "a", "b", "c", preexec_fn=quota)
    assert result.code == 0 and "1 side by side" in result.out and "quota" in result.out
    result = lopin("map", "-c", "2", "true", "a", preexec_fn=quota)
    assert result.code == 2 and "[over-limit]" in result.err and "-c 1" in result.err
    assert lopin("exec", "nproc", preexec_fn=quota).out == "1\n"
