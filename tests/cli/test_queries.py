# SPDX-License-Identifier: Apache-2.0
"""list, status and log: what they say against the journal, the tasks' own words, and broken folders."""
import os
import random
import re
import signal
import subprocess
import urllib.parse

import pytest
from processes import runner_of
from queries import ECHO, gated_run, journal, last_states, open_gate, status

# list


@pytest.mark.parametrize("words", [("list",), ("status",), ("log",), ("log", "3"), ("report",), ("status", "--json")])
def test_no_run(lopin, words):
    result = lopin(*words)
    assert result.code == 4
    assert "[no-run]" in result.err and result.stdout == b""


def test_list(lopin):
    lopin.write("echo.py", ECHO)
    lopin.write("fail.py", "import sys\nsys.exit(sys.argv[1] == 'b')\n")
    assert lopin("map", "-J", "first", "echo.py", "a", "b", "c").code == 0
    assert lopin("map", "fail.py", "a", "b").code == 1
    lines = lopin("list").out.splitlines()
    assert len(lines) == 2
    assert re.split(r" {3,}", lines[0].strip())[:6] == ["1", "first", "echo.py", "3/3", "0 failed", "done"]
    assert re.split(r" {3,}", lines[1].strip())[:5] == ["2", "fail.py", "1/2", "1 failed", "failed"]
    answer = lopin("list", "--json").json()
    assert answer["v"] == 1
    assert [(run["run"], run["name"], run["state"], run["done"], run["failed"]) for run in answer["runs"]] == [
        (1, "first", "done", 3, 0), (2, None, "failed", 1, 1)]


def test_list_shows_the_others(lopin):
    lopin.write("echo.py", ECHO)
    for _ in range(3):
        assert lopin("map", "echo.py", "a").code == 0
    (lopin.cwd / ".lopin/runs/2/run.json").write_bytes(b"{")
    result = lopin("list")
    assert result.code == 0 and len(result.out.splitlines()) == 2
    assert "[run-damaged]" in result.err


# status


def test_counts_are_those_of_the_journal(lopin):
    lopin.write("some.py", "import sys\nsys.exit(int(sys.argv[1]) % 3 == 0)\n")
    assert lopin("map", "some.py", *map(str, range(1, 21))).code == 1
    states = last_states(journal(lopin))
    answer = lopin("status", "--json").json()
    assert (answer["done"], answer["failed"]) == (states.count("done"), states.count("failed"))
    assert (answer["datasets"], answer["running"], answer["left"], answer["status"]) == (20, 0, 0, 1)
    assert lopin("status", "--check").code == 1
    assert lopin("status").code == 0
    assert "%d of 20" % states.count("done") in lopin("status").out


def test_status_of_a_running_run(lopin, wait_until):
    process = gated_run(lopin, ["one", "two", "three"], "-c", "1")
    wait_until(lambda: status(lopin)["running"] == 1)
    answer = status(lopin)
    assert (answer["state"], answer["done"], answer["left"], answer["status"]) == ("running", 0, 2, 75)
    assert [task["text"] for task in answer["tasks"]] == ["one"]
    assert answer["tasks"][0]["end"] is None
    assert answer["owner"]["pid"] == runner_of(lopin)
    text = lopin("status").out
    assert "process %d" % runner_of(lopin) in text and re.search(r"1 +one +\d", text)
    assert lopin("status", "--check").code == 75
    for name in ("one", "two", "three"):
        open_gate(lopin, name)
    assert process.wait(60) == 0
    assert lopin("status", "--check").code == 0
    assert lopin("status", "--json").json()["owner"] is None


def test_status_after_a_kill(lopin, wait_until):
    process = gated_run(lopin, ["one", "two", "three"], "-c", "1")
    open_gate(lopin, "one")
    wait_until(lambda: lopin("log", "2").stdout == b"begun two\n")
    os.kill(runner_of(lopin), signal.SIGKILL)
    assert process.wait() == 128 + signal.SIGKILL
    answer = status(lopin)
    assert (answer["state"], answer["done"], answer["running"], answer["left"]) == ("stopped", 1, 0, 2)
    text = lopin("status", "1").out
    assert "1 had begun" in text and "lopin resume 1" in text
    assert lopin("status", "--check").code == 75
    assert lopin("log", "2").stdout == b"begun two\n"
    report = lopin("report", "--json").json()
    assert [task["state"] for task in report["tasks"]] == ["done", "stopped", "waiting"]
    open_gate(lopin, "two"), open_gate(lopin, "three")
    assert lopin("resume").code == 0
    assert lopin("status", "--json").json()["done"] == 3


def test_damaged_line(lopin):
    lopin.write("echo.py", ECHO)
    assert lopin("map", "-c", "1", "echo.py", "a", "b", "c").code == 0
    path = next((lopin.cwd / ".lopin/runs/1").glob("journal.*"))
    lines = path.read_bytes().splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if line.startswith(b"end "))
    lines[at] = lines[at].replace(b"state=done", b"state=dome")
    path.write_bytes(b"".join(lines))
    for command in ("status", "report"):
        result = lopin(command)
        assert result.code == 0
        assert "%s, line %d" % (path.name, at + 1) in result.out
    answer = lopin("status", "--json").json()
    assert (answer["damaged_lines"], answer["done"], answer["left"]) == (1, 2, 1)


@pytest.mark.parametrize("name, bytes_, error", [
    ("run.json", b"", "run-damaged"),
    ("run.json", b'{"v":99}', "run-format"),
    ("run.json", None, ""),
    ("datasets", b"lopin-datasets 1\nabout columns=1 json=0 count=1 00000000\n", "run-damaged"),
    ("datasets", b"lopin-datasets 99\n", "run-format"),
    ("datasets", None, ""),
])
@pytest.mark.parametrize("command", ["status", "log", "report"])
def test_damaged_files(lopin, command, name, bytes_, error):
    lopin.write("echo.py", ECHO)
    assert lopin("map", "echo.py", "a").code == 0
    path = lopin.cwd / ".lopin/runs/1" / name
    path.unlink()
    if bytes_ is not None:
        path.write_bytes(bytes_)
    result = lopin(command)
    assert result.code == 6
    assert ("[%s]" % error if error else name) in result.err and result.stdout == b""


# words for runs and datasets


@pytest.fixture
def five(lopin):
    """Run 1 of three datasets, named "old"; run 2 of 1...9 without 4 and 5, the last."""
    lopin.write("echo.py", ECHO)
    assert lopin("map", "-J", "old", "echo.py", "x", "y:z", "d/y").code == 0
    assert lopin("map", "-a", "1-3,6-9", "echo.py", *"abcdefghi").code == 0
    return lopin


WORDS_FOR_DATASETS = [
    ((), "a b c f g h i"),
    (("2",), "b"),
    (("7-9,1",), "g h i a"),
    (("9", "1", "9"), "i a"),
    (("3-6",), "c f"),
    (("8-4000000000",), "h i"),
    (("=h",), "h"),
    (("last:",), "a b c f g h i"),
    (("last",), "a b c f g h i"),
    (("2:2",), "b"),
    (("1:",), "x y:z d/y"),
    (("1:2",), "y:z"),
    (("old:",), "x y:z d/y"),
    (("old",), "x y:z d/y"),
    (("old:3", "old:1"), "d/y x"),
    (("old:", "2"), "y:z"),
    (("1:=y:z",), "y:z"),
    (("1:=y",), "d/y"),
]
WRONG_WORDS = [
    (("10",), "no-run", "datasets 1 to 9"),
    (("4-5",), "no-run", "4-5"),
    (("0",), "usage", "1"),
    (("3-2",), "usage", "3-2"),
    (("1:1", "2:1"), "usage", "2:1"),
    (("7:1",), "no-run", "7"),
    (("nobody:",), "no-run", "nobody"),
    (("h.npz",), "no-run", "lopin log '=h.npz'"),
    (("h b\n",), "no-run", "lopin log $'=h b\\012'"),
    (("1", "h"), "usage", "h"),
    (("=nothing",), "no-run", "nothing"),
    (("99999999999999999999",), "no-run", "9999"),
]
WORDS_FOR_RUNS = [
    (("1",), 0), (("old",), 0), (("last",), 0), (("1:",), 0), (("1:2",), 2), (("1", "2"), 2), (("3",), 4), (("no",), 4),
]


def test_words_for_datasets(five):
    for words, shown in WORDS_FOR_DATASETS:
        result = five("log", *words)
        assert result.code == 0, (words, result.err)
        assert re.findall(r"got '(.*)'", result.out) == shown.split(), words
        assert result.out.count("==>") == (len(shown.split()) if len(shown.split()) > 1 else 0), words


def test_wrong_words_for_datasets(five):
    for words, error, part in WRONG_WORDS:
        result = five("log", *words)
        assert result.code == {"usage": 2, "no-run": 4}[error], words
        assert "[%s]" % error in result.err and part in result.err and result.stdout == b"", (words, result.err)


def test_words_for_runs(five):
    for command in ("status", "report"):
        for words, code in WORDS_FOR_RUNS:
            assert five(command, *words).code == code, (command, words)


# log


def test_log_is_what_was_printed(lopin):
    lopin.write("noise.py", "import random, sys\n"
                "sys.stdout.buffer.write(random.Random(int(sys.argv[1])).randbytes(300000 * int(sys.argv[1])))\n")
    assert lopin("map", "noise.py", "0", "1", "2").code == 0
    for number, seed in ((2, 1), (3, 2)):
        assert lopin("log", str(number)).stdout == random.Random(seed).randbytes(300000 * seed)
    result = lopin("log", "1")
    assert (result.code, result.stdout) == (0, b"") and "dataset 1 printed nothing" in result.err
    both = b"==> 2 1 <==\n" + random.Random(1).randbytes(300000) + b"\n==> 3 2 <==\n" + random.Random(2).randbytes(600000)
    assert lopin("log").stdout == both


def test_log_of_a_pack(lopin):
    """Above 1,000 datasets the output of all tasks is in one file."""
    assert lopin("map", "--shell", "echo {}; test {} != 700", ":::", *map(str, range(1, 1002))).code == 1
    assert lopin("log", "700").stdout == b"700\n"
    assert lopin("log", "--failed").stdout.endswith(b"<==\n700\n")
    assert lopin("log", "1000-1001").stdout == b"==> 1000 1000 <==\n1000\n\n==> 1001 1001 <==\n1001\n"


def test_names_of_any_bytes(lopin):
    names = [b"a b.txt", b"line\nbreak.txt", b"\xff\xfe.txt", "é漢.txt".encode(), b"\x1b[31m.txt", b"tab\t.txt"]
    lopin.write("echo.py", ECHO)
    for name in names:
        (lopin.cwd / os.fsdecode(name)).write_bytes(b"")
    assert lopin("map", "echo.py", *names).code == 0
    assert lopin("map", "--shell", "cat; false", *names).code == 1
    for number, name in enumerate(names, 1):
        shown = b"got %s\n" % ascii(os.fsdecode(name)).encode()
        assert lopin("log", "1:%d" % number).stdout == shown
        assert lopin("log", b"1:=" + name).stdout == shown
    tasks = lopin("report", "1", "--json").json()["tasks"]
    back = [urllib.parse.unquote_to_bytes(task["bytes"]) if "bytes" in task else task["text"].encode() for task in tasks]
    assert back == names
    assert ["bytes" in task for task in tasks] == [False, False, True, False, False, False]
    assert tasks[2]["text"] == "\ufffd\ufffd.txt"
    for words in (("log", "1:"), ("status", "2"), ("report", "2"), ("report", "1"), ("list",)):
        result = lopin(*words)
        assert result.code == 0
        assert b"\x1b" not in result.stdout and b"\xff" not in result.stdout, words
        assert not any(line.startswith(b"break") for line in result.stdout.splitlines())


def test_failed(lopin):
    lopin.write("some.py", "import sys\nprint(sys.argv[1])\nsys.exit(sys.argv[1] in 'bd')\n")
    assert lopin("map", "some.py", *"abcd").code == 1
    assert lopin("log", "--failed").stdout == b"==> 2 b <==\nb\n\n==> 4 d <==\nd\n"
    assert lopin("log", "--failed", "1,4").stdout == b"==> 4 d <==\nd\n"
    assert "did not fail" in lopin("log", "--failed", "1").err
    lopin.write("some.py", "")
    assert lopin("map", "some.py", "a").code == 0
    result = lopin("log", "--failed")
    assert (result.code, result.stdout) == (0, b"") and "no task of run 2 failed" in result.err
    assert "no task of run 2 printed anything" in lopin("log").err


def test_lost_log(lopin):
    lopin.write("echo.py", ECHO)
    assert lopin("map", "echo.py", *"abc").code == 0
    next((lopin.cwd / ".lopin/runs/1/logs").glob("*-b.log")).unlink()
    result = lopin("log")
    assert result.code == 6 and "[run-damaged]" in result.err and "dataset 2" in result.err
    assert re.findall("got '(.)'", result.out) == ["a", "c"]


def test_output_elsewhere(lopin):
    lopin.write("two.py", "import sys\nprint('out')\nprint('err', file=sys.stderr)\n")
    assert lopin("map", "-o", "logs/{}.txt", "two.py", "a", "b").code == 0
    assert (lopin.cwd / "logs/a.txt").exists()
    assert "logs/{}.txt" in lopin("log").err
    result = lopin("log", "2")
    assert (result.code, result.stdout) == (0, b"") and "logs/b.txt" in result.err
    assert lopin("map", "-e", "{}.err", "two.py", "a", "b").code == 0
    result = lopin("log", "2")
    assert result.stdout == b"out\n" and "b.err" in result.err


def test_reader_gone(lopin):
    lopin.write("much.py", "import sys\nsys.stdout.write('x' * 4000000)\n")
    assert lopin("map", "much.py", "a", "b").code == 0
    for words in (["log"], ["log", "1"], ["report", "--json"]):
        process = lopin.start(*words)
        process.stdout.read(1)
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr.read() == b""


def test_full_disk(lopin):
    lopin.write("echo.py", ECHO)
    assert lopin("map", "echo.py", "a").code == 0
    for words in (["log"], ["status"], ["list"], ["report"], ["report", "--json"]):
        with open("/dev/full", "wb") as full:
            result = lopin(*words, stdout=full)
        assert result.code == 6 and "[disk-full]" in result.err, words


# log -f


def read_until(stream, wanted):
    text = b""
    while wanted not in text:
        piece = os.read(stream.fileno(), 65536)
        assert piece, text
        text += piece
    return text


def test_follow(lopin, wait_until):
    """What is printed arrives while the task runs; tasks that begin later are followed too; the end ends it."""
    process = gated_run(lopin, ["one", "bad", "three"], "-c", "1")
    wait_until(lambda: status(lopin)["running"] == 1)
    follower = lopin.start("log", "-f")
    text = read_until(follower.stdout, b"begun one\n")
    open_gate(lopin, "one")
    text += read_until(follower.stdout, b"begun bad\n")
    open_gate(lopin, "bad")
    text += read_until(follower.stdout, b"begun three\n")
    open_gate(lopin, "three")
    text += follower.stdout.read()
    assert follower.wait(60) == 0 and process.wait(60) == 1
    assert text == lopin("log").stdout


def test_follow_one(lopin, wait_until):
    process = gated_run(lopin, ["one", "two"], "-c", "1")
    wait_until(lambda: status(lopin)["running"] == 1)
    follower = lopin.start("log", "-f", "1")
    assert read_until(follower.stdout, b"begun one\n") == b"begun one\n"
    later = lopin.start("log", "-f", "2")
    open_gate(lopin, "one")
    assert follower.stdout.read() == b"ended one\n"  # though the run goes on
    assert follower.wait(60) == 0
    assert read_until(later.stdout, b"begun two\n") == b"begun two\n"
    open_gate(lopin, "two")
    assert later.stdout.read() == b"ended two\n"
    assert process.wait(60) == 0


def test_follow_failed(lopin, wait_until):
    process = gated_run(lopin, ["one", "bad", "three"], "-c", "1")
    wait_until(lambda: status(lopin)["running"] == 1)
    follower = lopin.start("log", "-f", "--failed")
    for name in ("one", "bad", "three"):
        open_gate(lopin, name)
    text = follower.stdout.read()
    assert follower.wait(60) == 0 and process.wait(60) == 1
    assert text == lopin("log", "--failed").stdout and b"begun bad" in text


def test_follow_into_a_pack(lopin, wait_until):
    """Spools are used again and again: no byte twice, none of the next task's under the name of the last."""
    names = [str(i) for i in range(1, 1101)]
    (lopin.cwd / "gate").mkdir()
    process = lopin.start("map", "-c", "2", "--shell", "while [ ! -e gate/go ]; do sleep 0.01; done; echo of {}", ":::", *names)
    wait_until(lambda: status(lopin)["running"] == 2)
    follower = lopin.start("log", "-f")
    open_gate(lopin, "go")
    text = follower.stdout.read().decode()
    assert follower.wait(60) == 0 and process.wait(60) == 0
    assert re.findall(r"==> (\d+) ", text) == re.findall(r"of (\d+)\n", text)
    assert sorted(re.findall(r"of (\d+)\n", text), key=int) == names


def test_follow_killed_run(lopin, wait_until):
    process = gated_run(lopin, ["one", "two"], "-c", "1")
    wait_until(lambda: status(lopin)["running"] == 1)
    follower = lopin.start("log", "-f")
    assert b"begun one\n" in read_until(follower.stdout, b"begun one\n")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert follower.stdout.read() == b"" and follower.wait(60) == 0


def test_follow_reader_gone(lopin, wait_until):
    process = gated_run(lopin, ["one"])
    wait_until(lambda: status(lopin)["running"] == 1)
    follower = lopin.start("log", "-f")
    read_until(follower.stdout, b"begun one\n")
    follower.stdout.close()
    assert follower.wait(60) == 0  # though nothing is printed any more
    open_gate(lopin, "one")
    assert process.wait(60) == 0

def test_colour_and_width(lopin):
    """Colour on demand only; on a terminal lines of causes fit, and the command to type is never cut off."""
    lopin.write("long.py", "raise ValueError('words ' * 60)\n")
    assert lopin("map", "long.py", "a").code == 1
    assert b"\x1b[" in lopin("status", "--color", "always").stdout
    assert b"\x1b[" not in lopin("status").stdout
    leader, follower = os.openpty()
    subprocess.run(["stty", "cols", "70"], stdin=follower, check=True)
    process = lopin.start("status", stdout=follower, env={"TERM": "xterm", "NO_COLOR": "1"})
    os.close(follower)
    text = b""
    try:
        while piece := os.read(leader, 4096):
            text += piece
    except OSError:  # Linux: the other end is closed
        pass
    os.close(leader)
    assert process.wait(60) == 0
    line = next(line for line in text.decode().splitlines() if "python-error" in line)
    assert len(line) <= 70 and line.endswith("lopin log 1") and "..." in line
