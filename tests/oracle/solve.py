#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The solver on worlds made at random, beside others: solve.py LOPIN COUNT [SEED [UV]]

Every answer is tried against all choices of versions; resolvelib, on which pip stands, and (a hundredth as often, or with UV="" never)
uv itself say what they would take. A difference that is none of the known ones is printed, and the exit status is 1.

Known differences, each counted:
  prereleases   finals satisfy the requirements alone, but all of them fail further down: lopin and uv then take a pre-release (with a
                warning), pip has no solution. And where a requirement names a pre-release, pip and lopin let all in, uv prefers finals.
  backtracking  there are several solutions, and a choice had to be taken back on the way: which one depends on the order of decisions.
"""
import pathlib
import random
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cases
import solvers
import universes
from packaging.version import Version

OPTIONS = ("", "lowest", "verbose", "pre")
SHOWN = 5


def chosen(lines):
    """{project: (version, extras)}, None without a solution."""
    if lines and lines[0].startswith("! "):
        assert lines[0].startswith(("! no-wheel: ", "! no-solution: ")), lines
        return None
    found = {}
    for line in lines:
        if line.startswith("= "):
            name, number = line[2:].split(" ")[:2]
            name, _, extras = name.partition("[")
            found[name] = (number, set(filter(None, extras.rstrip("]").split(","))))
    return found


def check_alone(world, answer):
    """What is wrong with an answer, or None: a solution holds, and there is one exactly if one is found by trying all."""
    if answer is None:
        found = next(iter(world.all_solutions()), None)
        return found and "there is a solution: %s" % found
    needed = world.needed({name: number for name, (number, _) in answer.items()})
    if needed is None:
        return "something is not satisfied"
    if needed != {name: extras for name, (_, extras) in answer.items()}:
        return "what is needed is %s" % needed
    return None


def kind_of(world, ours, theirs):
    """The known difference that two answers show; None: an unknown one."""
    numbers = [number for answer in (ours, theirs) for number in (answer or {}).values()]
    if any(Version(number).is_prerelease for number in numbers):
        return "prereleases"
    if ours is None or theirs is None or world.needed(theirs) is None:
        return None
    better = [name for name in ours.keys() & theirs.keys() if Version(theirs[name]) > Version(ours[name])]
    worse = [name for name in ours.keys() & theirs.keys() if Version(theirs[name]) < Version(ours[name])]
    # One that is nowhere worse and somewhere better should have been found.
    if better and not worse and theirs.keys() >= ours.keys():
        return None
    return "backtracking"


def worlds_of(count, seed):
    rng = random.Random("%s solve" % seed)
    return [universes.make(rng, projects=rng.choice((3, 4, 5)), needs=rng.choice((2, 3, 4))) for _ in range(int(count))]


def compare_alone(program, worlds):
    found = []
    for options in OPTIONS:
        texts = [universes.text_of(*world, options) for world in worlds]
        for world, text, lines in zip(worlds, texts, cases.ask(program, texts)):
            wrong = check_alone(universes.World(*world), chosen(lines))
            if wrong:
                found.append((text, lines, wrong))
    return found


def compare_peer(program, worlds, peer):
    """What differs unknown, and how often each known difference was met."""
    texts = [universes.text_of(*world) for world in worlds]
    found, known = [], {"same": 0, "prereleases": 0, "backtracking": 0}
    for world, text, lines in zip(worlds, texts, cases.ask(program, texts)):
        ours = chosen(lines)
        ours = ours and {name: number for name, (number, _) in ours.items()}
        try:
            theirs = peer(world)
        except RecursionError:  # resolvelib, on some circles
            known["crashed"] = known.get("crashed", 0) + 1
            continue
        kind = "same" if ours == theirs else kind_of(universes.World(*world), ours, theirs)
        if kind:
            known[kind] += 1
        else:
            found.append((text, ours, theirs))
    return found, known


def by_resolvelib(world):
    return solvers.by_resolvelib(universes.World(*world))


def without_constraints(worlds):
    return [(world, asks, []) for world, asks, _ in worlds]


def show(title, found, known=""):
    print("%s: %d differences %s" % (title, len(found), known or ""), flush=True)
    for text, ours, theirs in found[:SHOWN]:
        print("%s\n    ours   %s\n    theirs %s" % (text, ours, theirs))
    return len(found)


def main(program, count, seed=None, uv=shutil.which("uv", path=str(pathlib.Path(sys.executable).parent))):
    seed = seed or random.SystemRandom().randrange(10 ** 9)
    print("seed", seed)
    worlds = worlds_of(count, seed)
    wrong = show("trying all, %d worlds in %d ways" % (len(worlds), len(OPTIONS)), compare_alone(program, worlds))
    wrong += show("resolvelib, %d worlds" % len(worlds), *compare_peer(program, without_constraints(worlds), by_resolvelib))
    if uv:
        some = worlds[:max(1, len(worlds) // 100)]
        wrong += show("uv, %d worlds" % len(some), *compare_peer(program, some, lambda world: solvers.by_uv(uv, *world)))
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
