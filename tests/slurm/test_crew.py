# SPDX-License-Identifier: Apache-2.0
"""Who computes a run and who will, as each command sees it: on a real cluster without accounts, from several terminals."""
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

HOLD = "#!/bin/sh\nwhile [ ! -e go ]; do sleep 0.05; done\necho did $1\n"
COUNTER = '#!/bin/sh\necho "$@" >> %s\nexec %s "$@"\n'


@pytest.fixture
def jobs(slurm, lopin):
    lopin.write("hold", HOLD, 0o755)
    yield lopin
    slurm.slurm("scancel", "-u", str(os.getuid()))
    end = time.monotonic() + 60
    while not lopin.idle() and time.monotonic() < end:
        time.sleep(0.1)


@pytest.fixture
def asked(jobs, tmp_path):
    """How often squeue was called by lopin."""
    calls = tmp_path / "calls"
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "squeue").write_text(COUNTER % (calls, shutil.which("squeue")))
    (tools / "squeue").chmod(0o755)
    jobs.env["PATH"] = "%s:%s" % (tools, jobs.env["PATH"])
    return lambda: len(calls.read_text().splitlines()) if calls.exists() else 0


def submit(lopin, *words, datasets="abcdefgh"):
    done = lopin("map", "--slurm", "-t", "10", *words, "./hold", ":::", *datasets)
    assert done.code == 0, done
    return done


def forget(lopin):
    """What was kept of Slurm's answers: the next question is asked."""
    shutil.rmtree(lopin.cache(), ignore_errors=True)


def status(lopin, *words):
    done = lopin("status", "--json", *words)
    assert done.code == 0, done
    return done.json()


def count(state, way):
    return sum(job[way] for job in state["jobs"])


def agents(lopin, run=1):
    """Processes of each parcel, and what stands above them."""
    found = {}
    for path in sorted((lopin.cwd / (".lopin/runs/%d/claims" % run)).glob("parcel.*")):
        text = path.read_text()
        found[path.name] = [int(re.search(r"\npid (\d+)", text)[1]), int(re.search(r"\nkeeper (\d+)", text)[1])]
    return found


def fill(lopin, slurm, until, cpus):
    """Two parcels that compute and two whose jobs wait: there are two nodes."""
    submit(lopin, "--parcels", "4", "-c", str(cpus))
    until(lambda: len([parcel for parcel in status(lopin)["parcels"] if parcel["state"] == "running"]) == 2)
    until(lambda: status(lopin)["running"] == 2 * cpus)
    until(lambda: set(slurm.slurm("squeue", "-h", "-r", "--me", "-t", "PD", "-o", "%r").split()) <= {"Resources", "Priority"})
    forget(lopin)


def test_what_runs_and_what_waits(jobs, slurm, until, cpus):
    fill(jobs, slurm, until, cpus)
    text = jobs("status").out
    assert re.search(r"^running 0 of 8 done, %d running, %d left$" % (2 * cpus, 8 - 2 * cpus), text, re.M), text
    assert re.search(r"^parcels 2 \(%d of %d cores\) on n1, n2$" % (2 * cpus, 2 * cpus), text, re.M), text
    assert re.search(r"^jobs    [12] waits?: (Resources|Priority)", text, re.M), text
    state = status(jobs)
    assert (state["state"], count(state, "running"), count(state, "waiting"), count(state, "unknown")) == ("running", 2, 2, 0)
    assert {parcel["node"] for parcel in state["parcels"]} == {"n1", "n2"} and state["slurm"]["error"] is None
    assert "running" in jobs("list").out
    for words in (["rm", "1"], ["map", "--resume", "--slurm", "./hold", ":::", *"abcdefgh"], ["resume", "1"]):
        refused = jobs(*words)
        assert refused.code != 0 and "[run-busy]" in refused.err and "lopin cancel 1" in refused.err, (words, refused)
    assert "hold" in jobs("threads", "run:1").out


def test_a_line_with_outputs_is_not_begun_twice(jobs, slurm, until):
    """Also while its jobs only wait."""
    words = ["--out", "{1}.out", "./hold", ":::", "a", "b"]
    assert jobs("map", "--slurm", "-t", "5", "--begin", "now+1hour", *words).code == 0
    again = jobs("map", "--local", *words)
    assert "[run-busy]" in again.err and "run 1 of this line" in again.err, again
    assert jobs("cancel").code == 0
    (jobs.cwd / "go").touch()
    assert "[run-busy]" not in jobs("map", "--local", *words).err


def test_a_parcel_that_died(jobs, slurm, until, cpus):
    fill(jobs, slurm, until, cpus)
    waiting = jobs.start("wait")
    name, pids = next(iter(agents(jobs).items()))
    for number in (signal.SIGSTOP, signal.SIGKILL):  # neither sees the other's end
        for pid in pids:
            os.kill(pid, number)
    until(lambda: len(agents(jobs)) > 2)  # its node is free for the next job
    until(lambda: status(jobs)["troubles"])
    state = status(jobs)
    died = next(parcel for parcel in state["parcels"] if "parcel.%d-%d" % (parcel["parcel"], parcel["restart"]) == name)
    assert died["state"] == "died"
    assert [(trouble["cause"], trouble["count"]) for trouble in state["troubles"]] == [("node-lost", 1)]
    text = jobs("status").out
    assert re.search(r"^others  1 (died, or lost its node|lost its node)", text, re.M), text
    assert ".lopin/runs/1/slurm-" in text, text
    assert state["running"] <= 2 * cpus  # what it had is not among them
    (jobs.cwd / "go").touch()
    out, err = waiting.communicate(timeout=120)
    assert waiting.returncode == 0 and b"8 of 8" in err, (out, err)
    assert status(jobs)["state"] == "done"
    report = jobs("report").out
    assert re.search(r"^parcels [3-9], with at most", report, re.M) and "a node" in report, report


def test_cancelled_while_it_is_computed(jobs, slurm, until, cpus):
    fill(jobs, slurm, until, cpus)
    waiting = jobs.start("wait")
    done = jobs("cancel")
    assert done.code == 0 and "stopped" in done.err and "lopin resume 1" in done.err, done
    assert waiting.wait(timeout=60) == 75
    until(jobs.idle)
    state = status(jobs)
    assert (state["state"], state["running"], state["parcels"][0]["state"]) == ("stopped", 0, "ended")
    assert "[cancelled]" in jobs("status").out
    assert "there is nothing to end" in jobs("cancel").err
    (jobs.cwd / "go").touch()
    again = jobs("retry", "1", "--wait")  # what SIGTERM reached before lopin did failed
    assert again.code == 0 and "done    8 of 8" in again.err, again
    assert status(jobs)["jobs"][-1]["round"] > 2
    until(jobs.idle)  # a job that found nothing to do
    assert jobs("rm", "1").code == 0


def test_cancelled_while_it_waits(jobs, slurm, until):
    submit(jobs, "--parcels", "2", "--begin", "now+1hour")
    until(lambda: "BeginTime" in slurm.slurm("squeue", "-h", "--me", "-o", "%r"))
    forget(jobs)
    text = jobs("status").out
    assert re.search(r"^waiting 0 of 8 done, 8 left$", text, re.M) and "2 wait: BeginTime" in text, text
    assert "stopped" not in text and "waiting" in jobs("list").out
    assert jobs("status", "--check").code == 75
    waiting = jobs.start("wait")
    assert "[run-busy]" in jobs("rm", "1").err
    assert jobs("cancel").code == 0
    assert waiting.wait(timeout=60) == 75
    assert status(jobs)["state"] == "stopped"
    until(jobs.idle)
    assert jobs("rm", "1").code == 0


def test_wait_after_submission(jobs, until):
    process = jobs.start("map", "--slurm", "--wait", "-t", "5", "--parcels", "2", "./hold", ":::", "a", "b")
    until(lambda: (jobs.cwd / ".lopin/runs/1/claims").exists())
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and b"the run goes on" in err and b"lopin cancel 1" in err, err
    (jobs.cwd / "go").touch()
    assert jobs("wait").code == 0
    jobs.write("fail", "#!/bin/sh\nexit 3\n", 0o755)
    failed = jobs("map", "--slurm", "--wait", "-t", "5", "./fail", ":::", "a")
    assert failed.code == 1 and "1 failed" in failed.err, failed


def test_watch(jobs, slurm, until, cpus, terminal):
    """It stays while jobs wait, and ends when all is done."""
    submit(jobs, "--parcels", "2", "-c", str(cpus), "--begin", "now+1hour", datasets="abcd")
    job = slurm.slurm("squeue", "-h", "--me", "-o", "%F").split()[0]
    with terminal([jobs.binary, "watch"], 100, env=jobs.environment({}), cwd=jobs.cwd) as screen:
        until(lambda: "2 jobs wait" in screen.screen() or "2 jobs to come" in screen.screen())
        slurm.slurm("scontrol", "update", "jobid=" + job, "StartTime=now")
        until(lambda: "2 parcels, %d cores" % (2 * cpus) in screen.screen())
        (jobs.cwd / "go").touch()
        until(lambda: screen.status() is not None)
        assert screen.status() == 0 and "4 of 4" in "\n".join(screen.lines()), screen.lines()


def test_one_squeue_for_many_screens(jobs, asked, until, cpus, slurm):
    fill(jobs, slurm, until, cpus)
    before = asked()
    many = [jobs.start("status") for _ in range(20)]
    for process in many:
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0 and b"running" in out, (out, err)
    until(lambda: asked() > before)
    assert asked() == before + 1
    for words in (["status"], ["list"], ["report"], ["explain"]):
        jobs(*words)
    assert asked() == before + 1


def test_slurm_is_down(lone, lopin, until, cpus):
    """All that the run's files know is said, and soon; what is cancelled then ends all the same."""
    lopin.env["SLURM_CONF"] = str(lone.conf)
    lopin.write("hold", HOLD, 0o755)
    fill(lopin, lone, until, cpus)
    os.kill(int((lone.conf.parent.parent / "run/slurmctld.pid").read_text()), signal.SIGKILL)
    text = lopin("status").out
    assert "parcels 2 (" in text and "[slurm-silent]" in text and "2 were handed to Slurm" in text, text
    refused = lopin("cancel")
    assert refused.code == 5 and "[slurm-silent]" in refused.err and "finds nothing to do" in refused.err, refused
    until(lambda: status(lopin)["state"] == "stopped")
    assert {parcel["state"] for parcel in status(lopin)["parcels"]} == {"ended"}


def test_a_wrong_site_file_hides_nothing(jobs, until, tmp_path):
    """One that is right says where the answers are kept."""
    (jobs.cwd / "go").touch()
    jobs.env["LOPIN_SITE"] = str(jobs.write("site.toml", 'cache = "%s"\n' % (tmp_path / "site cache")))
    submit(jobs, "--parcels", "1", "--begin", "now+1hour", datasets="a")
    assert "wait" in jobs("status").out and list((tmp_path / "site cache").glob("slurm-*/queue.*"))
    jobs.write("site.toml", "cache = 7\n")
    done = jobs("status")
    assert done.code == 0 and "waiting 0 of 1" in done.out and "[config]" in done.err, done
    assert jobs("cancel").code == 0
