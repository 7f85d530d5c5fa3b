# SPDX-License-Identifier: Apache-2.0
"""watch: a live screen of somebody else's run; it ends with it, or is left."""
import os
import signal

import pytest
from processes import kill_all
from queries import gated_run, open_gate, status
from terminal import Terminal


@pytest.fixture
def watched(lopin):
    yield lopin
    lopin.close()
    kill_all(lopin.cwd)


def live(lopin, wait_until, *names, options=("-j", "2", "--order", "given")):
    process = gated_run(lopin, list(names), *options)
    wait_until(lambda: status(lopin)["running"] >= 1)
    return process


def terminal(lopin, *words, width=90, height=24):
    return Terminal([str(lopin.binary), "watch", *words], width, height,
                    env={**lopin.env, "TERM": "screen"}, cwd=lopin.cwd)


@pytest.mark.slow
def test_a_live_screen_until_the_run_ends(watched, wait_until):
    process = live(watched, wait_until, "bad", "two", "three")
    window = terminal(watched)
    try:
        window.wait(lambda text: "0/3" in text and "two" in text and "lopin cancel 1" in text)
        open_gate(watched, "bad")
        window.wait(lambda text: "1 failed" in text and "ValueError" in text and "lopin log 1" in text)
        open_gate(watched, "two")
        window.wait(lambda text: "1/3" in text and "three" in text)
        window.resize(50, 12)
        window.wait(lambda text: "three" in text and all(len(line) <= 50 for line in text.splitlines()))
        open_gate(watched, "three")
        window.wait(lambda text: window.status() is not None)
        assert window.status() == 1 and process.wait(60) == 1
        text = window.screen()
        assert "2 of 3" in text and "python-error" in text and "leaves" not in text, "the summary is on the first screen"
    finally:
        window.close()


@pytest.mark.parametrize("key", ["q", "C-c"])
def test_it_is_left_and_the_run_goes_on(watched, wait_until, key):
    process = live(watched, wait_until, "one", options=("--mem", "300M"))
    window = terminal(watched, "1")
    try:
        window.wait(lambda text: "one" in text and "/300M" in text and "lopin cancel" in text)
        window.type("", key)
        window.wait(lambda text: window.status() is not None)
        assert window.status() == 0 and "leaves" not in window.screen()
        assert process.poll() is None and status(watched)["running"] == 1
    finally:
        window.close()
    open_gate(watched, "one")
    assert process.wait(60) == 0


def test_a_killed_run_and_one_without_an_owner(watched, wait_until):
    live(watched, wait_until, "one", "two")
    watching = watched.start("watch")
    wait_until(lambda: b"0/2" in os.read(watching.stdout.fileno(), 1000))
    owner = int((watched.cwd / ".lopin/runs/1/owner").read_text().split("pid ")[1].split()[0])
    os.kill(owner, signal.SIGKILL)
    assert watching.wait(60) == 75
    assert "lopin resume 1" in watching.stderr.read().decode()
    done = watched("watch")
    assert done.code == 75 and done.out == "" and "lopin resume 1" in done.err


def test_without_a_terminal_it_is_lines(watched, wait_until):
    process = live(watched, wait_until, "one", "two")
    watching = watched.start("watch")
    first = watching.stdout.readline().decode()
    assert "0/2" in first and "\033" not in first
    open_gate(watched, "one")
    open_gate(watched, "two")
    assert process.wait(60) == 0 and watching.wait(60) == 0
    assert "2 of 2" in watching.stderr.read().decode()


def test_bad_words(watched):
    assert watched("watch").code == 4
    assert watched("watch", "1", "2").code == 2
    assert watched("watch", "7").code == 4
