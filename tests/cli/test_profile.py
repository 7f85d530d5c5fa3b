# SPDX-License-Identifier: Apache-2.0
"""What an interpreter accepts, under each CPython of script/pythons, beside packaging run by that interpreter."""
import pathlib
import shutil
import subprocess

import pytest

from conftest import ROOT

ASK = """
import sys
sys.path.insert(0, sys.argv[1])
from packaging import markers, tags
names = ["implementation_name", "implementation_version", "os_name", "platform_machine", "platform_python_implementation",
         "platform_release", "platform_system", "platform_version", "python_full_version", "python_version", "sys_platform"]
env = markers.default_environment()
print("\\n".join([env[name] for name in names] + [str(tag) for tag in tags.sys_tags()]))
"""
HOOKS = {
    "none": None,
    "refuses all": "def manylinux_compatible(*asked): return False\n",
    "refuses some": "def manylinux_compatible(major, minor, arch): return minor < 17 if minor % 2 else None\n",
    "old names": "manylinux1_compatible = False\nmanylinux2014_compatible = 0\nmanylinux2010_compatible = True\n",
}


def pythons(oldest, newest):
    done = subprocess.run([ROOT / "script" / "pythons"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    rows = [tuple(line.split(" ", 1)) for line in done.stdout.decode().splitlines()]
    return [row for row in rows if oldest <= int(row[0].split(".")[1]) <= newest]


def profile(lopin, python, path=""):
    done = lopin("x-wheel", "-v", "profile", input=("%s\t%s\n" % (python, path)).encode())
    assert done.code == 0
    return [field.replace("%20", " ") for field in done.out.rstrip("\n").split("\t")], done.err


@pytest.mark.parametrize("python", [row[1] for row in pythons(10, 14)])
@pytest.mark.parametrize("hook", HOOKS, ids=str)
def test_as_packaging(lopin, tmp_path, python, hook):
    packaging = pytest.importorskip("packaging")
    shutil.copytree(pathlib.Path(packaging.__file__).parent, tmp_path / "packaging")
    if HOOKS[hook]:
        (tmp_path / "_manylinux.py").write_text(HOOKS[hook])
    asked = subprocess.run([python, "-I", "-c", ASK, tmp_path], capture_output=True, text=True, check=True)
    assert profile(lopin, python, tmp_path)[0] == asked.stdout.splitlines()


@pytest.mark.parametrize("version, python", pythons(6, 9))
def test_before_packaging(lopin, version, python):
    """packaging of today does not run on them. Their pip is of its time and orders otherwise; its tags are ours."""
    values, _ = profile(lopin, python)
    assert values[9] == version.rsplit(".", 1)[0] and values[0] == "cpython"
    ask = "from pip._internal.utils.compatibility_tags import get_supported as s; print(*s())"
    done = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("%s has no pip to compare with" % python)
    assert set(done.stdout.split()) <= set(values[11:])


def test_hook_that_fails(lopin, tmp_path, numpy_python):
    (tmp_path / "_manylinux.py").write_text("raise RuntimeError('site is closed')\n")
    done = lopin("x-wheel", "-v", "profile", input=("%s\t%s\n" % (numpy_python, tmp_path)).encode())
    assert done.out == "invalid\n" and "site is closed" in done.err and str(tmp_path) in done.err
