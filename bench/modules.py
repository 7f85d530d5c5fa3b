# SPDX-License-Identifier: Apache-2.0
"""`lopin module` beside Lmod 8.6 and Environment Modules 5.2, on trees of 1,000 and 5,000 modulefiles, in Lua and in Tcl."""
import collections
import os
import pathlib
import re
import resource
import shutil
import subprocess
import tempfile
import time

import common
import module_trees

LMOD = "/usr/share/lmod/lmod/libexec/lmod"
UPDATE = "/usr/share/lmod/lmod/libexec/update_lmod_system_cache_files"
MODULES = common.ROOT / "build" / "modules52" / "usr" / "lib" / "x86_64-linux-gnu" / "modulecmd.tcl"
SIZES = (1000, 5000)
# of the goals: times faster than Lmod and than Modules, metadata operations
GOALS = {
    "load 1": (40, 8, 40), "load a chain of 10": (20, 8, 150), "avail": (10, 10, None),
    "spider python, cold": (20, None, None), "spider python, warm": (8, None, None),
}
METADATA = {"stat", "lstat", "newfstatat", "statx", "access", "faccessat", "faccessat2", "open", "openat", "readlink", "readlinkat", "getdents64"}


def processor_time():
    """Of the programs that ended, in seconds. It tells of a busy machine's times which are the machine's."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def interleave(contestants, rounds):
    """{name: [(seconds, seconds of processors)]}, in turns."""
    for once in contestants.values():
        once()
    times = {name: [] for name in contestants}
    for number in range(rounds):
        for name, once in contestants.items():
            times[name].append(once())
        print("round %d: %s" % (number + 1, ", ".join("%s %.4f s (%.4f)" % (name, *values[-1]) for name, values in times.items())), flush=True)
    return times


class Program:
    """One of the three, with a tree, a home of its own and, of Lmod, a system cache if it is to have one."""

    def __init__(self, words, path, home, cache=None):
        self.words, self.home = [str(word) for word in words], home
        self.env = {"PATH": "/usr/bin:/bin", "HOME": str(home), "MODULEPATH": path, "LC_ALL": "C.UTF-8", "LMOD_PAGER": "none", "LOPIN_SITE": ""}
        if cache:
            self.env["LMOD_RC"] = str(cache)
        home.mkdir(parents=True, exist_ok=True)

    def run(self, line, cold=False):
        """A callable that gives seconds: of the clock, and of processors. cold: what was kept is taken away before."""
        def once():
            if cold:
                shutil.rmtree(self.home)
                self.home.mkdir()
            before, begin = processor_time(), time.perf_counter()
            done = subprocess.run(self.words + line.split(), env=self.env, stdin=subprocess.DEVNULL, capture_output=True, check=False, cwd=self.home)
            spent = time.perf_counter() - begin
            if done.returncode != 0 or done.stdout.rstrip().endswith(b"false"):
                raise SystemExit("%s %s: %s" % (self.words, line, done.stderr.decode(errors="replace")))
            return spent, processor_time() - before
        return once

    def metadata(self, line, cold=False):
        """How many system calls look at files or folders, from the start of the program's main on: those of the loader of libraries are
        taken off, as they are those of `--version`."""
        def count(words):
            with tempfile.NamedTemporaryFile() as log:
                subprocess.run(["strace", "-f", "-o", log.name, *self.words[:1], *words], env=self.env, stdin=subprocess.DEVNULL, capture_output=True,
                               check=False, cwd=self.home)
                calls = re.findall(r"^\d+ +(\w+)\(", pathlib.Path(log.name).read_text(errors="replace"), re.M)
            return sum(number for name, number in collections.Counter(calls).items() if name in METADATA)
        if cold:
            shutil.rmtree(self.home)
            self.home.mkdir()
        return count(self.words[1:] + line.split()) - count(["--version"])


def lmod_cache(folder, path):
    folder.mkdir()
    subprocess.run([UPDATE, "-d", folder, "-t", folder / "timestamp", path], check=True, capture_output=True)
    (folder / "rc.lua").write_text('scDescriptT = { { dir = "%s", timestamp = "%s/timestamp" } }\n' % (folder, folder))
    return folder / "rc.lua"


def of_size(options, folder, size, rounds):
    """{work: {program: [(seconds, of processors)]}}, {work: {program: metadata operations}}, how many folders"""
    language = "mixed" if options.mixed else "lua"
    paths = {name: module_trees.make(folder / name, size, name) for name in (language, "tcl")}
    # what has just been written is not believed by a cache
    time.sleep(3)
    cache = lmod_cache(folder / "cache", paths[language])
    time.sleep(1)
    lopin = Program([options.binary, "module", "--shell", "bash"], paths[language], folder / "home-lopin")
    ours_tcl = Program([options.binary, "module", "--shell", "bash"], paths["tcl"], folder / "home-lopin-tcl")
    lmod = Program([LMOD, "bash"], paths[language], folder / "home-lmod")
    cached = Program([LMOD, "bash"], paths[language], folder / "home-cached", cache)
    modules = Program([MODULES, "bash"], paths["tcl"], folder / "home-tcl") if MODULES.exists() else None
    nothing = Program(["/bin/true"], paths[language], folder / "home-nothing")
    works = {  # the line; Lmod as it is quickest; whether Modules can do it
        "load 1": ("load python", lmod, True),
        "load a chain of 10": ("load chain0", lmod, True),
        "avail": ("avail", cached, True),
        "spider python, warm": ("spider python", cached, False),
    }
    times, operations = {}, {}
    for program in (lopin, ours_tcl):
        program.run("spider python")()
    for work, (line, peer, has_modules) in works.items():
        contestants = {"nothing": nothing.run(""), "lopin": lopin.run(line), "lopin, Tcl": ours_tcl.run(line), "Lmod": peer.run(line)}
        if has_modules and modules:
            contestants["Modules"] = modules.run(line)
        times[work] = interleave(contestants, rounds)
        operations[work] = {"lopin": lopin.metadata(line), "lopin, Tcl": ours_tcl.metadata(line)}
    cold = {"lopin": lopin, "lopin, Tcl": ours_tcl, "Lmod": lmod}
    times["spider python, cold"] = interleave({name: program.run("spider python", True) for name, program in cold.items()}, min(rounds, 3))
    operations["spider python, cold"] = {name: program.metadata("spider python", True) for name, program in cold.items() if name != "Lmod"}
    return times, operations, sum(1 for _ in os.walk(folder / language))


def ratio(times, peer, own, goal):
    """How many times faster, by the clock and by what processors did."""
    if peer not in times or not goal:
        return ""
    both = [common.summary(values)[0] for name in (peer, own) for values in zip(*times[name])]
    return "%.1f, %.1f (>= %d)" % (both[0] / both[2], both[1] / both[3], goal)


def row(size, work, times, operations):
    lmod, modules, limit = GOALS[work]
    cells = []
    for name in ("lopin", "lopin, Tcl", "Lmod", "Modules"):
        clock, processors = (common.summary(values) for values in zip(*times[name])) if name in times else (None, None)
        cells.append("%s / %s / %s" % tuple(map(common.milliseconds, (*clock[:2], processors[0]))) if clock else "")
    return [size, work, *cells, ratio(times, "Lmod", "lopin", lmod), ratio(times, "Modules", "lopin", modules),
            ratio(times, "Modules", "lopin, Tcl", modules),
            "%d, %d%s" % (operations["lopin"], operations["lopin, Tcl"], " (<= %d)" % limit if limit else "")]


def main():
    os.environ["LC_ALL"] = "C.UTF-8"
    options = common.arguments(__doc__)
    options.mixed = os.environ.get("BENCH_MODULES", "lua") == "mixed"
    rounds = options.rounds or 11
    rows, folders, floor = [], {}, []
    for size in SIZES:
        folder = pathlib.Path(tempfile.mkdtemp(dir=os.environ.get("TMPDIR", "/var/tmp")))
        try:
            times, operations, folders[size] = of_size(options, folder, size, rounds)
        finally:
            shutil.rmtree(folder)
        floor += times["load 1"]["nothing"]
        rows += [row(size, work, times[work], operations[work]) for work in GOALS]
    text = ("Median / minimum from exec to exit / median of user + system time, of %d rounds (cold: %d), in ms. Quotients of medians, from exec to exit and of processor "
            "time; in parentheses the goals. %s for lopin and Lmod; for \"lopin, Tcl\" and Modules the same tree in Tcl; %s. Lmod has its system cache for avail and "
            "spider, warm, where it helps it. Metadata: stat, access, open, readlink and getdents of lopin, in the first tree and in Tcl, without those of `--version`. /bin/true, which does nothing, beside them: %s / %s / %s.\n\n" % (
                rounds, min(rounds, 3), "Half of the files in Lua, half in Tcl," if options.mixed else "All files in Lua",
                ", ".join("%d files in %d folders" % pair for pair in folders.items()),
                *map(common.milliseconds, (*common.summary([clock for clock, _ in floor])[:2], common.summary([spent for _, spent in floor])[0]))))
    text += common.table(["files", "work", "lopin", "lopin, Tcl", "Lmod 8.6", "Modules 5.2", "Lmod / lopin", "Modules / lopin", "Modules / lopin, Tcl", "metadata"], rows)
    text += "\n\nVersions: %s; Lmod %s; Modules %s. Command: `script/bench modules`." % (
        common.version([options.binary, "--version"]), debian("lmod"), common.version([MODULES, "bash", "--version"]) if MODULES.exists() else "absent")
    common.record("modules", "loading, listing and finding modulefiles", text)


def debian(package):
    return common.version(["dpkg-query", "-W", "-f", "${Version}", package])


if __name__ == "__main__":
    main()
