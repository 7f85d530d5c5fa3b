# SPDX-License-Identifier: Apache-2.0
"""The manual names each option of the program and no other, in both languages; it formats without a warning."""
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ROW = re.compile(r'\{OPTION_\w+, \'(.|\\0)\', "([\w-]+)", (?:NULL|"[^"]*"), N_\("(?:[^"\\]|\\.)*"\), ([^},]+)(?:, [^}]+)?\}')
ACCEPTED = re.compile(r'ACCEPT(?:_VALUE)?\("([\w-]+)"')


def options():
    """{long name: (letter or None, is it an option of map)}"""
    text = re.sub(r"\s+", " ", (ROOT / "src/cli/options_table.c").read_text())
    found = {}
    for letter, name, commands in ROW.findall(text):
        found[name] = (None if letter == r"\0" else letter, bool(re.search(r"\b(?:MAP|TASKS|PACKS|ALL)\b", commands)))
    found.update((name, (None, False)) for name in ACCEPTED.findall(text))
    return found


def pages(language):
    folder = ROOT / "man" / ("fr" if language == "fr" else "")
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.scd")}


def test_the_table_is_read():
    found = options()
    assert len(found) > 30 and found["cpus-per-task"] == ("c", True) and found["follow"] == ("f", False)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_option_has_its_place(language):
    texts = pages(language)
    for name, (letter, of_map) in options().items():
        text = texts["lopin-map.1.scd" if of_map else "lopin.1.scd"] + texts["lopin-env.1.scd"] + texts["lopin-threads.1.scd"] + texts["lopin-slurm.1.scd"] + texts["lopin-module.1.scd"]
        assert "*--%s*" % name in text or "lopin --%s" % name in text, name
        if letter and name != "version":
            assert "*-%s*" % letter in text, name


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_option_that_is_not(language):
    known = options()
    for page, text in pages(language).items():
        for name in re.findall(r"\*--([\w-]+)\*", text):
            assert name in known, (page, name)


def test_pages_of_both_languages_have_the_same_parts():
    for page, text in pages("en").items():
        french = pages("fr")[page]
        for pattern in (r"^#", r"^\*", r"^```", r"^\|\[", r"\*--[\w-]+\*"):
            count = [len(re.findall(pattern, one, re.M)) for one in (text, french)]
            assert count[0] == count[1], (page, pattern, count)


@pytest.mark.parametrize("page", sorted((ROOT / "man").rglob("*.scd")), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_format(page):
    if not shutil.which("mandoc") or not shutil.which("scdoc"):
        pytest.skip("needs scdoc and mandoc (script/install test)")
    made = subprocess.run(["scdoc"], input=page.read_bytes(), capture_output=True, check=True)
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning"], input=made.stdout, capture_output=True, check=False)
    wrong = [line for line in done.stdout.decode().splitlines() if "WARNING" in line or "ERROR" in line]
    # scdoc's own habits.
    wrong = [line for line in wrong if not re.search(r"cannot parse date|skipping paragraph|missing date", line)]
    assert wrong == []
