# SPDX-License-Identifier: Apache-2.0
"""Small worlds of projects and versions, made at random, and what may be installed from them by trying everything.

A world is {project: {version: [requirement, ...]}}; versions ascend. Requirements are texts that `packaging` reads.
"""
import itertools

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

NUMBERS = ("0.9", "1.0a1", "1.0", "1.0+site", "1.1", "2.0rc1", "2.0", "2.0.post1", "3.0")
EXTRAS = ("x", "y")


def make_specifier(rng, numbers):
    number = rng.choice(numbers)
    kind = rng.randrange(10)
    if kind < 3:
        return ""
    if kind < 5:
        return ">=" + number.split("+")[0]
    if kind < 7:
        return "<" + number.split("+")[0]
    if kind < 8:
        return "!=" + number
    return "==" + number if kind < 9 else "<=" + number.split("+")[0]


def make_requirement(rng, names, numbers):
    extra = "[%s]" % rng.choice(EXTRAS) if rng.random() < 0.15 else ""
    text = rng.choice(names) + extra + make_specifier(rng, numbers)
    kind = rng.random()
    if kind < 0.12:
        text += ' ; extra == "%s"' % rng.choice(EXTRAS)
    elif kind < 0.16:
        text += ' ; python_version %s "3.9"' % rng.choice("<>")
    return text


def make(rng, projects=4, versions=4, needs=3, numbers=NUMBERS):
    """A world and what is asked of it: (world, asks, constraints)."""
    names = ["p%d" % i for i in range(rng.randint(2, projects))]
    world = {}
    for name in names:
        chosen = sorted(rng.sample(range(len(numbers)), rng.randint(1, min(versions, len(numbers)))))
        world[name] = {numbers[i]: [make_requirement(rng, names, numbers) for _ in range(rng.randrange(needs))] for i in chosen}
    asks = [make_requirement(rng, names, numbers) for _ in range(rng.randint(1, 3))]
    constraints = [rng.choice(names) + make_specifier(rng, numbers) for _ in range(rng.choice((0, 0, 1)))]
    return world, asks, constraints


def text_of(world, asks, constraints, options=""):
    """The case as `lopin x-wheel solve` reads it."""
    out = []
    for name, versions in world.items():
        for number, needs in versions.items():
            out.append(" | ".join(["%s %s extras=%s" % (name, number, ",".join(EXTRAS)), *needs]))
    out += ["ask: " + text for text in asks] + ["constraint: " + text for text in constraints]
    return "\n".join(out + ["set: " + options] if options else out)


def holds(requirement, extra):
    return requirement.marker is None or requirement.marker.evaluate({"python_version": "3.11", "extra": extra})


def allows(requirement, number):
    return SpecifierSet(str(requirement.specifier), prereleases=True).contains(number)


class World:
    def __init__(self, world, asks, constraints):
        self.world = {name: {number: [Requirement(text) for text in needs] for number, needs in versions.items()}
                      for name, versions in world.items()}
        self.asks = [item for item in map(Requirement, asks) if holds(item, "")]
        self.constraints = [Requirement(text) for text in constraints]

    def needed(self, chosen):
        """What follows from {project: version}: {project: extras}, or None if something is not satisfied."""
        found, todo = {}, [(item, "") for item in self.asks]
        done = set()
        while todo:
            item, _ = todo.pop()
            if item.name not in chosen or not allows(item, chosen[item.name]):
                return None
            for extra in {""} | set(item.extras):
                if (item.name, extra) in done:
                    continue
                done.add((item.name, extra))
                found.setdefault(item.name, set())
                if extra:
                    found[item.name].add(extra)
                todo += [(need, extra) for need in self.world[item.name][chosen[item.name]] if holds(need, extra)]
        for item in self.constraints:
            if item.name in found and not allows(item, chosen[item.name]):
                return None
        return found

    def all_solutions(self):
        names = list(self.world)
        for numbers in itertools.product(*(self.world[name] for name in names)):
            chosen = dict(zip(names, numbers))
            needed = self.needed(chosen)
            if needed is not None:
                yield {name: chosen[name] for name in needed}
