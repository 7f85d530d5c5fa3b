# SPDX-License-Identifier: Apache-2.0
"""Locks that do not fit or are damaged, and the lines that renew them."""
import re
import subprocess
import sys

from test_lock import desk  # noqa: F401


def test_the_line_that_renews_a_lock_does_so(desk):  # noqa: F811
    """It is pasted as it stands, damaged or of another Python."""
    lopin = desk.lopin
    (lopin.cwd / "show.py").write_text("import demo; print(demo.VERSION)\n")
    project = lopin.cwd / "lopin.toml"
    project.write_text("with = ['demo']\nno-index = true\nfind-links = ['%s']\n" % desk.wheels)
    assert lopin("env", "lock").code == 0
    whole = desk.lock_path.read_text()
    for text, words in ((whole[:-9], "no TOML"), ("<<<<<<< HEAD\n%s=======\n>>>>>>> b\n" % whole, "line 1: a merge has left its conflict"),
                        (whole + "<<<<<<< HEAD\n", "a merge has left its conflict"), ("", "'lock-version' is missing")):
        for line in (["run", "show.py"], ["run", "--frozen", "show.py"], ["env", "lock"]):
            desk.lock_path.write_text(text)
            done = lopin(*line)
            assert done.code in (2, 125) and words in done.err and desk.lock_path.read_text() == text, done.err
            cure = re.search("^  try     (rm .* && lopin env lock)$", done.err, re.M).group(1)
            done = subprocess.run(["sh", "-c", cure.replace("lopin env", '"$0" env'), lopin.binary], cwd=lopin.cwd,
                                  env=lopin.environment({}), check=False)
            assert done.returncode == 0 and desk.lock_path.read_text() == whole
    newer = whole.replace('"1.0"', '"1.9"', 1)
    desk.lock_path.write_text(newer)
    done = lopin("run", "show.py")
    assert done.code == 0 and done.err.count("version 1.9") == 1, done.err
    # of another Python only
    ours = "%d.%d" % sys.version_info[:2]
    desk.lock_path.write_text(whole.replace(ours, "3.6"))
    done = lopin("run", "show.py")
    assert done.code == 0 and "renew it with: lopin env lock demo" in done.err and "-p 3.6,%s\n" % ours in done.err, done.err
    other = lopin.cwd / "other.lock"
    other.write_text("no lock")
    done = lopin("env", "lock", "-o", "other.lock")
    assert done.code == 2 and "try     rm other.lock\n" in done.err and other.read_text() == "no lock"
