# SPDX-License-Identifier: Apache-2.0
"""A controller that dies, refuses, or whose answer is lost, while a run is handed over and while it is computed."""
import os
import shutil
import signal

import campaign
import pytest


@pytest.fixture(scope="module")
def alone(make_cluster, place, tmp_path_factory):
    """A cluster of which nobody else asks anything, and campaigns on it."""
    with make_cluster("--nodes", "2", "--cpus", "2") as cluster:
        scenes = campaign.Scenes([], cluster, None, None)
        programs = []

        def make():
            programs.append(place(cluster, tmp_path_factory.mktemp("alone")))
            return campaign.Campaign(scenes, programs[-1], "alone%d" % len(programs), ["n1", "n2"], 2)
        yield make
        for program in programs:
            program.close()


def kill_controller(scene):
    os.kill(int((scene.cluster.conf.parent.parent / "run" / "slurmctld.pid").read_text()), signal.SIGKILL)


def wait_saved(scene):
    """Until the controller has on its disk that the jobs run: it would begin them again."""
    begun = max(int(fields["wall"]) for _, word, fields in scene.records() if word == "open") / 1e6
    state = scene.cluster.conf.parent.parent / "state" / "job_state"
    scene.until(lambda: state.exists() and state.stat().st_mtime > begun, "saved")


def wrap(scene, name, text):
    """A command of Slurm in front of the real one, which is "$real"."""
    folder = scene.cwd / "wrapped"
    folder.mkdir(exist_ok=True)
    real = shutil.which(name, path=scene.lopin.env["PATH"])
    (folder / name).write_text("#!/bin/sh\nreal=%s\n%s\n" % (real, text))
    (folder / name).chmod(0o755)
    return {"PATH": "%s:%s" % (folder, scene.lopin.env["PATH"])}


def runs(scene):
    return sorted(path.name for path in (scene.cwd / ".lopin" / "runs").glob("[0-9]*"))


def test_killed_in_the_middle(alone):
    """Parcels need no controller. What is handed over meanwhile is refused in words, and nothing is left of it."""
    scene = alone()
    scene.submit("-c", "1", "--parcels", "3", names=campaign.mixed(6, 12))
    scene.wait_held(3)
    wait_saved(scene)
    kill_controller(scene)
    other = alone()
    other.write()
    try:
        done = other.run(*other.line("-c", "1"), "d1", "d2")
        scene.open_gate()
        scene.until(lambda: scene.ended() == len(scene.names))
    finally:
        assert scene.cluster.cluster("up").returncode == 0
    assert done.code == 5 and "[slurm-silent]" in done.err and runs(other) == [], done
    scene.wait_over()
    scene.check()
    assert not scene.twice()
    done = other.run(*other.line("-c", "1"), "d1", "d2")
    other.names = ["d1", "d2"]
    other.wait_over()
    other.check()


def test_refused(alone):
    scene = alone()
    scene.write()
    done = scene.run(*scene.line("-c", "1", "--sbatch=--licenses=none:3"), "d1", "d2")
    assert done.code and "[refused]" in done.err and runs(scene) == [], done


@pytest.mark.parametrize("end", ["exit 1", "kill -9 $$", "exit 0"])
def test_the_answer_is_lost(alone, end):
    """The job is found in the queue by its script."""
    scene = alone()
    scene.write()
    env = wrap(scene, "sbatch", '"$real" "$@" >/dev/null\n' + end)
    scene.names = ["hold1", "d1", "d2"]
    done = scene.run(*scene.line("-c", "1", "--parcels", "1"), *scene.names, env=env)
    assert done.code == 0 and (scene.folder / ("job." + scene.number(done))).exists(), done
    scene.until(lambda: scene.begun("hold"))
    assert "[run-busy]" in scene.run("resume").err
    scene.open_gate()
    scene.wait_over()
    scene.check()
    assert not scene.twice()


def test_nobody_knows(alone):
    """Neither is answered: the run stays, the job that was taken all the same computes it, and resume adds nothing."""
    scene = alone()
    scene.write()
    words = "echo 'error: Socket timed out on send/recv operation' >&2; exit 1"
    env = wrap(scene, "sbatch", '"$real" "$@" >/dev/null\necho "sbatch: $(' + words + ' 2>&1)" >&2; exit 1')
    wrap(scene, "squeue", words)
    scene.names = ["hold1", "d1", "d2"]
    done = scene.run(*scene.line("-c", "1", "--parcels", "1"), *scene.names, env=env)
    assert done.code == 5 and "[slurm-silent]" in done.err and "lopin resume 1" in done.err, done
    scene.until(lambda: scene.begun("hold"))
    assert "[run-busy]" in scene.run("resume").err
    scene.open_gate()
    scene.wait_over()
    scene.check()
    done = scene.run("resume")
    assert done.code == 0 and "nothing left" in done.err, done


def test_killed_before_it_knew_the_number(alone):
    """kill -9 of the line when Slurm has the job."""
    scene = alone()
    scene.write()
    env = wrap(scene, "sbatch", '"$real" "$@" >/dev/null\nkill -9 $PPID')
    scene.names = ["hold1", "d1", "d2"]
    done = scene.run(*scene.line("-c", "1", "--parcels", "1"), *scene.names, env=env)
    assert done.code == -signal.SIGKILL
    scene.until(lambda: scene.begun("hold"))
    assert "[run-busy]" in scene.run("resume").err
    scene.open_gate()
    scene.wait_over()
    scene.check()
