# SPDX-License-Identifier: Apache-2.0
"""lopin try --threads: a dataset on 1, 2, 4, ... threads, what it says of it, and that nothing is left of it."""
import os
import shlex
import signal
import sys
import time

import pytest

from processes import ends

CPUS = len(os.sched_getaffinity(0))
# As many threads as it is given, each as long; then the rest, which no thread makes quicker.
WORK = """
import hashlib, os, sys, threading
def spend(million):
    for _ in range(million): hashlib.pbkdf2_hmac("sha256", b"x", b"y", 100000)
shared, alone = map(int, sys.argv[1].split("+"))
width = int(os.environ["LOPIN_TASK_CORES"])
workers = [threading.Thread(target=spend, args=(shared // width,)) for _ in range(width)]
for worker in workers: worker.start()
for worker in workers: worker.join()
spend(alone)
"""
# Tells what it was given, a line a start.
TELL = """
import os, sys
with open(sys.argv[1], "a") as file:
    print(os.environ["LOPIN_TASK_CORES"], os.environ["OMP_NUM_THREADS"], len(os.sched_getaffinity(0)),
          os.environ.get("LOPIN_TASK_OUT"), os.environ["TMPDIR"], file=file)
"""


def left(lopin):
    """What is left of tries, and runs of this folder."""
    temporary = lopin.home.parent / "tmp"
    return [path for folder in temporary.glob("lopin-*") for path in folder.glob("try-*")] + list(lopin.cwd.glob(".lopin"))


@pytest.mark.skipif(CPUS < 2, reason="needs two CPUs in the mask")
def test_says_what_pays(lopin):
    lopin.write("work.py", WORK)
    done = lopin("try", "--threads", "--json", "-c", "2", "--python", sys.executable, "work.py", "0+4")
    assert done.code == 0, done.err
    found = done.json()
    assert [width["threads"] for width in found["widths"]] == [1, 2]
    assert all(width["tries"] == 3 and width["wall"] > 0 and width["memory_kb"] > 1000 for width in found["widths"])
    assert found["widths"][0]["times"] == 1
    assert (found["script"], found["dataset"]) == ("work.py", "0+4")
    assert found["many"] == {"threads": 1, "jobs": 2}
    assert left(lopin) == []


def test_each_width_as_map_would_start_it(lopin):
    lopin.write("tell.py", TELL)
    goal = lopin.write("out/told", "whole")
    done = lopin("try", "--threads", "--python", sys.executable, "--out", "out/{/}", "tell.py", "told", env={"OMP_NUM_THREADS": "64"})
    assert done.code == 0, done.err
    told = [line.split() for line in (lopin.cwd / "told").read_text().splitlines()]
    widths = [1 << i for i in range(CPUS.bit_length()) if 1 << i < CPUS] + [CPUS]
    assert [int(words[0]) for words in told] == widths * 3
    for cores, omp, mask, out, temporary in told:
        assert cores == omp and int(mask) >= int(cores)
        assert out.endswith("/told") and out != str(goal) and temporary.startswith(str(lopin.home.parent / "tmp"))
    assert goal.read_text() == "whole"
    (lopin.cwd / "told").unlink()
    assert left(lopin) == []


def test_the_line_to_type_can_be_typed(lopin):
    lopin.write("with blank.py", TELL)
    done = lopin("try", "--threads", "-c", "1", "--python", sys.executable, "with blank.py", "a b")
    assert done.code == 0, done.err
    line, = [line for line in done.out.splitlines() if "lopin map" in line]
    words = shlex.split(line[line.index("lopin map"):])
    assert words == ["lopin", "map", "-T", "1", "-j", "1", "-c", "1", "--python", sys.executable, "with blank.py", "a b"]
    (lopin.cwd / "a b").unlink()
    again = lopin(*words[1:])
    assert again.code == 0, again.err
    assert (lopin.cwd / "a b").read_text().startswith("1 1 ")


def test_of_many_datasets_the_middle_one(lopin):
    lopin.write("tell.py", "import sys\nprint(open(sys.argv[1]).read())\n")
    for size in (1, 5, 100, 20, 300):
        lopin.write("d%d" % size, "x" * size)
    done = lopin("try", "--threads", "--json", "-c", "1", "--python", sys.executable, "tell.py", "d*")
    assert done.code == 0, done.err
    assert done.json()["dataset"] == "d20"


def test_memory_that_is_not_there(lopin):
    # slower on two threads: which is quicker is not left to the machine
    lopin.write("big.py", "import os, time\nheld = bytearray(300 << 20)\ntime.sleep(0.6 * (int(os.environ['OMP_NUM_THREADS']) - 1))\n")
    words = ["try", "--threads", "-c", "2", "--python", sys.executable, "big.py", "a"]
    done = lopin(*words[:2], "--mem", "100M", *words[2:])
    assert done.code == 0 and "the run has 100M: map would end it" in done.out
    done = lopin(*words[:2], "--mem", "500M", *words[2:])
    assert "Memory for no more than 1 side by side" in done.out and "-j 1" in done.out


@pytest.mark.parametrize("text, says", [
    ("raise ValueError('bad ' + __import__('sys').argv[1])", "ValueError: bad a   fail.py:1 [python-error]"),
    ("__import__('sys').exit(7)", "[exit-code]"),
    ("__import__('os').kill(__import__('os').getpid(), 11)", "[signal]"),
])
def test_a_script_that_fails(lopin, text, says):
    lopin.write("fail.py", text + "\n")
    done = lopin("try", "--threads", "--python", sys.executable, "fail.py", "a")
    assert done.code == 1 and says in done.err and done.out == ""
    assert "on 1 thread" in done.err
    assert left(lopin) == []


def test_timeout_and_what_it_leaves_running(lopin):
    lopin.write("slow.py", "import subprocess, time\nchild = subprocess.Popen(['sleep', '1000'])\n"
                "open('pid', 'w').write(str(child.pid))\ntime.sleep(1000)\n")
    done = lopin("try", "--threads", "--timeout", "1s", "--python", sys.executable, "slow.py", "a")
    assert done.code == 1 and "[task-timeout]" in done.err
    assert ends(int((lopin.cwd / "pid").read_text()))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_and_its_task(lopin, number):
    lopin.write("slow.py", "import os, time\nopen('pid', 'w').write(str(os.getpid()))\ntime.sleep(1000)\n")
    process = lopin.start("try", "--threads", "--python", sys.executable, "slow.py", "a")
    end = time.monotonic() + 60
    while not (lopin.cwd / "pid").exists() or not (lopin.cwd / "pid").read_text():
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    assert process.wait(60) == -number
    assert ends(int((lopin.cwd / "pid").read_text()))
    assert left(lopin) == []


def test_what_a_killed_one_left_goes_with_the_next(lopin):
    lopin.write("slow.py", "import time\nopen('up', 'w')\ntime.sleep(1000)\n")
    process = lopin.start("try", "--threads", "--python", sys.executable, "slow.py", "a")
    end = time.monotonic() + 60
    while not (lopin.cwd / "up").exists():
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert left(lopin) != []
    lopin.write("quick.py", "")
    assert lopin("try", "--threads", "--python", sys.executable, "quick.py", "a").code == 0
    assert left(lopin) == []


@pytest.mark.parametrize("words, says", [
    (["a.py", "b"], "what is to be tried is not said"),
    (["--threads"], "a script is missing"),
    (["--threads", "absent.py", "b"], "absent.py"),
    (["--threads", "-c", "4096", "a.py", "b"], "[over-limit]"),
    (["--threads", "-j", "2", "a.py", "b"], "-j"),
])
def test_bad_lines(lopin, words, says):
    lopin.write("a.py", "")
    done = lopin("try", *words)
    assert done.code == (4 if "absent.py" in words else 2)
    assert says in done.err and done.out == ""


def test_files_of_configuration_are_those_of_map(lopin):
    lopin.write("lopin.toml", "[map]\nout = 'out/{/}'\nthreads = 2\njobs = 9\n")
    lopin.write("tell.py", TELL)
    done = lopin("try", "--threads", "-c", "1", "--python", sys.executable, "tell.py", "told")
    assert done.code == 0, done.err
    assert "/out/told" in (lopin.cwd / "told").read_text()
