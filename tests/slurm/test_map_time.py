# SPDX-License-Identifier: Apache-2.0
"""The time limit of jobs: parcels end by themselves, and have successors until all is done."""
from campaign import together


@together(1, slow=True)
def test_a_chain_of_jobs(scene):
    """More work than the time of the jobs. A task that saves what it has goes on in the successor."""
    names = ["save1", *("d%d" % i for i in range(110))]
    scene.submit("-c", "1", "--parcels", "2", "-t", "1", names=names, pause=1, spare=65)
    scene.wait_over()
    jobs = scene.jobs()
    assert 3 <= len(jobs) <= 6 and {state for _, state, _ in jobs} <= {"COMPLETED", "FAILED"}, scene.told()
    scene.check()
    ends = [fields for _, word, fields in scene.records() if word == "end"]
    assert not any(fields.get("code") == "-9" for fields in ends), scene.told()
    saved = [fields for fields in ends if fields.get("code") == "75"]
    assert 1 <= len(saved) <= 3 and not any(fields["state"] == "failed" for fields in ends)


@together(1, slow=True)
def test_a_dataset_longer_than_the_time(scene):
    """No endless chain of jobs: somebody must give it more time."""
    scene.submit("-c", "2", "--parcels", "1", "-t", "1", names=["hold1", "hold2"])
    scene.wait_over()
    assert len(scene.jobs()) <= 4 and "TIMEOUT" not in {state for _, state, _ in scene.jobs()}, scene.told()
    assert "lopin resume 1 -t" in scene.told() and "ran out of time" in scene.run("status").out
    assert scene.run("status", "--json").json()["done"] == 0, scene.told()
    assert any(fields.get("cause") == "time-limit" for _, _, fields in scene.records())
    scene.open_gate()
    done = scene.run("resume", "-t", "3")
    assert done.code == 0 and "#SBATCH --time=00:03:00" in (scene.folder / "job.sh").read_text(), done.err
    scene.wait_over()
    scene.check()
