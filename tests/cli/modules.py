# SPDX-License-Identifier: Apache-2.0
"""Trees of modulefiles, and sequences of commands on them that are run by lopin and by others.

A set is a folder of tests/cases/modules: tree.txt, sequences.txt and golden.json. A sequence is called SET/NAME.
"""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess

CASES = pathlib.Path(__file__).resolve().parent.parent / "cases" / "modules"
LMOD = "/usr/share/lmod/lmod/libexec/lmod"
# Of the shell itself, or what only one of the programs reads.
PRIVATE = re.compile(r"_ModuleTable|_$|SHLVL$|PWD$|OLDPWD$|LMOD_(?!FAMILY)|__LMOD_DEFAULT|BASH_FUNC|LOPIN_")


def plant(folder, cases):
    """Writes the tree of a set into a folder."""
    path, lines = None, []
    for line in (CASES / cases / "tree.txt").read_text().splitlines() + ["== "]:
        if line.startswith("<< "):  # all of another set's
            plant(folder, line[3:])
        elif line.startswith(("== ", "=> ")):
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("\n".join(lines).replace("TREE", str(folder)) + "\n")
            path, lines = None, []
            if line.startswith("=> "):
                name, target = line[3:].split()
                (folder / name).symlink_to(target)
            elif line[3:]:
                path = folder / line[3:]
        else:
            lines.append(line)


def sets():
    return sorted(path.parent.name for path in CASES.glob("*/sequences.txt"))


def sequences(cases):
    found = {}
    for line in (CASES / cases / "sequences.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, steps = line.split(": ", 1)
            found[cases + "/" + name] = [step.strip() for step in steps.split(";")]
    return found


def commands(step, tree, program):
    """A step: NAME=VALUE, !COMMAND of bash, or words for the program."""
    step = step.replace("TREE", str(tree))
    if re.match(r"[A-Z_]+=", step):
        return "export %s; rc=0" % step
    if step.startswith("!"):
        return step[1:] + "; rc=$?"
    return 'out=$(%s %s 2>>"$HOME/talk"); eval "$out"; rc=$?' % (program, step)


SHOW = (r'printf "%s\0" "==STEP $rc"; /usr/bin/env -0; printf "==ALIAS\0"; alias; printf "\0==FUNCTION\0"; declare -F; '
        r'printf "\0==TALK\0"; [ ! -e "$HOME/talk" ] || printf "%s" "$(<"$HOME/talk")"; : > "$HOME/talk"')


def script(steps, tree, programs):
    """A program for bash that does the steps, each by the next of the programs, and shows the shell after each."""
    parts = ["shopt -s expand_aliases"]
    for number, step in enumerate(steps):
        parts += [commands(step, tree, programs[number % len(programs)]), SHOW]
    return "\n".join(parts)


# What a message is about, as Lmod and lopin have it; never its words. Line ends are spaces: Lmod's depend on names.
CLASSES = {
    "unknown": r"are unknown:|could not find any of the following modules|exist but cannot be loaded as requested|no module that can be loaded now is called",
    "conflict": r'Cannot load module "\S+" because these module|cannot be loaded beside',
    "prereq": r'Cannot load module "\S+" without these|At least one of these module|needs these loaded before|needs one of these loaded',
    "version": r"reloaded with a version change|loaded with another version",
    "family": r"automatically replacing|is replaced by",
    "inactive": r"Inactive [Mm]odules|inactive until what they need",
    "active": r"Activating Modules|active again:",
    "again": r"the following have been reloaded:|loaded again, from another folder",
    "sticky": r"were not unloaded:|sticky and stay",
    "file": r"error when evaluating modulefile|Syntax error in file:|Error in script|Failed to inherit|lopin: \S+\.lua:",
    "collection": r"User module collection: \S+ does not exist|there is no collection|empty collection of modules|a collection would be empty",
    "warning": r"Lmod Warning:|warning of module",
}
ERROR = re.compile(r"Lmod has detected the following error|lopin: .*\[(module-failed|no-module)\]")


def classes(talk):
    talk = " ".join(talk.split())
    found = [name for name, pattern in CLASSES.items() if re.search(pattern, talk)]
    if "collection" in found and "warning" in found:
        found.remove("warning")
    return found if {"unknown", "conflict", "prereq", "file", "collection"} & set(found) or not ERROR.search(talk) else found + ["error"]


def read(output, tree, home):
    """[{rc, env, aliases, functions, talk}] of what such a program prints."""
    text = output.decode(errors="surrogateescape").replace(str(tree), "TREE").replace(str(home), "HOME")
    found = []
    for part in text.split("==STEP ")[1:]:
        head, rest = part.split("==ALIAS\0")
        alias, rest = rest.split("\0==FUNCTION\0")
        function, talk = rest.split("\0==TALK\0")
        code, *entries = head.split("\0")
        env = dict(entry.split("=", 1) for entry in entries if "=" in entry)
        found.append({
            "rc": int(code),
            "env": {name: value for name, value in sorted(env.items()) if not PRIVATE.match(name)},
            "aliases": sorted(alias.splitlines()),
            "functions": sorted(function.rstrip("\0").splitlines()),
            "talk": talk,
        })
    return found


def run_all(found, folder, programs):
    """{name: what the shell was after each step} of sequences of one set: one tree, one bash, a shell within it and a home of its own each."""
    tree, parts = folder / "tree", []
    tree.mkdir(parents=True)
    plant(tree, next(iter(found)).partition("/")[0])
    for number, steps in enumerate(found.values()):
        home = folder / ("home%d" % number)
        home.mkdir()
        parts.append('printf "==SEQUENCE "; (\nexport HOME=%s; cd "$HOME"\n%s\n)' % (home, script(steps, tree, programs)))
    env = {"PATH": "/usr/bin:/bin", "MODULEPATH": "%s/Core" % tree, "LC_ALL": "C.UTF-8", "LMOD_SETTARG_FULL_SUPPORT": "no"}
    (folder / "script").write_text("\n".join(parts))
    done = subprocess.run(["bash", "--norc", "--noprofile", folder / "script"], env=env, capture_output=True, stdin=subprocess.DEVNULL, check=False, cwd=folder)
    outputs = done.stdout.split(b"==SEQUENCE ")[1:]
    return {name: read(outputs[number], tree, folder / ("home%d" % number)) for number, name in enumerate(found)}


def lmod():
    return "%s bash" % LMOD if os.path.exists(LMOD) else None


def modules52():
    """Environment Modules 5.2: installed, in the folder LOPIN_TESTS_MODULES, or where script/install modules put it."""
    places = [os.environ.get("LOPIN_TESTS_MODULES"), CASES.parent.parent.parent / "build" / "modules52", "/"]
    for place in places:
        path = pathlib.Path(place or "/nowhere") / "usr/lib/x86_64-linux-gnu/modulecmd.tcl"
        if path.exists() and shutil.which("tclsh"):
            return "tclsh %s bash" % shlex.quote(str(path))
    return None


def lopin(binary):
    return "%s module --shell bash" % shlex.quote(str(binary))


def shorten(found):
    """As it is kept: what differs from the step before."""
    before, kept = {}, []
    for one in found:
        kept.append({
            "rc": one["rc"],
            "set": {name: value for name, value in one["env"].items() if before.get(name) != value},
            "unset": sorted(set(before) - set(one["env"])),
            "aliases": one["aliases"],
            "functions": one["functions"],
            "about": classes(one["talk"]),
        })
        before = one["env"]
    return kept


def shell_of(lopin, shell="bash", cookie=""):
    """A function that runs `lopin module`, f("load", "x", shell="bash"), with a tree: f.file(NAME, TEXT) writes into its folder f.tree."""
    tree = lopin.cwd / "mods"
    tree.mkdir()

    def run(*words, shell=shell, env=None):
        return lopin("module", "--shell", shell, *words, env={"MODULEPATH": str(tree), **(env or {})})

    def file(name, text, cookie=cookie):
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(cookie + text)
        return path

    run.file, run.tree = file, tree
    return run


def differences(found, wanted):
    """By sequence, what is not as it is wanted: [(step, member, ours, wanted)]."""
    return {name: [(number, member, ours[member], theirs[member])
                   for number, (ours, theirs) in enumerate(zip(found[name], wanted[name])) for member in ours if ours[member] != theirs[member]]
            for name in found if found[name] != wanted[name]}


def ours(cases):
    """What lopin does on purpose in another way, whole sequences: those of DIFFERENT that have no members there."""
    path = CASES / cases / "ours.json"
    return {cases + "/" + name: steps for name, steps in json.loads(path.read_text()).items()} if path.exists() else {}


def golden(cases):
    return {cases + "/" + name: steps for name, steps in json.loads((CASES / cases / "golden.json").read_text()).items()}
