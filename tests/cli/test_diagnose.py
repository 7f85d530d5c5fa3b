# SPDX-License-Identifier: Apache-2.0
"""lopin threads: real NumPy and SciPy in processes of each kind, against threadpoolctl in the same process; bad words."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import pytest
from queries import journal
from terminal import Terminal

CPUS = sorted(os.sched_getaffinity(0))
two_cpus = pytest.mark.skipif(len(CPUS) < 2, reason="needs two CPUs in the mask")

# Says what it is, tells threadpoolctl's figures in a file, computes until it is ended. Words: processes, kind.
SCRIPT = """
import json, os, sys, threading, time
import multiprocessing
import numpy, scipy.linalg

def compute(_):
    a = numpy.ones((300, 300))
    while True:
        a @ a
        scipy.linalg.lu(a)

def spin(_):
    while True:
        pass

def write(_):
    with open("disk", "wb") as file:
        while True:
            file.seek(0)
            file.write(b"x" * 4096)
            os.fsync(file.fileno())

if __name__ == "__main__":
    count, work = int(sys.argv[1]), globals().get(sys.argv[2])
    numpy.ones((300, 300)) @ numpy.ones((300, 300))
    try:
        import threadpoolctl
        pools = threadpoolctl.threadpool_info()
    except ImportError:
        pools = None
    with open("info.part", "w") as file:
        json.dump(pools, file)
    os.rename("info.part", "info.json")
    if work is None:
        sys.stdin.read()
    elif count == 1:
        work(0)
    elif sys.argv[-1] == "threads":
        for i in range(count):
            threading.Thread(target=work, args=(i,), daemon=True).start()
        sys.stdin.read()
    else:
        with multiprocessing.get_context("fork").Pool(count) as pool:
            pool.map(work, range(count))
"""


@pytest.fixture
def started(lopin, numpy_python, wait_until):
    """started(count, kind, variables): a process that computes so; ended with all its children after the test."""
    groups = []

    def start(count, kind, *words, env=None, cpus=None):
        lopin.write("work.py", SCRIPT)
        (lopin.cwd / "info.json").unlink(missing_ok=True)
        command = [numpy_python, "work.py", str(count), kind, *words]
        if cpus:
            command = ["taskset", "-c", ",".join(map(str, cpus)), *command]
        process = subprocess.Popen(command, cwd=lopin.cwd, env=lopin.environment(env), stdin=subprocess.PIPE,
                                   start_new_session=True)
        groups.append(process)
        wait_until((lopin.cwd / "info.json").exists)
        return process

    yield start
    for process in groups:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:  # the test has ended it
            pass
        process.stdin.close()
        process.wait()


def look(lopin, *words):
    done = lopin("threads", *words, "--json")
    assert done.code == 0, done.err
    return done.json()


def look_until(lopin, wait_until, condition, *words):
    """A look that shows it: which, is for the scheduler to say."""

    def once():
        seen = look(lopin, *words)
        return seen if condition(seen) else None

    return wait_until(once)


def worker(seen, depth):
    return [process for process in seen["processes"] if process["depth"] == depth]


@two_cpus
def test_too_many_threads(lopin, started, wait_until):
    process = started(4, "compute", env={"OPENBLAS_NUM_THREADS": "2"}, cpus=CPUS[:2])
    pid = str(process.pid)
    seen = look_until(lopin, wait_until, lambda seen: seen["verdict"] == "oversubscribed", pid)
    group = seen["groups"][0]
    assert group["cores"] == 2 and group["demand"] > 1.5 and group["delay"] > 0.25
    assert group["active_processes"] >= 4 and group["processes"] == 5
    assert "OPENBLAS_NUM_THREADS=1" in group["cure"] and "lopin" in group["cure"]
    assert "in each" not in group["text"] or group["active_threads"] > group["active_processes"]
    assert [process["depth"] for process in seen["processes"]] == [0, 1, 1, 1, 1]
    assert len({process["parent"] for process in worker(seen, 1)} | {process.pid}) == 1
    text = lopin("threads", pid).out
    assert "OpenBLAS" in text and "numpy" in text and "scipy" in text and pid in text
    assert lopin("threads", pid, "--lang", "fr").out.startswith("observé")


def test_libraries_are_threadpoolctls(lopin, started):
    process = started(1, "none", env={"OMP_NUM_THREADS": "1"})
    expected = json.loads((lopin.cwd / "info.json").read_text())
    if expected is None:
        pytest.skip("no threadpoolctl beside NumPy")
    seen = look(lopin, str(process.pid))
    pools = worker(seen, 0)[0]["pools"]
    found = {(seen["libraries"][pool["library"]]["path"], pool["threads"]) for pool in pools}
    assert found == {(os.path.realpath(pool["filepath"]), pool["num_threads"]) for pool in expected}
    by_path = {library["path"]: library for library in seen["libraries"]}
    for pool in expected:
        library = by_path[os.path.realpath(pool["filepath"])]
        assert library["internal_api"] == pool["internal_api"]
        if pool["internal_api"] == "openblas":
            assert library["version"] == pool["version"]
            assert library["package"] in ("numpy", "scipy") and library["package_version"][0].isdigit()
    assert seen["verdict"] == "asleep"


def test_the_library_says_its_number(lopin, started):
    """A number that was set in the process is in no variable: it is read from the library where it shows it."""
    process = started(1, "none", env={"OPENBLAS_NUM_THREADS": "1"})
    pools = worker(look(lopin, str(process.pid)), 0)[0]["pools"]
    for pool in pools:
        assert pool["threads"] == 1 and pool["from"] in ("memory", "environment")
        assert (pool["by"] == "OPENBLAS_NUM_THREADS") == (pool["from"] == "environment")


def test_a_blas_of_unknown_name(lopin, tmp_path, wait_until):
    """A library whose name says nothing and whose symbols are stripped, but for those that it exports."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        pytest.skip("needs a C compiler")
    source = lopin.write("blas.c", "void NAME(void);\nvoid NAME(void) {}\n")
    for file, name in ("libmystery.so.3", "cblas_dgemm"), ("libfortran.so", "dgemm_"), ("libother.so", "sgemm"):
        subprocess.run([compiler, "-shared", "-fPIC", "-s", "-Wl,--hash-style=gnu", "-DNAME=" + name, "-o", tmp_path / file,
                        source], check=True)
    load = "import ctypes, sys; held = [ctypes.CDLL(name) for name in sys.argv[1:]]; print(flush=True); sys.stdin.read()"
    files = [str(tmp_path / name) for name in ("libmystery.so.3", "libfortran.so", "libother.so")]
    with subprocess.Popen([sys.executable, "-c", load, *files], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        seen = look(lopin, str(process.pid))
        text = lopin("threads", str(process.pid)).out
        process.stdin.close()
    assert sorted(library["path"] for library in seen["libraries"]) == sorted(files[:2])
    assert all(library["kind"] == "unknown" and library["name"] is None for library in seen["libraries"])
    assert "unknown BLAS libmystery.so.3" in text and "what sets it is not known" in text


@two_cpus
def test_a_busy_neighbour(lopin, started, wait_until):
    one = started(1, "spin", cpus=CPUS[:1])
    others = [subprocess.Popen(["taskset", "-c", str(CPUS[0]), sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        seen = look_until(lopin, wait_until, lambda seen: seen["verdict"] == "neighbour", str(one.pid))
        assert seen["groups"][0]["demand"] <= 1.1 and seen["groups"][0]["cores"] == 1
    finally:
        for other in others:
            other.kill()
            other.wait()


@two_cpus
def test_reserved_but_idle(lopin, started, wait_until):
    """One thread on several cores; a machine that is busy beside it makes its neighbours the culprit."""
    process = started(1, "spin")
    seen = look_until(lopin, wait_until, lambda seen: seen["verdict"] in ("serial", "neighbour"), str(process.pid))
    if seen["verdict"] == "serial":
        assert seen["groups"][0]["run"] + seen["groups"][0]["wait"] <= 1.25 and seen["groups"][0]["cores"] >= 2


@two_cpus
def test_threads_of_python_in_a_queue(lopin, started, wait_until):
    if not os.access("/proc/self/syscall", os.R_OK) or not pathlib.Path("/proc/self/syscall").exists():
        pytest.skip("this kernel does not say what threads wait for")
    process = started(8, "compute", "threads", env={"OPENBLAS_NUM_THREADS": "2"}, cpus=CPUS[:2])
    seen = look_until(lopin, wait_until, lambda seen: seen["verdict"] in ("queue", "oversubscribed"), str(process.pid))
    if seen["verdict"] == "queue":
        assert seen["groups"][0]["callers"] >= 2 and "OpenBLAS" in seen["groups"][0]["text"]


def test_waiting_for_the_disk(lopin, started, wait_until):
    """fsync after fsync: blocked, if the disk is slower than a look; else it runs, and is not said to wait."""
    process = started(1, "write")
    seen = look(lopin, str(process.pid))
    group = seen["groups"][0]
    assert (seen["verdict"] == "disk") == (group["blocked"] >= 0.5 and group["blocked"] > group["run"]
                                           and not (group["delay"] > 0.25 and group["run"] + group["wait"] > 0.5))
    assert os.path.exists(lopin.cwd / "disk")


LOST = """
import os, subprocess, sys
end = "import sys; sys.stdin.read()"
kinds = {
    "isolated": dict(args=[sys.executable, "-I", "-c", end]),
    "dropped": dict(args=[sys.executable, "-c", end], env={}),
    "hidden": dict(args=[sys.executable, "-c", end],
                   env={**os.environ, "PYTHONPATH": "other:" + os.environ["PYTHONPATH"]}),
    "kept": dict(args=[sys.executable, "-c", end]),
}
open("started", "w").close()
subprocess.run(stdin=open("gate"), **kinds[sys.argv[1]])
"""


@pytest.mark.parametrize("kind", ["isolated", "dropped", "hidden", "kept"])
def test_a_hook_that_was_lost(lopin, wait_until, kind):
    lopin.write("lost.py", LOST)
    if kind == "hidden":
        lopin.write("other/sitecustomize.py", "")
    os.mkfifo(lopin.cwd / "gate")
    run = lopin.start("map", "--python", sys.executable, "lost.py", kind)
    gate = os.open(lopin.cwd / "gate", os.O_RDWR)
    expected = None if kind == "kept" else kind

    def child():
        done = lopin("threads", "--json")
        if done.code != 0:
            return None
        below = worker(done.json(), 1)
        return below if below and (expected is None or below[0]["lost_hook"]) else None

    try:
        assert wait_until(child)[0]["lost_hook"] == expected
        if expected:
            text = lopin("threads", "run:1").out
            assert "hook" in text and str(wait_until(child)[0]["pid"]) in text
            wait_until(lambda: any(record["kind"] == "threads" for record in journal(lopin)))
    finally:
        os.close(gate)  # the child reads the end of its input
        out, err = run.communicate(timeout=60)
    assert run.returncode == 0, err
    found = [record["cause"] for record in journal(lopin) if record["kind"] == "threads"]
    assert [cause for cause in found if cause.startswith("hook-")] == ([] if expected is None else ["hook-" + kind])
    if expected:
        assert b"startup hook" in err
        assert "startup hook" in lopin("report").out
        assert "hook-" + kind in [one["cause"] for one in lopin("report", "--json").json()["threads_found"]]


SPIN = """
import multiprocessing, os, sys
def spin(_):
    while not os.path.exists("gate"):
        pass
if __name__ == "__main__":
    with multiprocessing.Pool(6) as pool:
        pool.map(spin, range(6))
"""


def test_a_run_says_it_while_it_is_young(lopin, wait_until):
    """Six processes of one thread in a slot of one core: no guard can cure that, so it is said, and kept."""
    lopin.write("spin pool.py", SPIN)
    run = lopin.start("map", "-c", "1", "--json", "--python", sys.executable, "spin pool.py", "one")
    wait_until(lambda: any(record["kind"] == "threads" for record in journal(lopin)))
    seen = look_until(lopin, wait_until, lambda seen: seen["verdict"] == "oversubscribed", "run:1")
    assert seen["run"] == 1 and all(process["in_task"] for process in seen["processes"])
    assert "Pool(" in seen["groups"][0]["cure"] and "lopin" not in seen["groups"][0]["cure"]
    (lopin.cwd / "gate").touch()
    out, _ = run.communicate(timeout=60)
    events = [json.loads(line) for line in out.splitlines()]
    said = [event for event in events if event["event"] == "threads" and event["cause"] == "oversubscribed"]
    assert len(said) == 1 and said[0]["processes"] >= 2 and said[0]["dataset"] == 1 and said[0]["program"]
    report = lopin("report")
    assert "spin pool.py" in report.out and "Pool(" in report.out and "disk or network" not in report.out
    assert "[cores]" not in report.out


def test_watch_without_a_terminal(lopin, started):
    process = started(1, "spin")
    watching = lopin.start("threads", str(process.pid), "--watch")
    lines = [watching.stdout.readline().decode() for _ in range(2)]
    assert all(line.strip() and "\033" not in line for line in lines)
    process.kill()
    process.wait()
    assert watching.wait(60) == 0
    assert watching.stderr.read() == b""


def test_watch_as_json_until_nobody_reads(lopin, started):
    process = started(1, "spin")
    watching = lopin.start("threads", "--watch", "--json", str(process.pid))
    first = json.loads(watching.stdout.readline())
    assert first["processes"][0]["pid"] == process.pid and first["interval_s"] > 0
    watching.stdout.close()
    watching.stdout = None
    assert watching.wait(60) == 0


@pytest.mark.parametrize("key", ["q", "C-c"])
def test_watch_on_a_terminal(lopin, started, key):
    process = started(1, "spin")
    window = Terminal([str(lopin.binary), "threads", "--watch", str(process.pid)], 90, 24,
                      env={**lopin.env, "TERM": "screen"}, cwd=lopin.cwd)
    try:
        window.wait(lambda text: str(process.pid) in text and "verdict" in text and "leaves" in text)
        window.resize(40, 10)
        window.wait(lambda text: "leaves" in text and all(len(line) <= 40 for line in text.splitlines()))
        # the cure, which is the last line, goes on in further ones
        window.resize(50, 18)
        window.wait(lambda text: " ".join(text.split()).endswith(("map q leaves; what is watched goes on",
                                                                  "core q leaves; what is watched goes on")))
        window.type("", key)
        window.wait(lambda text: window.status() is not None)
        assert window.status() == 0
    finally:
        window.close()
    assert process.poll() is None


@pytest.mark.parametrize("words, code, name", [
    (["4194304"], 4, "no-process"), (["2"], 4, "no-process"), (["0"], 2, "usage"), (["-1"], 2, "usage"), (["a b"], 2, "usage"),
    (["99999999999999999999"], 2, "usage"), (["run:"], 4, "no-run"), (["run:7"], 4, "no-run"), (["last"], 4, "no-run"),
    (["job:"], 2, "usage"), (["job:x"], 2, "usage"), (["job:4000000"], 4, "no-process"), (["1", "2"], 2, "usage"), ([], 4, "no-process"),
])
def test_bad_words(lopin, words, code, name):
    if words == ["2"] and pathlib.Path("/proc/2/comm").exists() and pathlib.Path("/proc/2/comm").read_text() != "kthreadd\n":
        pytest.skip("in a container process 2 is any")
    done = lopin("threads", *words)
    assert (done.code, done.out) == (code, ""), done.err
    assert "[%s]" % name in done.err and "\n  try " in done.err or name == "usage"


def test_a_run_that_has_ended(lopin):
    assert lopin("map", "/bin/true", "x").code == 0
    for word in ("run:1", "last"):
        done = lopin("threads", word)
        assert done.code == 4 and "lopin report 1" in done.err


def test_one_that_ends_meanwhile(lopin, wait_until):
    """Whatever moment it ends in: a word, or a picture, never a crash."""
    codes = set()
    for sleep in ("0", "0.05", "0.1", "0.15", "0.2"):
        process = subprocess.Popen(["sleep", sleep])
        done = lopin("threads", str(process.pid))
        process.wait()
        codes.add(done.code)
        assert done.code == 0 or "no-process" in done.err, done.err
    assert codes <= {0, 4}


def test_a_zombie(lopin, wait_until):
    process = subprocess.Popen(["true"])
    wait_until(lambda: pathlib.Path("/proc/%d/stat" % process.pid).read_text().rsplit(")", 1)[1].split()[0] == "Z")
    done = lopin("threads", str(process.pid))
    process.wait()
    assert done.code == 4 and "has ended" in done.err


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another user")
def test_another_users(lopin, tmp_path):
    """Root's process, seen by nobody: the tree and the pace are shown, the libraries are not."""
    process = subprocess.Popen(["sleep", "60"])
    try:
        for path in [tmp_path, *tmp_path.parents]:
            if not os.stat(path).st_mode & 0o001:
                pytest.skip("the program cannot be reached by another user")
        done = subprocess.run([lopin.binary, "threads", str(process.pid)], user=65534, group=65534, extra_groups=[],
                              env=lopin.env, cwd="/", capture_output=True, check=False)
    except PermissionError:
        pytest.skip("the program cannot be reached by another user")
    finally:
        process.kill()
        process.wait()
    assert done.returncode == 0, done.stderr
    assert b"another user" in done.stdout and b"sleep" in done.stdout


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="needs a mount namespace")
def test_without_proc(lopin):
    mount = "mount -t tmpfs none /proc && exec \"$0\" threads $$"
    if subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/proc"], capture_output=True, check=False).returncode:
        pytest.skip("no mount may be made here")
    done = subprocess.run(["unshare", "-m", "sh", "-c", mount, lopin.binary], env=lopin.env, cwd=lopin.cwd,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 4 and "/proc does not show it" in done.stderr


def test_names_that_move_the_cursor(lopin, tmp_path):
    program = lopin.write("a \033[2J\nb", "#!/bin/sh\nsleep 60\n", 0o755)
    process = subprocess.Popen([program], start_new_session=True)
    try:
        done = lopin("threads", str(process.pid))
        seen = look(lopin, str(process.pid))
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert done.code == 0 and b"\033" not in done.stdout
    assert len(seen["processes"]) >= 1
