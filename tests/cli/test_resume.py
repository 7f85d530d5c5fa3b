# SPDX-License-Identifier: Apache-2.0
"""Killed anywhere and continued: what is done stays done, what is not runs, never two at once."""
import os
import random
import signal
import subprocess

import pytest
from processes import end_sleeps, kill_all, kill_together, runner_of, working_in
from test_map import ends, journal

# Each task notes its start and its end in one file a dataset, so that a second start shows.
NOTE = """#!/bin/sh
echo start >>"notes/$1"
if [ -e "hold" ]; then sleep 1000; fi
echo "$1" >"$2"
echo end >>"notes/$1"
"""
COUNT = 30
WORDS = ["--local", "--out", "out/{}", "./note.sh", "{}", "{out}", ":::", *map(str, range(COUNT))]


@pytest.fixture
def noting(lopin):
    lopin.write("note.sh", NOTE, 0o755)
    (lopin.cwd / "notes").mkdir()
    yield lopin
    lopin.close()
    kill_all(lopin.cwd)


def notes(lopin):
    return {path.name: path.read_text().split() for path in (lopin.cwd / "notes").iterdir()}


def state(fields):
    return fields["state"]


def done_keys(lopin):
    return [fields["key"] for fields in ends(lopin) if fields["state"] == "done"]


def whole(lopin):
    files = os.listdir(lopin.cwd / "out")
    assert sorted(files, key=int) == [str(number) for number in range(COUNT)]
    for name in files:
        assert (lopin.cwd / "out" / name).read_text() == name + "\n"


@pytest.mark.sanitize
@pytest.mark.parametrize("turn", range(6))
def test_killed_at_a_record(noting, wait_until, turn):
    """kill -9 of the runner when its journal has k records, again and again until nothing is left."""
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    words, kills = ["map", *WORDS], 0
    journals = noting.cwd / ".lopin/runs/1"

    def records():  # without the first line of each file
        return sum(max(path.read_bytes().count(b"\n") - 1, 0) for path in journals.glob("journal.*"))

    while True:
        target = records() + chance.randrange(1, 25)
        process = noting.start(*words)

        def reached(target=target, process=process):
            return records() >= target or process.poll() is not None

        wait_until(reached)
        process.kill()
        status = process.wait()
        if status != -signal.SIGKILL:
            assert status == 0, process.stderr.read()
            break
        kills += 1
        words = ["resume"] if journals.exists() and (journals / "datasets").exists() and list(journals.glob("journal.*")) \
            else words
    keys = done_keys(noting)
    assert len(keys) == len(set(keys)) == COUNT, "done twice or lost (seed %d, %d kills)" % (seed, kills)
    whole(noting)
    status = noting("status", "--check")
    assert status.code == 0


def test_done_is_not_run_again(noting):
    noting.write("note.sh", NOTE.replace("echo end", '[ "$1" = 7 ] && [ ! -e fixed ] && exit 1\necho end'), 0o755)
    assert noting("map", *WORDS).code == 1
    (noting.cwd / "fixed").touch()
    result = noting("resume")
    assert result.code == 1 and "lopin retry" in result.err  # nothing was unfinished
    assert noting("retry").code == 0
    counts = {name: words.count("start") for name, words in notes(noting).items()}
    assert counts.pop("7") == 2 and set(counts.values()) == {1}
    whole(noting)
    assert noting("resume").code == 0


def hold(lopin, wait_until, *words, env=None):
    """A run whose first tasks are running and wait."""
    (lopin.cwd / "hold").touch()
    process = lopin.start("map", *(words or WORDS), env=env)
    wait_until(lambda: [name for name, lines in notes(lopin).items() if lines == ["start"]])
    return process


def test_run_busy(noting, wait_until):
    process = hold(noting, wait_until)
    result = noting("resume")
    assert result.code == 4 and "[run-busy]" in result.err and "process %d " % runner_of(noting) in result.err
    assert noting("status", "--check").code == 75
    process.kill()
    process.wait()
    (noting.cwd / "hold").unlink()
    assert noting("resume").code == 0
    whole(noting)


def test_tasks_and_their_children_do_not_outlive_the_resume(noting, wait_until):
    """A child in a session of its own survives the kill of all others; resume ends it before it starts anything."""
    noting.write("note.sh", NOTE.replace("if [", 'if [ -e hold ]; then setsid sleep 1000 & echo $! >"child.$1"; fi\nif ['), 0o755)
    process = hold(noting, wait_until)
    child = wait_until(lambda: [path for path in noting.cwd.glob("child.*") if path.read_text().strip()])[0]
    pid = int(child.read_text())
    kill_together(process.pid, runner_of(noting))
    process.wait()
    os.kill(pid, 0)  # still there: PDEATHSIG reached the task only
    (noting.cwd / "hold").unlink()
    result = noting("resume")
    assert result.code == 0, result.err
    whole(noting)
    assert [pid for pid in working_in(noting.cwd) if pid != os.getpid()] == []


def test_interrupted_once_and_twice(noting, wait_until):
    """Ctrl-C: no new tasks; again: they are killed, and count as not done."""
    process = hold(noting, wait_until)
    process.send_signal(signal.SIGINT)
    wait_until(lambda: 0 < noting("status", "--json").json()["running"] == len(notes(noting)))
    assert process.poll() is None
    started = len(notes(noting))
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 75
    assert len(notes(noting)) == started
    assert {state(fields) for fields in ends(noting)} == {"stopped"}
    assert b"lopin resume" in process.stderr.read()
    (noting.cwd / "hold").unlink()
    assert noting("resume").code == 0
    whole(noting)


def test_interrupted_tasks_may_finish(noting, wait_until):
    process = hold(noting, wait_until)
    process.send_signal(signal.SIGTERM)

    def ended():
        end_sleeps(noting.cwd)
        return process.poll() is not None

    wait_until(ended)
    assert process.wait(timeout=60) == 75
    finished = [fields for fields in ends(noting) if state(fields) == "done"]
    assert len(finished) == len(notes(noting)) < COUNT
    (noting.cwd / "hold").unlink()
    assert noting("resume").code == 0
    whole(noting)


def test_terminal_is_gone(noting, wait_until):
    """SIGHUP counts as said twice, as nobody is there to say it again."""
    process = hold(noting, wait_until)
    process.send_signal(signal.SIGHUP)
    assert process.wait(timeout=60) == 75
    assert {state(fields) for fields in ends(noting)} == {"stopped"}
    (noting.cwd / "hold").unlink()
    assert noting("resume").code == 0
    whole(noting)


def test_nohup(noting, wait_until):
    """What the caller ignores stays ignored by lopin, and is as ever in tasks."""
    (noting.cwd / "hold").touch()
    noting.write("note.sh", NOTE.replace("if [", "grep SigIgn /proc/$$/status >>ignored\nif ["), 0o755)
    process = noting.start("map", *WORDS, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    wait_until(lambda: [name for name, lines in notes(noting).items() if lines == ["start"]])
    process.send_signal(signal.SIGHUP)
    (noting.cwd / "hold").unlink()

    def ended():
        end_sleeps(noting.cwd)
        return process.poll() is not None

    wait_until(ended)
    assert process.returncode == 0
    whole(noting)
    for line in (noting.cwd / "ignored").read_text().splitlines():
        assert not int(line.split()[1], 16) & 1  # SIGHUP is signal 1


def test_script_changed(noting, wait_until):
    process = hold(noting, wait_until, *WORDS[:-COUNT], *map(str, range(COUNT)))
    process.kill()
    process.wait()
    (noting.cwd / "hold").unlink()
    noting.write("note.sh", NOTE.replace("echo end", '[ "$1" = 5 ] && exit 9\necho end'), 0o755)
    assert noting("resume").code == 1  # nothing was done yet: the new script counts
    noting.write("note.sh", NOTE, 0o755)
    before = notes(noting)
    journals = sorted(os.listdir(noting.cwd / ".lopin/runs/1"))
    result = noting("resume")
    assert result.code == 2 and "[changed]" in result.err
    assert "--keep-done" in result.err and "--redo" in result.err
    assert notes(noting) == before and sorted(os.listdir(noting.cwd / ".lopin/runs/1")) == journals
    assert noting("retry").code == 0  # keeps the done ones, and says so
    whole(noting)
    assert {name for name, words in notes(noting).items() if words.count("start") > before[name].count("start")} == {"5"}
    assert noting("resume", "--keep-done").code == 0
    result = noting("resume", "--redo")
    assert result.code == 0, result.err
    assert min(words.count("end") for words in notes(noting).values()) >= 1
    whole(noting)


def test_dataset_changed(lopin):
    lopin.write("read.sh", "#!/bin/sh\ncat \"$1\" >>seen\n", 0o755)
    for name in "abc":
        lopin.write(name, name + "\n")
    assert lopin("map", "--local", "-j", "1", "./read.sh", "a", "b", "c").code == 0
    lopin.write("b", "new\n")
    result = lopin("resume")
    assert result.code == 0, result.err
    assert (lopin.cwd / "seen").read_text() == "a\nb\nc\nnew\n"


def test_map_resume(lopin):
    """The form for job scripts: starts, continues, takes in what came new, and is done when all is."""
    lopin.write("read.sh", "#!/bin/sh\necho \"$1\" >>seen\n", 0o755)
    words = ["map", "--resume", "--local", "-j", "1", "--order", "given", "./read.sh"]
    assert lopin(*words, "a", "b").code == 0
    assert lopin(*words, "a", "b").code == 0
    assert lopin(*words, "0", "a", "b", "c").code == 0
    assert (lopin.cwd / "seen").read_text().split() == ["a", "b", "0", "c"]
    assert os.listdir(lopin.cwd / ".lopin/runs") == ["1"]
    assert lopin(*words, "--tol", "{}", ":::", "a").code == 0  # another line, another run
    assert sorted(os.listdir(lopin.cwd / ".lopin/runs")) == ["1", "2"]


def test_dry_run_of_a_resume_touches_nothing(lopin):
    lopin.write("read.sh", "#!/bin/sh\necho \"$1\" >>seen\n", 0o755)
    words = ["map", "--resume", "--local", "./read.sh"]
    assert lopin(*words, "a").code == 0
    before = sorted(os.listdir(lopin.cwd / ".lopin/runs/1"))
    result = lopin(*words[:2], "--dry-run", *words[2:], "a", "b")
    assert result.code == 0 and "./read.sh b" in result.out
    assert (lopin.cwd / "seen").read_text() == "a\n" and sorted(os.listdir(lopin.cwd / ".lopin/runs/1")) == before


def test_the_same_line_again_names_the_unfinished_run(noting, wait_until):
    process = hold(noting, wait_until)
    os.kill(runner_of(noting), signal.SIGKILL)
    process.wait()
    (noting.cwd / "hold").unlink()
    result = noting("map", *WORDS)
    assert result.code == 0, result.err
    assert "lopin resume 1" in result.err
    assert sorted(os.listdir(noting.cwd / ".lopin/runs")) == ["1", "2"]


def test_a_torn_and_a_damaged_journal(noting):
    assert noting("map", *WORDS).code == 0
    path = noting.cwd / ".lopin/runs/1/journal.0-0"
    lines = path.read_bytes().splitlines(keepends=True)
    ended = [number for number, line in enumerate(lines) if line.startswith(b"end ")]
    lines[ended[3]] = lines[ended[3]].replace(b"state=done", b"state=dono")
    path.write_bytes(b"".join(lines[:ended[-1]]) + lines[ended[-1]][:20])
    result = noting("resume")
    assert result.code == 0, result.err
    counts = sorted(words.count("start") for words in notes(noting).values())
    assert counts == [1] * (COUNT - 2) + [2, 2]
    whole(noting)


def test_script_that_is_gone(noting, wait_until):
    process = hold(noting, wait_until)
    process.kill()
    process.wait()
    (noting.cwd / "note.sh").unlink()
    result = noting("resume")
    assert result.code == 4 and "[no-program]" in result.err and "note.sh" in result.err


def test_nothing_to_resume(noting):
    assert noting("resume").code == 4
    assert noting("resume", "7").code == 4


def test_run_format_of_a_later_version(noting):
    assert noting("map", *WORDS).code == 0
    path = noting.cwd / ".lopin/runs/1/run.json"
    path.write_text(path.read_text().replace('"v": 1', '"v": 99'))
    before = sorted(os.listdir(path.parent))
    result = noting("resume")
    assert result.code == 6 and "[run-format]" in result.err
    assert sorted(os.listdir(path.parent)) == before
    path.write_text("{")
    assert "[run-damaged]" in noting("resume").err


def test_two_lopins_start_at_once(lopin):
    """Each run gets a folder of its own."""
    starts = [lopin.start("map", "--local", "-Q", "true", "x") for _ in range(8)]
    assert [process.wait(timeout=60) for process in starts] == [0] * 8
    assert sorted(map(int, os.listdir(lopin.cwd / ".lopin/runs"))) == list(range(1, 9))


def test_two_resumes_at_once(noting, wait_until):
    process = hold(noting, wait_until)
    process.kill()
    process.wait()
    (noting.cwd / "hold").unlink()
    starts = [noting.start("resume") for _ in range(4)]
    statuses = [process.wait(timeout=60) for process in starts]
    assert set(statuses) <= {0, 4} and 0 in statuses
    keys = done_keys(noting)
    assert len(keys) == len(set(keys)) == COUNT
    whole(noting)


def test_full_disk(noting, tmp_path):
    """Outputs that do not fit: no half file under its name, a cause in words, status 6; goes on when there is room."""
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small], capture_output=True, check=False).returncode:
        pytest.skip("cannot mount a small tmpfs here")
    try:
        noting.write("big.sh", "#!/bin/sh\nhead -c 20000 /dev/zero >\"$2\"\n", 0o755)
        words = ["map", "--local", "-j", "1", "--out", str(small) + "/{}", "./big.sh", "{}", "{out}", ":::", *"abcdef"]
        process = noting.start(*words)
        said = b""
        while b"trying again" not in said:
            said += os.read(process.stderr.fileno(), 4096)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 6, said
        assert b"[disk-full]" in said
        for name in os.listdir(small):
            assert name.startswith(".lopin-") or os.path.getsize(small / name) == 20000
        subprocess.run(["mount", "-o", "remount,size=1m", small], check=True)
        assert noting("retry").code == 0
        assert sorted(os.listdir(small)) == list("abcdef")
        assert {os.path.getsize(small / name) for name in "abcdef"} == {20000}
    finally:
        subprocess.run(["umount", small], check=True)
