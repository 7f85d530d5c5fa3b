# SPDX-License-Identifier: Apache-2.0
"""Nodes that die, or seem to, under a run: what was running there runs again, and nothing else."""
from campaign import is_alive, mixed, together


@together(2)
def test_a_node_is_killed(scene):
    scene.submit("-c", "1", "--parcels", "4", names=mixed(12, 16))
    node = scene.wait_held(4)[0][0]
    scene.lose(node)
    lost = {number: attempts for number, attempts in scene.attempts().items() if any(not end for _, _, end in attempts)}
    scene.open_gate()
    scene.wait_over()
    scene.check()
    again = scene.twice()
    assert 1 <= len(again) <= 2, again
    for number, attempts in again.items():
        assert number in lost and len(attempts) == 2 and attempts[0][0] != attempts[1][0], again


@together(3)
def test_only_its_slurmd_is_killed(scene):
    """The tasks go on beside their copies, until the agent sees that the job was begun again."""
    scene.submit("-c", "2", "--parcels", "2", names=mixed(8, 16))
    node = scene.wait_held(4)[0][0]
    old = [attempt for attempt in scene.begun("hold") if attempt[0] == node]
    name = next(name for name in scene.parcels() if is_holder(scene, name, node))
    agent = int(scene.parcel(name)["pid"])
    scene.kill_slurmd(node)
    scene.slurm("scontrol", "update", "nodename=" + node, "state=down", "reason=test")
    scene.until(lambda: name.replace("-0", "-1") in scene.parcels(), "begun again")
    scene.until(lambda: len(scene.begun("hold")) == 6, "copies")
    scene.until(lambda: not is_alive(agent), "fenced")
    assert not any(is_alive(pid) for _, pid, _ in old)
    scene.open_gate()
    scene.wait_over()
    scene.check()
    assert sorted(len(attempts) for attempts in scene.twice().values()) == [2, 2]
    assert len(unended(scene, name)) == 2
    scene.cluster.cluster("start-node", node)


def is_holder(scene, name, node):
    """Whether the agent of that parcel is on the node."""
    with open("/proc/%s/environ" % scene.parcel(name)["pid"], "rb") as file:
        return b"SLURMD_NODENAME=" + node.encode() + b"\0" in file.read() + b"\0"


def unended(scene, parcel):
    """Keys of what a parcel began and did not end."""
    begun = [fields["key"] for name, word, fields in scene.records() if name == parcel and word == "start"]
    ended = {fields["key"] for name, word, fields in scene.records() if name == parcel and word == "end"}
    return [key for key in begun if key not in ended]


@together(3)
def test_one_of_two_nodes_of_a_job(scene):
    scene.submit("-c", "1", "-N", "2", "--parcels", "1", names=mixed(3, 8))
    held = scene.wait_held(2)
    assert len({node for node, _, _ in held}) == 2
    scene.lose(held[0][0])
    scene.until(lambda: len(scene.parcels()) == 4, "begun again")  # an agent that comes last finds nothing left
    scene.open_gate()
    scene.wait_over()
    scene.check()
    assert scene.parcels() == ["1-0", "1-1", "2-0", "2-1"]
