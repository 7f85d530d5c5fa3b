# SPDX-License-Identifier: Apache-2.0
"""What a task starts ends with it, however it hides: sessions of its own, daemons, children of dead children."""
import os
import signal

import pytest
from processes import alive, carriers

# Each way writes the pid of a process that would outlive its task.
WAYS = {
    "background": "sleep 1000 & echo $! >pid.$1",
    "setsid": "setsid sleep 1000 & echo $! >pid.$1",
    "nohup": "nohup sleep 1000 >/dev/null 2>&1 & echo $! >pid.$1",
    "orphan": "(setsid sh -c 'echo $$ >pid.$0; exec sleep 1000' $1 &) ; until [ -s pid.$1 ]; do sleep 0.01; done",
    "no environment": "(env -i setsid sh -c 'echo $$ >pid.$0; exec sleep 1000' $1 &) ; until [ -s pid.$1 ]; do sleep 0.01; done",
}
DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.chdir("/")
        for fd in range(3): os.close(fd)
        os.execvp("sleep", ["sleep", "1000"]) if os.fork() == 0 else None
        time.sleep(1000)
    os._exit(0)
time.sleep(0.1)
"""


@pytest.mark.sanitize
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("status", [0, 3])
def test_ends_with_its_task(lopin, way, status):
    lopin.write("leave.sh", "#!/bin/sh\n%s\nexit %d\n" % (way, status), 0o755)
    result = lopin("map", "--local", "./leave.sh", "a", "b")
    assert result.code == (1 if status else 0), result.err
    for name in "ab":
        assert not alive(int((lopin.cwd / ("pid." + name)).read_text()))
    assert carriers(lopin) == []


def test_daemon(lopin):
    """A double fork with a session of its own, which forks again."""
    lopin.write("daemon.py", DAEMON)
    result = lopin("map", "--local", "daemon.py", "a", "b")
    assert result.code == 0, result.err
    assert carriers(lopin) == []
    assert "left running" in result.err
    french = lopin("map", "--local", "--lang", "fr", "daemon.py", "a")
    assert "laissé" in french.err


def test_others_are_left_alone(lopin, wait_until):
    """The end of one task does not touch what another one, still running, has started in the background."""
    lopin.write("two.py", "import os, subprocess, sys, time\n"
                "name = sys.argv[1]\n"
                "if name == 'long':\n"
                "    child = subprocess.Popen(['setsid', 'sh', '-c', 'echo $$ >child; exec sleep 1000'])\n"
                "    while not os.path.exists('end'): time.sleep(0.01)\n"
                "    sys.exit(0 if child.poll() is None else 9)\n"
                "while not os.path.exists('child'): time.sleep(0.01)\n")
    process = lopin.start("map", "--local", "-j", "2", "--order", "given", "two.py", "long", "1", "2", "3")
    wait_until(lambda: (status := lopin("status", "--json")).code == 0 and status.json()["done"] == 3)
    (lopin.cwd / "end").touch()
    assert process.wait(timeout=60) == 0, process.stderr.read()
    assert carriers(lopin) == []


def test_killed_tasks_leave_nothing(lopin, wait_until):
    """Twice Ctrl-C: what hides from the signal of its group ends too."""
    lopin.write("hide.sh", "#!/bin/sh\n(setsid sh -c 'trap \"\" TERM INT HUP; echo $$ >pid.$0; while :; do sleep 1; done' $1 &)\n"
                "sleep 1000\n", 0o755)
    process = lopin.start("map", "--local", "-j", "2", "./hide.sh", "a", "b")
    pids = wait_until(lambda: (found := [path.read_text().strip() for path in lopin.cwd.glob("pid.*")])
                      and len(found) == min(2, len(os.sched_getaffinity(0))) and all(found) and found)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 75
    assert not [pid for pid in pids if alive(int(pid))]
    assert carriers(lopin) == []


def test_a_lopin_in_a_task(lopin):
    """The inner one adopts and ends its own; the outer one's task is whole."""
    lopin.write("leave.sh", "#!/bin/sh\n%s\n" % WAYS["orphan"], 0o755)
    inner = "%s map --local -Q ../leave.sh x y" % lopin.binary
    result = lopin("map", "--local", "--shell", "mkdir {} && cd {} && %s" % inner, ":::", "a")
    assert result.code == 0, result.err
    for name in "xy":
        assert not alive(int((lopin.cwd / "a" / ("pid." + name)).read_text()))


def test_program_of_run_keeps_what_it_starts(lopin):
    """run and exec become the program: what that leaves is its own affair."""
    lopin("exec", "sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo $! >pid")
    pid = int((lopin.cwd / "pid").read_text())
    assert alive(pid)
    os.kill(pid, signal.SIGKILL)
