# SPDX-License-Identifier: Apache-2.0
"""What /proc knows of the processes that a test's runs have started."""
import contextlib
import os
import signal
import time


def working_in(folder):
    """Pids of those whose current folder it is."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink("/proc/%s/cwd" % pid) == str(folder):
                found.append(int(pid))
        except OSError:
            continue
    return found


def carriers(lopin, run=1):
    """Pids of those with LOPIN_RUN of the run in their environment."""
    entry = b"LOPIN_RUN=%s/.lopin/runs/%d" % (os.fsencode(lopin.cwd), run)
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/environ" % pid, "rb") as file:
                if entry in file.read().split(b"\0"):
                    found.append(int(pid))
        except OSError:
            continue
    return found


def alive(pid):
    """It runs: neither gone nor a zombie."""
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def ends(pid, limit=60):
    """Waits until it does not run any more; whether it came to that."""
    end = time.monotonic() + limit
    while alive(pid):
        if time.monotonic() >= end:
            return False
        time.sleep(0.05)
    return True


def end_sleeps(folder):
    """Ends each `sleep` that works there: tasks that wait by it go on."""
    for pid in working_in(folder):
        try:
            with open("/proc/%d/comm" % pid, encoding="ascii") as file:
                if file.read().strip() == "sleep":
                    os.kill(pid, signal.SIGTERM)
        except OSError:
            continue


def kill_all(folder):
    """Ends what works there and no resume will end."""
    for pid in working_in(folder):
        with contextlib.suppress(ProcessLookupError):  # it ends by itself meanwhile
            os.kill(pid, signal.SIGKILL)


def runner_of(lopin, run=1):
    """The pid of the runner that has a run, below its keeper; None while nobody has it."""
    path = lopin.cwd / ".lopin/runs" / str(run) / "owner"
    try:
        fields = dict(line.split(" ", 1) for line in path.read_text().splitlines()[1:])
        return int(fields["pid"])
    except (OSError, KeyError, ValueError):
        return None


def kill_together(keeper, runner):
    """kill -9 of both, neither of which can do anything about the other's."""
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in (keeper, runner):
            os.kill(pid, number)
