# SPDX-License-Identifier: Apache-2.0
"""`lopin env gc` and `lopin env thaw`: what nobody uses goes, what somebody uses stays, whatever happens meanwhile."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

import wheels
from environments import Env, snapshot

DAYS = 86400
LOCAL = ("--no-index", "--find-links", "house")


@pytest.fixture
def house(lopin):
    for name in ("alpha", "beta", "gamma"):
        wheels.make(lopin.cwd / "house", name, "1.0", {name + "/__init__.py": "print(%r)\n" % name, name + "/data.txt": "x" * 100})
    os.utime(lopin.cwd / "house", (time.time() - 100,) * 2)  # what changed just now is not remembered
    return lopin.cwd / "house"


def cache(lopin):
    return pathlib.Path(lopin.env["XDG_CACHE_HOME"]) / "lopin"


def entries(lopin):
    return sorted(path.name.split("-")[0] for path in (cache(lopin) / "store/1").iterdir() if not path.name.startswith("."))


def age(lopin, days):
    """Everything in the cache was used that many days ago."""
    for path in [*cache(lopin).glob("envs/*/pyvenv.cfg"), *cache(lopin).glob("store/1/*/manifest"), *cache(lopin).glob("store/1/.envs/*"),
                 *cache(lopin).glob("sites/*"), *cache(lopin).glob("asked/*"), *cache(lopin).glob("built/*")]:
        os.utime(path, (time.time() - days * DAYS,) * 2, follow_symlinks=False)


def gc(lopin, *words, code=0):
    done = lopin("env", "gc", "--json", *words)
    assert done.code == code, done
    return done.json()


def run_with(lopin, name, **options):
    done = lopin("run", "--python", sys.executable, *LOCAL, "--with", name, "s.py", **options)
    assert done.code == 0 and done.out == name + "\n", done
    return done


def make(lopin, path, *names, link="auto"):
    done = lopin("venv", "--python", sys.executable, *LOCAL, "--link", link, "--with", ",".join(names), path)
    assert done.code == 0, done
    return Env(lopin, lopin.cwd / path)


@pytest.mark.parametrize("link", ["sym", "whole"])
def test_what_nobody_uses_goes(lopin, house, link):
    (lopin.cwd / "s.py").write_text("import beta\n")
    env = make(lopin, "own env", "alpha", link=link)
    run_with(lopin, "beta")
    assert gc(lopin)["removed"]["packages"] == 0 and entries(lopin) == ["alpha", "beta"]
    age(lopin, 40)
    before = snapshot(cache(lopin))
    planned = gc(lopin, "--dry-run")
    assert planned["removed"]["packages"] == 1 and planned["removed"]["environments"] == 1 and planned["dry_run"]
    assert snapshot(cache(lopin)) == before
    done = gc(lopin)
    assert done["removed"]["environments"] == 1 and done["removed"]["packages"] == 1 and done["removed"]["bytes"] > 100
    assert done["kept"] == {"environments": 1, "packages": 1} and entries(lopin) == ["alpha"]
    assert not list((cache(lopin) / "envs").iterdir()) and not [path for path in (cache(lopin) / "asked").iterdir()]
    assert env.run(env.python, "-c", "import alpha").stdout == "alpha\n"
    run_with(lopin, "beta")
    shutil.rmtree(env.path)
    age(lopin, 40)
    gc(lopin)
    gc(lopin)
    assert entries(lopin) == [] and not list((cache(lopin) / "sites").glob("*"))


def test_the_same_packages_a_second_time(lopin, house):
    """A shared folder of packages that is only linked to: the store is not opened, and knows the environment all the same."""
    script = "data-1.0.data/scripts/data-script"
    wheels.make(house, "data", "1.0", {"data-1.0.data/data/share/doc/data/x.txt": "x\n", "data-1.0.data/data/share/doc/y.txt": "y\n",
                                       "data-1.0.data/headers/data.h": "", script: "#!python\nimport alpha\n"}, modes={script: 0o755})
    os.utime(house, (time.time() - 100,) * 2)
    first = make(lopin, "first", "alpha", "data", link="whole")
    env = make(lopin, "second", "alpha", "data", link="whole")
    shared, = (cache(lopin) / "sites").iterdir()
    assert sorted(line.split()[0] for line in (shared / "outside").read_text().splitlines()) == ["file"] * 3 + ["made", "script"]
    for path in first, env:
        files = {str(name.relative_to(path.path)): name.read_text() for top in ("share", "include") for name in (path.path / top).rglob("*.*")
                 if name.is_file()}
        assert sorted(files) == ["include/site/python%d.%d/data/data.h" % sys.version_info[:2], "share/doc/data/x.txt", "share/doc/y.txt"]
        assert path.run(path.path / "bin/data-script").stdout == "alpha\n"
    shutil.rmtree(first.path)
    age(lopin, 40)
    assert gc(lopin)["kept"] == {"environments": 1, "packages": 2}
    assert env.run(env.python, "-c", "import alpha").stdout == "alpha\n"
    # what only the list names is kept for as long as the shared folder is
    shutil.rmtree(env.path)
    os.utime(shared)
    for lease in (cache(lopin) / "store/1/.envs").iterdir():
        os.utime(lease, (0, 0), follow_symlinks=False)
    for manifest in (cache(lopin) / "store/1").glob("*/manifest"):
        os.utime(manifest, (0, 0))
    assert gc(lopin)["kept"] == {"environments": 0, "packages": 2}


def test_left_beside(lopin, house):
    """What a killed one left beside an environment goes with the next one of that name, or with gc; what lives stays."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    name = ".env.lopin-%s-%x-%%d" % (os.uname().nodename, os.stat("/proc/self/ns/pid").st_ino)
    dead, living = lopin.cwd / (name % ended.pid), lopin.cwd / (name % os.getpid())
    for again in False, True:
        dead.mkdir()
        (dead / "half").write_text("")
        living.mkdir(exist_ok=True)
        make(lopin, "env", "alpha")
        assert dead.exists() is not again and living.exists()
        if not again:
            gc(lopin)
            assert not dead.exists() and living.exists()
            shutil.rmtree(lopin.cwd / "env")


def test_what_was_used_lately_stays(lopin, house):
    (lopin.cwd / "s.py").write_text("import beta\n")
    run_with(lopin, "beta")
    age(lopin, 40)
    run_with(lopin, "beta")
    assert gc(lopin)["removed"] == {"environments": 0, "packages": 0, "bytes": 0, "files": 1} and entries(lopin) == ["beta"]
    age(lopin, 10)
    assert gc(lopin)["removed"]["environments"] == 0
    assert gc(lopin, "--older-than", "9d")["removed"]["environments"] == 1 and entries(lopin) == []
    assert "[usage]" in lopin("env", "gc", "--older-than", "soon").err


def test_what_runs_stays(lopin, house):
    """A task of an environment that no line led to for long."""
    (lopin.cwd / "s.py").write_text("import beta\n")
    (lopin.cwd / "long.py").write_text("print('begun', flush=True)\nopen('go').read()\nimport beta\n")
    os.mkfifo(lopin.cwd / "go")
    process = lopin.start("run", "--python", sys.executable, *LOCAL, "--with", "beta", "long.py")
    assert process.stdout.readline() == b"begun\n"
    age(lopin, 40)
    assert gc(lopin, "--older-than", "0d")["removed"]["environments"] == 0 and entries(lopin) == ["beta"]
    with open(lopin.cwd / "go", "w", encoding="ascii"):
        pass
    assert process.communicate()[0] == b"beta\n" and process.returncode == 0


def test_the_cache_under_another_name(lopin, house):
    """An environment made through a link to the cache's folder."""
    real = pathlib.Path(lopin.env["XDG_CACHE_HOME"])
    (lopin.cwd / "link").symlink_to(real)
    lopin.env["XDG_CACHE_HOME"] = str(lopin.cwd / "link")
    env = make(lopin, "env", "alpha")
    lopin.env["XDG_CACHE_HOME"] = str(real)
    age(lopin, 40)
    assert gc(lopin)["removed"]["packages"] == 0
    assert env.run(env.python, "-c", "import alpha").stdout == "alpha\n"


def test_killed(lopin, house):
    """kill -9 at any time: what is used works, and the next gc removes what is left."""
    env = make(lopin, "env", "alpha")
    for count in range(8):
        (lopin.cwd / "s.py").write_text("import beta\n")
        run_with(lopin, "beta")
        age(lopin, 40)
        process = lopin.start("env", "gc")
        time.sleep(0.0007 * count)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert env.run(env.python, "-c", "import alpha").stdout == "alpha\n"
    age(lopin, 40)
    gc(lopin)
    assert entries(lopin) == ["alpha"] and not list((cache(lopin) / "store/1").glob(".tmp-*"))


def test_beside_those_who_use(lopin, house):
    """gc again and again, while what nobody used for long is taken into an environment."""
    (lopin.cwd / "s.py").write_text("import beta\n")
    stop = threading.Event()
    removed = []

    def collect():
        while not stop.is_set():
            removed.append(gc(lopin)["removed"]["packages"])

    thread = threading.Thread(target=collect)
    thread.start()
    try:
        for count in range(30):
            age(lopin, 40)
            done = lopin("venv", "--python", sys.executable, *LOCAL, "--with", "alpha", "--clear", "env%d" % (count % 3))
            assert done.code == 0, done
            python = lopin.cwd / ("env%d/bin/python" % (count % 3))
            assert subprocess.run([python, "-c", "import alpha"], capture_output=True, check=True, text=True).stdout == "alpha\n"
    finally:
        stop.set()
        thread.join()
    assert len(removed) > 1


def test_thaw(lopin, house):
    """Files of the environment's own, which may be edited and stay through later changes; the store keeps its own."""
    env = make(lopin, "env", "alpha", "beta")
    before = snapshot(cache(lopin) / "store")
    lopin.env["VIRTUAL_ENV"] = str(env.path)
    (packages,) = env.path.glob("lib/python3*/site-packages")
    assert (packages / "alpha").is_symlink()
    done = lopin("env", "thaw", "Alpha")
    assert done.code == 0 and done.err == "", done
    assert not (packages / "alpha").is_symlink() and (packages / "beta").is_symlink()
    (packages / "alpha/__init__.py").write_text("print('edited')\n")
    assert "files of its own already" in lopin("env", "thaw", "alpha").err
    assert lopin("pip", "install", *LOCAL, "gamma").code == 0
    assert env.run(env.python, "-B", "-c", "import alpha, gamma").stdout.split()[-1] == "gamma"
    shutil.rmtree(packages / "alpha/__pycache__", ignore_errors=True)
    assert env.run(env.python, "-B", "-c", "import alpha").stdout == "edited\n"
    env.pip("uninstall", "-y", "alpha")
    assert not (packages / "alpha").exists() and snapshot(cache(lopin) / "store").items() >= {
        path: state for path, state in before.items() if "manifest" not in path}.items()
    assert "not installed" in lopin("env", "thaw", "nothing").err and lopin("env", "thaw").code == 2


def test_full_disk(lopin, house, tmp_path):
    """No room at all: gc makes some."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "small"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=True)
    try:
        lopin.env["XDG_CACHE_HOME"] = str(disk)
        (lopin.cwd / "s.py").write_text("import beta\n")
        run_with(lopin, "beta")
        age(lopin, 40)
        full = os.open(disk / "full", os.O_WRONLY | os.O_CREAT)
        with pytest.raises(OSError, match="No space"):
            while True:
                os.write(full, b"x" * 4096)
        os.close(full)
        assert gc(lopin)["removed"]["packages"] == 1
    finally:
        subprocess.run(["umount", disk], check=True)
