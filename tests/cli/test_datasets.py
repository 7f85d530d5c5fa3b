# SPDX-License-Identifier: Apache-2.0
"""Datasets from everywhere, and what a task is given of them."""
import itertools
import os

import pytest

pytestmark = pytest.mark.sanitize
NASTY = [
    b"a b", b"it's", b'say "x"', b"-x", b"--help", b"new\nline", b"\xff\xfe.npz", b"$HOME `id` \\", b"{}", b"%41",
    b"\ttab", b" lead", b"trail ", b"\x01\x7f", "\u00e9\u221e".encode(), b"a;b|c&d", b"~", b"!",
]


@pytest.fixture
def dump(lopin):
    """dump(*words): runs the map and returns {number: [word, ...]} as the tasks had them."""
    lopin.write("dump.sh", "#!/bin/sh\nnumber=$1\nshift\nprintf '%s\\0' \"$@\" >\"got/$number\"\n", 0o755)

    def call(*words, status=0, **options):
        folder = lopin.cwd / "got"
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        result = lopin("map", "--local", *words, **options)
        assert result.code == status, result.err
        found = {}
        for path in folder.iterdir():
            found[int(path.name)] = path.read_bytes().split(b"\0")[:-1]
        return dict(sorted(found.items()))

    return call


def untouched(lopin):
    return not (lopin.cwd / ".lopin").exists()


def test_words_of_any_bytes(dump):
    got = dump("./dump.sh", "{#}", ":::", *NASTY)
    assert got == {number: [name] for number, name in enumerate(NASTY, 1)}


def test_empty_word(dump):
    assert dump("./dump.sh", "{#}", ":::", "", "a") == {1: [b""], 2: [b"a"]}


def test_placeholder_inside_words(dump):
    got = dump("./dump.sh", "{#}", "--in={}", "{}:{/.}", "{.}", "{/}", "{//}", "{1}", ":::", "data/a b.tar.gz")
    assert got[1] == [b"--in=data/a b.tar.gz", b"data/a b.tar.gz:a b.tar", b"data/a b.tar", b"a b.tar.gz", b"data",
                      b"data/a b.tar.gz"]


def test_braces_that_are_no_placeholder(dump):
    words = ['{"a": 1}', "{print $1}", "{0}", "{x", "{:.3f}"]
    assert dump("./dump.sh", "{#}", *words, "{}", ":::", "d")[1] == [word.encode() for word in words] + [b"d"]


def test_slots_are_from_one(dump):
    got = dump("-c", "1", "./dump.sh", "{#}", "{%}", "{}", ":::", *"abcd")
    assert {words[0] for words in got.values()} == {b"1"}


def test_combinations(dump):
    got = dump("./dump.sh", "{#}", "{1}", "{2}", ":::", "a", "b", ":::", "1", "2", "3")
    assert list(got.values()) == [[x.encode(), y.encode()] for x, y in itertools.product("ab", "123")]


def test_combination_without_placeholder(dump):
    assert dump("./dump.sh", "{#}", ":::", "a", ":::", "1")[1] == [b"a", b"1"]


def test_link(dump, lopin):
    got = dump("--link", "./dump.sh", "{#}", "{1}", "{2}", ":::", "a", "b", ":::", "1", "2")
    assert list(got.values()) == [[b"a", b"1"], [b"b", b"2"]]
    result = lopin("map", "--link", "./dump.sh", "{1}", "{2}", ":::", "a", "b", ":::", "1")
    assert result.code == 2
    assert "[usage]" in result.err
    assert "2" in result.err and "1" in result.err


@pytest.mark.parametrize("how", ["::::", "--from", "input", "/dev/stdin"])
def test_file_of_lines(dump, lopin, how):
    content = b"a b\n\n-x\r\n\xff\nlast"
    lopin.write("list", content)
    if how == "::::":
        got = dump("./dump.sh", "{#}", "{}", "::::", "list")
    elif how == "--from":
        got = dump("--from", "list", "./dump.sh", "{#}", "{}")
    else:
        got = dump("--from", "-" if how == "input" else how, "./dump.sh", "{#}", "{}", input=content)
    assert list(got.values()) == [[b"a b"], [b"-x"], [b"\xff"], [b"last"]]


def test_null(dump):
    names = NASTY + [b"*", b"d/[x]?"]  # in a file they are no patterns
    got = dump("-0", "--from", "-", "./dump.sh", "{#}", "{}", input=b"\0".join(names) + b"\0")
    assert list(got.values()) == [[name] for name in names]


def test_colsep_and_header(dump, lopin):
    lopin.write("table.csv", 'file,tol\na.npz,0.1\n"b, c.npz",1e-6\n')
    got = dump("--header", "--from", "table.csv", "./dump.sh", "{#}", "{file}", "{tol}", "{file/.}", "{1}")
    assert list(got.values()) == [[b"a.npz", b"0.1", b"a", b"a.npz"], [b"b, c.npz", b"1e-6", b"b, c", b"b, c.npz"]]
    lopin.write("table", "a:1\nb:2\n")
    got = dump("--colsep", ":", "--from", "table", "./dump.sh", "{#}", "{2}{1}")
    assert list(got.values()) == [[b"1a"], [b"2b"]]
    got = dump("--colsep", r"\t", "--from", "-", "./dump.sh", "{#}", "{2}{1}", input=b"x y\tz\n")
    assert got == {1: [b"zx y"]}


def test_row_too_short(lopin):
    lopin.write("table", "a:1\nb\n")
    result = lopin("map", "--colsep", ":", "--from", "table", "true", "{1}")
    assert result.code == 2
    assert "table:2" in result.err and "[usage]" in result.err
    assert untouched(lopin)


def test_jsonl(dump, lopin):
    lopin.write("sets.jsonl", '{"path": "a b", "tol": 1.50e-6, "more": [1, {"x": "y z"}]}\n'
                              '{"tol": 12345678901234567890, "path": "\\u00e9", "more": null}\n')
    got = dump("--from", "sets.jsonl", "./dump.sh", "{#}", "{path}", "{tol}", "{more}")
    assert list(got.values()) == [[b"a b", b"1.50e-6", b'[1,{"x":"y z"}]'],
                                  ["\u00e9".encode(), b"12345678901234567890", b"null"]]
    lopin.write("words.jsonl", '"a b"\n3\n')
    assert list(dump("./dump.sh", "{#}", "{}", "::::", "words.jsonl").values()) == [[b"a b"], [b"3"]]


def test_jsonl_broken(lopin):
    lopin.write("sets.jsonl", '{"a": 1}\n{"a": \n')
    result = lopin("map", "--from", "sets.jsonl", "true", "{a}")
    assert result.code == 2
    assert "sets.jsonl:2" in result.err
    assert untouched(lopin)


def test_quoted_glob(dump, lopin):
    for name in ("d/b.npz", "d/B.npz", "d/a 1.npz", "d/.hidden.npz", "d/x.txt"):
        lopin.write(name, "")
    got = dump("--order", "given", "./dump.sh", "{#}", "{}", ":::", "d/*.npz")
    assert list(got.values()) == [[b"d/B.npz"], [b"d/a 1.npz"], [b"d/b.npz"]]
    lopin.write("d/[x].npz", "")
    assert dump("./dump.sh", "{#}", "{}", ":::", "d/[x].npz") == {1: [b"d/[x].npz"]}


def test_plain_datasets_are_appended(lopin):
    lopin.write("show.sh", "#!/bin/sh\nprintf '%s' \"$#:$1\" >\"$1.got\"\n", 0o755)
    lopin.write("a b", "")
    result = lopin("map", "--local", "./show.sh", "a b", "c")
    assert result.code == 0, result.err
    assert (lopin.cwd / "a b.got").read_text() == "1:a b"
    assert (lopin.cwd / "c.got").read_text() == "1:c"


def test_mark(dump):
    got = dump("-I", "@", "./dump.sh", "{#}", "x@y", "{}", "{.}", ":::", "a.b")
    assert got[1] == [b"xa.by", b"{}", b"a"]
    got = dump("-I", "<>", "./dump.sh", "<#>", "<>", "<.>", "{}", "{9}", ":::", "a.b")
    assert got[1] == [b"a.b", b"a", b"{}", b"{9}"]


def test_shell(lopin):
    result = lopin("map", "--local", "--shell", "echo {} | tr a-z A-Z > {/.}.up", ":::", "in/ab.txt", "c d")
    assert result.code == 0, result.err
    assert (lopin.cwd / "ab.up").read_text() == "IN/AB.TXT\n"


@pytest.mark.parametrize("name", [b"a b", b"it's", b"$(touch bad)", b"`touch bad`", b";touch bad", b"-n", b"new\nline"])
def test_shell_is_given_names_as_they_are(lopin, name):
    result = lopin("map", "--local", "--shell", "printf '%s' {} > got", ":::", name)
    assert result.code == 0, result.err
    assert (lopin.cwd / "got").read_bytes() == name
    assert not (lopin.cwd / "bad").exists()


@pytest.mark.parametrize("only, numbers", [("1", [1]), ("3,1-2", [1, 2, 3]), ("2-9:3", [2, 5, 8]), ("2-4%1", [2, 3, 4])])
def test_only(dump, only, numbers):
    got = dump("-a", only, "./dump.sh", "{#}", "{}", ":::", *"abcdefghi")
    assert got == {number: ["abcdefghi"[number - 1].encode()] for number in numbers}


@pytest.mark.parametrize("only", ["0", "0-3", "10", "1-10", "3-1", "", "x"])
def test_only_out_of_range(lopin, only):
    result = lopin("map", "-a", only, "true", "{}", ":::", *"abcdefghi")
    assert result.code == 2
    assert "[usage]" in result.err
    assert untouched(lopin)


def test_order(lopin):
    lopin.write("note.sh", "#!/bin/sh\necho \"$1\" >>order\n", 0o755)
    for name, size in (("small", 1), ("large", 1000), ("middle", 50)):
        lopin.write(name, b"x" * size)
    expect = {"size": ["large", "middle", "small", "none"], "given": ["small", "none", "large", "middle"]}
    for order, names in expect.items():
        (lopin.cwd / "order").unlink(missing_ok=True)
        result = lopin("map", "--local", "-c", "1", "--order", order, "./note.sh", "small", "none", "large", "middle")
        assert result.code == 0, result.err
        assert (lopin.cwd / "order").read_text().split() == names
    (lopin.cwd / "order").unlink()
    assert lopin("map", "--local", "-c", "1", "--order", "random", "./note.sh", "small", "none", "large", "middle").code == 0
    assert sorted((lopin.cwd / "order").read_text().split()) == sorted(expect["given"])


def test_no_dataset(lopin):
    lopin.write("empty", "\n\n")
    for words in (["true"], ["true", "{}", ":::"], ["--from", "empty", "true"], ["true", "nothing/*.npz"],
                  ["--from", "absent", "true"], ["true", "{}", "::::", "empty"]):
        result = lopin("map", *words)
        assert "[no-dataset]" in result.err or (words == ["true"] and "[usage]" in result.err), (words, result.err)
        assert result.code in (2, 4)
        assert result.stdout == b""
        assert untouched(lopin)


@pytest.mark.parametrize("words", [
    ["--no-such-option", "true", "a"],
    ["true", "{3}", ":::", "a", ":::", "b"],
    ["true", "{2}", ":::", "a"],
    ["true", "{}", "{out}", ":::", "a"],
    ["--header", "true", "{}", ":::", "a"],
    ["--colsep", "", "--from", "list", "true"],
    ["--order", "backwards", "true", "a"],
    ["--from", "-", "true", "{1}{2}", "::::", "-"],
    ["-I", "", "true", "a"],
])
def test_usage(lopin, words):
    lopin.write("list", "a\n")
    result = lopin("map", *words)
    assert result.code == 2, result.err
    assert "[usage]" in result.err
    assert result.stdout == b""
    assert untouched(lopin)


def test_same_output(lopin):
    for name in ("a/x.npz", "b/x.npz", "c/y.txt"):
        lopin.write(name, "content")
    lopin.write("out.sh", "#!/bin/sh\ncp \"$1\" \"$2\"\n", 0o755)
    for out, datasets in (("out/{/.}", ["a/x.npz", "b/x.npz"]), ("out/fixed", ["a/x.npz", "c/y.txt"]),
                          ("{}", ["a/x.npz"]), ("a", ["a/x.npz"]), ("out.sh", ["a/x.npz"])):
        result = lopin("map", "--out", out, "./out.sh", "{}", "{out}", ":::", *datasets)
        assert "[same-output]" in result.err, (out, result.err)
        assert result.code != 0
        assert untouched(lopin)
        assert not (lopin.cwd / "out").exists()
        assert (lopin.cwd / "a/x.npz").read_text() == "content"
    result = lopin("map", "--local", "--out", "out/{//}/{/}", "./out.sh", "{}", "{out}", ":::", "a/x.npz", "b/x.npz")
    assert result.code == 0, result.err
    assert (lopin.cwd / "out/b/x.npz").read_text() == "content"


def test_dry_run_of_many(lopin):
    lopin.write("list", "".join("data/measurement-%08d.npz\n" % number for number in range(100000)))
    result = lopin("map", "--dry-run", "--from", "list", "true", timeout=60)
    assert result.code == 0, result.err
    assert "100000" in (result.out + result.err).replace(",", "").replace("\u202f", "")
    assert untouched(lopin)


@pytest.mark.slow
def test_many(lopin):
    """Two thousand of the real thing here; script/bench runs 100,000."""
    lopin.write("list", "".join("%d\n" % number for number in range(2000)))
    result = lopin("map", "--local", "-Q", "--from", "list", "/bin/true", timeout=280)
    assert result.code == 0, result.err
    lines = (lopin.cwd / ".lopin/runs/1/datasets").read_bytes().splitlines()
    assert lines[0] == b"lopin-datasets 1"
    assert len(lines) == 2002


def test_saved_names_are_ascii(lopin):
    assert lopin("map", "--local", "true", ":::", *NASTY).code == 0
    folder = lopin.cwd / ".lopin/runs/1"
    for name in ["datasets"] + [name for name in os.listdir(folder) if name.startswith("journal.")]:
        assert all(byte == 10 or 32 <= byte < 127 for byte in (folder / name).read_bytes()), name
