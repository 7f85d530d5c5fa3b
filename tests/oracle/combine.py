#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sequences of commands, put together at random but always the same ones: combine.py > tests/cases/modules/combined/sequences.txt

Each takes a few things that modules do (versions, defaults, a hierarchy, families, dependencies, lists, stacks, sticky ones, collections) on the tree of the set lua.
"""
import random

SETS = {
    "version": ["py", "py/3.9", "py/3.10", "py/3.11.5", "py/default", "dotv", "dotv/2", "tool", "tool/.3.0", "rc", "rc/lts", "rcthree", "luarc/old", "all", "deep", "deep/arm", "link", "meta"],
    "tree": ["gcc", "gcc/12", "gcc/13", "clang", "openmpi", "openmpi/4", "hdf5", "only12"],
    "depend": ["a", "a2", "b", "c", "atleast", "range", "iffy", "loads", "always", "try", "zlib", "zlib/1.2", "cyc1", "latest"],
    "need": ["needs", "needsany", "needsver", "foe", "foever", "zlib/1.2", "zlib/1.3", "c"],
    "list": ["paths/1", "paths/2", "paths2", "sep", "prio", "man", "rmpath"],
    "value": ["push", "push2", "pushfalse", "set", "set2", "unset", "respect", "self"],
    "sticky": ["sticky/1", "sticky/2", "family1", "family2", "alias", "spack", "EasyB"],
    "bad": ["nosuch", "says", "raises", "breaks", "wantsnone", "loadsbreaks"],
}
START = ["P=/user:/one", "PUSHED=user", "SET=user", "MANPATH=:", "Q=/a", ""]


def names(rng, kinds, count):
    return " ".join(rng.choice(SETS[rng.choice(kinds)]) for _ in range(count))


def short(rng, kinds):
    return rng.choice(SETS[rng.choice(kinds)]).partition("/")[0]


def step(rng, kinds):
    """A command of about what is, or may be, loaded."""
    verb = rng.choices(["load", "unload", "swap", "purge", "use", "minus", "save", "try", "force"], [12, 7, 3, 2, 2, 1, 1, 1, 1])[0]
    if verb == "load":
        return "load " + names(rng, kinds, rng.choice([1, 1, 2, 3]))
    if verb == "unload":
        return "unload " + " ".join(short(rng, kinds) for _ in range(rng.choice([1, 1, 2])))
    if verb == "swap":
        return "swap %s %s" % (short(rng, kinds), names(rng, kinds, 1))
    if verb == "use":
        return rng.choice(["use TREE/Other", "use -a TREE/Other", "unuse TREE/Other", "use TREE/gcc/12"])
    if verb == "minus":
        return "load -%s %s" % (short(rng, kinds), names(rng, kinds, 1))
    if verb == "save":
        return "save mine"
    return {"purge": "purge", "try": "try-load " + names(rng, kinds + ["bad"], 2), "force": rng.choice(["--force purge", "--force unload sticky"])}[verb]


def main():
    rng = random.Random(9)
    print("# Made by tests/oracle/combine.py.")
    for number in range(160):
        kinds = rng.sample(sorted(set(SETS) - {"bad"}), 2) + (["bad"] if number % 8 == 0 else [])
        steps = [rng.choice(START)] if rng.random() < 0.4 else []
        steps.append("load " + names(rng, kinds, rng.choice([1, 2, 3])))
        steps += [step(rng, kinds) for _ in range(rng.choice([2, 3, 4]))]
        print("%03d: %s" % (number, "; ".join(one for one in steps if one)))


if __name__ == "__main__":
    main()
