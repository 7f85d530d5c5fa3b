# SPDX-License-Identifier: Apache-2.0
"""A task that takes more memory than its job has: it alone fails, with the cause in words."""
from campaign import together


@together(1)
def test_polled_by_slurm(scene):
    scene.submit("-c", "1", "--parcels", "2", "--mem", "200M", names=["eat1", *("d%d" % i for i in range(10))], spare=400)
    scene.wait_over()
    status = scene.run("status", "--json").json()
    assert (status["done"], status["failed"]) == (10, 1), scene.told()
    assert "memory-limit" in scene.run("status").out, scene.told()
    scene.names.remove("eat1")
    scene.check_outputs()


@together(1)
def test_what_only_slurm_counts(scene):
    """Pages of files, which the kernel can drop: of a task with several processes lopin lets them be. The parcel ends as FAILED, and its log says why."""
    scene.submit("-c", "1", "--parcels", "1", "--mem", "200M", names=["map1"], spare=400)
    scene.wait_over()
    told = scene.run("status").out
    assert "needed more memory than it had" in told and "[memory-limit]" in told, scene.told()
    assert [trouble["cause"] for trouble in scene.run("status", "--json").json()["troubles"]] == ["memory-limit"]
