# SPDX-License-Identifier: Apache-2.0
"""Hashes that requirements, URLs and pages give: what `lopin pip install` takes and refuses, as the real pip does."""
import hashlib
import sys

import pytest

import wheels
from environments import Env, snapshot


def digest(path, algorithm):
    return "%s:%s" % (algorithm, hashlib.new(algorithm, path.read_bytes()).hexdigest())


def wrong(algorithm):
    return "%s:%s" % (algorithm, "1" * (2 * hashlib.new(algorithm).digest_size))


@pytest.fixture
def env(lopin):
    done = lopin("venv", "--python", sys.executable, "env")
    assert done.code == 0, done.err
    return Env(lopin, lopin.cwd / "env")


@pytest.fixture
def house(lopin):
    return lopin.cwd / "house"


@pytest.fixture
def both(lopin, env):
    """Of a requirements file: whether it is installed, by both alike, after a dry run that says the same."""
    def run(text, *words, refusal="another hash"):
        lopin.write("list.txt", text)
        words = ["install", "--force-reinstall", *(words or ["--no-index", "--find-links", "house"]), "-r", "list.txt"]
        before = snapshot(env.path)
        theirs = env.pip(*words, "--dry-run", check=False)
        for options in (["--dry-run"], []):
            ours = lopin("pip", "--env", "env", *words, *options)
            assert (ours.code == 0) == (theirs.returncode == 0), (text, ours, theirs)
            assert ours.code == 0 or (refusal in ours.err and snapshot(env.path) == before), ours
        return theirs.returncode == 0
    return run


def line(requirement, *digests):
    return " ".join([requirement, *("--hash=" + one for one in digests)]) + "\n"


@pytest.mark.sanitize
def test_algorithms(house, both):
    path = wheels.make(house, "alpha", "1.0")
    for algorithm in ("sha256", "sha384", "sha512"):
        good, bad = digest(path, algorithm), wrong(algorithm)
        assert both(line("alpha==1.0", good)) and not both(line("alpha==1.0", bad))
        assert both(line("alpha==1.0", bad, good)) and both(line("alpha==1.0", wrong("sha256"), good, wrong("sha512")))
        assert both("--require-hashes\n" + line("alpha==1.0", good.upper().replace(algorithm.upper(), algorithm)))


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
def test_urls(house, both, algorithm):
    """A URL's own hash is compared, and counts where hashes are required."""
    path = wheels.make(house, "alpha", "1.0")
    named = "alpha @ %s#%s\n"
    good, bad = (one.replace(":", "=") for one in (digest(path, algorithm), wrong(algorithm)))
    assert both(named % (path.as_uri(), good)) and not both(named % (path.as_uri(), bad))
    assert both("--require-hashes\n" + named % (path.as_uri(), good)) and not both("--require-hashes\n" + named % (path.as_uri(), bad))


def test_markers(house, both):
    """Hashes of a line that is not in force are nobody's."""
    path = wheels.make(house, "alpha", "1.0")
    good, bad = digest(path, "sha256"), wrong("sha256")
    old, new = "alpha==1.0; python_version < '3'", "alpha==1.0; python_version >= '3'"
    assert not both(line(old, good) + line(new, bad)) and both(line(old, bad) + line(new, good))


def test_some_have_none(house, both):
    first, second = wheels.make(house, "alpha", "1.0", requires=["beta"]), wheels.make(house, "beta", "2.0")
    assert not both(line("alpha==1.0", digest(first, "sha512")), refusal="has no hash")
    assert both(line("alpha==1.0", digest(first, "sha512")) + line("beta==2.0", digest(second, "sha256")))


def test_pages(lopin, house, both, env):
    """Where a page gives hashes, the file that is allowed is taken, though another one would be preferred."""
    tag = "cp%d%d-none-any" % sys.version_info[:2]
    plain, better = wheels.make(house, "alpha", "1.0"), wheels.make(house, "alpha", "1.0", {"alpha.py": "VERSION = 'better'\n"}, tag=tag)
    newer = wheels.make(house, "alpha", "2.0")
    page = lopin.cwd / "index" / "alpha"
    page.mkdir(parents=True)
    index = ["-i", page.parent.as_uri()]
    for algorithm in ("sha256", "sha512", "md5"):
        links = {path: digest(path, algorithm).replace(":", "=") for path in (plain, better, newer)}
        (page / "index.html").write_text("".join('<a href="%s#%s">x</a>\n' % (path.as_uri(), said) for path, said in links.items()))
        assert both(line("alpha==1.0", digest(plain, "sha256")) if algorithm == "sha256" else "alpha==1.0\n", *index)
        if algorithm == "sha256":
            assert "VERSION = '1.0'" in env.run(env.python, "-c", "import alpha; print(open(alpha.__file__).read())").stdout
            assert both(line("alpha>=1.0", digest(better, "sha256")), *index) and env.versions() == {"alpha": "1.0"}
            assert not both(line("alpha", wrong("sha256")), *index)
        (page / "index.html").write_text('<a href="%s#%s">x</a>\n' % (plain.as_uri(), wrong(algorithm).replace(":", "=")))
        assert not both("alpha==1.0\n", *index)
        assert not both(line("alpha==1.0", wrong("sha256")), *index)
