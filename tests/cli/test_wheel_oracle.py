# SPDX-License-Identifier: Apache-2.0
"""Python's formats beside Python's own readers, on generated lines. script/oracle does the same with more, and a new seed each time."""
import os
import subprocess
import sys
import sysconfig
import warnings

import pytest

from conftest import BINARY, ROOT

sys.path.insert(0, str(ROOT / "tests/oracle"))
import compare  # noqa: E402

SEED = 20250611  # the same at each run: a test that fails fails for what was changed
COUNT = 1000 if "ASAN_OPTIONS" in os.environ else 5000  # most of the time is Python's, whatever looks at us


@pytest.mark.sanitize
@pytest.mark.parametrize("kind", compare.KINDS, ids=lambda kind: kind.verb)
def test_as_python(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\d" in a marker is a deprecated escape
        found, valid = compare.compare(BINARY, kind, compare.lines_of(kind, COUNT), SEED)
    assert not found, "seed %s, %s: %d differences, the first: %r" % (SEED, kind.verb, len(found), found[0])
    assert valid * 20 >= compare.lines_of(kind, COUNT), "hardly any line is well-formed"


def test_tags_of_this_python():
    from packaging import _manylinux, _musllinux, tags
    major, minor = sys.version_info[:2]
    glibc, musl = _manylinux._get_glibc_version(), _musllinux._get_musl_version(sys.executable)
    row = [major, minor, sysconfig.get_config_var("Py_DEBUG") or 0, sysconfig.get_config_var("Py_GIL_DISABLED") or 0,
           int(sysconfig.get_config_var("WITH_PYMALLOC") == 0), sysconfig.get_platform(), int(sys.maxsize < 2 ** 32), 1,
           max(glibc[0], 0), max(glibc[1], 0), *(musl or (0, 0)), "none"]
    answer = compare.ask(BINARY, "tags", [row])[0]
    assert [part.decode() for part in compare.given(answer)] == list(map(str, tags.sys_tags()))


def test_words_of_the_debug_command(lopin):
    done = lopin("x-wheel", "-v", "version", input=b"1.0-1\n1.0.\n\t\n")
    assert (done.code, done.out) == (0, "1.0.post1\t1.0.post1\t1.0\t1.post1\t0\ninvalid\ninvalid\n")
    assert "'1.0.' is no version" in done.err
    assert lopin("x-wheel", "bogus").code == 2
    assert lopin("x-wheel").code == 2
    assert "x-wheel" not in lopin("help").out + lopin("completion", "bash").out


def test_a_closed_reader_is_no_error():
    done = subprocess.run("yes 1.0 | head -100000 | '%s' x-wheel version | head -1" % BINARY, shell=True, capture_output=True,
                          check=False)
    assert done.stdout.startswith(b"1.0\t") and done.stderr == b""
