# SPDX-License-Identifier: Apache-2.0
"""The store of unpacked wheels: what it takes, what it refuses, what is left of it after a kill or on a full disk."""
import base64
import hashlib
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time
import zlib

import pytest

import bad_wheels
from test_storage import disk  # noqa: F401

PYTHON = "%s=%s" % (sys.implementation.cache_tag, sys.executable)


def fill(lopin, *wheels, store="store", python="-", **options):
    return lopin("x-wheel", "store", store, python, *map(str, wheels), **options)


def entries(done):
    assert done.code == 0, done.err
    return [pathlib.Path(line.split("\t")[0]) for line in done.out.splitlines()]


def save(lopin, data, folder=".", name=bad_wheels.FILE):
    path = lopin.cwd / folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}


def listed(entry):
    """path -> (kind, size, hash) of the manifest, whose checksum is looked at too."""
    text = (entry / "manifest").read_bytes()
    body, end = text[:-13], text[-13:]
    assert end == b"end %08x\n" % zlib.crc32(body)
    found, folder = {}, None
    for line in body.decode().splitlines():
        words = line.split(" ", 5)
        if words[0] == "folder":
            folder = words[1] + ("/" + words[5] if words[5] else "")
        elif words[0] in ("-", "x", "s", "b"):
            kind, size, digest, name = line.split(" ", 3)
            found[folder + "/" + name] = kind, int(size), digest
    return found


def check_entry(entry):
    """All that the manifest lists is there, and nothing else; nothing can be written."""
    about = listed(entry)
    assert files(entry) == set(about) | {"manifest"}
    for name, (kind, size, digest) in about.items():
        data = (entry / name).read_bytes()
        assert len(data) == size, name
        assert base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode() == digest, name
        assert (entry / name).stat().st_mode & 0o7777 == (0o555 if kind in "xs" else 0o444), name
        assert (entry / name).stat().st_mtime == 315532800
    for path in [entry, *entry.rglob("*")]:
        assert not path.stat().st_mode & 0o222, path
    return about


def check_store(store):
    for entry in (store / "1").iterdir():
        assert not entry.name.startswith(".tmp"), "left behind"
        if entry.name != ".seen":
            check_entry(entry)


@pytest.mark.sanitize
@pytest.mark.parametrize("name", bad_wheels.CASES)
def test_refused(lopin, name):
    change, words = bad_wheels.CASES[name]
    wheel = save(lopin, bad_wheels.make(change))
    good = save(lopin, bad_wheels.make(lambda wheel: None), "good")
    before = entries(fill(lopin, good))
    done = fill(lopin, wheel)
    assert done.code == 3 and "[bad-wheel]" in done.err, done.err
    assert bad_wheels.FILE in done.err and words in done.err, done.err
    assert "\x1b[2J" not in done.err
    assert [path.name for path in (lopin.cwd / "store/1").iterdir() if path.name != ".seen"] == [before[0].name]
    assert {path.name for path in lopin.cwd.iterdir()} == {"store", "good", bad_wheels.FILE}
    check_store(lopin.cwd / "store")


@pytest.mark.sanitize
@pytest.mark.parametrize("name", bad_wheels.GOOD)
def test_taken(lopin, name):
    wheel = save(lopin, bad_wheels.make(bad_wheels.GOOD[name]))
    for python in "-", PYTHON:
        entry, = entries(fill(lopin, wheel, python=python))
        about = check_entry(entry)
        assert about["tree/demo_pkg/tool.sh"][0] == "x"
        cached = "tree/demo_pkg/__pycache__/__init__.%s.pyc" % sys.implementation.cache_tag
        assert (about.get(cached, "-")[0] == "b") == (python != "-")
        assert not any("template" in path and path.endswith("pyc") for path in about)
        if python != "-":
            code = "import demo_pkg, sys; print(demo_pkg.VALUE, demo_pkg.__cached__)"
            done = subprocess.run([sys.executable, "-S", "-c", code], env={"PYTHONPATH": str(entry / "tree")},
                                  capture_output=True, text=True, check=True)
            assert done.stdout.split() == ["1", str(entry / cached)]


DYING = """#!%s
import sys
text = sys.argv[-1].replace("    code = compile(", "    if b'DIE' in text:\\n        os.kill(os.getpid(), 9)\\n    code = compile(")
sys.path.insert(0, "")
exec(text)
"""


def test_a_compiler_that_dies(lopin):
    """Only the source that it died of is left out."""
    python = lopin.cwd / "dying"
    python.write_text(DYING % sys.executable)
    python.chmod(0o755)
    wheel = bad_wheels.Wheel()
    for number in range(40):
        wheel.add("demo_pkg/m%d.py" % number, b"DIE = 1\n" if number % 13 == 5 else b"x = %d\n" % number)
    entry, = entries(fill(lopin, save(lopin, wheel.bytes()), python="%s=%s" % (sys.implementation.cache_tag, python)))
    compiled = {name.split("/")[-1].split(".")[0] for name, row in check_entry(entry).items() if row[0] == "b"}
    assert compiled == {"__init__"} | {"m%d" % number for number in range(40) if number % 13 != 5}


@pytest.mark.parametrize("python", ["/bin/false", "/nowhere/python"])
def test_no_interpreter(lopin, python):
    done = fill(lopin, save(lopin, bad_wheels.make(lambda wheel: None)), python="cpython-311=" + python)
    assert done.code == 6 and python in done.err
    assert not list((lopin.cwd / "store/1").glob("*")) and not list((lopin.cwd / "store/1").glob(".tmp*"))


def test_schemes_scripts_and_facts(lopin):
    wheel = bad_wheels.Wheel()
    data = "demo_pkg-1.0.data/"
    wheel.add(data + "platlib/demo_more/x.py")
    wheel.add(data + "scripts/run", b"#!python\nprint(1)\n")
    wheel.add(data + "scripts/other", b"#!/bin/sh\n")
    wheel.add(data + "data/share/words.txt")
    wheel.add(data + "headers/demo.h")
    wheel.add(bad_wheels.ENTRIES, b"[console_scripts]\ndemo = demo_pkg.main:run [extra]\n[other]\na = anything, at all\n")
    entry, = entries(fill(lopin, save(lopin, wheel.bytes())))
    about = check_entry(entry)
    assert {name: row[0] for name, row in about.items() if not name.startswith("tree/demo_pkg")} == {
        "tree/demo_more/x.py": "-", "scripts/run": "s", "scripts/other": "x", "data/share/words.txt": "-", "headers/demo.h": "-"}
    assert b"console demo=demo_pkg.main:run\n" in (entry / "manifest").read_bytes()


def test_libraries(lopin):
    """Folders from which the loader would look outside of the wheel are marked; what libraries need is known."""
    wheel = bad_wheels.Wheel()
    for folder, runpath in {
            "demo_pkg": "$ORIGIN/../demo_pkg.libs", "demo_pkg.libs": "$ORIGIN", "demo_pkg/up": "/opt/lib:$ORIGIN/../../other/lib",
            "demo_pkg/out": "${ORIGIN}/../../../..", "demo_pkg/deep/in": "$ORIGIN/../../../demo_pkg.libs:/usr/lib",
            "demo_pkg/plain": "/usr/lib", "demo_pkg/space": "$ORIGIN/../../"}.items():
        needs = "GLIBC_2.28" if folder == "demo_pkg/up" else "GLIBC_2.3.4"
        wheel.add(folder + "/lib.so", bad_wheels.library(runpath, needs))
    wheel.add("demo_pkg/tool", bad_wheels.library("", interpreter=b"/opt/site/ld.so"), 0o100755)
    wheel.add("demo_pkg/broken.so", bad_wheels.library("$ORIGIN/../../x")[:0x250])
    done = fill(lopin, save(lopin, wheel.bytes()))
    check_entry(entries(done)[0])
    assert done.out.rstrip("\n").split("\t")[9:12] == ["2.28", "62", "/opt/site/ld.so"]
    assert set(done.out.rstrip("\n").split("\t")[12:]) == {"demo_pkg/up", "demo_pkg/out", "demo_pkg/space"}


def test_known_by_content(lopin):
    """The same bytes are one entry, wherever they are; a file that is replaced in place is another's."""
    data = bad_wheels.make(lambda wheel: None)
    one, two = save(lopin, data, "one"), save(lopin, data, "two")
    first = fill(lopin, one, two)
    assert len(set(entries(first))) == 1
    os.utime(one, (1, 1))
    changed = bad_wheels.make(lambda wheel: wheel.set(bad_wheels.ONE, b"VALUE = 2\n"))
    assert len(changed) == len(data)
    fill(lopin, one)
    with open(one, "r+b") as file:
        file.write(changed)
    os.utime(one, (1, 1))
    entry, = entries(fill(lopin, one))
    assert entry not in entries(first) and (entry / "tree/demo_pkg/__init__.py").read_text() == "VALUE = 2\n"


def test_a_known_file_is_not_read_again(lopin):
    wheel = save(lopin, bad_wheels.make(lambda wheel: None))
    entry, = entries(fill(lopin, wheel))
    deadline = time.monotonic() + 60
    while not any((lopin.cwd / "store/1").glob(".seen/*")):  # remembered once its time is past
        assert time.monotonic() < deadline
        fill(lopin, wheel)
        time.sleep(0.2)
    done = subprocess.run(["strace", "-f", "-e", "trace=open,openat", lopin.binary, "x-wheel", "store", "store", "-", wheel],
                          cwd=lopin.cwd, env=lopin.env, capture_output=True, text=True, check=True)
    assert bad_wheels.FILE + '"' not in done.stderr and "/manifest" in done.stderr


def test_one_bad_wheel_of_several(lopin):
    good = save(lopin, bad_wheels.make(lambda wheel: None), "good")
    bad = save(lopin, bad_wheels.make(bad_wheels.CASES["wrong hash"][0]), "bad")
    done = fill(lopin, good, bad)
    assert done.code == 3 and "[bad-wheel]" in done.err
    check_store(lopin.cwd / "store")
    assert len(entries(fill(lopin, good))) == 1


def test_damaged_entries_are_made_again(lopin):
    wheel = save(lopin, bad_wheels.make(lambda wheel: None))
    entry, = entries(fill(lopin, wheel))
    for damage in b"", b"lopin-entry 1\n", (entry / "manifest").read_bytes()[:-20]:
        os.chmod(entry / "manifest", 0o644)
        (entry / "manifest").write_bytes(damage)
        assert entries(fill(lopin, wheel)) == [entry]
        check_store(lopin.cwd / "store")


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to another user")
def test_entries_of_others_are_not_used(lopin):
    wheel = save(lopin, bad_wheels.make(lambda wheel: None))
    entry, = entries(fill(lopin, wheel))
    store = lopin.cwd / "store/1"
    os.chmod(store, 0o777)
    for spoil in lambda: os.chown(entry, 12345, 12345), lambda: os.chmod(entry, 0o777):
        spoil()
        (entry / "manifest").chmod(0o644)
        assert entries(fill(lopin, wheel)) == [entry]
        assert entry.stat().st_uid == 0 and entry.stat().st_mode & 0o777 == 0o555


def many(count):
    wheel = bad_wheels.Wheel()
    for number in range(count):
        wheel.add("demo_pkg/part%d/m%d.py" % (number % 10, number), b"def f(x):\n    return x + %d\n" % number)
    return wheel.bytes()


def test_killed_at_any_moment(lopin):
    """What a killed one leaves is removed by the next, which makes the same as if nothing had been."""
    wheel = save(lopin, many(300))
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    begin = time.monotonic()
    whole, = entries(fill(lopin, wheel, store="whole", python=PYTHON))
    longest, killed = time.monotonic() - begin, 0
    for _ in range(60):
        process = lopin.start("x-wheel", "store", "store", PYTHON, str(wheel))
        time.sleep(chance.uniform(0, longest))
        process.kill()
        killed += process.wait() == -signal.SIGKILL
        for entry in (lopin.cwd / "store/1").glob("demo*"):
            check_entry(entry)
            subprocess.run(["rm", "-rf", entry], check=True)
        if killed == 10:
            break
    assert killed
    entry, = entries(fill(lopin, wheel, python=PYTHON))
    assert listed(entry).keys() == listed(whole).keys()
    fill(lopin, save(lopin, bad_wheels.make(lambda wheel: None), "other"))  # one that makes something
    check_store(lopin.cwd / "store")


def reboot(entry):
    """The manifest as if the system had been started again since."""
    body = (entry / "manifest").read_bytes()[:-13]
    body, count = re.subn(rb"\nboot .*\n", b"\nboot 00000000-0000-0000-0000-000000000000\n", body)
    os.chmod(entry / "manifest", 0o644)
    (entry / "manifest").write_bytes(body + b"end %08x\n" % zlib.crc32(body))
    os.chmod(entry / "manifest", 0o444)
    return count


def test_files_lost_in_a_crash(lopin):
    """After another boot an entry that may not have reached the disk is compared with its manifest, once."""
    wheel = save(lopin, bad_wheels.make(lambda wheel: None))
    entry, = entries(fill(lopin, wheel))
    if not reboot(entry):
        pytest.skip("the store waits for this disk")
    source = entry / "tree/demo_pkg/__init__.py"
    inode = source.stat().st_ino
    assert entries(fill(lopin, wheel)) == [entry]
    assert b"\nboot" not in (entry / "manifest").read_bytes() and source.stat().st_ino == inode
    check_entry(entry)
    os.chmod(entry, 0o755)
    subprocess.run(["rm", "-rf", entry], check=True)
    entry, = entries(fill(lopin, wheel))
    for damage in b"", b"VALUE = 3\n":
        reboot(entry)
        os.chmod(source, 0o644)
        source.write_bytes(damage)
        assert entries(fill(lopin, wheel)) == [entry]
        assert source.read_text() == "VALUE = 1\n"
        check_store(lopin.cwd / "store")


def test_full_disk_at_any_step(lopin, disk):  # noqa: F811
    wheel = save(lopin, many(60))
    small = save(lopin, bad_wheels.make(lambda wheel: None), "small")
    for size in range(64, 1200, 160):
        there = disk(lopin.cwd / ("disk%d" % size), size)
        first = fill(lopin, small, store=there.path)
        done = fill(lopin, wheel, store=there.path, python=PYTHON)
        assert done.code == 0 or "[disk-full]" in done.err, done.err
        check_store(there.path)
        if done.code:
            assert first.code or len(list((there.path / "1").glob("demo*"))) == 1
        there.close()
    assert done.code == 0


def test_several_at_once(lopin):
    wheels = [save(lopin, many(200 + number), str(number)) for number in range(3)]
    words = ["x-wheel", "store", "store", PYTHON, *map(str, wheels)]
    running = [lopin.start(*words) for _ in range(4)]
    answers = {process.communicate()[0].replace(b"\t1\tdemo", b"\t0\tdemo") for process in running}
    assert [process.returncode for process in running] == [0] * 4
    assert len(answers) == 1
    check_store(lopin.cwd / "store")


REAL = ["numpy==2.2.6", "pyyaml==6.0.2", "tqdm==4.67.1", "psutil==7.0.0"]  # libraries, entry points, extensions at the top


@pytest.fixture(scope="module")
def wheelhouse(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheelhouse")
    done = subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", folder,
                           *REAL], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("no wheels to be had: %s" % done.stderr[-200:])
    return folder


@pytest.mark.slow
def test_trees_as_pip_makes_them(lopin, wheelhouse):
    """The same files, bytes and executable bits, but for what pip itself writes."""
    wheels = sorted(wheelhouse.glob("*.whl"))
    theirs = lopin.cwd / "theirs"
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-compile", "--no-index", "--target", theirs,
                    *wheels], check=True)
    own = re.compile(r"(bin/.*|.*/(RECORD|INSTALLER|REQUESTED|direct_url.json))")
    ours = {}
    for entry in entries(fill(lopin, *wheels)):
        check_entry(entry)
        tree = entry / "tree"
        ours.update((name, tree / name) for name in files(tree))
    expected = {name for name in files(theirs) if not own.fullmatch(name)}
    assert {name for name in ours if not own.fullmatch(name)} == expected and len(expected) > 900
    for name in expected:
        assert ours[name].read_bytes() == (theirs / name).read_bytes(), name
        assert bool(ours[name].stat().st_mode & 0o111) == bool((theirs / name).stat().st_mode & 0o111), name


@pytest.mark.slow
def test_bytecode_is_what_is_imported(lopin, wheelhouse):
    numpy, = entries(fill(lopin, *wheelhouse.glob("numpy*.whl"), python=PYTHON))
    about = check_entry(numpy)
    compiled = {name for name in about if name.endswith(".pyc")}
    assert len(compiled) > 300 and all(about[name][0] == "b" for name in compiled)
    done = subprocess.run([sys.executable, "-S", "-v", "-c", "import numpy.linalg; print(numpy.arange(3).sum())"],
                          env={"PYTHONPATH": str(numpy / "tree")}, capture_output=True, text=True, check=True)
    assert done.stdout == "3\n"
    read = re.findall(r"# code object from '?(%s[^'\n]*)" % re.escape(str(numpy)), done.stderr)
    assert len(read) > 50 and all(name.endswith(".pyc") for name in read)
