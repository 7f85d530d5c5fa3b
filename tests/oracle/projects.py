# SPDX-License-Identifier: Apache-2.0
"""Made-up TOML and pyproject.toml beside Python's tomllib and packaging's dependency groups."""
import datetime
import math
import tomllib
import urllib.parse

from lines import a_requirement, mutate
from packaging.dependency_groups import DependencyGroupResolver
from packaging.errors import ExceptionGroup
from packaging.requirements import InvalidRequirement, Requirement


class Refused(Exception):
    """A part that is not there or not what it should be."""


INVALID = (Refused, tomllib.TOMLDecodeError, InvalidRequirement, ExceptionGroup, UnicodeDecodeError)
VALUES = ["1", "-17", "+0", "0x1F", "0o17", "0b101", "1_000", "9223372036854775807", "9223372036854775808", "1.5", "-0.0", "6.626e-34",
          "1e06", "inf", "-inf", "nan", "true", "false", '"text"', "'literal'", '"\\u00e9\\t\\"q\\\\"', '""', '"""a\nb"""', "'''x\ny'''",
          '"""\\\n   joined"""', "1979-05-27", "07:32:00", "1979-05-27T07:32:00Z", "1979-05-27 07:32:00.999999-07:00", "[]", "[1, 2]",
          "[1, 'a', [2.5]]", "[\n 1,\n 2, # c\n]", "{}", "{ a = 1 }", "{ a.b = 1, c = 'x' }", "{ a = 1, }", "1__0", "01", "+1.", ".5",
          "'a\nb'", '"\\x"', "tru", "1979-13-40", "25:00:00", "é", '"é\U0001f40d"', "''''q'''' ", '"\\U0001F40D"', '"\\ud800"', "0xg", "1e"]
KEYS = ["a", "b", "a.b", "'quoted key'", '"a\\tb"', "a-b_1", "1", "1.2", "a . b", '""', "a.", "é", "a b", "a.a"]


def percent(text):
    return urllib.parse.quote(text.encode(), safe="!\"#$&'()*+/<>?@\\^_`|~-.")


def shown(value):
    """As x_toml.c writes it."""
    if isinstance(value, bool):
        return "b:" + str(value).lower()
    if isinstance(value, int):
        if not -2 ** 63 <= value < 2 ** 63:
            raise Refused  # TOML 1.0: 64 bits are to be read, of more an error must be given
        return "i:%d" % value
    if isinstance(value, float):
        return "f:nan" if math.isnan(value) else "f:%.17g" % value
    if isinstance(value, str):
        return "s:" + percent(value)
    if isinstance(value, dict):
        items = sorted((key.encode(), key, item) for key, item in value.items())
        return "{" + "".join("%s=%s;" % (percent(key), shown(item)) for _, key, item in items) + "}"
    if isinstance(value, list):
        return "[" + "".join(shown(item) + ";" for item in value) + "]"
    return "t:" + time_shown(value)


def time_shown(value):
    """RFC 3339 with as many digits of a second as are needed."""
    text = value.isoformat()
    if isinstance(value, datetime.datetime) and value.utcoffset() == datetime.timedelta(0):
        text = text.replace("+00:00", "Z")
    if "." in text:
        head, rest = text.split(".", 1)
        digits = rest[:6].rstrip("0")
        text = head + ("." + digits if digits else "") + rest[6:]
    return text


class Toml:
    verb = "toml"

    def make(self, rng):
        lines = []
        for _ in range(rng.randint(0, 8)):
            lines.append(rng.choice([
                "%s = %s" % (rng.choice(KEYS), rng.choice(VALUES)), "%s = %s" % (rng.choice(KEYS), rng.choice(VALUES)),
                "[%s]" % rng.choice(KEYS), "[[%s]]" % rng.choice(KEYS), "# comment", "", "  ", "%s=%s # c" % (rng.choice(KEYS), rng.choice(VALUES))]))
        return [mutate(rng, rng.choice(["\n", "\n", "\r\n"]).join(lines) + rng.choice(["", "\n"]), 0.1)]

    def expect(self, text):
        return [shown(tomllib.loads(text))]


class Pyproject:
    verb = "pyproject"
    names = ["test", "Test", "docs", "a.b", "A_B", "all"]

    def make(self, rng):
        def a_list():
            items = [rng.choice(['"%s"' % a_requirement(rng).replace("\\", "\\\\").replace('"', '\\"'), '"numpy"', "'scipy>=1'"])
                     for _ in range(rng.randint(0, 3))]
            if rng.random() < 0.5:
                items.append('{include-group = "%s"}' % rng.choice(self.names))
            if rng.random() < 0.03:
                items.append(rng.choice(["1", "{x = 1}", "{include-group = 1}", "[]", '{include-group = "test", b = 1}']))
            return "[%s]" % ", ".join(items)

        text = "[project]\nname = 'x'\nversion = '1'\n"
        if rng.random() < 0.1:
            text += rng.choice(["dynamic = ['dependencies']\n", "dynamic = ['version']\n"])
        if rng.random() < 0.8:
            text += "dependencies = %s\n" % rng.choice([a_list(), "['a', 'b>1']", "[]"])
        if rng.random() < 0.5:
            text += "[project.optional-dependencies]\n" + "".join(
                "%s = ['%s']\n" % (name, rng.choice("abc")) for name in sorted(set(rng.choices(["test", "docs", "all"], k=2))))
        groups = list(dict.fromkeys(rng.choices(self.names, k=rng.randint(1, 4))))
        text += "[dependency-groups]\n" + "".join("'%s' = %s\n" % (name, rng.choice([a_list(), a_list(), '"text"']) if rng.random() < 0.1 else a_list())
                                                 for name in groups)
        return [rng.choice(["dependencies", "group", "group", "group", "extra"]), rng.choice(self.names), text]

    def expect(self, part, name, text):
        root = tomllib.loads(text)
        project = root.get("project")
        if part == "group":
            return self.listed(DependencyGroupResolver(root.get("dependency-groups", {})).resolve(name))
        if part == "dependencies":
            if "dependencies" in project.get("dynamic", []):
                raise Refused
            return self.listed(map(self.requirement, project.get("dependencies", [])))
        for extra, needs in project.get("optional-dependencies", {}).items():
            if extra.lower().replace("_", "-").replace(".", "-") == name.lower().replace("_", "-").replace(".", "-"):
                return self.listed(map(self.requirement, needs))
        raise Refused

    @staticmethod
    def requirement(item):
        if not isinstance(item, str):
            raise Refused
        return Requirement(item)

    @staticmethod
    def listed(found):
        texts = [str(one) for one in found]
        return [len(texts), *texts]


KINDS = [Toml(), Pyproject()]
