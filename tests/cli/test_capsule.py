# SPDX-License-Identifier: Apache-2.0
"""`lopin pack` and `unpack`: a run in one file, run again on another machine; and what no capsule may hold or say."""
import dataclasses
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import pytest

import images
import wheels
from conftest import BINARY, Lopin
from test_storage import disk  # noqa: F401

SCRIPT = "import sys, demo\nopen(sys.argv[-1], 'w').write(open(sys.argv[1]).read() + str(demo.X) + ' '.join(sys.argv[2:-1]))\n"
LIST = "import sys, json\nprint(json.dumps(sys.argv[1:]))\n"


@pytest.fixture
def other(lopin, tmp_path):
    """Another machine: of what the first one had nothing is there."""
    folder = tmp_path / "other machine"
    folder.mkdir()
    machine = Lopin(folder)
    yield machine
    for process in machine.started:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.fixture
def house(lopin):
    wheels.make(lopin.cwd / "house", "demo", "1.0", {"demo/__init__.py": "X = 'x'\n"})
    return lopin.cwd / "house"


def ran(lopin, *words, **options):
    done = lopin(*words, **options)
    assert done.code == 0, (words, done)
    return done


def unpack(other, *words):
    """Unpacks, and gives the words of its line, and the folder."""
    done = ran(other, "unpack", *words)
    first, line = done.out.split(" && ", 1)
    folder = pathlib.Path(other.cwd, subprocess.run(["bash", "-c", "printf %s " + first[3:]], stdout=subprocess.PIPE, check=True).stdout.decode())
    assert (folder / "RUN").read_text() == line
    words = subprocess.run(["bash", "-c", "printf '%s\\0' " + line], stdout=subprocess.PIPE, check=True).stdout.split(b"\0")[:-1]
    assert words[:2] == [b"lopin", b"map"]
    return folder, [os.fsdecode(word) for word in words[1:]]


def offline(other, words, cwd):
    """Without a network, where this user may take it away."""
    alone = ["unshare", "-n"] if os.geteuid() == 0 and shutil.which("unshare") else []
    done = subprocess.run([*alone, str(BINARY), *words], cwd=cwd, env=other.env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.returncode == 0, done
    return done


def seen(lopin, words, cwd=None):
    """What each task is given."""
    listed = subprocess.run([str(BINARY), "map", "--dry-run", "-v", *words[1:]], cwd=cwd or lopin.cwd, env=lopin.env, capture_output=True, check=False)
    assert listed.returncode == 0, listed
    return listed.stdout


def left(folder):
    return sorted(name for name in os.listdir(folder) if ".lopin-" in name)


def test_round_trip(lopin, other, house):
    lopin.write("data/d 1.txt", "one")
    lopin.write("data/d\n2.txt", "two")
    lopin.write("far/d3.txt", "three")
    lopin.write("fit.py", SCRIPT)
    ran(lopin, "map", "--no-index", "--find-links", "house", "--with", "demo", "-j", "1", "-t", "90", "--mem", "1G", "--out", "out/{/.}.res", "fit.py",
        "{}", "--tol", "a b", "{out}", ":::", "data/d 1.txt", "data/d\n2.txt", str(lopin.cwd / "far/d3.txt"))
    first = ran(lopin, "pack", "c.lopin")
    assert "3 datasets" in first.err
    (lopin.cwd / "c.lopin").rename(lopin.cwd / "d.lopin")
    ran(lopin, "pack", "last", "c.lopin")
    assert (lopin.cwd / "c.lopin").read_bytes() == (lopin.cwd / "d.lopin").read_bytes()
    expected = {path.name: path.read_text() for path in (lopin.cwd / "out").iterdir()}
    shutil.copy(lopin.cwd / "c.lopin", other.cwd)
    (other.cwd / "c.lopin").chmod(0o444)
    shutil.rmtree(lopin.env["XDG_CACHE_HOME"])
    shutil.move(lopin.cwd / "data", other.cwd / "data")
    folder, words = unpack(other, "c.lopin")
    assert folder == other.cwd / "c" and (folder / "fit.py").read_text() == SCRIPT
    shutil.move(other.cwd / "data", folder / "data")
    assert sorted(os.listdir(folder)) == ["RUN", "data", "datasets.txt", "env.img", "fit.py", "lopin.toml", "requirements.txt"]
    assert "demo==1.0 --hash=sha256:" in (folder / "requirements.txt").read_text()
    checked = other("env", "check", cwd=folder)
    assert checked.code == 0 and "python %d.%d" % sys.version_info[:2] in checked.out, checked
    offline(other, words, folder)
    assert {path.name: path.read_text() for path in (folder / "out").iterdir()} == expected
    assert json.loads(other("status", "--json", cwd=folder).out)["done"] == 3
    # what the line of the first run said is what that of the second says
    said = (folder / "lopin.toml").read_text()
    assert 'time = "90m"' in said and 'mem = "1G"' in said and 'jobs = "1"' in said
    # once more: it is there, and stays
    done = other("unpack", "c.lopin")
    assert done.code == 2 and "is there already" in done.err and left(other.cwd) == []
    # another folder; a capsule of the capsule's run
    unpack(other, "c.lopin", "a\nb/c d")
    ran(other, "pack", "again.lopin", cwd=folder)


@pytest.mark.parametrize("words", [
    ["-T", "1", "list.py", ":::", "a", "b c", "d'e", "f\"g", "\\h", "-i", "été"],
    ["list.py", ":::", "a\nb", " c", "d\r", "\tx"],
    ["list.py", b"\xff\xfe".decode(errors="surrogateescape"), "é"],
    ["list.py", "-x", "{1}-{2}", ":::", "a", "b|c", "d\tx", ":::", "1", "2"],
    ["--link", "list.py", ":::", "a", "b", ":::", "1", "2"],
    ["--header", "--from", "t.csv", "list.py", "{name}", "{/.}", "{value}"],
    ["--from", "t.jsonl", "list.py", "{name}", "{}"],
    ["--header", "--from", "one.txt", "list.py", "{x}"],
    ["-I", "<>", "list.py", "<.>", "{}", ":::", "a.b"],
    ["-0", "--from", "nul", "list.py"],
    ["--order", "given", "--timeout", "1.5s", "--retries", "2", "--mem-retry", "1.5", "--halt", "soon,fail=3", "-J", "ti\"t\\le", "--keep-env", "A,B",
     "-t", "90s", "--signal", "USR1@5", "--max-continue", "3", "--mem-each", "100M", "list.py", "z", "a"],
    ["-o", "logs here/{/}.log", "list.py", "a"],
])
def test_same_tasks(lopin, other, words):
    """Whatever datasets and words there are, each task is given the same there."""
    lopin.write("t.csv", 'name,value\n"a, b",1\nc|d;e,2\n')
    lopin.write("t.jsonl", '{"name": "a", "value": 1}\n{"name": "b\\n", "value": [1, 2]}\n')
    lopin.write("one.txt", "x\na\nb\n")
    lopin.write("nul", "a\nb\0c\0")
    lopin.write("list.py", LIST)
    before = seen(lopin, ["map", *words])
    ran(lopin, "map", "--env", "none", *words)
    ran(lopin, "pack", "last", "c.lopin")
    shutil.copy(lopin.cwd / "c.lopin", other.cwd)
    folder, line = unpack(other, "c.lopin")
    assert seen(other, line, folder) == before, line
    offline(other, line, folder)
    spec = [json.loads(next(path.glob(".lopin/runs/1/run.json")).read_text()) for path in (lopin.cwd, folder)]
    differ = {name for name in spec[0] if spec[0][name] != spec[1][name]}
    assert differ <= {"cwd", "script_path", "seed", "created_us", "line", "env_hash", "python_path", "program", "launch", "keep"}, differ
    assert sorted(spec[0]["keep"]) == sorted(spec[1]["keep"])


def test_data(lopin, other, tmp_path):
    lopin.write("in/a.txt", "a")
    lopin.write("in/b.txt", "b")
    (lopin.cwd / "in/link.txt").symlink_to("b.txt")
    lopin.write("folder/x/y", "y")
    (lopin.cwd / "folder/loop").symlink_to("..")
    lopin.write("folder/pyproject.toml", "[tool.lopin]\nenv = 'x'\n")
    for name, text in (("away/a.txt", "away a"), ("away/two/a.txt", "two a"), ("sub/z", "")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    lopin.write("list.py", "import sys, os\nprint(sys.argv[1], os.listdir(sys.argv[1]) if os.path.isdir(sys.argv[1]) else open(sys.argv[1]).read())\n")
    words = ["list.py", "in/a.txt", "./in//b.txt", "in/link.txt", "folder", str(tmp_path / "away/a.txt"), "../away/two/a.txt", "../sub/../away/a.txt"]
    ran(lopin, "map", "--env", "none", "-j1", "--order", "given", *words)
    done = ran(lopin, "pack", "--data", "c.lopin")
    assert "3 datasets from outside" in done.err and "pyproject.toml" in done.err, done.err
    shutil.copy(lopin.cwd / "c.lopin", other.cwd)
    shutil.rmtree(tmp_path / "away")
    folder, line = unpack(other, "c.lopin")
    listed = (folder / "datasets.txt").read_text().splitlines()
    assert listed == ["in/a.txt", "./in//b.txt", "in/link.txt", "folder", "data/a.txt", "data/2/a.txt", "data/a.txt"]
    offline(other, line, folder)
    assert [(folder / path).read_text() for path in listed[:3] + listed[4:]] == ["a", "b", "b", "away a", "two a", "away a"]
    assert (folder / "folder/x/y").read_text() == "y" and not any(path.is_symlink() for path in (folder / "folder").rglob("*"))
    assert not list(folder.rglob("pyproject.toml"))


def test_data_of_other_columns(lopin, other):
    for name in ("a1", "a2", "b1"):
        lopin.write(name, name)
    lopin.write("two.py", "import sys\nprint(open(sys.argv[1]).read(), sys.argv[2])\n")
    ran(lopin, "map", "--env", "none", "--link", "two.py", ":::", "a1", "a2", ":::", str(lopin.cwd / "b1"), "5")
    ran(lopin, "pack", "--data", "c.lopin")
    folder, line = unpack(other, str(lopin.cwd / "c.lopin"))
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == ["RUN", "a1", "a2", "b1", "datasets.txt", "lopin.toml", "two.py"]
    offline(other, line, folder)
    lopin.write("l.jsonl", json.dumps({"f": str(lopin.cwd.parent / "home")}) + "\n")
    ran(lopin, "map", "--env", "none", "--from", "l.jsonl", "--shell", "true {}")
    done = lopin("pack", "c.lopin")
    assert done.code == 2 and "--shell" in done.err


def test_include(lopin, other):
    lopin.write("src/fit.py", "import helper, os.path, pkg.inner\nfrom helper import f\nprint(f(), pkg.inner.X, open('params.txt').read())\n")
    lopin.write("src/helper.py", "def f():\n    return 'helped'\n")
    lopin.write("src/pkg/__init__.py", "")
    lopin.write("src/pkg/inner.py", "X = 'inner'\n")
    lopin.write("params.txt", "params")
    ran(lopin, "map", "--env", "none", "src/fit.py", "params.txt", "--config=params.txt", ":::", "a")
    done = ran(lopin, "pack", "c.lopin")
    for path in ("src/helper.py", "src/pkg", "params.txt"):
        assert "--include %s\n" % path in done.err, done.err
    done = ran(lopin, "pack", "c.lopin", "--include", "src", "--include=params.txt")
    assert "--include" not in done.err
    folder, line = unpack(other, str(lopin.cwd / "c.lopin"))
    assert not list(folder.rglob("__pycache__"))
    offline(other, line, folder)
    assert other("log", cwd=folder).out.strip().endswith("helped inner params")
    done = lopin("pack", "c.lopin", "--include", "none")
    assert done.code == 2 and "none" in done.err


def test_names_that_meet(lopin, other):
    """Files of the user have the names that ours would have."""
    for name in ("datasets.txt", "datasets-2.txt/x", "env.img", "requirements.txt"):
        lopin.write(name, "mine")
    lopin.write("p.sh", "#!/bin/sh\ncat \"$@\"\n", 0o755)
    ran(lopin, "map", "./p.sh", "datasets.txt", "datasets-2.txt/x", "env.img")
    ran(lopin, "pack", "--data", "c.lopin", "--include", "requirements.txt")
    folder, line = unpack(other, str(lopin.cwd / "c.lopin"))
    assert (folder / "datasets-3.txt").read_text() == "datasets.txt\ndatasets-2.txt/x\nenv.img\n"
    assert os.access(folder / "p.sh", os.X_OK) and line[-1] == "./p.sh" or line[-2:] == ["./p.sh", "{}"]
    offline(other, line, folder)
    lopin.write("RUN", "")
    assert "'RUN'" in lopin("pack", "d.lopin", "--include", "RUN").err.replace(str(lopin.cwd) + "/", "")


def test_lock(lopin, other, house):
    lopin.write("fit.py", "import demo\n")
    ran(lopin, "init", "--no-index", "-f", "house", "--with", "demo")
    ran(lopin, "map", "--no-index", "--find-links", "house", "fit.py", "a")
    done = ran(lopin, "pack", "c.lopin")
    folder, line = unpack(other, str(lopin.cwd / "c.lopin"))
    assert (folder / "lopin.lock").read_bytes() == (lopin.cwd / "lopin.lock").read_bytes() and not (folder / "requirements.txt").exists()
    # this site's wheel of the same version in place of the packed one; --exact refuses it
    wheels.make(other.cwd / "wheels", "demo", "1.0", {"demo/__init__.py": "X = 'built here'\n"})
    more = ["--frozen", "--no-index", "--find-links", str(other.cwd / "wheels")]
    shutil.rmtree(house)
    done = other("map", *more, "--exact", *line[1:], cwd=folder)
    assert done.code == 3 and "[bad-wheel]" in done.err, done
    done = other("map", *more, *line[1:], cwd=folder)
    assert done.code == 0 and "another wheel than the lock's" in done.err, done
    # a lock of something else stays behind
    lopin.write("lopin.lock", (lopin.cwd / "lopin.lock").read_text().replace('version = "1.0"\n', 'version = "3.0"\n').replace("demo-1.0", "demo-3.0"))
    done = ran(lopin, "pack", "d.lopin")
    assert "lopin.lock is of other packages" in done.err, done.err


def test_script_with_a_block(lopin, other, house):
    lopin.write("fit.py", '# /// script\n# dependencies = ["demo"]\n# ///\nimport demo\nprint(demo.X)\n')
    ran(lopin, "map", "--no-index", "--find-links", "house", "fit.py", "a")
    ran(lopin, "pack", "c.lopin")
    shutil.rmtree(house)
    folder, line = unpack(other, str(lopin.cwd / "c.lopin"))
    assert line[1:3] == ["--env", "env.img"]
    offline(other, line, folder)


def test_messages(lopin, house):
    assert lopin("pack").code == 2
    assert lopin("pack", "5").code == 2
    assert "[no-run]" in lopin("pack", "c.lopin").err
    lopin.write("fit.py", "import demo\n")
    ran(lopin, "map", "--no-index", "--find-links", "house", "--with", "demo", "fit.py", "a")
    done = lopin("pack", "fit.py")
    assert done.code == 2 and "is no capsule" in done.err and (lopin.cwd / "fit.py").read_text() == "import demo\n"
    assert "[no-run]" in lopin("pack", "7", "c.lopin").err
    assert lopin("pack", "none/c.lopin").code == 6
    shutil.rmtree(lopin.env["XDG_CACHE_HOME"])
    done = lopin("pack", "c.lopin")
    assert done.code in (3, 4) and "[no-env]" in done.err and "--resume" in done.err, done
    ran(lopin, "venv", "mine", "--no-index", "--find-links", "house", "--with", "demo")
    ran(lopin, "pack", "--env", "mine", "c.lopin")
    done = lopin("env", "unpack", "c.lopin")
    assert done.code == 3 and "lopin unpack FILE" in done.err
    ran(lopin, "env", "pack", "e.img", "mine")
    done = lopin("unpack", "e.img")
    assert done.code == 3 and "lopin env unpack FILE" in done.err and left(lopin.cwd) == []
    assert lopin("unpack", "none.lopin").code == 2 and lopin("unpack").code == 2
    shutil.copy(lopin.cwd / "c.lopin", lopin.cwd / "noending")
    assert lopin("unpack", "noending").code == 2


WORDS = [("script", "fit.py"), ("word", "{}"), ("list", "datasets.txt"), ("datasets", "1")]


@dataclasses.dataclass
class Capsule(images.Image):
    first: str = "lopin-capsule 1"
    words: list = dataclasses.field(default_factory=lambda: list(WORDS))

    def lines(self, frames):
        self.facts = {}
        lines = super().lines(frames)
        return lines[:1] + ["say %s %s" % (images.escape(name), images.escape(value)) for name, value in self.words] + lines[1:]


def capsule(*more, words=None):
    members = [("-", "fit.py", b"print(1)\n"), ("-", "datasets.txt", b"a\n"), *more]
    return Capsule(members, words=WORDS if words is None else words)


def test_written_by_hand(lopin):
    (lopin.cwd / "c.lopin").write_bytes(capsule(("d", "d", b""), ("-", "d/x", b"1"), words=WORDS + [("out", "a..b/{/}"), ("threads", "1")]).build())
    folder, line = unpack(lopin, "c.lopin")
    assert line == ["map", "--from", "datasets.txt", "fit.py", "{}"] and 'out = "a..b/{/}"' in (folder / "lopin.toml").read_text()
    assert (folder / "lopin.toml").stat().st_mode & 0o777 == 0o644


def bad():
    evil = [("link", capsule(("l", "l", "fit.py"))), ("script", capsule(("s", "tool", b"#!python\n"))), ("twice", capsule(("-", "fit.py", b""))),
            ("no list", capsule(words=WORDS[:2])), ("no script", capsule(words=WORDS[1:])), ("nothing", capsule(words=[]))]
    for path in ("lopin.toml", "LOPIN.toml", "RUN", "run", ".git/config", ".GIT/hooks", ".hg/hgrc", ".lopin/runs/1/run.json", "d/lopin.toml",
                 "pyproject.toml", "d/pyproject.toml", "__pycache__/fit.cpython-311.pyc", "/tmp/evil", "../evil", "d/../../evil", "./evil", "d//evil"):
        folders = [("d", part, b"") for part in dict.fromkeys((path.split("/")[0], "d")) if "/" in path and part not in ("", ".", "..")]
        evil.append(("path " + path, capsule(*folders, ("-", path, b"x"))))
    for name, value in (("shell", ""), ("python", "/tmp/evil"), ("python", "./evil"), ("env", "none.img"), ("env", "d"), ("env", "../fit.py"), ("with", "evil"),
                        ("find-links", "/tmp"), ("index-url", "http://evil"), ("overwrite", ""), ("detach", ""), ("lang", "fr"), ("cache", "/tmp"),
                        ("out", "/tmp/{/}"), ("out", "../{/}"), ("out", "a/../../{/}"), ("out", ""), ("output", "/etc/x"), ("error", "x/../../y"),
                        ("threads", "none"), ("threads", "-1"), ("time", "\n"), ("header", "x"), ("mem", ""), ("script", "fit.py"), ("list", "datasets.txt"),
                        ("from", "/etc/passwd"), ("no-such", "x"), ("", ""), ("datasets", "many"), ("requirement", "x")):
        evil.append(("word %s %r" % (name, value), capsule(words=WORDS + [(name, value)])))
    for name, value in (("out", "a"), ("colsep", ";"), ("header", "")):
        evil.append(("twice " + name, capsule(words=WORDS + [(name, value), (name, value)])))
    for script in ("none.py", "/etc/passwd", "../fit.py", "", "sub/none"):
        evil.append(("script %r" % script, capsule(words=[("script", script)] + WORDS[1:])))
    inner = images.base()
    for name, data in (("text", b"no image"), ("empty", b""), ("cut", inner.build()[:-1]), ("capsule", capsule().build()),
                       ("parent", images.base(("-", "lib/../../evil", b"x")).build())):
        evil.append(("image " + name, capsule(("-", "env.img", data), words=WORDS + [("env", "env.img")])))
    return evil


@pytest.mark.sanitize
def test_refused(lopin):
    outside = lopin.write("evil", "untouched")
    for name, image in bad():
        (lopin.cwd / "a.lopin").write_bytes(image.build())
        done = lopin("unpack", "a.lopin")
        assert done.code == 3 and "[bad-image]" in done.err and "a.lopin" in done.err and done.out == "", (name, done)
        assert sorted(os.listdir(lopin.cwd)) == ["a.lopin", "evil"], name
    assert outside.read_text() == "untouched"
    image = capsule()
    image.first = "lopin-capsule 2"
    (lopin.cwd / "a.lopin").write_bytes(image.build())
    assert "[run-format]" in lopin("unpack", "a.lopin").err


@pytest.mark.sanitize
def test_every_change_is_seen(lopin, chance):
    good = capsule(("-", "big", b"x = 1\n" * 200))
    good.frame = 2048
    data = good.build()
    for _ in range(60):
        broken = bytearray(data)
        broken[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        (lopin.cwd / "a.lopin").write_bytes(broken)
        done = lopin("unpack", "a.lopin")
        assert done.code == 3 and "[bad-image]" in done.err, done
    assert os.listdir(lopin.cwd) == ["a.lopin"]


def test_two_at_once(lopin):
    (lopin.cwd / "c.lopin").write_bytes(capsule(("-", "big", bytes(3 << 20))).build())
    started = [lopin.start("unpack", "c.lopin") for _ in range(6)]
    said = [process.communicate()[1] for process in started]
    assert sorted(process.returncode for process in started) == [0, 2, 2, 2, 2, 2], said
    assert left(lopin.cwd) == [] and (lopin.cwd / "c/big").stat().st_size == 3 << 20


def killed(process, ready):
    for _ in range(2000):
        if ready() or process.poll() is not None:
            break
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_killed(lopin, house):
    """In the middle of packing and unpacking: nothing half is there, and the next one cleans."""
    lopin.write("fit.py", "import demo\n")
    (lopin.cwd / "big").write_bytes(os.urandom(60 << 20))
    ran(lopin, "map", "--no-index", "--find-links", "house", "--with", "demo", "fit.py", "big")
    killed(lopin.start("pack", "--data", "c.lopin"), lambda: left(lopin.cwd))
    assert not (lopin.cwd / "c.lopin").exists()
    ran(lopin, "pack", "--data", "c.lopin")
    assert left(lopin.cwd) == []
    killed(lopin.start("unpack", "c.lopin"), lambda: left(lopin.cwd))
    assert not (lopin.cwd / "c").exists()
    unpack(lopin, "c.lopin")
    assert left(lopin.cwd) == []
    assert (lopin.cwd / "c/big").read_bytes() == (lopin.cwd / "big").read_bytes()


def test_full_disk(lopin, disk):  # noqa: F811
    lopin.write("p.sh", "#!/bin/sh\n", 0o755)
    (lopin.cwd / "big").write_bytes(os.urandom(40 << 20))
    ran(lopin, "map", "./p.sh", "big")
    small = disk(lopin.cwd / "small", 20000).path
    done = lopin("pack", "--data", str(small / "c.lopin"))
    assert done.code == 6 and "[disk-full]" in done.err, done
    assert os.listdir(small) == []
    ran(lopin, "pack", "--data", "c.lopin")
    done = lopin("unpack", "c.lopin", str(small / "c"))
    assert done.code == 6 and "[disk-full]" in done.err, done
    assert os.listdir(small) == []
