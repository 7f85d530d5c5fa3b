#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs of map --slurm on a real cluster, disturbed at random: slurm.py BINARY SECONDS [SEED]

Whatever is killed, each dataset's output is there in the end, once and whole."""
import os
import pathlib
import random
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "slurm"))
os.environ["LOPIN_BINARY"] = sys.argv[1]

import campaign  # noqa: E402
import conftest  # noqa: E402

NODES = ["n1", "n2", "n3", "n4"]


class Disturber:
    def __init__(self, scene, chance):
        self.scene = scene
        self.chance = chance
        self.down = set()
        self.stopped = set()
        self.did = []

    def agents(self):
        """Parcels that are not over."""
        return [said for said in map(self.scene.parcel, self.scene.parcels()) if "over" not in said and
                campaign.is_alive(int(said["pid"]))]

    def signal(self, number, who):
        agents = self.agents()
        if agents:
            try:
                os.kill(int(self.chance.choice(agents)[who].split()[0]), number)
            except ProcessLookupError:
                pass

    def up_nodes(self):
        return [node for node in NODES if node not in self.down]

    def kill_node(self):
        if len(self.down) < 2:
            node = self.chance.choice(self.up_nodes())
            self.down.add(node)
            self.scene.lose(node)

    def kill_slurmd(self):
        if len(self.down) < 2:
            node = self.chance.choice(self.up_nodes())
            self.down.add(node)
            self.scene.kill_slurmd(node)
            self.scene.slurm("scontrol", "update", "nodename=" + node, "state=down", "reason=test")

    def start_node(self):
        if self.down:
            node = self.chance.choice(sorted(self.down))
            self.down.discard(node)
            self.scene.cluster.cluster("start-node", node)

    def job(self):
        running = [job for job, state, _ in self.scene.jobs("RUNNING")]
        return self.chance.choice(running) if running else None

    def requeue(self):
        self.on_job("scontrol", "requeue")

    def cancel(self):
        self.on_job("scancel")

    def on_job(self, *words):
        job = self.job()
        if job:
            self.scene.cluster.run(*words, job)  # it may have ended meanwhile

    def kill_agent(self):
        self.signal(signal.SIGKILL, "pid")

    def end_agent(self):
        self.signal(signal.SIGTERM, "pid")

    def kill_keeper(self):
        self.signal(signal.SIGKILL, "keeper")

    def stop_agent(self):
        agents = self.agents()
        if agents:
            said = self.chance.choice(agents)
            pid = int(said["pid"])
            os.kill(pid, signal.SIGSTOP)
            self.stopped.add(pid)

    def continue_agents(self):
        for pid in self.stopped:
            if campaign.is_alive(pid):
                os.kill(pid, signal.SIGCONT)
        self.stopped.clear()

    def resume(self):
        self.scene.run("resume")

    def resume_here(self):
        self.scene.run("resume", "--local")

    def by_hand(self):
        self.scene.cluster.run("sbatch", str(self.scene.folder / "job.sh"))

    def one(self):
        name = self.chance.choice(["kill_node", "kill_slurmd", "start_node", "start_node", "requeue", "requeue", "cancel", "kill_agent",
                                   "kill_agent", "end_agent", "kill_keeper", "stop_agent", "continue_agents", "resume", "resume_here",
                                   "by_hand"])
        self.did.append(name)
        getattr(self, name)()

    def mend(self):
        self.continue_agents()
        while self.down:
            self.start_node()
        self.scene.cluster.cluster("up")


def finish(scene):
    """Until nothing is left, as a person would: resume, and retry what a signal from outside made fail."""
    for _ in range(20):
        scene.wait_over()
        status = scene.run("status", "--json").json()
        if status["left"] == 0 and not status["failed"]:
            return
        scene.run("retry" if status["failed"] else "resume")
    raise AssertionError("it does not come to an end: " + scene.told())


def one_run(scenes, cluster, folder, number, chance):
    place = folder / str(number)
    place.mkdir()
    scene = campaign.Campaign(scenes, conftest.on_cluster(cluster, place), "random%d" % number, NODES, len(NODES))
    count = chance.randrange(10, 60)
    cores = chance.choice((1, 1, 2))
    scene.submit("-c", str(cores), "--parcels", str(chance.randrange(1, 7)), *chance.choice(([], [], ["-N", "2"])),
                 names=["d%d" % i for i in range(count)], pause=chance.choice((0.05, 0.3, 1)))
    disturber = Disturber(scene, chance)
    try:
        for _ in range(chance.randrange(1, 12)):
            time.sleep(chance.random() * 2)
            disturber.one()
        disturber.mend()
        finish(scene)
        scene.check_outputs()
    finally:
        print(number, count, cores, *disturber.did, flush=True)
    return len(scene.twice())


def main():
    seconds = int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
    chance = random.Random(seed)
    print("seed", seed, flush=True)
    end = time.monotonic() + seconds
    number = again = 0
    with conftest.run_cluster("--nodes", str(len(NODES)), "--cpus", "2") as cluster, tempfile.TemporaryDirectory() as folder:
        scenes = campaign.Scenes([], cluster, None, None)
        while time.monotonic() < end:
            again += one_run(scenes, cluster, pathlib.Path(folder), number, chance)
            number += 1
    print("%d runs: each output once and whole; %d datasets ran more than once" % (number, again))


if __name__ == "__main__":
    main()
