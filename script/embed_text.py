#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turn scdoc pages into the text of `lopin help`: embed_text.py OUTPUT.c PAGE.scd...

A page in a folder named `fr` is French, else English. Only what our pages use is understood: headings, bold, underline,
lists, literal blocks, tables of [- and |[, comments. The text is plain: it goes through pipes and pagers unchanged.
"""
import pathlib
import re
import sys
import textwrap

WIDTH = 80


def inline(text):
    """*bold*, _underline_ and \\escapes of scdoc, as plain text."""
    out, index = [], 0
    while index < len(text):
        char = text[index]
        if char == "\\" and index + 1 < len(text):
            index += 1
            out.append(text[index])
        elif char == "*":
            pass
        elif char == "_" and not (out and index + 1 < len(text) and text[index - 1].isalnum() and text[index + 1].isalnum()):
            pass
        else:
            out.append(char)
        index += 1
    return "".join(out)


def fill(text, indent, first=None):
    lead = " " * indent
    return textwrap.fill(
        inline(text), WIDTH, initial_indent=lead if first is None else first,
        subsequent_indent=lead if first is None else " " * len(first),
        break_long_words=False, break_on_hyphens=False,
    )


class Page:
    def __init__(self):
        self.lines = []
        self.paragraph = []
        self.depth = 0
        self.table = []

    def cell(self, line):
        """A cell of a table: "|[ text" begins a row, ":[ text" goes on with it."""
        self.flush_words()
        if line[0] == "|":
            self.table.append([])
        self.table[-1].append(inline(line[2:].strip()))

    def flush(self):
        self.flush_words()
        if self.table:
            lead = " " * (4 + 4 * self.depth)
            width = max(len(row[0]) for row in self.table)
            for row in self.table:
                first = lead + row[0].ljust(width) + "  "
                self.lines.append(textwrap.fill(
                    " ".join(row[1:]), WIDTH, initial_indent=first, subsequent_indent=" " * len(first)))
            self.table = []

    def flush_words(self):
        if self.paragraph:
            # Two spaces at the end of a scdoc line, or "++", keep the line apart.
            joined, part = [], []
            for line in self.paragraph:
                broken = line.endswith("++")
                part.append(line[:-2].rstrip() if broken else line)
                if broken:
                    joined.append(" ".join(part))
                    part = []
            if part:
                joined.append(" ".join(part))
            for text in joined:
                self.lines.append(fill(text, 4 + 4 * self.depth))
            self.paragraph = []

    def literal(self, lines):
        self.lines += [" " * (8 + 4 * self.depth) + line if line else "" for line in lines]

    def item(self, text):
        self.flush()
        self.lines.append(fill(text, 0, " " * (4 + 4 * self.depth) + "- "))

    def heading(self, line):
        self.flush()
        level = len(line) - len(line.lstrip("#"))
        text = inline(line.lstrip("# "))
        self.lines.append(text if level == 1 else "  " + text)


def convert(source):
    page, literal = Page(), None
    for line in source.splitlines()[1:]:
        stripped = line.strip()
        if stripped == "```":
            if literal is None:
                page.flush()
                literal = []
            else:
                page.literal(literal)
                literal = None
        elif literal is not None:
            literal.append(line.lstrip("\t") if page.depth else line)
        elif not stripped:
            page.flush()
            if page.lines and page.lines[-1]:
                page.lines.append("")
        elif stripped.startswith(";"):
            pass
        elif line.startswith("#"):
            page.depth = 0
            page.heading(line)
        else:
            depth = len(line) - len(line.lstrip("\t"))
            if depth != page.depth:
                page.flush()
                page.depth = depth
            if re.match(r"[|:]\[ ", stripped):
                page.cell(stripped)
            elif stripped.startswith("- "):
                page.item(stripped[2:])
            else:
                page.paragraph.append(stripped)
    page.flush()
    return "\n".join(page.lines).strip("\n") + "\n"


def quote(text):
    data = text.encode()
    pieces = []
    for line in data.splitlines(keepends=True):
        body = "".join(
            "\\n" if byte == 10
            else chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?'
            else "\\%03o" % byte
            for byte in line
        )
        pieces.append('     "%s"' % body)
    return "\n".join(pieces)


def main(target, *pages):
    rows = []
    for page in map(pathlib.Path, pages):
        language = "fr" if page.parent.name == "fr" else "en"
        name = page.name.rsplit(".", 2)[0]  # "lopin.toml" of lopin.toml.5.scd
        text = convert(page.read_text(encoding="utf-8"))
        rows.append('    {"%s", "%s",\n%s},\n' % (name, language, quote(text)))
    with open(target, "w", encoding="ascii") as file:
        file.write('// Made by script/embed_text.py: do not edit.\n#include "cli/help_pages.h"\n\n')
        file.write("const struct help_page help_pages[] = {\n%s};\n" % "".join(rows))
        file.write("const size_t help_pages_count = %d;\n" % len(rows))


if __name__ == "__main__":
    main(*sys.argv[1:])
