# SPDX-License-Identifier: Apache-2.0
"""lopin run --slurm on a real cluster: one job, its log, its end and what ends it."""
import json
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import time

import pytest

SHOW = """import json, os, sys
print(json.dumps([sys.argv[1:], sys.executable, sys.prefix, os.environ.get("OMP_NUM_THREADS"),
                  len(os.sched_getaffinity(0)), os.environ["SLURMD_NODENAME"], os.getcwd()]))
sys.exit(3)
"""
HOLD = """import pathlib, sys, time
print("begun", flush=True)
while not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.05)
print("ended")
"""


@pytest.fixture(scope="module")
def long_job(make_lopin, tmp_path_factory):
    """One that is over its time while the others run: Slurm looks each half minute."""
    return make_lopin(tmp_path_factory.mktemp("long")).start("run", "--slurm", "--wait", "-t", "1", "sleep", "600")


@pytest.fixture(autouse=True)
def begin(long_job):
    """Begins it before the first test."""


def jobs(lopin):
    return lopin.cwd / ".lopin/jobs"


def test_words_output_and_status_arrive(lopin, number):
    lopin.write("a b.py", SHOW)
    words = ["two words", "$HOME", "new\nline", "", "'\"\\", "é", "--wait"]
    done = lopin("run", "--slurm", "--wait", "-c", "1", "-t", "5", "--mem", "200M", "a b.py", *words)
    assert done.code == 3, done.err
    job = number(done.err)
    got, _, _, threads, cores, node, cwd = json.loads(done.out)
    assert (got, threads, cores, cwd) == (words, "1", 1, str(lopin.cwd)) and node in ("n1", "n2")
    assert (jobs(lopin) / (job + ".log")).read_text() == done.out
    assert (jobs(lopin) / (job + ".end")).read_text().startswith("lopin-job 1 status=3 restart=0 term=0 ")
    assert "status 3" in done.err and sorted(path.suffix for path in jobs(lopin).iterdir()) == [".end", ".log", ".sh"]


def test_the_log_is_shown_while_it_grows(lopin):
    lopin.write("hold.py", HOLD)
    process = lopin.start("run", "--slurm", "--wait", "hold.py", "go")
    assert process.stdout.readline() == b"begun\n"
    lopin.write("go", "")
    assert process.stdout.read() == b"ended\n" and process.wait(60) == 0


def test_without_wait_it_returns_at_once(lopin, slurm, number, until):
    lopin.write("hold.py", HOLD)
    done = lopin("run", "--slurm", "-J", "my job", "hold.py", "go")
    job = number(done.out)
    assert (done.code, done.out) == (0, "job %s\n" % job) and ".lopin/jobs/%s.log" % job in done.err
    assert slurm.slurm("squeue", "-h", "-j", job, "-o", "%j").strip() == "my job"
    lopin.write("go", "")
    until((jobs(lopin) / (job + ".end")).exists)
    assert (jobs(lopin) / (job + ".log")).read_text() == "begun\nended\n"


def test_a_dry_run_prints_the_script_which_works_by_hand(lopin, slurm, until):
    lopin.write("a.py", SHOW)
    done = lopin("run", "--slurm", "--dry-run", "-c", "1", "-p", "c-iq", "-t", "1:00:00", "--mem-per-cpu", "100M", "--exclusive",
                 "--mail-type", "NONE", "--sbatch=--comment=x y", "--sbatch=nice=5", "a.py", "w")
    assert done.code == 0, done.err
    for line in ("#!/bin/bash", "#SBATCH --partition=c-iq", "#SBATCH --cpus-per-task=1", "#SBATCH --time=01:00:00",
                 "#SBATCH --mem-per-cpu=100M", "#SBATCH --exclusive", '#SBATCH --comment="x y"', "#SBATCH --nice=5"):
        assert line in done.out.splitlines(), line
    assert not (lopin.cwd / ".lopin").exists()
    path = lopin.write("by hand.sh", done.out)
    job = subprocess.run(["sbatch", "--parsable", path], env=lopin.environment({}), cwd="/", capture_output=True, text=True,
                         check=True).stdout.strip()
    until((jobs(lopin) / (job + ".end")).exists)
    assert '["w"]' in (lopin.cwd / ("slurm-%s.out" % job)).read_text()  # the folder of logs was not there
    assert "/.lopin/jobs/%j.log" in lopin("run", "--slurm", "--dry-run", "a.py").out
    assert slurm.slurm("scontrol", "show", "job", job).count("Comment=x y") == 1


def test_the_active_environment_and_another_folder(lopin):
    lopin.write("a.py", SHOW)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", lopin.cwd / "my env"], check=True)
    (lopin.cwd / "else where").mkdir()
    done = lopin("run", "--slurm", "--wait", "-D", "else where", "a.py", env={"VIRTUAL_ENV": str(lopin.cwd / "my env")})
    assert done.code == 3, done.err
    _, _, prefix, _, _, _, cwd = json.loads(done.out)
    assert (prefix, cwd) == (str(lopin.cwd / "my env"), str(lopin.cwd / "else where"))


def test_output_goes_where_it_is_asked(lopin, number):
    lopin.write("a.sh", "#!/bin/sh\necho out; echo err >&2\n", mode=0o755)
    done = lopin("run", "--slurm", "--wait", "-o", "logs here/%x-%j.out", "-e", "errors/%j.err", "-J", "n", "./a.sh")
    job = number(done.err)
    assert (done.code, done.out) == (0, "out\n"), done.err
    assert (lopin.cwd / "logs here" / ("n-%s.out" % job)).read_text() == "out\n"
    assert (lopin.cwd / "errors" / (job + ".err")).read_text() == "err\n"
    done = lopin("run", "--slurm", "--wait", "-o", "%N-%j.out", "./a.sh")
    assert done.code == 125 and "[usage]" in done.err
    done = lopin("run", "--slurm", "-o", "%N-%j.out", "./a.sh")
    assert done.code == 0 and "%N-%j.out" in done.err


@pytest.mark.parametrize("words, name, cure", [
    (["-p", "c-iqq"], "refused", "-p c-iq"), (["-t", "9-0"], "over-limit", "-t 7-00:00:00"),
    (["-t", "3", "-p", "c-short"], "over-limit", "-p c-iq"), (["--mem", "99G"], "over-limit", "--mem 4G"),
    (["-c", "99"], "over-limit", "-c "), (["-N", "3"], "over-limit", "-N 2"), (["-w", "n9"], "refused", "Invalid node name"),
    (["--sbatch=--qqq=3"], "refused", "qqq"),
])
def test_what_is_refused(lopin, words, name, cure):
    lopin.write("a.py", SHOW)
    done = lopin("run", "--slurm", *words, "a.py")
    assert (done.code, done.out) == (125, "") and "[%s]" % name in done.err and cure in done.err, done.err
    assert not jobs(lopin).exists() or list(jobs(lopin).iterdir()) == []


def test_what_is_wrong_before_it_is_submitted(lopin):
    lopin.write("a.py", SHOW)
    for words, name in ((["absent.py"], "no-program"), (["--python", "/absent", "a.py"], "no-python"), ([], "usage"),
                        (["--local", "a.py"], "usage"), (["--sbatch=--array=1-3", "a.py"], "usage"),
                        (["--sbatch=-o x", "a.py"], "usage"), (["--mem", "1G", "--mem-per-cpu", "1G", "a.py"], "usage")):
        done = lopin("run", "--slurm", *words)
        assert done.code == 125 and "[%s]" % name in done.err, (words, done.err)
    assert not jobs(lopin).exists()
    newline = lopin.cwd / "new\nline"
    newline.mkdir()
    done = lopin("run", "--slurm", "--dry-run", "../a.py", cwd=newline)
    assert done.code == 125 and "newline" in done.err


def test_options_of_jobs_need_a_job(lopin):
    lopin.write("a.py", "print(1)")
    for words in (["-p", "c-iq"], ["-t", "5"], ["--wait"], ["--dry-run"], ["--mem", "1G"]):
        done = lopin("run", *words, "a.py")
        assert done.code == 125 and "[usage]" in done.err and "lopin run --slurm" in done.err


def test_without_slurm_and_without_a_controller(lopin, slurm):
    lopin.write("a.py", SHOW)
    done = lopin("run", "--slurm", "a.py", env={"PATH": str(pathlib.Path(sys.executable).parent)})
    assert done.code == 125 and "[no-slurm]" in done.err
    gone = lopin.write("gone.conf", "".join(
        "SlurmctldPort=1\n" if line.startswith("SlurmctldPort=") else line for line in open(slurm.conf, encoding="utf-8")))
    done = lopin("run", "--slurm", "a.py", env={"SLURM_CONF": str(gone)})
    assert done.code == 125 and "[slurm-silent]" in done.err, done.err


def test_files_say_where(lopin, number):
    lopin.write("a.py", SHOW)
    lopin.write("lopin.toml", 'where = "slurm"\ncpus-per-task = 1\n[slurm]\ntime = "1:30:00"\npartition = "c-iq"\nsbatch = ["nice=3"]\n')
    done = lopin("run", "--dry-run", "a.py")
    for line in ("--time=01:30:00", "--partition=c-iq", "--nice=3", "--cpus-per-task=1"):
        assert "#SBATCH %s\n" % line in done.out
    assert "--time=00:05:00" in lopin("run", "--dry-run", "-t", "5", "a.py").out
    lopin.write("b.py", "import os; print(os.environ.get('SLURM_JOB_ID'))")
    done = lopin("run", "--local", "b.py")
    assert (done.code, done.out) == (0, "None\n")
    done = lopin("run", "--wait", "-c", "1", "b.py")
    assert (done.code, done.out) == (0, number(done.err) + "\n")


def test_cancelled(lopin, slurm):
    lopin.write("hold.py", HOLD)
    process = lopin.start("run", "--slurm", "--wait", "hold.py", "go")
    assert process.stdout.readline() == b"begun\n"
    slurm.slurm("scancel", "-n", "hold.py")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 143 and b"[cancelled]" in err


SAVE = """import signal, sys, time
told = []
for name in ("SIGTERM", "SIGUSR1"): signal.signal(getattr(signal, name), lambda number, _: told.append(number))
print("begun", flush=True)
while not told: time.sleep(0.05)
time.sleep(1)
print("saved", *told, sys.stdin.read(), flush=True)
sys.exit(3)
"""


@pytest.mark.parametrize("way, sent", [([], signal.SIGTERM), (["-b", "-s", "USR1"], signal.SIGUSR1)])
@pytest.mark.parametrize("grouped", [False, True])
def test_a_script_that_saves_when_it_is_told_to_end(slurm, accounts, make_lopin_on, tmp_path, until, number, grouped, way, sent):
    """It is told once, whatever Slurm tracks its processes by, and the job ends with its status."""
    cluster = accounts if grouped else slurm
    lopin = make_lopin_on(cluster, tmp_path)
    lopin.write("save.py", SAVE)
    job = number(lopin("run", "--slurm", "-c", "1", "save.py").out)
    log, end = (jobs(lopin) / (job + suffix) for suffix in (".log", ".end"))
    until(lambda: log.exists() and "begun" in log.read_text())
    cluster.slurm("scancel", *way, job)
    until(end.exists)
    assert "saved %d \n" % sent in log.read_text()
    assert end.read_text().startswith("lopin-job 1 status=3 restart=0 term=%d " % (sent == signal.SIGTERM))


def test_what_had_begun_was_killed(lopin, slurm):
    """Without a record, and Slurm says only that it was cancelled."""
    lopin.write("deaf.py", "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('begun', flush=True)\ntime.sleep(600)\n")
    process = lopin.start("run", "--slurm", "--wait", "deaf.py")
    assert process.stdout.readline() == b"begun\n"
    slurm.slurm("scancel", "-f", "-s", "KILL", "-n", "deaf.py")
    slurm.slurm("scancel", "-n", "deaf.py")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 137 and b"[cancelled]" in err, err


def test_the_name_of_a_file_s_table(lopin):
    lopin.write("a.py", SHOW)
    lopin.write("lopin.toml", '[slurm]\njob-name = "tn"\n')
    for words in (["run", "--slurm", "--dry-run", "a.py"], ["map", "--slurm", "--dry-run", "a.py", ":::", "x"]):
        assert "#SBATCH --job-name=tn" in lopin(*words).out.splitlines()
    done = lopin("alloc", "-t", "5", "sh", "-c", "echo $SLURM_JOB_NAME")
    assert done.out == "tn\n", done.err


def test_interrupted_twice_it_is_cancelled(lopin, slurm, number):
    lopin.write("hold.py", HOLD)
    process = lopin.start("run", "--slurm", "--wait", "hold.py", "go")
    job = number(process.stderr.readline().decode())
    assert process.stdout.readline() == b"begun\n"
    process.send_signal(signal.SIGINT)
    while b"^C again" not in process.stderr.readline():
        pass
    assert slurm.state(job) == "RUNNING"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert process.returncode == 130
    slurm.wait_state(job, "CANCELLED", "COMPLETING")


def test_left_alone_it_goes_on(lopin, slurm, number, until):
    lopin.write("hold.py", HOLD)
    process = lopin.start("run", "--slurm", "--wait", "hold.py", "go")
    job = number(process.stderr.readline().decode())
    assert process.stdout.readline() == b"begun\n"
    process.send_signal(signal.SIGQUIT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGQUIT and b"scancel " + job.encode() in err
    lopin.write("go", "")
    until((jobs(lopin) / (job + ".end")).exists)


def forget(lopin):
    """What squeue said, as a minute does."""
    for path in (pathlib.Path(lopin.env["XDG_CACHE_HOME"]) / "lopin").glob("slurm-*/queue.*"):
        path.unlink(missing_ok=True)


def test_too_much_memory(lopin, slurm, number):
    lopin.write("eat.py", "import time\nx = bytearray(900 << 20)\ntime.sleep(600)\n")
    process = lopin.start("run", "--slurm", "--wait", "--mem", "100M", "eat.py")
    slurm.wait_state(number(process.stderr.readline().decode()), "FAILED", "OUT_OF_MEMORY")
    forget(lopin)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 137 and b"[memory-limit]" in err, err


def test_how_often_slurm_is_asked(lopin, until):
    """Several that wait for long share an answer, and each asks when its job has ended."""
    log = lopin.cwd / "asked"
    (lopin.cwd / "bin").mkdir()
    lopin.write("bin/squeue", '#!/bin/sh\necho "$PPID" >>%s\nexec %s "$@"\n' % (shlex.quote(str(log)), shutil.which("squeue")), mode=0o755)
    lopin.write("hold.py", HOLD)
    env = {"PATH": "%s:%s" % (lopin.cwd / "bin", lopin.env["PATH"])}
    began = time.monotonic()
    waits = [lopin.start("run", "--slurm", "--wait", "hold.py", "go", env=env) for _ in range(3)]
    for process in waits:
        assert process.stdout.readline() == b"begun\n"
    until(lambda: log.exists())
    time.sleep(5)  # they look each 2 s
    assert len(log.read_text().splitlines()) <= 1 + (time.monotonic() - began) // 60
    lopin.write("go", "")
    for process in waits:
        process.communicate(timeout=120)
        assert process.returncode == 0




def test_a_lost_node(lopin, slurm, number, until):
    """The job begins again on the other node, and the record of its end is that of the second run."""
    lopin.write("hold.py", HOLD.replace('"begun"', '"begun", __import__("os").environ["SLURMD_NODENAME"]'))
    process = lopin.start("run", "--slurm", "--wait", "--sbatch=--requeue", "hold.py", "go")
    job = number(process.stderr.readline().decode())
    node = process.stdout.readline().split()[1].decode()
    assert slurm.cluster("kill-node", node).returncode == 0
    slurm.slurm("scontrol", "update", "nodename=" + node, "state=down", "reason=test")
    try:
        second = process.stdout.readline()
        assert second.startswith(b"begun") and node.encode() not in second
        lopin.write("go", "")
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0 and b"begins again" in err
        assert "restart=1" in (jobs(lopin) / (job + ".end")).read_text()
    finally:
        slurm.cluster("start-node", node)
        until(lambda: slurm.slurm("sinfo", "-h", "-n", node, "-p", "c-iq", "-o", "%T").strip() in ("idle", "mixed", "allocated"))


def test_an_old_record_is_not_taken_for_the_end(lopin, number):
    lopin.write("hold.py", HOLD)
    process = lopin.start("run", "--slurm", "--wait", "hold.py", "go")
    job = number(process.stderr.readline().decode())
    assert process.stdout.readline() == b"begun\n"
    (jobs(lopin) / (job + ".end")).write_text("lopin-job 1 status=7 restart=0 term=1 end=1 node=n1\n")
    time.sleep(3)
    assert process.poll() is None
    lopin.write("go", "")
    process.communicate(timeout=120)
    assert process.returncode == 0


def test_what_another_cluster_s_job_of_that_number_left(lopin, number):
    lopin.write("a.sh", "#!/bin/sh\nsleep 1\necho new\n", mode=0o755)
    first = int(number(lopin("run", "--slurm", "--wait", "./a.sh").err))
    for job in range(first + 1, first + 4):
        (jobs(lopin) / ("%d.log" % job)).write_text("old\n")
        (jobs(lopin) / ("%d.end" % job)).write_text("lopin-job 1 status=7 restart=0 term=0 end=1 node=n1\n")
    done = lopin("run", "--slurm", "--wait", "./a.sh")
    assert int(number(done.err)) < first + 4 and (done.code, done.out) == (0, "new\n"), done.err


def test_a_record_that_could_not_be_written(lopin, slurm, number):
    """Slurm knows the status too."""
    lopin.write("hold.py", HOLD + "sys.exit(5)\n")
    process = lopin.start("run", "--slurm", "--wait", "-o", "out.%j", "hold.py", "go")
    job = number(process.stderr.readline().decode())
    assert process.stdout.readline() == b"begun\n"
    jobs(lopin).rename(lopin.cwd / "moved")
    lopin.write("go", "")
    slurm.wait_state(job, "FAILED")
    forget(lopin)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 5 and b"status 5" in err


def test_a_wait_that_is_killed(lopin, slurm, number):
    """kill -9 of the wait does nothing to the job."""
    lopin.write("hold.py", HOLD)
    process = lopin.start("run", "--slurm", "--wait", "hold.py", "go")
    job = number(process.stderr.readline().decode())
    assert process.stdout.readline() == b"begun\n"
    process.kill()
    process.wait()
    assert slurm.state(job) == "RUNNING"
    lopin.write("go", "")
    slurm.wait_state(job, "COMPLETED")


def test_over_its_time(long_job, lopin, number):
    out, err = long_job.communicate(timeout=240)
    assert long_job.returncode in (137, 143) and b"[time-limit]" in err and b"-t 00:02:00" in err, err
    done = lopin("explain", number(err.decode()))
    assert "TIMEOUT on n" in done.out and "its time was over" in done.out and "[time-limit]" in done.out and "-t 00:02:00" in done.out


def test_threads_of_a_job(lopin, slurm, number, until):
    """On the node that it is on, as all of these are; afterwards it is there no more."""
    lopin.write("hold.py", HOLD)
    done = lopin("run", "--slurm", "--python", sys.executable, "hold.py", "gate")
    job = number(done.out)
    until(lambda: (jobs(lopin) / (job + ".log")).exists() and "begun" in (jobs(lopin) / (job + ".log")).read_text())
    found = lopin("threads", "job:" + job, "--json").json()
    assert "hold.py" in str(found), found
    (lopin.cwd / "gate").touch()
    slurm.wait_state(job, "COMPLETED")
    gone = lopin("threads", "job:" + job)
    assert gone.code == 4 and "[no-process]" in gone.err
