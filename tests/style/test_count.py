# SPDX-License-Identifier: Apache-2.0
"""script/count: nothing that failed is counted as passed."""
import pathlib
import subprocess
import sys

import pytest

COUNT = pathlib.Path(__file__).resolve().parents[2] / "script/count"
GOOD = '<testsuites><testsuite name="a"><testcase name="1"/><testcase name="2"/></testsuite></testsuites>'
BAD = GOOD.replace('<testcase name="2"/>', '<testcase name="2"><failure/></testcase>')
SKIPPED = GOOD.replace('<testcase name="2"/>', '<testcase name="2"><skipped/></testcase>')


@pytest.mark.parametrize("text, status, last, code", [
    (GOOD, None, "2 passed, 0 failed", 0), (BAD, "1", "1 passed, 1 failed", 1), (SKIPPED, None, "1 passed, 0 failed", 0),
    ("", None, "0 passed, 1 failed", 1), ("<testsuites/>", None, "0 passed, 1 failed", 1),
    (GOOD, "1", "2 passed, 1 failed", 1),  # a program that died behind its second test
])
def test_count(tmp_path, text, status, last, code):
    (tmp_path / "unit.xml").write_text(text)
    if status:
        (tmp_path / "unit.status").write_text(status)
    done = subprocess.run([sys.executable, COUNT, tmp_path / "unit.xml"], capture_output=True, check=False, text=True)
    assert done.returncode == code and done.stdout.splitlines()[-1] == last, done
