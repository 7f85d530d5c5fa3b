#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""lopin's reading of Python's formats beside Python's own: compare.py LOPIN COUNT [SEED [KIND...]]

Makes COUNT lines of each kind from the seed, asks both, prints the first differences. Exits 1 if there is any.
"""
import pathlib
import random
import subprocess
import sys
import urllib.parse
import warnings

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import contents
import lines
import locks
import names
import projects
import reqfiles

KINDS = lines.KINDS + names.KINDS + contents.KINDS + reqfiles.KINDS + projects.KINDS + locks.KINDS
INVALID = lines.INVALID + names.INVALID + contents.INVALID + reqfiles.INVALID + projects.INVALID + locks.INVALID
SHOWN = 10


def encode(text):
    data = text if isinstance(text, bytes) else str(text).encode("utf-8", "surrogateescape")
    return urllib.parse.quote(data, safe="!\"#$&'()*+,/:;<=>?@[\\]^`{|}~")


def ask(program, verb, rows):
    text = "".join("\t".join(map(encode, row)) + "\n" for row in rows)
    done = subprocess.run([program, "x-wheel", verb], input=text.encode(), stdout=subprocess.PIPE, check=True)
    answers = done.stdout.decode().splitlines()
    assert len(answers) == len(rows), (verb, len(answers), len(rows))
    return answers


def expected(kind, row):
    try:
        answer = kind.expect(*row)
    except INVALID:
        return ["invalid"]
    return ["" if item is None else item if isinstance(item, bytes) else str(item).encode("utf-8", "surrogateescape") for item in answer]


def given(answer):
    if answer == "invalid":
        return ["invalid"]
    return [b"" if part == "%" else urllib.parse.unquote_to_bytes(part) for part in answer.split("\t") if answer]


def compare(program, kind, count, seed):
    """The rows on which the two differ: [(row, ours, theirs)], and how many of the rows were valid."""
    rng = random.Random("%s %s" % (seed, kind.verb))
    rows = [kind.make(rng) for _ in range(count)]
    found, valid = [], 0
    for row, answer in zip(rows, ask(program, kind.verb, rows)):
        ours, theirs = given(answer), expected(kind, row)
        if hasattr(kind, "settle"):
            ours, theirs = kind.settle(ours), kind.settle(theirs)
        valid += theirs != ["invalid"]
        if ours != theirs:
            found.append((row, ours, theirs))
    return found, valid


def lines_of(kind, count):
    """A line of some kinds is much work."""
    return max(1, int(count) // getattr(kind, "work", 1))


def main(program, count, seed=None, *names):
    warnings.simplefilter("ignore")  # "\d" in a marker is a deprecated escape
    seed = seed or random.SystemRandom().randrange(10 ** 9)
    print("seed", seed)
    differences = 0
    for kind in KINDS:
        if names and kind.verb not in names:
            continue
        found, valid = compare(program, kind, lines_of(kind, count), seed)
        print("%-12s %d lines, %d valid, %d differences" % (kind.verb, lines_of(kind, count), valid, len(found)), flush=True)
        for row, ours, theirs in found[:SHOWN]:
            print("  %r\n    ours   %r\n    theirs %r" % (row, ours, theirs))
        differences += len(found)
    return 1 if differences else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
