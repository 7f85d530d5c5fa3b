# SPDX-License-Identifier: Apache-2.0
"""A real cluster of Slurm for the session (tests/slurm/cluster), and the program in an empty folder on it."""
import contextlib
import importlib.util
import os
import pathlib
import pwd
import random
import shutil
import subprocess
import tempfile
import time

import campaign
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


def user_group(user):
    return pwd.getpwnam(user).pw_gid


class Cluster:
    def __init__(self, folder, user=None):
        self.who = {"user": user, "group": user_group(user), "extra_groups": []} if user else {}
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM", "SBATCH", "SALLOC"))}
        self.env.update(LOPIN_SLURM_DIR=str(folder), PATH=PATH)
        self.conf = folder / "etc/slurm.conf"
        self.script = HERE / "cluster"
        if user:  # our folder may not be theirs to enter
            self.script = shutil.copy(self.script, folder.parent / "cluster")
            self.env["HOME"] = str(folder.parent)

    def up(self, *words):
        """Another may have the ports."""
        for _ in range(3):
            self.env["LOPIN_SLURM_PORT"] = str(random.randrange(20000, 30000, 200))
            done = self.cluster("up", "--nodes", "2", "--cpus", str(CPUS), *words)
            if done.returncode == 0:
                break
            self.cluster("down")
        assert done.returncode == 0, done.stderr

    def cluster(self, *words):
        return subprocess.run([self.script, *words], env=self.env, capture_output=True, text=True, timeout=120, check=False, **self.who)

    def run(self, *words):
        return subprocess.run(words, env=dict(self.env, SLURM_CONF=str(self.conf)), capture_output=True, text=True, timeout=120,
                              check=False, **self.who)

    def slurm(self, *words):
        """What a command of Slurm prints."""
        done = self.run(*words)
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout

    def state(self, job):
        return self.slurm("squeue", "-h", "-t", "all", "-j", job, "-o", "%T").strip()

    def wait_state(self, job, *states):
        end = time.monotonic() + 120
        while self.state(job) not in states:
            assert time.monotonic() < end, (job, self.state(job), states)
            time.sleep(0.1)


def begin(words, programs, user=None):
    """A cluster that is up, and then is no more."""
    for name in ("slurmctld", "slurmd", "munged", "sbatch", *programs):
        if not shutil.which(name, path=PATH):
            pytest.skip("no %s (script/install slurm)" % name)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="lopin-slurm-"))
    folder.chmod(0o755)  # munged wants its socket to be reachable for all
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, user_group(user))
    cluster = Cluster(folder / "c", user)
    try:
        cluster.up(*words)
        yield cluster
    finally:
        cluster.cluster("down")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def slurm():
    yield from begin([], [])


@pytest.fixture(scope="session")
def accounts():
    """A second one, with accounts; and control groups where this machine has them and no other cluster does."""
    groups = pathlib.Path("/sys/fs/cgroup/memory")
    grouped = os.geteuid() == 0 and groups.is_dir() and not list(groups.glob("slurm*"))
    for cluster in begin(["--acct", *["--cgroup"] * grouped], ["slurmdbd", "mariadbd"]):
        cluster.grouped = grouped
        yield cluster


@pytest.fixture(scope="module")
def limited():
    """One with accounting, whose limits are held to; for one module, which sets them."""
    yield from begin(["--acct", "--limits"], ["slurmdbd", "mariadbd", "sacctmgr"])


@contextlib.contextmanager
def run_cluster(*words, **how):
    yield from begin(words, [], **how)


@pytest.fixture(scope="session")
def make_cluster():
    """A further one, with those words for `up`."""
    return run_cluster


def on_cluster(cluster, folder):
    program = beside("conftest").Lopin(folder)
    if cluster.who:
        program.binary = shutil.copy(program.binary, folder / "lopin")
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, cluster.who["user"], cluster.who["group"])
    program.env.update(SLURM_CONF=str(cluster.conf), LOPIN_SITE="")
    return program


@pytest.fixture(scope="session")
def place():
    """The program on that cluster, in that folder."""
    return on_cluster


@pytest.fixture(scope="session")
def scenes(request, tmp_path_factory):
    """See campaign.py."""
    items = [item for item in request.session.items if hasattr(item.function, "scene")]
    nodes = sum(item.function.scene[1] for item in items)
    with run_cluster("--nodes", str(nodes), "--cpus", "2", "--preempt") as cluster:
        scenes = campaign.Scenes(items, cluster, lambda folder: on_cluster(cluster, folder), tmp_path_factory.mktemp("scenes"))
        yield scenes
        scenes.close()


@pytest.fixture
def lone():
    """One for a test that takes it apart."""
    yield from begin([], [])


@pytest.fixture(scope="session")
def cpus():
    """Of a node."""
    return CPUS


@pytest.fixture(scope="session")
def terminal():
    return beside("terminal").terminal


@pytest.fixture(scope="session")
def make_lopin_on():
    """The program on a cluster, in that folder."""
    programs = []

    def make(cluster, folder):
        program = on_cluster(cluster, folder)
        program.idle = lambda: not cluster.slurm("squeue", "-h", "--me").strip()
        program.cache = lambda: pathlib.Path(program.env["XDG_CACHE_HOME"]) / "lopin"
        programs.append(program)
        return program
    yield make
    for program in programs:
        program.close()


@pytest.fixture(scope="session")
def make_lopin(slurm, make_lopin_on):
    """The program on the cluster, in that folder."""
    return lambda folder: make_lopin_on(slurm, folder)


@pytest.fixture(scope="session")
def wheels():
    """What makes wheels of nothing."""
    return beside("wheels")


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
