# SPDX-License-Identifier: Apache-2.0
"""pip's configuration beside pip's own reader of it."""
import json
import os
import random
import subprocess
import sys

import pytest

from index_server import ask_lines, coded

# pip itself, asked in one process: a line of JSON (folder, command, variables) -> what counts, in its order.
PIP_CONFIG = """
import json, os, sys
from pip._internal import configuration
from pip._internal.cli.parser import ConfigOptionParser
from pip._internal.utils import appdirs
class Dirs:
    user_config_dir = staticmethod(appdirs.user_config_dir)
    @staticmethod
    def site_config_dirs(name):
        return [sys.root + '/etc/xdg/' + name, sys.root + '/etc']
configuration.appdirs = Dirs
for line in sys.stdin:
    sys.root, command, variables = json.loads(line)
    sys.prefix = sys.root + '/venv'
    os.environ.clear()
    os.environ.update(variables)
    parser = ConfigOptionParser(name=command)
    try:
        parser.config.load()
        print(json.dumps(list(parser._get_ordered_configuration_items())))
    except configuration.ConfigurationFileCouldNotBeLoaded:
        print('"invalid"')
"""


def random_config(rng):
    lines = []
    for section in rng.sample(["global", "install", "download", "DEFAULT"], rng.randint(0, 3)):
        lines.append(rng.choice(["[%s]", "[%s]", " [%s] # x"]) % section)
        for line in rng.sample([
            "timeout = %d" % rng.randint(1, 9), "find-links = /a /b", "FIND_LINKS2:/c", "    /more", "\t/deep", "", "# comment",
            "; other = 1", "No-Index = yes", "--pre = 1", "index-url=", "key = value ; not a comment", "  indented = 1",
            "proxy = a=b:c",
        ], rng.randint(0, 6)):
            lines.append(line)
    if rng.random() < 0.04:
        lines.insert(rng.randint(0, len(lines)), rng.choice(["odd line", "timeout = 1", "[global]", "= 1", "[]"]))
    return "\n".join(lines) + rng.choice(["\n", "", "\n\n"])


def random_case(rng, folder):
    for place in ("etc/xdg/pip", "etc", "home/.pip", "home/.config/pip", "venv"):
        (folder / place).mkdir(parents=True, exist_ok=True)
        if rng.random() < 0.5:
            (folder / place / "pip.conf").write_text(random_config(rng))
    variables = {"HOME": str(folder / "home")}
    if rng.random() < 0.3:
        variables["PIP_CONFIG_FILE"] = rng.choice([str(folder / "own.conf"), os.devnull])
        if rng.random() < 0.7:
            (folder / "own.conf").write_text(random_config(rng))
    if rng.random() < 0.4:
        variables["PIP_" + rng.choice(["TIMEOUT", "FIND_LINKS", "No_INDEX", "PRE"])] = rng.choice(["", "7", "/x /y"])
    return str(folder), rng.choice(["install", "download"]), variables


def test_configuration_as_pip(tmp_path):
    pip = pytest.importorskip("pip")
    if int(pip.__version__.split(".")[0]) < 26:
        pytest.skip("pip %s merges levels in an older way" % pip.__version__)
    rng = random.Random(20250611)
    cases = [random_case(rng, tmp_path / str(number)) for number in range(200)]
    done = subprocess.run([sys.executable, "-c", PIP_CONFIG], input="".join(json.dumps(case) + "\n" for case in cases),
                          capture_output=True, check=True, text=True)
    theirs = [json.loads(line) for line in done.stdout.splitlines()]
    lines = ["\t".join(map(coded, [command, folder, folder + "/venv"] + ["%s=%s" % item for item in variables.items()]))
             for folder, command, variables in cases]
    ours = ask_lines("pipconf", lines)
    assert len(ours) == len(theirs)
    for case, our, their in zip(cases, ours, theirs):
        if their != "invalid" and our != ["invalid"]:
            our = [list(item) for item in zip(our[1::2], our[2::2])]
            assert our == their, case
        else:
            assert our == [their], case
    assert 100 < sum(their != "invalid" for their in theirs) < 200


def test_only_and_no_binary_as_pip():
    control = pytest.importorskip("pip._internal.models.format_control").FormatControl
    rng = random.Random(7)
    words = [":all:", ":none:", "a", "B_c", "d", "a,d", ":all:,a", "a,:none:,d", ":all:,:none:,a", "b.C,:all:"]
    lines, wanted = [], []
    for _ in range(500):
        given = [(rng.randint(0, 1), rng.choice(words)) for _ in range(rng.randint(0, 4))]
        pip = control()
        for which, value in given:
            lists = (pip.no_binary, pip.only_binary)
            control.handle_mutual_excludes(value, lists[which], lists[1 - which])
        for name in ("a", "b-c", "d", "e"):
            allowed = pip.get_allowed_formats(name)
            wanted.append([{frozenset(["source"]): "0", frozenset(["binary"]): "1"}.get(allowed, "-1")])
            lines.append("\t".join(coded(part) for part in [name] + [part for item in given for part in item]))
    for line, our, their in zip(lines, ask_lines("pick", lines), wanted):
        assert our == their, line
