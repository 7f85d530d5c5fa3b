# SPDX-License-Identifier: Apache-2.0
"""`lopin pip`: what it says beside the real pip on the same environments, and what it installs."""
import hashlib
import json
import os
import subprocess
import sys
import venv

import pytest

import wheels
from environments import UV, Env, snapshot

MAIN = "[console_scripts]\n%s = %s:main\n"


@pytest.fixture
def house(lopin):
    """Wheels that require each other in each way."""
    folder = lopin.cwd / "house"
    for version in ("1.0", "1.5", "2.0", "3.0rc1"):
        wheels.make(folder, "alpha", version)
    wheels.make(folder, "Beta.Pkg", "1.0", {"beta.py": ""}, requires=["alpha<2", "gamma; python_version < '3'"])
    wheels.make(folder, "Beta.Pkg", "1.1", {"beta.py": ""}, requires=["alpha>=1.5"])
    wheels.make(folder, "delta", "0.1+site", extras=["more"], requires=["alpha; extra == 'more'"])
    wheels.make(folder, "tool", "1.0", {"tool/__init__.py": "def main():\n    print('tool 1')\n"}, entries=MAIN % ("tool", "tool"),
                metadata="Summary: does it\nHome-page: https://example.org/\nAuthor: A. Nobody\nAuthor-email: a@example.org\n"
                         "License: MIT\n\nLong.\n")
    wheels.make(folder, "zeta_x", "4", requires=["Beta-pkg", "delta[more]"])
    return folder


@pytest.fixture
def env(lopin):
    done = lopin("venv", "--python", sys.executable, "env")
    assert done.code == 0, done.err
    lopin.env["VIRTUAL_ENV"] = str(lopin.cwd / "env")
    return Env(lopin, lopin.cwd / "env")


def install(lopin, *words, code=0):
    done = lopin("pip", "install", "--no-index", "--find-links", "house", *map(str, words))
    assert done.code == code, done
    return done


def compare(env):
    """Output that is promised to be pip's."""
    frozen, everything, table, lines, text, leaves, checked, status = env.pip_says(
        "freeze", "freeze --all", "list", "list --format freeze", "list --format json", "list --not-required --format freeze", "check")
    assert env.ours("freeze").out == frozen
    assert env.ours("freeze", "--all").out == everything
    assert env.ours("list").out == table
    assert env.ours("list", "--format", "freeze").out == lines
    assert env.ours("list", "--format", "json").json() == json.loads(text)
    assert env.ours("list", "--not-required", "--format", "freeze").out == leaves
    ours = env.ours("check")
    assert (ours.code, sorted(ours.out.splitlines())) == (status, sorted(checked.splitlines()))


SHOWN = ("Name", "Version", "Summary", "Home-page", "Author", "Author-email", "License", "Location", "Requires", "Required-by",
         "Editable project location")


def fields(text):
    return [dict(line.split(":", 1) for line in part.splitlines() if line.split(":", 1)[0] in SHOWN)
            for part in text.split("---\n")]


def test_like_pip(lopin, house, env):
    install(lopin, "zeta_x", "tool", "beta.pkg==1.0")
    compare(env)
    names = ["zeta-x", "BETA_pkg", "tool", "alpha"]
    assert fields(env.ours("show", *names).out) == fields(env.pip("show", *names).stdout)
    assert env.ours("show", "-f", "alpha").out.split("Files:")[1].split() == env.pip("show", "-f", "alpha").stdout.split(
        "Files:")[1].split()
    # broken in each way
    env.pip("uninstall", "-y", "delta")
    env.pip("install", "--no-index", "--no-deps", "--find-links", house, "alpha==2.0")
    compare(env)
    assert env.ours("check").code == 1
    env.uv("uninstall", "alpha")
    compare(env)
    assert env.ours("show", "nothing").code == 1 and env.ours("show", "nothing", "tool").code == 0


@pytest.mark.slow
@pytest.mark.parametrize("maker", ["venv", "virtualenv", "uv"])
def test_environments_of_others(lopin, house, maker):
    path = lopin.cwd / "env"
    if maker == "venv":
        venv.create(path, with_pip=True, symlinks=True)
    elif maker == "virtualenv":
        subprocess.run([sys.executable, "-m", "virtualenv", "-q", path], check=True, env=lopin.env)
    else:
        subprocess.run([UV, "venv", "-q", "--python", sys.executable, path], check=True, env=lopin.env)
    env = Env(lopin, path)
    env.pip("install", "--no-index", "--find-links", house, "zeta_x", "tool")
    compare(env)
    done = env.ours("install", "--no-index", "-f", str(house), "--upgrade", "alpha", "delta", "--force-reinstall")
    assert done.code == 0, done.err
    assert env.ours("uninstall", "-y", "tool").code == 0
    assert not (path / "bin" / "tool").exists()
    compare(env)
    assert env.versions()["alpha"] == "2.0" and "tool" not in env.versions()


def test_others_kinds_of_packages(lopin, env):
    """Editable installs, egg-info of setuptools, a dist-info without RECORD, folders and files with their URLs."""
    packages = env.path / "lib" / ("python%d.%d" % sys.version_info[:2]) / "site-packages"
    project = lopin.cwd / "my project"
    info = packages / "editable_pkg-1.0.dist-info"
    for folder in (project, info, packages / "egg_pkg-2.0.egg-info", packages / "bare-1.0.dist-info", packages / "broken-1.dist-info",
                   packages / "vcs-1.0.dist-info", packages / "dir_pkg-1.0.dist-info", packages / "archive-1.0.dist-info"):
        folder.mkdir()
    metadata = "Metadata-Version: 2.1\nName: %s\nVersion: %s\n"
    urls = {
        "editable_pkg": ("1.0", {"url": project.as_uri(), "dir_info": {"editable": True}}),
        "vcs": ("1.0", {"url": "https://example.org/a.git", "subdirectory": "sub",
                        "vcs_info": {"vcs": "git", "commit_id": "0" * 40, "requested_revision": "main"}}),
        "dir_pkg": ("1.0", {"url": project.as_uri(), "dir_info": {}}),
        "archive": ("1.0", {"url": "https://example.org/archive-1.0-py3-none-any.whl",
                            "archive_info": {"hash": "sha256=" + "a" * 64, "hashes": {"sha256": "a" * 64}}}),
    }
    for name, (version, url) in urls.items():
        folder = packages / ("%s-%s.dist-info" % (name, version))
        (folder / "METADATA").write_text(metadata % (name.replace("_", "-"), version))
        (folder / "RECORD").write_text("%s-%s.dist-info/RECORD,,\n" % (name, version))
        (folder / "direct_url.json").write_text(json.dumps(url))
    (packages / "egg_pkg-2.0.egg-info" / "PKG-INFO").write_text(metadata % ("egg-pkg", "2.0"))
    (packages / "file_pkg-3.0.egg-info").write_text(metadata % ("file-pkg", "3.0"))
    (packages / "bare-1.0.dist-info" / "METADATA").write_text(metadata % ("bare", "1.0"))
    # One without METADATA: pip 26 takes its name from the folder, pip 23 leaves it out; here a line says that it is left out.
    for verb in ("freeze", "list"):
        lines = env.pip(verb).stdout.splitlines(keepends=True)
        assert env.ours(verb).out == "".join(line for line in lines if not line.startswith("broken"))
    assert "broken-1.dist-info" in env.ours("freeze").err
    before = snapshot(env.path)
    for name in ("bare", "egg-pkg", "file-pkg"):
        done = env.ours("uninstall", "-y", name)
        assert done.code == 2 and "nothing says which files" in done.err, done
    assert snapshot(env.path) == before


def test_install_words(lopin, house, env):
    """Which versions come, by each option."""
    def versions(*words, clear=True):
        if clear:
            assert lopin("venv", "--python", sys.executable, "--clear", "env").code == 0
        install(lopin, *words)
        return env.versions()

    assert versions("alpha") == {"alpha": "2.0"}
    assert versions("alpha", "--pre") == {"alpha": "3.0rc1"}
    assert versions("alpha<2") == {"alpha": "1.5"}
    assert versions("alpha", clear=False) == {"alpha": "1.5"}  # it fits
    assert versions("-U", "alpha", clear=False) == {"alpha": "2.0"}
    assert versions("alpha==1.0", clear=False) == {"alpha": "1.0"}  # and down
    assert versions("beta-pkg", "--resolution", "lowest") == {"alpha": "1.0", "beta.pkg": "1.0"}
    assert versions("beta-pkg", "--no-deps") == {"beta.pkg": "1.1"}
    assert versions("delta[more]") == {"alpha": "2.0", "delta": "0.1+site"}
    lopin.write("r.txt", "-r more.txt\nbeta.pkg ; python_version >= '3'\n")
    lopin.write("more.txt", "delta  # a comment\n")
    lopin.write("c.txt", "alpha<2\nunknown==1\n")
    assert versions("-r", "r.txt", "-c", "c.txt") == {"alpha": "1.5", "beta.pkg": "1.1", "delta": "0.1+site"}
    lopin.write("o.txt", "alpha==1.0\n")
    assert versions("beta-pkg", "--override", "o.txt") == {"alpha": "1.0", "beta.pkg": "1.1"}
    before = snapshot(env.path)
    assert install(lopin, "--dry-run", "tool").out == "Would install tool-1.0\n"
    assert snapshot(env.path) == before
    assert install(lopin, "tool").out == "Successfully installed tool-1.0\n"
    assert "already satisfied: tool" in install(lopin, "tool").out
    assert install(lopin, "--force-reinstall", "--no-deps", "tool").out == "Successfully installed tool-1.0\n"
    assert install(lopin, "-q", "zeta_x").out == ""
    env.check() if not lopin("pip", "check").code else None
    frozen = lopin("pip", "freeze").out
    assert "delta==0.1+site" in frozen and "delta==0.1\n" in lopin("pip", "freeze", "--public").out
    lopin.write("frozen.txt", frozen)
    assert lopin("venv", "--clear", "--python", sys.executable, "--no-index", "-f", "house", "-r", "frozen.txt", "env").code == 0
    assert lopin("pip", "freeze").out == frozen
    assert lopin("pip", "uninstall", "-y", "-r", "frozen.txt").code == 0
    assert env.versions() == {}


def test_hashes(lopin, house, env):
    path = house / "alpha-1.0-py3-none-any.whl"
    good = hashlib.sha256(path.read_bytes()).hexdigest()
    lopin.write("good.txt", "alpha==1.0 --hash=sha256:%s --hash=sha256:%s\n" % ("0" * 64, good))
    install(lopin, "-r", "good.txt")
    assert env.versions() == {"alpha": "1.0"}
    lopin.write("bad.txt", "tool==1.0 --hash=sha256:%s\n" % ("0" * 64))
    before = snapshot(env.path)
    done = install(lopin, "-r", "bad.txt", code=3)
    assert "[bad-wheel]" in done.err and hashlib.sha256((house / "tool-1.0-py3-none-any.whl").read_bytes()).hexdigest() in done.err
    lopin.write("part.txt", "tool==1.0 --hash=sha256:%s\nbeta.pkg==1.0\n" %
                hashlib.sha256((house / "tool-1.0-py3-none-any.whl").read_bytes()).hexdigest())
    assert install(lopin, "-r", "part.txt", code=2).err.startswith("lopin: ")
    assert install(lopin, "--require-hashes", "tool", code=2).err.startswith("lopin: ")
    assert snapshot(env.path) == before


def test_requirements_in_any_encoding(lopin, house, env):
    """By the byte order mark, or as the file's first lines say; the real pip takes the same."""
    texts = {name: "alpha==1.0\nbeta.pkg==1.0\n".encode(name) for name in ("utf-16", "utf-32", "utf-8-sig")}
    texts["big"] = b"\xfe\xff" + "alpha==1.0 # \u00e9\nbeta.pkg==1.0\n".encode("utf-16-be")
    texts["latin-1"] = "# -*- coding: latin-1 -*-\nalpha==1.0 # \u00e9\nbeta.pkg==1.0\n".encode("latin-1")
    for name, text in texts.items():
        (lopin.cwd / "list.txt").write_bytes(text)
        assert env.pip("install", "--dry-run", "--no-index", "-f", "house", "-r", "list.txt", check=False).returncode == 0, name
        assert install(lopin, "--dry-run", "-r", "list.txt").out == "Would install alpha-1.0 beta-pkg-1.0\n", name
    for text in (b"# coding: no-such\nalpha\n", b"\xff\xfea", b"alpha # \xe9\n", b"\xff\xfe\x00\xd8a\x00"):
        (lopin.cwd / "list.txt").write_bytes(text)
        assert "list.txt: not a text in " in install(lopin, "-r", "list.txt", code=2).err


def test_requirements_that_include_themselves(lopin, house, env):
    (lopin.cwd / "sub" / "deep").mkdir(parents=True)
    for name, inner in {"a.txt": "-r ./a.txt", "b.txt": "-r sub/b.txt", "sub/b.txt": "-r deep/../../b.txt"}.items():
        lopin.write(name, inner + "\n")
    for name in ("a.txt", "b.txt"):
        assert "includes itself" in install(lopin, "-r", name, code=2).err
    names = ["x" * 40 + "%d" % number for number in range(100)]
    for name, inner in zip(names, names[1:]):
        lopin.write(name, "-r %s\n" % inner)
    assert "included too deeply" in install(lopin, "-r", names[0], code=2).err


def test_settings_of_pip(lopin, house, env):
    """PIP_NO_DEPS and PIP_UPGRADE as the real pip has them; what puts packages elsewhere is said."""
    install(lopin, "alpha==1.0")
    words = ["--dry-run", "--no-index", "-f", "house"]
    for name, wanted in {"PIP_NO_DEPS": "beta-pkg==1.1", "PIP_UPGRADE": "alpha"}.items():
        lopin.env[name] = "1"
        said = env.pip("install", *words, wanted).stdout.splitlines()[-1]
        assert sorted(install(lopin, *words, wanted).out.splitlines()[-1].lower().replace(".", "-").split()) == sorted(said.lower().replace(".", "-").split())
        del lopin.env[name]
    lopin.env["PIP_TARGET"] = "elsewhere"
    assert "'target'" in install(lopin, "tool").err and env.versions()["tool"] == "1.0"


def test_no_deps_knows_extras(lopin, house, env):
    assert "extra" not in install(lopin, "--dry-run", "--no-deps", "delta[more]").err
    done = install(lopin, "--dry-run", "--no-deps", "delta[other]")
    assert "other" in done.err and done.out == "Would install delta-0.1+site\n"


def test_direct_urls(lopin, house, env):
    """By path and by URL: direct_url.json as pip writes it."""
    for words in ([house / "alpha-1.0-py3-none-any.whl"], ["alpha @ " + (house / "alpha-1.0-py3-none-any.whl").as_uri()],
                  [(house / "alpha-1.0-py3-none-any.whl").as_uri()]):
        install(lopin, *words, "--force-reinstall")
        ours = json.loads(env.eval("import importlib.metadata as m; print(m.distribution('alpha').read_text('direct_url.json'))"))
        frozen = env.ours("freeze").out
        assert frozen == env.pip("freeze").stdout
        env.pip("install", "--no-index", "--force-reinstall", *words)
        real = json.loads(env.eval("import importlib.metadata as m; print(m.distribution('alpha').read_text('direct_url.json'))"))
        assert ours == real
        assert env.ours("freeze").out == env.pip("freeze").stdout == frozen


def outside(found):
    return {name for name in found if name.startswith(("bin/full", "etc/", "include/"))}


def test_outside(lopin, env):
    """Files of every scheme; a script whose first line is #!python; commands that call; two packages with one file."""
    info = "full-1.0.data/"
    wheels.make(lopin.cwd / "house", "full", "1.0", {
        "full/__init__.py": "class C:\n    def run():\n        print('called')\n        return 3\n",
        info + "scripts/full-script": "#!python\nimport sys, full\nprint(full.__name__, sys.prefix)\n", info + "scripts/full.sh": "#!/bin/sh\necho sh\n",
        info + "data/etc/full/full.conf": "x\n", info + "headers/full.h": "int x;\n", info + "purelib/full_pure.py": "",
        info + "platlib/full_plat.py": ""}, modes={info + "scripts/full-script": 0o755, info + "scripts/full.sh": 0o755},
        entries="[console_scripts]\nfull-c = full:C.run\nfull-e = full:C.run [extra]\n[gui_scripts]\nfull-g = full:C.run\n")
    wheels.make(lopin.cwd / "house", "twin-a", "1", {"twin.py": "W = 'a'\n", "shared/x.txt": "a", "ta.py": ""})
    wheels.make(lopin.cwd / "house", "twin-b", "1", {"twin.py": "W = 'b'\n", "shared/x.txt": "b", "tb.py": ""})
    install(lopin, "full")
    version = "python%d.%d" % sys.version_info[:2]
    assert (env.path / "etc/full/full.conf").read_text() == "x\n"
    assert (env.path / "include/site" / version / "full/full.h").read_text() == "int x;\n"
    env.eval("import full_pure, full_plat")
    assert env.run(env.path / "bin/full-script").stdout == "full %s\n" % env.path
    assert env.run(env.path / "bin/full.sh").stdout == "sh\n"
    for command in ("full-c", "full-e", "full-g"):
        done = env.run(env.path / "bin" / command, check=False)
        assert (done.returncode, done.stdout) == (3, "called\n")
    ours = snapshot(env.path)
    assert lopin("pip", "uninstall", "-y", "full").code == 0
    left = [name for name in snapshot(env.path) if "full" in name and not os.path.isdir(env.path / name)]
    assert left == []
    env.pip("install", "--no-index", "--find-links", lopin.cwd / "house", "full")
    real = snapshot(env.path)
    assert outside(ours) == outside(real)
    done = install(lopin, "twin-a", "twin-b")
    assert "twin.py" in done.err and "shared/x.txt" in done.err
    assert env.eval("import twin; print(twin.W)") == "b"
    assert lopin("pip", "uninstall", "-y", "twin-a").code == 0
    env.eval("import tb")


def test_changed_by_hand(lopin, house, env):
    """A folder that somebody made in the place of a link stays through changes of others."""
    install(lopin, "tool")
    packages = env.path / "lib" / ("python%d.%d" % sys.version_info[:2]) / "site-packages"
    assert (packages / "tool").is_symlink()
    (packages / "tool").unlink()
    (packages / "tool").mkdir()
    (packages / "tool" / "__init__.py").write_text("MINE = 1\n")
    (packages / "mine.py").write_text("MINE = 2\n")
    (packages / "mine.pth").write_text("import sys; sys.mine = 3\n")
    install(lopin, "alpha")
    assert lopin("pip", "uninstall", "-y", "alpha").code == 0
    assert env.eval("import tool, mine, sys; print(tool.MINE, mine.MINE, sys.mine)") == "1 2 3"


def test_no_environment(lopin, house):
    """Nothing is touched where none is named."""
    for words in (["install", "alpha"], ["freeze"], ["list"], ["uninstall", "-y", "alpha"], ["show", "alpha"], ["check"]):
        done = lopin("pip", *words)
        assert done.code == 3 and "[no-env]" in done.err, done
    done = lopin("pip", "--env", "house", "install", "alpha")
    assert done.code == 3 and "[no-env]" in done.err
    french = lopin("pip", "freeze", env={"LANG": "fr_CA.UTF-8"})
    assert french.code == 3 and "[no-env]" in french.err and french.err != lopin("pip", "freeze").err


def test_errors(lopin, house, env):
    """What cannot be is said with its cause and a cure, in both languages, and nothing is changed."""
    before = snapshot(env.path)
    cases = [(["nothing"], "no-wheel"), (["alpha==9"], "no-wheel"), (["alpha==2.0", "beta.pkg==1.0"], "no-solution")]
    for words, name in cases:
        done = install(lopin, *words, code=3)
        assert "[%s]" % name in done.err and "  " in done.err, done.err
        french = lopin("pip", "install", "--no-index", "-f", "house", *words, env={"LANG": "fr_CA.UTF-8"})
        assert french.code == 3 and "[%s]" % name in french.err and french.err != done.err
    assert install(lopin, "not a requirement!", code=2).err.startswith("lopin: ")
    assert snapshot(env.path) == before
    assert lopin("pip", "uninstall", "-y", "nothing").code == 0
    done = lopin("pip", "uninstall", "alpha", input=b"n\n")
    assert done.code == 0  # not installed
    install(lopin, "alpha")
    assert lopin("pip", "uninstall", "alpha", input=b"n\n").code == 1 and "alpha" in env.versions()
    assert lopin("pip", "uninstall", "alpha").code == 1 and "alpha" in env.versions()
    assert lopin("pip", "uninstall", "alpha", input=b"y\n").code == 0 and "alpha" not in env.versions()


def test_other_verbs(lopin, house, env):
    """What lopin's pip does not do, a real one does."""
    install(lopin, "alpha")
    done = env.run(env.path / "bin" / "pip", "inspect")
    assert [one["metadata"]["name"] for one in json.loads(done.stdout)["installed"]] == ["alpha"]
