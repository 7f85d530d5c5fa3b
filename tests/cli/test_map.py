# SPDX-License-Identifier: Apache-2.0
"""Tasks of a map: what they are given, what becomes of their outputs and logs, and why they failed."""
import json
import os
import signal
import sys

import pytest

pytestmark = pytest.mark.sanitize
CPUS = sorted(os.sched_getaffinity(0))


def journal(lopin, run=1):
    """[(kind, {field: value})] of a run, in order."""
    folder = lopin.cwd / ".lopin/runs" / str(run)
    records = []
    for path in sorted(folder.glob("journal.0-*"), key=lambda path: int(path.name.split("-")[1])):
        for line in path.read_text().splitlines()[1:]:
            words = line.split(" ")
            records.append((words[0], dict(word.split("=", 1) for word in words[1:-1])))
    return records


def ends(lopin, run=1):
    return [fields for kind, fields in journal(lopin, run) if kind == "end"]


def test_environment_of_a_task(lopin):
    lopin.write("show.sh", "#!/bin/sh\nenv -0 >\"$1.env\"; taskset -cp $$ >\"$1.cpus\" 2>&1; ps -o pgid= -p $$ >\"$1.pgid\"\n"
                "echo $$ >\"$1.pid\"; readlink /proc/self/fd/0 >\"$1.stdin\"\n", 0o755)
    result = lopin("map", "--local", "-J", "night", "./show.sh", "a", "b", env={"LOPIN_TASK_OUT": "of an outer one"})
    assert result.code == 0, result.err
    seeds = set()
    for number, name in enumerate("ab", 1):
        items = [item.split("=", 1) for item in (lopin.cwd / (name + ".env")).read_text().split("\0") if item]
        env = dict(items)
        assert len(env) == len(items)  # none twice: programs do not agree which one counts
        assert env["LOPIN_TASK"].startswith("1.") and env["LOPIN_TASK_DATASET"] == name
        assert env["LOPIN_TASK_NUMBER"] == str(number) and env["LOPIN_TASK_ATTEMPT"] == "1"
        assert 1 <= int(env["LOPIN_TASK_SLOT"]) <= len(CPUS) and env["LOPIN_TASK_CORES"] == "1"
        assert "LOPIN_TASK_OUT" not in env and env["OMP_NUM_THREADS"] == "1" and env["PYTHON_CPU_COUNT"] == "1"
        assert env["TMPDIR"].startswith(lopin.env["TMPDIR"]) and not os.path.exists(env["TMPDIR"])
        seeds.add(int(env["LOPIN_TASK_SEED"]))
        assert (lopin.cwd / (name + ".pgid")).read_text().split() == (lopin.cwd / (name + ".pid")).read_text().split()
        assert (lopin.cwd / (name + ".stdin")).read_text().strip() == "/dev/null"
    assert len(seeds) == 2


def test_slots_do_not_overlap(lopin):
    """Two tasks that wait for each other run side by side, on CPUs of their own."""
    if len(CPUS) < 2:
        pytest.skip("needs two CPUs in the mask")
    lopin.write("meet.py", "import os, sys, time\n"
                "mine, other = sys.argv[1], 'ab'['ab'.index(sys.argv[1]) ^ 1]\n"
                "open(mine + '.cpus', 'w').write(','.join(map(str, sorted(os.sched_getaffinity(0)))))\n"
                "open(mine + '.there', 'w').close()\n"
                "while not os.path.exists(other + '.there'): time.sleep(0.01)\n")
    result = lopin("map", "--local", "-j", "2", "meet.py", "a", "b")
    assert result.code == 0, result.err
    sets = [set((lopin.cwd / (name + ".cpus")).read_text().split(",")) for name in "ab"]
    assert sets[0] and sets[1] and not sets[0] & sets[1]


def test_tmpdir_is_emptied(lopin):
    lopin.write("fill.sh", "#!/bin/sh\nls -A \"$TMPDIR\" >\"$1.before\"\nmkdir \"$TMPDIR/d\"; : >\"$TMPDIR/d/f\"\n", 0o755)
    result = lopin("map", "--local", "-j", "1", "./fill.sh", "a", "b", "c")
    assert result.code == 0, result.err
    for name in "abc":
        assert (lopin.cwd / (name + ".before")).read_text() == ""
    assert os.listdir(lopin.env["TMPDIR"] + "/lopin-%d" % os.geteuid()) == []


COPY = "#!/bin/sh\ncat \"$1\" >\"$2\"\n"


@pytest.fixture
def copy(lopin):
    lopin.write("copy.sh", COPY, 0o755)
    for name in "abc":
        lopin.write("in/%s.txt" % name, name * 100)
    return lopin


def outputs(lopin, folder="out"):
    path = lopin.cwd / folder
    return {name: (path / name).read_text() for name in os.listdir(path)} if path.exists() else None


def test_out(copy):
    result = copy("map", "--local", "--out", "out/{/}", "./copy.sh", "{}", "{out}", ":::", "in/a.txt", "in/b.txt")
    assert result.code == 0, result.err
    assert outputs(copy) == {"a.txt": "a" * 100, "b.txt": "b" * 100}  # and no .lopin-* beside them
    for fields in ends(copy):
        stat = os.stat(fields["output"])
        assert (stat.st_size, stat.st_ino) == (int(fields["output-size"]), int(fields["output-inode"]))
        assert fields["state"] == "done"


def test_out_keeps_suffixes(lopin):
    lopin.write("save.py", "import os, sys\nassert os.path.basename(sys.argv[2]) == os.path.basename(sys.argv[1]) + '.tar.gz'\n"
                "assert sys.argv[2] == os.environ['LOPIN_TASK_OUT']\nopen(sys.argv[2], 'w').write('x')\n")
    result = lopin("map", "--local", "--out", "o/{/}.tar.gz", "save.py", "{}", "{out}", ":::", "d1", "d 2")
    assert result.code == 0, result.err + lopin("log", "--failed").out
    assert outputs(lopin, "o") == {"d1.tar.gz": "x", "d 2.tar.gz": "x"}


def test_out_may_be_a_folder(lopin):
    lopin.write("many.sh", "#!/bin/sh\nmkdir \"$2\" && echo 1 >\"$2/one\" && echo 2 >\"$2/two\"\n", 0o755)
    words = ["map", "--local", "--out", "o/{/}", "./many.sh", "{}", "{out}", ":::", "d"]
    for _ in range(2):  # the second run replaces what the first one made
        result = lopin(*words)
        assert result.code == 0, result.err
        assert sorted(os.listdir(lopin.cwd / "o/d")) == ["one", "two"]


def test_failed_task_leaves_no_output(copy):
    copy.write("half.sh", "#!/bin/sh\necho half >\"$2\"\nexit 3\n", 0o755)
    result = copy("map", "--local", "--out", "out/{/}", "./half.sh", "{}", "{out}", ":::", "in/a.txt")
    assert result.code == 1
    assert "exit-code" in result.err and "3" in result.err and "lopin log" in result.err
    assert outputs(copy) == {}
    assert ends(copy)[0]["state"] == "failed" and ends(copy)[0]["code"] == "3"


def test_no_output(copy):
    result = copy("map", "--local", "--out", "out/{/}", "true", "{}", "{out}", ":::", "in/a.txt")
    assert result.code == 1
    assert "no-output" in result.err
    assert outputs(copy) == {}


def test_output_exists(copy):
    copy.write("out/a.txt", "mine")
    words = ["--out", "out/{/}", "./copy.sh", "{}", "{out}", ":::", "in/a.txt", "in/b.txt"]
    result = copy("map", "--local", *words)
    assert result.code == 2 and "[output-exists]" in result.err and "out/a.txt" in result.err
    assert "--overwrite" in result.err
    assert not (copy.cwd / ".lopin").exists()
    assert outputs(copy) == {"a.txt": "mine"}
    assert copy("map", "--local", "--overwrite", *words).code == 0
    assert outputs(copy)["a.txt"] == "a" * 100
    assert copy("map", "--local", *words).code == 0  # what a run made it may make again
    copy.write("out/b.txt", "changed by hand")
    result = copy("map", "--local", *words)
    assert result.code == 2 and "out/b.txt" in result.err
    assert outputs(copy)["b.txt"] == "changed by hand"


def test_inputs_are_never_written(copy):
    before = outputs(copy, "in")
    result = copy("map", "--local", "--out", "{}", "./copy.sh", "{}", "{out}", ":::", "in/a.txt")
    assert result.code == 2 and "[same-output]" in result.err
    assert outputs(copy, "in") == before


@pytest.mark.parametrize("many", [False, True], ids=["files", "pack"])
def test_logs(lopin, many):
    """A file a task, or above 1,000 datasets one pack: the same to who asks."""
    lopin.write("say.sh", "#!/bin/sh\ncase $1 in *7) printf 'out %s\\n' \"$1\"; printf 'err\\377\\n' >&2;; esac\n", 0o755)
    count = 1100 if many else 20
    lopin.write("list", "".join("%d\n" % number for number in range(1, count + 1)))
    result = lopin("map", "--local", "-Q", "--from", "list", "./say.sh")
    assert result.code == 0, result.err
    for number in (7, 17):
        assert lopin("log", str(number)).stdout == b"out %d\nerr\xff\n" % number
    assert lopin("log", "8").stdout == b""
    files = os.listdir(lopin.cwd / ".lopin/runs/1/logs")
    assert len(files) == (0 if many else 2)


def test_logs_elsewhere(lopin):
    lopin.write("say.sh", "#!/bin/sh\necho out $1\necho err $1 >&2\n", 0o755)
    result = lopin("map", "--local", "-o", "logs/{}/out", "-e", "logs/{}/err", "./say.sh", "a", "b")
    assert result.code == 0, result.err
    for name in "ab":
        assert (lopin.cwd / "logs" / name / "out").read_text() == "out %s\n" % name
        assert (lopin.cwd / "logs" / name / "err").read_text() == "err %s\n" % name
    result = lopin("map", "--local", "-o", "both.{#}", "./say.sh", "a")
    assert result.code == 0, result.err
    assert (lopin.cwd / "both.1").read_text() == "out a\nerr a\n"
    result = lopin("map", "--local", "-o", "one", "./say.sh", "a", "b")
    assert result.code == 2 and "[same-output]" in result.err and not (lopin.cwd / "one").exists()


def test_cause_in_a_log_elsewhere(lopin):
    lopin.write("bad.py", "import sys\nraise ValueError('negative energy')\n")
    result = lopin("map", "--local", "-e", "err.{#}", "bad.py", "a")
    assert result.code == 1
    assert "python-error" in result.err and "negative energy" in result.err and "bad.py:2" in result.err


def test_causes_are_grouped(lopin):
    lopin.write("bad.py", "import os, signal, sys\nname = sys.argv[1]\n"
                "if name < 'c': raise ValueError('negative energy')\n"
                "if name == 'c': os.kill(os.getpid(), signal.SIGSEGV)\n"
                "if name == 'd': sys.exit(4)\n")
    result = lopin("map", "--local", "bad.py", "a", "b", "c", "d", "e", "f")
    assert result.code == 1
    assert "2 of 6" in result.err and "4 failed" in result.err
    assert result.err.count("ValueError: negative energy") >= 1 and "bad.py:3" in result.err
    assert "SIGSEGV" in result.err and "exit-code" in result.err
    by_state = {}
    for fields in ends(lopin):
        by_state.setdefault(fields.get("cause", ""), []).append(fields["code"] if "code" in fields else "0")
    assert by_state["python-error"] == ["1", "1"] and by_state["signal"] == [str(-signal.SIGSEGV)]


def test_children_left_in_the_group_end_with_the_task(lopin, wait_until):
    lopin.write("leave.sh", "#!/bin/sh\nsleep 1000 &\necho $! >\"$1.pid\"\n", 0o755)
    assert lopin("map", "--local", "./leave.sh", "a").code == 0
    pid = int((lopin.cwd / "a.pid").read_text())

    def gone():
        try:
            with open("/proc/%d/stat" % pid, encoding="ascii") as file:
                return file.read().rsplit(")", 1)[1].split()[0] == "Z"
        except OSError:
            return True

    wait_until(gone)


def test_stdin(lopin):
    result = lopin("map", "--local", "--stdin", "-j", "1", "sh", "-c", "cat >got", ":::", "a", input=b"text")
    assert result.code == 0, result.err
    assert (lopin.cwd / "got").read_text() == "text"


def test_one_argument_too_long(lopin):
    """A dataset that no program can be given fails alone."""
    lopin.write("list", "short\n" + "x" * 200000 + "\n")
    result = lopin("map", "--local", "--from", "list", "true")
    assert result.code == 1, result.err
    assert "1 of 2" in result.err and "1 failed" in result.err


def test_program_that_cannot_be_executed(lopin):
    lopin.write("bad.sh", "#!/no/such/interpreter\n", 0o755)
    result = lopin("map", "--local", "./bad.sh", "a")
    assert result.code == 1
    assert "no-program" in result.err


def test_more_slots_than_descriptors(lopin):
    """The limit of open files is raised for lopin and as it was for tasks."""
    lopin.write("list", "1\n2\n3\n")
    result = lopin("map", "--local", "--shell", "ulimit -n >limit.{}", ":::", "1", "2",
                   preexec_fn=lambda: __import__("resource").setrlimit(7, (40, 4096)))
    assert result.code == 0, result.err
    assert (lopin.cwd / "limit.1").read_text() == "40\n"


def test_json_report_is_one_object(copy):
    assert copy("map", "--local", "--out", "out/{/}", "./copy.sh", "{}", "{out}", ":::", "in/a.txt", "in/b.txt").code == 0
    report = json.loads(copy("report", "--json").stdout)
    assert report["v"] == 1 and report["done"] == report["datasets"] == 2


@pytest.mark.parametrize("given", [["--keep-env", "PYTHONNOUSERSITE"], []], ids=["kept", "out"])
def test_user_site_is_kept_out(lopin, given):
    python = os.path.join(sys.base_prefix, "bin", "python3")
    folder = "lib/python%d.%d/site-packages" % sys.version_info[:2]
    (lopin.home / ".local" / folder).mkdir(parents=True)
    (lopin.home / ".local" / folder / "mine.py").write_text("")
    lopin.write("use.py", "import mine\n")
    result = lopin("map", "--local", "--python", python, *given, "use.py", "a")
    if given:
        assert result.code == 0, result.err
    else:
        assert result.code == 1 and "ModuleNotFoundError" in result.err
        assert "the user's packages" in result.err and "--keep-env PYTHONNOUSERSITE" in result.err


@pytest.mark.parametrize("given", ["--keep-env", None])
def test_pythonpath_is_kept_out(lopin, given):
    lopin.write("lib/mine.py", "")
    lopin.write("use.py", "import mine\n")
    words = ["--keep-env", "PYTHONPATH"] if given else []
    result = lopin("map", "--local", *words, "use.py", "a", env={"PYTHONPATH": str(lopin.cwd / "lib")})
    if given:
        assert result.code == 0, result.err
    else:
        assert result.code == 1 and "ModuleNotFoundError" in result.err
        assert "PYTHONPATH" in result.err and "--keep-env PYTHONPATH" in result.err
