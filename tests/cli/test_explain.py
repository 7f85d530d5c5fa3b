# SPDX-License-Identifier: Apache-2.0
"""`lopin explain`: no error without an explanation, in either language."""
import re

import pytest

from conftest import ROOT

NAMES = re.findall(r'\[ERR_\w+\] = \{"([a-z-]+)", \d+\}', (ROOT / "src/base/err.c").read_text(encoding="utf-8"))


def test_names_are_found():
    assert len(NAMES) > 20 and "no-dataset" in NAMES


@pytest.mark.parametrize("language", ["en", "fr"])
def test_all_names_are_listed(lopin, language):
    lines = lopin("explain", "--lang", language).out.splitlines()
    assert [line.split()[0] for line in lines] == NAMES
    assert all(len(line) <= 80 and len(line.split()) > 3 for line in lines)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", NAMES)
def test_each_is_explained(lopin, name, language):
    done = lopin("explain", name, env={"LANG": language + "_CA.UTF-8"})
    lines = done.out.splitlines()
    assert done.code == 0 and done.err == "" and lines[0].startswith(name + "  ")
    assert 5 <= len(lines) <= 15 and all(len(line) <= 80 for line in lines)
    typed = [line for line in lines if line.startswith("    ")]
    assert typed, "nothing to type"
    if language == "fr":
        english = lopin("explain", name).out.splitlines()
        assert english[0] != lines[0] and english[2] != lines[2]


def test_options_that_texts_name_exist(lopin):
    known = set(re.findall(r'\'(?:.|\\0)\', "([a-z-]+)"', (ROOT / "src/cli/options_table.c").read_text(encoding="utf-8")))
    for name in NAMES:
        for line in lopin("explain", name).out.splitlines():
            command = re.match(r"    lopin (?!run|exec)[a-z]+\b(.*?)(?:\S+\.(?:py|sh)\b|:::|   |$)", line)
            for option in re.findall(r"--([a-z-]+)", command.group(1) if command else ""):
                assert option in known, line


def test_as_messages_show_it(lopin):
    assert lopin("explain", "[no-dataset]").out == lopin("explain", "no-dataset").out


def test_unknown_names(lopin):
    near = lopin("explain", "no-datset")
    assert near.code == 2 and "[usage]" in near.err and "lopin explain no-dataset" in near.err and near.out == ""
    assert lopin("explain", "zzz").code == 2
    assert lopin("explain", "").code == 2
    assert lopin("explain", "usage", "signal").code == 2


def test_what_a_message_points_to(lopin):
    said = lopin("map", "true", "nothing-*.npz").err
    name = re.search(r"lopin explain (\S+)", said).group(1)
    assert lopin("explain", name).code == 0
