# SPDX-License-Identifier: Apache-2.0
"""Completion in the shells themselves. What there is to complete is read from the sources, not from the scripts."""
import re
import shutil
import subprocess

import pytest
from terminal import terminal

from conftest import ROOT

COMMANDS = re.findall(r'\{"([a-z]+)", COMMAND_', (ROOT / "src/cli/main.c").read_text(encoding="utf-8").split("hidden_commands")[0])
VERBS = re.findall(r'\{"([a-z]+)", COMMAND_', (ROOT / "src/cli/cmd_pip.c").read_text(encoding="utf-8"))
ERRORS = re.findall(r'\[ERR_\w+\] = \{"([a-z-]+)", \d+\}', (ROOT / "src/base/err.c").read_text(encoding="utf-8"))
# (letter or "", long name, commands as written)
OPTIONS = [
    ("" if letter == "\\0" else letter, name, commands)
    for letter, name, commands in re.findall(
        r"\{OPTION_\w+,\s*'(.|\\0)',\s*\"([a-z_-]+)\".*?\),\s*([A-Z_ |\n]+?)(?:,\s*OPT_[A-Z_ |\n]+)?\}",
        (ROOT / "src/cli/options_table.c").read_text(encoding="utf-8"), re.S)
]


def names_for(*words):
    """Forms of the options whose commands name one of the words."""
    forms = set()
    for letter, name, commands in OPTIONS:
        if set(words) & set(re.split(r"[\s|]+", commands)):
            forms |= {"--" + name} | ({"-" + letter} if letter else set())
    return forms


def script(lopin, shell, env=None):
    done = lopin("completion", shell, env=env)
    assert done.code == 0 and done.err == ""
    return lopin.write("completion." + shell, done.out)


def need(shell):
    if not shutil.which(shell):
        pytest.skip("no %s (script/install test)" % shell)


@pytest.fixture
def named(lopin):
    """`lopin` on PATH, as shells start it."""
    folder = lopin.home / "bin"
    folder.mkdir()
    (folder / "lopin").symlink_to(lopin.binary)
    lopin.env["PATH"] = "%s:%s" % (folder, lopin.env["PATH"])
    return lopin


@pytest.fixture
def bash(named):
    path = script(named, "bash")

    def complete(*words):
        """What bash would offer for the last word."""
        code = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lopin; printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "--norc", "-c", code, path, *words], env=named.env, cwd=named.cwd,
                              capture_output=True, check=True, timeout=60)
        assert done.stderr == b""
        return [line for line in done.stdout.decode().split("\n") if line]

    complete.lopin = named
    return complete


@pytest.fixture
def fish(named):
    need("fish")
    path = script(named, "fish")

    def complete(line):
        done = subprocess.run(["fish", "-N", "-c", "source $argv[1]; complete -C $argv[2]", str(path), line],
                              env=named.env, cwd=named.cwd, capture_output=True, check=True, timeout=60)
        assert done.stderr == b""
        return dict((text + "\t").split("\t")[:2] for text in done.stdout.decode().splitlines())

    complete.lopin = named
    return complete


def test_sources_are_understood():
    assert len(COMMANDS) > 10 and len(VERBS) == 6 and len(OPTIONS) > 100 and "--cpus-per-task" in names_for("TASKS")
    assert {"--with", "-r"} <= names_for("VENV", "PACKS") and "--force-reinstall" in names_for("INSTALL")


def test_syntax(lopin):
    for shell in ("bash", "zsh", "fish"):
        path = script(lopin, shell, env={"LANG": "fr_CA.UTF-8"})
        if shutil.which(shell):
            subprocess.run([shell, "-n", path], check=True)


def test_wrong_words(lopin):
    assert lopin("completion").code == 2
    said = lopin("completion", "bsh")
    assert said.code == 2 and "lopin completion bash" in said.err
    assert lopin("completion", "bash", "zsh").code == 2


def test_bash_words(bash):
    assert bash("lopin", "") == COMMANDS
    assert bash("lopin", "ma") == ["map"]
    assert bash("lopin", "help", "") == COMMANDS
    assert bash("lopin", "explain", "") == ERRORS
    assert bash("lopin", "completion", "") == ["bash", "zsh", "fish"]
    assert bash("lopin", "--lang", "fr", "sta") == ["status"]


def test_bash_slurm(bash):
    """tests/slurm has a cluster; here there is none, and nothing is offered."""
    for words in (["run", "-p"], ["run", "--partition="], ["alloc", "-A"], ["run", "-q"]):
        assert bash("lopin", *words, "") == []


def test_bash_options(bash):
    assert names_for("MAP", "TASKS", "ALL") <= set(bash("lopin", "map", "-"))
    assert names_for("TASKS", "ALL") <= set(bash("lopin", "exec", "-"))
    assert names_for("GOES_ON", "ASKS", "COMMAND_LOG", "COMMAND_STATUS") <= {
        form for command in COMMANDS for form in bash("lopin", command, "-")}
    assert names_for("ALL") <= set(bash("lopin", "-"))
    assert "--out" not in bash("lopin", "resume", "-")
    assert bash("lopin", "map", "--dry") == ["--dry-run"]
    assert bash("lopin", "map", "-c", "8", "--dry") == ["--dry-run"]
    # what follows the script is the script's
    assert bash("lopin", "map", "analyse.py", "--dry") == []
    assert bash("lopin", "map", "--", "--dry") == []
    assert bash("lopin", "status", "3", "--ch") == ["--check"]


def test_bash_environments(bash):
    """venv and wheels, and pip's verbs, each with its own options and what follows them."""
    assert names_for("VENV", "PACKS", "ALL") <= set(bash("lopin", "venv", "-"))
    assert names_for("WHEELS", "ALL") <= set(bash("lopin", "wheels", "-"))
    assert bash("lopin", "pip", "") == VERBS and bash("lopin", "pip", "--env", "x", "inst") == ["install"]
    assert names_for("COMMAND_PIP_OTHER", "PIP") <= set(bash("lopin", "pip", "-"))
    assert not names_for("INSTALL") & set(bash("lopin", "pip", "-")) - names_for("PIP", "ALL")
    assert names_for("INSTALL", "PACKS", "PIP", "ALL") <= set(bash("lopin", "pip", "install", "-"))
    assert names_for("SHOWS", "COMMAND_FREEZE", "PIP") <= set(bash("lopin", "pip", "freeze", "-"))
    assert "--public" not in bash("lopin", "pip", "list", "-")
    assert bash("lopin", "pip", "--env", "x", "install", "numpy", "--force") == ["--force-reinstall"]
    assert bash("lopin", "pip", "list", "--format", "") == ["columns", "freeze", "json"]
    assert bash("lopin", "wheels", "--format", "") == ["text", "csv", "json", "markdown"]
    assert bash("lopin", "venv", "--link=w") == ["--link=whole"]
    assert bash("lopin", "pip", "download", "--f") == []  # the real pip's
    for name in ("house", "env"):
        (bash.lopin.cwd / name).mkdir()
    assert bash("lopin", "pip", "install", "-f", "h") == ["house"] and bash("lopin", "pip", "show", "-f", "h") == []
    assert bash("lopin", "venv", "e") == ["env"] and bash("lopin", "pip", "--env", "e") == ["env"]


def test_bash_values(bash):
    assert bash("lopin", "map", "--order", "") == ["size", "given", "random"]
    assert bash("lopin", "map", "--order", "=", "g") == ["given"]  # as COMP_WORDBREAKS cuts it
    assert bash("lopin", "map", "--order", "=") == ["size", "given", "random"]
    assert bash("lopin", "map", "--order=g") == ["--order=given"]
    assert bash("lopin", "--color", "n") == ["never"]
    (bash.lopin.cwd / "nest").mkdir()
    assert sorted(bash("lopin", "map", "--env", "n")) == ["nest", "none"]
    assert "sort" in bash("lopin", "exec", "sor")


def test_bash_runs(bash):
    lopin = bash.lopin
    assert lopin("map", "true", ":::", "a").code == 0
    assert lopin("map", "-J", "$(touch owned)", "true", ":::", "a").code == 0
    assert lopin("map", "-J", "sweep", "true", ":::", "a").code == 0
    assert bash("lopin", "resume", "") == ["3", "sweep", "2", "\\$\\(touch\\ owned\\)", "1"]
    assert bash("lopin", "report", "sw") == ["sweep"]
    assert bash("lopin", "log", "3") == ["3:"]
    assert not (lopin.cwd / "owned").exists()


def test_bash_where_there_are_no_runs(bash):
    assert bash("lopin", "resume", "") == []
    assert not (bash.lopin.cwd / ".lopin").exists()


def test_bash_as_a_person_types(named):
    path = script(named, "bash")
    named.write("a file.npz", "")
    named.env["TERM"] = "screen"
    with terminal(["bash", "--norc", "--noprofile"], env=named.env, cwd=named.cwd) as screen:
        screen.type("PS1='ready> '; bind 'set bell-style none'; source %s; clear" % path, "Enter")
        screen.wait(lambda text: text.strip() == "ready>")
        screen.type("lopin ma", "Tab")
        screen.wait(lambda text: text.strip() == "ready> lopin map")
        screen.type("--order=r", "Tab")
        screen.wait(lambda text: text.strip() == "ready> lopin map --order=random")
        screen.type("true a", "Tab")
        screen.wait(lambda text: text.strip() == r"ready> lopin map --order=random true a\ file.npz")


def test_zsh_as_a_person_types(named):
    need("zsh")
    path = script(named, "zsh")
    named.write("analyse.py", "")
    assert named("map", "-J", "sw:eep", "true", ":::", "a").code == 0
    named.env["TERM"] = "screen"
    with terminal(["zsh", "-f"], env=named.env, cwd=named.cwd) as screen:
        screen.type("PS1='ready> '; autoload -U compinit; compinit -D; unsetopt beep; source %s; clear" % path, "Enter")
        screen.wait(lambda text: text.strip() == "ready>")

        def check(typed, wanted, keys=("Tab",)):
            screen.type(typed, *keys)
            screen.wait(lambda text: re.search(wanted, text))
            # read in turn, when the completion is over: an interrupt might come into its middle, and loses keys
            screen.type("", "C-u", "C-l")
            screen.wait(lambda text: text.strip() == "ready>")

        check("lopin ma", r"^ready> lopin map\b")
        check("lopin ", r"(?s)(?=.*results +-- )(?=.*status +-- )")
        check("lopin map --dr", r"^ready> lopin map --dry-run\b")
        check("lopin map --order r", r"--order random")
        check("lopin map --order=g", r"--order=given")
        check("lopin --lang fr rep", r"--lang fr report")
        check("lopin map --cpus-per-task 8 ana", r"8 analyse\.py")
        check("lopin map analyse.py --dr", r"--drx\s*$", keys=("Tab", "x"))  # typed when the completion is over
        check("lopin explain no-dat", r"no-dataset")
        check("lopin completion f", r"completion fish")
        check("lopin resume sw", r"resume sw\\?:eep")
        check("lopin log 1", r"log 1:")
        check("lopin exec sed --qui", r"sed --quiet")
        check("lopin pip inst", r"pip install")
        check("lopin pip --env x install --force", r"install --force-reinstall")
        check("lopin pip list --format js", r"--format json")
        check("lopin venv --sys", r"venv --system-site-packages")
        check("lopin wheels --format=mark", r"--format=markdown")


def test_zsh_has_every_option(named):
    need("zsh")
    path = script(named, "zsh")
    code = 'compdef() {}; _arguments() { print -rl -- "$@"; state=words; }; source $1; words=($2); _lopin'
    for command in COMMANDS:
        done = subprocess.run(["zsh", "-f", "-c", code, "zsh", path, command], env=named.env, capture_output=True,
                              check=False, timeout=60)
        listed = re.findall(r"^(?:\*|\([^)]*\))?(--?[A-Za-z0-9-]+)", done.stdout.decode(), re.M)
        assert names_for("ALL") <= set(listed)
        if command == "map":
            assert names_for("MAP", "TASKS") <= set(listed)


def test_zsh_verbs(named):
    need("zsh")
    path = script(named, "zsh")
    code = ('compdef() {}; _default() {}; _arguments() { print -rl -- "$@"; state=words; ((++n == 2)) && state=verb && words=($verb) }; '
            'source $1; verb=$2 words=(pip); _lopin')
    for verb, wanted in (("install", names_for("INSTALL", "PACKS", "PIP")), ("freeze", names_for("COMMAND_FREEZE", "SHOWS", "PIP")),
                         ("show", names_for("COMMAND_SHOW", "PIP")), ("check", names_for("PIP"))):
        done = subprocess.run(["zsh", "-f", "-c", code, "zsh", path, verb], env=named.env, capture_output=True, check=False,
                              timeout=60)
        assert done.stderr == b""
        listed = re.findall(r"^(?:\*|\([^)]*\))?(--?[A-Za-z0-9-]+)", done.stdout.decode(), re.M)
        assert wanted <= set(listed), wanted - set(listed)


def test_fish_environments(fish):
    assert names_for("VENV", "PACKS", "ALL") <= set(fish("lopin venv -")) | set(fish("lopin venv --"))
    assert names_for("WHEELS", "ALL") <= set(fish("lopin wheels -")) | set(fish("lopin wheels --"))
    assert set(fish("lopin pip ")) == set(VERBS) and fish("lopin pip inst") == {"install": "install packages"}
    assert names_for("INSTALL", "PACKS") <= set(fish("lopin pip install -")) | set(fish("lopin pip install --"))
    assert set(fish("lopin pip --env x install numpy --force")) == {"--force-reinstall"}
    assert "--public" not in fish("lopin pip list --")
    assert set(fish("lopin pip list --format ")) == {"columns", "freeze", "json"}
    assert set(fish("lopin venv --link=w")) == {"--link=whole"}
    (fish.lopin.cwd / "house").mkdir()
    assert set(fish("lopin pip install -f h")) == {"house/"}


def test_fish(fish):
    assert set(fish("lopin ")) == set(COMMANDS)
    assert fish("lopin ma") == {"map": "run a script on each dataset, side by side"}
    assert names_for("MAP", "TASKS", "ALL") <= set(fish("lopin map -")) | set(fish("lopin map --"))
    assert set(fish("lopin map --order ")) == {"size", "given", "random"}
    assert set(fish("lopin map --order=g")) == {"--order=given"}
    assert set(fish("lopin --lang fr sta")) == {"status"}
    assert set(fish("lopin map -c 8 --dry")) == {"--dry-run"}
    assert fish("lopin map analyse.py --dry") == {}
    assert set(fish("lopin explain ")) == set(ERRORS)
    assert set(fish("lopin completion ")) == {"bash", "zsh", "fish"}
    fish.lopin.write("analyse.py", "")
    assert "analyse.py" in fish("lopin map ana") and "analyse.py" in fish("lopin map analyse.py ana")
    assert "sort" in fish("lopin exec sor")


def test_fish_runs(fish):
    lopin = fish.lopin
    assert lopin("map", "-J", "$(touch owned)", "true", ":::", "a").code == 0
    assert fish("lopin resume ") == {"1": "true", "$(touch owned)": "true"}
    assert set(fish("lopin log 1")) == {"1:"}
    assert not (lopin.cwd / "owned").exists()
