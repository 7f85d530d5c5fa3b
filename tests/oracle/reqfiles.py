# SPDX-License-Identifier: Apache-2.0
"""Made-up requirements files beside pip's own reader, as it is in the environment of the tests."""
import contextlib
import io
import itertools
import os
from unittest import mock

from contents import ENDS
from lines import a_name, a_requirement, mutate
from pip._internal.cli import cmdoptions
from pip._internal.exceptions import CommandError, PipError
from pip._internal.models.format_control import FormatControl
from pip._internal.req import req_file


class Refused(Exception):
    """A file that is not there, or that includes itself."""


INVALID = (Refused, PipError)
OPTIONS = ["-r other.txt", "-c sub/con.txt", "--requirement other.txt", "--constraint=sub/con.txt", "-rother.txt", "-i https://x/simple",
           "--index-url https://x/simple", "--extra-index-url=https://y/s", "--no-index", "-f /links", "--find-links '/a b'", "--pre",
           "--no-binary :all:", "--only-binary=numpy,scipy", "--prefer-binary", "--require-hashes", "--trusted-host h:1", "-e .",
           "--editable git+https://h/r#egg=x", "--no-index --pre", "--req other.txt", "--no-", "--bogus", "-x", "--pre=1", "-f",
           "--index", "--hash=sha256:ab", "-f \"q", "-f a\\ b", "-- x", "--only-binary -x", "--extra https://z", "-r missing.txt", "-",
           "-c sub/con.txt -r other.txt", "-f ''", "--find-links \"a\\\"b\\c\"", "-i a --pypi-url b"]
PER_LINE = ["--hash=sha256:abc", "--hash sha256:123", "--hash=sha512:f", "--hash=md5:1", "--config-settings k=v", "-C a=b", "-C x", "--hash", "extra words", "--pre", "-r other.txt"]
if hasattr(cmdoptions, "only_final"):  # pip 26
    OPTIONS += ["--no-require-hashes", "--all-releases :all:", "--only-final numpy", "--only-final -x", "--only x", "--all scipy"]
COMMENTS = ["# comment", "   # comment \\", "#-r x", "", "  ", "\t"]
VARIABLES = {"TOKEN": "s3cret", "EMPTY": "", "X_1": "numpy --pre", "TWICE": "${TOKEN}", "BLANK": " "}


def a_line(rng):
    what = rng.random()
    if what < 0.4:
        text = a_requirement(rng).replace("\n", " ")
        while rng.random() < 0.35:
            text += rng.choice([" ", "  ", " \\\n  ", " \\\n"]) + rng.choice(PER_LINE[:8] if rng.random() < 0.9 else PER_LINE)
    elif what < 0.7:
        text = rng.choice(OPTIONS)
    elif what < 0.8:
        text = rng.choice(COMMENTS)
    elif what < 0.9:
        text = rng.choice(["--index-url https://${TOKEN}@h/s", "${X_1}", "a==${TOKEN}${UNSET}", "-f ${EMPTY}", "${TOKEN}${TWICE}", "${lower}",
                           "${BLANK}", "${BLANK}-f x", "$TOKEN ${}", "./path/to.whl", "https://h/a.whl#sha256=1", "a#b", "a #b"])
    else:
        text = a_name(rng) + rng.choice(["\\", "\\\\", " \\", "\\ "])
    return text + rng.choice(["", "", "", " # comment", " "])


def a_file(rng, lines):
    end = rng.choice(ENDS + ["\x0c"] * (rng.random() < 0.1))
    text = "\n".join(a_line(rng) for _ in range(rng.randint(0, lines))).replace("\n", end)
    return mutate(rng, text + rng.choice(["", end]), 0.05).replace("\x00", "")


def keep_raw(value, target, other):
    """Instead of FormatControl.handle_mutual_excludes, which makes sets of normal names."""
    if value.startswith("-"):
        raise CommandError("needs a value")
    target.add(value)
    assert other is not target


def settings(opts):
    found = []
    for name in ("index_url", "extra_index_urls", "no_index", "constraints", "requirements", "editables", "find_links", "no_binary",
                 "only_binary", "prefer_binary", "require_hashes", "no_require_hashes", "pre", "all_releases", "only_final", "trusted_hosts", "hashes", "config_settings"):
        holder = opts.format_control if name in ("no_binary", "only_binary") else opts
        if name in ("all_releases", "only_final"):
            holder = getattr(opts, "release_control", None)
        value = getattr(holder, name, None)
        if value is True:
            found.append(name)
        elif isinstance(value, str):
            found.append(name + "=" + value)
        elif isinstance(value, dict):
            for key, each in value.items():
                separator = ":" if name == "hashes" else "="
                found += [name + "=" + key + separator + item for item in ([each] if isinstance(each, str) else each)]
        elif value:
            found += [name + "=" + item for item in value]
    return found


def kind_of(line):
    args = getattr(line, "args", None)  # pip 26; before, a requirement that is not editable
    if args is None and line.is_requirement and not line.is_editable:
        args = line.requirement
    if args:
        return "requirement", args
    return ("editable", line.opts.editables[0]) if line.opts.editables else ("settings", "")


class ReqFile:
    verb = "reqfile"
    work = 4

    def make(self, rng):
        main = rng.choice(["req.txt", "d/req.txt", "/abs/req.txt"])
        folder = os.path.dirname(main)
        row = ["$%s=%s" % item for item in VARIABLES.items()] + [main, a_file(rng, 5)]
        for name in ("other.txt", "sub/con.txt"):
            row += [os.path.join(folder, name), a_file(rng, 2) if rng.random() < 0.5 else "numpy==1.0\n--pre\n"]
        return row

    def expect(self, *row):
        files = dict(zip(row[len(VARIABLES)::2], row[len(VARIABLES) + 1::2]))
        main = row[len(VARIABLES)]
        depth = []

        def content(path, _, **__):
            depth.append(path)
            name = self.name(path, main)
            if name not in files or len(depth) > 50:
                raise Refused
            return path, files[name].encode("utf-8", "surrogateescape").decode("utf-8-sig")

        with mock.patch.object(req_file, "get_file_content", content), mock.patch.object(os, "getenv", VARIABLES.get), \
             contextlib.redirect_stderr(io.StringIO()), \
             mock.patch.object(FormatControl, "handle_mutual_excludes", staticmethod(keep_raw)):
            parser = req_file.RequirementsFileParser(None, req_file.get_line_parser(None))
            lines = list(parser.parse(main, False))
        answer = [len(lines)]
        for line in lines:
            kind, text = kind_of(line)
            answer += [self.name(line.filename, main), line.lineno, int(line.constraint), kind, text, *settings(line.opts)]
        return answer

    @staticmethod
    def name(path, main):
        """pip 26 makes the names of included files absolute."""
        return path if os.path.isabs(main) or not os.path.isabs(path) else os.path.relpath(path)

    @staticmethod
    def settle(answer):
        """pip keeps no order of different hashes: each run of them is sorted."""
        settled = []
        for run, items in itertools.groupby(answer, lambda item: item.split(b"=")[0] if isinstance(item, bytes) else item):
            settled += sorted(items) if run in (b"hashes", b"config_settings") else items
        return settled


KINDS = [ReqFile()]
