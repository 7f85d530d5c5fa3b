# SPDX-License-Identifier: Apache-2.0
"""wait, cancel, rm: a run waited for, ended from elsewhere, removed."""
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest
from processes import kill_all, runner_of, working_in
from queries import ECHO, gated_run, journal, last_states, open_gate, status

# Ignores SIGTERM but notes it, and ends by it only then; its child is in a session of its own.
STUBBORN = """#!/bin/sh
if [ -e freed ]; then echo whole >"$2"; exit 0; fi
setsid sleep 1000 &
trap 'echo told >>told; exit 3' TERM
echo half >"$2"
touch "begun.$1"
while :; do sleep 0.01; done
"""
FAILS = "import sys\nsys.exit(sys.argv[1] == 'bad')\n"


@pytest.fixture
def ends(lopin):
    yield lopin
    lopin.close()
    kill_all(lopin.cwd)


def runs(lopin):
    return sorted(os.listdir(lopin.cwd / ".lopin/runs"))


def tree(lopin):
    """Everything below the folder, by name, kind, time and content."""
    found = {}
    for path in sorted(lopin.cwd.rglob("*")):
        about = path.lstat()
        content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[str(path)] = (about.st_ino, about.st_mtime_ns, content)
    return found


def make(lopin, count, *options):
    lopin.write("echo.py", ECHO)
    for _ in range(count):
        assert lopin("map", *options, "echo.py", "a", "b").code == 0


def keep(lopin):
    """What puts all runs back as they are now: runs that are copied cost less than runs that are made."""
    folder, kept = lopin.cwd / ".lopin", lopin.cwd / "kept"
    shutil.copytree(folder, kept, symlinks=True)

    def restore():
        shutil.rmtree(folder)
        shutil.copytree(kept, folder, symlinks=True)
    return restore


def live(lopin, wait_until, number, *options):
    """A run whose one task waits for gate/one."""
    process = gated_run(lopin, ["one"], *options)
    wait_until(lambda: status(lopin, str(number))["running"] == 1)
    return process


def waits(process, wait_until, held="pidfd"):
    """Until the process has such a descriptor: that of the owner's process, or the run's folder."""

    def holds():
        folder = "/proc/%d/fd/" % process.pid
        links = [os.readlink(folder + name) for name in os.listdir(folder) if os.path.islink(folder + name)]
        return [link for link in links if held in link]

    assert process.poll() is None
    wait_until(holds)


def owner_of(waiting):
    """The process that one is waiting for, by its pidfd."""
    folder = "/proc/%d/fdinfo/" % waiting.pid
    for name in os.listdir(folder):
        try:
            with open(folder + name, encoding="ascii") as file:
                found = re.search(r"^Pid:\s+(\d+)$", file.read(), re.M)
        except OSError:
            continue
        if found:
            return int(found.group(1))
    return None


def other_host(lopin, number=1, host="elsewhere"):
    path = lopin.cwd / ".lopin/runs" / str(number) / "owner"
    path.write_text("lopin-owner 1\nhost %s\nboot 1-2-3\npid 4711\nstart 99\n" % host)


# wait


@pytest.mark.sanitize
@pytest.mark.parametrize("words, code", [(["a", "b"], 0), (["a", "bad"], 1)])
def test_wait_for_one_that_has_ended(ends, words, code):
    ends.write("fails.py", FAILS)
    assert ends("map", "fails.py", *words).code == code
    before = tree(ends)
    result = ends("wait")
    assert result.code == code and result.stdout == b""
    assert result.err.startswith("run 1 ") and "of 2" in result.err
    assert ("failed" in result.err) == bool(code)
    assert tree(ends) == before
    french = ends("wait", "--lang", "fr")
    assert french.code == code and "sur 2" in french.err and french.err != result.err
    quiet = ends("wait", "-Q", "1")
    assert (quiet.code, quiet.stdout, quiet.stderr) == (code, b"", b"")


@pytest.mark.sanitize
def test_wait_until_it_is_done(ends, wait_until):
    process = live(ends, wait_until, 1, "-J", "mine")
    waiting = [ends.start("wait", *words) for words in ([], ["1"], ["mine"], ["1:"], ["-Q"])]
    for one in waiting:
        waits(one, wait_until)
    open_gate(ends, "one")
    assert process.wait(60) == 0
    said = [one.communicate(timeout=60) for one in waiting]
    assert [one.returncode for one in waiting] == [0] * 5
    assert all(out == b"" and b"1 of 1" in err for out, err in said[:4]) and said[4] == (b"", b"")


@pytest.mark.sanitize
def test_wait_until_it_is_killed(ends, wait_until):
    process = live(ends, wait_until, 1)
    waiting = ends.start("wait")
    waits(waiting, wait_until)
    process.kill()  # not waited for: a process that nobody reaps has ended too
    _, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 75 and b"lopin resume 1" in err
    process.wait()
    assert ends("wait").code == 75


def test_wait_goes_on_with_a_resume(ends, wait_until):
    """The process that waits has the run's next owner to wait for."""
    process = live(ends, wait_until, 1)
    waiting = ends.start("wait")
    waits(waiting, wait_until)
    waiting.send_signal(signal.SIGSTOP)
    before = runner_of(ends)
    process.kill()
    process.wait()
    resume = ends.start("resume")
    wait_until(lambda: runner_of(ends) not in (None, before) and status(ends)["running"] == 1)
    waiting.send_signal(signal.SIGCONT)
    wait_until(lambda: owner_of(waiting) == runner_of(ends))
    open_gate(ends, "one")
    assert resume.wait(60) == 0 and waiting.wait(60) == 0


def test_wait_interrupted(ends, wait_until):
    process = live(ends, wait_until, 1)
    waiting = ends.start("wait")
    waits(waiting, wait_until)
    waiting.send_signal(signal.SIGINT)
    assert waiting.wait(60) == -signal.SIGINT
    assert process.poll() is None and status(ends)["running"] == 1
    open_gate(ends, "one")
    assert process.wait(60) == 0 and ends("wait").code == 0


def test_wait_for_another_host(ends, wait_until):
    make(ends, 1)
    other_host(ends)
    waiting = ends.start("wait")
    waits(waiting, wait_until, "runs/1")
    (ends.cwd / ".lopin/runs/1/owner").unlink()
    assert waiting.wait(60) == 0


def test_wait_for_nobody(ends):
    result = ends("wait")
    assert result.code == 4 and "[no-run]" in result.err
    make(ends, 1)
    for words, code in ((["2"], 4), (["1", "1"], 2), (["1:2"], 2), (["--json"], 2), (["--check"], 2)):
        assert ends("wait", *words).code == code


# cancel


@pytest.mark.sanitize
@pytest.mark.parametrize("words", [[], ["1"], ["mine"], ["last", "-Q"]])
def test_cancel(ends, wait_until, words):
    """Tasks are told to end, nothing of them is left, and a resume completes the run."""
    ends.write("stubborn.sh", STUBBORN, 0o755)
    process = ends.start("map", "-J", "mine", "-c", "1", "--out", "out/{}", "./stubborn.sh", "{}", "{out}", ":::", *"abc")
    wait_until(lambda: list(ends.cwd.glob("begun.*")))
    result = ends("cancel", *words)
    assert result.code == 0 and result.stdout == b"", result.err
    assert process.wait(60) == 75
    assert ("lopin resume 1" in result.err) == ("-Q" not in words)
    assert (ends.cwd / "told").read_text() == "told\n"
    assert len(list(ends.cwd.glob("begun.*"))) == 1 and working_in(ends.cwd) == []
    assert last_states(journal(ends)) == ["stopped"]
    assert not [path for path in (ends.cwd / "out").rglob("*") if path.is_file()]
    assert ends("wait").code == 75
    (ends.cwd / "freed").touch()
    assert ends("resume").code == 0
    assert {path.name: path.read_text() for path in (ends.cwd / "out").iterdir()} == dict.fromkeys("abc", "whole\n")


def test_cancel_of_a_stopped_one(ends, wait_until):
    """Ctrl-Z, or SIGSTOP: a process that is stopped takes no signal."""
    process = live(ends, wait_until, 1)
    process.send_signal(signal.SIGSTOP)
    assert ends("cancel").code == 0
    assert process.wait(60) == 75


def test_cancel_of_one_that_has_ended(ends, wait_until):
    process = live(ends, wait_until, 1)
    os.kill(runner_of(ends), signal.SIGKILL)
    process.wait()
    result = ends("cancel")
    assert result.code == 0 and len(result.err.splitlines()) == 1 and "run 1" in result.err
    open_gate(ends, "one")
    before = tree(ends)
    french = ends("cancel", "1", "--lang", "fr")
    assert french.code == 0 and "l’exécution 1 n’est pas en cours" in french.err
    assert tree(ends) == before
    assert ends("resume").code == 0
    assert ends("cancel").code == 0


def test_cancel_of_a_number_that_another_process_has(ends):
    """The owner file names a process of another start: it is stale, and that process is left alone."""
    make(ends, 1)
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    boot = open("/proc/sys/kernel/random/boot_id", encoding="ascii").read().strip()
    path = ends.cwd / ".lopin/runs/1/owner"
    path.write_text("lopin-owner 1\nhost %s\nboot %s\npid %d\nstart 1\n" % (os.uname().nodename, boot, other.pid))
    assert ends("cancel").code == 0
    assert other.poll() is None
    other.communicate(b"\n")
    assert other.returncode == 0


def test_cancel_of_another_host(ends):
    make(ends, 1)
    other_host(ends)
    before = tree(ends)
    for language, word in (("en", "being computed"), ("fr", "en cours de calcul")):
        result = ends("cancel", "--lang", language)
        assert result.code == 4 and "[run-busy]" in result.err and word in result.err
        line = re.search(r"(ssh elsewhere .*)", result.err).group(1)
        assert subprocess.run(["sh", "-c", "ssh() { shift; eval \"$1\"; }; lopin() { echo \"$PWD:$*\"; }; " + line],
                              capture_output=True, text=True, check=True).stdout == "%s:cancel 1\n" % ends.cwd
    assert tree(ends) == before


def test_cancel_where_several_run(ends, wait_until):
    make(ends, 1)
    first = live(ends, wait_until, 2, "-c", "1")
    make(ends, 1)  # the last run is not the one that is computed
    assert ends("cancel").code == 0
    assert first.wait(60) == 75
    second = live(ends, wait_until, 4, "-c", "1")
    third = live(ends, wait_until, 5, "-c", "1")
    result = ends("cancel")
    assert result.code == 2 and "[usage]" in result.err and "4, 5" in result.err and "lopin cancel 5" in result.err
    assert second.poll() is None and third.poll() is None
    assert ends("cancel", "4").code == 0
    assert second.wait(60) == 75 and third.poll() is None
    assert ends("cancel").code == 0
    assert third.wait(60) == 75


def test_cancel_of_nobody(ends):
    assert "[no-run]" in ends("cancel").err
    make(ends, 1)
    for words, code in ((["2"], 4), (["1", "1"], 2), (["--yes"], 2), (["1:2"], 2)):
        assert ends("cancel", *words).code == code


# rm


RM = [
    (["2"], "1345"), (["2", "2"], "1345"), (["1-2,4"], "35"), (["1", "3-4", "3"], "25"), (["4-9"], "123"),
    (["last"], "1234"), (["5:"], "1234"), (["mine"], "1234"), (["1-4294967295"], ""), (["--", "3"], "1245"), (["3", "-Q"], "1245"),
]


@pytest.mark.sanitize
def test_rm(ends):
    make(ends, 3)
    make(ends, 2, "-J", "mine")
    restore = keep(ends)
    last = ends.cwd / ".lopin/last"
    for words, left in RM:
        result = ends("rm", *words)
        assert result.code == 0 and result.stdout == b"", (words, result.err)
        assert runs(ends) == list(left), words
        assert ("%d run" % (5 - len(left)) in result.err) == ("-Q" not in words), words
        if left:
            assert os.readlink(last) == "runs/" + left[-1], words
            assert [run["run"] for run in ends("list", "--json").json()["runs"]] == [int(number) for number in left], words
        else:
            assert not last.is_symlink() and "[no-run]" in ends("list").err
        restore()
    for words, left in ((["2-4"], "15"), (["1-5"], "")):
        assert ends("rm", *words).code == 0
        assert all(ends("status", "--check", number).code == 0 for number in left)
        make(ends, 1)
        assert len(runs(ends)) == len(left) + 1 and ends("wait").code == 0
        restore()


def test_rm_in_french(ends):
    make(ends, 3)
    assert ends("rm", "1", "--lang", "fr").err == "1 exécution supprimée\n"
    assert ends("rm", "2-3", "--lang", "fr").err == "2 exécutions supprimées\n"


@pytest.mark.parametrize("words, code, name", [
    ([], 2, "usage"), (["4"], 4, "no-run"), (["1", "4"], 4, "no-run"), (["4-9"], 4, "no-run"), (["1,"], 4, "no-run"),
    (["0"], 4, "no-run"), (["3-1"], 2, "usage"), (["1", "2:1"], 2, "usage"), ([""], 4, "no-run"), (["*"], 4, "no-run"),
    (["../1"], 4, "no-run"), ([".."], 4, "no-run"), (["1/"], 4, "no-run"), (["=1"], 4, "no-run"), (["-1"], 2, "usage"),
    (["1", "--yes"], 2, "usage"), (["99999999999999999999"], 4, "no-run"), (["1\n2"], 4, "no-run"), (["others"], 4, "no-run"),
])
def test_rm_of_odd_words(ends, words, code, name):
    make(ends, 3)
    before = tree(ends)
    for language in ("en", "fr"):
        result = ends("rm", *words, "--lang", language)
        assert result.code == code and "[%s]" % name in result.err, result.err
    assert tree(ends) == before


def test_rm_where_there_is_no_run(ends):
    assert "[no-run]" in ends("rm", "1").err
    assert os.listdir(ends.cwd) == []


def test_rm_of_a_live_one(ends, wait_until):
    make(ends, 2)
    process = live(ends, wait_until, 3)
    before = tree(ends)
    result = ends("rm", "1-3")
    assert result.code == 4 and "[run-busy]" in result.err and "lopin cancel 3" in result.err
    assert runs(ends) == ["1", "2", "3"] and tree(ends) == before
    assert ends("rm", "2").code == 0
    assert ends("cancel").code == 0 and process.wait(60) == 75
    assert ends("rm", "1-3").code == 0 and runs(ends) == []


def test_rm_of_another_hosts(ends):
    make(ends, 2)
    other_host(ends, 2)
    before = tree(ends)
    result = ends("rm", "1", "2")
    assert result.code == 4 and "ssh elsewhere" in result.err and tree(ends) == before
    path = ends.cwd / ".lopin/runs/2/owner"
    os.utime(path, (1, 1))  # long untouched
    assert ends("rm", "1", "2").code == 0 and runs(ends) == []


def test_rm_after_a_kill_ends_what_is_left(ends, wait_until):
    """The next run may get the number: nothing of the removed one may write beside it."""
    ends.write("stubborn.sh", STUBBORN, 0o755)
    process = ends.start("map", "-c", "1", "--out", "out/{}", "./stubborn.sh", "{}", "{out}", ":::", "a")
    wait_until(lambda: list(ends.cwd.glob("begun.*")))
    process.kill()
    process.wait()
    assert ends("rm", "1").code == 0 and runs(ends) == []
    wait_until(lambda: working_in(ends.cwd) == [])


def test_rm_keeps_outputs(ends):
    ends.write("copy.sh", "#!/bin/sh\necho \"$1\" >\"$2\"\n", 0o755)
    words = ["map", "--out", "out/{}", "./copy.sh", "{}", "{out}", ":::", "a", "b"]
    assert ends(*words).code == 0 and ends("rm", "1").code == 0
    assert sorted(os.listdir(ends.cwd / "out")) == ["a", "b"]
    assert "[output-exists]" in ends(*words).err
    assert ends("map", "--overwrite", *words[1:]).code == 0


def test_rm_of_damaged_ones(ends):
    """What cannot be read can be removed."""
    make(ends, 3)
    (ends.cwd / ".lopin/runs/1/run.json").write_bytes(b"{")
    (ends.cwd / ".lopin/runs/2/datasets").unlink()
    shutil.rmtree(ends.cwd / ".lopin/runs/3/logs")
    assert ends("rm", "1-3").code == 0 and runs(ends) == []


def test_rm_of_a_link(ends, tmp_path):
    make(ends, 1)
    moved = tmp_path / "moved"
    shutil.move(ends.cwd / ".lopin/runs/1", moved)
    (ends.cwd / ".lopin/runs/1").symlink_to(moved)
    before = sorted(path.name for path in moved.iterdir())
    result = ends("rm", "1")
    assert result.code == 0 and str(moved) in result.err and runs(ends) == []
    assert sorted(path.name for path in moved.iterdir()) == before


@pytest.mark.slow
@pytest.mark.parametrize("calls", ["rename,renameat,renameat2", "unlink,unlinkat", "rmdir", "link,linkat", "symlink,symlinkat"])
def test_rm_killed_in_the_middle(ends, calls):
    """At its k-th such call, k from 1 until it comes to its end: none is listed that is not whole."""
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    make(ends, 2)
    restore = keep(ends)
    for at in range(1, 100):
        killed = subprocess.run(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + calls, "-e", "inject=%s:signal=KILL:when=%d" % (calls, at),
             ends.binary, "rm", "1", "2"], cwd=ends.cwd, env=ends.environment({}), capture_output=True, check=False)
        if killed.returncode == 0:
            assert runs(ends) == []
            return
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        whole = [int(name) for name in runs(ends) if name.isdigit()]
        if whole:
            listed = ends("list", "--json")
            assert listed.err == "" and [(run["run"], run["state"], run["done"]) for run in listed.json()["runs"]] == [
                (number, "done", 2) for number in whole]
        if not whole or at % 8 == 1:
            make(ends, 1)
        assert ends("rm", "1-99").code == 0 and runs(ends) == []
        assert not os.path.lexists(ends.cwd / ".lopin/last")
        restore()


def test_rm_twice_at_once(ends):
    make(ends, 6)
    several = [ends.start("rm", "1-6") for _ in range(4)]
    assert 0 in [one.wait(60) for one in several]
    assert all(one.returncode in (0, 4) for one in several), [one.stderr.read() for one in several]
    assert ends("rm", "1-6").code == 4 and runs(ends) == []


def test_rm_and_resume_at_once(ends, wait_until):
    """One of both has the run: it is whole and done, or gone."""
    for _ in range(5):
        process = live(ends, wait_until, 1)
        process.kill()
        process.wait()
        open_gate(ends, "one")
        remove, resume = ends.start("rm", "1"), ends.start("resume", "1")
        codes = remove.wait(60), resume.wait(60)
        if runs(ends) == ["1"]:
            assert codes == (4, 0) and ends("status", "--check").code == 0
            assert ends("rm", "1").code == 0
        else:
            assert codes[0] == 0 and runs(ends) == []
        os.unlink(ends.cwd / "gate/one")


def test_rm_on_a_full_disk(ends, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", small], capture_output=True, check=False).returncode:
        pytest.skip("cannot mount a small tmpfs here")
    try:
        ends.write("echo.py", ECHO)
        assert ends("map", ends.cwd / "echo.py", "a", cwd=small).code == 0
        with pytest.raises(OSError), open(small / "full", "wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
        result = ends("rm", "1", cwd=small)
        assert result.code == 0, result.err
        assert os.listdir(small / ".lopin/runs") == []
    finally:
        subprocess.run(["umount", small], check=True)
