# SPDX-License-Identifier: Apache-2.0
"""Bad input: a named error with its cause and cure, its status, and nothing touched."""
import os
import subprocess

import pytest

CPUS = len(os.sched_getaffinity(0))


@pytest.fixture
def files(lopin):
    lopin.write("fit.py", "import sys; open(sys.argv[1] + '.ran', 'w')\n")
    for name in "ab":
        lopin.write(name, name)
    return lopin


def tree(lopin):
    return sorted(str(path.relative_to(lopin.cwd)) for path in lopin.cwd.rglob("*"))


# words, name of the error, status, words that its text must have
CASES = {
    "no script": (["map"], "usage", 2, ["script", "lopin map SCRIPT"]),
    "no dataset": (["map", "fit.py"], "no-dataset", 4, []),
    "no script of that name": (["map", "fot.py", "a"], "no-program", 4, ["fot.py"]),
    "no program of that name": (["map", "no-such-program", "a"], "no-program", 4, ["no-such-program"]),
    "folder": (["map", "/tmp", "a"], "no-program", 4, ["/tmp"]),
    "not executable": (["map", "./a", "b"], "no-program", 4, ["chmod +x ./a"]),
    "not on PATH but here": (["map", "a", "b"], "no-program", 4, ["./a"]),
    "an option of another command": (["exec", "--mem", "4G", "fit.py", "a"], "usage", 125, ["--mem", "option of lopin map"]),
    "an option of jobs": (["run", "--mem", "4G", "fit.py", "a"], "usage", 125, ["--mem", "lopin run --slurm"]),
    "unknown option": (["map", "--thread", "2", "fit.py", "a"], "usage", 2, ["--thread", "--threads"]),
    "unknown letter": (["map", "-k", "fit.py", "a"], "usage", 2, ["-k", "lopin log"]),
    "option of parallel": (["map", "--joblog", "x", "fit.py", "a"], "usage", 2, ["--joblog", "lopin report"]),
    "option without value": (["map", "-c"], "usage", 2, ["-c"]),
    "no number": (["map", "-c", "many", "fit.py", "a"], "usage", 2, ["-c", "many"]),
    "zero": (["map", "-j", "0", "fit.py", "a"], "usage", 2, ["-j", "0"]),
    "tasks": (["map", "-n", "4", "fit.py", "a"], "usage", 2, ["-n 4", "-j N"]),
    "unknown command": (["mpa", "fit.py", "a"], "usage", 2, ["mpa", "lopin map"]),
    "unknown language": (["map", "--lang", "xx", "fit.py", "a"], "usage", 2, ["xx", "en, fr"]),
    "more cores than ours": (["map", "-c", "100000", "fit.py", "a"], "over-limit", 2, ["100000", "-c %d" % CPUS]),
    "oversubscribed": (["map", "-j", str(CPUS), "-T", "2", "fit.py", "a"], "oversubscribed", 2, [str(2 * CPUS), "-T 1"]),
    "threads over cores": (["map", "-c", "1", "-T", "2", "fit.py", "a"], "oversubscribed", 2, ["-T 1"]),
    "pattern without a match": (["map", "fit.py", "data/*.npz"], "no-dataset", 4, ["data/*.npz"]),
    "file that is absent": (["map", "--from", "list", "fit.py"], "no-dataset", 4, ["list"]),
    "dataset 0": (["map", "-a", "0", "fit.py", "a"], "usage", 2, ["1"]),
    "words of the script": (["map", "fit.py", "--tol", "1e-6", "a", "b"], "usage", 2,
                            ["--tol", "fit.py --tol 1e-6 ::: a b"]),
    "placeholder without separator": (["map", "fit.py", "{}", "{out}", "a", "b"], "usage", 2, ["fit.py {} {out} ::: a b"]),
    "link of parallel": (["map", "fit.py", "{}", ":::", "a", ":::+", "b"], "usage", 2, ["--link"]),
    "out without --out": (["map", "fit.py", "{}", "{out}", ":::", "a"], "usage", 2, ["{out}", "--out"]),
    "same output": (["map", "--out", "x", "fit.py", "{}", "{out}", ":::", "a", "b"], "same-output", 2, ["x"]),
    "output is a dataset": (["map", "--out", "{}", "fit.py", "{}", "{out}", ":::", "a"], "same-output", 2, ["a"]),
    "no such Python": (["map", "--python", "3.99", "fit.py", "a"], "no-python", 3, ["3.99"]),
    "no Python at the path": (["map", "--python", "./a", "fit.py", "a"], "no-python", 3, ["a"]),
    "no environment": (["map", "--env", "venv", "fit.py", "a"], "no-env", 3, ["venv"]),
    "no run": (["status"], "no-run", 4, ["lopin map"]),
    "no run of that number": (["resume", "7"], "no-run", 4, []),
    "no such error": (["explain", "no-datset"], "usage", 2, ["no-dataset"]),
    "no such page": (["help", "mpa"], "usage", 2, []),
    "no such shell": (["completion", "tcsh"], "usage", 2, ["bash"]),
}


@pytest.mark.sanitize
@pytest.mark.parametrize("words, name, status, texts", CASES.values(), ids=CASES.keys())
def test_error(files, words, name, status, texts):
    before = tree(files)
    result = files(*words)
    assert "[%s]" % name in result.err.splitlines()[0], result.err
    assert result.err.startswith("lopin: ")
    assert result.code == status
    for text in texts:
        assert text in result.err
    assert "lopin explain %s" % name in result.err
    assert result.stdout == b""
    assert tree(files) == before
    french = files(*words, env={"LANG": "fr_CA.UTF-8"})
    assert french.code == status and "[%s]" % name in french.err.splitlines()[0]
    assert french.err.splitlines()[0] != result.err.splitlines()[0] or name == "usage" and "xx" in words


def test_control_characters_do_not_reach_the_terminal(lopin):
    result = lopin("map", "./\x1b[2Jx\n", "a")
    assert b"\x1b" not in result.stderr and "\\x1b" in result.err


def test_output_exists(files):
    files.write("out/a", "mine")
    before = tree(files)
    result = files("map", "--out", "out/{}", "fit.py", "{}", "{out}", ":::", "a")
    assert result.code == 2 and "[output-exists]" in result.err and "--overwrite" in result.err
    assert tree(files) == before


def test_folder_that_cannot_be_written(files):
    if os.geteuid() == 0 and subprocess.run(["mount", "--bind", files.cwd, files.cwd], check=False,
                                            capture_output=True).returncode:
        pytest.skip("cannot make a read-only folder here")
    if os.geteuid() == 0:
        subprocess.run(["mount", "-o", "remount,ro,bind", files.cwd], check=True)
    else:
        files.cwd.chmod(0o555)
    try:
        result = files("map", "true", "a")
        assert result.code == 6 and ".lopin" in result.err
    finally:
        if os.geteuid() == 0:
            subprocess.run(["umount", files.cwd], check=True)
        else:
            files.cwd.chmod(0o755)


def test_home_that_cannot_be_written(files):
    """No cache: the hook goes to the temporary folder, the run goes on."""
    result = files("map", "--local", "fit.py", "a", env={"HOME": "/proc", "XDG_CACHE_HOME": None})
    assert result.code == 0, result.err
    result = files("map", "--local", "fit.py", "a", env={"HOME": None, "XDG_CACHE_HOME": None, "TMPDIR": None})
    assert result.code == 0, result.err


def test_closed_streams(files):
    for closed in (">&-", "2>&-", ">&- 2>&-", "<&-", "<&- >&- 2>&-"):
        done = subprocess.run(["sh", "-c", '"$0" map --local true a b %s' % closed, files.binary], cwd=files.cwd,
                              env=files.env, check=False)
        assert done.returncode == 0, closed
    assert files("report").code == 0


def test_output_to_a_full_disk(files):
    assert files("map", "--local", "true", "a").code == 0
    with open("/dev/full", "wb") as full:
        done = files("report", stdout=full)
    assert done.code == 6 and "[disk-full]" in done.err
