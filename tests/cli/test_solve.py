# SPDX-License-Identifier: Apache-2.0
"""The solver on written cases, and on worlds made at random beside trying everything, resolvelib and uv. script/oracle solve does more."""
import pathlib
import sys

import pytest

from conftest import BINARY, ROOT

sys.path.insert(0, str(ROOT / "tests/oracle"))
import cases  # noqa: E402

SEED = 20251129  # the same at each run: a test that fails fails for what was changed
UV = pathlib.Path(sys.executable).parent / "uv"
FILES = sorted((ROOT / "tests/cases/solve").glob("*.txt"))


@pytest.mark.sanitize
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_case(path):
    found, count = cases.check(BINARY, path)
    assert count > 0
    assert not found, "\n".join("%s\n  expected %s\n  given    %s" % row for row in found)


def worlds_of(count):
    import solve
    return solve, solve.worlds_of(count, SEED)


@pytest.mark.sanitize
def test_as_trying_everything():
    solve, worlds = worlds_of(400)
    found = solve.compare_alone(BINARY, worlds)
    assert not found, "seed %s: %d differences, the first: %r" % (SEED, len(found), found[0])


def test_as_resolvelib():
    solve, worlds = worlds_of(600)
    found, known = solve.compare_peer(BINARY, solve.without_constraints(worlds), solve.by_resolvelib)
    assert not found, "seed %s: %d differences, the first: %r" % (SEED, len(found), found[0])
    assert known["same"] > 500, known


def test_as_uv():
    solve, worlds = worlds_of(8)
    found, known = solve.compare_peer(BINARY, worlds, lambda world: solve.solvers.by_uv(UV, *world))
    assert not found, "seed %s: %d differences, the first: %r" % (SEED, len(found), found[0])
    assert known["same"] > 4, known


def test_an_explanation_in_french():
    text = "pandas 2.2.0 | numpy>=1.26\npandas 2.2.3 | numpy>=1.26\nnumpy 1.24.4\nnumpy 2.1.0\nask: pandas\nask: numpy<1.26"
    assert cases.ask(BINARY, [text], "fr")[0] == [
        "! no-solution: aucun ensemble de versions ne satisfait ce qui est demandé",
        "> because vous demandez pandas et numpy<1.26",
        "> and pandas 2.2.0, 2.2.3 exigent numpy>=1.26",
        "> found numpy 1.24.4, 2.1.0",
        "> try sans pandas",
        "> try numpy==2.1.0 au lieu de numpy<1.26",
    ]


def test_a_case_that_is_none(lopin):
    done = lopin("x-wheel", "-v", "solve", input=cases.encode("a 1.0 bogus\nask: a").encode() + b"\n")
    assert done.out == "invalid\n" and "'bogus'" in done.err
