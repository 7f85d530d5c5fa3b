# SPDX-License-Identifier: Apache-2.0
"""From `module spider python` to a map, in one bash, on a tree as the Alliance's; and the one line that does it all."""
import pathlib
import shutil
import subprocess
import sys

import modules
import pytest
from conftest import BINARY

BASE = pathlib.Path(sys._base_executable).resolve()
VERSION = "%d.%d.%d" % sys.version_info[:3]
MINOR = VERSION.rpartition(".")[0]
WORK = """import os, sys
import six
print(sys.argv[1], six.PY3 + 2, "%d.%d.%d" % sys.version_info[:3], os.environ["EBROOTPYTHON"])
"""
STORY = """set -u
eval "$(lopin module init bash)"
step() { echo "== $*"; eval "$*"; echo "-- $?"; }
step module spider python
step module spider python/MINOR
step module load StdEnv/2020 python/MINOR
step module list
step lopin venv ENV
step . ENV/bin/activate
step lopin pip install --no-index six
step lopin map work.py a b
step lopin log 1
step deactivate
step module --force purge
step 'echo "[${LOADEDMODULES-}]"'
step lopin map --env ENV work.py c
step lopin log 1
step lopin map --python MINOR --with six work.py d
step lopin log 1
step lopin map --python 3.99 --with six work.py e
step 'echo "[${LOADEDMODULES-}]"'
"""


@pytest.fixture
def site(lopin, wheelhouse):
    """The tree, in which StdEnv opens folders in spider mode itself, as there; Python is this machine's."""
    tree = lopin.cwd.parent / "tree"
    tree.mkdir()
    modules.plant(tree, "alliance")
    environment = tree / "Core/StdEnv/2020.lua"
    environment.write_text('if mode() == "spider" then prepend_path("MODULEPATH", "%s/2020/Core") end\n' % tree + environment.read_text())
    shutil.rmtree(tree / "2020/Core/python")
    (tree / "2020/Core/python").mkdir()
    for version in (VERSION, "3.2.1"):
        folder = tree / "software" / version
        (folder / "bin").mkdir(parents=True)
        (folder / "bin/python3").symlink_to(BASE)
        (tree / "2020/Core/python" / (version + ".lua")).write_text(
            'depends_on("gcccore/9")\nsetenv("EBROOTPYTHON", "%s")\nprepend_path("PATH", "%s/bin")\n' % (folder, folder))
    lopin.write("../site.toml", 'python = "module:python/{version}"\nmodules = ["StdEnv/2020"]\nwheels = ["%s"]\n' % wheelhouse)
    lopin.write("work.py", WORK)
    (lopin.cwd.parent / "bin").mkdir()
    (lopin.cwd.parent / "bin/lopin").symlink_to(BINARY)
    lopin.env.update(MODULEPATH=str(tree / "Core"), PATH="%s:/usr/bin:/bin" % (lopin.cwd.parent / "bin"), LOPIN_SITE=str(lopin.cwd.parent / "site.toml"))
    for name in ("LOADEDMODULES", "_LMFILES_", "LMOD_CMD", "MODULES_CMD", "LMOD_PACKAGE_PATH", "VIRTUAL_ENV", "BASH_ENV"):
        lopin.env.pop(name, None)
    lopin.tree = tree
    return lopin


def told(site, **env):
    """[(command, status, what it says)] of the whole."""
    done = subprocess.run(["bash", "--norc", "-c", STORY.replace("MINOR", MINOR)], env=site.environment(env), cwd=site.cwd, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    steps = []
    for part in done.stdout.split("== ")[1:]:
        command, said = part.split("\n", 1)
        said, status = said.rsplit("-- ", 1)
        steps.append((command, int(status), said))
    return steps


def test_as_a_user_types_it(site):
    steps = told(site)
    assert [status for _, status, _ in steps] == [0] * 16 + [3, 0], steps
    said = [text for _, _, text in steps]
    line = "modules StdEnv/2020, python/%s\n" % VERSION
    assert "python/3.2.1\n" in said[0] and "module spider python/%s\n" % VERSION in said[0], said[0]
    assert "    module load StdEnv/2020 python/%s\n" % VERSION in said[1], said[1]
    assert said[2] == "" and "gcccore/9" in said[3] and "python/%s" % VERSION in said[3] and "StdEnv/2020" in said[3], said[3]
    assert "env     python %s   %s/software/%s/bin/python3\n" % (VERSION, site.tree, VERSION) in said[4], said[4]
    assert "Successfully installed six-" in said[6], said[6]
    assert "(active environment)\n" in said[7] and "done    2 of 2" in said[7] and "StdEnv/2020, python/%s\n" % VERSION in said[7], said[7]
    assert said[8] == "a 3 %s %s/software/%s\n" % (VERSION, site.tree, VERSION)
    assert said[11] == said[17] == "[]\n"  # nothing of a line stays in the shell
    assert said[13].startswith("c 3 " + VERSION) and said[15].startswith("d 3 " + VERSION), (said[12], said[14])
    assert line in said[14] and "(made for this line)" in said[14], said[14]
    assert "no Python 3.99 here [no-python]" in said[16] and "modules: python/3.2.1, python/%s\n" % VERSION in said[16], said[16]


def test_python_is_found_without_the_sites_modules(site):
    """The site says only what its Python is: StdEnv is what spider says must be loaded before."""
    site.write("../site.toml", 'python = "module:python/{version}"\n')
    site.write("plain.py", "import os\nprint(os.environ['LOADEDMODULES'])\n")
    for words in (("run", "--python", MINOR, "plain.py"), ("run", "plain.py"), ("map", "--lang", "fr", "--python", MINOR, "plain.py", "a")):
        done = site(*words)
        assert done.code == 0, (words, done.err)
        assert words[0] == "map" or done.out.endswith("StdEnv/2020:python/%s\n" % VERSION), (words, done)
    assert "modules StdEnv/2020, python/%s\n" % VERSION in done.err and "exécution 1" in done.err, done.err
    assert site("log", "1").out.endswith("StdEnv/2020:python/%s\n" % VERSION)
