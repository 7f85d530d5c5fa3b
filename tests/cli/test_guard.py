# SPDX-License-Identifier: Apache-2.0
"""Never an illegal instruction: environments under processors that qemu-user emulates, by CPUID.

What a process under qemu-user starts is executed by the host's own processor, so interpreter and lopin are each put under
qemu here, and the hints of one that starts the other are looked at where that does not matter."""
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import sysconfig

import pytest

import wheels
from conftest import BINARY

QEMU = shutil.which("qemu-x86_64")
TAG = "cp%d%d-cp%d%d-" % (sys.version_info[:2] * 2)
PACKAGES = "lib/python%d.%d/site-packages" % sys.version_info[:2]
pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="levels are of x86-64")
needs_qemu = pytest.mark.skipif(not QEMU, reason="needs qemu-user (script/install test)")
EXTENSION = """
#define Py_LIMITED_API 0x03060000
#include <Python.h>
#include <math.h>
#include <stdlib.h>
static volatile int bound = 64;
static double x[64], y[64];
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, NAME, NULL, 0, NULL, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC INIT(void)
{
    for (int i = 0; i < bound; i++)
        y[i] = fma(x[i], 1.5, y[i]);
    if (getenv("LOPIN_NEVER")) // of the C library, since its first version
        return NULL;
    BODY
    return PyModuleDef_Init(&module);
}
"""


def compile_extension(folder, name, *flags, body=""):
    """The bytes of an extension that computes when it is imported."""
    source = folder / (name + ".c")
    source.write_text(EXTENSION)
    made = folder / (name + ".so")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O3", *flags, "-DNAME=\"%s\"" % name, "-DINIT=PyInit_" + name, "-DBODY=" + body,
                    "-I", sysconfig.get_path("include"), "-o", made, source], check=True)
    return made.read_bytes()


@pytest.fixture(scope="session")
def haswell(tmp_path_factory):
    return compile_extension(tmp_path_factory.mktemp("haswell"), "fast", "-march=haswell")


@pytest.fixture(scope="session")
def illegal(tmp_path_factory):
    """Ends by an illegal instruction on every processor."""
    return compile_extension(tmp_path_factory.mktemp("illegal"), "fast", body='__asm__("ud2");')


def make_wheel(folder, code, name="fast", version="1.0", tag="linux_x86_64"):
    return wheels.make(folder, name, version, {"fast.abi3.so": code}, tag=TAG + tag, pure=False)


def venv(lopin, *words):
    done = lopin("venv", "-p", sys.executable, "env", "--no-index", *words)
    assert done.code == 0, done.err
    return lopin.cwd / "env", done


def under(cpu, *words, env=None):
    return subprocess.run([QEMU, "-cpu", cpu, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                          env=dict(env or os.environ, LC_ALL="C"), check=False)


def died(done):
    """By SIGILL: qemu-user dies as what it runs does."""
    return done.returncode == -4


def real(env):
    """The interpreter that the env's python is a link to."""
    return os.path.realpath(env / "bin" / "python")


def stamp(env):
    return (env / PACKAGES / ".lopin-stamp").read_text().splitlines()


@needs_qemu
def test_numpy_of_pypi(lopin, wheelhouse):
    env, _ = venv(lopin, "--find-links", wheelhouse, "--with", "numpy")
    line = stamp(env)[1].split()
    if tuple(map(int, line[7].split(".")[:2])) < (2, 4):
        pytest.skip("numpy %s is built for all x86-64" % line[7])
    assert line[1:4] == ["numpy-%s.dist-info" % line[7], "x86-64-v2", "known"]
    bare = dict(lopin.env, PYTHONPATH=str(env / PACKAGES))  # without what guards the environment
    assert died(under("core2duo", real(env), "-c", "import numpy", env=bare))
    done = under("core2duo", env / "bin" / "python", "-c", "import numpy", env=lopin.env)
    assert done.returncode == 3, done.stderr
    assert done.stderr.splitlines()[0] == ("lopin: numpy %s needs a processor with x86-64-v2, and this one has x86-64 "
                                           "(no SSE4.1, SSE4.2, POPCNT) [cpu-level]" % line[7])
    done = under("Nehalem", env / "bin" / "python", "-c", "import numpy; print(numpy.arange(3).sum())", env=lopin.env)
    assert (done.returncode, done.stdout) == (0, "3\n"), done.stderr
    script = lopin.write("a.py", "import numpy\n")
    for verb in ("run", "map"):
        done = under("core2duo", BINARY, verb, "--env", env, script, *["x"] * (verb == "map"), env=lopin.env)
        assert "numpy %s needs a processor with x86-64-v2" % line[7] in done.stderr and "[cpu-level]" in done.stderr
        assert done.returncode == (125 if verb == "run" else 3)


@needs_qemu
def test_level_of_the_wheelhouse(lopin, haswell, tmp_path):
    """An extension for Haswell dies under Nehalem; from a folder of that level it is refused, by whatever starts it."""
    folder = tmp_path / "house" / "x86-64-v3"
    make_wheel(folder, haswell)
    env, _ = venv(lopin, "--find-links", folder, "--with", "fast")
    assert stamp(env)[1].split()[2:4] == ["x86-64-v3", str(folder)]
    bare = dict(lopin.env, PYTHONPATH=str(env / PACKAGES))
    assert died(under("Nehalem", real(env), "-c", "import fast", env=bare))
    assert under("Haswell", env / "bin" / "python", "-c", "import fast", env=lopin.env).returncode == 0
    for words in (["-c", "import fast"], ["-I", "-c", "1"], ["-m", "site"], ["-B", "-O", "-c", "1"]):
        done = under("Nehalem", env / "bin" / "python", *words, env=lopin.env)
        assert done.returncode == 3 and done.stderr.startswith("lopin: fast 1.0 needs a processor with x86-64-v3"), words
        assert done.stdout == ""
    french = under("Nehalem", env / "bin" / "python", "-c", "1", env=dict(lopin.env, LC_ALL="fr_FR.UTF-8"))
    assert french.returncode == 3
    off = under("Nehalem", env / "bin" / "python", "-c", "print(1)", env=dict(lopin.env, LOPIN_GUARD="off"))
    assert (off.returncode, off.stdout) == (0, "1\n")
    assert under("Nehalem", env / "bin" / "python", "-S", "-c", "print(1)", env=lopin.env).returncode == 0  # nothing of it is seen then
    # A wheel for all is there too: it is named, with the line that takes it.
    generic = tmp_path / "house" / "generic"
    make_wheel(generic, haswell, version="0.9")
    done = under("Nehalem", BINARY, "run", "--env", env, lopin.write("a.py", ""), env=dict(lopin.env, PIP_FIND_LINKS=str(generic)))
    assert "found   fast-0.9-" in done.stderr and "-f %s fast==0.9" % generic in done.stderr, done.stderr


@needs_qemu
@pytest.mark.parametrize("shell, script", [("bash", "activate"), ("dash", "activate"), ("zsh", "activate"), ("fish", "activate.fish"),
                                           ("tcsh", "activate.csh")])
def test_activate(lopin, haswell, tmp_path, shell, script):
    if not shutil.which(shell):
        pytest.skip("needs %s (script/install test)" % shell)
    folder = tmp_path / "avx2"
    make_wheel(folder, haswell)
    env, _ = venv(lopin, "--find-links", folder, "--with", "fast")
    old = lopin.write("old lopin", "#!/bin/sh\nexec %s -cpu Nehalem %s \"$@\"\n" % (QEMU, BINARY), 0o755)
    path = env / "bin" / script
    show = 'echo "[$VIRTUAL_ENV]"' if shell != "tcsh" else "echo $?VIRTUAL_ENV"
    source = "." if script == "activate" else "source"

    def activate(changes=None):
        return subprocess.run([shell, *["-f"] * (shell == "tcsh"), "-c", "%s %s; %s" % (source, path, show)],
                              env=lopin.environment(changes), capture_output=True, text=True, timeout=60, check=False)

    done = activate()
    assert (done.stdout, done.stderr) == ("1\n" if shell == "tcsh" else "[%s]\n" % env, "")
    path.write_text(path.read_text().replace(str(BINARY), str(old)).replace("'%s'" % old, "'%s'" % old))
    path.write_text(path.read_text().replace(" %s " % old, " '%s' " % old))
    done = activate()
    assert done.stdout == ("0\n" if shell == "tcsh" else "[]\n"), done.stderr
    assert done.stderr.startswith("lopin: fast 1.0 needs a processor with avx2, and this one has x86-64-v2 (no AVX, AVX2, ")
    assert activate({"LOPIN_GUARD": "off"}).stdout == ("1\n" if shell == "tcsh" else "[%s]\n" % env)
    if script == "activate":
        strict = subprocess.run([shell, "-euc", ". %s; echo on" % path], env=lopin.env, capture_output=True, text=True, timeout=60, check=False)
        assert (strict.returncode, strict.stdout) == (3, "")


@needs_qemu
def test_unknown_is_tried_once(lopin, illegal, tmp_path):
    """On a processor lower than the one that made it; the child is the host's, so it meets what no processor has."""
    folder = tmp_path / "wheels"
    make_wheel(folder, illegal)
    env, _ = venv(lopin, "--find-links", folder, "--with", "fast")
    assert stamp(env)[1].split()[2:4] == ["?", "-"]
    assert not (env / PACKAGES / "lopin-guard.pth").exists()
    made = stamp(env)[1].split()[4]
    assert made == lopin("env", "check", "--json", "env").json()["cpu"]  # not tried here
    if made == "x86-64":
        pytest.skip("no processor is lower than this one")
    script = lopin.write("a.py", "")
    for tried in (True, False):
        done = under("qemu64", BINARY, "run", "--env", env, script, env=lopin.env)
        assert done.returncode == 125
        assert ("tried once" in done.stderr) == tried
        assert "fast 1.0 meets an instruction that this processor (x86-64) does not have [cpu-level]" in done.stderr
        assert "import fast" in done.stderr
    assert len(list((tmp_path / "cache" / "lopin" / "probed").iterdir())) == 1
    done = under("Nehalem", BINARY, "env", "check", env, env=lopin.env)  # another processor is another question
    assert done.returncode == 3 and "tried once" in done.stderr


def test_unknown_that_works(lopin, tmp_path):
    code = compile_extension(tmp_path, "fast")
    make_wheel(tmp_path / "wheels", code)
    env, _ = venv(lopin, "--find-links", tmp_path / "wheels", "--with", "fast")
    if QEMU:
        for tried in (True, False):
            done = under("qemu64", BINARY, "env", "check", env, env=lopin.env)
            assert done.returncode == 0 and ("tried once" in done.stderr) == tried
    done = lopin("env", "check", "env")
    assert done.code == 0 and "packages of which nobody knows what processor they need: 1" in done.out


def test_another_machine(lopin, haswell, tmp_path):
    make_wheel(tmp_path / "avx", haswell, "one", "1.0")
    make_wheel(tmp_path / "x86-64-v3", haswell, "two", "2.0")
    wheels.make(tmp_path / "pure", "three", "3.0")
    env, done = venv(lopin, *[word for name in ("avx", "x86-64-v3", "pure") for word in ("--find-links", tmp_path / name)],
                     "--with", "one", "--with", "two", "--with", "three")
    for cpu, code, who in (("x86-64-v4", 0, None), ("avx2", 0, None), ("avx", 3, "two 2.0"), ("x86-64-v2", 3, "one 1.0"), ("sse3", 3, "one 1.0")):
        done = lopin("env", "check", "--cpu", cpu, "env")
        assert done.code == code, (cpu, done.err)
        assert not who or done.err.startswith("lopin: %s needs a processor with" % who)
    about = lopin("env", "check", "--json", "--cpu", "x86-64-v2", "env")
    assert about.code == 3 and about.stderr == b""
    assert {key: about.json()[key] for key in ("fits", "error", "cpu", "unknown", "foreign")} == {
        "fits": False, "error": "cpu-level", "cpu": "x86-64-v2", "unknown": 0, "foreign": 0}
    assert about.json()["cpu_needed"] == {"package": "two", "version": "2.0", "needs": "x86-64-v3", "known_by": str(tmp_path / "x86-64-v3")}
    assert sorted(line.split()[2:4] for line in stamp(env)[1:]) == [
        ["avx", str(tmp_path / "avx")], ["x86-64", "pure"], ["x86-64-v3", str(tmp_path / "x86-64-v3")]]
    site = lopin.write("site.toml", "[partition.old]\ncpu = 'x86-64-v2'\n[partition.new]\ncpu = 'x86-64-v3'\n")
    for words, code in ((["-p", "old"], 3), (["--partition", "new"], 0), (["-p", "none"], 2), (["-p", "new", "--cpu", "avx2"], 2)):
        assert lopin("env", "check", *words, "env", env={"LOPIN_SITE": str(site)}).code == code, words
    assert "does not say which processor partition 'old'" in lopin("env", "check", "-p", "old", "env").err
    low = lopin("env", "check", "--glibc", "2.1", "--cpu", "x86-64-v4", "env")
    assert low.code == 3 and "needs glibc 2.2" in low.err and "[glibc]" in low.err
    for words in (["--cpu", "avx3"], ["--glibc", "2"], ["--glibc", "2.x"], ["a", "b"]):
        assert lopin("env", "check", *words, "env").code == 2, words
    assert lopin("env", "check").code == 3 and "[no-env]" in lopin("env", "check").err
    assert lopin("env", "check", env={"VIRTUAL_ENV": str(env)}).code == 0


def test_stamp_follows_packages(lopin, haswell, tmp_path):
    """What is removed is needed no longer, whoever removed it; the guard is there where it is needed, and only there."""
    make_wheel(tmp_path / "x86-64-v4", haswell)
    wheels.make(tmp_path / "pure", "three", "3.0")
    env, _ = venv(lopin)
    packages = env / PACKAGES
    guard = [packages / "lopin-guard.pth", packages / "_lopin_guard.abi3.so"]
    install = ["pip", "install", "--env", "env", "--no-index", "-f", tmp_path / "x86-64-v4", "-f", tmp_path / "pure"]
    assert lopin(*install, "three").code == 0
    assert not any(path.exists() for path in guard) and len(stamp(env)) == 2
    assert lopin(*install, "fast").code == 0
    assert all(path.exists() for path in guard) and len(stamp(env)) == 3
    assert lopin("env", "check", "--cpu", "x86-64", "env").code == 3
    assert lopin("pip", "list", "--env", "env").out.split()[4:] == ["fast", "1.0", "three", "3.0"]
    assert lopin("pip", "check", "--env", "env").code == 0
    real_pip = subprocess.run([sys.executable, "-m", "pip", "--python", env / "bin" / "python", "uninstall", "-y", "fast"],
                              env={**lopin.env, "LOPIN_GUARD": "off"}, capture_output=True, check=False)
    assert real_pip.returncode == 0, real_pip.stderr
    assert lopin("env", "check", "--cpu", "x86-64", "env").code == 0
    if QEMU:
        assert under("qemu64", env / "bin" / "python", "-c", "1", env=lopin.env).returncode == 0
    assert lopin(*install, "fast").code == 0
    assert lopin("pip", "uninstall", "--env", "env", "-y", "fast").code == 0
    assert not any(path.exists() for path in guard) and len(stamp(env)) == 2


@pytest.mark.parametrize("link", ["sym", "hard", "copy", "whole"])
def test_each_link_mode(lopin, haswell, tmp_path, link):
    make_wheel(tmp_path / "x86-64-v3", haswell)
    env, _ = venv(lopin, "--find-links", tmp_path / "x86-64-v3", "--with", "fast", "--link", link)
    assert stamp(env)[1].split()[2] == "x86-64-v3" and (env / PACKAGES / "lopin-guard.pth").exists()
    assert lopin("env", "check", "--cpu", "avx", "env").code == 3


def test_not_in_environments_of_others(lopin, haswell, tmp_path):
    make_wheel(tmp_path / "x86-64-v3", haswell)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", lopin.cwd / "env"], check=True)
    assert lopin("pip", "install", "--env", "env", "--no-index", "-f", tmp_path / "x86-64-v3", "fast").code == 0
    packages = lopin.cwd / "env" / PACKAGES
    assert not (packages / "lopin-guard.pth").exists() and not (packages / "_lopin_guard.abi3.so").exists()
    assert lopin("env", "check", "--cpu", "x86-64", "env").code == 3


@needs_qemu
def test_installing_for_newer_nodes(lopin, haswell, tmp_path):
    """A line, no refusal: login nodes are often older."""
    make_wheel(tmp_path / "x86-64-v3", haswell)
    done = under("Nehalem", BINARY, "venv", "-p", sys.executable, lopin.cwd / "env", "--no-index", "--find-links", tmp_path / "x86-64-v3",
                 "--with", "fast", env=lopin.env)
    assert done.returncode == 0, done.stderr
    assert "fast 1.0 needs a processor with x86-64-v3: here, with x86-64-v2, this environment will not start" in done.stderr


def test_what_is_gone(lopin, tmp_path, haswell):
    wheels.make(tmp_path / "pure", "three", "3.0", {"three/__init__.py": ""})
    env, _ = venv(lopin, "--find-links", tmp_path / "pure", "--with", "three")
    script = lopin.write("a.py", "")
    store, = (tmp_path / "cache" / "lopin" / "store").glob("*/three-*")
    moved = store.with_name("moved")
    store.rename(moved)
    for words, code in ((["env", "check", "env"], 3), (["run", "--env", "env", script], 125), (["map", "--env", "env", script, "x"], 3)):
        done = lopin(*words)
        assert done.code == code and "has links to packages that are gone: three" in done.err and "[env-broken]" in done.err
    moved.rename(store)
    assert lopin("env", "check", "env").code == 0
    python = env / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3")
    for words, code in ((["env", "check", "env"], 3), (["run", "--env", "env", script], 125)):
        done = lopin(*words)
        assert done.code == code and "is gone: /nowhere/python3" in done.err
    (env / PACKAGES / ".lopin-stamp").chmod(0o644)


@pytest.mark.parametrize("text, name", [
    (b"", "env-broken"), (b"lopin-stamp 2\n", "run-format"), (b"lopin-stamp 1\npackage a\n", "env-broken"), (b"\0", "env-broken"),
    (b"lopin-stamp 1\npackage a.dist-info x86-64-v9 - x86-64 - a 1\n", "env-broken"), (b"lopin-stamp 1", "env-broken"),
    (b"lopin-stamp 1\npackage ../a x86-64 - x86-64 - a 1\n", "env-broken"),
    (b"lopin-stamp 1\nlater thing\npackage a.dist-info x86-64-v4 why x86-64 2.99 a 1 more\n", None),
])
def test_odd_stamp(lopin, text, name):
    env, _ = venv(lopin)
    (env / PACKAGES / ".lopin-stamp").write_bytes(text)
    done = lopin("env", "check", "--cpu", "x86-64", "env")
    assert done.code == (3 if name == "env-broken" else 6 if name else 0), done.err
    assert not name or "[%s]" % name in done.err


def test_named_in_the_report(lopin, illegal, tmp_path):
    """A task of map that dies by it all the same: the library stands beside the dataset."""
    make_wheel(tmp_path / "wheels", illegal)
    env, _ = venv(lopin, "--find-links", tmp_path / "wheels", "--with", "fast")
    done = lopin("map", "--env", "env", lopin.write("a.py", "import fast\n"), "x")
    assert done.code == 1
    assert "illegal-instruction" in done.err and "fast.abi3.so at 0x" in done.err
    ran = lopin("run", "--env", "env", "a.py")
    assert ran.code == -4 and "lopin: illegal instruction in " in ran.err and pathlib.Path(ran.err.split(" in ")[1].split(" at 0x")[0]).exists()
    assert json.loads(lopin("report", "--json").stdout)
