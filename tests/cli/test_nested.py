# SPDX-License-Identifier: Apache-2.0
"""Scripts that make processes themselves, untouched, under lopin: what each of these computes with."""
import json
import os
import pathlib
import signal
import sys
import time

import pytest

from conftest import ROOT

CPUS = len(os.sched_getaffinity(0))
pytestmark = pytest.mark.skipif(CPUS < 2, reason="a slot of two cores is needed")

# What a process sees of itself once it has computed; as a module, so that each start method can pickle it.
LOOK = """
import os, sys
import numpy, threadpoolctl

A = numpy.random.RandomState(1).standard_normal((300, 300))

def look(_=None):
    trace = float((A @ A).trace())
    tasks = len(os.listdir("/proc/self/task"))
    info = threadpoolctl.threadpool_info()
    env = {name: os.environ.get(name) for name in ("LOPIN_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS",
                                                   "PYTHON_CPU_COUNT")}
    return {"threads": max(one["num_threads"] for one in info), "tasks": tasks, "trace": trace, "env": env,
            "cpu_count": os.cpu_count(), "guard": "guard.bin" in open("/proc/self/maps").read(), "pid": os.getpid()}

if __name__ == "__main__":
    import json
    print(json.dumps(look()))
"""
ONE = {"LOPIN_THREADS": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHON_CPU_COUNT": "2"}
TWO = {"LOPIN_THREADS": "2", "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": None, "PYTHON_CPU_COUNT": "2"}


@pytest.fixture
def nested(lopin):
    """nested(text, words...): what a script printed as JSON, under `lopin run` on two cores; `look` is imported in it."""
    lopin.write("look.py", LOOK)

    def run(text, *words, timeout=250):
        lopin.write("nested.py", "import json, os, subprocess, sys\nfrom look import look\n" + text)
        done = lopin("run", "-c", "2", "--python", sys.executable, "nested.py", *words, timeout=timeout)
        assert done.code == 0, done.err
        return json.loads(done.out)

    return run


POOL = """
import multiprocessing
def work(number): return look()
if __name__ == "__main__":
    before = look()
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        print(json.dumps([before, pool.apply(work, (1,)), look()]))
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_pool(nested, method):
    before, child, after = nested(POOL, method)
    for parent in before, after:
        assert (parent["threads"], parent["env"], parent["cpu_count"]) == (2, TWO, 2)
    assert (child["threads"], child["env"]) == (1, ONE)
    assert child["cpu_count"] == 2  # of the slot, as its parent saw it
    assert child["tasks"] == 1  # no pool was started to be told that it is not needed
    assert child["guard"] and before["guard"]
    assert child["trace"] == pytest.approx(before["trace"], rel=1e-9)


def test_executor(nested):
    children = nested("""
from concurrent.futures import ProcessPoolExecutor
if __name__ == "__main__":
    look()
    with ProcessPoolExecutor() as executor:
        print(json.dumps([executor._max_workers] + list(executor.map(look, range(4)))))
""")
    assert children[0] == 2
    assert [child["threads"] for child in children[1:]] == [1] * 4


FORKS = """
import pty
def forked(function):
    read, write = os.pipe()
    pid = function()
    if not pid:
        os.write(write, json.dumps(look()).encode())
        os._exit(0)
    os.close(write)
    with open(read) as pipe: return json.load(pipe)
def grandchild():
    if os.fork():
        os.wait()
        os._exit(0)
    return 0
def above():
    pid = os.fork()
    return pid or grandchild()
if __name__ == "__main__":
    look()
    print(json.dumps([forked(os.fork), forked(lambda: os.forkpty()[0]), forked(above), look()]))
"""


def test_forks(nested):
    *children, parent = nested(FORKS)
    assert [child["threads"] for child in children] == [1, 1, 1]
    assert [child["env"] for child in children] == [ONE] * 3
    assert (parent["threads"], parent["env"]) == (2, TWO)


def test_who_asks_for_more_in_a_child_gets_it(nested):
    """And what it forks begins with one again."""
    child, below = nested("""
import multiprocessing, threadpoolctl
def more():
    threadpoolctl.threadpool_limits(2)
def both(_):
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(False)
    process = context.Process(target=lambda: send.send(look()))
    process.start()
    found = receive.recv()
    process.join()
    return look(), found
if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    from concurrent.futures import ProcessPoolExecutor
    with ProcessPoolExecutor(1, initializer=more) as executor:
        print(json.dumps(executor.submit(both, 1).result()))
""")
    assert (child["threads"], below["threads"]) == (2, 1)


def test_single_subprocess_keeps_the_cores(nested):
    alone, behind_a_pool, shell = nested("""
import multiprocessing
def run(words): return json.loads(subprocess.check_output(words))
if __name__ == "__main__":
    me = [sys.executable, "look.py"]
    alone = run([sys.executable, "-c", "import subprocess, sys; subprocess.check_call([sys.executable, 'look.py'])"])
    with multiprocessing.get_context("fork").Pool(2) as pool: pool.map(abs, [1])
    pool.join()
    print(json.dumps([alone, run(me), run(["sh", "-c", "sleep 600 & '%s' look.py | cat; kill $!" % sys.executable])]))
""")
    for one in alone, behind_a_pool, shell:
        assert (one["threads"], one["env"]) == (2, TWO)


def test_subprocess_of_a_pool(nested):
    found = nested("""
import multiprocessing
def run(_): return json.loads(subprocess.check_output([sys.executable, "look.py"]))
if __name__ == "__main__":
    with multiprocessing.get_context("fork").Pool(1) as pool: print(json.dumps(pool.apply(run, (0,))))
""")
    assert (found["threads"], found["env"]) == (1, ONE)


# All are there before one of them executes what is looked at, and stay until all have looked.
GATE = """
import os, sys
with open("ready", "a") as file: file.write("x\\n")
open("go").read()
os.execv(sys.executable, [sys.executable, "beside.py"])
"""
BESIDE = """
import json, os
from look import look
with open("found-%d" % os.getpid(), "w") as file: json.dump(look(), file)
os.rename(file.name, file.name + ".json")
open("end").read()
"""
FEW = 4
STARTERS = {
    "Popen": ["{python}", "-c", "import subprocess, sys\n"
              "for p in [subprocess.Popen([sys.executable, 'gate.py']) for _ in range(4)]: p.wait()"],
    "threads": ["{python}", "-c", "import subprocess, sys, threading\n"
                "for _ in range(4): threading.Thread(target=subprocess.run, args=([sys.executable, 'gate.py'],)).start()"],
    "shell": ["sh", "-c", "for i in 1 2 3 4; do '{python}' gate.py & done; wait"],
    "xargs": ["sh", "-c", "echo 1 2 3 4 | tr ' ' '\\n' | xargs -P4 -I= sh -c '{python} gate.py; exit 0'"],
}


def until(lopin, process, what):
    """Waits until something holds, as long as the process lives."""
    while not what():
        assert process.poll() is None, process.stderr.read().decode()
        time.sleep(0.02)


@pytest.mark.parametrize("starter", STARTERS)
def test_side_by_side(lopin, starter):
    lopin.write("look.py", LOOK)
    lopin.write("gate.py", GATE)
    lopin.write("beside.py", BESIDE)
    for name in "go", "end":
        os.mkfifo(lopin.cwd / name)
    words = [word.replace("{python}", sys.executable) for word in STARTERS[starter]]
    process = lopin.start("exec", "-c", "2", "--", *words, start_new_session=True)
    try:
        ready = lopin.cwd / "ready"
        until(lopin, process, lambda: ready.exists() and len(ready.read_text().splitlines()) == FEW)
        with open(lopin.cwd / "go", "w", encoding="ascii"):
            pass
        found = lambda: list(lopin.cwd.glob("found-*.json"))  # noqa: E731
        late = iter(range(1 << 30))

        def all_found():  # one that opened the pipe a moment later waits for the next writer
            if next(late) % 25 == 0:
                try:
                    os.close(os.open(lopin.cwd / "go", os.O_WRONLY | os.O_NONBLOCK))
                except OSError:
                    pass
            return len(found()) == FEW

        until(lopin, process, all_found)
        seen = [json.loads(path.read_text()) for path in found()]
        assert [one["threads"] for one in seen] == [1] * FEW
        assert [one["env"] for one in seen] == [ONE] * FEW
    finally:
        os.killpg(process.pid, signal.SIGKILL)


def test_program_that_is_executed_after_a_fork(nested):
    """Its environment was lowered when it was forked; subprocess calls no such thing."""
    forked, started = nested("""
words = ["sh", "-c", "echo \\"\\\\\\"$OMP_NUM_THREADS\\\\\\"\\""]
read, write = os.pipe()
if os.fork() == 0:
    os.dup2(write, 1)
    os.execvp("sh", words)
os.wait()
os.close(write)
print(json.dumps([json.loads(open(read).read()), json.loads(subprocess.check_output(words))]))
""")
    assert (forked, started) == ("1", "2")


JOBLIB = """
import joblib
if __name__ == "__main__":
    look()
    print(json.dumps(joblib.Parallel(n_jobs=2, backend=sys.argv[1])(joblib.delayed(look)() for _ in range(4))))
"""


@pytest.mark.parametrize("backend", ["loky", "multiprocessing", "threading"])
def test_joblib(nested, backend):
    pytest.importorskip("joblib")
    found = nested(JOBLIB, backend)
    assert [one["threads"] for one in found] == [2 if backend == "threading" else 1] * 4


def test_numexpr(nested):
    pytest.importorskip("numexpr")
    found = nested("""
import multiprocessing, numexpr, numpy
def threads(_):
    a = numpy.arange(1e6)
    total = float(numexpr.evaluate("sum(2 * a)"))
    old = numexpr.set_num_threads(1)
    numexpr.set_num_threads(old)
    return old, total
if __name__ == "__main__":
    before = threads(0)
    rows = [before]
    for method in "fork", "spawn":
        with multiprocessing.get_context(method).Pool(1) as pool: rows.append(pool.apply(threads, (0,)))
    print(json.dumps(rows + [threads(0)]))
""")
    total = 1e6 * (1e6 - 1)
    assert found == [[2, total], [1, total], [1, total], [2, total]]


@pytest.mark.slow
def test_a_thousand_forks(lopin):
    script = ROOT / "tests" / "oracle" / "fork_stress.py"
    done = lopin("run", "-c", "2", "--python", sys.executable, script, "1000", timeout=280)
    assert done.out.startswith("1000 forks, 0 wrong, 0 hung"), done.out + done.err
    assert done.code == 0


def test_bytecode_is_made_once(lopin):
    """Also where Python may write none, and for an interpreter that has never run the hook."""
    lopin.write("a.py", "print('started')\n")
    changes = {"PYTHONDONTWRITEBYTECODE": "1"}
    assert lopin("run", "--python", sys.executable, "a.py", env=changes).out == "started\n"
    made = list(pathlib.Path(lopin.env["XDG_CACHE_HOME"]).glob("lopin/hook-*/__pycache__/*"))
    assert [path.name for path in made] == ["sitecustomize.%s.pyc" % sys.implementation.cache_tag]
    before = made[0].stat()
    assert lopin("run", "--python", sys.executable, "a.py", env=changes).out == "started\n"
    after = made[0].stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
