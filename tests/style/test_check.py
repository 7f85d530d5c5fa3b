# SPDX-License-Identifier: Apache-2.0
"""The check itself: each rule catches its breach and lets its neighbour pass."""
import pathlib
import subprocess
import sys

import pytest

CHECK = pathlib.Path(__file__).with_name("check.py")
LONG = "void f(void)\n{\n" + "    g();\n" * 61 + "}\n"
FITS = "void f(void)\n{\n" + "    g();\n" * 60 + "}\n"
OTHER_HOME = "/ro" + "ot/x"

CAUGHT = [
    ("src/base/a.c", '#include "run/spec.h"\n', "base may not include run"),
    ("src/env/a.c", '#include "run/spec.h"\n', "env may not include run"),
    ("src/sched/a.c", '#include "map/runner.h"\n', "sched may not include map"),
    ("src/map/a.c", '#include "spec.h"\n', "by its room"),
    ("src/attic/a.c", "int f(void);\n", "not in the table"),
    ("src/base/a.c", "// x\n" * 501, "file of 501 lines"),
    ("tests/unit/base/a.c", LONG, "function of 61 lines"),
    ("python/lopin/a.py", "def f():\n" + "    g()\n" * 61, "function of 61 lines"),
    ("tests/cli/a.py", "def f(:\n", "not Python"),
    ("script/a", "#!/usr/bin/env bash\nf() {\n" + "    g\n" * 61 + "}\n", "function of 61 lines"),
    ("src/map/a.c", 'void f(void)\n{\n    printf("x");\n}\n', "only src/cli prints"),
    ("src/map/a.c", 'void f(void)\n{\n    fprintf(stderr, "x");\n}\n', "only src/cli prints"),
    ("src/map/a.c", "void f(void)\n{\n    write(2, x, 1);\n}\n", "only src/cli prints"),
    ("src/map/a.c", "static int count;\n", "mutable variable"),
    ("src/map/a.c", "static const char *name = 0;\n", "mutable variable"),
    ("src/map/a.c", "static void (*stop)(int);\n", "mutable variable"),
    ("src/map/a.c", "struct {\n    int x;\n} y;\n", "mutable variable"),
    ("src/map/a.c", "void f(void)\n{\n    static int n;\n}\n", "mutable static"),
    ("docs/a.md", "see `%s`\n" % OTHER_HOME, "absolute path"),
]
LET_PASS = [
    ("src/map/a.c", '#include "threads/guard.h"\n#include "base/err.h"\n#include "run/spec.h"\n'),
    ("src/sched/a.c", '#include "run/spec.h"\n'),
    ("src/cli/a.c", '#include "map/runner.h"\n#include "env/python.h"\n'),
    ("src/cli/a.c", 'void f(void)\n{\n    printf("x");\n}\n'),
    ("src/base/a.c", "// x\n" * 500),
    ("src/base/a.c", FITS),
    ("src/base/term.c", "static int color;\nvoid f(void)\n{\n    write(2, x, 1);\n}\n"),
    ("src/map/a.c", '// printf("x");\nstatic const char *const names[] = {"printf(1)", 0};\n'),
    ("src/map/a.c", "static const struct {\n    int x;\n} y[] = {{1}};\nstruct z {\n    int a;\n};\n"),
    ("src/map/a.c", "#define A(x) \\\n    x = 1\nstatic int f(void);\nenum e { A, B };\n"),
    ("src/map/a.c", "void add(struct pool *pool, void (*work)(void *));\n"),
    ("src/map/a.c", 'int f(int x)\n{\n    return snprintf(a, 1, "stdout");\n}\n'),
    ("tests/data/a.py", "def f(:\n" + "x\n" * 501),
    ("docs/a.md", "build%s and ~%s\n" % (OTHER_HOME, OTHER_HOME[:5])),
]


def run(tmp_path, name, text):
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return subprocess.run(
        [sys.executable, CHECK, tmp_path], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name, text, message", CAUGHT)
def test_caught(tmp_path, name, text, message):
    result = run(tmp_path, name, text)
    assert result.returncode == 1
    assert name + ":" in result.stdout and message in result.stdout


@pytest.mark.parametrize("name, text", LET_PASS)
def test_let_pass(tmp_path, name, text):
    result = run(tmp_path, name, text)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_this_tree():
    result = subprocess.run([sys.executable, CHECK], capture_output=True, text=True, check=False)
    assert result.returncode == 0, "\n" + result.stdout + result.stderr
