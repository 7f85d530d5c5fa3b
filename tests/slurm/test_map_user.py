# SPDX-License-Identifier: Apache-2.0
"""Another user than root, on a cluster of its own; and a cluster that holds jobs in cgroups, which only root has."""
import os
import pathlib

import campaign
import pytest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root is another user")


@pytest.mark.skipif(not pathlib.Path("/usr/bin/python3").exists(), reason="no Python that all may run")
def test_another_user(make_cluster, place):
    with make_cluster("--nodes", "2", "--cpus", "2", user="nobody") as cluster:
        folder = cluster.conf.parent.parent.parent / "place"
        folder.mkdir()
        scene = campaign.Campaign(campaign.Scenes([], cluster, None, None), place(cluster, folder), "user", ["n1", "n2"], 2)
        job = scene.submit("-c", "1", "--parcels", "3", "--python", "/usr/bin/python3",
                           names=campaign.mixed(4, 12))
        scene.lose(scene.wait_held(3)[0][0])
        scene.open_gate()
        scene.wait_over()
        scene.check()
        assert scene.folder.stat().st_uid == (scene.folder / ("job." + job)).stat().st_uid == cluster.conf.stat().st_uid != 0


def test_memory_held_by_the_kernel(accounts, place, tmp_path):
    if not accounts.grouped:
        pytest.skip("no control groups of version 1, or another cluster has them")
    scene = campaign.Campaign(campaign.Scenes([], accounts, None, None), place(accounts, tmp_path), "cgroup", ["n1", "n2"], 2)
    scene.submit("-c", "1", "--parcels", "2", "--mem", "200M", names=["eat1", *("d%d" % i for i in range(10))], spare=400)
    scene.wait_over()
    status = scene.run("status", "--json").json()
    assert (status["done"], status["failed"]) == (10, 1), scene.told()
    assert "memory-limit" in scene.run("status").out, scene.told()
    scene.names.remove("eat1")
    scene.check_outputs()
