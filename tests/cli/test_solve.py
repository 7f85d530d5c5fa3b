# SPDX-License-Identifier: Apache-2.0
"""The solver on written cases, and on worlds made at random beside trying everything, resolvelib and uv. script/oracle solve does more."""
import sys

import pytest

from conftest import BINARY, ROOT

sys.path.insert(0, str(ROOT / "tests/oracle"))
import cases  # noqa: E402

FILES = sorted((ROOT / "tests/cases/solve").glob("*.txt"))


@pytest.mark.sanitize
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_case(path):
    found, count = cases.check(BINARY, path)
    assert count > 0
    assert not found, "\n".join("%s\n  expected %s\n  given    %s" % row for row in found)
