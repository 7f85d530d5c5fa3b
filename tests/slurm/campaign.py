# SPDX-License-Identifier: Apache-2.0
"""Runs of `lopin map --slurm` that are disturbed: many at once on one cluster, each on nodes of its own.

A test that is marked by @together(NODES) runs in a thread, beside all others that are, since each of them waits most of
its time. Its argument is a Campaign."""
import concurrent.futures
import functools
import os
import pathlib
import shutil
import signal
import threading
import time

LIMIT = 100  # seconds, for any single thing to happen
SIDE_BY_SIDE = 12  # each job takes some of the cluster's ports
# Writes what it makes in two halves, and leaves a file of each attempt: "NUMBER.PID.NODE.begin", and "...end".
# A dataset "hold..." waits for the file `gate`; "save..." saves what it has when it is told to end; "eat..." takes memory, "map..." pages of a file.
TASK = '''\
import os, signal, sys, time
out, name, folder, pause, spare = sys.argv[1:]
mark = "%s/side/%s.%d.%s" % (folder, os.environ["LOPIN_TASK_NUMBER"], os.getpid(), os.environ.get("SLURMD_NODENAME", "-"))
open(mark + ".begin", "w").close()
told = []
if name.startswith("save"):
    signal.signal(signal.SIGTERM, lambda *_: told.append(1))
    signal.signal(signal.SIGUSR1, lambda *_: told.append(1))
    done = int(open(out).read()) if os.path.exists(out) else 0
    while done < float(spare) and not told:
        time.sleep(1)
        done += 1
    if told:
        open(out, "w").write(str(done))
        open(mark + ".saved", "w").close()
        sys.exit(75)
if name.startswith("map"):
    import mmap
    if not os.fork():
        time.sleep(30)
        os._exit(0)
    time.sleep(2)
    size = int(spare) << 20
    with open(out + ".big", "wb") as file:
        file.truncate(size)
    file = open(out + ".big", "rb")
    pages = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
    seen = sum(pages[at] for at in range(0, size, 4096))
    time.sleep(20)
if name.startswith("eat"):
    eaten = [b"x" * (100 << 20)]
    for _ in range(2 * (int(spare) - 100)):  # slowly: who looks first is not left to chance
        eaten.append(b"x" * (1 << 19))
        time.sleep(0.05)
    time.sleep(20)
with open(out, "w") as file:
    file.write("one %s\\n" % name)
    file.flush()
    while name.startswith("hold") and not os.path.exists(folder + "/gate"):
        time.sleep(0.05)
    time.sleep(float(pause))
    file.write("two %s\\n" % name)
open(mark + ".end", "w").close()
'''


def mixed(count, held):
    """Names of datasets that end soon, then of many more than there are slots that wait for the gate: however they are cut
    into chunks, in the end each slot has one that waits."""
    return ["d%d" % i for i in range(count)] + ["hold%d" % i for i in range(held)]


def together(nodes, slow=False):
    """`slow`: it begins among the first."""
    def mark(function):
        @functools.wraps(function)
        def test(scenes):
            scenes.result(function.__qualname__)
        del test.__wrapped__  # pytest would look for the arguments of that
        test.scene = (function, nodes, slow)
        return test
    return mark


class Scenes:
    """All marked tests of the session."""

    def __init__(self, items, cluster, make_lopin, folder):
        self.queue = Queue(cluster)
        self.cluster = cluster
        self.made = []
        self.pool = concurrent.futures.ThreadPoolExecutor(SIDE_BY_SIDE)
        self.future = {}
        at = 0
        every = sum(item.function.scene[1] for item in items)
        for number, item in enumerate(sorted(items, key=lambda item: not item.function.scene[2])):
            function, nodes, _ = item.function.scene
            own = ["n%d" % (at + i + 1) for i in range(nodes)]
            at += nodes
            place = folder / ("%02d" % number)
            place.mkdir()
            campaign = Campaign(self, make_lopin(place), "scene%d" % number, own, every)
            self.made.append(campaign)
            self.future[function.__qualname__] = self.pool.submit(function, campaign)

    def result(self, name):
        self.future[name].result()

    def close(self):
        self.queue.closed = True
        for campaign in self.made:
            campaign.open_gate()
        self.pool.shutdown(cancel_futures=True)


class Queue:
    """What squeue says, asked once for all that wait for it."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.lock = threading.Lock()
        self.at = 0
        self.rows = []
        self.closed = False

    def look(self, fresh=False):
        with self.lock:
            if fresh or time.monotonic() - self.at > 0.3:
                out = self.cluster.slurm("squeue", "-h", "-r", "-t", "all", "-o", "%i\t%j\t%T\t%N")
                self.rows = [line.split("\t") for line in out.splitlines()]
                self.at = time.monotonic()
            return self.rows


class Campaign:
    """A run in a folder of its own, on nodes of its own."""

    def __init__(self, scenes, lopin, name, nodes, every):
        """`every`: how many nodes the cluster has."""
        self.scenes = scenes
        self.cluster = scenes.cluster
        self.lopin = lopin
        self.name = name
        self.nodes = nodes
        self.others = ",".join("n%d" % (i + 1) for i in range(every) if "n%d" % (i + 1) not in nodes)
        self.cwd = lopin.cwd
        self.names = []

    def move(self, folder):
        """Into a project folder that has a name of its own."""
        self.cwd = self.lopin.cwd / folder
        self.cwd.mkdir()
        return self.cwd

    def write(self, pause=0.2, spare=0, script="task.py"):
        (self.cwd / script).write_text(TASK)
        (self.lopin.cwd / "side").mkdir()
        if self.cluster.who:
            shutil.chown(self.lopin.cwd / "side", self.cluster.who["user"])
        self.words = ["{out}", "{}", str(self.lopin.cwd), str(pause), str(spare)]
        self.script = script

    def line(self, *words):
        """Of map --slurm, up to the datasets."""
        exclude = ["--sbatch=--exclude=" + self.others] if self.others else []
        return ["map", "--slurm", "-J", self.name, *exclude, "--out", "out/{}", *words, self.script, *self.words, ":::"]

    def submit(self, *words, names, **how):
        """Returns the number of the job."""
        self.write(**how)
        self.names = list(names)
        done = self.run(*self.line(*words), *self.names)
        assert done.code == 0, done.err
        return self.number(done)

    def run(self, *words, **how):
        return self.lopin(*words, cwd=self.cwd, **self.cluster.who, **how)

    @staticmethod
    def number(done):
        return next(line.split()[1] for line in done.out.splitlines() if line.startswith("job "))

    @property
    def folder(self):
        return self.cwd / ".lopin" / "runs" / "1"

    def until(self, condition, what="it", limit=LIMIT):
        end = time.monotonic() + limit
        while not (found := condition()):
            assert time.monotonic() < end, (self.name, what, self.told())
            assert not self.scenes.queue.closed
            time.sleep(0.1)
        return found

    def told(self):
        """For whoever reads why a test failed."""
        logs = ["%s: %s" % (path.name, path.read_text(errors="replace")[-1500:]) for path in sorted(self.folder.glob("slurm-*"))]
        rows = [row for row in self.scenes.queue.rows if row[1] == self.name]
        return "\n".join([self.run("status").out, repr(rows), repr(sorted(self.attempts().items())), *logs])

    # What happens in it.

    def jobs(self, *states):
        return [(job, state, node) for job, name, state, node in self.scenes.queue.look()
                if name == self.name and (not states or state in states)]

    def wait_over(self):
        """Until it has no job in the queue that is not at its end. A state is written before the successor of a job is."""
        over = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY")
        self.scenes.queue.look(fresh=True)
        self.until(lambda: self.jobs() and all(state in over for _, state, _ in self.jobs()), "over", 2 * LIMIT)

    def attempts(self):
        """Of each dataset's number: (node, pid, whether it came to its end) of each attempt, the first first."""
        found = {}
        for path in sorted((self.lopin.cwd / "side").glob("*.begin"), key=lambda path: path.stat().st_mtime_ns):
            number, pid, node = path.name.split(".")[:3]
            found.setdefault(int(number), []).append((node, int(pid), path.with_suffix(".end").exists()))
        return found

    def begun(self, prefix=""):
        """Attempts of datasets whose name begins so."""
        return [attempt for number, attempts in self.attempts().items() if self.names[number - 1].startswith(prefix)
                for attempt in attempts]

    def wait_held(self, slots):
        """Until each slot has a dataset that waits. Returns these attempts."""
        self.until(lambda: len(self.begun("hold")) == slots, "held")
        return self.begun("hold")

    def ended(self):
        return sum(end for _, _, end in self.begun())

    def open_gate(self):
        (self.lopin.cwd / "gate").touch()

    def parcel(self, name):
        """What the file of a parcel says."""
        text = (self.folder / "claims" / ("parcel." + name)).read_text()
        return dict(line.split(" ", 1) for line in text.splitlines() if " " in line)

    def holders(self, prefix="hold"):
        """Names of the parcels that have begun such a dataset and recorded no end of it."""
        keys = {line.split(" ")[1]: int(line.split(" ")[0]) for line in (self.folder / "datasets").read_text().splitlines()[2:]}
        begun = {}
        for parcel, word, fields in self.records():
            if word == "start" and self.names[keys[fields["key"]] - 1].startswith(prefix):
                begun[fields["key"]] = parcel
            elif word == "end":
                begun.pop(fields["key"], None)
        return sorted(set(begun.values()))

    def parcels(self):
        return sorted(path.name.split(".")[1] for path in (self.folder / "claims").glob("parcel.*"))

    # What is done to it.

    def slurm(self, *words):
        return self.cluster.slurm(*words)

    def lose(self, node):
        """A power failure, that Slurm is told of."""
        assert self.cluster.cluster("kill-node", node).returncode == 0
        self.slurm("scontrol", "update", "nodename=" + node, "state=down", "reason=test")

    def kill_slurmd(self, node):
        pid = int((self.cluster.conf.parent.parent / "run" / ("slurmd-%s.pid" % node)).read_text())
        os.kill(pid, signal.SIGKILL)

    # What came of it.

    def records(self):
        """(parcel, word, fields) of each line of all journals."""
        for path in sorted(self.folder.glob("journal.*")):
            for line in path.read_text().rpartition("\n")[0].splitlines()[1:]:
                word, *fields = line.split(" ")[:-1]
                yield path.name.split(".")[1], word, dict(field.split("=", 1) for field in fields)

    def check_outputs(self, folder="out"):
        there = {path.name: path.read_text() for path in (self.cwd / folder).iterdir() if path.is_file()}
        wanted = {name: "one %s\ntwo %s\n" % (name, name) for name in self.names}
        assert there == wanted, self.told()
        assert not list(self.cwd.rglob(".lopin-*")), (list(self.cwd.rglob(".lopin-*")), self.told())

    def check(self, folder="out"):
        """Each dataset's output is there, once and whole, and nothing else is."""
        self.check_outputs(folder)
        done = {}
        for _, word, fields in self.records():
            if word == "end" and fields["state"] == "done":
                done[fields["key"]] = done.get(fields["key"], 0) + 1
        assert len(done) == len(self.names) and set(done.values()) == {1}, (done, self.told())
        status = self.run("status", "--json").json()
        assert (status["state"], status["done"], status["left"]) == ("done", len(self.names), 0), (status, self.told())

    def twice(self):
        """Attempts of each dataset that had more than one."""
        return {number: attempts for number, attempts in self.attempts().items() if len(attempts) > 1}


def is_alive(pid):
    try:
        return pathlib.Path("/proc/%d/stat" % pid).read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
