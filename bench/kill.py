# SPDX-License-Identifier: Apache-2.0
"""From kill -9 of a runner to the end of all that its tasks have started."""
import os
import pathlib
import select
import signal
import subprocess
import tempfile
import time

import common

SLOTS = 2
CUT = 2.0  # seconds: what still runs by then has survived
MARK = b"KILL_BENCH=1"
# A task of four: a child, one in a session of its own, a daemon that is nobody's child.
TASK = """#!/bin/sh
sleep 1000 &
setsid sleep 1000 &
(setsid sleep 1000 &)
exec sleep 1000
"""


def marked():
    """Pids of `sleep` that carry the mark in their environment."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/environ" % pid, "rb") as file:
                mark = MARK in file.read().split(b"\0")
            with open("/proc/%s/comm" % pid, encoding="ascii") as file:
                if mark and file.read() == "sleep\n":
                    found.append(int(pid))
        except OSError:
            continue
    return found


def runner_below(pid):
    """The one child of a keeper."""
    with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
        return int(file.read().split()[0])


def measure(words, folder, victim):
    """(seconds to the end of the last one, None if some survived; how many survived)."""
    process = subprocess.Popen([str(word) for word in words], cwd=folder, env=common.clean_environment(KILL_BENCH="1"),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    limit = time.monotonic() + 30
    while len(marked()) < 4 * SLOTS:
        if time.monotonic() > limit:
            raise SystemExit("%s: its tasks did not begin" % words)
        time.sleep(0.01)
    running = {os.pidfd_open(pid): pid for pid in marked()}
    target = victim(process.pid)
    begin = time.perf_counter()
    os.kill(target, signal.SIGKILL)
    poll = select.poll()
    for fd in running:
        poll.register(fd, select.POLLIN)
    last = begin
    while running and time.perf_counter() - begin < CUT:
        for fd, _ in poll.poll(max(1, 1000 * (CUT - time.perf_counter() + begin))):
            last = time.perf_counter()
            poll.unregister(fd)
            os.close(fd)
            del running[fd]
    for fd, pid in running.items():
        os.kill(pid, signal.SIGKILL)
        os.close(fd)
    process.wait()
    return (None if running else last - begin), len(running)


def main():
    options = common.arguments(__doc__)
    survived = {}
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as name:
        folder = pathlib.Path(name)
        task = folder / "task.sh"
        task.write_text(TASK)
        task.chmod(0o755)
        jobs = [str(number) for number in range(SLOTS)]
        lopin = [options.binary, "map", "-j", SLOTS, task, *jobs]

        def contestant(label, words, victim):
            def once():
                seconds, left = measure(words, folder, victim)
                survived.setdefault(label, []).append(left)
                return seconds
            return label, once

        contestants = dict([
            contestant("lopin map, its runner", lopin, runner_below),
            contestant("lopin map, its keeper", lopin, lambda pid: pid),
            contestant("parallel -j2", ["parallel", "-j%d" % SLOTS, task, ":::", *jobs], lambda pid: pid),
            contestant("xargs -P2", ["sh", "-c", "printf '%%s\\n' %s | exec xargs -n1 -P%d %s" % (
                " ".join(jobs), SLOTS, task)], lambda pid: pid),
        ])
        times = common.interleave(contestants, options.rounds or 15)
    rows = []
    for what, values in times.items():
        whole = sorted(value for value in values if value is not None)
        cells = ["%.1f ms" % (1e3 * value) for value in (whole[len(whole) // 2], whole[-1])] if whole else ["", ""]
        rows.append([what, *cells, "%d of %d" % (max(survived[what]), 4 * SLOTS), "100 ms" if "runner" in what else ""])
    text = "%d tasks with 3 descendants each: a child, one in a session of its own, a daemon that is nobody's child. " \
           "What runs %.0f s after the kill has survived.\n\n" % (SLOTS, CUT)
    text += common.table(["killed", "all gone after, median", "longest", "survived", "goal at most"], rows)
    text += "\n\nVersions: %s. Command: `script/bench kill`." % "; ".join(
        common.version(words) for words in ([options.binary, "--version"], ["parallel", "--version"], ["xargs", "--version"]))
    common.record("kill", "kill -9 of the runner", text)


if __name__ == "__main__":
    main()
