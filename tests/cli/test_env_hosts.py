# SPDX-License-Identifier: Apache-2.0
"""Environments on machines that share what is theirs: read-only mounts, hosts at once, packages of modules."""
import os
import pathlib
import shutil
import subprocess
import sys
import time

import pytest

from conftest import BINARY
from environments import Env
from test_env_faults import PACKAGES, house, venv  # noqa: F401


def mounted(lopin, script, *words):
    """Runs a script of sh in its own mounts, as root. Skips where that cannot be."""
    probe = ["unshare", "--mount", "mount", "-t", "tmpfs", "none", lopin.cwd]
    if os.geteuid() != 0 or subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("mounts need root")
    return subprocess.run(["unshare", "--mount", "sh", "-euc", script, "sh", *map(str, words)], cwd=lopin.cwd, env=lopin.env,
                          capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def test_site_on_a_read_only_mount(lopin, house):  # noqa: F811
    """CVMFS: files of some user, which nobody can write here."""
    mount = lopin.cwd / "cvmfs"
    mount.mkdir()
    lopin.env.update(LOPIN_SITE=str(mount / "site.toml"), L=str(BINARY))
    script = """
mount -t tmpfs none "$1"
printf 'wheels = ["%s"]\\n' "$2" >"$1/site.toml"
chown 4242:4242 "$1" "$1/site.toml"
chmod 666 "$1/site.toml"
! "$L" config 2>&1 || exit 9
mount -o remount,ro "$1"
"$L" config
"""
    done = mounted(lopin, script, mount, house)
    assert done.returncode == 0, done
    refusal, _, accepted = done.stdout.partition("[untrusted]")
    assert "belongs to somebody else" in refusal and str(house) in accepted
    # a link to it from a folder that others may fill is no such file
    link = lopin.cwd / "theirs"
    link.mkdir()
    (link / "site.toml").symlink_to(mount / "site.toml")
    lopin.env["LOPIN_SITE"] = str(link / "site.toml")
    done = mounted(lopin, script.replace('"$L" config\n', 'chown -h 4242 "$3" "$3/site.toml"; ! "$L" config 2>&1\n'), mount, house, link)
    assert done.returncode == 0 and "belongs to somebody else" in done.stdout, done


def test_project_on_a_read_only_mount(lopin, house):  # noqa: F811
    """A project's file may be anybody's: it is believed no more there than elsewhere."""
    mount = lopin.cwd / "data"
    mount.mkdir()
    lopin.env.update(L=str(BINARY))
    done = mounted(lopin, """
mount -t tmpfs none "$1"
printf 'cores = 1\\n' >"$1/lopin.toml"
chown 4242:4242 "$1/lopin.toml"
mount -o remount,ro "$1"
cd "$1"
"$L" config 2>&1
""", mount)
    assert done.returncode == 0 and "belongs to somebody else" in done.stdout, done


def test_store_on_a_read_only_mount(lopin, house):  # noqa: F811
    """Entries of another owner, in a store that nobody can write here."""
    env = {"XDG_CACHE_HOME": str(lopin.cwd / "disk")}
    lopin.env.update(env, L=str(BINARY), P=sys.executable)
    (lopin.cwd / "disk").mkdir()
    done = mounted(lopin, """
mount -t tmpfs none disk
"$L" run --python "$P" --with alpha==1.0,beta==1.0 show.py
"$L" venv --python "$P" first --with alpha==1.0,beta==1.0
chown -R 4242:4242 disk
chmod -R a+rwX disk
mount -o remount,ro disk
"$L" venv --python "$P" env --with alpha==1.0,beta==1.0
"$L" run --env env show.py
readlink env/%s/alpha
""" % PACKAGES)
    assert done.returncode == 0, done
    first, again, link = done.stdout.splitlines()
    assert (first, again) == ("1.0 1.0", "1.0 1.0") and link.startswith(env["XDG_CACHE_HOME"])


HOST = ["unshare", "--uts", "--pid", "--mount", "--fork", "--mount-proc", "--kill-child"]


def on_host(lopin, name, *words, env=None):
    """A process as on another machine: its own name, its own numbers of processes."""
    return subprocess.Popen([*HOST, "sh", "-c", 'hostname "$0" && exec "$@"', name, lopin.binary, *words], cwd=lopin.cwd,
                            env=dict(lopin.env, **(env or {})), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True)


@pytest.mark.slow
@pytest.mark.parametrize("names", [("n1", "n2", "n3"), ("n1", "n1", "n1")])
def test_hosts_at_once(lopin, house, names):  # noqa: F811
    """One cache, several machines, or containers of one: one environment, whole, and nothing left; also after kills."""
    if os.geteuid() != 0 or subprocess.run([*HOST, "hostname", "n1"], capture_output=True, check=False).returncode:
        pytest.skip("needs namespaces")
    cache = lopin.home.parent / "cache" / "lopin"
    line = ("run", "--python", sys.executable, "--with", "alpha==1.0,beta==1.0", "show.py")
    for turn in range(8):
        started = [on_host(lopin, name, *line) for name in names]
        if turn % 2:
            time.sleep(0.004 * turn)
            started.pop().kill()
        for process in started:
            out, error = process.communicate(timeout=120)
            assert (process.returncode, out) == (0, "1.0 1.0\n"), error
        done = lopin(*line)
        assert (done.code, done.out) == (0, "1.0 1.0\n"), done.err
        whole = [name for name in os.listdir(cache / "envs") if not name.startswith(".")]
        assert len(whole) == 1
        left = [name for name in [*os.listdir(cache / "envs"), *os.listdir(cache / "store" / "1")] if ".lopin-" in name or ".tmp-" in name]
        assert len(left) <= turn // 2 + turn % 2 + 1  # of the killed alone, which nobody here can ask
        # in turn all of it, and what the environment is linked to
        subprocess.run(["chmod", "-R", "u+w", cache], check=True)
        for name in ("envs", "store", "asked") if turn % 4 < 2 else ("store",):
            shutil.rmtree(cache / name)


@pytest.fixture
def modules(lopin, house):  # noqa: F811
    """A module's folder on PYTHONPATH, with alpha 1.0, and a site that says that such count."""
    folder = lopin.cwd.parent / "software" / "alpha"
    folder.mkdir(parents=True)
    subprocess.run([sys.executable, "-m", "zipfile", "-e", house / "alpha-1.0-py3-none-any.whl", folder], check=True)
    own = lopin.cwd / "own"  # below the current folder: somebody's, not a module's
    own.mkdir()
    subprocess.run([sys.executable, "-m", "zipfile", "-e", house / "beta-1.0-py3-none-any.whl", own], check=True)
    (lopin.cwd.parent / "site.toml").write_text("path-packages = true\n")
    lopin.env.update(LOPIN_SITE=str(lopin.cwd.parent / "site.toml"), LOADEDMODULES="alpha/1.0", PYTHONPATH="%s:%s" % (folder, own))
    return folder


def test_packages_of_modules(lopin, modules):
    line = ("run", "--python", sys.executable, "--with", "alpha,beta")
    show = lopin.write("where.py", "import alpha.core, beta, os\nprint(alpha.core.VERSION, beta.VERSION, os.path.dirname(alpha.__file__))\n")
    done = lopin(*line, show)
    assert (done.code, done.out) == (0, "1.0 2.0 %s\n" % (modules / "alpha")), done
    assert lopin(*line, show).err == ""
    # one that does not fit is installed, and found before the module's
    done = lopin("run", "--python", sys.executable, "--with", "alpha>1,beta", show)
    assert done.code == 0 and done.out.startswith("2.0 2.0 ") and str(modules) not in done.out, done
    # a run within a run
    lopin.write("outer.py", "import subprocess, sys\nprint(subprocess.run([%r, *sys.argv[1:]], capture_output=True, text=True).stdout, end='')\n"
                % str(BINARY))
    assert lopin("run", "outer.py", *line, show).out == "1.0 2.0 %s\n" % (modules / "alpha")
    # without the module, or where the site does not say so, it is installed
    for env in ({"LOADEDMODULES": None}, {"LOPIN_SITE": ""}, {"PYTHONPATH": None}):
        done = lopin(*line, show, env=dict(env, PYTHONPATH=None))
        assert done.code == 0 and done.out.startswith("2.0 2.0 "), (env, done)
    # another version of the module is another environment
    shutil.rmtree(modules / "alpha")  # with its bytecode, which may be of the same second
    subprocess.run([sys.executable, "-m", "zipfile", "-e", lopin.cwd / "house" / "alpha-2.0-py3-none-any.whl", modules], check=True)
    shutil.rmtree(modules / "alpha-1.0.dist-info")
    assert lopin(*line, show).out == "2.0 2.0 %s\n" % (modules / "alpha")


def test_packages_of_modules_in_an_environment(lopin, modules):
    done = lopin("venv", "--python", sys.executable, "env", "--with", "alpha")
    assert done.code == 0, done.err
    assert not (lopin.cwd / "env" / PACKAGES / "alpha").exists()
    done = lopin("pip", "--env", "env", "install", "alpha", "beta==2.0")
    assert done.out == "Requirement already satisfied: alpha in %s (1.0)\nSuccessfully installed beta-2.0\n" % modules, done
    assert lopin("pip", "--env", "env", "freeze").out == "alpha==1.0\nbeta==2.0\n"
    assert lopin("pip", "--env", "env", "freeze", "--local").out == "beta==2.0\n"
    assert "alpha   1.0" in lopin("pip", "--env", "env", "list").out
    assert lopin("pip", "--env", "env", "check").code == 0
    done = lopin("pip", "--env", "env", "uninstall", "-y", "alpha")
    assert done.code == 2 and "not the environment's" in done.err and (modules / "alpha").exists()
    done = lopin("map", "--env", "env", "show.py", ":::", "1")
    assert done.code == 0 and "1.0 2.0\n" in lopin("log", "1").out, done
    assert lopin("pip", "--env", "env", "install", "alpha==2.0").code == 0
    assert lopin("run", "--env", "env", "show.py").out == "2.0 2.0\n"
    assert (modules / "alpha" / "core.py").read_text() == "VERSION = '1.0'\n"


@pytest.mark.slow
@pytest.mark.parametrize("names", [("n1", "n2", "n3"), ("n1", "n1", "n1")])
def test_hosts_unpack_at_once(lopin, house, names):  # noqa: F811
    """One place for an image on a disk that hosts share: all end with the same environment, and nothing is left but of the killed."""
    if os.geteuid() != 0 or subprocess.run([*HOST, "hostname", "n1"], capture_output=True, check=False).returncode:
        pytest.skip("needs namespaces")
    venv(lopin)
    done = lopin("env", "pack", "a.img", "env")
    assert done.code == 0, done.err
    for turn in range(6):
        started = [on_host(lopin, name, "env", "unpack", "a.img") for name in names]
        if turn % 2:
            time.sleep(0.003 * turn)
            started.pop().kill()
        said = [(process.communicate(timeout=120), process.returncode) for process in started]
        assert {code for _, code in said} == {0}, said
        paths = {out for (out, _), _ in said}
        assert len(paths) == 1, said
        there = pathlib.Path(paths.pop()[:-1])
        assert Env(lopin, there).eval("import alpha.core; print(alpha.core.VERSION)") == "1.0"
        shutil.rmtree(there)
