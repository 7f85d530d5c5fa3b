# SPDX-License-Identifier: Apache-2.0
"""`lopin venv`: environments as venv and virtualenv make them, for each Python here and each shell."""
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

import pytest

import wheels

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PYTHONS = [line.split(" ", 1) for line in subprocess.run(
    [ROOT / "script" / "pythons"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout.splitlines()]
SHOW = """
import json, os, site, sys
print(json.dumps({"prefix": sys.prefix, "base": sys.base_prefix, "version": "%d.%d.%d" % sys.version_info[:3],
                  "packages": [path for path in sys.path if path.endswith("site-packages")], "enabled": site.ENABLE_USER_SITE}))
"""
# Names that a shell or a file of settings may stumble over.
NAMES = ["env", "with blank", "quo'te", 'dou"ble', "do$HOME", "ba`ck`", "back\\slash", "ex!cl !$", "new\nline", "été ☃", "-dash",
         "a;b&c", "st*r[x]?", "#hash", "~tilde", "per%cent"]


def show(env, python="python"):
    done = subprocess.run([env / "bin" / python, "-c", SHOW], stdout=subprocess.PIPE, check=True, env={"PATH": "/usr/bin:/bin"})
    import json
    return json.loads(done.stdout)


def tree(folder):
    """Everything below: path -> kind and content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        state = path.lstat()
        name = str(path.relative_to(folder))
        found[name] = os.readlink(path) if path.is_symlink() else "folder" if path.is_dir() else path.read_bytes()
        found[name + " mode"] = state.st_mode
    return found


@pytest.mark.parametrize("version, path", PYTHONS, ids=[version for version, _ in PYTHONS])
def test_each_python(lopin, version, path):
    env = lopin.cwd / "env"
    done = lopin("venv", "--python", path, "env")
    assert done.code == 0, done.err
    for name in ("python", "python3", "python" + version.rpartition(".")[0]):
        seen = show(env, name)
        assert seen["prefix"] == str(env)
        assert seen["version"] == version
        assert seen["packages"] == [str(env / "lib" / ("python" + version.rpartition(".")[0]) / "site-packages")]
        assert seen["enabled"] is False
    assert os.path.realpath(seen["base"]) == os.path.realpath(subprocess.run(
        [path, "-c", "import sys; print(sys.base_prefix)"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip())


@pytest.mark.parametrize("version, path", PYTHONS, ids=[version for version, _ in PYTHONS])
def test_packages_for_each_python(lopin, version, path):
    """A wheel with a command; its bytecode is that Python's own."""
    wheels.make(lopin.cwd / "house", "demo", "1.0", {"demo/__init__.py": "def main():\n    print(__cached__)\n"},
                entries="[console_scripts]\ndemo = demo:main\n")
    done = lopin("venv", "--python", path, "--no-index", "--find-links", "house", "--with", "demo", "env")
    assert done.code == 0, done.err
    out = subprocess.run([lopin.cwd / "env" / "bin" / "demo"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    cached = pathlib.Path(out)
    assert cached.exists() and cached.name == "__init__.cpython-%s%s.pyc" % tuple(version.split(".")[:2])


@pytest.mark.parametrize("name", NAMES, ids=[ascii(name) for name in NAMES])
def test_odd_names(lopin, name):
    """Python, commands of packages and pip run in it."""
    wheels.make(lopin.cwd / "house", "demo", "1.0", {"demo/__init__.py": "def main():\n    print('ran')\n"},
                entries="[console_scripts]\ndemo = demo:main\n")
    done = lopin("venv", "--no-index", "--find-links", "house", "--with", "demo", "--", name)
    assert done.code == 0, done.err
    env = lopin.cwd / name
    assert show(env)["prefix"] == str(env)
    assert subprocess.run([env / "bin" / "demo"], stdout=subprocess.PIPE, check=True).stdout == b"ran\n"
    frozen = subprocess.run([env / "bin" / "pip", "freeze"], stdout=subprocess.PIPE, check=True, env=lopin.env).stdout
    assert frozen == b"demo==1.0\n"


# How a shell is started, and what it says of the state; PROMPT is what its prompt becomes.
SHELLS = {
    "sh": (["sh", "-c"], ". %s/bin/activate", "set -eu; PS1='before> '; ", "$PS1"),
    "bash": (["bash", "--norc", "-c"], ". %s/bin/activate", "set -euo pipefail; PS1='before> '; ", "$PS1"),
    "zsh": (["zsh", "-f", "-c"], ". %s/bin/activate", "set -eu; PS1='before> '; ", "$PS1"),
    "fish": (["fish", "--no-config", "-c"], "source %s/bin/activate.fish",
             "function fish_prompt; printf 'before> '; end; ", "(fish_prompt)"),
    "tcsh": (["tcsh", "-f"], "source %s/bin/activate.csh", "set prompt='before> '; ", "$prompt:q"),
}


def quoted(shell, text):
    """A word of that shell."""
    if shell == "fish":
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    if shell == "tcsh":
        return "'" + re.sub(r"([!\n])", r"\\\1", text.replace("'", "'\\''")) + "'"
    return shlex.quote(text)


def script(lopin, shell, text):
    """The last word of its command line. csh knows an alias from the next line on."""
    return lopin.write("script", text.replace("; ", "\n") + "\n") if shell == "tcsh" else text


def run_shell(lopin, shell, text, env=None):
    words = SHELLS[shell][0]
    if not shutil.which(words[0]):
        pytest.fail("%s is not there: run script/install test" % words[0])
    every = lopin.environment(dict({"PATH": "/usr/bin:/bin", "TERM": "dumb"}, **(env or {})))
    done = subprocess.run([*words, script(lopin, shell, SHELLS[shell][2] + text)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=every,
                          cwd=lopin.cwd, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0 and not done.stderr, done
    return done.stdout.decode()


def facts(shell):
    """Prints PATH's and VIRTUAL_ENV's as NUL-ended fields, by a program so that no shell's echo changes them."""
    prompt = SHELLS[shell][3]
    prompt = '"%s"' % prompt if shell not in ("fish", "tcsh") else prompt
    return "%s %s/show.py %s; " % (sys.executable, "$SHOWN" if shell != "tcsh" else "$SHOWN:q", prompt)


def read_facts(text):
    states = []
    for part in text.split("\0\0")[:-1]:
        path, venv, prompt, home, shown = part.split("\0")
        states.append({"path": path, "venv": venv, "prompt": prompt, "home": home, "shown": shown})
    return states


SHOW_SHELL = """
import os, sys
values = [os.environ.get(name, "-") for name in ("PATH", "VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", "PYTHONHOME")]
sys.stdout.write("\\0".join(values + [" ".join(sys.argv[1:])]) + "\\0\\0")
"""


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", NAMES[:11], ids=[ascii(name) for name in NAMES[:11]])
def test_activate(lopin, shell, name):
    done = lopin("venv", "--", name)
    assert done.code == 0, done.err
    env = str(lopin.cwd / name)
    lopin.write("show.py", SHOW_SHELL)
    text = facts(shell) + SHELLS[shell][1] % quoted(shell, env) + "; " + facts(shell) + "deactivate; " + facts(shell)
    before, active, after = read_facts(run_shell(lopin, shell, text, {"SHOWN": str(lopin.cwd)}))
    assert before["venv"] == "-" and before["path"] == "/usr/bin:/bin"
    assert active["venv"] == env
    assert active["path"] == env + "/bin:/usr/bin:/bin"
    assert active["prompt"] == name
    assert active["shown"] == "(%s) before> " % name or (shell == "fish" and "\n" in name) or shell == "tcsh"
    assert after == before


def test_colon(lopin):
    """PATH cannot name it: what `activate` puts there would be two other folders."""
    done = lopin("venv", "a:b")
    assert done.code == 2 and "cannot be activated" in done.err and "[usage]" in done.err
    assert not (lopin.cwd / "a:b").exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_activate_another(lopin, shell):
    """A second one takes the place of the first, and deactivate leaves both; without a prompt if so wished."""
    for name in ("one", "two"):
        assert lopin("venv", "--prompt", "p-" + name, name).code == 0
    lopin.write("show.py", SHOW_SHELL)
    one, two = (SHELLS[shell][1] % str(lopin.cwd / name) + "; " for name in ("one", "two"))
    text = one + facts(shell) + two + facts(shell) + two + facts(shell) + "deactivate; " + facts(shell)
    first, second, again, after = read_facts(run_shell(lopin, shell, text, {"SHOWN": str(lopin.cwd)}))
    assert first["prompt"] == "p-one" and second["prompt"] == "p-two"
    assert second["path"] == "%s/bin:/usr/bin:/bin" % (lopin.cwd / "two")
    assert second["shown"] == "(p-two) before> " and again == second
    assert after["path"] == "/usr/bin:/bin" and after["venv"] == "-" and after["shown"] == "before> "
    quiet, = read_facts(run_shell(lopin, shell, one + facts(shell),
                                  {"SHOWN": str(lopin.cwd), "VIRTUAL_ENV_DISABLE_PROMPT": "1"}))
    assert quiet["shown"] == "before> " and quiet["venv"] == str(lopin.cwd / "one")


@pytest.mark.parametrize("shell", SHELLS)
def test_activate_without_prompt(lopin, shell):
    """In a job script there is none."""
    assert lopin("venv", "env").code == 0
    words, source = SHELLS[shell][0], SHELLS[shell][1] % "env"
    text = "%s; python -c 'import sys;print(sys.prefix)'; deactivate; %s; deactivate" % (source, source)
    done = subprocess.run([*words, script(lopin, shell, text)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=lopin.cwd,
                          check=False,
                          env=lopin.environment({"PATH": "/usr/bin:/bin", "PS1": None}), stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout.decode(), done.stderr.decode()) == (0, "%s\n" % (lopin.cwd / "env"), "")


@pytest.mark.parametrize("shell", SHELLS)
def test_python_home(lopin, shell):
    """PYTHONHOME would make the interpreter look elsewhere; it comes back."""
    assert lopin("venv", "env").code == 0
    lopin.write("show.py", SHOW_SHELL)
    see = facts(shell).replace(sys.executable, "env -u PYTHONHOME HOMEWAS=$PYTHONHOME %s" % sys.executable)
    lopin.write("show.py", SHOW_SHELL.replace('"PYTHONHOME"', '"HOMEWAS"'))
    inside = "python -c 'import sys;print(sys.prefix)'; "
    text = see + SHELLS[shell][1] % "env" + "; " + inside + "deactivate; " + see
    out = run_shell(lopin, shell, text, {"SHOWN": str(lopin.cwd), "PYTHONHOME": "/nowhere"})
    assert "%s\n" % (lopin.cwd / "env") in out
    before, after = read_facts(out.replace("%s\n" % (lopin.cwd / "env"), ""))
    assert before["home"] == after["home"] == "/nowhere"


def test_prompt(lopin):
    assert lopin("venv", "--prompt", "it's mine", "env").code == 0
    assert "prompt = it's mine" in (lopin.cwd / "env" / "pyvenv.cfg").read_text()
    assert lopin("venv", "--prompt", ".", "other").code == 0
    assert "prompt = work" in (lopin.cwd / "other" / "pyvenv.cfg").read_text()


def test_system_site_packages(lopin):
    assert lopin("venv", "--python", "/usr/bin/python3", "--system-site-packages", "env").code == 0
    out = subprocess.run([lopin.cwd / "env" / "bin" / "python", "-c", "import sys; print(sys.path)"], stdout=subprocess.PIPE,
                         text=True, check=True).stdout
    assert "/usr/lib/python3/dist-packages" in out
    listed = lopin("pip", "--env", "env", "list", "--format", "json").json()
    real = subprocess.run([sys.executable, "-m", "pip", "--python", lopin.cwd / "env" / "bin" / "python", "list", "--format",
                           "json"], stdout=subprocess.PIPE, check=True, env=lopin.env).stdout
    import json
    assert sorted((one["name"], one["version"]) for one in listed) == sorted(
        (one["name"], one["version"]) for one in json.loads(real))
    assert lopin("pip", "--env", "env", "list", "--local").out == ""


def test_existing_folders(lopin):
    (lopin.cwd / "empty").mkdir()
    assert lopin("venv", "empty").code == 0
    lopin.write("full/a.txt", "mine")
    lopin.write("file", "mine")
    before = tree(lopin.cwd / "full")
    for words in (["full"], ["file"], ["file/env"], ["--clear", "file"]):
        done = lopin("venv", *words)
        assert done.code == 2 and "[usage]" in done.err, (words, done)
    assert tree(lopin.cwd / "full") == before
    assert (lopin.cwd / "file").read_text() == "mine"
    assert lopin("venv", "--clear", "full").code == 0
    assert not (lopin.cwd / "full" / "a.txt").exists()
    assert show(lopin.cwd / "full")["prefix"] == str(lopin.cwd / "full")
    assert lopin("venv", "deep/er/env").code == 0
    assert lopin("venv", str(lopin.cwd / "abs" / ".." / "abs2")).code == 0
    assert show(lopin.cwd / "abs2")["prefix"] == str(lopin.cwd / "abs2")


@pytest.mark.parametrize("words", [[""], ["--clear", ""]])
def test_without_a_name(lopin, words):
    """What "$ENV" of a variable that is not set gives is not the current folder."""
    lopin.write("mine", "")
    done = lopin("venv", *words)
    assert done.code == 2 and "[usage]" in done.err and os.listdir(lopin.cwd) == ["mine"]


def test_links_to_folders(lopin):
    """ENV may be a link to a place with more room; it stays one."""
    (lopin.cwd / "scratch").mkdir()
    (lopin.cwd / "env").symlink_to("scratch")
    for words in (["env"], ["env"], ["--clear", "env"]):
        done = lopin("venv", *words)
        assert done.code == 0, done.err
        assert (lopin.cwd / "env").is_symlink()
        assert show(lopin.cwd / "env")["prefix"] == str(lopin.cwd / "env")
        assert (lopin.cwd / "scratch" / "pyvenv.cfg").exists()
    (lopin.cwd / "dangling").symlink_to("nowhere")
    done = lopin("venv", "dangling")
    assert done.code == 2 and (lopin.cwd / "dangling").is_symlink()


def test_without_pip(lopin):
    for option in ("--without-pip", "--no-pip"):
        assert lopin("venv", option, "env" + option).code == 0
        assert not [path for path in (lopin.cwd / ("env" + option) / "bin").iterdir() if path.name.startswith("pip")]


@pytest.mark.parametrize("path", sorted({PYTHONS[0][1], PYTHONS[-1][1]}))
def test_seed(lopin, path):
    """The real pip, from the copy that the interpreter carries."""
    done = lopin("venv", "--python", path, "--seed", "env")
    assert done.code == 0, done.err
    for words in (["bin/python", "-m", "pip"], ["bin/pip"], ["bin/pip3"]):
        out = subprocess.run([lopin.cwd / "env" / words[0], *words[1:], "--version"], stdout=subprocess.PIPE, text=True,
                             check=True, env=lopin.env).stdout
        assert out.startswith("pip ") and str(lopin.cwd / "env") in out
    listed = subprocess.run([lopin.cwd / "env" / "bin" / "python", "-m", "pip", "list"], stdout=subprocess.PIPE, text=True,
                            check=True, env=lopin.env).stdout
    assert "\npip " in listed


def test_renewed(lopin):
    """The same line again keeps the packages; for another interpreter of the same version too."""
    wheels.make(lopin.cwd / "house", "demo", "1.0")
    line = ["venv", "--no-index", "--find-links", "house", "--with", "demo", "env"]
    assert lopin(*line).code == 0
    (lopin.cwd / "env" / "bin" / "python").unlink()
    (lopin.cwd / "env" / "mine.txt").write_text("stays")
    for again in (["venv", "env"], ["venv", "--upgrade", "env"], line):
        done = lopin(*again)
        assert done.code == 0, done.err
        assert subprocess.run([lopin.cwd / "env" / "bin" / "python", "-c", "import demo"], check=False).returncode == 0
        assert (lopin.cwd / "env" / "mine.txt").read_text() == "stays"
    assert lopin("venv", "--clear", "env").code == 0
    assert subprocess.run([lopin.cwd / "env" / "bin" / "python", "-c", "import demo"], check=False,
                          stderr=subprocess.DEVNULL).returncode == 1


@pytest.mark.parametrize("link, before, after", [("sym", "old", "new"), ("whole", "old", "new"), ("sym", "an old one", "a new one")])
def test_moved(lopin, link, before, after):
    """Its commands start its own interpreter again, and what was not moved is left alone."""
    wheels.make(lopin.cwd / "house", "demo", "1.0", {"demo/__init__.py": "def main():\n    import sys\n    print(sys.prefix)\n"},
                entries="[console_scripts]\ndemo = demo:main\n")
    assert lopin("venv", "--no-index", "-f", "house", "--link", link, "--with", "demo", before).code == 0
    (lopin.cwd / before).rename(lopin.cwd / after)
    done = lopin("venv", "--upgrade", after)
    assert done.code == 0 and "mended  demo 1.0" in done.err, done.err
    done = subprocess.run([lopin.cwd / after / "bin" / "demo"], check=True, capture_output=True, text=True)
    assert done.stdout == str(lopin.cwd / after) + "\n"
    assert "mended" not in lopin("venv", "--upgrade", after).err


def test_another_version(lopin):
    """The packages of another X.Y would not be found: said, and nothing is changed."""
    first, last = PYTHONS[0][1], PYTHONS[-1][1]
    assert lopin("venv", "--python", first, "env").code == 0
    before = tree(lopin.cwd / "env")
    done = lopin("venv", "--python", last, "env")
    assert done.code == 2 and "--clear" in done.err, done
    assert tree(lopin.cwd / "env") == before
    assert lopin("venv", "--clear", "--python", last, "env").code == 0
    assert show(lopin.cwd / "env")["version"] == PYTHONS[-1][0]


def test_killed(lopin):
    """At whatever moment: nothing, or the whole; and what a killed one left does not stay."""
    wheels.make(lopin.cwd / "house", "demo", "1.0")
    line = ["venv", "--no-index", "--find-links", "house", "--with", "demo", "env"]
    assert lopin(*line).code == 0
    shutil.rmtree(lopin.cwd / "env")
    whole = 0
    for step in range(40):
        process = lopin.start(*line)
        time.sleep(step * 0.0007)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if (lopin.cwd / "env").exists():
            whole += 1
            assert subprocess.run([lopin.cwd / "env" / "bin" / "python", "-c", "import demo"], check=False).returncode == 0
            shutil.rmtree(lopin.cwd / "env")
    assert lopin(*line).code == 0
    assert sorted(path.name for path in lopin.cwd.iterdir()) == ["env", "house"]


def test_real_tools_see_it(lopin, wheelhouse):
    """venv's own --upgrade, virtualenv's and uv's view of one of ours."""
    assert lopin("venv", "--python", sys.executable, "--no-index", "--find-links", str(wheelhouse), "--with", "six", "env").code == 0
    env = lopin.cwd / "env"
    uv = pathlib.Path(sys.executable).with_name("uv")
    out = subprocess.run([uv, "pip", "freeze", "--python", env / "bin" / "python"], stdout=subprocess.PIPE, check=True,
                         text=True, env=lopin.env).stdout
    assert out.startswith("six==")
    subprocess.run([sys.executable, "-m", "venv", "--upgrade", "--without-pip", env], check=True, env=lopin.env)
    assert subprocess.run([env / "bin" / "python", "-c", "import six"], check=False).returncode == 0
