# SPDX-License-Identifier: Apache-2.0
"""`lopin init`, and the lock of a project by what its lopin.toml says."""
import json
import sys
import tomllib

import pytest

import wheels
from test_lock import Desk


@pytest.fixture
def desk(lopin):
    return Desk(lopin)


def test_init(desk):
    lopin = desk.lopin
    project = lopin.cwd / "project"
    project.mkdir()
    words = ("--no-index", "-f", str(desk.wheels))
    done = lopin("init", "--with", "nobody", *words, cwd=project)
    assert done.code == 3 and not list(project.iterdir())
    done = lopin("init", "--with", 'demo,base>=0.5', *words, cwd=project)
    assert done.code == 0, done.err
    table = tomllib.loads((project / "lopin.toml").read_text())
    assert table == {"python": "%d.%d" % sys.version_info[:2], "with": ["demo", "base>=0.5"],
                     "no-index": True, "find-links": [str(desk.wheels)]}
    assert set(desk.read(project / "lopin.lock")[0]) == {"base", "demo"}
    before = (project / "lopin.toml").read_bytes()
    done = lopin("init", "--with", "base", *words, cwd=project)
    assert done.code == 2 and "lopin.toml" in done.err and (project / "lopin.toml").read_bytes() == before


@pytest.mark.parametrize("name, text", [("requirements.txt", "demo\n"), ("pyproject.toml", "[project]\nname='x'\nversion='1'\ndependencies=['demo']\n")])
def test_init_in_a_project(desk, name, text):
    project = desk.lopin.cwd / "project"
    project.mkdir()
    (project / name).write_text(text)
    done = desk.lopin("init", "--no-index", "-f", str(desk.wheels), cwd=project)
    assert done.code == 0 and name in done.err, done.err
    assert tomllib.loads((project / "lopin.toml").read_text())["requirement"] == [name]
    assert set(desk.read(project / "lopin.lock")[0]) == {"base", "demo"}


def test_init_of_nothing(desk):
    done = desk.lopin("init")
    assert done.code == 0, done.err
    assert desk.read()[0] == {} and tomllib.loads((desk.lopin.cwd / "lopin.toml").read_text())["with"] == []


def test_the_file_of_a_project_says_what_its_lock_is_for(desk):
    lopin = desk.lopin
    (lopin.cwd / "show.py").write_text("import base, demo; print(base.VERSION, demo.VERSION)\n")
    done = lopin("init", "--with", "demo", "--no-index", "-f", str(desk.wheels))
    assert done.code == 0, done.err
    wheels.make(desk.wheels, "base", "2.0")
    assert lopin("run", "show.py").out == "1.0 1.0\n"  # by the lock, without a word
    below = lopin.cwd / "below"
    below.mkdir()
    done = lopin("env", "lock", "--upgrade", cwd=below)
    assert done.code == 0 and "base 1.0 -> 2.0" in done.err, done.err
    assert not list(below.iterdir()) and lopin("run", "show.py").out == "2.0 1.0\n"
    wheels.make(desk.wheels, "more", "1.0")
    text = (lopin.cwd / "lopin.toml").read_text()
    (lopin.cwd / "lopin.toml").write_text(text.replace('"demo"', '"demo", "more"'))
    done = lopin("run", "show.py")
    assert done.out == "2.0 1.0\n" and "lopin.lock is out of date" in done.err
    assert lopin("env", "lock").code == 0
    done = lopin("run", "show.py")
    assert done.out == "2.0 1.0\n" and "out of date" not in done.err
    # a project below another takes nothing of it
    inner = below / "inner"
    inner.mkdir()
    done = lopin("init", "--no-index", cwd=inner)
    assert done.code == 0 and desk.read(inner / "lopin.lock")[0] == {}


def test_verbs_of_env_are_about_the_project(lopin):
    """Without an active environment: the one that a line of the project takes; what init was told of places is kept."""
    wheels.make(lopin.cwd / "my house", "alpha", "1.0")
    done = lopin("init", "--python", sys.executable, "--with", "alpha", "--no-index", "--find-links", "my house")
    assert done.code == 0, done
    said = (lopin.cwd / "lopin.toml").read_text()
    assert 'find-links = ["my house"]' in said and "no-index = true" in said
    folder = json.loads(lopin("env", "check", "--json").out)["env"]
    assert json.loads(lopin("env", "show", "--json").out)["env"] == folder and "/envs/" in folder
    assert "as their wheels have them" in lopin("env", "verify").err
    assert lopin("env", "pack", "e.img").code == 0 and (lopin.cwd / "e.img").stat().st_size > 1000
    lopin.write("s.py", "import alpha, sys; print(sys.prefix)\n")
    assert lopin("run", "s.py").out == folder + "\n"
    (lopin.cwd / "lopin.toml").unlink()
    assert "[no-env]" in lopin("env", "check").err and "[no-env]" in lopin("env", "verify").err


def test_a_project_whose_environment_cannot_be_made(lopin):
    """The verbs of env say why, as a line of the project would."""
    lopin.write("lopin.toml", "with = ['nobody']\nno-index = true\n")
    for verb in (["check"], ["show"], ["verify"], ["pack", "e.img"]):
        done = lopin("env", *verb)
        assert done.code == 3 and "[no-wheel]" in done.err and done.out == "", (verb, done)
