# SPDX-License-Identifier: Apache-2.0
"""Sources: folders, -e, archives, repositories, built by the real pip in its own environment, and kept."""
import json
import os
import subprocess
import sys
import time

import pytest

import sources
import wheels
from environments import Env

pytestmark = pytest.mark.slow
LOCAL = ("--no-index", "--find-links", "house")


@pytest.fixture
def env(lopin):
    done = lopin("venv", "--python", sys.executable, "env")
    assert done.code == 0, done.err
    lopin.env["VIRTUAL_ENV"] = str(lopin.cwd / "env")
    (lopin.cwd / "house").mkdir()
    return Env(lopin, lopin.cwd / "env")


def install(lopin, *words, code=0):
    done = lopin("pip", "install", *LOCAL, *map(str, words))
    assert done.code == code, done
    return done


def direct_url(env, name):
    (info,) = env.path.glob("lib/python3*/site-packages/%s-*.dist-info" % name)
    return json.loads((info / "direct_url.json").read_text())


def builds(folder):
    """How many times its project hello was built."""
    return len((folder.parent / "hello.built").read_text())


def test_folder(lopin, env):
    """A folder with a blank in its name, its dependency and its extra; built once; again when a file changes."""
    folder = sources.project(lopin.cwd / "my project", "hello", requires=["alpha", "beta; extra == 'more'"])
    wheels.make(lopin.cwd / "house", "alpha", "1.0")
    wheels.make(lopin.cwd / "house", "beta", "2.0")
    done = install(lopin, "./my project[more]")
    assert done.out == "Successfully installed alpha-1.0 beta-2.0 hello-1.0\n" and "building ./my project[more] by pip" in done.err
    assert env.run(env.path / "bin/hello").stdout == "hello 1.0\n"
    assert direct_url(env, "hello") == {"url": folder.as_uri(), "dir_info": {}}
    assert "hello @ " + folder.as_uri() in lopin("pip", "freeze").out.splitlines()
    env.pip("check")
    (folder / "pyproject.toml").touch()
    os.utime(folder / "hello.py", ns=(1, 1))
    (folder / "hello.py").write_text("def main():\n    print('changed')\n")
    assert "building" in install(lopin, "--force-reinstall", "./my project").err
    assert env.run(env.path / "bin/hello").stdout == "changed\n"


def test_with_is_built_once(lopin):
    """The same line again finds the wheel, and one that changed is built anew."""
    folder = sources.project(lopin.cwd / "p", "hello")
    (lopin.cwd / "s.py").write_text("import hello\nhello.main()\n")
    line = ("run", "--python", sys.executable, "--no-index", "--with", "./p", "s.py")
    first, second = lopin(*line), lopin(*line)
    assert first.out == second.out == "hello 1.0\n" and "built hello-1.0" in first.err and "built" not in second.err
    assert builds(folder) == 1
    (folder / "hello.py").write_text("def main():\n    print('second')\n")
    assert lopin(*line).out == "second\n" and builds(folder) == 2


def test_editable(lopin, env):
    """What is edited is seen at once; list, freeze and uninstall know it; pip does too."""
    folder = sources.project(lopin.cwd / "src é", "hello", requires=["alpha"])
    wheels.make(lopin.cwd / "house", "alpha", "1.0")
    done = install(lopin, "-e", "src é")
    assert done.out == "Successfully installed alpha-1.0 hello-1.0\n"
    (folder / "hello.py").write_text("def main():\n    print('edited')\n")
    assert env.run(env.path / "bin/hello").stdout == "edited\n"
    assert direct_url(env, "hello") == {"url": folder.as_uri(), "dir_info": {"editable": True}}
    listed = json.loads(lopin("pip", "list", "--format", "json").out)
    assert {"name": "hello", "version": "1.0", "editable_project_location": str(folder)} in listed
    assert json.loads(env.pip("list", "--format", "json").stdout)[-1]["editable_project_location"] == str(folder)
    env.pip("uninstall", "-y", "hello")
    assert lopin("pip", "freeze").out == "alpha==1.0\n"
    (lopin.cwd / "requirements.txt").write_text('-e "./src é"\n')
    install(lopin, "-r", "requirements.txt")
    assert env.run(env.path / "bin/hello").stdout == "edited\n"
    lopin("pip", "uninstall", "-y", "hello")
    assert env.run(env.python, "-c", "import hello", check=False).returncode == 1 and (folder / "hello.py").exists()


def test_archive(lopin, env):
    """An archive of a wheelhouse: where no wheel fits, of what is asked, never where there is a wheel."""
    source = sources.project(lopin.cwd / "p", "hello", "2.0")
    path = sources.archive(lopin.cwd / "house", source, "hello", "2.0")
    wheels.make(lopin.cwd / "house", "hello", "1.0")
    wheels.make(lopin.cwd / "house", "needs", "1.0", requires=["hello"])
    wheels.make(lopin.cwd / "house", "newer", "1.0", requires=["hello>=2"])
    assert install(lopin, "hello").out == "Successfully installed hello-1.0\n"
    done = install(lopin, "hello>=2")
    assert done.out == "Successfully installed hello-2.0\n" and "building hello-2.0.tar.gz by pip" in done.err
    assert not list(env.path.glob("lib/python3*/site-packages/hello-*.dist-info/direct_url.json"))
    lopin("pip", "uninstall", "-y", "hello")
    assert install(lopin, "needs").out == "Successfully installed hello-1.0 needs-1.0\n"
    done = install(lopin, "newer", code=3)
    assert "[no-solution]" in done.err or "[no-wheel]" in done.err
    assert install(lopin, "newer", "hello>=2").out == "Successfully installed hello-2.0 newer-1.0\n"
    done = install(lopin, "--force-reinstall", "--no-binary", "hello", "hello")
    assert "hello-2.0" in done.out and "building" not in done.err
    done = install(lopin, "--force-reinstall", "--only-binary", ":all:", "hello>=2", code=3)
    assert "kept away by only-binary" in done.err and "[no-wheel]" in done.err
    done = install(lopin, "--force-reinstall", path)
    assert direct_url(env, "hello")["archive_info"]["hashes"]["sha256"] and "building" not in done.err


def test_hash_of_archive(lopin, env):
    """What --hash says is compared with the archive."""
    path = sources.archive(lopin.cwd / "house", sources.project(lopin.cwd / "p", "hello"), "hello", "1.0")
    digest = subprocess.run(["sha256sum", path], capture_output=True, check=True, text=True).stdout.split()[0]
    (lopin.cwd / "good.txt").write_text("hello==1.0 --hash=sha256:%s\n" % digest)
    (lopin.cwd / "bad.txt").write_text("hello==1.0 --hash=sha256:%s\n" % ("0" * 64))
    assert "[bad-wheel]" in install(lopin, "-r", "bad.txt", code=3).err
    install(lopin, "-r", "good.txt")


def test_repository(lopin, env):
    """git+file: the revision is in direct_url.json, by name and without one; -e of one says what to type."""
    folder = sources.project(lopin.cwd / "p", "hello")
    commit = sources.repository(folder)
    url = "git+" + folder.as_uri()
    install(lopin, "hello @ %s@%s" % (url, commit[:12]))
    info = {"vcs": "git", "requested_revision": commit[:12], "commit_id": commit[:12]}
    assert direct_url(env, "hello") == {"url": folder.as_uri(), "vcs_info": info}
    install(lopin, "--force-reinstall", url)
    assert direct_url(env, "hello") == {"url": folder.as_uri(), "vcs_info": {"vcs": "git", "commit_id": commit}}
    assert "hello @ git+%s@%s" % (folder.as_uri(), commit) in lopin("pip", "freeze").out
    done = install(lopin, "-e", url, code=2)
    assert "only a folder" in done.err and "git clone" in done.err


def test_requires_a_source(lopin, env):
    """A package that requires another by the path of a folder."""
    folder = sources.project(lopin.cwd / "p", "hello")
    wheels.make(lopin.cwd / "house", "above", "1.0", requires=["hello @ " + folder.as_uri()])
    assert install(lopin, "above").out == "Successfully installed above-1.0 hello-1.0\n"
    wheels.make(lopin.cwd / "house", "wrong", "1.0", requires=["other @ " + folder.as_uri()])
    assert "is not of other" in install(lopin, "wrong", code=3).err


def test_failures(lopin, env):
    """The reason, and where all of it is; nothing is changed."""
    sources.project(lopin.cwd / "p", "hello", builds="raise ValueError('no compiler here')")
    before = lopin("pip", "freeze").out
    done = install(lopin, "./p", code=3)
    assert "failed: ValueError: no compiler here" in done.err and "[build-failed]" in done.err
    (log,) = [line.split()[-1] for line in done.err.splitlines() if line.endswith(".log")]
    with open(log, encoding="utf-8") as file:
        assert "Traceback" in file.read()
    sources.project(lopin.cwd / "q", "hello", needs=["no-such-backend>=3"])
    done = install(lopin, "./q", code=3)
    assert "needs no-such-backend>=3, which is not to be had" in done.err and "[build-failed]" in done.err
    (lopin.cwd / "empty").mkdir()
    assert "is no Python project" in install(lopin, "./empty", code=2).err
    assert "no file" in install(lopin, "./absent", code=2).err
    (lopin.cwd / "p/pyproject.toml").write_text("nonsense = [")
    assert "[build-failed]" in install(lopin, "./p", code=3).err
    assert lopin("pip", "freeze").out == before == ""
    assert "[fetch]" in lopin("pip", "install", "--offline", "git+https://example.invalid/x").err
    assert not [name for name in os.listdir(os.path.dirname(log)) if name.startswith(".build")]


def test_build_requirements_of_the_wheelhouse(lopin, env):
    """With --no-index what the build needs comes from the wheelhouse too; --no-build-isolation takes what is installed."""
    folder = sources.project(lopin.cwd / "p", "hello", builds="import helper", needs=["helper"])
    assert "needs helper, which is not to be had" in install(lopin, "./p", code=3).err
    wheels.make(lopin.cwd / "house", "helper", "1.0")
    install(lopin, "./p")
    assert not list(env.path.glob("lib/python3*/site-packages/helper*"))
    (lopin.cwd / "house/helper-1.0-py3-none-any.whl").rename(lopin.cwd / "helper-1.0-py3-none-any.whl")
    assert "No module named 'helper'" in install(lopin, "--force-reinstall", "--no-build-isolation", "./p", code=3).err
    install(lopin, "./helper-1.0-py3-none-any.whl")
    install(lopin, "--force-reinstall", "--no-build-isolation", "-C", "a=b", "./p")
    assert env.run(env.python, "-c", "import hello; print(hello.SETTINGS)").stdout == "{'a': 'b'}\n" and builds(folder) >= 2


def test_killed(lopin, env):
    """kill -9 while pip builds: nothing is kept, and the next one builds it and removes what was left."""
    folder = sources.project(lopin.cwd / "p", "hello", builds="open('../begun', 'w').close(); import time; time.sleep(0 if os.path.exists('../go') else 5)")
    process = lopin.start("pip", "install", *LOCAL, "./p", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (lopin.cwd / "begun").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    (lopin.cwd / "go").touch()
    install(lopin, "./p")
    assert lopin("pip", "freeze").out.startswith("hello @ ")
    assert not list(lopin.cwd.parent.glob("**/built/.build-*")) and len(list(lopin.cwd.parent.glob("**/built/*/*.whl"))) == 1


def test_variables(lopin, env):
    """Variables that would make pip put its result elsewhere do not; those of compilers make another wheel."""
    folder = sources.project(lopin.cwd / "p", "hello")
    lopin.env.update(PIP_TARGET="elsewhere", PIP_USER="1", PIP_REQUIRE_VIRTUALENV="1", PYTHONPATH="nowhere")
    install(lopin, "./p")
    lopin.env["CFLAGS"] = "-O1"
    install(lopin, "--force-reinstall", "./p")
    install(lopin, "--force-reinstall", "./p")
    assert builds(folder) == 2 and not (lopin.cwd / "elsewhere").exists()
