# SPDX-License-Identifier: Apache-2.0
"""`lopin results`: what a run has published, for what comes after it."""
import json
import re

SCRIPT = """import sys
if sys.argv[1].startswith("bad"):
    sys.exit(3)
open(sys.argv[2], "w").write(ascii(sys.argv[1]))
"""


def make(lopin, *names, out="out/{}.txt"):
    lopin.write("one.py", SCRIPT)
    return lopin("map", "-j", "1", "--out", out, "one.py", "{}", "{out}", ":::", *names)


def test_a_path_a_line_in_the_order_of_datasets(lopin):
    assert make(lopin, "b", "bad", "a b").code == 1
    found = lopin("results")
    assert (found.code, found.out) == (0, "out/b.txt\nout/a b.txt\n")
    assert "2 of 3 datasets have an output" in found.err
    assert [(lopin.cwd / path).read_text() for path in found.out.splitlines()] == ["'b'", "'a b'"]
    assert lopin("results", "3,1").out == "out/a b.txt\nout/b.txt\n"
    assert lopin("results", "-Q").err == ""
    # another run, and from elsewhere
    assert make(lopin, "c", out="new/{}").code == 0
    assert lopin("results", "1:3").out == "out/a b.txt\n"
    assert lopin("results").out == "new/c\n"
    assert lopin("results").err == ""
    assert lopin("results", "1:", "-0").stdout == b"out/b.txt\0out/a b.txt\0"


def test_outputs_elsewhere_are_absolute(lopin, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("else where")
    assert make(lopin, "a", out=str(elsewhere / "{}")).code == 0
    assert lopin("results").out == "%s\n" % (elsewhere / "a")


def test_what_is_asked_for_and_is_not_there(lopin):
    make(lopin, "a", "bad", "b")
    found = lopin("results", "1,2")
    assert (found.code, found.out) == (1, "out/a.txt\n")
    assert "dataset 2: it failed, and has no output [no-output]\n  try     lopin log 1:2\n" in found.err
    assert "2 of 3 datasets have" in lopin("results").err
    assert "try     lopin results '=a b'" in lopin("results", "a b").err
    make(lopin, "bad", "c", out="few/{}")
    assert "1 of 2 datasets has an output" in lopin("results").err
    assert "1 jeu de données sur 2 a une sortie" in lopin("--lang", "fr", "results").err
    assert lopin("results", "7").code == 4
    lopin.write("hold.py", "import sys\nsys.exit(sys.argv[1] == 'x')\n")
    lopin("map", "--halt", "now,fail=1", "-j", "1", "--out", "more/{}", "--order", "given", "hold.py", "{}", "{out}", ":::", *"xyz")
    found = lopin("results", "2-3")
    assert found.code == 1 and found.out == ""
    assert found.err.splitlines()[0] == "dataset 3: it has not begun"
    assert re.search(r"dataset 2: it (has not begun|is not done, and has no output yet) \[no-output\]", found.err)


def test_a_run_without_outputs(lopin):
    lopin("map", "/bin/echo", ":::", "a")
    found = lopin("results")
    assert found.code == 1 and found.out == "" and "[no-output]" in found.err and "lopin log 1:" in found.err


def test_hostile_names_and_json(lopin):
    names = ["a\nb", "-c", "é\udcff"]
    assert make(lopin, *names).code == 0
    found = lopin("results", "-0").stdout.split(b"\0")
    assert [path.decode(errors="surrogateescape") for path in found[:-1]] == ["out/%s.txt" % name for name in names]
    told = lopin("results", "--json", "1,2").json()
    assert (told["v"], told["run"]) == (1, 1)
    assert [(item["number"], item["text"], item["state"]) for item in told["results"]] == [(1, "a\nb", "done"), (2, "-c", "done")]
    assert told["results"][0]["output"] == str(lopin.cwd / "out" / "a\nb.txt")
    assert json.loads(lopin("results", "--json").out)["results"][2]["output_bytes"].endswith("%FF.txt")
