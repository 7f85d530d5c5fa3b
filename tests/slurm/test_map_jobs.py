# SPDX-License-Identifier: Apache-2.0
"""Jobs of a run that are requeued, cancelled, preempted, or handed over a second time; and what resume does then."""
import shlex

from campaign import mixed, together


def some(count):
    return ["d%d" % i for i in range(count)]


@together(2)
def test_requeued(scene):
    """Its datasets that ran are begun again, by it or by the others."""
    job = scene.submit("-c", "1", "--parcels", "3", names=mixed(8, 12))
    scene.wait_held(3)
    scene.slurm("scontrol", "requeue", job + "_2")
    scene.until(lambda: scene.jobs("PENDING") or "2-1" in scene.parcels(), "requeued")
    scene.open_gate()
    scene.wait_over()
    scene.check()
    assert len(scene.twice()) == 1 and "2-1" in scene.parcels()


@together(2)
def test_one_is_cancelled(scene):
    """The others compute what it leaves."""
    job = scene.submit("-c", "1", "--parcels", "3", names=mixed(8, 12))
    scene.wait_held(3)
    scene.slurm("scancel", job + "_1")
    scene.until(lambda: "over" in scene.parcel("1-0"), "over")
    scene.open_gate()
    scene.wait_over()
    scene.check()
    assert len(scene.twice()) == 1 and scene.parcels() == ["1-0", "2-0", "3-0"]


@together(2)
def test_all_are_cancelled(scene):
    job = scene.submit("-c", "1", "--parcels", "3", names=mixed(6, 12))
    scene.wait_held(3)
    done = scene.run("resume")
    assert done.code == 4 and "[run-busy]" in done.err and job in done.err
    scene.slurm("scancel", job)
    scene.until(lambda: (resumed := scene.run("resume")).code == 0 or "[run-busy]" not in resumed.err, "resumed")
    scene.open_gate()  # not before: who sees it ends
    scene.wait_over()
    scene.check()
    assert [len(attempts) for attempts in scene.twice().values()] == [2, 2, 2]


@together(1)
def test_preempted(scene):
    scene.submit("-c", "2", "--parcels", "1", "-p", "c-low", names=mixed(2, 8))
    scene.wait_held(2)
    gate = scene.cwd / "high"
    scene.slurm("sbatch", "-p", "c-high", "-w", scene.nodes[0], "-c", "2", "-o", "/dev/null", "--wrap",
                "touch %s; until [ -e %s ]; do sleep 0.1; done" % (shlex.quote(str(gate) + ".begun"), shlex.quote(str(gate))))
    scene.until((scene.cwd / "high.begun").exists, "preempted")
    scene.open_gate()
    gate.touch()
    scene.wait_over()
    scene.check()
    assert scene.parcels() == ["1-0", "1-1"] and len(scene.twice()) == 2


@together(2)
def test_the_script_by_hand(scene):
    """A second job shares the work of the first; one that comes later finds nothing to do."""
    scene.submit("-c", "1", "--parcels", "1", names=["hold1", *some(12)])
    scene.until(lambda: scene.begun("hold"))
    script = str(scene.folder / "job.sh")
    second = scene.slurm("sbatch", "--parsable", script).strip()
    scene.until(lambda: any(job == second and state == "COMPLETED" for job, state, _ in scene.jobs()), "the second is over")
    assert scene.ended() > 0
    done = scene.run("resume")
    assert done.code == 4 and "[run-busy]" in done.err, done.err
    scene.open_gate()
    scene.wait_over()
    third = scene.slurm("sbatch", "--parsable", script).strip()
    scene.until(lambda: any(job == third and state == "COMPLETED" for job, state, _ in scene.jobs()), "the third is over")
    scene.check()
    assert not scene.twice() and scene.parcels() == ["1-0", "2-0", "3-0"]


@together(1)
def test_here_while_jobs_wait(scene):
    """Who goes on here fences jobs that wait: one that begins late ends at once, and well."""
    job = scene.submit("-c", "1", "--parcels", "1", "--sbatch=--begin=now+1hour", names=some(6))
    done = scene.run("resume")
    assert done.code == 4 and "[run-busy]" in done.err and job in done.err
    done = scene.run("resume", "--local")
    assert done.code == 0, done.err
    scene.slurm("scontrol", "update", "jobid=" + job, "StartTime=now")
    scene.wait_over()
    assert scene.jobs()[0][1] == "COMPLETED" and "nothing to do" in (scene.folder / ("slurm-%s.log" % job)).read_text()
    scene.check()
    assert scene.parcels() == []


@together(1)
def test_a_run_that_a_job_waits_for_is_not_removed(scene):
    """Also one that was submitted by hand: it would compute the next run of that number."""
    scene.write()
    scene.names = ["d1"]
    done = scene.run(*scene.line("-c", "1", "--no-submit"), *scene.names)
    assert done.code == 0, done.err
    job = scene.slurm("sbatch", "--parsable", "--hold", str(scene.folder / "job.sh")).strip()
    done = scene.run("rm", "1")
    assert done.code == 4 and "[run-busy]" in done.err and scene.folder.exists(), done
    scene.slurm("scontrol", "release", job)
    scene.wait_over()
    scene.check()
    assert scene.run("rm", "1").code == 0


@together(2)
def test_two_resumes_at_once(scene):
    job = scene.submit("-c", "1", "--parcels", "2", names=mixed(2, 8))
    scene.wait_held(2)
    scene.slurm("scancel", job)
    scene.wait_over()
    tear(scene)
    both = [scene.lopin.start("resume", cwd=scene.cwd) for _ in range(2)]
    told = [process.communicate(timeout=120)[1].decode() for process in both]
    assert sorted(process.returncode for process in both) == [0, 4], told
    assert "[run-busy]" in told[0] + told[1]
    scene.open_gate()
    scene.wait_over()
    scene.check()
    assert len(list(scene.folder.glob("job.[0-9]*"))) == 2 and (scene.folder / "round.2").exists()


def tear(scene):
    """As a node that loses its power in the middle of a line."""
    for path in scene.folder.glob("journal.*"):
        with open(path, "a", encoding="utf-8") as file:
            file.write("end key=0123456789abcdef attempt=7 sta")


@together(1)
def test_names(scene):
    """Of the folder, the script and the datasets."""
    scene.move("it's 100%j \"a\" #b $c;d")
    names = ["with space", "new\nline", "%j %%", "quote's \"two\"", "a,b=c", "-x", "ünï", "{#}", "back\\slash"]
    scene.submit("-c", "1", "--parcels", "2", names=names, script="the task 100%.py")
    scene.wait_over()
    scene.check()
    assert not scene.twice()
