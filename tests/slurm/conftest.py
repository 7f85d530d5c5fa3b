# SPDX-License-Identifier: Apache-2.0
"""A real cluster of Slurm for the session (tests/slurm/cluster), and the program in an empty folder on it."""
import importlib.util
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
CPUS = min(2, len(os.sched_getaffinity(0)))


def beside(name):
    """A module of tests/cli, which has a conftest of its own."""
    spec = importlib.util.spec_from_file_location("cli_" + name, HERE.parent / "cli" / (name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Cluster:
    def __init__(self, folder):
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM", "SBATCH", "SALLOC"))}
        self.env.update(LOPIN_SLURM_DIR=str(folder), PATH=PATH)
        self.conf = folder / "etc/slurm.conf"

    def up(self):
        """Another may have the ports."""
        for _ in range(3):
            self.env["LOPIN_SLURM_PORT"] = str(random.randrange(20000, 30000, 200))
            done = self.cluster("up", "--nodes", "2", "--cpus", str(CPUS))
            if done.returncode == 0:
                break
            self.cluster("down")
        assert done.returncode == 0, done.stderr

    def cluster(self, *words):
        return subprocess.run([HERE / "cluster", *words], env=self.env, capture_output=True, text=True, timeout=120, check=False)

    def slurm(self, *words):
        """What a command of Slurm prints."""
        done = subprocess.run(words, env=dict(self.env, SLURM_CONF=str(self.conf)), capture_output=True, text=True,
                              timeout=120, check=False)
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    def state(self, job):
        return self.slurm("squeue", "-h", "-t", "all", "-j", job, "-o", "%T").strip()

    def wait_state(self, job, *states):
        end = time.monotonic() + 120
        while self.state(job) not in states:
            assert time.monotonic() < end, (job, self.state(job), states)
            time.sleep(0.1)


@pytest.fixture(scope="session")
def slurm():
    for name in ("slurmctld", "slurmd", "munged", "sbatch"):
        if not shutil.which(name, path=PATH):
            pytest.skip("no %s (script/install slurm)" % name)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lopin-slurm-"))
    folder.chmod(0o755)  # munged wants its socket to be reachable for all
    cluster = Cluster(folder / "c")
    try:
        cluster.up()
        yield cluster
    finally:
        cluster.cluster("down")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cpus():
    """Of a node."""
    return CPUS


@pytest.fixture(scope="session")
def terminal():
    return beside("terminal").terminal


@pytest.fixture(scope="session")
def make_lopin(slurm):
    """The program on the cluster, in that folder."""
    programs = []

    def make(folder):
        program = beside("conftest").Lopin(folder)
        program.env.update(SLURM_CONF=str(slurm.conf), LOPIN_SITE="")
        programs.append(program)
        return program
    yield make
    for program in programs:
        program.close()


@pytest.fixture
def lopin(make_lopin, tmp_path):
    """Its folder has a name that needs quotes."""
    folder = tmp_path / "it's a %j \"folder\" #1"
    folder.mkdir()
    program = make_lopin(folder)
    yield program
    program.close()


@pytest.fixture
def number():
    """The number of the job that stands in a text."""
    return lambda text: next(line.split()[1] for line in text.splitlines() if line.startswith("job "))


@pytest.fixture
def until():
    def wait(condition):
        end = time.monotonic() + 120
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.05)
    return wait
