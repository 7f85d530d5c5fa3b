# SPDX-License-Identifier: Apache-2.0
"""The real pip and uv at work on environments of ours, in each mode of linking: afterwards the environment is right, and the
store is as it was, to the byte."""
import os
import sys

import pytest

import wheels
from environments import Env, snapshot

MODES = ["sym", "hard", "copy", "whole"]
IMPORTS = "import tqdm, six, dateutil.parser, yaml; print(yaml.CSafeLoader('a: 1').get_single_data())"
MAIN = "[console_scripts]\n%s = %s:main\n"


def make(lopin, wheelhouse, mode, *packages):
    """An environment with real packages and some made here; returns it and what the store is."""
    house = lopin.cwd / "house"
    for version in ("1.0", "2.0"):
        wheels.make(house, "tool", version, {"tool/__init__.py": "V = %r\ndef main():\n    print(V)\n" % version,
                                             "tool/data/x.txt": version, "tool-%s.data/data/share/tool.txt" % version: version,
                                             "tool-%s.data/scripts/tool-script" % version: "#!python\nprint('script %s')\n" % version},
                    entries=MAIN % ("tool", "tool"), modes={"tool-%s.data/scripts/tool-script" % version: 0o755})
        for part in "ab":
            wheels.make(house, "ns-" + part, version, {"ns/%s/__init__.py" % part: "V = %r\n" % version,
                                                       "ns/m%s.py" % part: "V = %r\n" % version})
    done = lopin("venv", "--python", sys.executable, "--no-index", "-f", str(wheelhouse), "-f", "house", "--link", mode,
                 "--with", ",".join(packages), "env")
    assert done.code == 0, done.err
    return Env(lopin, lopin.cwd / "env"), lopin.home.parent / "cache" / "lopin"


# A folder shared by environments is held by its mode alone, which root does not feel.
@pytest.mark.slow
@pytest.mark.parametrize("mode, tool, user", [
    ("sym", "pip", False), ("sym", "uv", True), ("sym", "uv", False), ("hard", "uv", False), ("whole", "uv", True)])
def test_tools(lopin, wheelhouse, mode, tool, user):
    env, cache = make(lopin, wheelhouse, mode, "tqdm", "six", "python-dateutil", "pyyaml", "tool==1.0", "ns-a==1.0")
    before = {name: snapshot(cache / name) for name in ("store", "sites")}
    houses = ["--no-index", "--find-links", str(wheelhouse), "--find-links", str(lopin.cwd / "house")]

    def now():
        """lopin itself adds to the store."""
        return {name: {path: value for path, value in snapshot(cache / name).items() if path in before[name]} for name in before}

    def do(verb, *words):
        call = env.pip if tool == "pip" else env.uv
        options = ["-y"] if (verb, tool) == ("uninstall", "pip") else houses if verb == "install" else []
        done = call(verb, *options, *words, check=mode != "whole", user=user)
        assert now() == before, (verb, words)
        return done

    env.check()
    assert env.eval(IMPORTS) == "{'a': 1}"
    assert env.run(env.path / "bin" / "tool").stdout == "1.0\n"
    if mode == "whole":  # nothing can be changed but by lopin, which makes the folder the environment's own first
        do("uninstall", "tqdm")
        assert "tqdm" in env.versions()
        assert do("install", "tool==2.0").returncode != 0
        env.eval(IMPORTS)
        done = lopin("pip", "--env", "env", "install", *houses, "ns-b==1.0")
        assert done.code == 0, done.err
        assert not (env.path / "lib" / ("python%d.%d" % sys.version_info[:2]) / "site-packages").is_symlink()
        mode = "sym"
    do("install", "--upgrade", "tool")
    assert env.run(env.path / "bin" / "tool").stdout == "2.0\n"
    assert env.run(env.path / "bin" / "tool-script").stdout == "script 2.0\n"
    assert (env.path / "share" / "tool.txt").read_text() == "2.0"
    do("install", "tool==1.0")
    assert env.run(env.path / "bin" / "tool-script").stdout == "script 1.0\n"
    do("install", "ns-b==2.0")
    assert env.eval("import ns.a, ns.b, ns.ma, ns.mb; print(ns.a.V, ns.b.V, ns.ma.V, ns.mb.V)") == "1.0 2.0 1.0 2.0"
    do("install", "--force-reinstall" if tool == "pip" else "--reinstall", "--no-deps", "six", "pyyaml", "ns-a==2.0")
    assert env.eval("import ns.a, ns.b, ns.ma, ns.mb; print(ns.a.V, ns.b.V, ns.ma.V, ns.mb.V)") == "2.0 2.0 2.0 2.0"
    assert env.eval(IMPORTS) == "{'a': 1}"
    env.check()
    do("uninstall", "tool", "six", "ns-a", "python-dateutil", "pyyaml")
    assert env.versions().keys() == {"tqdm", "ns-b", "tzdata"}
    for name in ("tool", "six", "ns.a", "ns.ma", "dateutil", "yaml", "_yaml"):
        assert env.run(env.python, "-c", "import " + name, check=False).returncode == 1, name
    assert not (env.path / "bin" / "tool").exists() and not (env.path / "share" / "tool.txt").exists()
    assert env.eval("import ns.b, tqdm; print(ns.b.V)") == "2.0"
    # and back by lopin
    done = env.ours("install", *houses, "tool", "six", "ns-a", "python-dateutil", "pyyaml")
    assert done.code == 0, done.err
    assert env.eval(IMPORTS) == "{'a': 1}" and env.eval("import ns.a, ns.b; print(ns.a.V, ns.b.V)") == "2.0 2.0"
    env.check()
    assert now() == before


@pytest.mark.parametrize("mode", ["sym", "whole"])
def test_metadata(lopin, wheelhouse, mode):
    """importlib.metadata knows which distribution a module is of, the entry points, and files that are there."""
    env, _ = make(lopin, wheelhouse, mode, "numpy", "tqdm", "six", "python-dateutil", "pyyaml", "tool==1.0", "ns-a==1.0")
    text = """
import importlib.metadata as m, json, os
names = m.packages_distributions() if hasattr(m, "packages_distributions") else {}
missing = [str(f) for d in m.distributions() for f in d.files if not os.path.lexists(str(f.locate()))]
print(json.dumps([{k: sorted(set(v)) for k, v in names.items()}, missing,
                  sorted(e.name for d in m.distributions() for e in d.entry_points if e.group == "console_scripts"),
                  m.distribution("tool").read_text("INSTALLER"), m.distribution("tool").read_text("REQUESTED")]))
"""
    import json
    names, missing, commands, installer, requested = json.loads(env.eval(text))
    assert missing == [] or mode == "whole"  # "../../../bin/tqdm" is seen from where the shared folder is
    assert {"tool", "tqdm", "numpy-config"} <= set(commands)
    assert installer == "lopin\n" and requested == ""
    if names:
        expected = {"numpy": "numpy", "tqdm": "tqdm", "six": "six", "dateutil": "python-dateutil", "yaml": "PyYAML", "_yaml": "PyYAML",
                    "tool": "tool", "ns": "ns-a"}
        for module, name in expected.items():
            assert [one.lower() for one in names[module]] == [name.lower()], (module, names)


@pytest.mark.parametrize("mode", MODES)
def test_bytecode(lopin, wheelhouse, mode):
    """Python writes nothing into the store, whatever it is asked to compile, and finds compiled what it imports."""
    env, cache = make(lopin, wheelhouse, mode, "six", "tqdm", "tool==1.0", "ns-a==1.0")
    before = snapshot(cache)
    env.run(env.python, "-O", "-c", "import six, tqdm, tool, ns.a, ns.ma", user=True)
    env.run(env.python, "-m", "compileall", "-qf", env.path / "lib", user=True, check=False)
    assert snapshot(cache / "store") == snapshot(cache / "store") and snapshot(cache) == before
    out = env.eval("import six, tqdm, tool, ns.a, ns.ma, os\n"
                   "for m in (six, tqdm, tool, ns.a, ns.ma):\n    assert os.path.exists(m.__cached__), m")
    assert out == ""


# A namespace in the older ways: each wheel brings the same __init__.py.
OLD_WAYS = {"pkgutil": "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n",
            "pkg_resources": "__import__('pkg_resources').declare_namespace(__name__)\n"}


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_namespaces_of_links(lopin, tool):
    """What other tools take away is one package, also where a namespace holds nothing but links to folders."""
    house = lopin.cwd / "house"
    parts = {"n-one": ["n/one"], "n-two": ["n/two", "n/deep/two"], "n-three": ["n/deep/down/three"], "n-four": ["n/deep/down/four", "m/four"]}
    for name, folders in parts.items():
        wheels.make(house, name, "1.0", {"%s/__init__.py" % folder: "V = 1\n" for folder in folders})
    make = ["--python", sys.executable, "--no-index", "-f", "house", "--with", ",".join(parts)]
    for number, order in enumerate((list(parts), list(parts)[::-1], ["n-two", "n-four", "n-one", "n-three"])):
        assert lopin("venv", *make, "env%d" % number).code == 0
        env, left = Env(lopin, lopin.cwd / ("env%d" % number)), dict(parts)
        for name in order:
            env.pip("uninstall", "-y", name) if tool == "pip" else env.uv("uninstall", name)
            del left[name]
            modules = [folder.replace("/", ".") for folders in left.values() for folder in folders]
            env.eval("".join("import %s; assert %s.V == 1\n" % (module, module) for module in modules) + "print()")
            assert env.versions().keys() == left.keys()
        assert env.ours("install", "--no-index", "-f", str(house), "n-one").code == 0
        assert env.ours("uninstall", "-y", "n-one").code == 0 and not list(env.path.rglob("n"))



@pytest.mark.parametrize("way, mode, tool", [
    (way, mode, tool) for way in ("implicit", "pkgutil") for mode, tool in [
        ("sym", "lopin"), ("hard", "lopin"), ("sym", "pip"), ("sym", "uv")]])
def test_namespaces(lopin, way, mode, tool):
    """One after the other comes, and goes."""
    house = lopin.cwd / "house"
    for part in "abc":
        files = {"ns/%s/__init__.py" % part: "V = 1\n", "ns/deep/%s.py" % part: "V = 2\n"}
        if way != "implicit":
            files["ns/__init__.py"] = files["ns/deep/__init__.py"] = OLD_WAYS[way]
        wheels.make(house, "ns-" + part, "1.0", files)
    assert lopin("venv", "--python", sys.executable, "--no-index", "-f", "house", "--link", mode, "--with", "ns-a", "env").code == 0
    env, store = Env(lopin, lopin.cwd / "env"), lopin.home.parent / "cache" / "lopin" / "store"

    def do(verb, name):
        mine = ["install", "--no-index", "-f", str(house), name] if verb == "install" else ["uninstall", name]
        if tool == "lopin" or mode == "whole":
            done = env.ours(*mine, *(["--yes"] if verb == "uninstall" else []))
            assert done.code == 0, done.err
        elif tool == "pip":
            env.pip(*mine, *(["-y"] if verb == "uninstall" else []))
        else:
            env.uv(*mine)

    def there():
        return env.eval("""
def has(name):
    try:
        return __import__(name)
    except ImportError:
        return None
print("".join(part for part in "abc" if has("ns." + part) and has("ns.deep." + part)))""")

    before = snapshot(store)
    do("install", "ns-b")
    assert {name: value for name, value in snapshot(store).items() if name in before} == before
    assert there() == "ab"
    do("install", "ns-c")
    assert there() == "abc"
    assert {name: value for name, value in snapshot(store).items() if name in before} == before
    if way == "implicit" or tool == "lopin":
        for gone, left in (("ns-a", "bc"), ("ns-b", "c"), ("ns-c", "")):
            do("uninstall", gone)
            assert there() == left
    assert {name: value for name, value in snapshot(store).items() if name in before} == before


@pytest.mark.skipif(os.geteuid() != 0, reason="others are stopped by the folder's mode")
def test_shared_folder_that_root_changed(lopin):
    """Who begins later gets all packages; the environment that was changed stays as its root made it."""
    for name in ("alpha", "beta"):
        wheels.make(lopin.cwd / "house", name, "1.0")
    words = ["--python", sys.executable, "--no-index", "-f", "house", "--link", "whole", "--with", "alpha,beta"]
    assert lopin("venv", *words, "one").code == 0
    one = Env(lopin, lopin.cwd / "one")
    one.uv("uninstall", "beta")
    assert set(one.versions()) == {"alpha"}
    for name in ("two", "three"):
        assert lopin("venv", *words, name).code == 0
        assert set(Env(lopin, lopin.cwd / name).versions()) == {"alpha", "beta"}
    assert set(one.versions()) == {"alpha"}
    sites = [path.name for path in (lopin.home.parent / "cache" / "lopin" / "sites").iterdir()]
    assert len(sites) == 2 and sorted(sites)[1] == sorted(sites)[0] + "-1"
