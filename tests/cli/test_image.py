# SPDX-License-Identifier: Apache-2.0
"""`lopin env pack` and `unpack`: the same environment elsewhere, once a node, whoever made it; and what is refused."""
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import venv

import pytest

import images
import wheels
from environments import UV, Env
from test_storage import disk  # noqa: F401

TOOL = "[console_scripts]\ntool = demo.main:main\n"
LARGE = random.Random(1).randbytes(1 << 20) * 20  # frames of its own
ODD = "été with blank/" + "a" * 60 + "/" + "b" * 60


@pytest.fixture
def house(lopin):
    folder = lopin.cwd / "house"
    wheels.make(folder, "demo", "1.0", {
        "demo/__init__.py": "X = 1\n", "demo/main.py": "import sys\ndef main():\n    print('tool', sys.prefix)\n", "demo/empty.txt": "",
        "demo/%s/data.txt" % ODD: "odd", "demo/large.bin": LARGE, "demo/c/x.py": "", "top_module.py": "import demo\n",
        "demo-1.0.data/scripts/old": "#!python\nimport sys\nprint('old', sys.prefix)\n",
        "demo-1.0.data/data/share/demo.txt": "shared", "demo-1.0.data/scripts/plain": "#!/bin/sh\necho plain\n"},
        entries=TOOL, requires=["other"], modes={"demo-1.0.data/scripts/plain": 0o755})
    wheels.make(folder, "other", "2.0")
    return folder


@pytest.fixture
def env(lopin, house):
    done = lopin("venv", "env", "--no-index", "--find-links", house, "--with", "demo")
    assert done.code == 0, done.err
    return lopin.cwd / "env"


def pack(lopin, *words, file="a.img"):
    done = lopin("env", "pack", file, *words)
    assert done.code == 0, done.err
    return lopin.cwd / file


def unpack(lopin, *words, file="a.img", env=None):
    done = lopin("env", "unpack", file, *words, env=env)
    assert done.code == 0, done.err
    assert done.out.endswith("\n")
    return pathlib.Path(done.out[:-1])


def content(folder):
    """path -> content of what an image holds: files by what they lead to."""
    found = {}
    for above, folders, files in os.walk(folder, followlinks=True):
        for name in files:
            path = pathlib.Path(above, name)
            found[str(path.relative_to(folder))] = path.read_bytes()
    return found


def local(lopin):
    return pathlib.Path(lopin.env["TMPDIR"]) / ("lopin-%d" % os.geteuid()) / "images"


def left(folder):
    return sorted(name for name in os.listdir(folder) if not name.endswith(".lock")) if folder.exists() else []


def test_round_trip(lopin, env):
    image = pack(lopin, "env")
    before = content(env)
    shutil.rmtree(env)
    shutil.rmtree(lopin.env["XDG_CACHE_HOME"])  # the store: nothing leads there any more
    there = unpack(lopin)
    assert there.parent == local(lopin) and (there.stat().st_mode & 0o777, there.parent.parent.stat().st_mode & 0o777) == (0o755, 0o700)
    after = content(there)
    relocated = {"bin/tool", "bin/old", "bin/activate", "bin/activate.fish", "bin/activate.csh", "bin/pip", "bin/pip3", "pyvenv.cfg",
                 "bin/pip%d.%d" % sys.version_info[:2]}
    record = images.SITE + "/demo-1.0.dist-info/RECORD"
    assert {name for name in after if not name.startswith("bin/python")} - set(before) == {".lopin-image", ".lopin-oldest"}
    assert not set(before) - set(after)
    assert {name for name in before if before[name] != after[name]} <= relocated | {record}
    links = [path for path in there.rglob("*") if path.is_symlink()]
    assert all(str(path.relative_to(there)).startswith(("bin/python", "bin/pip", "lib64")) for path in links)
    assert all(path.lstat().st_mtime == 315532800 for path in (there / images.SITE).rglob("*") if path.is_file())
    for name, says in (("tool", "tool %s" % there), ("old", "old %s" % there), ("plain", "plain")):
        done = subprocess.run([there / "bin" / name], stdout=subprocess.PIPE, text=True, check=True)
        assert done.stdout == says + "\n"
    done = subprocess.run(["sh", "-c", '. "$0/bin/activate"; python -c "import demo, sys; print(sys.prefix)"; command -v pip', there],
                          stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout == "%s\n%s/bin/pip\n" % (there, there)
    # it is an environment as all others: each tool knows what is in it, and removes all of it
    done = lopin("env", "verify", str(there))
    assert done.code == 0, done
    seen = Env(lopin, there)
    seen.check()
    assert seen.versions() == {"demo": "1.0", "other": "2.0"}
    seen.uv("uninstall", "other")
    seen.pip("uninstall", "-y", "demo")
    packages = there / images.SITE
    rest = [path for path in packages.rglob("*") if not path.is_dir() and not path.name.startswith(".lopin")]
    assert [str(path) for path in rest if "__pycache__" not in str(path)] == []
    assert not (there / "bin/tool").exists() and not (there / "share/demo.txt").exists()
    assert image.exists()


def test_same_bytes(lopin, env, house):
    first = pack(lopin, "env").read_bytes()
    assert pack(lopin, "--env", "env", file="b.img").read_bytes() == first
    done = lopin("venv", "elsewhere/with blank/env", "--no-index", "--find-links", house, "--with", "demo")
    assert done.code == 0, done.err
    again = pack(lopin, "elsewhere/with blank/env", file="c.img").read_bytes()
    assert again == first
    there = unpack(lopin, "third place/env")
    assert there == lopin.cwd / "third place/env"
    assert pack(lopin, there, file="d.img").read_bytes() != b""  # of an unpacked one
    assert "tool %s\n" % there == subprocess.run([there / "bin/tool"], stdout=subprocess.PIPE, text=True, check=True).stdout


def test_one_made_for_a_line_has_a_pip_of_its_own(lopin, house):
    """Activated, without one, `pip uninstall` would be that of another environment on PATH."""
    lopin.write("show.py", "import sys; print(sys.prefix)\n")
    done = lopin("run", "--no-index", "--find-links", house, "--with", "demo", "show.py")
    assert done.code == 0, done.err
    made = pathlib.Path(done.out[:-1])
    assert not (made / "bin/pip").exists()
    first = pack(lopin, made).read_bytes()
    there = unpack(lopin, "there")
    assert (there / "bin/pip").exists() and (there / "bin/pip3").exists()
    done = lopin("venv", "env", "--no-index", "--find-links", house, "--with", "demo")
    assert pack(lopin, "env", file="b.img").read_bytes() == first
    lopin.write("lopin.toml", "with = ['demo']\nno-index = true\nfind-links = ['house']\n")
    site = lopin.write("site.toml", "files-counted = true\n")  # on the node's own disk
    done = lopin("env", "pack", "d.img", env={"LOPIN_SITE": str(site)})
    assert done.code == 0, done.err
    assert (unpack(lopin, "counted", file="d.img") / "bin/pip").exists()
    (lopin.cwd / "lopin.toml").unlink()
    assert lopin("venv", "bare", "--without-pip").code == 0
    pack(lopin, "bare", file="c.img")
    assert not (unpack(lopin, "bare again", file="c.img") / "bin/pip").exists()  # as it was asked for


def test_tar_reads_it(lopin, env):
    """Whoever has no lopin has tar; and Python's reader sees what our index says."""
    image = pack(lopin, "env")
    (lopin.cwd / "t").mkdir()
    subprocess.run(["tar", "-C", "t", "--zstd", "-xf", image], cwd=lopin.cwd, check=True)
    assert (lopin.cwd / "t" / images.SITE / "demo/large.bin").read_bytes() == LARGE
    (lopin.cwd / "a.tar").write_bytes(images.expand(image.read_bytes()))
    with tarfile.open(lopin.cwd / "a.tar") as archive:
        members = archive.getmembers()
    lines = [line.split(" ") for line in images.read(image.read_bytes())]
    listed = [line for line in lines if line[0] in list("d-xsl")]
    assert [images.escape(member.name) for member in members] == [line[-1] for line in listed]
    assert {member.uid for member in members} == {0} and {member.mtime for member in members} == {315532800}
    assert sum(line[0] == "frame" for line in lines) >= 4
    packages = {line[1]: line[2:] for line in lines if line[0] == "package"}
    assert packages["demo"][0] == "1.0" and len(packages["demo"][1]) == 64
    # what a reader of tar unpacked is made whole by any frame
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "t"], cwd=lopin.cwd, check=True)
    assert Env(lopin, lopin.cwd / "t").eval("import demo; print(demo.X)") == "1"


def test_written_by_hand(lopin):
    image = images.base(("-", images.SITE + "/a.py", b"x = 1\n"), ("x", "bin/run", b"#!/bin/sh\necho run\n"),
                        ("s", "bin/tool", b"#!python\nimport a, sys\nprint(a.x, sys.prefix)\n"), ("l", "bin/tool2", "tool"),
                        ("l", images.SITE + "/b.py", "a.py"), ("-", images.SITE + "/none", b""))
    for frame in (1 << 20, 8192, len(image.archive()) - 1024):  # of the last: what ends the archive alone
        image.frame = frame
        (lopin.cwd / "a.img").write_bytes(image.build())
        there = unpack(lopin)
        done = subprocess.run([there / "bin/tool2"], stdout=subprocess.PIPE, text=True, check=True)
        assert done.stdout == "1 %s\n" % there
        assert os.readlink(there / images.SITE / "b.py") == "a.py" and (there / images.SITE / "none").read_bytes() == b""


@pytest.mark.sanitize
def test_refused(lopin):
    outside = lopin.write("evil", "untouched")
    for name, data in images.bad().items():
        (lopin.cwd / "a.img").write_bytes(data)
        for words in ((), ("env",)):
            done = lopin("env", "unpack", "a.img", *words)
            assert done.code in (3, 6) and ("[bad-image]" in done.err or "[disk-full]" in done.err), (name, done)
            assert "a.img" in done.err and done.out == "", (name, done.err)
        assert left(local(lopin)) == [] and sorted(os.listdir(lopin.cwd)) == ["a.img", "evil"], name
    assert outside.read_text() == "untouched"


@pytest.mark.sanitize
def test_every_change_is_seen(lopin, chance):
    good = images.base(("-", images.SITE + "/a.py", b"x = 1\n" * 200), ("s", "bin/tool", b"#!python\n"))
    good.frame = 2048
    data = good.build()
    for _ in range(150):
        broken = bytearray(data)
        at = chance.randrange(len(data))
        broken[at] ^= 1 << chance.randrange(8)
        (lopin.cwd / "a.img").write_bytes(broken)
        done = lopin("env", "unpack", "a.img")
        assert done.code == 3 and "[bad-image]" in done.err, (at, done)
    assert left(local(lopin)) == []


def test_other_version(lopin):
    image = images.base()
    image.first = "lopin-image 2"
    (lopin.cwd / "a.img").write_bytes(image.build())
    assert "[run-format]" in lopin("env", "unpack", "a.img").err


def test_wrong_python(lopin):
    image = images.base()
    for name, value, says in (("tag", "cpython-20", "[no-python]"), ("python", "3.999.0", "[no-python]"),
                              ("platform", "linux-m68k", "[no-python]"), ("flags", "debug", "[no-python]")):
        image.facts = dict(images.FACTS, **{name: value})
        (lopin.cwd / "a.img").write_bytes(image.build())
        done = lopin("env", "unpack", "a.img")
        assert done.code == 3 and says in done.err, done
    assert left(local(lopin)) == []


def test_nothing_of_it_is_started(lopin):
    """An interpreter that an image names, where others could have put it."""
    (lopin.cwd / "home").mkdir()
    lopin.write("home/python%d.%d" % sys.version_info[:2], "#!/bin/sh\ntouch %s/started\n" % lopin.cwd, 0o777).chmod(0o777)
    image = images.base()
    image.facts["home"] = str(lopin.cwd / "home")
    (lopin.cwd / "a.img").write_bytes(image.build())
    there = unpack(lopin)
    assert os.path.realpath(there / "bin/python") != str(lopin.cwd / "home" / "python3")
    assert not (lopin.cwd / "started").exists()


def test_once(lopin, env):
    pack(lopin, "env")
    started = [lopin.start("env", "unpack", "a.img") for _ in range(6)]
    said = [process.communicate() for process in started]
    assert {process.returncode for process in started} == {0}, said
    paths = {out for out, _ in said}
    assert len(paths) == 1 and sum(b"unpacked" in err for _, err in said) == 1, said
    there = pathlib.Path(paths.pop().decode()[:-1])
    state = there.stat()
    assert unpack(lopin) == there and there.stat().st_ino == state.st_ino
    assert left(local(lopin)) == [there.name]
    # another interpreter that is asked for is another environment; a job's own disk comes first
    other = unpack(lopin, "--python", sys.executable)
    assert other != there and left(local(lopin)) == sorted([there.name, other.name])
    (lopin.cwd / "job").mkdir()
    job = unpack(lopin, env={"SLURM_TMPDIR": str(lopin.cwd / "job")})
    assert job.is_relative_to(lopin.cwd / "job")
    # and before it what the site names
    (lopin.cwd / "disk").mkdir()
    site = lopin.write("site.toml", 'local-disk = ["$NOT_SET/x", "%s"]\n' % (lopin.cwd / "disk"))
    on_disk = unpack(lopin, env={"SLURM_TMPDIR": str(lopin.cwd / "job"), "LOPIN_SITE": str(site)})
    assert on_disk.is_relative_to(lopin.cwd / "disk")
    # whose interpreter went away is made again
    (there / "bin/python").unlink()
    assert unpack(lopin) == there and Env(lopin, there).eval("print(1)") == "1"


def test_another_users_folder(lopin):
    (lopin.cwd / "a.img").write_bytes(images.base().build())
    ours = local(lopin).parent
    ours.symlink_to(lopin.cwd)
    done = lopin("env", "unpack", "a.img")
    assert done.code == 6 and "[system]" in done.err
    ours.unlink()
    ours.mkdir()
    ours.chmod(0o777)
    assert lopin("env", "unpack", "a.img").code == 6


def test_killed_at_any_moment(lopin, env, chance):
    pack(lopin, "env")
    for _ in range(12):
        process = lopin.start("env", "unpack", "a.img")
        time.sleep(chance.random() * 0.06)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        for name in left(local(lopin)):
            assert name.startswith(".tmp-") or content(local(lopin) / name)["pyvenv.cfg"]
    there = unpack(lopin)
    assert left(local(lopin)) == [there.name]
    assert Env(lopin, there).eval("import demo; print(demo.X)") == "1"
    for _ in range(6):
        process = lopin.start("env", "pack", "b.img", "env")
        time.sleep(chance.random() * 0.06)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert pack(lopin, "env", file="b.img").read_bytes() == (lopin.cwd / "a.img").read_bytes()
    assert sorted(os.listdir(lopin.cwd)) == ["a.img", "b.img", "env", "house"]


def test_full_disk(lopin, env, disk):  # noqa: F811
    pack(lopin, "env")
    for size in (1, 300, 4000, 16000, 20500):
        there = disk(lopin.cwd / ("disk%d" % size), size)
        for words in ((), (lopin.cwd / ("disk%d" % size) / "env",)):
            done = lopin("env", "unpack", "a.img", *words, env={"TMPDIR": str(lopin.cwd / ("disk%d" % size))})
            assert done.code == 6 and "[disk-full]" in done.err, done
        done = lopin("env", "pack", str(lopin.cwd / ("disk%d" % size) / "b.img"), "env")
        assert done.code == 0 or "[disk-full]" in done.err, done
        names = {str(path.relative_to(lopin.cwd / ("disk%d" % size))) for path in (lopin.cwd / ("disk%d" % size)).rglob("*")}
        assert not [name for name in names if ".tmp-" in name or ".lopin-" in name], names
        assert there


def test_place(lopin, env):
    pack(lopin, "env")
    there = unpack(lopin, "new\nplace/it's here")
    assert "tool %s\n" % there == subprocess.run([there / "bin/tool"], stdout=subprocess.PIPE, text=True, check=True).stdout
    state = there.stat()
    assert unpack(lopin, "new\nplace/it's here").stat().st_ino == state.st_ino  # the same is there
    lopin.write("other/file", "kept")
    done = lopin("env", "unpack", "a.img", "other")
    assert done.code == 2 and "--clear" in done.err and (lopin.cwd / "other/file").read_text() == "kept"
    assert unpack(lopin, "--clear", "other") == lopin.cwd / "other"
    assert sorted(os.listdir(lopin.cwd)) == ["a.img", "env", "house", "new\nplace", "other"]


@pytest.mark.parametrize("maker", ["venv", "uv", "uv-compiled", "hard", "copy", "whole"])
def test_of_other_makers(lopin, house, maker):
    path = lopin.cwd / "env"
    if maker in ("hard", "copy", "whole"):
        done = lopin("venv", "env", "--no-index", "--find-links", house, "--with", "demo", "--link", maker)
        assert done.code == 0, done.err
    elif maker == "venv":
        venv.create(path, symlinks=True)
        Env(lopin, path).pip("install", "--no-index", "--find-links", house, "demo")
    else:
        subprocess.run([UV, "venv", "-q", "--python", sys.executable, path], check=True, env=lopin.env)
        Env(lopin, path).uv("install", "--no-index", "--find-links", house, "demo", *(["--compile-bytecode"] * (maker != "uv")))
    pack(lopin, "env")
    shutil.rmtree(path)
    there = unpack(lopin)
    seen = Env(lopin, there)
    assert seen.run(there / "bin/tool").stdout == "tool %s\n" % there
    assert seen.versions() == {"demo": "1.0", "other": "2.0"}
    done = seen.run(there / "bin/python", "-v", "-c", "import demo.main")
    if maker != "uv":  # whose bytecode holds the time of its source
        assert "wrote" not in done.stderr and "demo/__pycache__/__init__" in done.stderr, done.stderr
    seen.pip("uninstall", "-y", "demo", "other")
    assert not (there / images.SITE / "demo").exists() and not (there / "bin/tool").exists()


def test_what_cannot_be_moved_is_said(lopin, env):
    site = env / images.SITE
    outside = lopin.cwd / "outside"
    outside.mkdir()
    (outside / "data.txt").write_text("data")
    (site / "linked").symlink_to(outside)
    (site / "more.pth").write_text("%s\n" % outside)
    (site / "dangling").symlink_to("nowhere")
    (site / "around").symlink_to(".")
    (site / "kept.py").symlink_to("top_module.py")
    os.mkfifo(site / "pipe")
    info = site / "edited-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: edited\nVersion: 1.0\n")
    (info / "RECORD").write_text("edited-1.0.dist-info/METADATA,,\nedited-1.0.dist-info/RECORD,,\n")
    (info / "direct_url.json").write_text('{"url": "file:///srv/edited", "dir_info": {"editable": true}}')
    done = lopin("env", "pack", "a.img", "env")
    assert done.code == 0, done.err
    for name in ("/linked: ", "/more.pth: ", "/dangling: ", "/around: ", "/pipe: ", "edited: editable"):
        assert name in done.err, done.err
    assert "kept.py" not in done.err
    there = unpack(lopin) / images.SITE
    assert (there / "linked/data.txt").read_text() == "data" and not (there / "linked").is_symlink()
    assert not (there / "pipe").exists() and not os.path.lexists(there / "dangling")


def test_words(lopin, env):
    for words in (("env",), ("env", "pak"), ("env", "pack"), ("env", "unpack"), ("env", "unpack", "a", "b", "c"), ("env", "pack", "a", "b", "c"),
                  ("env", "unpack", "missing.img")):
        done = lopin(*words)
        assert done.code == 2 and "[usage]" in done.err, done
    assert lopin("env", "pack", "a.img", "house").code == 3
    assert lopin("env", "pack", "--help").code == 0 and "--env" in lopin("env", "pack", "--help").out


def test_for_a_run(lopin, env):
    """--env takes an image as it takes a folder; a run that goes on where nothing of it is says how."""
    pack(lopin, "env")
    shutil.rmtree(env)
    lopin.write("a.py", "import demo, sys\nopen(sys.argv[2], 'w').write(sys.prefix)\n")
    done = lopin("map", "--dry-run", "--env", "a.img", "--out", "{}.txt", "a.py", "{}", "{out}", ":::", "1", "2")
    assert done.code == 0 and "would be unpacked" in done.err and left(local(lopin)) == [], done
    done = lopin("map", "--env", "a.img", "--out", "{}.txt", "a.py", "{}", "{out}", ":::", "1", "2")
    assert done.code == 0, done.err
    there = unpack(lopin)
    assert (lopin.cwd / "2.txt").read_text() == str(there)
    assert lopin("run", "--env", "a.img", "a.py", "x", "3.txt").code == 0
    assert lopin("exec", "--env", "a.img", "tool").out == "tool %s\n" % there
    lopin.write("b.py", "import demo, sys\nsys.exit(1)\n")
    assert lopin("map", "--env", "a.img", "b.py", ":::", "1").code == 1
    shutil.rmtree(there)
    done = lopin("retry", "2")
    assert done.code == 1 and "unpacked in" in done.err, done  # the run knows of what image it is
    shutil.rmtree(there)
    (lopin.cwd / "a.img").rename(lopin.cwd / "b.img")
    done = lopin("retry", "2")
    assert done.code == 3 and "--resume" in done.err, done
    (lopin.cwd / "b.img").rename(lopin.cwd / "a.img")
