# SPDX-License-Identifier: Apache-2.0
"""A job's modules: `lopin run --module gcc,openmpi,python X` beside `module load ...` and X in bash, with Lmod."""
import pathlib
import re
import sys
import tempfile

import common

LMOD = pathlib.Path("/usr/share/lmod/lmod")
COMPILERS, MPIS, NAMES = 4, 2, 1000
BODY = """help([[%(name)s %(version)s, as a generator of modulefiles writes it]])
whatis("Name: %(name)s")
whatis("Version: %(version)s")
whatis("Description: a package of the tree that is measured")
local root = "%(root)s/software/%(name)s/%(version)s"
conflict("%(name)s")
%(more)s
prepend_path("PATH", pathJoin(root, "bin"))
prepend_path("LD_LIBRARY_PATH", pathJoin(root, "lib"))
prepend_path("CPATH", pathJoin(root, "include"))
prepend_path("MANPATH", pathJoin(root, "share", "man"))
prepend_path("CMAKE_PREFIX_PATH", root)
setenv("EBROOT%(upper)s", root)
setenv("EBVERSION%(upper)s", "%(version)s")
setenv("EBDEVEL%(upper)s", pathJoin(root, "easybuild", "devel"))
"""


def write(root, folder, name, version, more=""):
    path = root / folder / name / ("%s.lua" % version)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(BODY % {"name": name, "version": version, "root": root, "more": more, "upper": name.upper()})


def plant(root):
    """Core with compilers, MPIs behind each, and packages in all of them: about NAMES files. Returns how many."""
    opens = 'prepend_path("MODULEPATH", "%s")'
    for compiler in range(COMPILERS):
        version = "%d.1.0" % (10 + compiler)
        write(root, "Core", "gcc", version, opens % (root / "Compiler" / version))
        for mpi in range(MPIS):
            own = "4.%d.2" % mpi
            write(root, "Compiler/%s" % version, "openmpi", own, opens % (root / "MPI" / version / own))
    for number in range(NAMES):
        level = ["Core", "Compiler/%d.1.0" % (10 + number % COMPILERS),
                 "MPI/%d.1.0/4.%d.2" % (10 + number % COMPILERS, number // COMPILERS % MPIS)][number % 3]
        write(root, level, "package%d" % (number // 2), "1.%d" % (number % 2))
    for minor in (9, 10, 11):
        write(root, "Core", "python", "3.%d.4" % minor)
    return sum(1 for _ in root.rglob("*.lua"))


def main():
    options = common.arguments(__doc__)
    if not (LMOD / "libexec" / "lmod").exists():
        sys.exit("Lmod is not here: script/install modules")
    rounds = options.rounds or 15
    with tempfile.TemporaryDirectory(prefix="lopin-bench-") as name:
        root = pathlib.Path(name) / "tree"
        files = plant(root)
        env = common.clean_environment(MODULEPATH=str(root / "Core"), HOME=name, PATH="/usr/bin:/bin", LOPIN_SITE="")
        for gone in ("LMOD_CMD", "LMOD_PACKAGE_PATH", "LOADEDMODULES", "_LMFILES_", "BASH_ENV", "SLURM_CONF"):
            env.pop(gone, None)
        lmod = ". %s/init/bash && module load gcc openmpi python && exec /bin/true" % LMOD
        shell = ["bash", "--norc", "--noprofile", "-c"]
        lines = {
            "X alone": ["/bin/true"],
            "lopin run X": [options.binary, "run", "/bin/true"],
            "lopin run --module gcc,openmpi,python X": [options.binary, "run", "--module", "gcc,openmpi,python", "/bin/true"],
            "bash -c 'exec X'": [*shell, "exec /bin/true"],
            "bash with Lmod: module load gcc openmpi python && exec X": [*shell, lmod],
        }
        times = common.interleave({key: lambda words=words: common.timed(words, name, env=env) for key, words in lines.items()}, rounds)
    found = {key: common.summary(values) for key, values in times.items()}
    alone = found["X alone"]
    overhead = {key: [value - base for value, base in zip(one[:2], alone)] for key, one in found.items()}
    theirs = overhead["bash with Lmod: module load gcc openmpi python && exec X"]
    rows = []
    for key, (median, least, _) in found.items():
        ours = overhead[key]
        is_goal = key.startswith("lopin run --module")
        rows.append([key, common.milliseconds(median), common.milliseconds(least), common.milliseconds(ours[0]),
                     "%.0f" % (theirs[0] / ours[0]) if is_goal else "", "%.0f" % (theirs[1] / ours[1]) if is_goal else "", "10" if is_goal else ""])
    text = ("X is /bin/true; three levels of modules, in a tree of %d Lua modulefiles as EasyBuild writes them; %d rounds. Overhead is what is above X alone. "
            "Lmod has no cache here.\n\n" % (files, rounds))
    text += common.table(["line", "ms, median", "min", "overhead", "times less than Lmod, medians", "minima", "goal at least"], rows)
    text += "\n\nVersions: %s; Lmod %s. Command: `script/bench module_run`." % (
        common.version([options.binary, "--version"]), re.search(r'LMOD_VERSION="(.*)"', (LMOD / "init" / "bash").read_text()).group(1))
    common.record("module_run", "a job's modules", text)


if __name__ == "__main__":
    main()
