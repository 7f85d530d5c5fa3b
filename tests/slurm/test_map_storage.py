# SPDX-License-Identifier: Apache-2.0
"""Disks of a run that are full, read-only, or lose a folder."""
import contextlib
import os
import subprocess

import pytest
from campaign import mixed, together

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts")


@contextlib.contextmanager
def disk(folder, megabytes):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dm" % megabytes, "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(path):
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))


@needs_root
@together(1)
def test_full_for_a_moment(scene):
    with disk(scene.move("project"), 4):
        scene.submit("-c", "1", "--parcels", "2", names=mixed(4, 10))
        scene.wait_held(2)
        fill(scene.cwd / "filler")
        scene.open_gate()
        scene.until(lambda: [fields.get("state") for _, _, fields in scene.records()].count("again") == 2, "neither can write")
        (scene.cwd / "filler").unlink()
        scene.wait_over()
        scene.check()


@needs_root
@together(1, slow=True)
def test_full_until_it_gives_up(scene):
    with disk(scene.move("project"), 4):
        scene.submit("-c", "1", "--parcels", "2", names=mixed(4, 10))
        scene.wait_held(2)
        fill(scene.cwd / "filler")
        scene.open_gate()
        scene.wait_over()
        assert scene.run("status", "--json").json()["done"] < 14
        (scene.cwd / "filler").unlink()
        done = scene.run("retry") if scene.run("status", "--json").json()["failed"] else scene.run("resume")
        assert done.code == 0, done.err
        scene.wait_over()
        if not scene.run("status", "--json").json()["state"] == "done":
            assert scene.run("resume").code == 0
            scene.wait_over()
        scene.check()


@needs_root
@together(1)
def test_outputs_become_read_only(scene):
    (scene.cwd / "out").mkdir()
    with disk(scene.cwd / "out", 4):
        scene.submit("-c", "1", "--parcels", "2", names=mixed(4, 10))
        scene.wait_held(2)
        subprocess.run(["mount", "-o", "remount,ro,size=4m", scene.cwd / "out"], check=False)
        scene.open_gate()
        scene.wait_over()
        subprocess.run(["mount", "-o", "remount,rw,size=4m", scene.cwd / "out"], check=True)
        scene.check()


@together(1)
def test_the_folders_are_gone(scene):
    """Of the logs and of the outputs."""
    job = scene.submit("-c", "1", "--parcels", "1", "--sbatch=--hold", names=["d1", "d2", "d3"])
    (scene.folder / "logs").rmdir()
    if (scene.cwd / "out").exists():
        (scene.cwd / "out").rmdir()
    scene.slurm("scontrol", "release", job)
    scene.wait_over()
    scene.check()
    assert scene.run("log").code == 0


@together(1)
def test_the_run_is_removed(scene):
    """Who removed it wants nothing more of it: its jobs end, their tasks too."""
    scene.submit("-c", "1", "--parcels", "2", names=mixed(4, 10))
    scene.wait_held(2)
    scene.folder.rename(scene.cwd / "moved")
    subprocess.run(["rm", "-rf", scene.cwd / "moved"], check=True)
    scene.wait_over()
    assert not list(scene.cwd.rglob(".lopin-*"))
