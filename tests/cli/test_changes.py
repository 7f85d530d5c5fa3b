# SPDX-License-Identifier: Apache-2.0
"""What changes between two starts of a run: datasets, script, environment. Each test counts what ran."""
import collections
import os
import subprocess
import sys

import pytest

SCRIPT = '#!/bin/sh\necho "$1" >>seen\ncat "$1" >/dev/null\n'


@pytest.fixture
def read(lopin):
    """Datasets a, b, c; their script notes each run in `seen`."""
    lopin.write("read.sh", SCRIPT, 0o755)
    for name in "abc":
        lopin.write(name, name * 10)
    return lopin


def seen(lopin):
    """How often each ran since the last question."""
    path = lopin.cwd / "seen"
    words = path.read_text().split() if path.exists() else []
    path.unlink(missing_ok=True)
    return dict(collections.Counter(words))


def line(*datasets, options=()):
    return ["map", "--resume", "-j", "1", *options, "./read.sh", *datasets]


def overwrite(path, text):
    """Other content, but size and time of before."""
    times = os.stat(path)
    assert len(text) == times.st_size
    path.write_text(text)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_added_and_removed_from_the_list(read):
    assert read(*line("a", "b")).code == 0
    assert seen(read) == {"a": 1, "b": 1}
    assert read(*line("b", "c")).code == 0
    assert seen(read) == {"c": 1}
    assert read(*line("a", "b", "c")).code == 0  # what was left out meanwhile is still done
    assert seen(read) == {}


def test_reordered(read):
    assert read(*line("a", "b", "c")).code == 0
    seen(read)
    assert read(*line("c", "a", "b")).code == 0
    assert seen(read) == {}
    read.write("0", "0")  # the numbers of all others shift
    assert read(*line("0", "a", "b", "c")).code == 0
    assert seen(read) == {"0": 1}


def test_renamed(read):
    """A name is what a dataset is: under another one it is new."""
    assert read(*line("a", "b")).code == 0
    seen(read)
    os.rename(read.cwd / "b", read.cwd / "d")
    assert read(*line("a", "d")).code == 0
    assert seen(read) == {"d": 1}


def test_names_exchanged(read):
    """Content follows the name by size and time: both have changed."""
    assert read(*line("a", "b")).code == 0
    seen(read)
    read.write("b", "other")
    os.rename(read.cwd / "a", read.cwd / "x")
    os.rename(read.cwd / "b", read.cwd / "a")
    os.rename(read.cwd / "x", read.cwd / "b")
    assert read("resume").code == 0
    assert seen(read) == {"a": 1, "b": 1}


def test_given_twice(read):
    assert read(*line("a", "b", "a")).code == 0
    assert seen(read) == {"a": 2, "b": 1}
    assert read(*line("a", "a", "b")).code == 0
    assert seen(read) == {}
    assert read(*line("a", "a", "a", "b")).code == 0
    assert seen(read) == {"a": 1}
    assert read(*line("a", "b")).code == 0
    assert seen(read) == {}


def test_changed(read):
    assert read("map", "-j", "1", "./read.sh", "a", "b", "c").code == 0
    seen(read)
    read.write("b", "longer than before")
    os.utime(read.cwd / "c", ns=(1, 1))
    result = read("resume")
    assert result.code == 0 and "2 changed" in result.err
    assert seen(read) == {"b": 1, "c": 1}
    assert read("resume").code == 0 and seen(read) == {}


def test_gone(read):
    """A dataset that is done and whose file is gone stays done."""
    assert read("map", "-j", "1", "./read.sh", "a", "b").code == 0
    seen(read)
    (read.cwd / "a").unlink()
    assert read("resume").code == 0 and seen(read) == {}
    assert read("resume", "--strict").code == 0 and seen(read) == {}
    read.write("a", "a" * 11)
    assert read("resume").code == 0 and seen(read) == {"a": 1}


@pytest.mark.sanitize
@pytest.mark.parametrize("out", [False, True])
def test_strict(read, out):
    """Size and time are the same, the content is not: only --strict sees it."""
    read.write("read.sh", SCRIPT.replace("/dev/null", '"${2:-/dev/null}"'), 0o755)
    words = ["--out", "out/{}", "./read.sh", "{}", "{out}", ":::"] if out else ["./read.sh"]
    assert read("map", "--strict", "-j", "1", *words, "a", "b", "c").code == 0
    seen(read)
    assert read("resume").code == 0 and seen(read) == {}
    overwrite(read.cwd / "b", "x" * 10)
    result = read("resume")  # the run began with --strict
    assert result.code == 0 and "1 changed" in result.err
    assert seen(read) == {"b": 1}
    assert not out or (read.cwd / "out/b").read_text() == "x" * 10
    assert read("resume").code == 0 and seen(read) == {}


def test_strict_later(read):
    assert read("map", "-j", "1", "./read.sh", "a", "b").code == 0
    seen(read)
    overwrite(read.cwd / "a", "x" * 10)
    result = read("resume", "--strict")
    assert result.code == 0 and "2 were done without --strict" in result.err
    assert seen(read) == {}
    read.write("b", "other")
    assert read("resume", "--strict").code == 0 and seen(read) == {"b": 1}
    overwrite(read.cwd / "b", "OTHER")
    assert read("resume").code == 0 and seen(read) == {}
    assert read("resume", "--strict").code == 0 and seen(read) == {"b": 1}
    assert read(*line("a", "b", options=["--strict"])).code == 0 and seen(read) == {}


def test_strict_changed_while_it_ran(read):
    """What changed under the task has no hash, and another time: it runs again."""
    read.write("read.sh", '#!/bin/sh\necho "$1" >>seen\n[ -e quiet ] || echo more >>"$1"\n', 0o755)
    assert read("map", "--strict", "-j", "1", "./read.sh", "a").code == 0
    read.write("quiet", "")
    assert seen(read) == {"a": 1}
    assert read("resume").code == 0 and seen(read) == {"a": 1}
    assert read("resume").code == 0 and seen(read) == {}


def edited(read, answer):
    result = read("resume", *answer)
    return result, seen(read)


def test_script_edited(read):
    assert read("map", "-j", "1", "./read.sh", "a", "b").code == 0
    seen(read)
    read.write("read.sh", SCRIPT + "# edited\n", 0o755)
    result, ran = edited(read, [])
    assert result.code == 2 and "[changed]" in result.err and ran == {}
    assert "--keep-done" in result.err and "--redo" in result.err
    result = read(*line("a", "b", "c"))
    assert result.code == 2 and "[changed]" in result.err and seen(read) == {}
    assert read(*line("a", "b", "c", options=["--keep-done"])).code == 0 and seen(read) == {"c": 1}
    result, ran = edited(read, ["--redo"])
    assert result.code == 0 and ran == {"a": 1, "b": 1}
    result, ran = edited(read, [])
    assert result.code == 0 and ran == {}
    # touched, not edited: the hash counts
    os.utime(read.cwd / "read.sh", ns=(1, 1))
    result, ran = edited(read, [])
    assert result.code == 0 and ran == {}


@pytest.mark.slow
def test_environment_edited(read):
    read.write("read.py", 'import sys\nopen("seen", "a").write(sys.argv[1] + "\\n")\n')
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", read.cwd / "env"], check=True)
    words = ["map", "--resume", "-j", "1", "--env", "env", "read.py"]
    assert read(*words, "a").code == 0 and seen(read) == {"a": 1}
    site = next((read.cwd / "env" / "lib").glob("python*/site-packages"))
    (site / "other-1.0.dist-info").mkdir()
    (site / "other-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    result = read(*words, "a")
    assert result.code == 2 and "[changed]" in result.err and seen(read) == {}
    assert read(*words[:2], "--keep-done", *words[2:], "a").code == 0 and seen(read) == {}
    assert read(*words[:2], "--redo", *words[2:], "a").code == 0 and seen(read) == {"a": 1}
    assert read(*words, "a").code == 0 and seen(read) == {}
