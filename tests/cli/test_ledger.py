# SPDX-License-Identifier: Apache-2.0
"""Runs side by side on one machine: each core has one, a wide one waits its turn, nobody waits for itself."""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import pytest
from conftest import BINARY
from processes import kill_all
from queries import gated_run, open_gate, status

ALL = len(os.sched_getaffinity(0))
# Notes when it began and ended, and on which CPUs.
NOTES = """
import os, sys, time
begin = time.monotonic()
time.sleep(0.02 + 0.01 * (hash(sys.argv[1]) % 5))
with open("noted", "a") as file:
    file.write("%f %f %s\\n" % (begin, time.monotonic(), ",".join(map(str, sorted(os.sched_getaffinity(0))))))
"""
needs_two = pytest.mark.skipif(ALL < 2, reason="needs two cores")


@pytest.fixture
def machine(lopin, tmp_path):
    """A machine of its own: its ledger is in a folder of the test."""
    lopin.env["LOPIN_LEDGER"] = str(tmp_path / "cores")
    yield lopin
    lopin.close()
    kill_all(lopin.cwd)


def begun(lopin, wait_until, number):
    wait_until(lambda: status(lopin, str(number))["running"] > 0)


def line_with(process, text):
    """Reads what the process says up to the line that has this text."""
    for line in process.stderr:
        if text in line.decode():
            return line.decode()
    raise AssertionError("it never said: " + text)


@needs_two
def test_the_second_run_takes_what_is_free_and_says_so(machine, wait_until):
    first = gated_run(machine, ["one"], "-c", "1")
    begun(machine, wait_until, 1)
    second = machine("map", "/bin/true", *map(str, range(2 * ALL)))
    assert second.code == 0
    assert "%d core" % (ALL - 1) in second.err and "in use by other runs" in second.err
    assert machine("map", "--no-ledger", "/bin/true", *map(str, range(2 * ALL))).err.count("%d cores" % ALL) == 1
    open_gate(machine, "one")
    assert first.wait() == 0


def test_a_run_that_asks_for_more_waits_for_it(machine, wait_until):
    first = gated_run(machine, ["one"], "-c", "1")
    begun(machine, wait_until, 1)
    second = machine.start("map", "-c", str(ALL), "/bin/true", "x")
    assert "%d free" % (ALL - 1) in line_with(second, "waiting for %d core" % ALL)
    assert not (machine.cwd / ".lopin/runs/2").exists(), "nothing is made before there is room"
    open_gate(machine, "one")
    assert first.wait() == 0
    assert second.wait() == 0
    assert b"waited" in second.stderr.read()


def test_cores_of_a_killed_run_are_free_at_once(machine, wait_until):
    gated_run(machine, ["one"], "-c", str(ALL))
    begun(machine, wait_until, 1)
    second = machine.start("map", "-c", str(ALL), "/bin/true", "x")
    line_with(second, "waiting for")
    owner = int((machine.cwd / ".lopin/runs/1/owner").read_text().split("pid ")[1].split()[0])
    os.kill(owner, signal.SIGKILL)
    assert second.wait() == 0


def test_one_who_waits_may_give_up(machine, wait_until):
    gated_run(machine, ["one"], "-c", str(ALL))
    begun(machine, wait_until, 1)
    second = machine.start("map", "-c", "1", "/bin/true", "x")
    line_with(second, "waiting for")
    second.send_signal(signal.SIGINT)
    assert second.wait() in (-signal.SIGINT, 130)
    assert not (machine.cwd / ".lopin/runs/2").exists()


@needs_two
@pytest.mark.slow
def test_no_core_has_two_at_a_time(machine):
    """Narrow and wide runs at once: none starves, and no CPU is used by two tasks at the same time."""
    machine.write("notes.py", NOTES)
    widths = ["1", str(ALL), "1", str(ALL), "1", "1"]
    started = [
        machine.start("map", "-c", width, "-T", width, "notes.py", *("%d.%d" % (i, k) for k in range(6)),
                      stderr=subprocess.DEVNULL)
        for i, width in enumerate(widths)
    ]
    assert [process.wait() for process in started] == [0] * len(widths)
    spans = []
    for line in (machine.cwd / "noted").read_text().splitlines():
        begin, end, cpus = line.split()
        spans += [(int(cpu), float(begin), float(end)) for cpu in cpus.split(",")]
    assert len(spans) >= 6 * len(widths)
    spans.sort()
    for (cpu, _, end), (other, begin, _) in zip(spans, spans[1:]):
        assert cpu != other or end <= begin, "two tasks on CPU %d" % cpu


@needs_two
def test_twenty_at_once_all_end(machine):
    """Half of them want all cores: they gather them one at a time, so that no two wait for what the other holds."""
    started = [
        machine.start("map", "-c", width, "--shell", "sleep 0.0{}", ":::", *"1234", stderr=subprocess.DEVNULL)
        for width in ["1", str(ALL)] * 10
    ]
    assert [process.wait(timeout=300) for process in started] == [0] * 20


@pytest.fixture
def quota():
    """A control group (v1) with one core's time; what a process calls to be in it."""
    folder = pathlib.Path("/sys/fs/cgroup/cpu/lopin-test-%d" % os.getpid())
    try:
        folder.mkdir()
        (folder / "cpu.cfs_quota_us").write_text("100000")
    except OSError:
        pytest.skip("no control group of processor time can be made here")
    yield lambda: (folder / "cgroup.procs").write_text("0")
    folder.rmdir()


@needs_two
def test_runs_in_one_container_share_its_quota(quota, machine, wait_until):
    """The cores are there for each of them; the time is for both."""
    first = machine.start("map", "--shell", "until [ -e go ]; do sleep 0.01; done; : {}", "x", "y", preexec_fn=quota)
    begun(machine, wait_until, 1)
    second = machine.start("map", "/bin/true", "x", preexec_fn=quota)
    assert "0 free" in line_with(second, "waiting for 1 core")
    assert machine("map", "/bin/true", "x").code == 0, "whoever is outside has the other core"
    (machine.cwd / "go").touch()
    assert first.wait() == 0
    assert second.wait() == 0


@pytest.mark.parametrize("bare", [[], ["env", "-i"]], ids=["", "env -i"])
def test_inside_of_a_parcel_nobody_waits_for_it(machine, bare):
    """exec holds all cores; the lopin in it has them too, and so has one that knows nothing of its parents."""
    inner = [*bare, str(BINARY), "map", "-c", str(ALL), "/bin/true", "x"]
    done = machine("exec", *inner)
    assert done.code == 0 and "waiting" not in done.err
    machine.write("inner", "#!/bin/sh\nexec %s\n" % " ".join(map(str, [*bare, BINARY, "map", "-Q", "/bin/true", "y"])))
    (machine.cwd / "inner").chmod(0o755)
    assert machine("map", "./inner", "x", "z").code == 0
    done = machine("exec", "-c", str(ALL), str(BINARY), "exec", str(BINARY), "map", "-c", str(ALL), "/bin/true", "x")
    assert done.code == 0 and "waiting" not in done.err


def test_two_inside_of_one_parcel_share_it(machine, wait_until):
    machine.write("both.sh", "%s map -c %d gated.py one &\nwhile ! [ -e go ]; do sleep 0.01; done\n"
                  "exec %s map -c %d /bin/true x\n" % (BINARY, ALL, BINARY, ALL))
    machine.write("gated.py", "import os, time\nopen('go', 'w')\n"
                  "while not os.path.exists('gate'): time.sleep(0.01)\n")
    outer = machine.start("exec", "-c", str(ALL), "sh", "both.sh")
    line_with(outer, "waiting for")
    (machine.cwd / "gate").touch()
    assert outer.wait() == 0


def test_exec_holds_its_cores_until_the_program_ends(machine, wait_until):
    first = machine.start("exec", "sleep", "1000")
    wait_until(lambda: pathlib.Path("/proc/%d/comm" % first.pid).read_text() == "sleep\n")
    second = machine.start("map", "/bin/true", "x")
    line_with(second, "waiting for")
    first.kill()
    assert second.wait() == 0


@pytest.mark.parametrize("what", ["link", "folder", "fifo", "mode", "full", "absent"])
def test_what_is_odd_in_its_place_neither_hangs_nor_harms(machine, tmp_path, what):
    place, victim = tmp_path / "cores", tmp_path / "victim"
    victim.write_text("mine")
    make = {
        "link": lambda: place.symlink_to(victim), "folder": place.mkdir, "fifo": lambda: os.mkfifo(place, 0o666),
        "mode": lambda: (place.touch(), place.chmod(0o600)), "full": lambda: (place.write_text("x"), place.chmod(0o666)),
        "absent": lambda: machine.env.update(LOPIN_LEDGER=str(tmp_path / "no" / "cores")),
    }
    make[what]()
    done = machine("map", "/bin/true", "x")
    assert done.code == 0 and "other runs on this machine are not seen" in done.err
    assert victim.read_text() == "mine" and victim.stat().st_mode & 0o777 != 0o666
    assert "not seen" not in machine("map", "--no-ledger", "/bin/true", "x").err


def test_slurm_s_mask_is_its_ledger_and_a_dry_run_holds_nothing(machine, wait_until):
    gated_run(machine, ["one"], "-c", str(ALL))
    begun(machine, wait_until, 1)
    assert machine("map", "/bin/true", "x", env={"SLURM_JOB_ID": "1"}).code == 0
    assert machine("map", "--dry-run", "-c", str(ALL), "/bin/true", "x").code == 0
    assert machine("map", "/bin/true", "x", env={"LOPIN_LEDGER": ""}).code == 0
    open_gate(machine, "one")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be somebody else")
def test_users_see_each_other(wait_until):
    """root's run and another user's share the ledger, whoever made it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lopin-ledger-"))
    try:
        folder.chmod(0o1777)
        binary = shutil.copy(BINARY, folder / "lopin")
        env = {"PATH": os.environ["PATH"], "LOPIN_LEDGER": str(folder / "cores"), "LANG": "C"}

        def start(user, *words):
            home = folder / str(user)
            home.mkdir(exist_ok=True)
            os.chown(home, user, user)
            return subprocess.Popen([binary, "map", "-c", str(ALL), *words], cwd=home, env={**env, "HOME": str(home)},
                                    user=user, group=user, extra_groups=[], stderr=subprocess.PIPE)

        for first, second in ((0, 65534), (65534, 0)):
            holder = start(first, "/bin/sleep", "1000")
            wait_until(lambda: b"run" in holder.stderr.readline())
            waiter = start(second, "/bin/true", "x")
            line_with(waiter, "waiting for")
            holder.send_signal(signal.SIGTERM)
            holder.send_signal(signal.SIGTERM)
            holder.kill()
            holder.wait()
            assert waiter.wait() == 0
            holder.stderr.close()
            waiter.stderr.close()
    finally:
        shutil.rmtree(folder)
