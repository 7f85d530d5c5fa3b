# SPDX-License-Identifier: Apache-2.0
"""Parts of a run's promise where they meet: containers, two starts of one line, a kill before a run is written down."""
import shutil
import subprocess

import pytest
from conftest import BINARY
from queries import open_gate, status

# Says so if another of its dataset is there; waits for gate/NAME.
ALONE = """#!/bin/sh
mkdir "busy.$1" || echo "$1" >>twice
until [ -e "gate/$1" ]; do sleep 0.02; done
rmdir "busy.$1"
echo "whole $1" >"$2"
"""


def alone(lopin):
    lopin.write("alone", ALONE, 0o755)
    (lopin.cwd / "gate").mkdir()
    return ["--out", "out/{}", "./alone", "{}", "{out}", ":::"]


# containers


def unshared(lopin, *words):
    """In numbers of processes of its own, with or without a /proc that shows them."""
    line = ["unshare", "--pid", "--fork", *words]
    if not shutil.which("unshare") or subprocess.run(line + ["true"], check=False, capture_output=True).returncode:
        pytest.skip("no PID namespaces here")
    return line


@pytest.mark.parametrize("proc", [["--mount-proc"], []], ids=["own", "foreign"])
def test_other_numbers_of_processes(lopin, wait_until, proc):
    line = alone(lopin)
    inside = subprocess.Popen(
        unshared(lopin, *proc) + [BINARY, "map", "-j", "2", *line, "a", "b", "c"], env=lopin.env, cwd=lopin.cwd,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    lopin.started.append(inside)
    wait_until(lambda: status(lopin)["running"] == 2)
    for words in (["resume"], ["retry"], ["rm", "1"], ["map", "--resume", *line, "a", "b", "c"]):
        busy = lopin(*words)
        assert (busy.code, "[run-busy]" in busy.err) == (4, True), busy.err
    for name in "abc":
        open_gate(lopin, name)
    talk = inside.communicate(timeout=120)[0].decode()
    assert inside.returncode == 0 and "done    3 of 3" in talk, talk
    assert not (lopin.cwd / "twice").exists()
    assert lopin("resume").code == 0
