# SPDX-License-Identifier: Apache-2.0
"""Lock files: made, kept, renewed, installed exactly; those of pip and uv, and ours by them."""
import hashlib
import json
import shutil
import subprocess
import sys
import tomllib

import pytest
import sources
import wheels
from packaging.pylock import Pylock

from environments import UV, Env
from index_server import Index
from test_venv import PYTHONS

LEVELS = ["x86-64-v4", "x86-64-v3", "generic"]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Desk:
    """A folder with wheels beside the lock, and the words that name them."""

    def __init__(self, lopin):
        self.lopin, self.wheels = lopin, lopin.cwd / "wheels"
        self.lock_path = lopin.cwd / "lopin.lock"
        self.base = wheels.make(self.wheels, "base", "1.0")
        wheels.make(self.wheels, "demo", "1.0", requires=["base"])

    def lock(self, *words, **options):
        done = self.lopin("env", "lock", "--no-index", "-f", str(self.wheels), *words, **options)
        assert done.code == 0, done.err
        return done

    def read(self, path=None):
        text = (path or self.lock_path).read_text()
        lock = Pylock.from_dict(tomllib.loads(text))
        return {package.name: package for package in lock.packages}, tomllib.loads(text)

    def env(self, name="env", *words):
        done = self.lopin("venv", name, *words)
        assert done.code == 0, done.err
        return Env(self.lopin, self.lopin.cwd / name)

    def sync(self, *words, env="env"):
        return self.lopin("env", "sync", "--env", env, *words)


@pytest.fixture
def desk(lopin):
    return Desk(lopin)


@pytest.fixture
def index():
    index = Index()
    yield index
    index.close()


def publish(index, path, body=None):
    """Puts a wheel on the index; `body` is what it sends in its place."""
    name = path.name.split("-")[0]
    files = index.answers.setdefault("entries", {}).setdefault(name, [])
    files.append({"filename": path.name, "url": "../../files/" + path.name, "size": path.stat().st_size, "hashes": {"sha256": sha256(path)}})
    page = {"meta": {"api-version": "1.0"}, "name": name, "files": files}
    index.answers["/simple/%s/" % name] = (json.dumps(page).encode(), "application/vnd.pypi.simple.v1+json")
    index.answers["/files/" + path.name] = path.read_bytes() if body is None else body


def test_what_is_written(desk):
    desk.lock("demo", "--with", "base<2")
    packages, raw = desk.read()
    assert {name: str(package.version) for name, package in packages.items()} == {"base": "1.0", "demo": "1.0"}
    assert raw["tool"]["lopin"]["requirements"] == ["base<2", "demo"]
    assert raw["tool"]["lopin"]["python"] == ["%d.%d" % sys.version_info[:2]]
    wheel, = packages["base"].wheels
    # below the lock's folder: both can be moved together
    assert (wheel.path, wheel.url, wheel.hashes) == ("wheels/" + desk.base.name, None, {"sha256": sha256(desk.base)})
    assert wheel.size == desk.base.stat().st_size
    before = desk.lock_path.read_bytes()
    desk.lock("base<2", "demo")
    assert desk.lock_path.read_bytes() == before
    desk.lock()  # what it was made for
    assert desk.lock_path.read_bytes() == before
    done = desk.lock("-o", "-", "demo", "base<2")
    assert done.out.encode() == before


def test_wheels_elsewhere_are_urls(desk, tmp_path):
    folder = tmp_path / "with blank é"
    path = wheels.make(folder, "far", "1.0+site.1")
    done = desk.lopin("env", "lock", "--no-index", "-f", str(folder), "far")
    assert done.code == 0, done.err
    packages, _ = desk.read()
    wheel, = packages["far"].wheels
    assert wheel.path is None and wheel.filename == path.name
    assert wheel.url.startswith("file:///") and "with%20blank%20%C3%A9" in wheel.url
    desk.env()
    assert desk.sync("--exact").code == 0


def test_versions_are_kept_until_told(desk):
    desk.lock("demo")
    wheels.make(desk.wheels, "demo", "2.0", requires=["base"])
    wheels.make(desk.wheels, "base", "2.0")
    desk.lock("demo")
    assert {name: str(package.version) for name, package in desk.read()[0].items()} == {"base": "1.0", "demo": "1.0"}
    done = desk.lock("demo", "--upgrade-package", "Base", "--dry-run")
    assert "base 1.0 -> 2.0" in done.err and str(desk.read()[0]["base"].version) == "1.0"
    desk.lock("demo", "-P", "base")
    assert {name: str(package.version) for name, package in desk.read()[0].items()} == {"base": "2.0", "demo": "1.0"}
    wheels.make(desk.wheels, "more", "1.0", requires=["demo>1"])
    desk.lock("demo", "more")  # what does not satisfy any more is not kept
    assert str(desk.read()[0]["demo"].version) == "2.0"
    desk.lock("base<2")
    assert list(desk.read()[0]) == ["base"]
    done = desk.lock("--upgrade", "base")
    assert str(desk.read()[0]["base"].version) == "2.0" and "changed" in done.err


@pytest.mark.skipif(len(PYTHONS) < 2, reason="one Python is here")
def test_several_pythons(desk):
    minors = sorted({version.rpartition(".")[0] for version, _ in PYTHONS if version.startswith("3.") and int(version.split(".")[1]) >= 8},
                    key=lambda text: int(text.split(".")[1]))
    low, high = minors[0], minors[-1]
    paths = {version.rpartition(".")[0]: path for version, path in PYTHONS}
    wheels.make(desk.wheels, "demo", "2.0", requires=["base", "only; python_version=='%s'" % high], python=">=" + high)
    wheels.make(desk.wheels, "only", "1.0")
    tags = {minor: "cp%s-cp%s-linux_x86_64" % ((minor.replace(".", ""),) * 2) for minor in (low, high)}
    for tag in tags.values():
        wheels.make(desk.wheels, "built", "1.0", tag=tag)
    desk.lock("--python", "%s,%s" % (paths[high], paths[low]), "demo", "built")
    _, raw = desk.read()
    assert raw["tool"]["lopin"]["python"] == [low, high] and len(raw["environments"]) == 2
    found = {(package["name"], package["version"]): package.get("marker") for package in raw["packages"]}
    assert found == {("base", "1.0"): None, ("built", "1.0"): None, ("demo", "1.0"): 'python_version == "%s"' % low,
                     ("demo", "2.0"): 'python_version == "%s"' % high, ("only", "1.0"): 'python_version == "%s"' % high}
    for minor, expected in ((low, {"base": "1.0", "built": "1.0", "demo": "1.0"}),
                            (high, {"base": "1.0", "built": "1.0", "demo": "2.0", "only": "1.0"})):
        desk.env("env" + minor, "--python", paths[minor])
        done = desk.sync(env="env" + minor)
        assert done.code == 0, done.err
        frozen = desk.lopin("pip", "--env", "env" + minor, "freeze").out.split()
        assert dict(line.split("==") for line in frozen) == expected
    before = desk.lock_path.read_bytes()
    desk.lock("demo", "built", "--python", paths[low], "--python", paths[high])
    assert desk.lock_path.read_bytes() == before
    if len(minors) > 2:
        desk.env("other", "--python", paths[minors[1]])
        done = desk.sync(env="other")
        assert done.code == 3 and "[no-python]" in done.err
    done = desk.lopin("env", "lock", "--python", "%s,%s" % (paths[low], paths[low]), "base")
    assert done.code == 2 and "twice" in done.err


class Site:
    """Wheelhouses by level, all with one file of the same name, and a pip.conf that lists some."""

    def __init__(self, desk, root, levels, mark=""):
        self.desk, self.root, self.wheel = desk, root, {}
        for level in LEVELS:
            self.wheel[level] = wheels.make(root / level, "fast", "1.0+site", {"fast.py": "LEVEL = %r\n" % (level + mark)},
                                            tag="cp%d%d-cp%d%d-linux_x86_64" % (sys.version_info[:2] * 2))
        (root / "pip.conf").write_text("[install]\nfind-links = %s\nno-index = true\n" % " ".join(str(root / level) for level in levels))

    def use(self):
        self.desk.lopin.env["PIP_CONFIG_FILE"] = str(self.root / "pip.conf")


def level_of(env):
    return env.eval("import fast; print(fast.LEVEL)")


def test_levels_of_one_site(desk, tmp_path):
    site = Site(desk, tmp_path / "site", LEVELS)
    site.use()
    done = desk.lopin("env", "lock", "--python", sys.executable, "fast")
    assert done.code == 0, done.err
    packages, raw = desk.read()
    # who does not know of levels gets what runs everywhere
    assert [wheel.hashes["sha256"] for wheel in packages["fast"].wheels] == [sha256(site.wheel["generic"])]
    variants = {entry["level"]: entry["hashes"]["sha256"] for entry in raw["packages"][0]["tool"]["lopin"]["wheels"]}
    assert variants == {level: sha256(path) for level, path in site.wheel.items()}
    env = desk.env("env", "--python", sys.executable)
    done = desk.sync("--exact")
    assert done.code == 0, done.err
    assert level_of(env) == "x86-64-v4"
    # another machine of the site, whose modules list less
    (site.root / "pip.conf").write_text("[install]\nfind-links = %s\nno-index = true\n" % (site.root / "generic"))
    env = desk.env("older", "--python", sys.executable)
    done = desk.sync("--exact", env="older")
    assert (done.code, level_of(env)) == (0, "generic"), done.err
    # a machine that has the files and no configuration: the standard one
    del desk.lopin.env["PIP_CONFIG_FILE"]
    env = desk.env("plain", "--python", sys.executable)
    assert (desk.sync("--exact", env="plain").code, level_of(env)) == (0, "generic")
    assert "as they were" in desk.sync("--exact", env="plain").err


def test_another_site_of_the_same_version(desk, tmp_path):
    Site(desk, tmp_path / "one", LEVELS).use()
    assert desk.lopin("env", "lock", "--python", sys.executable, "fast").code == 0
    other = Site(desk, tmp_path / "two", ["generic"], " of two")
    other.use()
    shutil.rmtree(tmp_path / "one")
    env = desk.env("env", "--python", sys.executable)
    done = desk.sync("--exact")
    assert done.code == 3 and "[bad-wheel]" in done.err and "without --exact" in done.err
    done = desk.sync()
    assert done.code == 0 and "another wheel than the lock's" in done.err
    assert level_of(env) == "generic of two"


def test_public_versions(desk, tmp_path):
    Site(desk, tmp_path / "site", LEVELS).use()
    assert desk.lopin("env", "lock", "--python", sys.executable, "fast").code == 0
    shutil.rmtree(tmp_path / "site")
    del desk.lopin.env["PIP_CONFIG_FILE"]
    wheels.make(desk.wheels, "fast", "1.0", {"fast.py": "LEVEL = 'public'\n"})
    env = desk.env("env", "--python", sys.executable)
    words = ("--no-index", "-f", str(desk.wheels))
    done = desk.sync(*words)
    assert done.code == 3 and "[no-wheel]" in done.err and "--public" in done.err
    done = desk.sync(*words, "--public")
    assert (done.code, level_of(env)) == (0, "public"), done.err
    # and a lock without such versions
    wheels.make(desk.wheels, "fast", "1.0+site")
    desk.lock("--public", "fast", "--upgrade")
    assert str(desk.read()[0]["fast"].version) == "1.0"


def test_sync_is_exact(desk):
    wheels.make(desk.wheels, "stale", "1.0")
    desk.lock("demo")
    env = desk.env("env", "--no-index", "-f", str(desk.wheels), "--with", "stale")
    wheels.make(desk.wheels, "base", "0.5")
    assert env.ours("install", "--no-index", "-f", str(desk.wheels), "base==0.5").code == 0
    done = desk.sync("--dry-run")
    assert done.code == 0 and "base 0.5 -> 1.0" in done.err and env.versions() == {"stale": "1.0", "base": "0.5"}
    done = desk.sync()
    assert done.code == 0 and "gone    stale 1.0" in done.err and "2 installed, 1 removed, 0 as they were" in done.err
    assert env.versions() == {"base": "1.0", "demo": "1.0"}
    assert (env.path / "lib").exists() and not list(env.path.rglob("stale.py"))
    requested = {path.parent.name for path in env.path.rglob("REQUESTED")}
    assert requested == {"demo-1.0.dist-info"}  # base came with it
    done = desk.sync()
    assert "0 installed, 0 removed, 2 as they were" in done.err
    env.check()


def test_sync_knows_the_file_not_only_the_version(desk):
    desk.lock("demo")
    env = desk.env()
    assert desk.sync().code == 0
    # another build of the same version, installed from elsewhere
    other = wheels.make(desk.lopin.cwd / "other", "base", "1.0", {"base.py": "OTHER = 1\n"})
    assert env.ours("install", "--no-index", "--force-reinstall", str(other)).code == 0
    done = desk.sync()
    assert done.code == 0 and "base 1.0 -> 1.0" in done.err
    assert env.eval("import base; print(hasattr(base, 'OTHER'))") == "False"


def test_a_wheel_that_changed(desk):
    desk.lock("demo")
    wheels.make(desk.wheels, "base", "1.0", {"base.py": "changed = 1\n"})
    env = desk.env()
    done = desk.sync()
    assert done.code == 3 and "[bad-wheel]" in done.err and "another hash" in done.err
    assert env.versions() == {}


def test_from_an_index(desk, index, tmp_path):
    for name, requires in (("one", ["two"]), ("two", [])):
        publish(index, wheels.make(tmp_path / "published", name, "1.0", requires=requires))
    url = index.url.replace("http://", "http://user:secret@")
    done = desk.lopin("env", "lock", "--index-url", url, "one")
    assert done.code == 0, done.err
    packages, raw = desk.read()
    assert "secret" not in desk.lock_path.read_text()
    assert packages["two"].index == index.url and packages["two"].wheels[0].url.startswith(index.url.replace("/simple", "/files"))
    shutil.rmtree(tmp_path / "cache")
    env = desk.env()
    index.asked.clear()
    done = desk.sync()
    assert done.code == 0, done.err
    assert {path for path, _ in index.asked} == {"/files/one-1.0-py3-none-any.whl", "/files/two-1.0-py3-none-any.whl"}  # no pages
    assert env.versions() == {"one": "1.0", "two": "1.0"}
    desk.env("alone")
    assert desk.sync("--no-index", env="alone").code == 0  # there is no place but those of the lock


def test_an_index_that_lies(desk, index, tmp_path):
    path = wheels.make(tmp_path / "published", "one", "1.0")
    publish(index, path)
    assert desk.lopin("env", "lock", "--index-url", index.url, "one").code == 0
    other = wheels.make(tmp_path / "other", "one", "1.0", {"one.py": "evil = 1\n"})
    index.answers["/files/" + path.name] = other.read_bytes()
    shutil.rmtree(tmp_path / "cache")
    env = desk.env()
    done = desk.sync()
    assert done.code == 3 and "[bad-wheel]" in done.err, done.err
    assert env.versions() == {}


def test_pip_and_uv_take_ours(desk, tmp_path):
    far = tmp_path / "far wheels"
    wheels.make(far, "far", "1.0", requires=["base"])
    desk.lock("demo", "far", "-f", str(far))
    pylock = desk.lopin.cwd / "pylock.toml"
    desk.lock_path.rename(pylock)
    expected = {"base": "1.0", "demo": "1.0", "far": "1.0"}
    env = desk.env("by pip")
    env.pip("install", "--quiet", "-r", pylock)
    assert env.versions() == expected
    env = desk.env("by uv")
    env.uv("sync", "--preview-features", "pylock", pylock)
    assert env.versions() == expected
    env = desk.env("by uv too")
    env.uv("install", "--preview-features", "pylock", "-r", pylock)
    assert env.versions() == expected


def test_ours_takes_those_of_pip_and_uv(desk):
    folder = desk.lopin.cwd / "theirs"
    folder.mkdir()
    env = desk.env("for pip")
    env.pip("lock", "--no-index", "-f", desk.wheels, "demo", "-o", folder / "pylock.toml")
    env.ours("install", "-r", str(folder / "pylock.toml"))
    assert env.versions() == {"base": "1.0", "demo": "1.0"}
    (desk.lopin.cwd / "in.txt").write_text("demo\n")
    done = subprocess.run([UV, "pip", "compile", "--quiet", "--no-index", "--find-links", desk.wheels, "in.txt", "--format", "pylock.toml",
                           "-o", folder / "pylock.uv.toml", "--python", sys.executable, "--cache-dir", desk.lopin.home / "uv"],
                          cwd=desk.lopin.cwd, env=desk.lopin.env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    env = desk.env("for uv", "--python", sys.executable)
    done = desk.sync(str(folder / "pylock.uv.toml"), env="for uv")
    assert done.code == 0, done.err
    assert env.versions() == {"base": "1.0", "demo": "1.0"}
    # as requirements of new environments, and beside other requirements
    wheels.make(desk.wheels, "more", "1.0", requires=["base<9"])
    done = desk.lopin("venv", "new", "-r", str(folder / "pylock.toml"), "--with", "more", "--no-index", "-f", str(desk.wheels))
    assert done.code == 0, done.err
    assert Env(desk.lopin, desk.lopin.cwd / "new").versions() == {"base": "1.0", "demo": "1.0", "more": "1.0"}


def test_a_project_takes_its_lock(desk):
    lopin = desk.lopin
    script = lopin.cwd / "show.py"
    script.write_text("import base, demo; print(base.VERSION, demo.VERSION)\n")
    words = ("--no-index", "--find-links", str(desk.wheels), "show.py")
    done = lopin("run", "--frozen", *words)
    assert done.code == 125 and "[no-lock]" in done.err
    desk.lock("demo")
    wheels.make(desk.wheels, "base", "2.0")
    assert lopin("run", "--with", "demo", *words).out == "2.0 1.0\n"  # no project here
    (lopin.cwd / "lopin.toml").write_text("")
    done = lopin("run", "--with", "demo", *words)
    assert (done.code, done.out) == (0, "1.0 1.0\n") and "out of date" not in done.err
    assert lopin("run", "--frozen", *words).out == "1.0 1.0\n"
    # other requirements: its versions are kept where they satisfy
    wheels.make(desk.wheels, "more", "1.0")
    done = lopin("run", "--with", "demo,more", *words)
    assert (done.code, done.out) == (0, "1.0 1.0\n")
    assert "lopin.lock is out of date" in done.err and "lopin env lock demo more" in done.err
    done = lopin("run", "--with", "demo,base>=2", *words)
    assert done.out == "2.0 1.0\n" and "out of date" in done.err
    below = lopin.cwd / "a" / "b"
    below.mkdir(parents=True)
    done = lopin("venv", "--frozen", "env", cwd=below)
    assert done.code == 0, done.err
    assert Env(lopin, below / "env").versions() == {"base": "1.0", "demo": "1.0"}
    done = lopin("map", "--frozen", "show.py", ":::", "1", "2")
    assert done.code == 0, done.err


@pytest.mark.parametrize("text, words", [
    ("lock-version = '1.0'\n", "'created-by' is missing"),
    ("lock-version = '3.0'\ncreated-by = 'x'\npackages = []\n", "version 3.0"),
    ("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'A_b'\n", "line 4: 'A_b' is no name in normal form"),
    ("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nwheels = 3\n", "line 5: 'wheels' must be a list"),
    ("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nmarker = 'no'\n", "line 5"),
    ("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'a'\nwheels = [{ path = 'b-1-py3-none-any.whl', hashes = { sha256 = '0' } }]\n",
     "line 5: 'b-1-py3-none-any.whl' is not of a"),
    ("lock-version = '1.0\n", "line 1"),
])
def test_locks_that_are_none(desk, text, words):
    desk.env()
    desk.lock_path.write_text(text)
    done = desk.sync()
    assert done.code == 2 and words in done.err and "lopin.lock" in done.err


@pytest.mark.slow
def test_sources_are_locked_as_such(desk):
    cwd = desk.lopin.cwd
    python = ("--python", sys.executable)  # it has pip, which builds
    sources.project(cwd / "folder", "here", requires=["base"])
    sources.archive(desk.wheels, sources.project(cwd / "packed", "packed"), "packed", "1.0")
    archive = sources.archive(cwd / "more", sources.project(cwd / "named", "named"), "named", "1.0")
    commit = sources.repository(sources.project(cwd / "versioned", "versioned"))
    done = desk.lock("./folder", "packed", str(archive), "git+file://%s" % (cwd / "versioned"), *python)
    packages, _ = desk.read()
    assert packages["here"].directory.path == "folder" and not packages["here"].wheels
    assert packages["packed"].sdist.path == "wheels/packed-1.0.tar.gz"
    assert packages["named"].archive.hashes == {"sha256": sha256(archive)}
    assert (packages["versioned"].vcs.type, packages["versioned"].vcs.commit_id) == ("git", commit)
    assert packages["base"].wheels
    before = desk.lock_path.read_bytes()
    desk.lock()
    assert desk.lock_path.read_bytes() == before
    env = desk.env("env", *python)
    done = desk.sync()
    assert done.code == 0, done.err
    assert env.versions() == dict.fromkeys(["base", "here", "named", "packed", "versioned"], "1.0")
    # nothing of a changed archive runs
    shutil.rmtree(env.path)
    shutil.rmtree(cwd.parent / "cache")
    for path in (archive, desk.wheels / "packed-1.0.tar.gz"):
        kept = path.read_bytes()
        path.write_bytes(kept + b"x")
        env = desk.env("env", *python)
        done = desk.sync()
        assert done.code == 3 and "[bad-wheel]" in done.err and env.versions() == {}
        path.write_bytes(kept)
    assert desk.sync().code == 0


def test_a_direct_wheel_is_an_archive(desk):
    desk.lock("./wheels/" + desk.base.name)
    packages, _ = desk.read()
    assert packages["base"].archive.path == "wheels/" + desk.base.name and not packages["base"].wheels
    env = desk.env()
    done = desk.sync()
    assert done.code == 0, done.err
    assert env.versions() == {"base": "1.0"}
    assert json.loads(next(env.path.rglob("direct_url.json")).read_text())["archive_info"]["hashes"] == {"sha256": sha256(desk.base)}


@pytest.mark.parametrize("source", ["wheels = [{ path = 'wheels/base-1.0-py3-none-any.whl', hashes = { md5 = '0' } }]",
                                    "archive = { path = 'wheels/base-1.0-py3-none-any.whl', hashes = { md5 = '0' } }",
                                    "archive = { path = 'wheels/base-1.0.zip', hashes = { sha512 = '0' } }",
                                    "sdist = { path = 'wheels/base-1.0.tar.gz', hashes = { md5 = '0' } }"])
def test_hashes_that_nobody_can_compare(desk, source):
    env = desk.env("env", "--python", sys.executable)
    for name in ("base-1.0.zip", "base-1.0.tar.gz"):
        (desk.wheels / name).write_bytes(b"")
    desk.lock_path.write_text("lock-version = '1.0'\ncreated-by = 'x'\n[[packages]]\nname = 'base'\nversion = '1.0'\n" + source)
    done = desk.sync()
    assert done.code == 3 and "[bad-wheel]" in done.err and "has no sha256" in done.err, done.err
    assert env.versions() == {}


def test_words_of_lock_and_sync(desk):
    lopin = desk.lopin
    done = lopin("env", "lock")
    assert done.code == 2 and "nothing says which packages" in done.err
    done = lopin("env", "sync")
    assert done.code == 3 and "[no-lock]" in done.err
    assert lopin("env", "sync", "a", "b").code == 2
    done = lopin("env", "sync", "--env", "env", "requirements.txt")
    assert done.code == 2 and "pylock.toml" in done.err
    done = lopin("env", "lok")
    assert done.code == 2 and "lopin env lock" in done.err
    assert lopin("env").code == 2
    desk.lock_path.write_text("no toml")
    done = lopin("env", "lock", "--no-index", "-f", str(desk.wheels), "demo")
    assert done.code == 2 and "rm %s && lopin env lock" % desk.lock_path in done.err
    assert desk.lock_path.read_text() == "no toml"
