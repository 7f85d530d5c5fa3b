# SPDX-License-Identifier: Apache-2.0
"""What computes a parcel is killed, piece by piece; or it is stopped for so long that it passes for dead."""
import os
import pathlib
import signal
import time

from campaign import is_alive, mixed, together


def begin(scene):
    """Returns a parcel that holds a dataset."""
    scene.submit("-c", "1", "--parcels", "3", names=mixed(6, 12))
    scene.wait_held(3)
    return scene.until(lambda: len(scene.holders()) == 3 and scene.holders())[0]


def finish(scene, parcel):
    scene.until(lambda: not is_alive(int(scene.parcel(parcel)["pid"])), "its agent is gone")
    scene.open_gate()
    scene.wait_over()
    scene.check()
    assert list(map(len, scene.twice().values())) == [2] and parcel not in scene.holders("d")


def kill(scene, parcel, who):
    os.kill(int(scene.parcel(parcel)[who].split()[0]), signal.SIGKILL)


@together(2)
def test_an_agent(scene):
    parcel = begin(scene)
    old = scene.begun("hold")
    kill(scene, parcel, "pid")
    scene.until(lambda: sum(is_alive(pid) for _, pid, _ in old) == 2, "its task is gone")
    finish(scene, parcel)


@together(2)
def test_its_keeper(scene):
    parcel = begin(scene)
    kill(scene, parcel, "keeper")
    finish(scene, parcel)


@together(2)
def test_both(scene):
    """Nobody is left who would end the task but Slurm."""
    parcel = begin(scene)
    old = scene.begun("hold")
    os.kill(int(scene.parcel(parcel)["pid"]), signal.SIGSTOP)
    kill(scene, parcel, "keeper")
    kill(scene, parcel, "pid")
    finish(scene, parcel)
    assert not any(is_alive(pid) for _, pid, _ in old)


@together(2)
def test_srun_which_is_the_batch_script(scene):
    parcel = begin(scene)
    job = scene.parcel(parcel)["job"]
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        if is_srun_of(path, scene, job):
            os.kill(int(path.name), signal.SIGKILL)
    finish(scene, parcel)


def is_srun_of(path, scene, job):
    array, task = job.partition(".")[0].split("_")
    try:
        words = (path / "cmdline").read_bytes().split(b"\0")
        entries = (path / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return (words[0].endswith(b"srun") and os.fsencode(scene.folder) in words and b"SLURM_ARRAY_JOB_ID=" + array.encode() in entries
            and b"SLURM_ARRAY_TASK_ID=" + task.encode() in entries)


@together(2)
def test_stopped_for_long(scene):
    """As if it were on another host, whose processes nobody sees: the time of its file tells."""
    parcel = begin(scene)
    agent = int(scene.parcel(parcel)["pid"])
    file = scene.folder / "claims" / ("parcel." + parcel)
    os.kill(agent, signal.SIGSTOP)
    text = file.read_text()
    with open(file, "r+", encoding="utf-8") as stream:  # its links are the claims
        stream.write(text.replace("host " + os.uname().nodename, "host elsewhere", 1))
    os.utime(file, (time.time() - 200, time.time() - 200))
    scene.open_gate()
    scene.until(lambda: scene.ended() >= len(scene.names), "all else is done")
    os.kill(agent, signal.SIGCONT)
    scene.until(lambda: not is_alive(agent), "lost")
    scene.wait_over()
    scene.check()
    assert list(map(len, scene.twice().values())) == [2]
    assert "taken for dead" in scene.told() and "[run-busy]" in scene.told()
