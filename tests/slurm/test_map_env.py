# SPDX-License-Identifier: Apache-2.0
"""Environments of runs that jobs compute: made once, unpacked on each node before its first task, refused where none can be."""
import json
import pathlib
import shutil
import sys

import pytest

TELL = """import json, os, sys, six
print(json.dumps([six.__file__, six.VERSION, os.environ["SLURMD_NODENAME"], sys.argv[1]]))
"""


@pytest.fixture
def site(lopin, wheels):
    """The options of a line where files are counted; each node and the login node has a disk of its own."""
    wheels.make(lopin.cwd / "wheel house", "six", "1.17.0")
    for name in ("login", "n1", "n2"):
        (lopin.cwd / ("disk " + name)).mkdir()
    folder = str(lopin.cwd).replace("\\", "\\\\").replace('"', '\\"')
    lopin.env["LOPIN_SITE"] = str(lopin.write("site.toml", 'files-counted = true\nlocal-disk = ["%s/disk $SLURMD_NODENAME", '
                                              '"%s/disk login"]\n' % (folder, folder)))
    lopin.write("tell.py", TELL)
    return ["--no-index", "--find-links", "wheel house", "--with", "six"]


def is_done(lopin):
    state = lopin("status", "--json").json()
    return state["done"] == state["datasets"]


def told(lopin):
    """What the task of each dataset printed."""
    lines = [json.loads(line) for line in lopin("log", "1-6").out.splitlines() if line.startswith("[")]
    return {line[3]: line for line in lines}


def test_each_node_unpacks_the_image_on_its_own_disk(lopin, site, until):
    done = lopin("map", "--slurm", "--parcels", "2", *site, "tell.py", ":::", *"abcdef")
    assert done.code == 0 and "2 parcels" in done.err
    until(lambda: is_done(lopin))
    for path, version, node, _ in told(lopin).values():
        assert version == "1.17.0" and path.startswith(str(lopin.cwd / ("disk " + node))), path
    assert len(told(lopin)) == 6


def test_the_login_node_may_forget_it(lopin, site, until):
    """A resume, by jobs and here, unpacks it again."""
    lopin.write("tell.py", TELL + "import pathlib\nassert pathlib.Path('go').exists()\n")
    lopin("map", "--slurm", "--parcels", "2", *site, "tell.py", ":::", *"abcdef")
    until(lambda: lopin("status", "--json").json()["failed"] == 6)
    (lopin.cwd / "go").touch()
    for name in ("login", "n1", "n2"):
        shutil.rmtree(lopin.cwd / ("disk " + name))
        (lopin.cwd / ("disk " + name)).mkdir()
    until(lambda: lopin.idle())
    again = lopin("retry")
    assert again.code == 0, again
    until(lambda: is_done(lopin))
    assert len(told(lopin)) == 6
    shutil.rmtree(lopin.cwd / "disk login")
    (lopin.cwd / "disk login").mkdir()
    until(lambda: lopin.idle())
    here = lopin("resume", "--local")
    assert here.code == 0 and "nothing left" in here.err


def test_an_environment_in_the_cache_is_that_of_all_nodes(lopin, site, until):
    lopin.env["LOPIN_SITE"] = ""
    lopin("map", "--slurm", "--parcels", "2", *site, "tell.py", ":::", *"abcdef")
    until(lambda: is_done(lopin))
    assert {path.split("/lib/")[0] for path, *_ in told(lopin).values()} == {
        str(next((lopin.cache() / "envs").iterdir()))}


def test_an_environment_that_cannot_be_made_submits_nothing(lopin, site, slurm):
    before = set(slurm.slurm("squeue", "-h", "-t", "all", "-o", "%A").split())
    done = lopin("map", "--slurm", *site, "--with", "absent-package", "tell.py", ":::", "a")
    assert done.code == 3 and "[no-wheel]" in done.err or "[no-solution]" in done.err, done
    assert set(slurm.slurm("squeue", "-h", "-t", "all", "-o", "%A").split()) <= before and not (lopin.cwd / ".lopin/runs/1").exists()


@pytest.fixture
def modules(lopin):
    """A tree that is another on each node: its Python stands elsewhere there, as where processors differ."""
    tree = lopin.cwd / "mods"
    for name in ("login", "n1", "n2"):
        folder = tree / "software" / name / "bin"
        folder.mkdir(parents=True)
        (folder / "python3").symlink_to(pathlib.Path(sys._base_executable).resolve())
    (tree / "core/py").mkdir(parents=True)
    text = 'local node = os.getenv("SLURMD_NODENAME") or "login"\nsetenv("NODE_OF", node)\nprepend_path("PATH", [==[%s/software/]==] .. node .. "/bin")\n'
    (tree / "core/py/3.lua").write_text(text % tree + 'if mode() == "load" then LmodMessage("evaluated on " .. node) end\n')
    lopin.env.update(MODULEPATH=str(tree / "core"), LOPIN_SITE="")
    for name in ("LOADEDMODULES", "_LMFILES_", "LMOD_CMD", "LMOD_PACKAGE_PATH"):
        lopin.env.pop(name, None)
    lopin.write("tell.py", "import json, os, sys\nprint(json.dumps([sys.executable, os.environ['NODE_OF'], os.environ['SLURMD_NODENAME'], sys.argv[1]]))\n")
    return tree


def test_modules_are_evaluated_where_it_computes(lopin, modules, until):
    """Once a parcel; its Python is that of the node. Nothing is submitted where the login node has no such module."""
    done = lopin("map", "--slurm", "--module", "nosuch", "tell.py", ":::", "a")
    assert done.code == 3 and "[no-module]" in done.err and not (lopin.cwd / ".lopin").exists()
    done = lopin("map", "--slurm", "--parcels", "2", "--module", "py", "tell.py", ":::", *"abcdef")
    assert done.code == 0 and done.err.count("evaluated on login") == 1 and "modules py/3\n" in done.err, done
    assert "it loads modules py/3, and computes" in lopin("show", "--sbatch").out
    until(lambda: is_done(lopin))
    lines = told(lopin)
    assert len(lines) == 6
    for path, of, node, _ in lines.values():
        assert of == node and path == str(modules / "software" / node / "bin/python3"), lines
    logs = [path.read_text() for path in (lopin.cwd / ".lopin/runs/1").glob("slurm-*.log")]
    assert logs and all(log.count("evaluated on n") <= 1 for log in logs) and any("modules py/3" in log for log in logs)
    # here, and as one job: the same
    until(lambda: lopin.idle())
    assert "nothing left" in lopin("resume", "--local").err
    done = lopin("run", "--slurm", "--wait", "--module", "py", "tell.py", "x")
    path, of, node, _ = json.loads(next(line for line in done.out.splitlines() if line.startswith("[")))
    assert of == node and path == str(modules / "software" / node / "bin/python3"), done
