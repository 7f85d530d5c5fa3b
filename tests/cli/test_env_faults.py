# SPDX-License-Identifier: Apache-2.0
"""Environments whose interpreter, store or cache is no longer as it was: a word each, mended where it can be."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import pytest

import wheels
from conftest import BINARY
from environments import AS_USER, Env, snapshot

X_Y = "%d.%d" % sys.version_info[:2]
PACKAGES = "lib/python%s/site-packages" % X_Y
BASE = pathlib.Path(sys.base_prefix)
SHOW = "import alpha.core, beta, sys\nprint(alpha.core.VERSION, beta.VERSION)\n"
LIBRARY = "liblopin_fault.so.7"  # of no system


@pytest.fixture
def house(lopin):
    """alpha is a folder, beta a module with a command; both in two versions."""
    for version in ("1.0", "2.0"):
        files = {"alpha/__init__.py": "", "alpha/core.py": "VERSION = %r\n" % version, "alpha/data/x.txt": version}
        wheels.make(lopin.cwd / "house", "alpha", version, files)
        wheels.make(lopin.cwd / "house", "beta", version, {"beta.py": "VERSION = %r\ndef main():\n    print(VERSION)\n" % version},
                    entries="[console_scripts]\nbeta = beta:main\n")
    old = time.time() - 60
    os.utime(lopin.cwd / "house", (old, old))
    lopin.env.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=str(lopin.cwd / "house"))
    lopin.write("show.py", SHOW)
    return lopin.cwd / "house"


def make_base(lopin, name="base"):
    """An installation of Python that a test may break: its own program, the libraries of ours. bin/python3 is a link."""
    base = lopin.cwd / name
    (base / "bin").mkdir(parents=True)
    shutil.copy2(os.path.realpath(sys._base_executable), base / "bin" / ("python" + X_Y))
    (base / "bin" / "python3").symlink_to("python" + X_Y)
    for folder in ("lib", "lib64"):
        if (BASE / folder).is_dir():
            (base / folder).symlink_to(BASE / folder)
    return base


def venv(lopin, python=sys.executable, with_="alpha==1.0,beta==1.0"):
    done = lopin("venv", "--python", str(python), "env", "--with", with_)
    assert done.code == 0, done.err
    return Env(lopin, lopin.cwd / "env")


def store(lopin, cache="cache"):
    folder = lopin.home.parent / cache / "lopin" / "store" / "1"
    subprocess.run(["chmod", "-R", "u+w", folder], check=True)
    return folder


def entry(lopin, name):
    return next(store(lopin).glob(name + "-*"))


def ways(lopin):
    """Each way to use an environment: words, and the status of a broken one."""
    return [(("run", "--env", "env", "show.py"), 125), (("exec", "--env", "env", "python", "show.py"), 125),
            (("map", "--env", "env", "show.py", ":::", "1"), 3), (("env", "check", "env"), 3),
            (("pip", "--env", "env", "install", "alpha==2.0"), 3)]


def refused(lopin, *texts, pip=True):
    """Every way says the same, and activate leaves the shell as it was."""
    for words, code in ways(lopin)[:None if pip else -1]:
        done = lopin(*words)
        assert (done.code, done.out if words[0] != "env" else "") == (code, ""), (words, done)
        for text in ("[env-broken]", *texts):
            assert text in done.err, (words, text, done.err)
        assert "Traceback" not in done.err
    done = subprocess.run(["sh", "-c", '. env/bin/activate || echo "$? ${VIRTUAL_ENV-none}"'], cwd=lopin.cwd, env=lopin.env,
                          capture_output=True, text=True, check=False)
    assert done.stdout == "3 none\n" and texts[0] in done.stderr, done
    done = lopin("run", "show.py", env={"VIRTUAL_ENV": str(lopin.cwd / "env")})
    assert done.code == 125 and texts[0] in done.err, done


def mended(lopin, env, versions="1.0 1.0", words=()):
    done = lopin("venv", "--upgrade", *words, "env", env={"PATH": "%s:%s" % (pathlib.Path(sys.executable).parent, lopin.env["PATH"])})
    assert done.code == 0, done.err
    again = lopin("run", "--env", "env", "show.py")
    assert (again.code, again.out) == (0, versions + "\n"), again
    assert lopin("env", "verify", "env").code == 0
    assert env.run(env.path / "bin" / "beta").stdout == versions.split()[1] + "\n"
    return done


def break_gone(base):
    shutil.rmtree(base)


def break_moved(base):
    base.rename(base.with_name("elsewhere"))


def break_chain(base):
    program = base / "bin" / ("python" + X_Y)
    program.unlink()
    program.symlink_to("/nowhere/python")


def break_circle(base):
    program = base / "bin" / ("python" + X_Y)
    program.unlink()
    program.symlink_to("python3")


def break_mode(base):
    (base / "bin" / ("python" + X_Y)).chmod(0o644)


@pytest.mark.parametrize("how, text", [
    (break_gone, "is gone: {base}/bin/python" + X_Y), (break_moved, "is gone: {base}/bin/python" + X_Y),
    (break_chain, "is gone: /nowhere/python"), (break_circle, "too many symbolic links"), (break_mode, "may not be executed: {base}")])
def test_interpreter(lopin, house, how, text):
    base = make_base(lopin)
    env = venv(lopin, base / "bin" / "python3")
    how(base)
    refused(lopin, text.format(base=base), "lopin venv --upgrade %s" % env.path, "bin/python -> %s" % base)
    mended(lopin, env)
    assert set(env.versions().items()) == {("alpha", "1.0"), ("beta", "1.0")}


def test_interpreter_lost_its_link(lopin, house):
    env = venv(lopin)
    (env.path / "bin" / "python").unlink()
    refused(lopin, "has lost its bin/python", "lopin venv --upgrade")
    mended(lopin, env)


def test_upgraded_within_the_same_version(lopin, house):
    """A newer X.Y.Z at the same place is nobody's trouble."""
    base = make_base(lopin)
    env = venv(lopin, base / "bin" / "python3")
    config = env.path / "pyvenv.cfg"
    config.write_text(re.sub(r"version = .*", "version = %s.99" % X_Y, config.read_text()))
    for words, _ in ways(lopin)[:-1]:
        assert lopin(*words).code == 0
    assert lopin("run", "--env", "env", "show.py").err == ""


def test_upgraded_to_another(lopin, house):
    """The program at that place is another X.Y: a link of a distribution moved on."""
    others = [path for minor in (10, 12, 13, 9, 14) for path in
              [pathlib.Path.home() / ".pyenv/versions", pathlib.Path("/usr/bin")] for path in
              [*path.glob("3.%d.*/bin/python3.%d" % (minor, minor)), *path.glob("python3.%d" % minor)]
              if "3.%d" % minor != X_Y]
    if not others:
        pytest.skip("needs two Pythons")
    (lopin.cwd / "link").mkdir()
    link = lopin.cwd / "link" / ("python" + X_Y)
    link.symlink_to(os.path.realpath(sys._base_executable))
    env = venv(lopin)
    program = env.path / "bin" / "python"
    program.unlink()
    program.symlink_to(link)
    link.unlink()
    link.symlink_to(others[0])
    refused(lopin, "was made for Python " + X_Y, "lopin venv --upgrade -p " + X_Y)
    mended(lopin, env)


@pytest.fixture
def module(lopin, house):
    """An environment of an installation whose library its module's LD_LIBRARY_PATH gives."""
    source = lopin.cwd / "main.c"
    (lopin.cwd / "modules").mkdir()
    (lopin.cwd / "library.c").write_text("int lopin_fault;\n")
    source.write_text('#include <unistd.h>\nextern int lopin_fault;\nint main(int argc, char **argv)\n{\n'
                      '    lopin_fault = argc;\n    execv("%s", argv);\n    return 9;\n}\n' % os.path.realpath(sys._base_executable))
    library = lopin.cwd / "modules" / LIBRARY
    subprocess.run(["gcc", "-shared", "-fPIC", "-Wl,-soname," + LIBRARY, "-o", library, lopin.cwd / "library.c"], check=True)
    base = make_base(lopin)
    program = base / "bin" / ("python" + X_Y)
    program.unlink()
    subprocess.run(["gcc", "-o", program, source, library], check=True)
    loaded = {"LOADEDMODULES": "gcc/12.3:python/%s.5" % X_Y, "LD_LIBRARY_PATH": str(library.parent)}
    done = lopin("venv", "--python", str(base / "bin" / "python3"), "env", "--with", "alpha==1.0,beta==1.0", env=loaded)
    assert done.code == 0, done.err
    return loaded


def test_module_not_loaded(lopin, module):
    """What is known of an interpreter is kept, so that nobody else would see it before the task."""
    assert "lopin-modules = %s\n" % module["LOADEDMODULES"] in (lopin.cwd / "env" / "pyvenv.cfg").read_text()
    for words, _ in ways(lopin)[:-1]:
        done = lopin(*words, env=module)
        assert done.code == 0, done.err
    lopin.env["LOADEDMODULES"] = "gcc/12.3"
    refused(lopin, "does not start: it finds no " + LIBRARY, "module load python/%s.5\n" % X_Y)
    # with the cache lost it is asked, and dies
    shutil.rmtree(lopin.home.parent / "cache" / "lopin")
    refused(lopin, "does not start: it finds no " + LIBRARY, "module load python/%s.5\n" % X_Y)
    # made by another tool: no module's name is known
    config = lopin.cwd / "env" / "pyvenv.cfg"
    config.write_text(re.sub(r"lopin-modules.*\n", "", config.read_text()))
    refused(lopin, "does not start: it finds no " + LIBRARY, "module load ...")


def test_another_module_costs_no_error(lopin, module):
    """Other modules than at its making are no fault, if the interpreter starts."""
    done = lopin("run", "--env", "env", "show.py", env=dict(module, LOADEDMODULES="python/9"))
    assert (done.code, done.out, done.err) == (0, "1.0 1.0\n", "")


def lose_entry(lopin):
    shutil.rmtree(entry(lopin, "alpha"))


def lose_folder(lopin):
    shutil.rmtree(entry(lopin, "alpha") / "tree" / "alpha")


def lose_manifest(lopin):
    shutil.rmtree(entry(lopin, "alpha") / "tree" / "alpha")
    (entry(lopin, "alpha") / "manifest").unlink()


def lose_module(lopin):
    (entry(lopin, "beta") / "tree" / "beta.py").unlink()


def lose_store(lopin):
    shutil.rmtree(store(lopin))


LOSSES = [lose_entry, lose_folder, lose_manifest, lose_module, lose_store]


@pytest.mark.parametrize("lose", LOSSES)
def test_store_of_a_line(lopin, house, lose):
    """An environment of --with is made again by itself, and the line before stays as quick."""
    line = ("run", "--python", sys.executable, "--with", "alpha==1.0,beta==1.0", "show.py")
    first = lopin(*line)
    assert first.out == "1.0 1.0\n" and "made in" in first.err
    lose(lopin)
    again = lopin(*line)
    assert (again.code, again.out) == (0, "1.0 1.0\n"), again
    assert "made again" in again.err and again.err.count("\n") == 1
    after = lopin(*line)
    assert (after.code, after.out, after.err) == (0, "1.0 1.0\n", "")
    assert not [name for name in os.listdir(store(lopin)) if name.startswith(".tmp")]


@pytest.mark.parametrize("lose", ["python", "packages", "config", "link"])
def test_environment_of_a_line(lopin, house, lose):
    """The environment itself half removed."""
    line = ("run", "--python", sys.executable, "--with", "alpha==1.0,beta==1.0", "show.py")
    assert lopin(*line).code == 0
    env, = (lopin.home.parent / "cache" / "lopin" / "envs").iterdir()
    path = {"python": "bin/python", "packages": PACKAGES, "config": "pyvenv.cfg", "link": PACKAGES + "/alpha"}[lose]
    if lose == "packages":
        shutil.rmtree(env / path)
    elif lose == "link":
        (env / path).unlink()
        (env / path).symlink_to("/nowhere")
    else:
        (env / path).unlink()
    again = lopin(*line)
    assert (again.code, again.out) == (0, "1.0 1.0\n"), again
    assert again.err.count("\n") == 1
    assert lopin(*line).err == ""
    assert os.listdir(env.parent) == [env.name]


@pytest.mark.parametrize("lose", LOSSES)
def test_store_of_an_environment(lopin, house, lose):
    env = venv(lopin, with_="alpha==1.0,beta==1.0")
    stamp = (env.path / PACKAGES / ".lopin-stamp").read_text()
    lose(lopin)
    name = "beta" if lose == lose_module else "alpha"
    refused(lopin, "links to packages that are gone: " + name, "lopin venv --upgrade %s" % env.path, pip=False)
    assert "mended  " + name in mended(lopin, env).err
    assert sorted((env.path / PACKAGES / ".lopin-stamp").read_text().splitlines()) == sorted(stamp.splitlines())
    assert (env.path / PACKAGES / "alpha-1.0.dist-info" / "REQUESTED").exists()
    env.check()


def test_a_file_within_a_package(lopin, house):
    """What no link shows, `verify` does, and both cures mend."""
    env = venv(lopin)
    for cure in (("venv", "--upgrade", "env"), ("pip", "--env", "env", "install", "--force-reinstall", "alpha==1.0")):
        (entry(lopin, "alpha") / "tree" / "alpha" / "core.py").unlink()
        done = lopin("env", "verify", "env")
        assert done.code == 3 and "[env-broken]" in done.err
        assert lopin(*cure).code == 0
        assert lopin("env", "verify", "env").code == 0
    file = entry(lopin, "alpha") / "tree" / "alpha" / "data" / "x.txt"
    file.chmod(0o644)
    file.write_text("9.9")  # of the same size
    done = lopin("env", "verify", "env")
    assert done.code == 3
    # its cure is taken as it stands, but for the package's version
    cure = re.search(r"try     lopin (.*)", done.err)[1].split()
    assert lopin(*cure[:-1], cure[-1] + "==1.0").code == 0
    assert lopin("env", "verify", "env").code == 0
    assert env.eval("import alpha, pathlib; print(pathlib.Path(alpha.__file__).with_name('data').joinpath('x.txt').read_text())") == "1.0"


def test_store_moved(lopin, house):
    """No wheel is needed where the same entry is in another store."""
    env = venv(lopin)
    cache = lopin.home.parent / "cache"
    cache.rename(cache.with_name("other"))
    refused(lopin, "links to packages that are gone: alpha", pip=False)
    lopin.env.update(XDG_CACHE_HOME=str(cache.with_name("other")), PIP_FIND_LINKS="/nowhere")
    assert "mended  alpha 1.0, beta 1.0\n" in mended(lopin, env).err
    assert os.readlink(env.path / PACKAGES / "alpha").startswith(str(cache.with_name("other")))
    env.check()


def test_the_wheel_is_gone_too(lopin, house):
    env = venv(lopin)
    lose_entry(lopin)
    before = snapshot(env.path)
    (house / "alpha-1.0-py3-none-any.whl").unlink()
    done = lopin("venv", "--upgrade", "env")
    assert done.code == 3 and "[no-wheel]" in done.err and "alpha==1.0" in done.err, done
    assert {name: value for name, value in snapshot(env.path / PACKAGES).items()} == \
        {name[len(PACKAGES) + 1:]: value for name, value in before.items() if name.startswith(PACKAGES + "/")}


def test_another_file_of_the_same_version(lopin, house):
    env = venv(lopin)
    lose_entry(lopin)
    wheels.make(house, "alpha", "1.0", {"alpha/__init__.py": "", "alpha/core.py": "VERSION = '1.0'\nNEW = 1\n"})
    assert "alpha 1.0 is of another file than before: alpha-1.0-py3-none-any.whl" in mended(lopin, env).err


def test_where_it_came_from_stays(lopin, house):
    """direct_url.json, and what was not asked for."""
    wheels.make(house, "gamma", "1.0", requires=["beta"])
    done = lopin("venv", "--python", sys.executable, "env", "--with", "alpha @ %s" % (house / "alpha-1.0-py3-none-any.whl").as_uri(),
                 "--with", "gamma,beta<2")
    assert done.code == 0, done.err
    env = Env(lopin, lopin.cwd / "env")
    frozen = lopin("pip", "--env", "env", "freeze").out
    (env.path / PACKAGES / "beta-1.0.dist-info" / "REQUESTED").unlink()
    shutil.rmtree(store(lopin))
    mended(lopin, env)
    assert lopin("pip", "--env", "env", "freeze").out == frozen and "file://" in frozen
    assert not (env.path / PACKAGES / "beta-1.0.dist-info" / "REQUESTED").exists()
    assert lopin("pip", "--env", "env", "check").code == 0


def test_upgrade_keeps_what_was_said(lopin, house):
    """Prompt and system's packages, which are in pyvenv.cfg alone."""
    done = lopin("venv", "--python", sys.executable, "--prompt", "my own", "--system-site-packages", "env", "--with", "alpha,beta")
    assert done.code == 0, done.err
    before = (lopin.cwd / "env" / "pyvenv.cfg").read_text()
    assert lopin("venv", "--upgrade", "env").code == 0
    after = (lopin.cwd / "env" / "pyvenv.cfg").read_text()
    assert "prompt = my own\n" in after and "include-system-site-packages = true\n" in after
    assert after == before


def closed(lopin, *words):
    done = subprocess.run([*AS_USER, lopin.binary, *words], cwd=lopin.cwd, env=lopin.env, capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("words, code", [(("run", "--with", "alpha,beta", "show.py"), 125), (("venv", "other", "--with", "alpha"), 6),
                                         (("pip", "--env", "env", "install", "alpha==2.0"), 6),
                                         (("map", "--with", "alpha,beta", "show.py", ":::", "1"), 6)])
def test_cache_that_cannot_be_written(lopin, house, words, code):
    venv(lopin)
    cache = lopin.home.parent / "cache" / "lopin"
    shutil.rmtree(lopin.cwd / "env") if words[0] == "venv" else None
    subprocess.run(["chmod", "-R", "a-w", cache], check=True)
    try:
        words = (words[0], *(["--python", sys.executable] if words[0] != "pip" else []), *words[1:])
        done = closed(lopin, *words)
        assert done.returncode == code and "permission denied [system]" in done.stderr, done
        assert "in      %s\n" % cache in done.stderr and "XDG_CACHE_HOME=FOLDER, one that you may write" in done.stderr
        # of a cache that is not there the folder above is named
        lopin.env["XDG_CACHE_HOME"] = str(cache / "none" / "below")
        done = closed(lopin, *words)
        assert done.returncode == code and "'%s': permission denied [system]" % (cache / "none") in done.stderr, done
        assert "XDG_CACHE_HOME=FOLDER, one that you may write" in done.stderr
        # the cure is one
        lopin.env["XDG_CACHE_HOME"] = str(lopin.cwd / "own")
        assert closed(lopin, *words).returncode == 0
        # what is there can be used as it is
        if words[0] == "pip":
            lopin.env["XDG_CACHE_HOME"] = str(cache.parent)
            done = closed(lopin, "run", "--env", "env", "show.py")
            assert (done.returncode, done.stdout, done.stderr) == (0, "2.0 1.0\n", "")
    finally:
        subprocess.run(["chmod", "-R", "u+w", cache], check=True)


def test_environment_that_cannot_be_written(lopin, house):
    """The folder that was named is named, not one of ours beside it."""
    venv(lopin)
    folder = lopin.cwd / "closed"
    folder.mkdir(mode=0o555)
    done = closed(lopin, "venv", "closed/env")
    assert done.returncode == 6 and "'%s': permission denied [system]" % (folder / "env") in done.stderr, done
    packages, = (lopin.cwd / "env" / "lib").glob("python*/site-packages")
    packages.parent.chmod(0o555)
    try:
        done = closed(lopin, "pip", "--env", "env", "uninstall", "-y", "alpha")
    finally:
        packages.parent.chmod(0o755)
    assert done.returncode == 6 and "'%s': permission denied [system]" % packages in done.stderr, done


def test_a_slow_way_is_said(lopin, house):
    """Where the answer to a line cannot be kept it is found anew each time, and a line says so."""
    line = ("run", "--python", sys.executable, "--with", "alpha<2,beta<2", "show.py")
    assert lopin(*line).code == 0
    asked = lopin.home.parent / "cache" / "lopin" / "asked"
    shutil.rmtree(asked)
    asked.mkdir(mode=0o500)
    done = closed(lopin, *line)
    assert (done.returncode, done.stdout) == (0, "1.0 1.0\n")
    assert "the same line will take as long again: cannot write '%s/" % asked in done.stderr
