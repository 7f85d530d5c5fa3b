#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turn a compiled catalogue into C: table.py FR.mo NAME OUTPUT.c

The table is sorted as strcmp sorts, since base/lang.c searches it by halves. Plural forms: the
first stands for n <= 1, the last for more, which is right for the languages we have.
"""
import gettext
import sys


def quote(text):
    out = []
    for byte in text.encode():
        char = chr(byte)
        if char in '"\\':
            out.append("\\" + char)
        elif char == "\n":
            out.append("\\n")
        elif 32 <= byte < 127 and char != "?":
            out.append(char)
        else:
            out.append("\\%03o" % byte)
    return '"%s"' % "".join(out)


def entries(catalog):
    found = {}
    for key, text in catalog.items():
        identity, form = key if isinstance(key, tuple) else (key, None)
        if identity == "":
            continue
        forms = found.setdefault(identity, {})
        forms[form or 0] = text
        if form is not None:
            forms["plural"] = True
    for identity in sorted(found, key=str.encode):
        forms = found[identity]
        last = forms[max(form for form in forms if form != "plural")]
        yield identity, forms[0], last if "plural" in forms else None


def main(source, name, target):
    with open(source, "rb") as file:
        translations = gettext.GNUTranslations(file)
    # One text and places in it: pointers would be put right by the loader at each start, in whatever language.
    texts, size, rows = [quote("\0")], 1, []

    def place(text):
        nonlocal size
        begin = size
        texts.append(quote(text + "\0"))
        size += len(text.encode()) + 1
        return begin

    for one, text, many in entries(translations._catalog):
        rows.append("    {%d, %d, %d},\n" % (place(one), place(text), place(many) if many else 0))
    with open(target, "w", encoding="ascii") as file:
        file.write('// Made by po/table.py: do not edit.\n#include "base/lang_table.h"\n\n')
        file.write("const char lang_%s_texts[] =\n    %s;\n" % (name, "\n    ".join(texts)))
        file.write("const struct lang_entry lang_%s[] = {\n%s    {0, 0, 0},\n};\n" % (name, "".join(rows)))
        file.write("const size_t lang_%s_count = %d;\n" % (name, len(rows)))


if __name__ == "__main__":
    main(*sys.argv[1:])
