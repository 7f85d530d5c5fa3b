# SPDX-License-Identifier: Apache-2.0
"""What a run shows while it runs: on a terminal, in a pipe, as JSON."""
import json
import re
import signal
import subprocess
import time

import pytest
from terminal import bytes_of, terminal

# A task ends when go-DATASET is there, and fails if fail-DATASET is there too.
WAIT = """#!/bin/sh
while ! [ -e "go-$1" ]; do sleep 0.02; done
[ -e "fail-$1" ] || exit 0
echo "it went wrong in the middle of something" >&2
exit 3
"""
LIVE = re.compile(r"^ *\d+/\d+ ")
USE = re.compile(r"^  cores ")


@pytest.fixture
def waiting(lopin):
    lopin.write("wait.sh", WAIT, 0o755)
    lopin.env["TERM"] = "screen"
    lopin.go = lambda *names: [lopin.write("go-" + name, "") for name in names]
    lopin.fail = lambda *names: [(lopin.write("fail-" + name, ""), lopin.write("go-" + name, "")) for name in names]
    return lopin


def window(lopin, *words, width=80):
    return terminal([lopin.binary, "map", "-c", "1", *words], width, env=lopin.env, cwd=lopin.cwd)


def unwrapped(screen, width):
    lines = screen.lines()
    assert max(map(len, lines)) <= width
    assert lines == screen.lines(joined=True), "a line was wrapped"
    return lines


def live_lines(lines):
    return [line for line in lines if LIVE.match(line) or USE.match(line)]


def settled(screen, width):
    """The live lines are those of this width, and no other."""
    lines, joined = screen.lines(past=False), screen.lines(past=False, joined=True)
    right = "[####" in screen.screen() if width > 60 else len(lines[-2]) < width
    return right and lines[-2:] == joined[-2:] and len(live_lines(lines)) == 2


def failures(screen):
    return [line for line in screen.lines(joined=True) if line.startswith("failed")]


@pytest.mark.parametrize("width", [200, 80, 40, 20])
def test_two_live_lines_fit(waiting, width):
    names = ["bad", "good", "a-dataset-with-a-name-that-is-longer-than-twenty-columns"]
    with window(waiting, "-J", "x", "./wait.sh", ":::", *names, width=80) as screen:
        screen.wait(lambda text: "0/3" in text)
        screen.resize(width)
        screen.wait(lambda text: "0/3" in text and all(len(line) <= width for line in text.splitlines()))
        waiting.fail("bad")
        screen.wait(lambda text: "1 failed" in text and "failed  bad" in text)
        waiting.go("good")
        screen.wait(lambda text: "1/3" in text)
        lines = screen.lines(past=False)  # a narrow tmux scrolls the head of wrapped lines out of reach
        assert len(live_lines(lines)) == 2, lines
        assert LIVE.match(lines[-2]) and USE.match(lines[-1])
        assert all(len(line) < width for line in lines[-3:])
        if width >= 80:
            assert "lopin log 1" in lines[-3] and "1 running" in lines[-2] and "[" in lines[-2]
        waiting.go(names[2])
        screen.wait(lambda _: screen.status() == 1)
        assert not live_lines(screen.lines(past=False))


def test_nothing_is_left_of_the_live_lines(waiting):
    with window(waiting, "./wait.sh", ":::", "a", "b", "c") as screen:
        screen.wait(lambda text: "0/3" in text)
        waiting.fail("a")
        screen.wait(lambda text: "failed  a" in text)
        waiting.go("b")
        screen.wait(lambda text: "1/3" in text)
        waiting.fail("c")
        screen.wait(lambda _: screen.status() == 1)
        lines = unwrapped(screen, 80)
        assert [line.split()[1] for line in lines if line.startswith("failed")] == ["a", "c"]
        assert not live_lines(lines)
        assert lines[0].startswith("run ") and "" not in lines


def test_resize_while_running(waiting):
    with window(waiting, "./wait.sh", ":::", "a", "b", "c", "d", width=90) as screen:
        screen.wait(lambda text: "0/4" in text)
        waiting.fail("a")
        screen.wait(lambda text: "failed  a" in text and "1 failed" in text)
        before = failures(screen)
        for width in (50, 20, 120, 33, 90):
            screen.resize(width)
            screen.wait(lambda _: settled(screen, width))
        for width in (70, 25, 110, 40, 90):  # faster than it can follow
            screen.resize(width)
        screen.wait(lambda _: settled(screen, 90))
        waiting.go("b", "c", "d")
        screen.wait(lambda _: screen.status() == 1)
        assert not live_lines(screen.lines(past=False))
        assert screen.lines()[0].startswith("run ") and failures(screen) == before


def test_interrupt_says_what_runs(waiting):
    with window(waiting, "./wait.sh", ":::", "a", "b", "c") as screen:
        screen.wait(lambda text: "1 running" in text)
        screen.type("", "C-c")
        screen.wait(lambda text: "^C      1 running: it may finish; ^C again kills it" in text)
        waiting.go("a")
        screen.wait(lambda _: screen.status() == 75)
        assert not live_lines(screen.lines())


def test_second_interrupt_kills(waiting):
    with window(waiting, "./wait.sh", ":::", "a", "b") as screen:
        screen.wait(lambda text: "1 running" in text)
        screen.type("", "C-c")
        screen.wait(lambda text: "it may finish" in text)
        screen.type("", "C-c")
        screen.wait(lambda _: screen.status() == 75)
        assert any(line.endswith("^C      killing 1 running") for line in screen.lines())
        assert not live_lines(screen.lines())


def test_a_terminal_that_is_held_does_not_hold_the_tasks(waiting, wait_until):
    names = [str(number) for number in range(40)]
    with window(waiting, "./wait.sh", ":::", *names, width=200) as screen:
        screen.wait(lambda text: "1 running" in text)
        screen.type("", "C-s")
        journal = next(waiting.cwd.glob(".lopin/runs/1/journal*"))
        for count, name in enumerate(names, 1):  # one by one: several draws are due meanwhile
            waiting.fail(name)
            wait_until(lambda: journal.read_bytes().count(b"\nend ") == count, limit=20)
        assert screen.status() is None
        screen.type("", "C-q")
        screen.wait(lambda _: screen.status() == 1)
        assert len(failures(screen)) == len(names)


def test_a_job_in_the_background_leaves_the_terminal_alone(waiting):
    with terminal(["bash", "--norc", "--noprofile"], env=waiting.env, cwd=waiting.cwd) as screen:
        screen.type("PS1='ready> '; clear", "Enter")
        screen.wait(lambda text: text.strip() == "ready>")
        screen.type("%s map -c 1 ./wait.sh ::: a b &" % waiting.binary, "Enter")
        screen.wait(lambda text: "run 1 " in text)
        waiting.fail("a")
        screen.wait(lambda text: "failed  a" in text)
        assert not live_lines(screen.lines())
        screen.type("fg", "Enter")
        screen.wait(lambda text: len(live_lines(text.splitlines())) == 2)
        waiting.go("b")
        screen.wait(lambda text: text.rstrip().endswith("ready>") and "done" in text)
        lines = screen.lines()
        assert not live_lines(lines) and any(line.startswith("failed  a") for line in lines)


def test_no_escapes_where_the_terminal_cannot(waiting):
    waiting.fail("a", "b")
    words = [waiting.binary, "map", "./wait.sh", ":::", "a", "b"]
    written, status = bytes_of(words, waiting.environment({"TERM": "dumb"}), waiting.cwd)
    assert status == 1 and b"\x1b" not in written
    assert written.count(b"\nfailed  ") == 2


def test_no_color_moves_the_cursor_but_does_not_colour(waiting):
    waiting.fail("a")
    words = [waiting.binary, "map", "./wait.sh", ":::", "a"]
    written, _ = bytes_of(words, waiting.environment({"NO_COLOR": "1"}), waiting.cwd)
    assert b"\x1b[31m" not in written and b"\x1b[K" in written
    written, _ = bytes_of(words, waiting.environment({}), waiting.cwd)
    assert b"\x1b[31mfailed" in written


def test_a_name_cannot_move_the_cursor(waiting):
    name = "x\x1b[2Jy"
    waiting.fail(name)
    written, _ = bytes_of([waiting.binary, "map", "./wait.sh", ":::", name], waiting.environment({}), waiting.cwd)
    assert b"\x1b[2J" not in written and b"x\\x1b[2Jy" in written


def test_in_a_pipe_a_line_for_each_failure(waiting):
    waiting.fail("a", "c")
    waiting.go("b")
    done = waiting("map", "./wait.sh", ":::", "a", "b", "c")
    assert done.code == 1 and b"\x1b" not in done.stderr and done.stdout == b""
    failed = sorted(line for line in done.err.splitlines() if line.startswith("failed"))
    assert [line.split()[1] for line in failed] == ["a", "c"]
    assert failed[0].endswith("   lopin log 1") and "exit status 3" in failed[0]
    assert not live_lines(done.err.splitlines())


def test_verbose_and_quiet(waiting):
    waiting.fail("a")
    waiting.go("b")
    said = waiting("map", "-v", "./wait.sh", ":::", "a", "b").err.splitlines()
    assert sum(line.startswith("failed  a") for line in said) == 1 and any(re.match(r"done    b  \d", x) for x in said)
    quiet = waiting("map", "-Q", "./wait.sh", ":::", "a", "b").err.splitlines()
    assert not any(line.startswith(("failed", "run")) for line in quiet)


def test_failures_without_end_are_not_all_shown(waiting):
    said = waiting("map", "false", ":::", *map(str, range(150))).err.splitlines()
    shown = [line for line in said if line.startswith("failed")]
    assert len(shown) == 101
    assert sum("lopin log --failed" in line for line in shown) == 1 and "150 failed" in said[-2]


def test_stop_without_a_terminal(waiting, wait_until):
    process = waiting.start("map", "-c", "1", "./wait.sh", ":::", "a", "b", stderr=subprocess.PIPE)
    wait_until(lambda: list(waiting.cwd.glob(".lopin/runs/1/journal*")))
    wait_until(lambda: b"start " in next(waiting.cwd.glob(".lopin/runs/1/journal*")).read_bytes())
    process.send_signal(signal.SIGTERM)
    said = b""
    while b"a second signal kills it" not in said:
        part = process.stderr.readline()
        assert part, said
        said += part
    assert b"stop    1 running: it may finish" in said and b"\x1b" not in said
    waiting.go("a")
    assert process.wait(60) == 75


def check_pairs(events):
    """Each start has its end, and the other way round. Gives the ends."""
    starts = {(event["dataset"], event["attempt"]): event for event in events if event["event"] == "start"}
    ends = {(event["dataset"], event["attempt"]): event for event in events if event["event"] == "end"}
    assert starts.keys() == ends.keys()
    assert all(starts[key]["slot"] == ends[key]["slot"] and starts[key]["text"] == ends[key]["text"] for key in ends)
    return ends


def test_events(waiting):
    waiting.fail("a")
    waiting.go("b", "c")
    done = waiting("map", "--json", "-J", "mine", "./wait.sh", ":::", "a", "b", "c")
    events = done.events()
    assert all(event["v"] == 1 for event in events)
    assert "failed" not in done.err
    run, close = events[0], events[-1]
    assert (run["event"], run["run"], run["datasets"], run["name"]) == ("run", 1, 3, "mine")
    ends = check_pairs(events)
    assert sorted(end["text"] for end in ends.values()) == ["a", "b", "c"]
    failed, = [end for end in ends.values() if end["state"] == "failed"]
    assert (failed["dataset"], failed["cause"], failed["code"]) == (1, "exit-code", 3)
    assert failed["detail"] and failed["duration_s"] >= 0 and failed["peak_kb"] > 0 and failed["output"] is None
    good = next(end for end in ends.values() if end["state"] == "done")
    assert good["cause"] is None and good["code"] == 0
    assert (close["event"], close["done"], close["failed"], close["left"], close["status"]) == ("close", 2, 1, 0, 1)
    assert done.code == 1


def test_events_of_outputs_and_of_names_that_are_no_text(lopin):
    names = [b"plain", b"\xff\xfe"]
    done = lopin("map", "--json", "--out", "out/{}", "--shell", "echo > {out}", ":::", *names)
    ends = check_pairs(done.events())
    assert ends[1, 1]["output"].endswith("out/plain")
    assert ends[2, 1]["text"] == "\ufffd\ufffd" and ends[2, 1]["bytes"] == "%FF%FE"


def test_events_come_at_once_and_tell_a_stop(waiting):
    process = waiting.start("map", "--json", "-c", "1", "./wait.sh", ":::", "a", "b", "c", text=True)
    seen = []

    def until(kind):
        while not seen or seen[-1]["event"] != kind:
            line = process.stdout.readline()
            assert line, seen
            seen.append(json.loads(line))
        return seen[-1]

    assert until("start")["dataset"] == 1  # while it runs: nothing waits in a buffer
    process.send_signal(signal.SIGINT)
    assert until("stopping")["running"] == 1
    process.send_signal(signal.SIGINT)
    assert until("killing")["running"] == 1
    assert until("end")["state"] == "stopped"
    close = until("close")
    assert close["left"] == 3 and close["status"] == 75
    assert process.wait(60) == 75
    check_pairs(seen)


def test_a_reader_that_leaves_does_not_stop_the_run(waiting):
    process = waiting.start("map", "--json", "./wait.sh", ":::", *"abcdef")
    process.stdout.readline()
    process.stdout.close()
    waiting.go(*"abcdef")
    assert process.wait(60) == 0
    assert waiting("status", "--check").code == 0


@pytest.mark.slow
def test_a_line_a_minute_in_a_pipe(waiting):
    process = waiting.start("map", "-c", "1", "./wait.sh", ":::", "a", "b")
    waiting.go("a")
    begun = time.monotonic()
    line = ""
    while not LIVE.match(line):
        line = process.stderr.readline().decode()
        assert line
    assert time.monotonic() - begun > 50
    assert line.startswith(" 1/2  1 running   0 failed   1m") and "cores" in line and "[" not in line
    waiting.go("b")
    assert process.wait(60) == 0
