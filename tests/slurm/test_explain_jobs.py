# SPDX-License-Identifier: Apache-2.0
"""lopin explain JOB on a real cluster: why jobs wait, how they run, why they ended; Slurm is asked seldom."""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import time

import pytest

HOLD = "while [ ! -e %s ]; do sleep 0.1; done"


class Jobs:
    """Jobs that are there for one test, and what lopin says of them."""

    def __init__(self, cluster, lopin):
        self.cluster, self.lopin = cluster, lopin
        lopin.env["SLURM_CONF"] = str(cluster.conf)

    def sbatch(self, *words, script="true"):
        done = subprocess.run(["sbatch", "--parsable", "-t", "5", "-o", "/dev/null", *words, "--wrap", script],
                              env=self.lopin.environment({}), cwd=self.lopin.cwd, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def forget(self):
        """What was kept of Slurm's answers: the next question is asked."""
        shutil.rmtree(self.lopin.env["XDG_CACHE_HOME"] + "/lopin", ignore_errors=True)

    def ask(self, *words, **options):
        self.forget()
        return self.lopin("explain", *words, **options)

    def tell(self, job, **options):
        done = self.ask(job, **options)
        assert (done.code, done.err) == (0, ""), done.err
        return done.out

    def json(self, job):
        done = self.ask(job, "--json")
        assert (done.code, done.err) == (0, ""), done.err
        return done.json()

    def wait(self, job, *states):
        self.cluster.wait_state(job, *states)


@pytest.fixture
def jobs(slurm, lopin):
    made = Jobs(slurm, lopin)
    yield made
    slurm.slurm("scancel", "-u", str(os.getuid()))


@pytest.fixture
def booked(accounts, lopin):
    made = Jobs(accounts, lopin)
    yield made
    accounts.slurm("scancel", "-u", str(os.getuid()))


def until(condition):
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_those_that_wait(jobs, cpus):
    filling = [jobs.sbatch("-c", str(cpus), "--exclusive", script="sleep 600") for _ in range(2)]
    for job in filling:
        jobs.wait(job, "RUNNING")
    resources = jobs.sbatch("-c", str(cpus))
    held = jobs.sbatch("--hold")
    later = jobs.sbatch("--begin=now+1hour")
    after = jobs.sbatch("-d", "afterok:" + filling[0])
    never = jobs.sbatch("-d", "afterok:" + filling[1])
    until(lambda: "Resources" in jobs.cluster.slurm("squeue", "-h", "-j", resources, "-o", "%r")
          and "T" in jobs.cluster.slurm("squeue", "-h", "-j", resources, "-o", "%S"))
    said = jobs.tell(resources)
    assert re.match(r"job     %s   waits in c-iq for " % resources, said)
    assert re.search(r"Resources:?\s+it is next", said) and re.search(r"^start   20\d\d-.* as Slurm expects it now$", said, re.M)
    said = jobs.tell("job:" + held)
    assert "why     JobHeldUser" in said and "try     scontrol release %s\n" % held in said
    said = jobs.tell(later)
    assert "why     BeginTime" in said and "at the earliest" in said and "StartTime=now" in said
    said = jobs.tell(after)
    assert "why     Dependency" in said and "afterok:%s" % filling[0] in said and "would-never-start" not in said
    jobs.cluster.slurm("scancel", filling[1])
    until(lambda: "DependencyNeverSatisfied" in jobs.cluster.slurm("squeue", "-h", "-j", never, "-o", "%r"))
    said = jobs.tell(never)
    assert "[would-never-start]" in said and "try     scancel %s\n" % never in said and "start " not in said
    found = jobs.json(never)
    assert (found["phase"], found["reason"], found["never_starts"]) == ("waiting", "DependencyNeverSatisfied", True)
    french = jobs.tell(never, env={"LANG": "fr_CA.UTF-8"})
    assert "DependencyNeverSatisfied [would-never-start]" in french and "the job" not in french
    assert all(len(line) < 80 for line in (said + french).splitlines())
    # without a word: all that wait or run
    done = jobs.ask()
    assert done.code == 0 and all("job     %s   " % job in done.out for job in (filling[0], held, later, after, never))
    assert "job     %s " % filling[1] not in done.out
    listed = jobs.ask("--json").events()
    assert {item["job"] for item in listed} >= {filling[0], held, later}
    jobs.cluster.slurm("scontrol", "release", held)  # what was to be typed works
    assert "JobHeldUser" not in jobs.tell(held)


def test_an_array(jobs):
    job = jobs.sbatch("--array=3-12%1", script="[ $SLURM_ARRAY_TASK_ID != 3 ] || exit 7; " + HOLD % "go")
    until(lambda: jobs.cluster.slurm("squeue", "-h", "-t", "R,F", "-j", job, "-o", "%K %t").split() in (["3", "F", "4", "R"], ["4", "R", "3", "F"]))
    said = jobs.tell(job)
    assert "job     %s   array, 10 elements\n" % job in said
    assert "8 wait: JobArrayTaskLimit" in said and "   %s_5-12\n" % job in said
    assert "1 runs   %s_4\n" % job in said and "1 ended: it ended with status 7 [exit-code]   %s_3\n" % job in said
    assert "ArrayTaskThrottle" in said
    found = jobs.json(job)
    assert (found["elements"], [group["count"] for group in found["groups"]]) == (10, [8, 1, 1])
    assert (found["groups"][0]["elements"], found["groups"][2]["status"]) == ("5-12", 7)
    said = jobs.tell(job + "_4")
    assert re.match(r"job     %s_4   runs on n[12] for " % job, said) and " left of 5m00s\n" in said
    assert "status 7" in jobs.tell(job + "_3")
    done = jobs.ask(job + "_99")
    assert done.code == 4 and "[no-run]" in done.err


def test_how_they_ended(jobs, tmp_path):
    missing = tmp_path / "no such folder"
    well, five = jobs.sbatch(), jobs.sbatch(script="exit 5")
    lost = jobs.sbatch("-o", str(missing / "x.out"))
    stopped = jobs.sbatch(script="sleep 600")
    jobs.wait(stopped, "RUNNING")
    jobs.cluster.slurm("scancel", stopped)
    for job, state in ((well, "COMPLETED"), (five, "FAILED"), (lost, "FAILED"), (stopped, "CANCELLED")):
        jobs.wait(job, state)
    assert "end     it ended well\n" in jobs.tell(well)
    assert "status 5 [exit-code]" in jobs.tell(five) and jobs.json(five)["status"] == 5
    said = jobs.tell(lost)
    assert "could not be started (JobLaunchFailure) [refused]" in said and "try     mkdir -p '%s'\n" % missing in said
    missing.mkdir()
    assert "mkdir" not in jobs.tell(lost)
    assert "it was cancelled" in jobs.tell(stopped) and jobs.json(stopped)["cause"] == "cancelled"


def test_its_own_record_when_slurm_knows_nothing(jobs):
    jobs.lopin.write("a.py", "import sys; sys.exit(3)")
    done = jobs.lopin("run", "--slurm", "--wait", "a.py")
    folder = jobs.lopin.cwd / ".lopin/jobs"
    record = next(folder.glob("*.end"))
    (folder / "987654.end").write_bytes(record.read_bytes())
    assert done.code == 3
    said = jobs.tell("987654")
    assert "status 3 [exit-code]" in said and "its own record: Slurm has forgotten it" in said
    assert jobs.json("987654")["status"] == 3
    done = jobs.ask("987655")
    assert (done.code, done.out) == (4, "") and "[no-run]" in done.err and "10m" in done.err and "sacct" in done.err
    # nor does it answer
    dead = jobs.lopin.write("dead.conf", "".join(
        "SlurmctldPort=1\n" if line.startswith("SlurmctldPort=") else line for line in open(jobs.cluster.conf, encoding="utf-8")))
    done = jobs.ask("987654", env={"SLURM_CONF": str(dead)})
    assert done.code == 0 and "status 3" in done.out and "[slurm-silent]" in done.out, done.err
    begin = time.monotonic()
    done = jobs.lopin("explain", "1", env={"SLURM_CONF": str(dead)})
    assert done.code == 5 and "[slurm-silent]" in done.err and time.monotonic() - begin < 30


def test_a_lost_node(jobs):
    job = jobs.sbatch("--requeue", "-w", "n2", script="sleep 600")
    jobs.wait(job, "RUNNING")
    assert jobs.cluster.cluster("kill-node", "n2").returncode == 0
    jobs.cluster.slurm("scontrol", "update", "nodename=n2", "state=down", "reason=test")
    try:
        jobs.wait(job, "PENDING")
        said = jobs.tell(job)
        assert "before  it began 1 time\n" in said and jobs.json(job)["restarts"] == 1
        until(lambda: "ReqNodeNotAvail" in jobs.cluster.slurm("squeue", "-h", "-j", job, "-o", "%r"))
        assert "sinfo -R" in jobs.tell(job)
    finally:
        jobs.cluster.cluster("start-node", "n2")
        until(lambda: "down" not in jobs.cluster.slurm("sinfo", "-h", "-n", "n2", "-o", "%T"))


def test_words_that_name_no_job(jobs):
    for word in ("job:", "job:x", "12x", "12_", "1_2_3", "99999999999999999999"):
        assert jobs.ask(word).code == 2, word
    assert jobs.ask("run:7").code == 4
    assert jobs.lopin("map", "true", ":::", "a").code == 0
    done = jobs.ask("run:1")
    assert done.code == 4 and "lopin report 1" in done.err


def test_the_jobs_of_a_run(jobs):
    jobs.lopin.write("hold.py", "import pathlib, time\nwhile not pathlib.Path('go').exists(): time.sleep(0.05)\n")
    done = jobs.lopin("map", "--slurm", "-J", "mine", "-c", "1", "-t", "5", "--parcels", "2", "hold.py", ":::", *"abcd")
    assert done.code == 0, done.err
    job = next(path.name[4:] for path in (jobs.lopin.cwd / ".lopin/runs/1").glob("job.[0-9]*"))
    assert jobs.lopin("map", "true", ":::", "a").code == 0  # a run of this machine has none
    other = jobs.sbatch("--hold")
    for words in (["run:1"], ["mine"], []):
        said = jobs.ask(*words).out
        assert "job     %s" % job in said and "job     %s " % other not in said, said
    assert "job     %s " % other in jobs.ask(other).out
    jobs.lopin.write("go", "")


def counting(jobs):
    """A squeue that counts its calls, in front of the real one."""
    folder = jobs.lopin.cwd / "bin"
    folder.mkdir()
    calls = jobs.lopin.cwd / "calls"
    script = folder / "squeue"
    script.write_text('#!/bin/sh\necho "$*" >>%s\nexec %s "$@"\n' % (shlex.quote(str(calls)), shutil.which("squeue")), encoding="utf-8")
    script.chmod(0o755)
    jobs.lopin.env["PATH"] = "%s:%s" % (folder, jobs.lopin.env["PATH"])
    return lambda: len(calls.read_text(encoding="utf-8").splitlines()) if calls.exists() else 0


def test_many_ask_once(jobs):
    count = counting(jobs)
    job = jobs.sbatch("--array=1-20", "--hold")
    jobs.forget()
    for _ in range(2):
        started = [jobs.lopin.start("explain", *words) for _ in range(10) for words in ([job], [job + "_3"], [])]
        for process in started:
            out, err = process.communicate(timeout=120)
            assert process.returncode == 0 and b"JobHeldUser" in out, err
        assert count() == 1
    # older than a minute, by the clock of the disk
    kept = next(pathlib.Path(jobs.lopin.env["XDG_CACHE_HOME"], "lopin", "slurm-%d" % os.getuid()).glob("queue.*"))
    assert kept.stat().st_mode & 0o777 == 0o600
    os.utime(kept, (time.time() - 61,) * 2)
    started = [jobs.lopin.start("explain", job) for _ in range(30)]
    outs = [process.communicate(timeout=120)[0] for process in started]
    assert all(b"JobHeldUser" in out for out in outs) and count() == 2
    # one that came since is asked for alone, and once
    new = jobs.sbatch("--hold")
    assert all("JobHeldUser" in jobs.lopin("explain", new).out for _ in range(3)) and count() == 3


def offered(lopin, *words):
    """What bash would offer for the last word."""
    folder = lopin.home / "bin"
    folder.mkdir(exist_ok=True)
    if not (folder / "lopin").exists():
        (folder / "lopin").symlink_to(lopin.binary)
    script = lopin.write("completion.bash", lopin("completion", "bash").out)
    code = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _lopin; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "--norc", "-c", code, script, "lopin", *words], cwd=lopin.cwd, capture_output=True, text=True,
                          env=dict(lopin.env, PATH="%s:%s" % (folder, lopin.env["PATH"])), check=True, timeout=60)
    return done.stdout.split()


def test_completion(jobs):
    assert offered(jobs.lopin, "run", "--slurm", "-p", "") == ["c-iq", "c-short"]
    assert offered(jobs.lopin, "alloc", "--partition=c-s") == ["--partition=c-short"]
    assert offered(jobs.lopin, "run", "-A", "") == []  # there are none
    done = jobs.lopin("completion", "partitions", env={"PATH": "/nowhere"})
    assert (done.code, done.out, done.err) == (0, "", "")


def test_accounts(booked):
    """Efficiency, who cancelled it, and each run of a job that began again."""
    job = booked.sbatch("-c", "1", "--mem", "200M", script="timeout 5 sh -c 'while :; do :; done'; exit 0")
    stopped = booked.sbatch(script="sleep 600")
    again = booked.sbatch("--requeue", script="sleep 600")
    for each in (stopped, again):
        booked.wait(each, "RUNNING")
    booked.cluster.slurm("scancel", stopped)
    booked.cluster.slurm("scontrol", "requeue", again)
    booked.wait(job, "COMPLETED")
    until(lambda: booked.json(job)["elapsed_s"] and booked.json(job)["cpu_s"])
    said = booked.tell(job)
    share = int(re.search(r"^cores   (\d+) %: .*, on 1", said, re.M).group(1))
    assert 5 < share <= 130 and re.search(r"^memory  \d+ %: .* at most of 200M", said, re.M)
    found = booked.json(job)
    assert found["memory_limit_kb"] == 200 * 1024 and 4 <= found["elapsed_s"] < 60
    until(lambda: booked.json(stopped)["cancelled_by"] is not None)
    assert "it was cancelled by you [cancelled]" in booked.tell(stopped)
    until(lambda: "before  a run ended: REQUEUED on n" in booked.tell(again))


def test_too_much_memory(booked):
    """The kernel says so where there are control groups; else Slurm looks now and then."""
    job = booked.sbatch("--mem", "50M", script="python3 -c 'import time; x = bytearray(300 << 20); time.sleep(600)'")
    booked.wait(job, *["OUT_OF_MEMORY"] if booked.cluster.grouped else ["FAILED", "OUT_OF_MEMORY"])
    said = booked.tell(job)
    assert "it needed more memory than it had" in said and "[memory-limit]" in said and "try     --mem 100M" in said
    assert booked.json(job)["cause"] == "memory-limit"


def test_the_site_says_what_is_low(booked):
    job = booked.sbatch("-c", "2", "--mem", "200M", script="sleep 2")
    site = booked.lopin.write("site.toml", '[advice]\nmemory = 60\nhelp = "support@example.org"\n')
    booked.wait(job, "COMPLETED")
    until(lambda: booked.json(job)["elapsed_s"] and booked.json(job)["memory_kb"] is not None)
    said = booked.tell(job, env={"LOPIN_SITE": str(site)})
    assert len(re.findall(r" {3}low$", said, re.M)) == 2 and "support@example.org" in said
    assert re.search(r"^try     --mem \d+M: a quarter more", said, re.M)
    assert " low" not in booked.tell(job, env={"LOPIN_SITE": str(booked.lopin.write("lenient.toml", "[advice]\ncpu = 1\nmemory = 1\n"))}).split("memory")[1]


def test_accounts_complete(booked):
    user = booked.cluster.slurm("id", "-un").strip()
    names = booked.lopin("completion", "accounts", env={"USER": user}).out.split()
    assert names == booked.cluster.slurm("sacctmgr", "-nP", "show", "assoc", "where", "user=" + user, "format=account").split()
    assert booked.lopin("completion", "qos", env={"USER": user}).out.split() == ["normal"]
    assert booked.lopin("completion", "qos", env={"USER": "$(touch owned)"}).out == ""
