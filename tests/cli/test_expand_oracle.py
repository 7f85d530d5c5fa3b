# SPDX-License-Identifier: Apache-2.0
"""Placeholders beside GNU parallel's, on generated names."""
import random
import shutil
import subprocess

import pytest

TEMPLATE = ["{}", "{.}", "{/}", "{//}", "{/.}", "{#}", "{1}", "{1.}", "{1/}", "{1//}", "{1/.}", "x{}y{/.}z"]
FIXED = ["a", "a.b", ".h", "d/.h", "/", "//", "a/", "a//b", "/a.b", ".", "..", "-x", "--", "a b", "{}", "{#}", "x.",
         "d.e/f", "it's", "$HOME", "%41"]
# No newline: parallel's substitutions are Perl's s/\.[^/.]*$// and s:.*/::, in which . and $ mean lines, so that
# "a\nb/c" has the base name "a\nc". Ours take the name as a whole; tests/unit/map/test_expand.c holds that.
# No empty name: parallel leaves it out where it is the whole argument.
BYTES = "ab../ '\"$`\\-*{}%;&|\t~!\x01\u00e9"
SEED = 20240229


def names():
    source = random.Random(SEED)
    found = list(FIXED)
    while len(found) < 200:
        found.append("".join(source.choice(BYTES) for _ in range(source.randint(1, 8))))
    return [name.encode() for name in found] + [b"\xff\xfe.\xfd", b"\xff/x"]


@pytest.mark.skipif(not shutil.which("parallel"), reason="GNU parallel is not installed")
def test_as_parallel(lopin):
    version = subprocess.run(["parallel", "--version"], capture_output=True, check=False).stdout
    if not version.startswith(b"GNU parallel"):
        pytest.skip("another program of that name")
    lopin.write("names", b"\0".join(names()) + b"\0")
    lopin.write("dump.sh", "#!/bin/sh\nnumber=$1\nshift\nprintf '%s\\0' \"$@\" >\"$FOLDER/$number\"\n", 0o755)
    for folder in ("ours", "theirs"):
        (lopin.cwd / folder).mkdir()
    ours = lopin("map", "--local", "-0", "--from", "names", "--keep-env", "FOLDER", "./dump.sh", "{#}", *TEMPLATE,
                 env={"FOLDER": "ours"})
    assert ours.code == 0, ours.err
    theirs = subprocess.run(
        ["parallel", "--will-cite", "-0", "-j2", "-a", "names", "./dump.sh", "{#}", *TEMPLATE],
        env=lopin.environment({"FOLDER": "theirs", "SHELL": "/bin/sh"}), cwd=lopin.cwd, capture_output=True, check=False,
    )
    assert theirs.returncode == 0, theirs.stderr
    for number, name in enumerate(names(), 1):
        got = (lopin.cwd / "ours" / str(number)).read_bytes().split(b"\0")
        expected = (lopin.cwd / "theirs" / str(number)).read_bytes().split(b"\0")
        assert dict(zip(TEMPLATE, got)) == dict(zip(TEMPLATE, expected)), name
