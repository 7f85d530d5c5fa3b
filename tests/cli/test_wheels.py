# SPDX-License-Identifier: Apache-2.0
"""`lopin wheels`: what wheelhouses and indexes have, for whom, and how it is shown."""
import csv
import io
import json
import os

import pytest

from index_server import Index


@pytest.fixture
def site(lopin, tmp_path):
    """A site's wheelhouses as the Alliance has them: a folder a level, and pip's configuration that lists them."""
    root = tmp_path / "site"

    def add(level, *names):
        (root / level).mkdir(parents=True, exist_ok=True)
        for name in names:
            (root / level / name).write_bytes(b"")
    linux = "cp311-cp311-linux_x86_64.whl"
    add("x86-64-v4", "numpy-1.26.4+computecanada-" + linux)
    add("x86-64-v3", "numpy-1.26.4+computecanada-" + linux, "numpy-2.1.1+computecanada-" + linux,
        "numpy-2.1.1+computecanada-cp312-cp312-linux_x86_64.whl", "scipy-1.14.1+computecanada-" + linux)
    add("generic", "numpy-2.1.1+computecanada-" + linux, "six-1.16.0+computecanada-py2.py3-none-any.whl",
        "pip_tools-7.4.1-1-py3-none-any.whl", "onlynew-1.0-cp313-cp313-linux_x86_64.whl", "source-1.0.tar.gz",
        "pre-2.0rc1-py3-none-any.whl", "pre-1.0-py3-none-any.whl", "README")
    add("avx2", "old-1.0-" + linux)
    config = root / "pip.conf"
    config.write_text("[install]\nfind-links = %s\n" % " ".join(str(root / one) for one in ("x86-64-v4", "x86-64-v3", "generic")))
    for name in [name for name in lopin.env if name.startswith("PIP_")]:
        del lopin.env[name]
    lopin.env["PIP_CONFIG_FILE"] = str(config)
    lopin.site = root
    return lopin


def rows(done, status=0):
    assert done.code == status, done.err
    return [line.split() for line in done.out.splitlines()][1:]


def test_newest_that_fits(site):
    assert rows(site("wheels", "--python", "3.11")) == [
        ["numpy", "2.1.1", "cp311", "x86-64-v3"], ["pip-tools", "7.4.1", "py3", "generic"], ["pre", "1.0", "py3", "generic"],
        ["scipy", "1.14.1", "cp311", "x86-64-v3"], ["six", "1.16.0", "py2.py3", "generic"],
    ]


def test_names(site):
    assert rows(site("wheels", "--python", "3.11", "numpy<2")) == [["numpy", "1.26.4", "cp311", "x86-64-v4"]]
    assert rows(site("wheels", "--python", "3.11", "NumPy == 1.26.*")) == [["numpy", "1.26.4", "cp311", "x86-64-v4"]]
    assert [row[0] for row in rows(site("wheels", "--python", "3.11", "s*", "P?p*"))] == ["scipy", "six", "pip-tools"]
    assert rows(site("wheels", "--python", "3.12", "numpy"))[0][2] == "cp312"
    assert [row[:3] for row in rows(site("wheels", "--python", "3.11,3.12", "numpy"))] == [
        ["numpy", "2.1.1", "cp311"], ["numpy", "2.1.1", "cp312"]]


def test_pre_releases(site):
    assert rows(site("wheels", "--python", "3.11", "pre>=2.0rc0"))[0][1] == "2.0rc1"
    assert [row[1] for row in rows(site("wheels", "--python", "3.11", "pre", "--all-versions"))] == ["2.0rc1", "1.0"]


def test_all(site):
    assert rows(site("wheels", "--all-pythons", "numpy", "onlynew")) == [
        ["numpy", "2.1.1", "cp311", "x86-64-v3"], ["numpy", "2.1.1", "cp312", "x86-64-v3"],
        ["onlynew", "1.0", "cp313", "generic"]]
    assert rows(site("wheels", "--python", "3.11", "--all-archs", "numpy")) == [
        ["numpy", "2.1.1", "cp311", "x86-64-v3"], ["numpy", "2.1.1", "cp311", "generic"], ["numpy", "1.26.4", "cp311", "x86-64-v4"]]
    assert rows(site("wheels", "--python", "3.11", "--arch", "x86-64-v4", "numpy"))[0][1] == "1.26.4"
    assert rows(site("wheels", "--python", "3.11", "--arch", "avx2,sse3"))[0][0] == "old"  # beside those that are listed
    assert len(rows(site("wheels", "--python", "3.11", "--all-versions", "numpy"))) == 2


def test_not_available(site):
    done = site("wheels", "--python", "3.11", "onlynew", "nobody", "source", "six")
    assert rows(done, 1) == [["six", "1.16.0", "py2.py3", "generic"]]
    assert "onlynew for Python 3.11" in done.err and "1.0 only for Python 3.13" in done.err
    assert "source archive" in done.err and "nobody" in done.err
    done = site("wheels", "--python", "3.11", "nobody>=1", "six", "--not-available")
    assert rows(done, 1) == [["six", "1.16.0", "py2.py3", "generic"], ["nobody>=1", "not", "available"]]
    assert done.err == ""


def test_formats(site):
    words = ["wheels", "--python", "3.11", "numpy", "pip-tools", "nobody", "--not-available"]
    table = site(*words, "--format", "csv", "--column", "name,version,localversion,build,abi,platform,file").stdout.decode()
    assert list(csv.reader(io.StringIO(table))) == [
        ["name", "version", "localversion", "build", "abi", "platform", "file"],
        ["numpy", "2.1.1", "computecanada", "", "cp311", "linux_x86_64", "numpy-2.1.1+computecanada-cp311-cp311-linux_x86_64.whl"],
        ["pip-tools", "7.4.1", "", "1", "none", "any", "pip_tools-7.4.1-1-py3-none-any.whl"],
        ["nobody", "", "", "", "", "", ""],
    ]
    assert site(*words, "--format", "markdown").out.splitlines()[:3] == [
        "| name | version | python | arch |", "| --- | --- | --- | --- |", "| numpy | 2.1.1 | cp311 | x86-64-v3 |"]
    assert site(*words, "--json").stdout == site(*words, "--format", "json").stdout
    wheels = site(*words, "--json").json()["wheels"]
    assert wheels[0]["where"] == str(site.site / "x86-64-v3" / wheels[0]["file"]) and wheels[0]["available"] is True
    assert wheels[2] == {"available": False, "name": "nobody"}


def test_requirements_file(site):
    (site.cwd / "req.txt").write_text("numpy<2  # old\n-r more.txt\n./local.whl\n")
    (site.cwd / "more.txt").write_text("six; python_version > '2'\n")
    done = site("wheels", "--python", "3.11", "-r", "req.txt")
    assert [row[:2] for row in rows(done)] == [["numpy", "1.26.4"], ["six", "1.16.0"]]
    assert "req.txt:3" in done.err
    (site.cwd / "pyproject.toml").write_text("""[project]
name = "work"
version = "1"
dependencies = ["numpy<2", 'six; python_version < "3"']
""")
    assert [row[:2] for row in rows(site("wheels", "--python", "3.11", "-r", "pyproject.toml"))] == [["numpy", "1.26.4"]]


@pytest.mark.parametrize("text", ["", "# none\n", "./local.whl\n", "six; python_version < '3'\n", "six ==\n"])
def test_requirements_file_without_names(site, text):
    """Nothing is not everything."""
    (site.cwd / "req.txt").write_text(text)
    done = site("wheels", "--python", "3.11", "-r", "req.txt")
    assert rows(done) == [] and "no requirement" in done.err
    assert site("wheels", "--python", "3.11", "-r", "req.txt", "--json").json()["wheels"] == []


@pytest.mark.parametrize("words, named", [
    (["--column", "name,colour"], "colour"), (["--format", "xml"], "xml"), (["--python", "3,4"], "3,4"), (["numpy=="], "numpy=="),
    (["-r", "absent.txt"], "absent.txt"), (["-r", "https://site/req.txt"], "https://site/req.txt"),
])
def test_wrong_use(site, words, named):
    done = site("wheels", *words)
    assert done.code in (2, 3) and named in done.err and done.out == ""


def test_broken_configuration(site):
    (site.site / "pip.conf").write_text("[install]\nfind-links = /a\nfind_links = /b\n")
    done = site("wheels")
    assert done.code == 2 and "pip.conf:3" in done.err and "[usage]" in done.err


def test_index(site):
    index = Index()
    try:
        index.add("numpy", "3.0")
        index.add("other", "1.0")
        done = site("wheels", "--python", "3.11", "--index-url", index.url, "numpy", "other")
        assert [row[:2] for row in rows(done)] == [["numpy", "3.0"], ["other", "1.0"]]
        assert rows(site("wheels", "--python", "3.11", "numpy"))[0][1] == "2.1.1"  # a wheelhouse is there: no index
        (site.site / "pip.conf").write_text("[global]\nindex-url = %s\n" % index.url)
        assert rows(site("wheels", "--python", "3.11", "other"))[0][1] == "1.0"
        done = site("wheels", "--python", "3.11", "o*")
        assert done.code == 2 and "lists no names" in done.err
        index.answers["/simple/other/"] = lambda handler: handler.give(500, b"")
        done = site("wheels", "--python", "3.11", "other", env={"PIP_RETRIES": "0"})
        assert done.code == 3 and "[fetch]" in done.err
        assert rows(site("wheels", "--python", "3.11", "other", "--offline"))[0][1] == "1.0"
    finally:
        index.close()


def test_names_that_move_the_cursor(site):
    (site.site / "generic" / "evil\x1b[2J-1.0-py3-none-any.whl").write_bytes(b"")
    (site.site / "generic" / "odd-1.0-py3-none-\x1b[2J.whl").write_bytes(b"")
    done = site("wheels", "--all-pythons", "--column", "name,platform,file,where")
    assert done.code == 0 and b"\x1b" not in done.stdout + done.stderr


def test_many(site):
    """20,000 wheels are read once, by their names."""
    house = site.site / "many"
    house.mkdir()
    for number in range(20_000):
        os.close(os.open(house / ("p%d-1.%d-py3-none-any.whl" % (number % 500, number)), os.O_CREAT))
    words = ["--python", "3.11", "--find-links", str(house), "--no-index"]
    assert len(rows(site("wheels", *words, "p*"))) == 502  # pip-tools, pre
    assert rows(site("wheels", *words, "p7"))[0][1] == "1.19507"
    assert len(json.loads(site("wheels", *words, "p1", "--all-versions", "--json").out)["wheels"]) == 40
