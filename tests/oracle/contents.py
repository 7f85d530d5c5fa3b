# SPDX-License-Identifier: Apache-2.0
"""Made-up METADATA, WHEEL, RECORD, entry_points.txt and scripts, and what Python's own modules say of each."""
import base64
import csv
import email.parser
import email.policy
import hashlib
import io
import re
from importlib import metadata as installed

from lines import a_name, a_requirement, a_version, letters, mutate, specifier_set
from packaging import metadata, requirements, specifiers, utils, version


class Refused(Exception):
    """Python takes it and we do not, or it has no exception of its own."""


INVALID = (Refused, csv.Error)
ENDS = ["\n", "\n", "\n", "\n", "\r\n", "\r"]
FIELDS = ["Metadata-Version", "Name", "Version", "Summary", "Requires-Dist", "Requires-Python", "Provides-Extra", "Classifier",
          "License-Expression", "X-Y", "keywords"]


def value_of(rng, name):
    if name == "Metadata-Version":
        return rng.choice(["1.0", "2.1", "2.1", "2.4", "2.4", "3.0", "2", ""])
    if name == "Name":
        return a_name(rng) if rng.random() < 0.9 else rng.choice(["", "a b", "-a"])
    if name == "Version":
        return a_version(rng)
    if name == "Requires-Dist":
        return a_requirement(rng).strip()
    if name == "Requires-Python":
        return specifier_set(rng)
    if name == "Provides-Extra":
        return a_name(rng).rstrip("-")
    return rng.choice(["text", "caf\u00e9 \u4e2d", "a: b", "", "two\n    lines", "x\n\ty\n  z", "trailing  "])


def identity(rng, lines):
    if rng.random() < 0.9:
        lines += ["Metadata-Version: 2.%d" % rng.randint(1, 4), "Name: " + a_name(rng).rstrip("-"), "Version: " + a_version(rng)]


def a_metadata(rng, names, begin=identity):
    lines = []
    begin(rng, lines)
    for _ in range(rng.randint(0, 6)):
        name = rng.choice(names)
        if rng.random() < 0.15:
            name = rng.choice([name.upper(), name.lower(), name + " ", " " + name, "", "Not a header"])
        lines.append(name + rng.choice([": ", ": ", ": ", ":", ":\t", ""]) + value_of(rng, name.strip()))
    text = "\n".join(lines) + rng.choice(["\n", "\n\n", "\n\nThe body.\n\nMore: of it\n", "", "\nbody at once\n"])
    return text.replace("\n", rng.choice(ENDS))


class Headers:
    verb = "headers"

    def make(self, rng):
        data = mutate(rng, a_metadata(rng, FIELDS), 0.2).encode()
        if rng.random() < 0.1:
            at = rng.randint(0, len(data))
            data = data[:at] + b"\xff\xc3" + data[at:]
        return [data]

    def expect(self, data):
        parsed = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(data)
        answer = []
        for name, value in parsed.raw_items():
            # Until 3.13 a value whose first line is empty kept that line's end.
            answer += [name, value.lstrip(" \t\r\n")]
        return answer + [parsed.get_payload(decode=True)]


class Metadata:
    verb = "metadata"

    def make(self, rng):
        return [mutate(rng, a_metadata(rng, FIELDS), 0.05).encode()]

    def expect(self, data):
        raw, unparsed = metadata.parse_email(data)
        if any(name in unparsed for name in ("metadata-version", "name", "version", "requires-python", "requires-dist")):
            raise Refused
        if not re.fullmatch(r"0*[12]\..+", raw.get("metadata_version", "").strip("\r\n"), re.S):
            raise Refused
        try:
            name = utils.canonicalize_name(raw["name"], validate=True)
            python = str(specifiers.SpecifierSet(raw.get("requires_python", "")))
            extras = [utils.canonicalize_name(extra, validate=True) for extra in raw.get("provides_extra", [])]
            found = version.Version(raw["version"])
            needs = [requirements.Requirement(text) for text in raw.get("requires_dist", [])]
        except (KeyError, ValueError) as error:
            raise Refused from error
        return [name, str(found), python, *(self.text(need) for need in needs), "", *extras]

    @staticmethod
    def text(need):
        try:
            return str(need)
        except ValueError:
            return "unwritten"


def wheel_begin(rng, lines):
    lines += ["Wheel-Version: " + rng.choice(["1.0", "1.0", "1.9", "2.0", "1", "x"]),
              "Root-Is-Purelib: " + rng.choice(["true", "false", "TRUE", "yes"])]


class WheelFile:
    verb = "wheelfile"

    def make(self, rng):
        return [mutate(rng, a_metadata(rng, ["Tag", "Tag", "Build", "Generator", "Wheel-Version"], wheel_begin), 0.05).encode()]

    def expect(self, data):
        parsed = email.parser.BytesParser(policy=email.policy.compat32).parsebytes(data)

        def every(name):
            return [value.lstrip(" \t\r\n") for key, value in parsed.raw_items() if key.lower() == name]

        versions, pure = every("wheel-version"), every("root-is-purelib")
        if len(versions) != 1 or len(pure) != 1 or not re.fullmatch(r"0*1\..+", versions[0], re.S):
            raise Refused
        if pure[0].lower() not in ("true", "false"):
            raise Refused
        return [int(pure[0].lower() == "true"), (every("build") + [""])[0], *every("tag")]


def sha256(data):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


class Record:
    verb = "record"

    def make(self, rng):
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator=rng.choice(ENDS))
        for _ in range(rng.randint(0, 4)):
            path = rng.choice(["a/b.py", "a,b.py", 'a"b', "caf\u00e9", "../../../bin/x", "a\nb", "a b", "", "#x"])
            digest = rng.choice([sha256(path.encode()), sha256(path.encode()), "", "sha256=x", "sha512=abc", "md5", "sha256=" + "_" * 43])
            size = rng.choice(["12", "", "0", "x", "9" * 17, "-1"] if rng.random() < 0.3 else ["12", "", "0"])
            row = [path, digest, size]
            if rng.random() < 0.05:
                row = rng.choice([row[:2], row + ["x"], row[:1]])
            writer.writerow(row)
        return [mutate(rng, text.getvalue(), 0.2)]

    def expect(self, text):
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
        answer, again = [], io.StringIO(newline="")
        for row in rows:
            if len(row) != 3 or not row[0]:
                raise Refused
            path, digest, size = row
            if digest:
                name, _, value = digest.partition("=")
                if not name or not value:
                    raise Refused
                if name == "sha256" and not self.good(value):
                    raise Refused
            if not re.fullmatch(r"[0-9]{0,18}", size):
                raise Refused
            answer += [path, digest, str(int(size)) if size else "-1"]
            quoted = '"' + path.replace('"', '""') + '"' if re.search('[,"\r\n]', path) else path
            again.write(",".join([quoted, digest if digest.startswith("sha256=") else "", str(int(size)) if size else ""]) + "\n")
        return answer + [again.getvalue()]

    @staticmethod
    def good(value):
        if not re.fullmatch(r"[A-Za-z0-9_-]{43}", value):
            return False
        return base64.urlsafe_b64encode(base64.urlsafe_b64decode(value + "=")).decode().rstrip("=") == value


class Entries:
    verb = "entries"

    def make(self, rng):
        lines = []
        for _ in range(rng.randint(0, 7)):
            lines.append(rng.choice(["[console_scripts]", "[gui_scripts]", " [a.b] ", "x = a:b", "y=a.b:c.d", "z = a:b [extra]", "# no",
                                     "", "w = a : b", "v = a", "u = a:b; import os", "t = a:b()", "caf\u00e9 = a:b", "s = :x", "r=a:",
                                     "noequals", "q == a:b", "[[x]]", "p = a:b[c", "o = 1a:b"]))
        return [letters(mutate(rng, rng.choice(ENDS).join(lines), 0.1))]

    def expect(self, text):
        text = re.sub("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", " ", text)
        answer = [0]
        for section in installed.Sectioned.read(text, installed.Sectioned.valid):
            if section.name is None:
                continue
            name, equals, value = section.value.partition("=")
            if not equals:
                raise Refused
            value = value.strip()
            answer[0] += 1
            answer += [section.name, name.strip(), value, *self.object(value)]
        return answer

    @staticmethod
    def object(value):
        match = re.fullmatch(r"([\w.]+)\s*:\s*([\w.]+)\s*(\[.*\])?", value, re.S)
        if not match or not all(part.isidentifier() for name in match.group(1, 2) for part in name.split(".")):
            return "", ""
        return match.group(1, 2)


class Script:
    verb = "script"
    block = r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$"  # PEP 723

    def make(self, rng):
        lines = rng.choice([[], ["# /// script", "# requires-python = '>=3.8'", "# dependencies = []"]])
        for _ in range(rng.randint(0, 9)):
            lines.append(rng.choice(["# /// script", "# ///", "# dependencies = ['numpy']", "#", "# x", "#x", "import os", "", "# /// other",
                                     "# /// script ", " # ///", "# /// script", "# ///", "# dependencies = []"]))
        return [mutate(rng, rng.choice(["\n", "\n", "\n", "\r\n"]).join(lines) + rng.choice(["", "\n"]), 0.1)]

    def expect(self, text):
        text = text.replace("\r\n", "\n").replace("\r", "\n")  # as open() does
        found = [match for match in re.finditer(self.block, text) if match.group("type") == "script"]
        if len(found) > 1:
            raise Refused
        if not found:
            return ["none"]
        lines = found[0].group("content").splitlines(keepends=True)
        return ["".join(line[2:] if line.startswith("# ") else line[1:] for line in lines)]


KINDS = [Headers(), Metadata(), WheelFile(), Record(), Entries(), Script()]
