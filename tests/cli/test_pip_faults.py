# SPDX-License-Identifier: Apache-2.0
"""Kills, full disks and two changes at once: the environment is the old one or the new one, whole."""
import json
import signal
import subprocess
import sys
import time

import pytest

import wheels
from environments import Env

NAMES = ["p%d" % number for number in range(6)]


def make_house(lopin, versions=("1", "2")):
    for version in versions:
        for name in NAMES:
            wheels.make(lopin.cwd / "house", name, version, {
                name + "/__init__.py": "V = %r\ndef main():\n    print(V)\n" % version, name + "_top.py": "V = %r\n" % version,
                "shared/%s.py" % name: "V = %r\n" % version}, entries="[console_scripts]\n%s = %s:main\n" % (name, name))


def line(env, verb, *words):
    houses = ["--no-index", "--find-links", "house"] if verb == "install" else ["--yes"]
    return ["pip", "--env", env, verb, *houses, *words]


SEE = """
import importlib.metadata as m, json
found = {d.metadata["Name"]: d.version for d in m.distributions()}
for name, version in found.items():
    for module in (name, name + "_top", "shared." + name):
        assert __import__(module, fromlist=["V"]).V == version, (module, version)
print(json.dumps(found))
"""


def state(env):
    """Name -> version, when modules and metadata agree."""
    return json.loads(env.eval(SEE))


@pytest.mark.slow
def test_killed(lopin):
    """At any moment of an install or uninstall."""
    make_house(lopin)
    assert lopin("venv", "--python", sys.executable, "env").code == 0
    env = Env(lopin, lopin.cwd / "env")
    assert lopin(*line("env", "install", *(name + "==1" for name in NAMES))).code == 0
    assert lopin(*line("env", "install", *(name + "==2" for name in NAMES[:3]))).code == 0
    changes = [(line("env", "install", *(name + "==1" for name in NAMES)), {name: "1" for name in NAMES}),
               (line("env", "install", *(name + "==2" for name in NAMES)), {name: "2" for name in NAMES}),
               (line("env", "uninstall", *NAMES[2:]), {name: "2" for name in NAMES[:2]})]
    begin = time.monotonic()
    for words, _ in changes:
        assert lopin(*words).code == 0
    longest = time.monotonic() - begin
    old = state(env)
    kept = 0
    for step in range(21):
        words, new = changes[step % 3]
        process = lopin.start(*words)
        time.sleep(longest / 3 * (step / 21))
        process.send_signal(signal.SIGKILL)
        process.wait()
        now = state(env)
        assert now in (old, new), (step, now)
        kept += now == old
        # what a killed one left to do is done by the next
        assert lopin(*words).code == 0
        old = state(env)
        assert old == new
        for name in NAMES:
            command = env.path / "bin" / name
            assert command.exists() == (name in new)
            if name in new:
                assert env.run(command).stdout == new[name] + "\n"
    assert kept
    packages = env.path / "lib" / ("python%d.%d" % sys.version_info[:2])
    assert [path.name for path in packages.iterdir()] == ["site-packages"]
    assert not [path for path in (env.path / "bin").iterdir() if path.name.startswith(".lopin")]


def test_list_of_another(lopin):
    """What is still to be removed is below the environment, whoever wrote the list: real pip installs any file."""
    make_house(lopin)
    assert lopin("venv", "--python", sys.executable, "env").code == 0
    env = Env(lopin, lopin.cwd / "env")
    lopin.write("victim", "mine")
    packages, = (env.path / "lib").glob("python*/site-packages")
    (packages / ".lopin-pending").write_text("\n".join([
        "lopin-pending 1", "remove ../victim", "remove bin/../../victim", "remove %2e./victim", "rename bin/pip3 ../victim",
        "rename ../victim bin/tool", "unknown bin/activate", "remove bin/pip3", ""]))
    assert lopin(*line("env", "install", "p0==1")).code == 0
    assert (lopin.cwd / "victim").read_text() == "mine" and (env.path / "bin" / "activate").exists()
    assert not (env.path / "bin" / "pip3").is_symlink()
    assert state(env) == {"p0": "1"} and not (packages / ".lopin-pending").exists()


def test_together(lopin):
    """Each of several installs at once is there at the end."""
    make_house(lopin)
    assert lopin("venv", "--python", sys.executable, "env").code == 0
    env = Env(lopin, lopin.cwd / "env")
    for version in ("1", "2"):
        started = [lopin.start(*line("env", "install", "%s==%s" % (name, version))) for name in NAMES]
        for process in started:
            _, err = process.communicate(timeout=120)
            assert process.returncode == 0, err
        assert state(env) == {name: version for name in NAMES}
        for name in NAMES:
            assert env.run(env.path / "bin" / name).stdout == version + "\n"
    started = [lopin.start(*line("env", "uninstall", name)) for name in NAMES[1:]]
    assert [process.wait(timeout=120) for process in started] == [0] * 5
    assert state(env) == {"p0": "2"}


@pytest.mark.parametrize("mode", ["sym", "copy"])
def test_full_disk(lopin, mode):
    """For each size of disk: what was there, or all of it."""
    make_house(lopin)
    disk = lopin.cwd / "disk"
    disk.mkdir()
    if subprocess.run(["unshare", "--mount", "--map-root-user", "mount", "-t", "tmpfs", "none", disk], stderr=subprocess.DEVNULL,
                      check=False).returncode:
        pytest.skip("cannot mount a small tmpfs here")
    # the store is elsewhere, and whole
    assert lopin("venv", "--python", sys.executable, "env").code == 0
    assert lopin(*line("env", "install", *(name + "==1" for name in NAMES))).code == 0
    assert lopin(*line("env", "install", *(name + "==2" for name in NAMES))).code == 0
    script = lopin.write("full.sh", """
set -eu
mount -t tmpfs -o size=4096k,nr_inodes="$1" tmpfs disk
"$LOPIN" venv --python "$PYTHON" disk/env >&2 || { test -z "$(ls -A disk)"; echo none; exit 0; }
"$LOPIN" pip --env disk/env install --link "$MODE" --no-index -f house p0==1 p1==1 >&2 || {
    test -z "$(ls -A disk/env/lib/*/site-packages)"; echo empty; exit 0; }
status=0
"$LOPIN" pip --env disk/env install --link "$MODE" --no-index -f house p0==2 p1==2 p2==2 p3==2 >&2 || status=$?
test "$(ls -A disk/env/lib/python*/)" = site-packages
disk/env/bin/python -B -c "$SEE"
for name in p0 p1; do disk/env/bin/$name; done | sort -u
echo status $status
""")
    seen = set()
    for inodes in [*range(4, 40, 3), *range(40, 200, 7)]:
        done = subprocess.run(
            ["unshare", "--mount", "--map-root-user", "bash", script, str(inodes)], cwd=lopin.cwd, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
            env=dict(lopin.env, LOPIN=str(lopin.binary), PYTHON=sys.executable, MODE=mode, SEE=SEE))
        assert done.returncode == 0, (inodes, done)
        found = done.stdout.splitlines()
        if len(found) > 1:
            version = "1" if '"1"' in found[0] else "2"
            assert json.loads(found[0]) == {name: version for name in NAMES[:2 if version == "1" else 4]}
            assert found[1:] == [version, "status %s" % found[-1].split()[1]], (inodes, done)
            assert (found[-1] == "status 0") == (version == "2")
            if version == "1":
                assert "[disk-full]" in done.stderr, done.stderr
        seen.add(found[0] if len(found) == 1 else version)
        if found[-1] == "status 0":
            break
    assert seen == {"none", "empty", "1", "2"}
