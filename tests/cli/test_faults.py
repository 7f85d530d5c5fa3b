# SPDX-License-Identifier: Apache-2.0
"""Each system call of a run that touches the disk or starts something fails, one at a time: nothing is lost or torn."""
import collections
import errno
import os
import random

import pytest
from conftest import BINARY, ROOT
from queries import journal

FAULT = next((path for path in (BINARY.parent / "tests/fault.so", ROOT / "build/tests/fault.so") if path.exists()), None)
WORDS = ["one", "two words", "three", "a\nb"]
TASK = """#!/bin/sh
mkdir "busy.$1" || exit 9  # two of one dataset at a time
echo "about $1"
printf 'whole %s' "$1" >"$2"
rmdir "busy.$1"
"""
ERRORS = {
    "write": (errno.ENOSPC, errno.EIO, "short"), "sync": (errno.EIO,), "rename": (errno.ENOSPC,), "link": (errno.EIO,),
    "open": (errno.EMFILE, errno.EIO), "mkdir": (errno.EDQUOT,), "fork": (errno.EAGAIN,), "thread": (errno.EAGAIN,),
    "truncate": (errno.EIO,), "reserve": (errno.ENOSPC, errno.EOPNOTSUPP),
}
MOST = 100  # of one call and error: more are chosen by the seed

pytestmark = pytest.mark.skipif(FAULT is None, reason="the build has no tests")


def line(*options):
    return ["map", "-j", "2", "--overwrite", "--out", "out/{#}", *options, "./task", "{}", "{out}", ":::", *WORDS]


def faulty(lopin, words, fault, **more):
    # ours stands before the sanitizer's library, which by itself would have that for an error
    asan = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    return lopin(*words, env={"LD_PRELOAD": str(FAULT), "LOPIN_FAULT": fault, "ASAN_OPTIONS": asan, **more})


def prepare(lopin):
    lopin.write("task", TASK)
    (lopin.cwd / "task").chmod(0o755)


def calls(lopin, tmp_path):
    """How often an untroubled run makes each call: {name: count}, of its busiest process."""
    counts = collections.Counter()
    faulty(lopin, line(), "none:1:5", LOPIN_FAULT_COUNT=str(tmp_path / "counts"))
    for text in (tmp_path / "counts").read_text().splitlines():
        name, count = text.split()
        counts[name] = max(counts[name], int(count))
    return counts


def check(lopin, fault, first):
    """The run is brought to its end without the fault; then each output is there and whole."""
    assert first.code >= 0 and first.code < 128, (fault, first.err)
    assert first.code == 0 or "lopin: " in first.err or "failed" in first.err, (fault, first.err)
    for _ in range(3):
        done = lopin("map", "--resume", *line()[1:])
        if done.code != 1:
            break
        done = lopin("retry")  # a task that the fault kept from starting has failed
    assert done.code == 0, (fault, first.err, done.err)
    for number, word in enumerate(WORDS, 1):
        assert (lopin.cwd / "out" / str(number)).read_text() == "whole " + word, fault
    # what could not be opened to be removed may stay, hidden
    assert sorted(name for name in os.listdir(lopin.cwd / "out") if not name.startswith(".lopin-")) == list("1234"), fault
    assert not [name for name in os.listdir(lopin.cwd) if name.startswith("busy.")], fault
    last = max(int(name) for name in os.listdir(lopin.cwd / ".lopin/runs") if name.isdigit())
    ends = [record for record in journal(lopin, last) if record["kind"] == "end" and record["state"] == "done"]
    assert len({record["key"] for record in ends}) == len(WORDS), fault


@pytest.mark.slow
@pytest.mark.sanitize
@pytest.mark.parametrize("call", ERRORS)
def test_one_call_fails(lopin, tmp_path, call):
    prepare(lopin)
    count = calls(lopin, tmp_path)[call]
    assert count or call in ("truncate",), "the call is not made at all"
    seed = random.randrange(1 << 32)
    print("seed", seed)
    for error in ERRORS[call]:
        places = range(1, count + 1)
        if count > MOST:
            places = sorted(random.Random(seed).sample(places, MOST))
        for place in places:
            for folder in ("out", ".lopin"):
                lopin("exec", "rm", "-rf", folder)
            fault = "%s:%d:%s" % (call, place, error)
            check(lopin, fault, faulty(lopin, line(), fault))
