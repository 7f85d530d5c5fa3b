# SPDX-License-Identifier: Apache-2.0
"""Cases of the solver as texts (tests/cases/solve): reading them, asking lopin, rewriting what is expected.

    == TITLE                            a case begins
    NAME VERSION [FLAG...] [| REQUIREMENT]...
                                        a version that there is; flags: extras=X,Y installed yanked[=WHY] url=URL
                                        unusable=WHY unreadable=WHY (known at once; by its metadata), '_' for a blank
    ask: REQUIREMENT                    what is wanted; constraint: and override: likewise
    set: WORD...                        pre final only-final=N,.. all-prereleases=N,.. lowest lowest-direct verbose
                                        reasons (who requires it) steps=N python=3.9
    where: TEXT                         what the provider says of where it looked
    = NAME VERSION [< WHO, ...]         expected: in order what is chosen, each behind what it requires
    ~ TEXT                              a warning
    ! ERROR: TEXT                       no solution,
    > LABEL TEXT                        and why
    ? REQUIREMENT [& ...] -> NAME VERSION, ... or ERROR
                                        a case of its own: the versions and settings above with this asked
Lines of "#" are comments. A change of wording: cases.py LOPIN FILE... writes what lopin answers into the files; read the difference.
"""
import pathlib
import subprocess
import sys
import urllib.parse

ANSWERS = ("= ", "~ ", "! ", "> ")


def encode(text):
    return urllib.parse.quote(text, safe="!\"#$&'()*+,/:;<=>?@[\\]^`{|}~")


def ask(program, texts, lang="en"):
    """The lines that lopin answers to each case."""
    done = subprocess.run([program, "--lang", lang, "x-wheel", "solve"], input="".join(encode(text) + "\n" for text in texts).encode(),
                          stdout=subprocess.PIPE, check=True)
    answers = done.stdout.decode().splitlines()
    assert len(answers) == len(texts)
    return [[urllib.parse.unquote(field) for field in answer.split("\t") if answer] for answer in answers]


def short(lines):
    """An answer as a line of "?" has it."""
    if lines and lines[0].startswith("! "):
        return lines[0][2:].split(":")[0]
    return ", ".join(line[2:] for line in lines if line.startswith("= ")) or "nothing"


class Case:
    def __init__(self, title):
        self.title, self.lines, self.expected, self.quick = title, [], [], []

    def texts(self):
        """[(what is sent, what is expected, whether it is short)]"""
        base = "\n".join(self.lines)
        if not self.quick:
            return [(base, self.expected, False)]
        return [("\n".join([base] + ["ask: " + item for item in asks.split(" & ")]), answer, True) for asks, answer in self.quick]


def read(path):
    cases = []
    for line in path.read_text().splitlines():
        if line.startswith("== "):
            cases.append(Case(line[3:]))
        elif line.startswith("? "):
            asks, _, answer = line[2:].partition(" -> ")
            cases[-1].quick.append((asks, answer))
        elif line.startswith(ANSWERS):
            cases[-1].expected.append(line)
        elif line and not line.startswith("#"):
            cases[-1].lines.append(line)
    return cases


def check(program, path):
    """What differs: [(title, expected, given)], and how many were asked."""
    rows = [(case.title, *row) for case in read(path) for row in case.texts()]
    found = []
    for (title, text, expected, is_short), given in zip(rows, ask(program, [row[1] for row in rows])):
        given = short(given) if is_short else given
        if given != expected:
            found.append((title + (": " + text.splitlines()[-1] if is_short else ""), expected, given))
    return found, len(rows)


def rewrite(program, path):
    out = []
    for case in read(path):
        out += ["== " + case.title, *case.lines]
        answers = ask(program, [row[0] for row in case.texts()])
        if case.quick:
            out += ["? %s -> %s" % (asks, short(answer)) for (asks, _), answer in zip(case.quick, answers)]
        else:
            out += answers[0]
        out.append("")
    path.write_text("\n".join(out))


if __name__ == "__main__":
    for name in sys.argv[2:]:
        rewrite(sys.argv[1], pathlib.Path(name))
