# SPDX-License-Identifier: Apache-2.0
"""`lopin help` and `--help`: nothing named that is not there, nothing there that is not named."""
import re

import pytest
from terminal import bytes_of, terminal

from conftest import ROOT

COMMANDS = re.findall(r'\{"([a-z]+)", COMMAND_', (ROOT / "src/cli/main.c").read_text(encoding="utf-8").split("hidden_commands")[0])


def options_of(lopin, command):
    """Long and short names by the table, which `lopin completion bash` writes out."""
    text = lopin("completion", "bash").out
    return set(re.search(r"    '%s'\) echo (.*) ;;" % command, text).group(1).split())


def test_overview_names_every_command(lopin):
    done = lopin("help")
    assert done.code == 0 and done.err == ""
    assert [name for name in re.findall(r"^  ([a-z]+) +\S", done.out, re.M) if name != "lopin"] == COMMANDS
    assert all(len(line) <= 80 for line in done.out.splitlines())
    assert lopin("--help").out == lopin("-h").out == done.out


def test_no_words_at_all(lopin):
    done = lopin()
    assert done.code == 2 and "usage:" in done.out + done.err


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_each_command(lopin, command, language):
    done = lopin(command, "--help", env={"LANG": language + "_CA.UTF-8"})
    assert done.code == 0 and done.err == "" and re.match(r"usage\s?: +lopin %s" % command, done.out)
    shown = set(re.findall(r"(?<![\w-])--?[A-Za-z][a-z_-]*", done.out))
    if command == "map":
        assert len(done.out.splitlines()) < 12 and {"-c", "-j", "-T", "--python", "--out", "--dry-run"} <= shown
        assert shown - {"--help", "--tol"} - {"--lang"} <= options_of(lopin, command)
    else:
        assert {option for option in options_of(lopin, command) if len(option) > 2} <= shown
    assert lopin(command, "-h", env={"LANG": language + "_CA.UTF-8"}).out == done.out


def test_most_used_come_from_the_table(lopin):
    text = lopin("map", "--help").out
    used = re.search(r"Most used:(.*?)\nAll", text, re.S).group(1)
    assert set(re.findall(r"(?<!\S)--?[A-Za-z-]+", used)) <= options_of(lopin, "map")
    assert all(len(line) <= 80 for line in text.splitlines())


@pytest.mark.parametrize("language, heading", [("en", "DESCRIPTION"), ("fr", "JEUX DE DONNÉES")])
def test_pages(lopin, language, heading):
    done = lopin("help", "map", "--lang", language)
    assert done.code == 0 and heading in done.out.splitlines() and "--dry-run" in done.out
    assert lopin("help", "lopin-map", "--lang", language).out == done.out
    assert "lopin-map" in lopin("help", "lopin", "--lang", language).out
    assert b"\x1b" not in done.stdout


def test_a_command_without_a_page(lopin):
    assert lopin("help", "run").out == lopin("run", "--help").out


def test_unknown_pages(lopin):
    near = lopin("help", "mpa")
    assert near.code == 2 and "[usage]" in near.err and "lopin help map" in near.err
    assert "lopin explain no-dataset" in lopin("help", "no-dataset").err
    assert lopin("help", "map", "run").code == 2


def test_pager(lopin):
    words = [lopin.binary, "help", "map"]
    env = lopin.environment({"TERM": "screen", "PAGER": "sed 's/^/paged:/'"})
    written, status = bytes_of(words, env, lopin.cwd)
    assert status == 0 and all(line.startswith(b"paged:") for line in written.splitlines())
    plain = lopin("help", "map").stdout
    for pager in ("", "a-pager-that-is-not-there", "true"):
        written, status = bytes_of(words, lopin.environment({"TERM": "screen", "PAGER": pager}), lopin.cwd)
        assert status == 0
        if pager != "true":
            assert written.replace(b"\r\n", b"\n").endswith(plain)
    written, _ = bytes_of([lopin.binary, "map", "--help"], env, lopin.cwd)
    assert b"paged:" not in written


def test_interrupt_is_for_the_pager(lopin):
    pager = lopin.write("pager", "#!/bin/sh\ntrap 'echo left; exit 0' INT\ncat >got\necho shown\n"
                                 "while :; do sleep 0.05; done\n", 0o755)
    lopin.env.update(TERM="screen", PAGER=str(pager))
    with terminal([lopin.binary, "help", "map"], env=lopin.env, cwd=lopin.cwd) as screen:
        screen.wait(lambda text: "shown" in text)
        screen.type("", "C-c")
        screen.wait(lambda _: screen.status() == 0)
        assert any(line.endswith("left") for line in screen.lines())
    assert (lopin.cwd / "got").read_text(encoding="utf-8") == lopin("help", "map").out


@pytest.mark.parametrize("command", ["run", "exec", "alloc", "try", "resume", "venv", "threads", "wheels", "config", "pack"])
def test_no_option_stands_for_two(lopin, command):
    """Slurm's words and pip's are the same here and there: in one command each has one meaning."""
    heads = [re.match(r"  (-\w, |    )?(--[\w-]+)", line) for line in lopin(command, "--help").out.splitlines()]
    names = [head.group(2) for head in heads if head]
    letters = [head.group(1).strip() for head in heads if head and head.group(1) and head.group(1).strip()]
    # -q and -Q are one; of lines with lists of datasets --link is parallel's.
    names = [name for name in names if name not in ("--quiet", "--link")]
    assert names and len(set(names)) == len(names), sorted(names)
    assert len(set(letters)) == len(letters), sorted(letters)
