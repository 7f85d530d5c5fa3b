# SPDX-License-Identifier: Apache-2.0
"""site.toml: wheelhouses, indexes, interpreters, the cache and the advice of a machine."""
import os
import re
import sys

import pytest

import wheels
from test_config import versions


@pytest.fixture
def site(lopin):
    """Writes the site's file."""
    path = lopin.cwd.parent / "site.toml"
    lopin.env["LOPIN_SITE"] = str(path)

    def write(text, mode=0o644):
        path.write_text(text)
        path.chmod(mode)
        return path

    return write


def make_index(lopin, **projects):
    """An index in a folder: name -> versions."""
    root = lopin.cwd.parent / "index"
    for name, several in projects.items():
        links = ""
        for version in several:
            path = wheels.make(root / "files", name, version)
            links += '<a href="../../files/%s">%s</a>\n' % (path.name, path.name)
        (root / "simple" / name).mkdir(parents=True)
        (root / "simple" / name / "index.html").write_text("<html><body>%s</body></html>" % links)
    lopin.env["PIP_INDEX_URL"] = (root / "simple").as_uri()


def test_wheelhouses_and_whether_an_index_is_asked(lopin, site):
    for folder, version in (("v3", "1.0"), ("generic", "1.0"), ("mine", "0.5")):
        wheels.make(lopin.cwd / folder, "alpha", version)
    make_index(lopin, alpha=["2.0"], beta=["1.0"])
    words = ["--python", sys.executable]
    site("wheels = ['$V3', '%s/generic', '/not/there']\nindex = 'never'\n" % lopin.cwd)
    lopin.env["V3"] = str(lopin.cwd / "v3")
    assert versions(lopin, *words, "--with", "alpha") == {"alpha": "1.0"}
    assert "[no-wheel]" in versions(lopin, *words, "--with", "beta", code=125).err
    # what the line says stands above it
    assert versions(lopin, *words, "--with", "beta", "--index-url", lopin.env["PIP_INDEX_URL"]) == {"beta": "1.0"}
    assert versions(lopin, *words, "--with", "alpha<1", "--find-links", "mine") == {"alpha": "0.5"}
    both = "wheels = ['%s/v3']\n" % lopin.cwd
    site(both + "index = 'fallback'\n")
    assert versions(lopin, *words, "--with", "alpha,beta") == {"alpha": "1.0", "beta": "1.0"}
    site(both + "index = 'first'\n")
    wheels.make(lopin.cwd / "v3", "alpha", "3.0")
    assert versions(lopin, *words, "--with", "alpha") == {"alpha": "2.0"}
    site(both)
    assert versions(lopin, *words, "--with", "alpha") == {"alpha": "3.0"}
    listed = lopin("wheels", "--python", sys.executable, "alpha")
    assert listed.code == 0 and "3.0" in listed.out
    missing = versions(lopin, *words, "--with", "alpha", "--find-links", "missing", code=125)
    assert "no wheelhouse 'missing'" in missing.err


def test_the_cache(lopin, site):
    wheels.make(lopin.cwd / "house", "alpha", "1.0")
    site("cache = '$SCRATCH/.lopin'\nwheels = ['%s/house']\nindex = 'never'\n" % lopin.cwd)
    wrong = lopin("run", "show.py")
    assert wrong.code == 125 and "site.toml:1: cache: the variable SCRATCH is not set [config]" in wrong.err
    lopin.env["SCRATCH"] = str(lopin.cwd.parent / "scratch")
    assert versions(lopin, "--python", sys.executable, "--with", "alpha") == {"alpha": "1.0"}
    assert (lopin.cwd.parent / "scratch/.lopin/envs").is_dir() and not (lopin.cwd.parent / "cache/lopin").exists()
    assert re.search(r"cache +\S+/scratch/.lopin +\S+site.toml:1", lopin("config", "cache").out)


def test_interpreters(lopin, site):
    """By a pattern where a version is asked; a path where none is."""
    version = "%d.%d" % sys.version_info[:2]
    opt = lopin.cwd.parent / "opt"
    for name in (version + ".1", "9.9"):
        (opt / name).mkdir(parents=True)
        (opt / name / "python3").symlink_to(sys.executable)
    empty = {"PATH": str(lopin.cwd)}
    lopin.write("show.py", "print(1)\n")
    site("python = '%s/{version}/python3'\n" % opt)
    done = lopin("run", "-v", "--python", version, "show.py", env=empty)
    assert done.code == 0 and "%s/" % opt in done.err, done.err
    site("python = '%s/9.9/python3'\n" % opt)
    done = lopin("run", "-v", "show.py", env=empty)
    assert done.code == 0 and "%s/9.9/python3" % opt in done.err
    site("python = '/not/there/python3'\n")
    lopin.write("show.py", "print(1)\n")
    assert lopin("run", "show.py").code == 0  # another is on PATH


def test_what_is_wrong_is_never_passed_over(lopin, site):
    lopin.write("show.py", "print(1)\n")
    path = site("index = 'sometimes'\n")
    for words in (["map", "show.py", "a"], ["wheels"], ["venv", "env"]):
        done = lopin(*words)
        assert done.code == 2 and "site.toml:1: index must be" in done.err and "[config]" in done.err, words
    assert not (lopin.cwd / "env").exists()
    assert lopin("list").code == 4  # runs can be looked at
    site("index = 'never'\n", mode=0o666)
    done = lopin("map", "show.py", "a")
    assert done.code == 2 and "is not used: others may write it [untrusted]" in done.err
    assert "try     chmod go-w %s\n" % path in done.err  # it is our own
    assert lopin("map", "show.py", "a", env={"LOPIN_SITE": ""}).code == 0
    path.unlink()
    assert "not there" in lopin("map", "show.py", "a").err
    path.mkdir()
    assert lopin("map", "show.py", "a").code == 2


@pytest.mark.parametrize("text, line, cure", [
    ("\n[cpu]\nnumpy = 'haswell'\n", 3, ""),
    ("[partition.a]\ncpu = 'x86-64-v3'\n[partition.b]\n\ncpu = 'avx2'\n", 5, ""),
    ("[partition.a]\ncpu = 'x86-64-v3'\ncpus = 1\n", 3, "cpu"),
    ("[partition]\ncpu = 'x86-64-v3'\n", 2, "[partition.NAME]"),
    ("[advice]\ncpu = 70\n\nmemory = 101\n", 4, ""),
    ("index = 'never'\npython = '/opt/{vers}/bin/python3'\n", 2, "{version}"),
    ("index = 'never'\npython = '/opt/{'\n", 2, "{version}"),
])
def test_errors_name_the_line_of_the_key(lopin, site, text, line, cure):
    site(text)
    done = lopin("config")
    assert done.code == 2 and "site.toml:%d: " % line in done.err and "try     " + cure in done.err + "try     ", done.err


def test_advice(lopin, site):
    lopin.write("busy.py", "sum(range(20_000_000))\n")
    done = lopin("map", "-j", "1", "-c", "1", "--mem", "8G", "busy.py", "a", "b", env={"LOPIN_SITE": ""})
    assert done.code == 0
    site("[advice]\nmemory = 100\nhelp = 'help@example.org'\n")
    text = lopin("report").out
    assert "far too much: sbatch --mem=" in text
    site("[advice]\ncpu = 100\nhelp = 'help@example.org'\n")
    text = lopin("report").out
    assert "far too much" not in text
    efficiency = re.search(r"^cores +(\d+) %", text, re.M)
    assert efficiency and (int(efficiency.group(1)) >= 100 or "help@example.org" in text)
    assert "help@example.org" not in lopin("report", env={"LOPIN_SITE": ""}).out


def test_owners_that_are_trusted(lopin, site):
    """An entry of the store that another user made counts only if the site trusts that user."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to give files away")
    wheels.make(lopin.cwd / "house", "alpha", "1.0")
    text = "wheels = ['%s/house']\nindex = 'never'\n" % lopin.cwd
    site(text)
    words = ["--python", sys.executable, "--with", "alpha"]
    assert versions(lopin, *words) == {"alpha": "1.0"}
    store = lopin.cwd.parent / "cache/lopin/store/1"
    entry = next(path for path in store.iterdir() if (path / "manifest").exists())
    for path in [store, *store.rglob("*")]:
        os.chown(path, 65534, 65534, follow_symlinks=False)
    made = (entry / "manifest").stat().st_ino

    def run():
        for folder in ("envs", "asked"):
            for path in (lopin.cwd.parent / "cache/lopin" / folder).glob("*"):
                path.rename(lopin.cwd.parent / ("old-%s-%d" % (path.name, path.stat().st_ino)))
        return lopin("run", *words, "show.py")

    site(text + "trusted-owners = [65534]\n")
    assert run().code == 0 and (entry / "manifest").stat().st_ino == made
    site(text)
    done = run()
    assert done.code == 125 or (entry / "manifest").stat().st_ino != made


def test_slurm_is_shown(lopin, site):
    site("index = 'first'\n[slurm]\npartition = 'c-iq'\ntime-steps = ['3:00:00', '12h']\nsubmit-from-nodes = false\n")
    rows = {row["key"]: (row["value"], row["line"]) for row in lopin("config", "--json").json()["values"] if row["origin"] == "site"}
    assert rows == {"index": ("first", 1), "slurm.partition": ("c-iq", 3), "slurm.time-steps": (["3:00:00", "12h"], 4),
                    "slurm.submit-from-nodes": (False, 5)}
    assert lopin("config", "slurm.partition").out.split()[:2] == ["slurm.partition", "c-iq"]
    site("[slurm]\nmin-jobs = '1h'\n")
    done = lopin("config")
    assert done.code == 2 and "site.toml:2: unknown key 'min-jobs' [config]" in done.err and "min-job" in done.err
