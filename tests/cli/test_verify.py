# SPDX-License-Identifier: Apache-2.0
"""`lopin env verify` and `show`: what changed in an environment, however it was made."""
import json
import os
import shutil

import pytest

import wheels
from environments import Env

FILES = {"pack/__init__.py": "", "pack/deep/__init__.py": "X = 1\n", "pack/data.txt": "data\n", "single.py": "Y = 2\n"}


@pytest.fixture
def house(lopin):
    folder = lopin.cwd / "wheels"
    wheels.make(folder, "pack", "1.0", FILES, entries="[console_scripts]\npack-run = pack.deep:X\n")
    wheels.make(folder, "other", "1.0")
    return folder


def make(lopin, house, *words, name="env"):
    done = lopin("venv", name, "--no-index", "-f", str(house), "--with", "pack,other", *words)
    assert done.code == 0, done.err
    return Env(lopin, lopin.cwd / name)


def verify(env, *words):
    done = env.lopin("env", "verify", "--json", "--env", str(env.path), *words)
    table = json.loads(done.out)
    found = {(fault["kind"], os.path.relpath(fault["path"], next(env.path.glob("lib/*/site-packages")))) for fault in table["faults"]}
    return done, found


def site(env):
    return next(env.path.glob("lib/*/site-packages"))


@pytest.mark.parametrize("words", [(), ("--link", "hard"), ("--link", "copy"), ("--link", "whole"), ("--no-compile",)], ids=str)
def test_nothing_is_wrong(lopin, house, words):
    env = make(lopin, house, *words)
    done, found = verify(env, "-v")
    assert (done.code, found) == (0, set()), done.err
    done = lopin("env", "verify", str(env.path))
    assert (done.code, done.out) == (0, "") and "2 packages" in done.err
    env.eval("import pack.deep, single, other")  # bytecode of Python's own is none of the wheels'
    assert verify(env, "-v")[1] == set()


def test_command_of_two(lopin, house):
    """It is one file, as one of them has it."""
    wheels.make(house, "pack-too", "1.0", entries="[console_scripts]\npack-run = pack_too:X\n")
    env = make(lopin, house, "--with", "pack-too")
    assert verify(env)[1] == set()
    with (env.path / "bin" / "pack-run").open("a") as script:
        script.write("# more\n")
    done, found = verify(env)
    assert done.code != 0 and {kind for kind, _ in found} == {"changed"}


@pytest.mark.parametrize("mode", ["hard", "copy"])
def test_own_files(lopin, house, mode):
    env = make(lopin, house, "--link", mode)
    packages = site(env)
    edited = packages / "pack" / "deep" / "__init__.py"
    edited.unlink()
    edited.write_text("X = 3\n")  # as long as before
    (packages / "pack" / "data.txt").unlink()
    (packages / "pack" / "more.py").write_text("")
    script = env.path / "bin" / "pack-run"
    script.write_text(script.read_text() + "\n")
    done, found = verify(env)
    expected = {("changed", "pack/deep/__init__.py"), ("missing", "pack/data.txt"), ("changed", "../../../bin/pack-run")}
    assert found == expected and done.code == 3
    assert "[env-broken]" in done.err and "3 files" in done.err and "--force-reinstall pack" in done.err
    assert verify(env, "-v")[1] == expected | {("extra", "pack/more.py")}
    done = lopin("env", "verify", "--env", str(env.path), "-v")
    assert sorted(line.split("\t") for line in done.out.splitlines())[0] == ["changed", "pack", "bin/pack-run"]
    # the cure
    assert lopin("pip", "--env", str(env.path), "install", "--no-index", "-f", str(house), "--force-reinstall", "pack").code == 0
    assert verify(env)[1] == set()


def test_links(lopin, house):
    env = make(lopin, house)
    packages = site(env)
    link = packages / "pack"
    assert link.is_symlink()
    goal = link.resolve()
    link.unlink()
    shutil.copytree(goal, link)  # somebody's own folder, with the same files
    done, found = verify(env)
    assert (done.code, found) == (3, {("replaced", "pack")})
    shutil.rmtree(link)
    done, found = verify(env)
    assert done.code == 3 and ("missing", "pack") in found
    link.symlink_to(goal)
    assert verify(env)[1] == set()
    (packages / "single.py").unlink()
    assert "1 file of '%s' is not as its wheel has it" % env.path in lopin("env", "verify", str(env.path)).err


def test_a_damaged_store(lopin, house):
    env = make(lopin, house)
    real = (site(env) / "pack" / "data.txt").resolve()
    os.chmod(real.parent, 0o755)
    real.chmod(0o644)
    real.write_text("DATA\n")
    code = next(path for path in (site(env) / "pack").resolve().rglob("__init__*.pyc"))
    os.chmod(code.parent, 0o755)
    code.chmod(0o644)
    code.write_bytes(code.read_bytes()[:-1] + b"?")
    done, found = verify(env)
    assert done.code == 3 and ("changed", "pack/data.txt") in found and len(found) == 2
    assert [path for kind, path in found if path.endswith(".pyc")]  # bytecode too
    # the cure: the entry of the store is made again too
    line, = (line.split(None, 1)[1] for line in done.err.splitlines() if line.startswith("  try "))
    assert line == "lopin pip --env %s install --force-reinstall pack" % env.path
    done = lopin(*line.split()[1:], "--no-index", "-f", str(house))
    assert done.code == 0, done.err
    assert verify(env)[1] == set()


def test_of_others(lopin, house):
    env = make(lopin, house)
    env.pip("install", "--quiet", "--no-index", "-f", house, "--force-reinstall", "pack")
    assert verify(env, "-v")[1] == set()
    (site(env) / "single.py").write_text("Y = 9\n")
    assert verify(env)[1] == {("changed", "single.py")}
    (site(env) / "pack-1.0.dist-info" / "RECORD").unlink()
    done, found = verify(env)
    assert done.code == 3 and ("unknown", "pack-1.0.dist-info") in found


def test_strange_files(lopin, house):
    env = make(lopin, house, "--link", "copy")
    path = site(env) / "pack" / "data.txt"
    path.unlink()
    os.mkfifo(path)  # opening it must not wait
    assert verify(env)[1] == {("changed", "pack/data.txt")}
    path.unlink()
    path.symlink_to(path.name)
    assert verify(env)[1] == {("missing", "pack/data.txt")}


def test_words(lopin, house):
    assert lopin("env", "verify", "a", "b").code == 2
    done = lopin("env", "verify", "nowhere")
    assert done.code == 3 and "[no-env]" in done.err
    done = lopin("env", "verify")
    assert done.code == 3 and "[no-env]" in done.err


def test_show(lopin, house):
    env = make(lopin, house)
    table = json.loads(lopin("env", "show", "--json", str(env.path)).out)
    assert table["env"] == str(env.path) and table["by_lopin"] and not table["system_site_packages"]
    packages = {package["name"]: package for package in table["packages"]}
    assert packages["pack"]["wheel"] == "pack-1.0-py3-none-any.whl" and packages["pack"]["installer"] == "lopin"
    assert packages["pack"]["bytes"] > 0 and table["store_bytes"] >= packages["pack"]["bytes"]
    text = lopin("env", "show", str(env.path)).out
    assert str(env.path) in text and "* pack " in text and table["id"] in text
    # the same wheels in another place: the same id; another build: another one
    other = make(lopin, house, "--link", "whole", name="other")
    assert json.loads(lopin("env", "show", "--json", str(other.path)).out)["id"] == table["id"]
    wheels.make(house, "other", "1.0", {"other.py": "changed = 1\n"})
    third = make(lopin, house, name="third")
    assert json.loads(lopin("env", "show", "--json", str(third.path)).out)["id"] != table["id"]
    lopin("pip", "--env", str(env.path), "uninstall", "-y", "pack", "other")
    assert json.loads(lopin("env", "show", "--json", str(env.path)).out)["packages"] == []
