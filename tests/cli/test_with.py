# SPDX-License-Identifier: Apache-2.0
"""Environments that a line asks for: run, map and exec with --with, -r, --group and the header of a script."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import pytest

import wheels

SHOW = "import sys, alpha; print(alpha.VERSION, sys.prefix)\n"


@pytest.fixture
def house(lopin):
    folder = lopin.cwd / "house"
    for version in ("1.0", "1.5", "2.0"):
        wheels.make(folder, "alpha", version)
    wheels.make(folder, "beta", "1.0+site", requires=["alpha<2"])
    wheels.make(folder, "gamma", "1.0", extras=["more"], requires=["beta; extra == 'more'"])
    settle(folder)
    return folder


def settle(folder):
    """A wheelhouse changed within the last seconds is looked through anew, as a further change might not show."""
    old = time.time() - 60
    os.utime(folder, (old, old))


def run(lopin, *words, script="show.py", code=0, env=None):
    done = lopin("run", "--python", sys.executable, "--no-index", "--find-links", "house", *words, script, env=env)
    assert done.code == code, done
    return done


def changed(lopin, *words):
    """The files that a line opened for writing or made below the cache, and wheels that it opened."""
    log = lopin.cwd / "trace"
    subprocess.run(["strace", "-f", "-qq", "-e", "trace=openat,open,symlinkat,linkat,mkdirat,mkdir,rename,renameat,renameat2,symlink",
                    "-o", log, lopin.binary, "run", "--python", sys.executable, "--no-index", "--find-links", "house", *words, "show.py"],
                   cwd=lopin.cwd, env=lopin.env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    text = log.read_text()
    made = [line for line in text.splitlines() if re.search(r"O_CREAT|linkat|mkdir|rename", line) and " = -1 " not in line and
            "/cache/" in line]
    return made, [line for line in text.splitlines() if ".whl" in line]


def test_found_again(lopin, house):
    """The second run of a line makes nothing and opens no wheel."""
    lopin.write("show.py", SHOW)
    first = run(lopin, "--with", "alpha,gamma[more]")
    assert "made in" in first.err
    version, prefix = first.out.split()
    assert version == "1.5" and pathlib.Path(prefix).is_relative_to(lopin.home.parent / "cache" / "lopin" / "envs")
    again = run(lopin, "--with", "alpha,gamma[more]")
    assert again.out == first.out and "made in" not in again.err
    assert changed(lopin, "--with", "alpha,gamma[more]") == ([], [])
    # another line with the same packages is the same environment
    assert run(lopin, "--with", "alpha<2", "--with", "gamma[more]").out == first.out
    # another wheel is seen
    wheels.make(house, "alpha", "1.7")
    assert run(lopin, "--with", "alpha,gamma[more]").out.startswith("1.7 ")
    settle(house)
    # what is gone is made again
    shutil.rmtree(lopin.home.parent / "cache" / "lopin" / "envs")
    assert run(lopin, "--with", "alpha<1.7,gamma[more]").out.startswith("1.5 ")
    for folder in ("envs", "store"):
        subprocess.run(["chmod", "-R", "u+w", lopin.home.parent / "cache" / "lopin" / folder], check=True)
        shutil.rmtree(lopin.home.parent / "cache" / "lopin" / folder)
    assert run(lopin, "--with", "alpha<1.7,gamma[more]").out.startswith("1.5 ")


@pytest.mark.parametrize("mode", ["sym", "hard", "copy", "whole"])
def test_modes(lopin, house, mode):
    lopin.write("show.py", SHOW)
    first = run(lopin, "--link", mode, "--with", "gamma[more]")
    assert first.out.startswith("1.5 ")
    assert run(lopin, "--link", mode, "--with", "gamma[more]").out == first.out
    assert changed(lopin, "--link", mode, "--with", "gamma[more]") == ([], [])


def test_words(lopin, house):
    """A comma is between packages, or within one."""
    lopin.write("show.py", SHOW)
    for words, version in ((["alpha>=1,<2"], "1.5"), (["gamma,alpha"], "2.0"), (["gamma[more],alpha >=1, !=1.5"], "1.0"),
                           (["alpha ==1.*, <1.5"], "1.0"), (["alpha (>=1.0,<1.5)"], "1.0"), (["gamma", "alpha~=1.0"], "1.5")):
        assert run(lopin, *[part for word in words for part in ("--with", word)]).out.split()[0] == version, words


def test_files(lopin, house):
    """Requirements, a pyproject.toml and its groups, a script's header; freeze gives the same again."""
    lopin.write("show.py", SHOW)
    lopin.write("r.txt", "beta\n")
    lopin.write("pyproject.toml", "[project]\nname = 'mine'\nversion = '1'\ndependencies = ['beta']\n"
                                  "[dependency-groups]\nold = ['alpha==1.0', {include-group = 'more'}]\nmore = ['gamma']\n")
    lopin.write("header.py", "# /// script\n# requires-python = '>=3.6'\n# dependencies = ['alpha<1.5', 'gamma']\n# ///\n" + SHOW)
    assert run(lopin, "-r", "r.txt").out.startswith("1.5 ")
    assert run(lopin, "-r", "pyproject.toml").out.startswith("1.5 ")
    assert run(lopin, "--group", "old").out.startswith("1.0 ")
    assert run(lopin, script="header.py").out.startswith("1.0 ")
    assert run(lopin, "--with", "alpha>=1.0", "--constraint", "r.txt", code=0).out.startswith("2.0 ")
    lopin.write("late.py", "# /// script\n# requires-python = '>=3.99'\n# dependencies = ['alpha']\n# ///\n" + SHOW)
    done = lopin("run", "--no-index", "--find-links", "house", "late.py")
    assert done.code == 3 or done.code == 125, done
    assert "[no-python]" in done.err
    prefix = run(lopin, "-r", "r.txt").out.split()[1]
    frozen = lopin("pip", "--env", prefix, "freeze").out
    assert frozen == "alpha==1.5\nbeta==1.0+site\n"
    lopin.write("frozen.txt", frozen)
    assert run(lopin, "-r", "frozen.txt").out.split()[1] == prefix
    assert lopin("pip", "--env", prefix, "freeze", "--public").out == "alpha==1.5\nbeta==1.0\n"


def test_a_command_without_py(lopin, house):
    """What starts by `lopin run` in its first line is a script, whatever its name; it had started itself without end."""
    tool = lopin.write("a tool", "#!/usr/bin/env -S lopin run\n# /// script\n# dependencies = ['alpha<1.5']\n# ///\nimport sys\nprint(sys.argv[1:])\n" + SHOW)
    tool.chmod(0o755)
    (lopin.cwd / "lopin").symlink_to(lopin.binary)
    env = dict(lopin.env, PATH="%s:%s" % (lopin.cwd, lopin.env["PATH"]), PIP_NO_INDEX="1", PIP_FIND_LINKS=str(house))
    done = subprocess.run([tool, "a b", "--help"], env=env, cwd=lopin.cwd, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and done.stdout.startswith("['a b', '--help']\n1.0 "), done



def test_map_and_resume(lopin, house):
    """The tasks of a run have the environment; its resume finds it."""
    lopin.write("task.py", "import sys, alpha, pathlib\nif not pathlib.Path('go').exists() and sys.argv[1] == 'b':\n    sys.exit(1)\n"
                           "pathlib.Path(sys.argv[2]).write_text(alpha.VERSION)\n")
    line = ["map", "--python", sys.executable, "--no-index", "--find-links", "house", "--with", "beta",
            "--out", "out/{}.txt", "task.py", "{}", "{out}", ":::", "a", "b", "c"]
    first = lopin(*line)
    assert first.code == 1, first.err
    assert (lopin.cwd / "out" / "a.txt").read_text() == "1.5"
    lopin.write("go", "")
    again = lopin("retry")
    assert again.code == 0, again.err
    assert (lopin.cwd / "out" / "b.txt").read_text() == "1.5" and "made in" not in again.err


def test_exec(lopin, house):
    done = lopin("exec", "--python", sys.executable, "--no-index", "--find-links", "house", "--with", "alpha", "python", "-c", SHOW)
    assert done.code == 0 and done.out.startswith("2.0 "), done


def test_dry_run(lopin, house):
    lopin.write("show.py", SHOW)
    done = lopin("map", "--dry-run", "--python", sys.executable, "--no-index", "--find-links", "house", "--with", "beta",
                 "show.py", ":::", "a")
    assert done.code == 0 and "would be made" in done.err + done.out, done
    assert not (lopin.home.parent / "cache" / "lopin" / "envs").exists()


def test_errors(lopin, house):
    """Causes and cures, in both languages; run's own status is 125."""
    lopin.write("show.py", SHOW)
    for words, name in ((["nothing"], "no-wheel"), (["alpha==2.0,beta"], "no-solution"), (["alpha==9"], "no-wheel")):
        english = lopin("run", "--no-index", "--find-links", "house", "--with", *words, "show.py")
        french = lopin("run", "--no-index", "--find-links", "house", "--with", *words, "show.py", env={"LANG": "fr_CA.UTF-8"})
        assert english.code == french.code and english.code in (3, 125), english
        assert "[%s]" % name in english.err and "[%s]" % name in french.err and english.err != french.err
        assert lopin("map", "--no-index", "--find-links", "house", "--with", *words, "show.py", ":::", "a").code == 3
    done = lopin("run", "--env", "x", "--with", "alpha", "show.py")
    assert done.code in (2, 125) and "[usage]" in done.err


def test_offline(lopin, house):
    """No network is asked, whatever the index."""
    lopin.write("show.py", SHOW)
    words = ["--python", sys.executable, "--offline", "--index-url", "http://127.0.0.1:9/simple", "--find-links", "house"]
    done = lopin("run", *words, "--with", "beta", "show.py")
    assert done.code == 0 and done.out.startswith("1.5 "), done


def test_together(lopin, house):
    """Several lines that need the same environment at once."""
    lopin.write("show.py", SHOW)
    words = ["run", "--python", sys.executable, "--no-index", "--find-links", "house", "--with", "gamma[more]", "show.py"]
    started = [lopin.start(*words) for _ in range(6)]
    outs = set()
    for process in started:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        outs.add(out)
    assert len(outs) == 1
    cache = lopin.home.parent / "cache" / "lopin"
    assert len(list((cache / "envs").iterdir())) == 1


def test_pip_s_constraint_is_not_sbatch_s(lopin, house):
    """Both have the word; the letter -C is Slurm's."""
    lopin.write("show.py", SHOW)
    lopin.write("c.txt", "alpha<2\n")
    assert run(lopin, "--with", "alpha", "--constraint", "c.txt").out.startswith("1.5 ")
    done = run(lopin, "-C", "avx512", code=125)
    assert "--node-feature is for jobs of Slurm" in done.err
