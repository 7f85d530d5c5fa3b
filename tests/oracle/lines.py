# SPDX-License-Identifier: Apache-2.0
"""Made-up versions, specifiers, requirements and markers, and what Python's packaging says of each."""
import re

from packaging import markers, requirements, specifiers, utils, version

SPACES = [" ", "\t", "  ", "\n", "\u00a0", "\x1c", "\u2003", "\x0b", "\r"]
# No letters outside ASCII that have two cases: ours change those of ASCII only.
HOSTILE = list("0123456789abcrvdeptos.-_+!*=<>~(),;[]@'\"\\ \t\n%#") + ["\u00e9", "\u0663", "\u4e2d", "\u00a0",
                                                                         "\x1f", "\x7f", "\U0001f600"]
SEPARATORS = ["", "", "", ".", "-", "_"]


def mutate(rng, text, share=0.25):
    """Most texts stay as they are; the others lose, get or change a few characters."""
    if rng.random() > share:
        return text
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        at = rng.randint(0, len(text))
        what = rng.random()
        if what < 0.4:
            text = text[:at] + rng.choice(HOSTILE) + text[at:]
        elif what < 0.7:
            text = text[:at] + text[at + 1:]
        elif what < 0.9:
            text = text[:at] + rng.choice(HOSTILE) + text[at + 1:]
        else:
            other = rng.randint(0, len(text))
            text = text[:at] + text[min(at, other):max(at, other)] + text[at:]
    return text


def letters(text):
    """Without what is above U+007F and no letter: ours takes all of it for letters, Python for what it is."""
    return "".join(char for char in text if char < "\x80" or char.isalpha())


def number(rng):
    what = rng.random()
    if what < 0.75:
        return str(rng.choice([0, 0, 1, 1, 2, 3, 10]))
    if what < 0.9:
        return str(rng.randint(0, 2030))
    if what < 0.95:
        return "0" * rng.randint(1, 3) + str(rng.randint(0, 12))
    return str(rng.randint(0, 10 ** rng.randint(15, 60)))


def case(rng, word):
    return word if rng.random() < 0.8 else "".join(rng.choice([c.lower(), c.upper()]) for c in word)


def label(rng, words):
    count = number(rng) if rng.random() < 0.85 else ""
    return rng.choice(SEPARATORS) + case(rng, rng.choice(words)) + rng.choice(SEPARATORS) + count


def release(rng, least=1):
    count = max(least, rng.choice([1, 1, 2, 2, 2, 3, 3, 4, 6]))
    return ".".join(number(rng) for _ in range(count))


def local(rng):
    parts = [rng.choice(["computecanada", "abc", "1", "01", "a1", "cu118", "10", "2", "ABC", "ubuntu", number(rng)])
             for _ in range(rng.choice([1, 1, 1, 2, 3]))]
    text = parts[0]
    for part in parts[1:]:
        text += rng.choice("._-") + part
    return text


def a_version(rng, with_local=True, least=1):
    text = "v" if rng.random() < 0.05 else ""
    if rng.random() < 0.1:
        text += number(rng) + "!"
    text += release(rng, least)
    if rng.random() < 0.3:
        text += label(rng, ["a", "b", "c", "rc", "alpha", "beta", "pre", "preview"])
    if rng.random() < 0.2:
        text += "-" + number(rng) if rng.random() < 0.2 else label(rng, ["post", "rev", "r"])
    if rng.random() < 0.2:
        text += label(rng, ["dev"])
    if with_local and rng.random() < 0.2:
        text += "+" + local(rng)
    return text


def near(rng, text):
    """A version that differs little from another: that is where comparisons go wrong."""
    base = text.split("+")[0]
    return rng.choice([text, base, base + ".0", base + "+" + local(rng), base + ".dev" + number(rng), base + ".post" + number(rng),
                       base + "a1", base + "rc" + number(rng), re.sub(r"\d+$", number(rng), text), base.rsplit(".", 1)[0],
                       base + "." + number(rng)])


def padded(rng, text):
    if rng.random() < 0.1:
        text = rng.choice(SPACES) + text
    return text + rng.choice(SPACES) if rng.random() < 0.1 else text


def a_specifier(rng, anchor=None):
    op = rng.choice(["==", "==", "!=", "<=", ">=", "<", ">", "~=", "==="])
    wanted = anchor if anchor and rng.random() < 0.7 else a_version(rng, rng.random() < 0.3, 2 if op == "~=" else 1)
    if op in ("==", "!=") and rng.random() < 0.3:
        wanted = re.match(r"v?(\d+!)?[\d.]*", wanted).group().rstrip(".") + ".*"
    elif op not in ("==", "!=", "===") and rng.random() < 0.9:
        wanted = wanted.split("+")[0]
    return op + rng.choice(["", "", "", " ", rng.choice(SPACES)]) + wanted


def specifier_set(rng, anchor=None):
    count = rng.choice([0, 1, 1, 1, 1, 2, 2, 3])
    return rng.choice([",", ", ", ",", " , "]).join(a_specifier(rng, anchor) for _ in range(count))


def a_name(rng):
    return rng.choice(["numpy", "SciPy", "ruamel.yaml", "a", "zope.interface", "a__b", "A-.-b", "x1", "python_dateutil", "foo-"])


VARIABLES = ["python_version", "python_full_version", "os_name", "sys_platform", "platform_release", "platform_system",
             "platform_version", "platform_machine", "platform_python_implementation", "implementation_name",
             "implementation_version", "extra", "extras", "dependency_groups", "os.name", "sys.platform", "platform.machine",
             "python_implementation", "platform.version"]
VALUES = ["3.8", "3", "3.10", "3.*", "3.11.4", "linux", "posix", "Linux", "x86_64", "CPython", "cpython", "", "test", "Test_Extra",
          "5.10.0-28-amd64", "4.18", "win32", "3.8,3.9", "a\\x41", "\\t", "\\'", "it", "dev", "os_name", "1.0+x", ">=3", "\\d", "\\101"]
MARKER_OPS = ["==", "!=", "<=", ">=", "<", ">", "~=", "===", "in", "not in", "not  in"]


def operand(rng, variable):
    if variable:
        return rng.choice(VARIABLES)
    quote = rng.choice("'\"")
    text = rng.choice(VALUES) if rng.random() < 0.8 else a_version(rng)
    return quote + text.replace(quote, "") + quote


def comparison(rng):
    left = rng.random() < 0.75
    right = not left if rng.random() < 0.93 else rng.random() < 0.5
    gap = rng.choice([" ", " ", " ", "", "  ", "\t"])
    return operand(rng, left) + gap + rng.choice(MARKER_OPS) + gap + operand(rng, right)


def a_marker(rng, depth=0):
    parts = []
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3])):
        if depth < 4 and rng.random() < 0.2:
            parts.append("(" + rng.choice(["", " "]) + a_marker(rng, depth + 1) + ")")
        else:
            parts.append(comparison(rng))
    text = parts[0]
    for part in parts[1:]:
        text += rng.choice([" and ", " or ", " and ", " or ", "or", " AND "]) + part
    return text


def a_requirement(rng):
    gap = rng.choice(["", "", " "])
    text = rng.choice(["", "", "", " "]) + a_name(rng) + gap
    if rng.random() < 0.25:
        text += "[" + ", ".join(a_name(rng) for _ in range(rng.choice([0, 1, 1, 2, 3]))) + "]" + gap
    what = rng.random()
    if what < 0.15:
        text += "@" + rng.choice([" ", "", "  "]) + rng.choice(["https://x.y/a-1.0.zip#sha256=ab", "file:///a%20b", "git+https://h/r@v1",
                                                                "./a", "x;y"]) + rng.choice([" ", "", " "])
    elif what < 0.3:
        text += "(" + gap + specifier_set(rng) + gap + ")" + gap
    elif what < 0.8:
        text += specifier_set(rng) + rng.choice(["", "", "", ",", ", "]) + gap
    if rng.random() < 0.35:
        text += rng.choice([";", "; ", " ; "]) + a_marker(rng) + rng.choice(["", "", " "])
    return text


def an_environment(rng):
    env = {
        "implementation_name": rng.choice(["cpython", "pypy"]), "implementation_version": rng.choice(["3.11.4", "7.3.13", "3.13.0a2"]),
        "os_name": "posix", "platform_machine": rng.choice(["x86_64", "aarch64", ""]),
        "platform_release": rng.choice(["5.10.0-28-amd64", "4.18.0", "6.1", "x"]), "platform_system": rng.choice(["Linux", "Windows"]),
        "platform_version": "#1 SMP Debian 5.10.209-2", "python_full_version": rng.choice(["3.11.4", "3.8.18", "3.13.0rc1", "3.14.0+"]),
        "platform_python_implementation": rng.choice(["CPython", "PyPy"]), "python_version": rng.choice(["3.8", "3.11", "3.13", "3.6"]),
        "sys_platform": rng.choice(["linux", "win32"]),
    }
    if rng.random() < 0.7:
        env["extra"] = rng.choice(["", "test", "Test.extra", "dev"])
    if rng.random() < 0.3:
        env["extras"] = set(rng.sample(["test", "Test.Extra", "dev"], rng.randint(0, 3)))
        env["dependency_groups"] = set(rng.sample(["test", "it"], rng.randint(0, 2)))
    return env


def field(name, value):
    return name + "=" + (",".join(sorted(value)) if isinstance(value, set) else value)


class Version:
    verb = "version"

    def make(self, rng):
        return [mutate(rng, padded(rng, a_version(rng)))]

    def expect(self, text):
        found = version.Version(text)
        return [str(found), found.public, found.base_version, utils.canonicalize_version(found), int(found.is_prerelease)]


class Cmp:
    verb = "cmp"

    def make(self, rng):
        first = a_version(rng)
        return [first, near(rng, first) if rng.random() < 0.7 else a_version(rng)]

    def expect(self, first, second):
        one, two = version.Version(first), version.Version(second)
        return [(one > two) - (one < two)]


class Specifiers:
    verb = "specifier"

    def make(self, rng):
        return [mutate(rng, specifier_set(rng))]

    def expect(self, text):
        found = specifiers.SpecifierSet(text)
        return [str(found), int(bool(found.prereleases))]


class Match:
    verb = "match"
    said = {"auto": None, "yes": True, "no": False}

    def make(self, rng):
        anchor = a_version(rng)
        items = [near(rng, anchor) if rng.random() < 0.8 else mutate(rng, a_version(rng)) for _ in range(rng.randint(1, 4))]
        return [specifier_set(rng, anchor), rng.choice(["auto", "auto", "yes", "no"])] + items

    def expect(self, text, said, *items):
        found = specifiers.SpecifierSet(text)
        return [int(found.contains(item, prereleases=self.said[said])) for item in items]


class Filter(Match):
    verb = "filter"

    def make(self, rng):
        return super().make(rng) + [a_version(rng) for _ in range(rng.randint(0, 5))]

    def expect(self, text, said, *items):
        found = specifiers.SpecifierSet(text)
        kept = set(found.filter(range(len(items)), prereleases=self.said[said], key=lambda i: items[i]))
        return [int(i in kept) for i in range(len(items))]


class Require:
    verb = "require"

    def make(self, rng):
        return [mutate(rng, a_requirement(rng))]

    def expect(self, text):
        found = requirements.Requirement(text)
        return [str(found), utils.canonicalize_name(found.name), str(found.marker) if found.marker else ""]


class Marker:
    verb = "marker"

    def make(self, rng):
        return [mutate(rng, a_marker(rng), 0.15)] + [field(*item) for item in an_environment(rng).items()]

    def expect(self, text, *fields):
        found = markers.Marker(text)
        env = dict(item.split("=", 1) for item in fields)
        for name in ("extras", "dependency_groups"):
            if name in env:
                env[name] = set(filter(None, env[name].split(",")))
        if "extra" in env:
            env["extra"] = utils.canonicalize_name(env["extra"])
        if env["python_full_version"].endswith("+"):
            env["python_full_version"] += "local"
        try:
            normal = str(found)
        except ValueError:
            normal = "unwritten"
        try:
            return [normal, int(found.evaluate_prepared(env))]
        except (markers.UndefinedComparison, markers.UndefinedEnvironmentName):
            return [normal, "undefined"]


INVALID = (version.InvalidVersion, specifiers.InvalidSpecifier, requirements.InvalidRequirement, markers.InvalidMarker)
KINDS = [Version(), Cmp(), Specifiers(), Match(), Filter(), Require(), Marker()]
