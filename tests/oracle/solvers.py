# SPDX-License-Identifier: Apache-2.0
"""Other resolvers on the worlds of universes.py: resolvelib, on which pip stands, and uv itself on wheels that hold nothing."""
import pathlib
import subprocess
import tempfile
import zipfile

import resolvelib
from packaging.requirements import Requirement
from packaging.version import Version

import universes


class Provider(resolvelib.AbstractProvider):
    """As pip: the highest version that satisfies, finals before pre-releases unless a requirement names one."""

    def __init__(self, world):
        self.world = world

    def identify(self, requirement_or_candidate):
        name, extra = requirement_or_candidate[:2]
        return name, extra

    def get_preference(self, identifier, resolutions, candidates, information, backtrack_causes):
        return len(list(candidates[identifier])) != 1, identifier

    def find_matches(self, identifier, requirements, incompatibilities):
        name, extra = identifier
        wanted = [item[2] for item in requirements[identifier]]
        bad = {item[2] for item in incompatibilities[identifier]}
        found = [number for number in self.world.get(name, {})
                 if number not in bad and all(universes.allows(item, number) for item in wanted)]
        if not any(item.specifier.prereleases for item in wanted) and any(not Version(number).is_prerelease for number in found):
            found = [number for number in found if not Version(number).is_prerelease]
        return [(name, extra, number) for number in sorted(found, key=Version, reverse=True)]

    def is_satisfied_by(self, requirement, candidate):
        return universes.allows(requirement[2], candidate[2])

    def get_dependencies(self, candidate):
        name, extra, number = candidate
        needs = [item for item in self.world[name][number] if universes.holds(item, extra)]
        found = [pair for item in needs for pair in as_pairs(item)]
        if extra:
            found.append((name, "", Requirement("%s===%s" % (name, number))))
        return found


def as_pairs(requirement):
    return [(requirement.name, extra, requirement) for extra in ["", *sorted(requirement.extras)]]


def by_resolvelib(world):
    """{project: version}, None without a solution."""
    asks = [pair for item in world.asks for pair in as_pairs(item)]
    try:
        result = resolvelib.Resolver(Provider(world.world), resolvelib.BaseReporter()).resolve(asks, max_rounds=10000)
    except (resolvelib.ResolutionImpossible, resolvelib.ResolutionTooDeep):
        return None
    return {name: candidate[2] for (name, extra), candidate in result.mapping.items() if not extra}


def write_wheel(folder, name, number, needs):
    stem = "%s-%s" % (name, number)
    info = "%s.dist-info/" % stem
    head = ["Metadata-Version: 2.1", "Name: " + name, "Version: " + number]
    head += ["Provides-Extra: " + extra for extra in universes.EXTRAS] + ["Requires-Dist: " + text for text in needs]
    with zipfile.ZipFile(folder / (stem + "-py3-none-any.whl"), "w") as wheel:
        wheel.writestr(info + "METADATA", "\n".join(head) + "\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(info + "RECORD", "%sMETADATA,,\n%sWHEEL,,\n%sRECORD,,\n" % (info, info, info))


def by_uv(uv, world, asks, constraints, *options):
    """{project: version}, None without a solution; of the texts that universes.make() gives."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for project, versions in world.items():
            for number, needs in versions.items():
                write_wheel(folder, project, number, needs)
        (folder / "in.txt").write_text("\n".join(asks))
        (folder / "constraints.txt").write_text("\n".join(constraints))
        done = subprocess.run([uv, "pip", "compile", "--quiet", "--no-config", "--no-index", "--find-links", folder, "--no-header", "--no-annotate",
                               "--no-cache", "--python-version", "3.11", "-c", folder / "constraints.txt", *options, folder / "in.txt"],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            assert "No solution found" in done.stderr, done.stderr
            return None
        rows = [line.split(" ;")[0].strip() for line in done.stdout.splitlines()]
        return {row.partition("==")[0].split("[")[0]: row.partition("==")[2] for row in rows if row and not row.startswith("#")}
