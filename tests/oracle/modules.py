#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks Lmod for what each sequence of a set does, and keeps it: modules.py lua > tests/cases/modules/lua/golden.json

modules.py lua build/lopin NAME... > tests/cases/modules/lua/ours.json: what lopin does in those where it differs on purpose.
modules.py tcl modules > tests/cases/modules/tcl/golden-modules.json: what Environment Modules does.
"""
import concurrent.futures
import json
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
import modules  # noqa: E402


def ask(found, program):
    with tempfile.TemporaryDirectory() as folder:
        answers = modules.run_all(found, pathlib.Path(folder), [program])
    return {name: modules.shorten(steps) for name, steps in answers.items()}


def show(found):
    print("{")
    print(",\n".join("%s: %s" % (json.dumps(name.partition("/")[2]), json.dumps(found[name], sort_keys=True)) for name in found))
    print("}")


def main():
    oracle = modules.modules52() if sys.argv[2:] == ["modules"] else modules.lmod()
    if not oracle:
        sys.exit("it is not installed (script/install modules)")
    found = modules.sequences(sys.argv[1])
    if len(sys.argv) > 2 and sys.argv[2] != "modules":
        own = ask({sys.argv[1] + "/" + name: found[sys.argv[1] + "/" + name] for name in sys.argv[3:]}, modules.lopin(pathlib.Path(sys.argv[2]).resolve()))
        return show(own)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:  # Lmod's tables have no order: what is not twice the same is no oracle
        first, second = pool.map(ask, [found, found], [oracle, oracle])
    for name in found:
        if first[name] != second[name]:
            print("not the same twice: %s" % name, file=sys.stderr)
    if sys.argv[2:] == ["modules"]:  # whose words nobody sorts into classes
        first = {name: [{member: step[member] for member in step if member != "about"} for step in steps] for name, steps in first.items()}
    return show(first)


if __name__ == "__main__":
    main()
